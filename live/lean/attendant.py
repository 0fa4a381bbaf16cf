"""The host's own thread: the only one that it adds to the engine. It feeds the keep-warm beats and looks after the rest.

A Python thread that works holds up the strategy, so what is done here is short, and mostly waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns
from live.errors import UsageError

THREAD_NAME = "lean-live"
_BACK_OFF_NS = NANOSECONDS_PER_SECOND // 4
_BACK_OFF_MAX_NS = 5 * NANOSECONDS_PER_SECOND


class _Task:
    __slots__ = ("back_off_ns", "every_ns", "next_ns", "work")

    def __init__(self, work: Callable[[], None], every_ns: int) -> None:
        self.work = work
        self.every_ns = every_ns
        self.next_ns = 0
        self.back_off_ns = 0


class Attendant:
    """Calls functions at intervals, on a thread of its own.

    Parameters:
        on_error: told what a function raised. That function is called again after a quarter of a second, twice as long after
            the next error in a row, and so on up to five seconds: what fails may be a passing state of LEAN's collections.
    """

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._on_error = on_error
        self._tasks: list[_Task] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.tid = 0
        """The thread, as the kernel numbers it; 0 before it has begun."""

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Have a function called at intervals; before `begin`.

        Parameters:
            seconds: from the beginning of one call to that of the next; a call that is missed is left out.
            work: short, and without waiting.

        Raises:
            UsageError: the thread has begun.
        """
        if self._thread is not None:
            raise UsageError("tasks of the attendant are named before it begins")
        self._tasks.append(_Task(work, int(seconds * NANOSECONDS_PER_SECOND)))

    def begin(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def end(self, wait_seconds: float = 5.0) -> None:
        """Stop the thread and wait for it, unless it is the caller's own."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(wait_seconds)

    def _work(self) -> None:
        self.tid = threading.get_native_id()
        for task in self._tasks:
            task.next_ns = monotonic_ns()
        while self._tasks and not self._stop.is_set():
            now_ns = monotonic_ns()
            for task in self._tasks:
                if now_ns >= task.next_ns:
                    task.next_ns = max(task.next_ns + task.every_ns, now_ns)
                    self._call(task)
            wait_ns = min(task.next_ns for task in self._tasks) - monotonic_ns()
            if wait_ns > 0:
                self._stop.wait(wait_ns / NANOSECONDS_PER_SECOND)

    def _call(self, task: _Task) -> None:
        try:
            task.work()
        except Exception as error:
            task.back_off_ns = min(2 * task.back_off_ns or _BACK_OFF_NS, _BACK_OFF_MAX_NS)
            task.next_ns = monotonic_ns() + task.back_off_ns
            self._on_error(error)
        else:
            task.back_off_ns = 0
