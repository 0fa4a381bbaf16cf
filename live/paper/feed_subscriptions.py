"""Subscriptions of a run on a feed: what lies before its start comes from files, ticks and bars from then on from the feed."""

from __future__ import annotations

from collections import deque
from functools import partial

from live.algorithm.data import BaseData
from live.algorithm.enums import Resolution
from live.clock import date_to_ns
from live.feeds.bar_subscription import END_OF_DATA_NS, BarPoints, SubscriptionConfig
from live.feeds.corporate_events import CorporateEvent
from live.feeds.data_folder import DataFolder
from live.feeds.given_bars import GivenBars
from live.feeds.socket.channels import BarTaker
from live.feeds.socket.frames import Channel
from live.feeds.socket.inbox import FeedInbox
from live.feeds.subscription_files import open_span
from live.feeds.tick_bars import TickBars
from live.paper.securities import Security
from live.paper.subscriptions import Subscriptions
from live.paper.tick_source import TickSubscription


class BarsWithEvents:
    """Bars of a feed, and the corporate actions of their equity.

    Parameters:
        bars: the bars.
        taker: makes them from ticks.
        events: corporate actions in order.
    """

    def __init__(self, bars: GivenBars, taker: BarTaker, events: list[CorporateEvent]) -> None:
        self.config = bars.config
        self._bars = bars
        self._taker = taker
        self._events = deque(events)
        self._event_ns = self._next_event_ns()

    @property
    def next_time_ns(self) -> int:
        """UTC moment of the next point, END_OF_DATA_NS when there is none at present."""
        return min(self._event_ns, self._bars.next_time_ns)

    def take(self, time_ns: int) -> list[BaseData]:
        """Return the points up to a moment and go on; an event comes before the bar that begins at its moment."""
        points: list[BaseData] = []
        while self._event_ns <= time_ns:
            points.append(self._events.popleft().priced(self._taker.newest_price))
            self._event_ns = self._next_event_ns()
        return points + self._bars.take(time_ns)

    def _next_event_ns(self) -> int:
        if not self._events:
            return END_OF_DATA_NS
        return self.config.hours.exchange_zone.to_utc_ns(self._events[0].moment_ns)


class FeedSubscriptions(Subscriptions):
    """Subscriptions of a run on a feed.

    Parameters:
        data_folder: has reference data, history and the warm-up.
        inbox: has the ticks from `start_ns` on.
        like: as for Subscriptions.

    Attributes:
        start_ns: start of the run without the warm-up, UTC, once it is known.
    """

    def __init__(self, data_folder: DataFolder, inbox: FeedInbox, like: Subscriptions | None = None) -> None:
        super().__init__(data_folder, like)
        self.inbox = inbox
        self.start_ns = 0

    def require_data(self, security: Security, resolution: Resolution) -> None:
        """Accept every symbol: whether the feed has it shows when it is released."""

    def _open_bars(
        self, config: SubscriptionConfig, begin_ns: int, end_ns: int, step_ns: int, is_counted: bool
    ) -> BarPoints:
        bars = self._open_fed_bars(config, begin_ns, self.start_ns, end_ns, step_ns, True) if is_counted else None
        if bars is None:
            return super()._open_bars(config, begin_ns, end_ns, step_ns, is_counted)
        listing = self._listing_of(config.symbol)
        maker = TickBars(bars, lambda local_ns: listing.price_scale(local_ns, config.normalization))
        taker = self.inbox.add_bars(channel_of(config), maker, partial(open_span, config))
        begin, end = self._local_span(config, begin_ns, end_ns)
        return BarsWithEvents(bars, taker, [] if config.is_quote else self._events(config, begin, end))

    def _open_ticks(
        self, config: SubscriptionConfig, security: Security, begin_ns: int, end_ns: int, is_counted: bool
    ) -> TickSubscription:
        if not is_counted:
            return super()._open_ticks(config, security, begin_ns, end_ns, is_counted)
        source = self.inbox.add(channel_of(config), config.symbol.index, partial(open_span, config))
        begin, end = self._local_span(config, begin_ns, end_ns)
        events = [] if config.is_quote else self._events(config, begin, end)
        days = sorted({date_to_ns(event.seen_on) for event in events if event.needs_price})
        if begin_ns < self.start_ns:
            rows = self._tick_rows(config, begin_ns, self.start_ns - 1, days)
            self.streams.append(rows)
            source.begin_with(rows)
        return TickSubscription(
            config, security, source, self._listing_of(config.symbol), events, lambda day: source.newest_price
        )


def channel_of(config: SubscriptionConfig) -> Channel:
    """Return the channel of a feed that carries a subscription's ticks."""
    symbol = config.symbol
    return Channel(symbol.security_type.name.lower(), symbol.id.market, symbol.value, config.is_quote)
