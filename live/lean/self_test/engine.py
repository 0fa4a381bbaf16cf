"""The self-test of an engine: a few short runs, each of which shows something that no other can.

`facts` looks at everything and ends by quit; `attached` has the host around an algorithm; `lane` too, with orders on
the lane and an error in a scheduled event; `interrupt` is ended by SIGINT and
`terminate` by SIGTERM; `raise` fails in on_data; `import` fails at its import.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns
from live.config import LeanSettings, RiskSettings
from live.errors import DataError, EnvironmentFault
from live.hot.catalogue import Counter
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean.engine.engine_config import EngineFiles, EngineRequest, prepare
from live.lean.engine.engine_log import entries, first_error, read_text, remedy_of, shortened
from live.lean.engine.lean_home import LeanHome
from live.lean.engine.process import Ending, EngineLimits, EngineOutcome, EngineProcess
from live.lean.entry import ENTRY_TEXT
from live.lean.instructions import Instructions
from live.lean.self_test import strategies
from live.lean.self_test.assumptions import Finding, judge
from live.lean.self_test.facts import read_facts
from live.lean.self_test.marks import (
    ENTRY_CLASS,
    FACTS_VARIABLE,
    HEARD,
    LANE_MODE,
    LIMIT_QUANTITY,
    MISSING_MODULE,
    MODE_VARIABLE,
    MUTED,
    RAISED,
)
from live.lean.summary import SUMMARY_FILE

_ATTACHED_RUNS = ("attached", LANE_MODE)
RUNS = ("facts", *_ATTACHED_RUNS, "interrupt", "terminate", "raise", "import")
"""Names of the runs, in their order."""
_ENTRY = f"""from AlgorithmImports import *
from live.lean import surface

surface.silence_data_queue()

import live.lean.self_test.probe


class {ENTRY_CLASS}(live.lean.self_test.probe.Probe):
    pass
"""
_BROKEN_ENTRY = f"from AlgorithmImports import *\nimport {MISSING_MODULE}\n"
_LIMITS = EngineLimits(stop_seconds=30.0, run_seconds=240.0)
_MODES = {"facts": "facts", "raise": "raise", LANE_MODE: LANE_MODE}
_FACTS_FILE = "facts.json"
_ATTACHED = Path(next(iter(strategies.__path__))) / "attached.py"
_REHEARSAL_SECONDS = 2.0
_OWN_LINE = "lean-live: "
"""Beginning of what the host says on standard error: errors that are its own."""
_SIGNALS = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM}
_SIGNAL_SECONDS = 120.0
"""Longest time until a run waits for its signal: LEAN's start on a slow machine takes a minute."""


def test_engine(
    home: LeanHome, data_folder: Path, folder: Path, variables: dict[str, str], on_run: Callable[[str], None]
) -> tuple[list[Finding], list[str]]:
    """Run the self-test.

    Parameters:
        home: the engine.
        data_folder: folder of LEAN data; only its databases are used.
        folder: where the runs are made, one folder each.
        variables: environment variables of .NET that the engine is to run with.
        on_run: called with the name of each run before it begins.

    Returns:
        A finding for each assumption, and what a reader has to know about the runs.

    Raises:
        EnvironmentFault: the engine cannot be started at all.
    """
    facts: dict[str, Any] = {}
    notes: list[str] = []
    for name in RUNS:
        on_run(name)
        found, note = _run(home, data_folder, folder / name, variables, name)
        facts.update(found)
        notes += note
        if name == "facts" and "thread_import" not in found:
            raise EnvironmentFault(
                f"the engine did not run the self-test at all: {'; '.join(note) or 'see its log'}; --keep DIR leaves its files"
            )
    return judge(facts), notes


def _run(
    home: LeanHome, data_folder: Path, folder: Path, variables: dict[str, str], name: str
) -> tuple[dict[str, Any], list[str]]:
    """Make one run and return its facts and notes."""
    path = folder / _FACTS_FILE
    request = _request(name, data_folder, folder, variables)
    files = prepare(home, request, folder)
    process = EngineProcess(home, files, _LIMITS, folder / PAGE_NAME if name in _ATTACHED_RUNS else None)
    try:
        process.start()
        outcome = _watch(process, path, _SIGNALS.get(name))
    finally:
        process.close()
    found = read_facts(path)
    # What was found inside is worth having however the run ended.
    kept = found if name == "facts" or name in _ATTACHED_RUNS else {}
    if name == LANE_MODE:
        # The same algorithm under another mode.
        kept = {key.replace("host_", "lane_", 1): value for key, value in kept.items()}
    if outcome.fault is not None:
        return kept, [f"run {name}: {outcome.fault}"]
    return {**kept, **_facts_of_end(name, outcome, found, files)}, _notes(name, outcome, files)


def _request(name: str, data_folder: Path, folder: Path, variables: dict[str, str]) -> EngineRequest:
    """Return what a run is told."""
    told = {**variables, FACTS_VARIABLE: str(folder / _FACTS_FILE), MODE_VARIABLE: _MODES.get(name, "wait")}
    if name not in _ATTACHED_RUNS:
        return EngineRequest(_BROKEN_ENTRY if name == "import" else _ENTRY, data_folder, variables=told)
    instructions = Instructions(
        algorithm=str(_ATTACHED),
        run_folder=str(folder.absolute()),
        source="self-test",
        lean=LeanSettings(rehearsal_seconds=_REHEARSAL_SECONDS, mode="lane" if name == LANE_MODE else "inline"),
        risk=RiskSettings(max_order_quantity=LIMIT_QUANTITY),
    )
    return EngineRequest(ENTRY_TEXT, data_folder, instructions=instructions, variables=told)


def _watch(process: EngineProcess, facts: Path, number: signal.Signals | None) -> EngineOutcome:
    """Wait for the end; a run that waits for a signal gets it once it runs."""
    began_ns = monotonic_ns()
    has_sent = False

    def look() -> None:
        nonlocal has_sent
        if number is None or has_sent or process.pid is None:
            return
        is_late = monotonic_ns() - began_ns > _SIGNAL_SECONDS * NANOSECONDS_PER_SECOND
        if is_late or read_facts(facts).get("is_waiting"):
            has_sent = True
            process.send(number)

    return process.watch(lambda: False, look)


def _facts_of_end(name: str, outcome: EngineOutcome, found: dict[str, Any], files: EngineFiles) -> dict[str, Any]:
    """Return what the end of a run shows."""
    called_end = "thread_on_end_of_algorithm" in found
    status = outcome.status
    ended = status is not None and status.is_final and outcome.ending is Ending.BY_ITSELF
    if name == "facts":
        output = read_text(files.output)
        return {
            "quit_ended": ended,
            "quit_called_end": called_end,
            "output_has_muted": MUTED in output,
            "output_has_heard": HEARD in output,
        }
    if name == "attached":
        return _facts_of_host(files)
    if name == LANE_MODE:
        return _facts_of_lane(outcome, files)
    if name == "import":
        return {"import_message": _message(outcome, files, MISSING_MODULE)}
    if not found.get("is_waiting"):
        # It never came to the point.
        return {}
    if name == "interrupt":
        return {"interrupt_ended": ended, "interrupt_called_end": called_end}
    if name == "terminate":
        return {"terminate_called_end": called_end}
    return {"raise_called_end": called_end, "raise_message": _message(outcome, files, RAISED)}


def _facts_of_lane(outcome: EngineOutcome, files: EngineFiles) -> dict[str, Any]:
    """Return what is left of the run with the lane; the engine may be gone before the host has seen the error."""
    facts: dict[str, Any] = {"lane_message": _message(outcome, files, RAISED)}
    with suppress(DataError):
        page = TelemetryView(files.folder / PAGE_NAME, expect_writer=False)
        facts["lane_ungated"] = page.counter(Counter.ORDERS_UNGATED)
    return facts


def _facts_of_host(files: EngineFiles) -> dict[str, Any]:
    """Return what the host says of its run."""
    lines = read_text(files.output).splitlines()
    facts: dict[str, Any] = {"host_complaints": [line for line in lines if line.startswith(_OWN_LINE)]}
    try:
        summary = msgspec.json.decode((files.folder / SUMMARY_FILE).read_bytes())
    except FileNotFoundError:
        # It was never attached, or did not come to its end: the other facts of it stay unknown.
        return facts
    ungated = summary["counters"][Counter.ORDERS_UNGATED.metric.full_name]
    told = {"host_phase": summary["phase"], "host_reason": summary["reason"], "host_beats": summary["beats"]}
    return {**facts, **told, "host_ungated": ungated}


def _message(outcome: EngineOutcome, files: EngineFiles, mark: str) -> str:
    """Return what LEAN says of an error: of its result or its log the first that has a mark, or else the first at all.

    LEAN may have errors of its own in the log of a run that is as it should be.
    """
    found = [] if outcome.status is None else [outcome.status.runtime_error or ""]
    log, output = read_text(files.log), read_text(files.output)
    found += [each.text for each in entries(log) + entries(output) if each.level == "ERROR"]
    found.append(first_error(log, output) or "")
    return shortened(next((each for each in found if mark in each), next(filter(None, found), "")))


def _notes(name: str, outcome: EngineOutcome, files: EngineFiles) -> list[str]:
    if outcome.ending is not Ending.BY_ITSELF:
        return [f"run {name}: {outcome.ending.value}"]
    if name == "facts" and outcome.status is not None and outcome.status.runtime_error is not None:
        text = shortened(outcome.status.runtime_error)
        return [f"run {name}: {text}{remedy_of(text)}"]
    if outcome.status is None and name not in ("terminate", "import"):
        error = first_error(read_text(files.log), read_text(files.output))
        said = f": {error}{remedy_of(error)}" if error else ""
        return [f"run {name}: no result, exit code {outcome.return_code}{said}"]
    return []
