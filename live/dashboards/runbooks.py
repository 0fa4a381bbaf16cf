"""The dashboard *Runbooks*: the pages of docs/runbooks, so that the links of panels lead somewhere in every Grafana."""

from __future__ import annotations

import re
from pathlib import Path

from live.dashboards.board import COLUMNS, Board
from live.dashboards.panels import page
from live.dashboards.runbook_links import FOLDER, UID, runbook_link, runbook_names

_PAGE_HEIGHT = 16
_RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)([^)#]+)[^)]*\)")


def runbooks() -> Board:
    """Return the dashboard: one panel for each page, in the order that the links count on."""
    board = Board(UID, "lean-live / Runbooks", "What does an alert mean, and what is to be done?", has_run=False)
    for name in runbook_names():
        board.row(_PAGE_HEIGHT, page(name, f"docs/runbooks/{name}.md.", _text(name)), widths=(COLUMNS,))
    return board


def _text(name: str) -> str:
    """Return a runbook as Markdown. Links to other runbooks lead to their panels; those to other pages become paths."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return _RELATIVE_LINK.sub(lambda match: _link(match[1], FOLDER / match[2]), text)


def _link(text: str, target: Path) -> str:
    path = target.resolve()
    if path.parent == FOLDER:
        return f"[{text}]({runbook_link(path.stem)})"
    return f"{text} (`{path.relative_to(FOLDER.parents[1])}`)"
