"""What a user's file can import while it is loaded and run: AlgorithmImports, LEAN's namespaces, the files beside it.

Outside of that time none of these modules can be found, so that a stub package of LEAN that is installed, another
algorithm with a helper of the same name, or a test stay undisturbed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from live.algorithm.lean_api import lean_api

IMPORTS_FOLDER = Path(__file__).resolve().parent.parent / "paper" / "imports"
"""Folder of the AlgorithmImports module that the host serves."""

SERVED_MODULE = "AlgorithmImports"
LEAN_ROOTS = ("QuantConnect", "System")
"""First parts of the namespaces that LEAN and .NET give; algorithms of an older style import their names from there."""

_CLR_MODULE = "clr"


def is_served(module: str) -> bool:
    """Tell whether a module is AlgorithmImports, clr, or a namespace of LEAN or .NET."""
    root = module.partition(".")[0]
    return root in (SERVED_MODULE, _CLR_MODULE, *LEAN_ROOTS)


class _NamespaceLoader(Loader):
    """Makes a module for one of LEAN's namespaces, with those of its names that the subset has."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        served = import_module(SERVED_MODULE)
        names = lean_api().namespaces.get(module.__name__, ())
        found = {name: getattr(served, name) for name in names if hasattr(served, name)}
        vars(module).update(found)
        vars(module)["__all__"] = list(found)

        def missing(name: str) -> Any:
            if lean_api().has_namespace(f"{module.__name__}.{name}"):
                return import_module(f"{module.__name__}.{name}")
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        vars(module)["__getattr__"] = missing


class _NamespaceFinder(MetaPathFinder):
    """Finds LEAN's namespaces before a stub package can; a file of the user's of the same name goes first.

    Parameters:
        folder: folder of the user's file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root = fullname.partition(".")[0]
        if root not in LEAN_ROOTS or not lean_api().has_namespace(fullname):
            return None
        if (self._folder / root).is_dir() or (self._folder / f"{root}.py").is_file():
            return None
        return ModuleSpec(fullname, _NamespaceLoader(), is_package=True)


class ImportScope:
    """The modules of one algorithm. As a context manager it makes them importable, and takes them away again.

    Parameters:
        folder: folder of the user's file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # First, because projects may hold LEAN's own AlgorithmImports.py, which needs .NET.
        self._path = [str(IMPORTS_FOLDER), str(folder)]
        self._finder = _NamespaceFinder(folder)
        self._modules: dict[str, ModuleType] = {}
        self._hidden: dict[str, ModuleType] = {}
        self._roots_before: set[str] = set()

    def __enter__(self) -> ImportScope:
        self._hidden = {name: module for name, module in sys.modules.items() if is_served(name)}
        self._hidden.update({name: sys.modules[name] for name in self._modules if name in sys.modules})
        for name in self._hidden:
            del sys.modules[name]
        self._roots_before = {name.partition(".")[0] for name in sys.modules}
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self._finder)
        sys.path[:0] = self._path
        return self

    def __exit__(self, *reason: object) -> None:
        sys.meta_path.remove(self._finder)
        for entry in self._path:
            if entry in sys.path:
                sys.path.remove(entry)
        own = [name for name in sys.modules if name in self._modules or self._is_own(name)]
        self._modules.update({name: sys.modules.pop(name) for name in own})
        sys.modules.update(self._hidden)
        self._hidden = {}

    def add(self, module: ModuleType) -> None:
        """Make a module part of the scope, from now on and at every later use of it."""
        self._modules[module.__name__] = module
        sys.modules[module.__name__] = module

    def _is_own(self, name: str) -> bool:
        """Tell whether a module was imported in this scope and is served or lies in the user's folder."""
        root = name.partition(".")[0]
        if is_served(root):
            return True
        if root in self._roots_before:
            return False
        module = sys.modules.get(root)
        places = [getattr(module, "__file__", None) or "", *(getattr(module, "__path__", None) or [])]
        return any(_is_in(self._folder, Path(place)) for place in places if place)


def _is_in(folder: Path, place: Path) -> bool:
    """Tell whether a module's file or package folder lies directly in a folder, and not in an environment below it."""
    if place.name == "__init__.py":
        place = place.parent
    return place.parent == folder


@cache
def subset_names() -> dict[str, Any]:
    """Return the public names of AlgorithmImports: what of LEAN's names the subset has."""
    with ImportScope(IMPORTS_FOLDER):
        return {name: value for name, value in vars(import_module(SERVED_MODULE)).items() if not name.startswith("_")}
