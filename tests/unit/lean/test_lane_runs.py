"""Runs with orders in the lane, in the double's engine: what fails there ends the run as it does inline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.lean_orders import order_bench
from support.lean_runs import Feed, run_in_double, wait_until

from live.config import LeanSettings, RiskSettings

LANE = LeanSettings(mode="lane", rehearsal_seconds=0)
SOURCE = """from AlgorithmImports import *


class Main(QCAlgorithm):
    def initialize(self):
        self.set_cash(100_000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.slices = 0

    def on_data(self, data):
        self.slices += 1
        if self.slices == 1:
            {first}

    def on_end_of_algorithm(self):
        {end}
"""
FAILS = "self.market_on_open_order(self.btc, 1)"


@pytest.mark.parametrize("mode", ["inline", "lane"])
def test_an_order_call_that_fails_at_the_end_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices)

    source = SOURCE.replace("{first}", "pass").replace("{end}", FAILS)
    run = run_in_double(tmp_path, monkeypatch, source, drive, lean=LeanSettings(mode=mode, rehearsal_seconds=0))
    assert run.summary()["phase"] == "failed"
    assert "Market never closes" in run.summary()["reason"]


def test_an_order_call_that_fails_ends_the_run_with_the_next_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices)
        price = 100.0
        while feed.engine.thread.is_alive() and price < 2_000:
            # The lane may need some slices' time.
            price += 1
            seen = feed.engine.algorithm.slices
            feed.trade("BTCUSD", price)
            wait_until(lambda seen=seen: feed.engine.algorithm.slices > seen or not feed.engine.thread.is_alive())

    source = SOURCE.replace("{first}", FAILS).replace("{end}", "pass")
    run = run_in_double(tmp_path, monkeypatch, source, drive, lean=LANE)
    assert "Market never closes" in run.error
    assert "Market never closes" in run.summary()["reason"]
    assert run.summary()["phase"] == "failed"


def test_the_last_review_comes_after_the_end_and_is_not_of_it(tmp_path: Path) -> None:
    # The review belongs to whoever holds the housekeeping's lock; the end may come from another thread.
    with order_bench(tmp_path, risk=RiskSettings(max_order_quantity=1)) as bench:
        bench.algorithm.market_order(bench.ibm, 2)
        bench.orders.end()
        assert bench.lines("error") == []
        bench.orders.review()
        assert len(bench.lines("error")) == 1
