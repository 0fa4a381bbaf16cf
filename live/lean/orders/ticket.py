"""The ticket of an order in the lane: LEAN's ticket as soon as there is one.

Until LEAN has the order, the ticket answers what its call has said: symbol, quantity, type, a status of NEW, nothing filled.
Everything else belongs to LEAN's ticket, so asking for it waits until the lane has submitted the order, a fraction of a
millisecond as a rule: the number of the order, updates, cancellation, responses. Afterwards every question goes to LEAN's
ticket, in both spellings. An order that LEAN or the gate refused has LEAN's ticket of an invalid order.
"""

from __future__ import annotations

from threading import get_ident
from typing import Any

from live.algorithm.naming import is_pascal_case, snake_case
from live.clock import sleep
from live.errors import UsageError

_LOOK_EVERY_SECONDS = 50e-6
_KNOWN_EMPTY = {"quantity_filled": 0.0, "average_fill_price": 0.0, "order_events": (), "has_order": False}
"""What LEAN's ticket says of an order that nobody has processed yet."""


class LaneTicket:
    """Stands for LEAN's ticket.

    Parameters:
        lane_thread: returns the identity of the thread that submits; it cannot wait for itself.
    """

    __slots__ = ("_call", "_lane_thread", "_lean")

    def __init__(self, lane_thread: Any) -> None:
        self._lane_thread = lane_thread
        self._call: dict[str, Any] = {}
        self._lean: Any = None

    def describe(self, call: dict[str, Any]) -> None:
        """Take what the call says of the order, by the names of LEAN's ticket: symbol, quantity, order_type, status."""
        self._call = call

    def become(self, ticket: Any) -> None:
        """Be LEAN's ticket from now on."""
        self._lean = ticket

    @property
    def is_submitted(self) -> bool:
        """Whether LEAN has answered."""
        return self._lean is not None

    @property
    def lean(self) -> Any:
        """LEAN's ticket, once there is one.

        Raises:
            UsageError: asked on the thread that submits, which cannot wait for itself.
        """
        while self._lean is None:
            if get_ident() == self._lane_thread():
                raise UsageError(
                    "an order event asks for the ticket of an order that is being submitted on its own thread; compare "
                    'event.order_id after on_order_event has returned, or set mode = "inline" in [lean]'
                )
            sleep(_LOOK_EVERY_SECONDS)
        return self._lean

    def __getattr__(self, name: str) -> Any:
        if self._lean is None and not name.startswith("_"):
            known = snake_case(name) if is_pascal_case(name) else name
            if known in self._call:
                return self._call[known]
            if known in _KNOWN_EMPTY:
                return _KNOWN_EMPTY[known]
            if known == "quantity_remaining":
                return self._call["quantity"]
        return getattr(self.lean, name)

    def __int__(self) -> int:
        return int(self.lean)

    def __repr__(self) -> str:
        return repr(self._lean) if self._lean is not None else f"LaneTicket({self._call})"
