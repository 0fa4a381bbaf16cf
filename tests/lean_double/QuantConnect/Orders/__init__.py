"""QuantConnect.Orders, as far as the host needs it."""

from lean_engine.orders.records import OrderEvent, OrderTicket, SubmitOrderRequest
from lean_engine.orders.terms import OrderStatus, OrderType
