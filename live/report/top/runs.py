"""Finding runs by their telemetry pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from live.errors import DataError, UsageError
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.report.results import FAILED, PARTIAL, run_name
from live.report.top.look import RunLook, look_at


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run's folder: a look at its page, or why there is none."""

    folder: Path
    look: RunLook | None
    fault: str = ""


def open_run(run: Path | None, results: Path) -> TelemetryView:
    """Return the page of a run.

    Parameters:
        run: a telemetry page, a run's folder or its name in the results folder, or a folder of results; the last means
            the newest run that is going on there. None stands for the results folder.
        results: folder of results.

    Raises:
        UsageError: there is no such folder.
        DataError: no run is going on there, or its page cannot be trusted.
    """
    if run is None:
        return _newest(results)
    for path in _spellings(run, results):
        if path.is_file():
            return TelemetryView(path, expect_writer=False)
        if (path / PAGE_NAME).exists():
            return TelemetryView(path / PAGE_NAME, expect_writer=False)
    for path in _spellings(run, results):
        if path.is_dir():
            return _newest(path)
    raise UsageError(
        f"there is no run {run}; name the folder of a run, a folder of results, or see lean-live top --list"
    )


def find_runs(results: Path) -> list[FoundRun]:
    """Return all runs in a folder of results, newest first.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        pages = [
            path / PAGE_NAME for path in results.iterdir() if not path.is_symlink() and (path / PAGE_NAME).exists()
        ]
    except OSError as error:
        raise DataError(
            f"cannot read the folder of results {results}: {error.strerror}; name it with --results, or start a run with "
            "lean-live dry-run"
        ) from error
    found = []
    for page in pages:
        try:
            found.append(FoundRun(page.parent, look_at(TelemetryView(page, expect_writer=False))))
        except DataError as error:
            found.append(FoundRun(page.parent, None, str(error)))
    return sorted(found, key=lambda each: 0 if each.look is None else each.look.begun_ns, reverse=True)


def _newest(results: Path) -> TelemetryView:
    runs = find_runs(results)
    for each in runs:
        if each.look is not None and not each.look.is_over:
            return TelemetryView(each.look.page, expect_writer=False)
    known = next((each for each in runs if each.look is not None), None)
    other = "" if known is None else f", or look at the last one with lean-live top {known.folder}"
    raise DataError(f"no run is going on in {results}; start one with lean-live dry-run{other}")


def _spellings(run: Path, results: Path) -> list[Path]:
    """Return where a run may be: a folder is renamed when its run ends, and may be named without its parent."""
    name = run_name(run.name)
    parents = [run.parent] if run.is_absolute() or len(run.parts) > 1 else [run.parent, results]
    found = [run]
    for parent in parents:
        found += [parent / run.name] if name else []
        found += [parent / f"{name}{ending}" for ending in (PARTIAL, "", FAILED) if name]
    return found
