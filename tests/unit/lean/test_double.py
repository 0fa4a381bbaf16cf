"""The double of LEAN behaves as the engine was seen to behave: each fact about threads, slices and ends once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.lean_double import lean_modules
from support.lean_runs import DoubleRun, Feed, names, run_in_double

SOURCE = """
from AlgorithmImports import *
import sys

class Main(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.eth = self.add_crypto("ETHUSD", Resolution.TICK).symbol
        self.slices = []

    def on_data(self, data):
        print("nobody sees this")
        self.slices.append({str(symbol): [tick.price for tick in ticks] for symbol, ticks in data.ticks.items()})
        if 666 in self.slices[-1].get("BTCUSD", ()):
            raise ValueError("boom")
        if 100 in self.slices[-1].get("BTCUSD", ()):
            self.market_order(self.btc, 1, True)

    def on_order_event(self, event):
        pass

    def on_warmup_finished(self):
        pass

    def on_end_of_algorithm(self):
        self.log("end")
"""


def stock(folder: Path, monkeypatch: pytest.MonkeyPatch, drive: Callable[[Feed], None]) -> DoubleRun:
    return run_in_double(folder, monkeypatch, SOURCE, drive, is_attached=False)


def test_callbacks_come_on_leans_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100)
        feed.until(lambda: feed.calls("on_order_event") == 2)

    run = stock(tmp_path, monkeypatch, drive)
    threads = dict(run.callbacks)
    assert threads == {
        "initialize": ".NET TP Worker",
        "on_warmup_finished": "Isolator Thread",
        "on_securities_changed": "Isolator Thread",
        "on_data": "Isolator Thread",
        "on_order_event": "Transaction Thread",
        "on_end_of_algorithm": "Isolator Thread",
    }
    assert names(run.callbacks)[:3] == ["initialize", "on_warmup_finished", "on_securities_changed"]


def test_the_kernel_knows_threads_by_the_first_15_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from live.lean import threads

    seen = []

    def drive(feed: Feed) -> None:
        seen.extend(threads.tasks())

    stock(tmp_path, monkeypatch, drive)
    assert [task.name for task in seen if threads.is_named(task, threads.LOOP_THREAD)] == ["Isolator Thread"]
    assert [task.name for task in seen if threads.is_named(task, threads.TRANSACTION_THREAD)] == ["Transaction Thr"]


def test_without_data_the_engine_steps_once_a_second_and_calls_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        steps = feed.engine.steps
        feed.until(lambda: feed.engine.steps >= steps + 3)

    run = stock(tmp_path, monkeypatch, drive)
    assert run.steps >= 4
    assert "on_data" not in names(run.callbacks)


def test_scheduled_events_come_late_and_on_a_thread_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
from AlgorithmImports import *
import threading

class Main(QCAlgorithm):
    def initialize(self):
        self.begun = datetime.utcnow()
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(milliseconds=1)), self.note)
        self.noted = []

    def note(self):
        self.noted.append((threading.current_thread().name, datetime.utcnow() - self.begun))
"""

    def drive(feed: Feed) -> None:
        feed.until(lambda: feed.engine.algorithm.noted)

    run = run_in_double(tmp_path, monkeypatch, code, drive, is_attached=False)
    thread, after = run.algorithm.noted[0]
    assert thread == "RealTime Thread"
    assert after >= timedelta(seconds=1)


def test_a_burst_comes_in_one_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        from lean_engine.feed import utc_now

        from live.lean.surface import trade_tick

        symbol = feed.engine.algorithm.btc
        # While it is locked the engine takes nothing, so the burst is complete when it does.
        with feed.aggregator._lock:
            queue = feed.aggregator._queues[symbol]
            queue.extend(trade_tick(symbol, price, 1.0, utc_now()) for price in (90, 91, 92))
        feed.aggregator.wake()
        feed.until(lambda: feed.calls("on_data"))

    run = stock(tmp_path, monkeypatch, drive)
    assert run.algorithm.slices == [{"BTCUSD": [90, 91, 92]}]


def test_a_tick_ahead_of_the_clock_is_held_with_those_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        steps = feed.engine.steps
        feed.trade("BTCUSD", 90, ahead=timedelta(seconds=30))
        feed.trade("BTCUSD", 91)
        feed.trade("ETHUSD", 10)
        feed.until(lambda: feed.engine.steps >= steps + 3)

    run = stock(tmp_path, monkeypatch, drive)
    assert run.algorithm.slices == [{"ETHUSD": [10]}]


def test_a_held_tick_comes_with_a_later_wake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 90, ahead=timedelta(milliseconds=5))
        feed.until(lambda: feed.calls("on_data"))

    assert stock(tmp_path, monkeypatch, drive).algorithm.slices == [{"BTCUSD": [90]}]


@pytest.mark.parametrize("counts_as_open", [False, True])
def test_outside_market_hours_no_tick_reaches_on_data_unless_all_count_as_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts_as_open: bool
) -> None:
    def drive(feed: Feed) -> None:
        from QuantConnect.Configuration import Config

        monkeypatch.setitem(Config.values, "force-exchange-always-open", str(counts_as_open))
        algorithm = feed.engine.algorithm
        algorithm.securities[algorithm.eth].exchange.exchange_open = False
        feed.trade("ETHUSD", 70)
        if counts_as_open:
            feed.until(lambda: feed.calls("on_data"))
        feed.trade("BTCUSD", 90)
        feed.until(lambda: {"BTCUSD": [90]} in algorithm.slices)

    slices = stock(tmp_path, monkeypatch, drive).algorithm.slices
    assert ({"ETHUSD": [70]} in slices) is counts_as_open


def test_a_tick_that_nobody_subscribed_to_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(feed: Feed) -> None:
        from lean_engine.feed import utc_now
        from QuantConnect import Market, SecurityType, Symbol

        from live.lean.surface import trade_tick

        other = Symbol.create("LTCUSD", SecurityType.CRYPTO, Market.COINBASE)
        feed.aggregator.Update(trade_tick(other, 1.0, 1.0, utc_now()))
        feed.trade("BTCUSD", 90)
        feed.until(lambda: feed.calls("on_data"))

    assert stock(tmp_path, monkeypatch, drive).algorithm.slices == [{"BTCUSD": [90]}]


def test_an_error_in_on_data_ends_the_run_without_on_end_of_algorithm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 666)
        feed.until(lambda: False)

    run = stock(tmp_path, monkeypatch, drive)
    assert "ValueError: boom" in run.error
    assert run.texts() == []


@pytest.mark.parametrize("how", ["interrupt", "quit"])
def test_a_graceful_end_calls_on_end_of_algorithm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    def drive(feed: Feed) -> None:
        feed.engine.interrupt() if how == "interrupt" else feed.engine.algorithm.quit()
        feed.until(lambda: False)

    run = stock(tmp_path, monkeypatch, drive)
    assert run.error == ""
    assert run.texts() == ["end"]


def test_standard_output_is_muted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 90)
        feed.until(lambda: feed.calls("on_data"))

    stock(tmp_path, monkeypatch, drive)
    assert "nobody" not in capfd.readouterr().out


def test_the_two_spellings_are_two_attributes(tmp_path: Path) -> None:
    with lean_modules():
        from AlgorithmImports import QCAlgorithm

        class Main(QCAlgorithm):  # type: ignore[misc]
            def market_order(self, *arguments: object) -> str:
                return "ours"

        assert Main.market_order is not QCAlgorithm.market_order
        assert Main.MarketOrder is QCAlgorithm.MarketOrder
        assert QCAlgorithm.__module__ == "QuantConnect.Algorithm"


def test_two_python_subclasses_of_one_net_class_are_subclasses_of_each_other() -> None:
    with lean_modules():
        from AlgorithmImports import QCAlgorithm

        class First(QCAlgorithm):  # type: ignore[misc]
            pass

        class Second(QCAlgorithm):  # type: ignore[misc]
            pass

        assert issubclass(First, Second)
        assert isinstance(First(), Second)
        assert issubclass(QCAlgorithm, First)
        assert not issubclass(int, QCAlgorithm)


def test_the_first_queue_that_is_registered_feeds_the_engine() -> None:
    with lean_modules():
        from lean_engine.feed import Composer

        from live.lean.surface import silence_data_queue

        aggregator = silence_data_queue()
        assert aggregator is Composer.Instance.aggregator
        assert Composer.Instance.data_queue.rate == 0


def test_times_of_net_are_rounded_to_the_nearest_microsecond() -> None:
    with lean_modules():
        from lean_engine.feed import rounded

        assert [rounded(each).microsecond for each in (1_400, 1_500, 1_900, 2_000)] == [1, 2, 2, 2]


def test_types_of_net_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with lean_modules():
        import builtins

        from lean_engine.data import Slice
        from lean_engine.feed import utc_now
        from QuantConnect import Market, SecurityType, Symbol

        from live.lean import surface

        first, second = (Symbol.create(each, SecurityType.CRYPTO, Market.COINBASE) for each in ("BTCUSD", "ETHUSD"))
        algorithm = SimpleNamespace(utc_time=utc_now())

        def work() -> None:
            ticks = [
                surface.trade_tick(first, 1.0, 1.0, utc_now()),
                surface.quote_tick(second, 1.0, 1.0, 2.0, 1.0, utc_now()),
            ]
            assert surface.without_symbol(Slice.of(utc_now(), utc_now(), ticks), second) is not None
            assert str(surface.submit_request(algorithm, first, 1, 2.0, "").order_type) == "LIMIT"

        work()
        imported: list[str] = []
        real = builtins.__import__

        def watching(name: str, *arguments: object) -> object:
            imported.append(name)
            return real(name, *arguments)

        monkeypatch.setattr(builtins, "__import__", watching)
        work()
        monkeypatch.undo()
        assert [each for each in imported if each.startswith(("QuantConnect", "System"))] == []


def test_an_unsilenced_queue_sends_half_a_million_points() -> None:
    with lean_modules():
        from lean_engine.feed import Composer

        assert Composer.Instance.data_queue.rate == 500_000


def test_a_list_of_net_knows_no_negative_index() -> None:
    with lean_modules():
        from System.Collections.Generic import List

        numbers = List[int]()
        numbers.add(7)
        assert numbers[0] == 7
        with pytest.raises(IndexError):
            numbers[-1]


def test_modules_are_those_of_before_after_a_run() -> None:
    before = {name for name in sys.modules if name.partition(".")[0] in ("QuantConnect", "System", "lean_engine")}
    with lean_modules():
        import lean_engine.engine

        assert lean_engine.engine is not None
    after = {name for name in sys.modules if name.partition(".")[0] in ("QuantConnect", "System", "lean_engine")}
    assert after == before
