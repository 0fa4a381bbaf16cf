"""Whole runs about orders: margin calls and their callbacks, brokerage models, initializers, and models that raise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.runs import MemorySink, run_file

from live.errors import AlgorithmRuntimeError, UsageError
from live.feeds.sample import write_sample
from live.paper.run import DryRun

HEAD = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.set_cash(100000)
        self.steps = 0
        self.prepare()
        self.ibm = self.add_equity("IBM", Resolution.TICK)
        self.symbol = self.ibm.symbol
        self.finish()

    def prepare(self):
        pass

    def finish(self):
        pass
"""
BUY_ONCE = """
    def on_data(self, data):
        if self.steps == 0 and self.ibm.price:
            self.steps = 1
            self.market_order(self.symbol, 100)
"""
OVERDRAWN = """
    def on_data(self, data):
        if self.steps == 0 and self.ibm.price:
            self.steps = 1
            self.market_order(self.symbol, 1000)
            self.portfolio.cash_book["USD"].add_amount(-30000)
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def play(text: str, sample: Path, folder: Path, **options: Any) -> tuple[DryRun, MemorySink]:
    path = folder / "main.py"
    path.write_text(HEAD + text, encoding="utf-8")
    return run_file(path, sample, folder, **options)


def test_a_margin_call_sells_and_says_so(sample: Path, tmp_path: Path) -> None:
    run, sink = play(OVERDRAWN, sample, tmp_path)
    assert sink.events[-1]["direction"] == "Sell"
    assert run.engine.transactions.get_order_by_id(2).tag == "Margin Call"  # type: ignore[union-attr]
    lines = [line for line in sink.lines if "Executed MarginCallOrder: IBM - Quantity: -" in line]
    assert len(lines) >= 1


def test_the_algorithm_changes_a_margin_call(sample: Path, tmp_path: Path) -> None:
    text = (
        OVERDRAWN
        + """
    def on_margin_call(self, requests):
        changed = []
        for request in list(requests):
            quantity = int(np.sign(request.quantity) * 990)
            changed.append(SubmitOrderRequest(request.order_type, request.security_type, request.symbol, quantity,
                                              request.stop_price, request.limit_price, self.time, "on_margin_call"))
        return changed
"""
    )
    run, _ = play(text, sample, tmp_path)
    order = run.engine.transactions.get_order_by_id(2)
    assert order is not None
    assert (order.quantity, order.tag) == (-990.0, "on_margin_call")


@pytest.mark.parametrize("answer", ["pass", "return []", "return [1]"])
def test_a_margin_callback_must_return_requests(answer: str, sample: Path, tmp_path: Path) -> None:
    text = (
        OVERDRAWN
        + f"""
    def on_margin_call(self, requests):
        {answer}
"""
    )
    with pytest.raises(AlgorithmRuntimeError, match=r"on_margin_call returned .*; return a list of SubmitOrderRequest"):
        play(text, sample, tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "self.portfolio.margin_call_model = MarginCallModel.NULL",
        "self.portfolio.set_margin_call_model(MarginCallModel.NULL)",
        "self.Portfolio.SetMarginCallModel(MarginCallModel.Null)",
        "self.portfolio.set_margin_call_model(Silent())",
    ],
)
def test_margin_calls_are_switched_off_before_and_after_the_brokerage_is_chosen(
    statement: str, sample: Path, tmp_path: Path
) -> None:
    text = (
        OVERDRAWN
        + f"""
    def prepare(self):
        {statement}
        self.set_brokerage_model(BrokerageName.DEFAULT, AccountType.MARGIN)

class Silent:
    def GetMarginCallOrders(self, issue_warning):
        return [], False

    def ExecuteMarginCall(self, requests):
        return []
"""
    )
    run, _ = play(text, sample, tmp_path)
    assert run.engine.transactions.orders_count == 1


def test_a_margin_call_model_without_its_methods_is_refused(sample: Path, tmp_path: Path) -> None:
    text = BUY_ONCE + "\n    def prepare(self):\n        self.portfolio.set_margin_call_model(self)\n"
    with pytest.raises((AlgorithmRuntimeError, UsageError), match="IMarginCallModel must be fully implemented"):
        play(text, sample, tmp_path)


def test_a_later_brokerage_model_replaces_models_but_keeps_leverage(sample: Path, tmp_path: Path) -> None:
    text = (
        BUY_ONCE
        + """
    def finish(self):
        self.ibm.set_leverage(1)
        self.ibm.set_fee_model(ConstantFeeModel(5))
        self.set_brokerage_model(BrokerageName.DEFAULT, AccountType.CASH)
"""
    )
    run, sink = play(text, sample, tmp_path)
    security = run.engine.algorithm.ibm  # type: ignore[attr-defined]
    assert type(security.settlement_model).__name__ == "DelayedSettlementModel"
    assert security.leverage == 1.0
    assert sink.events[-1]["fee"] == "1"


def test_an_initializer_takes_the_place_of_the_brokerage_model(sample: Path, tmp_path: Path) -> None:
    text = (
        BUY_ONCE
        + """
    def prepare(self):
        self.set_brokerage_model(BrokerageName.DEFAULT, AccountType.CASH)
        self.set_security_initializer(lambda security: security.set_fee_model(ConstantFeeModel(5)))
"""
    )
    run, sink = play(text, sample, tmp_path)
    security = run.engine.algorithm.ibm  # type: ignore[attr-defined]
    assert type(security.settlement_model).__name__ == "ImmediateSettlementModel"
    assert security.leverage == 2.0
    assert sink.events[-1]["fee"] == "5"


def test_an_initializer_with_the_brokerages_models(sample: Path, tmp_path: Path) -> None:
    text = (
        BUY_ONCE
        + """
    def prepare(self):
        self.set_brokerage_model(BrokerageName.DEFAULT, AccountType.CASH)
        self.set_security_initializer(Initializer(self.brokerage_model, SecuritySeeder.NULL))

class Initializer(BrokerageModelSecurityInitializer):
    def __init__(self, brokerage_model, seeder):
        super().__init__(brokerage_model, seeder)

    def initialize(self, security):
        super().initialize(security)
        security.set_fee_model(ConstantFeeModel(5))
"""
    )
    run, sink = play(text, sample, tmp_path)
    security = run.engine.algorithm.ibm  # type: ignore[attr-defined]
    assert type(security.settlement_model).__name__ == "DelayedSettlementModel"
    assert sink.events[-1]["fee"] == "5"


def test_a_brokerage_model_of_the_users_is_asked(sample: Path, tmp_path: Path) -> None:
    text = (
        BUY_ONCE
        + """
    def prepare(self):
        self.set_brokerage_model(Small())

class Small(DefaultBrokerageModel):
    def can_submit_order(self, security, order, message):
        if order.quantity > 10:
            return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, "Size", "too large")
        return True, None
"""
    )
    _, sink = play(text, sample, tmp_path)
    (event,) = sink.events
    assert event["status"] == "Invalid"
    assert event["message"] == "BrokerageModel declared unable to submit order: [1] Warning - Code: Size - too large"


def test_a_fill_model_that_raises_is_logged_with_its_place(sample: Path, tmp_path: Path) -> None:
    text = (
        BUY_ONCE
        + """
    def finish(self):
        self.ibm.set_fill_model(Broken())

class Broken(EquityFillModel):
    def market_fill(self, asset, order):
        return 1 / 0
"""
    )
    run, sink = play(text, sample, tmp_path)
    assert [event["status"] for event in sink.events] == ["Submitted"]
    lines = [line for line in sink.lines if "Transaction model failed to fill" in line]
    assert 1 < len(lines) < 8
    assert "Broken raised ZeroDivisionError: division by zero" in lines[0]
    assert "main.py line " in lines[0]
    assert run.engine.transactions.get_open_orders()


AT = """
    def on_data(self, data):
        if self.steps == 0 and self.ibm.price and self.time.hour * 60 + self.time.minute >= {minute}:
            self.steps = 1
            {statement}
"""


@pytest.mark.parametrize(
    ("setting", "taken"), [("pass", False), ("MarketOnCloseOrder.submission_time_buffer = timedelta(minutes=5)", True)]
)
def test_the_time_for_on_close_orders_can_be_moved(setting: str, taken: bool, sample: Path, tmp_path: Path) -> None:
    text = AT.format(minute=15 * 60 + 50, statement="self.market_on_close_order(self.symbol, 1)")
    _, sink = play(f"{text}\n    def prepare(self):\n        {setting}\n", sample, tmp_path)
    assert bool(sink.events) is taken
    if not taken:
        assert any("MarketOnClose orders must be placed within 00:15:30 before market close." in x for x in sink.lines)


@pytest.mark.parametrize(
    ("arguments", "stop", "tag"),
    [
        ("-10, 0.5, False", None, "Trailing Amount: $0.5"),
        ("-10, 150.0, 0.05, True", "150", "Trailing Amount: 5.00%"),
        ("-10, 150, 2, False, False, 'mine'", "150", "mine"),
        ("-10, stop_price=150, trailing_amount=2, trailing_as_percentage=False, tag='mine'", "150", "mine"),
    ],
)
def test_a_trailing_stop_takes_a_first_stop(
    arguments: str, stop: str | None, tag: str, sample: Path, tmp_path: Path
) -> None:
    text = AT.format(minute=0, statement=f"self.trailing_stop_order(self.symbol, {arguments})")
    run, sink = play(text, sample, tmp_path)
    order = run.engine.transactions.get_order_by_id(1)
    assert order is not None
    assert order.tag == tag
    if stop is not None:
        assert sink.events[0]["stop_price"] == stop


def test_liquidating_with_a_tag_gives_the_numbers_of_the_orders(sample: Path, tmp_path: Path) -> None:
    statement = "self.market_order(self.symbol, 10); self.log(str(self.liquidate(self.symbol, 'out')))"
    run, sink = play(AT.format(minute=0, statement=statement), sample, tmp_path)
    assert run.engine.transactions.get_order_by_id(2).tag == "out"  # type: ignore[union-attr]
    assert any(line.endswith("[2]") for line in sink.lines)


@pytest.mark.parametrize("weight", ["1e-11", "2e9"])
def test_a_target_outside_the_settings_is_skipped(weight: str, sample: Path, tmp_path: Path) -> None:
    _, sink = play(AT.format(minute=0, statement=f"self.set_holdings(self.symbol, {weight})"), sample, tmp_path)
    assert sink.events == []
    assert any("does not comply with the current" in line for line in sink.lines)
