"""Indicators of dispersion: variance, standard deviation, true range, Bollinger bands."""

from __future__ import annotations

import math
from typing import Any

from live.algorithm.data import QuoteBar, Tick, TradeBar
from live.algorithm.enums import MovingAverageType
from live.algorithm.indicators.base import IndicatorBase, Signature, checked_period
from live.algorithm.indicators.extremes import Identity
from live.algorithm.indicators.moving_averages import WindowedIndicator, moving_average
from live.algorithm.indicators.sums import RollingSum
from live.clock import NANOSECONDS_PER_DAY


class Variance(WindowedIndicator):
    """Population variance of the newest values; of those there are, before the window is full."""

    label = "VAR"

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._sum = RollingSum(self.period)

    def compute(self, time_ns: int, value: float) -> float:
        """Return the variance."""
        # From the deviations themselves: the difference of the mean square and the squared mean would lose digits
        # when the prices are large beside their spread.
        total = self._sum.push(value)
        values = self._sum.values
        count = len(values)
        mean = total / count
        return math.fsum([(each - mean) ** 2 for each in values]) / count

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._sum.reset()


class StandardDeviation(Variance):
    """Population standard deviation of the newest values."""

    label = "STD"

    def compute(self, time_ns: int, value: float) -> float:
        """Return the deviation."""
        return math.sqrt(super().compute(time_ns, value))


class TrueRange(IndicatorBase):
    """Largest of: high to low, high to the previous close, low to the previous close.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978.
    """

    takes_bars = True
    input_types = (TradeBar, QuoteBar)

    def __init__(self, name: str = "TR") -> None:
        super().__init__(name, 2)
        self._close: float | None = None

    def compute(self, time_ns: int, value: TradeBar | QuoteBar) -> float:
        """Return the range of a bar."""
        spread = value.high - value.low
        if self._close is not None:
            spread = max(spread, abs(self._close - value.high), abs(self._close - value.low))
        self._close = value.close
        return spread

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._close = None


class AverageTrueRange(IndicatorBase):
    """Average of the true range.

    Parameters:
        arguments, keywords: an optional name, then the period in samples and the kind of average (default: Wilder's).
    """

    takes_bars = True
    input_types = (TradeBar, QuoteBar)
    _signature = Signature("ATR", ("period",), moving_average_type=MovingAverageType.WILDERS)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        name, (period, kind) = self._signature.bind(arguments, keywords)
        super().__init__(name, checked_period(name, period))
        self.true_range = TrueRange(name)
        self._average = moving_average(kind, f"{name}_Average", period)

    @property
    def is_ready(self) -> bool:
        """Whether the average is."""
        return self._average.is_ready

    def compute(self, time_ns: int, value: TradeBar | QuoteBar) -> float:
        """Return the average."""
        self.true_range.update(value)
        self._average.update(time_ns, self.true_range.current.value)
        return self._average.current.value

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self.true_range.reset()
        self._average.reset()


class _Line(Identity):
    """A line drawn from other indicators: as ready as they are after a period of samples."""

    def __init__(self, name: str, warm_up_period: int) -> None:
        super().__init__(name)
        self.warm_up_period = warm_up_period


class BollingerBands(IndicatorBase):
    """An average with bands of k population standard deviations around it; its own value is the input.

    `band_width` is the distance of the bands in percent of the middle; `percent_b` is where the input stands between
    them, 0 at the lower and 1 at the upper. While all values of the window are equal, `percent_b` and the indicator's
    own value stay as they were, as in LEAN.

    Source: J. Bollinger, "Bollinger on Bollinger Bands", 2001.

    Parameters:
        arguments, keywords: an optional name, then the period in samples, k, and the kind of the middle average
            (default: simple).
    """

    _signature = Signature("BB", ("period", "k"), moving_average_type=MovingAverageType.SIMPLE)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        name, (period, k, kind) = self._signature.bind(arguments, keywords)
        super().__init__(name, checked_period(name, period))
        self.moving_average_type = kind
        self._k = float(k)
        self.standard_deviation = StandardDeviation(name + "_StandardDeviation", period)
        self.middle_band = moving_average(kind, name + "_MiddleBand", period)
        self.lower_band = _Line(name + "_LowerBand", period)
        self.upper_band = _Line(name + "_UpperBand", period)
        self.band_width = _Line(name + "_BandWidth", period)
        self.percent_b = _Line(name + "_%B", period)
        self.price = Identity(name + "_Close")

    @property
    def is_ready(self) -> bool:
        """Whether all bands are."""
        lines = (self.upper_band, self.lower_band, self.band_width, self.percent_b)
        return self.middle_band.is_ready and all(line.is_ready for line in lines)

    def compute(self, time_ns: int, value: float) -> float | None:
        """Move the bands; return the input."""
        self.standard_deviation.update(time_ns, value)
        self.middle_band.update(time_ns, value)
        self.price.update(time_ns, value)
        middle = self.middle_band.current.value
        reach = self._k * self.standard_deviation.current.value
        lower, upper = middle - reach, middle + reach
        self.lower_band.update(time_ns, lower)
        self.upper_band.update(time_ns, upper)
        _update_ratio(self.band_width, time_ns, upper - lower, middle, 100.0)
        _update_ratio(self.percent_b, time_ns, value - lower, upper - lower, 1.0)
        if self.is_ready and self.standard_deviation.current.value == 0.0:
            return None
        return value

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        parts: tuple[IndicatorBase, ...] = (self.standard_deviation, self.middle_band, self.price, self.lower_band)
        for part in (*parts, self.upper_band, self.band_width, self.percent_b):
            part.reset()


def _update_ratio(line: _Line, time_ns: int, numerator: float, denominator: float, factor: float) -> None:
    """Update a line with a ratio; one that does not exist counts as a sample and leaves the value."""
    if denominator == 0.0:
        line.samples += 1
    else:
        line.update(time_ns, factor * numerator / denominator)


class VolumeWeightedAveragePriceIndicator(IndicatorBase):
    """Average price of the newest bars, weighted by volume; a bar's price is the mean of open, high, low and close.

    Bars without any volume leave the value as it was.

    Parameters:
        arguments, keywords: an optional name, then the period in bars.

    `update` raises UsageError for anything but a trade bar.
    """

    takes_bars = True
    input_types = (TradeBar,)
    _signature = Signature("VWAP", ("period",))

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        name, (period,) = self._signature.bind(arguments, keywords)
        super().__init__(name, checked_period(name, period))
        self._turnover = RollingSum(self.warm_up_period)
        self._volume = RollingSum(self.warm_up_period)

    def compute(self, time_ns: int, value: TradeBar) -> float:
        """Return the average."""
        price = (value.open + value.high + value.low + value.close) / 4.0
        turnover = self._turnover.push(price * value.volume)
        total_volume = self._volume.push(value.volume)
        return turnover / total_volume if total_volume else self._current.value

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._turnover.reset()
        self._volume.reset()


class IntradayVwap(IndicatorBase):
    """Average price since midnight, weighted by volume; a bar's price is the mean of high, low and close.

    Takes trade bars that are no repeats, and trade ticks; other data change nothing. Without any volume it is the price.

    Parameters:
        name: its name.
    """

    takes_bars = True

    def __init__(self, name: str = "VWAP") -> None:
        super().__init__(name, 1)
        self._day = -1
        self._volume = self._turnover = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether any volume was seen today."""
        return self._volume > 0.0

    def compute(self, time_ns: int, value: Any) -> float | None:
        """Return the average, or None for data that do not count."""
        if isinstance(value, Tick) and value.is_trade:
            volume, price = value.quantity, value.value
        elif isinstance(value, TradeBar) and not value.is_fill_forward:
            volume, price = value.volume, (value.high + value.low + value.close) / 3.0
        else:
            return None
        day = time_ns // NANOSECONDS_PER_DAY
        if day != self._day:
            self._day = day
            self._volume = self._turnover = 0.0
        self._volume += volume
        self._turnover += price * volume
        return self._turnover / self._volume if self._volume else float(value.value)

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._day = -1
        self._volume = self._turnover = 0.0
