"""A file that one process has at a time. The lock is the kernel's, so it ends with the process, whatever ends that."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from live.errors import EnvironmentFault


def try_lock(path: Path) -> int | None:
    """Lock a file for this process, and make it when it is missing, with its folder.

    Returns:
        A descriptor, which has the lock until it is closed; None when another has it.

    Raises:
        EnvironmentFault: the file cannot be made or locked.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EnvironmentFault(f"cannot make {path}: {error.strerror}; check the folder") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return None
        raise EnvironmentFault(f"cannot lock {path}: {error.strerror}; use a folder on a local disk") from error
    return descriptor
