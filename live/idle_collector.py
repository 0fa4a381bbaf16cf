"""Garbage collection in idle moments only.

Python's collector is off while a feed is followed; what gathers is collected when no tick is expected for a while. The
young generations take microseconds, everything takes longer and is left to long silences, but not for ever: a feed may
never have one. When so much has gathered that memory is at stake, it is collected at once. The telemetry page counts all
collections and has the times that they took.
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
_OLD_LATEST_NS = 600 * NANOSECONDS_PER_SECOND
"""Time after which everything is collected in the next moment that will do for the young."""
_OLD_GATHERED_MAX = 20
"""Collections of the middle generation after which that is done: each has let more objects grow old."""


def keep_from_collector() -> int:
    """Collect everything and keep what is left from the collector until `gc.unfreeze`; return how many objects that are."""
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()


class IdleCollector:
    """Collects garbage when there is time.

    Parameters:
        idle_ns: time without a tick after which it may.
    """

    def __init__(self, idle_ns: int) -> None:
        self._idle_ns = idle_ns
        self._last_old_ns = 0

    def begin(self, now_ns: int) -> int:
        """Collect everything, keep what is left from the collector, and switch it off; return how many objects that are.

        Parameters:
            now_ns: the present on the monotonic clock.
        """
        kept = keep_from_collector()
        gc.disable()
        self._last_old_ns = now_ns
        return kept

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
        young, middle, old = gc.get_count()
        is_forced = young > _GATHERED_MAX
        if idle_ns < self._idle_ns and not is_forced:
            return
        every_ns = _OLD_EVERY_NS if idle_ns >= _OLD_IDLE_NS else _OLD_LATEST_NS
        if now_ns - self._last_old_ns >= every_ns or old > _OLD_GATHERED_MAX:
            self._last_old_ns = now_ns
            gc.collect()
        elif young >= _YOUNG_MIN:
            gc.collect(1 if is_forced or middle > gc.get_threshold()[1] else 0)
