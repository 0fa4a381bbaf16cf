"""Runs side by side: ratios, and where their order events part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.run_folders import EVENTS, run_folder

from live.errors import UsageError
from live.report.comparison import RUNS_MAX, Comparison, first_difference
from live.report.run_files import RunFiles

OTHER = {"order_events": {"count": 3, "sha256": "1" * 64}}


def runs(tmp_path: Path, *changes: dict[str, Any]) -> list[RunFiles]:
    return [RunFiles(run_folder(tmp_path, name=f"Run-{number}", **files)) for number, files in enumerate(changes)]


def test_ratios_are_to_the_first_run(tmp_path: Path) -> None:
    fast = {"count": 9, "p50_ns": 500, "p99_ns": 75_000, "p999_ns": 1, "max_ns": 1}
    found = Comparison(runs(tmp_path, {}, {"summary": {"tick_to_decision": fast, "equity": "99000"}})).to_dict()
    figures = {figure["name"]: figure for figure in found["figures"]}
    assert figures["tick to decision, p50"] == {
        "name": "tick to decision, p50",
        "unit": "ns",
        "values": [1_000, 500],
        "ratios": [1.0, 0.5],
    }
    assert figures["tick to decision, p99"]["ratios"] == [1.0, 1.5]
    # A ratio of gains says nothing, and one to zero does not exist.
    assert (figures["equity, change"]["unit"], figures["equity, change"]["ratios"]) == ("USD", [None, None])
    assert figures["equity, change"]["values"] == [10.0, -1_000.0]
    assert figures["bars"]["ratios"] == [None, None]
    assert [run["label"] for run in found["runs"]] == ["A", "B"]


def test_equal_digests_are_the_same_events(tmp_path: Path) -> None:
    one, other = runs(tmp_path, {}, {"summary": {"algorithm": "Renamed"}})
    assert first_difference(one, other) is None
    comparison = Comparison([one, other])
    assert comparison.to_dict()["order_events"] == [
        {"run": "B", "same": True, "equal_before": None, "first_difference": None}
    ]
    assert comparison.sentences() == ["B: the same 3 order events as A"]


@pytest.mark.parametrize(
    ("number", "change", "words"),
    [
        (
            0,
            {"quantity": 200.0},
            "quantity 200 instead of 100",
        ),
        (
            1,
            {"limitPrice": None},
            "limit price none instead of 182.1",
        ),
        (
            2,
            {"fillPrice": 182.105},
            "fill price 182.105 instead of 182.1",
        ),
        (
            2,
            {"message": "why"},
            "message why instead of none",
        ),
        (
            2,
            {"status": "canceled", "fillPrice": 0.0},
            "status canceled instead of filled",
        ),
    ],
)
def test_the_first_event_that_differs_is_named(tmp_path: Path, number: int, change: dict[str, Any], words: str) -> None:
    events = [event | (change if at == number else {}) for at, event in enumerate(EVENTS)]
    one, other = runs(tmp_path, {}, {"events": events, "summary": OTHER})
    found = first_difference(one, other)
    assert found is not None
    status = events[number]["status"]
    event = f"event {number + 1} of order 1 (IBM, {status}, 2013-10-07 14:01:0{number + 1}.000 UTC)"
    assert (found.number, found.what) == (number, f"{event} has {words}")


def test_prices_that_differ_in_a_late_digit_are_shown_apart(tmp_path: Path) -> None:
    events = [*EVENTS[:2], EVENTS[2] | {"fillPrice": 182.1000001}]
    one, other = runs(tmp_path, {}, {"events": events, "summary": OTHER})
    found = first_difference(one, other)
    assert found is not None
    assert found.what.endswith("has fill price 182.1000001 instead of 182.1")


def test_one_run_goes_on(tmp_path: Path) -> None:
    one, other = runs(tmp_path, {}, {"events": EVENTS[:2], "summary": OTHER})
    shorter, longer = first_difference(one, other), first_difference(other, one)
    assert shorter is not None
    assert longer is not None
    event = "event 3 of order 1 (IBM, filled, 2013-10-07 14:01:03.000 UTC)"
    assert (shorter.number, shorter.what) == (2, f"it ends where A goes on: {event}")
    assert (longer.number, longer.what) == (2, f"it has one more: {event}")


def test_a_difference_beyond_the_file(tmp_path: Path) -> None:
    found = first_difference(*runs(tmp_path, {}, {"summary": OTHER}))
    assert found is not None
    assert found.number == 3
    assert "beyond what was written" in found.what


@pytest.mark.parametrize("count", [1, RUNS_MAX + 1])
def test_the_number_of_runs_is_limited(tmp_path: Path, count: int) -> None:
    with pytest.raises(UsageError, match=f"takes 2 to {RUNS_MAX} runs, not {count}"):
        Comparison(runs(tmp_path, *[{}] * count))


def test_accounts_in_different_currencies_do_not_compare(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="accounts are in EUR and USD"):
        Comparison(runs(tmp_path, {}, {"summary": {"currency": "EUR"}}))
