"""The rule file of Prometheus: records under the names that sloth gives them (https://sloth.dev), and alerts.

Each objective is a group, whose rules Prometheus evaluates in their order: errors of all windows, what is known about
the objective, alerts. Windows of a day and more, which hardly change within minutes and cost most, are in a second group
that is evaluated less often.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from live import __version__
from live.slo.burn import EVALUATION_INTERVAL, WINDOW_PAIRS, BurnAlert, burn_alerts
from live.slo.metrics import known_metric
from live.slo.objectives import Incident, Latency, Objective, Severity, Slo, TimeShare, duration
from live.slo.promql import (
    BUDGET_LABELS,
    SEEN_RECORD,
    TIME_SHARE_RECORD,
    errors,
    events,
    incident_expression,
    number,
    quoted,
    run_keys,
    seen,
    time_share,
    unmeasured,
)
from live.slo.runbooks import UNMEASURED_RUNBOOK, runbook_url

ERROR_RATIO = "slo:sli_error:ratio_rate"
"""Records of error ratios; the window follows."""
ERRORS = "lean_live:sli_errors:increase5m"
EVENTS = "lean_live:sli_events:increase"
"""Records of events; the window follows."""
THRESHOLD = "lean_live:sli_threshold:seconds"
"""Record of the longest duration of a good event."""
UNMEASURED_ALERT = "LeanLiveObjectiveUnmeasured"
_BASE_WINDOW = "5m"
_UNMEASURED_FOR = "1m"
_SLOW_WINDOW = "1d"
"""Shortest window of the second group."""
_SLOW_INTERVAL = "2m"
"""Its interval; less than the 5 minutes for which Prometheus takes a sample to be the newest."""
SLOW_SUFFIX = ":slow"
"""Of the second group's name; no objective's name has such a sign."""
_SESSION_LABEL = {"session": "only"}

Rule = dict[str, Any]


def rules_document(slo: Slo) -> dict[str, Any]:
    """Return the content of the rule file.

    Each group has its interval, for evaluations are events of the indicator kind gauge: they must not depend on the
    evaluation_interval of whatever Prometheus loads the file, which is one minute when nobody sets it.
    """
    groups = []
    for objective in slo.objectives:
        name = f"sloth-slo-{slo.slo_id(objective)}"
        groups.append({"name": name, "interval": EVALUATION_INTERVAL, "rules": _rules(slo, objective)})
        slow = _slow_rules(slo, objective)
        if slow:
            groups.append({"name": f"{name}{SLOW_SUFFIX}", "interval": _SLOW_INTERVAL, "rules": slow})
    return {"groups": groups}


def windows_of(objective: Objective) -> tuple[str, ...]:
    """Return the windows whose error ratio is recorded, the period left out, the shortest first."""
    names = {name for pair in WINDOW_PAIRS for name in (pair.short, pair.long)}
    return tuple(sorted((each for each in names if duration(each) <= duration(objective.window)), key=duration))


def _rules(slo: Slo, objective: Objective) -> list[Rule]:
    if isinstance(objective.indicator, Incident):
        return _incident_rules(slo, objective, objective.indicator)
    found = [*_error_records(slo, objective), *_facts(slo, objective)]
    found += [
        _burn_alert(slo, objective, severity) for severity in ("page", "ticket") if severity in objective.severity
    ]
    if isinstance(objective.indicator, Latency):
        found.append(_unmeasured_alert(slo, objective, objective.indicator))
    return found


def slo_labels(slo: Slo, objective: Objective) -> dict[str, str]:
    """Return the labels of all rules of an objective."""
    return {"sloth_id": slo.slo_id(objective), "sloth_service": slo.service.name, "sloth_slo": objective.name}


def _own(slo: Slo, objective: Objective) -> str:
    """Return the matchers of an objective's own records."""
    return ", ".join(f"{name}={quoted(value)}" for name, value in slo_labels(slo, objective).items())


# -- records


def _error_records(slo: Slo, objective: Objective) -> list[Rule]:
    indicator = objective.indicator
    assert not isinstance(indicator, Incident)
    found: list[Rule] = []
    if isinstance(indicator, TimeShare):
        found.append(_record(TIME_SHARE_RECORD, time_share(indicator, slo.service), slo_labels(slo, objective)))
    for window in windows_of(objective):
        if not _is_slow(window):
            found += _window_records(slo, objective, window)
    return found


def _slow_rules(slo: Slo, objective: Objective) -> list[Rule]:
    """Return the records of windows of a day and more; none of what must never happen."""
    if isinstance(objective.indicator, Incident):
        return []
    found = []
    for window in filter(_is_slow, windows_of(objective)):
        found += _window_records(slo, objective, window)
    if objective.window not in windows_of(objective):
        own, in_window = _own(slo, objective), {**slo_labels(slo, objective), "sloth_window": objective.window}
        # Each event is counted by all evaluations of the 5 minutes after it, bad or not, so the ratio is that of events.
        expression = (
            f"sum_over_time({ERRORS}{{{own}}}[{objective.window}])\n/\n"
            f"(sum_over_time({EVENTS}{_BASE_WINDOW}{{{own}}}[{objective.window}]) > 0)"
        )
        found.append(_record(f"{ERROR_RATIO}{objective.window}", expression, in_window))
    return found


def _is_slow(window: str) -> bool:
    return duration(window) >= duration(_SLOW_WINDOW)


def _window_records(slo: Slo, objective: Objective, window: str) -> list[Rule]:
    """Return the records of a window: its events, its error ratio; of the shortest, which others build on, its errors."""
    indicator, own, labels = objective.indicator, _own(slo, objective), slo_labels(slo, objective)
    assert not isinstance(indicator, Incident)
    of_all = f"{EVENTS}{window}{{{own}}}"
    found = [_record(f"{EVENTS}{window}", events(indicator, slo.service, window, own), labels)]
    bad = errors(indicator, slo.service, window, own, of_all)
    if window == _BASE_WINDOW:
        found.append(_record(ERRORS, bad, labels))
        bad = f"{ERRORS}{{{own}}}"
    # Without events there is no sample, and so no alert.
    ratio = f"({bad})\n/ on ({', '.join(BUDGET_LABELS)})\n({of_all} > 0)"
    found.append(_record(f"{ERROR_RATIO}{window}", ratio, {**labels, "sloth_window": window}))
    return found


def _facts(slo: Slo, objective: Objective) -> list[Rule]:
    own, labels = _own(slo, objective), slo_labels(slo, objective)
    # The budget's series has no label of an algorithm.
    by_budget = f"\n/ on (sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio{{{own}}}"
    facts = [
        _record("slo:objective:ratio", f"vector({number(objective.ratio)})", labels),
        _record("slo:error_budget:ratio", f"vector({number(objective.budget)})", labels),
        _record("slo:time_period:days", f"vector({objective.window_days})", labels),
        _record("slo:current_burn_rate:ratio", f"{ERROR_RATIO}{_BASE_WINDOW}{{{own}}}{by_budget}", labels),
        _record("slo:period_burn_rate:ratio", f"{ERROR_RATIO}{objective.window}{{{own}}}{by_budget}", labels),
        _record("slo:period_error_budget_remaining:ratio", f"1 - slo:period_burn_rate:ratio{{{own}}}", labels),
        _record(
            "sloth_slo_info",
            "vector(1)",
            {
                **labels,
                "sloth_mode": "lean-live",
                "sloth_objective": number(objective.objective),
                "sloth_spec": "lean-live/v1",
                "sloth_version": __version__,
            },
        ),
    ]
    if isinstance(objective.indicator, Latency):
        # Dashboards show the limit that is in force, whatever slo.toml they were built beside.
        facts.append(_record(THRESHOLD, f"vector({number(objective.indicator.threshold_ms / 1_000)})", labels))
    return facts


def _record(name: str, expression: str, labels: dict[str, str]) -> Rule:
    return {"record": name, "expr": expression, "labels": dict(labels)}


# -- alerts


def _burn_alert(slo: Slo, objective: Objective, severity: Severity) -> Rule:
    pairs = [each for each in burn_alerts(slo, objective) if each.pair.severity == severity]
    own = _own(slo, objective)
    alternatives = "\nor\n".join(_pair_expression(each, own) for each in pairs)
    indented = "\n".join(f"  {line}" for line in alternatives.splitlines())
    # An alert must not change its labels when another pair of windows is what keeps it up.
    expression = f"max without (sloth_window) (\n{indented}\n)"
    annotations = {
        "summary": f"{objective.name} of {{{{ $labels.algorithm }}}}: the error budget burns too fast",
        "description": (
            f"{_literal(objective.description)} {{{{ $value | humanizePercentage }}}} of the events were bad, "
            f"{number(objective.objective)} % must be good over {objective.window}."
        ),
    }
    return _alert(slo, objective, severity, expression, annotations)


def _pair_expression(alert: BurnAlert, own: str) -> str:
    """Return what must hold for a pair of windows: both burn too fast, and both hold enough events."""
    pair, limit = alert.pair, f"({number(alert.factor)} * {number(alert.budget)})"
    keys = f"and on ({', '.join(BUDGET_LABELS)})"
    return "\n".join(
        [
            "(",
            f"  {ERROR_RATIO}{pair.long}{{{own}}} > {limit}",
            f"  {keys} {ERROR_RATIO}{pair.short}{{{own}}} > {limit}",
            f"  {keys} {EVENTS}{pair.long}{{{own}}} >= {alert.events_long}",
            f"  {keys} {EVENTS}{pair.short}{{{own}}} >= {alert.events_short}",
            ")",
        ]
    )


def _incident_rules(slo: Slo, objective: Objective, indicator: Incident) -> list[Rule]:
    annotations = {
        "summary": f"{objective.name}{{{{ with $labels.run }}}} in run {{{{ . }}}}{{{{ end }}}}{_own_labels(indicator)}",
        "description": _literal(objective.description) + _count(indicator),
    }
    expression = incident_expression(indicator, slo.service, _own(slo, objective))
    alert = _lasting(_alert(slo, objective, objective.severity[0], expression, annotations), indicator.lasting)
    if indicator.seen_within is None:
        return [alert]
    return [_record(SEEN_RECORD, seen(indicator, slo.service), slo_labels(slo, objective)), alert]


def _own_labels(indicator: Incident) -> str:
    """Return what an annotation says of the labels that tell samples of one run apart, such as `symbol` or `reason`."""
    known = [known_metric(each.metric) for each in indicator.when]
    names = dict.fromkeys(name for each in known if each is not None for name in each.labels)
    return "".join(f"{{{{ with $labels.{name} }}}}, {name} {{{{ . }}}}{{{{ end }}}}" for name in names)


def _count(indicator: Incident) -> str:
    """Return what an annotation says of counts that have grown. What `increase` gives is extrapolated."""
    windows = {each.grows_within for each in indicator.when}
    window = windows.pop()
    return "" if windows or window is None else f' About {{{{ printf "%.0f" $value }}}} within {window}.'


def _unmeasured_alert(slo: Slo, objective: Objective, indicator: Latency) -> Rule:
    annotations = {
        "summary": f"{objective.name} of run {{{{ $labels.run }}}} cannot be measured",
        "description": (
            f"The run's histogram has no bucket that ends at {number(indicator.threshold_ms)} ms. It was started with "
            "another slo.toml than the one that these rules follow from."
        ),
        "runbook_url": _runbook_url(slo, UNMEASURED_RUNBOOK),
    }
    labels = {**slo_labels(slo, objective), "severity": "ticket", "sloth_severity": "ticket"}
    expression = unmeasured(indicator, slo.service)
    rule = {"alert": UNMEASURED_ALERT, "expr": expression, "labels": labels, "annotations": annotations}
    return _lasting(rule, _UNMEASURED_FOR)


def _alert(slo: Slo, objective: Objective, severity: Severity, expression: str, annotations: dict[str, str]) -> Rule:
    labels = {**slo_labels(slo, objective), "severity": severity, "sloth_severity": severity}
    if objective.only_in_session and slo.service.session != "always":
        labels |= _SESSION_LABEL
    annotations = {**annotations, "runbook_url": _runbook_url(slo, objective.runbook_name)}
    return {"alert": objective.alert, "expr": expression, "labels": labels, "annotations": annotations}


def _lasting(rule: Rule, lasting: str) -> Rule:
    """Return the alert with the time that its expression must hold; the key is left out when that is none."""
    if duration(lasting) == timedelta(0):
        return rule
    head = {name: rule[name] for name in ("alert", "expr")}
    return {**head, "for": lasting, **{name: value for name, value in rule.items() if name not in head}}


def _literal(text: str) -> str:
    """Return a text as it is written in an annotation, which is a template."""
    return text.replace("{{", '{{ "{{" }}')


def _runbook_url(slo: Slo, name: str) -> str:
    return _literal(runbook_url(slo.service, name))


def identity_labels(objective: Objective) -> tuple[str, ...]:
    """Return the labels that say what an alert is about: an algorithm, a run, or a sidecar."""
    return run_keys(objective.indicator.when) if isinstance(objective.indicator, Incident) else BUDGET_LABELS
