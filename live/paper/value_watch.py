# cython: annotation_typing=False
"""Tells, between two looks at the whole account, that its value may have come near nothing.

LEAN ends a run whose portfolio is worth nothing, and looks at every step. The exact value costs decimals of every
holding, so a step asks for it only when this estimate is low.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.paper.security_cache import SecurityCache

if TYPE_CHECKING:
    from live.paper.portfolio import SecurityPortfolioManager

_LOW = 0.05
"""Share of the gross exposure below which the value is looked at exactly; far above what floats get wrong."""


class HeldPosition:
    """A holding, or an amount of a foreign currency: its worth is `units` times the price.

    Parameters:
        cache: newest price of the security, or of the pair that converts the currency.
        units: signed worth at a price of 1, in the account's currency.
    """

    def __init__(self, cache: SecurityCache, units: float) -> None:
        self.cache = cache
        self.units = units


class ValueWatch:
    """An estimate of the account's value, good until the next fill."""

    def __init__(self) -> None:
        self._positions: list[HeldPosition] = []
        self._rest = 0.0
        self._is_exact_needed = False

    def begin(self, portfolio: SecurityPortfolioManager) -> None:
        """Take the account as it is now."""
        self._positions = []
        self._is_exact_needed = False
        if not portfolio.invested:
            return
        for security in portfolio.securities.values():
            if security.holdings.exact_quantity and security.base_cash is None:
                unit = security.quote_cash.exact_conversion_rate * security.properties.contract_multiplier
                self._positions.append(HeldPosition(security.cache, float(security.holdings.exact_quantity * unit)))
        for cash in portfolio.cash_book.values():
            if cash.conversion_security is not None and cash.exact_amount:
                # The worth of an inverted pair is no multiple of its price.
                self._is_exact_needed |= cash.is_inverted
                self._positions.append(HeldPosition(cash.conversion_security.cache, float(cash.exact_amount)))
        self._rest = float(portfolio.exact_total_portfolio_value) - self._worth()

    def is_low(self) -> bool:
        """Tell whether the exact value must be asked for."""
        if not self._positions:
            return False
        if self._is_exact_needed:
            return True
        gross = abs(self._rest)
        value = self._rest
        for position in self._positions:
            worth = position.units * position.cache.price
            value += worth
            gross += abs(worth)
        return value <= _LOW * gross

    def _worth(self) -> float:
        worth = 0.0
        for position in self._positions:
            worth += position.units * position.cache.price
        return worth
