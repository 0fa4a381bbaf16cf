"""The configuration of Alertmanager: who is told of an alert, how often, and what silences what."""

from __future__ import annotations

from typing import Any, get_args

from live.errors import ConfigError
from live.slo.objectives import Objective, Session, Slo, Weekday
from live.slo.rules import UNMEASURED_ALERT, identity_labels

RECEIVERS = ("none", "page", "ticket")
"""Receivers that the routes name: nobody, and one for each severity."""
KEPT_SECTIONS = ("global", "templates", "receivers")
"""Sections that are the user's: `slo build` keeps those of the file that is there."""
SESSION_INTERVAL = "session"
_WEEKDAYS = get_args(Weekday)
_REPEAT = {"page": "1h", "ticket": "1d"}

Document = dict[str, Any]


def routes_document(slo: Slo, existing: Document | None, name: str) -> Document:
    """Return the content of alertmanager.yml.

    Parameters:
        slo: the objectives.
        existing: content of the file that is there, whose receivers are kept; None gives receivers that tell nobody.
        name: what to call that file in errors.

    Raises:
        ConfigError: it lacks one of the receivers.
    """
    kept = {key: existing[key] for key in KEPT_SECTIONS if existing and existing.get(key)}
    receivers = kept.get("receivers", [{"name": each} for each in RECEIVERS])
    try:
        found = [each["name"] for each in receivers]
    except (TypeError, KeyError) as error:
        raise ConfigError(f"receivers of {name} are no list of tables with a name; correct them there") from error
    missing = [each for each in RECEIVERS if each not in found]
    if missing:
        raise ConfigError(
            f"{name} has no receiver {missing[0]!r}, which the routes name; add it there: - name: {missing[0]}"
        )
    session = slo.service.session
    intervals = {} if session == "always" else {"time_intervals": [_time_interval(session)]}
    return {
        **({"global": kept["global"]} if "global" in kept else {}),
        **({"templates": kept["templates"]} if "templates" in kept else {}),
        "route": _routes(has_session=session != "always"),
        "inhibit_rules": _inhibitions(slo),
        **intervals,
        "receivers": receivers,
    }


def _routes(has_session: bool) -> Document:
    return {
        "receiver": "none",
        "group_by": ["alertname", "algorithm", "instance"],
        "group_wait": "10s",
        "group_interval": "1m",
        "repeat_interval": "4h",
        "routes": [_severity_route(severity, repeat, has_session) for severity, repeat in _REPEAT.items()],
    }


def _severity_route(severity: str, repeat: str, has_session: bool) -> Document:
    route: Document = {
        "matchers": [f'sloth_severity="{severity}"'],
        "receiver": severity,
        "repeat_interval": repeat,
    }
    if has_session:
        route["routes"] = [{"matchers": ['session="only"'], "active_time_intervals": [SESSION_INTERVAL]}]
    return route


# -- inhibition


def _inhibitions(slo: Slo) -> list[Document]:
    """Return what silences what: pages the tickets of their objective, and causes their effects."""
    found = [
        {
            "source_matchers": ['sloth_severity="page"'],
            "target_matchers": ['sloth_severity="ticket"'],
            "equal": ["alertname", "sloth_id", "algorithm", "instance"],
        }
    ]
    for objective in slo.objectives:
        found += _silences(slo, objective)
    return found


def _silences(slo: Slo, objective: Objective) -> list[Document]:
    """Return the inhibitions of an objective, by the labels that its alert and the silenced ones have in common."""
    by_labels: dict[tuple[str, ...], list[str]] = {}
    for other in _silenced(slo, objective):
        common = tuple(each for each in identity_labels(other) if each in identity_labels(objective))
        by_labels.setdefault(common, []).append(other.alert)
    if "*" in objective.silences:
        by_labels.setdefault(("instance",), []).append(UNMEASURED_ALERT)
    return [
        {
            "source_matchers": [f'alertname="{objective.alert}"', f'sloth_service="{slo.service.name}"'],
            "target_matchers": [f'alertname=~"{"|".join(alerts)}"', f'sloth_service="{slo.service.name}"'],
            "equal": list(labels),
        }
        for labels, alerts in by_labels.items()
    ]


def _silenced(slo: Slo, objective: Objective) -> list[Objective]:
    """Return the objectives that one silences, itself never."""
    is_all = "*" in objective.silences
    return [each for each in slo.objectives if each is not objective and (is_all or each.name in objective.silences)]


# -- the trading session


def _time_interval(session: Session) -> Document:
    """Return the session's hours; one that ends on the next day is two intervals, each within its day."""
    first = _WEEKDAYS.index(session.first_day)
    days = [_WEEKDAYS[(first + offset) % len(_WEEKDAYS)] for offset in range(session.days)]
    if session.close > session.open:
        spans = [_interval(days, session.open, session.close, session.zone)]
    else:
        next_days = [_WEEKDAYS[(_WEEKDAYS.index(day) + 1) % len(_WEEKDAYS)] for day in days]
        spans = [_interval(days, session.open, "24:00", session.zone)]
        if session.close != "00:00":
            spans.append(_interval(next_days, "00:00", session.close, session.zone))
    return {"name": SESSION_INTERVAL, "time_intervals": spans}


def _interval(days: list[str], begin: str, end: str, zone: str) -> Document:
    return {"times": [{"start_time": begin, "end_time": end}], "weekdays": days, "location": zone}
