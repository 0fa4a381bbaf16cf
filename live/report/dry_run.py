"""A dry run that leaves a folder of result files, however it ends."""

from __future__ import annotations

import traceback
from dataclasses import replace

from live.errors import EnvironmentFault, Halt, LeanLiveError, one_line
from live.paper.run import DryRun
from live.paper.run_model import DryRunRequest, ProgressSink, RunResult
from live.paper.stop_signals import StopSignals
from live.report.results import REPORT_FILE, RunFolder
from live.report.run_files import RunFiles
from live.report.run_page import write_report


def run_dry(request: DryRunRequest, progress: ProgressSink) -> RunResult:
    """Run an algorithm and write its result files.

    A run that fails keeps everything up to that moment in a folder that ends in `-failed`; one that was interrupted has
    complete results up to that moment. In both cases the error carries a note that names the folder.

    Parameters:
        request: what to run, on what, with which limits.
        progress: shows how far the run is.

    Raises:
        LeanLiveError: the run could not begin or did not end well.
        RunInterrupted: somebody stopped the run.
    """
    with StopSignals() as signals:
        try:
            return play(DryRun(request, progress, signals), signals)
        except Halt as halt:
            raise halt.error from None


def play(run: DryRun, signals: StopSignals) -> RunResult:
    """Play a run that is loaded, and write its result files; parameters otherwise and errors as for `run_dry`.

    Parameters:
        run: the run.
        signals: what may ask it to stop; they are handled.

    Raises:
        Halt: a signal came before there was anything to keep.
    """
    settings = run.request.config.run
    name = run.loaded.cls.__name__
    folder = RunFolder(run.request.results_folder, name, settings.max_order_event_rows, settings.keep_runs)
    try:
        run.prepare(folder, folder.log_path)
    except BaseException:
        folder.discard()
        raise
    try:
        failure = run.play()
    except Halt as halt:
        # A signal came between two of its steps.
        failure = halt.error
    signals.defer()
    if failure is None:
        try:
            result = folder.finish(run.result(), run.records())
        except EnvironmentFault as fault:
            if folder.is_finished:
                raise
            failure = fault
        else:
            if not settings.report:
                return result
            complaint = make_report(folder)
            if complaint is None:
                return replace(result, report=folder.shown_path / REPORT_FILE)
            return replace(result, warnings=(*result.warnings, complaint))
    _keep(run, folder, failure)
    raise failure


def _keep(run: DryRun, folder: RunFolder, failure: BaseException) -> None:
    """Write the results of a run that did not complete, and name their folder in its error."""
    trace = "".join(traceback.format_exception(failure))
    try:
        result = folder.finish(run.result(failure), run.records(), trace)
        if isinstance(failure, LeanLiveError):
            failure.result = result
    except LeanLiveError as fault:
        failure.add_note(f"then: {fault}")
    if run.request.config.run.report and folder.is_finished:
        complaint = make_report(folder)
        if complaint is not None:
            failure.add_note(complaint)
    failure.add_note(f"results until then: {folder.shown_path}")


def make_report(folder: RunFolder) -> str | None:
    """Write the report from the files that are there; return what to tell the user when that fails.

    The results are safe then, and the report can be made later, so it is no failure of the run.
    """
    try:
        write_report(RunFiles(folder.path))
    except LeanLiveError as fault:
        what = str(fault)
    except Exception as error:
        # A defect of ours; the command below shows where it is.
        what = f"{type(error).__name__}: {one_line(str(error))}"
    else:
        return None
    return f"there is no report.html: {what}; make it later: lean-live report {folder.shown_path}"
