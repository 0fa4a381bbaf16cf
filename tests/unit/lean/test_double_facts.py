"""Facts of LEAN that its double keeps to, each once, named after the fact; those about slices and ends are in test_double.py.

Both doubles of the algorithm's base class are asked: the one on ticks (lean_engine) and the one on the time of the data
(lean_on_data).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.lean_double import lean_modules
from support.lean_engine import algorithm, prepared, run
from support.lean_on_data import run_on_data
from support.lean_orders import order_bench
from support.lean_runs import Feed, run_in_double

from live.feeds.sample import write_sample

KINDS = ["on ticks", "on data"]


@pytest.fixture
def base(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The class QCAlgorithm of one of the doubles."""
    with lean_modules():
        if request.param == "on data":
            from lean_on_data.algorithm import QCAlgorithm
        else:
            from AlgorithmImports import QCAlgorithm
        yield QCAlgorithm


of_both = pytest.mark.parametrize("base", KINDS, indirect=True)

# -- the class


@of_both
def test_every_member_is_there_in_both_spellings_as_two_attributes(base: Any) -> None:
    members = {name for name in dir(base) if not name.startswith("_") and name == name.lower()}
    assert {"market_order", "set_holdings", "initialize", "portfolio", "schedule", "error_messages"} <= members
    for name in ("market_order", "set_holdings", "liquidate", "on_data", "on_order_event"):
        main = type("Main", (base,), {name: lambda self, *rest: "ours"})
        spelled = "".join(part.capitalize() for part in name.split("_"))
        assert getattr(main, spelled) is getattr(base, spelled)


@of_both
def test_leans_initialize_says_that_it_must_be_overridden(base: Any) -> None:
    with pytest.raises(NotImplementedError, match="Please override"):
        base.initialize(base.__new__(base))


@of_both
def test_issubclass_compares_types_of_net_only(base: Any) -> None:
    first, second = type("First", (base,), {}), type("Second", (base,), {})
    assert issubclass(first, second)
    assert issubclass(base, first)


def test_leans_module_names_are_importable_one_by_one() -> None:
    with lean_modules():
        from lean_on_data.names import LeanScope

        with LeanScope(Path("nowhere")):
            from QuantConnect.Data.UniverseSelection import SecurityChanges
            from QuantConnect.Lean.Engine.DataFeeds.Queues import FakeDataQueue
            from QuantConnect.Orders import OrderStatus, OrderTicket
            from System.Collections.Generic import List

            assert OrderStatus.Filled is OrderStatus.FILLED
            assert all((SecurityChanges, FakeDataQueue, OrderTicket, List))


# -- orders


def test_set_holdings_and_liquidate_pass_no_overridden_order_call(tmp_path: Path) -> None:
    def make(lean: Any) -> type:
        class Main(lean.QCAlgorithm):
            def market_order(self, *arguments: Any, **named: Any) -> Any:
                raise AssertionError("LEAN calls its own")

            order = MarketOrder = market_order

        return Main

    with order_bench(tmp_path, make_base=make) as bench:
        native = bench.lean.QCAlgorithm
        native.set_holdings(bench.algorithm, bench.ibm, 0.5)
        bench.work()
        native.liquidate(bench.algorithm)
        assert [quantity for _, quantity, _ in bench.sent()] == [2493.0, -2493.0]


def test_order_numbers_begin_at_1(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        assert [bench.algorithm.market_order(bench.ibm, 1).order_id for _ in range(2)] == [1, 2]


SENDER = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK).symbol
        self.has_sent = False

    def on_data(self, data):
        if not self.has_sent:
            self.has_sent = True
            {first}

    def on_order_event(self, event):
        {then}
"""


def sent(folder: Path, monkeypatch: pytest.MonkeyPatch, first: str, then: str, lines: int) -> list[str]:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100)
        feed.until(lambda: len(feed.engine.algorithm._lines) >= lines)

    code = SENDER.replace("{first}", first).replace("{then}", then)
    return run_in_double(folder, monkeypatch, code, drive, is_attached=False).texts()


def test_a_market_order_waits_for_its_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = "self.log(str(self.market_order(self.btc, 1).status))"
    assert sent(tmp_path, monkeypatch, first, "pass", 1) == ["FILLED"]


def test_an_order_within_an_order_event_waits_in_vain_for_its_own_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five seconds in LEAN, with all data standing still.
    first = "import lean_engine.orders.transactions as way; way.FILL_SECONDS = 0.05; self.market_order(self.btc, 1)"
    then = (
        "self.log(str(self.market_order(self.btc, -1).status)) if event.order_id == 1 and event.fill_quantity else None"
    )
    assert sent(tmp_path, monkeypatch, first, then, 1) == ["NEW"]


def test_resting_fills_and_cancels_are_told_on_the_loop_thread_and_own_market_fills_on_the_transaction_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sample(tmp_path / "data")
    source = tmp_path / "project" / "resting.py"
    source.parent.mkdir()
    source.write_text(RESTING, encoding="utf-8")
    found = run_on_data(tmp_path / "run", monkeypatch, source, tmp_path / "data", is_attached=False)
    assert found.failure is None
    told = dict(line.split() for line in found.outcome["probes"])
    assert told == {"MARKET": "Transaction", "LIMIT": "Isolator", "import": "Isolator", "init": "Isolator"} | {
        "initialize": ".NET",
        "consolidator": "Isolator",
        "scheduled": "RealTime",
        "train": "RealTime",
    }


RESTING = """
import threading
from AlgorithmImports import *

THREADS = {"import": threading.current_thread().name.split()[0]}


class Resting(QCAlgorithm):
    def __init__(self):
        super().__init__()
        self.note("init")

    def note(self, what):
        THREADS[what] = threading.current_thread().name.split()[0]

    def initialize(self):
        self.note("initialize")
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 8)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol
        self.consolidate(self.ibm, timedelta(minutes=5), lambda bar: self.note("consolidator"))
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 0), lambda: self.note("scheduled"))
        self.train(self.date_rules.every_day(), self.time_rules.at(11, 0), lambda: self.note("train"))
        self.is_sent = False

    def on_data(self, data):
        if not self.is_sent:
            self.is_sent = True
            self.market_order(self.ibm, 10)
            self.limit_order(self.ibm, -10, round(self.securities[self.ibm].price * 0.9, 2))

    def on_order_event(self, event):
        if event.status == OrderStatus.FILLED:
            self.note(str(event.ticket.order_type))

    def on_end_of_algorithm(self):
        for what, thread in THREADS.items():
            self.log(f"PROBE {what} {thread}")
"""

# -- loading


def test_lean_takes_the_class_that_the_module_itself_defines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "bases.py": "from AlgorithmImports import *\n\nclass Aaa(QCAlgorithm):\n"
        "    def initialize(self):\n        self.log(type(self).__name__)\n",
        "main.py": "from bases import Aaa\nimport bases\n\nclass Zzz(bases.Aaa):\n    pass\n",
    }
    run = run_in_double(tmp_path, monkeypatch, files, lambda feed: None, is_attached=False)
    assert run.texts() == ["Zzz"]


def test_a_module_without_an_algorithm_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in_double(tmp_path, monkeypatch, "from AlgorithmImports import *\n", lambda feed: None, is_attached=False)
    assert "Please ensure that one class inherits from QCAlgorithm" in run.error


# -- the process


def test_sigterm_kills_without_on_end_of_algorithm(tmp_path: Path) -> None:
    body = "        import os, signal; os.kill(os.getpid(), signal.SIGTERM)\n"
    ending = "\n    def on_end_of_algorithm(self):\n        open('ended', 'w').close()\n"
    files = prepared(tmp_path, algorithm(body) + ending)
    outcome = run(files)
    assert outcome.killed_by == "SIGTERM"
    assert not outcome.has_ended
    assert not (files.folder / "ended").exists()
