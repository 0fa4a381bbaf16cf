"""The folder of what outlives the runs of an algorithm, such as its order numbers inside LEAN; each run has one for itself.

Runs of the same algorithm one after the other have the same folder. A run that begins while another is under way gets one
with a number behind the name, so that neither writes into the other's files.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from live.file_lock import try_lock

STATE_FOLDER = "state"
"""Folder beside those of the runs."""
_LOCK_FILE = "run.lock"


class StateFolder:
    """A folder for this run alone, until it is closed or the process ends.

    Parameters:
        root: folder of all runs.
        name: of the algorithm, as its runs' folders begin.

    Attributes:
        path: the folder.

    Raises:
        EnvironmentFault: it cannot be made.
    """

    def __init__(self, root: Path, name: str) -> None:
        for number in itertools.count(1):
            self.path = root / STATE_FOLDER / (name if number == 1 else f"{name}-{number}")
            lock = try_lock(self.path / _LOCK_FILE)
            if lock is not None:
                self._lock = lock
                return

    def close(self) -> None:
        """Leave the folder to another run."""
        os.close(self._lock)
