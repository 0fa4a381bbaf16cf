# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""What an order is worth, and the decimals behind what a model hands back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from live.algorithm.enums import OrderType
from live.algorithm.numbers import ZERO, to_decimal
from live.algorithm.order_terms import OrderProperties
from live.algorithm.orders import MarketOrder, Order, StopMarketOrder
from live.paper.models.context import TradedSecurity
from live.paper.models.parameters import Amount, MaintenanceMarginParameters
from live.paper.models.spelling import method_of


def order_value(order: Order, security: TradedSecurity) -> Decimal:
    """Return an order's signed worth in the account's currency.

    A resting purchase is valued at the lower of its own price and the market's, a resting sale at the higher one.
    """
    price = security.exact_price
    own = order.exact_stop_price if isinstance(order, StopMarketOrder) else order.exact_limit_price
    if own is not None:
        price = max(own, price) if order.exact_quantity < ZERO else min(own, price)
    rate = security.quote_cash.exact_conversion_rate
    return order.exact_quantity * price * rate * security.properties.contract_multiplier


def order_price(order: Order, security: TradedSecurity) -> Decimal:
    """Return the price that an order would pay at worst, as far as its type tells: limit, stop, or the market's price.

    Market-on-open and market-on-close orders have none, which LEAN counts as zero.
    """
    if order.type is OrderType.MARKET:
        return security.exact_price
    price = order.exact_stop_price if isinstance(order, StopMarketOrder) else order.exact_limit_price
    return ZERO if price is None else price


def exact_maintenance_margin(security: TradedSecurity) -> Decimal:
    """Return the margin that a holding binds by its model, valued at the newest price."""
    quantity = security.holdings.exact_quantity
    parameters = MaintenanceMarginParameters.for_quantity_at_current_price(security, quantity)
    return exact_of(method_of(security.buying_power_model, "get_maintenance_margin")(parameters))


def trial_order(security: TradedSecurity, quantity: Decimal) -> MarketOrder:
    """Return a market order that is never sent: fees of a quantity are asked with it."""
    return MarketOrder(0, security.symbol, quantity, security.utc_ns, "", OrderProperties())


def exact_of(value: Any) -> Decimal:
    """Return the decimal of a number, or of a result object such as InitialMargin."""
    if isinstance(value, Amount):
        return to_decimal(value.exact_value)
    exact = getattr(value, "exact_value", None)
    return exact if isinstance(exact, Decimal) else to_decimal(value)
