# cython: annotation_typing=False
"""Units of the hot path: prices and quantities are 64-bit integers scaled by one thousand million; sizes are reals."""

from __future__ import annotations

PRICE_SCALE = 1_000_000_000
"""Units of `price_e9` per one unit of the quote currency. The largest price is about 9.2e9."""

QUANTITY_SCALE = 1_000_000_000
"""Units of `quantity_e9` per one share, coin or unit of base currency."""

_HALF_EVEN = 1.5 * 2.0**52  # added and taken off, it leaves no digits after the point


def adjusted_size(size: float, scale: float) -> float:
    """Return a volume or size that goes with adjusted prices: divided by their factor and rounded, half to even.

    As in LEAN the factor is the whole one, dividends included; at 1 sizes stay as they are.

    Parameters:
        size: as in the file, below 2**51.
        scale: what the prices are multiplied by.
    """
    if scale == 1.0:
        return size
    return size / scale + _HALF_EVEN - _HALF_EVEN
