# cython: annotation_typing=False, initializedcheck=False
"""Fixed pool of order slots, the life of an order, and the queue of orders that wait to be sent.

An order is known by its handle: the slot in the low 32 bits and, above, the generation of the slot, which grows with
each reuse. So a handle that was kept after its order was released is recognised and refused, never taken for the
slot's new order. Nothing here raises: a full pool, a stale handle and an illegal step are ordinary answers (-1 and
False).

                       +-> DENIED (risk gate)
    CREATED -----------+-> INVALID (engine or broker)
       |
       v
    SUBMITTED <-> UPDATE_SUBMITTED, PARTIALLY_FILLED, CANCEL_PENDING -> FILLED | CANCELED | INVALID
       |
       +-> UNKNOWN (no answer in time; never sent again by itself) -> whatever the broker turns out to have done
"""

from __future__ import annotations

from array import array
from enum import IntEnum

from live.errors import UsageError

MAX_ORDERS = 65_536
"""Slots one pool may have: 8 MiB."""
NO_ORDER = -1
"""What stands for a handle when there is none."""


class OrderState(IntEnum):
    """Life of an order; the numbers are LEAN's `OrderStatus` where LEAN has the state."""

    CREATED = 0
    SUBMITTED = 1
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 5
    FREE = 6
    INVALID = 7
    CANCEL_PENDING = 8
    UPDATE_SUBMITTED = 9
    DENIED = 10
    UNKNOWN = 11


class OrderField(IntEnum):
    """Words of a slot that `OrderPool.get` reads. Quantities and prices are scaled by 1e9; quantities are signed."""

    STATE = 0
    SYMBOL_INDEX = 1
    QUANTITY_E9 = 2
    ORDER_TYPE = 3
    LIMIT_E9 = 4
    STOP_E9 = 5
    CREATED_NS = 6
    DECIDED_NS = 7
    ACCEPTED_NS = 8
    FILLED_QUANTITY_E9 = 9
    TAG = 10
    DENIAL_CODE = 11


_WORKING = (
    OrderState.SUBMITTED,
    OrderState.PARTIALLY_FILLED,
    OrderState.CANCEL_PENDING,
    OrderState.UPDATE_SUBMITTED,
    OrderState.UNKNOWN,
)
FINAL_STATES = (OrderState.FILLED, OrderState.CANCELED, OrderState.INVALID, OrderState.DENIED)
"""States after which nothing can happen to an order."""
_OUTCOMES = (OrderState.FILLED, OrderState.CANCELED, OrderState.INVALID)
LEGAL_TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    state: frozenset() for state in (OrderState.FREE, *FINAL_STATES)
}
"""The states that may follow each state."""
LEGAL_TRANSITIONS[OrderState.CREATED] = frozenset(
    (OrderState.SUBMITTED, OrderState.CANCELED, OrderState.INVALID, OrderState.DENIED, OrderState.UNKNOWN)
)
for _state in _WORKING:
    # A broker reports in any order: an update or a cancel that it refuses leads back, and an order may fill meanwhile.
    LEGAL_TRANSITIONS[_state] = frozenset((*_WORKING, *_OUTCOMES))

ORDER_WORDS = 16
_STATE, _SYMBOL, _QUANTITY, _TYPE, _LIMIT, _STOP, _CREATED_NS, _DECIDED_NS, _ACCEPTED_NS, _FILLED, _TAG, _DENIAL = (
    OrderField
)
_GENERATION = 12
_QUEUED = 13
_FIELDS = 12
_WIDTH = ORDER_WORDS
_SLOT_BITS = 32
_SLOT_MASK = (1 << 32) - 1
_GENERATION_MAX = (1 << 31) - 1
_STATES = 12
_FREE = int(OrderState.FREE)
_CREATED = int(OrderState.CREATED)
_PARTIALLY_FILLED = int(OrderState.PARTIALLY_FILLED)
_FILLED_STATE = int(OrderState.FILLED)
_DENIED = int(OrderState.DENIED)


def _mask(states: frozenset[OrderState]) -> int:
    return sum(1 << state for state in states)


class OrderPool:
    """Slots of orders, taken and released in constant time from memory that is touched at the start.

    `used` is the number of slots taken and `pending` the length of the queue.

    Parameters:
        capacity: slots, 1 to MAX_ORDERS.

    Raises:
        UsageError: the capacity is out of its range.
    """

    def __init__(self, capacity: int) -> None:
        if not 1 <= capacity <= MAX_ORDERS:
            raise UsageError(f"a pool of {capacity} orders is not possible; choose 1 to {MAX_ORDERS}")
        self._words: memoryview[int] = memoryview(array("q", [0]) * (capacity * ORDER_WORDS))
        self._queue: memoryview[int] = memoryview(array("q", [0]) * capacity)
        # A stack with slot 0 on top: few orders at a time use few cache lines.
        self._free: memoryview[int] = memoryview(array("q", range(capacity - 1, -1, -1)))
        masks = {int(state): _mask(following) for state, following in LEGAL_TRANSITIONS.items()}
        self._legal: memoryview[int] = memoryview(array("q", [masks.get(state, 0) for state in range(_STATES)]))
        self._final: memoryview[int] = memoryview(array("q", [state in FINAL_STATES for state in range(_STATES)]))
        for slot in range(capacity):
            self._words[slot * ORDER_WORDS + _STATE] = _FREE
        self.capacity = capacity
        self.used = 0
        self.pending = 0
        self._pending_head = 0

    def take(
        self,
        symbol_index: int,
        quantity_e9: int,
        order_type: int,
        limit_e9: int,
        stop_e9: int,
        created_ns: int,
        tag: int,
    ) -> int:
        """Take a slot for a new order in state CREATED.

        Parameters:
            symbol_index: row of the book.
            quantity_e9: signed quantity; above 0 buys.
            order_type: number of LEAN's OrderType.
            limit_e9: limit price, 0 without.
            stop_e9: stop price, 0 without.
            created_ns: moment of the call.
            tag: a number of the caller's own.

        Returns:
            The handle, NO_ORDER when all slots are taken.
        """
        if self.used >= self.capacity:
            return -1
        slot = self._free[self.capacity - 1 - self.used]
        self.used += 1
        base = slot * _WIDTH
        for field in range(_FIELDS):
            self._words[base + field] = 0
        self._words[base + _STATE] = _CREATED
        self._words[base + _SYMBOL] = symbol_index
        self._words[base + _QUANTITY] = quantity_e9
        self._words[base + _TYPE] = order_type
        self._words[base + _LIMIT] = limit_e9
        self._words[base + _STOP] = stop_e9
        self._words[base + _CREATED_NS] = created_ns
        self._words[base + _TAG] = tag
        return (self._words[base + _GENERATION] << _SLOT_BITS) | slot

    def release(self, handle: int) -> bool:
        """Give a slot back: only in a final state, and not while it is queued.

        All copies of the handle become stale.
        """
        base = self._base(handle)
        if base < 0 or not self._final[self._words[base + _STATE]] or self._words[base + _QUEUED]:
            return False
        self._words[base + _STATE] = _FREE
        if self._words[base + _GENERATION] == _GENERATION_MAX:
            self._words[base + _GENERATION] = 0
        else:
            self._words[base + _GENERATION] += 1
        self.used -= 1
        self._free[self.capacity - 1 - self.used] = handle & _SLOT_MASK
        return True

    def is_live(self, handle: int) -> bool:
        """Tell whether the handle's order still has its slot."""
        return self._base(handle) >= 0

    def is_final(self, handle: int) -> bool:
        """Tell whether nothing more can happen to the order; False for a stale handle."""
        base = self._base(handle)
        return base >= 0 and self._final[self._words[base + _STATE]] != 0

    def transition(self, handle: int, state: int) -> bool:
        """Move an order to another state; False, without effect, when the handle is stale or the step is illegal.

        Fills and denials go through `fill` and `deny`, which keep the quantity and the code with the state.
        """
        base = self._base(handle)
        if base < 0 or not self._may(self._words[base + _STATE], state):
            return False
        self._words[base + _STATE] = state
        return True

    def deny(self, handle: int, code: int) -> bool:
        """Move a CREATED order to DENIED and keep the risk gate's code."""
        base = self._base(handle)
        if base < 0 or not self._may(self._words[base + _STATE], _DENIED):
            return False
        self._words[base + _STATE] = _DENIED
        self._words[base + _DENIAL] = code
        return True

    def fill(self, handle: int, quantity_e9: int) -> bool:
        """Add an execution and move to PARTIALLY_FILLED or FILLED.

        Parameters:
            handle: the order.
            quantity_e9: executed quantity, with the order's sign.

        Returns:
            False, without effect, for a stale handle, a state that cannot fill, a wrong sign, or more than is left.
        """
        base = self._base(handle)
        if base < 0:
            return False
        total_e9 = self._words[base + _QUANTITY]
        filled_e9 = self._words[base + _FILLED]
        if total_e9 > 0:
            if quantity_e9 <= 0 or quantity_e9 > total_e9 - filled_e9:
                return False
        elif quantity_e9 >= 0 or quantity_e9 < total_e9 - filled_e9:
            return False
        state = _FILLED_STATE if quantity_e9 == total_e9 - filled_e9 else _PARTIALLY_FILLED
        if not self._may(self._words[base + _STATE], state):
            return False
        self._words[base + _FILLED] = filled_e9 + quantity_e9
        self._words[base + _STATE] = state
        return True

    def change(self, handle: int, quantity_e9: int, limit_e9: int, stop_e9: int) -> bool:
        """Give a working order a new quantity and new prices, as an accepted update does.

        Returns:
            False, without effect, for a stale handle, a final state, another side, or not more than is filled already.
        """
        base = self._base(handle)
        if base < 0 or self._final[self._words[base + _STATE]]:
            return False
        if (quantity_e9 > 0) != (self._words[base + _QUANTITY] > 0):
            return False
        if quantity_e9 > 0:
            if quantity_e9 <= self._words[base + _FILLED]:
                return False
        elif quantity_e9 >= self._words[base + _FILLED]:
            return False
        self._words[base + _QUANTITY] = quantity_e9
        self._words[base + _LIMIT] = limit_e9
        self._words[base + _STOP] = stop_e9
        return True

    def stamp_decided(self, handle: int, time_ns: int) -> bool:
        """Note when the strategy decided; False for a stale handle."""
        base = self._base(handle)
        if base < 0:
            return False
        self._words[base + _DECIDED_NS] = time_ns
        return True

    def stamp_accepted(self, handle: int, time_ns: int) -> bool:
        """Note when the broker accepted; False for a stale handle."""
        base = self._base(handle)
        if base < 0:
            return False
        self._words[base + _ACCEPTED_NS] = time_ns
        return True

    def get(self, handle: int, field: int) -> int:
        """Return a word of an order, by OrderField; of a stale handle the state is FREE and all else 0."""
        base = self._base(handle)
        if base >= 0 and 0 <= field < _FIELDS:
            return self._words[base + field]
        return _FREE if field == _STATE else 0

    def enqueue(self, handle: int) -> bool:
        """Append an order to the queue; False when the handle is stale, the order final, or queued already."""
        base = self._base(handle)
        if base < 0 or self._final[self._words[base + _STATE]] or self._words[base + _QUEUED]:
            return False
        at = self._pending_head + self.pending
        self._queue[at if at < self.capacity else at - self.capacity] = handle
        self._words[base + _QUEUED] = 1
        self.pending += 1
        return True

    def next_pending(self) -> int:
        """Take the oldest order off the queue: its handle, NO_ORDER when none waits.

        It may have been canceled while it waited: look at its state before sending it.
        """
        if self.pending == 0:
            return -1
        handle = self._queue[self._pending_head]
        self._pending_head += 1
        if self._pending_head == self.capacity:
            self._pending_head = 0
        self.pending -= 1
        base = self._base(handle)
        self._words[base + _QUEUED] = 0
        return handle

    def _base(self, handle: int) -> int:
        """Return where the order's words begin, -1 for a handle that is stale or none."""
        if handle < 0:
            return -1
        slot = handle & _SLOT_MASK
        if slot >= self.capacity:
            return -1
        if self._words[slot * _WIDTH + _GENERATION] != handle >> _SLOT_BITS:
            return -1
        if self._words[slot * _WIDTH + _STATE] == _FREE:
            return -1
        return slot * _WIDTH

    def _may(self, old: int, new: int) -> bool:
        return 0 <= new < _STATES and (self._legal[old] >> new) & 1 != 0
