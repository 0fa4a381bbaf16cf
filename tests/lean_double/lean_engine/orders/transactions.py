"""The way of orders: a queue to the Transaction Thread, which fills market orders at the newest price."""

from __future__ import annotations

import queue
import threading
from typing import Any

from lean_engine.feed import utc_now
from lean_engine.orders.records import OrderEvent, OrderTicket, SubmitOrderRequest
from lean_engine.orders.terms import OrderStatus, OrderType
from lean_engine.spelling import dotnet
from lean_engine.threads import start_thread


@dotnet("QuantConnect.Securities")
class SecurityTransactionManager:
    """Orders of one algorithm; ids begin at 1 in each process."""

    def __init__(self, algorithm: Any) -> None:
        self._algorithm = algorithm
        self._tickets: dict[int, OrderTicket] = {}
        self._requests: queue.SimpleQueue[tuple[OrderTicket, threading.Event] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def orders_count(self) -> int:
        return len(self._tickets)

    @property
    def last_order_id(self) -> int:
        return len(self._tickets)

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        return self._tickets.get(order_id)

    def get_order_tickets(self, condition: Any = None) -> list[OrderTicket]:
        return [each for each in self._tickets.values() if condition is None or condition(each)]

    def get_open_orders(self, symbol: Any = None) -> list[OrderTicket]:
        open_states = (OrderStatus.NEW, OrderStatus.SUBMITTED, OrderStatus.PARTIALLY_FILLED)
        return [
            each
            for each in self._tickets.values()
            if each.status in open_states and (symbol is None or each.symbol == symbol)
        ]

    def _submit(self, request: SubmitOrderRequest, asynchronous: bool) -> OrderTicket:
        ticket = OrderTicket(request)
        request.order_id = len(self._tickets) + 1
        self._tickets[request.order_id] = ticket
        done = threading.Event()
        self._requests.put((ticket, done))
        if not asynchronous:
            done.wait(5.0)
        return ticket

    def _begin(self) -> None:
        self._thread = start_thread("Transaction Thread", self._work)

    def _end(self) -> None:
        self._requests.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (work := self._requests.get()) is not None:
            ticket, done = work
            self._tell(ticket, OrderStatus.SUBMITTED)
            if ticket.order_type == OrderType.MARKET:
                price = self._algorithm.securities[ticket.symbol].price
                ticket._filled = ticket.quantity
                self._algorithm.portfolio._fill(ticket.symbol, ticket.quantity, price)
                self._tell(ticket, OrderStatus.FILLED, quantity=ticket.quantity, price=price)
            done.set()

    def _tell(self, ticket: OrderTicket, status: OrderStatus, **fill: Any) -> None:
        ticket._status = status
        self._algorithm._on_order_event_method(OrderEvent(ticket, status, utc_now(), **fill))
