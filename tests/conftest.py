"""Puts the tests' own helpers on the module path."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE / "parity"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
