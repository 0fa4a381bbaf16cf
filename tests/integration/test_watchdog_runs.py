"""The feed watchdog beside real runs on a feed: one symbol goes silent with the socket open, a price freezes, a market closes.

The watchdog's clock is the test's: it goes on by a look's time once the run has shown on its page what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.feed import publishing
from support.feed_runs import SECOND_NS, TRADES, FeedRuns, Scene, moment_ns, trade

from live.cli.main import run as run_command
from live.config import WatchdogSettings
from live.feeds.socket.frames import Channel
from live.feeds.socket.publisher import Publisher
from live.hot.catalogue import FEED_FROZEN, FEED_SILENT, WATCHDOG_PAUSES, ControlBit, Gauge, Metric
from live.sidecar.attached import AttachedRun
from live.sidecar.watchdog import Watchdog

CHANNELS = (TRADES, Channel("equity", "usa", "SPY", False))
NAMES = ("IBM", "SPY")
BEGIN_NS = moment_ns("10:00:00")
STRATEGY = """
from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.spy = self.add_equity("SPY", Resolution.TICK).symbol

    def on_tick(self, tick):
        if tick.symbol_index == self.ibm.index:
            self.submit(self.ibm, 1)
"""


class Beside:
    """A publisher, and the watchdog beside the run that takes its ticks."""

    def __init__(self, scene: Scene, publisher: Publisher, **settings: Any) -> None:
        self._scene = scene
        self._publisher = publisher
        self._sent: dict[str, int] = dict.fromkeys(NAMES, 0)
        self._now_ns = BEGIN_NS
        self._monotonic_ns = 0
        self.attached = [AttachedRun(scene.page, 100)]
        self.lines: list[str] = []
        limits = {"silence_least_seconds": 1.0, "silence_most_seconds": 2.0, "frozen_seconds": 3.0, **settings}
        self.watchdog = Watchdog(
            WatchdogSettings(**limits), self.lines.append, lambda: self._monotonic_ns, lambda: self._monotonic_ns
        )

    @property
    def run(self) -> AttachedRun:
        return self.attached[0]

    async def look(self, prices: Mapping[str, float], seconds: float = 0.25) -> None:
        """Send a trade of some symbols, wait until the run has shown them, and let the watchdog look.

        Parameters:
            prices: price of each symbol that has a trade.
            seconds: time since the look before.
        """
        ticks = []
        for name, price in prices.items():
            self._now_ns += 1_000_000
            self._sent[name] += 1
            ticks.append(trade(self._now_ns, price, channel=NAMES.index(name)))
        published = self.run.reader.gauge(Gauge.PUBLISHED)
        if ticks:
            await self._publisher.publish(ticks)
        await self._scene.until(lambda: self._is_shown() and self.run.reader.gauge(Gauge.PUBLISHED) != published)
        self._monotonic_ns += int(seconds * SECOND_NS)
        self.watchdog.look(self)

    def _is_shown(self) -> bool:
        rows = self.run.reader.feed_rows()
        return all(name in rows and rows[name].ticks == count for name, count in self._sent.items())

    def value(self, metric: Metric, *labels: str) -> float | None:
        return {(each.metric, each.labels): each.value for each in self.watchdog.metrics(self.run)}.get(
            (metric, labels)
        )


def test_a_symbol_goes_silent_with_the_socket_open(runs: FeedRuns, data: Path) -> None:
    async def script(scene: Scene) -> None:
        async with publishing(scene.path, CHANNELS) as (publisher, _):
            publisher.set_clock(BEGIN_NS, 0.0)
            await scene.ready()
            beside = Beside(scene, publisher, on_silence="pause")
            for number in range(3):
                await beside.look({"IBM": 100.0 + number, "SPY": 150.0})
            for number in range(8):
                await beside.look({"IBM": 100.0 + number})
            assert (beside.value(FEED_SILENT, "SPY"), beside.run.reader.control()) == (0.0, 0)
            await beside.look({"IBM": 99.0})
            assert (beside.value(FEED_SILENT, "SPY"), beside.value(FEED_SILENT, "IBM")) == (1.0, 0.0)
            assert beside.value(WATCHDOG_PAUSES, "silence") == 1.0
            assert beside.run.reader.control() == ControlBit.PAUSE
            assert len(beside.lines) == 1
            assert "SPY is silent" in beside.lines[0]
            assert scene.state == "running", "the feed itself has no fault"
            # Held, also when the symbol comes back, until a person says so.
            for _number in range(4):
                await beside.look({"IBM": 98.0, "SPY": 151.0})
            assert beside.value(FEED_SILENT, "SPY") == 0.0
            assert beside.run.reader.control() == ControlBit.PAUSE
            assert run_command(["resume", str(scene.page.parent), "--json"]) == 0
            assert beside.run.reader.control() == 0
            await beside.look({"IBM": 97.0, "SPY": 152.0})
            await publisher.finish()

    ended = runs.follow(STRATEGY, data, script, settings={"telemetry": {"symbols": ["IBM", "SPY"]}})
    assert ended.summary["denials"] == {"CONTROL_PAUSED": 4}
    # 12 before the pause, of which the last one's order went out before the watchdog looked, and one after it.
    submitted = [event for event in ended.events if event["status"] == "submitted"]
    assert len(submitted) == 13


def test_a_price_freezes_while_ticks_keep_coming(runs: FeedRuns, data: Path) -> None:
    async def script(scene: Scene) -> None:
        async with publishing(scene.path, CHANNELS) as (publisher, _):
            publisher.set_clock(BEGIN_NS, 0.0)
            await scene.ready()
            beside = Beside(scene, publisher)
            for number in range(14):
                await beside.look({"IBM": 100.0 + number, "SPY": 150.0})
            assert (beside.value(FEED_FROZEN, "SPY"), beside.value(FEED_FROZEN, "IBM")) == (1.0, 0.0)
            assert beside.value(FEED_SILENT, "SPY") == 0.0
            assert beside.run.reader.control() == 0, "it only says so unless it is configured to pause"
            await beside.look({"IBM": 100.0, "SPY": 151.0})
            assert beside.value(FEED_FROZEN, "SPY") == 0.0
            assert len(beside.lines) == 2
            await publisher.finish()

    ended = runs.follow(STRATEGY, data, script)
    assert ended.summary["denials"] == {}


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_closed_market_is_not_silent(runs: FeedRuns, data: Path, is_closed: bool) -> None:
    async def script(scene: Scene) -> None:
        async with publishing(scene.path, CHANNELS) as (publisher, _):
            begin_ns = moment_ns("15:59:56")
            publisher.set_clock(begin_ns, 1.0 if is_closed else 0.0)
            await scene.ready()
            beside = Beside(scene, publisher, on_silence="pause")
            beside._now_ns = begin_ns
            await beside.look({"IBM": 100.0, "SPY": 150.0})
            await scene.until(lambda: beside.run.reader.feed_rows()["IBM"].is_open is not is_closed)
            for _number in range(12):
                await beside.look({})
            assert beside.value(FEED_SILENT, "IBM") == float(not is_closed)
            assert beside.run.reader.control() == (0 if is_closed else ControlBit.PAUSE)
            await publisher.finish()

    runs.follow(STRATEGY, data, script)
