"""The lane: a queue of orders in front of one thread that hands them to LEAN.

An order call of LEAN's takes some hundred microseconds. In the lane the strategy's callback is free as soon as the risk gate
has judged the order; the thread of the lane makes the call. Orders reach LEAN in the order in which they were judged. The
queue is that of the order pool, of fixed size; when it is full the order is refused with a code. Tickets are made ahead by
the lane's thread. No lock is waited for: the producer's side only releases one, to wake the thread.

When a call fails, LEAN would have ended the algorithm with the first exception, and the orders behind it would never have
been sent: so the lane closes, refuses what waits in it, and `raise_failure` gives the exception to the algorithm's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from live.clock import sleep
from live.hot.denials import DenialCode
from live.hot.orders import OrderField, OrderPool, OrderState
from live.lean.orders.calls import OrderCall
from live.lean.orders.ticket import LaneTicket

THREAD_NAME = "lean-live lane"
WITHDRAWN = 0
"""Stands for a denial code when an order was taken back by the algorithm."""
_SYMBOL = int(OrderField.SYMBOL_INDEX)
_SLOT_MASK = (1 << 32) - 1
_LOOK_EVERY_SECONDS = 50e-6
_LANE_FULL = int(DenialCode.LANE_FULL)
_LANE_CLOSED = int(DenialCode.LANE_CLOSED)


class Lane:
    """Hands orders to LEAN on a thread of its own.

    Parameters:
        pool: slots of the orders; its queue is the lane's.
        capacity: orders that may wait.
        submit: makes a call for an order and returns LEAN's ticket; it raises what LEAN raises.
        refuse: returns LEAN's ticket of an invalid order, for a handle, its call, and a denial code or WITHDRAWN.

    Attributes:
        failure: what the first call that failed raised.
    """

    def __init__(
        self,
        pool: OrderPool,
        capacity: int,
        submit: Callable[[int, OrderCall], Any],
        refuse: Callable[[int, OrderCall, int], Any],
    ) -> None:
        self._pool = pool
        self._capacity = min(capacity, pool.capacity)
        self._submit = submit
        self._refuse = refuse
        self._calls: dict[int, OrderCall] = {}
        self._withdrawn: dict[int, OrderCall] = {}
        self._tickets = [LaneTicket(self._thread_id) for _ in range(pool.capacity)]
        # A lock that is taken means: nothing new.
        self._news = threading.Lock()
        self._news.acquire()
        self._is_closed = False
        self._has_failed = False
        self._is_working = False
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    # -- the strategy's side

    @property
    def waiting(self) -> int:
        """Orders that wait to be handed to LEAN."""
        return self._pool.pending

    def refusal(self) -> int:
        """Return why the lane takes no order just now: a DenialCode, 0 when it does."""
        if self._is_closed:
            return _LANE_CLOSED
        return _LANE_FULL if self._pool.pending >= self._capacity else 0

    def put(self, handle: int, call: OrderCall, described: dict[str, Any]) -> LaneTicket:
        """Queue an order that the gate has let through; `refusal` was asked before.

        Parameters:
            handle: of the pool.
            call: how it will be sent.
            described: what the ticket says of it until LEAN has it.
        """
        slot = handle & _SLOT_MASK
        ticket = self._tickets[slot]
        ticket.describe(described)
        self._calls[handle] = call
        self._pool.enqueue(handle)
        self._wake()
        if self._is_closed and not self._thread.is_alive():
            # It was closed meanwhile and will not look again.
            self._work_off()
        return ticket

    def settle(self, symbol_index: int) -> None:
        """Wait until LEAN has all orders of one row of the gate, for what is worked out from LEAN's open orders."""
        if self._is_working or any(self._pool.get(each, _SYMBOL) == symbol_index for each in tuple(self._calls)):
            self.drain()

    def withdraw(self, handle: int) -> bool:
        """Take an order back that LEAN has not been given yet; False when it is too late for that."""
        call = self._calls.pop(handle, None)
        if call is None:
            return False
        self._pool.transition(handle, OrderState.CANCELED)
        self._withdrawn[handle] = call
        return True

    def drain(self) -> None:
        """Wait until LEAN has all orders that were put before, for calls that must not overtake them."""
        if threading.get_ident() == self._thread.ident:
            return
        while (self._pool.pending or self._is_working) and self._thread.is_alive():
            sleep(_LOOK_EVERY_SECONDS)

    def raise_failure(self) -> None:
        """Raise what a call on the lane's thread has raised, once."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def stop(self, seconds: float) -> int:
        """Take no more orders, hand over those that wait, and end the thread; to be called once it was started.

        Parameters:
            seconds: longest time to wait for it.

        Returns:
            Orders that were not handed over in that time: LEAN does not return from the one before them.
        """
        self._is_closed = True
        self._wake()
        self._thread.join(seconds)
        return self._pool.pending

    # -- the lane's thread

    def _thread_id(self) -> int | None:
        return self._thread.ident

    def _wake(self) -> None:
        try:
            self._news.release()
        except RuntimeError:
            # It knows already.
            return

    def _run(self) -> None:
        while not self._is_closed:
            self._news.acquire()
            self._work_off()
        self._work_off()

    def _work_off(self) -> None:
        pool = self._pool
        while pool.pending:
            self._is_working = True
            handle = pool.next_pending()
            if handle >= 0:
                self._hand_over(handle)
        self._is_working = False

    def _hand_over(self, handle: int) -> None:
        slot = handle & _SLOT_MASK
        ticket = self._tickets[slot]
        self._tickets[slot] = LaneTicket(self._thread_id)
        call = self._calls.pop(handle, None)
        if call is not None:
            ticket.become(self._answer(handle, call))
            return
        while handle not in self._withdrawn:
            # `withdraw` has taken the call and is about to put it there.
            sleep(_LOOK_EVERY_SECONDS)
        ticket.become(self._refuse(handle, self._withdrawn.pop(handle), WITHDRAWN))

    def _answer(self, handle: int, call: OrderCall) -> Any:
        """Return LEAN's ticket of an order: sent, or refused."""
        if self._has_failed:
            return self._refuse(handle, call, _LANE_CLOSED)
        try:
            return self._submit(handle, call)
        except BaseException as error:
            # The exception of a call ends the algorithm; it is raised where the algorithm runs.
            self._is_closed = self._has_failed = True
            self.failure = error
            return self._refuse(handle, call, _LANE_CLOSED)
