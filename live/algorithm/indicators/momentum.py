"""Indicators of direction: RSI, rate of change, momentum, MACD."""

from __future__ import annotations

from collections import deque
from typing import Any

from live.algorithm.enums import MovingAverageType
from live.algorithm.indicators.base import IndicatorBase, Signature, checked_period
from live.algorithm.indicators.extremes import Identity
from live.algorithm.indicators.moving_averages import WindowedIndicator, moving_average
from live.errors import UsageError

_NO_LOSS = 5e-11
"""An average loss below this rounds to zero at ten decimals, which LEAN takes as no loss."""


class RelativeStrengthIndex(IndicatorBase):
    """Wilder's RSI: 100 - 100 / (1 + average gain / average loss); 100 without losses.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978.

    Parameters:
        arguments, keywords: an optional name, then the period in samples and the kind of average (default: Wilder's).
    """

    _signature = Signature("RSI", ("period",), moving_average_type=MovingAverageType.WILDERS)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        name, (period, kind) = self._signature.bind(arguments, keywords)
        super().__init__(name, checked_period(name, period) + 1)
        self.moving_average_type = kind
        self.average_gain = moving_average(kind, name + "Up", period)
        self.average_loss = moving_average(kind, name + "Down", period)
        self._previous_value: float | None = None

    @property
    def is_ready(self) -> bool:
        """Whether both averages are."""
        return self.average_gain.is_ready and self.average_loss.is_ready

    def compute(self, time_ns: int, value: float) -> float:
        """Return the index."""
        if self._previous_value is not None:
            change = value - self._previous_value
            self.average_gain.update(time_ns, max(change, 0.0))
            self.average_loss.update(time_ns, max(-change, 0.0))
        self._previous_value = value
        loss = max(self.average_loss.current.value, 0.0)
        if loss <= _NO_LOSS:
            return 100.0
        return 100.0 - 100.0 / (1.0 + max(self.average_gain.current.value, 0.0) / loss)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._previous_value = None
        self.average_gain.reset()
        self.average_loss.reset()


class _Change(WindowedIndicator):
    """Base of indicators that compare with the value a period ago, or with the first value until there is one."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.warm_up_period = self.period + 1
        self._values: deque[float] = deque(maxlen=self.period + 1)

    def _earlier(self, value: float) -> float:
        self._values.append(value)
        return self._values[0]

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._values.clear()


class RateOfChange(_Change):
    """Change over the value a period ago, as a fraction of it; zero when that value is zero."""

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
    """Difference of a fast and a slow average, its own average as the signal, and their difference as the histogram.

    Parameters:
        arguments, keywords: an optional name, then the fast, slow and signal periods in samples and the kind of average
            (default: exponential).

    Raises:
        UsageError: the fast period is not shorter than the slow one.
    """

    _signature = Signature("MACD", ("fast_period", "slow_period", "signal_period"), type=MovingAverageType.EXPONENTIAL)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        name, (fast, slow, signal, kind) = self._signature.bind(arguments, keywords)
        if fast >= slow:
            raise UsageError(f"{name}: the fast period {fast} must be less than the slow period {slow}")
        super().__init__(name, slow + signal - 1)
        self.fast = moving_average(kind, name + "_Fast", fast)
        self.slow = moving_average(kind, name + "_Slow", slow)
        self.signal = moving_average(kind, name + "_Signal", signal)
        self.histogram = Identity(name + "_Histogram")

    @property
    def is_ready(self) -> bool:
        """Whether the signal is."""
        return self.signal.is_ready

    def compute(self, time_ns: int, value: float) -> float:
        """Return the difference of the averages."""
        is_fast_ready = self.fast.update(time_ns, value)
        is_slow_ready = self.slow.update(time_ns, value)
        difference = self.fast.current.value - self.slow.current.value
        if is_fast_ready and is_slow_ready and self.signal.update(time_ns, difference):
            self.histogram.update(time_ns, difference - self.signal.current.value)
        return difference

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        for part in (self.fast, self.slow, self.signal, self.histogram):
            part.reset()
