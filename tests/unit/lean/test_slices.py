"""The way of slices: the dummy of the keep-warm is never seen, slices are looked at later, none is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.lean_double import lean_modules
from support.lean_runs import Feed, host_of, run_in_double

from live.clock import monotonic_ns, ns_to_datetime
from live.config import LeanSettings, TelemetrySettings
from live.hot.catalogue import Counter, Gauge, Stage
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean import slice_watch

MILLISECOND_NS = 1_000_000
SOURCE = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.dummy = self.add_crypto("ETHUSD", Resolution.TICK).symbol
        self.seen = []

    def on_data(self, data):
        ticks = [(str(tick.symbol), tick.price) for tick in data.all_data]
        by_kind = [(str(symbol), tick.price) for symbol, found in data.ticks.items() for tick in found]
        self.seen.append((ticks, by_kind, data.contains_key(self.dummy), [str(each) for each in data.keys()]))
"""


def beat(feed: Feed, price: float = 1.0) -> None:
    watch = host_of(feed).watch
    watch.dummy = feed.engine.algorithm.dummy
    watch.beats_sent += 1
    feed.trade("ETHUSD", price, slice_watch.BEAT_QUANTITY)


def test_a_beat_alone_never_reaches_the_strategy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        for number in range(3):
            beat(feed)
            feed.until(lambda number=number: feed.calls("on_data") == number + 1)
        feed.trade("BTCUSD", 90)
        feed.until(lambda: feed.calls("on_data") == 4)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert run.algorithm.seen == [([("BTCUSD", 90)], [("BTCUSD", 90)], False, ["BTCUSD"])]
    assert run.summary()["beats"] == 3
    assert run.page().counter(Counter.TICKS_TRADE) == 1


def test_a_beat_among_other_ticks_is_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        from lean_engine.feed import utc_now

        from live.lean.surface import trade_tick

        algorithm, aggregator, watch = feed.engine.algorithm, feed.aggregator, host_of(feed).watch
        watch.dummy = algorithm.dummy
        watch.beats_sent += 2
        with aggregator._lock:
            for symbol, price in ((algorithm.btc, 90), (algorithm.dummy, 1), (algorithm.dummy, 2), (algorithm.btc, 91)):
                tick = trade_tick(symbol, price, slice_watch.BEAT_QUANTITY, utc_now())
                aggregator._queues[symbol].append(tick)
        aggregator.wake()
        feed.until(lambda: feed.calls("on_data"))

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    both = [("BTCUSD", 90), ("BTCUSD", 91)]
    assert run.algorithm.seen == [(both, both, False, ["BTCUSD"])]
    assert run.summary()["beats"] == 2


def test_the_feeders_stamp_is_the_beginning_of_its_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks of the test's: the first slice was received 50 ms before it came to the strategy, which takes 2 ms."""
    with lean_modules():
        from lean_engine.data import Slice

        from live.lean.page import LeanPage
        from live.lean.stages import OrderStages

        page = LeanPage(tmp_path, TelemetrySettings())
        watch = slice_watch.SliceWatch(page, OrderStages(), 0)
        now_ns = [10**9]
        monkeypatch.setattr(slice_watch, "monotonic_ns", lambda: now_ns[0])
        monkeypatch.setattr(slice_watch, "wall_ns", lambda: 1_500_000_000 * 10**9)
        made = ns_to_datetime(1_500_000_000 * 10**9)

        def strategy(slice: Any) -> None:
            now_ns[0] += 2 * MILLISECOND_NS

        watch.strategy = strategy
        page.trace.begin(1)
        watch.fed_ns = now_ns[0] - 50 * MILLISECOND_NS
        for _ in range(2):
            watch.on_slice(Slice.of(made, made, []))
        watch.look_at_all()
        decisions, waits = page.histogram(Stage.TICK_TO_DECISION), page.histogram(Stage.TICK_TO_STRATEGY)
        assert (decisions.count, decisions.sum_ns, decisions.max_ns) == (2, 54 * MILLISECOND_NS, 52 * MILLISECOND_NS)
        assert (waits.count, waits.sum_ns) == (2, 50 * MILLISECOND_NS)


def test_ticks_of_the_dummy_that_are_no_beats_are_hidden_and_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker's queue may know the symbol: its ticks are not ours, and none of the strategy's business."""
    seen: list[tuple[int, int]] = []

    def drive(feed: Feed) -> None:
        watch = host_of(feed).watch
        watch.dummy = feed.engine.algorithm.dummy
        for outstanding in (0, 1):
            watch.beats_sent += outstanding
            before = feed.calls("on_data")
            feed.trade("ETHUSD", 100.0)
            feed.until(lambda before=before: feed.calls("on_data") > before)
            seen.append((watch.beats_sent, watch.beats_seen))

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert run.algorithm.seen == []
    assert seen == [(0, 0), (1, 0)]


def test_a_beat_that_was_given_up_and_comes_after_all_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        watch = host_of(feed).watch
        for _ in range(2):
            beat(feed)
            watch.beats_seen = watch.beats_sent
            feed.until(lambda: feed.calls("on_data"))
        feed.trade("BTCUSD", 90)
        feed.until(lambda: feed.engine.algorithm.seen)
        assert watch.beats_seen == watch.beats_sent == 2

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    assert run.algorithm.seen == [([("BTCUSD", 90)], [("BTCUSD", 90)], False, ["BTCUSD"])]


@pytest.mark.parametrize("kind", ["bars", "quote_bars"])
def test_bars_of_the_dummy_in_a_warm_up_are_hidden(tmp_path: Path, kind: str) -> None:
    """LEAN gives a warm-up of a resolution of its own bars of a symbol that has ticks only in the session."""
    with lean_modules():
        from lean_engine.data import Slice, Tick
        from lean_engine.feed import utc_now
        from lean_engine.market import Market, SecurityType, Symbol

        from live.lean.page import LeanPage
        from live.lean.stages import OrderStages

        btc, eth = (Symbol.create(name, SecurityType.CRYPTO, Market.COINBASE) for name in ("BTCUSD", "ETHUSD"))
        watch = slice_watch.SliceWatch(LeanPage(tmp_path, TelemetrySettings()), OrderStages(), 0)
        given: list[Any] = []
        watch.strategy = given.append
        watch.dummy = eth

        def slice_of(*symbols: Any) -> Any:
            bars = [Tick() for _ in symbols]
            for bar, symbol in zip(bars, symbols, strict=True):
                bar.symbol = symbol
            found = Slice.of(utc_now(), utc_now(), bars)
            for bar in bars:
                found.ticks.remove(bar.symbol)
                getattr(found, kind)[bar.symbol] = bar
            return found

        watch.on_slice(slice_of(eth))
        watch.on_slice(slice_of(btc, eth))
        (found,) = given
        assert [each.symbol for each in found.all_data] == [btc]
        assert getattr(found, kind).keys() == [btc]


@pytest.mark.parametrize("count", [1, 255, 257, 700])
def test_no_slice_is_forgotten_when_they_come_without_a_pause(tmp_path: Path, count: int) -> None:
    with lean_modules():
        from lean_engine.data import Slice, Tick
        from lean_engine.feed import utc_now
        from lean_engine.market import Market, SecurityType, Symbol
        from lean_engine.securities import SecurityManager

        from live.lean.page import LeanPage
        from live.lean.stages import OrderStages

        symbol = Symbol.create("BTCUSD", SecurityType.CRYPTO, Market.COINBASE)
        page, stages = LeanPage(tmp_path, TelemetrySettings()), OrderStages()
        watch = slice_watch.SliceWatch(page, stages, 0)
        securities = SecurityManager()
        securities._add(symbol, None)
        watch.algorithm = SimpleNamespace(securities=securities)
        given = []

        def strategy(slice: Any) -> None:
            given.append(slice)
            stages.accept(stages.slice_number, stages.hand_over())

        watch.strategy = strategy
        page.trace.begin(monotonic_ns())
        for _ in range(count):
            tick = Tick()
            tick.symbol, tick.time, tick.value = symbol, utc_now(), 5.0
            watch.on_slice(Slice.of(utc_now(), utc_now(), [tick]))
        watch.look_at_all()
        watch.publish(0)
        assert len(given) == count
        assert page.page.counter(Counter.TICKS_TRADE) == count
        for stage in (Stage.TICK_TO_DECISION, Stage.TICK_TO_HANDOVER, Stage.TICK_TO_ORDER, Stage.ORDER_ACK):
            assert page.histogram(stage).count == count


@pytest.mark.parametrize("days", [-4_000, -1, 1, 4_000])
def test_a_clock_that_has_stepped_makes_no_long_decisions(tmp_path: Path, days: int) -> None:
    with lean_modules():
        from lean_engine.data import Slice
        from lean_engine.feed import utc_now

        from live.lean.page import LeanPage
        from live.lean.stages import OrderStages

        page = LeanPage(tmp_path, TelemetrySettings())
        watch = slice_watch.SliceWatch(page, OrderStages(), 0)
        page.trace.begin(monotonic_ns())
        watch.fed_ns = 1
        for _ in range(20):
            moment = utc_now() + timedelta(days=days)
            watch.on_slice(Slice.of(moment, moment, []))
        watch.look_at_all()
        assert page.histogram(Stage.TICK_TO_DECISION).max_ns < 60_000_000_000
        assert sum(window.decisions for window in page.trace.windows()) == 20
        assert all(step.began_ns >= page.trace.origin_ns for step in page.trace.worst())


def test_an_order_outside_of_slices_has_no_beginning() -> None:
    from live.hot.histogram import Histogram
    from live.lean.stages import OrderStages

    found = {stage: Histogram() for stage in Stage}
    stages = OrderStages()
    stages.accept(stages.slice_number, stages.hand_over())
    stages.record(found.__getitem__, lambda number: 1, 0)
    assert found[Stage.TICK_TO_ORDER].count == 0
    assert found[Stage.ORDER_ACK].count == 1


def test_marks_of_slices_that_are_not_known_yet_stay() -> None:
    from live.hot.histogram import Histogram
    from live.lean.stages import OrderStages

    found = {stage: Histogram() for stage in Stage}
    stages = OrderStages()
    stages.slice_number = 3
    stages.accept(3, stages.hand_over())
    stages.record(found.__getitem__, lambda number: 1, 2)
    assert found[Stage.TICK_TO_ORDER].count == 0
    stages.record(found.__getitem__, lambda number: 1, 3)
    assert found[Stage.TICK_TO_ORDER].count == found[Stage.TICK_TO_HANDOVER].count == 1


def test_the_switch_interval_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    seen = []

    def drive(feed: Feed) -> None:
        seen.append(sys.getswitchinterval())

    run_in_double(tmp_path, monkeypatch, SOURCE, drive, lean=LeanSettings(switch_interval_milliseconds=2.0))
    assert seen == [pytest.approx(0.002)]


HANGS = """
import threading
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def on_data(self, data):
        self.has_begun.set()
        self.may_end.wait(20)
"""


def test_the_page_grows_old_while_the_strategy_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.lean.housekeeping.STUCK_NS", 1)
    stamps: list[float] = []

    def drive(feed: Feed) -> None:
        page = TelemetryView(tmp_path / "run" / PAGE_NAME)
        host = host_of(feed)
        housekeeping = host.housekeeping
        algorithm = feed.engine.algorithm
        feed.trade("BTCUSD", 90)
        algorithm.has_begun.wait(20)
        assert host.watch.deciding_ns(monotonic_ns()) > 0
        for _ in range(2):
            housekeeping._next_ns = 0
            housekeeping.rest()
            stamps.append(page.gauge(Gauge.PUBLISHED))
        algorithm.may_end.set()
        feed.until(lambda: host.watch.deciding_ns(monotonic_ns()) == 0)

        def is_younger() -> bool:
            housekeeping._next_ns = 0
            housekeeping.rest()
            return page.gauge(Gauge.PUBLISHED) > stamps[1]

        feed.until(is_younger)
        stamps.append(page.gauge(Gauge.PUBLISHED))

    run_in_double(tmp_path, monkeypatch, HANGS, drive)
    assert stamps[0] == stamps[1] < stamps[2]
