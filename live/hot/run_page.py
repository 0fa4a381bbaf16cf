"""What the telemetry pages of all runs have in common, whichever engine plays them: phases, texts, counts that only grow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import live
from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.hot.catalogue import Counter, Gauge, PageText, RunPhase, Stage, WarmState
from live.hot.events import EventWriter, PhaseRecord
from live.hot.histogram import Histogram
from live.hot.orders import OrderState
from live.hot.page_tables import AccountRecord, PageTablesWriter, PositionRow, SlowDecision
from live.hot.pause_watch import collections_now
from live.hot.telemetry import create_page
from live.hot.telemetry_view import TelemetryView
from live.hot.trace import WorstStep
from live.process_memory import peak_memory_bytes, resident_memory_bytes

PAGE_NAME = "telemetry.page"
ORDER_COUNTERS: dict[int, Counter] = {
    OrderState.SUBMITTED: Counter.ORDERS_SUBMITTED,
    OrderState.PARTIALLY_FILLED: Counter.ORDERS_PARTIALLY_FILLED,
    OrderState.FILLED: Counter.ORDERS_FILLED,
    OrderState.CANCELED: Counter.ORDERS_CANCELED,
    OrderState.INVALID: Counter.ORDERS_INVALID,
    OrderState.CANCEL_PENDING: Counter.ORDERS_CANCEL_PENDING,
    OrderState.UPDATE_SUBMITTED: Counter.ORDERS_UPDATE_SUBMITTED,
}
"""Where order events are counted, by status as LEAN numbers them."""
_GC_COUNTERS = (Counter.GC_PYTHON_0, Counter.GC_PYTHON_1, Counter.GC_PYTHON_2)
_SLOW_EVERY_NS = NANOSECONDS_PER_SECOND
"""Shortest time between two publications of what takes longer to find out."""


class RunPage:
    """Writes what a run says about itself to its page.

    Parameters:
        folder: the run's folder; the page is made there, mode 0600.
        bounds_ns: bounds of stages that are counted exactly.

    Attributes:
        page: the page.
        tables: writes account, positions and texts to it.
        events: writes to its event ring.
        phase: where the run is, pauses aside.
        starting_equity: total value of the account when the run began; None until that is known.

    Raises:
        EnvironmentFault: there is no room for the page.
    """

    def __init__(self, folder: Path, bounds_ns: Mapping[Stage, Sequence[int]] | None = None) -> None:
        path = folder / PAGE_NAME
        path.unlink(missing_ok=True)
        self.page = create_page(path, folder.name, live.__version__, bounds_ns)
        self.tables = PageTablesWriter(self.page.records)
        self.events = EventWriter(self.page.ring)
        self.phase = RunPhase.STARTING
        self._shown_phase: RunPhase | None = None
        self.starting_equity: float | None = None
        self._written: dict[int, int] = {}
        self._collections_before = collections_now()
        self._next_slow_ns = 0
        for gauge in (Gauge.CPU_AFFINITY_STRATEGY, Gauge.CPU_AFFINITY_FEEDER, Gauge.PROGRESS):
            self.page.set_gauge(gauge, math.nan)
        self.stamp()

    def histogram(self, stage: Stage) -> Histogram:
        """Return the page's histogram of a stage, to record into."""
        return self.page.histograms[stage]

    def control(self) -> int:
        """Return what a reader of the page asks for, bits of ControlBit."""
        return self.page.control()

    def describe(self, algorithm: str, source: str) -> None:
        """Name the algorithm, and in words where its data come from."""
        self.tables.write_text(PageText.ALGORITHM, algorithm)
        self.tables.write_text(PageText.SOURCE, source)

    def enter(self, phase: RunPhase, reason: str = "") -> None:
        """Take note that the run goes on to another phase.

        Parameters:
            phase: where it is now.
            reason: why, for people; "" when that is plain.
        """
        self.phase = phase
        self.tables.write_text(PageText.REASON, reason)
        self.show(phase)
        self.stamp()

    def is_rehearsing(self) -> None:
        """Take note that the way of ticks and orders is being rehearsed."""
        self.enter(RunPhase.REHEARSING)
        self.set_warm(WarmState.REHEARSING)

    def is_ready(self) -> None:
        """Take note that the run waits for its first tick."""
        self.enter(RunPhase.READY)
        self.set_warm(WarmState.READY)

    def set_warm(self, state: WarmState) -> None:
        """Take note of how far the path from tick to order is warm."""
        self.page.set_gauge(Gauge.WARM_STATE, state)

    def set_affinity(self, thread: Gauge, is_pinned: bool) -> None:
        """Take note of whether a thread is on the cores that are configured.

        Parameters:
            thread: Gauge.CPU_AFFINITY_STRATEGY or Gauge.CPU_AFFINITY_FEEDER.
            is_pinned: what reading the affinity back has shown.
        """
        self.page.set_gauge(thread, float(is_pinned))

    def show(self, phase: RunPhase) -> None:
        """Show a phase, which need not be the run's own: a run that is held shows a pause."""
        self.page.set_gauge(Gauge.RUN_PHASE, phase)
        if phase is not self._shown_phase:
            self._shown_phase = phase
            self.tell_phase(PhaseRecord(wall_ns(), phase))

    def tell_phase(self, record: PhaseRecord) -> None:
        """Write a phase to the event ring."""
        self.events.phase(record)

    def raise_to(self, counter: Counter, count: int) -> None:
        """Bring a counter to what has been counted elsewhere; each counter is brought there by one way only."""
        self.page.add(counter, count - self._written.get(counter, 0))
        self._written[counter] = count

    def publish_process(self, now_ns: int, is_last: bool = False) -> bool:
        """Bring memory and garbage collections to the page; return whether what takes longer to find out is due too.

        Parameters:
            now_ns: the present on the monotonic clock.
            is_last: whether the run is over, so that all is due.
        """
        for counter, now, before in zip(_GC_COUNTERS, collections_now(), self._collections_before, strict=True):
            self.raise_to(counter, now - before)
        self.page.set_gauge(Gauge.RESIDENT_MEMORY, resident_memory_bytes())
        if now_ns < self._next_slow_ns and not is_last:
            return False
        self._next_slow_ns = now_ns + _SLOW_EVERY_NS
        self.page.set_gauge(Gauge.RESIDENT_MEMORY_PEAK, peak_memory_bytes())
        return True

    def publish_orders(self, by_status: Mapping[Any, int]) -> None:
        """Bring the counts of order events to the page.

        Parameters:
            by_status: events by the order's status: integers, or an enumeration of them, as LEAN numbers it. Other threads
                may add to it meanwhile.
        """
        for status, counter in ORDER_COUNTERS.items():
            self.raise_to(counter, by_status.get(status, 0))

    def publish_account(
        self,
        positions: Sequence[PositionRow],
        *,
        positions_held: int,
        data_time_ns: int,
        orders_open: int,
        equity: float,
        fees: float,
        currency: str,
    ) -> None:
        """Bring account and positions to the page; of these as many as it has room for.

        Parameters:
            positions: holdings; those that matter most first, when they are more.
            positions_held: how many there are.
            data_time_ns: moment of the newest data, UTC.
            orders_open: orders that may still fill.
            equity: total value.
            fees: sum of all fees.
            currency: of the amounts.
        """
        starting_equity = equity if self.starting_equity is None else self.starting_equity
        account = AccountRecord(positions_held, data_time_ns, orders_open, equity, starting_equity, fees, currency)
        self.tables.write_account(account, positions)

    def publish_slowest(self, steps: Iterable[WorstStep], name_of: Callable[[int], str]) -> None:
        """Bring the slowest decisions to the page.

        Parameters:
            steps: the decisions, slowest first.
            name_of: returns the name of a symbol by its index; "" when there is none.
        """
        self.tables.write_slowest(
            [
                SlowDecision(
                    latency_ns=step.took_ns,
                    symbol_index=step.symbol_index,
                    sequence=0,
                    time_ns=step.time_ns,
                    receive_ns=step.began_ns,
                    symbol=name_of(step.symbol_index),
                    gc_ns=step.gc_ns,
                    orders=step.orders,
                    events=step.events,
                    page_faults=step.page_faults,
                    preemptions=step.preemptions,
                    waited_ns=step.waited_ns,
                )
                for step in steps
            ]
        )

    def stamp(self) -> None:
        """Say that the page is up to date."""
        self.raise_to(Counter.EVENTS, self.page.ring.published)
        self.raise_to(Counter.TELEMETRY_LOST, self.page.ring.lost)
        self.page.set_gauge(Gauge.PUBLISHED, wall_ns() / NANOSECONDS_PER_SECOND)

    def view(self) -> TelemetryView:
        """Open the page as any other process would."""
        return TelemetryView(self.page.path)

    def close(self) -> None:
        """Mark the page as finished."""
        self.page.close()
