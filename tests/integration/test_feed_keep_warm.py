"""Rehearsal and keeping warm leave no trace in a run, and nothing behind after it."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.commands import Ended
from support.feed import publishing
from support.feed_market import write_market
from support.feed_runs import DAY, FeedRuns, Scene, moment_ns, probes, quote, replaying, trade

from live.algorithm.enums import OrderStatus
from live.algorithm.orders import MarketOnCloseOrder
from live.feeds.socket.frames import Channel
from live.hot.catalogue import Counter, Stage
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView

STRATEGY = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.set_cash(1000000)
{initialize}
        self.taken = {add}.symbol
        self.calls = 0

    def {callback}:
        self.calls += 1
        if self.calls % 100 == 0:
            self.market_order(self.taken, 2)
            self.limit_order(self.taken, -1, self.securities[self.taken].price)
        self.log(f"PROBE {{self.calls}} {{self.time}}")

    def on_order_event(self, event):
        self.log(f"PROBE {{event}} {{self.portfolio.total_portfolio_value}}")
"""
TIERS = {"slices": ("QCAlgorithm", "on_data(self, data)"), "live": ("LiveAlgorithm", "on_tick(self, tick)")}
BOTH = pytest.mark.parametrize("tier", list(TIERS))
ADD = {
    "IBM": 'self.add_equity("IBM", Resolution.TICK)',
    "EURUSD": 'self.add_forex("EURUSD", Resolution.TICK, Market.OANDA)',
    "BTCUSD": 'self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE)',
}
KINDS = {"IBM": ("equity", "usa"), "EURUSD": ("forex", "oanda"), "BTCUSD": ("crypto", "coinbase")}
COLD = {"host": {"rehearsal_seconds": 0, "keep_warm_milliseconds": 0}}
WARM = {"host": {"rehearsal_seconds": 0.15, "keep_warm_milliseconds": 0.1, "idle_collect_milliseconds": 1}}


def strategy(tier: str, symbol: str = "IBM", initialize: str = "pass") -> str:
    base, callback = TIERS[tier]
    return STRATEGY.format(base=base, callback=callback, add=ADD[symbol], initialize=f"        {initialize}")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), ticks=600)


@pytest.fixture
def affinity() -> Iterator[None]:
    """Give the process its cores back."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


def runs_of(folder: Path, name: str, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> FeedRuns:
    folder = folder / name
    folder.mkdir()
    return FeedRuns(folder, capsys, monkeypatch)


def page_of(ended: Ended) -> dict[str, int]:
    """Return what the telemetry page has counted, but for what depends on the clock of the world."""
    page = TelemetryView(ended.folder / PAGE_NAME, expect_writer=False)
    skipped = ("GC_", "FEED_FRAMES", "FEED_BYTES", "FEED_RECEIVE", "FEED_FAULTS_CONNECT")
    counters = {each.name: page.counter(each) for each in Counter if not each.name.startswith(skipped)}
    stages = (Stage.TICK_TO_DECISION, Stage.TICK_TO_ORDER, Stage.TICK_TO_HANDOVER)
    return counters | {stage.name: page.histogram(stage).count for stage in stages}


@BOTH
@pytest.mark.parametrize("symbol", list(ADD))
def test_a_rehearsal_changes_nothing(
    market: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, tier: str, symbol: str
) -> None:
    text = strategy(tier, symbol)
    found = []
    for name, settings in (("cold", COLD), ("warm", WARM)):
        runs = runs_of(tmp_path, name, capsys, monkeypatch)
        ended = runs.follow(text, market, replaying(market, [symbol], None, True, DAY), settings=settings)
        summary = ended.summary
        rehearsal = summary["feed"]["rehearsal"]
        assert bool(rehearsal["ticks"]) is bool(rehearsal["orders"]) is (name == "warm")
        page = page_of(ended)
        assert page["TICK_TO_DECISION"] == summary["calls"]["on_tick" if tier == "live" else "on_data"] > 300
        compared = ("ticks", "calls", "orders", "fees", "equity", "positions", "denials", "order_events")
        found.append(
            (
                ended.events,
                probes(ended.log),
                page,
                {each: summary[each] for each in compared},
                summary["tick_to_order"]["count"],
            )
        )
    cold, warm = found
    for before, after in zip(cold, warm, strict=True):
        assert after == before
    assert len(cold[0]) > 5


def idle(symbol: str, beats: int, memory: list[int]) -> Any:
    """Return a script that leaves the run without a tick for some beats and notes the memory, then sends a few."""

    async def script(scene: Scene) -> None:
        kind, place = KINDS[symbol]
        channels = [Channel(kind, place, symbol, is_quote) for is_quote in (False, True)]
        async with publishing(scene.path, channels) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            warmth = scene.feed._warmth
            for number in range(4):
                await scene.until(lambda goal=beats * (number + 1): warmth.beats >= goal)
                memory.append(sys.getallocatedblocks())
            assert scene.played == 0
            scene.rehearsed = (warmth.beats, warmth._rehearser)  # type: ignore[attr-defined]
            for second in range(1, 151):
                at_ns = moment_ns("10:00:00") + second * 1_000_000_000
                await publisher.publish([trade(at_ns, 100.0), quote(at_ns, 99.99, 100.01)])
            await publisher.finish()

    return script


@BOTH
def test_an_idle_run_keeps_warm_without_growing(
    market: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, tier: str
) -> None:
    memory: list[int] = []
    beats = 300
    runs = FeedRuns(tmp_path, capsys, monkeypatch)
    ended = runs.follow(strategy(tier), market, idle("IBM", beats, memory), settings=WARM)
    # Curves of the rehearsed account fill up, to a limit: a few blocks for each of 75 orders.
    # tests/performance has the exact count.
    assert memory[3] - memory[1] < 3 * 2 * beats, memory
    # Numbers of orders begin at 1, and nothing of the beats was counted.
    assert ended.events[0]["orderId"] == 1
    page = page_of(ended)
    assert page["TICKS_TRADE"] == page["TICKS_QUOTE"] == 150
    assert page["ORDERS_SUBMITTED"] == sum(each["status"] == "submitted" for each in ended.events)
    assert page["TICK_TO_DECISION"] == ended.summary["calls"]["on_tick" if tier == "live" else "on_data"]
    assert [line for line in probes(ended.log) if line.startswith("1 ")] == ["1 2013-10-07 10:00:01"]


CASH = "self.set_brokerage_model(BrokerageName.COINBASE, AccountType.CASH)"


@pytest.mark.parametrize("tier", ["slices"])
@pytest.mark.parametrize(("symbol", "initialize"), [*[(each, "pass") for each in ADD], ("BTCUSD", CASH)])
def test_rehearsed_orders_are_filled(
    market: Path,
    tmp_path: Path,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
    tier: str,
    symbol: str,
    initialize: str,
) -> None:
    runs = FeedRuns(tmp_path, capsys, monkeypatch)
    runs.follow(strategy(tier, symbol, initialize), market, idle(symbol, 20, []), settings=WARM)
    _, rehearser = runs.scene.rehearsed  # type: ignore[attr-defined]
    events = rehearser._engine.recorder.events_by_status
    assert rehearser.orders > 10
    assert events[OrderStatus.FILLED] == rehearser.orders
    assert events[OrderStatus.INVALID] == 0


def test_pythons_collector_works_again_after_the_run(
    market: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    during: list[bool] = []

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, [Channel("equity", "usa", "IBM", False)]) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            during.append(gc.isenabled())
            assert gc.get_freeze_count() > 10_000
            await publisher.publish([trade("10:00:01", 100.0)])
            await publisher.finish()

    assert gc.isenabled()
    FeedRuns(tmp_path, capsys, monkeypatch).follow(strategy("live"), market, script, settings=WARM)
    assert during == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_pythons_collector_works_again_after_an_error(
    market: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = strategy("slices").replace("self.calls += 1", "raise ValueError()")

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, [Channel("equity", "usa", "IBM", False)]) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            await publisher.publish([trade("10:00:01", 100.0)])
            await scene.until(lambda: scene.feed.receiver._failure is not None)

    FeedRuns(tmp_path, capsys, monkeypatch).follow(text, market, script, settings=WARM, code=1)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_what_the_algorithm_set_for_all_orders_outlasts_the_rehearsal(
    market: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "MarketOnCloseOrder.submission_time_buffer = timedelta(minutes=3)"
    before = MarketOnCloseOrder.submission_time_buffer
    text = strategy("slices", initialize=line).replace(
        "    def on_order_event",
        '    def on_end_of_algorithm(self):\n        self.log(f"PROBE buffer {MarketOnCloseOrder.submission_time_buffer}")\n'
        "\n    def on_order_event",
    )
    ended = FeedRuns(tmp_path, capsys, monkeypatch).follow(
        text, market, replaying(market, ["IBM"], None, True, DAY), settings=WARM
    )
    MarketOnCloseOrder.submission_time_buffer = before
    assert probes(ended.log)[-1] == "buffer 0:03:00"


@pytest.mark.usefixtures("affinity")
def test_the_run_is_kept_on_its_cores(
    market: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = min(os.sched_getaffinity(0))
    seen: list[set[int]] = []

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, [Channel("equity", "usa", "IBM", False)]) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            number = threading.main_thread().native_id
            assert number is not None
            seen.append(os.sched_getaffinity(number))
            await publisher.finish()

    runs = FeedRuns(tmp_path, capsys, monkeypatch)
    ended = runs.follow(strategy("live"), market, script, settings={"host": {"cores": [core]}})
    assert seen == [{core}]
    assert ended.summary["cores"] == [core]


@pytest.mark.parametrize("tier", ["live"])
def test_spinning_gives_the_same_and_keeps_warm(
    market: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, tier: str
) -> None:
    found = []
    for name, options in (("sleeping", ()), ("spinning", ("--spin",))):
        runs = runs_of(tmp_path, name, capsys, monkeypatch)
        ended = runs.follow(strategy(tier), market, idle("IBM", 50, []), *options, settings=WARM)
        found.append((ended.events, probes(ended.log)))
    assert found[0] == found[1]
    assert found[0][0]
