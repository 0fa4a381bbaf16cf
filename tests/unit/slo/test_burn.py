"""Burn factors in hours of trading, and which objectives are refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from live.errors import ConfigError
from live.slo.burn import (
    STACK_RETENTION_DAYS,
    WINDOW_PAIRS,
    burn_alerts,
    burn_factor,
    check_refusals,
    notes,
    refusals,
    session_hours_at_most,
    session_hours_on_average,
)
from live.slo.loader import load_slo, parse_slo
from live.slo.objectives import Session, Slo

NEW_YORK = Session(hours=6.5, days=5, zone="America/New_York", open="09:30", close="16:00")
FUTURES = Session(hours=23, days=5, zone="America/Chicago", open="17:00", close="16:00", first_day="sunday")


def slo_of(session: str = "", **keys: str) -> Slo:
    found = {"objective": "99", "minimum_events": "1000", **keys}
    text = f"[service]\nsession = {session}\n" if session else ""
    text += '[[objective]]\nname = "o"\ndescription = "d"\n'
    text += 'indicator = { kind = "latency", metric = "decision_seconds", threshold_ms = 1 }\n'
    return parse_slo(text + "".join(f"{key} = {value}\n" for key, value in found.items()), "slo.toml")


@pytest.mark.parametrize(
    ("session", "factors"),
    [
        ("always", [14.4, 6.0, 3.0, 1.0]),
        (NEW_YORK, [2.7857, 1.1607, 2.1429, 1.0]),
        # 30 * 5/7 * 23 = 492.86 hours.
        (FUTURES, [9.8571, 4.1071, 2.1429, 1.0]),
    ],
)
def test_factors_of_thirty_days(session: Session, factors: list[float]) -> None:
    assert [burn_factor(session, 30, pair) for pair in WINDOW_PAIRS] == factors


@pytest.mark.parametrize(
    ("hours", "at_most"),
    [(1, 1), (6, 6), (12, 6.5), (24, 6.5), (72, 19.5), (144, 32.5), (168, 32.5), (192, 39), (720, 143)],
)
def test_most_hours_of_trading(hours: int, at_most: float) -> None:
    assert session_hours_at_most(NEW_YORK, timedelta(hours=hours)) == at_most
    assert session_hours_at_most("always", timedelta(hours=hours)) == hours


def test_hours_of_trading_on_average() -> None:
    assert session_hours_on_average(NEW_YORK, timedelta(days=7)) == pytest.approx(32.5)
    assert session_hours_on_average("always", timedelta(days=7)) == 168


def test_a_window_that_burns_its_share_fires_exactly_then() -> None:
    """What a long window may burn is its share of the period's budget, where the factor is not at its floor."""
    slo = slo_of()
    period_hours = session_hours_on_average(NEW_YORK, timedelta(days=30))
    for alert in burn_alerts(slo, slo.objectives[0]):
        if alert.factor > 1:
            burned = alert.threshold * alert.long_hours
            assert burned / (alert.budget * period_hours) == pytest.approx(alert.pair.share, rel=1e-4)


def test_events_of_the_short_window_are_in_proportion() -> None:
    slo = slo_of(minimum_events="200")
    assert [(each.events_long, each.events_short) for each in burn_alerts(slo, slo.objectives[0])] == [(200, 17)] * 4
    slo = slo_of(minimum_events="1")
    assert [each.events_short for each in burn_alerts(slo, slo.objectives[0])] == [1] * 4


def test_time_until_all_bad_events_are_told() -> None:
    slo = slo_of()
    found = [each.detection_seconds for each in burn_alerts(slo, slo.objectives[0])]
    assert found == pytest.approx([100.3, 250.7, 501.4, 702.0], abs=0.1)


def test_packaged_objectives_are_not_refused_and_no_single_event_fires() -> None:
    slo = load_slo(None)
    assert refusals(slo) == {}
    loud = {each.name for each in slo.budgeted if list(notes(slo, each))}
    assert loud == set()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"objective": "60", "severity": '["page"]'},
            "objective 'o' of slo.toml: its page alert over 1h can never fire: it needs an error ratio above burn factor * "
            "budget = 2.7857 * 0.4 = 1.114, and no ratio exceeds 1; promise more than 64.1 %, or leave 'page' out of severity",
        ),
        ({"objective": "93", "session": '"always"'}, "14.4 * 0.07 = 1.008"),
        ({"window": '"2d"'}, "window = '2d' is shorter than the 3d of its ticket alert; write '3d' or more"),
    ],
)
def test_refusals_have_the_arithmetic(keys: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_refusals(slo_of(keys.pop("session", ""), **keys), "slo.toml")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("objective", "is_refused"), [("64.1", True), ("64.11", False), ("99.9999", False), ("0.5", True)]
)
def test_the_named_percentage_is_the_limit(objective: str, is_refused: bool) -> None:
    assert bool(refusals(slo_of(objective=objective, severity='["page"]'))) is is_refused


def test_a_page_alone_may_have_a_window_of_a_day() -> None:
    assert refusals(slo_of(window='"1d"', severity='["page"]')) == {}


def test_a_note_says_that_one_event_is_enough() -> None:
    slo = slo_of(minimum_events="35", severity='["page"]')
    assert list(notes(slo, slo.objectives[0])) == [
        "one bad event of 35 fires the page alert over 1h; minimum_events = 36 would take more",
        "one bad event of 35 fires the page alert over 6h; minimum_events = 87 would take more",
    ]
    quiet = msgspec.structs.replace(slo.objectives[0], minimum_events=87)
    assert list(notes(slo, quiet)) == []


GAUGE = """
[[objective]]
name = "o"
description = "d"
indicator = { kind = "gauge", bad = [{ metric = "feed_silent", equals = 1 }] }
objective = 99
severity = ["page"]
"""


@pytest.mark.parametrize(("events", "is_refused"), [(240, False), (241, True), (1_000, True)])
def test_more_evaluations_than_a_window_holds_are_refused(events: int, is_refused: bool) -> None:
    found = refusals(parse_slo(f"{GAUGE}minimum_events = {events}\n", "slo.toml"))
    assert bool(found) is is_refused
    if is_refused:
        assert "there are 240 in 1h, one every 15s; write 240 or less, or leave 'page' out of severity" in found["o"][0]


def test_a_note_says_that_the_stack_forgets_before_the_window_ends() -> None:
    long = slo_of(window='"60d"', severity='["page"]')
    (note,) = notes(long, long.objectives[0])
    assert "window = '60d' is longer than the 45d" in note
    assert "--storage.tsdb.retention.time=65d or more" in note
    short = slo_of(window='"45d"', severity='["page"]')
    assert list(notes(short, short.objectives[0])) == []
    compose = (Path(__file__).resolve().parents[3] / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    assert f"--storage.tsdb.retention.time={STACK_RETENTION_DAYS}d " in compose
