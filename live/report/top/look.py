"""One look at a run: everything that its telemetry page says at a moment, as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from live.clock import NANOSECONDS_PER_SECOND, ns_to_datetime, wall_ns
from live.hot.catalogue import ControlBit, Counter, FeedPhase, Gauge, PageText, RunPhase, Stage, WarmState
from live.hot.denials import DenialCode
from live.hot.page_tables import AccountLook, AccountRecord, PositionRow, SlowDecision
from live.hot.telemetry_view import PageFault, TelemetryView
from live.report.results import run_name
from live.report.top.distribution import Distribution, distribution_of

RUN_STAGES = (Stage.TICK_TO_DECISION, Stage.TICK_TO_ORDER, Stage.GC_PAUSE_PYTHON)
"""Spans of time that a look holds."""
_THREADS = {"strategy": Gauge.CPU_AFFINITY_STRATEGY, "feeder": Gauge.CPU_AFFINITY_FEEDER}
_GC = (Counter.GC_PYTHON_0, Counter.GC_PYTHON_1, Counter.GC_PYTHON_2)


@dataclass(frozen=True, slots=True)
class FeedLook:
    """A live feed.

    Attributes:
        phase: where it is.
        reason: what brought it there, in words.
        age_seconds: time since something last came from it; None when nothing has come.
        counts: its counts by name of the metric, faults left out.
        faults: faults by kind.
    """

    phase: FeedPhase
    reason: str
    age_seconds: float | None
    counts: Mapping[str, int]
    faults: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RunLook:
    """A run at one moment. Instants are ns since 1970 UTC; mappings leave out what is zero.

    Attributes:
        page: the page's file.
        run: name of the run.
        build: version of the program that runs it.
        pid: process id of the run.
        algorithm: name of its class, "" before it is known.
        source: in words where its data come from.
        phase: where it is, or was when its process died.
        reason: why, for people.
        is_dead: whether its process is gone although the run had not ended.
        control: what was asked of the run by its control word.
        begun_ns: when the page was made.
        published_ns: when the page was last brought up to date.
        looked_ns: when this look was taken.
        progress: share of recorded data that has been played; None when unknown.
        ticks: ticks by kind.
        bars: bars by kind.
        steps: time steps.
        calls: calls of the strategy by name.
        dropped: ticks that did not reach the strategy, by reason.
        conflated: ticks replaced by newer ones.
        stages: distributions by stage.
        slowest: the slowest decisions, slowest first.
        account: the account; None before the first time step.
        positions: its largest holdings.
        orders: order events by status.
        denials: refused orders by code.
        collections: collections of Python's garbage collector by generation.
        feed: the feed; None for a run on recorded data.
        symbols: securities of the run.
        memory_bytes: resident memory.
        memory_peak_bytes: the largest so far.
        pinned: by thread whether it is on its cores; None when none are configured.
        warm: how far the path from tick to order is warm.
    """

    page: Path
    run: str
    build: str
    pid: int
    algorithm: str
    source: str
    phase: RunPhase
    reason: str
    is_dead: bool
    control: ControlBit
    begun_ns: int
    published_ns: int
    looked_ns: int
    progress: float | None
    ticks: Mapping[str, int]
    bars: Mapping[str, int]
    steps: int
    calls: Mapping[str, int]
    dropped: Mapping[str, int]
    conflated: int
    stages: Mapping[Stage, Distribution]
    slowest: tuple[SlowDecision, ...]
    account: AccountRecord | None
    positions: tuple[PositionRow, ...]
    orders: Mapping[str, int]
    denials: Mapping[str, int]
    collections: tuple[int, int, int]
    feed: FeedLook | None
    symbols: int
    memory_bytes: int
    memory_peak_bytes: int
    pinned: Mapping[str, bool | None]
    warm: WarmState

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.is_dead or self.phase.is_over

    @property
    def state(self) -> str:
        """The phase in a word, "dead" for a run whose process is gone."""
        return "dead" if self.is_dead else self.phase.name.lower().replace("_", " ")

    @property
    def mode(self) -> str:
        """What the run plays: "feed", or "replay" of recorded data."""
        return "replay" if self.feed is None else "feed"

    @property
    def elapsed_seconds(self) -> float:
        """How long the run has been going on; until its last word when it is over."""
        end_ns = self.published_ns if self.is_over else self.looked_ns
        return max(end_ns - self.begun_ns, 0) / NANOSECONDS_PER_SECOND

    @property
    def silent_seconds(self) -> float:
        """How long ago the page was brought up to date."""
        return max(self.looked_ns - self.published_ns, 0) / NANOSECONDS_PER_SECOND

    @property
    def tick_count(self) -> int:
        """Ticks of all kinds."""
        return sum(self.ticks.values())


def look_at(view: TelemetryView) -> RunLook:
    """Return what a page says now.

    Raises:
        PageFault: the page was cut off, or holds numbers that no run can have written.
    """
    view.check_size()
    # Before the phase: a run that ends between the two has ended and did not die.
    is_alive = view.is_writer_alive()
    try:
        phase = RunPhase(_whole(view.gauge(Gauge.RUN_PHASE)))
        warm = WarmState(_whole(view.gauge(Gauge.WARM_STATE)))
        found = view.account()
        slowest = tuple(view.worst_ticks())
        _check_times(slowest, found)
        return RunLook(
            page=view.path,
            run=run_name(view.run_id),
            build=view.build,
            pid=view.writer_pid,
            algorithm=view.text(PageText.ALGORITHM),
            source=view.text(PageText.SOURCE),
            phase=phase,
            reason=view.text(PageText.REASON),
            is_dead=not is_alive and not phase.is_over,
            control=view.control(),
            begun_ns=view.created_ns,
            published_ns=_nanoseconds(view.gauge(Gauge.PUBLISHED)),
            looked_ns=wall_ns(),
            progress=_number(view.gauge(Gauge.PROGRESS)),
            ticks=_by_label(view, "ticks_total"),
            bars=_by_label(view, "bars_total"),
            steps=view.counter(Counter.STEPS),
            calls=_by_label(view, "calls_total"),
            dropped=_by_label(view, "ticks_dropped_total"),
            conflated=view.counter(Counter.TICKS_CONFLATED),
            stages={stage: distribution_of(view.histogram(stage)) for stage in RUN_STAGES},
            slowest=slowest,
            account=None if found is None else found.account,
            positions=() if found is None else tuple(found.positions),
            orders=_by_label(view, "orders_total"),
            denials={code.name: view.denials(code) for code in DenialCode if view.denials(code)},
            collections=(view.counter(_GC[0]), view.counter(_GC[1]), view.counter(_GC[2])),
            feed=_feed(view),
            symbols=_whole(view.gauge(Gauge.SYMBOLS)),
            memory_bytes=_whole(view.gauge(Gauge.RESIDENT_MEMORY)),
            memory_peak_bytes=_whole(view.gauge(Gauge.RESIDENT_MEMORY_PEAK)),
            pinned={name: _truth(view.gauge(gauge)) for name, gauge in _THREADS.items()},
            warm=warm,
        )
    except (ValueError, OverflowError) as error:
        raise PageFault(f"telemetry page {view.path} is garbled ({error}); start the run again", "garbled") from error


def _feed(view: TelemetryView) -> FeedLook | None:
    phase = FeedPhase(_whole(view.gauge(Gauge.FEED_PHASE)))
    if phase is FeedPhase.NONE:
        return None
    received_ns = _nanoseconds(view.gauge(Gauge.FEED_RECEIVED))
    age_seconds = max(wall_ns() - received_ns, 0) / NANOSECONDS_PER_SECOND if received_ns else None
    names = [each for each in Counter if each.metric.name.startswith("feed_") and not each.metric.labels]
    return FeedLook(
        phase,
        view.text(PageText.FEED_REASON),
        age_seconds,
        {each.metric.name: view.counter(each) for each in names if view.counter(each)},
        _by_label(view, "feed_faults_total"),
    )


def _by_label(view: TelemetryView, metric: str) -> dict[str, int]:
    """Return the counters of a metric by the value of their label, those that are not zero."""
    found = [each for each in Counter if each.metric.name == metric]
    return {each.metric.labels[0][1]: view.counter(each) for each in found if view.counter(each)}


def _check_times(slowest: tuple[SlowDecision, ...], found: AccountLook | None) -> None:
    """Check that all instants can be written as a date.

    Raises:
        OverflowError, ValueError: one cannot.
    """
    for time_ns in (*(each.time_ns for each in slowest), 0 if found is None else found.account.data_time_ns):
        ns_to_datetime(time_ns)


def _nanoseconds(seconds: float) -> int:
    return _whole(seconds * NANOSECONDS_PER_SECOND)


def _whole(value: float) -> int:
    """Return a number of the page as an integer.

    Raises:
        OverflowError, ValueError: it is none of 64 bits.
    """
    if abs(value) >= 1 << 63:
        raise OverflowError(f"{value:g} is no number of a page")
    return round(value)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _truth(value: float) -> bool | None:
    return None if math.isnan(value) else value != 0.0
