"""What the verbs share: their common options, and JSON on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from live.errors import UsageError, one_line

if TYPE_CHECKING:
    from live.config import Config

_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2

Command = TypeVar("Command", bound=Callable[..., Any])


def common_options(command: Command) -> Command:
    """Add `--json` and `--traceback` to a command.

    `--traceback` acts on errors that have left the command already, so the group reads it from the words, not from a
    parameter.
    """
    as_json = click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON on standard output.")
    trace = click.option("--traceback", is_flag=True, expose_value=False, help="Show the traceback of an error.")
    return as_json(trace(command))


def with_feed_options(config: Config, on_gap: str | None, spin: bool = False) -> Config:
    """Return a configuration with what options say about a feed.

    Parameters:
        config: the configuration of the file.
        on_gap: action on gaps; None leaves that of the file.
        spin: look for ticks without a pause; False leaves what the file says.
    """
    # Imported here: `--help` and `--version` must not pay for it.
    import msgspec

    replace = msgspec.structs.replace
    if on_gap is not None:
        config = replace(config, feed=replace(config.feed, on_gap=on_gap))
    if spin:
        config = replace(config, host=replace(config.host, spin=True))
    return config


def check_exists(algorithm: Path) -> None:
    """Check that an algorithm's path leads somewhere.

    Raises:
        UsageError: there is nothing.
    """
    if not algorithm.exists():
        raise UsageError(
            f"there is no file {algorithm}; name the Python file of an algorithm, or a project folder with a main.py"
        )


@contextmanager
def only_json() -> Iterator[None]:
    """Let everything that is printed meanwhile go to standard error, by the strategy's child processes too."""
    try:
        output = os.dup(_STANDARD_OUTPUT)
    except OSError:
        output = None
    with suppress(OSError):
        os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if output is not None:
            os.dup2(output, _STANDARD_OUTPUT)
            os.close(output)


def print_warnings(warnings: Iterable[str]) -> None:
    """Print warnings on standard error, one line each."""
    for warning in warnings:
        click.echo(f"warning: {one_line(warning)}", err=True)


def print_json(content: object) -> None:
    """Print data as indented JSON on standard output."""
    # Imported here: `--help` and `--version` must not pay for it.
    import orjson

    # As bytes: JSON is UTF-8, whatever the encoding of the terminal.
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
