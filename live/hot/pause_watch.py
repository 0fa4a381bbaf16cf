"""The pauses of Python's garbage collector, measured as they happen."""

from __future__ import annotations

import gc

from live.clock import monotonic_ns
from live.hot.histogram import Histogram
from live.hot.trace import LatencyTrace


class PauseWatch:
    """Measures pauses between `begin` and `end`.

    Parameters:
        pauses: takes how long they were.
        trace: takes when they were.
    """

    def __init__(self, pauses: Histogram, trace: LatencyTrace) -> None:
        self._pauses = pauses
        self._trace = trace
        self._began_ns = 0

    def begin(self) -> None:
        """Begin to measure."""
        gc.callbacks.append(self._on_gc)

    def end(self) -> None:
        """Stop measuring."""
        if self._on_gc in gc.callbacks:
            gc.callbacks.remove(self._on_gc)

    def _on_gc(self, phase: str, info: dict[str, int]) -> None:
        now_ns = monotonic_ns()
        if phase == "start":
            self._began_ns = now_ns
        elif self._began_ns:
            self._pauses.record(now_ns - self._began_ns)
            self._trace.add_pause(self._began_ns, now_ns, info["generation"])
            self._began_ns = 0


def collections_now() -> tuple[int, int, int]:
    """Return the collections of each generation of Python's garbage collector since the process began."""
    first, second, third = (generation["collections"] for generation in gc.get_stats())
    return first, second, third
