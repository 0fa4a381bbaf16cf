"""Moving averages, and the sum and the delay that share their window."""

from __future__ import annotations

import math
from collections import deque
from operator import mul
from typing import Any

from live.algorithm.enums import MovingAverageType
from live.algorithm.indicators.base import IndicatorBase, Signature, checked_period
from live.algorithm.indicators.sums import RollingSum
from live.errors import UsageError


class WindowedIndicator(IndicatorBase):
    """Base of indicators over the newest `period` values.

    Parameters:
        arguments, keywords: an optional name, then the period in samples.
    """

    label = ""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        name, (period,) = Signature(self.label, ("period",)).bind(arguments, keywords)
        self.period = checked_period(name, period)
        super().__init__(name, self.period)


class SimpleMovingAverage(WindowedIndicator):
    """Mean of the newest values; of those there are, before the window is full."""

    label = "SMA"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._sum = RollingSum(self.period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the mean."""
        return self._sum.push(value) / len(self._sum.values)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._sum.reset()


class Sum(WindowedIndicator):
    """Sum of the newest values."""

    label = "SUM"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._sum = RollingSum(self.period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the sum."""
        return self._sum.push(value)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._sum.reset()


class ExponentialMovingAverage(IndicatorBase):
    """Exponential average that starts from the simple mean of the first `period` values; zero before.

    Parameters:
        arguments, keywords: an optional name, then the period in samples and the smoothing factor (default:
            2 / (period + 1)).
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        given = [each for each in arguments if not isinstance(each, str)]
        has_factor = len(given) > 1 or "smoothing_factor" in keywords
        required = ("period", "smoothing_factor") if has_factor else ("period",)
        name, values = Signature("EMA", required).bind(arguments, keywords)
        self.period = checked_period(name, values[0])
        super().__init__(name, self.period)
        self._factor = float(values[1]) if has_factor else self.smoothing_factor_default(self.period)
        self._initial = RollingSum(self.period)

    @staticmethod
    def smoothing_factor_default(period: int) -> float:
        """Return the usual smoothing factor of a period, 2 / (period + 1)."""
        return 2.0 / (1 + period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the average."""
        if self.samples > self.period:
            return value * self._factor + self._current.value * (1.0 - self._factor)
        total = self._initial.push(value)
        return total / self.period if self.samples == self.period else 0.0

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._initial.reset()


class WilderMovingAverage(WindowedIndicator):
    """Wilder's smoothing: the simple mean until `period` values are there, then a factor of 1 / period.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978.
    """

    label = "WWMA"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        if self.name == f"WWMA({self.period})":
            self.name = f"WWMA{self.period}"  # LEAN's default name of this one has no brackets.
        self._factor = 1.0 / self.period
        self._initial = RollingSum(self.period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the average."""
        if self.samples > self.period:
            return value * self._factor + self._current.value * (1.0 - self._factor)
        return self._initial.push(value) / self.samples

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._initial.reset()


class LinearWeightedMovingAverage(WindowedIndicator):
    """Average in which the newest value weighs `period`, the one before it one less, and so on; zero until ready."""

    label = "LWMA"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._weights = tuple(range(1, self.period + 1))
        self._denominator = sum(self._weights)
        self._values: deque[float] = deque(maxlen=self.period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the average."""
        self._values.append(value)
        if self.samples < self.period:
            return 0.0
        return math.fsum(map(mul, self._weights, self._values)) / self._denominator

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._values.clear()


_KINDS: dict[MovingAverageType, type[IndicatorBase]] = {
    MovingAverageType.SIMPLE: SimpleMovingAverage,
    MovingAverageType.EXPONENTIAL: ExponentialMovingAverage,
    MovingAverageType.WILDERS: WilderMovingAverage,
    MovingAverageType.LINEAR_WEIGHTED_MOVING_AVERAGE: LinearWeightedMovingAverage,
}


def moving_average(kind: MovingAverageType, name: str, period: int) -> IndicatorBase:
    """Return a moving average.

    Parameters:
        kind: which one.
        name: its name.
        period: its period in samples.

    Raises:
        UsageError: there is no such average.
    """
    found = _KINDS.get(kind)
    if found is None:
        known = ", ".join(f"MovingAverageType.{each.name}" for each in _KINDS)
        raise UsageError(f"{name}: {kind!r} is no moving average of the embedded engine; use one of {known}")
    return found(name, period)
