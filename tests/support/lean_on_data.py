"""Runs of an algorithm on data of the past behind LEAN's surface, with the host attached by the generated entry module or without."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from live.config import Config, LeanSettings, LogSettings
from live.lean.entry import write_entry
from live.lean.instructions import SETTINGS_VARIABLE, Instructions, write_instructions
from live.lean.orders.ids import FILE_NAME
from live.lean.summary import SUMMARY_FILE
from live.paper.run_model import DryRunRequest
from support.lean_double import lean_modules
from support.runs import MemorySink, outcome

DUMMY = "crypto/coinbase/ETHUSD"
_DUMMY_TICKER, _DUMMY_CURRENCY = "ETHUSD", "ETH"
_COMPLAINTS = ("lean-live: the host's own", "past the risk gate", "not kept warm", "dummy symbol")


@dataclass
class LeanOutcome:
    """What a run came to.

    Attributes:
        requests: orders that were asked for, as the engine got them.
        outcome: in the form of a golden; empty after a failure.
        lines: of the log.
        threads: names of threads by callback.
        failure: what ended the run; None for a good end.
        run_folder: of the host.
        engine: the engine.
    """

    requests: list[tuple[Any, ...]]
    outcome: dict[str, Any]
    lines: list[str]
    threads: dict[str, set[str]]
    failure: BaseException | None
    run_folder: Path
    engine: Any

    @property
    def complaints(self) -> list[str]:
        """Lines about faults of the host's own, and about orders that went past it."""
        return [line for line in self.lines if any(text in line for text in _COMPLAINTS)]

    @property
    def errors(self) -> list[str]:
        """Lines about errors: the host leaves none behind."""
        return [line for line in self.lines if " ERROR " in line]

    @property
    def beats(self) -> int:
        """Beats of the keep-warm that came out of the engine."""
        return int(json.loads((self.run_folder / SUMMARY_FILE).read_text(encoding="utf-8"))["beats"])

    def noted_orders(self) -> list[int]:
        """Return LEAN's numbers of the orders that the host has sent or followed, in order."""
        file = self.run_folder / FILE_NAME
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        return sorted(filter(None, (json.loads(line).get("engine", 0) for line in lines)))


def run_on_data(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: Path,
    data_folder: Path,
    *,
    is_attached: bool = True,
    lean: LeanSettings | None = None,
    parameters: dict[str, str] | None = None,
) -> LeanOutcome:
    """Run an algorithm to its end.

    Parameters:
        folder: empty, of this run.
        monkeypatch: of the test.
        algorithm: the user's file.
        data_folder: LEAN data.
        is_attached: whether the host is attached; otherwise LEAN loads the file itself.
        lean: table [lean].
        parameters: of the algorithm.
    """
    entry_folder, run_folder, results = folder / "entry", folder / "run", folder / "results"
    for each in (entry_folder, run_folder, results):
        each.mkdir(parents=True)
    warmth = {"rehearsal_seconds": 0.0, "dummy_symbol": DUMMY, "keep_warm_milliseconds": 0.001}
    settings = replace(lean or LeanSettings(synchronous_orders="keep"), **warmth)
    path = folder / "settings.json"
    write_instructions(Instructions(algorithm=str(algorithm), run_folder=str(run_folder), lean=settings), path)
    monkeypatch.setenv(SETTINGS_VARIABLE, str(path))
    module = write_entry(entry_folder) if is_attached else algorithm
    with lean_modules(entry_folder, algorithm.parent):
        from lean_on_data.engine import LOOP, LeanRun, leans_surface
        from lean_on_data.threads import Threads

        threads = Threads()
        try:
            with leans_surface(threads):
                run, sink, failure = threads.run_on(
                    LOOP, _play, LeanRun, module, data_folder, results, parameters or {}
                )
        finally:
            threads.end()
    engine = run.engine
    found = outcome(run, sink) if failure is None else {}
    if found:
        _forget_dummy(found["final"])
    return LeanOutcome(list(engine.requests), found, sink.lines, engine.callbacks.called, failure, run_folder, engine)


def _forget_dummy(final: dict[str, Any]) -> None:
    """Take out of the final state what LEAN has of the dummy symbol, which cannot be hidden: a security, and a currency."""
    final["holdings"] = [each for each in final["holdings"] if each["symbol"] != _DUMMY_TICKER]
    final["cash"] = {name: amount for name, amount in final["cash"].items() if (name, amount) != (_DUMMY_CURRENCY, "0")}


def _play(kind: Any, module: Path, data_folder: Path, results: Path, parameters: dict[str, str]) -> Any:
    sink = MemorySink()
    config = Config(log=LogSettings(max_lines_per_second=1_000_000))
    request = DryRunRequest(
        algorithm=module, results_folder=results, data_folder=data_folder, config=config, parameters=parameters
    )
    run = kind(request, sink)
    log = results / "log.txt"
    run.prepare(sink, log)
    failure = run.play()
    sink.lines = log.read_text(encoding="utf-8").splitlines()
    return run, sink, failure
