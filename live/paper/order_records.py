"""Orders, tickets and trades of the run, as algorithms ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from live.algorithm.naming import PascalCaseAccess
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.algorithm.order_terms import utc_datetime
from live.algorithm.orders import Order, OrderEvent
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.securities import Security


class OrderHost:
    """What the transaction path needs of the run; the engine implements it."""

    time_ns: int
    is_warming_up: bool
    portfolio: SecurityPortfolioManager
    brokerage_model: Any

    def submit_order(self, order: Order, asynchronous: bool) -> OrderTicket:
        """Check a new order and submit it."""
        raise NotImplementedError

    def publish(self, event: OrderEvent) -> None:
        """Record an event and call the algorithm."""
        raise NotImplementedError

    def report_error(self, text: str) -> None:
        """Write a line to the algorithm's error log."""
        raise NotImplementedError

    def report_debug(self, text: str) -> None:
        """Write a line to the algorithm's debug log."""
        raise NotImplementedError

    def refuse_update(self, order: Order, changed: Order) -> str | None:
        """Return why the risk gate refuses an order's changes, None when it does not."""
        raise NotImplementedError


class ProjectedHoldings(PascalCaseAccess):
    """What is held, and what open orders will add to it."""

    __slots__ = ("exact_holdings_quantity", "exact_open_orders_quantity")

    def __init__(self, holdings_quantity: Number, open_orders_quantity: Number) -> None:
        self.exact_holdings_quantity = to_decimal(holdings_quantity)
        self.exact_open_orders_quantity = to_decimal(open_orders_quantity)

    @property
    def holdings_quantity(self) -> float:
        """Signed quantity held."""
        return float(self.exact_holdings_quantity)

    @property
    def open_orders_quantity(self) -> float:
        """Signed quantity that open orders have still to fill."""
        return float(self.exact_open_orders_quantity)

    @property
    def exact_projected_quantity(self) -> Decimal:
        """Signed quantity once all open orders have filled."""
        return self.exact_holdings_quantity + self.exact_open_orders_quantity

    @property
    def projected_quantity(self) -> float:
        """Signed quantity once all open orders have filled."""
        return float(self.exact_projected_quantity)


class TransactionRecord(NamedTuple):
    """The outcome of a trade that closed a position or part of it."""

    profit: Decimal
    is_win: bool


class OrderRecords(PascalCaseAccess):
    """Orders and tickets of the run, as algorithms ask for them."""

    def __init__(self, host: OrderHost) -> None:
        self._host = host
        self._orders: dict[int, Order] = {}
        self._tickets: dict[int, OrderTicket] = {}
        self._open: dict[int, Order] = {}
        self._last_order_id = 0
        self._trades: dict[datetime, TransactionRecord] = {}

    @property
    def time_ns(self) -> int:
        """Present time, UTC."""
        return self._host.time_ns

    @property
    def utc_time(self) -> datetime:
        """Present time, UTC."""
        return utc_datetime(self._host.time_ns)

    @property
    def orders_count(self) -> int:
        """Number of orders so far."""
        return len(self._tickets)

    @property
    def last_order_id(self) -> int:
        """Id of the newest order."""
        return self._last_order_id

    def get_order_by_id(self, order_id: int) -> Order | None:
        """Return a copy of an order, None when the id is unknown."""
        order = self._orders.get(order_id)
        return None if order is None else order.clone()

    def get_orders_by_brokerage_id(self, brokerage_id: str) -> list[Order]:
        """Return copies of the orders with an id of the broker's: on paper the order's own."""
        return self.get_orders(lambda order: brokerage_id in order.broker_id)

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        """Return the ticket of an order, None when the id is unknown."""
        return self._tickets.get(order_id)

    def get_orders(self, filter: Callable[[Order], bool] | None = None) -> list[Order]:
        """Return copies of all orders that a filter accepts."""
        return [order.clone() for order in self._orders.values() if filter is None or filter(order)]

    def get_open_orders(self, symbol: Symbol | str | Callable[[Order], bool] | None = None) -> list[Order]:
        """Return copies of the open orders, of one symbol or of those that a filter accepts."""
        accepts = _order_filter(symbol)
        return [order.clone() for order in self._open.values() if accepts(order)]

    def get_order_tickets(self, filter: Callable[[OrderTicket], bool] | None = None) -> list[OrderTicket]:
        """Return all tickets that a filter accepts."""
        return [ticket for ticket in self._tickets.values() if filter is None or filter(ticket)]

    def get_open_order_tickets(
        self, symbol: Symbol | str | Callable[[OrderTicket], bool] | None = None
    ) -> list[OrderTicket]:
        """Return the tickets of open orders, of one symbol or of those that a filter accepts."""
        accepts = _order_filter(symbol)
        return [self._tickets[number] for number in self._open if accepts(self._tickets[number])]

    def get_open_orders_remaining_quantity(
        self, symbol: Symbol | str | Callable[[OrderTicket], bool] | None = None
    ) -> float:
        """Return the signed quantity that open orders have still to fill."""
        return float(sum((ticket.exact_quantity_remaining for ticket in self.get_open_order_tickets(symbol)), ZERO))

    def get_projected_holdings(self, security: Security) -> ProjectedHoldings:
        """Return what is held of a security and what it will be when all its open orders have filled."""
        tickets = [self._tickets[order.id] for order in self.open_orders(security.symbol)]
        remaining = sum((ticket.exact_quantity_remaining for ticket in tickets), ZERO)
        return ProjectedHoldings(security.holdings.exact_quantity, remaining)

    def add_transaction_record(self, time: datetime, transaction_profit_loss: Number, is_win: bool) -> None:
        """Keep the outcome of a trade; of several at the same moment each next one is a millisecond later."""
        while time in self._trades:
            time += timedelta(milliseconds=1)
        self._trades[time] = TransactionRecord(to_decimal(transaction_profit_loss), is_win)

    @property
    def transaction_record(self) -> dict[datetime, float]:
        """Profit of each trade that closed something, after twice its fee, by UTC time."""
        return {time: float(trade.profit) for time, trade in self._trades.items()}

    @property
    def winning_transactions(self) -> dict[datetime, float]:
        """Profits of the trades that won."""
        return {time: float(trade.profit) for time, trade in self._trades.items() if trade.is_win}

    @property
    def losing_transactions(self) -> dict[datetime, float]:
        """Profits of the trades that did not win."""
        return {time: float(trade.profit) for time, trade in self._trades.items() if not trade.is_win}

    @property
    def win_count(self) -> int:
        """Number of trades that won."""
        return len(self.winning_transactions)

    @property
    def loss_count(self) -> int:
        """Number of trades that did not win."""
        return len(self.losing_transactions)

    def open_orders(self, symbol: Symbol) -> list[Order]:
        """Return the open orders of a symbol themselves: models read them, nobody changes them."""
        return [order for order in self._open.values() if order.symbol == symbol]


def open_orders_count(records: OrderRecords) -> int:
    """Return the number of orders that may still fill; no member, for LEAN has none and algorithms see the records."""
    return len(records._open)


def forget_past(records: OrderRecords) -> None:
    """Forget orders that are over and the outcomes of trades, in an account whose past nobody will ask for."""
    records._orders = {number: order for number, order in records._orders.items() if number in records._open}
    records._tickets = {number: ticket for number, ticket in records._tickets.items() if number in records._open}
    records._trades.clear()


def _order_filter(symbol: Any) -> Callable[[Any], bool]:
    if symbol is None:
        return lambda order: True
    if callable(symbol) and not isinstance(symbol, Symbol):
        return symbol  # type: ignore[no-any-return]
    return lambda order: bool(order.symbol == symbol)
