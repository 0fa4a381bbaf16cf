"""Tick subscriptions: records become tick objects when their moment comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from live.algorithm.data import BaseData, Tick
from live.algorithm.enums import SecurityType
from live.algorithm.ticks import build_ticks
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, ns_to_date
from live.feeds.bar_subscription import END_OF_DATA_NS, SubscriptionConfig
from live.feeds.corporate_events import CorporateEvent
from live.feeds.listing import Listing
from live.hot.records import RecordSource
from live.paper.securities import Security


class TickSubscription:
    """Ticks of one subscription, one moment at a time, with the corporate actions of its equity.

    Parameters:
        config: the subscription.
        security: its security.
        stream: the decoded records.
        listing: its symbol and files.
        events: corporate actions in order.
        price_before: returns the raw price of the newest data before a day, given as its midnight; 0 without any.
    """

    __slots__ = (
        "_day",
        "_events",
        "_listing",
        "_price_before",
        "_scale",
        "config",
        "is_default_kind",
        "next_event_ns",
        "next_time_ns",
        "security",
        "stream",
        "symbol",
    )

    def __init__(
        self,
        config: SubscriptionConfig,
        security: Security,
        stream: RecordSource,
        listing: Listing,
        events: list[CorporateEvent],
        price_before: Callable[[int], float],
    ) -> None:
        self.config = config
        self.security = security
        self.stream = stream
        self._listing = listing
        self._events = deque(events)
        self._price_before = price_before
        self.is_default_kind = not (config.is_quote and config.symbol.security_type is SecurityType.EQUITY)
        """False for the quotes of an equity, which never become its newest data."""
        self._day = -1
        self._scale = 1.0
        self.symbol = config.symbol
        """Symbol of the day's ticks: its value is the ticker of the day that `scale_on` was asked for last."""
        stream.prime()
        self.next_event_ns = self._next_event()
        """When the next corporate action is due, END_OF_DATA_NS when there is none."""
        self.next_time_ns = 0
        self._plan()

    def take(self, time_ns: int) -> list[Tick]:
        """Return the ticks up to a moment, and go on to the next moment; events are to be taken before."""
        points: list[Tick] = []
        stream = self.stream
        while stream.time_ns <= time_ns:
            end = stream.group_end()
            points.extend(self.ticks(stream.time_ns, stream.position, end))
            stream.advance_to(end)
        self._plan()
        return points

    def take_events(self, time_ns: int) -> list[BaseData]:
        """Return the corporate actions up to a moment, and go on to the next."""
        points: list[BaseData] = []
        while self.next_event_ns <= time_ns:
            event = self._events.popleft()
            points.append(event.priced(self._price_before(date_to_ns(event.seen_on))))
            self.next_event_ns = self._next_event()
        return points

    def ticks(self, time_ns: int, begin: int, end: int) -> list[Tick]:
        """Return the ticks of a range of the stream's records, all of one moment."""
        local_ns = self.config.hours.exchange_zone.to_local_ns(time_ns)
        scale = self.scale_on(local_ns)
        return build_ticks(self.stream.buffer, begin, end, self.symbol, local_ns, scale)

    def scale_on(self, local_ns: int) -> float:
        """Return the factor of the prices of a day."""
        day = local_ns // NANOSECONDS_PER_DAY
        if day != self._day:
            self._day = day
            self._scale = self._listing.price_scale(local_ns, self.config.normalization)
            self.symbol = self._listing.symbol_on(ns_to_date(local_ns))
        return self._scale

    def _next_event(self) -> int:
        if not self._events:
            return END_OF_DATA_NS
        return self.config.hours.exchange_zone.to_utc_ns(self._events[0].moment_ns)

    def _plan(self) -> None:
        self.next_time_ns = min(self.stream.time_ns, self.next_event_ns)
