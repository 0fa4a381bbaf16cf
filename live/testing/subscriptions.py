"""Subscriptions of a session: data before the start are read from files, those of the run are given by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from live.algorithm.data import BaseData, QuoteBar, make_quote_bar, make_trade_bar
from live.algorithm.enums import Resolution
from live.algorithm.symbols import Symbol
from live.feeds.bar_reader import BarFiles, BarReader
from live.feeds.bar_subscription import END_OF_DATA_NS, BarPoints, SubscriptionConfig
from live.feeds.data_folder import DataFolder
from live.feeds.given_bars import GivenBar, GivenBars
from live.feeds.listing import Listing
from live.feeds.queue_source import QueueSource
from live.feeds.subscription_files import bar_files
from live.hot.records import (
    TICK_ASK,
    TICK_ASK_SIZE,
    TICK_FLAGS,
    TICK_KIND,
    TICK_LINE,
    TICK_PRICE,
    TICK_SIZE,
    TICK_WORDS,
    RecordSource,
)
from live.paper.securities import Security
from live.paper.subscriptions import Subscriptions
from live.paper.tick_source import TickSubscription

TickRecord = tuple[int, int, int, int, float, float, int, int]
"""The words of a tick's record."""
_CAPACITY = 64
_Key = tuple[Symbol, Resolution, bool]


class SessionSubscriptions(Subscriptions):
    """Subscriptions that are fed by hand.

    Attributes:
        bars: bar subscriptions of the run, once it is open.
        ticks: tick subscriptions of the run with what they are fed through.
        start_ns: start of the run without the warm-up, UTC; data before it come from files.
    """

    def __init__(self, data_folder: DataFolder) -> None:
        super().__init__(data_folder)
        self.bars: list[GivenBars] = []
        self.ticks: list[tuple[SubscriptionConfig, QueueSource]] = []
        self.start_ns = 0
        self._given_bars: dict[_Key, list[GivenBar]] = {}
        self._given_ticks: dict[_Key, list[TickRecord]] = {}

    # -- giving

    def give_bar(self, source: GivenBars, bar: GivenBar) -> None:
        """Give a bar to a subscription, and keep it for requests of history."""
        source.put(bar)
        self._given_bars.setdefault(_key(source.config), []).append(bar)

    def give_tick(self, config: SubscriptionConfig, source: QueueSource, tick: TickRecord) -> None:
        """Give a tick to a subscription, and keep it for requests of history."""
        source.append(*tick)
        self._given_ticks.setdefault(_key(config), []).append(tick)

    def fresh_ticks(self) -> list[int]:
        """Return the places, in LEAN's order of subscriptions, of those that have ticks for the run."""
        in_order = sorted(self.ticks, key=lambda each: each[0].order)
        return [place for place, (_, source) in enumerate(in_order) if source.has_ticks]

    def price_scale(self, config: SubscriptionConfig, midnight_ns: int) -> float:
        """Return what the prices of a day are multiplied by: 1 unless the data folder has factors of an equity."""
        return self._listing_of(config.symbol).price_scale(midnight_ns, config.normalization)

    # -- what the engine asks for

    def require_data(self, security: Security, resolution: Resolution) -> None:
        """Accept every symbol: its data are given by hand."""

    def _open_bars(
        self, config: SubscriptionConfig, begin_ns: int, end_ns: int, step_ns: int, is_counted: bool
    ) -> BarPoints:
        source = self._open_fed_bars(config, begin_ns, self.start_ns, end_ns, step_ns, False) if is_counted else None
        if source is None:
            return super()._open_bars(config, begin_ns, end_ns, step_ns, is_counted)
        self.bars.append(source)
        return source

    def _open_ticks(
        self, config: SubscriptionConfig, security: Security, begin_ns: int, end_ns: int, is_counted: bool
    ) -> TickSubscription:
        last_ns = self.start_ns - 1 if is_counted else end_ns
        ticks: chain[TickRecord] | Iterator[TickRecord] = iter(())
        if begin_ns < last_ns:
            ticks = _ticks_of(super()._open_ticks(config, security, begin_ns, last_ns, is_counted=False).stream)
        source = QueueSource(config.symbol.index, _CAPACITY)
        if is_counted:
            self.ticks.append((config, source))
        else:
            ticks = chain(ticks, self._given_ticks.get(_key(config), ()))
        for tick in ticks:
            if max(begin_ns, source.newest_ns) <= tick[0] <= end_ns:
                source.append(*tick)
        return TickSubscription(config, security, source, self._listing_of(config.symbol), [], _no_price)

    def _reader(
        self, config: SubscriptionConfig, listing: Listing, begin_local_ns: int, end_local_ns: int
    ) -> BarReader:
        given = self._given_bars.get(_key(config), [])
        files = bar_files(self.folder, config, listing, begin_local_ns, end_local_ns)
        return _FilesThenGiven(config, listing, files, begin_local_ns, end_local_ns, given)


class _FilesThenGiven(BarReader):
    """Bars of files, followed by those that were given by hand. Parameters as for BarReader, and the given bars."""

    def __init__(
        self,
        config: SubscriptionConfig,
        listing: Listing,
        parts: list[BarFiles],
        begin_ns: int,
        end_ns: int,
        given: list[GivenBar],
    ) -> None:
        super().__init__(config, listing, parts, begin_ns, end_ns)
        self._first_ns = begin_ns
        self._last_ns = end_ns
        self._given = given

    def __iter__(self) -> Iterator[BaseData]:
        newest_ns = self._first_ns - 1
        for bar in super().__iter__():
            newest_ns = bar.end_local_ns
            yield bar
        for bar in self._given:
            if bar.end_local_ns > newest_ns and bar.time_local_ns <= self._last_ns:
                yield _copy(bar)
                self.raw_price = bar.value


def _no_price(midnight_ns: int) -> float:
    """Return the price of corporate actions, of which a session has none."""
    return 0.0


def _copy(bar: GivenBar) -> GivenBar:
    """Return a bar that may be kept beside the one that was given."""
    times = (bar.symbol, bar.time_local_ns, bar.end_local_ns)
    if isinstance(bar, QuoteBar):
        bid, ask = (None if side is None else side.clone() for side in (bar.bid, bar.ask))
        return make_quote_bar(*times, bid, bar.last_bid_size, ask, bar.last_ask_size, False)
    return make_trade_bar(*times, bar.open, bar.high, bar.low, bar.value, bar.volume, False)


def _key(config: SubscriptionConfig) -> _Key:
    return (config.symbol, config.resolution, config.is_quote)


def _ticks_of(stream: RecordSource) -> Iterator[TickRecord]:
    """Yield the ticks of a source that was primed, in order."""
    while stream.time_ns != END_OF_DATA_NS:
        end = stream.group_end()
        words, reals = stream.buffer.words, stream.buffer.reals
        for at in range(stream.position * TICK_WORDS, end * TICK_WORDS, TICK_WORDS):
            prices = (words[at + TICK_KIND], words[at + TICK_PRICE], words[at + TICK_ASK])
            sizes = (reals[at + TICK_SIZE], reals[at + TICK_ASK_SIZE])
            yield (stream.time_ns, *prices, *sizes, words[at + TICK_FLAGS], words[at + TICK_LINE])
        stream.advance_to(end)
