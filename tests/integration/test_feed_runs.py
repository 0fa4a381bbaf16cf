"""A session over a socket gives the order events that the same session gives from files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.data import lean_data_folder
from support.feed_market import BEFORE, write_market
from support.feed_runs import DAY, FeedRuns, counters_of, free_tcp_address, probes, replaying, states_of

from live.feeds.sample import write_sample

SLICES = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.set_cash(1000000)
        self.taken = [{symbols}]
        self.first = self.taken[0]
        self.calls = self.bars = 0
        self.resting = None
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(minutes=7)), self.scheduled)
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 0, 0, "America/New_York"), self.at_ten)
        self.consolidate(self.first, timedelta(minutes=5), self.on_bar)
{initialize}

    def scheduled(self):
        # A run on files begins at midnight.
        if not self.calls or self.time.hour < 9:
            return
        price = self.securities[self.first].price
        self.log(f"PROBE scheduled {{self.time}} {{price}}")
        if self.resting is not None and self.resting.status not in (OrderStatus.FILLED, OrderStatus.CANCELED):
            self.resting.cancel("replaced")
        self.resting = self.limit_order(self.first, self.size, round(price * 0.9995, 2))

    def at_ten(self):
        self.log(f"PROBE at ten {{self.time}} {{self.securities[self.first].price}}")

    def on_bar(self, bar):
        self.bars += 1
        self.log(f"PROBE bar {{bar.end_time}} {{bar.close}}")
        if self.bars % 6 == 0:
            self.stop_market_order(self.first, -self.size, round(self.securities[self.first].price * 0.9993, 2))

    def on_data(self, data):
        # A run on files gets the dividends of midnight too.
        if self.is_warming_up or not data.ticks:
            return
        self.calls += 1
        if self.calls % 150 == 0:
            symbol = self.taken[self.calls // 150 % len(self.taken)]
            self.market_order(symbol, self.size if self.calls % 300 else -self.size)

    size = 10

    def on_order_event(self, event):
        value = self.portfolio.total_portfolio_value
        self.log(f"PROBE {{self.time}} {{event.status}} {{event.fill_price}} {{value}}")
"""
LIVE = """
from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.set_cash(1000000)
        self.taken = [{symbols}]
        self.calls = 0
        self.handle = 0
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(minutes=11)), self.scheduled)
{initialize}

    def scheduled(self):
        if self.calls:
            self.log(f"PROBE scheduled {{self.time}} {{self.securities[self.taken[0]].price}}")
            self.market_order(self.taken[0], 1)

    def on_tick(self, tick):
        self.calls += 1
        if self.calls % 100 == 0 and tick.is_trade == (self.calls % 200 == 0):
            if self.handle:
                self.cancel(self.handle)
            self.handle = self.submit(tick.symbol, 10, (tick.price or tick.bid_price or 1) * 0.9998)
        elif self.calls % 170 == 0:
            self.submit(tick.symbol, -10 if self.calls % 340 else 10)

    def on_order_event(self, event):
        value = self.portfolio.total_portfolio_value
        self.log(f"PROBE {{self.time}} {{event.status}} {{event.fill_price}} {{value}}")
"""
ADD = {
    "IBM": 'self.add_equity("IBM", Resolution.TICK{more}).symbol',
    "SPY": 'self.add_equity("SPY", Resolution.TICK{more}).symbol',
    "EURUSD": 'self.add_forex("EURUSD", Resolution.TICK, Market.OANDA).symbol',
    "BTCUSD": 'self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol',
}
EXTENDED = ", extended_market_hours=True"
ALL = ("IBM", "EURUSD", "BTCUSD", "SPY")


def strategy(text: str, symbols: Sequence[str], more: str = "", initialize: str = "pass") -> str:
    """Return a strategy that takes symbols, with words added to how equities are added, and lines to initialize."""
    taken = ", ".join(ADD[each].format(more=more) for each in symbols)
    return text.format(symbols=taken, initialize=f"        {initialize}")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), (BEFORE, DAY), 800)


def alike(
    runs: FeedRuns,
    text: str,
    data: Path,
    symbols: Sequence[str],
    speed: float | None,
    extended: bool = True,
    **session: Any,
) -> dict[str, int]:
    """Run on files and on a feed, check that they did the same, and return the feed's counters."""
    files = runs.on_files(text, data)
    assert files.code == 0, files.err
    feed = runs.follow(text, data, replaying(data, symbols, speed, extended, DAY, **session))
    assert len(files.events) > 20
    assert feed.events == files.events
    assert feed.summary["order_events"] == files.summary["order_events"]
    assert probes(feed.log) == probes(files.log)
    for name in ("ticks", "orders", "calls", "fees", "equity", "positions", "denials"):
        assert feed.summary[name] == files.summary[name], name
    counters = counters_of(feed)
    for name in FAULTS:
        assert counters[name] == 0, name
    assert states_of(feed) == ["running", "ended"]
    # A LiveAlgorithm does not get suspicious ticks.
    left_out = feed.summary["ticks_dropped"].get("suspicious", 0) if feed.summary["calls"]["on_tick"] else 0
    assert counters["ticks"] == sum(feed.summary["ticks"].values()) + left_out
    return counters


FAULTS = (
    "ticks_dropped",
    "ticks_conflated",
    "ticks_late",
    "ticks_duplicate",
    "ticks_missing",
    "ticks_out_of_order",
    "ticks_restamped",
    "ticks_stale",
    "ticks_invalid",
    "gaps",
    "disconnects",
    "frames_malformed",
    "frames_oversize",
    "silences",
)


@pytest.mark.parametrize("speed", [None, 40_000.0], ids=["max", "paced"])
@pytest.mark.parametrize("text", [SLICES, LIVE], ids=["slices", "live"])
@pytest.mark.parametrize("symbols", [("IBM",), ALL], ids=["one", "several"])
def test_a_session_gives_the_same_over_a_feed(
    runs: FeedRuns, market: Path, text: str, symbols: Sequence[str], speed: float | None
) -> None:
    alike(runs, strategy(text, symbols, EXTENDED), market, symbols, speed)


@pytest.mark.parametrize("text", [SLICES, LIVE], ids=["slices", "live"])
@pytest.mark.parametrize("symbol", ["EURUSD", "BTCUSD"])
def test_forex_and_crypto_give_the_same(runs: FeedRuns, market: Path, text: str, symbol: str) -> None:
    alike(runs, strategy(text, [symbol]), market, [symbol], None)


@pytest.mark.parametrize("text", [SLICES, LIVE], ids=["slices", "live"])
def test_ticks_outside_the_hours_that_are_wanted_are_left_out(runs: FeedRuns, market: Path, text: str) -> None:
    counters = alike(runs, strategy(text, ["IBM"]), market, ["IBM"], None)
    # Ticks from 9:00 to 9:30 and from 16:00 to 16:30, of seven hours and a half: 800 each of trades and quotes.
    assert 180 < counters["ticks_outside_session"] < 240


@pytest.mark.parametrize("text", [SLICES, LIVE], ids=["slices", "live"])
@pytest.mark.parametrize("mode", ["RAW", "ADJUSTED"])
def test_prices_are_adjusted_as_those_of_files(runs: FeedRuns, market: Path, text: str, mode: str) -> None:
    more = f"{EXTENDED}, data_normalization_mode=DataNormalizationMode.{mode}"
    alike(runs, strategy(text, ["IBM"], more), market, ["IBM"], None)


@pytest.mark.parametrize("text", [SLICES, LIVE], ids=["slices", "live"])
def test_the_warm_up_comes_from_files_and_goes_on_with_the_feed(runs: FeedRuns, market: Path, text: str) -> None:
    lines = """self.set_warm_up(timedelta(days=4))
        self.average = self.sma(self.taken[0], 400, Resolution.TICK)

    def on_warmup_finished(self):
        self.log(f"PROBE warm {self.average.is_ready} {self.average.samples} {self.average.current.value}")

    def on_end_of_algorithm(self):
        self.log(f"PROBE at the end {self.average.samples} {self.average.current.value}")
"""
    text = strategy(text, ["IBM", "SPY"], EXTENDED, lines)
    files = runs.on_files(text, market)
    feed = runs.follow(text, market, replaying(market, ["IBM", "SPY"], None, True, DAY))
    assert files.code == 0, files.err
    found = probes(feed.log)
    assert found == probes(files.log)
    assert any(line.startswith("warm True") for line in found)
    assert feed.events == files.events


def test_a_feed_and_files_have_the_same_history(runs: FeedRuns, market: Path) -> None:
    asks = """def at_ten(self):
        ticks = list(self.history[Tick](self.first, timedelta(days=4), Resolution.TICK))
        days = sorted({f"{each.time:%d}" for each in ticks})
        self.log(f"PROBE history {days} {len(ticks)} {sum(each.price for each in ticks)}")
"""
    text = strategy(SLICES, ["IBM"], EXTENDED).replace("def at_ten(self):\n", asks)
    files = runs.on_files(text, market)
    feed = runs.follow(text, market, replaying(market, ["IBM"], None, True, DAY))
    assert probes(files.log) == probes(feed.log)
    assert any(line.startswith("history ['04'") for line in probes(feed.log))


def test_the_run_begins_with_the_session_whatever_dates_the_algorithm_sets(runs: FeedRuns, market: Path) -> None:
    text = strategy(SLICES, ["IBM"], EXTENDED, 'self.log(f"PROBE begins {self.time} {self.live_mode}")').replace(
        "2013, 10", "2020, 1"
    )
    ended = runs.follow(text, market, replaying(market, ["IBM"], None, True, DAY))
    assert probes(ended.log)[0] == "begins 2013-10-07 09:00:00 False"
    assert ended.summary["session"]["start"] == "2013-10-07T13:00:00Z"
    assert ended.summary["session"]["end"].startswith("2013-10-07T20:2")


def test_the_sample_session_over_tcp(runs: FeedRuns, tmp_path: Path) -> None:
    data = tmp_path / "sample"
    write_sample(data, days=[DAY])
    text = strategy(LIVE, ["IBM"])
    files = runs.on_files(text, data)
    address = free_tcp_address()
    script = replaying(data, ["IBM"], None, address=address)
    feed = runs.follow(text, data, script, address=str(address))
    assert len(files.events) > 20
    assert feed.summary["order_events"] == files.summary["order_events"]
    assert feed.summary["feed"]["address"] == str(address)


REAL = lean_data_folder()


@pytest.mark.skipif(REAL is None, reason="there is no LEAN data folder")
def test_real_ticks_over_a_feed(runs: FeedRuns) -> None:
    assert REAL is not None
    alike(runs, strategy(LIVE, ["IBM"]), REAL, ["IBM"], None, last=DAY)
