"""Modules that are imported when they are first used: numpy, pandas and matplotlib cost seconds that most algorithms do not need."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

OPTIONAL_MODULES = {"np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot"}
"""Names that LEAN's AlgorithmImports gives to other packages' modules, where those packages are installed."""


class LazyModule(ModuleType):
    """Stands for a module and imports it at the first look-up. Later look-ups of the same name cost nothing extra."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # inspection of the stand-in is no use of the module
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


def is_installed(module: str) -> bool:
    """Tell whether the package of a module is installed, without importing it."""
    return find_spec(module.partition(".")[0]) is not None


def optional_modules() -> dict[str, ModuleType]:
    """Return stand-ins for the optional modules whose packages are installed, by the name LEAN gives them."""
    return {name: LazyModule(module) for name, module in OPTIONAL_MODULES.items() if is_installed(module)}
