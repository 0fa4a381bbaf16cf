"""Folders in memory to which LEAN writes while it runs, and what becomes of those whose run has died.

Such a folder takes memory until somebody deletes it. While its run lives the process holds a lock on it, which the kernel
takes away with the process, whatever ended that: a folder without a lock has no run any more. One that is kept on purpose,
because its files could not be brought to the disk, gets another name.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from live.clock import NANOSECONDS_PER_SECOND, wall_ns

TMPFS = Path("/dev/shm")  # noqa: S108 - folders of their own are made there, readable by their owner only
_PREFIX = "lean-live-run-"
_KEPT_PREFIX = "lean-live-kept-"
_YOUNG_NS = 300 * NANOSECONDS_PER_SECOND
"""Time since something was made in it for which a folder without a lock is let be: its process may be about to lock it, or
was killed, and LEAN is still at its end."""
_locks: dict[Path, int] = {}


def has_memory_folders() -> bool:
    """Tell whether this machine has a place for such folders."""
    return TMPFS.is_dir() and os.access(TMPFS, os.W_OK)


def make_memory_folder() -> Path:
    """Make a folder for a run of this process; those of runs that have died are deleted.

    Raises:
        OSError: it cannot be made.
    """
    _clear()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=TMPFS))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _locks[folder] = descriptor
    return folder


def discard_memory_folder(folder: Path) -> None:
    """Delete a folder that `make_memory_folder` made; another one is let be."""
    if folder in _locks:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(_locks.pop(folder))


def keep_memory_folder(folder: Path) -> Path:
    """Keep a folder beyond the life of this process, for its user to look after; return where it is then."""
    kept = folder.with_name(folder.name.replace(_PREFIX, _KEPT_PREFIX, 1))
    folder.rename(kept)
    os.close(_locks.pop(folder))
    return kept


def _clear() -> None:
    """Delete the folders of runs that have died."""
    for folder in TMPFS.glob(f"{_PREFIX}*"):
        # It may be another user's, or go meanwhile.
        with suppress(OSError):
            if wall_ns() - folder.stat().st_mtime_ns > _YOUNG_NS:
                _delete_unless_locked(folder)


def _delete_unless_locked(folder: Path) -> None:
    """Delete a folder that no process has locked.

    Raises:
        OSError: it is locked, or somebody else's.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
