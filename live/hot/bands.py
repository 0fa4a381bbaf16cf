# cython: annotation_typing=False, initializedcheck=False
"""Price bands: as long as every price of every symbol stays inside its band, resting orders need no look.

Whoever knows the orders sets the bands; the pumps ask, once per step, whether the step's ticks leave them. Prices are
raw and scaled by 1e9.
"""

from __future__ import annotations

from array import array

from live.hot.merge import TickMerge
from live.hot.records import TICK_WORDS

LOWEST_E9 = 0
HIGHEST_E9 = (1 << 63) - 1
_HIGHEST = HIGHEST_E9
_SUSPICIOUS = 1
_WIDTH = TICK_WORDS


class PriceBands:
    """One band per symbol, its ends excluded; a new one has no ends.

    `is_armed` says whether the bands mean anything.

    Parameters:
        capacity: symbols.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.is_armed = False
        self._lows = memoryview(array("q", [LOWEST_E9] * capacity))
        self._highs = memoryview(array("q", [HIGHEST_E9] * capacity))

    def clear(self) -> None:
        """Take all bands away and disarm."""
        self.is_armed = False
        for index in range(self.capacity):
            self._lows[index] = 0
            self._highs[index] = _HIGHEST

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
        """Tell whether a price lies on or beyond an end of the band; 0 is no price."""
        if price_e9 == 0:
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
                if buffer.words[base + 6] & _SUSPICIOUS:
                    continue
                if self.is_outside(index, buffer.words[base + 2]) or self.is_outside(index, buffer.words[base + 3]):
                    return True
        return False
