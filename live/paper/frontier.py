"""The frontier of a run: the next moment at which any subscription has data, and what is due then.

Subscriptions are asked in LEAN's order: by asset class, trades before quotes, then by ticker.
"""

from __future__ import annotations

import heapq
from typing import Any, Protocol

from live.algorithm.data import BaseData, Tick
from live.algorithm.enums import Resolution
from live.feeds.bar_subscription import END_OF_DATA_NS, BarPoints, SubscriptionConfig
from live.paper.securities import Security


class Update:
    """What one subscription delivers in one time step."""

    __slots__ = ("config", "is_ticks", "points", "security")

    def __init__(self, config: SubscriptionConfig, security: Security, points: list[Any], is_ticks: bool) -> None:
        self.config = config
        self.security = security
        self.points = points
        self.is_ticks = is_ticks

    def price_ticks(self) -> list[Tick]:
        """Return the ticks that may move a price: those that are not suspicious."""
        return [tick for tick in self.points if not tick.suspicious]

    def consolidator_points(self) -> list[BaseData]:
        """Return the points that consolidators take: no corporate actions, no suspicious ticks."""
        if self.is_ticks:
            return self.price_ticks()  # type: ignore[return-value]
        return [point for point in self.points if point.end_local_ns != point.time_local_ns]


class TickSource(Protocol):
    """A subscription to ticks, as the frontier reads it."""

    config: SubscriptionConfig
    security: Security
    next_time_ns: int

    def take_events(self, time_ns: int) -> list[BaseData]:
        """Return the corporate actions up to a moment."""
        ...

    def take(self, time_ns: int) -> list[Tick]:
        """Return the ticks up to a moment and go on to the next moment."""
        ...


class Frontier:
    """All subscriptions of a run.

    Parameters:
        begin_ns: first moment of the run, UTC.
        bars: bar subscriptions with their securities.
        ticks: tick subscriptions.
    """

    def __init__(self, begin_ns: int, bars: list[tuple[BarPoints, Security]], ticks: list[TickSource]) -> None:
        self.begin_ns = begin_ns
        self._ticks = ticks
        self._sources: list[tuple[Any, Security]] = [*bars, *((source, source.security) for source in ticks)]
        self.reschedule()

    @property
    def has_ticks(self) -> bool:
        """Whether there are tick subscriptions."""
        return bool(self._ticks)

    @property
    def ticks(self) -> tuple[TickSource, ...]:
        """The tick subscriptions that were not detached."""
        return tuple(self._ticks)

    def detach_ticks(self) -> list[Any]:
        """Give the tick subscriptions, in order, to somebody who reads them himself."""
        ticks = sorted(self._ticks, key=lambda source: source.config.order)
        self._ticks = []
        self._sources = [(source, security) for source, security in self._sources if source not in ticks]
        self.reschedule()
        return ticks

    def reschedule(self) -> None:
        """Look at all subscriptions anew, because one that is fed while the run is under way has got data."""
        self._heap = [
            (source.next_time_ns, source.config.order, index)
            for index, (source, _) in enumerate(self._sources)
            if source.next_time_ns != END_OF_DATA_NS
        ]
        heapq.heapify(self._heap)

    def next_time_ns(self) -> int:
        """Return the next moment that has data, END_OF_DATA_NS when there is none."""
        return self._heap[0][0] if self._heap else END_OF_DATA_NS

    def collect(self, time_ns: int) -> list[Update]:
        """Return everything that is known at a moment and was not delivered before."""
        heap = self._heap
        due: list[tuple[int, Update]] = []
        while heap and heap[0][0] <= time_ns:
            _, order, index = heap[0]
            source, security = self._sources[index]
            config = source.config
            is_ticks = config.resolution is Resolution.TICK
            if is_ticks:
                actions = source.take_events(time_ns)
                if actions:
                    due.append((order, Update(config, security, actions, False)))
            points = source.take(time_ns)
            if points:
                due.append((order, Update(config, security, points, is_ticks)))
            if source.next_time_ns == END_OF_DATA_NS:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (source.next_time_ns, order, index))
        due.sort(key=lambda item: item[0])
        return [update for _, update in due]
