"""Edges of time in a run on a feed: late frames, impossible times, other speeds, hours of several subscriptions, the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feed_runs import IBM, ByHand, FeedRuns, Scene, counters_of, moment_ns, probes, quote, trade

from live.feeds.socket.frames import Channel

SPY = Channel("equity", "usa", "SPY", False)
WATCH = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(minutes=1)), self.minute)

    def minute(self):
        self.log(f"PROBE minute {{self.time:%H:%M:%S}}")

{callback}
"""
SLICES = """
    def on_data(self, data):
        for tick in data.ticks.get(self.ibm, []):
            self.log(f"PROBE {self.time:%H:%M:%S.%f} {tick.price}")
"""
TICKS = """
    def on_tick(self, tick):
        self.log(f"PROBE {self.time:%H:%M:%S.%f} {tick.price}")
"""
BOTH = pytest.mark.parametrize(
    "watch",
    [
        WATCH.format(base="QCAlgorithm", callback=SLICES),
        WATCH.format(base="LiveAlgorithm", callback=TICKS),
    ],
    ids=["slices", "live"],
)


@BOTH
def test_a_heartbeat_between_frames_of_one_read_does_not_turn_time_back(runs: FeedRuns, data: Path, watch: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            publisher.wait(1.0)
            publisher.ticks(trade("10:00:33", 181.0))
            publisher.heartbeat()
            publisher.ticks(quote("10:00:32.5", 179.0, 179.5))
            await scene.took(3)
            publisher.end()

    ended = runs.follow(watch, data, script)
    times = [line.split()[0] for line in probes(ended.log)]
    assert times == sorted(times)
    assert counters_of(ended)["ticks_restamped"] == 1


@BOTH
def test_a_tick_of_the_future_is_left_out(runs: FeedRuns, data: Path, watch: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            publisher.wait(1.0)
            publisher.ticks(quote("15:30:00", 179.0, 179.5), trade((1 << 62), 179.0))
            publisher.ticks(trade("10:00:32", 181.0))
            await scene.took(2)
            publisher.end()

    ended = runs.follow(watch, data, script)
    assert probes(ended.log) == ["10:00:31.000000 180.0", "10:00:32.000000 181.0"]
    assert counters_of(ended)["ticks_ahead"] == 2
    assert counters_of(ended)["ticks_stale"] == 0


@BOTH
def test_another_session_has_a_speed_of_its_own(runs: FeedRuns, data: Path, watch: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=60.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            publisher.close()
            publisher.hello = {"time_ns": moment_ns("10:00:31"), "speed": 1.0}
            publisher.next_sequence = 1
            await publisher.greet("another")
            publisher.ticks(trade("10:00:32", 181.0))
            await scene.took(2)
            publisher.wait(5.0)
            publisher.heartbeat()
            publisher.ticks(trade("10:00:38", 182.0))
            await scene.took(3)
            publisher.end()

    ended = runs.follow(watch, data, script, settings={"feed": {"on_gap": "continue"}})
    assert probes(ended.log)[-1] == "10:00:38.000000 182.0"
    assert counters_of(ended)["ticks_stale"] == 0
    assert counters_of(ended)["ticks_restamped"] == 0


def test_subscriptions_of_a_symbol_have_hours_of_their_own(runs: FeedRuns, data: Path) -> None:
    text = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.add_equity("IBM", Resolution.MINUTE, extended_market_hours=True)

    def on_data(self, data):
        self.log(f"PROBE {self.time:%H:%M} bars {len(data.bars)} ticks {len(data.ticks)}")
"""

    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("08:00:30"), speed=0.0) as publisher:
            await publisher.greet()
            await scene.ready()
            for minute in (10, 11, 12):
                publisher.ticks(trade(f"08:{minute}:00", 180.0 + minute))
            await scene.until(lambda: len(scene.lines) == 2)
            publisher.end()

    ended = runs.follow(text, data, script)
    assert probes(ended.log)[:2] == ["08:11 bars 1 ticks 0", "08:12 bars 1 ticks 0"]
    assert counters_of(ended)["ticks"] == 3
    assert counters_of(ended)["ticks_outside_session"] == 0


def test_nothing_happens_after_the_session(runs: FeedRuns, data: Path) -> None:
    text = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.add_equity("SPY", Resolution.DAILY)
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 45), self.buy)

    def buy(self):
        self.market_order(self.ibm, 100)

    def on_data(self, data):
        if data.bars:
            self.log(f"PROBE {self.time:%H:%M} {sorted(str(symbol) for symbol in data.bars.keys())}")

    def on_order_event(self, event):
        self.log(f"PROBE {event.status}")
"""

    async def script(scene: Scene) -> None:
        async with ByHand(scene, channels=(*IBM, SPY), time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0), trade("10:00:31.5", 160.0, channel=2))
            publisher.wait(60.0)
            publisher.ticks(trade("10:01:31", 181.0))
            publisher.end()

    ended = runs.follow(text, data, script)
    assert probes(ended.log) == ["10:01 ['IBM']", "10:02 ['IBM']"]


@BOTH
def test_time_goes_on_while_the_feed_is_lost(runs: FeedRuns, data: Path, watch: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=600.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            publisher.close()
            await scene.until(lambda: "minute 10:01:00" in scene.lines)
            await publisher.greet_again()
            publisher.end()

    ended = runs.follow(watch, data, script, settings={"feed": {"silence_seconds": 1.2}})
    assert probes(ended.log)[:2] == ["10:00:31.000000 180.0", "minute 10:01:00"]
