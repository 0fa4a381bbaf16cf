"""LEAN's words for what is wrong with a request or an order."""

from __future__ import annotations

from live.algorithm.numbers import plain
from live.algorithm.orders import Order
from live.paper.models.brokerage import dotnet
from live.paper.models.values import order_value
from live.paper.securities import Security


def insufficient_text(order: Order, security: Security, reason: str) -> str:
    """Return the message for an order that the account cannot afford."""
    value = plain(order_value(order, security))
    return (
        f"Order Error: ids: [{order.id}], Insufficient buying power to complete orders (Value:[{value}]), "
        f"Reason: {reason}."
    )


def unaffordable_update_text(order: Order, reason: str) -> str:
    """Return the message for an update that the account cannot afford."""
    return (
        f"Brokerage failed to update order with id: {order.id}, Symbol: {order.symbol.value}, "
        f"Insufficient buying power to complete order, Reason: {reason}."
    )


def zero_quantity_text(verb: str, order_id: int) -> str:
    """Return the message for an order of nothing."""
    return f"Unable to {verb} order with id {order_id} that has zero quantity."


def warming_text(verb: str) -> str:
    """Return the message for a request during the warm-up."""
    return (
        f"This operation is not allowed in initialize or during warm up: OrderRequest.{verb}. "
        "Please move this code to the on_warmup_finished() method."
    )


def closed_text(order: Order) -> str:
    """Return the message for an update or a cancellation of an order that is closed."""
    return f"Unable to update order with id {order.id} because it already has {dotnet(order.status.name)} status."


def new_status_text(order: Order) -> str:
    """Return the message for an update or a cancellation of an order that was not placed yet."""
    return (
        f"Unable to update or cancel order with id {order.id} and status {dotnet(order.status.name)} because the "
        "submit confirmation has not been received yet."
    )


def rounded_quantity_text(lot: str) -> str:
    """Return the warning that a quantity was cut to whole lots."""
    return f"Warning: Due to brokerage limitations, orders will be rounded to the nearest lot size of {lot}"


def canceled_text(moment: str) -> str:
    """Return the tag of orders that cancel_open_orders without a symbol has cancelled."""
    return f"Canceled by CancelOpenOrders() at {moment}"
