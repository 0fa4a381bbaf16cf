"""What a session keeps of its strategy: order events and log lines, in lists."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from live.algorithm.orders import OrderEvent
from live.clock import ns_to_datetime


class LogLine(NamedTuple):
    """A line of the log: when it was written on the strategy's clock, "log", "debug" or "error", and its text.

    The time is None for a line from before the strategy has set its dates.
    """

    time: datetime | None
    level: str
    text: str


class SessionRecords:
    """Takes the order events and log lines of one session."""

    def __init__(self) -> None:
        self.events: list[OrderEvent] = []
        self.lines: list[LogLine] = []

    def order_event(self, event: OrderEvent) -> None:
        """Keep an order event."""
        self.events.append(event)

    def write(self, local_ns: int | None, level: str, text: str) -> None:
        """Keep a log line with the time on the strategy's clock, None before there is one."""
        self.lines.append(LogLine(None if local_ns is None else ns_to_datetime(local_ns), level, text))
