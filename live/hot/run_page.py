"""What the telemetry pages of all runs have in common, whichever engine plays them: phases, texts, counts that only grow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import live
from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.hot.catalogue import Counter, Gauge, PageText, RunPhase, Stage, WarmState
from live.hot.events import EventWriter, PhaseRecord
from live.hot.histogram import Histogram
from live.hot.orders import OrderState
from live.hot.page_tables import PageTablesWriter
from live.hot.telemetry import create_page
from live.hot.telemetry_view import TelemetryView

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
        self._written: dict[int, int] = {}
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
