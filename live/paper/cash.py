# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Cash by currency, and its value in the account's currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from live.algorithm.naming import PascalCaseAccess, pascal_case_attribute
from live.algorithm.numbers import ONE, ZERO, Number, to_decimal
from live.algorithm.order_terms import CashAmount

if TYPE_CHECKING:
    from live.algorithm.data import BaseData
    from live.paper.securities import Security


class Cash:
    """One currency of the account: an amount, and the security whose price converts it."""

    def __init__(self, symbol: str, amount: Decimal, conversion_rate: Decimal) -> None:
        self.symbol = symbol
        self.exact_amount = amount
        self._rate = conversion_rate
        self._rate_data: BaseData | None = None
        self.conversion_security: Security | None = None
        """Pair that gives the rate; None for the account's own currency."""
        self.is_inverted = False
        """Whether the pair quotes this currency, so that its rate is the inverse of the price."""

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    @property
    def exact_conversion_rate(self) -> Decimal:
        """Account currency per unit: the value of the converting pair's newest data, a trade's price or a quote's middle.

        Before the pair has data the rate stays what it was set to.
        """
        if self.conversion_security is not None:
            data = self.conversion_security.cache.last_data
            if data is not self._rate_data:
                self._rate_data = data
                price = ZERO if data is None else to_decimal(data.value)
                if price:
                    self._rate = ONE / price if self.is_inverted else price
        return self._rate

    @exact_conversion_rate.setter
    def exact_conversion_rate(self, rate: Decimal) -> None:
        self._rate = rate

    @property
    def amount(self) -> float:
        """Amount held."""
        return float(self.exact_amount)

    @property
    def conversion_rate(self) -> float:
        """Account currency per unit."""
        return float(self.exact_conversion_rate)

    @property
    def value_in_account_currency(self) -> float:
        """Amount times rate."""
        return float(self.exact_value)

    @property
    def exact_value(self) -> Decimal:
        """Amount in the account's currency."""
        return self.exact_amount * self.exact_conversion_rate

    def add_amount(self, amount: Number) -> float:
        """Add to the amount and return the new one."""
        self.exact_amount += to_decimal(amount)
        return self.amount

    def set_amount(self, amount: Number) -> None:
        """Replace the amount."""
        self.exact_amount = to_decimal(amount)

    def __repr__(self) -> str:
        return f"Cash({self.symbol} {self.amount:g} @ {self.conversion_rate:g})"


class ConvertibleCashAmount:
    """An amount of a currency, and its worth in the account's currency at the present rate."""

    def __init__(self, amount: Decimal, cash: Cash) -> None:
        self.exact_amount = amount
        self.cash = cash

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    @property
    def amount(self) -> float:
        """The amount."""
        return float(self.exact_amount)

    @property
    def in_account_currency(self) -> float:
        """Worth in the account's currency."""
        return float(self.exact_amount * self.cash.exact_conversion_rate)

    def __float__(self) -> float:
        return self.in_account_currency


class CashBook(dict[str, Cash], PascalCaseAccess):
    """All currencies of the account."""

    account_currency = "USD"
    """Currency that values are reported in."""

    def __init__(self, account_currency: str = "USD") -> None:
        super().__init__()
        self.account_currency = account_currency
        self[account_currency] = Cash(account_currency, ZERO, ONE)

    def ensure(self, currency: str) -> Cash:
        """Return a currency's entry, made with no amount and no rate when it is new."""
        found = self.get(currency)
        if found is None:
            found = self[currency] = Cash(currency, ZERO, ONE if currency == self.account_currency else ZERO)
        return found

    def contains_key(self, currency: str) -> bool:
        """Tell whether a currency is in the book."""
        return currency in self

    @property
    def exact_total_value(self) -> Decimal:
        """All amounts in the account's currency."""
        total = ZERO
        for cash in self.values():
            if cash.exact_amount:
                total += cash.exact_amount * cash.exact_conversion_rate
        return total

    @property
    def total_value_in_account_currency(self) -> float:
        """All amounts in the account's currency."""
        return float(self.exact_total_value)

    def exact_to_account_currency(self, amount: Decimal, currency: str) -> Decimal:
        """Convert an amount at the present rate."""
        if currency == self.account_currency or not amount:
            return amount
        return amount * self[currency].exact_conversion_rate

    def convert_to_account_currency(self, amount: Number | CashAmount, currency: str | None = None) -> float:
        """Convert an amount at the present rate."""
        if isinstance(amount, CashAmount):
            return float(self.exact_to_account_currency(amount.exact_amount, amount.currency))
        return float(self.exact_to_account_currency(to_decimal(amount), currency or self.account_currency))

    def convert(self, amount: Number, source: str, destination: str) -> float:
        """Convert an amount between two currencies of the book."""
        rate = self[destination].exact_conversion_rate
        return float(self.exact_to_account_currency(to_decimal(amount), source) / rate) if rate else 0.0
