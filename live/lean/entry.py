"""The module that LEAN loads in place of the user's file.

LEAN imports the module of `algorithm-location`, and of its attributes makes an instance of each class that derives from
QCAlgorithm and whose repr begins with the module's name: so the class must be defined in that module, and be the only one.
"""

from __future__ import annotations

from pathlib import Path

ENTRY_FILE = "lean_live_entry.py"
"""Name of the module's file. Not main.py: modules beside the user's main.py may import it by that name."""
ENTRY_TEXT = '''\
"""Made by lean-live: attaches it to the algorithm that its settings name. Do not edit."""

from AlgorithmImports import *

from live.lean.attach import attach


class LeanLiveAlgorithm(attach()):
    """The user's algorithm, instrumented."""
'''


def write_entry(folder: Path) -> Path:
    """Write the module; return its path, which is LEAN's `algorithm-location`.

    Parameters:
        folder: where; a folder of its own, since LEAN puts it in front of the module path.
    """
    path = folder / ENTRY_FILE
    path.write_text(ENTRY_TEXT, encoding="utf-8")
    return path
