"""What was recorded of a run beside its result: the content of its files, written and read as it is defined here.

Moments named `time_ns` are of the data, in nanoseconds since 1970 UTC; `offset_ns` counts wall time from the start of the
run's loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from live.paper.run_model import HistogramDump

LATENCY_VERSION = 1
"""Raised when a member of latency.json changes its meaning or goes away."""
SYMBOLS_VERSION = 1
"""Raised when a member of symbols.json changes its meaning or goes away."""

Points = list[tuple[int, float]]
"""Moments and values of one quantity, earliest first."""


class Drawdown(Struct, frozen=True):
    """How far the equity fell below an earlier peak: as a share of it, in money, and when."""

    share: float = 0.0
    amount: float = 0.0
    time_ns: int = 0


class SymbolCurve(Struct, frozen=True):
    """Price and position of one security over time.

    Attributes:
        symbol: ticker.
        id: LEAN's security identifier.
        price: prices.
        position: quantities held, each until the next.
    """

    symbol: str
    id: str
    price: Points
    position: Points


class SymbolsFile(Struct, frozen=True):
    """Content of symbols.json."""

    version: int = SYMBOLS_VERSION
    drawdown: Drawdown = Drawdown()
    symbols: tuple[SymbolCurve, ...] = ()


class LatencyWindow(Struct, frozen=True):
    """Decisions that began within a span of wall time."""

    offset_ns: int
    decisions: int
    p50_ns: int
    p99_ns: int
    max_ns: int


class SlowStep(Struct, frozen=True):
    """One of the slowest decisions, and what happened in it.

    Attributes:
        kind: "tick", "slice" for a step of nothing but ticks, or "step" for a whole step.
        symbol: whose data; None for several.
        time_ns: moment of its data.
        offset_ns: when it began.
        took_ns: how long it took.
        gc_ns: time of the garbage collector in it.
        orders: orders accepted in it, or sent at its end.
        scheduled_events: whether scheduled events were due in it.
        page_faults: page faults of the thread in the last `counted_over_ns` up to its end.
        preemptions: times that the kernel took the core away in that time.
        counted_over_ns: that time.
        waited_ns: time at its beginning in which earlier decisions were made: it came together with their data.
    """

    kind: str
    symbol: str | None
    time_ns: int
    offset_ns: int
    took_ns: int
    gc_ns: int
    orders: int
    scheduled_events: bool
    page_faults: int
    preemptions: int
    counted_over_ns: int
    waited_ns: int


class GcPause(Struct, frozen=True):
    """A pause of Python's garbage collector."""

    offset_ns: int
    took_ns: int
    generation: int


class Stall(Struct, frozen=True):
    """A time between two decisions in which the loop had other work: `gc_ns` of it was the garbage collector's."""

    offset_ns: int
    took_ns: int
    gc_ns: int


class LatencyFile(Struct, frozen=True):
    """Content of latency.json.

    Attributes:
        version: LATENCY_VERSION.
        began_ns: wall clock at the loop's start, nanoseconds since 1970 UTC; 0 when it never started.
        window_ns: width of the windows.
        windows: those that hold decisions, earliest first.
        worst: the slowest decisions, slowest first.
        gc_pauses: the longest pauses, earliest first.
        gc_pauses_seen: how many there were.
        stalls: the longest stalls, earliest first.
        stalls_seen: how many there were.
        stall_ns: shortest time that counts as a stall.
        sampled_every: of so many ticks one was measured in stages.
    """

    version: int = LATENCY_VERSION
    began_ns: int = 0
    window_ns: int = 0
    windows: tuple[LatencyWindow, ...] = ()
    worst: tuple[SlowStep, ...] = ()
    gc_pauses: tuple[GcPause, ...] = ()
    gc_pauses_seen: int = 0
    stalls: tuple[Stall, ...] = ()
    stalls_seen: int = 0
    stall_ns: int = 0
    sampled_every: int = 1


@dataclass(frozen=True, slots=True)
class RunRecords:
    """Everything for the files of a run beside its summary.

    Attributes:
        histograms: by metric name, for example "tick_to_decision".
        series: plotted points, by chart and by name of the series.
        latency: decisions over time.
        symbols: prices and positions.
    """

    histograms: Mapping[str, HistogramDump] = field(default_factory=dict)
    series: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]] = field(default_factory=dict)
    latency: LatencyFile = field(default_factory=LatencyFile)
    symbols: SymbolsFile = field(default_factory=SymbolsFile)
