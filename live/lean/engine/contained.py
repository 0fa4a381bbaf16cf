"""Runs a command in a container and ends it when the program outside is gone or asks for it: standard input ends then.

A program of its own, run by the image's Python: `contained.py SECONDS COMMAND...`. It is the container's first process. The
program outside keeps the other end of its standard input open for as long as the command is to run; the system closes it
when that program dies, even by SIGKILL. Then the command gets SIGINT, at which LEAN ends gracefully, and SECONDS later
SIGKILL. Signals that the container gets are handed on.

It uses the standard library alone, so that it needs none of this package's settings of paths.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress

HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOT_STARTED = 127
"""Exit code when there is no such command, as in a shell."""
SIGNAL_CODE = 128
"""What is added to the number of the signal that ended the command, as in a shell."""


def main(words: list[str]) -> int:
    """Run the command; return its exit code.

    Parameters:
        words: seconds that the command has to end, the command, its arguments.
    """
    seconds, command = float(words[0]), words[1:]
    # One that comes too early waits until it can be handed on.
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDED_ON)
    try:
        child = os.posix_spawn(
            command[0],
            command,
            os.environ,
            # Standard input is not the command's.
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
            setsigmask=(),
            setsigdef=HANDED_ON,
        )
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error.strerror}; check --dotnet and --lean-home\n".encode())
        return NOT_STARTED
    for number in HANDED_ON:
        signal.signal(number, lambda received, _frame: _send(child, received))
    threading.Thread(target=_end_with_input, args=(child, seconds), daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else SIGNAL_CODE - code


def _end_with_input(child: int, seconds: float) -> None:
    """Wait for the end of standard input, then end the command."""
    while os.read(0, 4096):
        pass
    _send(child, signal.SIGINT)
    threading.Event().wait(seconds)
    _send(child, signal.SIGKILL)


def _send(child: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, number)


if __name__ == "__main__":
    # The thread may be waiting.
    os._exit(main(sys.argv[1:]))
