"""Everything the telemetry page counts, measures and is told: one catalogue for the page, the exporter and the
documentation.

The position of a member is its place in the page, so members are only ever appended; a change of the order, or a
removal, raises PAGE_VERSION in live/hot/telemetry.py.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import NamedTuple

METRIC_PREFIX = "lean_live_"


class ControlBit(IntFlag):
    """Bits of the control word: what a reader of the page may ask of the strategy's process."""

    KILL = 1
    PAUSE = 2
    REDUCE_ONLY = 4


class Metric(NamedTuple):
    """How a field of the page is exported: name without prefix, labels as (name, value), help text."""

    name: str
    labels: tuple[tuple[str, str], ...]
    help: str

    @property
    def full_name(self) -> str:
        """The metric's name with the prefix."""
        return METRIC_PREFIX + self.name


class _CatalogueEnum(IntEnum):
    """An enum whose members carry their metric."""

    metric: Metric

    def __new__(cls, value: int, name: str, help: str) -> _CatalogueEnum:
        member = int.__new__(cls, value)
        member._value_ = value
        base, _brace, labels = name.partition("{")
        pairs = (pair.split("=") for pair in labels.rstrip("}").split(",") if pair)
        member.metric = Metric(base, tuple((key, label) for key, label in pairs), help)
        return member


class Counter(_CatalogueEnum):
    """Counts that only grow, one word each."""

    TICKS_TRADE = 0, "ticks_total{kind=trade}", "Ticks that reached the book."
    TICKS_QUOTE = 1, "ticks_total{kind=quote}", "Ticks that reached the book."
    TICKS_DROPPED_MALFORMED = 2, "ticks_dropped_total{reason=malformed}", "Ticks that did not reach the strategy."
    TICKS_DROPPED_STALE = 3, "ticks_dropped_total{reason=stale}", "Ticks that did not reach the strategy."
    TICKS_DROPPED_OUT_OF_ORDER = 4, "ticks_dropped_total{reason=out_of_order}", "Ticks that did not reach the strategy."
    TICKS_DROPPED_OVERLOAD = 5, "ticks_dropped_total{reason=overload}", "Ticks that did not reach the strategy."
    TICKS_CONFLATED = (
        6,
        "ticks_conflated_total",
        "Ticks replaced by a newer one of their symbol before the strategy saw them.",
    )
    BARS_TRADE = 7, "bars_total{kind=trade}", "Bars that reached the strategy."
    BARS_QUOTE = 8, "bars_total{kind=quote}", "Bars that reached the strategy."
    EVENTS = 9, "events_total", "Events handed to the event ring."
    ORDERS_SUBMITTED = 10, "orders_total{status=submitted}", "Order events by status."
    ORDERS_PARTIALLY_FILLED = 11, "orders_total{status=partially_filled}", "Order events by status."
    ORDERS_FILLED = 12, "orders_total{status=filled}", "Order events by status."
    ORDERS_CANCELED = 13, "orders_total{status=canceled}", "Order events by status."
    ORDERS_INVALID = 14, "orders_total{status=invalid}", "Order events by status."
    ORDERS_CANCEL_PENDING = 15, "orders_total{status=cancel_pending}", "Order events by status."
    ORDERS_UPDATE_SUBMITTED = 16, "orders_total{status=update_submitted}", "Order events by status."
    ORDERS_DENIED = 17, "orders_total{status=denied}", "Order events by status."
    ORDERS_UNKNOWN = 18, "orders_total{status=unknown}", "Order events by status."
    GC_PYTHON_0 = 19, "gc_collections_total{runtime=python,generation=0}", "Garbage collections."
    GC_PYTHON_1 = 20, "gc_collections_total{runtime=python,generation=1}", "Garbage collections."
    GC_PYTHON_2 = 21, "gc_collections_total{runtime=python,generation=2}", "Garbage collections."
    GC_DOTNET_0 = 22, "gc_collections_total{runtime=dotnet,generation=0}", "Garbage collections."
    GC_DOTNET_1 = 23, "gc_collections_total{runtime=dotnet,generation=1}", "Garbage collections."
    GC_DOTNET_2 = 24, "gc_collections_total{runtime=dotnet,generation=2}", "Garbage collections."
    TELEMETRY_LOST = 25, "telemetry_lost_total", "Events lost because the event ring was full."
    HISTORY_NANOSECONDS = 26, "history_seconds_total", "Time spent in history requests; the page counts nanoseconds."


class Gauge(_CatalogueEnum):
    """Newest values, one 64-bit real each."""

    SYMBOLS = 0, "symbols", "Symbols subscribed to."
    WARM_STATE = 1, "warm_state", "Warm-up: 0 starting, 1 warming, 2 rehearsing, 3 ready."
    CPU_AFFINITY_STRATEGY = 2, "cpu_affinity_ok{thread=strategy}", "Whether the thread is pinned as configured."
    CPU_AFFINITY_FEEDER = 3, "cpu_affinity_ok{thread=feeder}", "Whether the thread is pinned as configured."
    RESIDENT_MEMORY_PEAK = 4, "resident_memory_peak_bytes", "Largest resident memory of the strategy's process."
    JOURNAL_LAG = 5, "journal_lag_records", "Records that the journal has yet to write."
    CLOCK_OFFSET = 6, "clock_offset_seconds", "Offset of the wall clock from its reference."


class Stage(_CatalogueEnum):
    """Spans of time that are measured, one histogram each."""

    FEED_DELAY = 0, "feed_delay_seconds", "Exchange time of a tick to its receipt."
    TICK_TO_DECISION = 1, "tick_to_decision_seconds", "Receipt of a tick to the strategy's return."
    DECISION = 2, "decision_seconds", "Entry of the strategy to its return, sampled."
    TICK_TO_ORDER = 3, "tick_to_order_seconds", "Receipt of a tick to the acceptance of an order."
    ORDER_ACK = 4, "order_ack_seconds", "Order handed over to its acknowledgement."
    GC_PAUSE_PYTHON = 5, "gc_pause_seconds{runtime=python}", "Pauses of the garbage collector."
    GC_PAUSE_DOTNET = 6, "gc_pause_seconds{runtime=dotnet}", "Pauses of the garbage collector."
    TICK_TO_STRATEGY = 7, "tick_to_strategy_seconds", "Receipt of a tick to the entry of the strategy, sampled."
    TICK_TO_HANDOVER = 8, "tick_to_handover_seconds", "Receipt of a tick to the strategy's handing over of an order."


ORDER_DENIALS = Metric("order_denials_total", (), "Orders that the risk gate refused; label code.")
FEED_AGE = Metric("feed_age_seconds", (), "Time since the last tick of a symbol on the allow-list; label symbol.")
BUILD_INFO = Metric("build_info", (), "Always 1; labels say which run and version.")
