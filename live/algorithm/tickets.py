# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Requests to the engine and the ticket that an algorithm keeps for an order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from live.algorithm.enums import (
    OrderField,
    OrderRequestStatus,
    OrderResponseErrorCode,
    OrderStatus,
    OrderType,
    SecurityType,
)
from live.algorithm.naming import pascal_case_attribute, snake_case
from live.algorithm.numbers import ONE, ZERO, Number
from live.algorithm.order_requests import (
    CancelOrderRequest,
    OrderRequest,
    OrderResponse,
    SubmitOrderRequest,
    UpdateOrderRequest,
    submit_request_of,
)
from live.algorithm.order_terms import OrderProperties, UpdateOrderFields
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    MarketOrder,
    Order,
    OrderEvent,
    TrailingStopOrder,
)
from live.algorithm.symbols import SecurityIdentifier, Symbol
from live.errors import UsageError

_NO_SYMBOL = Symbol("", SecurityIdentifier("", SecurityType.BASE, ""))


class OrderDesk(Protocol):
    """What a ticket needs of the engine."""

    def request_update(self, request: UpdateOrderRequest) -> OrderResponse: ...

    def request_cancel(self, request: CancelOrderRequest) -> OrderResponse: ...

    @property
    def time_ns(self) -> int: ...


class OrderTicket:
    """An algorithm's handle on one order: state, fills, updates, cancellation."""

    def __init__(self, desk: OrderDesk, request: SubmitOrderRequest, order: Order) -> None:
        self._desk = desk
        self._order = order
        self.submit_request = request
        self.update_requests: list[UpdateOrderRequest] = []
        self.cancel_request: CancelOrderRequest | None = None
        self.order_events: list[OrderEvent] = []
        self.exact_quantity_filled = ZERO
        self._filled_value = ZERO

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    @classmethod
    def unknown(cls, desk: OrderDesk, request: OrderRequest) -> OrderTicket:
        """Return the invalid ticket of a request for an order that does not exist."""
        order = MarketOrder(request.order_id, _NO_SYMBOL, ZERO, request.time_ns, request.tag or "", OrderProperties())
        order.status = OrderStatus.INVALID
        submit = submit_request_of(order)
        submit.answer(request.response)
        return cls(desk, submit, order)

    @property
    def order(self) -> Order:
        """The order itself: the engine and the brokerage models read it."""
        return self._order

    @property
    def order_id(self) -> int:
        """Number of the order; -10 when the request never became one."""
        return self._order.id

    @property
    def status(self) -> OrderStatus:
        """State of the order."""
        return self._order.status

    @property
    def symbol(self) -> Symbol:
        """Symbol of the order."""
        return self._order.symbol

    @property
    def security_type(self) -> Any:
        """Asset class of the order."""
        return self._order.symbol.security_type

    @property
    def order_type(self) -> OrderType:
        """Type of the order; a market order sent out of hours became MARKET_ON_OPEN."""
        return self._order.type

    @property
    def quantity(self) -> float:
        """Signed quantity of the order."""
        return self._order.quantity

    @property
    def quantity_filled(self) -> float:
        """Signed quantity filled so far."""
        return float(self.exact_quantity_filled)

    @property
    def quantity_remaining(self) -> float:
        """Signed quantity that is not filled."""
        return float(self.exact_quantity_remaining)

    @property
    def exact_quantity_remaining(self) -> Decimal:
        """Signed quantity that is not filled."""
        return self._order.exact_quantity - self.exact_quantity_filled

    @property
    def average_fill_price(self) -> float:
        """Average price of the fills, 0 when there are none."""
        return float(self.exact_average_fill_price)

    @property
    def exact_average_fill_price(self) -> Decimal:
        """Worth of all fills over the quantity filled."""
        return self._filled_value / abs(self.exact_quantity_filled) if self.exact_quantity_filled else ZERO

    @property
    def tag(self) -> str:
        """The order's tag."""
        return self._order.tag

    @property
    def time(self) -> datetime:
        """Time of the last request, UTC."""
        return self.get_most_recent_order_request().time

    @property
    def has_order(self) -> bool:
        """Whether the request became an order."""
        return self._order.id > 0

    def get_most_recent_order_request(self) -> OrderRequest:
        """Return the last request of this ticket: the cancellation, else the last update, else the submission."""
        if self.cancel_request is not None:
            return self.cancel_request
        return self.update_requests[-1] if self.update_requests else self.submit_request

    def get_most_recent_order_response(self) -> OrderResponse:
        """Return the answer to the last request of this ticket."""
        return self.get_most_recent_order_request().response

    def __int__(self) -> int:
        response = self.get_most_recent_order_response()
        return int(response.error_code) if response.is_error else self.order_id

    def get(self, field: OrderField) -> float:
        """Return a price of the order; for TRAILING_AS_PERCENTAGE 1.0 or 0.0.

        Raises:
            UsageError: orders of this type have no such field.
        """
        order = self._order
        value: Decimal | None = None
        if field is OrderField.LIMIT_PRICE:
            value = order.exact_limit_price
        elif field is OrderField.STOP_PRICE:
            value = order.exact_stop_price
        elif field is OrderField.TRIGGER_PRICE and isinstance(order, LimitIfTouchedOrder):
            value = order.exact_trigger_price
        elif field is OrderField.TRAILING_AMOUNT and isinstance(order, TrailingStopOrder):
            value = order.exact_trailing_amount
        elif field is OrderField.TRAILING_AS_PERCENTAGE and isinstance(order, TrailingStopOrder):
            value = ONE if order.trailing_as_percentage else ZERO
        if value is None:
            raise UsageError(f"orders of type {order.type} have no {field}; ask for a field that the type has")
        return float(value)

    def update(self, fields: UpdateOrderFields) -> OrderResponse:
        """Ask for a change; it takes effect when the engine processes the queue, after on_data or before the next order."""
        return self._desk.request_update(UpdateOrderRequest(self._desk.time_ns, self.order_id, fields))

    def update_quantity(self, quantity: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another quantity."""
        return self._update_one("quantity", quantity, tag)

    def update_limit_price(self, limit_price: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another limit."""
        return self._update_one("limit_price", limit_price, tag)

    def update_stop_price(self, stop_price: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another stop."""
        return self._update_one("stop_price", stop_price, tag)

    def update_trigger_price(self, trigger_price: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another trigger."""
        return self._update_one("trigger_price", trigger_price, tag)

    def update_stop_trailing_amount(self, trailing_amount: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another distance of a trailing stop."""
        return self._update_one("trailing_amount", trailing_amount, tag)

    def update_tag(self, tag: str) -> OrderResponse:
        """Change the tag; allowed for closed orders too."""
        fields = UpdateOrderFields()
        fields.tag = tag
        return self.update(fields)

    def cancel(self, tag: str | None = None) -> OrderResponse:
        """Ask for cancellation; a second one is refused unless the first was."""
        request = CancelOrderRequest(self._desk.time_ns, self.order_id, tag)
        if self.is_cancel_under_way:
            text = f"Order {self.order_id} has already received a cancellation request."
            request.answer(OrderResponse(self.order_id, OrderResponseErrorCode.REQUEST_CANCELED, text))
            return request.response
        return self._desk.request_cancel(request)

    @property
    def is_cancel_under_way(self) -> bool:
        """Whether a cancellation was asked for and not refused."""
        return self.cancel_request is not None and self.cancel_request.status is not OrderRequestStatus.ERROR

    def record(self, event: OrderEvent) -> None:
        """Add an event of the order; the engine calls this before on_order_event."""
        self.order_events.append(event)
        if event.exact_fill_quantity:
            self.exact_quantity_filled += event.exact_fill_quantity
            self._filled_value += abs(event.exact_fill_quantity) * event.exact_fill_price
            self._order.exact_price = self.exact_average_fill_price or self._order.exact_price

    def _update_one(self, name: str, value: Number, tag: str | None) -> OrderResponse:
        fields = UpdateOrderFields()
        setattr(fields, name, value)
        fields.tag = tag
        return self.update(fields)

    def __repr__(self) -> str:
        return f"OrderTicket({self.order_id} {self.symbol} {snake_case(str(self.status))})"
