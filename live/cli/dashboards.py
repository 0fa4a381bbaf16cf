"""The verb `dashboards`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from live.cli.output import common_options, print_json
from live.errors import EnvironmentFault, ExitCode
from live.generated import write_differing

_SDK = "grafana-foundation-sdk==0.0.21"


@click.group("dashboards", epilog="Example: lean-live dashboards build --check")
def command() -> None:
    """Generate the Grafana dashboards anew, after a change of live/dashboards."""


@command.command("build", epilog="Example: lean-live dashboards build --output grafana/dashboards")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="grafana/dashboards",
    show_default=True,
    help="Folder of the dashboards' files.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 5 when a file is not as the code says.")
@common_options
def build(output: Path, check: bool, as_json: bool) -> None:
    """Write the dashboards as JSON files for Grafana.

    Those of this version come with lean-live: `lean-live stack files` writes them without building. Objectives and their
    limits are read from Prometheus, so an edit of slo.toml needs no new dashboards.
    """
    if find_spec("grafana_foundation_sdk") is None:
        raise EnvironmentFault(
            f"dashboards are built with grafana-foundation-sdk, which is not installed: pip install {_SDK}; "
            "`lean-live stack files --output DIR` writes the dashboards of this version without it"
        )
    # Imported here: the installed command does without it.
    from live.dashboards.files import dashboard_files, differing_names

    if check:
        faults = differing_names(output)
        if as_json:
            print_json({"differing": sorted(faults)})
        else:
            for name, fault in sorted(faults.items()):
                click.echo(f"{output / name} {fault}")
        raise click.exceptions.Exit(int(ExitCode.BREACH if faults else ExitCode.OK))
    paths = write_differing(dashboard_files(), output)
    if as_json:
        print_json({"written": [str(path) for path in paths]})
        return
    for path in paths:
        click.echo(path)
    if not paths:
        click.echo(f"all dashboards in {output} are up to date")
