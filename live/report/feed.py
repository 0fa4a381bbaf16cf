"""What the verb `feed` shows: progress while it runs, and its counts at the end."""

from __future__ import annotations

from typing import IO, Any, Protocol, TextIO

from rich.console import Console
from rich.table import Table

from live.clock import monotonic_ns
from live.report import text
from live.report.bar import Bar, Lines, TickRate

_LINE_EVERY_NS = 5_000_000_000


class FeedProgress(Protocol):
    """Shows how far a feed is."""

    def begin(self, title: str) -> None:
        """Show what begins."""

    def update(self, processed: int, ticks: int, partners: int) -> None:
        """Show the state.

        Parameters:
            processed: bytes of data so far.
            ticks: ticks so far.
            partners: consumers or publishers at the other end.
        """

    def end(self) -> None:
        """Take the display away."""


class SilentFeedProgress:
    """Shows nothing."""

    def begin(self, title: str) -> None:
        """Ignore the start."""

    def update(self, processed: int, ticks: int, partners: int) -> None:
        """Ignore the state."""

    def end(self) -> None:
        """Ignore the end."""


class LineFeedProgress:
    """A line every few seconds.

    Parameters:
        stream: where they go.
        total: bytes of data in all, 0 when unknown.
    """

    def __init__(self, stream: IO[str], total: int) -> None:
        self._lines = Lines(stream)
        self._total = total
        self._rate = TickRate()
        self._next_ns = 0

    def begin(self, title: str) -> None:
        """Write the title."""
        self._lines.write(title)

    def update(self, processed: int, ticks: int, partners: int) -> None:
        """Write a line when the last one is old."""
        now_ns = monotonic_ns()
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + _LINE_EVERY_NS
        share = f"{processed * 100 // self._total:3d}%  " if self._total else ""
        self._lines.write(share + describe(ticks, self._rate.since_last(ticks), partners))

    def end(self) -> None:
        """Leave the lines as they are."""


class BarFeedProgress:
    """A bar with ticks, their rate and who is connected.

    Parameters:
        console: a console on standard error.
        total: bytes of data in all, 0 when unknown.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._total = total
        self._rate = TickRate()
        self._bar = Bar(console)

    def begin(self, title: str) -> None:
        """Show the empty bar."""
        self._bar.begin("", title, "waiting")

    def update(self, processed: int, ticks: int, partners: int) -> None:
        """Redraw the bar, unless it was redrawn a moment ago."""
        if self._bar.is_due():
            self._bar.show(processed, self._total, describe(ticks, self._rate.since_last(ticks), partners))

    def end(self) -> None:
        """Take the bar off the screen."""
        self._bar.end()


def describe(ticks: int, ticks_per_second: float, partners: int) -> str:
    """Return the numbers of a feed in one line."""
    return f"{text.count(ticks)} ticks  {text.rate(ticks_per_second)}  {partners} connected"


def choose_feed_progress(wanted: bool | None, stream: TextIO | None, total: int) -> FeedProgress:
    """Return the way of showing progress that suits a stream.

    Parameters:
        wanted: True or False as the user said; None shows progress in the form that suits.
        stream: standard error; None when it is closed.
        total: bytes of data in all, 0 when unknown.
    """
    if wanted is False or stream is None:
        return SilentFeedProgress()
    if stream.isatty():
        return BarFeedProgress(Console(file=stream), total)
    return LineFeedProgress(stream, total)


def print_feed(result: dict[str, Any], console: Console) -> None:
    """Print what a feed did as a table; counts that are zero are left out."""
    table = Table(show_header=False, box=None)
    for name, value in result.items():
        if value in (0, "", []):
            continue
        shown = ", ".join(value) if isinstance(value, list) else text.count(value) if type(value) is int else str(value)
        table.add_row(name.replace("_", " "), shown)
    console.print(table, highlight=False, markup=False)
