"""The stamps of orders, kept until there is time to make durations of them.

An order's stages count from when its tick was received, which inside LEAN is only worked out afterwards. So the order path
puts down marks, which cost a clock reading and an append, from whatever thread it is on; the host turns them into
durations between ticks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from live.clock import monotonic_ns
from live.hot.catalogue import Stage
from live.hot.histogram import Histogram

_MARKS_MAX = 65_536
"""Marks that are kept until there is time; those before them are lost then."""


class Mark(NamedTuple):
    """A moment of an order.

    Attributes:
        stage: what the time from the tick to it is.
        slice_number: slice in which the strategy asked for the order; 0 outside of slices.
        at_ns: when, on the monotonic clock.
        handed_ns: when the strategy asked for it.
    """

    stage: Stage
    slice_number: int
    at_ns: int
    handed_ns: int


class OrderStages:
    """Takes marks in.

    Attributes:
        slice_number: number of the slice that the strategy is being given; 0 outside of slices. Only the host writes it.
    """

    def __init__(self) -> None:
        self.slice_number = 0
        self._marks: deque[Mark] = deque(maxlen=_MARKS_MAX)

    def hand_over(self) -> int:
        """Mark that the strategy asks for an order; return when, on the monotonic clock. On the strategy's thread."""
        now_ns = monotonic_ns()
        self._marks.append(Mark(Stage.TICK_TO_HANDOVER, self.slice_number, now_ns, now_ns))
        return now_ns

    def accept(self, slice_number: int, handed_ns: int) -> None:
        """Mark that LEAN's order call has returned, on any thread.

        Parameters:
            slice_number: `slice_number` when the strategy asked for the order.
            handed_ns: what `hand_over` returned then.
        """
        self._marks.append(Mark(Stage.TICK_TO_ORDER, slice_number, monotonic_ns(), handed_ns))

    def record(self, histogram: Callable[[Stage], Histogram], began_ns: Callable[[int], int], known: int) -> None:
        """Turn the marks into durations; by one thread at a time.

        Parameters:
            histogram: gives the histogram of a stage.
            began_ns: returns when the tick of a slice was received, on the monotonic clock; 0 when that was forgotten.
            known: newest slice of which that is known; marks of later ones stay.
        """
        marks = self._marks
        while marks and marks[0].slice_number <= known:
            mark = marks.popleft()
            began = began_ns(mark.slice_number) if mark.slice_number else 0
            if began:
                histogram(mark.stage).record(max(0, mark.at_ns - began))
            if mark.stage is Stage.TICK_TO_ORDER:
                histogram(Stage.ORDER_ACK).record(mark.at_ns - mark.handed_ns)
