"""The verb `init`."""

from __future__ import annotations

import os
import shlex
from importlib.resources import files
from pathlib import Path

import click
import orjson

from live.cli.output import common_options, print_json
from live.errors import EnvironmentFault, UsageError
from live.feeds.sample import write_sample

PROJECT = "starter"
_LEAN_JSON = {"data-folder": "data"}
_PROJECT_JSON = {"algorithm-language": "Python", "parameters": {}, "description": ""}


@click.command("init", epilog="Example: lean-live init my-workspace")
@click.argument("folder", type=click.Path(path_type=Path))
@common_options
def command(folder: Path, as_json: bool) -> None:
    """Write a starter project with a sample session.

    FOLDER becomes a LEAN workspace: lean.json, a data folder with a generated session of synthetic prices, and a project
    with an algorithm and its settings. Files that are there already are never changed.
    """
    written = write_workspace(folder)
    if as_json:
        print_json({"folder": str(folder), "written": [str(path) for path in written]})
        return
    for path in written:
        click.echo(f"wrote {path}")
    click.echo(
        f"The prices in {folder / 'data'} are synthetic. Now:\n"
        f"  cd {shlex.quote(str(folder))}\n  lean-live dry-run {PROJECT}/main.py"
    )


def write_workspace(folder: Path) -> list[Path]:
    """Write a workspace and return what was written.

    Raises:
        UsageError: a file or folder of that name is there already.
        EnvironmentFault: the folder cannot be written.
    """
    templates = files("live.cli") / "starter"
    contents = {
        folder / "lean.json": orjson.dumps(_LEAN_JSON, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
        folder / PROJECT / "config.json": orjson.dumps(
            _PROJECT_JSON, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        ),
        folder / PROJECT / "main.py": (templates / "main.py.txt").read_bytes(),
        folder / PROJECT / "live.toml": (templates / "live.toml.txt").read_bytes(),
    }
    data = folder / "data"
    for path in (*contents, data):
        if path.exists():
            raise UsageError(f"{path} is there already; name a new folder, or move it away")
    try:
        (folder / PROJECT).mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            path.write_bytes(content)
        write_sample(data)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise EnvironmentFault(f"cannot write {error.filename or folder}: {reason}; choose another folder") from error
    return [*contents, data]
