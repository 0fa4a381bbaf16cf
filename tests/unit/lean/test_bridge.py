"""Facts of LEAN's bridge to Python that the host must not stumble over."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.lean_double import lean_modules
from support.lean_runs import Feed, run_in_double

from live.errors import error_text, without_stack
from live.hot.catalogue import PageText

SOURCE = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.other = self.add_crypto("ETHUSD", Resolution.TICK).symbol

    def on_data(self, data):
        data[self.other]
"""


def test_a_time_that_is_handed_to_dotnet_is_cut_to_milliseconds() -> None:
    with lean_modules():
        from lean_engine.market import SecurityType, Symbol

        from live.lean.surface import trade_tick

        symbol = Symbol.create("BTCUSD", SecurityType.CRYPTO, "coinbase")
        tick = trade_tick(symbol, 1.0, 1.0, datetime(2026, 8, 21, 14, 0, 0, 123_999))
        assert tick.time == datetime(2026, 8, 21, 14, 0, 0, 123_000)


def test_an_asset_class_of_two_words_is_named_as_its_folder_of_data() -> None:
    with lean_modules():
        from lean_engine.algorithm import QCAlgorithm
        from lean_engine.market import Resolution, SecurityType

        from live.lean.surface import subscriptions

        algorithm = QCAlgorithm()
        algorithm._add("BTCUSDT", SecurityType.CRYPTO_FUTURE, "binance", Resolution.TICK)
        assert {each.security_type for each in subscriptions(algorithm)} == {"cryptofuture"}


def test_the_age_of_data_whose_stamp_has_a_zone() -> None:
    from live.lean.surface import TradedSecurity

    now = datetime(2026, 8, 21, 14, 0, 2)
    data = SimpleNamespace(end_time=datetime(2026, 8, 21, 14, 0, 0, tzinfo=timezone.utc))
    security = TradedSecurity()
    security.take(
        SimpleNamespace(
            holdings=None,
            exchange=None,
            symbol=SimpleNamespace(value="BTCUSD"),
            local_time=now,
            get_last_data=lambda: data,
        )
    )
    assert security.data_age_ns() == 2 * 10**9


def test_an_error_of_dotnet_is_told_without_its_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 90)
        feed.until(lambda: False)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive)
    reason = run.page().text(PageText.REASON)
    assert reason.startswith("on_data raised KeyNotFoundException: ETHUSD has no data in this slice (")
    assert "   at " not in reason
    assert "get_Item" in run.error


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no such key\r\n   at A.B`1.Get[T](Object key) in /x/B.cs:line 3\n   at A.C.<Run>b__0()", "no such key"),
        ("one\ntwo", "one\ntwo"),
        ("look\n   at this (or that)", "look\n   at this (or that)"),
        ("", ""),
    ],
)
def test_where_a_stack_of_dotnet_begins(text: str, told: str) -> None:
    assert without_stack(text) == told
    assert error_text(ValueError("one\ntwo")) == "ValueError: one two"
