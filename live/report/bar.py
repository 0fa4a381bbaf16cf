"""How far something is, on standard error: a bar where somebody watches, lines where the output goes to a file.

Standard output carries nothing but results. What cannot be written is left out: nothing ends because nobody can read how
far it is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import IO

from rich import progress as rich_progress
from rich.console import Console

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns

_REFRESH_NS = 100_000_000
"""Shortest time between two refreshes of the bar."""


class TickRate:
    """Ticks per second between two refreshes."""

    def __init__(self) -> None:
        self._ticks = 0
        self._time_ns = monotonic_ns()

    def since_last(self, ticks: int) -> float:
        """Return the rate since the last call; 0 when no time has passed."""
        now_ns = monotonic_ns()
        span_ns = now_ns - self._time_ns
        rate = (ticks - self._ticks) * NANOSECONDS_PER_SECOND / span_ns if span_ns > 0 else 0.0
        self._ticks, self._time_ns = ticks, now_ns
        return rate


class Lines:
    """Lines one below the other.

    Parameters:
        stream: where they go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        """Write a line."""
        with suppress(OSError):
            self._stream.write(line + "\n")
            self._stream.flush()


class Bar:
    """A bar with a title, the share that is done, numbers and the time.

    It is redrawn by calls alone: a refreshing thread would fight the strategy for the interpreter.

    Parameters:
        console: a console on standard error.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_refresh_ns = 0
        self._bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}", markup=False),
            rich_progress.BarColumn(bar_width=None),
            rich_progress.TaskProgressColumn(),
            rich_progress.TextColumn("{task.fields[numbers]}", markup=False),
            rich_progress.TimeElapsedColumn(),
            console=console,
            auto_refresh=False,
            transient=True,
        )
        self._task: rich_progress.TaskID | None = None

    def __rich__(self) -> rich_progress.Progress:
        """Return what is drawn."""
        return self._bar

    def begin(self, title: str, line: str, numbers: str = "") -> None:
        """Show the empty bar.

        Parameters:
            title: what stands before it.
            line: what stands above it.
            numbers: what stands behind it at first.
        """
        self._task = self._bar.add_task(title, total=None, numbers=numbers)
        self.say(line)
        with suppress(OSError):
            self._bar.start()

    def is_due(self, is_done: bool = False) -> bool:
        """Tell whether the bar is to be redrawn: not before it has begun, nor a moment after the last time.

        Parameters:
            is_done: whether it is full, which is always shown.
        """
        return self._task is not None and (is_done or monotonic_ns() >= self._next_refresh_ns)

    def show(self, processed: int, total: int, numbers: str) -> None:
        """Redraw the bar, which has begun.

        Parameters:
            processed: how much is done.
            total: of how much; 0 when that is not known.
            numbers: what stands behind the bar.
        """
        assert self._task is not None
        self._next_refresh_ns = monotonic_ns() + _REFRESH_NS
        self._bar.update(self._task, total=total or None, completed=min(processed, total), numbers=numbers)
        with suppress(OSError):
            self._bar.refresh()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        with suppress(OSError):
            self._console.print(line, style="dim", highlight=False, markup=False)

    def end(self) -> None:
        """Take the bar off the screen."""
        with suppress(OSError):
            self._bar.stop()
