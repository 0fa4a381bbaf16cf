"""A dry run that leaves a folder of result files, however it ends."""

from __future__ import annotations

from live.errors import RunInterrupted
from live.paper.run import DryRun
from live.paper.run_model import DryRunRequest, ProgressSink, RunResult
from live.report.results import RunFolder


def run_dry(request: DryRunRequest, progress: ProgressSink) -> RunResult:
    """Run an algorithm and write its result files.

    A run that fails keeps its order events and its log in a folder that ends in `-failed`; the error carries a note
    that names it. One that was interrupted has complete results up to that moment.

    Parameters:
        request: what to run, on what, with which limits.
        progress: shows how far the run is.

    Raises:
        LeanLiveError: the run could not begin or did not end well.
        RunInterrupted: somebody stopped the run.
    """
    run = DryRun(request, progress)
    settings = request.config.run
    folder = RunFolder(
        request.results_folder, run.loaded.cls.__name__, settings.max_order_event_rows, settings.keep_runs
    )
    try:
        run.run(folder, folder.log_path)
    except RunInterrupted as error:
        folder.finish(run.result(), run.histograms(), run.series())
        error.add_note(f"results: {folder.path}")
        raise
    except BaseException as error:
        error.add_note(f"results until then: {folder.fail(f'{type(error).__name__}: {error}')}")
        raise
    return folder.finish(run.result(), run.histograms(), run.series())
