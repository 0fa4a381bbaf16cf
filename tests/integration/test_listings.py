"""Runs over changes of ticker, delistings, splits and dividends: what LEAN reports when, and what it does to orders."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.lean_folder import LeanFolder, daily_row, minute_rows, tick_row
from support.runs import MemorySink, run_file

from live.algorithm.enums import Resolution
from live.errors import UnsupportedApiError
from live.paper.run import DryRun

MINUTE, DAILY, TICK = Resolution.MINUTE, Resolution.DAILY, Resolution.TICK
FRIDAY, MONDAY, TUESDAY, WEDNESDAY = date(2020, 6, 5), date(2020, 6, 8), date(2020, 6, 9), date(2020, 6, 10)
HEAD = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2020, 6, {first})
        self.set_end_date(2020, 6, {last})
        self.set_cash(100000)
        self.stock = self.add_equity("{ticker}", Resolution.{resolution}, {options}).symbol
        self.start()

    def start(self):
        pass

    def probe(self, text):
        self.log(f"PROBE {{self.time:%m-%d %H:%M:%S}} {{text}}")

    def on_symbol_changed_events(self, changes):
        for change in changes.values():
            self.probe(f"changed {{change.old_symbol}} {{change.new_symbol}} {{change.symbol.value}} {{change.symbol}}")

    def on_delistings(self, delistings):
        for delisting in delistings.values():
            self.probe(f"delisting {{delisting.type}} {{delisting.price:g}} of {{delisting.time:%m-%d}}")

    def on_splits(self, splits):
        for split in splits.values():
            self.probe(f"split {{split.type}} {{split.split_factor:g}} at {{split.reference_price:g}}")

    def on_dividends(self, dividends):
        for dividend in dividends.values():
            self.probe(f"dividend {{dividend.distribution:g}} at {{dividend.reference_price:g}}")

    def on_order_event(self, event):
        reason = event.message if event.message.startswith("Liquidate") else ""
        self.probe(f"order {{event.order_id}} {{event.status}} {{event.fill_quantity:g}} {{event.fill_price:g}} {{reason}}")

    def on_securities_changed(self, changes):
        if changes.removed_securities:
            self.probe("removed " + " ".join(str(security.symbol) for security in changes.removed_securities))
"""


def run(
    folder: LeanFolder,
    body: str,
    first: int = 5,
    last: int = 10,
    ticker: str = "OLD",
    resolution: str = "MINUTE",
    options: str = "fill_forward=False",
) -> tuple[DryRun, list[str]]:
    """Run an algorithm over days of June 2020 and return its probes."""
    path = folder.path / "strategy.py"
    head = HEAD.format(first=first, last=last, ticker=ticker, resolution=resolution, options=options)
    path.write_text(head + body, encoding="utf-8")
    run, sink = run_file(path, folder.path, folder.path / "results")
    return run, probes(sink)


def probes(sink: MemorySink) -> list[str]:
    return [line.partition(" PROBE ")[2] for line in sink.lines if " PROBE " in line]


BARS = """
    def on_data(self, slice):
        bar = slice.bars.get(self.stock)
        if bar is not None:
            self.probe(f"bar {bar.symbol.value} {bar.close:g}")
"""


# -- changes of ticker


@pytest.fixture
def renamed(tmp_path: Path) -> LeanFolder:
    """A company that was OLD until Monday, and is NEW from Tuesday on."""
    folder = LeanFolder(tmp_path)
    folder.map_file("new", "20150101,old,Q\n20200608,old,Q\n20501231,new,Q\n")
    return folder


@pytest.mark.parametrize("ticker", ["OLD", "NEW", "old"])
def test_data_are_found_under_the_ticker_of_their_day(renamed: LeanFolder, ticker: str) -> None:
    renamed.day("old", MONDAY, MINUTE, minute_rows(100_000, ["09:30"]))
    renamed.day("new", TUESDAY, MINUTE, minute_rows(200_000, ["09:30"]))
    renamed.day("new", MONDAY, MINUTE, minute_rows(990_000, ["09:30"]))
    renamed.day("old", TUESDAY, MINUTE, minute_rows(990_000, ["09:30"]))
    run_of, found = run(renamed, BARS, ticker=ticker)
    name = ticker.upper()
    assert found == [
        "06-08 09:31:00 bar OLD 10",
        f"06-09 00:00:00 changed OLD NEW NEW {name}",
        "06-09 09:31:00 bar NEW 20",
    ]
    (symbol,) = run_of.engine.securities.keys()
    assert str(symbol.id).startswith("OLD ")
    assert symbol.value == name


def test_days_are_read_from_the_file_of_each_ticker_for_its_time(renamed: LeanFolder) -> None:
    days = [FRIDAY, MONDAY, TUESDAY, WEDNESDAY]
    renamed.history("old", DAILY, [daily_row(day, 100_000 + place) for place, day in enumerate(days)])
    renamed.history("new", DAILY, [daily_row(day, 200_000 + place) for place, day in enumerate(days)])
    assert run(renamed, BARS, resolution="DAILY")[1] == [
        "06-05 16:00:00 bar OLD 10",
        "06-08 16:00:00 bar OLD 10.0001",
        "06-09 00:00:00 changed OLD NEW NEW OLD",
        "06-09 16:00:00 bar NEW 20.0002",
        "06-10 16:00:00 bar NEW 20.0003",
    ]


def test_ticks_carry_the_ticker_of_their_day(renamed: LeanFolder) -> None:
    renamed.day("old", MONDAY, TICK, [tick_row("09:30", 100_000)])
    renamed.day("new", TUESDAY, TICK, [tick_row("09:30", 200_000), tick_row("09:31", 210_000)])
    body = """
    def on_data(self, slice):
        for key in slice.ticks.keys():
            for tick in slice.ticks[self.stock]:
                self.probe(f"{tick.symbol.value} {key.value} {tick.price:g} {slice.contains_key(self.stock)}")
"""
    assert run(renamed, body, resolution="TICK")[1] == [
        "06-08 09:30:00 OLD OLD 10 True",
        "06-09 00:00:00 changed OLD NEW NEW OLD",
        "06-09 09:30:00 NEW NEW 20 True",
        "06-09 09:31:00 NEW NEW 21 True",
    ]


def test_a_bar_s_symbol_and_the_added_symbol_are_the_same_key(renamed: LeanFolder) -> None:
    renamed.day("new", TUESDAY, MINUTE, minute_rows(200_000, ["09:30"]))
    body = """
    def on_data(self, slice):
        for bar in slice.bars.values():
            key = bar.symbol
            self.probe(f"{slice.bars[self.stock] is bar} {slice.bars[key] is bar} {slice.bars['OLD'] is bar}")
            self.probe(f"{self.securities[key].price:g} {self.portfolio[key].symbol.value} {key == self.stock}")
            self.market_order(key, 10)
"""
    assert run(renamed, body, first=9, last=9)[1] == [
        "06-09 09:31:00 True True True",
        "06-09 09:31:00 20 OLD True",
        "06-09 09:31:00 order 1 SUBMITTED 0 0 ",
        "06-09 09:31:00 order 1 FILLED 10 20 ",
    ]


def test_a_change_of_ticker_cancels_open_orders_before_they_can_fill(renamed: LeanFolder) -> None:
    renamed.day("old", MONDAY, MINUTE, minute_rows(100_000, ["09:30"]))
    renamed.day("new", TUESDAY, MINUTE, minute_rows(50_000, ["09:30"]))
    body = """
    def on_data(self, slice):
        if self.time.day == 8:
            self.ticket = self.limit_order(self.stock, 10, 8)

    def on_end_of_algorithm(self):
        self.probe(f"{self.ticket.status} {self.ticket.tag}")
"""
    assert run(renamed, body)[1] == [
        "06-08 09:31:00 order 1 SUBMITTED 0 0 ",
        "06-09 00:00:00 changed OLD NEW NEW OLD",
        "06-09 00:00:00 order 1 CANCEL_PENDING 0 0 ",
        "06-09 00:00:00 order 1 CANCELED 0 0 ",
        "06-09 09:31:00 CANCELED Open order cancelled on symbol changed event",
    ]


# -- listing and delisting


def test_nothing_comes_before_the_listing(tmp_path: Path) -> None:
    folder = LeanFolder(tmp_path)
    folder.map_file("ipo", "20200609,ipo,Q\n20501231,ipo,Q\n")
    for day in (FRIDAY, MONDAY, TUESDAY):
        folder.day("ipo", day, MINUTE, minute_rows(100_000, ["09:30"]))
    folder.history("ipo", DAILY, [daily_row(day, 100_000) for day in (FRIDAY, MONDAY, TUESDAY)])
    body = """
    def start(self):
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 0), self.buy)

    def buy(self):
        ticket = self.market_order(self.stock, 1)
        self.probe(f"{ticket.status} {self.securities[self.stock].has_data}")
"""
    assert run(folder, body + BARS, last=9, ticker="IPO")[1] == [
        *[f"06-0{day} 10:00:00 INVALID False" for day in (5, 6, 7, 8)],
        "06-09 09:31:00 bar IPO 10",
    ]
    # In files a daily bar ends at midnight, so that of the day before reaches into the listing; LEAN delivers it too.
    found = run(folder, BARS, last=9, ticker="IPO", resolution="DAILY")[1]
    assert found == ["06-08 16:00:00 bar IPO 10", "06-09 16:00:00 bar IPO 10"]


@pytest.fixture
def delisted(tmp_path: Path) -> LeanFolder:
    """A company that trades for the last time on Monday."""
    folder = LeanFolder(tmp_path)
    folder.map_file("gone", "20150101,gone,Q\n20200608,gone,Q\n")
    folder.day("gone", FRIDAY, MINUTE, minute_rows(100_000, ["09:30", "17:00"]))
    folder.day("gone", MONDAY, MINUTE, minute_rows(90_000, ["09:30", "15:00", "18:00"]))
    folder.day("gone", TUESDAY, MINUTE, minute_rows(80_000, ["09:30"]))
    return folder


def test_a_delisting_is_announced_and_closes_what_is_held(delisted: LeanFolder) -> None:
    body = """
    def on_data(self, slice):
        if not self.portfolio.invested and self.time.day == 5:
            self.market_order(self.stock, 100)
            self.limit_order(self.stock, 10, 1)

    def on_end_of_algorithm(self):
        security = self.securities[self.stock]
        self.probe(f"{security.is_delisted} {security.is_tradable} {security.price:g} {security.invested}")
        self.probe(f"{self.securities.count} {list(self.securities.keys())} {self.securities.contains_key(self.stock)}")
        ticket = self.market_order(self.stock, 1)
        self.probe(f"{ticket.status} {ticket.submit_request.response.error_code}")
        self.probe(f"cash {self.portfolio.cash:g} fees {self.portfolio.total_fees:g}")
"""
    found = run(delisted, body, ticker="GONE")[1]
    assert found[:10] == [
        "06-05 09:31:00 order 1 SUBMITTED 0 0 ",
        "06-05 09:31:00 order 1 FILLED 100 10 ",
        "06-05 09:31:00 order 2 SUBMITTED 0 0 ",
        "06-08 00:00:00 delisting WARNING 10 of 06-08",
        "06-09 00:00:00 order 3 FILLED -100 9 Liquidate from delisting",
        "06-09 00:00:00 order 2 CANCEL_PENDING 0 0 ",
        "06-09 00:00:00 removed GONE",
        "06-09 00:00:00 delisting DELISTED 9 of 06-09",
        "06-09 00:00:00 order 2 CANCELED 0 0 ",
        "06-09 00:00:00 True False 9 False",
    ]
    assert found[10:] == [
        "06-09 00:00:00 0 [] True",
        "06-09 00:00:00 INVALID NON_TRADABLE_SECURITY",
        "06-09 00:00:00 cash 99899 fees 1",
    ]


def test_repeats_end_with_the_listing(delisted: LeanFolder) -> None:
    body = """
    def on_data(self, slice):
        for bar in slice.bars.values():
            if bar.time.minute == 0:
                self.probe(f"{bar.time:%d %H:%M} {bar.is_fill_forward}")
"""
    found = run(delisted, body, ticker="GONE", options="extended_market_hours=True")[1]
    assert found[-3:] == [
        "06-08 19:01:00 08 19:00 True",
        "06-09 00:00:00 removed GONE",
        "06-09 00:00:00 delisting DELISTED 9 of 06-09",
    ]


def test_a_delisting_needs_a_later_session_within_the_run(delisted: LeanFolder) -> None:
    assert run(delisted, "", last=8, ticker="GONE")[1] == ["06-08 00:00:00 delisting WARNING 10 of 06-08"]
    assert run(delisted, "", first=9, ticker="GONE")[1] == []
    assert run(delisted, "", first=8, ticker="GONE")[1] == [
        "06-08 00:00:00 delisting WARNING 0 of 06-08",
        "06-09 00:00:00 removed GONE",
        "06-09 00:00:00 delisting DELISTED 9 of 06-09",
    ]


# -- splits and dividends


@pytest.fixture
def split(tmp_path: Path) -> LeanFolder:
    """Two shares for one from Tuesday on, and half a dollar of dividend on Wednesday."""
    folder = LeanFolder(tmp_path)
    folder.map_file("ab", "20150101,ab,Q\n20501231,ab,Q\n")
    folder.factor_file("ab", "20150101,0.95,0.5,1\n20200608,0.95,0.5,20\n20200609,0.95,1,10\n20501231,1,1,0\n")
    folder.day("ab", FRIDAY, MINUTE, minute_rows(195_000, ["09:30"]))
    folder.day("ab", MONDAY, MINUTE, minute_rows(200_000, ["09:30", "18:00"]))
    folder.day("ab", TUESDAY, MINUTE, minute_rows(100_000, ["09:30"]))
    folder.day("ab", WEDNESDAY, MINUTE, minute_rows(99_000, ["09:30"]))
    return folder


EVENTS = [
    "06-08 00:00:00 split WARNING 0.5 at 19.5",
    "06-09 00:00:00 split SPLIT_OCCURRED 0.5 at 20",
    "06-10 00:00:00 dividend 0.5 at 10",
]
VOLUMES = """
    def on_data(self, slice):
        bar = slice.bars.get(self.stock)
        if bar is not None:
            self.probe(f"bar {bar.close:g} {bar.volume:g}")
"""


def test_splits_and_dividends_come_at_midnight_of_sessions(split: LeanFolder) -> None:
    assert run(split, "", ticker="AB")[1] == EVENTS
    assert run(split, "", ticker="AB", first=8)[1] == ["06-08 00:00:00 split WARNING 0.5 at 0", *EVENTS[1:]]


def test_what_took_effect_on_the_first_day_is_not_reported(split: LeanFolder) -> None:
    assert run(split, "", ticker="AB", first=9)[1] == EVENTS[2:]
    assert run(split, "", ticker="AB", first=10)[1] == []


def test_prices_and_volumes_are_adjusted_by_the_whole_factor(split: LeanFolder) -> None:
    found = [line for line in run(split, VOLUMES, ticker="AB")[1] if "bar" in line]
    assert found == [
        "06-05 09:31:00 bar 9.2625 211",
        "06-08 09:31:00 bar 9.5 211",
        "06-09 09:31:00 bar 9.5 105",
        "06-10 09:31:00 bar 9.9 100",
    ]
    raw = run(
        split, VOLUMES, ticker="AB", options="data_normalization_mode=DataNormalizationMode.RAW, fill_forward=False"
    )[1]
    assert [line for line in raw if "bar" in line] == [
        "06-05 09:31:00 bar 19.5 100",
        "06-08 09:31:00 bar 20 100",
        "06-09 09:31:00 bar 10 100",
        "06-10 09:31:00 bar 9.9 100",
    ]


def test_raw_prices_may_be_chosen_later_in_initialize(split: LeanFolder) -> None:
    body = """
    def start(self):
        self.securities[self.stock].set_data_normalization_mode(DataNormalizationMode.RAW)
"""
    found = run(split, body + VOLUMES, ticker="AB")[1]
    assert next(line for line in found if "bar" in line) == "06-05 09:31:00 bar 19.5 100"


def test_a_security_initializer_may_choose_raw_prices(split: LeanFolder) -> None:
    body = """
    def initialize(self):
        self.set_start_date(2020, 6, 8)
        self.set_end_date(2020, 6, 10)
        raw = DataNormalizationMode.RAW
        self.set_security_initializer(lambda security: security.set_data_normalization_mode(raw))
        self.stock = self.add_equity("AB", Resolution.MINUTE, fill_forward=False).symbol
"""
    found = run(split, body + VOLUMES, ticker="AB")[1]
    assert next(line for line in found if "bar" in line) == "06-08 09:31:00 bar 20 100"


@pytest.mark.parametrize("mode", ["TOTAL_RETURN", "SPLIT_ADJUSTED", "SCALED_RAW", "BACKWARDS_RATIO"])
def test_other_adjustments_are_refused(split: LeanFolder, mode: str) -> None:
    for options in (f"data_normalization_mode=DataNormalizationMode.{mode}", ""):
        body = (
            ""
            if options
            else f"""
    def start(self):
        self.securities[self.stock].set_data_normalization_mode(getattr(DataNormalizationMode, "{mode}"))
"""
        )
        with pytest.raises(UnsupportedApiError, match=f"{mode}.* use DataNormalizationMode.RAW or "):
            run(split, body, ticker="AB", options=options)


def test_events_of_a_tick_subscription_know_the_last_price_outside_hours(split: LeanFolder) -> None:
    split.day("ab", FRIDAY, TICK, [tick_row("09:30", 195_000), tick_row("18:00", 196_000)])
    split.day("ab", MONDAY, TICK, [tick_row("09:30", 200_000)])
    split.day("ab", TUESDAY, TICK, [tick_row("09:30", 100_000)])
    body = """
    def on_data(self, slice):
        for tick in slice.ticks.get(self.stock) or []:
            self.probe(f"tick {tick.price:g} {tick.quantity:g}")
"""
    assert run(split, body, ticker="AB", resolution="TICK")[1] == [
        "06-05 09:30:00 tick 9.2625 211",
        "06-08 00:00:00 split WARNING 0.5 at 19.6",
        "06-08 09:30:00 tick 9.5 211",
        *EVENTS[1:2],
        "06-09 09:30:00 tick 9.5 105",
        *EVENTS[2:],
    ]


def test_a_live_algorithm_hears_of_a_delisting_and_is_flat_after_it(delisted: LeanFolder) -> None:
    delisted.day("gone", FRIDAY, TICK, [tick_row("09:30", 100_000), tick_row("09:31", 101_000)])
    delisted.day("gone", MONDAY, TICK, [tick_row("09:30", 90_000), tick_row("18:00", 80_000)])
    delisted.day("gone", TUESDAY, TICK, [tick_row("09:30", 70_000)])
    body = """
    def on_tick(self, tick):
        self.probe(f"tick {tick.price:g}")
        if tick.price > 10.05:
            self.submit(self.stock, 100)

    def on_end_of_algorithm(self):
        self.probe(f"{self.portfolio.invested} {self.portfolio.cash:g}")
"""
    path = delisted.path / "strategy.py"
    head = HEAD.format(first=5, last=10, ticker="GONE", resolution="TICK", options="")
    path.write_text(head.replace("(QCAlgorithm)", "(LiveAlgorithm)") + body, encoding="utf-8")
    _, sink = run_file(path, delisted.path, delisted.path / "results")
    assert probes(sink) == [
        "06-05 09:30:00 tick 10",
        "06-05 09:31:00 tick 10.1",
        "06-05 09:31:00 order 1 SUBMITTED 0 0 ",
        "06-05 09:31:00 order 1 FILLED 100 10.1 ",
        "06-08 00:00:00 delisting WARNING 10.1 of 06-08",
        "06-08 09:30:00 tick 9",
        "06-09 00:00:00 order 2 FILLED -100 9 Liquidate from delisting",
        "06-09 00:00:00 removed GONE",
        "06-09 00:00:00 delisting DELISTED 8 of 06-09",
        "06-09 00:00:00 False 99889",
    ]


def test_daily_bars_may_end_at_midnight(split: LeanFolder) -> None:
    split.history("ab", DAILY, [daily_row(day, 100_000) for day in (FRIDAY, MONDAY, TUESDAY)])
    body = """
    def start(self):
        self.settings.daily_precise_end_time = False
"""
    found = run(split, body + BARS, ticker="AB", resolution="DAILY")[1]
    assert [line for line in found if "bar" in line] == [
        "06-06 00:00:00 bar AB 4.75",
        "06-09 00:00:00 bar AB 4.75",
        "06-10 00:00:00 bar AB 9.5",
    ]
