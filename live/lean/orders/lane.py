"""The lane: a queue of orders in front of one thread that hands them to LEAN.

An order call of LEAN's takes some hundred microseconds. In the lane the strategy's callback is free as soon as the risk gate
has judged the order; the thread of the lane makes the call. Orders reach LEAN in the order in which they were judged. The
queue is that of the order pool, of fixed size; when it is full the order is refused with a code. Tickets are made ahead by
the lane's thread. No lock is waited for: the producer's side only releases one, to wake the thread.

When a call fails, LEAN would have ended the algorithm with the first exception, and the orders behind it would never have
been sent: so the lane closes, refuses what waits in it, and `raise_failure` gives the exception to the algorithm's thread.
The same when the lane's own work fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from live.clock import monotonic_ns, sleep
from live.hot.denials import DenialCode
from live.hot.orders import NO_ORDER, OrderPool, OrderState
from live.lean.orders.calls import OrderCall
from live.lean.orders.changes import OrderChanges
from live.lean.orders.ticket import GatedTicket

THREAD_NAME = "lean-live lane"
WITHDRAWN = 0
"""Stands for a denial code when an order was taken back by the algorithm."""
_SLOT_MASK = (1 << 32) - 1
_LOOK_EVERY_SECONDS = 50e-6
_LANE_FULL = int(DenialCode.LANE_FULL)
_LANE_CLOSED = int(DenialCode.LANE_CLOSED)


class Lane:
    """Hands orders to LEAN on a thread of its own.

    Parameters:
        pool: slots of the orders; its queue is the lane's.
        capacity: orders that may wait.
        changes: what changes by the lane's tickets go through.
        submit: makes a call for an order and returns LEAN's ticket; it raises what LEAN raises.
        refuse: returns LEAN's ticket of an invalid order, for a handle, its call, and a denial code or WITHDRAWN.
        done: told each call that nobody needs any more.

    Attributes:
        failure: what the first call that failed raised, until `raise_failure`.
        failed_ns: when, on the monotonic clock; 0 for never.
    """

    def __init__(
        self,
        pool: OrderPool,
        capacity: int,
        changes: OrderChanges,
        submit: Callable[[int, OrderCall], Any],
        refuse: Callable[[int, OrderCall, int], Any],
        done: Callable[[OrderCall], None],
    ) -> None:
        self._pool = pool
        self._capacity = min(capacity, pool.capacity)
        self._changes = changes
        self._submit = submit
        self._refuse = refuse
        self._done = done
        self._calls: list[OrderCall | None] = [None] * pool.capacity
        self._tickets = [GatedTicket(changes, self) for _ in range(pool.capacity)]
        # A lock that is taken means: nothing new.
        self._news = threading.Lock()
        self._news.acquire()
        self._is_closed = False
        self._refuses = False
        self._is_given_up = False
        self._is_working = False
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self.failure: BaseException | None = None
        self.failed_ns = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    # -- the strategy's side

    @property
    def waiting(self) -> int:
        """Orders that wait to be handed to LEAN."""
        return self._pool.pending

    @property
    def thread_id(self) -> int | None:
        """The thread that submits."""
        return self._thread.ident

    @property
    def is_over(self) -> bool:
        """Whether nobody may wait for a ticket any more: the thread has ended, or does not return from LEAN at the run's end."""
        return self._is_given_up or (self._is_closed and not self._thread.is_alive())

    def refusal(self) -> int:
        """Return why the lane takes no order just now: a DenialCode, 0 when it does."""
        if self._is_closed:
            return _LANE_CLOSED
        return _LANE_FULL if self._pool.pending >= self._capacity else 0

    def put(self, handle: int, call: OrderCall, symbol: Any, order_type: Any, status: Any) -> GatedTicket:
        """Queue an order that the gate has let through; `refusal` was asked before.

        Parameters:
            handle: of the pool.
            call: how it will be sent.
            symbol: LEAN's, for the ticket until LEAN has made its own.
            order_type: LEAN's OrderType, likewise.
            status: LEAN's OrderStatus.NEW, likewise.
        """
        slot = handle & _SLOT_MASK
        ticket = self._tickets[slot]
        ticket.describe(symbol, float(call.amount), order_type, status)
        call.handle = handle
        self._calls[slot] = call
        self._pool.enqueue(handle)
        if self._news.locked():
            self._wake()
        if self._is_closed and not self._thread.is_alive():
            # It was closed meanwhile and will not look again.
            self._refuses = True
            self._work_off()
        return ticket

    def withdraw(self, handle: int) -> bool:
        """Take an order back that LEAN has not been given yet; False when it is too late for that."""
        call = self._calls[handle & _SLOT_MASK]
        if call is None or call.handle != handle or not call.claim():
            return False
        if call.handle != handle:
            # The record has come to another order meanwhile.
            call.release()
            return False
        self._pool.transition(handle, OrderState.CANCELED)
        call.is_withdrawn = True
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

    def stop(self, seconds: float) -> list[int]:
        """Take no more orders, hand over those that wait, and end the thread; to be called once it was started.

        Parameters:
            seconds: longest time to wait for it.

        Returns:
            Handles of the orders that were not handed over in that time, since LEAN does not return from the one before them.
            They were taken back, and will not be sent when it returns after all.
        """
        self._is_closed = True
        self._wake()
        self._thread.join(seconds)
        if not self._thread.is_alive():
            return []
        self._refuses = self._is_given_up = True
        waiting = [call.handle for call in self._calls if call is not None]
        return [handle for handle in waiting if self.withdraw(handle)]

    # -- the lane's thread

    def _wake(self) -> None:
        try:
            self._news.release()
        except RuntimeError:
            # Another thread has woken it meanwhile.
            return

    def _run(self) -> None:
        try:
            while not self._is_closed:
                self._news.acquire()
                self._work_off()
            self._work_off()
        except BaseException as error:
            # Whatever it is: nobody may believe that this thread still sends orders.
            self._fail(error)

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
        ticket, call = self._tickets[slot], self._calls[slot]
        assert call is not None
        self._tickets[slot] = GatedTicket(self._changes, self)
        while not call.claim():
            # `withdraw` has taken the call, and is about to say so.
            if call.is_withdrawn:
                break
            sleep(_LOOK_EVERY_SECONDS)
        self._calls[slot] = None
        try:
            ticket.become(self._answer(handle, call))
        except BaseException as error:
            # Not even a ticket of an invalid order can be had.
            self._fail(error)
            ticket.break_off(error)
        call.handle = NO_ORDER
        call.release()
        self._done(call)

    def _answer(self, handle: int, call: OrderCall) -> Any:
        """Return LEAN's ticket of an order: sent, or refused."""
        if call.is_withdrawn:
            return self._refuse(handle, call, WITHDRAWN)
        if self._refuses:
            return self._refuse(handle, call, _LANE_CLOSED)
        try:
            return self._submit(handle, call)
        except BaseException as error:
            self._fail(error)
            return self._refuse(handle, call, _LANE_CLOSED)

    def _fail(self, error: BaseException) -> None:
        """Close the lane because of an exception, which ends the algorithm: it is raised where that runs."""
        if not self.failed_ns:
            self.failure, self.failed_ns = error, monotonic_ns()
        self._is_closed = self._refuses = True
