"""The pages of docs/runbooks by name, and where each is in Grafana."""

from __future__ import annotations

from pathlib import Path

from live.errors import EnvironmentFault
from live.slo.objectives import RUNBOOKS_DASHBOARD

UID = RUNBOOKS_DASHBOARD
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "runbooks"


def runbook_names() -> list[str]:
    """Return the names of all runbooks, sorted: the order of their panels, whose ids count from 1.

    Raises:
        EnvironmentFault: this is no checkout; dashboards are built from one.
    """
    names = sorted(path.stem for path in FOLDER.glob("*.md"))
    if not names:
        raise EnvironmentFault(f"there are no runbooks in {FOLDER}; build the dashboards in a checkout of lean-live")
    return names


def runbook_link(name: str) -> str:
    """Return the address of a runbook within Grafana.

    Raises:
        KeyError: there is no such runbook.
    """
    names = runbook_names()
    if name not in names:
        raise KeyError(f"docs/runbooks has no page {name}")
    return f"/d/{UID}?viewPanel={names.index(name) + 1}"
