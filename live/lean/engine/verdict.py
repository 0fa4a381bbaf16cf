"""How a run of the engine ended, in words that say what to do.

LEAN's exit code is not believed: a run is good when LEAN wrote its final status, or its last log lines, and names no
runtime error, and when the host inside it was told of the end and names no error either.
"""

from __future__ import annotations

from pathlib import Path

from live.errors import (
    AlgorithmError,
    AlgorithmRuntimeError,
    CallbackTimeout,
    EngineFailure,
    LeanLiveError,
    RunInterrupted,
)
from live.hot.catalogue import RunPhase
from live.lean.engine.engine_config import EngineFiles
from live.lean.engine.engine_log import entries, first_error, last_lines, read_text, remedy_of, with_place
from live.lean.engine.process import Ending, EngineOutcome

_LINES_SHOWN = 3
_IMPORT_MARKS = ("Unable to import python module", "AlgorithmPythonWrapper()", "Loader.TryCreatePythonAlgorithm")
"""What LEAN's log has when the algorithm's module could not be imported."""


def failure_of(
    outcome: EngineOutcome,
    files: EngineFiles,
    asked_by: str | None,
    algorithm: Path | None = None,
    results: Path | None = None,
    trace_file: str = "",
    has_files: bool = True,
) -> LeanLiveError | None:
    """Return the error that a run ends with, None when it came to a good end.

    Parameters:
        outcome: what became of the process.
        files: where its log is.
        asked_by: what asked the run to stop, as the user knows it; None when nothing did.
        algorithm: the user's file; None for one of ours.
        results: the run's folder of results when it gets another name at its end: files are named as they are in it.
        trace_file: name of the file there that has the traceback of an error inside LEAN.
        has_files: whether they are kept, and can be named.
    """
    where = _where(files, results) if has_files else ""
    folder = (files.entry if algorithm is None else algorithm).parent
    host = outcome.host
    if host is not None and host.failure is not None:
        # The place is in the message; the traceback says more than LEAN's log.
        return _host_failure(outcome, host.failure.error, _in_results(trace_file) if trace_file else where)
    error = None if outcome.status is None else outcome.status.runtime_error
    if error is not None:
        return _algorithm_failure(error, files, folder, where)
    if host is not None and host.has_failed:
        return _host_failure(outcome, AlgorithmRuntimeError(with_place(host.reason, folder)), where)
    if outcome.ending in (Ending.STOPPED, Ending.KILLED_AFTER_STOP, Ending.KILLED_ON_REQUEST):
        return _stopped(outcome, asked_by or "a request", where)
    if outcome.ending is Ending.HUNG and host is not None and host.stuck is not None:
        said = f"{host.stuck.message}; the engine gave no sign of life and was killed, so {_NOT_ENDED}"
        return CallbackTimeout(f"{_in_lean(host.stuck.error)}{said}{_in_results(trace_file) if trace_file else where}")
    text = _ENDINGS.get(outcome.ending)
    if text is not None:
        return EngineFailure(f"{text}{where}")
    if outcome.fault is not None:
        return EngineFailure(f"{outcome.fault}{where}")
    if not outcome.has_ended:
        return EngineFailure(f"{_unexpected(outcome, files)}{where}")
    text = _incomplete(outcome, files)
    return None if text is None else EngineFailure(f"{text}{where}")


def trace_of(outcome: EngineOutcome) -> str:
    """Return the way of the error that ended the run inside LEAN, as the host has seen it, or else as LEAN tells it."""
    host = outcome.host
    if host is not None and host.failure is not None:
        return host.failure.traceback
    if host is not None and host.stuck is not None and outcome.ending is Ending.HUNG:
        return host.stuck.traceback
    status = outcome.status
    return "" if status is None or status.runtime_error is None else status.stack_trace


_ENDINGS = {
    Ending.HUNG: "the engine hung: its host gave no sign of life for the time that it may be silent, and it was killed; the "
    "algorithm may be in an endless loop, or wait for something",
    Ending.NEVER_STARTED: "the engine did not come to run in time and was killed; look into its log for what it waited for",
    Ending.NEVER_READY: "the host inside the engine did not come to an end of its rehearsal, and the engine was stopped; set "
    "rehearsal_seconds = 0 in [lean] to begin without one, and look into its log for what the host says of beats",
    Ending.TOO_LONG: "the engine took longer than it may and was stopped",
}


_NOT_ENDED = "there is no final result: check open orders with the broker"


def _stopped(outcome: EngineOutcome, asked_by: str, where: str) -> LeanLiveError:
    what = f"the run was stopped by {asked_by}"
    if outcome.has_ended:
        return RunInterrupted(f"{what}; LEAN ended gracefully after it")
    if outcome.ending is Ending.KILLED_ON_REQUEST:
        return RunInterrupted(f"{what}, and once more before LEAN had ended: it was killed, so {_NOT_ENDED}{where}")
    if outcome.ending is Ending.KILLED_AFTER_STOP:
        return RunInterrupted(
            f"{what}; LEAN did not end in the time that it had and was killed, so {_NOT_ENDED}{where}"
        )
    how = _how(outcome)
    if outcome.host is None or outcome.host.phase < RunPhase.READY:
        return RunInterrupted(f"{what} before its session; LEAN was still starting and {how}{where}")
    return RunInterrupted(f"{what}; LEAN {how} instead of ending gracefully, so {_NOT_ENDED}{where}")


def _host_failure(outcome: EngineOutcome, error: LeanLiveError, where: str) -> LeanLiveError:
    """Return the error that ended the host; LEAN may not know it, and may not have ended after it."""
    text = f"{_in_lean(error)}{error}"
    if not outcome.has_ended:
        text += f"; LEAN {_how(outcome)} after it, so {_NOT_ENDED}"
    return type(error)(f"{text}{where}")


def _in_lean(error: LeanLiveError) -> str:
    """Return what is put before an error from inside LEAN."""
    if isinstance(error, AlgorithmRuntimeError):
        return "the algorithm failed in LEAN: "
    return "LEAN cannot load the algorithm: " if isinstance(error, AlgorithmError) else "the host inside LEAN: "


def _incomplete(outcome: EngineOutcome, files: EngineFiles) -> str | None:
    """Return what is wrong with a run of which LEAN says that it has ended, None when nothing is."""
    if outcome.status is None and files.status.is_file():
        return f"LEAN's result file {files.status.name} is damaged: it is no JSON, or holds a number that is none"
    if outcome.host is not None and not outcome.host.phase.is_over:
        return "LEAN ended without on_end_of_algorithm, and names no error, so the session was not played to its end"
    return None


def _algorithm_failure(text: str, files: EngineFiles, folder: Path, where: str) -> LeanLiveError:
    """Return LEAN's runtime error as one of ours: of the import or of the run."""
    log = read_text(files.log) or read_text(files.output)
    is_import = any(mark in entry.text for entry in entries(log) if entry.level == "ERROR" for mark in _IMPORT_MARKS)
    kind = AlgorithmError if is_import else AlgorithmRuntimeError
    error = kind(with_place(text, folder))
    return kind(f"{_in_lean(error)}{error}{remedy_of(text)}{where}")


def _unexpected(outcome: EngineOutcome, files: EngineFiles) -> str:
    log, output = read_text(files.log), read_text(files.output)
    found = first_error(log, output)
    how = _how(outcome)
    if found is not None:
        return f"the engine {how} without a final result: {found}"
    if outcome.killed_by == "SIGKILL":
        return f"the engine {how} without a final result; the system kills what takes too much memory (see dmesg)"
    lines = " | ".join(line.strip() for line in last_lines(log or output, _LINES_SHOWN))
    return f"the engine {how} without a final result" + (f": {lines}" if lines else "")


def _how(outcome: EngineOutcome) -> str:
    return f"was killed by {outcome.killed_by}" if outcome.killed_by else f"ended with exit code {outcome.return_code}"


def _where(files: EngineFiles, results: Path | None) -> str:
    log = files.log if files.log.is_file() else files.output
    return f"; see {log}" if results is None else _in_results(log.relative_to(results))


def _in_results(name: Path | str) -> str:
    return f"; see {name} in the folder of the results"
