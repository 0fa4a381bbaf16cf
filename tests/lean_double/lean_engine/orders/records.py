"""Requests, responses, orders, tickets and order events."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from lean_engine.market import SecurityType, Symbol
from lean_engine.orders.terms import CLOSED, OrderResponseErrorCode, OrderStatus, OrderType
from lean_engine.spelling import dotnet, field


class OrderResponse:
    """The answer to a request."""

    def __init__(self, order_id: int, code: OrderResponseErrorCode, text: str) -> None:
        self.order_id = self.OrderId = order_id
        self.error_code = self.ErrorCode = code
        self.error_message = self.ErrorMessage = text
        self.is_error = self.IsError = code != OrderResponseErrorCode.NONE
        self.is_success = self.IsSuccess = not self.is_error

    @staticmethod
    def Success(request: Any) -> OrderResponse:  # noqa: N802
        return OrderResponse(request.order_id, OrderResponseErrorCode.NONE, "")

    @staticmethod
    def Error(request: Any, code: OrderResponseErrorCode, text: str) -> OrderResponse:  # noqa: N802
        return OrderResponse(request.order_id, code, text)


OrderResponse.__module__ = "QuantConnect.Orders"


@dotnet("QuantConnect.Orders")
class SubmitOrderRequest:
    """A request to send an order; making one has no effect. Its number is -10 until the order is taken."""

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
        asynchronous: bool = False,
    ) -> None:
        if not isinstance(order_type, OrderType) or not isinstance(security_type, SecurityType):
            raise TypeError("No method matches given arguments for SubmitOrderRequest..ctor")
        SubmitOrderRequest.made += 1
        self._values = (order_type, symbol, quantity, stop_price, limit_price, tag, asynchronous)

    order_id = field("order_id", int(OrderResponseErrorCode.UNABLE_TO_FIND_ORDER))
    response = field("response")

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

    @property
    def asynchronous(self) -> bool:
        return self._values[6]


@dotnet("QuantConnect.Orders")
class UpdateOrderFields:
    """What an update changes: None leaves a number as it is."""

    quantity = field("quantity")
    limit_price = field("limit_price")
    stop_price = field("stop_price")
    trigger_price = field("trigger_price")
    trailing_amount = field("trailing_amount")
    tag = field("tag")


@dotnet("QuantConnect.Orders")
class UpdateOrderRequest:
    """A request to change an order. LEAN keeps all of them at the order's ticket."""

    order_id = field("order_id", 0)
    response = field("response")

    def __init__(self, time: datetime, order_id: int, fields: UpdateOrderFields) -> None:
        self.order_id = order_id
        self._fields = fields

    @property
    def quantity(self) -> float | None:
        return self._fields.quantity

    @property
    def limit_price(self) -> float | None:
        return self._fields.limit_price

    @property
    def stop_price(self) -> float | None:
        return self._fields.stop_price

    @property
    def trigger_price(self) -> float | None:
        return self._fields.trigger_price

    @property
    def trailing_amount(self) -> float | None:
        return self._fields.trailing_amount


@dotnet("QuantConnect.Orders")
class Order:
    """An order as LEAN keeps it."""

    id = field("id", 0)
    quantity = field("quantity", 0.0)
    status = field("status", OrderStatus.NEW)
    broker_id = field("broker_id", ())

    def __init__(self, request: SubmitOrderRequest) -> None:
        self.id = request.order_id
        self.quantity = request.quantity
        self._request = request
        # Only orders that have such a price have the property.
        for name in ("limit_price", "stop_price"):
            if getattr(request, name):
                setattr(self, name, getattr(request, name))

    @property
    def symbol(self) -> Symbol:
        return self._request.symbol

    @property
    def type(self) -> OrderType:
        return self._request.order_type


@dotnet("QuantConnect.Orders")
class OrderTicket:
    """What the algorithm holds of an order."""

    def __init__(self, transactions: Any, request: SubmitOrderRequest) -> None:
        self._transactions = transactions
        self._request = request
        self._order: Order | None = None
        self._override: OrderStatus | None = None
        self._updates: list[UpdateOrderRequest] = []
        self._filled = 0.0
        self._worth = 0.0

    @staticmethod
    def invalid_submit_request(transactions: Any, request: SubmitOrderRequest, response: OrderResponse) -> OrderTicket:
        request.response = response
        ticket = OrderTicket(transactions, request)
        ticket._override = OrderStatus.INVALID
        return ticket

    @property
    def order_id(self) -> int:
        return self._request.order_id

    @property
    def submit_request(self) -> SubmitOrderRequest:
        return self._request

    @property
    def symbol(self) -> Symbol:
        return self._request.symbol

    @property
    def quantity(self) -> float:
        return self._request.quantity if self._order is None else self._order.quantity

    @property
    def quantity_filled(self) -> float:
        return self._filled

    @property
    def quantity_remaining(self) -> float:
        return self.quantity - self._filled

    @property
    def average_fill_price(self) -> float:
        return self._worth / self._filled if self._filled else 0.0

    @property
    def order_type(self) -> OrderType:
        return self._request.order_type

    @property
    def tag(self) -> str:
        return self._request.tag

    @property
    def status(self) -> OrderStatus:
        if self._override is not None:
            return self._override
        return OrderStatus.NEW if self._order is None else self._order.status

    @property
    def has_order(self) -> bool:
        return self._order is not None

    @property
    def update_requests(self) -> list[UpdateOrderRequest]:
        return list(self._updates)

    def get_most_recent_order_response(self) -> OrderResponse:
        return (self._updates[-1] if self._updates else self._request).response

    def update(self, fields: UpdateOrderFields) -> OrderResponse:
        return self._transactions.update_order(UpdateOrderRequest(self._transactions.utc_time, self.order_id, fields))

    def update_quantity(self, quantity: float, tag: str | None = None) -> OrderResponse:
        return self._update(quantity=quantity, tag=tag)

    def update_limit_price(self, limit_price: float, tag: str | None = None) -> OrderResponse:
        return self._update(limit_price=limit_price, tag=tag)

    def update_stop_price(self, stop_price: float, tag: str | None = None) -> OrderResponse:
        return self._update(stop_price=stop_price, tag=tag)

    def update_tag(self, tag: str) -> OrderResponse:
        return self._update(tag=tag)

    def _update(self, **changes: Any) -> OrderResponse:
        fields = UpdateOrderFields()
        for name, value in changes.items():
            setattr(fields, name, value)
        return self.update(fields)

    def cancel(self, tag: str | None = None) -> OrderResponse:
        if self.status in CLOSED:
            return OrderResponse(self.order_id, OrderResponseErrorCode.INVALID_ORDER_STATUS, "the order is closed")
        return self._transactions._cancel(self)

    def __int__(self) -> int:
        return self.order_id


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
        return self._utc_time.replace(tzinfo=timezone.utc)

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


class Leg:
    """A leg of a combo."""

    def __init__(self, symbol: Symbol, quantity: int) -> None:
        self.symbol = self.Symbol = symbol
        self.quantity = self.Quantity = quantity

    @staticmethod
    def create(symbol: Symbol, quantity: int) -> Leg:
        return Leg(symbol, quantity)


Leg.__module__ = "QuantConnect.Orders"
