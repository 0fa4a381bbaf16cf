"""LiveAlgorithm on LEAN: the file that runs in the embedded engine runs here too, tick by tick."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lean_runs import Feed, run_in_double

from live.config import LeanSettings
from live.hot.catalogue import Counter
from live.hot.orders import OrderState

SOURCE = """
from AlgorithmImports import *

class Main(LiveAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.eth = self.add_crypto("ETHUSD", Resolution.TICK).symbol
        self.early = self.submit(self.btc, 1)
        self.views = set()
        self.handle = None

    def on_tick(self, tick):
        self.views.add(id(tick))
        self.kept = tick
        self.log(f"{tick.symbol} {'trade' if tick.is_trade else 'quote'} {tick.price:g} {tick.bid_price:g} "
                 f"{tick.ask_price:g} {tick.quantity:g} {tick.sequence}")
        if tick.is_trade and tick.price == 101:
            self.handle = self.submit(tick.symbol, 2)

    def on_order_event(self, event):
        self.log(f"event {event.status} {event.fill_quantity:g}")
"""


def feed_ticks(feed: Feed) -> None:
    feed.trade("BTCUSD", 100.0, 3.0)
    feed.until(lambda: feed.calls("on_data") == 1)
    feed.quote("BTCUSD", 99.0, 103.0, 5.0)
    feed.until(lambda: feed.calls("on_data") == 2)
    feed.trade("ETHUSD", 10.0)
    feed.until(lambda: feed.calls("on_data") == 3)
    feed.trade("BTCUSD", 101.0)
    feed.until(lambda: feed.calls("on_order_event") == 2)
    feed.until(lambda: "event FILLED 2" in [text for _kind, text in feed.engine.algorithm._lines])


@pytest.mark.parametrize("mode", ["inline", "lane"])
def test_ticks_come_one_by_one_on_one_view_and_orders_go_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    run = run_in_double(tmp_path, monkeypatch, SOURCE, feed_ticks, lean=LeanSettings(mode=mode))
    assert run.error == ""
    assert run.texts() == [
        "BTCUSD trade 100 100 100 3 1",
        "BTCUSD quote 101 99 103 0 2",
        "ETHUSD trade 10 10 10 1 1",
        "BTCUSD trade 101 99 103 1 3",
        "event SUBMITTED 0",
        "event FILLED 2",
    ]
    assert len(run.algorithm.views) == 1
    assert run.algorithm.early < 0
    assert run.algorithm.handle >= 0
    assert run.algorithm.order_state(run.algorithm.handle) == OrderState.FREE
    page = run.page()
    assert page.counter(Counter.CALLS_ON_TICK) == 4
    assert page.counter(Counter.ORDERS_FILLED) == 1


def test_a_kept_view_is_noticed_in_checked_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = SOURCE.replace("def initialize", "check_views = True\n\n    def initialize").replace(
        "self.kept = tick", "_ = self.kept.price if hasattr(self, 'kept') and self.kept is not tick else None"
    )
    source += "\n    def on_end_of_algorithm(self):\n        self.log(str(self.view.price))\n"
    source = source.replace("self.views.add(id(tick))", "self.views.add(id(tick)); self.view = tick")

    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.calls("on_data") == 1)

    run = run_in_double(tmp_path, monkeypatch, source, drive)
    assert "StaleViewError" in run.error


def test_on_data_is_called_after_the_ticks_of_its_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = SOURCE + "\n    def on_data(self, data):\n        self.log(f'slice {data.ticks.count}')\n"

    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.calls("on_data") == 1)

    run = run_in_double(tmp_path, monkeypatch, source, drive)
    assert run.texts() == ["BTCUSD trade 100 100 100 1 1", "slice 1"]


def test_a_method_on_tick_of_a_plain_algorithm_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        from AlgorithmImports import *

        class Main(QCAlgorithm):
            def initialize(self):
                self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol

            def on_data(self, data):
                self.on_tick(data.ticks[self.btc][0], "by itself")

            def on_tick(self, tick, how):
                self.log(f"{tick.price:g} {how}")
        """

    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.calls("on_data") == 1)

    assert run_in_double(tmp_path, monkeypatch, source, drive).texts() == ["100 by itself"]


def test_suspicious_ticks_and_ticks_without_a_price_do_not_reach_on_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        from lean_engine.feed import utc_now

        from live.lean.surface import trade_tick

        doubtful = trade_tick(feed.engine.algorithm.btc, 5.0, 1.0, utc_now())
        doubtful.suspicious = True
        feed.aggregator.Update(doubtful)
        feed.until(lambda: feed.calls("on_data") == 1)
        feed.trade("BTCUSD", 0.0)
        feed.until(lambda: feed.calls("on_data") == 2)

    assert run_in_double(tmp_path, monkeypatch, SOURCE, drive).texts() == []
