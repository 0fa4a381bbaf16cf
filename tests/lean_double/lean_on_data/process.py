"""A run on the data folder as the launcher sees an engine."""

from __future__ import annotations

import threading
import traceback
from pathlib import Path
from typing import Any

from lean_engine.threads import start_thread

from lean_on_data.engine import LOOP, LeanRun, leans_surface
from lean_on_data.threads import Threads
from live.algorithm.orders import OrderEvent
from live.config import Config, LogSettings
from live.paper.run_model import DataSource, DryRunRequest, Progress


class _Sink:
    """Keeps order events; LEAN shows no progress."""

    def __init__(self) -> None:
        self.events: list[OrderEvent] = []

    def order_event(self, event: OrderEvent) -> None:
        self.events.append(event)

    def begin(self, title: str, data: DataSource) -> None: ...

    def update(self, progress: Progress) -> None: ...

    def end(self) -> None: ...


class EngineOnData:
    """Runs the algorithm of one module on the time of the data.

    Parameters:
        location: the module's file.
        data_folder: LEAN data.
        folder: for files of the run.
        parameters: of the algorithm.

    Attributes:
        algorithm: the instance, once it is made.
        error: what ended the run, as LEAN's log would have it; "" for a good end.
        has_session: never one that takes ticks of a queue.
    """

    has_session = False

    def __init__(self, location: Path, data_folder: Path, folder: Path, parameters: dict[str, str]) -> None:
        self._request = DryRunRequest(
            algorithm=location,
            results_folder=folder,
            data_folder=data_folder,
            config=Config(log=LogSettings(max_lines_per_second=1_000_000)),
            parameters=parameters,
            raw_prices=True,
        )
        self._folder = folder
        self._sink = _Sink()
        self._run: LeanRun | None = None
        self.algorithm: Any = None
        self.error = ""

    @property
    def order_events(self) -> list[OrderEvent]:
        return self._sink.events

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Kind and text of the algorithm's log lines."""
        file = self._folder / "run-log.txt"
        return [("log", line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []

    def start(self) -> threading.Thread:
        """Begin to run; return the thread."""
        return start_thread(LOOP, self._work)

    def interrupt(self) -> None:
        """End after the present step."""
        if self._run is not None:
            self._run.engine.quit("interrupted")

    def _work(self) -> None:
        threads = Threads()
        try:
            with leans_surface(threads):
                run = self._run = LeanRun(self._request, self._sink)
                run.prepare(self._sink, self._folder / "run-log.txt")
                failure = run.play()
                self.algorithm = run.engine.instance
                if failure is not None:
                    raise failure
        except BaseException as error:
            self.error = "".join(traceback.format_exception(error))
        finally:
            threads.end()
