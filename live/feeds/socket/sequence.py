"""Sequence numbers of a stream: what is new, what is missing, what came twice or late.

A tick that comes after a newer one is not given to anybody: by then it would undo what is known. It is counted, and so
are its predecessors that never came. All counts are in ticks and only grow.
"""

from __future__ import annotations

MISSING_RANGES_MAX = 1_024
"""Gaps that are remembered, to tell late ticks from repeated ones; of older gaps a late tick counts as repeated."""


class SequenceTracker:
    """Follows the numbers of one stream.

    Parameters:
        is_consecutive: whether each number is one more than the last; otherwise they only grow, nothing can be missing,
            and what does not grow counts as repeated.

    Attributes:
        expected: the number that comes next, 0 before the first.
        gaps: how many times numbers were skipped.
        missing: ticks that were skipped, whether or not they came later.
        duplicates: ticks that had come before.
        late: ticks that came after a newer one, for the first time.
    """

    __slots__ = ("_is_consecutive", "_missing", "duplicates", "expected", "gaps", "late", "missing")

    def __init__(self, is_consecutive: bool = True) -> None:
        self._is_consecutive = is_consecutive
        self._missing: list[tuple[int, int]] = []
        self.expected = 0
        self.gaps = 0
        self.missing = 0
        self.duplicates = 0
        self.late = 0

    def begin(self, sequence: int) -> None:
        """Begin a stream at a number: nothing before it is missed."""
        self.expected = sequence
        self._missing.clear()

    def take(self, sequence: int, count: int) -> int:
        """Take note of ticks with numbers in a row; return how many of the first of them are not to be used.

        Parameters:
            sequence: number of the first.
            count: how many there are, at least 1.
        """
        assert count > 0
        if self.expected == 0:
            self.expected = sequence
        if sequence >= self.expected:
            self.announce(sequence)
            self.expected = sequence + count
            return 0
        old = min(count, self.expected - sequence)
        late = self._fill(sequence, sequence + old)
        self.late += late
        self.duplicates += old - late
        self.expected = max(self.expected, sequence + count)
        return old

    def announce(self, next_sequence: int) -> None:
        """Take note of the number that is to come next: those before it that did not come are missing."""
        if self.expected == 0:
            self.expected = next_sequence
        if next_sequence <= self.expected:
            return
        if self._is_consecutive:
            self.gaps += 1
            self.missing += next_sequence - self.expected
            self._missing.append((self.expected, next_sequence))
            if len(self._missing) > MISSING_RANGES_MAX:
                del self._missing[0]
        self.expected = next_sequence

    def _fill(self, begin: int, end: int) -> int:
        """Strike numbers off those that are missing; return how many were."""
        found = 0
        left: list[tuple[int, int]] = []
        for first, last in self._missing:
            low, high = max(first, begin), min(last, end)
            if low >= high:
                left.append((first, last))
                continue
            found += high - low
            left += [span for span in ((first, low), (high, last)) if span[0] < span[1]]
        self._missing = left[-MISSING_RANGES_MAX:]
        return found
