"""Ends a run whose algorithm does not come back from a callback.

A timer signal looks once a second whether time steps still go by. It costs nothing between steps and needs no thread; it works where signals do:
in the main thread of a Unix process. Elsewhere the watchdog stays off, and says so.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

from live.clock import monotonic_ns
from live.errors import CallbackTimeout

_LOOK_EVERY_SECONDS = 0.25


class Watchdog:
    """Watches a counter that must move.

    Parameters:
        limit_seconds: how long the counter may stand still; 0 switches the watchdog off.
        counter: the number of time steps so far.
    """

    def __init__(self, limit_seconds: float, counter: Callable[[], int]) -> None:
        self._limit_seconds = limit_seconds
        self._counter = counter
        self._seen = -1
        self._since_ns = 0
        self._is_armed = False
        self._previous: object = None

    def __enter__(self) -> Watchdog:
        is_main = threading.current_thread() is threading.main_thread()
        if self._limit_seconds > 0 and is_main and hasattr(signal, "setitimer"):
            self._since_ns = monotonic_ns()
            self._previous = signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY_SECONDS, _LOOK_EVERY_SECONDS)
            self._is_armed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_armed:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, self._previous)  # type: ignore[arg-type]
            self._is_armed = False

    def _look(self, number: int, frame: FrameType | None) -> None:
        steps = self._counter()
        now = monotonic_ns()
        if steps != self._seen:
            self._seen, self._since_ns = steps, now
            return
        if now - self._since_ns < self._limit_seconds * 1e9:
            return
        self._since_ns = now
        raise CallbackTimeout(
            f"the algorithm did not come back within {self._limit_seconds:g} seconds ({_user_place(frame)}); "
            "look for an endless loop there, or raise watchdog_seconds in [run] of live.toml"
        )


def _user_place(frame: FrameType | None) -> str:
    """Return "file line N" of the innermost frame that is not ours."""
    innermost = frame
    while frame is not None:
        if "/live/" not in frame.f_code.co_filename:
            return f"{frame.f_code.co_filename} line {frame.f_lineno}"
        frame = frame.f_back
    return f"{innermost.f_code.co_filename} line {innermost.f_lineno}" if innermost is not None else "unknown place"
