"""Bars of a subscription made from a feed's ticks, as LEAN makes them live."""

from __future__ import annotations

from collections.abc import Callable

from live.algorithm.consolidators.period import TickConsolidator, TickQuoteBarConsolidator
from live.algorithm.data import QuoteBar, TradeBar
from live.algorithm.ticks import build_ticks
from live.feeds.given_bars import GivenBars
from live.hot.records import END_OF_DATA_NS, FLAG_SUSPICIOUS, TICK_FLAGS, TICK_TIME, RecordBuffer


class TickBars:
    """Makes bars and gives them to their subscription once they are over; suspicious ticks do not count.

    A bar is over at its end, which somebody has to tell: `close_until`.

    Parameters:
        bars: the subscription that takes them.
        scale_on: returns the factor that adjusts the prices of a moment of exchange time.

    Attributes:
        end_ns: end of the bar that is being made, UTC; far in the future when there is none.
    """

    def __init__(self, bars: GivenBars, scale_on: Callable[[int], float]) -> None:
        self._bars = bars
        self._config = bars.config
        self._scale_on = scale_on
        period = self._config.resolution.to_time_span()
        self._maker: TickConsolidator | TickQuoteBarConsolidator
        self._maker = TickQuoteBarConsolidator(period) if self._config.is_quote else TickConsolidator(period)
        self._bar: TradeBar | QuoteBar | None = None
        self.end_ns = END_OF_DATA_NS

    def add(self, record: RecordBuffer) -> bool:
        """Add the tick of a buffer that holds one record; return whether a bar was over before it."""
        if record.words[TICK_FLAGS] & FLAG_SUSPICIOUS:
            return False
        zone, time_ns = self._config.hours.exchange_zone, record.words[TICK_TIME]
        was_over = self.close_until(time_ns)
        local_ns = zone.to_local_ns(time_ns)
        scale = self._scale_on(local_ns)
        tick = build_ticks(record, 0, 1, self._config.symbol, local_ns, scale)[0]
        if self._bar is not None:
            self._maker.extend(self._bar, tick)  # type: ignore[arg-type]
            return was_over
        start_ns, end_ns = self._bars.next_bar(local_ns)
        self._bar = self._maker.begin(tick, start_ns, end_ns)
        self.end_ns = zone.to_utc_ns(end_ns)
        return was_over

    def close_until(self, time_ns: int) -> bool:
        """Give the bar away if it is over at a moment, UTC; return whether it was."""
        if self.end_ns > time_ns or self._bar is None:
            return False
        self._maker.consolidated = self._bar
        self._bars.put(self._bar)
        self._bar = None
        self.end_ns = END_OF_DATA_NS
        return True
