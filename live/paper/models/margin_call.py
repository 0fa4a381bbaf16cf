"""Margin calls: what is sold when the holdings bind more than the account is worth."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from live.algorithm.numbers import ONE, ZERO, round_down_to_lot
from live.algorithm.orders import MarketOrder, Order, OrderProperties
from live.algorithm.tickets import OrderTicket
from live.paper.models.context import Account, TradedSecurity
from live.paper.models.parameters import (
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    ReservedBuyingPowerForPositionParameters,
)
from live.paper.models.spelling import Model
from live.paper.models.values import exact_of

_WARNING_SHARE = Decimal("0.05")


class DefaultMarginCallModel(Model):
    """Warns at 5 % of free margin; sells when the margin in use is over the portfolio's value by more than a buffer.

    Parameters:
        portfolio: the account.
        margin_buffer: share over the value that is tolerated.
    """

    def __init__(self, portfolio: Account, margin_buffer: Decimal = Decimal("0.10")) -> None:
        self._portfolio = portfolio
        self._buffer = margin_buffer

    def get_margin_call_orders(self, time_ns: int) -> tuple[list[Order], bool]:
        """Return the orders of a margin call, and whether a warning is due."""
        portfolio = self._portfolio
        used = portfolio.exact_total_margin_used
        if used <= ZERO:
            return [], False
        total = portfolio.exact_total_portfolio_value
        remaining = portfolio.exact_margin_remaining
        if remaining > ZERO:
            return [], remaining <= total * _WARNING_SHARE
        orders: list[Order] = []
        if used > total * (ONE + self._buffer):
            for security in portfolio.securities.values():
                order = self._order_for(security, used - total, total, time_ns)
                if order is not None:
                    orders.append(order)
        return orders, bool(orders)

    def _order_for(self, security: TradedSecurity, excess: Decimal, total: Decimal, time_ns: int) -> Order | None:
        """Return the order that frees the excess from one holding, as far as it can."""
        held = security.holdings.exact_quantity
        if not held or not security.quote_cash.exact_conversion_rate or not total:
            return None
        model = security.buying_power_model
        bound = exact_of(model.get_reserved_buying_power_for_position(ReservedBuyingPowerForPositionParameters(security)))
        keep = max(ZERO, bound - excess) / total
        parameters = GetMaximumOrderQuantityForTargetBuyingPowerParameters(
            self._portfolio, security, keep if held > ZERO else -keep, 0
        )
        wanted = model.get_maximum_order_quantity_for_target_buying_power(parameters).exact_quantity
        quantity = round_down_to_lot(wanted, security.properties.lot_size)
        if not quantity:
            return None
        return MarketOrder(0, security.symbol, quantity, time_ns, "Margin Call", OrderProperties())

    def execute_margin_call(
        self, orders: list[Order], submit: Callable[[Order, bool], OrderTicket]
    ) -> list[OrderTicket]:
        """Send the orders, largest loss first, until the account carries its holdings again."""
        portfolio = self._portfolio
        tickets: list[OrderTicket] = []

        def loss(order: Order) -> Any:
            return portfolio.securities[order.symbol].holdings.exact_unrealized_profit

        for order in sorted(orders, key=loss):
            tickets.append(submit(order, False))
            if portfolio.exact_margin_remaining > ZERO:
                break
        return tickets


class NullMarginCallModel(DefaultMarginCallModel):
    """No margin calls: cash accounts."""

    def get_margin_call_orders(self, time_ns: int) -> tuple[list[Order], bool]:
        """Return nothing."""
        return [], False
