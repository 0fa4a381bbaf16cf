"""The verb `sidecar`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from live.cli.output import common_options, print_json
from live.config import CONFIG_FILE_NAME, Config, load_config
from live.errors import UsageError
from live.feeds.socket.loops import run_loop
from live.hot.run_page import PAGE_NAME
from live.report.results import PARTIAL
from live.settings_file import find_beside
from live.sidecar.finder import spellings
from live.sidecar.folder_lock import last_config
from live.sidecar.service import Sidecar, SidecarRequest

_EXAMPLES = """\b
Example: lean-live sidecar
Example: lean-live sidecar results other-results --config live.toml
Example: lean-live sidecar results/Momentum-20261105T093000Z.partial --port 0 --json
"""


@click.command("sidecar", epilog=_EXAMPLES)
@click.argument("targets", metavar="[RUN|RESULTS]...", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings. Without it: those of a killed one, or live.toml here."
)
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; 0 takes a free one.")
@click.option("--exit-when-idle", is_flag=True, help="End when no run goes on and the last one's grace is over.")
@common_options
def command(
    targets: tuple[Path, ...], config: Path | None, port: int | None, exit_when_idle: bool, as_json: bool
) -> None:
    """Export the telemetry of runs for Prometheus, from a process beside them.

    RESULTS is a folder of results, in which runs are found as they begin; RUN is the folder of a single run. Without
    either it is the folder of results of [run]. Runs do not notice whether a sidecar is there. It ends with Ctrl-C or
    SIGTERM, and may be started again at any time: what a run has counted is in the run's own telemetry page.

    Settings are the tables [sidecar], [watchdog] and [analytics]. Without --config one that follows a killed sidecar takes
    that one's file, and any other the live.toml of the working folder.
    """
    path = config if config is not None else find_beside(Path.cwd(), CONFIG_FILE_NAME)
    settings = load_config(path)
    folders, pages = sort_targets(targets or (Path(settings.run.results_folder),), bool(targets))
    killed = None if config is not None else config_of_killed((*folders, *(page.parent.parent for page in pages)))
    if killed is not None:
        path, settings = killed, load_config(killed)
    config_folder = Path.cwd() if path is None else path.absolute().parent
    request = SidecarRequest(with_port(settings, port), config_folder, folders, pages, exit_when_idle, path)
    service = Sidecar(request, lambda words: click.echo(f"warning: {words}", err=True))

    def ready(address: str) -> None:
        if as_json:
            watched = [str(path) for path in (*folders, *pages)]
            document = {"address": address, "metrics": f"{address}/metrics", "pid": os.getpid(), "watches": watched}
            print_json({**document, "config": None if path is None else str(path.absolute())})
        else:
            click.echo(f"metrics: {address}/metrics")
            click.echo(f"settings: {'the defaults' if path is None else path}")

    run_loop(service.run(ready))


def config_of_killed(folders: Iterable[Path]) -> Path | None:
    """Return the settings' file of a sidecar of these folders that was killed, None when there is none any more."""
    found = (last_config(folder) for folder in folders)
    return next((path for path in found if path is not None and path.is_file()), None)


def with_port(config: Config, port: int | None) -> Config:
    """Return a configuration with another port; None leaves that of the file."""
    replace = msgspec.structs.replace
    return config if port is None else replace(config, sidecar=replace(config.sidecar, port=port))


def sort_targets(targets: Iterable[Path], must_exist: bool) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return which folders of results, and which pages of single runs, are meant; each once, as absolute paths.

    Parameters:
        targets: folders of results, runs' folders, or pages.
        must_exist: whether a folder that is not there is an error.

    Raises:
        UsageError: there is nothing of that name.
    """
    folders: dict[Path, None] = {}
    pages: dict[Path, None] = {}
    for target in targets:
        # The link `latest` means another run tomorrow.
        path = target.resolve()
        if path.is_file():
            pages[path] = None
        elif path.name.endswith(PARTIAL) or _is_there(path / PAGE_NAME):
            pages[path / PAGE_NAME] = None
        elif path.is_dir() or not must_exist:
            folders[path] = None
        else:
            raise UsageError(f"there is no folder {target}; name a folder of results, or the folder of a run")
    missing = [page for page in pages if not _is_there(page)]
    if missing:
        raise UsageError(f"there is no run {missing[0].parent}; name the folder of a run, or its folder of results")
    return tuple(folders), tuple(pages)


def _is_there(page: Path) -> bool:
    return any(each.exists() for each in spellings(page))
