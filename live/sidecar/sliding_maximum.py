"""The largest of the values of the last while, whoever asks for it and how often."""

from __future__ import annotations

from collections import deque


class SlidingMaximum:
    """Keeps those values that are or will be the largest of the time behind them.

    Parameters:
        span_ns: how long a value counts.
    """

    def __init__(self, span_ns: int) -> None:
        self._span_ns = span_ns
        # Moments rise and values fall: a value that a later one reaches is never the largest again.
        self._kept: deque[tuple[int, int]] = deque()

    def add(self, now_ns: int, value: int) -> None:
        """Take in a value; moments must not go backwards."""
        while self._kept and self._kept[-1][1] <= value:
            self._kept.pop()
        self._kept.append((now_ns, value))
        self._forget(now_ns)

    def at(self, now_ns: int) -> int:
        """Return the largest value of the span that ends now, 0 when there is none."""
        self._forget(now_ns)
        return self._kept[0][1] if self._kept else 0

    def _forget(self, now_ns: int) -> None:
        while self._kept and self._kept[0][0] <= now_ns - self._span_ns:
            self._kept.popleft()
