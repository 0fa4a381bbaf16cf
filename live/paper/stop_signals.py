"""Ctrl-C, SIGTERM and a closed terminal as an orderly end of a run.

While the strategy plays, the first of them ends the run after its time step; the second one, or the first at any other
time, at once. Once results are written they have no effect.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

from live.errors import Halt, RunInterrupted
from live.lossy_stream import has_room

_STANDARD_ERROR = 2


class StopSignals:
    """What asks a run to stop. As a context manager it handles the signals, in the main thread; elsewhere it does nothing."""

    def __init__(self) -> None:
        self.request: str | None = None
        """What asked first, as the user knows it; None as long as nothing did."""
        self._on_first: Callable[[], str] | None = None
        self._is_deferring = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                # nohup lets a run outlive its terminal.
                if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                    continue
                self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()

    @contextmanager
    def gently(self, stop: Callable[[], str]) -> Iterator[None]:
        """Let the first request only call a function, instead of breaking off what is under way.

        Parameters:
            stop: asks for the end, and returns what to tell the user.
        """
        self._on_first = stop
        try:
            yield
        finally:
            self._on_first = None

    def defer(self) -> None:
        """Take no further request: from now on results are written."""
        self._is_deferring = True

    def error(self, remedy: str = "run it again for the rest") -> RunInterrupted:
        """Return the error of a run that was asked to stop.

        Parameters:
            remedy: what the user can do, or what was done.
        """
        return RunInterrupted(f"the run was stopped by {self.request or 'Ctrl-C'}; {remedy}")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        is_first = self.request is None
        if is_first:
            self.request = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        if self._is_deferring:
            return
        if is_first and self._on_first is not None:
            text = f"\nstopping because of {self.request}: {self._on_first()}\n"
            # Not through sys.stderr, which may be in the middle of a write; and a stop waits for no reader.
            with suppress(OSError):
                if has_room(_STANDARD_ERROR):
                    os.write(_STANDARD_ERROR, text.encode())
            return
        raise Halt(self.error())
