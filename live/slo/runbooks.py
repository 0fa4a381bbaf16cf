"""Where the links of alerts lead: to the pages of docs/runbooks, on a dashboard of the stack's Grafana or elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from live.settings_file import suggestion
from live.slo.loader import load_slo
from live.slo.objectives import RUNBOOKS_DASHBOARD, Objective, Service

UNMEASURED_RUNBOOK = "objective-unmeasured"
"""Page of the alert that a run does not export the threshold of an objective."""


@cache
def packaged_runbooks() -> tuple[str, ...]:
    """Return the names of the pages that come with lean-live, sorted: one for each packaged alert."""
    return tuple(sorted({UNMEASURED_RUNBOOK, *(each.runbook_name for each in load_slo(None).objectives)}))


def runbook_url(service: Service, name: str) -> str:
    """Return the address of a page. On the dashboard, one that does not come with lean-live has none but that of them all."""
    base = service.runbooks.rstrip("/")
    if not _is_dashboard(service):
        return f"{base}/{name}.md"
    return base + _panel(name) if name in packaged_runbooks() else base


def runbook_link(name: str) -> str:
    """Return the address of a page within Grafana.

    Raises:
        KeyError: no such page comes with lean-live.
    """
    if name not in packaged_runbooks():
        raise KeyError(f"docs/runbooks has no page {name}")
    return f"/d/{RUNBOOKS_DASHBOARD}{_panel(name)}"


def _panel(name: str) -> str:
    # The dashboard has a panel for each page, in this order; ids of panels count from 1.
    return f"?viewPanel={packaged_runbooks().index(name) + 1}"


def runbook_notes(service: Service, objective: Objective) -> Iterator[str]:
    """Yield what is worth knowing about the links of an objective's alerts."""
    name, known = objective.runbook_name, list(packaged_runbooks())
    if _is_dashboard(service) and name not in known:
        yield (
            f"no runbook {name!r} comes with lean-live, so that its alerts link to all of them; write runbook = one of "
            f"them ({suggestion(name, known)}), or write your own and say in [service] runbooks where they are"
        )


def _is_dashboard(service: Service) -> bool:
    return service.runbooks.rstrip("/").endswith(f"/d/{RUNBOOKS_DASHBOARD}")
