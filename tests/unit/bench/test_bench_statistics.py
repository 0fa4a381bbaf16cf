"""Figures over rounds, and how rounds become rows."""

from __future__ import annotations

import pytest

from live.bench.model import Budget, ChildResult, Metric, MetricSpec, RowSpec
from live.bench.processes import MeasurementError
from live.bench.runner import add_growth, row_of
from live.bench.statistics import best, normalise, summarise, worsening
from live.bench.text_report import quantity, verdict

RATE = MetricSpec("rate", "ticks/s", "higher", is_scaled=True, is_judged=True, budget=Budget(100, "always"))
SIZE = MetricSpec("size", "bytes")


def test_the_best_of_rounds_depends_on_the_direction() -> None:
    assert best([2.0, 1.0, 3.0], "lower") == 1.0
    assert best([2.0, 1.0, 3.0], "higher") == 3.0


@pytest.mark.parametrize("speed", [0.5, 1.0, 3.0])
def test_normalised_figures_do_not_depend_on_the_machines_speed(speed: float) -> None:
    calibration_ns = 1_000.0 / speed
    assert normalise(500.0 / speed, calibration_ns, "lower") == pytest.approx(0.5)
    assert normalise(2e6 * speed, calibration_ns, "higher") == pytest.approx(2e9)


def test_a_metric_is_the_median_with_its_extremes_and_the_best_normalised_round() -> None:
    rounds = [
        ChildResult({"rate": 90.0, "size": 5.0}, calibration_ns=10.0),
        ChildResult({"rate": 120.0, "size": 7.0}, calibration_ns=10.0),
        ChildResult({"rate": 100.0}, calibration_ns=20.0),
    ]
    found = summarise(RATE, rounds)
    assert found is not None
    assert (found.value, found.low, found.high) == (100.0, 90.0, 120.0)
    assert found.normalised == 2_000.0
    size = summarise(SIZE, rounds)
    assert size is not None
    assert (size.value, size.normalised) == (6.0, None)
    assert summarise(MetricSpec("other", "ns"), rounds) is None


def test_worse_means_more_time_or_a_lower_rate() -> None:
    assert worsening(3.0, 2.0, "lower") == 1.5
    assert worsening(2.0, 3.0, "higher") == 1.5
    assert worsening(0.0, 0.0, "lower") == 1.0
    assert worsening(1.0, 0.0, "lower") is None
    assert worsening(0.0, 1.0, "lower") is None


@pytest.mark.parametrize(
    ("better", "value", "is_reached", "said"),
    [
        ("lower", 50.0, True, "at most 100 ns: reached (here)"),
        ("lower", 250.0, False, "at most 100 ns: missed by 2.50x (here)"),
        ("higher", 100.0, True, "at least 100 ns: reached (here)"),
        ("higher", 40.0, False, "at least 100 ns: missed by 2.50x (here)"),
        ("higher", 0.0, False, "at least 100 ns: missed (here)"),
    ],
)
def test_a_budget_says_by_how_much_it_is_missed(better: str, value: float, is_reached: bool, said: str) -> None:
    budget = Budget(100.0, "here")
    metric = Metric("name", "ns", better, value, value, value, budget=budget)  # type: ignore[arg-type]
    assert metric.is_reached is is_reached
    assert verdict(metric, budget) == said


def test_quantities_have_units() -> None:
    assert quantity(1_234.0, "ns") == "1.23 µs"
    assert quantity(0.25, "s") == "250 ms"
    assert quantity(1_500_000.4, "ticks/s") == "1,500,000 ticks/s"
    assert quantity(2.0, "times") == "2.00x"
    assert quantity(3 * 1024 * 1024, "bytes") == "3.0 MiB"
    assert quantity(0.0, "calls") == "0 calls"


def test_a_row_adds_up_its_rounds() -> None:
    spec = RowSpec("name", "title", "job", "warm", (RATE,), rounds=2)
    rounds = [
        ChildResult({"rate": 1.0}, 10, 5, 10, 9, 1, 1.0, 3, ["note"]),
        ChildResult({"rate": 3.0}, 10, 5, 10, 10, 2, 1.0, 3, ["note"]),
    ]
    row = row_of(spec, rounds, None)
    assert (row.rounds, row.samples, row.sent, row.handled, row.late) == (2, 20, 20, 19, 3)
    assert (row.pinned_core, row.warm_up, row.notes) == (3, 5, ["note"])
    assert row.metrics[0].value == 2.0


def test_a_row_whose_process_failed_says_why_and_shows_no_figure() -> None:
    spec = RowSpec("name", "title", "job", "warm", (RATE,), rounds=2)
    row = row_of(spec, [ChildResult({"rate": 1.0})], MeasurementError("no compiler", 4))
    assert (row.failure, row.failure_code, row.metrics) == ("no compiler", 4, [])


def test_growth_compares_the_largest_size_with_the_smallest() -> None:
    growth = MetricSpec("size_growth", "times")
    small = RowSpec("n-1", "", "job", "warm", (SIZE,))
    large = RowSpec("n-9", "", "job", "warm", (SIZE, growth), compared_with="n-1")
    rows = [row_of(small, [ChildResult({"size": 2.0})], None), row_of(large, [ChildResult({"size": 5.0})], None)]
    add_growth([small, large], rows)
    assert [(each.name, each.value) for each in rows[1].metrics] == [("size", 5.0), ("size_growth", 2.5)]
    alone = [row_of(large, [ChildResult({"size": 5.0})], None)]
    add_growth([large], alone)
    assert [each.name for each in alone[0].metrics] == ["size"]
