"""Threads are where the plan wants them: read back, moved again when new ones appear, refused when that is not possible."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from support.lean_runs import Feed, run_in_double, wait_until

from live.config import LeanSettings
from live.errors import EnvironmentFault
from live.hot.catalogue import Gauge
from live.lean import pinning
from live.lean.pinning import Pinning, PinPlan, plan_of
from live.lean.threads import TaskName


class Kernel:
    """Threads and their cores, in place of the operating system's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *tids: int) -> None:
        self.cores = {tid: {0, 1, 2, 3} for tid in tids}
        self.refuses: set[int] = set()
        monkeypatch.setattr(os, "sched_setaffinity", self.move)
        monkeypatch.setattr(os, "sched_getaffinity", self.read)
        monkeypatch.setattr(pinning.threads, "tasks", lambda: [TaskName(tid, "x") for tid in self.cores])
        monkeypatch.setattr(pinning, "usable_cores", lambda: (0, 1, 2, 3))

    def move(self, tid: int, cores: set[int]) -> None:
        if tid in self.refuses:
            raise PermissionError(1, "Operation not permitted")
        if tid not in self.cores:
            raise ProcessLookupError(3, "No such process")
        self.cores[tid] = set(cores)

    def read(self, tid: int) -> set[int]:
        if tid not in self.cores:
            raise ProcessLookupError(3, "No such process")
        return self.cores[tid]


def pinned(kernel: Kernel) -> tuple[Pinning, dict[Gauge, bool]]:
    shown: dict[Gauge, bool] = {}
    subject = Pinning(PinPlan(1, frozenset((0, 2, 3))), shown.__setitem__)
    subject.begin(10)
    return subject, shown


def test_the_loop_thread_is_alone_on_its_core(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, 10, 11, 12)
    _, shown = pinned(kernel)
    assert kernel.cores == {10: {1}, 11: {0, 2, 3}, 12: {0, 2, 3}}
    assert shown == {Gauge.CPU_AFFINITY_STRATEGY: True, Gauge.CPU_AFFINITY_FEEDER: True}


def test_new_threads_are_moved_and_ended_ones_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, 10, 11)
    subject, _ = pinned(kernel)
    assert subject.look()
    assert subject.applications == 1
    kernel.cores[13] = {1}
    del kernel.cores[11]
    assert subject.look()
    assert kernel.cores[13] == {0, 2, 3}
    assert subject.applications == 2


def test_a_thread_that_somebody_moves_away_is_noticed_and_moved_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, 10, 11)
    subject, shown = pinned(kernel)
    kernel.cores[11] = {1}
    assert not subject.look()
    assert not shown[Gauge.CPU_AFFINITY_STRATEGY]
    assert subject.look()
    assert shown[Gauge.CPU_AFFINITY_STRATEGY]


def test_a_thread_that_cannot_be_moved_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, 10, 11)
    kernel.refuses.add(11)
    _, shown = pinned(kernel)
    assert shown == {Gauge.CPU_AFFINITY_STRATEGY: False, Gauge.CPU_AFFINITY_FEEDER: False}


def test_a_loop_thread_that_cannot_be_pinned_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, 10, 11)
    kernel.refuses.add(10)
    with pytest.raises(EnvironmentFault, match="cannot pin the loop thread to core 1: Operation not permitted"):
        pinned(kernel)


@pytest.mark.parametrize(
    ("usable", "settings", "text"),
    [
        ((0,), LeanSettings(loop_core=0), "may use core 0 only; give it two cores at least"),
        ((0, 1), LeanSettings(loop_core=5), r"names core 5, but this process may use \[0, 1\]"),
        ((0, 1), LeanSettings(loop_core=0, other_cores=(1, 7)), r"names core 7, but this process may use \[0, 1\]"),
        ((0, 1), LeanSettings(loop_core=0, other_cores=(0, 1)), "core 0 is both loop_core and among other_cores"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(
    monkeypatch: pytest.MonkeyPatch, usable: tuple[int, ...], settings: LeanSettings, text: str
) -> None:
    monkeypatch.setattr(pinning, "usable_cores", lambda: usable)
    with pytest.raises(EnvironmentFault, match=text):
        plan_of(settings)


def test_the_other_threads_get_what_the_loop_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinning, "usable_cores", lambda: (0, 1, 2))
    assert plan_of(LeanSettings(loop_core=2)) == PinPlan(2, frozenset((0, 1)))
    assert plan_of(LeanSettings()) is None


SOURCE = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
"""


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core only")
def test_in_a_run_new_threads_are_moved_by_the_attendant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usable = os.sched_getaffinity(0)
    loop_core = max(usable)
    others = usable - {loop_core}
    test_tid = threading.get_native_id()
    seen = {}

    def drive(feed: Feed) -> None:
        from lean_engine.threads import start_thread

        from live.lean import threads

        seen["loop"] = os.sched_getaffinity(feed.engine.thread.native_id)
        stop = threading.Event()
        late = start_thread("late", stop.wait)
        os.sched_setaffinity(late.native_id, {loop_core})
        wait_until(lambda: os.sched_getaffinity(late.native_id) == others)
        seen["names"] = {task.name for task in threads.tasks()}
        stop.set()
        late.join()

    try:
        run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=LeanSettings(loop_core=loop_core))
    finally:
        os.sched_setaffinity(test_tid, usable)
    assert run.error == ""
    assert seen["loop"] == {loop_core}
    assert run.page().gauge(Gauge.CPU_AFFINITY_STRATEGY) == 1.0


def test_too_few_cores_reach_lean_as_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinning, "usable_cores", lambda: (0,))
    run = run_in_double(tmp_path, monkeypatch, SOURCE, lambda feed: None, lean=LeanSettings(loop_core=0))
    assert "give it two cores at least, or take loop_core out" in run.error
