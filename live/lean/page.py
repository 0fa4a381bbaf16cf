"""The telemetry page of a run inside LEAN: the same page as that of the embedded engine, filled from LEAN's objects.

What other threads have to say is spooled, so that the page has one writer at a time and nobody ever waits for another.
"""

from __future__ import annotations

import threading
from collections import Counter as Counts
from collections import deque
from pathlib import Path
from typing import Any

from live.algorithm.enums import OrderStatus
from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns
from live.config import TelemetrySettings
from live.hot.catalogue import ControlBit, Counter, Gauge, RunPhase, Stage
from live.hot.events import DenialRecord, OrderRecord, PhaseRecord
from live.hot.pause_watch import PauseWatch
from live.hot.run_page import RunPage
from live.hot.trace import LatencyTrace
from live.lean import surface
from live.lean.symbol_rows import SymbolRows

_SPOOL_MAX = 65_536
_RESCAN_EVERY_NS = 10 * NANOSECONDS_PER_SECOND
"""Time after which holdings are looked for that no order event told of: those that a broker changed."""
_DOTNET_COUNTERS = (Counter.GC_DOTNET_0, Counter.GC_DOTNET_1, Counter.GC_DOTNET_2)
_CLOSED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID)


class LeanPage(RunPage):
    """Brings what happens inside LEAN to the page.

    Parameters:
        folder: the run's folder.
        settings: which symbols are shown by name.

    Attributes:
        trace: follows the decisions.
        rows: counts of single symbols.
        data_time_ns: moment of the newest slice, UTC.

    Raises:
        EnvironmentFault: there is no room for the page.
    """

    def __init__(self, folder: Path, settings: TelemetrySettings) -> None:
        self._spool: deque[OrderRecord | DenialRecord | PhaseRecord] = deque(maxlen=_SPOOL_MAX)
        self._writing = threading.Lock()
        super().__init__(folder)
        self.rows = SymbolRows(self.page, settings)
        self.trace = LatencyTrace(
            self.histogram(Stage.TICK_TO_DECISION),
            self.histogram(Stage.TICK_TO_STRATEGY),
            self.histogram(Stage.DECISION),
        )
        self.pauses = PauseWatch(self.histogram(Stage.GC_PAUSE_PYTHON), self.trace)
        self.data_time_ns = 0
        self._dotnet: surface.DotnetPauses | None = None
        self._dotnet_pause_ns = 0
        self._dotnet_before = (0, 0, 0)
        self._by_status: Counts[int] = Counts()
        self._open: set[int] = set()
        self._held: dict[str, Any] = {}
        self._touched: deque[Any] = deque(maxlen=_SPOOL_MAX)
        self._next_scan_ns = 0

    # -- from any thread

    def order_event(self, record: OrderRecord) -> None:
        """Take an order event in, and write it unless another thread is writing, which then does."""
        self._spool.append(record)
        self.write_spooled()

    def note_symbol(self, symbol: Any) -> None:
        """Take note of a symbol of which something may be held now."""
        self._touched.append(symbol)

    def denial(self, record: DenialRecord) -> None:
        """Take in an order that the risk gate refused."""
        self._spool.append(record)

    def tell_phase(self, record: PhaseRecord) -> None:
        """Take in that the run goes on to another phase."""
        self._spool.append(record)
        self.write_spooled()

    def write_spooled(self) -> None:
        """Write what is spooled; at once back when another thread does."""
        while self._spool and self._writing.acquire(blocking=False):
            try:
                self._write_spooled()
            finally:
                self._writing.release()

    def _write_spooled(self) -> None:
        while self._spool:
            record = self._spool.popleft()
            if isinstance(record, DenialRecord):
                self.page.add(Counter.ORDERS_DENIED, 1)
                self.page.add_denials(record.code, 1)
                self.events.denial(record)
                continue
            if isinstance(record, PhaseRecord):
                self.events.phase(record)
                continue
            self.events.order(record)
            self._by_status[record.status] += 1
            if record.status in _CLOSED:
                self._open.discard(record.order_id)
            else:
                self._open.add(record.order_id)

    # -- from one thread at a time

    def begin_session(self, algorithm: Any) -> None:
        """Take note of the account and begin to measure; what came before was warm-up."""
        self.starting_equity = surface.account(algorithm).equity
        self._dotnet = surface.DotnetPauses()
        self._dotnet_pause_ns = self._dotnet.pause_ns()
        self._dotnet_before = _counts(self._dotnet)
        for stage in Stage:
            self.histogram(stage).clear()
        self.trace.begin(monotonic_ns())
        self.pauses.begin()

    def read_dotnet_pauses(self) -> None:
        """Record how long .NET's collector halted the process since the last look: one call while it did not.

        Nothing is recorded before the session.
        """
        if self._dotnet is None:
            return
        total_ns = self._dotnet.pause_ns()
        paused_ns = total_ns - self._dotnet_pause_ns
        if paused_ns <= 0:
            return
        self._dotnet_pause_ns = total_ns
        self.histogram(Stage.GC_PAUSE_DOTNET).record(paused_ns)
        for counter, now, before in zip(_DOTNET_COUNTERS, _counts(self._dotnet), self._dotnet_before, strict=True):
            self.raise_to(counter, now - before)

    def publish(self, algorithm: Any, is_last: bool = False) -> None:
        """Bring account, positions, counts and memory to the page; off the decision's path.

        Parameters:
            algorithm: LEAN's.
            is_last: whether the run is over: then what takes longer to find out is brought up to date too.
        """
        now_ns = monotonic_ns()
        self.write_spooled()
        self.publish_orders(self._by_status)
        self._publish_account(algorithm, now_ns)
        if self.publish_process(now_ns, is_last):
            self.publish_slowest(self.trace.worst(), self.rows.name)
        self.page.set_gauge(Gauge.SYMBOLS, len(surface.securities(algorithm)))
        self.rows.publish()
        is_held = self.phase is RunPhase.RUNNING and self.control() & ControlBit.PAUSE
        self.show(RunPhase.PAUSED if is_held else self.phase)
        self.stamp()

    def finish(self, phase: RunPhase, reason: str) -> None:
        """Mark the page as finished.

        Parameters:
            phase: how the run ended.
            reason: why, for people; "" when it completed.
        """
        self.pauses.end()
        self.enter(phase, reason)
        self.close()

    def _publish_account(self, algorithm: Any, now_ns: int) -> None:
        if now_ns >= self._next_scan_ns:
            self._next_scan_ns = now_ns + _RESCAN_EVERY_NS
            self._held = {str(each.symbol.value): each for each in surface.held_securities(algorithm)}
        while self._touched:
            symbol = self._touched.popleft()
            security = surface.security_of(algorithm, symbol)
            if security is not None:
                self._held[str(symbol.value)] = security
        account = surface.account(algorithm)
        positions = [row for row in map(surface.position, list(self._held.values())) if row.quantity]
        positions.sort(key=lambda row: -abs(row.quantity * row.market_price))
        self.publish_account(
            positions,
            positions_held=len(positions),
            data_time_ns=self.data_time_ns,
            orders_open=len(self._open),
            equity=account.equity,
            fees=account.fees,
            currency=account.currency,
        )


def _counts(pauses: surface.DotnetPauses) -> tuple[int, int, int]:
    return pauses.collections(0), pauses.collections(1), pauses.collections(2)
