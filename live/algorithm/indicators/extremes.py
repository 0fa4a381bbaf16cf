"""Highest and lowest of the newest values, and delayed values."""

from __future__ import annotations

from collections import deque
from typing import Any

from live.algorithm.indicators.base import IndicatorBase, name_and_period
from live.algorithm.indicators.moving_averages import WindowedIndicator


class Maximum(WindowedIndicator):
    """Highest of the newest values."""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period("MAX", args)
        super().__init__(name, int(period))
        self.periods_since_maximum = 0

    def compute(self, time_ns: int, value: float) -> float:
        """Return the highest value; of equal ones the newest counts."""
        self.values.append(value)
        highest = max(self.values)
        self.periods_since_maximum = next(n for n, each in enumerate(reversed(self.values)) if each == highest)
        return highest


class Minimum(WindowedIndicator):
    """Lowest of the newest values."""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period("MIN", args)
        super().__init__(name, int(period))
        self.periods_since_minimum = 0

    def compute(self, time_ns: int, value: float) -> float:
        """Return the lowest value; of equal ones the newest counts."""
        self.values.append(value)
        lowest = min(self.values)
        self.periods_since_minimum = next(n for n, each in enumerate(reversed(self.values)) if each == lowest)
        return lowest


class Delay(IndicatorBase):
    """The value a number of samples ago."""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period("DELAY", args)
        super().__init__(name, int(period) + 1)
        self._values: deque[float] = deque(maxlen=int(period) + 1)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the old value; zero before there is one."""
        self._values.append(value)
        return self._values[0] if self.is_ready else 0.0

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._values.clear()
