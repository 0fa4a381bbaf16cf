"""The verb `stack`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from live.cli.output import common_options, print_json
from live.deploy.bundle import Written, write_bundle
from live.deploy.docker import check_docker
from live.deploy.stack import Progress, ServiceState, Stack, default_folder
from live.errors import ExitCode, UsageError

_folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the stack's files, data and password; the user's folder for data when not given.",
)


@click.group("stack", epilog="Example: lean-live stack up")
def command() -> None:
    """Run Prometheus, Alertmanager and Grafana on this machine, with the dashboards and alerts in place."""


@command.command("up", epilog="Example: lean-live stack up --cores 2,3")
@_folder_option
@click.option(
    "--cores",
    default="",
    metavar="LIST",
    help="Processor cores of the containers, such as 2,3; all of them when not given.",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(1, 3_600),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time until all are healthy, after the images have been fetched.",
)
@common_options
def up(folder: Path | None, cores: str, wait_seconds: float, as_json: bool) -> None:
    """Start the stack and wait until it is healthy; what runs already reads its settings anew."""
    stack = Stack(folder or default_folder(), _cores(cores))
    written = stack.prepare()
    _tell_of_kept(stack.folder, written)
    with _waiting() as show:
        states = stack.start(wait_seconds, show)
    if as_json:
        print_json({**_document(stack, states), "written": [str(path) for path in written.written]})
        return
    _print_states(states)
    click.echo(f"Sign in to Grafana as admin; the password is in {stack.password_path}")
    click.echo("Prometheus waits for the metrics of runs: start one with lean-live dry-run ... --serve")


@command.command("down", epilog="Example: lean-live stack down")
@_folder_option
@common_options
def down(folder: Path | None, as_json: bool) -> None:
    """Stop the stack. Data, settings and the password are kept."""
    stack = Stack(folder or default_folder())
    stack.stop()
    if as_json:
        print_json({"folder": str(stack.folder), "stopped": True})
        return
    click.echo(f"stopped; settings and data stay in {stack.folder}")


@command.command("status", epilog="Example: lean-live stack status --json")
@_folder_option
@common_options
def status(folder: Path | None, as_json: bool) -> None:
    """Say whether each service is healthy, and where it answers. Exits with 4 when one is not."""
    stack = Stack(folder or default_folder())
    check_docker()
    states = stack.states()
    if as_json:
        print_json(_document(stack, states))
    else:
        _print_states(states)
    raise click.exceptions.Exit(int(ExitCode.OK if all(each.is_healthy for each in states) else ExitCode.ENVIRONMENT))


@command.command("files", epilog="Example: lean-live stack files --output monitoring")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@click.option("--overwrite", is_flag=True, help="Renew files that differ too; the old ones get the ending .old.")
@common_options
def files(output: Path, overwrite: bool, as_json: bool) -> None:
    """Write the stack's files: compose file, rules, routes, dashboards, provisioning, systemd unit.

    For a Prometheus, Alertmanager or Grafana of your own, and to renew the files of a stack after an update.
    """
    written = write_bundle(output, overwrite)
    if as_json:
        print_json({name: [str(path) for path in paths] for name, paths in written._asdict().items()})
        return
    for path in written.written:
        click.echo(output / path)
    _tell_of_kept(output, written)


@contextmanager
def _waiting() -> Iterator[Progress]:
    """Show how the services come up, once there is something to show: until then Docker writes to the terminal."""
    status = Console(stderr=True).status("")

    def show(states: Sequence[ServiceState], seconds: float) -> None:
        status.update(f"{', '.join(f'{each.name} {each.text}' for each in states)} ({seconds:.0f} s)")
        status.start()

    try:
        yield show
    finally:
        status.stop()


def _tell_of_kept(folder: Path, written: Written) -> None:
    if written.kept:
        click.echo(
            f"note: {len(written.kept)} files differ from those of this version and were kept: "
            f"{', '.join(map(str, written.kept))}. To renew them: lean-live stack files --output {folder} --overwrite",
            err=True,
        )


def _cores(text: str) -> list[int]:
    try:
        cores = [int(part) for part in text.split(",")] if text else []
    except ValueError:
        cores = [-1]
    if any(core < 0 for core in cores):
        raise UsageError(f"--cores {text} is no list of processor cores; write their numbers with commas, such as 2,3")
    return cores


def _document(stack: Stack, states: Sequence[ServiceState]) -> dict[str, object]:
    return {
        "folder": str(stack.folder),
        "healthy": all(each.is_healthy for each in states),
        "services": [each._asdict() for each in states],
        "password_file": str(stack.password_path),
    }


def _print_states(states: Sequence[ServiceState]) -> None:
    width = max((len(each.name) for each in states), default=0)
    for each in states:
        click.echo(f"{each.name:<{width}}  {each.text:<9}  {each.url}")
