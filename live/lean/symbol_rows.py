"""Counts of single symbols inside LEAN, and their rows on the telemetry page."""

from __future__ import annotations

from typing import Any

from live.clock import Zone, zone
from live.config import TelemetrySettings
from live.hot.page_layout import FEED_LABEL_WORDS, FEEDS_MAX
from live.hot.telemetry import TelemetryPage
from live.lean import surface

_LABEL_BYTES = FEED_LABEL_WORDS * 8


class SymbolRow(surface.TradedSecurity):
    """What is known of a symbol.

    Attributes:
        index: its number in this run, from 0.
        zone: time zone of its exchange.
        place: of its row on the page; -1 when it is not shown by name.
        ticks: that reached the strategy.
        received_ns: when the newest came, since 1970 UTC.
        newest_price: of the newest tick.
        price_changed_ns: when that price was seen first.
    """

    __slots__ = ("index", "newest_price", "place", "price_changed_ns", "received_ns", "ticks", "zone")

    def __init__(self, index: int, security: Any, place: int) -> None:
        self.index = index
        self.take(security)
        self.zone: Zone = zone(surface.zone_name(security))
        self.place = place
        self.ticks = 0
        self.received_ns = 0
        self.newest_price = 0.0
        self.price_changed_ns = 0

    def count(self, ticks: int, received_ns: int, price: float) -> None:
        """Count ticks that came together.

        Parameters:
            ticks: how many.
            received_ns: when, since 1970 UTC.
            price: of the newest of them.
        """
        self.ticks += ticks
        self.received_ns = received_ns
        if price != self.newest_price:
            self.newest_price = price
            self.price_changed_ns = received_ns


class SymbolRows:
    """The rows by LEAN's symbol, in the order of their first tick.

    Parameters:
        page: where those are that have a name there.
        settings: which ones these are.
    """

    def __init__(self, page: TelemetryPage, settings: TelemetrySettings) -> None:
        self._page = page
        self._wanted = {name.casefold() for name in settings.symbols}
        self._room = FEEDS_MAX if settings.symbols else settings.max_symbols
        self._rows: dict[Any, SymbolRow] = {}
        self._shown: list[SymbolRow] = []

    def add(self, security: Any) -> SymbolRow:
        """Make the row of a security, at the first tick of its symbol.

        Parameters:
            security: LEAN's. Of two symbols with one ticker the second has its market in its name on the page.
        """
        symbol = security.symbol
        place = self._place(str(symbol.value), str(symbol.id.market))
        row = self._rows[symbol] = SymbolRow(len(self._rows), security, place)
        if place >= 0:
            self._shown.append(row)
        return row

    def find(self, symbol: Any) -> SymbolRow | None:
        """Return the row of a symbol; None before its first tick."""
        return self._rows.get(symbol)

    def name(self, index: int) -> str:
        """Return the ticker of a row's number; "" for several symbols."""
        return next((row.ticker for row in self._rows.values() if row.index == index), "")

    def publish(self) -> None:
        """Bring the rows with a name up to date."""
        for row in self._shown:
            self._page.stamp_feed(row.place, row.received_ns, row.ticks, row.price_changed_ns, row.is_open())

    def _place(self, ticker: str, market: str) -> int:
        if self._wanted and ticker.casefold() not in self._wanted:
            return -1
        taken = {row.ticker for row in self._shown}
        label = f"{ticker}.{market}" if ticker in taken else ticker
        if len(self._shown) >= self._room or len(label.encode()) > _LABEL_BYTES:
            return -1
        self._page.name_feed(len(self._shown), label)
        return len(self._shown)
