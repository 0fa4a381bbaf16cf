"""A low-latency live runtime for QuantConnect LEAN Python algorithms.

The modules between a tick and an order are compiled, and also run as plain Python with the same results. Setting the
environment variable `LEAN_LIVE_INTERPRETED=1` before the first import makes every module of this package load from its
`.py` file, compiled twin or not: for stepping through them with a debugger, and for comparing both. `live.hot.COMPILED`
tells which is in use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

__version__ = "0.1.0"

INTERPRETED_VARIABLE = "LEAN_LIVE_INTERPRETED"
"""Environment variable that turns the compiled modules off; any value but "" and "0" counts."""


class SourceOnlyFinder:
    """A finder of the import system that sees only `.py` files, and only those of this package."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of a module of this package from its source, None for any other module."""
        if path is None or not name.startswith(f"{__name__}."):
            return None
        for folder in path:
            spec = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name)
            if spec is not None:
                return spec
        return None


if os.environ.get(INTERPRETED_VARIABLE, "") not in ("", "0"):
    sys.meta_path.insert(0, SourceOnlyFinder)
