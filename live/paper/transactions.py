"""The transaction path: requests, the order book of the paper broker, and the events both produce.

The order of work is LEAN's. A submission drains the queue of requests at once and then scans the resting orders; updates and cancellations
wait in the queue until the next submission or the end of the time step. Events call the algorithm at once, so they nest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import ROUND_DOWN
from typing import Any

from live.algorithm.data import Split
from live.algorithm.enums import OrderRequestStatus, OrderResponseErrorCode, OrderStatus, OrderType
from live.algorithm.naming import PascalCaseAccess
from live.algorithm.numbers import ZERO, plain, round_down_to_lot, to_decimal
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOrder,
    Order,
    OrderEvent,
    OrderFee,
    OrderProperties,
    StopLimitOrder,
    StopMarketOrder,
    UpdateOrderFields,
)
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import (
    INVALID_ORDER_ID,
    CancelOrderRequest,
    OrderRequest,
    OrderResponse,
    OrderTicket,
    SubmitOrderRequest,
    UpdateOrderRequest,
)
from live.paper.models.parameters import (
    FillModelParameters,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    OrderFeeParameters,
)
from live.paper.models.spelling import method_of
from live.paper.models.time_in_force import is_fill_valid, is_order_expired
from live.paper.models.values import order_value
from live.paper.order_rules import round_order_prices
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.securities import Security

Code = OrderResponseErrorCode
DELISTED_TAG = "Liquidate from delisting"


class OrderHost:
    """What the transaction path needs of the run; the engine implements it."""

    time_ns: int
    is_warming_up: bool
    portfolio: SecurityPortfolioManager
    brokerage_model: Any

    def publish(self, event: OrderEvent) -> None:
        """Record an event and call the algorithm."""
        raise NotImplementedError

    def report_error(self, text: str) -> None:
        """Write a line to the algorithm's error log."""
        raise NotImplementedError

    def refuse_update(self, order: Order, changed: Order) -> str | None:
        """Return why the risk gate refuses an order's changes, None when it does not."""
        raise NotImplementedError


class SecurityTransactionManager(PascalCaseAccess):
    """Orders and tickets of the run, and the paper broker that fills them."""

    def __init__(self, host: OrderHost) -> None:
        self._host = host
        self._orders: dict[int, Order] = {}
        self._tickets: dict[int, OrderTicket] = {}
        self._open: dict[int, Order] = {}
        self._resting: dict[int, Order] = {}
        self._queue: deque[OrderRequest] = deque()
        self._status_before_cancel: dict[int, OrderStatus] = {}
        self._last_order_id = 0
        self._warned_of_rounding = False
        self.on_open_count: Callable[[int], None] | None = None

    # -- what users ask

    @property
    def orders_count(self) -> int:
        """Number of orders so far."""
        return len(self._tickets)

    @property
    def last_order_id(self) -> int:
        """Id of the newest order."""
        return self._last_order_id

    def get_order_by_id(self, order_id: int) -> Order | None:
        """Return a copy of an order, None when the id is unknown."""
        order = self._orders.get(order_id)
        return None if order is None else order.clone()

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        """Return the ticket of an order."""
        return self._tickets.get(order_id)

    def get_orders(self, filter: Callable[[Order], bool] | None = None) -> list[Order]:
        """Return copies of all orders that a filter accepts."""
        return [order.clone() for order in self._orders.values() if filter is None or filter(order)]

    def get_open_orders(self, symbol: Symbol | str | Callable[[Order], bool] | None = None) -> list[Order]:
        """Return copies of the open orders, of one symbol or of those that a filter accepts."""
        accepts = _order_filter(symbol)
        return [order.clone() for order in self._open.values() if accepts(order)]

    def get_order_tickets(self, filter: Callable[[OrderTicket], bool] | None = None) -> list[OrderTicket]:
        """Return all tickets that a filter accepts."""
        return [ticket for ticket in self._tickets.values() if filter is None or filter(ticket)]

    def get_open_order_tickets(
        self, symbol: Symbol | str | Callable[[OrderTicket], bool] | None = None
    ) -> list[OrderTicket]:
        """Return the tickets of open orders."""
        accepts = _order_filter(symbol)
        return [self._tickets[number] for number in self._open if accepts(self._tickets[number])]

    def get_open_orders_remaining_quantity(self, symbol: Symbol | str | None = None) -> float:
        """Return the signed quantity that open orders have still to fill."""
        return sum(ticket.quantity_remaining for ticket in self.get_open_order_tickets(symbol))

    def cancel_open_orders(self, symbol: Symbol | str | None = None, tag: str | None = None) -> list[OrderTicket]:
        """Cancel the open orders, of one symbol or all."""
        tickets = self.get_open_order_tickets(symbol)
        for ticket in tickets:
            ticket.cancel(tag)
        return tickets

    def cancel_order(self, order_id: int, tag: str | None = None) -> OrderResponse:
        """Ask for the cancellation of an order: CancelPending at once, Canceled when the queue is processed."""
        request = CancelOrderRequest(order_id, self._host.time_ns, tag)
        order, ticket = self._orders.get(order_id) or self._open.get(order_id), self._tickets.get(order_id)
        if order is None or ticket is None:
            return _answer(request, Code.UNABLE_TO_FIND_ORDER, f"Unable to locate order with id {order_id}.")
        if ticket.cancel_request is not None:
            return _answer(request, Code.REQUEST_CANCELED, "Cancellation is already in progress.")
        ticket.cancel_request = request
        if tag is not None:
            order.tag = tag
        if order.status is OrderStatus.NEW:
            ticket.cancel_request = None
            return _answer(request, Code.INVALID_NEW_ORDER_STATUS, _new_status_text(order))
        if order.status.is_closed:
            ticket.cancel_request = None
            return _answer(request, Code.INVALID_ORDER_STATUS, _closed_text(order))
        if self._host.is_warming_up:
            ticket.cancel_request = None
            return _answer(request, Code.ALGORITHM_WARMING_UP, _warming_text("cancel"))
        self._status_before_cancel[order_id] = order.status
        order.status = OrderStatus.CANCEL_PENDING
        self._publish(order, OrderEvent(order, self._host.time_ns))
        request.answer(OrderResponse.success(order_id), OrderRequestStatus.PROCESSING)
        self._queue.append(request)
        return request.response

    def update_order(self, order_id: int, fields: UpdateOrderFields) -> OrderResponse:
        """Ask for a change of an order; it is made when the queue is processed."""
        request = UpdateOrderRequest(order_id, self._host.time_ns, fields)
        order, ticket = self._orders.get(order_id) or self._open.get(order_id), self._tickets.get(order_id)
        if order is None or ticket is None:
            return _answer(request, Code.UNABLE_TO_FIND_ORDER, f"Unable to locate order with id {order_id}.")
        ticket.update_requests.append(request)
        if order.status is OrderStatus.NEW:
            return _answer(request, Code.INVALID_NEW_ORDER_STATUS, _new_status_text(order))
        if order.status.is_closed and not request.changes_only_tag:
            return _answer(request, Code.INVALID_ORDER_STATUS, _closed_text(order))
        if fields.quantity is not None and to_decimal(fields.quantity) == ZERO:
            return _answer(request, Code.ORDER_QUANTITY_ZERO, zero_quantity_text("update", order_id))
        if self._host.is_warming_up:
            return _answer(request, Code.ALGORITHM_WARMING_UP, _warming_text("update"))
        request.answer(OrderResponse.success(order_id), OrderRequestStatus.PROCESSING)
        self._queue.append(request)
        return request.response

    # -- what the algorithm's order methods and the engine call

    @property
    def open_count(self) -> int:
        """Number of open orders."""
        return len(self._open)

    @property
    def has_work(self) -> bool:
        """Whether a scan or a drain of the queue could do anything."""
        return bool(self._resting) or bool(self._queue)

    @property
    def has_requests(self) -> bool:
        """Whether requests wait in the queue."""
        return bool(self._queue)

    def resting_orders(self) -> list[Order]:
        """Return the orders that the broker scans."""
        return list(self._resting.values())

    def open_orders(self, symbol: Symbol) -> list[Order]:
        """Return the open orders of a symbol themselves: models read them, nobody changes them."""
        return [order for order in self._open.values() if order.symbol == symbol]

    def next_order_id(self) -> int:
        """Return the next order id: 1, 2, 3 …"""
        self._last_order_id += 1
        return self._last_order_id

    def reject(self, order: Order, code: OrderResponseErrorCode, text: str, tag: str) -> OrderTicket:
        """Return the ticket of a request that never became an order."""
        order.id = INVALID_ORDER_ID
        order.status = OrderStatus.INVALID
        request = SubmitOrderRequest(order, tag, False)
        request.answer(OrderResponse(INVALID_ORDER_ID, code, text))
        self._host.report_error(text)
        return OrderTicket(self, request)

    def submit(self, order: Order, asynchronous: bool) -> OrderTicket:
        """Take an order that passed the pre-checks: number it, process the queue up to it, scan."""
        order.id = self.next_order_id()
        order.is_marketable = is_marketable(order, self._host.portfolio.securities[order.symbol])
        request = SubmitOrderRequest(order, order.tag, asynchronous)
        ticket = OrderTicket(self, request)
        self._tickets[order.id] = ticket
        self._open[order.id] = order
        request.answer(OrderResponse.success(order.id), OrderRequestStatus.PROCESSING)
        self._queue.append(request)
        self.process_queue()
        return ticket

    def process_queue(self) -> None:
        """Process waiting requests in order of arrival, and scan after each."""
        while self._queue:
            request = self._queue.popleft()
            if isinstance(request, SubmitOrderRequest):
                response = self._handle_submit(request)
            elif isinstance(request, UpdateOrderRequest):
                response = self._handle_update(request)
            else:
                response = self._handle_cancel(request)
            request.answer(response)
            self.scan()

    def process_step(self) -> None:
        """Process the queue and scan the resting orders: twice a time step, before scheduled events and after on_data."""
        if self._queue:
            self.process_queue()
        if self._resting:
            self.scan()

    def scan(self) -> None:
        """Let every resting order expire, fill or fail against the newest data, in order of id."""
        for number in sorted(self._resting):
            order = self._resting.get(number)
            if order is None:
                continue
            if order.status.is_closed:
                self._resting.pop(number, None)
                continue
            if order.created_ns == self._host.time_ns and order.type is not OrderType.MARKET:
                continue
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
        if not host.brokerage_model.can_execute_order(security, order):
            return
        result = self._affordable(security, order)
        if not result.is_sufficient:
            if order.status is not OrderStatus.CANCEL_PENDING:
                text = insufficient_text(order, security, result.reason)
                self._remove(order, OrderStatus.INVALID, text)
                host.report_error(text)
            return
        answer = method_of(security.fill_model, "fill")(
            FillModelParameters(security, order, host.portfolio.settings.stale_price_time_span)
        )
        for fill in answer.order_events if hasattr(answer, "order_events") else [answer]:
            if is_fill_valid(security, order, fill):
                self._take_fill(security, order, fill)

    def _take_fill(self, security: Security, order: Order, fill: OrderEvent) -> None:
        """Publish what a fill model answered, unless it says that nothing happened."""
        if fill.status is OrderStatus.FILLED and not fill.order_fee.value.exact_amount:
            fill.order_fee = method_of(security.fee_model, "get_order_fee")(OrderFeeParameters(security, order))
        if order.status is fill.status and not fill.exact_fill_quantity:
            return
        order.status = fill.status
        self._publish(order, fill)
        if fill.status.is_closed:
            self._resting.pop(order.id, None)

    def _affordable(self, security: Security, order: Order) -> HasSufficientBuyingPowerForOrderResult:
        parameters = HasSufficientBuyingPowerForOrderParameters(self._host.portfolio, security, order)
        check = method_of(security.buying_power_model, "has_sufficient_buying_power_for_order")
        return check(parameters)  # type: ignore[no-any-return]

    def _remove(self, order: Order, status: OrderStatus, message: str) -> None:
        event = OrderEvent(order, self._host.time_ns, OrderFee.ZERO, message)
        event.status = status
        self._resting.pop(order.id, None)
        self._publish(order, event)

    def liquidate_delisted(self, security: Security) -> None:
        """Close the holding of a delisted security at its last price: one order with one event, a fill without a fee."""
        quantity = -security.holdings.exact_quantity
        if not quantity:
            return
        host = self._host
        order = MarketOrder(
            self.next_order_id(), security.symbol, quantity, host.time_ns, DELISTED_TAG, OrderProperties()
        )
        order.price_currency = security.quote_cash.symbol
        request = SubmitOrderRequest(order, order.tag, False)
        request.answer(OrderResponse.success(order.id))
        self._tickets[order.id] = OrderTicket(self, request)
        self._orders[order.id] = self._open[order.id] = order
        fill = OrderEvent(order, host.time_ns, OrderFee.ZERO, DELISTED_TAG)
        fill.exact_fill_price = security.exact_price
        fill.exact_fill_quantity = quantity
        fill.status = OrderStatus.FILLED
        self._publish(order, fill)

    def apply_split(self, security: Security, split: Split) -> None:
        """Scale the open orders of a security by a split: prices by its factor, quantities against it, in whole units."""
        factor = to_decimal(split.split_factor)
        for order in self.open_orders(security.symbol):
            order.exact_quantity = (order.exact_quantity / factor).to_integral_value(ROUND_DOWN)
            if isinstance(order, LimitOrder | StopLimitOrder):
                order.exact_limit_price *= factor
            if isinstance(order, StopMarketOrder | StopLimitOrder):
                order.exact_stop_price *= factor

    # -- requests

    def _handle_submit(self, request: SubmitOrderRequest) -> OrderResponse:
        order = request.order
        host = self._host
        security = host.portfolio.securities[order.symbol]
        self._orders[order.id] = order
        order.price_currency = security.quote_cash.symbol
        order.exact_quantity = round_down_to_lot(order.exact_quantity, security.properties.lot_size)
        self._round_prices(order, security)
        if not order.exact_quantity:
            text = zero_quantity_text("submit", order.id)
            self._invalidate(order, text)
            return OrderResponse(order.id, Code.ORDER_QUANTITY_ZERO, text)
        result = self._affordable(security, order)
        if not result.is_sufficient:
            text = insufficient_text(order, security, result.reason)
            self._invalidate(order, text)
            return OrderResponse(order.id, Code.INSUFFICIENT_BUYING_POWER, text)
        refusal = host.brokerage_model.can_submit_order(security, order)
        if refusal is not None:
            text = f"BrokerageModel declared unable to submit order: [{order.id}] {refusal}"
            self._invalidate(order, text)
            return OrderResponse(order.id, Code.BROKERAGE_MODEL_REFUSED_TO_SUBMIT_ORDER, text)
        self._resting[order.id] = order
        event = OrderEvent(order, host.time_ns)
        event.status = OrderStatus.SUBMITTED
        self._publish(order, event)
        return OrderResponse.success(order.id)

    def _handle_update(self, request: UpdateOrderRequest) -> OrderResponse:
        host = self._host
        order = self._orders[request.order_id]
        security = host.portfolio.securities[order.symbol]
        was_closed = order.status.is_closed
        if was_closed and not request.changes_only_tag:
            return OrderResponse(order.id, Code.INVALID_ORDER_STATUS, _closed_text(order))
        refusal = host.brokerage_model.can_update_order(security, order, request)
        if refusal is not None:
            text = f"OrderID: {order.id} {refusal}"
            host.report_error(text)
            self._publish(
                order, OrderEvent(order, host.time_ns, OrderFee.ZERO, "BrokerageModel declared unable to update order")
            )
            return OrderResponse(order.id, Code.BROKERAGE_MODEL_REFUSED_TO_UPDATE_ORDER, text)
        changed = order.clone()
        changed.apply_update(request.fields)
        result = self._affordable(security, changed)
        if not result.is_sufficient:
            text = (
                f"Brokerage failed to update order with id: {order.id}, Symbol: {order.symbol.value}, "
                f"Insufficient buying power to complete order, Reason: {result.reason}."
            )
            host.report_error(text)
            self._publish(order, OrderEvent(order, host.time_ns, OrderFee.ZERO, text))
            return OrderResponse(order.id, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text)
        denial = None if request.changes_only_tag else host.refuse_update(order, changed)
        if denial is not None:
            host.report_error(denial)
            self._publish(order, OrderEvent(order, host.time_ns, OrderFee.ZERO, denial))
            return OrderResponse(order.id, Code.RISK_DENIED, denial)
        order.apply_update(request.fields)
        order.exact_quantity = round_down_to_lot(order.exact_quantity, security.properties.lot_size)
        self._round_prices(order, security)
        if was_closed:
            return OrderResponse.success(order.id)
        if order.id not in self._resting:
            text = f"Brokerage failed to update order with id {order.id}"
            host.report_error(text)
            self._publish(order, OrderEvent(order, host.time_ns, OrderFee.ZERO, "Brokerage failed to update order"))
            return OrderResponse(order.id, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text)
        event = OrderEvent(order, host.time_ns)
        event.status = OrderStatus.UPDATE_SUBMITTED
        self._publish(order, event)
        return OrderResponse.success(order.id)

    def _handle_cancel(self, request: OrderRequest) -> OrderResponse:
        order = self._orders[request.order_id]
        if order.status.is_closed:
            self._status_before_cancel.pop(order.id, None)
            return OrderResponse(order.id, Code.INVALID_ORDER_STATUS, _closed_text(order))
        self._resting.pop(order.id, None)
        event = OrderEvent(order, self._host.time_ns)
        event.status = OrderStatus.CANCELED
        self._publish(order, event)
        if request.tag is not None:
            order.tag = request.tag
        return OrderResponse.success(order.id)

    def _round_prices(self, order: Order, security: Security) -> None:
        warning = round_order_prices(order, security)
        if warning is not None and not self._warned_of_rounding:
            self._warned_of_rounding = True
            self._host.report_error(warning)

    def _invalidate(self, order: Order, text: str) -> None:
        order.status = OrderStatus.INVALID
        self._host.report_error(text)
        self._publish(order, OrderEvent(order, self._host.time_ns, OrderFee.ZERO, text))

    # -- events

    def _publish(self, order: Order, event: OrderEvent) -> None:
        """Apply an event to its order, the account and the ticket; then tell the run."""
        host = self._host
        ticket = self._tickets[order.id]
        event.ticket = ticket
        status = event.status
        if status.is_closed:
            self._open.pop(order.id, None)
            self._status_before_cancel.pop(order.id, None)
        if order.status not in (OrderStatus.FILLED, OrderStatus.CANCELED) or status is not OrderStatus.INVALID:
            order.status = status
        event.id = order.next_event_id()
        if status is OrderStatus.CANCELED:
            order.canceled_ns = event.time_ns
        elif status.is_fill:
            order.last_fill_ns = event.time_ns
        elif status in (OrderStatus.SUBMITTED, OrderStatus.UPDATE_SUBMITTED) and ticket.update_requests:
            order.last_update_ns = event.time_ns
        event.exact_quantity = order.exact_quantity
        event.exact_limit_price = order.exact_limit_price
        event.exact_stop_price = order.exact_stop_price
        if isinstance(order, LimitIfTouchedOrder):
            event.exact_trigger_price = order.exact_trigger_price
        if status.is_fill:
            self._apply_fill(order, event)
        ticket.record(event)
        host.publish(event)

    def _apply_fill(self, order: Order, event: OrderEvent) -> None:
        security = self._host.portfolio.securities[order.symbol]
        event.fill_price_currency = security.quote_cash.symbol
        fee = event.order_fee.value
        base = security.base_cash
        if base is not None and event.exact_fill_quantity > ZERO and fee.currency == base.symbol and fee.exact_amount:
            event.exact_fill_quantity -= fee.exact_amount
        self._host.portfolio.process_fill(security, event)
        filled = self._tickets[order.id].exact_quantity_filled + event.exact_fill_quantity
        order.exact_price = event.exact_fill_price if filled else order.exact_price


def is_marketable(order: Order, security: Security) -> bool:
    """Tell whether an order could trade at once against the quote that stands when it is sent."""
    limit = order.exact_limit_price
    if order.type is not OrderType.LIMIT or limit is None:
        return order.type is OrderType.MARKET
    return limit >= security.exact_ask if order.exact_quantity > ZERO else limit <= security.exact_bid


def insufficient_text(order: Order, security: Security, reason: str) -> str:
    """Return LEAN's message for an order that the account cannot afford."""
    value = plain(order_value(order, security))
    return (
        f"Order Error: ids: [{order.id}], Insufficient buying power to complete orders (Value:[{value}]), "
        f"Reason: {reason}."
    )


def zero_quantity_text(verb: str, order_id: int) -> str:
    """Return LEAN's message for an order of nothing."""
    return f"Unable to {verb} order with id {order_id} that has zero quantity."


def _warming_text(verb: str) -> str:
    return (
        f"This operation is not allowed in initialize or during warm up: OrderRequest.{verb}. "
        "Please move this code to the on_warmup_finished() method."
    )


def _closed_text(order: Order) -> str:
    name = str(order.status).title().replace("_", "")
    return f"Unable to update order with id {order.id} because it already has {name} status."


def _new_status_text(order: Order) -> str:
    return f"Unable to update or cancel order with id {order.id} because it is still being submitted."


def _answer(request: OrderRequest, code: OrderResponseErrorCode, text: str) -> OrderResponse:
    request.answer(OrderResponse(request.order_id, code, text))
    return request.response


def _order_filter(symbol: Any) -> Callable[[Any], bool]:
    if symbol is None:
        return lambda order: True
    if callable(symbol) and not isinstance(symbol, Symbol):
        return symbol  # type: ignore[no-any-return]
    return lambda order: bool(order.symbol == symbol)
