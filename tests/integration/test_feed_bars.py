"""Bars of a run on a feed: made of its ticks, repeated where nothing is traded, finished by ticks, heartbeats and the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feed_market import write_market
from support.feed_runs import ByHand, FeedRuns, Scene, moment_ns, probes, quote, replaying, small_folder, trade

FROM_TICKS = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.symbol = self.{add}
        self.consolidate(self.symbol, timedelta({span}), TickType.{kind}, self.take)

    def take(self, bar):
        self.log(f"PROBE {{bar.end_time:%H:%M:%S}} {text}")
"""
FROM_FEED = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.symbol = self.{add}

    def on_data(self, data):
        bar = data.{bars}.get(self.symbol)
        if bar is not None and not bar.is_fill_forward:
            self.log(f"PROBE {{bar.end_time:%H:%M:%S}} {text}")
"""
TRADE_BAR = "{bar.open} {bar.high} {bar.low} {bar.close} {bar.volume}"
QUOTE_BAR = (
    "{bar.bid.open} {bar.bid.low} {bar.bid.close} {bar.ask.open} {bar.ask.high} {bar.ask.close} {bar.last_bid_size}"
)
WATCH = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.average = self.sma(self.ibm, 2)

    def on_data(self, data):
        bar = data.bars.get(self.ibm)
        if bar is not None:
            self.log(f"PROBE {self.time:%H:%M:%S} {bar.close} {bar.volume} {bar.is_fill_forward}")
            if self.average.is_ready and not self.portfolio.invested:
                self.market_order(self.ibm, 10)

    def on_order_event(self, event):
        self.log(f"PROBE {event.status} {self.time:%H:%M:%S} {event.fill_price}")
"""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"))


@pytest.mark.parametrize(
    ("add", "resolution", "span", "kind", "feed"),
    [
        ("add_equity('IBM', Resolution.{})", "MINUTE", "minutes=1", "TRADE", "IBM"),
        ("add_equity('IBM', Resolution.{})", "HOUR", "hours=1", "TRADE", "IBM"),
        ("add_equity('IBM', Resolution.{}, extended_market_hours=True)", "MINUTE", "minutes=1", "QUOTE", "IBM"),
        ("add_forex('EURUSD', Resolution.{}, Market.OANDA)", "MINUTE", "minutes=1", "QUOTE", "forex/oanda/EURUSD"),
        (
            "add_crypto('BTCUSD', Resolution.{}, Market.COINBASE)",
            "SECOND",
            "seconds=1",
            "TRADE",
            "crypto/coinbase/BTCUSD",
        ),
    ],
)
def test_bars_are_those_of_consolidators(
    runs: FeedRuns, market: Path, add: str, resolution: str, span: str, kind: str, feed: str
) -> None:
    text, bars = (TRADE_BAR, "bars") if kind == "TRADE" else (QUOTE_BAR, "quote_bars")
    ticks = FROM_TICKS.format(add=f"{add.format('TICK')}.symbol", span=span, kind=kind, text=text)
    expected = probes(runs.on_files(ticks, market).log)
    strategy = FROM_FEED.format(add=f"{add.format(resolution)}.symbol", bars=bars, text=text)
    found = probes(runs.follow(strategy, market, replaying(market, (feed,), None)).log)
    assert len(expected) > 5
    # A consolidator keeps a bar that nothing finished; the session's end finishes that of a feed.
    assert found[: len(expected)] == expected
    assert len(found) - len(expected) in (0, 1)


def test_bars_are_finished_by_ticks_heartbeats_and_the_end(runs: FeedRuns, tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:00"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:01", 180.0), quote("10:00:02", 179.9, 180.1))
            publisher.ticks(trade("10:00:59.999", 181.0, 50.0))
            # A quote of the next minute, and of another channel, finishes the minute's trades.
            publisher.ticks(quote("10:01:00", 181.4, 181.6), trade("10:01:30", 182.0))
            await scene.until(lambda: len(scene.lines) == 1)
            publisher.wait(95.0)
            publisher.heartbeat()
            await scene.until(lambda: len(scene.lines) == 5)
            publisher.ticks(trade("10:03:10", 183.0, 7.0))
            publisher.end()

    ended = runs.follow(WATCH, small_folder(tmp_path / "data").path, script)
    assert probes(ended.log) == [
        "10:01:00 181.0 150.0 False",
        "10:02:00 182.0 100.0 False",
        "SUBMITTED 10:02:00 0.0",
        "FILLED 10:02:00 181.6",
        "10:03:00 182.0 0.0 True",
        "10:04:00 183.0 7.0 False",
    ]
