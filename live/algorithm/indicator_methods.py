"""Indicator methods of an algorithm: make an indicator and keep it fed with a symbol's data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from live.algorithm import indicators as kinds
from live.algorithm.data import BaseData
from live.algorithm.enums import MovingAverageType, Resolution
from live.algorithm.symbols import Symbol

if TYPE_CHECKING:
    from live.algorithm.host import Host

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


class IndicatorMethods:
    """Indicator helpers; mixed into QCAlgorithm. Each returns an indicator that is fed from then on."""

    _host: Host

    if TYPE_CHECKING:

        def _symbol(self, value: Any) -> Symbol: ...

        def resolve_consolidator(self, symbol: Any, resolution: Any = None, data_type: Any = None) -> Any: ...

    def sma(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Simple moving average."""
        name = self.create_indicator_name(symbol, f"SMA({period})", resolution)
        return self._fed(kinds.SimpleMovingAverage(name, period), symbol, resolution, selector)

    def ema(
        self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None, smoothing_factor: Any = None
    ) -> Any:
        """Exponential moving average; a float as third argument is the smoothing factor, as in LEAN's overload."""
        if isinstance(resolution, float):
            smoothing_factor, resolution = resolution, None
        name = self.create_indicator_name(symbol, f"EMA({period})", resolution)
        if smoothing_factor is None:
            average = kinds.ExponentialMovingAverage(name, period)
        else:
            average = kinds.ExponentialMovingAverage(name, period, smoothing_factor)
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
        name = self.create_indicator_name(symbol, f"BB({period},{k})", resolution)
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

    def var(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Population variance."""
        name = self.create_indicator_name(symbol, f"VAR({period})", resolution)
        return self._fed(kinds.Variance(name, period), symbol, resolution, selector)

    def max(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Highest value; of bars, their highs unless a selector is given."""
        name = self.create_indicator_name(symbol, f"MAX({period})", resolution)
        chosen = selector or (lambda bar: bar.high if hasattr(bar, "high") else bar.value)
        return self._fed(kinds.Maximum(name, period), symbol, resolution, chosen)

    def min(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Lowest value; of bars, their lows unless a selector is given."""
        name = self.create_indicator_name(symbol, f"MIN({period})", resolution)
        chosen = selector or (lambda bar: bar.low if hasattr(bar, "low") else bar.value)
        return self._fed(kinds.Minimum(name, period), symbol, resolution, chosen)

    def sum(self, symbol: Any, period: int, resolution: Any = None, selector: Selector = None) -> Any:
        """Sum of the last values."""
        name = self.create_indicator_name(symbol, f"SUM({period})", resolution)
        return self._fed(kinds.Sum(name, period), symbol, resolution, selector)

    def identity(
        self, symbol: Any, resolution: Any = None, selector: Selector = None, field_name: str = "close"
    ) -> Any:
        """The value itself."""
        if callable(resolution) and not isinstance(resolution, Resolution):
            selector, resolution = resolution, None
        name = self.create_indicator_name(symbol, field_name, resolution)
        return self._fed(kinds.Identity(name), symbol, resolution, selector)

    def create_indicator_name(self, symbol: Any, type: str, resolution: Any = None) -> str:
        """Return LEAN's name of an indicator on a symbol, such as "SMA(20,SPY_min)"."""
        known = self._symbol(symbol)
        if resolution is None:
            resolution = self._host.subscription_for(known, None).resolution
        suffix = _SUFFIX.get(resolution, "") if isinstance(resolution, Resolution) else ""
        return f"{type}({known}_{suffix})".replace(")(", ",")

    def register_indicator(
        self, symbol: Any, indicator: Any, resolution: Any = None, selector: Selector = None
    ) -> None:
        """Feed an indicator of the user's with a symbol's bars.

        Parameters:
            symbol: the symbol.
            indicator: anything with `update`; classes of the user's own too.
            resolution: a Resolution, a timedelta, or a consolidator; the symbol's own resolution when None.
            selector: what of the bar to feed; the close, or the whole bar to indicators that take bars.
        """
        known = self._symbol(symbol)
        is_consolidator = hasattr(resolution, "data_consolidated")
        consolidator = resolution if is_consolidator else self.resolve_consolidator(known, resolution)
        self._connect(known, indicator, consolidator, selector)

    def deregister_indicator(self, indicator: Any) -> None:
        """Stop feeding an indicator."""
        for symbol, consolidator in getattr(indicator, "consolidators", []):
            self._host.remove_consolidator(symbol, consolidator)

    unregister_indicator = deregister_indicator

    def warm_up_indicator(self, symbol: Any, indicator: Any, resolution: Any = None, selector: Selector = None) -> None:
        """Feed an indicator with as much history as it needs to be ready."""
        known = self._symbol(symbol)
        count = int(getattr(indicator, "warm_up_period", 0))
        if count <= 0:
            return
        chosen = resolution if isinstance(resolution, Resolution) else None
        bars = self._host.history([known], chosen, count, None, None, {})
        consolidator = None
        if isinstance(resolution, timedelta):
            bars = self._host.history([known], None, None, self._host.time_ns - _ns(resolution) * count, None, {})
            consolidator = self.resolve_consolidator(known, resolution)
            consolidator.data_consolidated += lambda sender, bar: _feed(indicator, bar, selector)
        for slice in bars:
            point = slice.get(known)
            for each in point if isinstance(point, list) else [point]:
                if each is not None:
                    (consolidator.update if consolidator is not None else lambda bar: _feed(indicator, bar, selector))(
                        each
                    )

    def _fed(self, indicator: Any, symbol: Any, resolution: Any, selector: Selector) -> Any:
        known = self._symbol(symbol)
        self._connect(known, indicator, self.resolve_consolidator(known, resolution), selector)
        return indicator

    def _connect(self, symbol: Symbol, indicator: Any, consolidator: Any, selector: Selector) -> None:
        consolidator.data_consolidated += lambda sender, bar: _feed(indicator, bar, selector)
        self._host.add_consolidator(symbol, consolidator, None)
        kept = getattr(indicator, "consolidators", None)
        if isinstance(kept, list):
            kept.append((symbol, consolidator))


def _feed(indicator: Any, bar: BaseData, selector: Selector) -> None:
    """Update an indicator with a bar, or with what the selector takes of it."""
    if selector is None:
        if getattr(indicator, "takes_bars", False) or not hasattr(indicator, "takes_bars"):
            indicator.update(bar)
        else:
            indicator.update(bar.end_time, bar.value)
        return
    value = selector(bar)
    if isinstance(value, BaseData):
        indicator.update(value)
    else:
        indicator.update(bar.end_time, value)


def _lean_name(kind: MovingAverageType) -> str:
    return kind.name.title().replace("_", "")


def _ns(span: timedelta) -> int:
    return int(span.total_seconds() * 1_000_000_000)
