"""The files of all dashboards: written, and compared with what the code says."""

from __future__ import annotations

from pathlib import Path

from live.dashboards.feed import feed
from live.dashboards.host import host
from live.dashboards.latency import latency
from live.dashboards.objectives import objectives
from live.dashboards.orders import orders
from live.dashboards.runbooks import runbooks
from live.generated import GeneratedFile, differing

BOARDS = (latency, orders, feed, host, objectives, runbooks)


def dashboard_files() -> list[GeneratedFile]:
    """Return the file of each dashboard."""
    boards = [make() for make in BOARDS]
    return [GeneratedFile(Path(f"{board.uid}.json"), board.to_json().encode()) for board in boards]


def differing_names(folder: Path) -> dict[str, str]:
    """Return the names of files of a folder that are not as the code says, and what to do about each.

    Raises:
        OSError: one cannot be read.
    """
    files = dashboard_files()
    found = {path.name for path in folder.glob("*.json")}
    changed = {path.name for path in differing(files, folder)}
    return {
        **dict.fromkeys(changed - found, "is missing; run lean-live dashboards build"),
        **dict.fromkeys(changed & found, "is not as the code says; run lean-live dashboards build"),
        **dict.fromkeys(found - {each.path.name for each in files}, "is no dashboard of lean-live; delete it"),
    }
