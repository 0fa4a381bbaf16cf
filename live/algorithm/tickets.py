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
    SecurityType,
)
from live.algorithm.naming import PascalCaseAccess, snake_case
from live.algorithm.numbers import ONE, ZERO, Number, to_decimal
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderEvent,
    OrderProperties,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
    UpdateOrderFields,
    utc_datetime,
    utc_ns,
)
from live.algorithm.symbols import SecurityIdentifier, Symbol
from live.errors import UsageError

INVALID_ORDER_ID = -10
"""Order id of a ticket whose request never became an order: the number of UNABLE_TO_FIND_ORDER, as LEAN does it."""

_NO_SYMBOL = Symbol("", SecurityIdentifier("", SecurityType.BASE, ""))
_ORDER_CLASSES: dict[OrderType, tuple[type[Order], tuple[str, ...]]] = {
    OrderType.MARKET: (MarketOrder, ()),
    OrderType.LIMIT: (LimitOrder, ("limit_price",)),
    OrderType.STOP_MARKET: (StopMarketOrder, ("stop_price",)),
    OrderType.STOP_LIMIT: (StopLimitOrder, ("stop_price", "limit_price")),
    OrderType.MARKET_ON_OPEN: (MarketOnOpenOrder, ()),
    OrderType.MARKET_ON_CLOSE: (MarketOnCloseOrder, ()),
    OrderType.LIMIT_IF_TOUCHED: (LimitIfTouchedOrder, ("trigger_price", "limit_price")),
    OrderType.TRAILING_STOP: (TrailingStopOrder, ("stop_price", "trailing_amount", "trailing_as_percentage")),
}
"""Class of an order type, and the prices that its constructor takes."""
_TRAILING = ("trigger_price", "trailing_amount", "trailing_as_percentage")
_PRICES_BEFORE_TIME: dict[int, tuple[str, ...]] = {0: (), 1: _TRAILING[:1], 3: _TRAILING}
_AFTER_PRICES = ("time", "tag", "properties", "group_order_manager", "asynchronous")


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
    """A new order.

    Made as LEAN's are, so that a margin call's list can be changed. A price of 0 is none; `trigger_price` may be left
    out before `time`, and `trailing_amount` with `trailing_as_percentage` as well.

    Parameters:
        order_type: type of the order.
        security_type: asset class of the symbol.
        symbol: what is traded.
        quantity: signed quantity.
        stop_price: stop.
        limit_price: limit.
        rest: [trigger price, [trailing amount, whether it is a fraction,]] time in UTC as a datetime or in nanoseconds,
            tag, properties, group of orders (None), whether the caller goes on before the fill.
        properties: settings of the order.
        asynchronous: whether the caller goes on before the fill.

    Raises:
        UsageError: no time, or more values than an order has.
    """

    request_type = OrderRequestType.SUBMIT

    def __init__(
        self,
        order_type: OrderType,
        security_type: SecurityType,
        symbol: Symbol,
        quantity: Number,
        stop_price: Number,
        limit_price: Number,
        *rest: Any,
        properties: OrderProperties | None = None,
        asynchronous: bool = False,
    ) -> None:
        at = next((index for index, value in enumerate(rest) if isinstance(value, datetime)), -1)
        names = (*_PRICES_BEFORE_TIME.get(at, ()), *_AFTER_PRICES)
        if at not in _PRICES_BEFORE_TIME or len(rest) > len(names):
            raise UsageError(
                "SubmitOrderRequest takes order type, security type, symbol, quantity, stop price, limit price, "
                "[trigger price, [trailing amount, trailing as percentage,]] time, tag and properties"
            )
        given = dict(zip(names, rest, strict=False))
        super().__init__(INVALID_ORDER_ID, utc_ns(given["time"]), given.get("tag", ""))
        self.order_type = order_type
        self.security_type = security_type
        self.symbol = symbol
        self.exact_quantity = to_decimal(quantity)
        self.exact_stop_price = to_decimal(stop_price)
        self.exact_limit_price = to_decimal(limit_price)
        self.exact_trigger_price = to_decimal(given.get("trigger_price", 0))
        self.exact_trailing_amount = to_decimal(given.get("trailing_amount", 0))
        self.trailing_as_percentage = bool(given.get("trailing_as_percentage", False))
        self.order_properties: OrderProperties | None = properties or given.get("properties")
        self.asynchronous = asynchronous or bool(given.get("asynchronous", False))

    @classmethod
    def of(cls, order: Order, asynchronous: bool = False) -> SubmitOrderRequest:
        """Return the request that asks for an order."""
        request = cls.__new__(cls)
        OrderRequest.__init__(request, order.id, order.created_ns, order.tag)
        request.order_type = order.type
        request.security_type = order.symbol.security_type
        request.symbol = order.symbol
        request.exact_quantity = order.exact_quantity
        request.exact_stop_price = order.exact_stop_price or ZERO
        request.exact_limit_price = order.exact_limit_price or ZERO
        request.exact_trigger_price = order.exact_trigger_price if isinstance(order, LimitIfTouchedOrder) else ZERO
        is_trailing = isinstance(order, TrailingStopOrder)
        request.exact_trailing_amount = order.exact_trailing_amount if is_trailing else ZERO
        request.trailing_as_percentage = is_trailing and order.trailing_as_percentage
        request.order_properties = order.properties
        request.asynchronous = asynchronous
        return request

    def make_order(self) -> Order:
        """Return a new order, without a number, that the request asks for.

        Raises:
            UsageError: the type is outside the subset.
        """
        if self.order_type not in _ORDER_CLASSES:
            raise UsageError(f"orders of type {self.order_type} are not in the subset of the embedded engine")
        kind, names = _ORDER_CLASSES[self.order_type]
        prices: dict[str, Any] = {name: getattr(self, f"exact_{name}", getattr(self, name, None)) for name in names}
        properties = (self.order_properties or OrderProperties()).clone()
        return kind(0, self.symbol, self.exact_quantity, self.time_ns, self.tag or "", properties, **prices)

    @property
    def quantity(self) -> float:
        """Quantity asked for."""
        return float(self.exact_quantity)

    @property
    def stop_price(self) -> float:
        """Stop, 0 when there is none."""
        return float(self.exact_stop_price)

    @property
    def limit_price(self) -> float:
        """Limit, 0 when there is none."""
        return float(self.exact_limit_price)

    @property
    def trigger_price(self) -> float:
        """Trigger, 0 when there is none."""
        return float(self.exact_trigger_price)

    @property
    def trailing_amount(self) -> float:
        """Distance of a trailing stop, 0 when there is none."""
        return float(self.exact_trailing_amount)


class UpdateOrderRequest(OrderRequest):
    """A change of a resting order."""

    request_type = OrderRequestType.UPDATE

    def __init__(self, time: int | datetime, order_id: int, fields: UpdateOrderFields) -> None:
        super().__init__(order_id, time if isinstance(time, int) else utc_ns(time), fields.tag)
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

    @property
    def trigger_price(self) -> Number | None:
        """New trigger."""
        return self.fields.trigger_price

    @property
    def trailing_amount(self) -> Number | None:
        """New distance of a trailing stop."""
        return self.fields.trailing_amount

    def is_allowed_for_closed_order(self) -> bool:
        """Tell whether the request changes nothing but the tag."""
        return self.changes_only_tag


class CancelOrderRequest(OrderRequest):
    """The wish to cancel an order."""

    request_type = OrderRequestType.CANCEL

    def __init__(self, time: int | datetime, order_id: int, tag: str | None) -> None:
        super().__init__(order_id, time if isinstance(time, int) else utc_ns(time), tag)


class OrderDesk(Protocol):
    """What a ticket needs of the engine."""

    def request_update(self, request: UpdateOrderRequest) -> OrderResponse: ...

    def request_cancel(self, request: CancelOrderRequest) -> OrderResponse: ...

    @property
    def time_ns(self) -> int: ...


class OrderTicket(PascalCaseAccess):
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

    @classmethod
    def unknown(cls, desk: OrderDesk, request: OrderRequest) -> OrderTicket:
        """Return the invalid ticket of a request for an order that does not exist."""
        order = MarketOrder(request.order_id, _NO_SYMBOL, ZERO, request.time_ns, request.tag or "", OrderProperties())
        order.status = OrderStatus.INVALID
        submit = SubmitOrderRequest.of(order)
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
