# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Orders, their properties and their events, as LEAN shows them to an algorithm.

The engine keeps money and quantities as decimals in the `exact_*` fields; the plain names give floats, which is what LEAN hands to Python.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from live.algorithm.enums import OrderDirection, OrderStatus, OrderType
from live.algorithm.naming import pascal_case, pascal_case_alias, pascal_case_attribute
from live.algorithm.numbers import ZERO, Number, plain, smart_rounded, to_decimal
from live.algorithm.order_terms import (
    OrderFee,
    OrderProperties,
    OrderSubmissionData,
    TimeInForce,
    UpdateOrderFields,
    currency_sign,
    utc_datetime,
    utc_ns,
)
from live.algorithm.symbols import Symbol

# An enumeration's member is looked up slowly, and every order needs these.
_NEW = OrderStatus.NEW
_BUY, _SELL, _HOLD = OrderDirection.BUY, OrderDirection.SELL, OrderDirection.HOLD


class Order:
    """An order as the engine holds it. Users read it; changes go through the ticket."""

    type = OrderType.MARKET

    def __init__(
        self, order_id: int, symbol: Symbol, quantity: Decimal, time_ns: int, tag: str, properties: OrderProperties
    ) -> None:
        self.id = order_id
        self.symbol = symbol
        self.exact_quantity = quantity
        self.created_ns = time_ns
        self.tag = tag
        self.properties = properties
        self.status = _NEW
        self.exact_price = ZERO
        self.price_currency = ""
        self.last_fill_ns: int | None = None
        self.last_update_ns: int | None = None
        self.canceled_ns: int | None = None
        self.event_count = 0
        self.order_submission_data: OrderSubmissionData | None = None
        """Prices at the submission; None before it."""
        self.is_liquidation = False
        """Whether `liquidate` sent it: the risk gate lets it pass where others may not."""

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    @property
    def quantity(self) -> float:
        """Signed quantity: negative for a sale."""
        return float(self.exact_quantity)

    @property
    def absolute_quantity(self) -> float:
        """Quantity without its sign."""
        return abs(self.quantity)

    @property
    def direction(self) -> OrderDirection:
        """BUY or SELL; HOLD for a quantity of zero."""
        if self.exact_quantity > ZERO:
            return _BUY
        return _SELL if self.exact_quantity < ZERO else _HOLD

    @property
    def price(self) -> float:
        """Fill price, 0 before a fill."""
        return float(self.exact_price)

    @property
    def value(self) -> float:
        """Quantity times the price that the order's type implies, in the quote currency."""
        return float(self.exact_quantity * self.exact_price)

    @property
    def time(self) -> datetime:
        """Creation time, UTC."""
        return utc_datetime(self.created_ns)

    @property
    def created_time(self) -> datetime:
        """Creation time, UTC."""
        return self.time

    @property
    def last_fill_time(self) -> datetime | None:
        """Time of the last fill, UTC."""
        return None if self.last_fill_ns is None else utc_datetime(self.last_fill_ns)

    @property
    def last_update_time(self) -> datetime | None:
        """Time of the last accepted update, UTC."""
        return None if self.last_update_ns is None else utc_datetime(self.last_update_ns)

    @property
    def canceled_time(self) -> datetime | None:
        """Time of the cancellation, UTC."""
        return None if self.canceled_ns is None else utc_datetime(self.canceled_ns)

    @property
    def is_marketable(self) -> bool:
        """Whether the order could have traded at once: a market order, or a limit that reaches the quote of the submission.

        An update of the limit counts, a later quote does not. It decides between maker and taker.
        """
        limit, sent = self.exact_limit_price, self.order_submission_data
        if self.type is not OrderType.LIMIT or limit is None:
            return self.type is OrderType.MARKET
        if sent is None or not self.exact_quantity:
            return False
        return limit >= sent.exact_ask_price if self.exact_quantity > ZERO else limit <= sent.exact_bid_price

    @property
    def security_type(self) -> Any:
        """Asset class of the symbol."""
        return self.symbol.security_type

    @property
    def time_in_force(self) -> TimeInForce:
        """How long the order may rest."""
        return self.properties.time_in_force

    @property
    def broker_id(self) -> list[str]:
        """Ids at the broker: on paper the order's own."""
        return [str(self.id)] if self.id > 0 and self.status is not OrderStatus.NEW else []

    def get_default_tag(self) -> str:
        """Return the tag of an order that was sent without one."""
        return ""

    def get_value(self, security: Any) -> float:
        """Return the order's signed worth in the account's currency, valued as its type is."""
        return float(security.exact_order_value(self))

    @property
    def exact_limit_price(self) -> Decimal | None:
        """Limit price, for the types that have one."""
        return None

    @property
    def exact_stop_price(self) -> Decimal | None:
        """Stop price, for the types that have one."""
        return None

    def apply_update(self, fields: UpdateOrderFields) -> None:
        """Take over the fields of an accepted update."""
        if fields.quantity is not None:
            self.exact_quantity = to_decimal(fields.quantity)
        if fields.tag is not None:
            self.tag = fields.tag

    def clone(self) -> Order:
        """Return a copy, with properties of its own."""
        other = copy(self)
        other.properties = self.properties.clone()
        return other

    def next_event_id(self) -> int:
        """Return the number of the order's next event."""
        self.event_count += 1
        return self.event_count

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id} {self.symbol} {plain(self.exact_quantity)} {self.status})"


class MarketOrder(Order):
    """Fills at the current price."""


class MarketOnOpenOrder(Order):
    """Fills at the next opening price."""

    type = OrderType.MARKET_ON_OPEN


class MarketOnCloseOrder(Order):
    """Fills at the closing price.

    `MarketOnCloseOrder.submission_time_buffer` is the time before the close until which such orders are taken; an
    algorithm may set it in initialize.
    """

    DEFAULT_SUBMISSION_TIME_BUFFER: ClassVar[timedelta] = timedelta(minutes=15, seconds=30)
    submission_time_buffer: ClassVar[timedelta] = DEFAULT_SUBMISSION_TIME_BUFFER

    type = OrderType.MARKET_ON_CLOSE


class LimitOrder(Order):
    """Fills at the limit or better."""

    type = OrderType.LIMIT

    def __init__(self, *args: Any, limit_price: Decimal) -> None:
        super().__init__(*args)
        self._limit_price = limit_price

    @property
    def exact_limit_price(self) -> Decimal:
        """The limit."""
        return self._limit_price

    @exact_limit_price.setter
    def exact_limit_price(self, price: Decimal) -> None:
        self._limit_price = price

    @property
    def limit_price(self) -> float:
        """The limit as Python sees it."""
        return float(self._limit_price)

    def apply_update(self, fields: UpdateOrderFields) -> None:
        """Take over quantity, tag and limit price."""
        super().apply_update(fields)
        if fields.limit_price is not None:
            self._limit_price = to_decimal(fields.limit_price)


class StopMarketOrder(Order):
    """Becomes a market order when the stop price is reached."""

    type = OrderType.STOP_MARKET

    def __init__(self, *args: Any, stop_price: Decimal) -> None:
        super().__init__(*args)
        self._stop_price = stop_price
        self.stop_triggered = False

    @property
    def exact_stop_price(self) -> Decimal:
        """The stop."""
        return self._stop_price

    @exact_stop_price.setter
    def exact_stop_price(self, price: Decimal) -> None:
        self._stop_price = price

    @property
    def stop_price(self) -> float:
        """The stop as Python sees it."""
        return float(self._stop_price)

    def apply_update(self, fields: UpdateOrderFields) -> None:
        """Take over quantity, tag and stop price."""
        super().apply_update(fields)
        if fields.stop_price is not None:
            self._stop_price = to_decimal(fields.stop_price)


class StopLimitOrder(LimitOrder):
    """Becomes a limit order when the stop price is reached, and stays one."""

    type = OrderType.STOP_LIMIT

    def __init__(self, *args: Any, stop_price: Decimal, limit_price: Decimal) -> None:
        super().__init__(*args, limit_price=limit_price)
        self._stop_price = stop_price
        self.stop_triggered = False

    @property
    def exact_stop_price(self) -> Decimal:
        """The stop."""
        return self._stop_price

    @exact_stop_price.setter
    def exact_stop_price(self, price: Decimal) -> None:
        self._stop_price = price

    @property
    def stop_price(self) -> float:
        """The stop as Python sees it."""
        return float(self._stop_price)

    def apply_update(self, fields: UpdateOrderFields) -> None:
        """Take over quantity, tag, limit and stop price."""
        super().apply_update(fields)
        if fields.stop_price is not None:
            self._stop_price = to_decimal(fields.stop_price)


class LimitIfTouchedOrder(LimitOrder):
    """Becomes a limit order when the trigger price is touched from the favourable side."""

    type = OrderType.LIMIT_IF_TOUCHED

    def __init__(self, *args: Any, trigger_price: Decimal, limit_price: Decimal) -> None:
        super().__init__(*args, limit_price=limit_price)
        self.exact_trigger_price = trigger_price
        self.trigger_touched = False

    @property
    def trigger_price(self) -> float:
        """The trigger as Python sees it."""
        return float(self.exact_trigger_price)

    def apply_update(self, fields: UpdateOrderFields) -> None:
        """Take over quantity, tag, limit and trigger price."""
        super().apply_update(fields)
        if fields.trigger_price is not None:
            self.exact_trigger_price = to_decimal(fields.trigger_price)


class TrailingStopOrder(StopMarketOrder):
    """A stop that follows the market at a distance."""

    type = OrderType.TRAILING_STOP

    def __init__(self, *args: Any, stop_price: Decimal, trailing_amount: Decimal, trailing_as_percentage: bool) -> None:
        super().__init__(*args, stop_price=stop_price)
        self.exact_trailing_amount = trailing_amount
        self.trailing_as_percentage = trailing_as_percentage

    @property
    def trailing_amount(self) -> float:
        """Distance of the stop from the market, in currency or as a fraction of the price."""
        return float(self.exact_trailing_amount)

    def get_default_tag(self) -> str:
        """Return the distance as text, "Trailing Amount: $0.5" or "Trailing Amount: 5.00%"."""
        return f"Trailing Amount: {self.trailing_text}"

    @property
    def trailing_text(self) -> str:
        """The distance as LEAN prints it: a percentage, or an amount with the sign of its currency."""
        return _distance(self.exact_trailing_amount, self.trailing_as_percentage, currency_sign(self.price_currency))

    def apply_update(self, fields: UpdateOrderFields) -> None:
        """Take over quantity, tag, stop price and distance."""
        super().apply_update(fields)
        if fields.trailing_amount is not None:
            self.exact_trailing_amount = to_decimal(fields.trailing_amount)


class OrderEvent:
    """A change of an order. Events that are not fills have price 0 and no fee.

    Parameters:
        order: the order, in the state that it has now.
        time: UTC, in nanoseconds or, from a user's fill model, as a datetime.
        fee: fee of a fill; zero lets the fee model decide.
        message: what the event says.
    """

    def __init__(self, order: Order, time: int | datetime, fee: OrderFee = OrderFee.ZERO, message: str = "") -> None:
        self.order_id = order.id
        self.id = 0
        self.symbol = order.symbol
        self.time_ns = time if isinstance(time, int) else utc_ns(time)
        self.status = order.status
        self.direction = order.direction
        self.order_fee = fee
        self.message = message
        self.exact_fill_price = ZERO
        self.exact_fill_quantity = ZERO
        self.fill_price_currency = order.price_currency
        self.exact_quantity = order.exact_quantity
        self.exact_limit_price: Decimal | None = None
        self.exact_stop_price: Decimal | None = None
        self.exact_trigger_price: Decimal | None = None
        self.exact_trailing_amount: Decimal | None = None
        self.trailing_as_percentage: bool | None = None
        self.is_assignment = False
        self.is_in_the_money = False
        self.ticket: Any = None

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    @property
    def utc_time(self) -> datetime:
        """Time of the event, UTC."""
        return utc_datetime(self.time_ns)

    Direction = pascal_case_alias("direction")
    Id = pascal_case_alias("id")
    Message = pascal_case_alias("message")
    OrderFee = pascal_case_alias("order_fee")
    OrderId = pascal_case_alias("order_id")
    Status = pascal_case_alias("status")
    Symbol = pascal_case_alias("symbol")

    @property
    def fill_price(self) -> float:
        """Price of the fill, 0 when there is none."""
        return float(self.exact_fill_price)

    @fill_price.setter
    def fill_price(self, price: Number) -> None:
        self.exact_fill_price = to_decimal(price)

    FillPrice = pascal_case_alias("fill_price")

    @property
    def fill_quantity(self) -> float:
        """Signed quantity of the fill."""
        return float(self.exact_fill_quantity)

    @fill_quantity.setter
    def fill_quantity(self, quantity: Number) -> None:
        self.exact_fill_quantity = to_decimal(quantity)

    FillQuantity = pascal_case_alias("fill_quantity")

    @property
    def absolute_fill_quantity(self) -> float:
        """Quantity of the fill without its sign."""
        return abs(self.fill_quantity)

    @property
    def quantity(self) -> float:
        """The order's quantity at this moment."""
        return float(self.exact_quantity)

    @property
    def limit_price(self) -> float | None:
        """The order's limit at this moment."""
        return None if self.exact_limit_price is None else float(self.exact_limit_price)

    @property
    def stop_price(self) -> float | None:
        """The order's stop at this moment."""
        return None if self.exact_stop_price is None else float(self.exact_stop_price)

    @property
    def trigger_price(self) -> float | None:
        """The order's trigger at this moment."""
        return None if self.exact_trigger_price is None else float(self.exact_trigger_price)

    @property
    def trailing_amount(self) -> float | None:
        """The distance of the order's trailing stop at this moment."""
        return None if self.exact_trailing_amount is None else float(self.exact_trailing_amount)

    def clone(self) -> OrderEvent:
        """Return a copy."""
        return copy(self)

    def __repr__(self) -> str:
        return f"OrderEvent({self})"

    def __str__(self) -> str:
        sign = currency_sign(self.fill_price_currency)
        status = pascal_case(self.status.name.lower())
        text = (
            f"Time: {self.utc_time:%m/%d/%Y %H:%M:%S} OrderID: {self.order_id} EventID: {self.id} Symbol: {self.symbol}"
        )
        text += f" Status: {status} Quantity: {plain(self.exact_quantity)}"
        if self.exact_fill_quantity:
            text += (
                f" FillQuantity: {plain(self.exact_fill_quantity)} FillPrice: {sign}{_rounded(self.exact_fill_price)}"
            )
        if self.exact_limit_price is not None:
            text += f" LimitPrice: {sign}{_rounded(self.exact_limit_price)}"
        if self.exact_stop_price is not None:
            text += f" StopPrice: {sign}{_rounded(self.exact_stop_price)}"
        if self.exact_trailing_amount is not None:
            text += f" TrailingAmount: {_distance(self.exact_trailing_amount, bool(self.trailing_as_percentage), sign)}"
        if self.exact_trigger_price is not None:
            text += f" TriggerPrice: {sign}{_rounded(self.exact_trigger_price)}"
        if self.order_fee.value.exact_amount:
            text += f" OrderFee: {self.order_fee}"
        return f"{text} Message: {self.message}" if self.message else text


def _rounded(price: Decimal) -> str:
    return plain(smart_rounded(price))


def _distance(amount: Decimal, is_percentage: bool, sign: str) -> str:
    """Return the distance of a trailing stop as LEAN prints it."""
    return f"{amount * 100:f}%" if is_percentage else f"{sign}{amount:f}"
