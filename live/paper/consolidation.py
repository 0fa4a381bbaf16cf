"""Consolidators of the run: who gets which data, and when a bar that no data closes is closed by the clock.

LEAN plans one look at each consolidator at the end of its working bar. Looks that lie strictly before a new time step are made first, in
order of time, with the engine's clock set to each.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from live.algorithm.data import BaseData
from live.algorithm.enums import TickType
from live.algorithm.symbols import Symbol
from live.clock import Zone
from live.errors import UsageError
from live.feeds.bar_subscription import SubscriptionConfig

_ONE_SECOND_NS = 1_000_000_000


class ConsolidatorEntry:
    """One consolidator on one subscription, and the moment it is next looked at."""

    __slots__ = ("_bar_span_ns", "_minimum_ns", "_now", "consolidator", "is_removed", "number", "scan_ns", "zone")

    def __init__(self, consolidator: Any, period_ns: int, zone: Zone, number: int, now: Callable[[], int]) -> None:
        self.consolidator = consolidator
        self.zone = zone
        self.number = number
        self.scan_ns = 0
        self.is_removed = False
        self._now = now
        self._minimum_ns = max(period_ns, _ONE_SECOND_NS)
        self._bar_span_ns = 0
        consolidator.data_consolidated += self._on_bar

    def scan(self) -> None:
        """Let the clock close the working bar."""
        self.consolidator.scan(self.zone.to_local_ns(self._now()))
        self.plan()

    def plan(self) -> None:
        """Choose the next look when the last one has passed."""
        now = self._now()
        if self.scan_ns > now:
            return
        if self._bar_span_ns:
            self.scan_ns = now + self._bar_span_ns
            return
        working = self.consolidator.working_data
        end = 0 if working is None else self.zone.to_utc_ns(working.end_local_ns)
        self.scan_ns = end if end > now else now + self._minimum_ns

    def _on_bar(self, sender: Any, bar: BaseData) -> None:
        if not self._bar_span_ns:
            self._bar_span_ns = max(bar.end_local_ns - bar.time_local_ns, self._minimum_ns)
        self.scan_ns = self.zone.to_utc_ns(bar.end_local_ns) + self._bar_span_ns

    def release(self) -> None:
        """Stop listening."""
        self.is_removed = True
        self.consolidator.data_consolidated -= self._on_bar


class ConsolidatorBoard:
    """All consolidators of the run."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._by_config: dict[int, list[Any]] = {}
        self._entries: dict[int, ConsolidatorEntry] = {}
        self._new: list[ConsolidatorEntry] = []
        self._heap: list[tuple[int, int, ConsolidatorEntry]] = []
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(
        self, configs: list[SubscriptionConfig], symbol: Symbol, consolidator: Any, tick_type: TickType | None
    ) -> None:
        """Feed a consolidator from the first subscription of a symbol whose data it takes.

        Raises:
            UsageError: no subscription of the symbol has such data.
        """
        if id(consolidator) in self._entries:
            return
        for config in configs:
            if config.symbol == symbol and _accepts(config, consolidator, tick_type):
                self._by_config.setdefault(id(config), []).append(consolidator)
                self._count += 1
                zone = config.hours.exchange_zone
                entry = ConsolidatorEntry(consolidator, config.resolution.period_ns, zone, self._count, self._now)
                self._entries[id(consolidator)] = entry
                self._new.append(entry)
                return
        raise UsageError(
            f"no subscription of {symbol} has the data that {type(consolidator).__name__} takes; "
            "subscribe to the symbol first, with a resolution that gives such data"
        )

    def remove(self, consolidator: Any) -> None:
        """Stop feeding a consolidator."""
        for consolidators in self._by_config.values():
            if consolidator in consolidators:
                consolidators.remove(consolidator)
        entry = self._entries.pop(id(consolidator), None)
        if entry is not None:
            entry.release()

    def update(self, config: SubscriptionConfig, points: list[BaseData]) -> None:
        """Feed one subscription's new data to its consolidators."""
        consolidators = self._by_config.get(id(config))
        if not consolidators:
            return
        local_ns = config.hours.exchange_zone.to_local_ns(self._now())
        for consolidator in list(consolidators):
            for point in points:
                consolidator.update(point)
            consolidator.scan(local_ns)

    def next_scan_ns(self) -> int:
        """Return the moment of the next look; only a lower bound."""
        if self._new:
            return 0
        return self._heap[0][0] if self._heap else (1 << 63) - 1

    def scan_past(self, time_ns: int, set_time: Callable[[int], None]) -> None:
        """Make the looks that lie strictly before a new time step."""
        for entry in self._new:
            entry.plan()
            heapq.heappush(self._heap, (entry.scan_ns, entry.number, entry))
        self._new.clear()
        while self._heap and self._heap[0][0] < time_ns:
            planned_ns, _, entry = heapq.heappop(self._heap)
            if entry.is_removed:
                continue
            if planned_ns != self._now():
                set_time(planned_ns)
            if entry.scan_ns <= planned_ns:
                entry.scan()
            heapq.heappush(self._heap, (entry.scan_ns, entry.number, entry))


def _accepts(config: SubscriptionConfig, consolidator: Any, tick_type: TickType | None) -> bool:
    """Tell whether a subscription's data fit a consolidator, and the asked-for kind when one was named."""
    if tick_type is not None and config.is_quote is not (tick_type is TickType.QUOTE):
        return False
    return bool(issubclass(config.data_class, consolidator.input_type)) and consolidator.accepts_quotes(config.is_quote)
