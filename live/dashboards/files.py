"""The files of all dashboards: written, and compared with what the code says."""

from __future__ import annotations

from pathlib import Path

from live.dashboards.feed import feed
from live.dashboards.host import host
from live.dashboards.latency import latency
from live.dashboards.objectives import objectives
from live.dashboards.orders import orders
from live.dashboards.runbook_pages import runbooks

BOARDS = (latency, orders, feed, host, objectives, runbooks)


def dashboard_files() -> dict[str, str]:
    """Return the content of each dashboard's file by the file's name."""
    boards = [make() for make in BOARDS]
    return {f"{board.uid}.json": board.to_json() for board in boards}


def differing(folder: Path) -> list[str]:
    """Return the names of files of a folder that are not as the code says: changed, missing, or of no dashboard."""
    files = dashboard_files()
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}
    return sorted(name for name in {*files, *found} if files.get(name) != found.get(name))


def write_dashboards(folder: Path) -> list[Path]:
    """Write the files of all dashboards into a folder, made when missing, and return their paths.

    Raises:
        OSError: it cannot be written.
    """
    files = dashboard_files()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files.items():
        path = folder / name
        path.write_text(content, encoding="utf-8")
        paths.append(path)
    return paths
