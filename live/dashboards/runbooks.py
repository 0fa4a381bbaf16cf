"""The dashboard *Runbooks*: the pages of docs/runbooks, so that the links of panels lead somewhere in every Grafana."""

from __future__ import annotations

import re
from pathlib import Path

from live.dashboards.board import COLUMNS, Board
from live.dashboards.panels import page
from live.errors import EnvironmentFault
from live.slo.objectives import RUNBOOKS_DASHBOARD
from live.slo.runbooks import packaged_runbooks, runbook_link

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
_PAGE_HEIGHT = 16
_RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)([^)#]+)[^)]*\)")


def runbooks() -> Board:
    """Return the dashboard: one panel for each page, in the order that the links count on.

    Raises:
        EnvironmentFault: this is no checkout.
    """
    board = Board(
        RUNBOOKS_DASHBOARD, "lean-live / Runbooks", "What does an alert mean, and what is to be done?", has_run=False
    )
    for name in packaged_runbooks():
        board.row(_PAGE_HEIGHT, page(name, f"docs/runbooks/{name}.md.", _text(name)), widths=(COLUMNS,))
    return board


def _text(name: str) -> str:
    """Return a runbook as Markdown. Links to other runbooks lead to their panels; those to other pages become paths."""
    try:
        text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EnvironmentFault(
            f"there is no runbook {error.filename}; build the dashboards in a checkout of lean-live"
        ) from error
    return _RELATIVE_LINK.sub(lambda match: _link(match[1], FOLDER / match[2]), text)


def _link(text: str, target: Path) -> str:
    path = target.resolve()
    if path.parent == FOLDER:
        return f"[{text}]({runbook_link(path.stem)})"
    return f"{text} (`{path.relative_to(FOLDER.parents[1])}`)"
