"""The pages of docs/runbooks as they are on a dashboard: their text, and the links of panels to them."""

from __future__ import annotations

import re
from pathlib import Path

from live.errors import EnvironmentFault

UID = "lean-live-runbooks"
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
_RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)([^)#]+)[^)]*\)")


def runbook_names() -> list[str]:
    """Return the names of all runbooks, sorted: the order of their panels, whose ids count from 1.

    Raises:
        EnvironmentFault: this is no checkout; dashboards are built from one.
    """
    names = sorted(path.stem for path in FOLDER.glob("*.md"))
    if not names:
        raise EnvironmentFault(f"there are no runbooks in {FOLDER}; build the dashboards in a checkout of lean-live")
    return names


def runbook_text(name: str) -> str:
    """Return a runbook as Markdown. Links to other runbooks lead to their panels; those to other pages become paths."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return _RELATIVE_LINK.sub(lambda match: _link(match[1], FOLDER / match[2]), text)


def runbook_link(name: str) -> str:
    """Return the address of a runbook within Grafana.

    Raises:
        KeyError: there is no such runbook.
    """
    names = runbook_names()
    if name not in names:
        raise KeyError(name)
    return f"/d/{UID}?viewPanel={names.index(name) + 1}"


def _link(text: str, target: Path) -> str:
    path = target.resolve()
    if path.parent == FOLDER:
        return f"[{text}]({runbook_link(path.stem)})"
    return f"{text} (`{path.relative_to(FOLDER.parents[1])}`)"
