"""Requests to the engine and the ticket that an algorithm keeps for an order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from live.algorithm.enums import (
    OrderField,
    OrderRequestStatus,
    OrderRequestType,
    OrderResponseErrorCode,
    OrderStatus,
    OrderType,
)
from live.algorithm.naming import PascalCaseAccess, snake_case
from live.algorithm.numbers import ZERO, Number
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    Order,
    OrderEvent,
    OrderProperties,
    TrailingStopOrder,
    UpdateOrderFields,
    utc_datetime,
)
from live.algorithm.symbols import Symbol
from live.errors import UsageError

INVALID_ORDER_ID = -10
"""Order id of a ticket whose request never became an order: the number of UNABLE_TO_FIND_ORDER, as LEAN does it."""


class OrderResponse(PascalCaseAccess):
    """Answer to a request."""

    __slots__ = ("error_code", "order_id", "text")

    def __init__(self, order_id: int, code: OrderResponseErrorCode, text: str | None) -> None:
        self.order_id = order_id
        self.error_code = code
        self.text = text

    @staticmethod
    def success(order_id: int) -> OrderResponse:
        """Return the answer of a request that was taken."""
        return OrderResponse(order_id, OrderResponseErrorCode.NONE, None)

    @property
    def is_success(self) -> bool:
        """Whether the request was taken."""
        return self.error_code is OrderResponseErrorCode.NONE

    @property
    def is_error(self) -> bool:
        """Whether the request was refused."""
        return not self.is_success

    @property
    def error_message(self) -> str | None:
        """Why the request was refused; None when it was taken."""
        return self.text

    def __str__(self) -> str:
        return "Success" if self.is_success else f"Error: {self.error_code} - {self.text}"


class OrderRequest(PascalCaseAccess):
    """Something asked of the engine about an order."""

    request_type: OrderRequestType

    def __init__(self, order_id: int, time_ns: int, tag: str | None) -> None:
        self.order_id = order_id
        self.time_ns = time_ns
        self.tag = tag
        self.status = OrderRequestStatus.UNPROCESSED
        self.response = OrderResponse(order_id, OrderResponseErrorCode.NONE, None)

    @property
    def time(self) -> datetime:
        """Time of the request, UTC."""
        return utc_datetime(self.time_ns)

    @property
    def order_request_type(self) -> OrderRequestType:
        """SUBMIT, UPDATE or CANCEL."""
        return self.request_type

    def answer(self, response: OrderResponse, status: OrderRequestStatus = OrderRequestStatus.PROCESSED) -> None:
        """Record the engine's answer; a refusal is final."""
        self.response = response
        self.status = OrderRequestStatus.ERROR if response.is_error else status


class SubmitOrderRequest(OrderRequest):
    """A new order."""

    request_type = OrderRequestType.SUBMIT

    def __init__(self, order: Order, tag: str, asynchronous: bool) -> None:
        super().__init__(order.id, order.created_ns, tag)
        self.order = order
        self.asynchronous = asynchronous

    @property
    def symbol(self) -> Symbol:
        """Symbol of the order."""
        return self.order.symbol

    @property
    def order_type(self) -> OrderType:
        """Type of the order."""
        return self.order.type

    @property
    def quantity(self) -> float:
        """Quantity asked for."""
        return self.order.quantity


class UpdateOrderRequest(OrderRequest):
    """A change of a resting order."""

    request_type = OrderRequestType.UPDATE

    def __init__(self, order_id: int, time_ns: int, fields: UpdateOrderFields) -> None:
        super().__init__(order_id, time_ns, fields.tag)
        self.fields = fields

    @property
    def changes_only_tag(self) -> bool:
        """Whether nothing but the tag would change: allowed for closed orders too."""
        fields = self.fields
        values = (fields.quantity, fields.limit_price, fields.stop_price, fields.trigger_price, fields.trailing_amount)
        return all(value is None for value in values)

    @property
    def quantity(self) -> Number | None:
        """New quantity."""
        return self.fields.quantity

    @property
    def limit_price(self) -> Number | None:
        """New limit."""
        return self.fields.limit_price

    @property
    def stop_price(self) -> Number | None:
        """New stop."""
        return self.fields.stop_price


class CancelOrderRequest(OrderRequest):
    """The wish to cancel an order."""

    request_type = OrderRequestType.CANCEL


class OrderDesk(Protocol):
    """What a ticket needs of the engine."""

    def update_order(self, order_id: int, fields: UpdateOrderFields) -> OrderResponse: ...

    def cancel_order(self, order_id: int, tag: str | None) -> OrderResponse: ...


class OrderTicket(PascalCaseAccess):
    """An algorithm's handle on one order: state, fills, updates, cancellation."""

    def __init__(self, desk: OrderDesk, request: SubmitOrderRequest) -> None:
        self._desk = desk
        self._order = request.order
        self.submit_request = request
        self.update_requests: list[UpdateOrderRequest] = []
        self.cancel_request: CancelOrderRequest | None = None
        self.order_events: list[OrderEvent] = []
        self.exact_quantity_filled = ZERO
        self._filled_value = ZERO

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
        return float(self._order.exact_quantity - self.exact_quantity_filled)

    @property
    def average_fill_price(self) -> float:
        """Average price of the fills, 0 when there are none."""
        return float(self.exact_average_fill_price)

    @property
    def exact_average_fill_price(self) -> Decimal:
        """Average price of the fills."""
        return self._filled_value / self.exact_quantity_filled if self.exact_quantity_filled else ZERO

    @property
    def tag(self) -> str:
        """The order's tag."""
        return self._order.tag

    @property
    def time(self) -> datetime:
        """Time of the submission, UTC."""
        return self._order.time

    @property
    def most_recent_order_response(self) -> OrderResponse:
        """Answer to the last request of this ticket."""
        if self.cancel_request is not None:
            return self.cancel_request.response
        if self.update_requests:
            return self.update_requests[-1].response
        return self.submit_request.response

    def get(self, field: OrderField) -> float:
        """Return a price of the order.

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
        if value is None:
            raise UsageError(f"orders of type {order.type} have no {field}; ask for a field that the type has")
        return float(value)

    def update(self, fields: UpdateOrderFields) -> OrderResponse:
        """Ask for a change; it takes effect when the engine processes the queue, after on_data or before the next order."""
        return self._desk.update_order(self.order_id, fields)

    def update_quantity(self, quantity: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another quantity."""
        return self._update_one("quantity", quantity, tag)

    def update_limit_price(self, limit_price: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another limit."""
        return self._update_one("limit_price", limit_price, tag)

    def update_stop_price(self, stop_price: Number, tag: str | None = None) -> OrderResponse:
        """Ask for another stop."""
        return self._update_one("stop_price", stop_price, tag)

    def update_tag(self, tag: str) -> OrderResponse:
        """Change the tag; allowed for closed orders too."""
        fields = UpdateOrderFields()
        fields.tag = tag
        return self.update(fields)

    def cancel(self, tag: str | None = None) -> OrderResponse:
        """Ask for cancellation."""
        return self._desk.cancel_order(self.order_id, tag)

    def record(self, event: OrderEvent) -> None:
        """Add an event of the order; the engine calls this before on_order_event."""
        self.order_events.append(event)
        if event.exact_fill_quantity:
            self.exact_quantity_filled += event.exact_fill_quantity
            self._filled_value += event.exact_fill_quantity * event.exact_fill_price

    def _update_one(self, name: str, value: Number, tag: str | None) -> OrderResponse:
        fields = UpdateOrderFields()
        setattr(fields, name, value)
        fields.tag = tag
        return self.update(fields)

    def __repr__(self) -> str:
        return f"OrderTicket({self.order_id} {self.symbol} {snake_case(str(self.status))})"


__all__ = [
    "INVALID_ORDER_ID",
    "CancelOrderRequest",
    "OrderDesk",
    "OrderProperties",
    "OrderRequest",
    "OrderResponse",
    "OrderTicket",
    "SubmitOrderRequest",
    "UpdateOrderRequest",
]
