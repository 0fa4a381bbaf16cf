"""QuantConnect.Orders, as far as the host needs it."""

from lean_engine.orders.records import (
    Leg,
    Order,
    OrderEvent,
    OrderResponse,
    OrderTicket,
    SubmitOrderRequest,
    UpdateOrderFields,
    UpdateOrderRequest,
)
from lean_engine.orders.terms import OrderResponseErrorCode, OrderStatus, OrderType
