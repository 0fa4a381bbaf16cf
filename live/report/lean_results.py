"""What a run in LEAN came to, from what it left: LEAN's status file and order events, the host's page, the feeder's counters.

The values are those of a run of the embedded engine, so that summary, result files and report are the same.
"""

from __future__ import annotations

import re
from collections import Counter as Counts
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

import live.hot
from live.errors import DataError, LeanLiveError, RunInterrupted
from live.feeds.socket.health import ticks_left_out
from live.hot.catalogue import Counter, Gauge, PageText, Stage
from live.hot.denials import DenialCode
from live.hot.histogram import Histogram
from live.hot.telemetry_view import TelemetryView
from live.lean.engine.status import EngineStatus, read_order_events
from live.paper.run import describe_failure
from live.paper.run_model import (
    DataSource,
    EngineOutcome,
    FeedOutcome,
    HistogramDump,
    LatencySummary,
    Position,
    PythonCollections,
    RunResult,
    RunState,
)
from live.paper.run_records import RunRecords
from live.report.run_files import OrderEventRow

_STATUS_NAMES = {
    0: "New",
    1: "Submitted",
    2: "PartiallyFilled",
    3: "Filled",
    5: "Canceled",
    6: "None",
    7: "Invalid",
    8: "CancelPending",
    9: "UpdateSubmitted",
}
"""LEAN's numbers of order states (OrderStatus)."""
_STAGES = {
    Stage.TICK_TO_DECISION: "tick_to_decision",
    Stage.TICK_TO_STRATEGY: "tick_to_strategy",
    Stage.DECISION: "decision",
    Stage.TICK_TO_ORDER: "tick_to_order",
    Stage.TICK_TO_HANDOVER: "tick_to_handover",
    Stage.ORDER_ACK: "order_ack",
    Stage.GC_PAUSE_PYTHON: "gc_pause_python",
    Stage.GC_PAUSE_DOTNET: "gc_pause_dotnet",
}
_MONEY = re.compile(r"\d[\d,]*\.?\d*")


class FeederReport(Struct):
    """What the feeder inside the engine wrote at its end."""

    state: str
    reason: str
    failure: str | None
    changes: list[str]
    counters: dict[str, int]


@dataclass(frozen=True, slots=True)
class EngineLeavings:
    """Everything that a run in LEAN left.

    Attributes:
        status: LEAN's status file, None without one.
        events: order events as LEAN wrote them, those that `read_events` returns.
        page: the host's telemetry page, None without one.
        feeder: what the feeder wrote, None when it did not come to its end.
        begun_ns: when the engine was started, UTC.
        ended_ns: when it was over, UTC.
        starting_equity: the account's cash at the start.
        currency: the account's currency.
        source: where the ticks came from, in words.
    """

    status: EngineStatus | None
    events: Sequence[bytes]
    page: TelemetryView | None
    feeder: FeederReport | None
    begun_ns: int
    ended_ns: int
    starting_equity: Decimal
    currency: str
    source: str

    @property
    def rows(self) -> list[OrderEventRow]:
        """The order events, read."""
        return [msgspec.json.decode(each, type=OrderEventRow) for each in self.events]


def read_events(results: Path, algorithm_id: str) -> tuple[list[bytes], DataError | None]:
    """Return the order events that can be read, and what is wrong with the first of the others, None when nothing is."""
    found, fault = read_order_events(results, algorithm_id)
    known: list[bytes] = []
    for each in found:
        try:
            msgspec.json.decode(each, type=OrderEventRow)
        except msgspec.DecodeError as error:
            fault = fault or DataError(f"LEAN wrote an order event that this version does not know: {error}")
        else:
            known.append(each)
    return known, fault


def read_feeder(path: Path) -> FeederReport | None:
    """Return what the feeder wrote, None when it wrote nothing."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=FeederReport)
    except FileNotFoundError:
        return None


def result_of(
    left: EngineLeavings,
    algorithm: str,
    path: Path,
    data: DataSource,
    failure: LeanLiveError | None,
    engine: EngineOutcome,
    warnings: Sequence[str],
) -> RunResult:
    """Return what a run came to.

    Parameters:
        left: what it left.
        algorithm: name of the algorithm where the page does not tell.
        path: the user's file.
        data: where the data came from.
        failure: the error that ended it, None when none did.
        engine: the engine, with the comparison.
        warnings: what the user should know.
    """
    page, status = left.page, left.status or EngineStatus()
    counters = {} if left.feeder is None else left.feeder.counters
    fees = sum((Decimal(str(each.order_fee_amount)) for each in left.rows if each.order_fee_amount), Decimal(0))
    return RunResult(
        algorithm=(page.text(PageText.ALGORITHM) if page is not None else "") or algorithm,
        algorithm_path=path,
        data=data,
        session_start_ns=left.begun_ns,
        session_end_ns=left.ended_ns,
        wall_seconds=(left.ended_ns - left.begun_ns) / 1e9,
        ticks=_counts(page, {"trade": Counter.TICKS_TRADE, "quote": Counter.TICKS_QUOTE}),
        bars=_counts(page, {"trade": Counter.BARS_TRADE, "quote": Counter.BARS_QUOTE}),
        calls={
            **_counts(page, {"on_data": Counter.CALLS_ON_DATA, "on_tick": Counter.CALLS_ON_TICK}),
            "on_order_event": len(left.events),
        },
        orders=dict(Counts(_status_name(each.status) for each in status.orders.values())),
        denials=_denials(page),
        currency=status.account_currency or left.currency,
        fees=fees,
        starting_equity=left.starting_equity,
        equity=_equity(status, page, left.starting_equity),
        positions=_positions(left.status, page),
        tick_to_decision=_latency(page, Stage.TICK_TO_DECISION),
        tick_to_order=_latency(page, Stage.TICK_TO_ORDER),
        python_gc=PythonCollections(_latency(page, Stage.GC_PAUSE_PYTHON), _collections(page)),
        ticks_dropped=ticks_left_out(counters),
        ticks_conflated=counters.get("ticks_conflated", 0),
        resident_memory_peak_bytes=0 if page is None else round(page.gauge(Gauge.RESIDENT_MEMORY_PEAK)),
        is_compiled=live.hot.COMPILED,
        state=_state(failure),
        error=None if failure is None else describe_failure(failure),
        warnings=tuple(warnings),
        feed=_feed(left),
        engine=engine,
    )


def records_of(page: TelemetryView | None) -> RunRecords:
    """Return what is written to files beside the summary: the latency distributions of the page."""
    if page is None:
        return RunRecords()
    histograms = {name: page.histogram(stage) for stage, name in _STAGES.items()}
    return RunRecords({name: _dump(each) for name, each in histograms.items() if each.count})


def _status_name(status: int | str) -> str:
    """Return an order's status as LEAN names it: "Filled"."""
    return _STATUS_NAMES.get(status, str(status)) if isinstance(status, int) else status[:1].upper() + status[1:]


def _state(failure: LeanLiveError | None) -> RunState:
    if failure is None:
        return RunState.COMPLETED
    return RunState.INTERRUPTED if isinstance(failure, RunInterrupted) else RunState.FAILED


def _counts(page: TelemetryView | None, wanted: dict[str, Counter]) -> dict[str, int]:
    return {name: 0 if page is None else page.counter(counter) for name, counter in wanted.items()}


def _denials(page: TelemetryView | None) -> dict[str, int]:
    if page is None:
        return {}
    return {code.name: count for code in DenialCode if (count := page.denials(code))}


def _latency(page: TelemetryView | None, stage: Stage) -> LatencySummary:
    return LatencySummary() if page is None else LatencySummary.of(page.histogram(stage))


def _collections(page: TelemetryView | None) -> tuple[int, int, int]:
    if page is None:
        return 0, 0, 0
    return page.counter(Counter.GC_PYTHON_0), page.counter(Counter.GC_PYTHON_1), page.counter(Counter.GC_PYTHON_2)


def _dump(histogram: Histogram) -> HistogramDump:
    return HistogramDump(histogram.count, histogram.sum_ns, histogram.max_ns, tuple(histogram.buckets()))


def _equity(status: EngineStatus, page: TelemetryView | None, starting: Decimal) -> Decimal:
    """Return the account's value.

    LEAN writes it as a text with its currency's sign and separators. Without that it is the newest that the host has shown;
    before the host shows one there is no session, and the account is as it was at the start.
    """
    text = status.runtime_statistics.get("Equity", "")
    found = _MONEY.search(text)
    if found is not None:
        amount = Decimal(found.group().replace(",", ""))
        # The sign may be before that of the currency.
        return -amount if "-" in text[: found.start()] else amount
    account = None if page is None else page.account()
    return starting if account is None else Decimal(str(account.account.equity))


def _positions(status: EngineStatus | None, page: TelemetryView | None) -> tuple[Position, ...]:
    """Return the holdings as LEAN wrote them; without its status file those that the host has shown last."""
    if status is None:
        account = None if page is None else page.account()
        shown = () if account is None else account.positions
        return tuple(Position(row.symbol, *(Decimal(str(each)) for each in row[1:])) for row in shown)
    return tuple(
        Position(name.split()[0], held.q, held.a, held.p, held.u) for name, held in status.holdings.items() if held.q
    )


def _feed(left: EngineLeavings) -> FeedOutcome | None:
    report = left.feeder
    if report is None:
        return None
    return FeedOutcome(left.source, report.state, report.reason, report.counters, (), 0, None)
