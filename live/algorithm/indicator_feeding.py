"""Feeding indicators: registration with a symbol's data, warm-up from history, and their values over history."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from live.algorithm.consolidators import DataConsolidator
from live.algorithm.data import BaseData, QuoteBar, TradeBar
from live.algorithm.enums import Resolution, TickType
from live.algorithm.fields import data_type_of
from live.algorithm.indicator_history import IndicatorHistory, history_of
from live.algorithm.indicators.base import IndicatorBase, data_point
from live.algorithm.indicators.custom import PythonIndicator
from live.algorithm.naming import has_member, member_of
from live.algorithm.overloads import Parameter, anything, function, moment, overloaded, resolution, span, whole
from live.algorithm.slices import Slice
from live.algorithm.symbols import Symbol
from live.clock import date_to_ns, datetime_to_ns, ns_to_timedelta, timedelta_to_ns
from live.errors import UsageError

if TYPE_CHECKING:
    from live.algorithm.host import Host

Selector = Callable[[Any], Any] | None


def _is_consolidator(value: Any) -> bool:
    """Take a consolidator, ours or one of the user's own class."""
    return has_member(value, "data_consolidated")


_INDICATOR = Parameter("indicator", anything)
_RESOLUTION = Parameter("resolution", resolution, None)
_SELECTOR = Parameter("selector", function, None)
_SYMBOL = Parameter("symbol", anything)
_REGISTER = (
    (_SYMBOL, _INDICATOR, _RESOLUTION, _SELECTOR),
    (_SYMBOL, _INDICATOR, Parameter("resolution", span), _SELECTOR),
    (_SYMBOL, _INDICATOR, Parameter("consolidator", _is_consolidator, also=("py_object",)), _SELECTOR),
)
_SYMBOLS = Parameter("symbol", anything, also=("symbols",))
_WARM_UP = (
    (_SYMBOLS, _INDICATOR, _RESOLUTION, _SELECTOR),
    (_SYMBOLS, _INDICATOR, Parameter("period", span), _SELECTOR),
)
_HISTORY = (
    (_INDICATOR, _SYMBOLS, Parameter("period", whole), _RESOLUTION, _SELECTOR),
    (_INDICATOR, _SYMBOLS, Parameter("span", span), _RESOLUTION, _SELECTOR),
    (_INDICATOR, _SYMBOLS, Parameter("start", moment), Parameter("end", moment), _RESOLUTION, _SELECTOR),
    (_INDICATOR, Parameter("history", anything), _SELECTOR),
)


class IndicatorFeeding:
    """Registration and warm-up of indicators; mixed into QCAlgorithm."""

    _host: Host
    _python_indicators: dict[int, tuple[Any, PythonIndicator]]

    if TYPE_CHECKING:

        def _symbol(self, value: Any) -> Symbol: ...

        def _consolidator(self, symbol: Symbol, period: Any, kind: TickType | None) -> DataConsolidator: ...

        def _register_consolidator(self, symbol: Symbol, consolidator: Any, kind: TickType | None) -> None: ...

        def _remove_consolidator(self, symbol: Symbol, consolidator: Any) -> None: ...

        def _warn_once(self, text: str) -> None: ...

    @property
    def enable_automatic_indicator_warm_up(self) -> bool:
        """Whether indicator methods such as `sma` feed a new indicator with history; settings has it too."""
        return bool(self._host.settings.automatic_indicator_warm_up)

    @enable_automatic_indicator_warm_up.setter
    def enable_automatic_indicator_warm_up(self, value: bool) -> None:
        self._host.settings.automatic_indicator_warm_up = value

    @overloaded(*_REGISTER)
    def register_indicator(
        self, symbol: Any, indicator: Any, selector: Selector, resolution: Any = None, consolidator: Any = None
    ) -> None:
        """Feed an indicator with a symbol's bars.

        Forms: `register_indicator(symbol, indicator, resolution, selector)` with a Resolution or timedelta, the
        symbol's own resolution when left out; `register_indicator(symbol, indicator, consolidator, selector)`. The
        indicator may be of a class of the user's own with `update`, `value` and `is_ready`. The selector takes a bar and
        gives the value, or the bar, that the indicator gets.

        Raises:
            UsageError: the arguments fit neither form, or the indicator cannot take such data.
        """
        known, fed = self._symbol(symbol), self._indicator(indicator)
        if consolidator is None:
            consolidator = self._consolidator(known, resolution, _kind_for(fed, selector))
        self._connect(known, fed, consolidator, selector)

    def deregister_indicator(self, indicator: Any) -> None:
        """Stop feeding an indicator."""
        known = self._indicator(indicator)
        for symbol, consolidator in known.consolidators:
            self._remove_consolidator(symbol, consolidator)
        known.consolidators.clear()

    unregister_indicator = deregister_indicator

    @overloaded(*_WARM_UP)
    def warm_up_indicator(
        self,
        symbol: Any,
        indicator: Any,
        selector: Selector,
        resolution: Resolution | None = None,
        period: timedelta | None = None,
    ) -> None:
        """Feed an indicator, which is reset before, with as much history as it needs to be ready.

        Forms: `warm_up_indicator(symbol, indicator, resolution, selector)`, and with a timedelta as `period` in the
        place of the resolution. Several symbols may be given as a list.

        Raises:
            UsageError: the arguments fit neither form.
        """
        fed, symbols = self._indicator(indicator), self._symbols_of(symbol)
        if fed.warm_up_period <= 0:
            self._warn_once(f"warm_up_indicator: {fed.name} has no warm_up_period above 0 and is not warmed up; set it")
        elif period is None:
            self._history_through(fed, symbols, fed.warm_up_period, resolution, selector)
        else:
            self._warm_up_by_period(fed, symbols, period, selector)

    @overloaded(*_HISTORY)
    def indicator_history(
        self,
        indicator: Any,
        selector: Selector,
        symbol: Any = None,
        period: int | None = None,
        span: timedelta | None = None,
        start: Any = None,
        end: Any = None,
        history: Iterable[Slice] | None = None,
        resolution: Resolution | None = None,
    ) -> IndicatorHistory:
        """Return the values of an indicator over history; the indicator is reset and keeps the last of them.

        Forms: `indicator_history(indicator, symbol, period, resolution, selector)` with the number of values,
        `(indicator, symbol, span, ...)` with a timedelta, `(indicator, symbol, start, end, ...)`, and
        `(indicator, history, selector)` with slices. Several symbols may be given as a list.

        Raises:
            UsageError: the arguments fit none of these.
        """
        fed = self._indicator(indicator)
        if history is not None:
            return history_of(fed, history, self._through(fed, selector))
        symbols = self._symbols_of(symbol)
        ahead = max(fed.warm_up_period - 1, 0)
        if period is not None:
            count = period + (ahead if period else fed.warm_up_period)
            return self._history_through(fed, symbols, count, resolution, selector)
        host = self._host
        if span is not None:
            start_ns, end_ns = host.time_ns - timedelta_to_ns(span), host.time_ns
        else:
            start_ns, end_ns = (
                host.zone.to_utc_ns(datetime_to_ns(each) if hasattr(each, "hour") else date_to_ns(each))
                for each in (start, end)
            )
        start_ns = host.start_of_bars(symbols, resolution, ahead, start_ns)
        slices = host.history(symbols, resolution, None, start_ns, end_ns, {})
        return history_of(fed, slices, self._through(fed, selector))

    # -- helpers

    def _fed(self, indicator: IndicatorBase, symbol: Any, resolution: Any, selector: Selector) -> Any:
        """Register a new indicator, and warm it up when the settings want that."""
        known = self._symbol(symbol)
        self._connect(known, indicator, self._consolidator(known, resolution, _kind_for(indicator, selector)), selector)
        if self._host.settings.automatic_indicator_warm_up:
            self.warm_up_indicator(known, indicator, resolution, selector)
        return indicator

    def _indicator(self, indicator: Any) -> IndicatorBase:
        """Return an indicator, or what stands for one of the user's own class."""
        if isinstance(indicator, IndicatorBase):
            return indicator
        known = self._python_indicators.get(id(indicator))
        if known is None:
            # The user's object is kept too, so that its number stays its own.
            known = self._python_indicators[id(indicator)] = (indicator, PythonIndicator(indicator))
        return known[1]

    def _symbols_of(self, value: Any) -> list[Symbol]:
        several = isinstance(value, Iterable) and not isinstance(value, str)
        return [self._symbol(each) for each in value] if several else [self._symbol(value)]

    def _connect(self, symbol: Symbol, indicator: IndicatorBase, consolidator: Any, selector: Selector) -> None:
        update = updater(indicator, selector)
        made = member_of(consolidator, "output_type")
        if not issubclass(made, indicator.input_types):
            wanted = " or ".join(each.__name__ for each in indicator.input_types)
            raise UsageError(
                f"{indicator.name} takes {wanted}, and the data of {symbol} come as {made.__name__}; "
                "name a resolution that makes bars, such as Resolution.MINUTE"
            )
        self._register_consolidator(symbol, consolidator, None)
        events = member_of(consolidator, "data_consolidated")
        events += lambda sender, bar: update(bar)
        indicator.consolidators.append((symbol, consolidator))

    def _through(self, indicator: IndicatorBase, selector: Selector) -> Callable[[Slice], None]:
        """Return a function that feeds an indicator with what it takes of a slice: of ticks the last one."""
        update = updater(indicator, selector)
        wanted = data_type_of(selector) or _bar_type(indicator)

        def feed(slice: Slice) -> None:
            points = slice.get(wanted).values() if wanted is not None else slice.values()
            for point in list(points):
                if isinstance(point, list):
                    point = point[-1]
                if point is not None:
                    update(point)

        return feed

    def _history_through(
        self, indicator: IndicatorBase, symbols: list[Symbol], count: int, resolution: Any, selector: Selector
    ) -> IndicatorHistory:
        for symbol in symbols:
            own = resolution if resolution is not None else self._host.subscription_for(symbol, None).resolution
            if own is Resolution.TICK:
                raise UsageError(
                    f"{indicator.name}: history of a number of ticks of {symbol} does not exist; "
                    "name another resolution, such as Resolution.SECOND"
                )
        slices = self._host.history(symbols, resolution, count, None, None, {})
        return history_of(indicator, slices, self._through(indicator, selector))

    def _warm_up_by_period(
        self, indicator: IndicatorBase, symbols: list[Symbol], period: timedelta, selector: Selector
    ) -> None:
        """Feed an indicator with bars of any length, made of history of the next finer resolution."""
        period_ns = timedelta_to_ns(period)
        finer = [each for each in Resolution if each is not Resolution.TICK and each.period_ns <= period_ns]
        if not finer:
            raise UsageError(f"warm_up_indicator: a period of {period} is too short; use a second or more")
        unit = finer[-1]
        update = updater(indicator, selector)
        consolidators: dict[Symbol, DataConsolidator] = {}
        for symbol in symbols:
            consolidator = self._consolidator(symbol, ns_to_timedelta(period_ns), _kind_for(indicator, selector))
            consolidator.data_consolidated += lambda sender, bar: update(bar)
            consolidators[symbol] = consolidator
        count = indicator.warm_up_period * (period_ns // unit.period_ns)
        for slice in self._host.history(symbols, unit, count, None, None, {}):
            for symbol, consolidator in consolidators.items():
                point = slice.get(consolidator.input_type, {}).get(symbol)
                if point is not None:
                    consolidator.update(point)
        for symbol, consolidator in consolidators.items():
            zone = self._host.subscription_for(symbol, None).hours.exchange_zone
            if consolidator.working_data is not None:
                consolidator.scan(zone.to_local_ns(self._host.time_ns))
            consolidator.dispose()


def updater(indicator: IndicatorBase, selector: Selector) -> Callable[[BaseData], None]:
    """Return a function that feeds an indicator with a data point, or with what the selector takes of it.

    Indicators of values get the value at the point's end; indicators of bars, and those of the user, the whole point.
    """
    if isinstance(indicator, PythonIndicator):
        own = indicator

        def feed_own(data: BaseData) -> None:
            own.feed(data if selector is None else selector(data))

        return feed_own
    if indicator.takes_bars:

        def feed_bar(data: BaseData) -> None:
            indicator.update(data if selector is None else selector(data))

        return feed_bar

    def feed_value(data: BaseData) -> None:
        value = data.value if selector is None else selector(data)
        if isinstance(value, BaseData):
            indicator.update(value)
        else:
            indicator.update(data_point(data.symbol, data.end_local_ns, float(value)))

    return feed_value


def _kind_for(indicator: IndicatorBase, selector: Selector) -> TickType | None:
    """Return the kind of data that an indicator or its selector needs; None when it takes any."""
    wanted = data_type_of(selector) or _bar_type(indicator)
    kinds: dict[type[BaseData] | None, TickType] = {TradeBar: TickType.TRADE, QuoteBar: TickType.QUOTE}
    return kinds.get(wanted)


def _bar_type(indicator: IndicatorBase) -> type[BaseData] | None:
    """Return the one kind of bars that an indicator takes; None when it takes several kinds, or values."""
    kinds = indicator.input_types
    return kinds[0] if len(kinds) == 1 and kinds[0] is not BaseData else None
