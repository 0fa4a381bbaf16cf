"""The verb `bench`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from live.bench.comparison import compare, load_report
from live.bench.model import Report
from live.bench.peers import PEERS, require_peer
from live.bench.progress import choose_progress
from live.bench.rows import rows as all_rows
from live.bench.rows import select
from live.bench.runner import Benchmark, BenchProgress
from live.bench.text_report import print_report
from live.cli.engine import chosen_home, engine_options, reference_data
from live.cli.output import common_options, open_console, print_json, progress_option
from live.config import CONFIG_FILE_NAME, load_config
from live.errors import EnvironmentFault, ExitCode, UsageError

if TYPE_CHECKING:
    from live.lean.engine.lean_home import LeanHome

_WIDTH = 140
"""Columns of a report that goes to a file or a pipe."""


@click.command("bench", epilog="Example: lean-live bench replay paced --output bench.json")
@click.argument("names", metavar="[ROW]...", nargs=-1)
@click.option(
    "--quick", is_flag=True, help="Fewer ticks, rounds and sizes: seconds instead of minutes, coarser figures."
)
@click.option("--output", type=click.Path(path_type=Path), help="Store the report as JSON in this file.")
@click.option("--compare", "baseline", type=click.Path(path_type=Path), help="Compare with a stored report.")
@click.option(
    "--threshold",
    type=click.FloatRange(min=1.0),
    default=1.3,
    show_default=True,
    help="With --compare: how many times worse a judged figure may be.",
)
@click.option(
    "--peer",
    "peers",
    type=click.Choice(PEERS),
    multiple=True,
    help="Run the same stream and decision through this package too, if it is installed; repeatable. "
    "Measures the comparison only, unless a ROW is named as well.",
)
@click.option(
    "--data-folder",
    type=click.Path(path_type=Path),
    help="LEAN data with IBM ticks for the replay rows; without it as for dry-run, at last the generated sample.",
)
@engine_options
@click.option(
    "--config", type=click.Path(path_type=Path), help="With --engine lean: settings, of which [lean] is the profile."
)
@progress_option
@common_options
def command(
    names: tuple[str, ...],
    quick: bool,
    output: Path | None,
    baseline: Path | None,
    threshold: float,
    peers: tuple[str, ...],
    data_folder: Path | None,
    engine: str,
    lean_home: Path | None,
    image: str | None,
    dotnet: Path | None,
    libpython: Path | None,
    config: Path | None,
    progress: bool | None,
    as_json: bool,
) -> int:
    """Measure rates, latencies, allocations, start times and memory on this machine.

    ROW names a row to measure, or the beginning of several: cold stands for every cold-... row. Without one all are measured.

    With --engine lean the same is measured of LEAN itself: as it comes and with the low-latency profile in turn, with
    ticks 1, 10, 50 and 200 ms apart, with analytics beside it, and without single settings of the profile. Its rows are
    stock-..., profile-..., compared-..., load-..., without-... and with-...; all of them take about half an hour.

    Budgets are printed beside the figures and never fail the command; a comparison with --compare does. Ctrl-C ends it
    with what was measured until then.
    """
    known = None if baseline is None else load_report(baseline)
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {output.parent}; make it first")
    home = chosen_home(engine, lean_home, image, dotnet, libpython)
    shown = choose_progress(progress, sys.stderr)
    if home is not None:
        if peers:
            raise UsageError("--peer compares with the embedded engine; leave --engine lean out")
        report = _measure_lean(home, data_folder, config, names, quick, shown)
    else:
        if config is not None:
            raise UsageError("--config is about LEAN; add --engine lean")
        for peer in peers:
            require_peer(peer)
        chosen = () if peers and not names else select(all_rows(quick), names)
        report = Benchmark(chosen, peers, quick, data_folder, shown).run()
    if known is not None and not report.is_interrupted:
        report.comparison = compare(report, known, str(baseline), threshold)
    if output is not None:
        _store(report, output)
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_report(report, open_console(_WIDTH))
    return int(exit_code(report))


def _measure_lean(
    home: LeanHome,
    data_folder: Path | None,
    config: Path | None,
    names: tuple[str, ...],
    quick: bool,
    shown: BenchProgress,
) -> Report:
    """Measure LEAN itself."""
    # Imported here: the embedded engine's benchmark does without.
    from live.bench.lean_rows import rows as lean_rows
    from live.bench.lean_rows import variants
    from live.bench.lean_runner import EngineBenchmark
    from live.lean.engine.preflight import check_settings

    settings = load_config(config).lean
    check_settings(settings, CONFIG_FILE_NAME if config is None else str(config))
    ways = variants(settings, quick)
    chosen = select(lean_rows(ways), names)
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-data-", ignore_cleanup_errors=True) as name:
        data = reference_data(data_folder, home, Path(name))
        return EngineBenchmark(home, data, ways, chosen, quick, shown).run()


def exit_code(report: Report) -> ExitCode:
    """Return the code that a report ends the command with."""
    if report.is_interrupted:
        return ExitCode.INTERRUPTED
    failures = [(each.failure, each.failure_code) for each in report.rows]
    failures += [(each.failure, each.failure_code) for each in report.peers]
    if any(failure is not None and code != ExitCode.ENVIRONMENT for failure, code in failures):
        return ExitCode.RUN_FAILED
    if report.comparison is not None and report.comparison.is_breached:
        return ExitCode.BREACH
    return ExitCode.OK


def _store(report: Report, path: Path) -> None:
    content = msgspec.json.format(msgspec.json.encode(report), indent=2)
    try:
        path.write_bytes(content + b"\n")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise EnvironmentFault(f"cannot write {path}: {reason}; choose another file for --output") from error
