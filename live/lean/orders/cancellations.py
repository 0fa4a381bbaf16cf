"""Cancellations of orders that are known by their handles: those of LiveAlgorithm.submit.

LEAN cancels an order that has a number and is not NEW any more. The strategy may ask before: while the order waits in the
lane it is taken back there, and until LEAN has told its first event the wish is kept. So whoever was told True can rely on it
that the cancellation is asked for.
"""

from __future__ import annotations

from live.hot.orders import OrderField, OrderPool, OrderState
from live.lean.orders.gate import LeanGate
from live.lean.orders.lane import Lane
from live.lean.orders.tracking import OrderTracker

_STATE = int(OrderField.STATE)
_CREATED = int(OrderState.CREATED)
_MISSING = object()


class Cancellations:
    """Cancels orders.

    Parameters:
        pool: their slots.
        tracker: knows LEAN's numbers.
        gate: has the account.

    Attributes:
        lane: where orders may still wait; None without.
    """

    def __init__(self, pool: OrderPool, tracker: OrderTracker, gate: LeanGate) -> None:
        self._pool = pool
        self._tracker = tracker
        self._gate = gate
        self._wanted: dict[int, None] = {}
        self.lane: Lane | None = None

    def cancel(self, handle: int) -> bool:
        """Ask for a cancellation; False when the order is over, or LEAN refuses."""
        if not self._pool.is_live(handle) or self._pool.is_final(handle):
            return False
        if self.lane is not None:
            if self.lane.withdraw(handle):
                return True
            self.lane.drain()
        if self._is_cancelable(handle):
            return self._gate.account.cancel(self._tracker.order_id_of(handle))
        self._wanted[handle] = None
        # LEAN may have told of the order on another thread between the two looks.
        self.look()
        return True

    def look(self) -> None:
        """Cancel what LEAN can cancel by now; after each order call and each order event."""
        if not self._wanted:
            return
        for handle in tuple(self._wanted):
            if not self._pool.is_live(handle):
                self._wanted.pop(handle, None)
            elif self._is_cancelable(handle) and self._wanted.pop(handle, _MISSING) is None:
                self._gate.account.cancel(self._tracker.order_id_of(handle))

    def _is_cancelable(self, handle: int) -> bool:
        return self._tracker.order_id_of(handle) > 0 and self._pool.get(handle, _STATE) != _CREATED
