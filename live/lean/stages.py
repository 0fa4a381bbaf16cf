"""The stamps of orders, kept until there is time to make durations of them.

An order's stages count from when its tick was received, which inside LEAN is only worked out afterwards. So the order path
puts down marks, from whatever thread it is on: a clock reading and four words of memory that is there already. The host
turns them into durations between ticks.

A mark's place is drawn from a counter, in one step for all threads. Its first word is written last and holds the place, so
that whoever reads knows a mark that is not written yet, and one that has been written over, since nobody had time.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable
from threading import get_ident

from live.clock import monotonic_ns
from live.hot.catalogue import Stage
from live.hot.histogram import Histogram

_MARKS_MAX = 65_536
"""Marks that are kept until there is time; those before them are lost then."""
_WORDS = 4
"""Of a mark: its place and kind, the slice, when, and when the strategy had asked for the order."""
_HANDED_OVER, _ACCEPTED = 0, 1
_KINDS = 2


class OrderStages:
    """Takes marks in."""

    def __init__(self) -> None:
        self._slice_number = 0
        self._slice_thread = 0
        self._words = array("q", bytes(8 * _WORDS * _MARKS_MAX))
        self._places = itertools.count(1)
        self._next = 1

    @property
    def slice_number(self) -> int:
        """Number of the slice that the calling thread is giving to the strategy; 0 outside of slices.

        Only the host writes it, on the loop thread: an order out of a scheduled event, or out of an order event on a
        broker's thread, has come of no slice.
        """
        return self._slice_number if get_ident() == self._slice_thread else 0

    @slice_number.setter
    def slice_number(self, number: int) -> None:
        self._slice_number = number
        self._slice_thread = get_ident()

    def hand_over(self) -> int:
        """Mark that the strategy asks for an order; return when, on the monotonic clock. On the strategy's thread."""
        now_ns = monotonic_ns()
        self._mark(_HANDED_OVER, self.slice_number, now_ns, now_ns)
        return now_ns

    def accept(self, slice_number: int, handed_ns: int) -> None:
        """Mark that LEAN's order call has returned, on any thread.

        Parameters:
            slice_number: `slice_number` when the strategy asked for the order.
            handed_ns: what `hand_over` returned then.
        """
        self._mark(_ACCEPTED, slice_number, monotonic_ns(), handed_ns)

    def _mark(self, kind: int, slice_number: int, at_ns: int, handed_ns: int) -> None:
        words, place = self._words, next(self._places)
        base = place % _MARKS_MAX * _WORDS
        words[base + 1] = slice_number
        words[base + 2] = at_ns
        words[base + 3] = handed_ns
        words[base] = place * _KINDS + kind

    def record(self, histogram: Callable[[Stage], Histogram], began_ns: Callable[[int], int], known: int) -> None:
        """Turn the marks into durations; by one thread at a time.

        Parameters:
            histogram: gives the histogram of a stage.
            began_ns: returns when the tick of a slice was received, on the monotonic clock; 0 when that was forgotten.
            known: newest slice of which that is known; marks of later ones stay.
        """
        words = self._words
        while True:
            base = self._next % _MARKS_MAX * _WORDS
            place, kind = divmod(words[base], _KINDS)
            if place > self._next:
                # Written over: those before the oldest that can still be there are lost.
                self._next = place - _MARKS_MAX + 1
                continue
            number, at_ns, handed_ns = words[base + 1 : base + _WORDS]
            if place < self._next or number > known:
                return
            self._next += 1
            began = began_ns(number) if number else 0
            if began:
                stage = Stage.TICK_TO_ORDER if kind == _ACCEPTED else Stage.TICK_TO_HANDOVER
                histogram(stage).record(max(0, at_ns - began))
            if kind == _ACCEPTED:
                histogram(Stage.ORDER_ACK).record(at_ns - handed_ns)
