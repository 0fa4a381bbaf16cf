"""The verb `doctor`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from live.cli.engine import chosen_home, engine_options, reference_data
from live.cli.output import common_options, open_console, print_json, print_warnings
from live.config import load_config
from live.errors import ExitCode, Halt
from live.lean.engine.lean_home import LeanHome
from live.lean.profile import environment_variables, low_latency
from live.lean.self_test.assumptions import Finding
from live.lean.self_test.engine import test_engine
from live.lean.self_test.machine import test_machine
from live.lean.self_test.running import look_at_process
from live.paper.stop_signals import StopSignals

DOCTOR_VERSION = 1
"""Raised when a member of the JSON changes its meaning or goes away."""
_WIDTH = 140


@click.command("doctor", epilog="Example: lean-live doctor --engine lean --lean-home /Lean/Launcher/bin/Debug")
@engine_options
@click.option(
    "--data-folder",
    type=click.Path(path_type=Path),
    help="LEAN data with market hours and symbol properties. Without it: LEAN's own Data folder, at last a small one.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Settings, of which [lean] is looked at.")
@click.option(
    "--pid", type=click.IntRange(min=1), help="Say which settings of the profile are in force in this running engine."
)
@click.option("--keep", type=click.Path(path_type=Path), help="Leave the files of the engine's runs in this folder.")
@common_options
def command(
    engine: str,
    lean_home: Path | None,
    image: str | None,
    dotnet: Path | None,
    libpython: Path | None,
    data_folder: Path | None,
    config: Path | None,
    pid: int | None,
    keep: Path | None,
    as_json: bool,
) -> int:
    """Look at this machine, and with --engine lean test a LEAN engine for everything that is taken for granted of it.

    The engine is run seven times, about two minutes in all, offline and on paper. Each assumption passes, fails with what
    stops working, or stays unknown. Exit code 4 says that something fails that is needed.
    """
    home = chosen_home(engine, lean_home, image, dotnet, libpython)
    settings = load_config(config)
    in_force = [] if pid is None else look_at_process(pid, settings.lean)
    machine = test_machine()
    findings: list[Finding] = []
    notes: list[str] = []
    variables = environment_variables(settings.lean)
    if home is not None:
        findings, notes = _test(home, data_folder, keep, variables)
    bad = [each for each in (*machine, *findings) if each.is_needed and each.verdict != "pass"]
    if as_json:
        print_json(
            {
                "version": DOCTOR_VERSION,
                "is_usable": not bad,
                "machine": msgspec.to_builtins(machine),
                "engine": None if home is None else _engine(home, findings, notes),
                "in_force": None if pid is None else msgspec.to_builtins(in_force),
                "profile": [
                    {"name": each.name, "place": each.place.name.lower(), "key": each.key, "value": each.value}
                    for each in low_latency(settings.lean)
                ],
            }
        )
    else:
        print_warnings([*([] if home is None else home.warnings), *notes])
        _print(machine, in_force, findings, home)
        _print_end(bad)
    return int(ExitCode.ENVIRONMENT if bad else ExitCode.OK)


def _test(
    home: LeanHome, data_folder: Path | None, keep: Path | None, variables: dict[str, str]
) -> tuple[list[Finding], list[str]]:
    """Run the self-test; whatever stops it ends the engine and takes the files away.

    Raises:
        RunInterrupted: Ctrl-C, SIGTERM or the end of the terminal.
    """
    with StopSignals() as signals:
        try:
            with tempfile.TemporaryDirectory(prefix="lean-live-doctor-", ignore_cleanup_errors=True) as name:
                data = reference_data(data_folder, home, Path(name) / "data")
                runs = Path(name) / "runs" if keep is None else keep
                return test_engine(home, data, runs, variables, _say)
        except Halt:
            raise signals.error("the engine was ended with it; run it again") from None


def _say(run: str) -> None:
    click.echo(f"testing the engine: run {run!r}", err=True)


def _engine(home: LeanHome, findings: list[Finding], notes: list[str]) -> dict[str, Any]:
    return {
        "folder": str(home.folder),
        "image": None if home.image is None else home.image.name,
        "version": home.version,
        "dotnet": str(home.dotnet),
        "dotnet_version": home.dotnet_version,
        "libpython": str(home.libpython),
        "python_version": home.python_version,
        "warnings": list(home.warnings),
        "notes": notes,
        "assumptions": msgspec.to_builtins(findings),
    }


def _print(machine: list[Finding], in_force: list[Finding], findings: list[Finding], home: LeanHome | None) -> None:
    console = open_console(_WIDTH)
    _print_table("this machine", machine, console)
    if in_force:
        _print_table("settings of the profile in the running engine", in_force, console)
    if home is not None:
        title = (
            f"LEAN {home.version} in {home.folder}{_of_image(home)}, .NET {home.dotnet_version}, Python {home.python_version} "
            f"({home.libpython})"
        )
        _print_table(title, findings, console)
    every = [*machine, *in_force, *findings]
    counts = ", ".join(
        f"{sum(each.verdict == verdict for each in every)} {word}"
        for verdict, word in (("pass", "passed"), ("fail", "failed"), ("unknown", "unknown"))
    )
    console.print(counts, highlight=False)


def _print_end(bad: list[Finding]) -> None:
    """Say what the verdicts come to."""
    if bad:
        names = ", ".join(each.name for each in bad)
        text = f"not usable as it is: {len(bad)} that lean-live needs did not pass: {names}"
    else:
        text = "usable: everything that lean-live needs has passed"
    open_console(_WIDTH).print(text, highlight=False, markup=False)


def _of_image(home: LeanHome) -> str:
    return "" if home.image is None else f" of the image {home.image.name}"


def _print_table(title: str, findings: list[Finding], console: Console) -> None:
    table = Table(title=Text(title), title_justify="left", pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("what", overflow="fold")
    table.add_column("found", overflow="fold")
    for each in findings:
        found = each.observed
        if each.verdict != "pass":
            found += f"\nwithout it: {each.consequence}" + ("" if each.is_needed else " (not needed)")
        table.add_row(each.verdict, Text(each.what), Text(found))
    console.print(table, highlight=False)
