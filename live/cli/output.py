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
    from rich.console import Console

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


def results_option(command: Command) -> Command:
    """Add `--results` to a command that looks for a run."""
    # Imported here: `--help` and `--version` must not pay for it.
    from live.config import RunSettings

    option = click.option(
        "--results",
        type=click.Path(path_type=Path),
        default=RunSettings().results_folder,
        show_default=True,
        help="Folder of results in which runs are looked for.",
    )
    return option(command)


def run_options(command: Command) -> Command:
    """Add what names a run to a command: the argument `RUN`, and `--results`."""
    return click.argument("run", type=click.Path(path_type=Path), required=False)(results_option(command))


def progress_option(command: Command) -> Command:
    """Add `--progress` and `--no-progress` to a command."""
    option = click.option(
        "--progress/--no-progress", default=None, help="Show progress on standard error, as it does by default."
    )
    return option(command)


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


def with_gate_required(config: Config, is_required: bool) -> Config:
    """Return a configuration that refuses ways past the risk gate when the option says so; else as the file has it."""
    # As above.
    import msgspec

    replace = msgspec.structs.replace
    return replace(config, lean=replace(config.lean, require_gate=True)) if is_required else config


def check_exists(algorithm: Path) -> None:
    """Check that an algorithm's path leads somewhere.

    Raises:
        UsageError: there is nothing.
    """
    if not algorithm.exists():
        raise UsageError(
            f"there is no file {algorithm}; name the Python file of an algorithm, or a project folder with a main.py"
        )


def open_console(width: int) -> Console:
    """Return a console for tables on standard output.

    Parameters:
        width: columns of what goes to a file or a pipe; a terminal has its own.
    """
    # Imported here: `--help` and `--version` must not pay for it.
    from rich.console import Console

    return Console(file=sys.stdout) if sys.stdout.isatty() else Console(file=sys.stdout, width=width)


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
