# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Requests about orders, and the answers to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from live.algorithm.enums import (
    OrderRequestStatus,
    OrderRequestType,
    OrderResponseErrorCode,
    OrderType,
    SecurityType,
)
from live.algorithm.naming import pascal_case_attribute
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.algorithm.order_terms import OrderProperties, UpdateOrderFields, utc_datetime, utc_ns
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.algorithm.symbols import Symbol
from live.errors import UsageError

_NONE = OrderResponseErrorCode.NONE
_UNPROCESSED, _PROCESSED = OrderRequestStatus.UNPROCESSED, OrderRequestStatus.PROCESSED
_ERROR = OrderRequestStatus.ERROR
# An enumeration's member is looked up slowly, and every order needs these.

INVALID_ORDER_ID = -10
"""Order id of a ticket whose request never became an order: the number of UNABLE_TO_FIND_ORDER, as LEAN does it."""


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


class OrderResponse:
    """Answer to a request."""

    def __init__(self, order_id: int, code: OrderResponseErrorCode, text: str | None) -> None:
        self.order_id = order_id
        self.error_code = code
        self.text = text

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    @staticmethod
    def success(order_id: int) -> OrderResponse:
        """Return the answer of a request that was taken."""
        return OrderResponse(order_id, _NONE, None)

    @property
    def is_success(self) -> bool:
        """Whether the request was taken."""
        return self.error_code is _NONE

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


class OrderRequest:
    """Something asked of the engine about an order."""

    _request_type = OrderRequestType.SUBMIT

    def __init__(self, order_id: int, time_ns: int, tag: str | None) -> None:
        self.order_id = order_id
        self.time_ns = time_ns
        self.tag = tag
        self.status = _UNPROCESSED
        self.response = OrderResponse(order_id, _NONE, None)

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    @property
    def time(self) -> datetime:
        """Time of the request, UTC."""
        return utc_datetime(self.time_ns)

    @property
    def order_request_type(self) -> OrderRequestType:
        """SUBMIT, UPDATE or CANCEL."""
        return self._request_type

    def answer(self, response: OrderResponse, status: OrderRequestStatus = _PROCESSED) -> None:
        """Record the engine's answer; a refusal is final."""
        self.response = response
        self.status = status if response.error_code is _NONE else _ERROR


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

    _request_type = OrderRequestType.SUBMIT

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


def submit_request_of(order: Order, asynchronous: bool = False) -> SubmitOrderRequest:
    """Return the request that asks for an order."""
    request = SubmitOrderRequest.__new__(SubmitOrderRequest)
    request.order_id = order.id
    request.time_ns = order.created_ns
    request.tag = order.tag
    request.status = _UNPROCESSED
    request.response = OrderResponse(order.id, _NONE, None)
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


class UpdateOrderRequest(OrderRequest):
    """A change of a resting order."""

    _request_type = OrderRequestType.UPDATE

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

    _request_type = OrderRequestType.CANCEL

    def __init__(self, time: int | datetime, order_id: int, tag: str | None) -> None:
        super().__init__(order_id, time if isinstance(time, int) else utc_ns(time), tag)
