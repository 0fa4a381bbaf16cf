"""The rehearsal before the session: beats and order calls in rounds, until the rounds are alike or the time is over.

Its time begins when LEAN is told to bring its beats, not before.
"""

from __future__ import annotations

from live.clock import NANOSECONDS_PER_MICROSECOND, NANOSECONDS_PER_SECOND, monotonic_ns
from live.hot.histogram import Histogram
from live.settling import ROUND_BEATS, are_alike

_P99 = 0.99


class Rehearsal:
    """Measures beats in rounds.

    Parameters:
        seconds: longest time; 0 rehearses nothing.

    Attributes:
        rounds: of each round the p99 from the feeding of a beat to its slice, and of the way of an order, ns.
        beats: beats that came back.
    """

    def __init__(self, seconds: float) -> None:
        self._ticks = Histogram()
        self._orders = Histogram()
        self._length_ns = int(seconds * NANOSECONDS_PER_SECOND)
        self._began_ns = 0
        self.rounds: list[tuple[int, int]] = []
        self.beats = 0

    @property
    def has_begun(self) -> bool:
        """Whether its time runs."""
        return self._began_ns > 0

    def begin(self) -> None:
        """Let its time run."""
        self._began_ns = monotonic_ns()

    def record(self, tick_ns: int, order_ns: int) -> None:
        """Take a beat in.

        Parameters:
            tick_ns: from its feeding to its slice.
            order_ns: what the way of an order took.
        """
        self._ticks.record(tick_ns)
        self._orders.record(order_ns)
        self.beats += 1
        if self.beats % ROUND_BEATS == 0:
            self.rounds.append((self._ticks.quantile(_P99), self._orders.quantile(_P99)))
            self._ticks.clear()
            self._orders.clear()

    @property
    def has_settled(self) -> bool:
        """Whether the last rounds are alike."""
        return are_alike(self.rounds)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to do: settled, or the time is over."""
        return self.has_settled or (self.has_begun and monotonic_ns() >= self._began_ns + self._length_ns)

    def describe(self) -> str:
        """Return what it came to, for people."""
        seconds = (monotonic_ns() - self._began_ns) / NANOSECONDS_PER_SECOND
        if not self.rounds:
            return f"rehearsed {self.beats} beats in {seconds:.1f} s: too few to say how warm the way is"
        ticks, orders = zip(*self.rounds, strict=True)
        end = "settled" if self.has_settled else "not settled in the time given"
        return (
            f"rehearsed {self.beats} beats in {seconds:.1f} s, {end}: p99 of a tick to its slice {_span(ticks)}, of the way of "
            f"an order {_span(orders)}"
        )


def _span(p99_ns: tuple[int, ...]) -> str:
    first, last = (each / NANOSECONDS_PER_MICROSECOND for each in (p99_ns[0], p99_ns[-1]))
    return f"{first:.0f} -> {last:.0f} µs"
