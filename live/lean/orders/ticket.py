"""The ticket that an algorithm holds: LEAN's, whose changes pass the risk gate.

In the lane it is there before LEAN's. Until LEAN has the order, it answers what its call has said: symbol, quantity, type, a
status of NEW, nothing filled. Everything else belongs to LEAN's ticket, so asking for it waits until the lane has submitted
the order, a fraction of a millisecond as a rule: the number of the order, updates, cancellation, responses. Afterwards every
question goes to LEAN's ticket, in both spellings. An order that LEAN or the gate refused has LEAN's ticket of an invalid order.

LEAN's class of tickets is sealed, so this is none: `isinstance` says so, and LEAN's ticket on the left of `==` finds that the
two differ (with this one on the left they are equal).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any, Protocol

from live.algorithm.naming import is_pascal_case, snake_case
from live.clock import sleep
from live.errors import EngineFailure, UsageError
from live.lean.orders.changes import CHANGE_METHODS, OrderChanges
from live.lean.surface import dotnet_types

_LOOK_EVERY_SECONDS = 50e-6
_KNOWN_EMPTY = {"quantity_filled": 0.0, "average_fill_price": 0.0, "order_events": (), "has_order": False}
"""What LEAN's ticket says of an order that nobody has processed yet."""
_OF_THE_CALL = {
    "symbol": "_symbol",
    "quantity": "_quantity",
    "quantity_remaining": "_quantity",
    "order_type": "_order_type",
    "status": "_status",
}


class Submitter(Protocol):
    """Who brings LEAN's ticket."""

    @property
    def thread_id(self) -> int | None:
        """The thread that submits; it cannot wait for itself."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether it brings no ticket any more."""
        ...


class GatedTicket:
    """Stands for LEAN's ticket.

    Parameters:
        changes: what its changes go through.
        submitter: who brings LEAN's ticket; None when `become` is called at once.
    """

    __slots__ = ("_changes", "_failure", "_lean", "_order_type", "_quantity", "_status", "_submitter", "_symbol")

    def __init__(self, changes: OrderChanges, submitter: Submitter | None = None) -> None:
        self._changes = changes
        self._submitter = submitter
        self._lean: Any = None
        self._failure: BaseException | None = None
        self._symbol: Any = None
        self._quantity: Any = 0
        self._order_type: Any = None
        self._status: Any = None

    def describe(self, symbol: Any, quantity: Any, order_type: Any, status: Any) -> None:
        """Take what the call says of the order; status is LEAN's OrderStatus.NEW."""
        self._symbol, self._quantity, self._order_type, self._status = symbol, quantity, order_type, status

    def become(self, ticket: Any) -> None:
        """Be LEAN's ticket from now on."""
        self._lean = ticket

    def break_off(self, error: BaseException) -> None:
        """Take note that there will be no ticket of LEAN's, and why."""
        self._failure = error

    @property
    def is_submitted(self) -> bool:
        """Whether LEAN has answered."""
        return self._lean is not None

    @property
    def lean(self) -> Any:
        """LEAN's ticket, once there is one.

        Raises:
            UsageError: asked on the thread that submits, which cannot wait for itself.
            EngineFailure: the order will never be submitted.
        """
        while self._lean is None:
            submitter = self._submitter
            assert submitter is not None
            if get_ident() == submitter.thread_id:
                raise UsageError(
                    "an order event asks for the ticket of an order that is being submitted on its own thread; compare "
                    'event.order_id after on_order_event has returned, or set mode = "inline" in [lean]'
                )
            if (self._failure is not None or submitter.is_over) and self._lean is None:
                raise EngineFailure(
                    f"LEAN has given no ticket for the order of {self._quantity:g} {self._symbol}: the lane has ended; look for "
                    "the first error in the log, and at the broker"
                ) from self._failure
            sleep(_LOOK_EVERY_SECONDS)
        return self._lean

    def __getattr__(self, name: str) -> Any:
        if self._lean is None and not name.startswith("_"):
            known = snake_case(name) if is_pascal_case(name) else name
            if known in _OF_THE_CALL:
                return getattr(self, _OF_THE_CALL[known])
            if known in _KNOWN_EMPTY:
                return _KNOWN_EMPTY[known]
        if name in CHANGE_METHODS:
            return self._changing(name)
        return getattr(self.lean, name)

    def _changing(self, name: str) -> Callable[..., Any]:
        def change(*arguments: Any, **named: Any) -> Any:
            return self._changes.change(self.lean, name, arguments, named)

        return change

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, GatedTicket):
            return self._lean is not None and bool(self._lean == other._lean)
        return isinstance(other, dotnet_types().ticket) and bool(self.lean == other)

    def __hash__(self) -> int:
        return hash(self.lean)

    def __int__(self) -> int:
        return int(self.lean)

    def __str__(self) -> str:
        return repr(self) if self._lean is None else str(self._lean)

    def __repr__(self) -> str:
        if self._lean is not None:
            return repr(self._lean)
        return f"{type(self).__name__}({self._order_type} of {self._quantity} {self._symbol}, not submitted yet)"
