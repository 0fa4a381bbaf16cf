"""Runs a command that the kernel asks to end when the process that started it is gone, even by SIGKILL.

A program of its own, which becomes the command: `leashed.py PARENT COMMAND...`, PARENT the id of the process that starts it.
What has to be set is set here, between two programs, and not in a fork of a process with threads. The signal is SIGINT, at
which LEAN ends gracefully; the kernel keeps the request when a program becomes another (prctl(2), PR_SET_PDEATHSIG).

It uses the standard library alone, so that it needs none of this package's settings of paths.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
"""Number of PR_SET_PDEATHSIG in Linux."""
NOT_STARTED = 127
"""Exit code when there is no such command, as in a shell."""


def main(words: list[str]) -> int:
    """Become the command; return only when that cannot be done.

    Parameters:
        words: id of the parent, the command, its arguments.
    """
    parent, command = int(words[0]), words[1:]
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        if library.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGINT, 0, 0, 0) != 0:
            problem = os.strerror(ctypes.get_errno())
            os.write(2, f"lean-live: the engine may outlive the command that started it: {problem}\n".encode())
    if os.getppid() != parent:
        # It has gone before it could be watched.
        return NOT_STARTED
    try:
        os.execv(command[0], command)  # noqa: S606 - the command that was checked, without a shell
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error.strerror}; check --dotnet and --lean-home\n".encode())
    return NOT_STARTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
