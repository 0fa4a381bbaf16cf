# cython: annotation_typing=False, initializedcheck=False
"""Price bands: as long as every price of every symbol stays inside its band, orders and account need no look.

Whoever knows orders and account sets the bands; the pumps ask, once per step, whether the step's ticks leave them. Prices are
raw and scaled by 1e9.
"""

from __future__ import annotations

from array import array

from live.hot.merge import TickMerge
from live.hot.records import FLAG_SUSPICIOUS, TICK_ASK, TICK_FLAGS, TICK_PRICE, TICK_WORDS

LOWEST_E9 = 0
HIGHEST_E9 = (1 << 63) - 1
_HIGHEST = HIGHEST_E9
# C copies: reading a Python constant costs a look-up.
_ASK = TICK_ASK
_FLAGS = TICK_FLAGS
_PRICE = TICK_PRICE
_SUSPICIOUS = FLAG_SUSPICIOUS
_WIDTH = TICK_WORDS


class PriceBands:
    """One band per symbol, its ends excluded; a new one has no ends.

    Bands are armed for one revision of what they were made from; `clear` and `disarm` end that.

    Parameters:
        capacity: symbols.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._is_armed = False
        self._revision = 0
        self._lows = memoryview(array("q", [LOWEST_E9] * capacity))
        self._highs = memoryview(array("q", [HIGHEST_E9] * capacity))

    def clear(self) -> None:
        """Take all bands away and disarm."""
        self._is_armed = False
        for index in range(self.capacity):
            self._lows[index] = 0
            self._highs[index] = _HIGHEST

    def arm(self, revision: int) -> None:
        """Let the bands hold for a revision."""
        self._is_armed = True
        self._revision = revision

    def disarm(self) -> None:
        """Let the bands hold no longer."""
        self._is_armed = False

    def holds(self, revision: int) -> bool:
        """Tell whether the bands are armed for a revision."""
        return self._is_armed and self._revision == revision

    def narrow(self, symbol_index: int, low_e9: int, high_e9: int) -> None:
        """Make a symbol's band no wider than from `low_e9` to `high_e9`.

        Raises:
            IndexError: there is no such symbol.
        """
        if symbol_index < 0 or symbol_index >= self.capacity:
            raise IndexError(f"no symbol {symbol_index} in bands of {self.capacity}")
        self._lows[symbol_index] = max(self._lows[symbol_index], low_e9)
        self._highs[symbol_index] = min(self._highs[symbol_index], high_e9)

    def is_outside(self, symbol_index: int, price_e9: int) -> bool:
        """Tell whether a price lies on or beyond an end of the band; 0 is no price, an unknown symbol has no band."""
        if price_e9 == 0 or symbol_index < 0 or symbol_index >= self.capacity:
            return False
        return price_e9 <= self._lows[symbol_index] or price_e9 >= self._highs[symbol_index]

    def crosses(self, merge: TickMerge) -> bool:
        """Tell whether a tick of the merge's step leaves its band. Suspicious ticks never move a price."""
        for place in range(merge.due_count):
            source = merge.sources[merge.due[place]]
            buffer = source.buffer
            index = source.symbol_index
            for record in range(merge.begins[place], merge.ends[place]):
                base = record * _WIDTH
                if buffer.words[base + _FLAGS] & _SUSPICIOUS:
                    continue
                if self.is_outside(index, buffer.words[base + _PRICE]) or self.is_outside(
                    index, buffer.words[base + _ASK]
                ):
                    return True
        return False
