"""The plain values that pass between a command, a run and its reports.

These types hold no behaviour beyond sums over their own fields, so that the engine, the progress bar, the summary and
the result files share them without knowing one another. Times are integer nanoseconds, money is decimal in the
account's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from live.config import Config
from live.hot.catalogue import Stage

if TYPE_CHECKING:
    from live.hot.histogram import Histogram


@dataclass(frozen=True, slots=True)
class DryRunRequest:
    """What `lean-live dry-run` was asked to do.

    Attributes:
        algorithm: the user's file.
        class_name: the class to run; None when the file has exactly one.
        data_folder: the folder named by the user; None to look for one.
        parameters: values for `get_parameter`.
        config: limits and settings, from live.toml or the defaults.
        results_folder: folder in which the run's own folder is made.
        working_folder: folder from which data are looked for.
        feed: address of a feed that the ticks come from; None plays the data folder.
        bounds_ns: durations of stages that service-level objectives ask about, counted exactly, in nanoseconds.
        raw_prices: prices of equities as they were traded, as in a live run, instead of adjusted for later events.
    """

    algorithm: Path
    results_folder: Path
    class_name: str | None = None
    data_folder: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    config: Config = field(default_factory=Config)
    working_folder: Path = field(default_factory=Path.cwd)
    feed: str | None = None
    bounds_ns: Mapping[Stage, tuple[int, ...]] = field(default_factory=dict)
    raw_prices: bool = False


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where the market data of a run came from, and in words how they were found."""

    path: Path
    how: str
    is_sample: bool


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """A distribution of durations in nanoseconds; all zero when nothing was measured."""

    count: int = 0
    p50_ns: int = 0
    p99_ns: int = 0
    p999_ns: int = 0
    max_ns: int = 0

    @classmethod
    def of(cls, histogram: Histogram) -> LatencySummary:
        """Return the quantiles of a histogram."""
        if histogram.count == 0:
            return cls()
        quantile = histogram.quantile
        return cls(histogram.count, quantile(0.5), quantile(0.99), quantile(0.999), histogram.max_ns)


@dataclass(frozen=True, slots=True)
class HistogramDump:
    """All non-empty buckets of a histogram: (inclusive upper bound in ns, samples in the bucket), bounds rising."""

    count: int
    sum_ns: int
    max_ns: int
    buckets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Position:
    """A holding at the end of a run; prices in the security's quote currency."""

    symbol: str
    quantity: Decimal
    average_price: Decimal
    market_price: Decimal
    unrealized_profit: Decimal


@dataclass(frozen=True, slots=True)
class PythonCollections:
    """Pauses of Python's garbage collector while the session ran, and the number of collections of each generation."""

    pauses: LatencySummary = field(default_factory=LatencySummary)
    collections: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was done before the first tick of a feed, and what it brought; durations of the first and the last round.

    Attributes:
        ticks: synthetic ticks that were played.
        orders: synthetic orders that were filled, in an account of their own.
        seconds: how long it took.
        has_settled: whether the last rounds were alike; otherwise the time ran out.
        decision_first: tick to decision at first.
        decision_last: tick to decision at last.
        order_first: tick to order at first.
        order_last: tick to order at last.
        frozen_objects: objects that the garbage collector leaves alone from then on.
    """

    ticks: int
    orders: int
    seconds: float
    has_settled: bool
    decision_first: LatencySummary
    decision_last: LatencySummary
    order_first: LatencySummary
    order_last: LatencySummary
    frozen_objects: int


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A change of a feed's state: when, on the wall clock and on the session's, to which state, and why.

    The session's time is None before it was known.
    """

    wall_ns: int
    time_ns: int | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What became of a run's feed.

    Attributes:
        address: where it came from.
        state: its state at the end.
        reason: what brought it there.
        counters: everything that was counted, by name; docs/feed.md says what each means.
        events: changes of state, the first ones.
        events_beyond: later ones, which were not kept.
        rehearsal: how the run was made ready; None when it did not get that far.
    """

    address: str
    state: str
    reason: str
    counters: Mapping[str, int]
    events: tuple[FeedEvent, ...]
    events_beyond: int
    rehearsal: Rehearsal | None


@dataclass(frozen=True, slots=True)
class EventComparison:
    """Order events of a run in LEAN against those of the embedded engine on the same session.

    They are compared order by order, without their moments: a live run has the time of the clock.

    Attributes:
        other: where the other run's results are.
        here: order events of this run.
        there: order events of the other run.
        equal: orders of which the two say the same.
        priced_otherwise: orders that differ in prices and fees of fills alone.
        different: all other orders, those included that one of the runs does not have.
        difference: in words the first difference of the different ones, or else in a price; "" when there is none.
    """

    other: Path
    here: int
    there: int
    equal: int
    priced_otherwise: int
    different: int
    difference: str


@dataclass(frozen=True, slots=True)
class EngineOutcome:
    """The engine that a run was made in, when it was not the embedded one.

    Attributes:
        name: with its version.
        files: where its own files and its log are, within the folder of results.
        ending: how its process ended.
        comparison: with the embedded engine, None when there is none.
    """

    name: str
    files: Path
    ending: str
    comparison: EventComparison | None = None


class RunState(Enum):
    """How a run ended."""

    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run did not complete.

    Attributes:
        type: name of the error's class.
        message: one line.
        exit_code: what the command ends with.
        notes: what went wrong after it, one line each.
    """

    type: str
    message: str
    exit_code: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a finished run came to.

    Attributes:
        algorithm: name of the class that ran.
        algorithm_path: the user's file.
        data: where the market data came from.
        session_start_ns: first instant of the run, UTC.
        session_end_ns: last instant that was processed, UTC.
        wall_seconds: duration of the run by the wall clock, loading not included.
        ticks: ticks delivered, by kind ("trade", "quote").
        bars: bars delivered, by kind ("trade", "quote"), repeats included.
        calls: calls of the user's methods, by name ("on_data", "on_tick", "on_order_event").
        orders: orders by their status at the end ("Filled", "Canceled", ...), as LEAN names it.
        denials: orders that the risk gate refused, by code name.
        currency: the account's currency; fees and equity are in it.
        fees: sum of all fees.
        starting_equity: total portfolio value at the start.
        equity: total portfolio value at the end.
        positions: holdings that are not flat.
        tick_to_decision: from the receipt of a time step's data to the return of the user's callback.
        tick_to_order: from the receipt of a time step's data to the acceptance of an order.
        python_gc: pauses of the garbage collector.
        ticks_dropped: ticks that were thrown away, by reason.
        ticks_conflated: ticks merged into a later one because the algorithm asked for that.
        resident_memory_peak_bytes: largest resident size of the process.
        is_compiled: whether the hot path ran compiled.
        log_lines_dropped: log lines over the rate or size limit.
        order_event_count: order events, the ones beyond the file's cap included; filled in when the result files are
            written.
        order_events_sha256: digest of the order events; filled in when the result files are written.
        statistics: values set by `set_summary_statistic`.
        quit_message: text given to `quit`; None when the data came to their end.
        results_folder: where the result files are; filled in when the result files are written.
        report: the page about the run; filled in when it is written.
        state: how the run ended.
        error: why it did not complete.
        warnings: what the user should know about a run all the same, one line each.
        feed: what became of the feed, None for a run on a data folder.
        cores: processor cores that the run was kept on, as read back from the system; empty when it was not pinned.
        engine: the engine that it was made in, None for the embedded one.
    """

    algorithm: str
    algorithm_path: Path
    data: DataSource
    session_start_ns: int
    session_end_ns: int
    wall_seconds: float
    ticks: Mapping[str, int]
    bars: Mapping[str, int]
    calls: Mapping[str, int]
    orders: Mapping[str, int]
    denials: Mapping[str, int]
    currency: str
    fees: Decimal
    starting_equity: Decimal
    equity: Decimal
    positions: tuple[Position, ...]
    tick_to_decision: LatencySummary
    tick_to_order: LatencySummary
    python_gc: PythonCollections
    ticks_dropped: Mapping[str, int]
    ticks_conflated: int
    resident_memory_peak_bytes: int
    is_compiled: bool
    log_lines_dropped: int = 0
    order_event_count: int = 0
    order_events_sha256: str = ""
    statistics: Mapping[str, str] = field(default_factory=dict)
    quit_message: str | None = None
    results_folder: Path | None = None
    report: Path | None = None
    state: RunState = RunState.COMPLETED
    error: RunError | None = None
    warnings: tuple[str, ...] = ()
    feed: FeedOutcome | None = None
    cores: tuple[int, ...] = ()
    engine: EngineOutcome | None = None

    @property
    def tick_count(self) -> int:
        """Ticks of all kinds."""
        return sum(self.ticks.values())

    @property
    def ticks_per_second(self) -> float:
        """Ticks per second of wall time; 0 for a run too short to tell."""
        return self.tick_count / self.wall_seconds if self.wall_seconds > 0 else 0.0


@dataclass(slots=True)
class Progress:
    """How far a run is. The engine fills one object again and again; a sink reads it during `update` and keeps nothing.

    Attributes:
        processed: units of data behind us, at most `total`.
        total: units of data in all (bytes of rows); 0 when unknown.
        time_ns: the session's clock, UTC.
        ticks: ticks delivered so far.
        p50_ns: running median of tick to decision.
        p99_ns: running 99th percentile of tick to decision.
        orders: orders so far.
        equity: total portfolio value.
        currency: the account's currency.
        feed_state: state of the feed, "" without one.
    """

    processed: int = 0
    total: int = 0
    time_ns: int = 0
    ticks: int = 0
    p50_ns: int = 0
    p99_ns: int = 0
    orders: int = 0
    equity: float = 0.0
    currency: str = "USD"
    feed_state: str = ""

    @property
    def fraction(self) -> float:
        """Share of the session that is done, from 0 to 1."""
        return min(self.processed / self.total, 1.0) if self.total > 0 else 0.0


class ProgressSink(Protocol):
    """Something that shows progress. It limits its own refresh rate: calling it too often costs one reading of the
    clock."""

    def begin(self, title: str, data: DataSource) -> None:
        """Start: the algorithm's name, and which data will be played."""

    def update(self, progress: Progress) -> None:
        """Show the state of the run; called every few thousand ticks, or several times a second on a feed."""

    def note(self, text: str) -> None:
        """Show a line that stays."""

    def ready(self, rehearsal: Rehearsal, cores: tuple[int, ...]) -> None:
        """Show that a run on a feed is ready for its first tick, with what made it so and the cores it is kept on."""

    def end(self) -> None:
        """Stop and leave the screen in order; called exactly once, after a failure too."""
