"""Progress of a benchmark on standard error: a bar on a terminal, a line per step elsewhere."""

from __future__ import annotations

from typing import IO

from rich import progress as rich_progress
from rich.console import Console

from live.bench.runner import BenchProgress
from live.report.bar import Lines

_REFRESHES_PER_SECOND = 2


class SilentBench:
    """Shows nothing."""

    def begin(self, steps: int) -> None:
        """Ignore the number of steps."""

    def step(self, what: str) -> None:
        """Ignore a step."""

    def end(self) -> None:
        """Ignore the end."""


class LineBench:
    """One line per step.

    Parameters:
        stream: where the lines go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._lines = Lines(stream)
        self._steps = 0
        self._done = 0

    def begin(self, steps: int) -> None:
        """Take the number of steps."""
        self._steps = steps

    def step(self, what: str) -> None:
        """Write what is measured now."""
        self._done += 1
        self._lines.write(f"{self._done}/{self._steps}  {what}")

    def end(self) -> None:
        """Leave the lines as they are."""


class BarBench:
    """A bar with what is measured now. It is drawn by this process, which keeps off the measuring core.

    Parameters:
        console: a console on standard error.
    """

    def __init__(self, console: Console) -> None:
        self._bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}"),
            rich_progress.BarColumn(bar_width=None),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TimeElapsedColumn(),
            console=console,
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
        )
        self._task: rich_progress.TaskID | None = None
        self._done = 0

    def begin(self, steps: int) -> None:
        """Show the empty bar."""
        self._task = self._bar.add_task("", total=steps)
        self._bar.start()

    def step(self, what: str) -> None:
        """Name the step; the one before is done."""
        if self._task is not None:
            self._bar.update(self._task, description=what, completed=self._done)
            self._done += 1

    def end(self) -> None:
        """Take the bar off the screen."""
        self._bar.stop()


def choose_progress(wanted: bool | None, stream: IO[str]) -> BenchProgress:
    """Return the way of showing progress that suits a stream.

    Parameters:
        wanted: False shows nothing; None and True what suits.
        stream: standard error.
    """
    if wanted is False:
        return SilentBench()
    return BarBench(Console(file=stream)) if stream.isatty() else LineBench(stream)
