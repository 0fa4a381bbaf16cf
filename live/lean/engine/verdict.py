"""How a run of the engine ended, in words that say what to do.

LEAN's exit code is not believed: a run is good when LEAN wrote its final status, or its last log lines, and names no
runtime error.
"""

from __future__ import annotations

from live.errors import AlgorithmError, AlgorithmRuntimeError, EngineFailure, LeanLiveError, RunInterrupted
from live.lean.engine.engine_config import EngineFiles
from live.lean.engine.engine_log import entries, first_error, last_lines, read_text, shortened
from live.lean.engine.process import Ending, EngineOutcome

_LINES_SHOWN = 3
_IMPORT_MARKS = ("Unable to import python module", "AlgorithmPythonWrapper()", "Loader.TryCreatePythonAlgorithm")
"""What LEAN's log has when the algorithm's module could not be imported."""


def failure_of(outcome: EngineOutcome, files: EngineFiles, asked_by: str | None) -> LeanLiveError | None:
    """Return the error that a run ends with, None when it came to a good end.

    Parameters:
        outcome: what became of the process.
        files: where its log is.
        asked_by: what asked the run to stop, as the user knows it; None when nothing did.
    """
    if outcome.ending in (Ending.STOPPED, Ending.KILLED_AFTER_STOP):
        return _stopped(outcome, files, asked_by or "a request")
    error = None if outcome.status is None else outcome.status.runtime_error
    if error is not None:
        return _algorithm_failure(error, files)
    text = _ENDINGS.get(outcome.ending)
    if text is not None:
        return EngineFailure(f"{text}; {_where(files)}")
    if outcome.has_ended:
        return None
    return EngineFailure(f"{_unexpected(outcome, files)}; {_where(files)}")


_ENDINGS = {
    Ending.HUNG: "the engine hung: its host gave no sign of life for the time that it may be silent, and it was killed; the "
    "algorithm may be in an endless loop, or wait for something",
    Ending.NEVER_STARTED: "the engine did not come to run in time and was killed; look into its log for what it waited for",
    Ending.TOO_LONG: "the engine took longer than it may and was stopped",
}


def _stopped(outcome: EngineOutcome, files: EngineFiles, asked_by: str) -> LeanLiveError:
    if outcome.has_ended:
        return RunInterrupted(f"the run was stopped by {asked_by}; LEAN ended gracefully after it")
    return RunInterrupted(
        f"the run was stopped by {asked_by}; LEAN did not end in the time that it had and was killed, so there is no final "
        f"result: check open orders with the broker; {_where(files)}"
    )


def _algorithm_failure(error: str, files: EngineFiles) -> LeanLiveError:
    """Return LEAN's runtime error as one of ours: of the import or of the run."""
    log = read_text(files.log) or read_text(files.output)
    is_import = any(mark in entry.text for entry in entries(log) if entry.level == "ERROR" for mark in _IMPORT_MARKS)
    what = shortened(error)
    if is_import:
        return AlgorithmError(f"LEAN cannot load the algorithm: {what}; {_where(files)}")
    return AlgorithmRuntimeError(f"the algorithm failed in LEAN: {what}; {_where(files)}")


def _unexpected(outcome: EngineOutcome, files: EngineFiles) -> str:
    log, output = read_text(files.log), read_text(files.output)
    found = first_error(log, output)
    how = f"was killed by {outcome.killed_by}" if outcome.killed_by else f"ended with exit code {outcome.return_code}"
    if found is not None:
        return f"the engine {how} without a final result: {found}"
    if outcome.killed_by == "SIGKILL":
        return f"the engine {how} without a final result; the system kills what takes too much memory (see dmesg)"
    lines = " | ".join(line.strip() for line in last_lines(log or output, _LINES_SHOWN))
    return f"the engine {how} without a final result" + (f": {lines}" if lines else "")


def _where(files: EngineFiles) -> str:
    log = files.log if files.log.is_file() else files.output
    return f"see {log}"
