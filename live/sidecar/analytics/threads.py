"""Analytics tasks on threads of the sidecar: each run of a task gets one, and the event loop waits for none of them.

A thread cannot be killed. One that does not return in time is abandoned: it is a daemon, so it does not keep the process,
and its task is not begun again before it has returned.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from live.clock import monotonic_ns
from live.sidecar.analytics.calling import Outcome, TaskResult, call_task, late
from live.sidecar.analytics.registry import Task
from live.sidecar.analytics.window import AnalyticsWindow

_CANCEL_SECONDS = 1.0
"""Time that an async function has for ending once it is cancelled."""


class ThreadCall:
    """One run of a task on a thread of its own.

    Parameters:
        task: the task.
        window: what it is given.
        timeout_seconds: time after which nobody waits any longer.
        is_async: whether its function is a coroutine function, which is cancelled before it is given up.

    Attributes:
        begun_ns: when it began, on the monotonic clock.
        is_late: whether nobody waits for it any longer.
    """

    def __init__(self, task: Task, window: AnalyticsWindow, timeout_seconds: float, is_async: bool) -> None:
        self._task = task
        self._window = window
        self._timeout_seconds = timeout_seconds
        self._patience_seconds = timeout_seconds + (_CANCEL_SECONDS if is_async else 0.0)
        self._loop = asyncio.get_running_loop()
        self._result: asyncio.Future[TaskResult] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=f"analytics {task.name}", daemon=True)
        self.begun_ns = monotonic_ns()
        self.is_late = False

    @property
    def is_running(self) -> bool:
        """Whether the thread has not returned."""
        return self._thread.is_alive()

    async def result(self) -> TaskResult:
        """Start the thread and return what came of it, or that it did not return in time."""
        self._thread.start()
        done, _ = await asyncio.wait((self._result,), timeout=self._patience_seconds)
        if done:
            return self._result.result()
        self.is_late = True
        return TaskResult(Outcome.TIMEOUT, {}, late(self._timeout_seconds), monotonic_ns() - self.begun_ns)

    def _run(self) -> None:
        result = call_task(self._task, self._window, self._timeout_seconds)
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._give, result)

    def _give(self, result: TaskResult) -> None:
        if not self._result.done():
            self._result.set_result(result)
