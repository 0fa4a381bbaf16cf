"""Bars of a subscription as its files hold them: decoded, in exchange time, adjusted, not yet filled forward."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from live.algorithm.data import Bar, BaseData, QuoteBar, TradeBar, make_quote_bar, make_trade_bar
from live.algorithm.symbols import Symbol
from live.clock import NANOSECONDS_PER_DAY, ns_to_date
from live.feeds.bar_subscription import SubscriptionConfig
from live.feeds.corporate_events import CorporateEvent
from live.feeds.fill_forward import is_end_of_listing
from live.feeds.listing import Listing, scale_midnight_ns
from live.feeds.streams import RowStream, bar_records
from live.hot.records import RecordBuffer
from live.hot.units import adjusted_size

FOREVER_NS = 1 << 62
_SCALE = 1e9
_LOOK_BACK_NS = 10 * NANOSECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class BarFiles:
    """Rows that are read one after another, and the span of exchange time for which they are meant.

    The file of all hours or days of a ticker may hold what the ticker stood for before and after the listing had it.
    """

    rows: RowStream
    from_ns: int = -FOREVER_NS
    until_ns: int = FOREVER_NS


class BarReader:
    """Iterates over the bars that end at or after a moment and begin at or before another.

    `raw_price` is the unadjusted close of the newest bar that was given, while the next one is asked for.

    Parameters:
        config: the subscription.
        listing: its symbol and files.
        parts: where the rows come from, in order of time.
        begin_ns: exchange time.
        end_ns: exchange time.
    """

    def __init__(
        self, config: SubscriptionConfig, listing: Listing, parts: list[BarFiles], begin_ns: int, end_ns: int
    ) -> None:
        self.raw_price = 0.0
        self._config = config
        self._listing = listing
        self._parts = parts
        self._begin_ns = begin_ns
        self._first_ns = max(begin_ns, listing.begin_local_ns)
        self._end_ns = end_ns
        self._midnight_ns = -FOREVER_NS
        self._scale = 1.0
        self._symbol = listing.symbol

    @property
    def streams(self) -> list[RowStream]:
        """Streams that the bars are read from."""
        return [part.rows for part in self._parts]

    def __iter__(self) -> Iterator[BaseData]:
        hours = self._config.hours
        for buffer, index, start, stop in self._rows():
            raw_close = buffer.words[index * buffer.width + 5] / _SCALE
            if self._config.is_strict_daily:
                day_start = start
                start, stop = hours.daily_calendar(stop)
                # A day without regular trading has no daily bar: what the file has of it was traded outside hours.
                if stop < day_start or stop < self._begin_ns:
                    self.raw_price = raw_close
                    continue
            self._prepare_day(start, stop)
            yield self._bar(buffer, index, start, stop)
            self.raw_price = raw_close

    def _rows(self) -> Iterator[tuple[RecordBuffer, int, int, int]]:
        """Yield buffer, record, start and end in exchange time of the rows that are wanted; no two with one end."""
        zone = self._config.hours.exchange_zone
        data_zone = self._config.data_zone
        period_ns = self._config.resolution.period_ns
        last_ns = -FOREVER_NS
        is_begun = False
        for part in self._parts:
            for buffer, index in bar_records(part.rows):
                start, stop = buffer.word(index, 0), buffer.word(index, 1)
                if data_zone is not zone:
                    start = zone.to_local_ns(data_zone.to_utc_ns(start))
                    stop = start + period_ns
                if start >= part.until_ns or start > self._end_ns:
                    part.rows.skip_rest()
                    break
                # Before the first data LEAN takes what a new file has of the last days, later only what is meant.
                if stop < part.from_ns and (is_begun or start <= part.from_ns - _LOOK_BACK_NS):
                    continue
                if stop <= last_ns:
                    continue
                last_ns = stop
                if stop >= self._first_ns:
                    is_begun = True
                    yield buffer, index, start, stop

    def _prepare_day(self, start_ns: int, stop_ns: int) -> None:
        midnight_ns = scale_midnight_ns(start_ns, stop_ns)
        if midnight_ns != self._midnight_ns:
            self._midnight_ns = midnight_ns
            self._scale = self._listing.price_scale(midnight_ns, self._config.normalization)
            self._symbol = self._listing.symbol_on(ns_to_date(midnight_ns))

    def _bar(self, buffer: RecordBuffer, index: int, start_ns: int, stop_ns: int) -> TradeBar | QuoteBar:
        return make_bar(buffer, index, self._symbol, start_ns, stop_ns, self._scale)


def with_events(bars: BarReader, events: list[CorporateEvent]) -> Iterator[BaseData]:
    """Yield bars and corporate actions in order, up to a delisting.

    An event comes before the bar that begins at its moment, and learns the last raw price before it.
    """
    queue = deque(events)
    for bar in bars:
        while queue and queue[0].moment_ns <= bar.time_local_ns:
            event = queue.popleft().priced(bars.raw_price)
            yield event
            if is_end_of_listing(event):
                return
        yield bar
    for remaining in queue:
        yield remaining.priced(bars.raw_price)


def make_bar(
    buffer: RecordBuffer, index: int, symbol: Symbol, start_ns: int, stop_ns: int, scale: float
) -> TradeBar | QuoteBar:
    """Return the bar of a record.

    Parameters:
        buffer: the records.
        index: the record.
        symbol: symbol of the bar.
        start_ns: exchange time.
        stop_ns: exchange time.
        scale: what prices are multiplied by; volume and sizes are divided by it.
    """
    base = index * buffer.width
    words, reals = buffer.words, buffer.reals
    prices = [words[base + 2 + each] / _SCALE * scale for each in range(4)]
    size = adjusted_size(reals[base + 6], scale)
    if not words[base + 12]:
        return make_trade_bar(symbol, start_ns, stop_ns, prices[0], prices[1], prices[2], prices[3], size, False)
    asks = [words[base + 7 + each] / _SCALE * scale for each in range(4)]
    bid = Bar(*prices) if prices[3] else None
    ask = Bar(*asks) if asks[3] else None
    return make_quote_bar(symbol, start_ns, stop_ns, bid, size, ask, adjusted_size(reals[base + 11], scale), False)
