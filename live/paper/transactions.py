# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""The transaction path: what algorithms ask for, the queue of requests, and the events that orders produce.

The order of work is LEAN's. A submission drains the queue of requests at once and then scans the resting orders; updates and cancellations
wait in the queue until the next submission or the end of the time step. Events call the algorithm at once, so they nest.
"""

from __future__ import annotations

from collections import deque

from live.algorithm.data import Split
from live.algorithm.enums import OrderDirection, OrderRequestStatus, OrderResponseErrorCode, OrderStatus, SecurityType
from live.algorithm.numbers import ZERO, plain, to_decimal
from live.algorithm.order_requests import (
    INVALID_ORDER_ID,
    CancelOrderRequest,
    OrderRequest,
    OrderResponse,
    SubmitOrderRequest,
    UpdateOrderRequest,
    submit_request_of,
)
from live.algorithm.order_terms import ModifiedFillQuantityOrderFee, OrderFee, OrderProperties, OrderSubmissionData
from live.algorithm.orders import LimitIfTouchedOrder, MarketOrder, Order, OrderEvent, TrailingStopOrder
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
from live.clock import ns_to_datetime
from live.errors import UsageError
from live.paper.callbacks import guarded
from live.paper.model_errors import ModelErrors
from live.paper.models.brokerage_messages import asked
from live.paper.models.spelling import method_of
from live.paper.order_records import OrderHost, OrderRecords
from live.paper.order_rules import round_order_prices
from live.paper.order_texts import (
    canceled_text,
    closed_text,
    insufficient_text,
    new_status_text,
    rounded_quantity_text,
    unaffordable_update_text,
    warming_text,
    zero_quantity_text,
)
from live.paper.paper_broker import PaperBroker, affordable
from live.paper.securities import Security

Code = OrderResponseErrorCode
DELISTED_TAG = "Liquidate from delisting"


class SecurityTransactionManager(OrderRecords):
    """Orders and tickets of the run, and the way of each request to the paper broker."""

    def __init__(self, host: OrderHost) -> None:
        super().__init__(host)
        self._errors = ModelErrors(host.report_error)
        self._broker = PaperBroker(host, self._publish, self._errors)
        self._queue: deque[OrderRequest] = deque()
        self._warned: set[str] = set()

    # -- what users ask

    def add_order(self, request: SubmitOrderRequest) -> OrderTicket:
        """Send a new order, with the checks of every order."""
        return self._host.submit_order(request.make_order(), request.asynchronous)

    def update_order(self, request: UpdateOrderRequest) -> OrderTicket:
        """Ask for a change of an order and return its ticket; an unknown id gives an invalid one."""
        ticket = self._tickets.get(request.order_id)
        if ticket is None:
            ticket = self._unknown(request)
            ticket.update_requests.append(request)
            return ticket
        self.request_update(request)
        return ticket

    def cancel_order(self, order_id: int, order_tag: str | None = None) -> OrderTicket:
        """Ask for the cancellation of an order and return its ticket; without a tag the order's becomes empty.

        An unknown id gives an invalid ticket.
        """
        request = CancelOrderRequest(self._host.time_ns, order_id, order_tag or "")
        ticket = self._tickets.get(order_id)
        if ticket is None:
            ticket = self._unknown(request)
            ticket.cancel_request = request
            return ticket
        self.request_cancel(request)
        return ticket

    def remove_order(self, order_id: int, tag: str | None = None) -> OrderTicket:
        """Ask for the cancellation of an order, under LEAN's other name."""
        return self.cancel_order(order_id, tag)

    def cancel_open_orders(self, symbol: Symbol | str | None = None, tag: str | None = None) -> list[OrderTicket]:
        """Cancel the open orders, of one symbol or all; those of all symbols get a tag that says so.

        Raises:
            UsageError: in initialize or during the warm-up.
        """
        if self._host.is_warming_up:
            raise UsageError(
                "cancel_open_orders is not allowed in initialize or during the warm-up; call it in on_warmup_finished"
            )
        tickets = self.get_open_order_tickets(symbol)
        if symbol is None:
            tag = canceled_text(f"{ns_to_datetime(self._host.time_ns):%Y-%m-%dT%H:%M:%S.%f}0Z")
        for ticket in tickets:
            ticket.cancel(tag)
        return tickets

    def wait_for_order(self, order_id: int) -> bool:
        """Return whether an order is closed: nothing happens on paper while one waits."""
        ticket = self._tickets.get(order_id)
        return ticket is not None and ticket.status.is_closed

    # -- what tickets ask

    def request_cancel(self, request: CancelOrderRequest) -> OrderResponse:
        """Take a cancellation: CancelPending at once, Canceled when the queue is processed."""
        order, ticket = self._order_of(request.order_id), self._tickets.get(request.order_id)
        if order is None or ticket is None:
            return _answer(request, Code.UNABLE_TO_FIND_ORDER, f"Unable to locate order with id {request.order_id}.")
        if ticket.is_cancel_under_way:
            return _answer(request, Code.INVALID_REQUEST, "Cancellation is already in progress.")
        ticket.cancel_request = request
        if request.tag is not None:
            order.tag = request.tag
        if order.status is OrderStatus.NEW:
            return _answer(request, Code.INVALID_NEW_ORDER_STATUS, new_status_text(order))
        if order.status.is_closed:
            return _answer(request, Code.INVALID_ORDER_STATUS, closed_text(order))
        if self._host.is_warming_up:
            return _answer(request, Code.ALGORITHM_WARMING_UP, warming_text("cancel"))
        order.status = OrderStatus.CANCEL_PENDING
        self._publish(order, OrderEvent(order, self._host.time_ns))
        return self._enqueue(request)

    def request_update(self, request: UpdateOrderRequest) -> OrderResponse:
        """Take an update; it is made when the queue is processed."""
        order, ticket = self._order_of(request.order_id), self._tickets.get(request.order_id)
        if order is None or ticket is None:
            return _answer(request, Code.UNABLE_TO_FIND_ORDER, f"Unable to locate order with id {request.order_id}.")
        ticket.update_requests.append(request)
        if order.status is OrderStatus.NEW:
            return _answer(request, Code.INVALID_NEW_ORDER_STATUS, new_status_text(order))
        if order.status.is_closed and not request.changes_only_tag:
            return _answer(request, Code.INVALID_ORDER_STATUS, closed_text(order))
        if request.quantity is not None and to_decimal(request.quantity) == ZERO:
            return _answer(request, Code.ORDER_QUANTITY_ZERO, zero_quantity_text("update", request.order_id))
        if self._host.is_warming_up:
            return _answer(request, Code.ALGORITHM_WARMING_UP, warming_text("update"))
        return self._enqueue(request)

    def _order_of(self, order_id: int) -> Order | None:
        return self._orders.get(order_id) or self._open.get(order_id)

    def _enqueue(self, request: OrderRequest) -> OrderResponse:
        request.answer(OrderResponse.success(request.order_id), OrderRequestStatus.PROCESSING)
        self._queue.append(request)
        return request.response

    def _unknown(self, request: OrderRequest) -> OrderTicket:
        """Return the invalid ticket of a request for an order that does not exist."""
        _answer(request, Code.UNABLE_TO_FIND_ORDER, f"Unable to locate order with id {request.order_id}.")
        return OrderTicket.unknown(self, request)

    # -- what the engine calls

    @property
    def has_requests(self) -> bool:
        """Whether requests wait in the queue."""
        return bool(self._queue)

    def resting_orders(self) -> list[Order]:
        """Return the orders that the broker scans."""
        return self._broker.orders

    def reject(self, order: Order, code: OrderResponseErrorCode, text: str) -> OrderTicket:
        """Return the ticket of a request that never became an order."""
        order.id = INVALID_ORDER_ID
        order.status = OrderStatus.INVALID
        request = submit_request_of(order)
        request.answer(OrderResponse(INVALID_ORDER_ID, code, text))
        self._host.report_error(text)
        return OrderTicket(self, request, order)

    def submit(self, order: Order, security: Security, asynchronous: bool) -> OrderTicket:
        """Take an order that passed the pre-checks: number it, process the queue up to it, scan."""
        self._last_order_id += 1
        order.id = self._last_order_id
        order.order_submission_data = _submission_data(security)
        request = submit_request_of(order, asynchronous)
        ticket = OrderTicket(self, request, order)
        self._tickets[order.id] = ticket
        self._open[order.id] = order
        self._enqueue(request)
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
            self._broker.scan()

    def process_step(self) -> None:
        """Process the queue and scan the resting orders: twice a time step, before scheduled events and after on_data."""
        if self._queue:
            self.process_queue()
        if self._broker.has_orders:
            self._broker.scan()

    def apply_split(self, split: Split) -> None:
        """Let the brokerage model update the open orders of a symbol for a split in raw prices."""
        tickets = [self._tickets[order.id] for order in self.open_orders(split.symbol)]
        guarded("apply_split", method_of(self._host.brokerage_model, "apply_split"), tickets, split)

    def liquidate_delisted(self, security: Security) -> None:
        """Close the holding of a delisted security at its last price: one order with one event, a fill without a fee."""
        quantity = -security.holdings.exact_quantity
        if not quantity:
            return
        now = self._host.time_ns
        self._last_order_id += 1
        order = MarketOrder(self._last_order_id, security.symbol, quantity, now, DELISTED_TAG, OrderProperties())
        order.price_currency = security.quote_cash.symbol
        request = submit_request_of(order)
        request.answer(OrderResponse.success(order.id))
        self._tickets[order.id] = OrderTicket(self, request, order)
        self._orders[order.id] = self._open[order.id] = order
        fill = OrderEvent(order, now, OrderFee.ZERO, DELISTED_TAG)
        fill.exact_fill_price = security.exact_price
        fill.exact_fill_quantity = quantity
        fill.status = OrderStatus.FILLED
        self._publish(order, fill)

    # -- requests

    def _handle_submit(self, request: SubmitOrderRequest) -> OrderResponse:
        host = self._host
        order = self._open[request.order_id]
        security = host.portfolio.securities[order.symbol]
        self._orders[order.id] = order
        order.price_currency = security.quote_cash.symbol
        order.tag = order.tag or order.get_default_tag()
        self._round_quantity(order, security)
        self._round_prices(order, security)
        if not order.exact_quantity:
            return self._invalidate(order, Code.ORDER_QUANTITY_ZERO, zero_quantity_text("submit", order.id))
        refusal = self._refuse_unaffordable(order, security, order)
        if refusal is not None:
            return refusal
        taken, message = asked(host.brokerage_model, "can_submit_order", security, order)
        if not taken:
            text = f"BrokerageModel declared unable to submit order: [{order.id}] {message or _NO_MESSAGE}"
            return self._invalidate(order, Code.BROKERAGE_MODEL_REFUSED_TO_SUBMIT_ORDER, text)
        self._broker.place(order)
        return OrderResponse.success(order.id)

    def _handle_update(self, request: UpdateOrderRequest) -> OrderResponse:
        host = self._host
        order = self._orders[request.order_id]
        security = host.portfolio.securities[order.symbol]
        was_closed = order.status.is_closed
        if was_closed and not request.changes_only_tag:
            return OrderResponse(order.id, Code.INVALID_ORDER_STATUS, closed_text(order))
        self._round_quantity(order, security)
        taken, message = asked(host.brokerage_model, "can_update_order", security, order, request)
        if not taken:
            what = message or f"{_NO_UPDATE_MESSAGE}{order.id}"
            told = "BrokerageModel declared unable to update order"
            code = Code.BROKERAGE_MODEL_REFUSED_TO_UPDATE_ORDER
            return self._fail(order, code, f"OrderID: {order.id} {what}", told)
        changed = order.clone()
        changed.apply_update(request.fields)
        refusal = self._refuse_unaffordable(changed, security, order)
        if refusal is not None:
            return refusal
        denial = None if request.changes_only_tag else host.refuse_update(order, changed)
        if denial is not None:
            return self._fail(order, Code.RISK_DENIED, denial, denial)
        order.apply_update(request.fields)
        self._round_prices(order, security)
        if not was_closed and not self._broker.update(order):
            text = f"Brokerage failed to update order with id {order.id}"
            return self._fail(order, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text, "Brokerage failed to update order")
        return OrderResponse.success(order.id)

    def _handle_cancel(self, request: OrderRequest) -> OrderResponse:
        order = self._orders[request.order_id]
        if order.status.is_closed:
            return OrderResponse(order.id, Code.INVALID_ORDER_STATUS, closed_text(order))
        self._broker.cancel(order)
        if request.tag is not None:
            order.tag = request.tag
        return OrderResponse.success(order.id)

    def _refuse_unaffordable(self, wanted: Order, security: Security, order: Order) -> OrderResponse | None:
        """Return why the account cannot have an order; a submission is then invalid, an update is not made.

        Parameters:
            wanted: the order as it would be.
            security: what it trades.
            order: the order as it is; the same as `wanted` at its submission.
        """
        is_update = wanted is not order
        try:
            result = affordable(self._host, security, wanted)
        except Exception as error:
            context = f"Order Error: id: {order.id}, Error executing margin models"
            self._errors.report(context, security.buying_power_model, error)
            self._publish(order, OrderEvent(wanted, self._host.time_ns, OrderFee.ZERO, "Error executing margin models"))
            text = "An error occurred while checking sufficient buying power for the orders."
            return OrderResponse(order.id, Code.PROCESSING_ERROR, text)
        if result.is_sufficient:
            return None
        if is_update:
            text = unaffordable_update_text(order, result.reason)
            return self._fail(order, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text, text)
        return self._invalidate(
            order, Code.INSUFFICIENT_BUYING_POWER, insufficient_text(order, security, result.reason)
        )

    def _round_quantity(self, order: Order, security: Security) -> None:
        """Cut a quantity toward zero to whole lots."""
        lot = security.properties.lot_size
        rest = order.exact_quantity % lot
        if rest:
            order.exact_quantity -= rest
            self._warn_once("quantity", rounded_quantity_text(plain(lot)))

    def _round_prices(self, order: Order, security: Security) -> None:
        warning = round_order_prices(order, security)
        if warning is not None:
            self._warn_once("price", warning)

    def _warn_once(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            self._host.report_error(text)

    def _invalidate(self, order: Order, code: OrderResponseErrorCode, text: str) -> OrderResponse:
        """End an order that was not placed."""
        order.status = OrderStatus.INVALID
        return self._fail(order, code, text, text)

    def _fail(self, order: Order, code: OrderResponseErrorCode, text: str, told: str) -> OrderResponse:
        """Report why a request failed, with an event that leaves the order's status as it is."""
        self._host.report_error(text)
        self._publish(order, OrderEvent(order, self._host.time_ns, OrderFee.ZERO, told))
        return OrderResponse(order.id, code, text)

    # -- events

    def _publish(self, order: Order, event: OrderEvent) -> None:
        """Apply an event to its order, the account and the ticket; then tell the run."""
        ticket = self._tickets[order.id]
        event.ticket = ticket
        status = event.status
        if status.is_closed:
            self._open.pop(order.id, None)
        if order.status not in _FINAL or status is not OrderStatus.INVALID:
            order.status = status
        event.id = order.next_event_id()
        if status is OrderStatus.CANCELED:
            order.canceled_ns = event.time_ns
        elif status.is_fill:
            order.last_fill_ns = event.time_ns
        elif status in _ACCEPTED and ticket.update_requests:
            order.last_update_ns = event.time_ns
        event.exact_quantity = order.exact_quantity
        event.exact_limit_price = order.exact_limit_price
        event.exact_stop_price = order.exact_stop_price
        if isinstance(order, LimitIfTouchedOrder):
            event.exact_trigger_price = order.exact_trigger_price
        elif isinstance(order, TrailingStopOrder):
            event.exact_trailing_amount = order.exact_trailing_amount
            event.trailing_as_percentage = order.trailing_as_percentage
        if status.is_fill:
            self._apply_fill(order, event)
        ticket.record(event)
        self._host.publish(event)

    def _apply_fill(self, order: Order, event: OrderEvent) -> None:
        security = self._host.portfolio.securities[order.symbol]
        event.fill_price_currency = security.quote_cash.symbol
        base = security.base_cash
        if base is not None and event.order_fee.value.currency == base.symbol and _pays_in_base(order, security):
            event.exact_fill_quantity -= event.order_fee.value.exact_amount
            multiplier = security.properties.contract_multiplier
            event.order_fee = ModifiedFillQuantityOrderFee(
                event.order_fee.value, security.quote_cash.symbol, multiplier
            )
            if "base fee" not in self._warned:
                self._warned.add("base fee")
                self._host.report_debug(_BASE_FEE_TEXT)
        try:
            self._host.portfolio.process_fill(security, event)
        except Exception as error:
            self._errors.report(f"Fill error: id: {order.id}", security.settlement_model, error)


_FINAL = (OrderStatus.FILLED, OrderStatus.CANCELED)
_ACCEPTED = (OrderStatus.SUBMITTED, OrderStatus.UPDATE_SUBMITTED)
_NO_MESSAGE = "Warning - Code: InvalidOrder - "
_NO_UPDATE_MESSAGE = "Warning - Code: InvalidRequest - BrokerageModel declared unable to update order: "
_BASE_FEE_TEXT = (
    "When buying currency pairs, using Cash account types, fees in base currency will be deducted from the filled "
    "quantity so virtual positions reflect actual holdings."
)


def _pays_in_base(order: Order, security: Security) -> bool:
    """Tell whether a fee in the base currency is taken from what is bought: crypto only."""
    return security.type is SecurityType.CRYPTO and order.direction is OrderDirection.BUY


def _submission_data(security: Security) -> OrderSubmissionData:
    """Return the prices that stand when an order is sent: as bid_price, ask_price and close of the security."""
    cache, price = security.cache, security.price
    return OrderSubmissionData(cache.bid_price or price, cache.ask_price or price, cache.close or price)


def _answer(request: OrderRequest, code: OrderResponseErrorCode, text: str) -> OrderResponse:
    request.answer(OrderResponse(request.order_id, code, text))
    return request.response
