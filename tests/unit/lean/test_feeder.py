"""The feeder inside the engine: what it hands over, with which stamps, and how it waits for an engine that is behind."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.lean_double import lean_modules
from support.lean_runs import wait_until

from live.clock import datetime_to_ns, ns_to_datetime, sleep, wall_ns
from live.config import FeedSettings
from live.feeds.socket.address import parse_address
from live.feeds.socket.frames import Channel, Tick
from live.feeds.socket.loops import run_loop
from live.feeds.socket.publisher import Publisher
from live.lean import feeder as feeder_module
from live.lean.feeder import Feeder, OutstandingTicks
from live.lean.instructions import FeederInstructions

RECORDED_NS = 1_381_152_600_000_000_000
BTC = Channel("crypto", "coinbase", "BTCUSD", False)
BTC_QUOTES = Channel("crypto", "coinbase", "BTCUSD", True)


class Aggregator:
    """Takes ticks as LEAN's aggregator does; `holds` lets the engine fall behind."""

    def __init__(self, algorithm: Any) -> None:
        self.ticks: list[Any] = []
        self.taken_at: list[int] = []
        self._algorithm = algorithm
        self.holds = False

    def Update(self, tick: Any) -> None:  # noqa: N802
        self.ticks.append(tick)
        self.taken_at.append(wall_ns())
        if not self.holds:
            self.catch_up()

    def catch_up(self) -> None:
        self._algorithm._utc_time = ns_to_datetime(wall_ns()) + timedelta(microseconds=1)


class Session:
    """A publisher on a thread of its own, and a feeder of an algorithm with BTCUSD and EURUSD."""

    def __init__(self, folder: Path, batches: list[list[Tick]], channels: list[Channel], time_ns: int, **feed: Any):
        from AlgorithmImports import QCAlgorithm, Resolution

        self.algorithm = QCAlgorithm()
        self.algorithm.add_crypto("BTCUSD", Resolution.TICK)
        self.algorithm.add_crypto("ETHUSD", Resolution.TICK)
        self.aggregator = Aggregator(self.algorithm)
        self.watch = SimpleNamespace(fed_ns=0)
        self.is_ready = threading.Event()
        self.address = f"unix:{folder / 'feed'}"
        self.counters_file, self.offered = folder / "feeder.json", folder / "subscriptions.json"
        instructions = FeederInstructions(
            address=self.address,
            counters_file=str(self.counters_file),
            subscriptions_file=str(self.offered),
            feed=FeedSettings(reconnect_limit_seconds=0.1, **feed),
            settle_seconds=0.0,
        )
        self.feeder = Feeder(
            self.aggregator,
            instructions,
            lambda symbol: str(symbol) == "ETHUSD",
            self.is_ready.is_set,
            self.watch,  # type: ignore[arg-type]
        )
        self._batches, self._channels, self._time_ns = batches, channels, time_ns
        self._publishing = threading.Thread(target=lambda: run_loop(self._publish()), daemon=True)

    async def _publish(self) -> None:
        publisher = Publisher(self._channels, 0.2, 1 << 16, True, "")
        if self._time_ns:
            publisher.set_clock(self._time_ns, 1.0)
        await publisher.listen(parse_address(self.address, "x"))
        await publisher.wait_for_consumers(1)
        for batch in self._batches:
            await publisher.publish(batch)
            await asyncio.sleep(0)
        await publisher.finish()

    def run(self) -> None:
        self.feeder.begin(self.algorithm)
        self._publishing.start()
        self.is_ready.set()
        self.wait()

    def wait(self, seconds: float = 20.0) -> None:
        assert self.feeder._thread is not None
        self.feeder._thread.join(seconds)
        assert not self.feeder._thread.is_alive()


@pytest.fixture
def _modules() -> Iterator[None]:
    with lean_modules():
        yield


pytestmark = pytest.mark.usefixtures("_modules")


def trades(count: int, first_ns: int = RECORDED_NS) -> list[list[Tick]]:
    return [[Tick(0, first_ns + number, (100 + number) * 10**9, 1.0)] for number in range(count)]


def test_a_recorded_session_gets_the_present(tmp_path: Path) -> None:
    session = Session(tmp_path, trades(3), [BTC], RECORDED_NS)
    began = ns_to_datetime(wall_ns())
    session.run()
    ticks = session.aggregator.ticks
    assert [tick.value for tick in ticks] == [100.0, 101.0, 102.0]
    assert [str(tick.symbol) for tick in ticks] == ["BTCUSD"] * 3
    stamps = [tick.time for tick in ticks]
    assert all(
        began <= stamp <= ns_to_datetime(taken)
        for stamp, taken in zip(stamps, session.aggregator.taken_at, strict=True)
    )
    assert session.algorithm._is_quitting == "the session of the feed is over"


def test_stamps_of_a_live_feed_stay_and_are_never_ahead(tmp_path: Path) -> None:
    now_ns = wall_ns()
    early, ahead = now_ns - 10**9, now_ns + 60 * 10**9
    session = Session(tmp_path, [[Tick(0, early, 10**9, 1.0)], [Tick(0, ahead, 10**9, 1.0)]], [BTC], 0)
    session.run()
    first, second = session.aggregator.ticks
    # LEAN's bridge cuts what it is handed to milliseconds.
    assert first.time == ns_to_datetime(early // 10**6 * 10**6)
    assert second.time <= ns_to_datetime(session.aggregator.taken_at[1])


def test_stamps_are_in_the_exchange_s_time_zone(tmp_path: Path) -> None:
    channels = [Channel("equity", "usa", "IBM", False), BTC]
    session = Session(tmp_path, [[Tick(0, RECORDED_NS, 10**9, 1.0)]], channels, RECORDED_NS)
    from AlgorithmImports import Resolution

    session.algorithm.add_equity("IBM", Resolution.MINUTE)
    session.run()
    (tick,) = session.aggregator.ticks
    behind = ns_to_datetime(session.aggregator.taken_at[0]) - tick.time
    assert timedelta(hours=4) <= behind < timedelta(hours=5, seconds=5)


def test_quotes_and_marks(tmp_path: Path) -> None:
    batch = [Tick(0, RECORDED_NS, 100 * 10**9, 2.0, 102 * 10**9, 3.0), Tick(1, RECORDED_NS, 99 * 10**9, 1.0, 0, 0.0, 1)]
    session = Session(tmp_path, [batch], [BTC_QUOTES, BTC], RECORDED_NS)
    session.run()
    by_kind = {str(tick.tick_type).lower(): tick for tick in session.aggregator.ticks}
    quote, trade = by_kind["quote"], by_kind["trade"]
    assert (quote.bid_price, quote.bid_size, quote.ask_price, quote.ask_size, quote.value) == (
        100.0,
        2.0,
        102.0,
        3.0,
        101.0,
    )
    assert (trade.value, trade.suspicious) == (99.0, True)


def test_the_dummy_symbol_is_not_asked_for(tmp_path: Path) -> None:
    session = Session(tmp_path, trades(1), [BTC], RECORDED_NS)
    session.run()
    assert json.loads(session.offered.read_text(encoding="utf-8")) == {
        "symbols": ["crypto/coinbase/BTCUSD"],
        "has_bars": False,
    }


def test_nothing_is_taken_before_the_host_is_ready(tmp_path: Path) -> None:
    session = Session(tmp_path, trades(1), [BTC], RECORDED_NS)
    session.feeder.begin(session.algorithm)
    session._publishing.start()
    sleep(0.3)
    assert session.feeder.health.counters.connections == 0
    session.is_ready.set()
    session.wait()
    assert len(session.aggregator.ticks) == 1


def test_an_engine_that_is_behind_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder_module, "LIMIT", 10)
    session = Session(tmp_path, trades(200), [BTC], RECORDED_NS, queue_ticks=20)
    session.aggregator.holds = True
    session.feeder.begin(session.algorithm)
    session._publishing.start()
    session.is_ready.set()
    # The queue may be full before the feeder has handed over anything.
    wait_until(lambda: session.feeder.health.counters.receive_pauses and len(session.aggregator.ticks) >= 10)
    # What the engine has is bounded, and so is what waits here: the rest is left with the publisher.
    assert len(session.aggregator.ticks) == 10
    assert session.feeder.health.counters.receive_pauses > 0
    session.aggregator.holds = False
    session.aggregator.catch_up()
    session.wait()
    assert [tick.value for tick in session.aggregator.ticks] == [100.0 + number for number in range(200)]
    counters = session.feeder.counters()
    assert counters["engine_ticks"] == 200
    assert counters["engine_waits"] > 0
    assert counters["engine_outstanding_max"] == 10


def test_a_slow_strategy_is_given_every_tick_of_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The publisher is done long before; however long the engine takes in all, it is waited for while it takes ticks."""
    monkeypatch.setattr(feeder_module, "LIMIT", 10)
    moments = itertools.count(step=10**9)
    # At each look ten seconds have gone by: no span of time counts but one without progress.
    monkeypatch.setattr(feeder_module, "monotonic_ns", lambda: 10 * next(moments))
    session = Session(tmp_path, trades(200), [BTC], RECORDED_NS, queue_ticks=1000)
    session.aggregator.holds = True
    session.feeder.begin(session.algorithm)
    session._publishing.start()
    session.is_ready.set()
    for count in range(10, 201, 10):
        wait_until(lambda count=count: len(session.aggregator.ticks) == count)
        session.aggregator.catch_up()
    session.wait()
    assert session.feeder.failure is None
    assert [tick.value for tick in session.aggregator.ticks] == [100.0 + number for number in range(200)]
    assert session.algorithm._is_quitting == "the session of the feed is over"


def test_an_error_of_the_aggregator_ends_the_run_with_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised in a call of the event loop, while the feeder waits for the engine."""
    monkeypatch.setattr(feeder_module, "LIMIT", 10)
    session = Session(tmp_path, trades(100), [BTC], RECORDED_NS, queue_ticks=1000)
    session.aggregator.holds = True
    update = session.feeder._update

    def fails_once(tick: Any) -> None:
        if tick.value == 115.0:
            raise RuntimeError("an exception of .NET")
        update(tick)

    session.feeder._update = fails_once
    session.feeder.begin(session.algorithm)
    session._publishing.start()
    session.is_ready.set()
    wait_until(lambda: len(session.aggregator.ticks) == 10)
    session.aggregator.holds = False
    session.aggregator.catch_up()
    session.wait()
    assert len(session.aggregator.ticks) == 15
    assert session.algorithm._is_quitting == "internal error, RuntimeError: an exception of .NET"
    report = json.loads(session.counters_file.read_text(encoding="utf-8"))
    assert report["failure"] == session.algorithm._is_quitting


def test_a_feeder_that_is_ended_while_it_connects_receives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(tmp_path, [], [BTC], RECORDED_NS)
    make = feeder_module.receiver_for

    def ends_meanwhile(*arguments: Any) -> Any:
        # As end() does from LEAN's thread at this moment: the receiver is not known to it yet.
        session.feeder._is_ending.set()
        receiver = make(*arguments)
        receiver.run = None  # type: ignore[method-assign]
        return receiver

    monkeypatch.setattr(feeder_module, "receiver_for", ends_meanwhile)
    session.feeder.begin(session.algorithm)
    session.is_ready.set()
    session.wait()
    assert session.feeder.failure is None
    assert session.algorithm._is_quitting == ""


def test_ticks_that_are_dropped_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder_module, "LIMIT", 10)
    monkeypatch.setattr(feeder_module, "_CATCH_UP_SECONDS", 0.5)
    session = Session(tmp_path, trades(500), [BTC], RECORDED_NS, queue_ticks=20, full_queue="drop")
    session.aggregator.holds = True
    session.run()
    counters = session.feeder.counters()
    assert counters["ticks_dropped"] > 0
    assert counters["engine_ticks"] == 10
    assert counters["ticks_dropped"] + counters["ticks"] == 500
    assert session.feeder.failure is not None
    assert session.feeder.failure.startswith(f"{counters['ticks']} ticks at the end of the session were not played: ")


def test_a_feed_that_halts_ends_the_run_and_says_why(tmp_path: Path) -> None:
    session = Session(tmp_path, trades(1), [Channel("crypto", "coinbase", "SOLUSD", False)], RECORDED_NS)
    session.run()
    assert "the publisher does not send" in session.algorithm._is_quitting
    report = json.loads(session.counters_file.read_text(encoding="utf-8"))
    assert report["state"] == "halted"
    assert "the publisher does not send" in report["failure"]


def test_counters_that_cannot_be_written_end_the_run_and_are_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    session = Session(tmp_path, trades(1), [BTC], RECORDED_NS)
    # A folder in the way of the draft: writing fails as on a full disk.
    session.counters_file.with_name(session.counters_file.name + ".part").mkdir()
    session.run()
    assert session.algorithm._is_quitting.startswith(f"cannot write {session.counters_file}: ")
    assert "make room" in session.algorithm._is_quitting
    assert f"lean-live: cannot write {session.counters_file}: " in capfd.readouterr().err


def test_the_end_of_the_run_ends_the_feeder(tmp_path: Path) -> None:
    session = Session(tmp_path, [], [BTC], RECORDED_NS)
    session.feeder.begin(session.algorithm)
    session.is_ready.set()
    sleep(0.2)
    session.feeder.end()
    session.wait(1.0)
    assert session.algorithm._is_quitting == ""


def test_the_watch_is_told_when_a_tick_was_received(tmp_path: Path) -> None:
    session = Session(tmp_path, trades(2), [BTC], RECORDED_NS)
    session.run()
    assert session.watch.fed_ns > 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=60))
def test_outstanding_ticks_are_those_stamped_after_the_engine_s_time(steps: list[tuple[bool, int]]) -> None:
    time_ns = 0
    outstanding = OutstandingTicks(lambda: time_ns)
    stamps: list[int] = []
    now_ns = 0
    for is_tick, span in steps:
        now_ns += span
        if is_tick:
            outstanding.add(now_ns)
            stamps.append(now_ns)
        else:
            time_ns = max(time_ns, now_ns - 2)
        assert outstanding.count() == sum(stamp > time_ns for stamp in stamps)
    assert outstanding.has_room()


def test_the_engine_is_asked_only_when_it_seems_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder_module, "LIMIT", 3)
    asked: list[int] = []

    def engine_time_ns() -> int:
        asked.append(1)
        return datetime_to_ns(datetime(2020, 1, 1))

    outstanding = OutstandingTicks(engine_time_ns)
    outstanding.add(1)
    outstanding.add(2)
    assert outstanding.has_room()
    assert not asked
    outstanding.add(3)
    assert outstanding.has_room()
    assert len(asked) == 1
