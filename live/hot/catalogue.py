"""Everything the telemetry page counts, measures and is told: one catalogue for the page, the exporter and the
documentation.

The position of a member is its place in the page, so members are only ever appended; a change of the order, or a
removal, raises PAGE_VERSION in live/hot/page_layout.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum, IntFlag, StrEnum
from typing import NamedTuple

METRIC_PREFIX = "lean_live_"


class ControlBit(IntFlag):
    """Bits of the control word: what a reader of the page may ask of the strategy's process."""

    KILL = 1
    PAUSE = 2
    REDUCE_ONLY = 4


class RunPhase(IntEnum):
    """Where a run is: values of the gauge `run_phase`. Numbers never change."""

    STARTING = 0
    WARMING_UP = 1
    REHEARSING = 2
    READY = 3
    RUNNING = 4
    PAUSED = 5
    COMPLETED = 6
    INTERRUPTED = 7
    FAILED = 8

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self >= RunPhase.COMPLETED


class WarmState(IntEnum):
    """How far the path from tick to order is warm: values of the gauge `warm_state`."""

    STARTING = 0
    WARMING = 1
    REHEARSING = 2
    READY = 3


class FeedPhase(IntEnum):
    """Where a live feed is: values of the gauge `feed_phase`; NONE for a run on recorded data."""

    NONE = 0
    CONNECTING = 1
    RUNNING = 2
    PAUSED = 3
    HALTED = 4
    ENDED = 5


class PageText(IntEnum):
    """Texts of the page, each in a record of its own."""

    ALGORITHM = 0
    SOURCE = 1
    REASON = 2
    FEED_REASON = 3


class MetricKind(StrEnum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """How something is exported.

    Attributes:
        name: without the prefix.
        labels: labels whose value is fixed, as (name, value).
        help: what it means.
        kind: what it is to Prometheus.
        label_names: labels whose values come with the samples.
    """

    name: str
    labels: tuple[tuple[str, str], ...]
    help: str
    kind: MetricKind = MetricKind.GAUGE
    label_names: tuple[str, ...] = ()

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
        member.metric = Metric(base, tuple((key, label) for key, label in pairs), help, cls._kind())
        return member

    @classmethod
    def _kind(cls) -> MetricKind:
        raise NotImplementedError


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
    TICKS_DROPPED_LATE = 27, "ticks_dropped_total{reason=late}", "Ticks that did not reach the strategy."
    TICKS_DROPPED_SUSPICIOUS = 28, "ticks_dropped_total{reason=suspicious}", "Ticks that did not reach the strategy."
    STEPS = 29, "steps_total", "Time steps of the run."
    CALLS_ON_DATA = 30, "calls_total{callback=on_data}", "Calls of the strategy."
    CALLS_ON_TICK = 31, "calls_total{callback=on_tick}", "Calls of the strategy."
    FEED_CONNECTIONS = 32, "feed_connections_total", "Connections on which the feed's other side answered."
    FEED_SESSIONS = 33, "feed_sessions_total", "Sessions of the feed; sequence numbers begin anew with each."
    FEED_FRAMES = 34, "feed_frames_total", "Frames and messages of the feed."
    FEED_BYTES = 35, "feed_received_bytes_total", "Bytes received from the feed."
    FEED_TICKS = 36, "feed_ticks_total", "Ticks of the feed that were put into a queue."
    FEED_TICKS_IGNORED = 37, "feed_ticks_ignored_total", "Ticks of channels that nobody subscribed to."
    FEED_TICKS_DUPLICATE = 38, "feed_ticks_duplicate_total", "Ticks left out since they had come before."
    FEED_TICKS_MISSING = 39, "feed_ticks_missing_total", "Ticks whose sequence numbers were skipped."
    FEED_RECEIVE_PAUSES = 40, "feed_receive_pauses_total", "Times that receiving stopped since a queue was full."
    FEED_PAUSES = 41, "feed_pauses_total", "Times that the feed paused because of a fault."
    FEED_FAULTS_GAP = 42, "feed_faults_total{kind=gap}", "Faults of the feed by kind."
    FEED_FAULTS_SILENCE = 43, "feed_faults_total{kind=silence}", "Faults of the feed by kind."
    FEED_FAULTS_DISCONNECT = 44, "feed_faults_total{kind=disconnect}", "Faults of the feed by kind."
    FEED_FAULTS_CONNECT = 45, "feed_faults_total{kind=connect_failure}", "Faults of the feed by kind."
    FEED_FAULTS_REFUSAL = 46, "feed_faults_total{kind=refusal}", "Faults of the feed by kind."
    FEED_FAULTS_MALFORMED = 47, "feed_faults_total{kind=malformed}", "Faults of the feed by kind."
    FEED_FAULTS_OVERSIZE = 48, "feed_faults_total{kind=oversize}", "Faults of the feed by kind."
    FEED_FAULTS_CLOCK_STEP = 49, "feed_faults_total{kind=clock_step}", "Faults of the feed by kind."
    FEED_TICKS_RESTAMPED = 50, "feed_ticks_restamped_total", "Ticks a little older than the run, which got its time."
    TICKS_DROPPED_AHEAD = 52, "ticks_dropped_total{reason=ahead}", "Ticks that did not reach the strategy."
    FEED_TICKS_OUTSIDE_SESSION = (
        51,
        "feed_ticks_outside_session_total",
        "Ticks left out since their market was closed, or in hours that the run did not ask for.",
    )
    FEED_RESUMES = 53, "feed_resumes_total", "Times that somebody asked to end a pause of the feed."
    ORDERS_UNGATED = (
        54,
        "orders_ungated_total",
        "Orders, and changes of orders, that LEAN has and that never passed the risk gate.",
    )
    ORDERS_EXEMPT_LIQUIDATION = (
        55,
        "orders_exempt_total{kind=liquidation}",
        "Orders that the risk gate let through unjudged.",
    )
    ORDERS_EXEMPT_COMBO = 56, "orders_exempt_total{kind=combo}", "Orders that the risk gate let through unjudged."
    ORDERS_EXEMPT_EXERCISE = 57, "orders_exempt_total{kind=exercise}", "Orders that the risk gate let through unjudged."
    ORDERS_MADE_ASYNCHRONOUS = 58, "orders_made_asynchronous_total", "Orders that would have waited for their fill."
    WARM_BEATS = 59, "warm_beats_total", "Beats on the dummy symbol that keep the way of ticks and orders warm."
    FEED_TICKS_BEFORE_START = 60, "feed_ticks_before_start_total", "Ticks left out since they are older than the run."

    @classmethod
    def _kind(cls) -> MetricKind:
        return MetricKind.COUNTER


class Gauge(_CatalogueEnum):
    """Newest values, one 64-bit real each."""

    SYMBOLS = 0, "symbols", "Symbols subscribed to."
    WARM_STATE = 1, "warm_state", "Warm-up: 0 starting, 1 warming, 2 rehearsing, 3 ready."
    CPU_AFFINITY_STRATEGY = (
        2,
        "cpu_affinity_ok{thread=strategy}",
        "Whether the thread is pinned as configured; NaN when no cores are configured.",
    )
    CPU_AFFINITY_FEEDER = (
        3,
        "cpu_affinity_ok{thread=feeder}",
        "Whether the thread is pinned as configured; NaN when no cores are configured.",
    )
    RESIDENT_MEMORY_PEAK = 4, "resident_memory_peak_bytes", "Largest resident memory of the strategy's process."
    RUN_PHASE = (
        5,
        "run_phase",
        "Where the run is: 0 starting, 1 warming up, 2 rehearsing, 3 ready, 4 running, 5 paused, 6 completed, "
        "7 interrupted, 8 failed.",
    )
    FEED_PHASE = 6, "feed_phase", "Where the feed is: 0 no feed, 1 connecting, 2 running, 3 paused, 4 halted, 5 ended."
    FEED_RECEIVED = 7, "feed_received_timestamp_seconds", "When something last came from the feed, since 1970 UTC."
    PROGRESS = 8, "progress_ratio", "Share of recorded data that has been played, 0 to 1; NaN when unknown."
    RESIDENT_MEMORY = 9, "resident_memory_bytes", "Resident memory of the strategy's process."
    PUBLISHED = 10, "published_timestamp_seconds", "When the page was last brought up to date, since 1970 UTC."
    LANE_WAITING = 11, "lane_orders_waiting", "Orders that wait in the lane to be handed to LEAN."
    REHEARSAL_TICK_P99 = (
        13,
        "rehearsal_tick_p99_seconds",
        "p99 from feeding a synthetic tick to its slice, last round of the rehearsal.",
    )
    REHEARSAL_ORDER_P99 = 14, "rehearsal_order_p99_seconds", "p99 of the way of an order, last round of the rehearsal."
    KEEP_WARM_CPU = 12, "keep_warm_cpu_ratio", "Share of a core that the thread of the keep-warm beat takes."

    @classmethod
    def _kind(cls) -> MetricKind:
        return MetricKind.GAUGE


class Stage(_CatalogueEnum):
    """Spans of time that are measured, one histogram each."""

    FEED_DELAY = (
        0,
        "feed_delay_seconds",
        "Exchange time of a tick to its receipt; in sessions that play the past, its sending to its receipt.",
    )
    TICK_TO_DECISION = 1, "tick_to_decision_seconds", "Receipt of a tick to the strategy's return."
    DECISION = 2, "decision_seconds", "Entry of the strategy to its return, sampled."
    TICK_TO_ORDER = 3, "tick_to_order_seconds", "Receipt of a tick to the acceptance of an order."
    ORDER_ACK = 4, "order_ack_seconds", "Order handed over to its acknowledgement."
    GC_PAUSE_PYTHON = 5, "gc_pause_seconds{runtime=python}", "Pauses of the garbage collector."
    GC_PAUSE_DOTNET = 6, "gc_pause_seconds{runtime=dotnet}", "Pauses of the garbage collector."
    TICK_TO_STRATEGY = 7, "tick_to_strategy_seconds", "Receipt of a tick to the entry of the strategy, sampled."
    TICK_TO_HANDOVER = (
        8,
        "tick_to_handover_seconds",
        "Receipt of a tick to the strategy's handing over of an order, refused ones too.",
    )

    @classmethod
    def _kind(cls) -> MetricKind:
        return MetricKind.HISTOGRAM


def _counter(name: str, help: str, *label_names: str) -> Metric:
    return Metric(name, (), help, MetricKind.COUNTER, label_names)


def _gauge(name: str, help: str, *label_names: str) -> Metric:
    return Metric(name, (), help, MetricKind.GAUGE, label_names)


ORDER_DENIALS = _counter("order_denials_total", "Orders that the risk gate refused.", "code")
DATA_TIME = _gauge("data_timestamp_seconds", "Moment of the newest data, since 1970 UTC.")
EQUITY = _gauge("equity", "Total value of the account.", "currency")
STARTING_EQUITY = _gauge("starting_equity", "Value of the account when the run began.", "currency")
FEES = _gauge("fees", "Sum of all fees.", "currency")
ORDERS_OPEN = _gauge("orders_open", "Orders that may still fill.")
POSITIONS = _gauge("positions", "Holdings that are not flat.")
POSITION_QUANTITY = _gauge("position_quantity", "Signed quantity held.", "symbol")
POSITION_PROFIT = _gauge(
    "position_unrealized_profit", "Gain of closing a holding at the touch, before fees.", "symbol", "currency"
)
ACCOUNT_METRICS = (
    DATA_TIME,
    EQUITY,
    STARTING_EQUITY,
    FEES,
    ORDERS_OPEN,
    POSITIONS,
    POSITION_QUANTITY,
    POSITION_PROFIT,
)
"""What the page has in records of account and positions."""

FEED_AGE = _gauge("feed_age_seconds", "Time since the last tick of a symbol.", "symbol")
FEED_SYMBOL_TICKS = _counter("feed_symbol_ticks_total", "Ticks of a symbol.", "symbol")
FEED_PRICE_AGE = _gauge("feed_price_age_seconds", "Time since a symbol's price last changed.", "symbol")
FEED_METRICS = (FEED_AGE, FEED_SYMBOL_TICKS, FEED_PRICE_AGE)
"""What the page has of single symbols: those of `[telemetry] symbols`, or the first ones of the run."""

BUILD_INFO = _gauge(
    "build_info", "Always 1; labels say which program plays the run, and on what: replay or feed.", "version", "mode"
)
RUN_ALIVE = _gauge("run_alive", "1 while the run's process lives, 0 when it is gone and the run had not ended.")
PAGE_AGE = _gauge("page_age_seconds", "Time since the run brought its telemetry page up to date.")
CONTROL = _gauge("control", "Whether a bit of the control word is set: kill, pause or reduce_only.", "bit")
JOURNAL_LAG = _gauge("journal_lag_records", "Records of the event ring that the sidecar has yet to take.")
WORST_TICK = _gauge(
    "worst_tick_to_decision_seconds", "The slowest decisions of the run, slowest first.", "rank", "symbol"
)
WORST_TICK_TIME = _gauge(
    "worst_tick_timestamp_seconds",
    "Moment of the data of each of the slowest decisions, since 1970 UTC.",
    "rank",
    "symbol",
)
CPU_SECONDS = _counter("cpu_seconds_total", "Processor time of the strategy's process, by mode.", "mode")
CPU_STEAL = _counter(
    "cpu_steal_seconds_total",
    "Time that a hypervisor kept from each core that the strategy's process may use.",
    "core",
)
CONTEXT_SWITCHES = _counter("context_switches_total", "Times that the strategy's process gave up a core.", "kind")
PAGE_FAULTS = _counter("page_faults_total", "Page faults of the strategy's process.", "kind")
THREADS = _gauge("threads", "Threads of the strategy's process.")
RUN_METRICS = (
    BUILD_INFO,
    RUN_ALIVE,
    PAGE_AGE,
    CONTROL,
    JOURNAL_LAG,
    WORST_TICK,
    WORST_TICK_TIME,
    CPU_SECONDS,
    CPU_STEAL,
    CONTEXT_SWITCHES,
    PAGE_FAULTS,
    THREADS,
)
"""What the sidecar finds out about a run from its page's header and from its process."""

FEED_AGE_LIMIT = _gauge("feed_age_limit_seconds", "Age from which the watchdog calls a symbol silent.", "symbol")
FEED_SILENT = _gauge("feed_silent", "Whether a symbol is silent: older than its limit while a feed runs.", "symbol")
FEED_FROZEN = _gauge("feed_frozen", "Whether a symbol's ticks keep coming with the same price.", "symbol")
WATCHDOG_PAUSES = _counter("watchdog_pauses_total", "Times that the watchdog set the control word PAUSE.", "reason")
WATCHDOG_METRICS = (FEED_AGE_LIMIT, FEED_SILENT, FEED_FROZEN, WATCHDOG_PAUSES)
"""What the feed watchdog says."""

ANALYTICS_VALUE = _gauge("analytics_value", "Newest result of an analytics task.", "task", "value")
ANALYTICS_RUNS = _counter(
    "analytics_runs_total",
    "Times that an analytics task was due, by outcome: ok, failed, timeout, skipped.",
    "task",
    "outcome",
)
ANALYTICS_DURATION = _gauge("analytics_duration_seconds", "How long an analytics task took last.", "task")
ANALYTICS_STOPPED = _gauge(
    "analytics_stopped", "1 once an analytics task is begun no more, since its calls did not come to an end.", "task"
)
ANALYTICS_METRICS = (ANALYTICS_VALUE, ANALYTICS_RUNS, ANALYTICS_DURATION, ANALYTICS_STOPPED)
"""What analytics tasks give."""

SIDECAR_INFO = _gauge("sidecar_info", "Always 1; its label says the program's version.", "version")
SIDECAR_RUNS = _gauge("sidecar_runs", "Runs whose page the sidecar has open.")
SIDECAR_PAGE_FAULTS = _counter("sidecar_page_faults_total", "Telemetry pages that could not be used.", "reason")
SIDECAR_EVENTS = _counter("sidecar_events_total", "Records taken from event rings.")
SIDECAR_SCRAPES = _counter(
    "sidecar_scrapes_total",
    "Requests to the sidecar, by outcome: ok, denied and busy for metrics; slow, idle and malformed cost a connection.",
    "outcome",
)
SIDECAR_LOOP_LAG = _gauge("sidecar_loop_lag_seconds", "Largest delay of the sidecar's event loop in the last 30 s.")
SIDECAR_AFFINITY = _gauge(
    "sidecar_cpu_affinity_ok", "Whether the sidecar is pinned as configured; absent without cores."
)
SIDECAR_MEMORY = _gauge("sidecar_resident_memory_bytes", "Resident memory of the sidecar.")
SIDECAR_CPU = _counter("sidecar_cpu_seconds_total", "Processor time of the sidecar.")
SIDECAR_PART_FAILURES = _counter(
    "sidecar_part_failures_total", "Times that a piece of the sidecar failed and was begun anew, or left out.", "task"
)
CLOCK_OFFSET = _gauge("clock_offset_seconds", "How far the wall clock has run away from the monotonic clock.")
CLOCK_STEPS = _counter("clock_steps_total", "Steps of this machine's wall clock.")
SIDECAR_METRICS = (
    SIDECAR_INFO,
    SIDECAR_RUNS,
    SIDECAR_PAGE_FAULTS,
    SIDECAR_EVENTS,
    SIDECAR_SCRAPES,
    SIDECAR_LOOP_LAG,
    SIDECAR_AFFINITY,
    SIDECAR_MEMORY,
    SIDECAR_CPU,
    SIDECAR_PART_FAILURES,
    CLOCK_OFFSET,
    CLOCK_STEPS,
)
"""What the sidecar says of itself and of the machine; without labels of a run."""

RUN_LABELS = ("run", "algorithm")
"""Labels of every metric but SIDECAR_METRICS."""


def page_metrics() -> Iterator[Metric]:
    """Yield what the page has of a run and what its header and process tell, with fixed labels once for each of them."""
    for member in (*Counter, *Gauge, *Stage):
        yield member.metric
    yield ORDER_DENIALS
    for group in (ACCOUNT_METRICS, FEED_METRICS, RUN_METRICS):
        yield from group


def run_metrics() -> Iterator[Metric]:
    """Yield every metric with the labels of a run, those of the watchdog and of analytics among them."""
    yield from page_metrics()
    yield from WATCHDOG_METRICS
    yield from ANALYTICS_METRICS


def all_metrics() -> Iterator[Metric]:
    """Yield every metric of the catalogue."""
    yield from run_metrics()
    yield from SIDECAR_METRICS
