"""The committed dashboards, taken apart: panels, queries, variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "grafana" / "dashboards"
PATHS = sorted(FOLDER.glob("*.json"))
_NAME = re.compile(r"(?<![\w:\"])(?:lean_live_\w+|slo:[\w:]+|sloth_\w+(?=\{))")


class PanelQuery(NamedTuple):
    """One query, and where it stands.

    Attributes:
        dashboard: uid of the dashboard.
        panel: title of the panel, or of the annotation.
        ref: reference of the query within it.
        expression: PromQL with Grafana's variables.
        is_instant: whether it asks for one moment.
    """

    dashboard: str
    panel: str
    ref: str
    expression: str
    is_instant: bool

    @property
    def key(self) -> str:
        """A name that tells it from all others."""
        return f"{self.dashboard} / {self.panel} / {self.ref}"


def load(path: Path) -> dict[str, Any]:
    """Return a dashboard."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def panels_of(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels with content, without headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries_of(dashboard: dict[str, Any]) -> Iterator[PanelQuery]:
    """Yield the queries of panels and annotations."""
    for panel in panels_of(dashboard):
        for target in panel.get("targets", ()):
            yield PanelQuery(
                dashboard["uid"], panel["title"], target["refId"], target["expr"], bool(target.get("instant"))
            )
    for annotation in dashboard["annotations"]["list"]:
        yield PanelQuery(dashboard["uid"], annotation["name"], "annotation", annotation["expr"], False)


def all_queries() -> list[PanelQuery]:
    """Return the queries of all dashboards."""
    return [query for path in PATHS for query in queries_of(load(path))]


def names_in(expression: str) -> set[str]:
    """Return the metrics and recording rules that an expression asks for."""
    return set(_NAME.findall(expression))


def substituted(expression: str, seconds: int = 20) -> str:
    """Return an expression as Grafana sends it: all runs, and windows of a length in seconds."""
    for name, value in (
        ("$__rate_interval", f"{seconds}s"),
        ("$__interval", f"{seconds}s"),
        ("$__range", f"{seconds}s"),
        ("$algorithm", ".*"),
        ("$objective", ".*"),
        ("$run", ".*"),
    ):
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression
