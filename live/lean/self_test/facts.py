"""The file in which the algorithms of the self-test leave what they have found, for the process that started the engine."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from live.lean.self_test.marks import FACTS_VARIABLE

_WRITING = threading.Lock()
"""The driver of an algorithm and its end may write at the same time."""


def write_facts(facts: Mapping[str, Any]) -> None:
    """Write facts, in place of those before; the file is whole at any time. Inside the engine."""
    path = Path(os.environ[FACTS_VARIABLE])
    draft = path.with_name(f"{path.name}.part")
    with _WRITING:
        draft.write_bytes(msgspec.json.encode(facts))
        draft.replace(path)


def read_facts(path: Path) -> dict[str, Any]:
    """Return what was written last; nothing when nothing was."""
    try:
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found
