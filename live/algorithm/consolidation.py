"""Consolidation methods of an algorithm: which consolidator fits a symbol, a period and a kind of data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from live.algorithm.consolidators import (
    BaseDataConsolidator,
    CalendarInfo,
    DataConsolidator,
    DataConsolidatorPythonWrapper,
    IdentityDataConsolidator,
    QuoteBarConsolidator,
    RangeBar,
    RangeConsolidator,
    RenkoBar,
    RenkoConsolidator,
    TickConsolidator,
    TickQuoteBarConsolidator,
    TradeBarConsolidator,
)
from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.algorithm.enums import Resolution, SecurityType, TickType
from live.algorithm.naming import PascalCaseAccess
from live.algorithm.overloads import (
    Parameter,
    anything,
    data_class,
    function,
    number,
    overloaded,
    resolution,
    span,
    tick_type,
    whole,
)
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns, ns_to_datetime, ns_to_timedelta, timedelta_to_ns
from live.errors import UsageError

if TYPE_CHECKING:
    from live.algorithm.host import Host

_DAY_NS = Resolution.DAILY.period_ns
_HOUR_NS = Resolution.HOUR.period_ns
_BY_INPUT: dict[tuple[type[BaseData], bool], Callable[..., DataConsolidator]] = {
    (TradeBar, False): TradeBarConsolidator,
    (QuoteBar, True): QuoteBarConsolidator,
    (Tick, False): TickConsolidator,
    (Tick, True): TickQuoteBarConsolidator,
}
_SYMBOL = Parameter("symbol", anything)
_KIND = Parameter("tick_type", tick_type, None)
_HANDLER = Parameter("handler", function, None)
_CONSOLIDATE = (
    (_SYMBOL, Parameter("period", resolution), _HANDLER),
    (_SYMBOL, Parameter("period", resolution), _KIND, _HANDLER),
    (_SYMBOL, Parameter("period", span), _HANDLER),
    (_SYMBOL, Parameter("period", span), _KIND, _HANDLER),
    (_SYMBOL, Parameter("period", whole), _HANDLER),
    (_SYMBOL, Parameter("period", whole), _KIND, _HANDLER),
    (_SYMBOL, Parameter("calendar", function), _HANDLER),
    (_SYMBOL, Parameter("calendar", function), _KIND, _HANDLER),
    (Parameter("type", data_class), _SYMBOL, Parameter("size", number), _KIND, _HANDLER),
)
_CONSOLIDATOR = Parameter("consolidator", anything, also=("py_consolidator",))
_ADD = ((_SYMBOL, _CONSOLIDATOR, _KIND),)
_REMOVE = ((_SYMBOL, _CONSOLIDATOR),)
_DATA_TYPE = Parameter("data_type", anything, None)
_RESOLVE = (
    (_SYMBOL, Parameter("resolution", resolution, None), _DATA_TYPE),
    (_SYMBOL, Parameter("time_span", span), _DATA_TYPE),
)


class MarketHoursConsolidator(DataConsolidator):
    """Keeps the data of closed hours away from another consolidator, for daily bars from the open to the close.

    Parameters:
        consolidator: makes the bars; it is not used elsewhere.
        hours: the symbol's market hours.
        extended: whether extended hours count as open.
    """

    def __init__(self, consolidator: DataConsolidator, hours: Any, extended: bool) -> None:
        super().__init__()
        self._consolidator = consolidator
        self._hours = hours
        self._extended = extended
        self.input_type, self.output_type = consolidator.input_type, consolidator.output_type
        consolidator.data_consolidated += self._pass_on

    def _pass_on(self, sender: Any, bar: BaseData) -> None:
        self.emit(bar)

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made."""
        return self._consolidator.working_data

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Tell whether this takes the quotes, or the trades, of tick data."""
        return self._consolidator.accepts_quotes(is_quote)

    def update(self, data: BaseData) -> None:
        """Take a data point that begins in open hours, or an hour or more that reaches into regular ones."""
        start, end = data.time_local_ns, data.end_local_ns
        if (
            self._extended
            or self._hours.is_open(start, False)
            or (end - start >= _HOUR_NS and self._hours.is_open_during(start, end, False))
        ):
            self._consolidator.update(data)

    def scan(self, current_local_time: Any) -> None:
        """Let a moment of exchange time finish the working bar."""
        self._consolidator.scan(current_local_time)

    def reset(self) -> None:
        """Forget all data."""
        self._consolidator.reset()
        super().reset()

    def dispose(self) -> None:
        """Forget the handlers."""
        self._consolidator.dispose()
        super().dispose()


class ConsolidationMethods:
    """Consolidation methods; mixed into QCAlgorithm."""

    _host: Host
    _wrapped_consolidators: dict[int, tuple[Any, DataConsolidator]]

    if TYPE_CHECKING:

        def _symbol(self, value: Any) -> Symbol: ...

        def _warn_once(self, text: str) -> None: ...

    @property
    def subscription_manager(self) -> SubscriptionManager:
        """Consolidators by hand: add_consolidator and remove_consolidator."""
        return SubscriptionManager(self)

    @overloaded(*_CONSOLIDATE)
    def consolidate(
        self,
        symbol: Any,
        handler: Any,
        tick_type: TickType | None = None,
        period: Any = None,
        calendar: Any = None,
        type: Any = None,
        size: Any = None,
    ) -> DataConsolidator:
        """Call a handler with each finished bar.

        Forms: `consolidate(symbol, period, handler)` with a Resolution, a timedelta or a number of bars as the period,
        `consolidate(symbol, calendar, handler)` with a function that gives CalendarInfo, such as Calendar.WEEKLY; each
        with a TickType before the handler when trades or quotes are wanted; and `consolidate(type, symbol, size,
        tick_type, handler)` with RenkoBar, RangeBar, TradeBar or QuoteBar as the type, where size is the height of a
        bar or the number of bars. Without a handler the consolidator is made but not fed.

        Raises:
            UsageError: the arguments fit none of these, or the period is shorter than the symbol's bars.
        """
        known = self._symbol(symbol)
        if size is not None:
            consolidator = self._by_size(known, type, size, tick_type)
        else:
            consolidator = self._consolidator(known, period if calendar is None else calendar, tick_type)
        if handler is not None:
            consolidator.data_consolidated += lambda sender, bar: handler(bar)
            self._register_consolidator(known, consolidator, tick_type)
        return consolidator

    @overloaded(*_RESOLVE)
    def resolve_consolidator(
        self, symbol: Any, data_type: Any, resolution: Any = None, time_span: timedelta | None = None
    ) -> DataConsolidator:
        """Return a consolidator that turns a symbol's data into bars of a period; the data's own when none is named.

        Parameters:
            symbol: the symbol.
            data_type: TradeBar, QuoteBar or Tick, to choose among the symbol's data.
            resolution: the period.
            time_span: the period, as a timedelta.

        Raises:
            UsageError: the period is shorter than the symbol's bars.
        """
        known = self._symbol(symbol)
        period = resolution if time_span is None else time_span
        return self._consolidator(known, period, _tick_type_of(data_type, known.security_type))

    @staticmethod
    def create_consolidator(
        period: timedelta, consolidator_input_type: type[BaseData], tick_type: TickType | None = None
    ) -> DataConsolidator:
        """Return a consolidator of bars of a length for a kind of data; no length passes the data on."""
        if not period:
            return IdentityDataConsolidator(consolidator_input_type)
        is_quote = consolidator_input_type is QuoteBar or tick_type is TickType.QUOTE
        factory = _BY_INPUT.get((consolidator_input_type, is_quote), BaseDataConsolidator)
        return factory(period)

    def _consolidator(self, symbol: Symbol, period: Any, kind: TickType | None) -> DataConsolidator:
        """Return a consolidator by period, count or calendar."""
        config = self._host.subscription_for(symbol, kind)
        factory = _BY_INPUT[config.data_class, config.is_quote]
        if function(period) or whole(period):
            return factory(period)
        own_ns = config.resolution.period_ns
        period_ns = own_ns if period is None else _period_ns(period)
        if period_ns < own_ns:
            raise UsageError(
                f"{symbol} has {config.resolution} data, which cannot make bars of {ns_to_timedelta(period_ns)}; "
                "subscribe with a finer resolution"
            )
        if period_ns == own_ns:
            return IdentityDataConsolidator(config.data_class)
        if period is Resolution.DAILY:
            return self._daily(config, factory)
        return factory(ns_to_timedelta(period_ns))

    def _daily(self, config: Any, factory: Callable[..., DataConsolidator]) -> DataConsolidator:
        """Return a consolidator of daily bars, of regular hours unless the settings want the extended ones too."""
        settings = self._host.settings
        extended = config.extended_market_hours and settings.daily_consolidation_use_extended_market_hours
        if config.extended_market_hours and not extended:
            self._warn_once(
                f"daily bars of {config.symbol} leave extended market hours out; "
                "settings.daily_consolidation_use_extended_market_hours = True takes them in"
            )
        calendar = daily_calendar(config.hours, extended, settings.daily_precise_end_time)
        return MarketHoursConsolidator(factory(calendar), config.hours, extended)

    def _by_size(self, symbol: Symbol, bar_type: type[BaseData], size: Any, kind: TickType | None) -> DataConsolidator:
        """Return a consolidator of bars of a height, of a range of price steps, or of a number of data points."""
        if bar_type is RenkoBar:
            return RenkoConsolidator(size)
        if bar_type is RangeBar:
            return RangeConsolidator(int(size))
        config = self._host.subscription_for(symbol, kind)
        if config.data_class is Tick:
            return TickQuoteBarConsolidator(int(size)) if kind is TickType.QUOTE else TickConsolidator(int(size))
        by_type: dict[type[BaseData], Callable[..., DataConsolidator]] = {
            TradeBar: TradeBarConsolidator,
            QuoteBar: QuoteBarConsolidator,
        }
        return by_type.get(bar_type, BaseDataConsolidator)(int(size))

    def _register_consolidator(self, symbol: Symbol, consolidator: Any, kind: TickType | None) -> None:
        """Feed a consolidator, ours or one of the user's own class."""
        if not isinstance(consolidator, DataConsolidator):
            wrapper = DataConsolidatorPythonWrapper(consolidator)
            # The user's object is kept too, so that its number stays its own.
            self._wrapped_consolidators[id(consolidator)] = (consolidator, wrapper)
            consolidator = wrapper
        security = self._host.securities.get(symbol)
        if security is not None:
            consolidator.prepare(security.symbol_properties.minimum_price_variation)
        self._host.add_consolidator(symbol, consolidator, kind)

    def _remove_consolidator(self, symbol: Symbol, consolidator: Any) -> None:
        known = self._wrapped_consolidators.pop(id(consolidator), None)
        if known is not None:
            consolidator = known[1]
        self._host.remove_consolidator(symbol, consolidator)
        consolidator.dispose()


class SubscriptionManager(PascalCaseAccess):
    """LEAN's subscription manager, as far as consolidators go."""

    def __init__(self, algorithm: ConsolidationMethods) -> None:
        self._algorithm = algorithm

    @overloaded(*_ADD)
    def add_consolidator(self, symbol: Any, consolidator: Any, tick_type: TickType | None) -> None:
        """Feed a consolidator with a symbol's data.

        Parameters:
            symbol: the symbol.
            consolidator: one of LEAN's, or an object of the user's own class.
            tick_type: trades or quotes, for consolidators that take both.

        Raises:
            UsageError: the symbol has no such data.
        """
        algorithm = self._algorithm
        algorithm._register_consolidator(algorithm._symbol(symbol), consolidator, tick_type)

    @overloaded(*_REMOVE)
    def remove_consolidator(self, symbol: Any, consolidator: Any) -> None:
        """Stop feeding a consolidator, and forget its handlers."""
        algorithm = self._algorithm
        algorithm._remove_consolidator(algorithm._symbol(symbol), consolidator)


def daily_calendar(hours: Any, extended: bool, is_precise: bool) -> Callable[[datetime], CalendarInfo]:
    """Return a calendar of daily bars: from the open to the close, or whole days where the market never closes.

    Parameters:
        hours: the symbol's market hours.
        extended: whether extended hours count as open.
        is_precise: whether bars end with the market; otherwise they are whole days too.
    """

    def calendar(moment: datetime) -> CalendarInfo:
        local_ns = datetime_to_ns(moment)
        if hours.uses_strict_daily_end and is_precise:
            start, end = hours.daily_calendar(local_ns, extended)
            if local_ns >= end:
                start, end = hours.daily_calendar(hours.next_market_open(local_ns, extended), extended)
        else:
            start = local_ns - local_ns % _DAY_NS
            end = start + _DAY_NS
        return CalendarInfo(ns_to_datetime(start), ns_to_timedelta(end - start))

    return calendar


def _period_ns(period: Any) -> int:
    if isinstance(period, Resolution):
        return period.period_ns
    if isinstance(period, timedelta):
        return timedelta_to_ns(period)
    raise UsageError(
        f"{period!r} is no period; pass a Resolution, a timedelta, a number of bars, or a calendar function"
    )


def _tick_type_of(data_type: Any, security_type: SecurityType) -> TickType | None:
    """Return the kind of data that a class means for a security; ticks mean trades for equities, else quotes."""
    if data_type is None or isinstance(data_type, TickType):
        return data_type
    if data_type is Tick:
        return TickType.TRADE if security_type is SecurityType.EQUITY else TickType.QUOTE
    return {TradeBar: TickType.TRADE, QuoteBar: TickType.QUOTE}.get(data_type)
