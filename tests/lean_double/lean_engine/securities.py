"""Securities, holdings and the portfolio."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lean_engine.market import Resolution, SecurityType, Symbol, TickType
from lean_engine.spelling import dotnet, field


class DateTimeZone:
    """NodaTime's; it prints its name."""

    Id = "UTC"

    def __str__(self) -> str:
        return self.Id


@dotnet("QuantConnect.Securities")
class SecurityExchange:
    """The exchange of a security; all of the double's are in UTC and open unless a test closes them."""

    exchange_open = field("exchange_open", True)

    @property
    def time_zone(self) -> DateTimeZone:
        return DateTimeZone()


@dotnet("QuantConnect.Securities")
class Cash:
    """A currency; all of the double's are the account's."""

    amount = field("amount", 0.0)

    @property
    def conversion_rate(self) -> float:
        return 1.0


@dotnet("QuantConnect.Securities")
class SymbolProperties:
    """Lot and multiplier of a security."""

    def __init__(self, security_type: SecurityType) -> None:
        self._lot_size = 1e-8 if security_type == SecurityType.CRYPTO else 1.0

    @property
    def lot_size(self) -> float:
        return self._lot_size

    @property
    def contract_multiplier(self) -> float:
        return 1.0


@dotnet("QuantConnect.Securities")
class SecurityHolding:
    """What is held of a security."""

    def __init__(self, security: Security) -> None:
        self._security = security
        self._quantity = 0.0
        self._average_price = 0.0

    @property
    def symbol(self) -> Symbol:
        return self._security.symbol

    @property
    def quantity(self) -> float:
        return self._quantity

    @property
    def average_price(self) -> float:
        return self._average_price

    @property
    def price(self) -> float:
        return self._security.price

    @property
    def invested(self) -> bool:
        return self._quantity != 0

    @property
    def holdings_value(self) -> float:
        return self._quantity * self._security.price

    @property
    def unrealized_profit(self) -> float:
        return self._quantity * (self._security.price - self._average_price)

    def _fill(self, quantity: float, price: float) -> None:
        total = self._quantity + quantity
        if self._quantity * quantity >= 0 and total:
            self._average_price = (self._average_price * self._quantity + price * quantity) / total
        elif self._quantity * total <= 0:
            self._average_price = price if total else 0.0
        self._quantity = total


@dotnet("QuantConnect.Securities")
class Security:
    """A security with its newest prices; its exchange is open unless a test closes it."""

    is_tradable = field("is_tradable", True)
    exchange = field("exchange")
    symbol_properties = field("symbol_properties")
    quote_currency = field("quote_currency")
    base_currency = field("base_currency")
    local_time = field("local_time", datetime(2026, 1, 1))

    def __init__(self, symbol: Symbol, resolution: Any) -> None:
        self._symbol = symbol
        self._resolution = resolution
        self._last: Any = None
        self.exchange = SecurityExchange()
        self.symbol_properties = SymbolProperties(symbol.security_type)
        self.quote_currency = Cash()
        self.base_currency = Cash()
        self._price = self._bid = self._ask = 0.0
        self._holdings = SecurityHolding(self)

    @property
    def symbol(self) -> Symbol:
        return self._symbol

    @property
    def type(self) -> SecurityType:
        return self._symbol.security_type

    @property
    def resolution(self) -> Resolution:
        return self._resolution

    @property
    def price(self) -> float:
        return self._price

    @property
    def bid_price(self) -> float:
        return self._bid or self._price

    @property
    def ask_price(self) -> float:
        return self._ask or self._price

    @property
    def has_data(self) -> bool:
        return self._price != 0

    @property
    def holdings(self) -> SecurityHolding:
        return self._holdings

    @property
    def invested(self) -> bool:
        return self._holdings.invested

    def get_last_data(self) -> Any:
        return self._last

    def _update(self, tick: Any) -> None:
        self._last = tick
        self.local_time = tick.time
        self._price = tick.value
        if tick.tick_type == TickType.QUOTE:
            self._bid = tick.bid_price or self._bid
            self._ask = tick.ask_price or self._ask


@dotnet("QuantConnect.Securities")
class SecurityManager:
    """Securities by symbol."""

    def __init__(self) -> None:
        self._items: dict[Symbol, Security] = {}

    @property
    def count(self) -> int:
        return len(self._items)

    def contains_key(self, symbol: Symbol) -> bool:
        return symbol in self._items

    def keys(self) -> list[Symbol]:
        return list(self._items)

    def values(self) -> list[Security]:
        return list(self._items.values())

    def items(self) -> list[tuple[Symbol, Security]]:
        return list(self._items.items())

    def __getitem__(self, symbol: Symbol | str) -> Security:
        if isinstance(symbol, str):
            # A bare ticker is the security that was added last.
            return next(each for each in reversed(self._items.values()) if each.symbol.value == symbol.upper())
        return self._items[symbol]

    def __contains__(self, symbol: Symbol) -> bool:
        return symbol in self._items

    def __iter__(self) -> Iterator[tuple[Symbol, Security]]:
        return iter(self.items())

    def __len__(self) -> int:
        return len(self._items)

    def _add(self, symbol: Symbol, resolution: Any) -> Security:
        return self._items.setdefault(symbol, Security(symbol, resolution))


@dotnet("QuantConnect.Securities")
class SecurityPortfolioManager:
    """The account: one currency, margin enough for everything."""

    def __init__(self, algorithm: Any) -> None:
        self._algorithm = algorithm
        self._cash = 0.0
        self._fees = 0.0
        self._margin_lines = 0

    @property
    def cash(self) -> float:
        return self._cash

    @property
    def total_fees(self) -> float:
        return self._fees

    @property
    def total_portfolio_value(self) -> float:
        values = self._algorithm.securities.values()
        return self._cash + sum(each.holdings.holdings_value for each in values)

    @property
    def margin_remaining(self) -> float:
        return self.total_portfolio_value

    @property
    def invested(self) -> bool:
        return any(each.invested for each in self._algorithm.securities.values())

    def get_buying_power(self, symbol: Symbol, direction: Any = None) -> float:
        return self.total_portfolio_value

    def log_margin_information(self, request: Any = None) -> None:
        self._margin_lines += 1

    def __getitem__(self, symbol: Symbol) -> SecurityHolding:
        return self._algorithm.securities[symbol].holdings

    def values(self) -> list[SecurityHolding]:
        return [each.holdings for each in self._algorithm.securities.values()]

    def _set_cash(self, amount: float) -> None:
        self._cash = float(amount)

    def _fill(self, symbol: Symbol, quantity: float, price: float) -> None:
        self._cash -= quantity * price
        self[symbol]._fill(quantity, price)


@dotnet("QuantConnect.Data.UniverseSelection")
class SecurityChanges:
    """What on_securities_changed is given."""

    def __init__(self, added: list[Security], removed: list[Security]) -> None:
        self._added = added
        self._removed = removed

    @staticmethod
    def create(added: Any, removed: Any, internal_added: Any, internal_removed: Any) -> SecurityChanges:
        return SecurityChanges(list(added), list(removed))

    @property
    def added_securities(self) -> list[Security]:
        return self._added

    @property
    def removed_securities(self) -> list[Security]:
        return self._removed
