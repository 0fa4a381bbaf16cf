"""Splits, dividends, changes of ticker and delistings as an algorithm hears of them.

LEAN looks at every day on which the exchange opens, before the day's data are read, in this order: a split that the
day before announced, the announcement of a split, a dividend, a change of ticker, the warning of a delisting, the
delisting. The first day of a subscription has no day before it: what took effect on it is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from live.algorithm.data import BaseData, Delisting, Dividend, Split, SymbolChangedEvent
from live.algorithm.enums import DelistingType, SplitType
from live.clock import NANOSECONDS_PER_DAY, date_to_ns
from live.feeds.corporate_actions import CorporateAction
from live.feeds.listing import Listing, tradable_days
from live.feeds.market_hours import MarketHours

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CorporateEvent:
    """Something that is going to be reported.

    Attributes:
        seen_on: the day on which LEAN notices it, before that day's data.
        data: the data point; its price is set when its moment has come.
        needs_price: whether its price is the raw price of the newest data before `seen_on`, 0 without any.
    """

    seen_on: date
    data: Split | Dividend | SymbolChangedEvent | Delisting
    needs_price: bool = False

    @property
    def moment_ns(self) -> int:
        """When it is delivered, exchange time."""
        return self.data.end_local_ns

    def priced(self, raw_price: float) -> BaseData:
        """Return the data point, with its price if it needs one."""
        if self.needs_price:
            self.data.value = raw_price
            if isinstance(self.data, Split):
                self.data.reference_price = raw_price
        return self.data


def corporate_events(
    listing: Listing, hours: MarketHours, extended: bool, begin_ns: int, end_ns: int
) -> list[CorporateEvent]:
    """Return the events of a subscription in order of time.

    Parameters:
        listing: the symbol and its files.
        hours: the exchange's calendar.
        extended: whether the subscription takes pre- and post-market data.
        begin_ns: begin of the subscription, exchange time; events before it are left out.
        end_ns: end of the subscription, exchange time.

    Raises:
        DataError: a split or dividend has no closing price.
    """
    days = tradable_days(hours, begin_ns, end_ns, extended)
    if not days or days[0] > listing.maps.delisting_day:
        return []
    events: list[CorporateEvent] = []
    actions = _actions_by_day(listing, days)
    ticker = listing.ticker_on(days[0]) if listing.is_listed(days[0]) else listing.symbol.value
    pending: list[CorporateAction] = []
    is_warned = False
    for day in days:
        if listing.is_listed(day):
            todays = actions.get(day, [])
            events += _splits_and_dividends(listing, day, pending, todays)
            pending = todays
            mapped = listing.ticker_on(day)
            if mapped != ticker:
                change = SymbolChangedEvent(listing.symbol_on(day), date_to_ns(day), ticker, mapped)
                events.append(CorporateEvent(day, change))
                ticker = mapped
        if day >= listing.maps.delisting_day and not is_warned:
            is_warned = True
            events.append(_delisting(listing, day, DelistingType.WARNING))
        if day > listing.maps.delisting_day:
            events.append(_delisting(listing, day, DelistingType.DELISTED))
            break
    events.sort(key=lambda event: event.moment_ns)
    return [event for event in events if event.moment_ns >= begin_ns]


def _actions_by_day(listing: Listing, days: list[date]) -> dict[date, list[CorporateAction]]:
    found: dict[date, list[CorporateAction]] = {}
    for action in listing.factors.actions(days[0], days[-1]):
        found.setdefault(action.row_day, []).append(action)
    return found


def _splits_and_dividends(
    listing: Listing, day: date, pending: list[CorporateAction], todays: list[CorporateAction]
) -> Iterator[CorporateEvent]:
    """Yield what took effect since the day before, and the announcement of a split of the next day."""
    symbol, moment_ns = listing.symbol_on(day), date_to_ns(day)
    for action in pending:
        if action.is_split:
            value, reference = float(action.value), float(action.reference_price)
            yield CorporateEvent(day, Split(symbol, moment_ns, value, reference, SplitType.SPLIT_OCCURRED))
    for action in todays:
        if action.is_split:
            warning = Split(symbol, moment_ns, float(action.value), 0.0, SplitType.WARNING)
            yield CorporateEvent(day, warning, needs_price=True)
    for action in pending:
        if not action.is_split:
            dividend = Dividend(symbol, moment_ns, float(action.value), float(action.reference_price))
            yield CorporateEvent(day, dividend)


def _delisting(listing: Listing, day: date, kind: DelistingType) -> CorporateEvent:
    """Return the warning at the begin of the last day, or the delisting at its end."""
    moment_ns = date_to_ns(listing.maps.delisting_day)
    if kind is DelistingType.DELISTED:
        moment_ns += NANOSECONDS_PER_DAY
    return CorporateEvent(day, Delisting(listing.symbol_on(day), moment_ns, 0.0, kind), needs_price=True)
