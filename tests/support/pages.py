"""Telemetry pages as a run would have written them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.hot.catalogue import Counter, FeedPhase, Gauge, PageText, RunPhase, Stage, WarmState
from live.hot.denials import DenialCode
from live.hot.page_layout import HeaderWord
from live.hot.page_tables import AccountRecord, PageTablesWriter, PositionRow, SlowDecision
from live.hot.telemetry import TelemetryPage, create_page

DATA_TIME_NS = 1_381_152_600_000_000_000
POSITIONS = [PositionRow("IBM", -100.0, 185.5, 186.25, -75.0), PositionRow("BTCUSD", 0.125, 400.0, 401.5, 0.1875)]


def write_page(
    folder: Path, positions: int = 2, has_feed: bool = False, run: str = "Strategy-20261121T120000Z"
) -> TelemetryPage:
    """Write the page of a running run, whose writer is this process.

    Parameters:
        folder: where, made when missing.
        positions: rows of the position table.
        has_feed: whether it plays a feed.
        run: name of the run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = create_page(folder / "telemetry.page", f"{run}.partial", "0.1.0", ring_capacity=8)
    tables = PageTablesWriter(page.records)
    tables.write_text(PageText.ALGORITHM, "Strategy")
    tables.write_text(PageText.SOURCE, "feed unix:/tmp/feed" if has_feed else "data folder data")
    rows = [POSITIONS[at % 2] if positions <= 2 else POSITIONS[0]._replace(symbol=f"S{at}") for at in range(positions)]
    account = AccountRecord(positions, DATA_TIME_NS, 3, 100_076.25, 100_000.0, 34.5, "USD")
    tables.write_account(account, rows)
    tables.write_slowest(
        [SlowDecision(9_000_000 - at, at, 0, DATA_TIME_NS, 0, "IBM", 1_500, 1, 0, 2, 3, 700) for at in range(10)]
    )
    page.add(Counter.TICKS_TRADE, 1_000)
    page.add(Counter.TICKS_QUOTE, 5_000)
    page.add(Counter.TICKS_DROPPED_LATE, 2)
    page.add(Counter.ORDERS_FILLED, 34)
    page.add_denials(DenialCode.MARKET_NO_PRICE, 1)
    for span_ns in (1_000, 2_000, 500_000):
        page.histograms[Stage.TICK_TO_DECISION].record(span_ns)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.RUNNING)
    page.set_gauge(Gauge.PROGRESS, 0.25)
    page.set_gauge(Gauge.RESIDENT_MEMORY, 47_000_000)
    page.set_gauge(Gauge.CPU_AFFINITY_STRATEGY, 1.0)
    page.set_gauge(Gauge.CPU_AFFINITY_FEEDER, float("nan"))
    publish(page)
    if has_feed:
        page.set_gauge(Gauge.PROGRESS, float("nan"))
        page.set_gauge(Gauge.FEED_PHASE, FeedPhase.PAUSED)
        page.set_gauge(Gauge.FEED_RECEIVED, (wall_ns() - 3 * NANOSECONDS_PER_SECOND) / NANOSECONDS_PER_SECOND)
        page.set_gauge(Gauge.WARM_STATE, WarmState.READY)
        page.add(Counter.FEED_FAULTS_GAP, 1)
        page.add(Counter.FEED_TICKS_MISSING, 7)
        tables.write_text(PageText.FEED_REASON, "gap: 7 ticks are missing")
    return page


def publish(page: TelemetryPage, at_seconds: float | None = None) -> None:
    """Stamp a page as brought up to date, now or at a moment in seconds since 1970."""
    page.set_gauge(Gauge.PUBLISHED, wall_ns() / NANOSECONDS_PER_SECOND if at_seconds is None else at_seconds)


def change_header(page: TelemetryPage, word: HeaderWord, change: Callable[[int], int]) -> int:
    """Change a word of a page's header, as nobody but its writer may; return what was there."""
    with page.path.open("r+b") as file:
        file.seek(word * 8)
        before = int.from_bytes(file.read(8), "little", signed=True)
        file.seek(word * 8)
        file.write(change(before).to_bytes(8, "little", signed=True))
    return before
