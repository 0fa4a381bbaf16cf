"""Rehearsal and keep-warm: through the engine's own way, seen by nobody, and without anything left behind."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from support.lean_orders import order_bench
from support.lean_runs import Feed, host_of, run_in_double, wait_until

from live.config import LeanSettings, RiskSettings
from live.errors import ConfigError
from live.hot.catalogue import Counter, Gauge, RunPhase, WarmState
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean.instructions import FeederInstructions
from live.lean.warm import beats
from live.lean.warm.keep_warm import dummy_parts
from live.lean.warm.order_warmer import OrderWarmer
from live.lean.warm.rehearsal import Rehearsal
from live.settling import are_alike

SOURCE = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.slices = 0

    def on_data(self, data):
        self.slices += 1
        self.log(f"{sorted(str(each) for each in data.ticks.keys())}")

    def on_order_event(self, event):
        self.log(f"event {event.order_id}")
"""


def page_of(folder: Path) -> TelemetryView:
    return TelemetryView(folder / "run" / PAGE_NAME)


def is_ready(folder: Path) -> bool:
    return page_of(folder).gauge(Gauge.WARM_STATE) == WarmState.READY


def test_a_rehearsal_ends_ready_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = LeanSettings(rehearsal_seconds=0.5)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices == 1)
        wait_until(lambda: page_of(tmp_path).counter(Counter.WARM_BEATS) > 0)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings)
    assert not run.error
    assert run.texts() == ["['BTCUSD']"]
    assert run.texts("error").count("Unable to submit order with id -10 that has zero quantity.") > 0
    assert [text for text in run.texts("debug") if text.startswith("rehearsed ")]
    algorithm = run.algorithm
    assert algorithm.transactions.orders_count == 0
    assert algorithm.error_messages.count == 0
    assert not algorithm.portfolio.invested
    page = run.page()
    assert page.gauge(Gauge.RUN_PHASE) == RunPhase.COMPLETED
    assert page.counter(Counter.ORDERS_DENIED) == page.counter(Counter.ORDERS_UNGATED) == 0
    assert page.counter(Counter.ORDERS_MADE_ASYNCHRONOUS) == 0


def test_one_switch_turns_the_beat_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = LeanSettings(rehearsal_seconds=0.0, keep_warm_milliseconds=0.0)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        before = feed.engine.steps
        feed.until(lambda: feed.engine.steps > before + 3)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings)
    assert "on_data" not in [name for name, _ in run.callbacks]
    assert [each.symbol.value for each in run.algorithm.securities.values()] == ["BTCUSD"]


def test_beats_begin_with_leans_subscription_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = LeanSettings(rehearsal_seconds=60.0, keep_warm_milliseconds=60_000.0)

    def drive(feed: Feed) -> None:
        watch = host_of(feed).watch
        # One that is lost would be waited for, and less than one would come in a second.
        wait_until(lambda: watch.beats_seen >= 100)
        assert watch.beats_sent - watch.beats_seen <= 1

    assert not run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings).error


def test_a_beat_that_is_lost_is_waited_for_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = LeanSettings(rehearsal_seconds=0.1, keep_warm_milliseconds=60_000.0)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        host = host_of(feed)
        symbol = host.watch.dummy
        queue = feed.aggregator._queues.pop(symbol)
        host.keep_warm._beats.send()
        assert host.watch.beats_sent == host.watch.beats_seen + 1
        wait_until(lambda: host.keep_warm._beats.may_send(1))
        assert host.watch.beats_sent == host.watch.beats_seen
        feed.aggregator._queues[symbol] = queue

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings)
    assert not run.error


class FailingAggregator:
    """Raises at the first ticks."""

    def __init__(self, real: Any, times: float) -> None:
        self._real = real
        self._left = times
        self.calls = 0

    def Update(self, tick: Any) -> None:  # noqa: N802
        self.calls += 1
        if self._left:
            self._left -= 1
            raise RuntimeError("an exception of .NET")
        self._real.Update(tick)


@pytest.mark.parametrize("times", [1, float("inf")])
def test_a_rehearsal_whose_beat_raises_is_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: float
) -> None:
    """Nobody else would end it, and the session would never come."""
    monkeypatch.setattr("live.lean.attendant._BACK_OFF_NS", 1)
    real = beats.surface.data_aggregator
    failing: list[FailingAggregator] = []

    def aggregator() -> FailingAggregator:
        failing.append(FailingAggregator(real(), times))
        return failing[0]

    monkeypatch.setattr(beats.surface, "data_aggregator", aggregator)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        # Beats are tried again in the session.
        wait_until(lambda: failing[0].calls > 2)
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices == 1)

    settings = LeanSettings(rehearsal_seconds=600.0)
    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings)
    assert not run.error
    assert "the rehearsal is broken off: RuntimeError: an exception of .NET" in run.texts("debug")
    told = "lean-live: the host's own work, not the strategy's: RuntimeError: an exception of .NET"
    assert run.texts("error").count(told) == 1


def test_a_rehearsal_of_which_nothing_can_be_told_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_words(rehearsal: Rehearsal) -> str:
        raise RuntimeError("no words")

    monkeypatch.setattr(Rehearsal, "describe", no_words)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))

    settings = LeanSettings(rehearsal_seconds=0.1)
    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings)
    assert not run.error
    assert [text for text in run.texts("error") if "no words" in text]


def test_a_rehearsal_ends_although_no_beat_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "_PATIENCE_NS", 1)

    class Swallows:
        def Update(self, tick: Any) -> None:  # noqa: N802
            """Drop the tick, as LEAN does for a market that is closed."""

    monkeypatch.setattr(beats.surface, "data_aggregator", Swallows)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))

    settings = LeanSettings(rehearsal_seconds=0.1)
    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings)
    assert [text for text in run.texts("debug") if text.startswith("rehearsed 0 beats")]


def test_a_beat_that_is_only_late_is_not_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strategy is at a slice for longer than a beat is waited for: the beat comes afterwards, and is not shown."""
    source = SOURCE.replace("self.slices += 1", "self.slices += 1; self.is_going_on.wait(20)")
    source = source.replace("self.slices = 0", "self.slices = 0; self.is_going_on = threading.Event()")
    source = source.replace("import *", "import *\nimport threading", 1)
    settings = LeanSettings(rehearsal_seconds=0.1, keep_warm_milliseconds=60_000.0)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        host = host_of(feed)
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices == 1)
        seen = host.watch.beats_seen
        monkeypatch.setattr(beats, "_PATIENCE_NS", 0)
        host.keep_warm._beats.send()
        assert not any(host.keep_warm._beats.may_send(1) for _ in range(100))
        feed.engine.algorithm.is_going_on.set()
        feed.until(lambda: host.watch.beats_seen == seen + 1)

    run = run_in_double(tmp_path, monkeypatch, source, drive, is_warm=True, lean=settings)
    assert run.texts() == ["['BTCUSD']"]


def test_the_strategy_is_not_told_of_the_dummy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        SOURCE
        + """
    def on_securities_changed(self, changes):
        self.log(f"added {[str(each.symbol) for each in changes.added_securities]}")
"""
    )
    alone = source.replace('self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol', "pass")

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path / folder))

    told = {}
    for folder, text in (("with", source), ("alone", alone)):
        (tmp_path / folder).mkdir()
        lean = LeanSettings(rehearsal_seconds=0.1)
        run = run_in_double(tmp_path / folder, monkeypatch, text, drive, is_warm=True, lean=lean)
        told[folder] = run.texts()
    assert told == {"with": ["added ['BTCUSD']"], "alone": []}


@pytest.mark.parametrize("parameters", [("symbol",), ()])
def test_the_end_of_the_dummys_day_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: tuple[str, ...]
) -> None:
    # LEAN plans the end of the day of each security, or of the algorithm, by the number of parameters.
    source = (
        SOURCE
        + f"""
    def OnEndOfDay({", ".join(("self", *parameters))}):
        self.log(f"day of {{{"symbol.value" if parameters else "'all'"}}}")
"""
    )
    counts = []

    def drive(feed: Feed) -> None:
        algorithm = feed.engine.algorithm
        feed.until(lambda: "ETHUSD" in [str(each) for each in algorithm.securities.keys()])
        method = getattr(algorithm, "on_end_of_day", None) or algorithm.OnEndOfDay
        counts.append(len(inspect.signature(method).parameters))
        for symbol in algorithm.securities.keys() if parameters else [None]:
            method(*([symbol] if parameters else []))

    run = run_in_double(tmp_path, monkeypatch, source, drive, is_warm=True)
    assert counts == [len(parameters)]
    assert run.texts() == ["day of BTCUSD" if parameters else "day of all"]


def test_an_error_at_the_end_of_a_day_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = SOURCE + "\n    def on_end_of_day(self, symbol):\n        raise ValueError(f'no plan for {symbol}')\n"

    def drive(feed: Feed) -> None:
        with pytest.raises(ValueError, match="no plan for BTCUSD"):
            feed.engine.algorithm.on_end_of_day(feed.engine.algorithm.btc)

    summary = run_in_double(tmp_path, monkeypatch, source, drive).summary()
    assert summary["phase"] == "failed"
    assert summary["reason"].startswith("on_end_of_day raised ValueError: no plan for BTCUSD (")


@pytest.mark.parametrize("model", ["alpha", "portfolio_construction", "risk_management"])
def test_models_of_the_framework_are_not_given_the_dummy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    # LEAN hands every slice to them, and every security that was added, inside .NET.
    added = (
        f"        self.{model} = 'QuantConnect.Algorithm.Framework.AlphaModelPythonWrapper'\n        self.slices = 0"
    )
    source = SOURCE.replace("        self.slices = 0", added)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        assert [str(each) for each in feed.engine.algorithm.securities.keys()] == ["BTCUSD"]

    run = run_in_double(tmp_path, monkeypatch, source, drive, is_warm=True)
    assert [text for text in run.texts("debug") if "framework" in text and "kept warm" in text]


def test_a_dummy_that_lean_does_not_know_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        SOURCE
        + """
    def add_crypto(self, ticker, *rest):
        if ticker == "ETHUSD":
            raise ValueError("Symbol can't be found in the Symbol Properties Database")
        return super().add_crypto(ticker, *rest)
"""
    )

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices == 1)

    run = run_in_double(tmp_path, monkeypatch, source, drive, is_warm=True)
    assert not run.error
    assert run.texts() == ["['BTCUSD']"]
    assert [text for text in run.texts("error") if "crypto/coinbase/ETHUSD" in text and "Set dummy_symbol" in text]


@pytest.mark.parametrize(
    ("own", "dummy", "offered"),
    [
        (("BTCUSD", "ETHUSD"), "crypto/coinbase/ETHUSD", ["BTCUSD", "ETHUSD"]),
        (("BTCUSD", "ETHUSD"), "crypto/coinbase/ethusd", ["BTCUSD", "ETHUSD"]),
        (("BTCUSD",), "Crypto/coinbase/ethusd", ["BTCUSD"]),
        (("BTCUSD", "ETHUSD"), "", ["BTCUSD", "ETHUSD"]),
    ],
    ids=["own", "own, in lower case", "lower case", "none"],
)
def test_the_feeder_asks_for_everything_but_what_the_host_has_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: tuple[str, ...], dummy: str, offered: list[str]
) -> None:
    file = tmp_path / "subscriptions.json"
    feeder = FeederInstructions(address=f"unix:{tmp_path / 'nobody'}", subscriptions_file=str(file))
    added = "".join(f"        self.add_crypto({name!r}, Resolution.TICK, Market.COINBASE)\n" for name in own)
    source = SOURCE.replace('        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol\n', added)
    lean = LeanSettings(rehearsal_seconds=0.1, dummy_symbol=dummy)
    run_in_double(
        tmp_path, monkeypatch, source, lambda feed: wait_until(file.exists), is_warm=True, lean=lean, feeder=feeder
    )
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["symbols"] == [f"crypto/coinbase/{name}" for name in offered]


def test_a_dummy_with_the_ticker_of_another_market_is_left_alone_and_the_line_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SOURCE.replace(
        "        self.slices = 0",
        '        self.add_crypto("ETHUSD", Resolution.TICK, "kraken")\n        self.slices = 0',
    )

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))

    run = run_in_double(tmp_path, monkeypatch, source, drive, is_warm=True)
    (line,) = [text for text in run.texts("debug") if "nothing is rehearsed or kept warm" in text]
    assert line.startswith(
        "the algorithm has ETHUSD of kraken, and crypto/coinbase/ETHUSD is the dummy symbol of [lean]"
    )


@pytest.mark.parametrize("why", ["symbol", "currency"])
def test_a_dummy_that_matters_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    extra = 'self.add_crypto("ETHUSD")' if why == "symbol" else "pass"
    source = SOURCE.replace("        self.slices = 0", f"        {extra}\n        self.slices = 0")
    if why == "currency":
        source += "\n    def on_warmup_finished(self):\n        self.securities['ETHUSD'].base_currency.amount = 2.0\n"

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices == 1)

    run = run_in_double(tmp_path, monkeypatch, source, drive, is_warm=True)
    assert [text for text in run.texts("debug") if "nothing is rehearsed or kept warm" in text]
    assert [name for name, _ in run.callbacks].count("on_data") == 1


def test_no_beat_while_ticks_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = LeanSettings(rehearsal_seconds=0.0, keep_warm_milliseconds=60_000.0)

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        for number in range(5):
            feed.trade("BTCUSD", 100.0 + number)
            feed.until(lambda number=number: feed.engine.algorithm.slices == number + 1)

    run = run_in_double(tmp_path, monkeypatch, SOURCE, drive, is_warm=True, lean=settings)
    assert [name for name, _ in run.callbacks].count("on_data") == 5


def test_orders_on_the_dummy_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = SOURCE.replace(
        "        self.slices += 1",
        "        self.slices += 1\n        self.log(str(self.market_order('ETHUSD', 1).order_id))",
    )

    def drive(feed: Feed) -> None:
        wait_until(lambda: is_ready(tmp_path))
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.engine.algorithm.slices == 1)

    run = run_in_double(tmp_path, monkeypatch, source, drive, is_warm=True, lean=LeanSettings(rehearsal_seconds=0.0))
    assert "-10" in run.texts()
    assert run.algorithm.transactions.orders_count == 0


# -- the way of an order


def warmed(bench: Any, beats: int) -> OrderWarmer:
    warmer = OrderWarmer(bench.orders.sender, bench.algorithm, bench.eth)
    for _ in range(beats):
        warmer.beat()
    return warmer


def test_the_way_of_an_order_sends_none_and_changes_no_book(tmp_path: Path) -> None:
    limits = RiskSettings(max_orders_per_minute=1, duplicate_window_seconds=60, max_open_orders=1)
    with order_bench(tmp_path, risk=limits) as bench:
        assert warmed(bench, 30).note == ""
        sender = bench.orders.sender
        assert sender.pool.used == sender.gate.risk.open_orders == sender.refusals.total == 0
        assert bench.algorithm.transactions.last_order_id == 0
        assert bench.algorithm.market_order(bench.btc, 1e-8).order_id == 1


def test_errors_of_others_stay_in_their_order(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        queue = bench.algorithm.error_messages
        bench.algorithm.error("first")
        bench.algorithm.error("second")
        warmed(bench, 3)
        assert [queue.try_dequeue(None)[1] for _ in range(queue.count)] == ["first", "second"]


def test_errors_of_other_threads_meanwhile_end_the_trying_and_stay(tmp_path: Path) -> None:
    """Which of the newest is the warmer's own cannot be told then."""
    with order_bench(tmp_path) as bench:
        real = bench.algorithm.error

        def two(text: Any) -> None:
            real("of another thread")
            real(text)

        bench.algorithm.error = two
        warmer = warmed(bench, 30)
        assert warmer.note == "orders of quantity 0 are left out: other threads write errors at the same time"
        queue = bench.algorithm.error_messages
        left = [queue.try_dequeue(None)[1] for _ in range(queue.count)]
        assert left[0] == "of another thread"
        assert len(left) == 2


def test_a_bridge_that_hands_nothing_back_ends_the_trying(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.error_messages.TryDequeue = lambda result: True
        warmer = warmed(bench, 30)
        assert "orders of quantity 0 are left out" in warmer.note
        assert len(bench.lines("error")) == 1


def test_a_way_that_cannot_be_gone_is_left(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.portfolio.get_buying_power = lambda symbol: 1 / 0
        assert warmed(bench, 3).note == "the way of orders is not kept warm: ZeroDivisionError: division by zero"


def test_a_log_that_takes_trace_lines_is_spared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with order_bench(tmp_path) as bench:
        from QuantConnect.Configuration import Config

        warmed(bench, 3)
        assert bench.algorithm.portfolio._margin_lines == 3
        monkeypatch.setitem(Config.values, "log-handler", "QuantConnect.Logging.CompositeLogHandler")
        assert "margin line is left out" in warmed(bench, 3).note
        assert bench.algorithm.portfolio._margin_lines == 3


def test_an_order_call_of_the_algorithms_own_is_not_made(tmp_path: Path) -> None:
    def make_base(lean: Any) -> type:
        class Main(lean.QCAlgorithm):
            def market_order(self, *arguments: Any, **named: Any) -> Any:
                raise AssertionError("the algorithm's own call was made")

        return Main

    with order_bench(tmp_path, make_base=make_base) as bench:
        warmed(bench, 3)


# -- settings and rounds


@pytest.mark.parametrize("name", ["ETHUSD", "crypto/coinbase", "option/usa/SPY", "crypto//ETHUSD", "a/b/c/d"])
def test_a_dummy_that_is_none_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match="dummy_symbol in"):
        dummy_parts(name)


def test_dummy_names_are_read_in_any_case() -> None:
    assert dummy_parts("Crypto/Coinbase/ethusd") == ("crypto", "coinbase", "ETHUSD")
    assert dummy_parts("") == ()


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([(10, 10)] * 4, False),
        ([(10, 10)] * 5, True),
        ([(99, 99)] * 4 + [(10, 10)] * 2, False),
        ([(99, 99)] * 4 + [(10, 8)] * 3, True),
        ([(10, 10)] * 5 + [(12, 10), (13, 10)], False),
        ([(10, 10)] * 5 + [(10, 12), (10, 13)], False),
    ],
)
def test_rounds_are_alike_when_the_last_three_are(rounds: list[tuple[int, int]], expected: bool) -> None:
    assert are_alike(rounds) is expected
