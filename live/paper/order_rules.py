"""Rounding of an order's prices to what its market can quote."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from live.algorithm.enums import DataNormalizationMode, OrderType, SecurityType
from live.algorithm.numbers import ONE, ZERO, plain
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    Order,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.paper.securities import Security

_SUB_PENNY = Decimal("0.0001")
_WITHOUT_PRICES = (OrderType.MARKET, OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE)


def price_increment(security: Security, price: Decimal) -> Decimal:
    """Return the smallest step of a price; zero for adjusted equity prices, which are not rounded.

    Equities follow SEC rule 612: a cent from one dollar up, a hundredth of a cent below.
    """
    if security.type is SecurityType.EQUITY:
        if security.data_normalization_mode is not DataNormalizationMode.RAW:
            return ZERO
        return security.properties.minimum_price_variation if price >= ONE else _SUB_PENNY
    return security.properties.minimum_price_variation


def round_order_prices(order: Order, security: Security) -> str | None:
    """Round an order's prices to the security's step, ties to even; return a warning when one of them moved."""
    if order.type in _WITHOUT_PRICES:
        return None
    warning: str | None = None

    def rounded(price: Decimal, name: str) -> Decimal:
        nonlocal warning
        increment = price_increment(security, price)
        if not increment:
            return price
        result = (price / increment).to_integral_value(rounding=ROUND_HALF_EVEN) * increment
        if result != price and warning is None:
            warning = f"Warning: To meet brokerage precision requirements, order {name} was rounded to {plain(result)} from {plain(price)}"
        return result

    if isinstance(order, LimitOrder):
        order.exact_limit_price = rounded(order.exact_limit_price, "LimitPrice")
    if isinstance(order, StopMarketOrder | StopLimitOrder):
        order.exact_stop_price = rounded(order.exact_stop_price, "StopPrice")
    if isinstance(order, LimitIfTouchedOrder):
        order.exact_trigger_price = rounded(order.exact_trigger_price, "TriggerPrice")
    if isinstance(order, TrailingStopOrder) and not order.trailing_as_percentage:
        order.exact_trailing_amount = rounded(order.exact_trailing_amount, "TrailingAmount")
    return warning
