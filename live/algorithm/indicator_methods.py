"""Indicator methods of an algorithm: make an indicator and keep it fed with a symbol's data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from live.algorithm import indicators as kinds
from live.algorithm.data import TradeBar
from live.algorithm.enums import MovingAverageType, Resolution
from live.algorithm.indicator_feeding import IndicatorFeeding
from live.algorithm.numbers import Number, plain, to_decimal
from live.algorithm.overloads import Parameter, anything, function, number, overloaded, resolution, span, text, whole
from live.clock import timedelta_to_ns
from live.errors import UnsupportedApiError

Selector = Callable[[Any], Any] | None
_SIMPLE = MovingAverageType.SIMPLE
_EXPONENTIAL = MovingAverageType.EXPONENTIAL
_WILDERS = MovingAverageType.WILDERS
_SUFFIX = {
    Resolution.TICK: "tick",
    Resolution.SECOND: "sec",
    Resolution.MINUTE: "min",
    Resolution.HOUR: "hr",
    Resolution.DAILY: "day",
}
_SYMBOL = Parameter("symbol", anything)
_PERIOD = Parameter("period", whole)
_RESOLUTION = Parameter("resolution", resolution, None)
_SELECTOR = Parameter("selector", function, None)
_FIELD_NAME = Parameter("field_name", text, None)
_EMA = (
    (_SYMBOL, _PERIOD, _RESOLUTION, _SELECTOR),
    (_SYMBOL, _PERIOD, Parameter("smoothing_factor", number), _RESOLUTION, _SELECTOR),
)
_IDENTITY = (
    (_SYMBOL, _SELECTOR, _FIELD_NAME),
    (_SYMBOL, _RESOLUTION, _SELECTOR, _FIELD_NAME),
    (_SYMBOL, Parameter("resolution", span), _SELECTOR, _FIELD_NAME),
)
_VWAP = ((_SYMBOL,), (_SYMBOL, _PERIOD, _RESOLUTION, _SELECTOR))


class IndicatorMethods(IndicatorFeeding):
    """Indicator helpers; mixed into QCAlgorithm. Each returns an indicator that is fed from then on."""

    def sma(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Simple moving average."""
        name = self.create_indicator_name(symbol, f"SMA({period})", resolution)
        return self._fed(kinds.SimpleMovingAverage(name, period), symbol, resolution, selector)

    @overloaded(*_EMA)
    def ema(
        self, symbol: Any, period: int, resolution: Any, selector: Selector, smoothing_factor: Number | None = None
    ) -> Any:
        """Exponential moving average: `ema(symbol, period, resolution, selector)`, with a smoothing factor, a number,
        before the resolution when it is not 2 / (period + 1).
        """
        name = self.create_indicator_name(symbol, f"EMA({period})", resolution)
        if smoothing_factor is None:
            smoothing_factor = kinds.ExponentialMovingAverage.smoothing_factor_default(period)
        average = kinds.ExponentialMovingAverage(name, period, float(smoothing_factor))
        return self._fed(average, symbol, resolution, selector)

    def wwma(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Wilder's moving average."""
        name = self.create_indicator_name(symbol, f"WWMA({period})", resolution)
        return self._fed(kinds.WilderMovingAverage(name, period), symbol, resolution, selector)

    def lwma(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Linearly weighted moving average."""
        name = self.create_indicator_name(symbol, f"LWMA({period})", resolution)
        return self._fed(kinds.LinearWeightedMovingAverage(name, period), symbol, resolution, selector)

    def rsi(
        self,
        symbol: Any,
        period: int,
        moving_average_type: MovingAverageType = _WILDERS,
        resolution: Any = None,
        selector: Selector = None,
    ) -> Any:
        """Relative strength index."""
        name = self.create_indicator_name(symbol, f"RSI({period},{_lean_name(moving_average_type)})", resolution)
        return self._fed(kinds.RelativeStrengthIndex(name, period, moving_average_type), symbol, resolution, selector)

    def atr(
        self,
        symbol: Any,
        period: int,
        type: MovingAverageType = _SIMPLE,
        resolution: Any = None,
        selector: Selector = None,
    ) -> Any:
        """Average true range; a simple average unless told otherwise, unlike the class's own default."""
        name = self.create_indicator_name(symbol, f"ATR({period})", resolution)
        return self._fed(kinds.AverageTrueRange(name, period, type), symbol, resolution, selector)

    def bb(
        self,
        symbol: Any,
        period: int,
        k: float,
        moving_average_type: MovingAverageType = _SIMPLE,
        resolution: Any = None,
        selector: Selector = None,
    ) -> Any:
        """Bollinger bands."""
        name = self.create_indicator_name(symbol, f"BB({period},{plain(to_decimal(k))})", resolution)
        return self._fed(kinds.BollingerBands(name, period, k, moving_average_type), symbol, resolution, selector)

    def macd(
        self,
        symbol: Any,
        fast_period: int,
        slow_period: int,
        signal_period: int,
        type: MovingAverageType = _EXPONENTIAL,
        resolution: Any = None,
        selector: Selector = None,
    ) -> Any:
        """Moving average convergence and divergence."""
        label = f"MACD({fast_period},{slow_period},{signal_period})"
        name = self.create_indicator_name(symbol, label, resolution)
        macd = kinds.MovingAverageConvergenceDivergence(name, fast_period, slow_period, signal_period, type)
        return self._fed(macd, symbol, resolution, selector)

    def roc(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Rate of change, as a fraction."""
        name = self.create_indicator_name(symbol, f"ROC({period})", resolution)
        return self._fed(kinds.RateOfChange(name, period), symbol, resolution, selector)

    def rocp(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Rate of change in percent."""
        name = self.create_indicator_name(symbol, f"ROCP({period})", resolution)
        return self._fed(kinds.RateOfChangePercent(name, period), symbol, resolution, selector)

    def mom(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Momentum: the difference to the value a period ago."""
        name = self.create_indicator_name(symbol, f"MOM({period})", resolution)
        return self._fed(kinds.Momentum(name, period), symbol, resolution, selector)

    def momp(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Momentum in percent."""
        name = self.create_indicator_name(symbol, f"MOMP({period})", resolution)
        return self._fed(kinds.MomentumPercent(name, period), symbol, resolution, selector)

    def std(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Population standard deviation."""
        name = self.create_indicator_name(symbol, f"STD({period})", resolution)
        return self._fed(kinds.StandardDeviation(name, period), symbol, resolution, selector)

    def v(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Population variance."""
        name = self.create_indicator_name(symbol, f"V({period})", resolution)
        return self._fed(kinds.Variance(name, period), symbol, resolution, selector)

    def var(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Population variance, under its older name.

        Raises:
            UnsupportedApiError: a confidence level was given, which in LEAN makes a value at risk.
        """
        if isinstance(resolution, float):
            raise UnsupportedApiError(
                "var(symbol, period, confidence_level) is LEAN's value at risk, which is not in the subset; "
                "compute it from a RollingWindow of returns"
            )
        return self.v(symbol, period, resolution, selector)

    def tr(self, symbol: Any, resolution: Any = None, selector: Selector = None) -> Any:
        """True range."""
        name = self.create_indicator_name(symbol, "TR", resolution)
        return self._fed(kinds.TrueRange(name), symbol, resolution, selector)

    @overloaded(*_VWAP)
    def vwap(self, symbol: Any, period: int | None = None, resolution: Any = None, selector: Selector = None) -> Any:
        """Volume-weighted average price: of the newest bars with `vwap(symbol, period, resolution, selector)`, of the
        day so far with `vwap(symbol)`.
        """
        if period is None:
            intraday = kinds.IntradayVwap(self.create_indicator_name(symbol, "VWAP", None))
            self.register_indicator(symbol, intraday)
            return intraday
        name = self.create_indicator_name(symbol, f"VWAP({period})", resolution)
        average = kinds.VolumeWeightedAveragePriceIndicator(name, period)
        return self._fed(average, symbol, resolution, selector)

    def max(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Highest value; of trade bars their highs, unless a selector is given."""
        name = self.create_indicator_name(symbol, f"MAX({period})", resolution)
        chosen = selector or self._of_trade_bars(symbol, lambda bar: bar.high)
        return self._fed(kinds.Maximum(name, period), symbol, resolution, chosen)

    def min(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Lowest value; of trade bars their lows, unless a selector is given."""
        name = self.create_indicator_name(symbol, f"MIN({period})", resolution)
        chosen = selector or self._of_trade_bars(symbol, lambda bar: bar.low)
        return self._fed(kinds.Minimum(name, period), symbol, resolution, chosen)

    def sum(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Sum of the last values."""
        name = self.create_indicator_name(symbol, f"SUM({period})", resolution)
        return self._fed(kinds.Sum(name, period), symbol, resolution, selector)

    @overloaded(*_IDENTITY)
    def identity(self, symbol: Any, selector: Selector, field_name: str | None, resolution: Any = None) -> Any:
        """The value itself: `identity(symbol, selector, field_name)`, with a Resolution or timedelta after the symbol
        when it is not the symbol's own; the field's name, "close" unless given, stands in the indicator's name.
        """
        field_name = field_name or "close"
        if isinstance(resolution, timedelta):
            known = self._symbol(symbol)
            identity = kinds.Identity(f"{known}({field_name},{_time_span_text(resolution)})")
            self._connect(known, identity, self._consolidator(known, resolution, None), selector)
            return identity
        identity = kinds.Identity(self.create_indicator_name(symbol, field_name, resolution))
        return self._fed(identity, symbol, resolution, selector)

    def create_indicator_name(self, symbol: Any, type: str, resolution: Any = None) -> str:
        """Return LEAN's name of an indicator on a symbol, such as "SMA(20,SPY_min)"."""
        known = self._symbol(symbol)
        if resolution is None:
            resolution = self._host.subscription_for(known, None).resolution
        suffix = _SUFFIX.get(resolution, "") if isinstance(resolution, Resolution) else ""
        return f"{type}({known}_{suffix})".replace(")(", ",")

    def _of_trade_bars(self, symbol: Any, selector: Selector) -> Selector:
        """Return a selector when a symbol's data are trade bars; quotes and ticks are taken by their value."""
        is_trade_bars = self._host.subscription_for(self._symbol(symbol), None).data_class is TradeBar
        return selector if is_trade_bars else None


def _lean_name(kind: MovingAverageType) -> str:
    return kind.name.title().replace("_", "")


def _time_span_text(span: timedelta) -> str:
    """Return a span as .NET writes it: "01:30:00", with days in front of a dot."""
    days, seconds = divmod(timedelta_to_ns(span) // 1_000_000_000, 86_400)
    clock = f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{days}.{clock}" if days else clock
