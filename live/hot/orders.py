# cython: annotation_typing=False
"""The fixed pool of orders between `submit` and the broker: slots taken at start, a free list, a queue of accepted orders.

States: FREE, then CREATED when a slot is taken, SUBMITTED when the gate let it through, DENIED when it did not. The broker's side moves on:
PARTIALLY_FILLED, FILLED, CANCELED, INVALID, with CANCEL_PENDING and UPDATE_SUBMITTED in between, and UNKNOWN for an answer that never came.
A transition that is not in the table is refused. A handle holds a slot and its generation, so that a handle of a released slot is known as stale.
"""

from __future__ import annotations

from array import array
from enum import IntEnum


class OrderState(IntEnum):
    """State of a slot."""

    FREE = 0
    CREATED = 1
    SUBMITTED = 2
    PARTIALLY_FILLED = 3
    FILLED = 4
    CANCELED = 5
    INVALID = 6
    CANCEL_PENDING = 7
    UPDATE_SUBMITTED = 8
    DENIED = 9
    UNKNOWN = 10


ORDERS_MAX = 4_096
"""Slots of the default pool: orders that may wait or be open at once."""

NO_HANDLE = -1
"""What `take` returns when the pool is exhausted."""

_STATES = len(OrderState)
_OPEN = (OrderState.SUBMITTED, OrderState.PARTIALLY_FILLED, OrderState.UPDATE_SUBMITTED)
_ENDS = (OrderState.FILLED, OrderState.CANCELED, OrderState.INVALID, OrderState.UNKNOWN)
TRANSITIONS = {
    OrderState.FREE: (OrderState.CREATED,),
    OrderState.CREATED: (OrderState.SUBMITTED, OrderState.DENIED, OrderState.INVALID),
    **{
        state: (*_ENDS, OrderState.PARTIALLY_FILLED, OrderState.CANCEL_PENDING, OrderState.UPDATE_SUBMITTED)
        for state in _OPEN
    },
    OrderState.CANCEL_PENDING: (*_ENDS, *_OPEN),
    OrderState.UNKNOWN: (OrderState.FILLED, OrderState.CANCELED, OrderState.INVALID),
    OrderState.FILLED: (),
    OrderState.CANCELED: (),
    OrderState.INVALID: (),
    OrderState.DENIED: (),
}
_GENERATION_STEP = 1 << 20
_SLOT_MASK = _GENERATION_STEP - 1
_FREE = int(OrderState.FREE)
_CREATED = int(OrderState.CREATED)
_STATE_COUNT = _STATES
_NONE = NO_HANDLE


class OrderPool:
    """Orders in fixed slots.

    Parameters:
        capacity: number of slots.
    """

    def __init__(self, capacity=ORDERS_MAX):
        if not 0 < capacity < _GENERATION_STEP:
            raise ValueError(f"an order pool has 1 to {_GENERATION_STEP - 1} slots, not {capacity}")
        self.capacity = capacity
        self.state = _integers(capacity)
        self.generation = _integers(capacity)
        self.symbol_index = _integers(capacity)
        self.quantity_e9 = _integers(capacity)
        self.order_type = _integers(capacity)
        self.limit_e9 = _integers(capacity)
        self.stop_e9 = _integers(capacity)
        self.created_ns = _integers(capacity)
        self.accepted_ns = _integers(capacity)
        self.denial = _integers(capacity)
        self.order_id = _integers(capacity)
        self.free_slots = _integers(capacity)
        self.queue = _integers(capacity)
        self.allowed = memoryview(bytearray(_STATES * _STATES))
        for source, targets in TRANSITIONS.items():
            for target in targets:
                self.allowed[source * _STATES + target] = 1
        for slot in range(capacity):
            self.free_slots[slot] = capacity - 1 - slot
        self.free_count = capacity
        self.queue_head = 0
        self.queue_count = 0

    def take(self):
        """Take a slot; return its handle, NO_HANDLE when none is free."""
        if self.free_count == 0:
            return _NONE
        self.free_count -= 1
        slot = self.free_slots[self.free_count]
        self.state[slot] = _CREATED
        self.denial[slot] = 0
        self.order_id[slot] = 0
        return self.generation[slot] * _GENERATION_STEP + slot

    def slot_of(self, handle):
        """Return the slot of a handle, -1 when the handle is stale."""
        if handle < 0:
            return -1
        slot = handle & _SLOT_MASK
        if slot >= self.capacity or self.generation[slot] != handle // _GENERATION_STEP or self.state[slot] == _FREE:
            return -1
        return slot

    def transition(self, slot, state):
        """Move a slot to a state; return False, and change nothing, when the table does not allow it."""
        if not self.allowed[self.state[slot] * _STATE_COUNT + state]:
            return False
        self.state[slot] = state
        return True

    def release(self, slot):
        """Give a slot back; its handles become stale. Return False when it is free already."""
        if self.state[slot] == _FREE:
            return False
        self.state[slot] = _FREE
        self.generation[slot] += 1
        self.free_slots[self.free_count] = slot
        self.free_count += 1
        return True

    def push(self, slot):
        """Queue an accepted order for the broker. Each slot is queued at most once, so the queue cannot overflow."""
        at = self.queue_head + self.queue_count
        if at >= self.capacity:
            at -= self.capacity
        self.queue[at] = slot
        self.queue_count += 1

    def pop(self):
        """Return the oldest queued slot, -1 when the queue is empty."""
        if self.queue_count == 0:
            return -1
        slot = self.queue[self.queue_head]
        self.queue_head += 1
        if self.queue_head == self.capacity:
            self.queue_head = 0
        self.queue_count -= 1
        return slot


def _integers(count):
    """Return integers that are zero, their pages touched."""
    return memoryview(array("q", [0] * count))
