"""The generated entry module attaches to algorithms as users write them, and says what is wrong with others."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lean_runs import Feed, host_of, run_in_double, wait_until

from live.config import LeanSettings, RiskSettings
from live.hot.catalogue import Counter, PageText
from live.lean.failure import read_failure

SETUP = """
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol
"""
SNAKE = f"""
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):{SETUP}
        self.seen = 0

    def on_warmup_finished(self):
        self.log("warm")

    def on_data(self, data):
        self.seen += 1
        tick = data.ticks[self.btc][0]
        self.log(f"{{self.seen}} {{tick.price}} {{data.contains_key(self.btc)}}")
        if self.seen == 2:
            self.market_order(self.btc, 1)

    def on_order_event(self, event):
        if event.status == OrderStatus.FILLED:
            self.log(f"filled {{event.fill_quantity}} at {{event.fill_price}}")

    def on_end_of_algorithm(self):
        self.log(f"end {{self.seen}}")
"""
PASCAL = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def Initialize(self):
        self.SetCash(100000)
        self.btc = self.AddCrypto("BTCUSD", Resolution.TICK, Market.COINBASE).Symbol
        self.seen = 0

    def OnWarmupFinished(self):
        self.Log("warm")

    def OnData(self, data):
        self.seen += 1
        tick = data.Ticks[self.btc][0]
        self.Log(f"{self.seen} {tick.Price} {data.ContainsKey(self.btc)}")
        if self.seen == 2:
            self.MarketOrder(self.btc, 1)

    def OnOrderEvent(self, event):
        if event.Status == OrderStatus.FILLED:
            self.Log(f"filled {event.FillQuantity} at {event.FillPrice}")

    def OnEndOfAlgorithm(self):
        self.Log(f"end {self.seen}")
"""
EXPECTED = ["warm", "1 100 True", "2 101 True", "filled 1.0 at 101", "3 102 True", "4 103 True", "end 4"]


def four_trades(feed: Feed) -> None:
    for number in range(4):
        orders = sum(1 for name, _thread in feed.engine.callbacks if name == "on_order_event")
        feed.trade("BTCUSD", 100 + number)
        feed.until(lambda number=number: feed.calls("on_data") == number + 1)
        if number == 1:
            feed.until(lambda orders=orders: feed.calls("on_order_event") >= orders + 2)
            feed.until(lambda: any("filled" in text for _kind, text in feed.engine.algorithm._lines))


def nothing(feed: Feed) -> None:
    """Feed nothing."""


@pytest.mark.parametrize("source", [SNAKE, PASCAL], ids=["snake_case", "PascalCase"])
@pytest.mark.parametrize("is_attached", [False, True], ids=["alone", "attached"])
def test_both_spellings_run_the_same_with_and_without_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, is_attached: bool
) -> None:
    run = run_in_double(tmp_path, monkeypatch, source, four_trades, is_attached=is_attached)
    assert run.error == ""
    assert run.texts() == EXPECTED


def test_several_modules_parameters_class_attributes_and_decorators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = """
        import functools
        from AlgorithmImports import *

        def counted(function):
            @functools.wraps(function)
            def call(self, *arguments):
                self.calls += 1
                return function(self, *arguments)
            return call

        class Base(QCAlgorithm):
            calls = 0
            ticker = "ETHUSD"

            def initialize(self):
                self.asset = self.add_crypto(self.ticker, Resolution.TICK).symbol
        """
    main = """
        import helper
        from helper import counted

        class Main(helper.Base):
            ticker = "BTCUSD"

            def __init__(self):
                super().__init__()
                self.made = "made"

            def initialize(self):
                super().initialize()
                self.step = self.get_parameter("step", 2)

            @counted
            def on_data(self, data):
                if self.calls % self.step == 0:
                    self.log(f"{self.made} {self.calls} {data.ticks[self.asset][0].price}")
        """
    sources = {"main.py": main, "helper.py": helper}
    run = run_in_double(tmp_path, monkeypatch, sources, four_trades_without_orders, parameters={"step": "3"})
    assert run.error == ""
    assert run.texts() == ["made 3 102"]


def four_trades_without_orders(feed: Feed) -> None:
    for number in range(4):
        feed.trade("BTCUSD", 100 + number)
        feed.until(lambda number=number: feed.calls("on_data") == number + 1)


def test_a_module_beside_the_algorithm_may_import_it_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = """
        from AlgorithmImports import *
        LIMIT = 7

        class Main(QCAlgorithm):
            def initialize(self):
                import helper
                self.log(f"limit {helper.limit()}")
        """
    helper = "def limit():\n    import main\n    return main.LIMIT\n"
    run = run_in_double(tmp_path, monkeypatch, {"main.py": main, "helper.py": helper}, nothing)
    assert run.texts() == ["limit 7"]


def test_the_strategys_own_calls_of_its_callbacks_neither_begin_nor_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"""
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):{SETUP}
        self.on_warmup_finished()

    def on_warmup_finished(self):
        self.log("finished")

    def on_data(self, data=None):
        self.log("nothing" if data is None else "data")
        if data is not None:
            self.on_data()
            self.on_warmup_finished()
            self.on_end_of_algorithm()

    def on_end_of_algorithm(self):
        self.log("end")
"""

    def drive(feed: Feed) -> None:
        for count in (1, 2):
            feed.trade("BTCUSD", 100)
            feed.until(lambda count=count: len(feed.engine.algorithm._lines) >= 2 + 4 * count)
        assert not host_of(feed).attendant._stop.is_set()
        # From another thread, as a scheduled event would.
        feed.engine.algorithm.on_end_of_algorithm()
        feed.engine.algorithm.on_data(None)

    run = run_in_double(tmp_path, monkeypatch, source, drive)
    assert run.error == ""
    assert run.texts()[:2] == ["finished", "finished"]
    assert run.texts()[2:10] == ["data", "nothing", "finished", "end"] * 2
    assert run.texts()[10:] == ["end", "nothing", "end"]
    summary = run.summary()
    assert (summary["phase"], summary["slices"]) == ("completed", 2)


def test_classes_behind_leans_among_the_bases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # LEAN's class hides what those behind it define, and its own methods are still found below the user's.
    source = f"""
from AlgorithmImports import *

class Sizes:
    def size(self):
        return 2

    def on_end_of_algorithm(self):
        self.log("hidden by LEAN's own")

class Main(QCAlgorithm, Sizes):
    def initialize(self):{SETUP}
    def on_data(self, data):
        self.log(f"{{self.market_order(self.btc, self.size(), True).quantity}}")
"""

    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100)
        feed.until(lambda: feed.calls("on_data") == 1)

    for is_attached in (False, True):
        (tmp_path / str(is_attached)).mkdir()
        run = run_in_double(tmp_path / str(is_attached), monkeypatch, source, drive, is_attached=is_attached)
        assert (run.error, run.texts()) == ("", ["2.0"])


def test_a_class_decorator_that_replaces_on_data_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = f"""
from AlgorithmImports import *

def doubled(cls):
    original = cls.on_data
    def on_data(self, data):
        original(self, data)
        original(self, data)
    cls.on_data = on_data
    return cls

@doubled
class Main(QCAlgorithm):
    def initialize(self):{SETUP}
    def on_data(self, data):
        self.log(f"{{data.ticks[self.btc][0].price}}")
"""

    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100)
        feed.until(lambda: feed.calls("on_data") == 1)

    assert run_in_double(tmp_path, monkeypatch, source, drive).texts() == ["100", "100"]


def test_an_algorithm_without_on_data_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = f"from AlgorithmImports import *\nclass Main(QCAlgorithm):\n    def initialize(self):{SETUP}"
    run = run_in_double(tmp_path, monkeypatch, source, four_trades_without_orders)
    assert run.error == ""
    assert run.summary()["slices"] == 4


TWO = """
from AlgorithmImports import *

class First(QCAlgorithm):
    def initialize(self):
        self.log("first")

class Second(QCAlgorithm):
    def initialize(self):
        self.log("second")
"""


def test_one_of_several_classes_is_chosen_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_in_double(tmp_path, monkeypatch, TWO, nothing, class_name="First").texts() == ["first"]


def test_of_several_classes_lean_s_own_choice_runs_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_in_double(tmp_path, monkeypatch, TWO, nothing)
    assert run.texts() == ["second"]
    (warning,) = [text for text in run.texts("debug") if text.startswith("Warning: ")]
    assert "main.py defines several algorithms: Second runs, the last one by name, as in LEAN" in warning
    (tmp_path / "stock").mkdir()
    stock = run_in_double(tmp_path / "stock", monkeypatch, TWO, nothing, is_attached=False)
    assert stock.texts() == ["second"]


@pytest.mark.parametrize(
    ("source", "class_name", "text", "said"),
    [
        (
            TWO,
            "Secnd",
            "has no algorithm class Secnd; did you mean Second? it defines First, Second",
            "has no algorithm class Secnd; did you mean Second? it defines First, Second",
        ),
        (
            "x = 1\n",
            "",
            "defines no algorithm; write a class that derives from QCAlgorithm",
            "defines no algorithm; write a class that derives from QCAlgorithm",
        ),
        (
            "from AlgorithmImports import *\nimport missing_module\n",
            "",
            "No module named 'missing_module'",
            "main.py line 2: module 'missing_module' is not there; put missing_module.py beside main.py",
        ),
        (
            "from AlgorithmImports import *\nraise ValueError('at import')\n",
            "",
            "ValueError: at import",
            "main.py line 2: ValueError: at import; correct the code that runs on import",
        ),
        (
            "from AlgorithmImports import *\nclass Main(QCAlgorithm):\n    pass\n",
            "",
            "Please override the Initialize() method",
            "initialize raised NotImplementedError: Please override the Initialize() method (outside of",
        ),
        (
            "from AlgorithmImports import *\nclass Main(QCAlgorithm):\n    def __init__(self):\n        1 / 0\n",
            "",
            "ZeroDivisionError: division by zero",
            "main.py line 4); correct it there",
        ),
    ],
    ids=["misspelled", "none", "missing", "raises", "uninitialized", "init"],
)
def test_what_is_wrong_reaches_lean_and_the_page_and_with_its_place_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, class_name: str, text: str, said: str
) -> None:
    run = run_in_double(tmp_path, monkeypatch, source, nothing, class_name=class_name)
    assert text in run.error
    assert run.summary()["phase"] == "failed"
    assert said in run.summary()["reason"]
    left = read_failure(run.folder)
    assert left is not None
    assert left.message == run.summary()["reason"]
    assert text in left.traceback


def test_a_class_named_before_its_base_is_chosen_by_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        from AlgorithmImports import *

        class Shared(QCAlgorithm):
            def initialize(self):
                self.log("shared")

        class Main(Shared):
            def initialize(self):
                super().initialize()
                self.log("main")
        """
    assert run_in_double(tmp_path, monkeypatch, source, nothing).texts() == ["shared"]
    for folder in ("named", "stock"):
        (tmp_path / folder).mkdir()
    named = run_in_double(tmp_path / "named", monkeypatch, source, nothing, class_name="Main")
    assert named.texts() == ["shared", "main"]
    stock = run_in_double(tmp_path / "stock", monkeypatch, source, nothing, is_attached=False)
    assert stock.texts() == ["shared"]


RAISING = """
from AlgorithmImports import *

class Main(QCAlgorithm):
    def initialize(self):{setup}
        {initialize}

    def on_warmup_finished(self):
        {on_warmup_finished}

    def on_data(self, data):
        self.market_order(self.btc, 1)
        {on_data}

    def on_order_event(self, event):
        {on_order_event}

    def on_end_of_algorithm(self):
        self.log("end")
        {on_end_of_algorithm}
"""
CALLBACKS = ("initialize", "on_warmup_finished", "on_data", "on_end_of_algorithm")


def raising(where: str) -> str:
    places = {name: 'raise ValueError("boom")' if name == where else "pass" for name in (*CALLBACKS, "on_order_event")}
    return RAISING.format(setup=SETUP, **places)


@pytest.mark.parametrize("where", CALLBACKS)
def test_an_error_reaches_lean_after_the_host_has_ended_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.calls("on_data"))

    run = run_in_double(tmp_path, monkeypatch, raising(where), drive)
    assert "ValueError: boom" in run.error
    # LEAN does not call on_end_of_algorithm after an error.
    assert run.texts() == (["end"] if where == "on_end_of_algorithm" else [])
    assert run.summary()["phase"] == "failed"
    line = next(number for number, text in enumerate(raising(where).splitlines(), 1) if "boom" in text)
    place = f"{tmp_path / 'project' / 'main.py'} line {line}"
    assert run.summary()["reason"].startswith(f"{where} raised ValueError: boom ({place}); correct it there")
    assert run.page().is_closed


def test_an_error_that_does_not_pass_the_host_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        from AlgorithmImports import *

        class Main(QCAlgorithm):
            def initialize(self):
                self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(milliseconds=1)), self.fail)

            def fail(self):
                raise ZeroDivisionError("in a scheduled event")

            def on_end_of_algorithm(self):
                self.log("end")
        """

    def drive(feed: Feed) -> None:
        feed.until(lambda: False)
        # LEAN's process lives on for seconds; the host's own thread looks four times in one.
        wait_until((tmp_path / "run" / "host-summary.json").exists)

    run = run_in_double(tmp_path, monkeypatch, source, drive)
    assert "in a scheduled event" in run.error
    assert run.texts() == []
    assert run.summary()["phase"] == "failed"
    assert run.summary()["reason"] == "in a scheduled event"


def test_an_error_of_the_strategy_is_not_hidden_by_one_of_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def no_room(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    def no_account(algorithm: object) -> None:
        raise RuntimeError("the portfolio is gone")

    def drive(feed: Feed) -> None:
        monkeypatch.setattr("live.lean.host.write_summary", no_room)
        monkeypatch.setattr("live.lean.surface.account", no_account)
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: False)

    run = run_in_double(tmp_path, monkeypatch, raising("on_data"), drive)
    assert "ValueError: boom" in run.error
    page = run.page()
    assert page.is_closed
    assert page.text(PageText.REASON).startswith("on_data raised ValueError: boom (")
    left = read_failure(run.folder)
    assert left is not None
    assert "RuntimeError" not in left.message
    assert "cannot write host-summary.json: No space left on device" in capfd.readouterr().err


def test_an_error_of_the_hosts_own_work_is_told_once_and_the_strategy_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_record(event: object, algorithm: object) -> None:
        raise RuntimeError("no such field")

    def drive(feed: Feed) -> None:
        monkeypatch.setattr("live.lean.surface.order_record", no_record)
        four_trades(feed)

    run = run_in_double(tmp_path, monkeypatch, SNAKE, drive)
    assert run.error == ""
    assert run.texts() == EXPECTED
    own = [text for text in run.texts("error") if "own work" in text]
    assert own == ["lean-live: the host's own work, not the strategy's: RuntimeError: no such field"]


OWN_CALLS = """
{imports}

class Main({base}):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol

    def market_order(self, symbol, quantity):
        return super().market_order(symbol, quantity)

    def on_data(self, data):
        self.log(f"{{self.market_order(self.btc, 3).order_id}} {{self.market_order(self.btc, 1).order_id}}")
"""
IMPORTS = {
    "star": ("from AlgorithmImports import *", "QCAlgorithm"),
    "framework name": ("from AlgorithmImports import *", "QCAlgorithmFramework"),
    "module": (
        "import AlgorithmImports\nfrom AlgorithmImports import Resolution, Market",
        "AlgorithmImports.QCAlgorithm",
    ),
    "namespace": ("from QuantConnect import *\nfrom QuantConnect.Algorithm import QCAlgorithm", "QCAlgorithm"),
    "namespace star": ("from QuantConnect import *\nfrom QuantConnect.Algorithm import *", "QCAlgorithm"),
    "whole namespace": (
        "import QuantConnect.Algorithm\nfrom QuantConnect import *",
        "QuantConnect.Algorithm.QCAlgorithm",
    ),
}


@pytest.mark.parametrize("how", IMPORTS)
def test_an_own_order_method_reaches_the_gate_wherever_the_base_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    imports, base = IMPORTS[how]

    def drive(feed: Feed) -> None:
        feed.trade("BTCUSD", 100.0)
        feed.until(lambda: feed.calls("on_data"))

    risk = RiskSettings(max_order_quantity=2)
    source = OWN_CALLS.format(imports=imports, base=base)
    run = run_in_double(tmp_path, monkeypatch, source, drive, risk=risk, lean=LeanSettings(require_gate=True))
    assert run.error == ""
    assert run.texts() == ["-10 1"]
    assert run.page().counter(Counter.ORDERS_UNGATED) == 0


def test_a_class_that_goes_past_the_gate_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        from AlgorithmImports import *

        class Main(QCAlgorithm.__base__):
            def initialize(self):
                self.log("never")
        """
    run = run_in_double(tmp_path, monkeypatch, source, nothing)
    assert "the bases of Main go past the risk gate" in run.error
    assert run.texts() == []
