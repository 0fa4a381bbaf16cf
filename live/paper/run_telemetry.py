"""The telemetry page of a run: what readers outside the process, and the summary, see of it."""

from __future__ import annotations

from pathlib import Path

import live
from live.algorithm.enums import OrderStatus
from live.hot.catalogue import Counter, Gauge, Stage
from live.hot.denials import DenialCode
from live.hot.histogram import Histogram
from live.hot.telemetry import create_page
from live.hot.telemetry_reader import TelemetryReader
from live.paper.recorder import Recorder

PAGE_NAME = "telemetry.page"
_ORDER_COUNTERS = {
    OrderStatus.SUBMITTED: Counter.ORDERS_SUBMITTED,
    OrderStatus.PARTIALLY_FILLED: Counter.ORDERS_PARTIALLY_FILLED,
    OrderStatus.FILLED: Counter.ORDERS_FILLED,
    OrderStatus.CANCELED: Counter.ORDERS_CANCELED,
    OrderStatus.INVALID: Counter.ORDERS_INVALID,
    OrderStatus.CANCEL_PENDING: Counter.ORDERS_CANCEL_PENDING,
    OrderStatus.UPDATE_SUBMITTED: Counter.ORDERS_UPDATE_SUBMITTED,
}


class RunTelemetry:
    """Writes a run's counts to its page; latencies are recorded in the page itself.

    Parameters:
        folder: the run's folder; the page is made there, mode 0600.

    Raises:
        EnvironmentFault: there is no room for the page.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / PAGE_NAME
        path.unlink(missing_ok=True)
        self._page = create_page(path, folder.name, live.__version__)
        self._written: dict[int, int] = {}
        self._denied: dict[str, int] = {}

    def histogram(self, stage: Stage) -> Histogram:
        """Return the page's histogram of a stage, to record into."""
        return self._page.histograms[stage]

    def control(self) -> int:
        """Return what a reader of the page asks for, bits of ControlBit."""
        return self._page.control()

    def publish(self, recorder: Recorder, symbols: int, collections: tuple[int, int, int], memory_bytes: int) -> None:
        """Bring the page's counters to a recorder's counts.

        Parameters:
            recorder: the run's counts.
            symbols: securities of the run.
            collections: garbage collections by generation since the run began.
            memory_bytes: largest resident memory so far.
        """
        self._raise_to(Counter.TICKS_TRADE, recorder.trade_ticks)
        self._raise_to(Counter.TICKS_QUOTE, recorder.quote_ticks)
        self._raise_to(Counter.BARS_TRADE, recorder.trade_bars)
        self._raise_to(Counter.BARS_QUOTE, recorder.quote_bars)
        self._raise_to(Counter.ORDERS_DENIED, recorder.denials.total())
        for status, counter in _ORDER_COUNTERS.items():
            self._raise_to(counter, recorder.events_by_status[status])
        for counter, count in zip(
            (Counter.GC_PYTHON_0, Counter.GC_PYTHON_1, Counter.GC_PYTHON_2), collections, strict=True
        ):
            self._raise_to(counter, count)
        for name, count in recorder.denials.items():
            for _ in range(count - self._denied.get(name, 0)):
                self._page.add_denial(DenialCode[name])
            self._denied[name] = count
        self._page.set_gauge(Gauge.SYMBOLS, symbols)
        self._page.set_gauge(Gauge.RESIDENT_MEMORY_PEAK, memory_bytes)

    def _raise_to(self, counter: Counter, count: int) -> None:
        self._page.add(counter, count - self._written.get(counter, 0))
        self._written[counter] = count

    def reader(self) -> TelemetryReader:
        """Open the page as any other process would."""
        return TelemetryReader(self._page.path)

    def close(self) -> None:
        """Mark the page as finished."""
        self._page.close()
