"""The verb `version`."""

from __future__ import annotations

import platform
import sys

import click

from live import __version__
from live.cli.output import common_options, print_json
from live.hot import COMPILED


@click.command("version", epilog="Example: lean-live version --json")
@common_options
def command(as_json: bool) -> None:
    """Say which version this is, and whether the hot path is compiled."""
    build = "compiled" if COMPILED else "interpreted"
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    if as_json:
        print_json(
            {
                "version": __version__,
                "build": build,
                "python": implementation,
                "platform": platform.platform(),
                "executable": sys.executable,
            }
        )
        return
    click.echo(f"lean-live {__version__} ({build}), {implementation}, {platform.platform()}")
