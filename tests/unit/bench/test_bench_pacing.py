"""The open loop: due moments are fixed beforehand, delays are counted, and a tick is handed over when it is due."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from live.bench import pacing
from live.bench.market import write_market
from live.bench.pacing import Schedule
from live.bench.session import play_paced

GAP_NS = 1_000_000


class Clock:
    """A clock that goes on by a little at each look, and by as much as is slept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 1_000
        self.slept_ns = 0
        monkeypatch.setattr(pacing, "monotonic_ns", self.look)
        monkeypatch.setattr(pacing, "sleep", self.sleep)

    def look(self) -> int:
        self.now_ns += 10
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)
        self.slept_ns += round(seconds * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_warm_up_is_not_paced_and_not_counted(clock: Clock) -> None:
    schedule = Schedule(3, 2, GAP_NS)
    for number in range(3):
        schedule.wait(number)
    assert (schedule.sent, schedule.is_measuring) == (0, False)
    assert clock.now_ns < GAP_NS


def test_ticks_are_due_at_fixed_distances_whatever_their_handling_takes(clock: Clock) -> None:
    schedule = Schedule(0, 5, GAP_NS)
    due = []
    for number in range(5):
        schedule.wait(number)
        due.append(schedule.due_ns)
        clock.now_ns += GAP_NS * 5 // 2 if number == 1 else 100
    assert [later - sooner for sooner, later in itertools.pairwise(due)] == [GAP_NS] * 4
    assert (schedule.sent, schedule.late) == (5, 2)


def test_a_tick_is_never_handed_over_before_it_is_due(clock: Clock) -> None:
    schedule = Schedule(0, 50, GAP_NS)
    for number in range(50):
        schedule.wait(number)
        assert schedule.due_ns <= clock.now_ns < schedule.due_ns + GAP_NS // 100
    assert schedule.late == 0


def test_long_gaps_are_slept_but_for_their_end(clock: Clock) -> None:
    schedule = Schedule(0, 2, 200 * GAP_NS)
    schedule.wait(0)
    clock.slept_ns = 0
    schedule.wait(1)
    assert clock.slept_ns == pytest.approx(200 * GAP_NS - pacing.SPIN_NS, abs=1_000)


def test_a_sender_in_a_thread_never_spins(clock: Clock) -> None:
    schedule = Schedule(0, 2, 20 * GAP_NS, spin_ns=0)
    schedule.wait(0)
    before_ns, clock.slept_ns = clock.now_ns, 0
    schedule.wait(1)
    assert clock.now_ns - before_ns - clock.slept_ns < 1_000
    assert schedule.due_ns == clock.now_ns


@pytest.mark.parametrize("strategy", ["live_paced", "slice_paced"])
@pytest.mark.parametrize("ticks", [1, 60, 3_000])
def test_every_paced_tick_is_a_sample(tmp_path: Path, strategy: str, ticks: int) -> None:
    warm_up = 20
    write_market(tmp_path / "data", 1, warm_up + ticks, 1_000)
    schedule = Schedule(warm_up, ticks, 1_000)
    run = play_paced(strategy, tmp_path / "data", {"ticker": "B0000", "order_every": "7"}, schedule)
    assert schedule.sent == run.decisions.count == ticks
    assert run.orders.count == (warm_up + ticks) // 7 - warm_up // 7
    assert run.decisions.max_ns >= run.decisions.quantile(0.5) > 0
