"""Sums over a moving window that do not drift: Neumaier's compensated summation."""

from __future__ import annotations


class CompensatedSum:
    """A running sum whose rounding errors are collected and added back (A. Neumaier, 1974)."""

    __slots__ = ("_error", "_total")

    def __init__(self) -> None:
        self._total = 0.0
        self._error = 0.0

    def add(self, value: float) -> None:
        """Add a value."""
        total = self._total + value
        if abs(self._total) >= abs(value):
            self._error += (self._total - total) + value
        else:
            self._error += (value - total) + self._total
        self._total = total

    @property
    def value(self) -> float:
        """The sum."""
        return self._total + self._error
