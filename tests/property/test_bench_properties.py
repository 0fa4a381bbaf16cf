"""Properties of the benchmark: an open loop hides no stall, and comparisons do not depend on the machine's speed."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.bench import pacing
from live.bench.comparison import compare
from live.bench.model import SCHEMA, Better, ChildResult, Head, MetricSpec, Report, Row
from live.bench.pacing import SPIN_NS, Schedule
from live.bench.statistics import summarise

GAP_NS = 1_000_000
LOOK_NS = 5_000
"""What a look at the clock takes here: large, so that spinning takes few of them."""
HEAD = Head("cpu", 2, None, "Linux", 0.1, "CPython", True, "0.1", "data", False, "2026-01-01T00:00:00Z", False)


@settings(deadline=None)
@given(
    warm_up=st.integers(0, 5),
    works_ns=st.lists(st.integers(0, 6 * GAP_NS), min_size=1, max_size=40),
    spin_ns=st.sampled_from([SPIN_NS, GAP_NS // 4]),
)
def test_latencies_are_those_of_a_queue_with_fixed_arrivals(warm_up: int, works_ns: list[int], spin_ns: int) -> None:
    now_ns = 1_000

    def look() -> int:
        nonlocal now_ns
        now_ns += LOOK_NS
        return now_ns

    def sleep(seconds: float) -> None:
        nonlocal now_ns
        now_ns += round(seconds * 1e9)

    schedule = Schedule(warm_up, len(works_ns), GAP_NS, spin_ns)
    latencies, late, free_ns = [], 0, 0
    with patch.object(pacing, "monotonic_ns", look), patch.object(pacing, "sleep", sleep):
        for number in range(warm_up):
            schedule.wait(number)
        for number, work_ns in enumerate(works_ns):
            schedule.wait(warm_up + number)
            start_ns = schedule.due_ns
            late += free_ns + LOOK_NS > start_ns
            now_ns += work_ns
            free_ns = now_ns
            latencies.append(free_ns - start_ns)
    # Lindley's recursion: what is left of the work before, and one's own.
    expected, waiting_ns = [], 0
    for work_ns in works_ns:
        expected.append(waiting_ns + work_ns)
        waiting_ns = max(0, expected[-1] - GAP_NS)
    slack_ns = 2 * LOOK_NS * len(works_ns)
    assert latencies == pytest.approx(expected, abs=slack_ns)
    assert (schedule.sent, schedule.late) == (len(works_ns), late)


@given(
    better=st.sampled_from(["lower", "higher"]),
    costs=st.lists(st.floats(1, 1e3), min_size=1, max_size=5),
    speed=st.floats(0.1, 10),
    factor=st.floats(1.4, 5),
)
def test_a_machine_of_any_speed_gives_the_same_verdict(
    better: Better, costs: list[float], speed: float, factor: float
) -> None:
    spec = MetricSpec("figure", "ns", better, is_scaled=True, is_judged=True)

    def report(speed: float, cost_factor: float) -> Report:
        values = [cost * cost_factor / speed for cost in costs]
        rounds = [
            ChildResult({"figure": value if better == "lower" else 1 / value}, calibration_ns=1_000 / speed)
            for value in values
        ]
        metric = summarise(spec, rounds)
        assert metric is not None
        return Report(SCHEMA, HEAD, [Row("row", "title", "warm", {}, [metric])])

    same = compare(report(speed, 1.0), report(1.0, 1.0), "base", 1.3)
    worse = compare(report(speed, factor), report(1.0, 1.0), "base", 1.3)
    assert same.metrics[0].ratio == pytest.approx(1.0)
    assert not same.is_breached
    assert worse.metrics[0].ratio == pytest.approx(factor)
    assert worse.is_breached
