"""What the host is made of, as its pieces see each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class OrderPath(Protocol):
    """The way of orders out of the strategy."""

    def methods(self, base: type) -> Mapping[str, Callable[..., Any]]:
        """Return the methods, in both spellings, that take the place of the algorithm's own order calls.

        Parameters:
            base: the algorithm's class; its methods send the orders.
        """
        ...

    def begin(self, algorithm: Any) -> None:
        """Take over an algorithm that was initialized; called before its warm-up ends, on LEAN's loop thread."""
        ...

    def on_order_event(self, event: Any) -> None:
        """Follow an order; called before the strategy's own callback, on whatever thread LEAN calls that."""
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

    def end(self) -> None:
        """Send what waits, and stop; called once."""
        ...


class Part(Protocol):
    """Something that lives as long as the session: warmth, a feeder."""

    def begin(self, algorithm: Any) -> None:
        """Begin, once LEAN's warm-up is over; called on LEAN's loop thread.

        Errors end the run.
        """
        ...

    def end(self) -> None:
        """Stop; called once, on LEAN's loop thread, whatever ended the run."""
        ...
