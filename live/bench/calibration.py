"""The calibration loop: a fixed piece of work whose duration stands for the speed of the processor.

Figures of two machines, or of one machine on two days, cannot be compared as they are. Divided by the duration of this
loop, taken in the same process and on the same core right before and after the measurement, differences of clock rate
and of the interpreter's build mostly cancel. The loop does what the measured code does: attribute access, calls, real
and integer arithmetic, a dictionary. It uses nothing of the runtime, so a slower runtime cannot hide in it.
"""

from __future__ import annotations

from live.clock import monotonic_ns

STEPS = 20_000
"""Iterations of one loop."""
_REPEATS = 5


class _State:
    __slots__ = ("average", "count")

    def __init__(self) -> None:
        self.average = 100.0
        self.count = 0

    def update(self, price: float) -> bool:
        self.average += (price - self.average) * 0.03
        self.count += 1
        return price > self.average


def _loop() -> int:
    state = _State()
    by_price: dict[int, int] = {}
    above = 0
    for step in range(STEPS):
        if state.update(100.0 + step % 7):
            above += 1
        by_price[step % 64] = above
    return above + len(by_price)


def calibrate() -> float:
    """Return the duration of the loop in nanoseconds: the shortest of several, since other work only lengthens it."""
    shortest = 0
    for _ in range(_REPEATS):
        began_ns = monotonic_ns()
        _loop()
        took_ns = monotonic_ns() - began_ns
        shortest = took_ns if shortest == 0 else min(shortest, took_ns)
    return float(shortest)
