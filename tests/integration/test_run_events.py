"""What a run tells other processes by its page: order events, denials and phases in the ring, and rows of single symbols."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.commands import algorithm, dry_run, write_tiny
from support.feed import publishing
from support.feed_runs import IBM, FeedRuns, Scene, moment_ns, quote, small_folder, trade
from support.runs import MemorySink, run_file

from live.clock import wall_ns
from live.config import Config, LogSettings, RiskSettings, TelemetrySettings
from live.feeds.sample import write_sample
from live.hot.catalogue import Counter, RunPhase, Stage
from live.hot.denials import DenialCode
from live.hot.events import DenialRecord, Event, OrderRecord, PhaseRecord, decode_event
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_reader import TelemetryReader
from live.hot.telemetry_view import FeedRow, TelemetryView
from live.paper.run import DryRun

SLICES = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.set_cash(100000)
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.count = 0

    def on_data(self, data):
        self.count += 1
        if self.count in (100, 200):
            self.market_order(self.ibm, 10)
        if self.count == 150:
            self.limit_order(self.ibm, -7, round(self.securities[self.ibm].price * 1.5, 2))
        if self.count == 300:
            self.transactions.cancel_open_orders(self.ibm)
            self.market_order(self.ibm, 1000)
"""
TICKS = """
from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol

    def on_tick(self, tick):
        pass
"""
BEGIN_NS = moment_ns("10:00:00")
STATUSES = {1: "Submitted", 2: "PartiallyFilled", 3: "Filled", 5: "Canceled", 7: "Invalid", 8: "CancelPending"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def play(sample: Path, folder: Path, **options: Any) -> tuple[DryRun, MemorySink]:
    path = folder / "main.py"
    path.write_text(SLICES, encoding="utf-8")
    return run_file(path, sample, folder, **options)


def events_of(page: Path) -> list[Event]:
    return [decode_event(words) for words in TelemetryReader(page, expect_writer=False).ring.drain(1 << 20)]


def config(**risk: Any) -> Config:
    return Config(
        risk=RiskSettings(**risk),
        log=LogSettings(max_lines_per_second=1_000_000),
        telemetry=TelemetrySettings(symbols=("ibm", "SPY")),
    )


def test_the_ring_has_every_order_event_and_phase(sample: Path, tmp_path: Path) -> None:
    _, sink = play(sample, tmp_path)
    view = TelemetryView(tmp_path / PAGE_NAME, expect_writer=False)
    events = events_of(tmp_path / PAGE_NAME)
    orders = [event for event in events if isinstance(event, OrderRecord)]
    assert len(orders) == len(sink.events) > 6
    for order, kept in zip(orders, sink.events, strict=True):
        assert (order.order_id, order.symbol, STATUSES[order.status]) == (kept["order_id"], "IBM", kept["status"])
        assert order.fill_quantity == float(kept["fill_quantity"])
        assert order.fill_price == float(kept["fill_price"])
        assert order.fee == float(kept["fee"] or 0)
        assert order.quantity == float(kept["quantity"])
        assert order.order_type == (1 if kept["limit_price"] else 0)
        assert 0 < order.bid <= order.ask < order.bid * 1.01
    assert [event.phase for event in events if isinstance(event, PhaseRecord)] == [
        RunPhase.RUNNING,
        RunPhase.COMPLETED,
    ]
    assert view.counter(Counter.EVENTS) == len(events)
    assert view.counter(Counter.TELEMETRY_LOST) == 0


def test_the_ring_has_denials(sample: Path, tmp_path: Path) -> None:
    play(sample, tmp_path, config=config(max_order_quantity=50))
    denials = [event for event in events_of(tmp_path / PAGE_NAME) if isinstance(event, DenialRecord)]
    assert [(each.code, each.symbol, each.quantity) for each in denials] == [
        (DenialCode.ORDER_QUANTITY_ABOVE_MAX, "IBM", 1000.0)
    ]


def test_symbols_have_rows_and_those_that_are_missing_are_named(sample: Path, tmp_path: Path) -> None:
    run, sink = play(sample, tmp_path, config=config(), bounds_ns={Stage.TICK_TO_DECISION: (123_456, 1_000_000)})
    view = TelemetryView(tmp_path / PAGE_NAME, expect_writer=False)
    # Recorded data have no age.
    assert view.feed_rows() == {"IBM": FeedRow(0, 0, 0, False)}
    warning = "[telemetry] symbols names SPY, which the algorithm does not subscribe to"
    assert [each for each in run.result().warnings if "SPY" in each] == [warning]
    assert any(warning in line for line in sink.lines)
    histogram = view.histogram(Stage.TICK_TO_DECISION)
    assert histogram.bounds_ns == (123_456, 1_000_000)


def test_a_feed_shows_ticks_and_ages_of_its_symbols(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = small_folder(tmp_path / "data").path
    runs = FeedRuns(tmp_path, capsys, monkeypatch)
    seen: list[FeedRow] = []

    async def script(scene: Scene) -> None:
        def row() -> FeedRow:
            return TelemetryView(scene.page).feed_rows()["IBM"]

        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(BEGIN_NS, 0.0)
            await scene.ready()
            begun_ns = wall_ns()
            await publisher.publish([trade(BEGIN_NS + 1, 100.0), quote(BEGIN_NS + 2, 99.9, 100.1)])
            await scene.until(lambda: row().ticks == 2)
            seen.append(row())
            assert begun_ns < seen[0].received_ns < wall_ns()
            await publisher.publish([trade(BEGIN_NS + 3, 100.0)])
            await scene.until(lambda: row().ticks == 3)
            seen.append(row())
            await publisher.publish([trade(BEGIN_NS + 4, 101.0)])
            await scene.until(lambda: row().ticks == 4)
            seen.append(row())
            await publisher.finish()

    ended = runs.follow(TICKS, data, script)
    view_of_end = TelemetryView(ended.folder / PAGE_NAME, expect_writer=False)
    assert view_of_end.histogram(Stage.FEED_DELAY).count == 3
    first, same_price, other_price = seen
    assert first.price_changed_ns == first.received_ns == same_price.price_changed_ns
    assert first.received_ns < same_price.received_ns < other_price.received_ns == other_price.price_changed_ns


def test_thresholds_beside_the_algorithm_are_counted_exactly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_tiny(tmp_path / "data")
    (tmp_path / "slo.toml").write_text(
        '[[objective]]\nname = "quick"\ndescription = "Decisions."\nobjective = 99.0\n'
        'indicator = { kind = "latency", metric = "tick_to_decision_seconds", threshold_ms = 0.3 }\n',
        encoding="utf-8",
    )
    ended = dry_run(algorithm(), data, tmp_path, capsys)
    assert ended.code == 0, ended.err
    view = TelemetryView(ended.folder / PAGE_NAME, expect_writer=False)
    assert view.histogram(Stage.TICK_TO_DECISION).bounds_ns == (300_000,)
    assert view.histogram(Stage.GC_PAUSE_PYTHON).bounds_ns == ()


def test_a_bad_file_of_objectives_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "slo.toml").write_text("[[objective]]\nname = 3\n", encoding="utf-8")
    ended = dry_run(algorithm(), tmp_path, tmp_path, capsys)
    assert ended.code == 3
    assert "slo.toml" in ended.err


def test_history_takes_time_that_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_tiny(tmp_path / "data")
    ended = dry_run(algorithm("list(self.history([self.ibm], 3, Resolution.MINUTE))"), data, tmp_path, capsys)
    assert ended.code == 0, ended.err
    view = TelemetryView(ended.folder / PAGE_NAME, expect_writer=False)
    assert view.counter(Counter.HISTORY_NANOSECONDS) > 0
