"""An account, securities and orders for tests of the trading models: the engine's own classes, without an engine around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from live.algorithm.data import Bar, QuoteBar, Tick, TradeBar, make_quote_tick, make_trade_tick
from live.algorithm.enums import (
    AccountType,
    BrokerageName,
    DataNormalizationMode,
    OrderStatus,
    Resolution,
    SecurityType,
)
from live.algorithm.numbers import ZERO
from live.algorithm.order_terms import OrderProperties
from live.algorithm.orders import MarketOrder, Order, OrderEvent
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns, zone
from live.feeds.market_hours import MARKET, POST_MARKET, PRE_MARKET, MarketHours, Segment
from live.feeds.symbol_properties import SymbolProperties
from live.paper.models.broker_models import brokerage_model
from live.paper.models.parameters import FillModelParameters
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.securities import Security, SecurityManager
from live.paper.settings import AlgorithmSettings

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
HALF_DAY = date(2013, 11, 29)
HOLIDAY = date(2013, 11, 28)
_QUOTES = {SecurityType.FOREX: "oanda", SecurityType.CRYPTO: "coinbase", SecurityType.EQUITY: "usa"}


def moment(text: str) -> int:
    """Return a wall-clock reading in nanoseconds."""
    return datetime_to_ns(datetime.fromisoformat(text))


def equity_hours() -> MarketHours:
    """Return New York's sessions, with Thanksgiving 2013 and the half day after it."""
    day = (
        Segment(4 * HOUR_NS, 19 * HOUR_NS // 2, PRE_MARKET),
        Segment(19 * HOUR_NS // 2, 16 * HOUR_NS, MARKET),
        Segment(16 * HOUR_NS, 20 * HOUR_NS, POST_MARKET),
    )
    york = zone("America/New_York")
    return MarketHours(york, york, [day] * 5 + [()] * 2, frozenset({HOLIDAY}), {HALF_DAY: 13 * HOUR_NS}, {}, True)


def forex_hours() -> MarketHours:
    """Return sessions from Sunday 17:00 to Friday 17:00 in New York."""
    whole = (Segment(0, DAY_NS, MARKET),)
    friday, sunday = (Segment(0, 17 * HOUR_NS, MARKET),), (Segment(17 * HOUR_NS, DAY_NS, MARKET),)
    york = zone("America/New_York")
    return MarketHours(zone("UTC"), york, [whole] * 4 + [friday, (), sunday], frozenset(), {}, {}, False)


def crypto_hours() -> MarketHours:
    """Return a market that never closes, in UTC."""
    utc = zone("UTC")
    return MarketHours(utc, utc, [(Segment(0, DAY_NS, MARKET),)] * 7, frozenset(), {}, {}, False)


@dataclass
class Ticket:
    """What a model reads of a ticket."""

    exact_quantity_filled: Decimal = ZERO


@dataclass
class Orders:
    """The run's orders, as the models see them."""

    open: list[Order] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)

    def open_orders(self, symbol: Symbol) -> list[Order]:
        return [order for order in self.open if order.symbol is symbol]

    def get_order_ticket(self, order_id: int) -> Ticket | None:
        return self.tickets.get(order_id)


class Desk:
    """An account with a brokerage's models, and a way to send orders against hand-made data."""

    def __init__(self, cash: float = 100_000, account_type: AccountType = AccountType.MARGIN, name: int = 0) -> None:
        self.settings = AlgorithmSettings()
        self.portfolio = SecurityPortfolioManager(SecurityManager(), self.settings)
        self.portfolio.set_cash("USD", cash)
        self.orders = Orders()
        self.portfolio.transactions = self.orders
        self.model = brokerage_model(BrokerageName(name), account_type)
        self._last_id = 0

    def add(
        self,
        ticker: str,
        kind: SecurityType = SecurityType.EQUITY,
        resolution: Resolution = Resolution.MINUTE,
        extended: bool = False,
        lot_size: str | None = None,
        minimum_order_size: str | None = None,
    ) -> Security:
        """Add a security with the brokerage's models."""
        base = None if kind is SecurityType.EQUITY else ticker[:3]
        quote = "USD" if base is None else ticker[3:]
        lots = {SecurityType.EQUITY: "1", SecurityType.FOREX: "1", SecurityType.CRYPTO: "0.00000001"}
        properties = SymbolProperties(
            ticker,
            quote,
            base,
            Decimal(1),
            Decimal("0.01"),
            Decimal(lot_size or lots[kind]),
            None if minimum_order_size is None else Decimal(minimum_order_size),
        )
        hours = {SecurityType.EQUITY: equity_hours, SecurityType.FOREX: forex_hours, SecurityType.CRYPTO: crypto_hours}
        book = self.portfolio.cash_book
        security = Security(
            Symbol.create(ticker, kind, _QUOTES[kind]),
            hours[kind](),
            properties,
            book.ensure(quote),
            None if base is None else book.ensure(base),
            resolution,
            DataNormalizationMode.RAW,
            extended,
            True,
        )
        for part in ("fill", "fee", "slippage", "buying_power", "settlement"):
            setattr(security, f"{part}_model", getattr(self.model, f"get_{part}_model")(security))
        if security.base_cash is not None and quote == "USD":
            security.base_cash.conversion_security = security
        self.portfolio.securities[security.symbol] = security
        return security

    def order(
        self, security: Security, quantity: str | int, sent: str, kind: type[Order] = MarketOrder, **prices: Any
    ) -> Any:
        """Return a submitted order; prices are given as text or numbers, `sent` on the exchange's wall clock."""
        self._last_id += 1
        exact = {name: value if isinstance(value, bool) else Decimal(str(value)) for name, value in prices.items()}
        sent_ns = security.hours.exchange_zone.to_utc_ns(moment(sent))
        order = kind(self._last_id, security.symbol, Decimal(str(quantity)), sent_ns, "", OrderProperties(), **exact)
        order.status = OrderStatus.SUBMITTED
        self.orders.tickets[order.id] = Ticket()
        return order

    def fill(self, security: Security, order: Order) -> OrderEvent:
        """Ask the fill model once."""
        answer = security.fill_model.fill(FillModelParameters(security, order, self.settings.stale_price_time_span))
        (event,) = list(answer)
        return event  # type: ignore[no-any-return]

    def hold(self, security: Security, quantity: str | int, price: str | float) -> None:
        """Make the account hold a quantity, without paying for it."""
        security.holdings.set_holdings(Decimal(str(price)), Decimal(str(quantity)))
        if security.base_cash is not None:
            security.base_cash.exact_amount = Decimal(str(quantity))


def go(security: Security, local: str) -> None:
    """Move a security's clock to a reading of its exchange's wall clock."""
    security.clock.now_ns = security.hours.exchange_zone.to_utc_ns(moment(local))


def price(security: Security, value: float) -> None:
    """Give a security a price without any data behind it, and convert its base currency by it."""
    security.cache.price = value
    if security.base_cash is not None:
        security.base_cash.exact_conversion_rate = security.exact_price


def trade_bar(security: Security, end: str, prices: tuple[float, float, float, float], minutes: float = 1) -> TradeBar:
    """Show a security a trade bar of (open, high, low, close), and move its clock to the bar's end."""
    span = timedelta(minutes=minutes)
    bar = TradeBar(datetime.fromisoformat(end) - span, security.symbol, *prices, 1_000.0, span)
    go(security, end)
    security.cache.store_bar(bar, True)
    return bar


def quote_bar(
    security: Security,
    end: str,
    bid: tuple[float, float, float, float] | None,
    ask: tuple[float, float, float, float] | None,
    minutes: float = 1,
) -> QuoteBar:
    """Show a security a quote bar, and move its clock to the bar's end."""
    span = timedelta(minutes=minutes)
    bar = QuoteBar(
        datetime.fromisoformat(end) - span,
        security.symbol,
        None if bid is None else Bar(*bid),
        500.0,
        None if ask is None else Bar(*ask),
        400.0,
        span,
    )
    go(security, end)
    security.cache.store_bar(bar, security.type is not SecurityType.EQUITY)
    return bar


def trades(security: Security, at: str, *rows: tuple[float, float] | tuple[float, float, str, int]) -> list[Tick]:
    """Show a security the trades of one moment: (price, size) or (price, size, exchange, sale condition)."""
    ticks = []
    for row in rows:
        flags = 0
        if len(row) == 4:
            flags = ord(row[2]) << 8 | row[3] << 32
        ticks.append(make_trade_tick(security.symbol, moment(at), row[0], row[1], flags))
    go(security, at)
    security.cache.store_ticks(ticks, True)
    return ticks


def quotes(security: Security, at: str, *rows: tuple[float, float]) -> list[Tick]:
    """Show a security the quotes of one moment: (bid, ask), 0 for an absent side."""
    ticks = [make_quote_tick(security.symbol, moment(at), bid, 100.0, ask, 100.0, 0) for bid, ask in rows]
    go(security, at)
    security.cache.store_ticks(ticks, security.type is not SecurityType.EQUITY)
    return ticks
