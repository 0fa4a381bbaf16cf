"""Indicators of dispersion: variance, standard deviation, true range, Bollinger bands; and the identity."""

from __future__ import annotations

import math
from typing import Any

from live.algorithm.data import BaseData, QuoteBar, TradeBar
from live.algorithm.enums import MovingAverageType
from live.algorithm.indicators.base import IndicatorBase, name_and_period
from live.algorithm.indicators.moving_averages import WindowedIndicator, moving_average


class Identity(IndicatorBase):
    """The value itself."""

    def __init__(self, name: str = "Identity") -> None:
        super().__init__(name, 1)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the value."""
        return value


class Variance(WindowedIndicator):
    """Population variance of the newest values."""

    label = "VAR"

    def __init__(self, *args: Any) -> None:
        name, (period,) = name_and_period(self.label, args)
        super().__init__(name, int(period))

    def compute(self, time_ns: int, value: float) -> float:
        """Return the variance, from the deviations themselves so that nothing cancels."""
        self.values.append(value)
        count = len(self.values)
        mean = math.fsum(self.values) / count
        return math.fsum((each - mean) ** 2 for each in self.values) / count


class StandardDeviation(Variance):
    """Population standard deviation of the newest values."""

    label = "STD"

    def compute(self, time_ns: int, value: float) -> float:
        """Return the deviation."""
        return math.sqrt(super().compute(time_ns, value))


class TrueRange(IndicatorBase):
    """Largest of: high to low, high to the previous close, low to the previous close."""

    takes_bars = True

    def __init__(self, name: str = "TR") -> None:
        super().__init__(name, 2)
        self._close: float | None = None

    def compute(self, time_ns: int, value: BaseData) -> float:
        """Return the range of a bar."""
        assert isinstance(value, TradeBar | QuoteBar)
        spread = value.high - value.low
        if self._close is not None:
            spread = max(spread, abs(value.high - self._close), abs(value.low - self._close))
        self._close = value.close
        return spread

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._close = None


class AverageTrueRange(IndicatorBase):
    """Average of the true range; Wilder's unless told otherwise."""

    takes_bars = True

    def __init__(self, *args: Any) -> None:
        name, rest = name_and_period("ATR", args)
        period = int(rest[0])
        kind = rest[1] if len(rest) > 1 else MovingAverageType.WILDERS
        super().__init__(name, period)
        self.true_range = TrueRange(name + "_TrueRange")
        self._average = moving_average(kind, name + "_Average", period)

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return bool(self._average.is_ready)

    def compute(self, time_ns: int, value: BaseData) -> float:
        """Return the average."""
        self.true_range.update(value)
        self._average.update(time_ns, self.true_range.current.value)
        return float(self._average.current.value)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self.true_range.reset()
        self._average.reset()


class BollingerBands(IndicatorBase):
    """An average with bands of k population standard deviations around it; its own value is the input."""

    def __init__(self, *args: Any) -> None:
        name, rest = name_and_period("BB", args)
        period, k = int(rest[0]), float(rest[1])
        kind = rest[2] if len(rest) > 2 else MovingAverageType.SIMPLE
        super().__init__(name, period)
        self.k = k
        self.standard_deviation = StandardDeviation(name + "_StandardDeviation", period)
        self.middle_band = moving_average(kind, name + "_MiddleBand", period)
        self.upper_band = Identity(name + "_UpperBand")
        self.lower_band = Identity(name + "_LowerBand")
        self.band_width = Identity(name + "_BandWidth")
        self.percent_b = Identity(name + "_%B")
        self.price = Identity(name + "_Close")

    @property
    def is_ready(self) -> bool:
        """Whether the middle band is."""
        return bool(self.middle_band.is_ready)

    def compute(self, time_ns: int, value: float) -> float:
        """Move the bands; return the input."""
        self.standard_deviation.update(time_ns, value)
        self.middle_band.update(time_ns, value)
        self.price.update(time_ns, value)
        middle = self.middle_band.current.value
        reach = self.k * self.standard_deviation.current.value
        self.upper_band.update(time_ns, middle + reach)
        self.lower_band.update(time_ns, middle - reach)
        self.band_width.update(time_ns, 2.0 * reach / middle if middle else 0.0)
        self.percent_b.update(time_ns, (value - middle + reach) / (2.0 * reach) if reach else 0.0)
        return value

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        parts = (self.standard_deviation, self.middle_band, self.price, self.upper_band, self.lower_band)
        for part in (*parts, self.band_width, self.percent_b):
            part.reset()
