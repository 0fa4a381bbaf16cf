"""What lies outside the subset is refused: in the source when it can be seen there, otherwise at the call."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any


def check_source(tree: ast.Module, file: Path) -> None:
    """Refuse a source that uses members of LEAN that the subset does not have."""


def refuse_member(algorithm: Any, name: str) -> None:
    """Refuse a member of LEAN's QCAlgorithm that the subset does not have; return for names that LEAN does not know either."""
