"""The verb `slo`: `check` says what objectives mean and whether a run meets them, `build` writes the files of Prometheus."""

from __future__ import annotations

from pathlib import Path

import click

from live.cli.output import common_options, open_console, print_json, results_option
from live.errors import ExitCode
from live.generated import differing, write_differing
from live.report.results import run_name
from live.report.top.runs import open_run
from live.settings_file import find_beside
from live.slo.build import build
from live.slo.burn import check_refusals
from live.slo.check import check_document, print_check
from live.slo.compliance import State, compliance_of
from live.slo.loader import DEFAULTS_NAME, SLO_FILE_NAME, load_slo
from live.slo.objectives import Slo

_WIDTH = 140
"""Columns of tables that go to a file or a pipe."""
_FILE = click.argument("slo_file", type=click.Path(path_type=Path), metavar="[SLO.TOML]", required=False)


@click.group("slo", epilog="Example: lean-live slo check slo.toml")
def command() -> None:
    """Check service-level objectives, and write the rules and routes that follow from them.

    SLO.TOML is a file of objectives; without it slo.toml of the working folder is read, or the packaged defaults.
    """


@command.command("check", epilog="Example: lean-live slo check slo.toml --run results/MyAlgorithm-20261121T120000Z")
@_FILE
@click.option("--run", "run_path", type=click.Path(path_type=Path), help="Run whose telemetry is compared: as for top.")
@results_option
@common_options
def check(slo_file: Path | None, run_path: Path | None, results: Path, as_json: bool) -> None:
    """Say what each objective allows, when its alerts fire, and whether they can.

    Ends with exit code 3 when an alert can never fire, and with 5 when the run misses an objective.
    """
    slo, name = _load(slo_file)
    view = None if run_path is None else open_run(run_path, results)
    run = None if view is None else run_name(view.run_id)
    compliance = None if view is None or run is None else compliance_of(slo, view, run)
    document = check_document(slo, name, run, compliance)
    if as_json:
        print_json(document)
    else:
        print_check(document, open_console(_WIDTH))
    if any(each["refusals"] for each in document["objectives"]):
        if as_json:
            raise click.exceptions.Exit(int(ExitCode.BAD_INPUT))
        check_refusals(slo, name)
    if any(each.state is State.MISSED for each in compliance or ()):
        raise click.exceptions.Exit(int(ExitCode.BREACH))


@command.command("build", epilog="Example: lean-live slo build slo.toml --output deploy")
@_FILE
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="deploy",
    show_default=True,
    help="Folder to write prometheus/ and alertmanager/ into.",
)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; end with exit code 5 when a file would change."
)
@common_options
def build_command(slo_file: Path | None, output: Path, only_check: bool, as_json: bool) -> None:
    """Write the recording rules, alerts and routes of objectives.

    The sections global, templates and receivers of the alertmanager.yml that is there are kept. A prometheus.yml that is
    there is left as it is, and must load the rules and scrape the sidecar.
    """
    slo, name = _load(slo_file)
    built = build(slo, output, name)
    changed = differing(built, output) if only_check else write_differing(built, output)
    if as_json:
        print_json({"output": str(output), "changed": [str(each) for each in changed], "written": not only_check})
    else:
        for path in changed:
            click.echo(f"{'would change' if only_check else 'wrote'} {path}")
        if not changed:
            click.echo(f"all {len(built)} files in {output} are up to date")
    if only_check and changed:
        raise click.exceptions.Exit(int(ExitCode.BREACH))


def _load(path: Path | None) -> tuple[Slo, str]:
    """Return the objectives, and what to call their file."""
    if path is None:
        path = find_beside(Path(), SLO_FILE_NAME)
    return load_slo(path), DEFAULTS_NAME if path is None else str(path)
