"""Indicators of direction: RSI, rate of change, momentum, MACD."""

from __future__ import annotations

from collections import deque
from typing import Any

from live.algorithm.enums import MovingAverageType
from live.algorithm.indicators.base import IndicatorBase, name_and_period
from live.algorithm.indicators.moving_averages import moving_average
from live.algorithm.indicators.volatility import Identity


class RelativeStrengthIndex(IndicatorBase):
    """Wilder's RSI: 100 - 100 / (1 + average gain / average loss); 100 without losses."""

    def __init__(self, *args: Any) -> None:
        name, rest = name_and_period("RSI", args)
        period = int(rest[0])
        kind = rest[1] if len(rest) > 1 else MovingAverageType.WILDERS
        super().__init__(name, period + 1)
        self.average_gain = moving_average(kind, name + "Up", period)
        self.average_loss = moving_average(kind, name + "Down", period)
        self._previous: float | None = None

    @property
    def is_ready(self) -> bool:
        """Whether both averages are."""
        return bool(self.average_gain.is_ready and self.average_loss.is_ready)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the index."""
        if self._previous is not None:
            change = value - self._previous
            self.average_gain.update(time_ns, max(change, 0.0))
            self.average_loss.update(time_ns, max(-change, 0.0))
        self._previous = value
        loss = round(self.average_loss.current.value, 10)
        if loss == 0.0:
            return 100.0
        return 100.0 - 100.0 / (1.0 + self.average_gain.current.value / self.average_loss.current.value)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._previous = None
        self.average_gain.reset()
        self.average_loss.reset()


class _Change(IndicatorBase):
    """Base of indicators that compare with the value a period ago."""

    label = ""

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period(self.label, args)
        super().__init__(name, int(period) + 1)
        self.period = int(period)
        self._values: deque[float] = deque(maxlen=self.period + 1)

    def _earlier(self, value: float) -> float:
        self._values.append(value)
        return self._values[0]

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._values.clear()


class RateOfChange(_Change):
    """Change over the value a period ago, as a fraction of it."""

    label = "ROC"

    def compute(self, time_ns: int, value: float) -> float:
        """Return the rate."""
        earlier = self._earlier(value)
        return 0.0 if earlier == 0.0 else (value - earlier) / earlier


class RateOfChangePercent(RateOfChange):
    """Rate of change in percent."""

    label = "ROCP"

    def compute(self, time_ns: int, value: float) -> float:
        """Return the rate in percent."""
        return 100.0 * super().compute(time_ns, value)


class Momentum(_Change):
    """Difference to the value a period ago."""

    label = "MOM"

    def compute(self, time_ns: int, value: float) -> float:
        """Return the difference."""
        return value - self._earlier(value)


class MomentumPercent(RateOfChangePercent):
    """Momentum in percent of the value a period ago."""

    label = "MOMP"


class MovingAverageConvergenceDivergence(IndicatorBase):
    """Difference of a fast and a slow average, its own average as the signal, and their difference as the histogram."""

    def __init__(self, *args: Any) -> None:
        name, rest = name_and_period("MACD", args)
        fast, slow, signal = (int(each) for each in rest[:3])
        kind = rest[3] if len(rest) > 3 else MovingAverageType.EXPONENTIAL
        super().__init__(name, slow + signal - 1)
        self.fast = moving_average(kind, name + "_Fast", fast)
        self.slow = moving_average(kind, name + "_Slow", slow)
        self.signal = moving_average(kind, name + "_Signal", signal)
        self.histogram = Identity(name + "_Histogram")

    @property
    def is_ready(self) -> bool:
        """Whether the signal is."""
        return bool(self.signal.is_ready)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the difference of the averages."""
        is_fast = self.fast.update(time_ns, value)
        is_slow = self.slow.update(time_ns, value)
        macd = float(self.fast.current.value - self.slow.current.value)
        if is_fast and is_slow and self.signal.update(time_ns, macd):
            self.histogram.update(time_ns, macd - self.signal.current.value)
        return macd

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        for part in (self.fast, self.slow, self.signal, self.histogram):
            part.reset()
