"""The way of orders: a queue to the Transaction Thread, which fills market orders at the newest price."""

from __future__ import annotations

import queue
import threading
from typing import Any

from lean_engine.feed import utc_now
from lean_engine.orders.records import (
    Order,
    OrderEvent,
    OrderResponse,
    OrderTicket,
    SubmitOrderRequest,
    UpdateOrderRequest,
)
from lean_engine.orders.terms import CLOSED, OrderResponseErrorCode, OrderStatus, OrderType
from lean_engine.spelling import dotnet
from lean_engine.threads import start_thread

FILL_SECONDS = 5.0
"""Longest time for which a synchronous market order waits for its fill."""


@dotnet("QuantConnect.Securities")
class SecurityTransactionManager:
    """Orders of one algorithm; ids begin at 1 in each process.

    Before the engine begins, and in tests without one, nothing is processed until `_process` is called.
    """

    def __init__(self, algorithm: Any) -> None:
        self._algorithm = algorithm
        self._orders: dict[int, Order] = {}
        self._tickets: dict[int, OrderTicket] = {}
        self._last_order_id = 0
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._buying_power = 1e12
        """Largest value of an order that is changed."""
        self._is_silent = False
        """Whether the broker answers nothing."""
        self._lock = threading.Lock()
        self._events: list[OrderEvent] = []
        """Everything that orders were told, for the result files."""

    @property
    def orders_count(self) -> int:
        return len(self._tickets)

    @property
    def last_order_id(self) -> int:
        return self._last_order_id

    def get_order_by_id(self, order_id: int) -> Order | None:
        return self._orders.get(order_id)

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        return self._tickets.get(order_id)

    def get_order_tickets(self, condition: Any = None) -> list[OrderTicket]:
        return [each for each in list(self._tickets.values()) if condition is None or condition(each)]

    def get_open_order_tickets(self, symbol: Any = None) -> list[OrderTicket]:
        return [
            each
            for each in list(self._tickets.values())
            if each.status not in CLOSED and (symbol is None or each.symbol == symbol)
        ]

    def get_open_orders(self, symbol: Any = None) -> list[Order]:
        return [
            each
            for each in list(self._orders.values())
            if each.status not in CLOSED and (symbol is None or each.symbol == symbol)
        ]

    def add_order(self, request: SubmitOrderRequest) -> OrderTicket:
        """Take an order without any check, as models inside .NET do."""
        with self._lock:
            self._last_order_id += 1
            request.order_id = self._last_order_id
        request.response = OrderResponse.Success(request)
        ticket = OrderTicket(self, request)
        order = Order(request)
        self._tickets[request.order_id] = ticket
        self._orders[request.order_id] = order
        done = threading.Event()
        self._requests.put((self._submit, ticket, done))
        if not request.asynchronous and self._thread is not None:
            done.wait(FILL_SECONDS)
        return ticket

    process_request = add_order

    # -- requests of tickets

    @property
    def utc_time(self) -> Any:
        return self._algorithm.utc_time

    def update_order(self, request: UpdateOrderRequest) -> OrderResponse:
        ticket, order = self._tickets.get(request.order_id), self._orders.get(request.order_id)
        code = OrderResponseErrorCode.NONE
        if ticket is None or order is None:
            return OrderResponse(request.order_id, OrderResponseErrorCode.UNABLE_TO_FIND_ORDER, "no such order")
        ticket._updates.append(request)
        if order.status in CLOSED:
            code = OrderResponseErrorCode.INVALID_ORDER_STATUS
        elif request.quantity == 0:
            code = OrderResponseErrorCode.ORDER_QUANTITY_ZERO
        request.response = OrderResponse(request.order_id, code, "" if code == 0 else f"refused: {code}")
        if request.response.is_success:
            self._requests.put((lambda _: self._change(ticket, request), ticket, threading.Event()))
        return request.response

    def _change(self, ticket: OrderTicket, request: UpdateOrderRequest) -> None:
        """Change an order on the Transaction Thread; what it has no money for is refused without an event."""
        order = self._orders[ticket.order_id]
        security = self._algorithm.securities[ticket.symbol]
        if abs(request.quantity or 0) * security.price > self._buying_power:
            request.response = OrderResponse.Error(
                request, OrderResponseErrorCode.INSUFFICIENT_BUYING_POWER, "not enough buying power"
            )
            return
        for name in ("quantity", "limit_price", "stop_price"):
            if getattr(request, name) is not None:
                setattr(order, name, getattr(request, name))
        self._tell(ticket, OrderStatus.UPDATE_SUBMITTED)

    def _cancel(self, ticket: OrderTicket) -> OrderResponse:
        self._tell(ticket, OrderStatus.CANCEL_PENDING)
        self._requests.put((lambda _: self._tell(ticket, OrderStatus.CANCELED), ticket, threading.Event()))
        return OrderResponse.Success(ticket.submit_request)

    # -- the Transaction Thread

    def _begin(self) -> None:
        self._thread = start_thread("Transaction Thread", self._work)

    def _end(self) -> None:
        self._requests.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (work := self._requests.get()) is not None:
            self._carry_out(work)

    def _process(self) -> None:
        """Do the work of the Transaction Thread now, on the caller's thread."""
        while not self._requests.empty():
            self._carry_out(self._requests.get())

    def _carry_out(self, work: Any) -> None:
        task, ticket, done = work
        if not self._is_silent:
            task(ticket)
        done.set()

    def _submit(self, ticket: OrderTicket) -> None:
        order = self._orders[ticket.order_id]
        ticket._order = order
        order.broker_id = [f"B{order.id}"]
        self._tell(ticket, OrderStatus.SUBMITTED)
        if ticket.order_type in (OrderType.MARKET, OrderType.COMBO_MARKET):
            self._fill(ticket.order_id, ticket.quantity)

    def _fill(self, order_id: int, quantity: float) -> None:
        """Fill an order, or a part of it, at the newest price."""
        ticket = self._tickets[order_id]
        price = self._algorithm.securities[ticket.symbol].price
        ticket._filled += quantity
        ticket._worth += quantity * price
        # The account is brought up to date before anybody is told.
        self._algorithm.portfolio._fill(ticket.symbol, quantity, price)
        is_done = abs(ticket._filled) >= abs(ticket.quantity)
        status = OrderStatus.FILLED if is_done else OrderStatus.PARTIALLY_FILLED
        self._tell(ticket, status, quantity=quantity, price=price)

    def _tell(self, ticket: OrderTicket, status: OrderStatus, **fill: Any) -> None:
        order = self._orders[ticket.order_id]
        ticket._order = order
        order.status = status
        event = OrderEvent(ticket, status, utc_now(), **fill)
        self._events.append(event)
        self._algorithm._on_order_event_method(event)

    def _refuse(self, request: SubmitOrderRequest, code: OrderResponseErrorCode, text: str) -> OrderTicket:
        """Answer what fails the checks before an order: no number, no event, a line among the errors."""
        self._algorithm.error(text)
        return OrderTicket.invalid_submit_request(self, request, OrderResponse.Error(request, code, text))
