"""The self-test of an engine: a few short runs, each of which shows something that no other can.

`facts` looks at everything and ends by quit; `wait` is ended once by SIGINT and once by SIGTERM; `raise` fails in on_data;
`import` fails at its import.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns
from live.errors import EnvironmentFault
from live.lean.engine.engine_config import EngineFiles, EngineRequest, prepare
from live.lean.engine.engine_log import first_error, read_text
from live.lean.engine.lean_home import LeanHome
from live.lean.engine.process import Ending, EngineLimits, EngineOutcome, EngineProcess
from live.lean.self_test.assumptions import Finding, judge
from live.lean.self_test.marks import FACTS_VARIABLE, HEARD, MODE_VARIABLE, MUTED

RUNS = ("facts", "interrupt", "terminate", "raise", "import")
"""Names of the runs, in their order."""
_ENTRY = """from AlgorithmImports import *
from live.lean import surface

surface.silence_data_queue()

import live.lean.self_test.probe


class Main(live.lean.self_test.probe.Probe):
    pass
"""
_BROKEN_ENTRY = "from AlgorithmImports import *\nimport lean_live_missing_module\n"
_LIMITS = EngineLimits(stop_seconds=30.0, run_seconds=180.0)
_SIGNALS = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM}
_SIGNAL_SECONDS = 60.0


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
    path = folder / "facts.json"
    mode = {"facts": "facts", "raise": "raise"}.get(name, "wait")
    entry = _BROKEN_ENTRY if name == "import" else _ENTRY
    request = EngineRequest(entry, data_folder, variables={**variables, FACTS_VARIABLE: str(path), MODE_VARIABLE: mode})
    files = prepare(home, request, folder)
    process = EngineProcess(home, files, _LIMITS, None)
    try:
        process.start()
        outcome = _watch(process, path, _SIGNALS.get(name))
    finally:
        process.close()
    found = _read(path)
    if outcome.fault is not None:
        # What was found inside is worth having all the same.
        return found if name == "facts" else {}, [f"run {name}: {outcome.fault}"]
    notes = _notes(name, outcome, files)
    return {**(found if name == "facts" else {}), **_facts_of_end(name, outcome, found, files)}, notes


def _watch(process: EngineProcess, facts: Path, number: signal.Signals | None) -> EngineOutcome:
    """Wait for the end; a run that waits for a signal gets it once it runs."""
    began_ns = monotonic_ns()
    has_sent = False

    def look() -> None:
        nonlocal has_sent
        if number is None or has_sent or process.pid is None:
            return
        is_late = monotonic_ns() - began_ns > _SIGNAL_SECONDS * NANOSECONDS_PER_SECOND
        if is_late or _read(facts).get("is_waiting"):
            has_sent = True
            os.kill(process.pid, number)

    return process.watch(lambda: False, look)


def _facts_of_end(name: str, outcome: EngineOutcome, found: dict[str, Any], files: EngineFiles) -> dict[str, Any]:
    """Return what the end of a run shows."""
    called_end = "thread_on_end_of_algorithm" in found
    status = outcome.status
    ended = status is not None and status.is_final and outcome.ending is Ending.BY_ITSELF
    message = (status.runtime_error if status is not None else None) or first_error(
        read_text(files.log), read_text(files.output)
    )
    if name == "facts":
        output = read_text(files.output)
        return {
            "quit_ended": ended,
            "quit_called_end": called_end,
            "output_has_muted": MUTED in output,
            "output_has_heard": HEARD in output,
        }
    if name == "import":
        return {"import_message": message or ""}
    if not found.get("is_waiting"):
        # It never came to the point.
        return {}
    if name == "interrupt":
        return {"interrupt_ended": ended, "interrupt_called_end": called_end}
    if name == "terminate":
        return {"terminate_called_end": called_end}
    return {"raise_called_end": called_end, "raise_message": message or ""}


def _notes(name: str, outcome: EngineOutcome, files: EngineFiles) -> list[str]:
    if outcome.ending is not Ending.BY_ITSELF:
        return [f"run {name}: {outcome.ending.value}"]
    if name == "facts" and outcome.status is not None and outcome.status.runtime_error is not None:
        return [f"run {name}: {outcome.status.runtime_error}"]
    if outcome.status is None and name not in ("terminate", "import"):
        error = first_error(read_text(files.log), read_text(files.output))
        return [f"run {name}: no result, exit code {outcome.return_code}" + (f": {error}" if error else "")]
    return []


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found
