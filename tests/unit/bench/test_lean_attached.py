"""What the benchmark's algorithm is told when lean-live is attached to it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from live.bench.lean_attached import Submissions


class Paced:
    """What the host's part needs of the algorithm."""

    def __init__(self) -> None:
        self.taken: list[bool] = []

    def begin_submissions(self, may_begin: Any, rest: Any) -> Any:
        self.may_begin, self.rest = may_begin, rest
        return lambda moment_ns, is_lane: self.taken.append(is_lane)


def test_the_algorithm_begins_when_the_rehearsal_is_over() -> None:
    phases = ["rehearsing"]
    algorithm = Paced()
    Submissions(SimpleNamespace(on_claim=None), lambda: phases[-1] == "ready", list).begin(algorithm)  # type: ignore[arg-type]
    assert not algorithm.may_begin()
    phases.append("ready")
    assert algorithm.may_begin()


def test_each_order_is_told_with_whether_it_came_from_the_lane() -> None:
    noted: list[tuple[int, int]] = []
    sender = SimpleNamespace(on_claim=lambda order_id, handle: noted.append((order_id, handle)))
    algorithm = Paced()
    Submissions(sender, lambda: True, list).begin(algorithm)  # type: ignore[arg-type]
    sender.on_claim(1, 7)
    lane = threading.Thread(target=sender.on_claim, args=(2, 8))
    lane.start()
    lane.join()
    assert algorithm.taken == [False, True]
    assert noted == [(1, 7), (2, 8)]
