"""The rule file: sloth's records and labels, what counts as an event, and what alerts say. Run by promtool."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.burn_cases import RECORD, counts
from support.incident_cases import labels_of, series, steady
from support.prometheus import needs_promtool, one_group_each, run_promtool

from live.slo.burn import EVALUATION_INTERVAL
from live.slo.loader import load_slo, parse_slo
from live.slo.objectives import duration
from live.slo.rules import rules_document

DECISION = "sloth-slo-lean-live-tick-to-decision"
COUNT = "tick_to_decision_seconds_count"
BUCKET = "tick_to_decision_seconds_bucket"
OWN = {"sloth_id": "lean-live-tick-to-decision", "sloth_service": "lean-live", "sloth_slo": "tick-to-decision"}
BUDGET = {"algorithm": "Momentum", "instance": "127.0.0.1:9109"}


def evaluate(
    folder: Path, content: dict[str, Any], values: dict[str, str], queries: list[dict[str, Any]], **other: Any
) -> None:
    """Check queries on rules and series with promtool."""
    (folder / "rules.yml").write_text(yaml.safe_dump(content))
    tests = {"interval": "1m", "input_series": [{"series": name, "values": each} for name, each in values.items()]}
    test = {**tests, "promql_expr_test": queries, **other}
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yml").write_text(yaml.safe_dump(document))
    ended = run_promtool("test", "rules", "test.yml", folder=folder)
    assert ended.returncode == 0, ended.stdout


def group(name: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
    found = rules_document(load_slo(None)) if document is None else document
    return {"groups": [{"name": name, "rules": one_group_each(found)[name]}]}


def text_of(name: str, labels: dict[str, str]) -> str:
    pairs = ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}"


def query(expression: str, moment: str, *samples: tuple[dict[str, str], float]) -> dict[str, Any]:
    name = expression.partition("{")[0]
    found = [{"labels": text_of(name, labels), "value": value} for labels, value in samples]
    return {"expr": expression, "eval_time": moment, "exp_samples": found}


def test_groups_do_not_depend_on_the_evaluation_interval_of_the_prometheus_that_loads_them() -> None:
    groups = rules_document(load_slo(None))["groups"]
    for each in groups:
        assert each["interval"] == ("2m" if each["name"].endswith(":slow") else EVALUATION_INTERVAL)
    assert len({each["name"] for each in groups}) == len(groups)


def test_long_windows_are_evaluated_less_often() -> None:
    for each in rules_document(load_slo(None))["groups"]:
        spans = [duration(span) for rule in each["rules"] for span in re.findall(r"\[(\d+[smhd])[]:]", rule["expr"])]
        limit = timedelta(days=1)
        # What a series has not had for an hour is looked for in any group; so is what was seen within a day.
        if each["name"].endswith(":slow"):
            assert min(spans) >= limit
        elif not each["name"].endswith("sidecar-down"):
            assert max(spans, default=limit / 2) < limit


def test_events_are_counted_once_a_window() -> None:
    for each in rules_document(load_slo(None))["groups"]:
        found = [
            span
            for rule in each["rules"]
            if "record" in rule
            for span in re.findall(r"increase\(lean_live_\w+_count(?:{[^}]*})?(\[\w+\])", rule["expr"])
        ]
        assert len(found) == len(set(found)), each["name"]


@needs_promtool
def test_records_have_the_names_labels_and_values_of_sloth(tmp_path: Path) -> None:
    run = labels_of("r")
    values = {
        series(COUNT, run): "0+100x60",
        series(BUCKET, {**run, "le": "0.001"}): "0+98x60",
        series(BUCKET, {**run, "le": "0.002"}): "0+99x60",
    }
    both = {**OWN, **BUDGET}
    queries = [
        *(
            query(f"slo:sli_error:ratio_rate{window}", "1h", ({**both, "sloth_window": window}, 0.02))
            for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
        ),
        query("slo:objective:ratio", "1h", (OWN, 0.99)),
        query("slo:error_budget:ratio", "1h", (OWN, 0.01)),
        query("slo:time_period:days", "1h", (OWN, 30)),
        query("slo:current_burn_rate:ratio", "1h", ({**both, "sloth_window": "5m"}, 2)),
        query("slo:period_burn_rate:ratio", "1h", ({**both, "sloth_window": "30d"}, 2)),
        query("slo:period_error_budget_remaining:ratio", "1h", ({**both, "sloth_window": "30d"}, -1)),
        query("count by (sloth_slo, sloth_objective, sloth_spec) (sloth_slo_info)", "1h"),
        query("lean_live:sli_events:increase1h", "1h", (both, 6_000)),
    ]
    info = {"sloth_objective": "99", "sloth_slo": "tick-to-decision", "sloth_spec": "lean-live/v1"}
    queries[-2]["exp_samples"] = [{"labels": text_of("", info), "value": 1}]
    evaluate(tmp_path, group(DECISION), values, queries)


@needs_promtool
def test_a_run_that_is_started_again_goes_on_with_the_budget_of_its_algorithm(tmp_path: Path) -> None:
    first, second, other = labels_of("first"), labels_of("second"), {**labels_of("third"), "algorithm": "Reversal"}
    values = {
        series(COUNT, first): "0+100x30 _x31",
        series(BUCKET, {**first, "le": "0.001"}): "0+90x30 _x31",
        series(COUNT, second): "_x30 0+100x30",
        series(BUCKET, {**second, "le": "0.001"}): "_x30 0+100x30",
        series(COUNT, other): "0+100x60",
        series(BUCKET, {**other, "le": "0.001"}): "0+100x60",
    }
    labels = {**OWN, "sloth_window": "1h", "instance": BUDGET["instance"]}
    expected = (({**labels, "algorithm": "Momentum"}, 0.05), ({**labels, "algorithm": "Reversal"}, 0))
    found = query("", "1h", *expected) | {"expr": "round(slo:sli_error:ratio_rate1h, 0.01)"}
    evaluate(tmp_path, group(DECISION), values, [found])


@needs_promtool
def test_runs_without_the_bucket_of_the_threshold_count_for_nothing(tmp_path: Path) -> None:
    measured, other = labels_of("measured"), labels_of("other")
    values = {
        series(COUNT, measured): "0+100x60",
        series(BUCKET, {**measured, "le": "0.001"}): "0+99x60",
        series(COUNT, other): "0+500x60",
        series(BUCKET, {**other, "le": "0.002"}): "0+500x60",
    }
    both = {**OWN, **BUDGET}
    queries = [
        query("slo:sli_error:ratio_rate1h", "1h", ({**both, "sloth_window": "1h"}, 0.01)),
        query("lean_live:sli_events:increase1h", "1h", (both, 6_000)),
    ]
    evaluate(tmp_path, group(DECISION), values, queries)


@needs_promtool
def test_without_events_there_is_no_ratio(tmp_path: Path) -> None:
    run = labels_of("r")
    values = {series(COUNT, run): "7x60", series(BUCKET, {**run, "le": "0.001"}): "3x60"}
    queries = [query(f"slo:sli_error:ratio_rate{window}", "1h") for window in ("5m", "1h", "30d")]
    evaluate(tmp_path, group(DECISION), values, queries)


@needs_promtool
def test_the_period_is_a_ratio_of_events_and_not_of_time(tmp_path: Path) -> None:
    run = labels_of("r")
    # Ten minutes with a hundred events each that are all bad, ten minutes with nine hundred that are all good.
    values = {
        series(COUNT, run): counts([(10, 1_000), (10, 9_000), (20, 0)], 1),
        series(BUCKET, {**run, "le": "0.001"}): counts([(10, 0), (10, 9_000), (20, 0)], 1),
    }
    rounded = "round(slo:sli_error:ratio_rate30d, 0.001)"
    found = {"expr": rounded, "eval_time": "40m"}
    found["exp_samples"] = [{"labels": text_of("", {**OWN, **BUDGET, "sloth_window": "30d"}), "value": 0.1}]
    evaluate(tmp_path, group(DECISION), values, [found])


@needs_promtool
@pytest.mark.parametrize("seconds", ["1", "1.0"])
def test_whole_seconds_are_found_in_both_notations(tmp_path: Path, seconds: str) -> None:
    text = """
        [[objective]]
        name = "ack"
        description = "d"
        indicator = { kind = "latency", metric = "order_ack_seconds", threshold_ms = 1000 }
        objective = 99
    """
    run = labels_of("r")
    values = {
        series("order_ack_seconds_count", run): "0+100x60",
        series("order_ack_seconds_bucket", {**run, "le": seconds}): "0+75x60",
    }
    labels = {"sloth_id": "lean-live-ack", "sloth_service": "lean-live", "sloth_slo": "ack", "sloth_window": "5m"}
    document = rules_document(parse_slo(text, "slo.toml"))
    evaluate(tmp_path, document, values, [query("slo:sli_error:ratio_rate5m", "10m", ({**labels, **BUDGET}, 0.25))])


@needs_promtool
def test_a_ratio_adds_counters_up_and_takes_a_missing_one_for_zero(tmp_path: Path) -> None:
    text = """
        [[objective]]
        name = "orders"
        description = "d"
        objective = 90
        severity = ["ticket"]
        [objective.indicator]
        kind = "ratio"
        bad = [{ metric = "orders_total", labels = { status = "invalid" } }, { metric = "order_denials_total" }]
        total = [{ metric = "orders_total", labels = { status = ["submitted", "invalid"] } }, { metric = "order_denials_total" }]
    """
    well, bad = labels_of("well"), {**labels_of("bad"), "algorithm": "Reversal"}
    values = {
        series("orders_total", {**well, "status": "submitted"}): "0+10x60",
        series("orders_total", {**well, "status": "filled"}): "0+10x60",
        series("orders_total", {**bad, "status": "submitted"}): "0+6x60",
        series("orders_total", {**bad, "status": "invalid"}): "0+2x60",
        series("order_denials_total", {**bad, "code": "KILL_SWITCH"}): "0+2x60",
    }
    labels = {"sloth_id": "lean-live-orders", "sloth_service": "lean-live", "sloth_slo": "orders", "sloth_window": "5m"}
    labels["instance"] = BUDGET["instance"]
    document = rules_document(parse_slo(text, "slo.toml"))
    expected = (({**labels, "algorithm": "Momentum"}, 0), ({**labels, "algorithm": "Reversal"}, 0.4))
    evaluate(tmp_path, document, values, [query("slo:sli_error:ratio_rate5m", "10m", *expected)])


@needs_promtool
def test_freshness_counts_time_of_running_feeds_only(tmp_path: Path) -> None:
    values: dict[str, str] = {}
    expected: list[tuple[dict[str, str], float]] = []

    def run(name: str, feed: int, phase: int, age: int, silent: int, is_bad: bool | None) -> None:
        """Add a run of an algorithm of its own: bad, good, or None when its time does not count."""
        own = {**labels_of("r"), "algorithm": name}
        values[series("feed_phase", own)] = steady(feed)
        values[series("run_phase", own)] = steady(phase)
        values[series("feed_received_timestamp_seconds", own)] = f"{3_600 - age}x{80}"
        values[series("feed_silent", {**own, "symbol": "IBM"})] = steady(silent)
        values[series("feed_silent", {**own, "symbol": "SPY"})] = steady(0)
        if is_bad is not None:
            labels = {
                "sloth_id": "lean-live-feed-freshness",
                "sloth_service": "lean-live",
                "sloth_slo": "feed-freshness",
            }
            expected.append(({**labels, "algorithm": name, "instance": BUDGET["instance"]}, float(is_bad)))

    for feed in range(6):
        for phase in range(9):
            counts_here = feed in (2, 3) and phase in (4, 5)
            run(f"well-{feed}-{phase}", feed, phase, 4, 0, feed == 3 if counts_here else None)
            run(f"old-{feed}-{phase}", feed, phase, 6, 0, True if counts_here else None)
            run(f"silent-{feed}-{phase}", feed, phase, 4, 1, True if counts_here else None)
    content = group("sloth-slo-lean-live-feed-freshness")
    content["groups"][0]["rules"] = content["groups"][0]["rules"][:1]
    evaluate(tmp_path, content, values, [query(RECORD, "1h", *expected)])


@needs_promtool
def test_alerts_say_what_happened_and_where_to_read_on(tmp_path: Path) -> None:
    run = labels_of("r")
    values = {
        series(COUNT, run): "0+100x120",
        series(BUCKET, {**run, "le": "0.001"}): "0+80x120",
        series("feed_silent", labels_of("r", symbol="IBM")): "1x120",
    }
    document = rules_document(parse_slo('[service]\nrunbooks = "https://example.org/runbooks/"', "slo.toml"))
    names = (DECISION, "sloth-slo-lean-live-feed-silent")
    content = {"groups": [each for each in document["groups"] if each["name"] in names]}
    page = {"severity": "page", "sloth_severity": "page"}
    burn = {
        "exp_labels": {**OWN, **BUDGET, **page},
        "exp_annotations": {
            "summary": "tick-to-decision of Momentum: the error budget burns too fast",
            "description": "99 % of ticks are decided on within 1 ms. 20% of the events were bad, 99 % must be good over 30d.",
            "runbook_url": "https://example.org/runbooks/tick-to-decision.md",
        },
    }
    silent = {
        "exp_labels": {
            **labels_of("r", symbol="IBM"),
            **page,
            "session": "only",
            "sloth_id": "lean-live-feed-silent",
            "sloth_service": "lean-live",
            "sloth_slo": "feed-silent",
        },
        "exp_annotations": {
            "summary": "feed-silent in run r, symbol IBM",
            "description": "A symbol's ticks have stopped although the feed goes on.",
            "runbook_url": "https://example.org/runbooks/feed-silent.md",
        },
    }
    alerts = [
        {"eval_time": "1h", "alertname": "LeanLiveTickToDecision", "exp_alerts": [burn]},
        {"eval_time": "1h", "alertname": "LeanLiveFeedSilent", "exp_alerts": [silent]},
    ]
    content["groups"][0]["rules"] = [
        rule for rule in content["groups"][0]["rules"] if rule["labels"].get("sloth_severity") != "ticket"
    ]
    evaluate(tmp_path, content, values, [], alert_rule_test=alerts)


@needs_promtool
def test_a_description_is_no_template(tmp_path: Path) -> None:
    text = """
        [[objective]]
        name = "o"
        description = "{{ $labels.run }} and {{{ }} $value"
        indicator = { kind = "incident", when = [{ metric = "feed_frozen", equals = 1 }] }
        severity = ["page"]
    """
    alert = {
        "exp_labels": {"sloth_id": "lean-live-o", "sloth_service": "lean-live", "sloth_slo": "o", "severity": "page"},
        "exp_annotations": {
            "summary": "o in run r",
            "description": "{{ $labels.run }} and {{{ }} $value",
            "runbook_url": "http://127.0.0.1:3000/d/lean-live-runbooks",
        },
    }
    alert["exp_labels"] |= {"sloth_severity": "page", **labels_of("r")}
    alerts = [{"eval_time": "1m", "alertname": "LeanLiveO", "exp_alerts": [alert]}]
    document = rules_document(parse_slo(text, "slo.toml"))
    evaluate(tmp_path, document, {series("feed_frozen", labels_of("r")): "1x5"}, [], alert_rule_test=alerts)


@needs_promtool
def test_alerts_on_counts_say_which_and_how_many(tmp_path: Path) -> None:
    values = {
        series("ticks_dropped_total", labels_of("r", reason="late")): "_x10 4577x20",
        series("ticks_dropped_total", labels_of("r", reason="stale")): "0x9 7x20",
    }
    content = group("sloth-slo-lean-live-dropped-ticks")

    def alert(reason: str, count: int) -> dict[str, Any]:
        return {
            "exp_labels": {**content["groups"][0]["rules"][0]["labels"], **labels_of("r", reason=reason)},
            "exp_annotations": {
                "summary": f"dropped-ticks in run r, reason {reason}",
                "description": "Ticks were dropped on their way to the strategy. Those that LEAN's data call suspicious do "
                f"not count. About {count} within 5m.",
                "runbook_url": content["groups"][0]["rules"][0]["annotations"]["runbook_url"],
            },
        }

    expected = [alert("late", 4_577), alert("stale", 7)]
    alerts = [{"eval_time": "12m", "alertname": "LeanLiveDroppedTicks", "exp_alerts": expected}]
    evaluate(tmp_path, content, values, [], alert_rule_test=alerts)


@needs_promtool
def test_a_budget_may_be_tiny(tmp_path: Path) -> None:
    text = """
        [[objective]]
        name = "nearly-never"
        description = "d"
        indicator = { kind = "ratio", bad = [{ metric = "order_denials_total" }], total = [{ metric = "orders_total" }] }
        objective = 99.99999999999
        severity = ["page"]
    """
    values = {
        series("orders_total", labels_of("r", status="filled")): "0+1e6x120",
        series("order_denials_total", labels_of("r", code="KILL_SWITCH_ENGAGED")): "0+1x120",
    }
    queries = [query('count(ALERTS{alertstate="firing"})', "2h", ({}, 1))]
    queries[0]["exp_samples"][0]["labels"] = "{}"
    evaluate(tmp_path, rules_document(parse_slo(text, "slo.toml")), values, queries)
