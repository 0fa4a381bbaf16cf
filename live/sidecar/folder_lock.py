"""One sidecar for each folder of results: a locked file in the folder says which one, and where it listens.

The lock is the kernel's (flock), so it ends with the process whatever ends that. The file stays.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from live.clock import sleep
from live.errors import EnvironmentFault
from live.file_lock import try_lock

LOCK_FILE = ".sidecar.lock"
_BYTES_MAX = 4_096
_ATTEMPTS = 10
_ATTEMPT_SECONDS = 0.02


class Holder(msgspec.Struct, frozen=True):
    """The sidecar of a folder: its process id, its address, "" while it does not listen, and its settings' file, "" for none."""

    pid: int
    address: str
    config: str = ""


class FolderLock:
    """Holds a folder of results for this process.

    Parameters:
        folder: made when missing.
        config: file of the settings of this process; None for none.

    Raises:
        EnvironmentFault: another sidecar holds it, or the lock file cannot be made there.
    """

    def __init__(self, folder: Path, config: Path | None = None) -> None:
        self._config = "" if config is None else str(config.absolute())
        self._path = folder / LOCK_FILE
        self._descriptor = _lock(self._path)
        self.write("")

    def write(self, address: str) -> None:
        """Say where this process listens.

        Raises:
            EnvironmentFault: the disk is full.
        """
        content = msgspec.json.encode(Holder(os.getpid(), address, self._config))
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, content, 0)
        except OSError as error:
            raise EnvironmentFault(f"cannot write {self._path}: {error.strerror}; free some space there") from error

    @property
    def touched_ns(self) -> int:
        """When somebody last expected a run in this folder, or this process began, ns since 1970 UTC."""
        return os.fstat(self._descriptor).st_mtime_ns

    def release(self) -> None:
        """Give the folder free."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def find_holder(folder: Path, expects_run: bool = False) -> Holder | None:
    """Return the sidecar of a folder, None when there is none.

    Parameters:
        folder: folder of results.
        expects_run: whether a run is about to begin there, so that a sidecar which ends when it is idle waits for it.

    Raises:
        EnvironmentFault: the lock file cannot be read.
    """
    path = folder / LOCK_FILE
    try:
        descriptor = _open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnvironmentFault(f"cannot read {path}: {error.strerror}; is it another user's?") from error
    try:
        # Before the look, so that the sidecar either sees it or has let go by then.
        if expects_run:
            os.utime(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    finally:
        os.close(descriptor)
    return None


def last_config(folder: Path) -> Path | None:
    """Return the file of the settings of a folder's sidecar, also of one that was killed; None when there is none.

    One that ended in order leaves nothing behind.
    """
    try:
        descriptor = _open(folder / LOCK_FILE, os.O_RDONLY)
    except OSError:
        # Whoever starts a sidecar is told by the lock why it cannot be read.
        return None
    try:
        found = _read(descriptor).config
    finally:
        os.close(descriptor)
    return Path(found) if found else None


def _open(path: Path, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _lock(path: Path) -> int:
    """Lock the file for this process; whoever only looks at the lock holds it for a moment, which is waited for."""
    for _ in range(_ATTEMPTS):
        descriptor = try_lock(path)
        if descriptor is not None:
            return descriptor
        sleep(_ATTEMPT_SECONDS)
    raise _refusal(path.parent)


def _read(descriptor: int) -> Holder:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(os.pread(descriptor, _BYTES_MAX, 0), type=Holder)
    # It has just locked the file.
    return Holder(0, "")


def _refusal(folder: Path) -> EnvironmentFault:
    holder = find_holder(folder)
    known = "" if holder is None or not holder.pid else f", process {holder.pid},"
    where = f" at {holder.address}" if holder is not None and holder.address else ""
    return EnvironmentFault(
        f"another sidecar{known} serves the runs in {folder} already{where}; use that one, or end it first"
    )
