"""Objectives drawn at random: what is not refused gives rules that Prometheus takes and alerts that can fire."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.burn_cases import RUN
from support.prometheus import needs_promtool, one_group_each, run_promtool

from live.slo.burn import burn_alerts, refusals
from live.slo.objectives import (
    Condition,
    Incident,
    Latency,
    Objective,
    Ratio,
    Selection,
    Service,
    Session,
    Slo,
    TimeShare,
    duration,
)
from live.slo.promql import TIME_SHARE_RECORD
from live.slo.rules import rules_document

SESSIONS = st.one_of(
    st.just("always"),
    st.builds(
        Session,
        hours=st.floats(0.5, 24).map(lambda each: round(each, 2)),
        days=st.integers(1, 7),
        zone=st.just("UTC"),
        open=st.just("00:00"),
        close=st.just("00:00"),
    ),
)
SEVERITIES = st.sampled_from([("page",), ("ticket",), ("page", "ticket"), ("ticket", "page")])
INDICATORS = st.one_of(
    st.integers(1, 4_000_000_000).map(lambda ns: Latency(metric="decision_seconds", threshold_ms=ns / 1e6)),
    st.just(
        Ratio(
            bad=(Selection(metric="orders_total", labels={"status": "invalid"}),),
            total=(Selection(metric="orders_total", labels={"status": ("invalid", "filled")}),),
        )
    ),
    st.just(
        TimeShare(
            bad=(Condition(metric="feed_silent", equals=1.0), Condition(metric="page_age_seconds", above=1.5)),
            during=(Condition(metric="run_phase", below=6.0), Condition(metric="run_alive", equals=1.0)),
        )
    ),
)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
OBJECTIVES = st.builds(
    Objective,
    name=NAMES,
    description=st.text(st.one_of(st.sampled_from('{}.$"%'), st.characters(exclude_categories=("C",))), min_size=1),
    indicator=INDICATORS,
    objective=st.floats(0.5, 99.999).map(lambda each: round(each, 3)),
    window=st.integers(1, 90).map("{}d".format),
    minimum_events=st.one_of(st.integers(1, 240), st.integers(241, 20_000)),
    severity=SEVERITIES,
)
SAMPLES_PER_HOUR = 240
BUDGET = 'algorithm="Momentum", instance="127.0.0.1:9109"'
LABEL_TEXT = st.text(st.sampled_from('abAB.*+|()[]{}\\"^$? -/é'), min_size=1, max_size=6)
PROMTOOL_SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def promtool_accepts(content: dict[str, Any], tests: dict[str, Any] | None) -> None:
    """Check a rule file with promtool, and run a test of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        ended = run_promtool("check", "rules", "rules.yml", folder=folder)
        assert ended.returncode == 0, ended.stdout
        if tests is not None:
            (folder / "test.yml").write_text(yaml.safe_dump(tests, allow_unicode=True), encoding="utf-8")
            ended = run_promtool("test", "rules", "test.yml", folder=folder)
            assert ended.returncode == 0, ended.stdout


def all_bad(objective: Objective, hours: int) -> dict[str, str]:
    """Return series with four samples a minute of which everything is bad, enough for the objective's events."""
    steps = hours * SAMPLES_PER_HOUR
    many = f"0+{objective.minimum_events * 2}x{steps}"
    if isinstance(objective.indicator, Latency):
        seconds = objective.indicator.threshold_ns / 1e9
        return {
            f'lean_live_decision_seconds_bucket{{le="{seconds!r}", {RUN}': f"0x{steps}",
            f"lean_live_decision_seconds_count{{{RUN}": many,
        }
    if isinstance(objective.indicator, Ratio):
        return {f'lean_live_orders_total{{status="invalid", {RUN}': many}
    # An event is one evaluation: the record of all of them stands in for evaluating so often.
    own = f'sloth_id="lean-live-{objective.name}", sloth_service="lean-live", sloth_slo="{objective.name}"'
    return {f"{TIME_SHARE_RECORD}{{{own}, {BUDGET}}}": f"1x{steps}"}


@needs_promtool
@given(st.builds(Slo, service=st.builds(Service, session=SESSIONS), objective=st.tuples(OBJECTIVES)))
@PROMTOOL_SETTINGS
def test_alerts_that_are_not_refused_can_fire(slo: Slo) -> None:
    objective = slo.objectives[0]
    alerts = list(burn_alerts(slo, objective))
    too_short = [each for each in alerts if duration(objective.window) < duration(each.pair.long)]
    too_many = [
        each
        for each in alerts
        if isinstance(objective.indicator, TimeShare)
        and objective.minimum_events > duration(each.pair.long).total_seconds() / 15
    ]
    assert bool(refusals(slo)) == bool(too_short or too_many or [each for each in alerts if each.threshold >= 1])
    assume(not refusals(slo))
    document = rules_document(slo)
    (rules,) = one_group_each(document).values()
    given = [rule for rule in rules if rule.get("record") != TIME_SHARE_RECORD]
    hours = 24 if "ticket" in objective.severity else 6
    queries = [
        {
            "expr": f'count(ALERTS{{alertname="{objective.alert}", sloth_severity="{severity}", alertstate="firing"}})',
            "eval_time": f"{hours}h",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for severity in objective.severity
    ]
    series = [{"series": name, "values": values} for name, values in all_bad(objective, hours).items()]
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{hours}h",
        "tests": [{"interval": "15s", "input_series": series, "promql_expr_test": queries}],
    }
    promtool_accepts(document, None)
    promtool_accepts({"groups": [{"name": "g", "rules": given}]}, tests)


@needs_promtool
@given(st.lists(LABEL_TEXT, min_size=1, max_size=3, unique=True), LABEL_TEXT)
@PROMTOOL_SETTINGS
def test_label_values_mean_themselves(wanted: list[str], other: str) -> None:
    assume(other not in wanted)
    condition = Condition(metric="feed_silent", labels={"symbol": tuple(wanted)}, equals=1.0)
    objective = Objective(name="o", description="d", indicator=Incident(when=(condition,)), severity=("page",))
    content = rules_document(Slo(objective=(objective,)))

    def series(symbol: str) -> str:
        escaped = symbol.replace("\\", "\\\\").replace('"', '\\"')
        return f'lean_live_feed_silent{{symbol="{escaped}"}}'

    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "input_series": [{"series": series(each), "values": "1x5"} for each in (*wanted, other)],
                "promql_expr_test": [
                    {
                        "expr": "count by (symbol) (ALERTS)",
                        "eval_time": "1m",
                        "exp_samples": [
                            {"labels": series(each).removeprefix("lean_live_feed_silent"), "value": 1}
                            for each in wanted
                        ],
                    }
                ],
            }
        ],
    }
    promtool_accepts(content, tests)
