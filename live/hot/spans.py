# cython: annotation_typing=False, initializedcheck=False
"""The longest spans of time of a run, with their moments, in memory of a fixed size."""

from __future__ import annotations

from array import array
from typing import NamedTuple

_WIDTH = 3


class Span(NamedTuple):
    """When something began, how long it took, and a number that says more; both times in nanoseconds."""

    began_ns: int
    took_ns: int
    note: int


class LongestSpans:
    """Keeps the longest of the spans that it is offered. Offering allocates nothing.

    `seen` counts all that were offered, `kept` those that are there.

    Parameters:
        capacity: spans that are kept.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.kept = 0
        self.seen = 0
        self._memory = memoryview(array("q", bytes(capacity * _WIDTH * 8)))
        self._words = self._memory
        self._floor_ns = -1
        self._shortest = 0

    def clear(self) -> None:
        """Forget all spans."""
        self.kept = 0
        self.seen = 0
        self._floor_ns = -1
        self._shortest = 0

    def offer(self, began_ns: int, took_ns: int, note: int) -> None:
        """Keep a span if it is among the longest so far; of equal ones the first stay."""
        self.seen += 1
        if took_ns <= self._floor_ns:
            return
        place = self._shortest
        if self.kept < self.capacity:
            place = self.kept
            self.kept += 1
        self._words[place * _WIDTH] = began_ns
        self._words[place * _WIDTH + 1] = took_ns
        self._words[place * _WIDTH + 2] = note
        if self.kept == self.capacity:
            self._find_shortest()

    def _find_shortest(self) -> None:
        at = 0
        for place in range(1, self.capacity):
            if self._words[place * _WIDTH + 1] < self._words[at * _WIDTH + 1]:
                at = place
        self._shortest = at
        self._floor_ns = self._words[at * _WIDTH + 1]

    def spans(self) -> list[Span]:
        """Return the kept spans, earliest first."""
        words = self._memory
        return sorted(Span(*words[at * _WIDTH : (at + 1) * _WIDTH]) for at in range(self.kept))
