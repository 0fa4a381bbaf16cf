"""Margin calls: what is sold when the holdings bind more than the account is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from live.algorithm.enums import OrderType
from live.algorithm.numbers import ONE, ZERO, Number, plain, round_down_to_lot, to_decimal
from live.algorithm.order_requests import SubmitOrderRequest
from live.algorithm.order_terms import OrderProperties
from live.algorithm.tickets import OrderTicket
from live.errors import AlgorithmRuntimeError
from live.paper.models.context import Account, TradedSecurity
from live.paper.models.parameters import GetMaximumOrderQuantityForDeltaBuyingPowerParameters
from live.paper.models.spelling import Model, method_of
from live.paper.models.values import exact_maintenance_margin

__all__ = ["DefaultMarginCallModel", "MarginCallModel", "asked_margin_call"]

MARGIN_CALL_METHODS = ("get_margin_call_orders", "execute_margin_call")
_WARNING_SHARE = Decimal("0.05")
_TAG = "Margin Call"


class MarginCallModel(Model):
    """Base of margin call models: never a call. `MarginCallModel.NULL` switches margin calls off."""

    NULL: ClassVar[MarginCallModel]
    Null: ClassVar[MarginCallModel]

    def get_margin_call_orders(self, issue_margin_call_warning: bool = False) -> tuple[list[SubmitOrderRequest], bool]:
        """Return the requests of a margin call, and whether a warning is due.

        Parameters:
            issue_margin_call_warning: LEAN's out parameter: always False.
        """
        return [], False

    def execute_margin_call(self, generated_margin_call_orders: list[SubmitOrderRequest]) -> list[OrderTicket]:
        """Send the requests of a margin call and return their tickets."""
        return []


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

    def get_margin_call_orders(self, issue_margin_call_warning: bool = False) -> tuple[list[SubmitOrderRequest], bool]:
        """Return the requests of a margin call, and whether a warning is due. Parameters as in the base."""
        portfolio = self._portfolio
        used = portfolio.exact_total_margin_used
        if used <= ZERO:
            return [], False
        total = portfolio.exact_total_portfolio_value
        remaining = portfolio.exact_margin_remaining
        if remaining > ZERO:
            return [], remaining <= total * _WARNING_SHARE
        requests: list[SubmitOrderRequest] = []
        if used > total * (ONE + self._buffer):
            for security in portfolio.securities.values():
                quantity = self._quantity_to_close(security, used - total)
                if quantity:
                    requests.append(self._request(security, quantity))
        return requests, bool(requests)

    def _request(self, security: TradedSecurity, quantity: Decimal) -> SubmitOrderRequest:
        properties = self._properties.clone()
        now = security.utc_time
        return SubmitOrderRequest(
            OrderType.MARKET, security.type, security.symbol, quantity, 0, 0, now, _TAG, properties
        )

    def _quantity_to_close(self, security: TradedSecurity, excess: Decimal) -> Decimal:
        """Return the signed quantity, always a reduction, that frees an excess of margin from one holding if it can."""
        held = security.holdings.exact_quantity
        if not security.holdings.invested or not security.quote_cash.exact_conversion_rate:
            return ZERO
        freed = min(exact_maintenance_margin(security), excess)
        parameters = GetMaximumOrderQuantityForDeltaBuyingPowerParameters(
            self._portfolio, security, -freed if held > ZERO else freed, 0
        )
        answer = method_of(security.buying_power_model, "get_maximum_order_quantity_for_delta_buying_power")(parameters)
        quantity = abs(round_down_to_lot(to_decimal(answer.exact_quantity), security.properties.lot_size))
        return -quantity if held > ZERO else quantity

    def execute_margin_call(self, generated_margin_call_orders: list[SubmitOrderRequest]) -> list[OrderTicket]:
        """Send the requests, largest loss first, until the account carries its holdings again."""
        portfolio = self._portfolio
        tickets: list[OrderTicket] = []

        def gain(request: SubmitOrderRequest) -> Decimal:
            return portfolio.securities[request.symbol].holdings.exact_unrealized_profit

        if portfolio.exact_margin_remaining >= ZERO:
            return tickets
        for request in sorted(generated_margin_call_orders, key=gain):
            tickets.append(portfolio.transactions.add_order(request))
            if portfolio.exact_margin_remaining >= ZERO:
                break
        return tickets


def asked_margin_call(model: Any) -> tuple[list[SubmitOrderRequest], bool]:
    """Ask a margin call model, ours or the user's, for its requests; with requests a warning is always due.

    Raises:
        AlgorithmRuntimeError: the answer is not a tuple of a list of requests and a truth value.
    """
    answer = method_of(model, "get_margin_call_orders")(False)
    if not isinstance(answer, tuple) or len(answer) < 2:
        raise AlgorithmRuntimeError(
            f"{type(model).__name__}.get_margin_call_orders returned {answer!r}; return a tuple of a list of "
            "SubmitOrderRequest and a truth value"
        )
    requests = list(answer[0])
    return requests, bool(answer[1]) or bool(requests)


def executed_text(ticket: OrderTicket) -> str:
    """Return LEAN's line for an order of a margin call."""
    quantity, price = plain(to_decimal(ticket.quantity)), plain(ticket.exact_average_fill_price)
    return f"Executed MarginCallOrder: {ticket.symbol} - Quantity: {quantity} @ {price}"
