"""Rules of the order path: what shall be held, the way out, halts, waiting, answers that do not come, ways past the gate."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from support.lean_orders import OrderBench, order_bench

from live.config import LeanSettings, RiskSettings
from live.errors import AlgorithmError
from live.hot.catalogue import ControlBit, Counter
from live.hot.denials import DenialCode
from live.hot.orders import OrderState
from live.hot.telemetry_reader import TelemetryReader
from live.hot.telemetry_view import TelemetryView
from live.lean.instrument import lean_callback


def set_control(bench: OrderBench, bits: ControlBit) -> None:
    TelemetryReader(bench.page.page.path).set_control(bits)


# -- what shall be held


def holdings_of(bench: OrderBench, is_gated: bool, steps: Any) -> list[tuple[str, float, str]]:
    """Return what reaches LEAN when calls are made through the gate, or by LEAN itself."""
    lean = bench.lean

    algorithm = bench.algorithm
    for method, arguments, named in steps(bench, lean):
        call = getattr(algorithm, method) if is_gated else lean_callback(algorithm, method)
        call(*arguments, **named)
        bench.work()
    return bench.sent()


def single(bench: OrderBench, lean: Any) -> Any:
    return [
        ("set_holdings", (bench.ibm, 0.5), {}),
        ("set_holdings", (bench.ibm, -0.25), {}),
        ("set_holdings", (bench.ibm, 0), {}),
    ]


def replacing(bench: OrderBench, lean: Any) -> Any:
    return [
        ("market_order", (bench.btc, 100), {}),
        ("market_order", (bench.eth, 100), {}),
        ("set_holdings", (bench.ibm, 0.5, True), {"tag": "all in"}),
    ]


def targets(bench: OrderBench, lean: Any) -> Any:
    def wanted(*weights: float) -> list[Any]:
        return [lean.PortfolioTarget(*each) for each in zip((bench.btc, bench.eth, bench.ibm), weights, strict=True)]

    return [
        ("set_holdings", (wanted(0.2, 0.3, 0.4),), {}),
        ("set_holdings", (wanted(0.5, 0.1, 0.1),), {}),
        ("set_holdings", (wanted(0.1, 0.0, -0.5)[:2], True), {}),
    ]


@pytest.mark.parametrize("steps", [single, replacing, targets])
@pytest.mark.parametrize("mode", ["inline", "lane"])
def test_set_holdings_sends_what_lean_would(tmp_path: Path, mode: Any, steps: Any) -> None:
    found = []
    for is_gated in (False, True):
        folder = tmp_path / str(is_gated)
        folder.mkdir()
        with order_bench(folder, LeanSettings(mode=mode)) as bench:
            found.append(holdings_of(bench, is_gated, steps))
    assert found[0] == found[1]
    assert found[0]


def test_open_market_orders_count_as_held(tmp_path: Path) -> None:
    for mode in ("inline", "lane"):
        folder = tmp_path / mode
        folder.mkdir()
        with order_bench(folder, LeanSettings(mode=mode)) as bench:
            bench.algorithm.set_holdings(bench.ibm, 0.5)
            bench.algorithm.SetHoldings(bench.ibm, 0.5)
            assert [quantity for _, quantity, _ in bench.sent()] == [2493.0] if mode == "inline" else True
            bench.work()
            assert [quantity for _, quantity, _ in bench.sent()] == [2493.0]


@pytest.mark.parametrize("spelling", ["set_holdings", "SetHoldings"])
@pytest.mark.parametrize("is_replacing", [False, True])
def test_set_holdings_of_what_was_not_added_is_an_error_in_the_log(
    tmp_path: Path, spelling: str, is_replacing: bool
) -> None:
    with order_bench(tmp_path) as bench:
        # LEAN finds nothing to order, and does not raise.
        assert getattr(bench.algorithm, spelling)("NONE", 0.5, is_replacing) == []
        assert bench.lines("error") == ["NONE not found in portfolio."]
        assert bench.sent() == []


def test_set_holdings_passes_the_gate(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_order_quantity=100)) as bench:
        (ticket,) = bench.algorithm.set_holdings(bench.ibm, 0.5)
        assert ticket.status.name == "INVALID"
        assert bench.sent() == []


def test_a_closed_market_makes_set_holdings_wait_for_the_opening(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.securities[bench.ibm].exchange.exchange_open = False
        bench.algorithm.set_holdings(bench.ibm, 0.5, tag="open")
        assert bench.sent() == [("IBM", 2493.0, "MARKET_ON_OPEN")]


# -- the way out, and halts


@pytest.mark.parametrize("bits", [ControlBit.KILL, ControlBit.PAUSE, ControlBit.REDUCE_ONLY])
def test_a_halt_refuses_orders_and_lets_liquidate_pass(tmp_path: Path, bits: ControlBit) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.market_order(bench.ibm, 10)
        bench.work()
        set_control(bench, bits)
        assert bench.algorithm.market_order(bench.ibm, 1).order_id == -10
        (ticket,) = bench.algorithm.liquidate(bench.ibm)
        bench.work()
        assert ticket.status.name == "FILLED"
        assert not bench.algorithm.portfolio.invested
        bench.orders.review()
        assert bench.counter(Counter.ORDERS_EXEMPT_LIQUIDATION) == 1
        assert bench.counter(Counter.ORDERS_UNGATED) == 0
        set_control(bench, ControlBit(0))
        assert bench.algorithm.market_order(bench.ibm, 1).order_id > 0


def test_reduce_only_lets_reducing_orders_pass(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.market_order(bench.ibm, 10)
        bench.work()
        set_control(bench, ControlBit.REDUCE_ONLY)
        assert bench.algorithm.sell(bench.ibm, 4).order_id > 0


@pytest.mark.parametrize("spelling", ["liquidate", "Liquidate"])
def test_liquidate_cancels_closes_and_comes_after_what_waits(tmp_path: Path, spelling: str) -> None:
    with order_bench(tmp_path, LeanSettings(mode="lane")) as bench:
        bench.algorithm.market_order(bench.ibm, 10)
        bench.work()
        resting = bench.algorithm.limit_order(bench.ibm, 1, 100.0)
        tickets = getattr(bench.algorithm, spelling)()
        bench.work()
        assert [each.tag for each in tickets] == ["Liquidated"]
        assert resting.status.name == "CANCELED"
        assert bench.orders.sender.gate.risk.open_orders == 0


def test_the_old_overload_of_liquidate_returns_numbers(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.market_order(bench.ibm, 10)
        bench.work()
        assert bench.algorithm.liquidate(bench.ibm, "out") == [2]


def test_legs_and_exercises_are_counted_and_halted(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        lean = bench.lean
        from lean_engine.orders.trading import OptionStrategy

        legs = [lean.Leg.create(bench.ibm, 1), lean.Leg.create(bench.btc, -1)]
        assert len(bench.algorithm.combo_market_order(legs, 2)) == 2
        assert len(bench.algorithm.buy(OptionStrategy(*legs), 1)) == 2
        assert bench.algorithm.exercise_option(bench.ibm, 1).order_id == 5
        bench.work()
        bench.orders.review()
        assert bench.counter(Counter.ORDERS_EXEMPT_COMBO) == 4
        assert bench.counter(Counter.ORDERS_EXEMPT_EXERCISE) == 1
        assert bench.counter(Counter.ORDERS_UNGATED) == 0
        set_control(bench, ControlBit.PAUSE)
        assert [each.order_id for each in bench.algorithm.combo_market_order(legs, 2)] == [-10]
        assert bench.algorithm.exercise_option(bench.ibm, 1).order_id == -10
        assert bench.orders.sender.refusals.counts[DenialCode.CONTROL_PAUSED] == 2


# -- past the gate


def test_an_order_past_the_gate_is_counted_told_and_followed(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        lean = bench.lean

        types = lean.OrderType.LIMIT, lean.SecurityType.EQUITY
        request = lean.SubmitOrderRequest(*types, bench.ibm, 7.0, 0, 190.0, bench.algorithm.utc_time, "")
        ticket = bench.algorithm.transactions.add_order(request)
        bench.work()
        bench.orders.review()
        bench.orders.review()
        assert bench.counter(Counter.ORDERS_UNGATED) == 1
        assert [text.partition(":")[0] for text in bench.lines("error")] == ["order 1 of 7 IBM went past the risk gate"]
        risk = bench.orders.sender.gate.risk
        assert risk.open_orders == 1
        ticket.cancel()
        bench.work()
        assert risk.open_orders == 0
        assert bench.orders.sender.pool.used == 0


def test_a_review_while_an_order_is_being_sent_blames_nobody(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        transactions = bench.algorithm.transactions
        add_order = transactions.add_order

        def reviewed_inside(request: Any) -> Any:
            ticket = add_order(request)
            transactions._process()
            bench.orders.review()
            return ticket

        transactions.add_order = reviewed_inside
        bench.algorithm.market_order(bench.ibm, 1)
        bench.algorithm.liquidate()
        bench.orders.review()
        assert bench.counter(Counter.ORDERS_UNGATED) == 0
        assert bench.orders.sender.pool.used == 0


SOURCE = """from AlgorithmImports import *


class Main(QCAlgorithm):
    def initialize(self):
        self.set_execution(ImmediateExecutionModel())
        self.Transactions.AddOrder(None)

    def on_data(self, data):
        super(QCAlgorithm, self).set_holdings("IBM", 1)
        self.combo_market_order([], 1)
        QCAlgorithm.__mro__[1].market_order(self, "IBM", 1)


class Alpha(AlphaModel):
    def update(self, algorithm, data):
        algorithm.MarketOrder("IBM", 1)
        return [] if data.order else None
"""
HARMLESS = """from AlgorithmImports import *


class Fees(FeeModel):
    def get_order_fee(self, parameters):
        return OrderFee(parameters.order.quantity)


class Sizer:
    def send(self, algorithm):
        algorithm.market_order("IBM", 1)


class Main(QCAlgorithm):
    def market_order(self, symbol, quantity):
        return super().market_order(symbol, quantity)

    def on_data(self, data):
        QCAlgorithm.market_order(self, "IBM", 1)
        super(Main, self).set_holdings("IBM", 1)
        super().MarketOrder("IBM", 1)
        self.liquidate()
"""


def test_require_gate_refuses_ways_past_it(tmp_path: Path) -> None:
    with pytest.raises(AlgorithmError) as error, order_bench(tmp_path, LeanSettings(require_gate=True), source=SOURCE):
        pass
    said = str(error.value)
    for line, member in (
        (6, "set_execution"),
        (7, "Transactions.AddOrder"),
        (10, "super(QCAlgorithm, self).set_holdings"),
        (11, "combo_market_order"),
        (12, "QCAlgorithm.__mro__[1].market_order"),
        (17, "algorithm.MarketOrder"),
    ):
        assert f"main.py line {line}: {member}: " in said
    assert said.count("main.py line") == 6


def test_require_gate_leaves_alone_what_passes_it(tmp_path: Path) -> None:
    with order_bench(tmp_path, LeanSettings(require_gate=True), source=HARMLESS) as bench:
        assert bench.lines("debug") == []


def test_without_require_gate_the_ways_are_told(tmp_path: Path) -> None:
    with order_bench(tmp_path, source=SOURCE) as bench:
        assert len([text for text in bench.lines("debug") if "can go past the risk gate" in text]) == 6


def make_with_own_calls(lean: Any) -> type:
    class Main(lean.QCAlgorithm):
        def buy(self, signal: str) -> Any:
            return self.limit_order(signal, 3, 199.0)

        def set_holdings(self, *arguments: Any) -> Any:
            return ("own", arguments)

        def calculate_order_quantity(self) -> float:
            return -1.0

        def error(self) -> float:
            return 0.5

        def debug(self) -> None: ...

    return Main


def test_calls_that_the_algorithm_defines_stay_its_own(tmp_path: Path) -> None:
    with order_bench(tmp_path, make_base=make_with_own_calls, risk=RiskSettings(max_order_quantity=3)) as bench:
        algorithm = bench.algorithm
        assert algorithm.set_holdings(1, 2) == ("own", (1, 2))
        assert algorithm.buy("IBM").order_id == 1
        assert algorithm.Buy("IBM", 4).order_id == -10
        assert [each.quantity for each in algorithm.SetHoldings("IBM", 0.001)] == [4.0]
        assert bench.sent() == [("IBM", 3, "LIMIT")]
        bench.orders.review()
        assert len([text for text in bench.lines("error") if "ORDER_QUANTITY_ABOVE_MAX" in text]) == 1
        assert len([text for text in bench.lines("debug") if "without waiting" in text]) == 1


def test_keywords_of_order_reach_the_spelling_that_was_called(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        sender = bench.orders.sender
        called = []
        for name in ("market_order", "MarketOrder"):
            native = sender.native(bench.algorithm, name)
            sender._methods[name] = lambda *arguments, name=name, native=native: (
                called.append(name) or native(*arguments)
            )
        bench.algorithm.order(bench.ibm, 1)
        bench.algorithm.Order(bench.ibm, 1)
        assert called == ["market_order", "MarketOrder"]


# -- waiting for fills


@pytest.mark.parametrize(("rule", "is_asynchronous"), [("asynchronous", True), ("keep", False)])
def test_whether_orders_wait(tmp_path: Path, rule: Any, is_asynchronous: bool) -> None:
    for mode in ("inline", "lane"):
        folder = tmp_path / mode
        folder.mkdir()
        with order_bench(folder, LeanSettings(mode=mode, synchronous_orders=rule)) as bench:
            ticket = bench.algorithm.market_order(bench.ibm, 1)
            assert ticket.submit_request.asynchronous is is_asynchronous
            bench.orders.review()
            bench.orders.review()
            told = [text for text in bench.lines("debug") if "without waiting" in text]
            assert len(told) == int(is_asynchronous)
            assert bench.counter(Counter.ORDERS_MADE_ASYNCHRONOUS) == int(is_asynchronous)


def test_no_order_waits_within_an_order_event(tmp_path: Path) -> None:
    with order_bench(tmp_path, LeanSettings(synchronous_orders="keep")) as bench:
        inside = []
        bench.on_event = lambda event: inside.append(bench.algorithm.limit_order(bench.ibm, 1, 100.0))
        bench.algorithm.limit_order(bench.btc, 1, 90.0)
        bench.algorithm.transactions._carry_out(bench.algorithm.transactions._requests.get())
        bench.on_event = lambda event: None
        assert [each.submit_request.asynchronous for each in inside] == [True]
        assert bench.algorithm.limit_order(bench.ibm, 1, 100.0).submit_request.asynchronous is False


# -- answers


def test_an_order_without_an_answer_is_unknown_and_not_sent_again(tmp_path: Path) -> None:
    with order_bench(tmp_path, LeanSettings(order_timeout_seconds=1e-6)) as bench:
        handle = bench.orders.submit(bench.ibm, 3, 0.0, 0.0)
        bench.orders.review()
        bench.orders.review()
        assert bench.orders.state(handle) == OrderState.UNKNOWN
        assert bench.counter(Counter.ORDERS_UNKNOWN) == 1
        assert len([text for text in bench.lines("error") if "counts as unknown" in text]) == 1
        assert len(bench.sent()) == 1
        bench.work()
        assert bench.orders.state(handle) == OrderState.FREE
        assert bench.orders.sender.gate.risk.open_orders == 0


def test_an_update_changes_what_is_open(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_position_quantity=10)) as bench:
        ticket = bench.algorithm.limit_order(bench.ibm, 4, 190.0)
        bench.work()
        ticket.update_quantity(9)
        bench.work()
        assert bench.algorithm.limit_order(bench.ibm, 2, 190.0).order_id == -10
        assert bench.algorithm.limit_order(bench.ibm, 1, 190.0).order_id > 0


def test_a_partial_fill_moves_from_open_to_held(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        handle = bench.orders.submit(bench.ibm, 10, 190.0, 0.0)
        bench.work()
        bench.algorithm.transactions._fill(1, 4.0)
        risk, row = bench.orders.sender.gate.risk, bench.orders.row(bench.ibm)
        assert (risk.position_e9(row), risk.open_orders) == (4 * 10**9, 1)
        assert bench.orders.state(handle) == OrderState.PARTIALLY_FILLED
        assert bench.orders.cancel(handle)
        bench.work()
        assert (risk.position_e9(row), risk.open_orders) == (4 * 10**9, 0)
        assert not bench.orders.cancel(handle)


@pytest.mark.parametrize(
    ("prices", "kind"),
    [((0.0, 0.0), "MARKET"), ((190.0, 0.0), "LIMIT"), ((0.0, 210.0), "STOP_MARKET"), ((212.0, 210.0), "STOP_LIMIT")],
)
@pytest.mark.parametrize("mode", ["inline", "lane"])
def test_submit_makes_orders_of_four_types(tmp_path: Path, mode: Any, prices: Any, kind: str) -> None:
    with order_bench(tmp_path, LeanSettings(mode=mode)) as bench:
        handle = bench.orders.submit(bench.ibm, 2, *prices)
        bench.work()
        assert bench.sent() == [("IBM", 2, kind)]
        request = bench.algorithm.transactions.get_order_ticket(1).submit_request
        assert (request.limit_price, request.stop_price, request.asynchronous) == (*prices, True)
        assert bench.orders.state(handle) == (OrderState.FREE if kind == "MARKET" else OrderState.SUBMITTED)


def test_submit_returns_the_code_of_a_refusal(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(restricted_symbols=("ibm",))) as bench:
        assert bench.orders.submit(bench.ibm, 2, 0.0, 0.0) == -DenialCode.SYMBOL_RESTRICTED


# -- refusals are told


def test_refusals_are_counted_and_told_once_a_second(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_order_quantity=1)) as bench:
        for _ in range(5):
            bench.algorithm.market_order(bench.ibm, 2)
        assert bench.lines("error") == []
        bench.orders.review()
        bench.page.write_spooled()
        assert len(bench.lines("error")) == 1
        assert TelemetryView(bench.page.page.path).denials(DenialCode.ORDER_QUANTITY_ABOVE_MAX) == 5


# -- numbers that outlive the process


def test_order_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        bench.algorithm.limit_order(bench.ibm, 2, 190.0)
        bench.work()
        assert [bench.orders.ids.own_id(each) for each in (1, 2)] == [1, 2]
    (tmp_path / "telemetry.page").unlink()

    def prepare(bench: OrderBench) -> None:
        # The broker still has the second order; LEAN calls it 1 now.
        bench.algorithm._is_warming_up = False
        lean_callback(bench.algorithm, "limit_order")(bench.ibm, 2, 190.0)
        bench.algorithm.transactions._orders[1].broker_id = ["B2"]

    with order_bench(tmp_path, prepare=prepare) as bench:
        bench.orders.review()
        assert bench.counter(Counter.ORDERS_UNGATED) == 0
        assert bench.orders.sender.gate.risk.open_orders == 1
        assert bench.orders.ids.own_id(1) == 2
        bench.algorithm.market_order(bench.ibm, 1)
        assert bench.orders.ids.own_id(2) == 3


# -- limits that need more of LEAN


def test_the_age_of_a_price_is_judged(tmp_path: Path) -> None:
    from datetime import timedelta

    with order_bench(tmp_path, risk=RiskSettings(max_quote_age_seconds=60)) as bench:
        assert bench.algorithm.market_order(bench.ibm, 1).order_id == 1
        security = bench.algorithm.securities[bench.ibm]
        security.local_time += timedelta(seconds=61)
        ticket = bench.algorithm.market_order(bench.ibm, 1)
        assert ticket.submit_request.response.error_message.startswith("MARKET_QUOTE_STALE")
        security.exchange.exchange_open = False
        assert bench.algorithm.market_order(bench.ibm, 1).order_id == 2


def test_the_daily_loss_stops_orders(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_daily_loss=50)) as bench:
        bench.algorithm.market_order(bench.ibm, 10)
        bench.work()
        bench.tick(bench.ibm, 194.0)
        assert bench.algorithm.market_order(bench.ibm, 1).order_id == -10
        assert bench.algorithm.market_order(bench.ibm, -1).order_id > 0


def test_orders_of_two_threads_keep_the_books_straight(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:

        def send(symbol: Any) -> None:
            for _ in range(200):
                bench.algorithm.limit_order(symbol, 1, 10.0)

        threads = [threading.Thread(target=send, args=(each,)) for each in (bench.ibm, bench.btc)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        bench.work()
        bench.orders.review()
        assert bench.orders.sender.gate.risk.open_orders == 400
        assert bench.orders.sender.pool.used == 400
        assert bench.counter(Counter.ORDERS_UNGATED) == 0
        assert sorted(bench.orders.ids.own_id(each) for each in range(1, 401)) == list(range(1, 401))


def test_the_page_shows_what_waits_in_the_lane(tmp_path: Path) -> None:
    with order_bench(tmp_path, LeanSettings(mode="lane")) as bench:
        bench.orders.review()
        assert bench.orders.waiting == 0
