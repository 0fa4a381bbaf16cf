"""Warm-ups with a resolution of their own, and history that is filled forward at its own step."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.lean_folder import LeanFolder, daily_row, minute_rows
from support.runs import run_file

from live.algorithm.enums import Resolution
from live.errors import UnsupportedApiError

THURSDAY, FRIDAY, MONDAY = date(2020, 6, 4), date(2020, 6, 5), date(2020, 6, 8)
STRATEGY = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2020, 6, 8)
        self.set_end_date(2020, 6, 8)
        self.add_equity("AB", Resolution.{resolution}, fill_forward={fill_forward})
        self.set_warm_up(timedelta(days=10), Resolution.{warm_up})
        self.average = self.sma("AB", 3)

    def on_data(self, slice):
        for bar in slice.bars.values():
            end = f"{{bar.time:%d %H:%M}}-{{bar.end_time:%H:%M}}"
            self.log(f"PROBE {{end}} {{bar.close:g}} {{self.is_warming_up}} {{self.average.samples}}")
"""


def run(folder: LeanFolder, resolution: str, warm_up: str, fill_forward: bool = False) -> list[str]:
    path = folder.path / "strategy.py"
    text = STRATEGY.format(resolution=resolution, warm_up=warm_up, fill_forward=fill_forward)
    path.write_text(text, encoding="utf-8")
    _, sink = run_file(path, folder.path, folder.path / "results")
    return [line.partition(" PROBE ")[2] for line in sink.lines if " PROBE " in line]


@pytest.fixture
def folder(tmp_path: Path) -> LeanFolder:
    folder = LeanFolder(tmp_path)
    folder.history(
        "ab", Resolution.DAILY, [daily_row(THURSDAY, 10_000), daily_row(FRIDAY, 20_000), daily_row(MONDAY, 30_000)]
    )
    folder.day("ab", FRIDAY, Resolution.MINUTE, minute_rows(50_000, ["09:30", "15:59"]))
    folder.day("ab", MONDAY, Resolution.MINUTE, minute_rows(60_000, ["09:31", "09:32"]))
    return folder


def test_days_warm_up_what_then_runs_on_minutes(folder: LeanFolder) -> None:
    assert run(folder, "MINUTE", "DAILY") == [
        "04 09:30-16:00 1 True 1",
        "05 09:30-16:00 2 True 2",
        "08 09:31-09:32 6 False 3",
        "08 09:32-09:33 6 False 4",
    ]


def test_the_first_gap_of_the_run_repeats_minutes_of_the_day_before(folder: LeanFolder) -> None:
    found = run(folder, "MINUTE", "DAILY", fill_forward=True)
    assert found[:4] == [
        "04 09:30-16:00 1 True 1",
        "05 09:30-16:00 2 True 2",
        "08 09:30-09:31 5 False 3",
        "08 09:31-09:32 6 False 4",
    ]


def test_ticks_cannot_be_warmed_up_with_bars(folder: LeanFolder) -> None:
    folder.day("ab", MONDAY, Resolution.TICK, ["34200000,10000,100,P,0,0"])
    with pytest.raises(UnsupportedApiError, match="AB cannot be warmed up with DAILY data"):
        run(folder, "TICK", "DAILY")


def test_history_of_symbols_with_other_bars_is_filled_forward_at_its_own_step(folder: LeanFolder) -> None:
    body = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2020, 6, 8)
        self.set_end_date(2020, 6, 8)
        self.add_equity("AB", Resolution.MINUTE)
        self.add_equity("CD", Resolution.DAILY)
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(9, 30), self.look)

    def look(self):
        slices = list(self.history[TradeBar](["AB", "CD"], timedelta(days=3)))
        days = [bars for bars in slices if bars.contains_key("CD")]
        self.log(f"PROBE {len(days)} of {len(slices)}")

    def on_data(self, slice):
        pass
"""
    folder.history("cd", Resolution.DAILY, [daily_row(THURSDAY, 10_000), daily_row(FRIDAY, 20_000)])
    path = folder.path / "strategy.py"
    path.write_text(body, encoding="utf-8")
    _, sink = run_file(path, folder.path, folder.path / "results")
    assert [line.partition(" PROBE ")[2] for line in sink.lines if " PROBE " in line] == ["1 of 390"]
