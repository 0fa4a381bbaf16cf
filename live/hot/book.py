# cython: annotation_typing=False, initializedcheck=False
"""The newest market state of every symbol: one row of two cache lines each, written in place.

Row of a symbol (16 words of 8 bytes; prices are raw and scaled by 1e9, 0 means "not seen yet"):
0 exchange time_ns | 1 receive_ns | 2 sequence | 3 kind of the last tick | 4 price_e9, the value of the last tick |
5 bid_e9 | 6 ask_e9 | 7 trade_e9 | 8 bid size | 9 ask size | 10 trade size (8-10 reals) | 11-15 spare

The rules are those of LEAN's security cache. The value of a trade is its price; of a two-sided quote the middle of its
sides; of a one-sided quote its side. A side, size or price of 0 leaves the one before in place. A symbol that was never
quoted on a side shows its price there.
"""

from __future__ import annotations

from live.errors import UsageError
from live.hot.records import KIND_QUOTE, KIND_TRADE

MAX_SYMBOLS = 16_384
"""Symbols one book may hold: 2 MiB of rows."""

BOOK_WORDS = 16
_TIME, _RECEIVED, _SEQUENCE, _KIND, _PRICE, _BID, _ASK, _TRADE, _BID_SIZE, _ASK_SIZE, _TRADE_SIZE = range(11)
# C copies: reading a Python constant costs a look-up.
_WIDTH = BOOK_WORDS
_KIND_TRADE = KIND_TRADE
_KIND_QUOTE = KIND_QUOTE


class Book:
    """Newest bid, ask and trade by symbol index; all memory is taken and written once at the start.

    An index outside the book is never an access outside its memory: an update is refused, and a getter returns 0, which
    everywhere means "no price".

    Parameters:
        capacity: symbols, 1 to MAX_SYMBOLS.

    Raises:
        UsageError: the capacity is out of its range.
    """

    def __init__(self, capacity: int) -> None:
        if not 1 <= capacity <= MAX_SYMBOLS:
            raise UsageError(f"a book of {capacity} symbols is not possible; subscribe to 1 to {MAX_SYMBOLS} symbols")
        self._block = bytearray(capacity * BOOK_WORDS * 8)
        self._words: memoryview[int] = memoryview(self._block).cast("q")
        self._reals: memoryview[float] = memoryview(self._block).cast("d")
        for at in range(capacity * BOOK_WORDS):
            self._words[at] = 0
        self.capacity = capacity

    def update_tick(
        self,
        symbol_index: int,
        kind: int,
        time_ns: int,
        bid_or_trade_e9: int,
        ask_e9: int,
        bid_size: float,
        ask_size: float,
        receive_ns: int,
    ) -> bool:
        """Take a tick; a bar enters as the tick of its close.

        Parameters:
            symbol_index: row.
            kind: KIND_TRADE or KIND_QUOTE of the record layout.
            time_ns: time of the exchange, UTC.
            bid_or_trade_e9: price of a trade, or bid of a quote; not above 0 when absent.
            ask_e9: ask of a quote; not above 0 when absent.
            bid_size: size of the trade or the bid, in units; 0 when absent.
            ask_size: size of the ask, in units; 0 when absent.
            receive_ns: when this process got it; in a replay the time of the exchange.

        Returns:
            Whether the book changed: False for an unknown index or kind, or a tick without any price.
        """
        if symbol_index < 0 or symbol_index >= self.capacity:
            return False
        base = symbol_index * _WIDTH
        if kind == _KIND_TRADE:
            if bid_or_trade_e9 <= 0:
                return False
            price_e9 = bid_or_trade_e9
            self._words[base + _TRADE] = price_e9
            if bid_size > 0.0:
                self._reals[base + _TRADE_SIZE] = bid_size
        elif kind == _KIND_QUOTE:
            price_e9 = 0
            if ask_e9 > 0:
                self._words[base + _ASK] = ask_e9
                price_e9 = ask_e9
            if bid_or_trade_e9 > 0:
                self._words[base + _BID] = bid_or_trade_e9
                # The middle, rounded down to 1e-9, without the sum that could leave 64 bits.
                price_e9 = bid_or_trade_e9 if price_e9 == 0 else bid_or_trade_e9 + ((ask_e9 - bid_or_trade_e9) >> 1)
            if price_e9 == 0:
                return False
            if bid_size > 0.0:
                self._reals[base + _BID_SIZE] = bid_size
            if ask_size > 0.0:
                self._reals[base + _ASK_SIZE] = ask_size
        else:
            return False
        self._words[base + _TIME] = time_ns
        self._words[base + _RECEIVED] = receive_ns
        self._words[base + _SEQUENCE] += 1
        self._words[base + _KIND] = kind
        self._words[base + _PRICE] = price_e9
        return True

    def reset(self, symbol_index: int) -> None:
        """Forget all about a symbol, as after a split or a change of contract."""
        if symbol_index < 0 or symbol_index >= self.capacity:
            return
        for field in range(_WIDTH):
            self._words[symbol_index * _WIDTH + field] = 0

    def has_price(self, symbol_index: int) -> bool:
        """Tell whether any tick with a price has come."""
        return self._word(symbol_index, _PRICE) > 0

    def price_e9(self, symbol_index: int) -> int:
        """Return the value of the last tick: LEAN's `security.price`."""
        return self._word(symbol_index, _PRICE)

    def trade_e9(self, symbol_index: int) -> int:
        """Return the price of the last trade."""
        return self._word(symbol_index, _TRADE)

    def quoted_bid_e9(self, symbol_index: int) -> int:
        """Return the last bid, 0 when none was quoted."""
        return self._word(symbol_index, _BID)

    def quoted_ask_e9(self, symbol_index: int) -> int:
        """Return the last ask, 0 when none was quoted."""
        return self._word(symbol_index, _ASK)

    def bid_e9(self, symbol_index: int) -> int:
        """Return LEAN's `bid_price`: the last bid, or the price when none was quoted."""
        side_e9 = self._word(symbol_index, _BID)
        return side_e9 if side_e9 > 0 else self._word(symbol_index, _PRICE)

    def ask_e9(self, symbol_index: int) -> int:
        """Return LEAN's `ask_price`: the last ask, or the price when none was quoted."""
        side_e9 = self._word(symbol_index, _ASK)
        return side_e9 if side_e9 > 0 else self._word(symbol_index, _PRICE)

    def reference_e9(self, symbol_index: int) -> int:
        """Return the price to judge an order by.

        The middle of the last bid and ask when both are known, else the price.
        """
        bid_e9 = self._word(symbol_index, _BID)
        ask_e9 = self._word(symbol_index, _ASK)
        if bid_e9 > 0 and ask_e9 > 0:
            return bid_e9 + ((ask_e9 - bid_e9) >> 1)
        return self._word(symbol_index, _PRICE)

    def bid_size(self, symbol_index: int) -> float:
        """Return the last size of the bid, in units."""
        return self._real(symbol_index, _BID_SIZE)

    def ask_size(self, symbol_index: int) -> float:
        """Return the last size of the ask, in units."""
        return self._real(symbol_index, _ASK_SIZE)

    def trade_size(self, symbol_index: int) -> float:
        """Return the size of the last trade, in units."""
        return self._real(symbol_index, _TRADE_SIZE)

    def time_ns(self, symbol_index: int) -> int:
        """Return the exchange's time of the last update."""
        return self._word(symbol_index, _TIME)

    def receive_ns(self, symbol_index: int) -> int:
        """Return when the last update was received."""
        return self._word(symbol_index, _RECEIVED)

    def sequence(self, symbol_index: int) -> int:
        """Return how many updates the symbol has had."""
        return self._word(symbol_index, _SEQUENCE)

    def kind(self, symbol_index: int) -> int:
        """Return the kind of the last tick, KIND_TRADE before the first."""
        return self._word(symbol_index, _KIND)

    def _word(self, symbol_index: int, field: int) -> int:
        if symbol_index < 0 or symbol_index >= self.capacity:
            return 0
        return self._words[symbol_index * _WIDTH + field]

    def _real(self, symbol_index: int, field: int) -> float:
        if symbol_index < 0 or symbol_index >= self.capacity:
            return 0.0
        return self._reals[symbol_index * _WIDTH + field]
