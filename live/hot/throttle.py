# cython: annotation_typing=False, initializedcheck=False
"""Limits over time for the risk gate: order rates, and orders equal to one just sent."""

from __future__ import annotations

from array import array

REMEMBERED_ORDERS = 64
"""Accepted orders that a duplicate is compared with."""
TOKENS_MAX = 1_000_000
"""Largest rate; with a period of a minute all products stay within 64 bits."""
_WIDTH = 8
_SYMBOL, _QUANTITY, _TYPE, _PRICE, _TIME = range(5)
_REMEMBERED = REMEMBERED_ORDERS


class TokenBucket:
    """Token bucket in whole numbers: holds `tokens_max` tokens and refills as many evenly over a period.

    A token is counted as `period_ns` shares, and each nanosecond adds `tokens_max` shares, so no fraction is ever
    lost. A clock that steps back adds nothing until it has caught up.

    Parameters:
        tokens_max: orders per period and largest burst, up to TOKENS_MAX; 0 for no limit.
        period_ns: the period.
    """

    def __init__(self, tokens_max: int, period_ns: int) -> None:
        self.tokens_max = min(tokens_max, TOKENS_MAX)
        self.period_ns = period_ns
        self._level = self.tokens_max * period_ns
        self._time_ns = 0

    def has_token(self, now_ns: int) -> bool:
        """Tell whether an order may go now; takes nothing."""
        return self.tokens_max == 0 or self._level_at(now_ns) >= self.period_ns

    def take(self, now_ns: int) -> None:
        """Take a token, or what is left of one."""
        self._level = max(0, self._level_at(now_ns) - self.period_ns)
        self._time_ns = max(self._time_ns, now_ns)

    def _level_at(self, now_ns: int) -> int:
        elapsed_ns = now_ns - self._time_ns
        if elapsed_ns <= 0:
            return self._level
        missing = self.tokens_max * self.period_ns - self._level
        if elapsed_ns >= self.period_ns or elapsed_ns * self.tokens_max >= missing:
            return self.tokens_max * self.period_ns
        return self._level + elapsed_ns * self.tokens_max


class DuplicateWindow:
    """The last accepted orders; tells whether an equal one came less than a window ago.

    Equal means same symbol, signed quantity, type and price. Only the last REMEMBERED_ORDERS orders are compared.

    Parameters:
        window_ns: the window; 0 turns the check off.
    """

    def __init__(self, window_ns: int) -> None:
        self.window_ns = window_ns
        self._words: memoryview[int] = memoryview(array("q", [0]) * (REMEMBERED_ORDERS * _WIDTH))
        self._count = 0

    def contains(self, symbol_index: int, quantity_e9: int, order_type: int, price_e9: int, now_ns: int) -> bool:
        """Tell whether an equal order was added less than a window before now; exactly a window ago is long enough."""
        if self.window_ns <= 0:
            return False
        for back in range(1, min(self._count, _REMEMBERED) + 1):
            base = ((self._count - back) & (_REMEMBERED - 1)) * _WIDTH
            if now_ns - self._words[base + _TIME] >= self.window_ns:
                # Older ones are older still.
                return False
            if (
                self._words[base + _SYMBOL] == symbol_index
                and self._words[base + _QUANTITY] == quantity_e9
                and self._words[base + _TYPE] == order_type
                and self._words[base + _PRICE] == price_e9
            ):
                return True
        return False

    def add(self, symbol_index: int, quantity_e9: int, order_type: int, price_e9: int, now_ns: int) -> None:
        """Remember an accepted order; the oldest is forgotten."""
        base = (self._count & (_REMEMBERED - 1)) * _WIDTH
        self._words[base + _SYMBOL] = symbol_index
        self._words[base + _QUANTITY] = quantity_e9
        self._words[base + _TYPE] = order_type
        self._words[base + _PRICE] = price_e9
        self._words[base + _TIME] = now_ns
        self._count += 1
