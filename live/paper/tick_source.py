"""Tick subscriptions: records become tick objects when their moment comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from live.algorithm.data import BaseData, Tick
from live.algorithm.enums import SecurityType
from live.algorithm.ticks import build_ticks
from live.clock import NANOSECONDS_PER_DAY, ns_to_date
from live.feeds.bar_subscription import END_OF_DATA_NS, SubscriptionConfig
from live.feeds.streams import TickStream
from live.paper.securities import Security


class TickSubscription:
    """Ticks of one subscription, one moment at a time, with the corporate actions of its equity.

    Parameters:
        config: the subscription.
        security: its security.
        stream: the decoded records.
        scale_of: exchange day to the factor of its prices.
        events: splits and dividends in order.
    """

    __slots__ = ("_day", "_event", "_events", "_scale", "_scale_of", "config", "next_time_ns", "security", "stream")

    def __init__(
        self,
        config: SubscriptionConfig,
        security: Security,
        stream: TickStream,
        scale_of: Callable[[date], float],
        events: Iterator[BaseData],
    ) -> None:
        self.config = config
        self.security = security
        self.stream = stream
        self._scale_of = scale_of
        self._events = events
        self._event = next(events, None)
        self._day = -1
        self._scale = 1.0
        stream.prime()
        self.next_time_ns = 0
        self._plan()

    @property
    def is_default_kind(self) -> bool:
        """False for the quotes of an equity, which never become its newest data."""
        return not (self.config.is_quote and self.config.symbol.security_type is SecurityType.EQUITY)

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
        while self.next_event_ns() <= time_ns:
            assert self._event is not None
            points.append(self._event)
            self._event = next(self._events, None)
        return points

    def ticks(self, time_ns: int, begin: int, end: int) -> list[Tick]:
        """Return the ticks of a range of the stream's records, all of one moment."""
        local_ns = self.config.hours.exchange_zone.to_local_ns(time_ns)
        return build_ticks(self.stream.buffer, begin, end, self.config.symbol, local_ns, self.scale_on(local_ns))

    def scale_on(self, local_ns: int) -> float:
        """Return the factor of the prices of a day."""
        day = local_ns // NANOSECONDS_PER_DAY
        if day != self._day:
            self._day = day
            self._scale = self._scale_of(ns_to_date(local_ns))
        return self._scale

    def next_event_ns(self) -> int:
        """Return when the next corporate action is due, END_OF_DATA_NS when there is none."""
        if self._event is None:
            return END_OF_DATA_NS
        return self.config.hours.exchange_zone.to_utc_ns(self._event.end_local_ns)

    def _plan(self) -> None:
        self.next_time_ns = min(self.stream.time_ns, self.next_event_ns())
