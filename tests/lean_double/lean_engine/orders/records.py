"""Requests, orders, tickets and order events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lean_engine.market import SecurityType, Symbol
from lean_engine.orders.terms import OrderStatus, OrderType
from lean_engine.spelling import dotnet, field


@dotnet("QuantConnect.Orders")
class SubmitOrderRequest:
    """A request to send an order; making one has no effect."""

    made = 0
    """Requests made, by the engine and by others."""

    def __init__(
        self,
        order_type: OrderType,
        security_type: SecurityType,
        symbol: Symbol,
        quantity: float,
        stop_price: float,
        limit_price: float,
        time: datetime,
        tag: str,
    ) -> None:
        SubmitOrderRequest.made += 1
        self._values = (order_type, symbol, quantity, stop_price, limit_price, tag)

    order_id = field("order_id", 0)

    @property
    def order_type(self) -> OrderType:
        return self._values[0]

    @property
    def symbol(self) -> Symbol:
        return self._values[1]

    @property
    def quantity(self) -> float:
        return self._values[2]

    @property
    def stop_price(self) -> float:
        return self._values[3]

    @property
    def limit_price(self) -> float:
        return self._values[4]

    @property
    def tag(self) -> str:
        return self._values[5]


@dotnet("QuantConnect.Orders")
class OrderTicket:
    """What the algorithm holds of an order."""

    def __init__(self, request: SubmitOrderRequest) -> None:
        self._request = request
        self._status = OrderStatus.NEW
        self._filled = 0.0

    @property
    def order_id(self) -> int:
        return self._request.order_id

    @property
    def symbol(self) -> Symbol:
        return self._request.symbol

    @property
    def quantity(self) -> float:
        return self._request.quantity

    @property
    def quantity_filled(self) -> float:
        return self._filled

    @property
    def order_type(self) -> OrderType:
        return self._request.order_type

    @property
    def tag(self) -> str:
        return self._request.tag

    @property
    def status(self) -> OrderStatus:
        return self._status


class Money:
    def __init__(self, amount: float, currency: str) -> None:
        self.amount = self.Amount = amount
        self.currency = self.Currency = currency


class OrderFee:
    def __init__(self, amount: float = 0.0, currency: str = "USD") -> None:
        self.value = self.Value = Money(amount, currency)


@dotnet("QuantConnect.Orders")
class OrderEvent:
    """What happened to an order."""

    def __init__(self, ticket: OrderTicket, status: OrderStatus, utc_time: datetime, **fill: Any) -> None:
        self._ticket = ticket
        self._status = status
        self._utc_time = utc_time
        self._fill_quantity = fill.get("quantity", 0.0)
        self._fill_price = fill.get("price", 0.0)
        self._fee = OrderFee(fill.get("fee", 0.0))

    @property
    def order_id(self) -> int:
        return self._ticket.order_id

    @property
    def symbol(self) -> Symbol:
        return self._ticket.symbol

    @property
    def ticket(self) -> OrderTicket:
        return self._ticket

    @property
    def status(self) -> OrderStatus:
        return self._status

    @property
    def utc_time(self) -> datetime:
        return self._utc_time

    @property
    def quantity(self) -> float:
        return self._ticket.quantity

    @property
    def fill_quantity(self) -> float:
        return self._fill_quantity

    @property
    def fill_price(self) -> float:
        return self._fill_price

    @property
    def order_fee(self) -> OrderFee:
        return self._fee
