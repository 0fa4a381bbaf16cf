"""The live view: a full screen that is drawn again and again until somebody ends it, and leaves the terminal as it was."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from rich.console import Console, Group
from rich.live import Live

from live.clock import monotonic_ns
from live.errors import UsageError
from live.hot.telemetry_view import TelemetryView
from live.report.top.history import LookHistory
from live.report.top.look import look_at
from live.report.top.screen import screen_lines

_KEYS_THAT_END = frozenset(b"qQ\x04\x1b")
"""q, Ctrl-D and Escape."""
_SEQUENCE = re.compile(rb"\x1b[\[O][0-?]*[ -/]*[@-~]")
_HELP = "q quits"


def check_terminal(console: Console) -> None:
    """Check that a full screen can be drawn.

    Raises:
        UsageError: standard output is no terminal, or one that cannot move its cursor.
    """
    if not console.is_terminal:
        raise UsageError("standard output is no terminal; print one view with lean-live top --once")
    if console.is_dumb_terminal:
        raise UsageError(
            f"a terminal of type TERM={os.environ.get('TERM', '')!r} has no full screen; print one view with "
            "lean-live top --once"
        )


class Waiter:
    """Waits for keys, signals and time, whichever comes first; as a context manager it prepares the terminal.

    Attributes:
        signal: number of the signal that asked for the end, None when none did.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._keys: int | None = None
        self._wake_read, self._wake_write = -1, -1
        self._previous: dict[int, Any] = {}
        self._modes: list[Any] | None = None

    def __enter__(self) -> Waiter:
        self._wake_read, self._wake_write = os.pipe()
        for descriptor in (self._wake_read, self._wake_write):
            os.set_blocking(descriptor, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._previous[number] = signal.signal(number, self._on_end)
        self._previous[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, self._on_resize)
        if sys.stdin is not None and sys.stdin.isatty():
            self._keys = sys.stdin.fileno()
            self._modes = termios.tcgetattr(self._keys)
            tty.setcbreak(self._keys)
            modes = termios.tcgetattr(self._keys)
            # Ctrl-Z would leave the shell with our screen.
            modes[6][termios.VSUSP] = b"\0"
            termios.tcsetattr(self._keys, termios.TCSANOW, modes)
        return self

    def __exit__(self, *_: object) -> None:
        if self._keys is not None and self._modes is not None:
            # The terminal may be gone.
            with suppress(termios.error):
                termios.tcsetattr(self._keys, termios.TCSAFLUSH, self._modes)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def wait(self, seconds: float) -> bool:
        """Wait for a time, or less when the window changes its size; return whether to go on.

        Parameters:
            seconds: how long.
        """
        until_ns = monotonic_ns() + int(seconds * 1e9)
        while self.signal is None:
            left_seconds = (until_ns - monotonic_ns()) / 1e9
            if left_seconds <= 0:
                return True
            sources = [self._wake_read] if self._keys is None else [self._wake_read, self._keys]
            ready, _, _ = select.select(sources, [], [], left_seconds)
            if self._keys in ready and self._is_end_typed():
                return False
            if self._wake_read in ready:
                os.read(self._wake_read, 512)
                return self.signal is None
        return False

    def _is_end_typed(self) -> bool:
        assert self._keys is not None
        try:
            typed = os.read(self._keys, 64)
        except OSError:
            typed = b""
        if not typed:
            # Nobody can type any more: the terminal is gone.
            return True
        # The sequence of a cursor key begins with Escape, and is not that key.
        return any(each in _KEYS_THAT_END for each in _SEQUENCE.sub(b"", typed))

    def _on_end(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._wake()

    def _on_resize(self, number: int, frame: FrameType | None) -> None:
        self._wake()

    def _wake(self) -> None:
        # A full pipe wakes as well.
        with suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")


def watch(view: TelemetryView, console: Console, every_seconds: float) -> bool:
    """Show a run until a key or a signal ends it; a run that is over stays shown.

    Parameters:
        view: the run's page.
        console: where to draw.
        every_seconds: time between two looks.

    Returns:
        Whether a key ended it, and not a signal.

    Raises:
        UsageError: the terminal has no full screen.
        DataError: the page cannot be read any more.
    """
    check_terminal(console)
    history = LookHistory()
    with Waiter() as waiter, _full_screen(console) as draw:
        goes_on = True
        while goes_on:
            history.add(look_at(view))
            if not draw(history):
                break
            goes_on = waiter.wait(every_seconds)
    return waiter.signal is None


@contextmanager
def _full_screen(console: Console) -> Iterator[Callable[[LookHistory], bool]]:
    """Take the terminal's second screen; yields what draws on it, False when there is no terminal any more."""
    live = Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def draw(history: LookHistory) -> bool:
        width, height = console.size
        try:
            live.update(Group(*screen_lines(history, width, height, _HELP)), refresh=True)
        except OSError:
            return False
        return True

    try:
        with suppress(OSError):
            live.start()
        yield draw
    finally:
        with suppress(OSError):
            live.stop()
