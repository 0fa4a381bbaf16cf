# cython: annotation_typing=False
"""Newest prices of a security, compiled because every step stores some."""

from __future__ import annotations

from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.hot.book import Book
from live.hot.units import PRICE_SCALE, adjusted_size

_SCALE = float(PRICE_SCALE)  # a real, so that prices come out as build_ticks makes them


class SecurityCache:
    """Newest prices of a security, by LEAN's rules: repeats (fill-forward bars) and doubtful ticks are never stored.

    Kept as floats; the engine asks the security for exact values.
    """

    def __init__(self) -> None:
        self.price = self.bid_price = self.ask_price = self.bid_size = self.ask_size = 0.0
        self.open = self.high = self.low = self.close = self.volume = 0.0
        self.last_data: BaseData | None = None
        self.last_trade_bar: TradeBar | None = None
        self.last_quote_bar: QuoteBar | None = None
        self.trade_ticks: list[Tick] = []
        """Trade ticks of the last step that had some."""
        self.quote_ticks: list[Tick] = []
        """Quote ticks of the last step that had some."""
        self._last_bar_end_ns = -1
        self._last_quote_end_ns = -1

    def store_ticks(self, ticks: list[Tick], is_default_kind: bool) -> None:
        """Store one step's ticks of one kind.

        Parameters:
            ticks: not empty, in file order, none of them suspicious.
            is_default_kind: False for the quotes of an equity, which never become `last_data`.
        """
        last: Tick = ticks[len(ticks) - 1]
        if last.is_trade:
            self.trade_ticks = ticks
            for tick in ticks:
                if tick.value != 0.0:
                    self.price = tick.value
                if tick.quantity != 0.0:
                    self.volume = tick.quantity
        else:
            self.quote_ticks = ticks
            for tick in ticks:
                self._store_quote_tick(tick)
        if is_default_kind:
            self.last_data = last

    def _store_quote_tick(self, tick: Tick) -> None:
        if tick.value != 0.0:
            self.price = tick.value
        if tick.bid_price != 0.0:
            self.bid_price = tick.bid_price
        if tick.bid_size != 0.0:
            self.bid_size = tick.bid_size
        if tick.ask_price != 0.0:
            self.ask_price = tick.ask_price
        if tick.ask_size != 0.0:
            self.ask_size = tick.ask_size

    def store_book(self, book: Book, symbol_index: int, scale: float) -> None:
        """Take the sides and sizes that a symbol's ticks left in the book; what was never seen there stays.

        Parameters:
            book: newest raw prices.
            symbol_index: row of the book.
            scale: factor that adjusts raw prices; sizes are divided by it.
        """
        self.bid_price = book.quoted_bid_e9(symbol_index) / _SCALE * scale or self.bid_price
        self.ask_price = book.quoted_ask_e9(symbol_index) / _SCALE * scale or self.ask_price
        self.bid_size = adjusted_size(book.bid_size(symbol_index), scale) or self.bid_size
        self.ask_size = adjusted_size(book.ask_size(symbol_index), scale) or self.ask_size
        self.volume = adjusted_size(book.trade_size(symbol_index), scale) or self.volume

    def store_bar(self, bar: TradeBar | QuoteBar, is_default_kind: bool) -> None:
        """Store a real bar. A trade bar that ends with the newest quote bar does not displace it."""
        end_ns = bar.end_local_ns
        is_quote = isinstance(bar, QuoteBar)
        if is_default_kind and (self.last_data is None or self._last_quote_end_ns != end_ns or is_quote):
            self.last_data = bar
        if is_default_kind and (self._last_quote_end_ns != end_ns or self._last_bar_end_ns != end_ns):
            self._last_bar_end_ns = end_ns
            self._store_prices(bar)
        if isinstance(bar, QuoteBar):
            self._store_quote_bar(bar)
        else:
            self.last_trade_bar = bar
            if bar.volume:
                self.volume = bar.volume

    def _store_prices(self, bar: TradeBar | QuoteBar) -> None:
        self.open = bar.open or self.open
        self.high = bar.high or self.high
        self.low = bar.low or self.low
        close = bar.close
        if close:
            self.price = self.close = close

    def _store_quote_bar(self, bar: QuoteBar) -> None:
        self.last_quote_bar = bar
        self._last_quote_end_ns = bar.end_local_ns
        if bar.ask is not None and bar.ask.close:
            self.ask_price = bar.ask.close
        if bar.bid is not None and bar.bid.close:
            self.bid_price = bar.bid.close
        self.bid_size = bar.last_bid_size or self.bid_size
        self.ask_size = bar.last_ask_size or self.ask_size

    def apply_split(self, factor: float) -> None:
        """Scale the stored prices by a split that happens in the portfolio (raw prices)."""
        for name in ("price", "open", "high", "low", "close", "bid_price", "ask_price"):
            setattr(self, name, getattr(self, name) * factor)
        for name in ("volume", "bid_size", "ask_size"):
            setattr(self, name, getattr(self, name) / factor)
