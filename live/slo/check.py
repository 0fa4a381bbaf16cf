"""What `lean-live slo check` says: each objective's budget, when its alerts fire, and whether a run meets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from live.slo.burn import BurnAlert, burn_alerts, notes, refusals, session_hours_on_average
from live.slo.compliance import Compliance
from live.slo.objectives import Incident, Objective, Slo, duration
from live.slo.promql import number
from live.slo.runbooks import runbook_notes

_MINUTES_PER_HOUR = 60


def check_document(slo: Slo, name: str, run: str | None, compliance: list[Compliance] | None) -> dict[str, Any]:
    """Return the check as data.

    Parameters:
        slo: the objectives.
        name: what to call their file.
        run: name of the run that was looked at; None for none.
        compliance: what its page says of each objective; None without a run.
    """
    refused = refusals(slo)
    by_name = {each.objective: each for each in compliance or ()}
    return {
        "file": name,
        "service": slo.service.name,
        "run": run,
        "objectives": [
            {
                **_objective(slo, each),
                "refusals": list(refused.get(each.name, ())),
                **({"compliance": _compliance(by_name[each.name])} if compliance is not None else {}),
            }
            for each in slo.objectives
        ],
    }


def _objective(slo: Slo, objective: Objective) -> dict[str, Any]:
    minutes = _minutes(slo, objective)
    indicator = objective.indicator
    if isinstance(indicator, Incident):
        alerts = [{"severity": objective.severity[0], "lasting_seconds": duration(indicator.lasting).total_seconds()}]
    else:
        alerts = [_alert(each, minutes) for each in burn_alerts(slo, objective)]
    return {
        "name": objective.name,
        "alert": objective.alert,
        "kind": str(indicator.__struct_config__.tag),
        "objective_percent": objective.objective,
        "window": objective.window,
        "budget": objective.budget,
        "budget_session_minutes": round(objective.budget * minutes, 2),
        "alerts": alerts,
        "notes": [*notes(slo, objective), *runbook_notes(slo.service, objective)],
        "runbook": objective.runbook_name,
    }


def _minutes(slo: Slo, objective: Objective) -> float:
    """Return the minutes of trading of an objective's period."""
    period = timedelta(days=objective.window_days)
    return session_hours_on_average(slo.service.session, period) * _MINUTES_PER_HOUR


def _alert(alert: BurnAlert, minutes: float) -> dict[str, Any]:
    return {
        "severity": alert.pair.severity,
        "long_window": alert.pair.long,
        "short_window": alert.pair.short,
        "burn_factor": alert.factor,
        "error_ratio_above": round(alert.threshold, 9),
        "minimum_events": [alert.events_long, alert.events_short],
        "budget_share": alert.pair.share,
        "budget_share_session_minutes": round(alert.pair.share * alert.budget * minutes, 2),
        "detection_seconds": round(alert.detection_seconds, 1),
    }


def _compliance(found: Compliance) -> dict[str, Any]:
    return {
        "state": found.state.value,
        "events": found.events,
        "bad": found.bad,
        "good_percent": found.good_percent,
        "is_exact": found.is_exact,
    }


# -- on the terminal


def print_check(document: dict[str, Any], console: Console) -> None:
    """Print a check's document as tables and sentences."""
    objectives = document["objectives"]
    console.print(_alert_table(objectives), highlight=False)
    if document["run"] is not None:
        console.print(Text(f"Run {document['run']}, since it began:"))
        console.print(_run_table(objectives), highlight=False)
    for each in objectives:
        for refusal in each["refusals"]:
            console.print(Text(f"refused: {each['name']}: {refusal}"), soft_wrap=True)
        for note in each["notes"]:
            console.print(Text(f"note: {each['name']}: {note}"), soft_wrap=True)


def _alert_table(objectives: list[dict[str, Any]]) -> Table:
    table = Table("objective", "promise", "budget", "alert", "fires when", "events", "if all is bad")
    for each in objectives:
        is_incident = each["kind"] == "incident"
        promise = "never" if is_incident else f"{number(each['objective_percent'])} % over {each['window']}"
        budget = "" if is_incident else f"{each['budget_session_minutes']:.1f} min"
        for row, alert in enumerate(each["alerts"]):
            head = (each["name"], promise, budget) if row == 0 else ("", "", "")
            table.add_row(*head, alert["severity"], *(_incident_cells(alert) if is_incident else _burn_cells(alert)))
    return table


def _incident_cells(alert: dict[str, Any]) -> tuple[str, str, str]:
    lasting = alert["lasting_seconds"]
    return (f"it goes on for {lasting:.0f} s" if lasting else "at once", "", f"{lasting:.0f} s")


def _burn_cells(alert: dict[str, Any]) -> tuple[str, str, str]:
    windows = f"{alert['long_window']} and {alert['short_window']}"
    events_long, events_short = alert["minimum_events"]
    return (
        f"over {alert['error_ratio_above']:.3%} bad in {windows}",
        f"{events_long}, {events_short}",
        f"{alert['detection_seconds']:.0f} s",
    )


def _run_table(objectives: list[dict[str, Any]]) -> Table:
    table = Table("objective", "state", "promise", "good", "bad", "events")
    for each in objectives:
        found = each["compliance"]
        good = "" if found["good_percent"] is None else f"{found['good_percent']:.3f} %"
        if good and not found["is_exact"]:
            good = f"about {good}"
        counts = ["" if found[key] is None else f"{found[key]:,}" for key in ("bad", "events")]
        promise = "never" if each["kind"] == "incident" else f"{number(each['objective_percent'])} %"
        table.add_row(each["name"], found["state"], promise, good, *counts)
    return table
