"""What a run leaves behind while it goes: counts, latencies, series, log lines and order events. Memory does not grow with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from live.algorithm.enums import OrderStatus
from live.algorithm.orders import OrderEvent
from live.algorithm.slices import Slice
from live.clock import NANOSECONDS_PER_DAY, monotonic_ns
from live.hot.catalogue import Stage
from live.hot.denials import DenialCode
from live.hot.events import DenialRecord, EventWriter, OrderRecord
from live.hot.pause_watch import PauseWatch
from live.hot.trace import KIND_STEP, SEVERAL_SYMBOLS, LatencyTrace
from live.paper.curves import Curves
from live.paper.series import BoundedSeries

if TYPE_CHECKING:
    from live.algorithm.symbols import Symbol
    from live.hot.histogram import Histogram
    from live.paper.engine import PaperEngine
    from live.paper.securities import Security

MEASURED_STAGES = (
    Stage.TICK_TO_STRATEGY,
    Stage.DECISION,
    Stage.TICK_TO_DECISION,
    Stage.TICK_TO_HANDOVER,
    Stage.ORDER_ACK,
    Stage.TICK_TO_ORDER,
    Stage.GC_PAUSE_PYTHON,
)
"""What is measured in this engine, in the order of a tick's way."""
CHARTS_MAX = 64
SERIES_MAX = 256
_EQUITY_EVERY_NS = 60_000_000_000
"""Data time between two samples of the equity curve."""


class RunSink(Protocol):
    """Where order events go: a file in a real run, a list in a test."""

    def order_event(self, event: OrderEvent) -> None:
        """Take an order event."""


class LogSink(Protocol):
    """Where the algorithm's log lines go: the run's file, or a list in a test."""

    def write(self, local_ns: int | None, level: str, text: str) -> None:
        """Take a line with the time on the algorithm's clock, None before there is one."""


class Recorder:
    """Counts and measures one run.

    Parameters:
        sink: where order events go.
        log: where log lines go.
        histogram: gives the histogram of a stage, to record into.
        events: writes what other processes hear of orders; None for an engine that has no telemetry page.
    """

    def __init__(
        self,
        sink: RunSink,
        log: LogSink,
        histogram: Callable[[Stage], Histogram],
        events: EventWriter | None = None,
    ) -> None:
        self._sink = sink
        self._events = EventWriter.unread() if events is None else events
        self._log = log
        self.stages = {stage: histogram(stage) for stage in MEASURED_STAGES}
        self.tick_to_decision = self.stages[Stage.TICK_TO_DECISION]
        self._tick_to_handover = self.stages[Stage.TICK_TO_HANDOVER]
        self._order_ack = self.stages[Stage.ORDER_ACK]
        self._tick_to_order = self.stages[Stage.TICK_TO_ORDER]
        self.trace = LatencyTrace(
            self.tick_to_decision, self.stages[Stage.TICK_TO_STRATEGY], self.stages[Stage.DECISION]
        )
        self.pauses = PauseWatch(self.stages[Stage.GC_PAUSE_PYTHON], self.trace)
        self.trade_ticks = 0
        self.quote_ticks = 0
        self.trade_bars = 0
        self.quote_bars = 0
        self.steps = 0
        self.data_calls = 0
        self.tick_calls = 0
        self.suspicious_ticks = 0
        """Ticks that did not reach on_tick because the exchange marked them as doubtful."""
        self.history_ns = 0
        """Time spent in history requests."""
        self.order_events = 0
        self.events_by_status: Counter[OrderStatus] = Counter()
        self.denials: Counter[str] = Counter()
        self.statistics: dict[str, str] = {}
        self.curves = Curves()
        self.charts: dict[str, dict[str, BoundedSeries]] = {}
        self.series_dropped = 0
        self._series_count = 0
        self.next_equity_ns = 0
        self._handed_over_ns = 0

    # -- latency

    def after_data(self, began_ns: int, entered_ns: int, time_ns: int, slice: Slice) -> None:
        """Count a call of on_data in a whole step, and how long the decision took from the step's beginning.

        Parameters:
            began_ns: when the step began, on the monotonic clock.
            entered_ns: when on_data was called.
            time_ns: the step's moment.
            slice: what on_data was given.
        """
        symbols = slice.keys()
        index = symbols[0].index if len(symbols) == 1 else SEVERAL_SYMBOLS
        self.trace.record(began_ns, monotonic_ns(), time_ns, index, KIND_STEP)
        self.trace.record_stages(began_ns, entered_ns)
        self.data_calls += 1
        self.count_bars(slice)
        for ticks in slice.ticks.values():
            trades = sum(tick.is_trade for tick in ticks)
            self.trade_ticks += trades
            self.quote_ticks += len(ticks) - trades

    def count_bars(self, slice: Slice) -> None:
        """Count the bars of a step."""
        self.trade_bars += len(slice.bars)
        self.quote_bars += len(slice.quote_bars)

    def count_played(self, trade_ticks: int, quote_ticks: int, data_calls: int, steps: int) -> None:
        """Count what a pump played without this recorder."""
        self.trade_ticks += trade_ticks
        self.quote_ticks += quote_ticks
        self.data_calls += data_calls
        self.steps += steps

    def measure_anew(self) -> None:
        """Forget all latencies: what counts begins now."""
        for histogram in self.stages.values():
            histogram.clear()
        self.trace.begin(monotonic_ns())

    def on_handed_over(self, began_ns: int) -> None:
        """Measure when the strategy hands over an order.

        Parameters:
            began_ns: when its step or tick began, on the monotonic clock; 0 outside steps.
        """
        if began_ns:
            self._handed_over_ns = monotonic_ns()
            self._tick_to_handover.record(self._handed_over_ns - began_ns)

    def on_accepted(self, began_ns: int) -> None:
        """Measure how long an accepted order took from the beginning of its step or tick; 0 when there was none."""
        if began_ns:
            now_ns = monotonic_ns()
            self._tick_to_order.record(now_ns - began_ns)
            self.trace.note_order(began_ns)
            if self._handed_over_ns:
                self._order_ack.record(now_ns - self._handed_over_ns)
                self._handed_over_ns = 0

    def timed_history(self, slices: Iterator[Slice]) -> Iterator[Slice]:
        """Yield past slices, and add up how long it takes to make them."""
        while True:
            began_ns = monotonic_ns()
            slice = next(slices, None)
            self.history_ns += monotonic_ns() - began_ns
            if slice is None:
                return
            yield slice

    # -- what happened

    def after_step(self, time_ns: int, engine: PaperEngine) -> None:
        """Count a step, and sample equity, prices and positions once a minute of data time."""
        self.steps += 1
        self.trace.make_room()
        if time_ns >= self.next_equity_ns:
            self.next_equity_ns = time_ns + _EQUITY_EVERY_NS
            equity = engine.portfolio.exact_total_portfolio_value
            self.curves.sample(time_ns, float(equity), engine.securities.values())
            engine.risk.on_equity(engine.zone.to_local_ns(time_ns) // NANOSECONDS_PER_DAY, equity)

    def on_order_event(self, event: OrderEvent, security: Security) -> None:
        """Pass an order event on.

        Parameters:
            event: what happened.
            security: of the order.
        """
        self.order_events += 1
        self.events_by_status[event.status] += 1
        self._sink.order_event(event)
        self._events.order(
            OrderRecord(
                event.time_ns,
                event.order_id,
                event.status,
                event.symbol.value,
                float(event.exact_fill_quantity),
                float(event.exact_fill_price),
                float(event.order_fee.value.exact_amount),
                security.bid_price,
                security.ask_price,
                float(event.exact_quantity),
                event.ticket.order_type,
            )
        )

    def on_denial(self, code: DenialCode, time_ns: int, symbol: Symbol, quantity: float) -> None:
        """Count an order that the risk gate refused.

        Parameters:
            code: why.
            time_ns: the run's moment, UTC.
            symbol: of the order.
            quantity: signed, of the order.
        """
        self.denials[code.name] += 1
        self._events.denial(DenialRecord(time_ns, code, symbol.value, quantity))

    def on_log(self, local_ns: int | None, level: str, text: str) -> None:
        """Write a line of the algorithm to the run's log."""
        self._log.write(local_ns, level, text)

    def on_series_point(self, chart: str, series: str, time_ns: int, value: float) -> None:
        """Keep a point of a plot; charts and series beyond the named maxima are counted, not kept."""
        lines = self.charts.get(chart)
        if lines is None:
            if len(self.charts) >= CHARTS_MAX:
                self.series_dropped += 1
                return
            lines = self.charts[chart] = {}
        line = lines.get(series)
        if line is None:
            if self._series_count >= SERIES_MAX:
                self.series_dropped += 1
                return
            self._series_count += 1
            line = lines[series] = BoundedSeries()
        line.append(time_ns, value)
