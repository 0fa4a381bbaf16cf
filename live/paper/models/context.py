"""What the models need to know of a security and of the account: the only interface between them and the engine.

`exact_*` are decimals; times are nanoseconds, `*_local_ns` on the exchange's wall clock and the others UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from live.algorithm.data import BaseData, QuoteBar, Tick, TradeBar
from live.algorithm.enums import OrderDirection, Resolution, SecurityType
from live.algorithm.order_requests import SubmitOrderRequest
from live.algorithm.orders import Order
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
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
    def exchange_zone(self) -> Zone:
        """Zone of the wall clock."""
        ...

    @property
    def is_market_always_open(self) -> bool:
        """Whether the market never closes."""
        ...

    def is_open(self, local_ns: int, extended: bool) -> bool:
        """Tell whether the market is open at a moment."""
        ...

    def is_open_during(self, start_ns: int, end_ns: int, extended: bool) -> bool:
        """Tell whether the market is open at any moment of a span."""
        ...

    def is_date_open(self, day_ns: int, extended: bool = False) -> bool:
        """Tell whether a day has a session."""
        ...

    def next_market_close(self, local_ns: int, extended: bool) -> int:
        """Return the first close strictly after a moment."""
        ...

    def first_open_of_day(self, day_ns: int, extended: bool = False) -> int | None:
        """Return the first opening of a day, None when it has none."""
        ...

    def last_close_of_day(self, day_ns: int, extended: bool = False) -> int | None:
        """Return the last close of a day, None when it has none."""
        ...


class TradingProperties(Protocol):
    """Lot size and currencies of a symbol."""

    @property
    def lot_size(self) -> Decimal:
        """Smallest step of a quantity."""
        ...

    @property
    def contract_multiplier(self) -> Decimal:
        """Units of value per unit of quantity and price."""
        ...

    @property
    def minimum_order_size(self) -> Decimal | None:
        """Smallest quantity that a brokerage takes; None when any."""
        ...


class NewestData(Protocol):
    """Newest real data of a security; repeated bars and doubtful ticks never get here."""

    @property
    def last_data(self) -> BaseData | None:
        """Newest data of the kind that sets the price."""
        ...

    @property
    def last_trade_bar(self) -> TradeBar | None:
        """Newest trade bar."""
        ...

    @property
    def last_quote_bar(self) -> QuoteBar | None:
        """Newest quote bar."""
        ...

    @property
    def trade_ticks(self) -> Sequence[Tick]:
        """Trades of the last step that had some."""
        ...

    @property
    def quote_ticks(self) -> Sequence[Tick]:
        """Quotes of the last step that had some."""
        ...

    def store_bar(self, bar: TradeBar | QuoteBar, is_default_kind: bool) -> None:
        """Take a bar as the newest data."""
        ...


class Holding(Protocol):
    """What is held of a security."""

    invested: bool
    """Whether at least one lot is held."""

    @property
    def exact_quantity(self) -> Decimal:
        """Signed quantity."""
        ...

    @property
    def exact_holdings_cost(self) -> Decimal:
        """Signed cost in the account's currency."""
        ...

    @property
    def exact_holdings_value(self) -> Decimal:
        """Signed worth in the account's currency."""
        ...

    @property
    def exact_unrealized_profit(self) -> Decimal:
        """Gain if everything were sold now."""
        ...

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

    @property
    def exact_price_factor(self) -> Decimal:
        """What raw prices are multiplied by at present, with the digits of the factor file; 1 for raw prices."""
        ...

    @property
    def type(self) -> SecurityType:
        """Asset class."""
        ...

    @property
    def hours(self) -> Sessions:
        """Sessions of the exchange."""
        ...

    @property
    def properties(self) -> TradingProperties:
        """Lot size and currencies."""
        ...

    @property
    def cache(self) -> NewestData:
        """Newest data."""
        ...

    @property
    def holdings(self) -> Holding:
        """What is held."""
        ...

    @property
    def quote_cash(self) -> CashEntry:
        """Currency of the price."""
        ...

    @property
    def base_cash(self) -> CashEntry | None:
        """What is bought: forex and crypto only."""
        ...

    @property
    def local_ns(self) -> int:
        """Present time on the exchange's wall clock."""
        ...

    @property
    def utc_ns(self) -> int:
        """Present time, UTC."""
        ...

    @property
    def utc_time(self) -> datetime:
        """Present time, UTC."""
        ...

    @property
    def exact_price(self) -> Decimal:
        """Newest price."""
        ...

    @property
    def exact_bid(self) -> Decimal:
        """Newest bid, or price."""
        ...

    @property
    def exact_ask(self) -> Decimal:
        """Newest ask, or price."""
        ...

    @property
    def exact_open(self) -> Decimal:
        """Open of the newest bar, or price."""
        ...

    @property
    def exact_high(self) -> Decimal:
        """High of the newest bar, or price."""
        ...

    @property
    def exact_low(self) -> Decimal:
        """Low of the newest bar, or price."""
        ...

    @property
    def exact_close(self) -> Decimal:
        """Close of the newest bar, or price."""
        ...


class FilledSoFar(Protocol):
    """The part of a ticket that models read."""

    @property
    def exact_quantity_filled(self) -> Decimal:
        """Signed quantity filled so far."""
        ...


class OrderBook(Protocol):
    """The run's orders."""

    def open_orders(self, symbol: Symbol) -> list[Order]:
        """Return the open orders of a symbol."""
        ...

    def get_order_ticket(self, order_id: int) -> FilledSoFar | None:
        """Return the ticket of an order, None when the id is unknown."""
        ...

    def add_order(self, request: SubmitOrderRequest) -> OrderTicket:
        """Send an order."""
        ...


class Securities(Protocol):
    """The run's securities by symbol."""

    def __getitem__(self, symbol: Symbol, /) -> TradedSecurity: ...

    def values(self) -> Iterable[TradedSecurity]:
        """Return the securities."""
        ...


class Account(Protocol):
    """The portfolio as the models see it."""

    @property
    def transactions(self) -> OrderBook:
        """The run's orders."""
        ...

    @property
    def securities(self) -> Securities:
        """The run's securities."""
        ...

    @property
    def cash_book(self) -> CashEntries:
        """Settled money."""
        ...

    @property
    def unsettled_cash_book(self) -> CashEntries:
        """Money under way."""
        ...

    @property
    def exact_total_portfolio_value(self) -> Decimal:
        """Cash and holdings in the account's currency."""
        ...

    @property
    def exact_total_margin_used(self) -> Decimal:
        """Margin that the holdings bind."""
        ...

    @property
    def exact_margin_remaining(self) -> Decimal:
        """Value that no holding binds."""
        ...

    def exact_margin_remaining_of(self, total: Decimal) -> Decimal:
        """Return the value that no holding binds, of a total value of the portfolio."""
        ...


def is_closing(held: Decimal, direction: OrderDirection) -> bool:
    """Tell whether a direction is against a holding."""
    return (held > 0 and direction is OrderDirection.SELL) or (held < 0 and direction is OrderDirection.BUY)
