"""The samples of one run: what its telemetry page holds, and what is known of its process."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from live.clock import NANOSECONDS_PER_SECOND, ns_to_datetime, wall_ns
from live.hot.catalogue import (
    BUILD_INFO,
    CONTROL,
    DATA_TIME,
    EQUITY,
    FEED_AGE,
    FEED_PRICE_AGE,
    FEED_SYMBOL_TICKS,
    FEES,
    JOURNAL_LAG,
    ORDER_DENIALS,
    ORDERS_OPEN,
    PAGE_AGE,
    POSITION_PROFIT,
    POSITION_QUANTITY,
    POSITIONS,
    RUN_ALIVE,
    STARTING_EQUITY,
    WORST_TICK,
    WORST_TICK_TIME,
    ControlBit,
    Counter,
    FeedPhase,
    Gauge,
    Stage,
)
from live.hot.denials import DenialCode
from live.hot.page_tables import SlowDecision
from live.hot.telemetry_reader import TelemetryReader
from live.hot.telemetry_view import FeedRow, PageFault
from live.sidecar.attached import AttachedRun
from live.sidecar.histograms import cumulative_buckets
from live.sidecar.host_process import process_samples
from live.sidecar.samples import OTHER, BucketExemplar, HistogramSample, Sample

_INSTANTS = (Gauge.FEED_RECEIVED, Gauge.PUBLISHED)
_FEED_GOES_ON = (FeedPhase.CONNECTING, FeedPhase.RUNNING, FeedPhase.PAUSED)
_NO_TICKS_NOW = (FeedPhase.NONE, FeedPhase.ENDED)


def run_samples(run: AttachedRun) -> Iterator[Sample | HistogramSample]:
    """Yield what the page says of a run, and the system of its process.

    Parameters:
        run: the run.

    Raises:
        PageFault: the page was cut off or is garbled.
    """
    reader = run.reader
    is_alive = run.is_alive()
    has_ended = run.phase.is_over
    for counter in Counter:
        count = reader.counter(counter)
        is_time = counter is Counter.HISTORY_NANOSECONDS
        yield Sample(counter.metric, count / NANOSECONDS_PER_SECOND if is_time else count)
    for gauge in Gauge:
        value = reader.gauge(gauge)
        if gauge is Gauge.FEED_PHASE and has_ended and value in _FEED_GOES_ON:
            # A run that ends on its own leaves its feed as it was.
            value = FeedPhase.ENDED
        # An instant of 0 stands for never.
        if math.isfinite(value) and (value or gauge not in _INSTANTS):
            yield Sample(gauge.metric, value)
    slowest = reader.worst_ticks()
    for stage in Stage:
        yield _histogram(reader, stage, slowest if stage is Stage.TICK_TO_DECISION else ())
    for code in DenialCode:
        yield Sample(ORDER_DENIALS, reader.denials(code), (code.name,))
    rows = reader.feed_rows()
    yield from _account(reader, rows)
    yield from _slowest(slowest, rows)
    yield from _symbols(reader, rows, has_ended or not is_alive)
    feed = reader.gauge(Gauge.FEED_PHASE)
    yield Sample(BUILD_INFO, 1, (reader.build, "feed" if feed else "replay"))
    if is_alive or not has_ended:
        yield Sample(RUN_ALIVE, 1 if is_alive else 0)
    published = reader.gauge(Gauge.PUBLISHED)
    if published > 0 and not has_ended:
        yield Sample(PAGE_AGE, max(wall_ns() / NANOSECONDS_PER_SECOND - published, 0.0))
    control = reader.control()
    for bit in ControlBit:
        yield Sample(CONTROL, 1 if bit in control else 0, (str(bit.name).lower(),))
    yield Sample(JOURNAL_LAG, reader.ring.available())
    yield from process_samples(reader.writer_pid, reader.writer_start)


def _histogram(reader: TelemetryReader, stage: Stage, slowest: Sequence[SlowDecision]) -> HistogramSample:
    histogram = reader.histogram(stage)
    buckets = cumulative_buckets(histogram)
    bounds_ns = [bound_ns for bound_ns, _ in buckets if bound_ns is not None]
    exemplars: dict[int | None, BucketExemplar] = {}
    for decision in slowest:
        at = bisect_left(bounds_ns, decision.latency_ns)
        bound_ns = bounds_ns[at] if at < len(bounds_ns) else None
        # The slowest of each bucket; they come slowest first.
        exemplars.setdefault(bound_ns, _exemplar(decision))
    return HistogramSample(stage.metric, buckets, histogram.sum_ns, exemplars)


def _exemplar(decision: SlowDecision) -> BucketExemplar:
    try:
        moment = ns_to_datetime(decision.time_ns).isoformat(timespec="microseconds") + "Z"
    except OverflowError as error:
        raise PageFault(f"a slow decision is garbled ({error}); start the run again", "garbled") from error
    labels = {"symbol": decision.symbol, "data_time": moment}
    return BucketExemplar(decision.latency_ns / NANOSECONDS_PER_SECOND, labels)


def _account(reader: TelemetryReader, named: Collection[str]) -> Iterator[Sample]:
    """Yield account and positions; profits of symbols without a name are summed, their quantities do not add up."""
    found = reader.account()
    if found is None:
        return
    account = found.account
    currency = (account.currency,)
    yield Sample(DATA_TIME, account.data_time_ns / NANOSECONDS_PER_SECOND)
    yield Sample(EQUITY, account.equity, currency)
    yield Sample(STARTING_EQUITY, account.starting_equity, currency)
    yield Sample(FEES, account.fees, currency)
    yield Sample(ORDERS_OPEN, account.orders_open)
    yield Sample(POSITIONS, account.positions_held)
    profits: dict[str, list[float]] = {}
    quantities: dict[str, list[float]] = {}
    for row in found.positions:
        # Two securities may have one ticker.
        profits.setdefault(_label(row.symbol, named), []).append(row.unrealized_profit)
        if row.symbol in named:
            quantities.setdefault(row.symbol, []).append(row.quantity)
    for symbol, values in quantities.items():
        yield Sample(POSITION_QUANTITY, sum(values), (symbol,))
    for symbol, values in profits.items():
        yield Sample(POSITION_PROFIT, sum(values), (symbol, *currency))


def _slowest(slowest: Iterable[SlowDecision], named: Collection[str]) -> Iterator[Sample]:
    for rank, decision in enumerate(slowest, 1):
        labels = (str(rank), _label(decision.symbol, named))
        yield Sample(WORST_TICK, decision.latency_ns / NANOSECONDS_PER_SECOND, labels)
        yield Sample(WORST_TICK_TIME, decision.time_ns / NANOSECONDS_PER_SECOND, labels)


def _symbols(reader: TelemetryReader, rows: Mapping[str, FeedRow], is_over: bool) -> Iterator[Sample]:
    """Yield the rows of symbols; they grow no older when nothing more is expected."""
    now_ns = wall_ns()
    has_ages = not is_over and reader.gauge(Gauge.FEED_PHASE) not in _NO_TICKS_NOW
    for symbol, row in rows.items():
        yield Sample(FEED_SYMBOL_TICKS, row.ticks, (symbol,))
        for metric, since_ns in ((FEED_AGE, row.received_ns), (FEED_PRICE_AGE, row.price_changed_ns)):
            if has_ages and since_ns > 0:
                yield Sample(metric, max(now_ns - since_ns, 0) / NANOSECONDS_PER_SECOND, (symbol,))


def _label(symbol: str, named: Collection[str]) -> str:
    return symbol if not symbol or symbol in named else OTHER
