"""What the host is made of, as its pieces see each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from live.hot.book import Book
from live.hot.catalogue import Counter
from live.lean.orders.sending import OrderSender


class OrderPath(Protocol):
    """The way of orders out of the strategy."""

    @property
    def book(self) -> Book:
        """Newest prices, by which orders are judged."""
        ...

    def row(self, symbol: Any) -> int:
        """Return the book's row of a symbol, whose ticks the caller writes there from now on."""
        ...

    def gated_class(self, lean_class: type) -> type:
        """Return the class that takes the place of LEAN's QCAlgorithm: its order calls pass the gate.

        Parameters:
            lean_class: LEAN's own class; its methods send the orders.
        """
        ...

    def look_at_source(self) -> None:
        """Look in the user's file for ways past the gate, before an instance of its class is made."""
        ...

    @property
    def sender(self) -> OrderSender:
        """What judges and sends each order."""
        ...

    def take(self, algorithm: Any) -> None:
        """Take the algorithm before it is initialized; until `begin` LEAN refuses its orders."""
        ...

    def begin(self, algorithm: Any) -> None:
        """Let orders pass, once the warm-up is over and before the strategy is told; on LEAN's loop thread."""
        ...

    def on_order_event(self, event: Any) -> None:
        """Follow an order; called before the strategy's own callback, on whatever thread LEAN calls that."""
        ...

    def after_order_event(self) -> None:
        """Take note that the strategy's own callback has returned, or raised; on the same thread."""
        ...

    def on_securities_changed(self, changes: Any) -> None:
        """Take in LEAN's securities that were added or removed; called before the strategy's own callback."""
        ...

    def raise_failure(self) -> None:
        """Raise what an order call on another thread has raised; called on the loop thread after each decision."""
        ...

    def review(self) -> None:
        """Tell what has happened: refusals, orders without an answer, orders past the gate.

        Called a few times a second, off the decision's path, by one thread at a time.
        """
        ...

    def submit(self, symbol: Any, quantity: float, limit_price: float, stop_price: float) -> int:
        """Take an order of LiveAlgorithm.submit; return its handle, or minus a denial code."""
        ...

    def cancel(self, handle: int) -> bool:
        """Ask for a cancellation."""
        ...

    def state(self, handle: int) -> int:
        """Return the state of an order of `submit`."""
        ...

    def counts(self) -> Mapping[Counter, int]:
        """Return what the page shows of orders, besides their events."""
        ...

    @property
    def waiting(self) -> int:
        """Orders that wait to be handed to LEAN."""
        ...

    def end(self) -> None:
        """Send what waits, and take no more; called once, before the last `review`.

        Raises what an order call on another thread has raised, if nobody has heard of it yet.
        """
        ...

    def close(self) -> None:
        """Let go of files, after the last `review`."""
        ...


class Part(Protocol):
    """Something that lives as long as the session: warmth, a feeder."""

    def begin(self, algorithm: Any) -> None:
        """Begin, once LEAN's warm-up is over; called on LEAN's loop thread.

        Errors end the run.
        """
        ...

    def end(self) -> None:
        """Stop; called once, whatever ended the run."""
        ...
