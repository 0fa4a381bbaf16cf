"""The verb `check`."""

from __future__ import annotations

from pathlib import Path

import click

from live.algorithm.loader import load_algorithm
from live.cli.output import check_exists, common_options, print_json, print_warnings


@click.command("check", epilog="Example: lean-live check algorithms/spy_ema_cross.py")
@click.argument("algorithm", type=click.Path(path_type=Path))
@click.option("--class", "class_name", help="Class to check where the file has several.")
@common_options
def command(algorithm: Path, class_name: str | None, as_json: bool) -> None:
    """Find what an algorithm uses that the embedded engine does not have.

    ALGORITHM is a LEAN Python file, or a project folder with a main.py. It is read and imported, not run. The first
    member that is not in the subset ends the command with its name, its line and what to use instead.
    """
    check_exists(algorithm)
    loaded = load_algorithm(algorithm, class_name)
    if as_json:
        print_json({"algorithm": loaded.cls.__name__, "file": str(loaded.path), "warnings": list(loaded.warnings)})
        return
    print_warnings(loaded.warnings)
    click.echo(f"{loaded.path}: nothing in {loaded.cls.__name__} lies outside the subset, as far as the source shows")
