"""Puts the double of LEAN on the module path for the length of a test, with modules that are new each time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live.lean.surface import dotnet_types

DOUBLE = Path(__file__).resolve().parent.parent / "lean_double"
_ROOTS = {"AlgorithmImports", "QuantConnect", "System", "clr", "lean_engine", "lean_on_data"}


@contextmanager
def lean_modules(*folders: Path) -> Iterator[None]:
    """Make LEAN's modules importable, and the files of some folders; afterwards all are as before.

    Parameters:
        folders: those of algorithms.
    """
    before, path_before = dict(sys.modules), list(sys.path)
    for name in list(sys.modules):
        if name.partition(".")[0] in _ROOTS:
            del sys.modules[name]
    sys.path[:0] = [*map(str, folders), str(DOUBLE)]
    dotnet_types.cache_clear()
    try:
        yield
    finally:
        dotnet_types.cache_clear()
        for name in list(sys.modules):
            module = sys.modules[name]
            place = getattr(module, "__file__", None) or ""
            is_of_test = any(place.startswith(str(folder)) for folder in folders)
            if name.partition(".")[0] in _ROOTS or is_of_test:
                del sys.modules[name]
        sys.modules.update({name: each for name, each in before.items() if name.partition(".")[0] in _ROOTS})
        sys.path[:] = path_before
