"""The telemetry page of a run: what readers outside the process, and the summary, see of it.

Latencies are recorded in the page itself. All else is brought to it by `publish`, in moments between two time steps, so
that nothing of it lies between a tick and an order.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, wall_ns
from live.config import TelemetrySettings
from live.cores import usable_cores
from live.feeds.socket.health import FeedState
from live.hot.catalogue import ControlBit, Counter, FeedPhase, Gauge, PageText, RunPhase, Stage
from live.hot.denials import DenialCode
from live.hot.page_layout import POSITIONS_MAX
from live.hot.page_tables import PositionRow
from live.hot.run_page import RunPage
from live.paper.order_records import open_orders_count
from live.paper.symbol_rows import SymbolRows

if TYPE_CHECKING:
    from live.feeds.socket.receiver import FeedReceiver
    from live.paper.engine import PaperEngine
    from live.paper.recorder import Recorder
    from live.paper.securities import Security

PUBLISH_EVERY_NS = 100_000_000
"""Shortest time between two publications of `publish_when_due`."""
FEED_COUNTERS = {
    "connections": Counter.FEED_CONNECTIONS,
    "disconnects": Counter.FEED_FAULTS_DISCONNECT,
    "connect_failures": Counter.FEED_FAULTS_CONNECT,
    "refusals": Counter.FEED_FAULTS_REFUSAL,
    "sessions": Counter.FEED_SESSIONS,
    "frames": Counter.FEED_FRAMES,
    "frame_bytes": Counter.FEED_BYTES,
    "ticks": Counter.FEED_TICKS,
    "ticks_ignored": Counter.FEED_TICKS_IGNORED,
    "ticks_late": Counter.TICKS_DROPPED_LATE,
    "ticks_duplicate": Counter.FEED_TICKS_DUPLICATE,
    "ticks_missing": Counter.FEED_TICKS_MISSING,
    "ticks_out_of_order": Counter.TICKS_DROPPED_OUT_OF_ORDER,
    "ticks_invalid": Counter.TICKS_DROPPED_MALFORMED,
    "ticks_conflated": Counter.TICKS_CONFLATED,
    "ticks_dropped": Counter.TICKS_DROPPED_OVERLOAD,
    "gaps": Counter.FEED_FAULTS_GAP,
    "frames_malformed": Counter.FEED_FAULTS_MALFORMED,
    "frames_oversize": Counter.FEED_FAULTS_OVERSIZE,
    "silences": Counter.FEED_FAULTS_SILENCE,
    "clock_steps": Counter.FEED_FAULTS_CLOCK_STEP,
    "receive_pauses": Counter.FEED_RECEIVE_PAUSES,
    "pauses": Counter.FEED_PAUSES,
    "resumes": Counter.FEED_RESUMES,
    "ticks_restamped": Counter.FEED_TICKS_RESTAMPED,
    "ticks_stale": Counter.TICKS_DROPPED_STALE,
    "ticks_ahead": Counter.TICKS_DROPPED_AHEAD,
    "ticks_outside_session": Counter.FEED_TICKS_OUTSIDE_SESSION,
    "ticks_before_start": Counter.FEED_TICKS_BEFORE_START,
}
"""Where on the page each of FeedCounters.NAMES is."""


class RunTelemetry(RunPage):
    """Writes a run's counts to its page; latencies are recorded in the page itself.

    Parameters:
        folder: the run's folder; the page is made there, mode 0600.
        settings: which symbols are shown by name.
        bounds_ns: bounds of stages that are counted exactly.

    Raises:
        EnvironmentFault: there is no room for the page.
    """

    def __init__(
        self,
        folder: Path,
        settings: TelemetrySettings | None = None,
        bounds_ns: Mapping[Stage, Sequence[int]] | None = None,
    ) -> None:
        super().__init__(folder, bounds_ns)
        self._symbols = SymbolRows(self.page, settings or TelemetrySettings())
        self._denied: dict[str, int] = {}
        self._held: list[Security] = []
        self._held_revision = -1
        self._next_ns = 0
        self._names: dict[int, str] = {}
        self._cores: tuple[int, ...] = ()

    def resume_requests(self) -> int:
        """Return how many times readers of the page have asked to end a pause of the feed."""
        return self.page.resume_requests()

    # -- what the run says about itself

    def begin(self, engine: PaperEngine) -> list[str]:
        """Take note of the account and the symbols before the first step; return what the user should know of them."""
        self.starting_equity = engine.portfolio.total_portfolio_value
        return self._symbols.name(engine.securities.values())

    def watch_cores(self, cores: tuple[int, ...]) -> None:
        """Show from now on whether the strategy's thread is on its cores; the calling thread is taken for that one.

        Somebody else may move a thread at any time, so each look asks the system anew.

        Parameters:
            cores: those that it is pinned to; none when nothing is configured, and nothing is shown then.
        """
        self._cores = cores
        self._publish_affinity()

    def finish(self, engine: PaperEngine, feed: FeedReceiver | None, phase: RunPhase, reason: str) -> None:
        """Bring the page to what the run has come to at its end.

        Parameters:
            engine: the run.
            feed: where its ticks came from; None for recorded data.
            phase: how it ended.
            reason: why, for people; "" when it completed.
        """
        self.publish(engine, feed, is_last=True)
        self.enter(phase, reason)

    # -- what the run counts

    def publish_when_due(self, engine: PaperEngine, feed: FeedReceiver | None = None) -> None:
        """Publish, unless that was done less than PUBLISH_EVERY_NS ago."""
        if monotonic_ns() >= self._next_ns:
            self.publish(engine, feed)

    def publish(self, engine: PaperEngine, feed: FeedReceiver | None = None, is_last: bool = False) -> None:
        """Bring the page to what the run has come to; between two time steps only.

        Parameters:
            engine: the run.
            feed: where its ticks come from; None for recorded data.
            is_last: whether the run is over: then what takes longer to find out is brought up to date too.
        """
        now_ns = monotonic_ns()
        self._next_ns = now_ns + PUBLISH_EVERY_NS
        self._publish_counts(engine.recorder)
        self._publish_account(engine)
        if self.publish_process(now_ns, is_last):
            self._publish_slowest(engine)
            self._publish_affinity()
        gauge = self.page.set_gauge
        gauge(Gauge.SYMBOLS, len(engine.securities))
        if self.phase is RunPhase.WARMING_UP and not engine.is_warming_up:
            self.phase = RunPhase.RUNNING
        if self.phase is RunPhase.READY and feed is not None and feed.counters.ticks:
            self.phase = RunPhase.RUNNING
        phase = self.phase
        if feed is None:
            total = engine.subscriptions.bytes_total
            gauge(Gauge.PROGRESS, min(engine.subscriptions.bytes_read / total, 1.0) if total else math.nan)
        else:
            self._publish_feed(feed, now_ns)
        # The strategy goes on with what came before the session's end.
        is_well = feed is None or feed.health.state in (FeedState.RUNNING, FeedState.ENDED)
        is_held = not is_well or self.control() & ControlBit.PAUSE
        if phase is RunPhase.RUNNING and is_held:
            phase = RunPhase.PAUSED
        self.show(phase)
        self._symbols.publish(engine, feed)
        self.stamp()

    def _publish_counts(self, recorder: Recorder) -> None:
        raise_to = self.raise_to
        raise_to(Counter.TICKS_TRADE, recorder.trade_ticks)
        raise_to(Counter.TICKS_QUOTE, recorder.quote_ticks)
        raise_to(Counter.TICKS_DROPPED_SUSPICIOUS, recorder.suspicious_ticks)
        raise_to(Counter.BARS_TRADE, recorder.trade_bars)
        raise_to(Counter.BARS_QUOTE, recorder.quote_bars)
        raise_to(Counter.STEPS, recorder.steps)
        raise_to(Counter.CALLS_ON_DATA, recorder.data_calls)
        raise_to(Counter.CALLS_ON_TICK, recorder.tick_calls)
        raise_to(Counter.HISTORY_NANOSECONDS, recorder.history_ns)
        raise_to(Counter.ORDERS_DENIED, recorder.denials.total())
        self.publish_orders(recorder.events_by_status)
        for name, count in recorder.denials.items():
            self.page.add_denials(DenialCode[name], count - self._denied.get(name, 0))
            self._denied[name] = count

    def _publish_account(self, engine: PaperEngine) -> None:
        # The clock catches up with the ticks, so the prices below are those of this moment.
        time_ns, portfolio = engine.clock.time_ns(), engine.portfolio
        if self._held_revision != engine.clock.revision:
            self._held = [each for each in engine.securities.values() if each.holdings.exact_quantity]
            self._held_revision = engine.clock.revision
        shown = self._held
        if len(shown) > POSITIONS_MAX:
            shown = heapq.nlargest(POSITIONS_MAX, shown, key=lambda each: abs(each.holdings.exact_holdings_value))
        self.publish_account(
            [_row(each) for each in shown],
            positions_held=len(self._held),
            data_time_ns=time_ns,
            orders_open=open_orders_count(engine.transactions),
            equity=portfolio.total_portfolio_value,
            fees=float(portfolio.exact_total_fees),
            currency=portfolio.account_currency,
        )

    def _publish_slowest(self, engine: PaperEngine) -> None:
        names = self._names
        if len(names) < len(engine.securities):
            names.update({each.symbol.index: each.symbol.value for each in engine.securities.values()})
        self.publish_slowest(engine.recorder.trace.worst(), lambda index: names.get(index, ""))

    def _publish_affinity(self) -> None:
        if self._cores:
            self.set_affinity(Gauge.CPU_AFFINITY_STRATEGY, usable_cores() == self._cores)

    def _publish_feed(self, feed: FeedReceiver, now_ns: int) -> None:
        health = feed.health
        # Before the counters: whoever asked to resume takes the state from when `resumes` has grown.
        self.page.set_gauge(Gauge.FEED_PHASE, FeedPhase[health.state.name])
        self.tables.write_text(PageText.FEED_REASON, health.reason)
        for name, counter in FEED_COUNTERS.items():
            self.raise_to(counter, getattr(health.counters, name))
        if feed.received_ns:
            received_ns = wall_ns() - (now_ns - feed.received_ns)
            self.page.set_gauge(Gauge.FEED_RECEIVED, received_ns / NANOSECONDS_PER_SECOND)


def _row(security: Security) -> PositionRow:
    holdings = security.holdings
    return PositionRow(
        security.symbol.value,
        holdings.quantity,
        holdings.average_price,
        security.price,
        # Without fees: their model may be the user's, and looking at a run must not call it.
        float(holdings.exact_total_close_profit(include_fees=False)),
    )
