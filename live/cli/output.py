"""What the verbs share: their common options, and JSON on standard output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def common_options(command: Command) -> Command:
    """Add `--json` and `--traceback` to a command.

    `--traceback` acts on errors that have left the command already, so the group reads it from the words, not from a
    parameter.
    """
    as_json = click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON on standard output.")
    trace = click.option("--traceback", is_flag=True, expose_value=False, help="Show the traceback of an error.")
    return as_json(trace(command))


def print_json(content: object) -> None:
    """Print data as indented JSON on standard output."""
    # Imported here: `--help` and `--version` must not pay for it.
    import orjson

    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
