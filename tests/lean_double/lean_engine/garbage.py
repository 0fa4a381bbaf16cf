"""The counters of .NET's garbage collector; a test moves them."""

from __future__ import annotations

from datetime import timedelta


class Collector:
    """Counts of collections by generation, and the time of all pauses."""

    counts = [0, 0, 0]
    pause = timedelta()
    calls = 0
    """Calls of the counters: what reading them costs is counted by it."""

    @classmethod
    def collect(cls, generation: int, milliseconds: float) -> None:
        """Collect: a collection counts for the younger generations too."""
        for younger in range(generation + 1):
            cls.counts[younger] += 1
        cls.pause += timedelta(milliseconds=milliseconds)

    @classmethod
    def reset(cls) -> None:
        cls.counts[:] = [0, 0, 0]
        cls.pause = timedelta()
        cls.calls = 0


class GC:
    """System.GC."""

    @staticmethod
    def CollectionCount(generation: int) -> int:  # noqa: N802
        Collector.calls += 1
        return Collector.counts[generation]

    @staticmethod
    def GetTotalPauseDuration() -> timedelta:  # noqa: N802
        Collector.calls += 1
        return Collector.pause


GC.__module__ = "System"
