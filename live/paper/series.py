"""Series of bounded size: whatever the length of a run, a series keeps at most a fixed number of evenly spaced points."""

from __future__ import annotations

POINTS_MAX = 4_096
"""Points that a series keeps; when it is full every second one is dropped and only every second new one is taken."""


class BoundedSeries:
    """Times and values of one quantity.

    The first and the newest point are always among the kept ones, so that a plot begins and ends where the run did.
    """

    __slots__ = ("_last", "_skipped", "_stride", "times_ns", "values")

    def __init__(self) -> None:
        self.times_ns: list[int] = []
        self.values: list[float] = []
        self._stride = 1
        self._skipped = 0
        self._last: tuple[int, float] | None = None

    def append(self, time_ns: int, value: float) -> None:
        """Offer a point."""
        self._last = (time_ns, value)
        self._skipped += 1
        if self._skipped < self._stride:
            return
        self._skipped = 0
        self.times_ns.append(time_ns)
        self.values.append(value)
        if len(self.times_ns) >= POINTS_MAX:
            self.times_ns = self.times_ns[::2]
            self.values = self.values[::2]
            self._stride *= 2

    def points(self) -> list[tuple[int, float]]:
        """Return (time_ns, value), the newest point included."""
        points = list(zip(self.times_ns, self.values, strict=True))
        if self._last is not None and (not points or points[-1] != self._last):
            points.append(self._last)
        return points
