"""Comparison with a baseline: what is judged, in which units, and when it refuses."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from live.bench.comparison import compare, load_report
from live.bench.model import SCHEMA, Head, Metric, Report, Row
from live.errors import DataError

HEAD = Head("cpu", 2, None, "Linux", 0.1, "CPython", True, "0.1", "data", False, "2026-01-01T00:00:00Z", False)


def time_metric(value: float, calibration_ns: float = 1.0, is_judged: bool = True) -> Metric:
    return Metric("p50", "ns", "lower", value, value, value, value / calibration_ns, is_judged)


def report_of(*metrics: Metric, name: str = "row", **parameters: int) -> Report:
    return Report(SCHEMA, HEAD, [Row(name, "title", "warm", dict(parameters), list(metrics), rounds=1)])


def verdict_of(now: Metric, before: Metric, threshold: float = 1.3) -> tuple[float | None, bool]:
    found = compare(report_of(now), report_of(before), "base", threshold)
    return found.metrics[0].ratio, found.is_breached


def test_a_judged_figure_beyond_the_threshold_is_a_breach() -> None:
    assert verdict_of(time_metric(129), time_metric(100)) == (1.29, False)
    assert verdict_of(time_metric(131), time_metric(100)) == (1.31, True)
    assert verdict_of(time_metric(131, is_judged=False), time_metric(100)) == (1.31, False)


def test_a_slower_machine_is_no_breach_and_a_slower_program_on_a_faster_one_is() -> None:
    assert verdict_of(time_metric(300, calibration_ns=3), time_metric(100)) == (1.0, False)
    assert verdict_of(time_metric(100, calibration_ns=0.5), time_metric(100)) == (2.0, True)


def test_a_lower_rate_is_worse() -> None:
    def rate(value: float) -> Metric:
        return Metric("rate", "ticks/s", "higher", value, value, value, value, True)

    assert verdict_of(rate(50), rate(100)) == (2.0, True)
    assert verdict_of(rate(200), rate(100)) == (0.5, False)


def test_figures_that_speed_does_not_change_are_compared_by_their_best_round() -> None:
    def memory(low: float, high: float) -> Metric:
        return Metric("peak", "bytes", "lower", (low + high) / 2, low, high, None, True)

    assert verdict_of(memory(100, 900), memory(100, 100)) == (1.0, False)
    assert verdict_of(memory(150, 150), memory(100, 900)) == (1.5, True)


def test_the_first_allocation_is_a_breach_by_any_threshold() -> None:
    def calls(value: float) -> Metric:
        return Metric("malloc_calls", "calls", "lower", value, value, value, None, True)

    assert verdict_of(calls(1), calls(0), threshold=100) == (None, True)
    assert verdict_of(calls(0), calls(1)) == (None, False)
    assert verdict_of(calls(0), calls(0)) == (1.0, False)


def test_rows_measured_in_another_way_are_named_not_compared() -> None:
    now = Report(SCHEMA, HEAD, [*report_of(time_metric(1), ticks=5).rows, *report_of(time_metric(1), name="b").rows])
    before = Report(SCHEMA, HEAD, [*report_of(time_metric(1), ticks=9).rows, *report_of(time_metric(1), name="b").rows])
    found = compare(now, before, "base", 1.3)
    assert [each.row for each in found.metrics] == ["b"]
    assert found.missing == ["row: measured with other parameters (one of the two was --quick?)"]


def test_rows_and_figures_of_one_side_only_are_named() -> None:
    other = Metric("p99", "ns", "lower", 1, 1, 1)
    now = Report(SCHEMA, HEAD, [*report_of(time_metric(1), other).rows, *report_of(name="new").rows])
    before = Report(SCHEMA, HEAD, [*report_of(time_metric(1)).rows, *report_of(name="old").rows])
    found = compare(now, before, "base", 1.3)
    assert found.missing == ["old: only in the baseline", "row p99: not in the baseline", "new: not in the baseline"]


def test_a_replay_of_the_sample_is_not_compared_with_one_of_recorded_data() -> None:
    now, before = report_of(time_metric(1)), report_of(time_metric(1))
    now.rows[0].parameters = before.rows[0].parameters = {"data": "session"}
    before.head = msgspec.structs.replace(HEAD, is_sample=True)
    with pytest.raises(DataError, match="generated sample"):
        compare(now, before, "base", 1.3)


def test_builds_of_two_kinds_are_not_compared() -> None:
    before = report_of(time_metric(1))
    before.head = msgspec.structs.replace(HEAD, is_compiled=False)
    with pytest.raises(DataError, match="this build is compiled and that of base was interpreted"):
        compare(report_of(time_metric(1)), before, "base", 1.3)


def test_a_stored_report_reads_back_as_it_was(tmp_path: Path) -> None:
    report = report_of(time_metric(2), ticks=3)
    report.comparison = compare(report, report, "base", 1.3)
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(report))
    assert load_report(path) == report


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is no report"),
        (b"[]", "is no report"),
        (b"{}", "has format None"),
        (b'{"schema": 99}', "has format 99, this version reads 1"),
        (b'{"schema": 1, "rows": []}', "is no report"),
        (b'{"schema": 1, "head": 3, "rows": []}', "is no report"),
    ],
)
def test_a_damaged_baseline_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "base.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_report(path)


def test_a_missing_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read baseline .*none\.json: No such file"):
        load_report(tmp_path / "none.json")
