# cython: annotation_typing=False, initializedcheck=False
"""The tick that a strategy sees: one reused view on the book, moved from symbol to symbol; a tick makes no object."""

from __future__ import annotations

from array import array

from live.errors import StaleViewError, UsageError
from live.hot.book import Book
from live.hot.records import KIND_TRADE
from live.hot.units import PRICE_SCALE, adjusted_size

_KIND_TRADE = KIND_TRADE
_PRICE_SCALE = float(PRICE_SCALE)


class TickView:
    """The newest tick of one symbol, with the book's sides.

    The runtime owns the one view of a run and moves it before each callback. Never keep it: read what is needed inside
    the callback and keep those numbers. A kept view shows whatever tick comes later; in checked mode reading it
    between callbacks raises StaleViewError, and `generation` tells two callbacks apart.

    A quote tick changes only the sides it has; `bid_price` and `ask_price` are the newest known of both. Prices ending
    in `_e9` are raw and scaled by 1e9; the others, and sizes, are adjusted.

    Parameters:
        book: where the ticks are.
        is_checked: whether to notice reads outside a callback.
    """

    def __init__(self, book: Book, is_checked: bool = False) -> None:
        self.book = book
        self.symbol_index = 0
        self.generation = 0
        self.is_checked = is_checked
        self._is_expired = True
        self._symbols: list[object] = [None] * book.capacity
        self._factors: memoryview[float] = memoryview(array("d", [1.0]) * book.capacity)

    def set_symbol(self, symbol_index: int, symbol: object, price_factor: float) -> None:
        """Say what a symbol index stands for.

        Parameters:
            symbol_index: row of the book.
            symbol: the object that `symbol` returns.
            price_factor: factor that adjusts raw prices.

        Raises:
            UsageError: the index lies outside the book.
        """
        if not 0 <= symbol_index < self.book.capacity:
            raise UsageError(f"symbol index {symbol_index} lies outside the book of {self.book.capacity}; enlarge it")
        self._symbols[symbol_index] = symbol
        self._factors[symbol_index] = price_factor

    def factor(self, symbol_index: int) -> float:
        """Return the factor that adjusts a symbol's raw prices; 1 for an index outside the book."""
        return self._factors[symbol_index] if 0 <= symbol_index < self.book.capacity else 1.0

    def show(self, symbol_index: int) -> bool:
        """Move to the newest tick of a symbol, before a callback; False, unmoved, for an index outside the book."""
        if symbol_index < 0 or symbol_index >= self.book.capacity:
            return False
        self.symbol_index = symbol_index
        self.generation += 1
        self._is_expired = False
        return True

    def expire(self) -> None:
        """Mark the callback as over: in checked mode reads raise until the view is moved again."""
        self._is_expired = True

    @property
    def symbol(self) -> object:
        """The symbol's object."""
        return self._symbols[self._at()]

    @property
    def is_trade(self) -> bool:
        """Whether the tick is a trade."""
        return self.book.kind(self._at()) == _KIND_TRADE

    @property
    def is_quote(self) -> bool:
        """Whether the tick is a quote."""
        return self.book.kind(self._at()) != _KIND_TRADE

    @property
    def price(self) -> float:
        """Value of the tick: price of a trade, middle or only side of a quote."""
        at = self._at()
        return self.book.price_e9(at) / _PRICE_SCALE * self._factors[at]

    @property
    def bid_price(self) -> float:
        """Newest bid, or the price when none was quoted."""
        at = self._at()
        return self.book.bid_e9(at) / _PRICE_SCALE * self._factors[at]

    @property
    def ask_price(self) -> float:
        """Newest ask, or the price when none was quoted."""
        at = self._at()
        return self.book.ask_e9(at) / _PRICE_SCALE * self._factors[at]

    @property
    def quantity(self) -> float:
        """Size of a trade; 0 for a quote."""
        at = self._at()
        return adjusted_size(self.book.trade_size(at), self._factors[at]) if self.book.kind(at) == _KIND_TRADE else 0.0

    @property
    def bid_size(self) -> float:
        """Newest size of the bid."""
        at = self._at()
        return adjusted_size(self.book.bid_size(at), self._factors[at])

    @property
    def ask_size(self) -> float:
        """Newest size of the ask."""
        at = self._at()
        return adjusted_size(self.book.ask_size(at), self._factors[at])

    @property
    def price_e9(self) -> int:
        """Raw value of the tick."""
        return self.book.price_e9(self._at())

    @property
    def bid_e9(self) -> int:
        """Raw newest bid, or the price when none was quoted."""
        return self.book.bid_e9(self._at())

    @property
    def ask_e9(self) -> int:
        """Raw newest ask, or the price when none was quoted."""
        return self.book.ask_e9(self._at())

    @property
    def time_ns(self) -> int:
        """Time of the exchange, nanoseconds since 1970 UTC."""
        return self.book.time_ns(self._at())

    @property
    def receive_ns(self) -> int:
        """When the tick was received, nanoseconds since 1970 UTC."""
        return self.book.receive_ns(self._at())

    @property
    def sequence(self) -> int:
        """Number of the tick among those of its symbol, from 1."""
        return self.book.sequence(self._at())

    def _at(self) -> int:
        if self._is_expired and self.is_checked:
            raise StaleViewError(
                "a tick view was read after its on_tick had returned; copy the numbers you need instead of "
                "keeping the view"
            )
        return self.symbol_index
