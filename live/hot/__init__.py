"""What runs between a tick and an order: compiled, allocation-free, without I/O, logging or calendars.

A module that has a `.pxd` file beside it is compiled when the package is built; without a C compiler it runs as plain
Python.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.resources import files
from importlib.util import find_spec


def _are_twins_compiled() -> bool:
    """Tell whether each module with a `.pxd` is loaded from an extension, in this process."""
    names = [entry.name.removesuffix(".pxd") for entry in files(__name__).iterdir() if entry.name.endswith(".pxd")]
    specs = [find_spec(f"{__name__}.{name}") for name in names]
    suffixes = tuple(EXTENSION_SUFFIXES)
    return bool(specs) and all(spec is not None and (spec.origin or "").endswith(suffixes) for spec in specs)


COMPILED: bool = _are_twins_compiled()
"""Whether all of the hot path runs compiled in this process."""
