"""The way of ticks into the engine: aggregator, data queue, and what the composer knows of them."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta, timezone
from typing import Any

from lean_engine.data import Tick
from lean_engine.market import Symbol


def utc_now() -> datetime:
    """Return the engine's clock, as .NET gives it: naive, UTC."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def rounded(moment_ns: int) -> datetime:
    """Return a moment of .NET's as LEAN's bridge gives it to Python: to the nearest microsecond, so it may read later than it is."""
    microseconds = (moment_ns + 500) // 1_000
    return datetime(1970, 1, 1) + timedelta(microseconds=microseconds)


def aware(moment: datetime) -> datetime:
    """Return a moment as LEAN's bridge hands those in UTC to Python: with their zone."""
    return moment.replace(tzinfo=timezone.utc)


class AggregationManager:
    """Queues of the subscriptions; a tick of a symbol that nobody subscribed to is lost without a word."""

    def __init__(self) -> None:
        self._queues: dict[Symbol, deque[Tick]] = {}
        self._arrived = threading.Event()
        self._lock = threading.Lock()

    def Update(self, tick: Tick) -> None:  # noqa: N802
        """Take a tick in, from any thread."""
        queue = self._queues.get(tick.symbol)
        if queue is not None:
            with self._lock:
                queue.append(tick)
            self._arrived.set()

    update = Update

    def subscribe(self, symbol: Symbol) -> None:
        self._queues.setdefault(symbol, deque())

    def take(self, now: datetime) -> list[Tick]:
        """Return all ticks that are due: a queue whose first tick is ahead of the clock holds what is behind it too."""
        due = []
        with self._lock:
            for queue in self._queues.values():
                while queue and queue[0].time <= now:
                    due.append(queue.popleft())
        return due

    def wait(self, seconds: float) -> None:
        """Wait until something comes, or the time is over. A tick that is held wakes nobody a second time."""
        self._arrived.wait(seconds)
        self._arrived.clear()

    def wake(self) -> None:
        self._arrived.set()


class FakeDataQueue:
    """A data queue. Left as it is it sends half a million points a second; the double counts that as a mistake."""

    def __init__(self, aggregator: AggregationManager, data_points_per_second_per_symbol: int = 500_000) -> None:
        self.aggregator = aggregator
        self.rate = data_points_per_second_per_symbol


FakeDataQueue.__module__ = "QuantConnect.Lean.Engine.DataFeeds.Queues"


class _ByType:
    """A generic method: `Composer.Instance.AddPart[IDataQueueHandler](part)`."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __getitem__(self, kind: Any) -> Any:
        return lambda *arguments: self._function(kind, *arguments)


class Composer:
    """The engine's parts by their type's name."""

    Instance: Any = None

    def __init__(self) -> None:
        self.aggregator = AggregationManager()
        self.queues: list[FakeDataQueue] = []
        self.GetExportedValueByTypeName = _ByType(self._by_name)
        self.AddPart = _ByType(self._add)

    def _by_name(self, kind: Any, name: str) -> Any:
        if name != "AggregationManager":
            raise ValueError(f"Unable to locate any exports matching the requested typeName: {name}")
        return self.aggregator

    def _add(self, kind: Any, part: Any) -> None:
        self.queues.append(part)

    @property
    def data_queue(self) -> FakeDataQueue:
        """The queue that the data feed takes: the one registered first."""
        if not self.queues:
            self.queues.append(FakeDataQueue(self.aggregator))
        return self.queues[0]


Composer.Instance = Composer()


class IDataAggregator:
    """QuantConnect.Data.IDataAggregator."""


class IDataQueueHandler:
    """QuantConnect.Interfaces.IDataQueueHandler."""
