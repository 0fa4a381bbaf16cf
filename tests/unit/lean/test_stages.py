"""Marks of orders: which slice they belong to, refused orders, and what becomes of too many."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from support.lean_orders import order_bench

from live.config import LeanSettings, RiskSettings
from live.hot.catalogue import Stage
from live.lean import stages as stages_module
from live.lean.stages import OrderStages


class Histograms:
    """Takes durations by stage."""

    def __init__(self) -> None:
        self.taken: list[tuple[Stage, int]] = []

    def __call__(self, stage: Stage) -> Any:
        return type("Taken", (), {"record": lambda _, value: self.taken.append((stage, value))})()

    def stages(self) -> list[Stage]:
        return [stage for stage, _ in self.taken]


def recorded(stages: OrderStages, known: int = 1_000_000) -> list[Stage]:
    found = Histograms()
    stages.record(found, lambda number: 1, known)
    return found.stages()


def test_an_order_of_another_thread_belongs_to_no_slice() -> None:
    stages = OrderStages()
    stages.slice_number = 7
    found: list[int] = []

    def elsewhere() -> None:
        found.append(stages.slice_number)
        stages.accept(stages.slice_number, stages.hand_over())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert (stages.slice_number, found) == (7, [0])
    assert recorded(stages) == [Stage.ORDER_ACK]
    stages.accept(stages.slice_number, stages.hand_over())
    assert recorded(stages) == [Stage.TICK_TO_HANDOVER, Stage.TICK_TO_ORDER, Stage.ORDER_ACK]


def test_marks_that_nobody_had_time_for_are_lost_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages_module, "_MARKS_MAX", 8)
    stages = OrderStages()
    for number in range(1, 30):
        stages.slice_number = number
        stages.hand_over()
    numbers: list[int] = []
    stages.record(Histograms(), lambda number: numbers.append(number) or 1, 100)  # type: ignore[func-returns-value]
    assert numbers == list(range(22, 30))
    stages.hand_over()
    assert recorded(stages) == [Stage.TICK_TO_HANDOVER]
    assert recorded(stages) == []


def test_a_mark_that_is_not_written_yet_is_waited_for() -> None:
    stages = OrderStages()
    stages.slice_number = 1
    # Another thread has drawn its place, and not written there.
    place = next(stages._places)
    stages.hand_over()
    assert recorded(stages) == []
    stages._words[place * stages_module._WORDS + 1] = 1
    stages._words[place * stages_module._WORDS] = place * stages_module._KINDS
    assert recorded(stages) == [Stage.TICK_TO_HANDOVER] * 2


@pytest.mark.parametrize("mode", ["inline", "lane"])
def test_both_ways_of_asking_for_an_order_are_marked_alike(tmp_path: Path, mode: Any) -> None:
    with order_bench(tmp_path, LeanSettings(mode=mode), RiskSettings(max_order_quantity=1)) as bench:
        found = []
        for size in (1, 2):
            for ask in (
                lambda size: bench.algorithm.limit_order(bench.ibm, size, 190.0),
                lambda size: bench.orders.submit(bench.ibm, size, 190.0, 0.0),
            ):
                bench.stages.slice_number = 1
                ask(size)
                bench.work()
                found.append(recorded(bench.stages))
        sent, refused = [Stage.TICK_TO_HANDOVER, Stage.TICK_TO_ORDER, Stage.ORDER_ACK], [Stage.TICK_TO_HANDOVER]
        assert found == [sent, sent, refused, refused]
