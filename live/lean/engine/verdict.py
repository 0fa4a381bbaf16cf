"""How a run of the engine ended, in words that say what to do.

LEAN's exit code is not believed: a run is good when LEAN wrote its final status, or its last log lines, and names no
runtime error, and when the host inside it was told of the end and names no error either.
"""

from __future__ import annotations

from pathlib import Path

from live.errors import AlgorithmError, AlgorithmRuntimeError, EngineFailure, LeanLiveError, RunInterrupted
from live.hot.catalogue import RunPhase
from live.lean.engine.engine_config import EngineFiles
from live.lean.engine.engine_log import entries, first_error, last_lines, read_text, remedy_of, shortened
from live.lean.engine.process import Ending, EngineOutcome

_LINES_SHOWN = 3
_IMPORT_MARKS = ("Unable to import python module", "AlgorithmPythonWrapper()", "Loader.TryCreatePythonAlgorithm")
"""What LEAN's log has when the algorithm's module could not be imported."""


def failure_of(
    outcome: EngineOutcome, files: EngineFiles, asked_by: str | None, results: Path | None = None
) -> LeanLiveError | None:
    """Return the error that a run ends with, None when it came to a good end.

    Parameters:
        outcome: what became of the process.
        files: where its log is.
        asked_by: what asked the run to stop, as the user knows it; None when nothing did.
        results: the run's folder of results when it gets another name at its end: files are named as they are in it.
    """
    where = _where(files, results)
    error = None if outcome.status is None else outcome.status.runtime_error
    if error is not None:
        return _algorithm_failure(error, files, where)
    if outcome.host is not None and outcome.host.has_failed:
        return _host_failure(outcome, outcome.host.reason, where)
    if outcome.ending in (Ending.STOPPED, Ending.KILLED_AFTER_STOP):
        return _stopped(outcome, asked_by or "a request", where)
    text = _ENDINGS.get(outcome.ending)
    if text is not None:
        return EngineFailure(f"{text}; {where}")
    if outcome.fault is not None:
        return EngineFailure(f"{outcome.fault}; {where}")
    if not outcome.has_ended:
        return EngineFailure(f"{_unexpected(outcome, files)}; {where}")
    text = _incomplete(outcome, files)
    return None if text is None else EngineFailure(f"{text}; {where}")


_ENDINGS = {
    Ending.HUNG: "the engine hung: its host gave no sign of life for the time that it may be silent, and it was killed; the "
    "algorithm may be in an endless loop, or wait for something",
    Ending.NEVER_STARTED: "the engine did not come to run in time and was killed; look into its log for what it waited for",
    Ending.TOO_LONG: "the engine took longer than it may and was stopped",
}


_NOT_ENDED = "there is no final result: check open orders with the broker"


def _stopped(outcome: EngineOutcome, asked_by: str, where: str) -> LeanLiveError:
    what = f"the run was stopped by {asked_by}"
    if outcome.has_ended:
        return RunInterrupted(f"{what}; LEAN ended gracefully after it")
    if outcome.ending is Ending.KILLED_AFTER_STOP:
        return RunInterrupted(
            f"{what}; LEAN did not end in the time that it had and was killed, so {_NOT_ENDED}; {where}"
        )
    how = _how(outcome)
    if outcome.host is None or outcome.host.phase < RunPhase.READY:
        return RunInterrupted(f"{what} before its session; LEAN was still starting and {how}; {where}")
    return RunInterrupted(f"{what}; LEAN {how} instead of ending gracefully, so {_NOT_ENDED}; {where}")


def _host_failure(outcome: EngineOutcome, reason: str, where: str) -> LeanLiveError:
    """Return the error that ended the host; LEAN may not know it, and may not have ended after it."""
    text = f"the algorithm failed in LEAN: {shortened(reason)}"
    if not outcome.has_ended:
        text += f"; LEAN {_how(outcome)} after it, so {_NOT_ENDED}"
    return AlgorithmRuntimeError(f"{text}; {where}")


def _incomplete(outcome: EngineOutcome, files: EngineFiles) -> str | None:
    """Return what is wrong with a run of which LEAN says that it has ended, None when nothing is."""
    if outcome.status is None and files.status.is_file():
        return f"LEAN's result file {files.status.name} is damaged: it is no JSON, or holds a number that is none"
    if outcome.host is not None and not outcome.host.phase.is_over:
        return "LEAN ended without on_end_of_algorithm, and names no error, so the session was not played to its end"
    return None


def _algorithm_failure(error: str, files: EngineFiles, where: str) -> LeanLiveError:
    """Return LEAN's runtime error as one of ours: of the import or of the run."""
    log = read_text(files.log) or read_text(files.output)
    is_import = any(mark in entry.text for entry in entries(log) if entry.level == "ERROR" for mark in _IMPORT_MARKS)
    what = shortened(error)
    if is_import:
        return AlgorithmError(f"LEAN cannot load the algorithm: {what}{remedy_of(what)}; {where}")
    return AlgorithmRuntimeError(f"the algorithm failed in LEAN: {what}; {where}")


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
    return f"see {log}" if results is None else f"see {log.relative_to(results)} in the folder of the results"
