"""Scheduled events: on the RealTime Thread, a second after their time, always."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lean_engine.feed import utc_now
from lean_engine.spelling import dotnet
from lean_engine.threads import start_thread

LATE = timedelta(seconds=1)
_LOOK_SECONDS = 0.05


@dotnet("QuantConnect.Scheduling")
class DateRules:
    """Every day is all that the double knows."""

    def every_day(self) -> str:
        return "EveryDay"


@dotnet("QuantConnect.Scheduling")
class TimeRules:
    """Intervals are all that the double knows."""

    def every(self, interval: timedelta) -> timedelta:
        return interval


@dotnet("QuantConnect.Scheduling")
class ScheduleManager:
    """Events by interval."""

    def __init__(self, algorithm: Any) -> None:
        self._algorithm = algorithm
        self._events: list[tuple[timedelta, Callable[[], None]]] = []
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def on(self, date_rule: str, time_rule: timedelta, callback: Callable[[], None]) -> None:
        self._events.append((time_rule, callback))

    def _begin(self) -> None:
        if self._events:
            self._thread = start_thread("RealTime Thread", self._work)

    def _end(self) -> None:
        self._is_over.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        begun = utc_now()
        due = [begun + interval for interval, _ in self._events]
        while not self._is_over.wait(_LOOK_SECONDS):
            for index, (interval, callback) in enumerate(self._events):
                if utc_now() >= due[index] + LATE:
                    due[index] += interval
                    try:
                        callback()
                    except Exception as error:
                        # The engine notices it at its next step and ends the run.
                        self._algorithm._run_time_error = error
                        return
