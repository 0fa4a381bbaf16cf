"""Fixed-point units of the hot path: prices and quantities are 64-bit integers scaled by one thousand million."""

from __future__ import annotations

PRICE_SCALE = 1_000_000_000
"""Units of `price_e9` per one unit of the quote currency. The largest price is about 9.2e9."""

QUANTITY_SCALE = 1_000_000_000
"""Units of `quantity_e9` per one share, coin or unit of base currency."""
