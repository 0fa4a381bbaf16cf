"""What becomes of orders: which of LEAN's orders passed the gate, what they filled, and which got no answer.

LEAN numbers orders 1, 2, 3, ... and tells an order's first events on another thread, often before the call that sent it has
returned with its number. Events of numbers that nobody has claimed yet are kept until somebody does. Numbers that LEAN has
given out, and that nobody claims although no order call is under way, are orders that went past the gate: sent inside .NET
by framework models, margin calls, option assignments, or by calls that LEAN has and this version does not know.

Several threads come here, and none ever waits: each step is a single operation on a dictionary, and what two threads may
both find to do is done by the one that takes it out.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import NamedTuple, TypeVar

from live.hot.denials import DenialCode
from live.hot.orders import NO_ORDER, OrderField, OrderPool, OrderState
from live.hot.risk import RiskGate

Order = TypeVar("Order")
_CREATED = int(OrderState.CREATED)
_FILLED = int(OrderState.FILLED)
_CANCELED = int(OrderState.CANCELED)
_INVALID = int(OrderState.INVALID)
_UNKNOWN = int(OrderState.UNKNOWN)
_CLOSED = frozenset((_FILLED, _CANCELED, _INVALID))
_ORDER_QUANTITY_ZERO = int(DenialCode.ORDER_QUANTITY_ZERO)
_STATE = int(OrderField.STATE)
_TYPE = int(OrderField.ORDER_TYPE)
_SYMBOL = int(OrderField.SYMBOL_INDEX)
_QUANTITY = int(OrderField.QUANTITY_E9)
_LIMIT = int(OrderField.LIMIT_E9)
_STOP = int(OrderField.STOP_E9)
_FILLED_QUANTITY = int(OrderField.FILLED_QUANTITY_E9)
_ABSENT_REVIEWS = 20
"""Reviews for which a number without an order is looked for: LEAN gives the number first and stores the order after."""


class Unanswered(NamedTuple):
    """An order without any event for too long.

    Attributes:
        handle: of the pool.
        order_id: LEAN's number; 0 when the call that sends it has not returned.
        symbol_index: row of the gate.
        waited_ns: since it was sent.
    """

    handle: int
    order_id: int
    symbol_index: int
    waited_ns: int


class OrderTracker:
    """Follows orders from the gate to their end.

    Parameters:
        pool: slots of the orders.
        risk: is told of executions and ends.
        timeout_ns: time without an event after which an order is UNKNOWN; 0 for never.
        on_fill: told the row of each execution, after the gate.

    Attributes:
        unknown: orders that became UNKNOWN.
        ungated: orders that went past the gate.
    """

    def __init__(self, pool: OrderPool, risk: RiskGate, timeout_ns: int, on_fill: Callable[[int], None]) -> None:
        self._pool = pool
        self._risk = risk
        self._timeout_ns = timeout_ns
        self._on_fill = on_fill
        self._handles: dict[int, int] = {}
        self._ids: dict[int, int] = {}
        self._claimed: set[int] = set()
        self._early: dict[int, list[tuple[int, int]]] = {}
        self._sent: dict[int, int] = {}
        self._calls: dict[int, int] = {}
        self._reviewed = 0
        self._absent = 0
        self.unknown = 0
        self.ungated = 0

    # -- around a call to LEAN

    def begin_call(self) -> None:
        """Take note that this thread is about to send orders whose numbers are not known yet."""
        me = get_ident()
        self._calls[me] = self._calls.get(me, 0) + 1

    def end_call(self) -> None:
        """Take note that the call is over and its orders are claimed."""
        me = get_ident()
        left = self._calls[me] - 1
        if left:
            self._calls[me] = left
        else:
            del self._calls[me]

    def sent(self, handle: int, now_ns: int) -> None:
        """Take note that an order goes to LEAN now; from here its first event is waited for."""
        self._sent[handle] = now_ns

    def claim(self, order_id: int, handle: int) -> None:
        """Connect LEAN's number with an order of the pool, and make up for events that came before."""
        self._ids[handle] = order_id
        self._claimed.add(order_id)
        self._handles[order_id] = handle
        self._catch_up(order_id, handle)

    def is_claimed(self, order_id: int) -> bool:
        """Tell whether a number of LEAN's has passed the gate, or was let through; only while its call is under way."""
        return order_id in self._claimed

    def claim_untracked(self, order_id: int) -> None:
        """Take note of an order that passed and for which the pool has no slot."""
        self._claimed.add(order_id)

    def refused(self, handle: int) -> None:
        """Forget an order that LEAN did not take, or that was never sent to it."""
        self._sent.pop(handle, None)
        self._close(handle, _INVALID)

    # -- events

    def on_event(self, order_id: int, status: int, fill_quantity_e9: int) -> None:
        """Follow an event of LEAN's.

        Parameters:
            order_id: LEAN's number.
            status: number of LEAN's OrderStatus; -1 for one newer than this program, which leaves the order open.
            fill_quantity_e9: signed quantity of an execution, else 0.
        """
        handle = self._handles.get(order_id)
        if handle is not None:
            self._follow(order_id, handle, status, fill_quantity_e9)
        elif order_id > self._reviewed:
            self._early.setdefault(order_id, []).append((status, fill_quantity_e9))
            handle = self._handles.get(order_id)
            if handle is not None:
                # Claimed on another thread between the two looks.
                self._catch_up(order_id, handle)

    def change(self, order_id: int, quantity_e9: int, price_e9: int) -> None:
        """Take over what LEAN has made of an order that was changed.

        Parameters:
            order_id: LEAN's number.
            quantity_e9: its signed quantity.
            price_e9: its limit or stop price, by which it is judged; 0 for none.
        """
        handle = self._handles.get(order_id)
        if handle is None:
            return
        pool = self._pool
        old_e9, filled_e9 = pool.get(handle, _QUANTITY), pool.get(handle, _FILLED_QUANTITY)
        if pool.change(handle, quantity_e9, price_e9, 0) and quantity_e9 != old_e9:
            index = pool.get(handle, _SYMBOL)
            self._risk.set_aside(index, old_e9 - filled_e9)
            self._risk.put_back(index, quantity_e9 - filled_e9)

    def amend(self, handle: int, quantity_e9: int, price_e9: int, now_ns: int) -> int:
        """Judge what would be left of an open order with its changes, and count it so when it may pass.

        Parameters:
            handle: of the pool.
            quantity_e9: signed quantity of the changed order, what has filled of it included.
            price_e9: its price; 0 for none.
            now_ns: the wall clock.

        Returns:
            0, or a DenialCode: also when nothing would be left to fill on the order's side.
        """
        pool = self._pool
        old_e9, filled_e9 = pool.get(handle, _QUANTITY), pool.get(handle, _FILLED_QUANTITY)
        left_e9 = quantity_e9 - filled_e9
        if left_e9 == 0 or (left_e9 > 0) != (old_e9 > 0):
            return _ORDER_QUANTITY_ZERO
        index, order_type = pool.get(handle, _SYMBOL), pool.get(handle, _TYPE)
        code = self._risk.amend(index, old_e9 - filled_e9, left_e9, order_type, price_e9, now_ns)
        if not code:
            pool.change(handle, quantity_e9, price_e9, 0)
        return code

    def handle_of(self, order_id: int) -> int:
        """Return the handle of LEAN's order; NO_ORDER when it is over, or was never followed."""
        return self._handles.get(order_id, NO_ORDER)

    def order_id_of(self, handle: int) -> int:
        """Return LEAN's number of an order; 0 while it has none, and when it is over."""
        return self._ids.get(handle, 0)

    def _catch_up(self, order_id: int, handle: int) -> None:
        for status, fill_quantity_e9 in self._early.pop(order_id, ()):
            self._follow(order_id, handle, status, fill_quantity_e9)

    def _follow(self, order_id: int, handle: int, status: int, fill_quantity_e9: int) -> None:
        pool = self._pool
        self._sent.pop(handle, None)
        if fill_quantity_e9:
            index = pool.get(handle, _SYMBOL)
            if pool.fill(handle, fill_quantity_e9):
                self._risk.on_fill(index, fill_quantity_e9)
            self._on_fill(index)
        elif status >= 0:
            pool.transition(handle, status)
        if status in _CLOSED:
            self._handles.pop(order_id, None)
            self._ids.pop(handle, None)
            self._close(handle, status)

    def _close(self, handle: int, status: int) -> None:
        """Give an order's slot back and tell the gate what of it will not fill."""
        pool = self._pool
        if not pool.is_live(handle):
            return
        index = pool.get(handle, _SYMBOL)
        unfilled_e9 = pool.get(handle, _QUANTITY) - pool.get(handle, _FILLED_QUANTITY)
        pool.transition(handle, status)
        if pool.release(handle):
            self._risk.on_closed(index, unfilled_e9)

    # -- between orders

    def begin_after(self, last_order_id: int) -> None:
        """Begin to look for orders past the gate after this number: those before were there already."""
        self._reviewed = last_order_id

    def review(self, last_order_id: int, adopt: Callable[[int], Order | None]) -> list[Order]:
        """Return the orders that went past the gate, each once.

        Parameters:
            last_order_id: the last number that LEAN has given out, read before this call.
            adopt: claims LEAN's order of a number, with or without a slot, and returns it; None before it is stored.
        """
        if self._calls:
            # Their numbers are claimed when they return.
            return []
        found: list[Order] = []
        while self._reviewed < last_order_id:
            order_id = self._reviewed + 1
            if order_id not in self._claimed:
                # Claimed before it counts as reviewed, so that no event of it is lost.
                order = adopt(order_id)
                if order is not None:
                    found.append(order)
                elif self._absent < _ABSENT_REVIEWS:
                    self._absent += 1
                    break
            self._absent = 0
            self._reviewed = order_id
            self._claimed.discard(order_id)
            self._early.pop(order_id, None)
        self.ungated += len(found)
        return found

    def unanswered(self, now_ns: int) -> list[Unanswered]:
        """Return the orders that have become UNKNOWN, each once; they stay so until LEAN tells what became of them."""
        if not self._timeout_ns:
            return []
        found = []
        for handle, sent_ns in list(self._sent.items()):
            waited_ns = now_ns - sent_ns
            if waited_ns < self._timeout_ns:
                continue
            self._sent.pop(handle, None)
            if self._pool.get(handle, _STATE) == _CREATED and self._pool.transition(handle, _UNKNOWN):
                index = self._pool.get(handle, _SYMBOL)
                found.append(Unanswered(handle, self._ids.get(handle, 0), index, waited_ns))
        self.unknown += len(found)
        return found
