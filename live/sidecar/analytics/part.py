"""The scheduled analytics as a piece of the sidecar: every attached run has its tasks, and a look at it in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, wall_ns
from live.config import AnalyticsSettings
from live.errors import DataError
from live.hot.catalogue import (
    ANALYTICS_DURATION,
    ANALYTICS_METRICS,
    ANALYTICS_RUNS,
    ANALYTICS_STOPPED,
    ANALYTICS_VALUE,
    Counter,
    Metric,
)
from live.sidecar.analytics.built_in import BUILT_IN
from live.sidecar.analytics.calling import Outcome
from live.sidecar.analytics.registry import Task, collect
from live.sidecar.analytics.scheduler import RunTasks
from live.sidecar.analytics.window import AnalyticsWindow, RunHistory, stage_totals
from live.sidecar.analytics.workers import WorkerPool
from live.sidecar.attached import AttachedRun
from live.sidecar.parts import Runs, is_fresh
from live.sidecar.samples import Sample

LOOK_SECONDS = 1.0
"""Time between two looks at a run that go into its history."""
POLL_SECONDS = 0.05
"""Time between two questions whether a task is due; the shortest period is twice as long."""
END_SECONDS = 3.0
"""Longest time in which tasks may finish when the sidecar is stopped."""
_FRESH_NS = NANOSECONDS_PER_SECOND // 10
_RING_LOOKS = 40


class AnalysedRun:
    """A run with its tasks.

    Parameters:
        run: the run.
        tasks: all tasks.
        settings: limits.
        pool: processes; None for none.
        log: takes a line for people.
        since_ns: when the sidecar began, ns since 1970 UTC.

    Attributes:
        tasks: what came of them.
        ending: the tasks for the run's end, once they have begun.
    """

    def __init__(
        self,
        run: AttachedRun,
        tasks: Iterable[Task],
        settings: AnalyticsSettings,
        pool: WorkerPool | None,
        log: Callable[[str], None],
        since_ns: int,
    ) -> None:
        self._run = run
        self._history = RunHistory()
        self._looked_ns = 0
        self._fault = ""
        self._log = log
        # A run that was over before has had its tasks, or nobody to run them. One that began and ended between two looks
        # of the sidecar has its end all the same.
        self._was_over = _is_over(run) and run.reader.created_ns < since_ns
        self._events_lost = 0
        self._symbols: frozenset[str] = frozenset()
        self.tasks = RunTasks(run.name, tasks, settings, pool, self._window, log)
        self.ending: asyncio.Task[None] | None = None

    def poll(self) -> None:
        """Look at the run when it is time to, and begin what is due."""
        if self._was_over or self.ending is not None:
            return
        try:
            if self._run.is_over:
                self.end()
                return
            if monotonic_ns() - self._looked_ns >= LOOK_SECONDS * NANOSECONDS_PER_SECOND:
                self._look()
            self.tasks.begin_due()
        except DataError as error:
            self._tell(str(error))

    def end(self) -> None:
        """Begin the tasks for the run's end, once."""
        if not self._was_over and self.ending is None and _is_over(self._run):
            self.ending = asyncio.ensure_future(self._end())

    async def _end(self) -> None:
        reader = self._run.reader
        try:
            # What the run handed over last is taken from the ring by the sidecar's own loop.
            for _look in range(_RING_LOOKS):
                reader.check_size()
                if not reader.ring.available():
                    break
                await asyncio.sleep(POLL_SECONDS)
            self._look()
            await self.tasks.end()
        except DataError as error:
            self._tell(str(error))

    async def close(self) -> None:
        """Give up what is under way."""
        if self.ending is not None:
            self.ending.cancel()
            await asyncio.gather(self.ending, return_exceptions=True)
        await self.tasks.cancel()

    def document(self) -> dict[str, Any]:
        """Return the tasks as JSON-ready data."""
        return {
            "run": self._run.name,
            "algorithm": "" if self._history.look is None else self._history.look.algorithm,
            "ended": self._was_over or self.ending is not None,
            "fault": self._fault,
            "tasks": [each.document() for each in self.tasks.tasks.values()],
        }

    def samples(self, has_values: bool) -> Iterator[Sample]:
        """Yield what is exported.

        Parameters:
            has_values: whether the newest results are those of now, or of the run's end.
        """
        for name, each in self.tasks.tasks.items():
            for outcome in Outcome:
                yield Sample(ANALYTICS_RUNS, each.counts[outcome], (name, outcome.value))
            yield Sample(ANALYTICS_STOPPED, 1 if each.stopped else 0, (name,))
            if each.duration_ns is not None:
                yield Sample(ANALYTICS_DURATION, each.duration_ns / NANOSECONDS_PER_SECOND, (name,))
            for value, number in each.values.items() if has_values else ():
                yield Sample(ANALYTICS_VALUE, number, (name, value))

    def _look(self) -> None:
        # All that is read of the page is read here, right after its size was checked.
        self._history.add(self._run.look(), stage_totals(self._run.reader))
        self._events_lost = self._run.reader.counter(Counter.TELEMETRY_LOST)
        self._symbols = frozenset(self._run.reader.feed_rows())
        self._looked_ns = monotonic_ns()
        self._fault = ""

    def _window(self) -> AnalyticsWindow:
        if monotonic_ns() - self._looked_ns >= _FRESH_NS:
            self._look()
        look = self._history.look
        assert look is not None
        events = tuple(self._run.events.newest())
        return AnalyticsWindow(
            self._run.name,
            look.algorithm,
            self._run.folder,
            wall_ns(),
            look,
            self._symbols,
            self._history.snapshots(),
            events,
            self._run.taken_before + self._run.events.total - len(events),
            self._events_lost,
        )

    def _tell(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            self._log(f"analytics of {self._run.name} cannot look at the run: {fault}")


def _is_over(run: AttachedRun) -> bool:
    """Tell whether a run is known to be over."""
    try:
        return run.is_over
    except DataError:
        # The sidecar itself says what is wrong with the page.
        return False


class AnalyticsPart:
    """Runs the tasks of all attached runs.

    Parameters:
        settings: table [analytics].
        folder: folder of the configuration file; the modules are relative to it.
        log: takes a line for people.
        wall: the wall clock, ns since 1970 UTC.

    Raises:
        ConfigError: the modules cannot be loaded, or have a task of the same name.
    """

    name = "analytics"
    declared: tuple[Metric, ...] = ANALYTICS_METRICS

    def __init__(
        self,
        settings: AnalyticsSettings,
        folder: Path,
        log: Callable[[str], None],
        wall: Callable[[], int] = wall_ns,
    ) -> None:
        modules: Sequence[Path] = [(folder / each).resolve() for each in settings.modules]
        self._tasks = collect(BUILT_IN, modules, settings.disabled)
        self._settings = settings
        self._log = log
        self._pool = None
        if settings.processes:
            self._pool = WorkerPool(settings.processes, modules, settings.process_memory_bytes)
        self._runs: dict[AttachedRun, AnalysedRun] = {}
        self._polled_ns: int | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._began_ns = wall()

    async def run(self, runs: Runs) -> None:
        """Begin tasks when they are due, until cancelled."""
        try:
            while True:
                self._follow(runs.attached)
                for each in self._runs.values():
                    each.poll()
                self._polled_ns = monotonic_ns()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await self._close()

    def metrics(self, run: AttachedRun) -> Iterable[Sample]:
        """Return the samples of a run; without results once nothing has looked after the tasks for long."""
        found = self._runs.get(run)
        return () if found is None else found.samples(is_fresh(self._polled_ns, monotonic_ns()))

    def own_metrics(self) -> Iterable[Sample]:
        """Return nothing: all of it belongs to runs."""
        return ()

    def document(self) -> list[dict[str, Any]]:
        """Return the tasks of all runs as JSON-ready data."""
        return [each.document() for each in self._runs.values()]

    def _follow(self, attached: Sequence[AttachedRun]) -> None:
        """Take in runs that are new, and drop those that are no longer there."""
        for run in attached:
            if run not in self._runs:
                self._runs[run] = AnalysedRun(
                    run, self._tasks.values(), self._settings, self._pool, self._log, self._began_ns
                )
        for run in [each for each in self._runs if each not in attached]:
            # Not waited for: the tasks of the other runs go on meanwhile.
            closing = asyncio.create_task(self._runs.pop(run).close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _close(self) -> None:
        """Let the ends of runs finish that have ended, for a while, and give up the rest."""
        for each in self._runs.values():
            each.end()
        endings = [each.ending for each in self._runs.values() if each.ending is not None]
        if endings:
            await asyncio.wait(endings, timeout=END_SECONDS)
        for each in self._runs.values():
            await each.close()
        await asyncio.gather(*self._closing)
        if self._pool is not None:
            await self._pool.close()
