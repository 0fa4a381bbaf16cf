"""Sums over a moving window that do not drift."""

from __future__ import annotations

import math
from collections import deque

_SHORTEST_RECOUNT = 32


class RollingSum:
    """The sum of the newest values, in constant time per value.

    What enters and what leaves is added with Neumaier's compensation (A. Neumaier, 1974, "Rundungsfehleranalyse einiger
    Verfahren zur Summation endlicher Summen"). Each time the window has been replaced, the sum is counted anew with
    `math.fsum`, so no error outlives the values that made it.

    Parameters:
        period: how many values are summed.
    """

    __slots__ = ("_error", "_recount_in", "_recount_interval", "_total", "period", "values")

    def __init__(self, period: int) -> None:
        self.period = period
        self.values: deque[float] = deque(maxlen=period)
        self._recount_interval = max(period, _SHORTEST_RECOUNT)
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self.values.clear()
        self._total = 0.0
        self._error = 0.0
        self._recount_in = self._recount_interval

    def push(self, value: float) -> float:
        """Add the newest value, drop the oldest of a full window, and return the sum."""
        values = self.values
        self._recount_in -= 1
        if not self._recount_in:
            values.append(value)
            self._total = math.fsum(values)
            self._error = 0.0
            self._recount_in = self._recount_interval
            return self._total
        total, error = self._total, self._error
        if len(values) == self.period:
            leaving = -values[0]
            after = total + leaving
            error += (total - after) + leaving if abs(total) >= abs(leaving) else (leaving - after) + total
            total = after
        values.append(value)
        after = total + value
        error += (total - after) + value if abs(total) >= abs(value) else (value - after) + total
        self._total, self._error = after, error
        return after + error
