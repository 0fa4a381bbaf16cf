# cython: annotation_typing=False
"""The clock of a run: one present moment for the engine, the algorithm and every security, and a count of changes."""

from __future__ import annotations

from collections.abc import Callable


class RunClock:
    """The data's present time, and the beginning of the step that is being decided.

    `now_ns` is the moment of the data, UTC. `began_ns` is when the step or tick began on the monotonic clock, 0 between
    steps: how long an order took counts from there. `revision` goes up with each order event and each setting of a
    security: whoever worked something out from orders and securities knows by it whether that still holds.
    """

    def __init__(self) -> None:
        self.now_ns = 0
        self.began_ns = 0
        self.revision = 0
        self.catch_up: Callable[[], None] | None = None
        """Brings clock and securities up to date while ticks go straight to the strategy; None when they are."""

    def time_ns(self) -> int:
        """Return the present moment, after catching up."""
        if self.catch_up is not None:
            self.catch_up()
        return self.now_ns
