"""What the verb `feed` shows: progress while it runs, and its counts at the end."""

from __future__ import annotations

from typing import IO, Any, Protocol

from rich import progress as rich_progress
from rich.console import Console
from rich.table import Table

from live.clock import monotonic_ns
from live.report import text
from live.report.progress import REFRESH_NS, TickRate

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
        self._stream = stream
        self._total = total
        self._rate = TickRate()
        self._next_ns = 0

    def begin(self, title: str) -> None:
        """Write the title."""
        self._write(title)

    def update(self, processed: int, ticks: int, partners: int) -> None:
        """Write a line when the last one is old."""
        now_ns = monotonic_ns()
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + _LINE_EVERY_NS
        share = f"{processed * 100 // self._total:3d}%  " if self._total else ""
        self._write(share + describe(ticks, self._rate.since_last(ticks, now_ns), partners))

    def end(self) -> None:
        """Leave the lines as they are."""

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class BarFeedProgress:
    """A bar with ticks, their rate and who is connected.

    Parameters:
        console: a console on standard error.
        total: bytes of data in all, 0 when unknown.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._rate = TickRate()
        self._next_ns = 0
        self._bar = rich_progress.Progress(
            rich_progress.BarColumn(bar_width=None),
            rich_progress.TaskProgressColumn(),
            rich_progress.TextColumn("{task.fields[numbers]}"),
            rich_progress.TimeElapsedColumn(),
            console=console,
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task("", total=total or None, numbers="waiting")

    def begin(self, title: str) -> None:
        """Show the empty bar."""
        self._console.print(title, style="dim", highlight=False, markup=False)
        self._bar.start()
        self._bar.refresh()

    def update(self, processed: int, ticks: int, partners: int) -> None:
        """Redraw the bar, unless it was redrawn a moment ago."""
        now_ns = monotonic_ns()
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + REFRESH_NS
        numbers = describe(ticks, self._rate.since_last(ticks, now_ns), partners)
        self._bar.update(self._task, completed=min(processed, self._total), numbers=numbers)
        self._bar.refresh()

    def end(self) -> None:
        """Take the bar off the screen."""
        self._bar.stop()


def describe(ticks: int, ticks_per_second: float, partners: int) -> str:
    """Return the numbers of a feed in one line."""
    return f"{text.count(ticks)} ticks  {text.rate(ticks_per_second)}  {partners} connected"


def choose_feed_progress(wanted: bool | None, stream: IO[str], total: int) -> FeedProgress:
    """Return the way of showing progress that suits a stream.

    Parameters:
        wanted: True or False as the user said; None shows progress in the form that suits.
        stream: standard error.
        total: bytes of data in all, 0 when unknown.
    """
    if wanted is False:
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
