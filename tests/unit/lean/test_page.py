"""What a run inside LEAN shows on its telemetry page: stages, ticks, collections, orders, the account."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.lean_runs import Feed, run_in_double, wait_until

from live.config import LeanSettings, TelemetrySettings
from live.hot.catalogue import ControlBit, Counter, Gauge, PageText, RunPhase, Stage, WarmState
from live.hot.events import OrderRecord, PhaseRecord, decode_event
from live.hot.telemetry_reader import TelemetryReader

SOURCE = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol
        self.eth = self.add_crypto("ETHUSD", Resolution.TICK, Market.COINBASE).symbol

    def on_data(self, data):
        ticks = data.ticks.get(self.btc)
        if ticks is not None and ticks[0].price == 101:
            self.market_order(self.btc, 2)
"""


def feed_trades(feed: Feed, count: int) -> None:
    for number in range(count):
        feed.trade("BTCUSD", 100.0 + number)
        feed.until(lambda number=number: feed.calls("on_data") == number + 1)
    feed.until(lambda: feed.calls("on_order_event") == 2)


WARMS_UP = """
from AlgorithmImports import *
from live.hot.catalogue import Gauge
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean.instructions import read_instructions
from pathlib import Path

class Main(QCAlgorithm):
    def initialize(self):
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol

    def on_data(self, data):
        pass

    def on_warmup_finished(self):
        # The host's session has not begun yet, so this is a slice of the warm-up to it.
        page = TelemetryView(Path(read_instructions().run_folder) / PAGE_NAME)
        self.before = page.gauge(Gauge.PUBLISHED)
        self.on_data(Slice.of(datetime.utcnow(), datetime.utcnow(), []))
        self.after = page.gauge(Gauge.PUBLISHED)
"""


def test_a_warm_up_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in_double(tmp_path, monkeypatch, WARMS_UP, lambda feed: None)
    assert run.error == ""
    assert run.algorithm.after > run.algorithm.before > 0


def test_every_stage_of_a_tick_and_an_order_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        feed_trades(feed, 3)
        feed.quote("ETHUSD", 10.0, 11.0)
        feed.until(lambda: feed.calls("on_data") == 4)

    page = run_in_double(tmp_path, monkeypatch, SOURCE, drive).page()
    counts = {stage: page.histogram(stage).count for stage in Stage}
    assert counts[Stage.TICK_TO_DECISION] == 4
    assert counts[Stage.TICK_TO_STRATEGY] == 4
    assert counts[Stage.DECISION] == 4
    assert counts[Stage.FEED_DELAY] == 4
    assert counts[Stage.TICK_TO_HANDOVER] == counts[Stage.TICK_TO_ORDER] == counts[Stage.ORDER_ACK] == 1
    order = page.histogram(Stage.TICK_TO_ORDER)
    assert order.max_ns >= page.histogram(Stage.TICK_TO_HANDOVER).max_ns
    assert order.max_ns <= page.histogram(Stage.TICK_TO_DECISION).max_ns
    assert page.counter(Counter.TICKS_TRADE) == 3
    assert page.counter(Counter.TICKS_QUOTE) == 1
    assert page.counter(Counter.CALLS_ON_DATA) == 4


def test_symbols_account_orders_and_texts_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = TelemetrySettings(symbols=("BTCUSD",))

    def drive(feed: Feed) -> None:
        feed_trades(feed, 3)

    page = run_in_double(tmp_path, monkeypatch, SOURCE, drive, telemetry=telemetry, source="a test").page()
    rows = page.feed_rows()
    assert list(rows) == ["BTCUSD"]
    assert rows["BTCUSD"].ticks == 3
    assert rows["BTCUSD"].price_changed_ns == rows["BTCUSD"].received_ns
    look = page.account()
    assert look is not None
    assert look.account.starting_equity == 100_000.0
    assert look.account.equity == 100_000.0 + 2 * (102.0 - 101.0)
    assert look.account.orders_open == 0
    assert [(row.symbol, row.quantity, row.average_price, row.market_price) for row in look.positions] == [
        ("BTCUSD", 2.0, 101.0, 102.0)
    ]
    assert page.text(PageText.ALGORITHM) == "Main"
    assert page.text(PageText.SOURCE) == "a test"
    assert page.gauge(Gauge.RUN_PHASE) == RunPhase.COMPLETED
    assert page.counter(Counter.ORDERS_SUBMITTED) == page.counter(Counter.ORDERS_FILLED) == 1


def events_of(path: Path) -> list[Any]:
    ring = TelemetryReader(path).ring
    return [decode_event(words) for words in ring.drain(1_000)]


def test_net_collections_are_counted_and_their_pauses_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def drive(feed: Feed) -> None:
        from lean_engine.garbage import Collector

        def trade(price: float) -> None:
            before, seen = Collector.calls, feed.calls("on_data")
            feed.trade("BTCUSD", price)
            feed.until(lambda: feed.calls("on_data") == seen + 1)
            # The counters are read after the strategy has returned.
            feed.until(lambda: Collector.calls > before)
            calls.append(Collector.calls - before)

        trade(90.0)
        Collector.collect(1, 2.5)
        trade(91.0)
        trade(92.0)

    page = run_in_double(tmp_path, monkeypatch, SOURCE, drive).page()
    assert [page.counter(each) for each in (Counter.GC_DOTNET_0, Counter.GC_DOTNET_1, Counter.GC_DOTNET_2)] == [1, 1, 0]
    pauses = page.histogram(Stage.GC_PAUSE_DOTNET)
    assert pauses.count == 1
    assert pauses.max_ns == 2_500_000
    # One call for a slice without a collection, and three more to find out which it was.
    assert calls[0] == calls[2] == 1


@pytest.mark.parametrize(("every", "reads"), [(0, 0), (1, 4), (2, 2)])
def test_net_pauses_are_asked_for_as_often_as_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int, reads: int
) -> None:
    counted = []

    def drive(feed: Feed) -> None:
        from lean_engine.garbage import Collector

        before = Collector.calls
        for number in range(4):
            feed.trade("ETHUSD", 90.0 + number)
            feed.until(lambda number=number: feed.calls("on_data") == number + 1)
        feed.engine.interrupt()
        feed.until(lambda: not feed.engine.thread.is_alive())
        counted.append(Collector.calls - before)

    run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=LeanSettings(dotnet_gc_every=every))
    assert counted == [reads]


def test_a_session_is_ready_then_running_and_paused_by_the_control_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def drive(feed: Feed) -> None:
        path = tmp_path / "run" / "telemetry.page"
        reader = TelemetryReader(path)
        seen.append((reader.gauge(Gauge.RUN_PHASE), reader.gauge(Gauge.WARM_STATE)))
        feed.trade("BTCUSD", 100.0)
        wait_until(lambda: reader.gauge(Gauge.RUN_PHASE) == RunPhase.RUNNING)
        reader.set_control(ControlBit.PAUSE)
        wait_until(lambda: reader.gauge(Gauge.RUN_PHASE) == RunPhase.PAUSED)
        feed.trade("BTCUSD", 101.0)
        feed.until(lambda: feed.calls("on_data") == 2)

    page = run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=LeanSettings(account_milliseconds=10.0)).page()
    assert seen == [(RunPhase.READY, WarmState.READY)]
    # The order of the strategy was refused: the gate has polled the same word.
    assert page.counter(Counter.ORDERS_SUBMITTED) == 0
    assert page.counter(Counter.ORDERS_DENIED) == 1


def test_order_events_and_phases_are_in_the_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        feed.quote("BTCUSD", 100.5, 101.5)
        feed.until(lambda: feed.calls("on_data") == 1)
        feed.until(lambda: feed.calls("on_order_event") == 2)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    found = events_of(run.folder / "telemetry.page")
    orders = [each for each in found if isinstance(each, OrderRecord)]
    assert [(each.status, each.symbol, each.quantity) for each in orders] == [(1, "BTCUSD", 2.0), (3, "BTCUSD", 2.0)]
    assert (orders[1].bid, orders[1].ask, orders[1].fill_quantity) == (100.5, 101.5, 2.0)
    phases = [each.phase for each in found if isinstance(each, PhaseRecord)]
    assert phases[:2] == [RunPhase.WARMING_UP, RunPhase.READY]
    assert phases[-1] == RunPhase.COMPLETED


def test_python_pauses_are_measured_and_the_collector_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gc

    states = []

    def drive(feed: Feed) -> None:
        states.append((gc.isenabled(), gc.get_freeze_count() > 0))

    page = run_in_double(tmp_path, monkeypatch, SOURCE, drive).page()
    assert states == [(False, True)]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert page.histogram(Stage.GC_PAUSE_PYTHON).count >= 1


def test_the_delay_of_a_feed_is_measured_from_the_stamp_of_the_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 90.0, ahead=timedelta(milliseconds=-5))
        feed.until(lambda: feed.calls("on_data") == 1)

    page = run_in_double(tmp_path, monkeypatch, SOURCE, drive).page()
    assert page.histogram(Stage.FEED_DELAY).max_ns >= 5_000_000


def test_a_session_is_not_ready_before_lean_has_subscribed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a rehearsal too: LEAN drops the ticks of before, so nobody may feed them yet."""
    source = (
        SOURCE
        + """
    def on_securities_changed(self, changes):
        from live.hot.catalogue import Gauge
        from live.hot.telemetry_view import TelemetryView
        self.log(str(TelemetryView(self.get_parameter("page")).gauge(Gauge.RUN_PHASE)))
"""
    )

    def drive(feed: Feed) -> None:
        reader = TelemetryReader(tmp_path / "run" / "telemetry.page")
        wait_until(lambda: reader.gauge(Gauge.RUN_PHASE) == RunPhase.READY)

    parameters = {"page": str(tmp_path / "run" / "telemetry.page")}
    run = run_in_double(tmp_path, monkeypatch, source, drive, parameters=parameters)
    assert [float(each) for each in run.texts()] == [RunPhase.WARMING_UP]


def test_a_session_without_securities_becomes_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from AlgorithmImports import *\nclass Main(QCAlgorithm):\n    def initialize(self):\n        pass\n"

    def drive(feed: Feed) -> None:
        reader = TelemetryReader(tmp_path / "run" / "telemetry.page")
        wait_until(lambda: reader.gauge(Gauge.RUN_PHASE) == RunPhase.READY)

    run = run_in_double(tmp_path, monkeypatch, source, drive)
    assert not run.error
    assert "on_securities_changed" not in [name for name, _ in run.callbacks]
