"""Runs into damaged data: what lies before the damage reaches the strategy, then the run ends with the place of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.lean_folder import LeanFolder, minute_rows, tick_row
from support.runs import MemorySink, run_file

from live.algorithm.enums import Resolution
from live.errors import DataError, MalformedRowError
from live.paper.run import DryRun
from live.paper.run_model import DryRunRequest

MONDAY, TUESDAY = date(2020, 6, 8), date(2020, 6, 9)
HEAD = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.set_start_date(2020, 6, 8)
        self.set_end_date(2020, 6, 9)
        for ticker in {tickers}:
            self.add_equity(ticker, Resolution.{resolution}, fill_forward={fill_forward})

    def probe(self, price):
        self.log(f"PROBE {{price:g}}")
"""
SLICES = """
    def on_data(self, slice):
        for symbol in slice.keys():
            data = slice[symbol]
            for point in data if isinstance(data, list) else [data]:
                if not point.is_fill_forward:
                    self.probe(point.price)
"""
LIVE = """
    def on_tick(self, tick):
        self.probe(tick.price)
"""


def run(
    folder: LeanFolder,
    body: str,
    resolution: str = "TICK",
    tickers: tuple[str, ...] = ("AB",),
    fill_forward: bool = False,
) -> tuple[list[float], str]:
    """Run until the damage; return the prices that the strategy saw, and the error."""
    base = "LiveAlgorithm" if body is LIVE else "QCAlgorithm"
    path = folder.path / "strategy.py"
    head = HEAD.format(base=base, tickers=tickers, resolution=resolution, fill_forward=fill_forward)
    path.write_text(head + body, encoding="utf-8")
    results = folder.path / "results"
    with pytest.raises(DataError) as caught:
        run_file(path, folder.path, results)
    lines = (results / "log.txt").read_text(encoding="utf-8").splitlines()
    return [float(line.rpartition(" ")[2]) for line in lines if " PROBE " in line], str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> LeanFolder:
    return LeanFolder(tmp_path)


def ticks(count: int) -> list[str]:
    return [f"{34_200_000 + number * 7},{10_000 * (number + 1)},100,P,0,0" for number in range(count)]


@pytest.mark.parametrize("body", [SLICES, LIVE], ids=["slices", "ticks"])
@pytest.mark.parametrize("good", [0, 1, 2, 3_000])
def test_all_ticks_before_a_bad_one_are_delivered(folder: LeanFolder, body: str, good: int) -> None:
    path = folder.day("AB", MONDAY, Resolution.TICK, [*ticks(good), "57599999,NaN,100,P,0,0", *ticks(3)])
    prices, error = run(folder, body)
    assert prices == [float(number + 1) for number in range(good)]
    assert f"{path} (20200608_ab_Trade_Tick.csv) line {good + 1}, column 10: " in error
    assert "'57599999,NaN,100,P,0,0'" in error
    assert "mend or replace the file" in error


@pytest.mark.parametrize("body", [SLICES, LIVE], ids=["slices", "ticks"])
def test_a_moment_that_the_bad_row_cuts_off_is_delivered(folder: LeanFolder, body: str) -> None:
    same = [tick_row("09:30", 10_000), tick_row("09:30", 20_000)]
    folder.day("AB", MONDAY, Resolution.TICK, [*same, "34200000,,100,P,0,0"])
    assert run(folder, body)[0] == [1.0, 2.0]


@pytest.mark.parametrize("body", [SLICES, LIVE], ids=["slices", "ticks"])
def test_ticks_of_other_symbols_before_the_bad_one_are_delivered(folder: LeanFolder, body: str) -> None:
    folder.day("AB", MONDAY, Resolution.TICK, [tick_row("10:00", 10_000), tick_row("11:00", 20_000), "x"])
    folder.day("CD", MONDAY, Resolution.TICK, [tick_row(f"{hour}:30", hour * 10_000) for hour in range(10, 14)])
    assert run(folder, body, tickers=("AB", "CD"))[0] == [1.0, 10.0, 2.0]


@pytest.mark.parametrize("base", ["QCAlgorithm", "LiveAlgorithm"])
def test_a_whole_time_step_right_before_the_bad_row_is_finished(folder: LeanFolder, base: str) -> None:
    folder.day("AB", MONDAY, Resolution.TICK, [tick_row("09:30", 10_000), tick_row("10:00", 20_000), "bad"])
    body = """
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 0), lambda: self.log("scheduled"))

    def decide(self):
        ticket = self.limit_order("AB", 1, 1)
        ticket.cancel()

    def on_order_event(self, event):
        self.log(f"event {event.status}")
"""
    body += (
        """
    def on_tick(self, tick):
        if tick.price == 2.0:
            self.decide()
"""
        if base == "LiveAlgorithm"
        else """
    def on_data(self, slice):
        if slice.ticks["AB"][0].price == 2.0:
            self.decide()
"""
    )
    path = folder.path / "strategy.py"
    head = HEAD.format(base=base, tickers=("AB",), resolution="TICK", fill_forward=False)
    path.write_text(head.partition("\n    def probe")[0] + body, encoding="utf-8")
    with pytest.raises(MalformedRowError, match="line 3"):
        run_file(path, folder.path, folder.path / "results")
    lines = (folder.path / "results" / "log.txt").read_text(encoding="utf-8").splitlines()
    said = [line.partition(" log ")[2] or line for line in lines]
    assert [line.rpartition(" ")[2] for line in said if "event" in line or "scheduled" in line] == [
        "scheduled",
        "SUBMITTED",
        "CANCEL_PENDING",
        "CANCELED",
    ]


@pytest.mark.parametrize("fill_forward", [False, True])
@pytest.mark.parametrize("resolution", ["MINUTE", "SECOND"])
def test_all_bars_before_a_bad_one_are_delivered(folder: LeanFolder, resolution: str, fill_forward: bool) -> None:
    rows = minute_rows(10_000, ["09:30", "09:32", "09:35"])
    folder.day("AB", MONDAY, Resolution[resolution], [*rows, "40000000,1,2,3,4,5"])
    prices, error = run(folder, SLICES, resolution, fill_forward=fill_forward)
    assert prices == [1.0, 1.0, 1.0]
    assert "line 4, column 10: open, high, low and close contradict each other" in error


def test_a_bad_day_ends_the_run_after_the_days_before_it(folder: LeanFolder) -> None:
    folder.history(
        "AB", Resolution.DAILY, ["20200605 00:00,1,1,1,1,1", "20200608 00:00,20000,20000,20000,20000,1", "x"]
    )
    assert run(folder, SLICES, "DAILY")[0] == [2.0]


@pytest.mark.parametrize("body", [SLICES, LIVE], ids=["slices", "ticks"])
def test_a_damaged_zip_ends_the_run_after_the_day_before_it(folder: LeanFolder, body: str) -> None:
    folder.day("AB", MONDAY, Resolution.TICK, ticks(5))
    path = folder.day("AB", TUESDAY, Resolution.TICK, ticks(5_000))
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    prices, error = run(folder, body)
    assert prices[:5] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert f"{path} (20200609_ab_Trade_Tick.csv) is damaged" in error
    assert "get a fresh copy" in error


def test_history_and_orders_until_the_damage_are_kept(folder: LeanFolder) -> None:
    folder.day("AB", MONDAY, Resolution.MINUTE, [*minute_rows(10_000, ["09:30", "09:31"]), "bad"])
    path = folder.path / "strategy.py"
    body = """
    def on_data(self, slice):
        self.market_order("AB", 1)

    def on_end_of_algorithm(self):
        self.log("the end is told")
"""
    path.write_text(
        HEAD.format(base="QCAlgorithm", tickers=("AB",), resolution="MINUTE", fill_forward=True) + body,
        encoding="utf-8",
    )
    sink = MemorySink()
    results = folder.path / "results"
    with pytest.raises(MalformedRowError, match="line 3"):
        run_with(path, folder.path, results, sink)
    assert [event["status"] for event in sink.events] == ["Submitted", "Filled"] * 2
    assert "the end is told" in (results / "log.txt").read_text(encoding="utf-8")


def run_with(path: Path, data: Path, results: Path, sink: MemorySink) -> None:
    """Run with a sink of the caller, which keeps what came before an error."""
    DryRun(DryRunRequest(algorithm=path, results_folder=results, data_folder=data), sink).run(sink, results / "log.txt")
