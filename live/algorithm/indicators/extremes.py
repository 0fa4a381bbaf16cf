"""Highest and lowest of the newest values, delayed values, and the value itself."""

from __future__ import annotations

from collections import deque
from typing import Any

from live.algorithm.indicators.base import IndicatorBase
from live.algorithm.indicators.moving_averages import WindowedIndicator


class _Extreme(WindowedIndicator):
    """Base of both extremes. The newest of equal ones counts; the window is searched when the extreme leaves it."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._values: deque[float] = deque(maxlen=self.period)
        self._periods_since = 0

    def _follow(self, value: float, is_new_extreme: bool) -> float | None:
        """Add a value; return the extreme, or None when the window must be searched."""
        self._values.append(value)
        if self.samples == 1 or is_new_extreme:
            self._periods_since = 0
            return value
        if self._periods_since >= self.period - 1:
            return None
        self._periods_since += 1
        return self._current.value

    def _found(self, extreme: float) -> float:
        values = self._values
        self._periods_since = next(age for age, each in enumerate(reversed(values)) if each == extreme)
        return extreme

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._values.clear()
        self._periods_since = 0


class Maximum(_Extreme):
    """Highest of the newest values."""

    label = "MAX"

    @property
    def periods_since_maximum(self) -> int:
        """Age of the highest value in samples; 0 when it is the newest."""
        return self._periods_since

    def compute(self, time_ns: int, value: float) -> float:
        """Return the highest value."""
        highest = self._follow(value, value >= self._current.value)
        return self._found(max(self._values)) if highest is None else highest


class Minimum(_Extreme):
    """Lowest of the newest values."""

    label = "MIN"

    @property
    def periods_since_minimum(self) -> int:
        """Age of the lowest value in samples; 0 when it is the newest."""
        return self._periods_since

    def compute(self, time_ns: int, value: float) -> float:
        """Return the lowest value."""
        lowest = self._follow(value, value <= self._current.value)
        return self._found(min(self._values)) if lowest is None else lowest


class Delay(WindowedIndicator):
    """The value `period` samples ago; the first value until there is one."""

    label = "DELAY"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.warm_up_period = self.period + 1
        self._values: deque[float] = deque(maxlen=self.period + 1)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the old value."""
        self._values.append(value)
        return self._values[0]

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._values.clear()


class Identity(IndicatorBase):
    """The value itself.

    Parameters:
        name: its name.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name, 1)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the value."""
        return value
