"""Ends a run whose algorithm does not come back from a callback.

A timer signal looks four times a second whether time steps still go by. It costs nothing between steps and needs no
thread; it works where signals do: in the main thread of a Unix process. Elsewhere the watchdog stays off.

Code of the user's that catches everything gets the error once more as soon as it has caught it. Code that is stuck inside
a call of C lets no signal handler run; then the interpreter itself prints where it is, and ends the process.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from live.algorithm.blame import frames_inside, is_users, users_frame_place
from live.clock import monotonic_ns
from live.errors import CallbackTimeout, Halt

_LOOK_EVERY_SECONDS = 0.25
_STUCK_AFTER_SECONDS = 5.0
"""Time beyond the limit after which a process that runs no signal handler is ended."""
STOP_GRACE_SECONDS = 3.0
"""Time that a callback has left once the user asked for the end of the run."""


class Watchdog:
    """Watches a counter that must move.

    Parameters:
        limit_seconds: how long the counter may stand still; 0 waits for ever.
        counter: the number of time steps so far.
        engine_file: the file of the engine whose frames lie outside of the user's.
        on_look: called at each look, in the middle of whatever runs: it may do no more than leave a note.
    """

    def __init__(
        self,
        limit_seconds: float,
        counter: Callable[[], int],
        engine_file: str,
        on_look: Callable[[], None] | None = None,
    ) -> None:
        self._limit_seconds = limit_seconds
        self._counter = counter
        self._engine_file = engine_file
        self._on_look = on_look
        self._seen = -1
        self._since_ns = 0
        self._grace_seconds = 0.0
        self._is_over = False
        self._is_armed = False
        self._interpreter_until_ns = 0
        self._previous: object = None
        self._previous_trace = sys.gettrace()

    def __enter__(self) -> Watchdog:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and hasattr(signal, "setitimer"):
            self.restart()
            self._previous = signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY_SECONDS, _LOOK_EVERY_SECONDS)
            self._is_armed = True
            self._watch_the_interpreter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_armed:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, self._previous)  # type: ignore[arg-type]
            self._is_armed = False
            self.restart()
            if self._limit_seconds > 0:
                faulthandler.cancel_dump_traceback_later()

    def restart(self) -> None:
        """Begin anew: whatever runs now has the whole limit."""
        if self._is_over:
            sys.settrace(self._previous_trace)
        self._is_over = False
        self._grace_seconds = 0.0
        self._since_ns = monotonic_ns()

    def hurry(self) -> None:
        """Give what runs now no more than the time of grace."""
        self._since_ns = monotonic_ns()
        self._grace_seconds = STOP_GRACE_SECONDS

    def _watch_the_interpreter(self) -> None:
        """Ask the interpreter to end the process unless a look comes by in time. Each time costs it a thread."""
        if self._limit_seconds > 0 and sys.__stderr__ is not None:
            seconds = self._limit_seconds + _STUCK_AFTER_SECONDS
            self._interpreter_until_ns = monotonic_ns() + int(_STUCK_AFTER_SECONDS / 2 * 1e9)
            faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)

    def _look(self, number: int, frame: FrameType | None) -> None:
        now = monotonic_ns()
        if self._on_look is not None:
            self._on_look()
        steps = self._counter()
        if steps != self._seen and not self._is_over:
            self._seen, self._since_ns = steps, now
        if now >= self._interpreter_until_ns:
            self._watch_the_interpreter()
        place = users_frame_place(frame, self._engine_file)
        limit_seconds = self._grace_seconds or self._limit_seconds
        is_late = limit_seconds > 0 and now - self._since_ns >= limit_seconds * 1e9
        if not is_late or (self._is_over and place is None):
            return
        self._is_over = True
        error = self._error(limit_seconds, place)
        if place is not None:
            self._raise_again(error, frame)
        raise Halt(error)

    def _raise_again(self, error: CallbackTimeout, frame: FrameType | None) -> None:
        """Let the next line of the user's raise the error too: it is that of an `except:` which has just caught it."""

        def trace(at: FrameType, event: str, argument: object) -> Any:
            if event == "line":
                raise Halt(error)
            return trace

        for each in frames_inside(frame, self._engine_file):
            if is_users(each.f_code.co_filename):
                each.f_trace = trace
        sys.settrace(lambda *_: None)

    def _error(self, limit_seconds: float, place: str | None) -> CallbackTimeout:
        if self._grace_seconds:
            return CallbackTimeout(f"the algorithm did not come back ({place or 'no line of it was at work'})")
        return CallbackTimeout(
            f"the algorithm did not come back within {limit_seconds:g} seconds "
            f"({place or 'no line of it was at work'}); "
            "look for an endless loop there, or raise watchdog_seconds in [run] of live.toml"
        )
