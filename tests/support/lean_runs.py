"""Runs of an algorithm in the double of LEAN, with the host attached by the generated entry module or without it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from msgspec.structs import replace

from live.config import LeanSettings
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean.entry import write_entry
from live.lean.instructions import SETTINGS_VARIABLE, Instructions, write_instructions
from live.lean.summary import SUMMARY_FILE
from support.lean_double import lean_modules

SECOND = 0.02
"""Length of the engine's second in these runs."""


@dataclass
class DoubleRun:
    """What a run in the double came to.

    Attributes:
        folder: of the run.
        error: what LEAN's log has of the error that ended it; "" for none.
        lines: kind and text of the algorithm's log lines.
        callbacks: name and thread of LEAN's calls.
        steps: of the data loop.
        algorithm: the instance.
    """

    folder: Path
    error: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)
    callbacks: list[tuple[str, str]] = field(default_factory=list)
    steps: int = 0
    algorithm: Any = None

    def texts(self, kind: str = "log") -> list[str]:
        return [text for each, text in self.lines if each == kind]

    def page(self) -> TelemetryView:
        return TelemetryView(self.folder / PAGE_NAME)

    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / SUMMARY_FILE).read_text(encoding="utf-8"))


class Feed:
    """Lets a test feed ticks into the engine, and waits until the engine has come so far."""

    def __init__(self, engine: Any) -> None:
        from lean_engine.feed import Composer

        self.engine = engine
        self.aggregator = Composer.Instance.aggregator

    def trade(self, ticker: str, price: float, quantity: float = 1.0, ahead: Any = None) -> None:
        from lean_engine.feed import utc_now

        from live.lean.surface import trade_tick

        now = utc_now()
        self.aggregator.Update(trade_tick(self._symbol(ticker), price, quantity, now if ahead is None else now + ahead))

    def quote(self, ticker: str, bid: float, ask: float, size: float = 1.0) -> None:
        from lean_engine.feed import utc_now

        from live.lean.surface import quote_tick

        self.aggregator.Update(quote_tick(self._symbol(ticker), bid, size, ask, size, utc_now()))

    def until(self, condition: Callable[[], Any], seconds: float = 20.0) -> None:
        """Wait for a condition, or the end of the engine."""
        wait_until(lambda: condition() or not self.engine.thread.is_alive(), seconds)

    def calls(self, name: str) -> int:
        return sum(1 for each, _thread in self.engine.callbacks if each == name)

    def _symbol(self, ticker: str) -> Any:
        return self.engine.algorithm.securities[ticker].symbol


def host_of(feed: Feed) -> Any:
    """Return the host of a run: what the instrumented on_data closes over."""
    function = type(feed.engine.algorithm).__mro__[1].on_data
    return function.__closure__[0].cell_contents


def wait_until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait until a condition holds; a test that waits this long has failed."""
    import time

    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the condition did not come true")
        time.sleep(0.001)


def run_in_double(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str | dict[str, str],
    drive: Callable[[Feed], None],
    *,
    is_attached: bool = True,
    is_warm: bool = False,
    parameters: dict[str, str] | None = None,
    **instructions: Any,
) -> DoubleRun:
    """Run an algorithm in the double until it has ended.

    Parameters:
        folder: empty, of this run.
        monkeypatch: of the test.
        code: text of main.py, or of several files by their names.
        drive: feeds the engine, on the test's thread, once the session has begun; afterwards the run is interrupted.
        is_attached: whether the host is attached; otherwise LEAN loads main.py itself.
        is_warm: whether the settings for rehearsal and keep-warm hold; otherwise there are neither, and no beats among
            the engine's calls.
        parameters: of the algorithm.
        instructions: fields of Instructions.
    """
    files = {"main.py": code} if isinstance(code, str) else code
    project, run_folder, entry_folder = folder / "project", folder / "run", folder / "entry"
    for each in (project, run_folder, entry_folder):
        each.mkdir(exist_ok=True)
    for name, text in files.items():
        (project / name).write_text(dedent(text), encoding="utf-8")
    instructions.setdefault("algorithm", str(project / "main.py"))
    if not is_warm:
        cold = {"rehearsal_seconds": 0.0, "keep_warm_milliseconds": 0.0}
        instructions["lean"] = replace(instructions.get("lean", LeanSettings()), **cold)
    settings = folder / "settings.json"
    write_instructions(Instructions(run_folder=str(run_folder), **instructions), settings)
    monkeypatch.setenv(SETTINGS_VARIABLE, str(settings))
    entry = write_entry(entry_folder)
    with lean_modules(project, entry_folder):
        from lean_engine.engine import Engine

        engine = Engine(entry.stem if is_attached else "main", parameters, SECOND)
        _play(engine, drive)
        lines = [] if engine.algorithm is None else list(engine.algorithm._lines)
        return DoubleRun(run_folder, engine.error, lines, engine.callbacks, engine.steps, engine.algorithm)


def _play(engine: Any, drive: Callable[[Feed], None]) -> None:
    interval = sys.getswitchinterval()
    engine.thread = engine.start()
    try:
        feed = Feed(engine)
        feed.until(lambda: engine.has_session)
        if engine.thread.is_alive():
            drive(feed)
    finally:
        engine.interrupt()
        engine.thread.join(30.0)
        sys.setswitchinterval(interval)
    assert not engine.thread.is_alive(), "the engine has not ended"


def names(callbacks: Sequence[tuple[str, str]]) -> list[str]:
    return [name for name, _thread in callbacks]
