"""Margin calls: what is sold when the holdings bind more than the account is worth."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

from live.algorithm.numbers import ONE, ZERO, Number, round_down_to_lot, to_decimal
from live.algorithm.orders import MarketOrder, Order, OrderProperties
from live.algorithm.tickets import OrderTicket
from live.paper.models.context import Account, TradedSecurity
from live.paper.models.parameters import (
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    ReservedBuyingPowerForPositionParameters,
)
from live.paper.models.spelling import Model, method_of
from live.paper.models.values import exact_of

__all__ = ["DefaultMarginCallModel", "MarginCallModel"]

_WARNING_SHARE = Decimal("0.05")
_TAG = "Margin Call"
Submit = Callable[[Order, bool], OrderTicket]


class MarginCallModel(Model):
    """Base of margin call models: never a call. `MarginCallModel.NULL` switches margin calls off."""

    NULL: ClassVar[MarginCallModel]
    Null: ClassVar[MarginCallModel]

    def get_margin_call_orders(self, time_ns: int) -> tuple[list[Order], bool]:
        """Return the orders of a margin call, and whether a warning is due."""
        return [], False

    def execute_margin_call(self, orders: list[Order], submit: Submit) -> list[OrderTicket]:
        """Send the orders of a margin call and return their tickets."""
        return [submit(order, False) for order in orders]


MarginCallModel.NULL = MarginCallModel.Null = MarginCallModel()


class DefaultMarginCallModel(MarginCallModel):
    """Warns at 5 % of free margin; sells when the margin in use is over the portfolio's value by more than a buffer.

    Parameters:
        portfolio: the account.
        default_order_properties: properties of the orders.
        margin_buffer: share over the value that is tolerated.
    """

    def __init__(
        self,
        portfolio: Account,
        default_order_properties: OrderProperties | None = None,
        margin_buffer: Number = 0.10,
    ) -> None:
        self._portfolio = portfolio
        self._properties = default_order_properties or OrderProperties()
        self._buffer = to_decimal(margin_buffer)

    def get_margin_call_orders(self, time_ns: int) -> tuple[list[Order], bool]:
        """Return the orders of a margin call, and whether a warning is due.

        Parameters:
            time_ns: present time, UTC, which the orders carry.
        """
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
                quantity = self._quantity_to_close(security, used - total)
                if quantity:
                    properties = self._properties.clone()
                    orders.append(MarketOrder(0, security.symbol, quantity, time_ns, _TAG, properties))
        return orders, bool(orders)

    def _quantity_to_close(self, security: TradedSecurity, excess: Decimal) -> Decimal:
        """Return the signed quantity, always a reduction, that frees an excess of margin from one holding if it can."""
        held = security.holdings.exact_quantity
        if not held or not security.quote_cash.exact_conversion_rate:
            return ZERO
        model = security.buying_power_model
        bound = method_of(model, "get_reserved_buying_power_for_position")
        reserved = exact_of(bound(ReservedBuyingPowerForPositionParameters(security)))
        freed = min(reserved, excess)
        parameters = GetMaximumOrderQuantityForDeltaBuyingPowerParameters(
            self._portfolio, security, -freed if held > ZERO else freed, 0
        )
        answer = method_of(model, "get_maximum_order_quantity_for_delta_buying_power")(parameters)
        quantity = abs(round_down_to_lot(answer.exact_quantity, security.properties.lot_size))
        return -quantity if held > ZERO else quantity

    def execute_margin_call(self, orders: list[Order], submit: Submit) -> list[OrderTicket]:
        """Send the orders, largest loss first, until the account carries its holdings again."""
        portfolio = self._portfolio
        tickets: list[OrderTicket] = []

        def gain(order: Order) -> Decimal:
            return portfolio.securities[order.symbol].holdings.exact_unrealized_profit

        for order in sorted(orders, key=gain):
            if portfolio.exact_margin_remaining >= ZERO:
                break
            tickets.append(submit(order, False))
        return tickets
