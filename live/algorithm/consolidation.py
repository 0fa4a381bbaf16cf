"""Consolidation methods of an algorithm: which consolidator fits a symbol, a period and a kind of data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from live.algorithm.consolidators import (
    CalendarInfo,
    DataConsolidator,
    IdentityDataConsolidator,
    QuoteBarConsolidator,
    TickConsolidator,
    TickQuoteBarConsolidator,
    TradeBarConsolidator,
)
from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.algorithm.enums import Resolution, TickType
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


class MarketHoursFilter:
    """Keeps the data of regular hours away from the rest, for daily bars that run from the open to the close.

    Wraps a consolidator: its `update` drops what lies outside market hours, everything else is passed on.
    """

    def __init__(self, consolidator: DataConsolidator, hours: Any) -> None:
        self._consolidator = consolidator
        self._hours = hours

    def update(self, data: BaseData) -> None:
        """Take a data point that begins in regular hours, or an hour or more that reaches into them."""
        start, end = data.time_local_ns, data.end_local_ns
        if self._hours.is_open(start, False) or (
            end - start >= _HOUR_NS and self._hours.is_open_during(start, end, False)
        ):
            self._consolidator.update(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consolidator, name)

    @property
    def data_consolidated(self) -> Any:
        """Handlers of finished bars."""
        return self._consolidator.data_consolidated

    @data_consolidated.setter
    def data_consolidated(self, handlers: Any) -> None:
        self._consolidator.data_consolidated = handlers


class ConsolidationMethods:
    """Consolidation methods; mixed into QCAlgorithm."""

    _host: Host

    if TYPE_CHECKING:

        def _symbol(self, value: Any) -> Symbol: ...

    @property
    def subscription_manager(self) -> SubscriptionManager:
        """Consolidators by hand: add_consolidator and remove_consolidator."""
        return SubscriptionManager(self)

    def consolidate(self, symbol: Any, period: Any, *arguments: Any) -> Any:
        """Call a handler with each finished bar.

        Parameters:
            symbol: the symbol.
            period: a Resolution, a timedelta, a number of bars, or a calendar (a callable that gives CalendarInfo).
            arguments: the handler, with a TickType before it when trades or quotes are wanted explicitly.
        """
        handler = arguments[-1]
        tick_type = arguments[0] if len(arguments) > 1 else None
        known = self._symbol(symbol)
        consolidator = self.resolve_consolidator(known, period, tick_type)
        consolidator.data_consolidated += lambda sender, bar: handler(bar)
        self._host.add_consolidator(known, consolidator, tick_type)
        return consolidator

    def resolve_consolidator(self, symbol: Any, resolution: Any = None, data_type: Any = None) -> Any:
        """Return a consolidator that turns a symbol's data into bars of a period; the data's own when none is named.

        Raises:
            UsageError: the period is shorter than the symbol's bars.
        """
        known = self._symbol(symbol)
        config = self._host.subscription_for(known, _tick_type_of(data_type))
        factory = _BY_INPUT[config.data_class, config.is_quote]
        period = resolution
        if callable(period) and not isinstance(period, Resolution):
            return factory(period)
        if isinstance(period, int) and not isinstance(period, Resolution):
            return factory(period)
        own_ns = config.resolution.period_ns
        period_ns = own_ns if period is None else _period_ns(period)
        if period_ns < own_ns:
            raise UsageError(
                f"{known} has {config.resolution} data, which cannot make bars of {ns_to_timedelta(period_ns)}; "
                "subscribe with a finer resolution"
            )
        if period_ns == own_ns:
            return IdentityDataConsolidator(config.data_class)
        if period is Resolution.DAILY:
            return MarketHoursFilter(factory(daily_calendar(config.hours)), config.hours)
        return factory(ns_to_timedelta(period_ns))


class SubscriptionManager:
    """LEAN's subscription manager, as far as consolidators go."""

    def __init__(self, algorithm: ConsolidationMethods) -> None:
        self._algorithm = algorithm

    def add_consolidator(self, symbol: Any, consolidator: Any, tick_type: TickType | None = None) -> None:
        """Feed a consolidator with a symbol's data."""
        algorithm = self._algorithm
        algorithm._host.add_consolidator(algorithm._symbol(symbol), consolidator, tick_type)

    def remove_consolidator(self, symbol: Any, consolidator: Any) -> None:
        """Stop feeding a consolidator."""
        algorithm = self._algorithm
        algorithm._host.remove_consolidator(algorithm._symbol(symbol), consolidator)

    AddConsolidator = add_consolidator
    RemoveConsolidator = remove_consolidator


def daily_calendar(hours: Any) -> Callable[[datetime], CalendarInfo]:
    """Return a calendar of daily bars: from the open to the close, or whole days where the market never closes."""

    def calendar(moment: datetime) -> CalendarInfo:
        local_ns = datetime_to_ns(moment)
        if hours.uses_strict_daily_end:
            start, end = hours.daily_calendar(local_ns)
            if local_ns >= end:
                start, end = hours.daily_calendar(hours.next_market_open(local_ns, False))
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


def _tick_type_of(data_type: Any) -> TickType | None:
    if data_type is None or isinstance(data_type, TickType):
        return data_type
    return {TradeBar: TickType.TRADE, QuoteBar: TickType.QUOTE}.get(data_type)
