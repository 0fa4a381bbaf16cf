# cython: annotation_typing=False
"""Units of the hot path: prices and quantities are 64-bit integers scaled by one thousand million; sizes are reals."""

from __future__ import annotations

from decimal import Decimal

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


LARGEST_E9 = (1 << 63) - 1
"""What `scaled_e9` gives for a number that the gate and the pool cannot work with."""


def scaled_e9(value: float) -> int:
    """Return a number scaled by 1e9; what 64 bits cannot hold, or is no number, becomes the largest there is.

    Numbers of other types than Python's own, such as numpy's of 32 bits, could not hold the product.
    """
    kind: type = type(value)
    if kind is not float and kind is not int and kind is not Decimal:
        value = float(value)
    scaled = value * PRICE_SCALE
    if -LARGEST_E9 < scaled < LARGEST_E9:
        return round(scaled)
    return -LARGEST_E9 if scaled < 0 else LARGEST_E9
