# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""The paper broker: resting orders, and what each scan does with them.

The rules are those of LEAN's backtests. What a model of the user's raises never ends the run: a margin model that
raises makes the order invalid, a fill or slippage model leaves it resting, a fee model lets it fill without a fee.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from live.algorithm.enums import OrderStatus, OrderType
from live.algorithm.order_terms import OrderFee
from live.algorithm.orders import Order, OrderEvent
from live.paper.model_errors import ModelErrors
from live.paper.models.brokerage import dotnet
from live.paper.models.brokerage_messages import may_execute
from live.paper.models.fees import order_fee
from live.paper.models.fills import asked_fills
from live.paper.models.parameters import (
    FillModelParameters,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
)
from live.paper.models.spelling import method_of
from live.paper.models.time_in_force import is_fill_valid, is_order_expired
from live.paper.order_texts import insufficient_text

if TYPE_CHECKING:
    from live.paper.order_records import OrderHost
    from live.paper.securities import Security

Publish = Callable[[Order, OrderEvent], None]


class PaperBroker:
    """Holds the orders that were placed and fills them.

    Parameters:
        host: the run.
        publish: applies an event to its order and tells the run.
        errors: reports what models raise.
    """

    def __init__(self, host: OrderHost, publish: Publish, errors: ModelErrors) -> None:
        self._host = host
        self._publish = publish
        self._errors = errors
        self._resting: dict[int, Order] = {}

    @property
    def has_orders(self) -> bool:
        """Whether a scan could do anything."""
        return bool(self._resting)

    @property
    def orders(self) -> list[Order]:
        """The orders that rest here, in order of arrival."""
        return list(self._resting.values())

    def place(self, order: Order) -> None:
        """Take an order."""
        self._resting[order.id] = order
        self._tell(order, OrderStatus.SUBMITTED)

    def update(self, order: Order) -> bool:
        """Tell of an update of an order; return whether it rests here."""
        if order.id not in self._resting:
            return False
        self._tell(order, OrderStatus.UPDATE_SUBMITTED)
        return True

    def cancel(self, order: Order) -> None:
        """Give an order back."""
        self._resting.pop(order.id, None)
        self._tell(order, OrderStatus.CANCELED)

    def scan(self) -> None:
        """Let every resting order expire, fill or fail against the newest data, in order of id."""
        now = self._host.time_ns
        for number in sorted(self._resting) if len(self._resting) > 1 else list(self._resting):
            order = self._resting.get(number)
            if order is None:
                continue
            if order.status.is_closed:
                self._resting.pop(number, None)
            elif order.created_ns != now or order.type is OrderType.MARKET:
                self._try_order(order)

    def _try_order(self, order: Order) -> None:
        host = self._host
        security = host.portfolio.securities[order.symbol]
        if order.type is OrderType.MARKET_ON_OPEN:
            data = security.get_last_data()
            if data is None or security.exchange.zone.to_local_ns(order.created_ns) >= data.end_local_ns:
                return
        if is_order_expired(security, order):
            self._remove(order, OrderStatus.CANCELED, "The order has expired.")
            return
        if not may_execute(host.brokerage_model, security, order):
            return
        try:
            result = affordable(host, security, order)
        except Exception as error:
            context = f"Order Error: ids: [{order.id}], Error executing margin models"
            self._errors.report(context, security.buying_power_model, error)
            self._remove(order, OrderStatus.INVALID, str(error))
            return
        if result.is_sufficient:
            self._take_fills(security, order)
        elif order.status is not OrderStatus.CANCEL_PENDING:
            text = insufficient_text(order, security, result.reason)
            self._remove(order, OrderStatus.INVALID, text)
            host.report_error(text)

    def _take_fills(self, security: Security, order: Order) -> None:
        """Publish what the fill model answers, unless it says that nothing happened."""
        fills = self._fills(security, order)
        told: list[OrderEvent] = []
        for fill in fills:
            if fill.status is not order.status or fill.exact_fill_quantity:
                order.status = fill.status
                told.append(fill)
        for fill in told:
            self._publish(order, fill)
        if fills and all(fill.status.is_closed for fill in fills):
            self._resting.pop(order.id, None)

    def _fills(self, security: Security, order: Order) -> list[OrderEvent]:
        """Return the fill model's events, those that complete the order with their fees."""
        fills: list[OrderEvent] = []
        model = security.fill_model
        try:
            span = self._host.portfolio.settings.stale_price_time_span
            answer = asked_fills(FillModelParameters(security, order, span))
            if all(is_fill_valid(security, order, fill) for fill in answer):
                fills = answer
            for fill in fills:
                if fill.status is OrderStatus.FILLED and not fill.order_fee.value.exact_amount:
                    model = security.fee_model
                    fill.order_fee = order_fee(security, order)
        except Exception as error:
            kind = dotnet(order.type.name)
            context = f"Order Error: id: {order.id}, Transaction model failed to fill for order type: {kind} with error"
            self._errors.report(context, model, error)
        return fills

    def _tell(self, order: Order, status: OrderStatus) -> None:
        event = OrderEvent(order, self._host.time_ns)
        event.status = status
        self._publish(order, event)

    def _remove(self, order: Order, status: OrderStatus, message: str) -> None:
        event = OrderEvent(order, self._host.time_ns, OrderFee.ZERO, message)
        event.status = status
        self._resting.pop(order.id, None)
        self._publish(order, event)


def affordable(host: OrderHost, security: Security, order: Order) -> HasSufficientBuyingPowerForOrderResult:
    """Ask a security's buying power model whether the account can afford an order.

    Raises:
        Exception: whatever the model raises.
    """
    parameters = HasSufficientBuyingPowerForOrderParameters(host.portfolio, security, order)
    check = method_of(security.buying_power_model, "has_sufficient_buying_power_for_order")
    return check(parameters)  # type: ignore[no-any-return]
