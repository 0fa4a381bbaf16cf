"""Progress of a run on the terminal: a bar when somebody watches, one line per tenth when the output goes to a file."""

from __future__ import annotations

from typing import IO, TextIO

from rich.console import Console

from live.errors import one_line
from live.lossy_stream import lossy
from live.paper.run_model import DataSource, Progress, ProgressSink, Rehearsal
from live.report import text
from live.report.bar import Bar, Lines, TickRate

WIDE_COLUMNS = 130
"""Width of a terminal that has room for the bar and all numbers."""

_TENTHS = 10


class SilentProgress:
    """Shows nothing."""

    def begin(self, title: str, data: DataSource) -> None:
        """Ignore the start."""

    def update(self, progress: Progress) -> None:
        """Ignore the state."""

    def note(self, text: str) -> None:
        """Ignore the line."""

    def ready(self, rehearsal: Rehearsal, cores: tuple[int, ...]) -> None:
        """Ignore it."""

    def end(self) -> None:
        """Ignore the end."""


def describe(progress: Progress, ticks_per_second: float) -> str:
    """Return the numbers of a run's state in one line."""
    return (
        f"{text.count(progress.ticks)} ticks  {text.rate(ticks_per_second)}  "
        f"p50 {text.duration(progress.p50_ns)}  p99 {text.duration(progress.p99_ns)}  "
        f"{text.count(progress.orders)} orders  {progress.equity:,.2f} {progress.currency}{_state(progress)}"
    )


def _state(progress: Progress) -> str:
    return f"  {progress.feed_state}" if progress.feed_state else ""


def describe_data(data: DataSource) -> str:
    """Return in words which data a run plays."""
    return f"{data.path} ({data.how})"


def describe_briefly(progress: Progress, ticks_per_second: float) -> str:
    """Return the most important of these numbers, for a narrow terminal."""
    return f"{text.count(progress.ticks)} ticks  {text.rate(ticks_per_second)}  {text.count(progress.orders)} orders{_state(progress)}"


def describe_ready(rehearsal: Rehearsal, cores: tuple[int, ...]) -> str:
    """Return in one line what made a run ready for its first tick."""
    where = f"on core{'s' if len(cores) > 1 else ''} {', '.join(map(str, cores))}" if cores else "not pinned"
    rest = f"{text.count(rehearsal.frozen_objects)} objects frozen, {where}"
    if not rehearsal.ticks:
        return f"not rehearsed, {rest}"
    first, last = rehearsal.order_first, rehearsal.order_last
    how = "settled" if rehearsal.has_settled else "not settled when the time was over"
    return (
        f"rehearsed {text.count(rehearsal.ticks)} ticks and {text.count(rehearsal.orders)} orders in "
        f"{rehearsal.seconds:.2f} s, {how}; tick to decision p99 {text.duration(rehearsal.decision_first.p99_ns)}, now "
        f"{text.duration(rehearsal.decision_last.p99_ns)}; tick to order p99 {text.duration(first.p99_ns)}, now "
        f"{text.duration(last.p99_ns)}; {rest}"
    )


class LineProgress:
    """One line whenever another tenth of the session is done.

    Parameters:
        stream: where the lines go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._lines = Lines(stream)
        self._tenths_shown = 0
        self._rate = TickRate()

    def begin(self, title: str, data: DataSource) -> None:
        """Name the algorithm and the data."""
        self._rate = TickRate()
        self._lines.write(f"{title}: {describe_data(data)}")

    def update(self, progress: Progress) -> None:
        """Write a line if a tenth was passed since the last one."""
        tenths = int(progress.fraction * _TENTHS)
        if tenths > self._tenths_shown:
            self._tenths_shown = tenths
            rate = self._rate.since_last(progress.ticks)
            self._lines.write(f"{tenths * 100 // _TENTHS:3d}%  {describe(progress, rate)}")

    def note(self, text: str) -> None:
        """Write the line."""
        self._lines.write(one_line(text))

    def ready(self, rehearsal: Rehearsal, cores: tuple[int, ...]) -> None:
        """Write the line."""
        self._lines.write(f"ready: {describe_ready(rehearsal, cores)}")

    def end(self) -> None:
        """Leave the lines as they are."""


class BarProgress:
    """A bar with the session's share, the tick rate, running latencies, orders and equity.

    Parameters:
        console: a console on standard error.
    """

    def __init__(self, console: Console) -> None:
        self._describe = describe if console.width >= WIDE_COLUMNS else describe_briefly
        self._rate = TickRate()
        self._bar = Bar(console)

    def begin(self, title: str, data: DataSource) -> None:
        """Show the empty bar."""
        self._rate = TickRate()
        self._bar.begin(title, describe_data(data))

    def update(self, progress: Progress) -> None:
        """Redraw the bar, unless it was redrawn a moment ago and the session is not over."""
        if self._bar.is_due(0 < progress.total <= progress.processed):
            numbers = self._describe(progress, self._rate.since_last(progress.ticks))
            self._bar.show(progress.processed, progress.total, numbers)

    def note(self, text: str) -> None:
        """Print the line above the bar."""
        self._bar.say(one_line(text))

    def ready(self, rehearsal: Rehearsal, cores: tuple[int, ...]) -> None:
        """Print the line above the bar."""
        self.note(f"ready: {describe_ready(rehearsal, cores)}")

    def end(self) -> None:
        """Take the bar off the screen."""
        self._bar.end()


def choose_progress(wanted: bool | None, stream: TextIO | None, waits: bool = True) -> ProgressSink:
    """Return the way of showing progress that suits a stream.

    Parameters:
        wanted: True or False as the user said; None shows progress in the form that suits.
        stream: standard error; None when it is closed.
        waits: whether the run may wait for whoever reads the stream; otherwise what is not read in time is left out.
    """
    if wanted is False or stream is None:
        return SilentProgress()
    if not waits:
        stream = lossy(stream)
    if stream.isatty():
        return BarProgress(Console(file=stream))
    return LineProgress(stream)
