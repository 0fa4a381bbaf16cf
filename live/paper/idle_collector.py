"""Garbage collection in idle moments only.

Python's collector is off while a feed is followed; what gathers is collected when no tick is expected for a while. The
young generations take microseconds, everything takes longer and is left to long silences. When so much has gathered that
memory is at stake, the young ones are collected at once, and that is counted.
"""

from __future__ import annotations

import gc

from live.clock import NANOSECONDS_PER_SECOND

_YOUNG_MIN = 700
"""Objects after which Python itself would collect the youngest generation."""
_GATHERED_MAX = 200_000
"""Objects that may gather while ticks leave no idle moment."""
_OLD_IDLE_NS = 2 * NANOSECONDS_PER_SECOND
_OLD_EVERY_NS = 60 * NANOSECONDS_PER_SECOND


class IdleCollector:
    """Collects garbage when there is time.

    Parameters:
        idle_ns: time without a tick after which it may.

    Attributes:
        forced: collections for want of an idle moment.
    """

    def __init__(self, idle_ns: int) -> None:
        self._idle_ns = idle_ns
        self._next_old_ns = 0
        self.forced = 0

    def begin(self, now_ns: int) -> int:
        """Collect everything, keep what is left from the collector, and switch it off; return how many objects that are.

        Parameters:
            now_ns: the present on the monotonic clock.
        """
        gc.collect()
        gc.freeze()
        gc.disable()
        self._next_old_ns = now_ns + _OLD_EVERY_NS
        return gc.get_freeze_count()

    def end(self) -> None:
        """Let Python collect by itself again."""
        gc.unfreeze()
        gc.enable()

    def look(self, now_ns: int, idle_ns: int) -> None:
        """Collect, if it is time.

        Parameters:
            now_ns: the present on the monotonic clock.
            idle_ns: time since the last tick.
        """
        young, middle, _ = gc.get_count()
        if young > _GATHERED_MAX:
            self.forced += 1
            gc.collect(0)
            return
        if idle_ns < self._idle_ns:
            return
        if idle_ns >= _OLD_IDLE_NS and now_ns >= self._next_old_ns:
            self._next_old_ns = now_ns + _OLD_EVERY_NS
            gc.collect()
        elif young >= _YOUNG_MIN:
            gc.collect(1 if middle > gc.get_threshold()[1] else 0)
