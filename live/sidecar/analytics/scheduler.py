"""The analytics tasks of one run: begun when due, never two at once of the same task, counted however they end."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, wall_ns
from live.config import AnalyticsSettings
from live.sidecar.analytics.calling import Outcome, TaskResult
from live.sidecar.analytics.registry import Task, describe
from live.sidecar.analytics.schedules import Timer
from live.sidecar.analytics.threads import ThreadCall
from live.sidecar.analytics.window import AnalyticsWindow
from live.sidecar.analytics.workers import WorkerPool

ABANDONED_MAX = 3
"""Threads of a task that did not return in time, one after the other, or multiples of its timeout that one of them is
late, after which the task is not begun any more."""
NAMES_MAX = 256
"""Most different names of values of one task in a whole run: each of them is a time series."""
TELL_NS = 60 * NANOSECONDS_PER_SECOND
"""Shortest time between two lines about the same task, for one that goes wrong and ends well by turns."""


class ScheduledTask:
    """A task of one run, and what came of it.

    Parameters:
        task: the task.
        timeout_seconds: longest time of one run of it.
        timer: says when it is due.

    Attributes:
        counts: moments at which it was due, by outcome.
        values: newest result.
        duration_ns: how long it took last; None before it ended once.
        reason: why it did not end well last, "" when it did.
        stopped: why it is not begun any more, "" while it is.
    """

    def __init__(self, task: Task, timeout_seconds: float, timer: Timer) -> None:
        self.task = task
        self.timeout_seconds = timeout_seconds
        self.timer = timer
        self.counts: Counts[Outcome] = Counts()
        self.values: Mapping[str, float] = {}
        self.duration_ns: int | None = None
        self.reason = ""
        self.stopped = ""
        self.is_running = False
        self._abandoned: ThreadCall | None = None
        self._abandoned_in_a_row = 0
        self._names: set[str] = set()

    @property
    def state(self) -> str:
        """Where the task is, in a word."""
        if self.stopped:
            return "stopped"
        return "running" if self.is_running else "late" if self.is_late else "waiting"

    @property
    def is_late(self) -> bool:
        """Whether a thread that was abandoned has not returned yet."""
        return self._abandoned is not None and self._abandoned.is_running

    def may_begin(self, now_ns: int) -> bool:
        """Tell whether the task may be begun; one that is still at work is counted as skipped.

        Parameters:
            now_ns: the monotonic clock.
        """
        if self.stopped:
            return False
        if self._abandoned is not None and self._abandoned.is_running:
            late_seconds = (now_ns - self._abandoned.begun_ns) / NANOSECONDS_PER_SECOND
            if late_seconds >= ABANDONED_MAX * self.timeout_seconds:
                self.stopped = f"not begun any more: one of its threads has not returned for {late_seconds:.1f} s"
        if self.is_running or self.is_late:
            self.counts[Outcome.SKIPPED] += 1
            return False
        return True

    def abandon(self, call: ThreadCall) -> None:
        """Take note that a thread did not return in time."""
        self._abandoned = call
        self._abandoned_in_a_row += 1
        if self._abandoned_in_a_row >= ABANDONED_MAX:
            self.stopped = f"not begun any more: its threads did not return in time, {ABANDONED_MAX} times in a row"

    def take(self, result: TaskResult) -> None:
        """Take in what came of a run of the task; one that keeps inventing names of values has failed."""
        names = self._names | result.values.keys()
        if len(names) > NAMES_MAX:
            reason = f"it has returned more than {NAMES_MAX} different names in this run; return the same names again"
            result = TaskResult(Outcome.FAILED, {}, reason, result.duration_ns)
        else:
            self._names = names
        self.counts[result.outcome] += 1
        self.duration_ns = result.duration_ns
        self.reason = result.reason
        if result.outcome is Outcome.OK:
            self.values = result.values
            self._abandoned_in_a_row = 0

    def document(self) -> dict[str, Any]:
        """Return what is known of the task as JSON-ready data."""
        return {
            "task": self.task.name,
            "schedule": self.task.schedule.text,
            "process": self.task.in_process,
            "place": self.task.place,
            "timeout_seconds": self.timeout_seconds,
            "state": self.state,
            "outcomes": {outcome.value: self.counts[outcome] for outcome in Outcome},
            "duration_seconds": None if self.duration_ns is None else self.duration_ns / NANOSECONDS_PER_SECOND,
            "reason": self.stopped or self.reason,
            "values": dict(self.values),
        }


class RunTasks:
    """Begins the tasks of one run when they are due; nothing here waits for one of them.

    Parameters:
        run: name of the run, for the log.
        tasks: all tasks by name.
        settings: limits.
        pool: processes for the tasks that want one; None for no such tasks.
        window: returns what a task is given.
        log: takes a line for people.
        monotonic: the monotonic clock, ns.
        wall: the wall clock, ns since 1970 UTC.
    """

    def __init__(
        self,
        run: str,
        tasks: Iterable[Task],
        settings: AnalyticsSettings,
        pool: WorkerPool | None,
        window: Callable[[], AnalyticsWindow],
        log: Callable[[str], None],
        monotonic: Callable[[], int] = monotonic_ns,
        wall: Callable[[], int] = wall_ns,
    ) -> None:
        self._run = run
        self._pool = pool
        self._window = window
        self._log = log
        self._monotonic = monotonic
        self._wall = wall
        self._under_way: set[asyncio.Task[None]] = set()
        self._told: dict[str, tuple[str, int]] = {}
        now = monotonic(), wall()
        self.tasks = {
            task.name: ScheduledTask(task, task.timeout_seconds or settings.timeout_seconds, Timer(task.schedule, *now))
            for task in tasks
        }
        for each in self.tasks.values():
            if each.task.in_process and pool is None:
                each.stopped = "not begun: it wants a process, and analytics.processes is 0"
                self._tell(each)

    def begin_due(self) -> None:
        """Begin the tasks that have become due since the last call.

        Raises:
            DataError: the run cannot be looked at; what was due is due again at its next moment.
        """
        monotonic, wall = self._monotonic(), self._wall()
        for each in self.tasks.values():
            if each.timer.is_due(monotonic, wall):
                self._begin(each)

    async def end(self) -> None:
        """Begin the tasks for a run's end, and those of a period once more, and wait for all: each has a timeout.

        Without that, what the latter exported last would stay that of some moment before the end.
        """
        due = [each for each in self.tasks.values() if each.task.schedule.is_at_end or each.task.schedule.period_ns]
        while True:
            for each in [each for each in due if not each.is_running]:
                due.remove(each)
                self._begin(each)
            if not self._under_way:
                return
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def cancel(self) -> None:
        """Give up all that is under way."""
        for each in self._under_way:
            each.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _begin(self, each: ScheduledTask) -> None:
        if not each.may_begin(self._monotonic()):
            self._tell(each)
            return
        window = self._window()
        each.is_running = True
        playing = asyncio.ensure_future(self._play(each, window))
        self._under_way.add(playing)
        playing.add_done_callback(self._under_way.discard)

    async def _play(self, each: ScheduledTask, window: AnalyticsWindow) -> None:
        task, timeout_seconds = each.task, each.timeout_seconds
        try:
            if task.in_process:
                assert self._pool is not None
                each.take(await self._pool.run(task, window, timeout_seconds))
            else:
                call = ThreadCall(task, window, timeout_seconds, inspect.iscoroutinefunction(task.function))
                each.take(await call.result())
                if call.is_late:
                    each.abandon(call)
        except Exception as error:  # no thread or process to be had, a window that cannot be copied
            each.take(TaskResult(Outcome.FAILED, {}, f"it could not be begun: {describe(error, None)}", 0))
        finally:
            each.is_running = False
        self._tell(each)

    def _tell(self, each: ScheduledTask) -> None:
        """Write a line when a task begins or ceases to go wrong, or goes wrong in another way."""
        reason = each.stopped or each.reason
        # The kind of an error tells changes apart: its text may have another number in it each time.
        kind = each.stopped or each.reason.partition(":")[0]
        told, told_ns = self._told.get(each.task.name, ("", -TELL_NS))
        now_ns = self._monotonic()
        if told == kind or (now_ns - told_ns < TELL_NS and not each.stopped):
            return
        self._told[each.task.name] = kind, now_ns
        what = f"goes wrong: {reason}" if reason and not each.stopped else reason or "ends well again"
        self._log(f"analytics task {each.task.name} of {self._run} {'is ' if each.stopped else ''}{what}")
