"""Moving averages."""

from __future__ import annotations

from collections import deque
from typing import Any

from live.algorithm.enums import MovingAverageType
from live.algorithm.indicators.base import IndicatorBase, name_and_period
from live.algorithm.indicators.sums import CompensatedSum


class WindowedIndicator(IndicatorBase):
    """Base of indicators over the newest `period` values."""

    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self.period = period
        self.values: deque[float] = deque(maxlen=period)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self.values.clear()


class SimpleMovingAverage(WindowedIndicator):
    """Mean of the newest values; of those there are, before the window is full."""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period("SMA", args)
        super().__init__(name, int(period))
        self._sum = CompensatedSum()

    def compute(self, time_ns: int, value: float) -> float:
        """Return the mean."""
        if len(self.values) == self.period:
            self._sum.add(-self.values[0])
        self.values.append(value)
        self._sum.add(value)
        return self._sum.value / len(self.values)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._sum = CompensatedSum()


class Sum(SimpleMovingAverage):
    """Sum of the newest values."""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period("SUM", args)
        super().__init__(name, period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the sum."""
        return super().compute(time_ns, value) * len(self.values)


class ExponentialMovingAverage(IndicatorBase):
    """Exponential average that starts from the simple mean of the first `period` values; zero before.

    The smoothing factor is 2 / (period + 1) unless given.
    """

    def __init__(self, *args: Any) -> None:
        name, rest = name_and_period("EMA", args)
        period = int(rest[0])
        super().__init__(name, period)
        self.period = period
        self._factor = float(rest[1]) if len(rest) > 1 else 2.0 / (period + 1)
        self._sum = CompensatedSum()

    def compute(self, time_ns: int, value: float) -> float:
        """Return the average."""
        if self.samples < self.period:
            self._sum.add(value)
            return 0.0
        if self.samples == self.period:
            self._sum.add(value)
            return self._sum.value / self.period
        return value * self._factor + self._current.value * (1.0 - self._factor)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._sum = CompensatedSum()


class WilderMovingAverage(IndicatorBase):
    """Wilder's smoothing: the simple mean until `period` values are there, then a factor of 1 / period."""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period("WWMA", args)
        super().__init__(name, int(period))
        self.period = int(period)
        self._mean = SimpleMovingAverage(name + "_SMA", self.period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the average."""
        if not self.is_ready or self.samples == self.period:
            self._mean.update(time_ns, value)
            return self._mean.current.value
        factor = 1.0 / self.period
        return value * factor + self._current.value * (1.0 - factor)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._mean.reset()


class LinearWeightedMovingAverage(WindowedIndicator):
    """Average in which the newest value weighs `period`, the one before it one less, and so on."""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period("LWMA", args)
        super().__init__(name, int(period))

    def compute(self, time_ns: int, value: float) -> float:
        """Return the average."""
        self.values.append(value)
        count = len(self.values)
        weighted = sum(weight * each for weight, each in enumerate(self.values, 1))
        return weighted / (count * (count + 1) / 2.0)


def moving_average(kind: MovingAverageType, name: str, period: int) -> Any:
    """Return an average of a kind."""
    kinds = {
        MovingAverageType.SIMPLE: SimpleMovingAverage,
        MovingAverageType.EXPONENTIAL: ExponentialMovingAverage,
        MovingAverageType.WILDERS: WilderMovingAverage,
        MovingAverageType.LINEAR_WEIGHTED_MOVING_AVERAGE: LinearWeightedMovingAverage,
    }
    return kinds[kind](name, period)
