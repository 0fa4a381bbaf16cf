"""The verb `report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from live.cli.output import common_options, print_json
from live.errors import UsageError

DEFAULT_RUN = Path("results") / "latest"
COMPARISON_FILE = "comparison.html"


@click.command("report", epilog="Example: lean-live report results/latest results/Momentum-20261105T093000Z --compare")
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--compare", is_flag=True, help="Compare the runs with the first of them instead, in one page.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File for the page. Without it: report.html in the run's folder, or comparison.html beside the first run's folder.",
)
@common_options
def command(runs: tuple[Path, ...], compare: bool, output: Path | None, as_json: bool) -> None:
    """Make the report of a run anew, or compare runs.

    RUN is a folder of the results; without one it is results/latest. The page needs no network and opens in any browser.
    A comparison shows figures with ratios, latencies and equity side by side, and names the first order event that
    differs.
    """
    chosen = runs or (DEFAULT_RUN,)
    if output is not None and not output.absolute().parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {output.parent}; make it first")
    if output is not None and output.is_dir():
        raise UsageError(f"--output {output} is a folder; name a file")
    if compare:
        _compare(chosen, output, as_json)
        return
    if output is not None and len(chosen) > 1:
        raise UsageError("--output takes one run; leave it out, or compare the runs with --compare")
    _rebuild(chosen, output, as_json)


def _rebuild(folders: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    # Imported here: `--help` must not pay for it.
    from live.report.run_files import RunFiles
    from live.report.run_page import write_report
    from live.report.verdict import judge

    written: list[dict[str, Any]] = []
    for folder in folders:
        run = RunFiles(folder)
        path = write_report(run, output)
        verdict = judge(run)
        written.append(
            {
                "run": str(run.folder),
                "report": str(path),
                "verdict": verdict.level.name.lower(),
                "headline": verdict.headline,
                "reasons": list(verdict.reasons),
                "worst_moment": verdict.worst,
            }
        )
        if not as_json:
            click.echo(f"{verdict.level.value}. {verdict.headline}.")
            for reason in verdict.reasons:
                click.echo(f"  {reason}")
            click.echo(f"Worst moment. {verdict.worst}")
            click.echo(f"report: {path}")
    if as_json:
        print_json({"reports": written})


def _compare(folders: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    from live.report.comparison import Comparison
    from live.report.comparison_table import print_comparison
    from live.report.run_files import RunFiles
    from live.report.run_page import save_page

    comparison = Comparison([RunFiles(folder) for folder in folders])
    path = output if output is not None else comparison.runs[0].folder.parent / COMPARISON_FILE
    save_page(path, comparison.html())
    if as_json:
        print_json(comparison.to_dict() | {"report": str(path)})
        return
    print_comparison(comparison, sys.stdout)
    click.echo(f"report: {path}")
