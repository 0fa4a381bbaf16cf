"""What a run brings to its telemetry page."""

from __future__ import annotations

import math
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from live.algorithm.enums import SecurityType
from live.algorithm.orders import OrderEvent
from live.algorithm.symbols import Symbol
from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, wall_ns
from live.config import FeedSettings
from live.cores import pin, usable_cores
from live.feeds.socket.health import Fault, FeedCounters, FeedHealth
from live.hot.catalogue import ControlBit, Counter, FeedPhase, Gauge, PageText, RunPhase, WarmState
from live.hot.denials import DenialCode
from live.hot.histogram import Histogram
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_reader import TelemetryReader
from live.paper.recorder import Recorder
from live.paper.run_telemetry import FEED_COUNTERS, RunTelemetry
from live.paper.runlog import RunLog

IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")


class _Sink:
    def order_event(self, event: OrderEvent) -> None: ...


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    """Return the parts of an engine that a publication looks at; nothing is held."""
    recorder = Recorder(_Sink(), RunLog(tmp_path / "log.txt", 10, 1_024), lambda stage: Histogram())
    return SimpleNamespace(
        recorder=recorder,
        securities={},
        clock=SimpleNamespace(revision=0, time_ns=lambda: 5),
        portfolio=SimpleNamespace(total_portfolio_value=99.5, exact_total_fees=1, account_currency="EUR"),
        transactions=SimpleNamespace(_open={1: None, 2: None}),
        subscriptions=SimpleNamespace(bytes_total=200, bytes_read=50),
        is_warming_up=False,
    )


def test_every_count_of_a_feed_has_its_place() -> None:
    assert FEED_COUNTERS.keys() == set(FeedCounters.NAMES)
    assert len(set(FEED_COUNTERS.values())) == len(FEED_COUNTERS)


def test_counts_are_brought_to_the_page(tmp_path: Path, engine: Any) -> None:
    telemetry = RunTelemetry(tmp_path)
    view = telemetry.view()
    for round_number in (1, 2):
        engine.recorder.trade_ticks += 7
        engine.recorder.on_denial(DenialCode.MARKET_NO_PRICE, 5, IBM, 1.0)
        telemetry.publish(engine)
        assert view.counter(Counter.TICKS_TRADE) == 7 * round_number
        assert view.denials(DenialCode.MARKET_NO_PRICE) == round_number
        assert view.counter(Counter.ORDERS_DENIED) == round_number
    found = view.account()
    assert found is not None
    assert found[0] == (0, 5, 2, 99.5, 99.5, 1.0, "EUR")
    assert view.gauge(Gauge.PROGRESS) == 0.25
    assert view.gauge(Gauge.RESIDENT_MEMORY) > 1_000_000
    assert view.gauge(Gauge.RESIDENT_MEMORY_PEAK) > 1_000_000


def test_denials_take_one_call_per_code(tmp_path: Path, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = RunTelemetry(tmp_path)
    calls: list[tuple[int, int]] = []
    page = SimpleNamespace(add_denials=lambda code, count: calls.append((code, count)), add=lambda *_: None)
    monkeypatch.setattr(telemetry, "page", page)
    engine.recorder.denials["MARKET_NO_PRICE"] = 100_000
    telemetry._publish_counts(engine.recorder)
    engine.recorder.denials["MARKET_NO_PRICE"] += 5
    telemetry._publish_counts(engine.recorder)
    assert calls == [(DenialCode.MARKET_NO_PRICE, 100_000), (DenialCode.MARKET_NO_PRICE, 5)]


def test_publishing_when_due_is_rare(tmp_path: Path, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = [1_000_000_000_000]
    monkeypatch.setattr("live.paper.run_telemetry.monotonic_ns", lambda: now_ns[0])
    telemetry = RunTelemetry(tmp_path)
    for at_ns, ticks, expected in ((0, 1, 1), (99_999_999, 2, 1), (1, 3, 3)):
        now_ns[0] += at_ns
        engine.recorder.trade_ticks = ticks
        telemetry.publish_when_due(engine)
        assert telemetry.view().counter(Counter.TICKS_TRADE) == expected


def test_phases(tmp_path: Path, engine: Any) -> None:
    telemetry = RunTelemetry(tmp_path)
    reader = TelemetryReader(tmp_path / PAGE_NAME)

    def phase() -> RunPhase:
        telemetry.publish(engine)
        return RunPhase(int(reader.gauge(Gauge.RUN_PHASE)))

    assert phase() is RunPhase.STARTING
    engine.is_warming_up = True
    telemetry.enter(RunPhase.WARMING_UP)
    assert phase() is RunPhase.WARMING_UP
    engine.is_warming_up = False
    assert phase() is RunPhase.RUNNING
    reader.set_control(ControlBit.PAUSE)
    assert phase() is RunPhase.PAUSED
    reader.set_control(ControlBit(0))
    assert phase() is RunPhase.RUNNING
    telemetry.enter(RunPhase.FAILED, "on_data raised")
    assert phase() is RunPhase.FAILED
    assert reader.text(PageText.REASON) == "on_data raised"


def test_warm_state_and_affinity(tmp_path: Path) -> None:
    telemetry = RunTelemetry(tmp_path)
    view = telemetry.view()
    assert math.isnan(view.gauge(Gauge.CPU_AFFINITY_STRATEGY))
    telemetry.set_affinity(Gauge.CPU_AFFINITY_STRATEGY, False)
    telemetry.set_warm(WarmState.READY)
    assert view.gauge(Gauge.CPU_AFFINITY_STRATEGY) == 0.0
    assert view.gauge(Gauge.WARM_STATE) == WarmState.READY


@pytest.mark.skipif(len(usable_cores()) < 2, reason="a thread can only be moved among several cores")
def test_a_strategy_that_is_moved_to_another_core_is_shown(
    tmp_path: Path, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ns = [1_000_000_000_000]
    monkeypatch.setattr("live.paper.run_telemetry.monotonic_ns", lambda: now_ns[0])
    all_cores = usable_cores()
    telemetry = RunTelemetry(tmp_path)
    view = telemetry.view()
    seen: list[float] = []

    def strategy() -> None:
        # A thread of its own, so that the tests stay where they are.
        telemetry.watch_cores(pin(all_cores[:1], "host"))
        seen.append(view.gauge(Gauge.CPU_AFFINITY_STRATEGY))
        for cores in (all_cores[:1], all_cores[1:2], all_cores, all_cores[:1]):
            os.sched_setaffinity(0, cores)
            now_ns[0] += NANOSECONDS_PER_SECOND
            telemetry.publish(engine)
            seen.append(view.gauge(Gauge.CPU_AFFINITY_STRATEGY))

    thread = threading.Thread(target=strategy)
    thread.start()
    thread.join()
    assert seen == [1.0, 1.0, 0.0, 0.0, 1.0]
    assert usable_cores() == all_cores


def test_a_feed_is_shown_with_its_faults(tmp_path: Path, engine: Any) -> None:
    telemetry = RunTelemetry(tmp_path)
    view = telemetry.view()
    telemetry.enter(RunPhase.RUNNING)
    health = FeedHealth(FeedSettings())
    feed: Any = SimpleNamespace(health=health, received_ns=0)
    telemetry.publish(engine, feed)
    assert view.gauge(Gauge.FEED_PHASE) == FeedPhase.CONNECTING
    assert view.gauge(Gauge.RUN_PHASE) == RunPhase.PAUSED
    assert view.gauge(Gauge.FEED_RECEIVED) == 0.0
    for number, name in enumerate(FeedCounters.NAMES, 1):
        setattr(health.counters, name, number)
    health.connected()
    feed.received_ns = monotonic_ns() - 2_000_000_000
    telemetry.publish(engine, feed)
    assert view.gauge(Gauge.RUN_PHASE) == RunPhase.RUNNING
    for number, name in enumerate(FeedCounters.NAMES, 1):
        assert view.counter(FEED_COUNTERS[name]) == number
    assert wall_ns() / 1e9 - view.gauge(Gauge.FEED_RECEIVED) == pytest.approx(2.0, abs=1.0)
    health.report(Fault.GAP, "gap: 3 ticks are missing")
    telemetry.publish(engine, feed)
    assert view.gauge(Gauge.FEED_PHASE) == FeedPhase.PAUSED
    assert view.text(PageText.FEED_REASON) == "gap: 3 ticks are missing"
    assert math.isnan(view.gauge(Gauge.PROGRESS))
