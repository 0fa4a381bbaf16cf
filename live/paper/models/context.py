"""What the models need to know of a security and of the account: the only interface between them and the engine.

`exact_*` are decimals; times are nanoseconds, `*_local_ns` on the exchange's wall clock and the others UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.algorithm.enums import OrderDirection, Resolution, SecurityType
from live.algorithm.orders import Order
from live.algorithm.symbols import Symbol
from live.clock import Zone


class CashEntry(Protocol):
    """One currency of the account."""

    symbol: str
    exact_amount: Decimal
    exact_conversion_rate: Decimal


class CashEntries(Protocol):
    """A cash book."""

    account_currency: str

    def __getitem__(self, currency: str, /) -> CashEntry: ...

    def ensure(self, currency: str) -> CashEntry:
        """Return a currency's entry, made when it is new."""
        ...

    def exact_to_account_currency(self, amount: Decimal, currency: str) -> Decimal:
        """Convert an amount at the present rate."""
        ...


class Sessions(Protocol):
    """Hours of an exchange."""

    @property
    def exchange_zone(self) -> Zone: ...

    @property
    def is_market_always_open(self) -> bool: ...

    def is_open(self, local_ns: int, extended: bool) -> bool: ...

    def is_open_during(self, start_ns: int, end_ns: int, extended: bool) -> bool: ...

    def is_date_open(self, day_ns: int, extended: bool = False) -> bool: ...

    def next_market_close(self, local_ns: int, extended: bool) -> int: ...

    def first_open_of_day(self, day_ns: int, extended: bool = False) -> int | None: ...

    def last_close_of_day(self, day_ns: int, extended: bool = False) -> int | None: ...


class TradingProperties(Protocol):
    """Lot size and currencies of a symbol."""

    @property
    def lot_size(self) -> Decimal: ...

    @property
    def contract_multiplier(self) -> Decimal: ...

    @property
    def minimum_order_size(self) -> Decimal | None: ...


class NewestData(Protocol):
    """Newest real data of a security; repeated bars and doubtful ticks never get here."""

    @property
    def last_data(self) -> BaseData | None: ...

    @property
    def last_trade_bar(self) -> TradeBar | None: ...

    @property
    def last_quote_bar(self) -> QuoteBar | None: ...

    @property
    def trade_ticks(self) -> Sequence[Tick]: ...

    @property
    def quote_ticks(self) -> Sequence[Tick]: ...


class Holding(Protocol):
    """What is held of a security."""

    @property
    def exact_quantity(self) -> Decimal: ...

    @property
    def exact_holdings_cost(self) -> Decimal: ...

    @property
    def exact_holdings_value(self) -> Decimal: ...

    @property
    def exact_unrealized_profit(self) -> Decimal: ...

    def exact_value_of(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Return a quantity's worth at a price, in the account's currency."""
        ...


class TradedSecurity(Protocol):
    """A security as the models see it."""

    symbol: Symbol
    fill_model: Any
    fee_model: Any
    slippage_model: Any
    buying_power_model: Any
    settlement_model: Any
    resolutions: set[Resolution]
    is_extended_market_hours: bool
    primary_exchange: str
    """Code letter of the listing exchange in the map file; empty when unknown."""
    exact_price_factor: Decimal
    """What raw prices are multiplied by at present, with the digits of the factor file; 1 for raw prices."""

    @property
    def type(self) -> SecurityType: ...

    @property
    def hours(self) -> Sessions: ...

    @property
    def properties(self) -> TradingProperties: ...

    @property
    def cache(self) -> NewestData: ...

    @property
    def holdings(self) -> Holding: ...

    @property
    def quote_cash(self) -> CashEntry: ...

    @property
    def base_cash(self) -> CashEntry | None: ...

    @property
    def local_ns(self) -> int: ...

    @property
    def utc_ns(self) -> int: ...

    @property
    def exact_price(self) -> Decimal: ...

    @property
    def exact_bid(self) -> Decimal: ...

    @property
    def exact_ask(self) -> Decimal: ...

    @property
    def exact_open(self) -> Decimal: ...

    @property
    def exact_high(self) -> Decimal: ...

    @property
    def exact_low(self) -> Decimal: ...

    @property
    def exact_close(self) -> Decimal: ...


class FilledSoFar(Protocol):
    """The part of a ticket that models read."""

    @property
    def exact_quantity_filled(self) -> Decimal: ...


class OrderBook(Protocol):
    """The run's orders."""

    def open_orders(self, symbol: Symbol) -> list[Order]: ...

    def get_order_ticket(self, order_id: int) -> FilledSoFar | None: ...


class Securities(Protocol):
    """The run's securities by symbol."""

    def __getitem__(self, symbol: Symbol, /) -> TradedSecurity: ...

    def values(self) -> Any: ...


class Account(Protocol):
    """The portfolio as the models see it."""

    transactions: Any
    """An OrderBook."""

    @property
    def securities(self) -> Securities: ...

    @property
    def cash_book(self) -> CashEntries: ...

    @property
    def unsettled_cash_book(self) -> CashEntries: ...

    @property
    def exact_total_portfolio_value(self) -> Decimal: ...

    @property
    def exact_total_margin_used(self) -> Decimal: ...

    @property
    def exact_margin_remaining(self) -> Decimal: ...


def is_closing(held: Decimal, direction: OrderDirection) -> bool:
    """Tell whether a direction is against a holding."""
    return (held > 0 and direction is OrderDirection.SELL) or (held < 0 and direction is OrderDirection.BUY)
