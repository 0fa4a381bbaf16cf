"""The dashboard *Runbooks*: the pages of docs/runbooks, so that the links of panels lead somewhere in every Grafana."""

from __future__ import annotations

from live.dashboards.board import COLUMNS, Board
from live.dashboards.panels import page
from live.dashboards.runbooks import UID, runbook_names, runbook_text

_PAGE_HEIGHT = 16


def runbooks() -> Board:
    """Return the dashboard: one panel for each page, in the order that the links count on."""
    board = Board(UID, "lean-live / Runbooks", "What does an alert mean, and what is to be done?", has_run=False)
    for name in runbook_names():
        board.row(_PAGE_HEIGHT, page(name, f"docs/runbooks/{name}.md.", runbook_text(name)), widths=(COLUMNS,))
    return board
