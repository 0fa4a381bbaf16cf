"""Every order call passes the gate exactly once, in both spellings and however its arguments are written."""

from __future__ import annotations

import math
import types
from pathlib import Path
from typing import Any

import pytest
from support.lean_orders import OrderBench, order_bench

from live.algorithm.naming import pascal_case, snake_case
from live.config import LeanSettings, RiskSettings
from live.hot.denials import DenialCode

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[float, str]]] = [
    ("market_order", (2,), {}, (2, "MARKET")),
    ("market_order", (2,), {"tag": "why"}, (2, "MARKET")),
    ("market_order", (2, False, "why"), {}, (2, "MARKET")),
    ("market_order", (2.0, True), {}, (2, "MARKET")),
    ("order", (2,), {}, (2, "MARKET")),
    ("order", (2, "OrderType.LIMIT"), {}, (2, "MARKET")),
    ("buy", (2,), {}, (2, "MARKET")),
    ("buy", (-2,), {}, (2, "MARKET")),
    ("sell", (2,), {}, (-2, "MARKET")),
    ("limit_order", (2, 190.0), {}, (2, "LIMIT")),
    ("limit_order", (2, 190.0, False, "why"), {}, (2, "LIMIT")),
    ("stop_market_order", (-2, 190.0), {}, (-2, "STOP_MARKET")),
    ("stop_limit_order", (-2, 190.0, 189.0), {"tag": "why"}, (-2, "STOP_LIMIT")),
    ("limit_if_touched_order", (2, 195.0, 196.0), {}, (2, "LIMIT_IF_TOUCHED")),
    ("trailing_stop_order", (-2, 0.01, True), {}, (-2, "TRAILING_STOP")),
    ("trailing_stop_order", (-2, 198.0, 0.01, True), {}, (-2, "TRAILING_STOP")),
    ("market_on_close_order", (2,), {}, (2, "MARKET_ON_CLOSE")),
    ("market_on_open_order", (2,), {}, (2, "MARKET_ON_OPEN")),
]


def counted_judgements(bench: OrderBench) -> list[tuple[Any, ...]]:
    """Return a list that grows with each judgement of the gate."""
    gate = bench.orders.sender.gate
    judged: list[tuple[Any, ...]] = []
    admit = gate.admit

    def counting(row: Any, *rest: Any) -> int:
        judged.append((row.ticker, *rest))
        return admit(row, *rest)

    gate.admit = counting  # type: ignore[method-assign]
    return judged


def arguments_of(module: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(module.OrderType.LIMIT if each == "OrderType.LIMIT" else each for each in arguments)


@pytest.mark.parametrize("mode", ["inline", "lane"])
@pytest.mark.parametrize("spell", [str, pascal_case])
@pytest.mark.parametrize(("name", "arguments", "named", "expected"), CALLS)
def test_each_call_is_judged_once_and_sent_once(
    tmp_path: Path, mode: Any, spell: Any, name: str, arguments: Any, named: Any, expected: Any
) -> None:
    with order_bench(tmp_path, LeanSettings(mode=mode)) as bench:
        import AlgorithmImports

        judged = counted_judgements(bench)
        call = getattr(bench.algorithm, spell(name))
        ticket = call(bench.ibm, *arguments_of(AlgorithmImports, arguments), **named)
        bench.work()
        assert len(judged) == 1
        assert bench.sent() == [("IBM", *expected)]
        assert ticket.order_id == 1
        assert ticket.submit_request.asynchronous is True
        assert ticket.tag == ("why" if "why" in (*arguments, *named.values()) else "")


@pytest.mark.parametrize("spell", [str, pascal_case])
@pytest.mark.parametrize(("name", "arguments", "named", "expected"), CALLS)
def test_a_refused_call_reaches_nobody(
    tmp_path: Path, spell: Any, name: str, arguments: Any, named: Any, expected: Any
) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_order_quantity=1)) as bench:
        import AlgorithmImports

        call = getattr(bench.algorithm, spell(name))
        ticket = call(bench.ibm, *arguments_of(AlgorithmImports, arguments), **named)
        bench.work()
        assert bench.sent() == []
        assert (ticket.order_id, ticket.status.name) == (-10, "INVALID")
        response = ticket.submit_request.response
        assert response.is_error
        assert response.error_message.startswith("ORDER_QUANTITY_ABOVE_MAX: ")
        assert bench.orders.sender.refusals.counts[DenialCode.ORDER_QUANTITY_ABOVE_MAX] == 1
        assert bench.orders.sender.pool.used == 0


def by_super(lean: Any, name: str) -> type:
    class Main(lean.QCAlgorithm):
        pass

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        return getattr(super(Main, self), name)(*arguments, **named)

    setattr(Main, name, call)
    return Main


def by_other_spelling(lean: Any, name: str) -> type:
    other = snake_case(name) if name[0].isupper() else pascal_case(name)

    class Main(lean.QCAlgorithm):
        pass

    setattr(Main, name, lambda self, *arguments, **named: getattr(super(Main, self), other)(*arguments, **named))
    return Main


def unbound(lean: Any, name: str) -> type:
    base = lean.QCAlgorithm

    class Main(base):
        pass

    setattr(Main, name, lambda self, *arguments, **named: getattr(base, name)(self, *arguments, **named))
    return Main


def through_two_classes(lean: Any, name: str) -> type:
    return by_super(types.SimpleNamespace(QCAlgorithm=by_super(lean, name)), name)


@pytest.mark.parametrize("how", [by_super, by_other_spelling, unbound, through_two_classes])
@pytest.mark.parametrize("spell", [str, pascal_case])
@pytest.mark.parametrize(("name", "arguments", "named", "expected"), CALLS)
def test_an_own_method_that_calls_the_base_is_judged_once_and_sent_once(
    tmp_path: Path, how: Any, spell: Any, name: str, arguments: Any, named: Any, expected: Any
) -> None:
    with order_bench(tmp_path, make_base=lambda lean: how(lean, spell(name))) as bench:
        judged = counted_judgements(bench)
        ticket = getattr(bench.algorithm, spell(name))(bench.ibm, *arguments_of(bench.lean, arguments), **named)
        bench.work()
        bench.orders.review()
        assert len(judged) == 1
        assert bench.sent() == [("IBM", *expected)]
        assert ticket.order_id == 1
        assert bench.orders.sender.tracker.ungated == 0


@pytest.mark.parametrize("how", [by_super, by_other_spelling, unbound])
def test_own_methods_around_what_shall_be_held_pass_the_gate(tmp_path: Path, how: Any) -> None:
    for name, arguments in (("set_holdings", ("IBM", 0.5)), ("liquidate", ())):
        with order_bench(tmp_path, make_base=lambda lean, name=name: how(lean, name)) as bench:
            bench.algorithm.market_order("BTCUSD", 1)
            bench.work()
            judged = counted_judgements(bench)
            (ticket,) = getattr(bench.algorithm, name)(*arguments)
            bench.work()
            bench.orders.review()
            assert ticket.order_id == 2
            assert len(judged) == (1 if name == "set_holdings" else 0)
            assert bench.orders.sender.tracker.ungated == 0


@pytest.mark.parametrize("mode", ["inline", "lane"])
@pytest.mark.parametrize(("name", "arguments"), [("market_order", (2, "why")), ("limit_order", (2, 190.0, "why"))])
def test_a_tag_in_the_place_of_asynchronous_is_the_caller_s_error(
    tmp_path: Path, mode: Any, name: str, arguments: Any
) -> None:
    with order_bench(tmp_path, LeanSettings(mode=mode)) as bench:
        with pytest.raises(TypeError, match=f"^{name}: asynchronous is 'why', and must be True or False"):
            getattr(bench.algorithm, name)(bench.ibm, *arguments)
        bench.work()
        assert bench.sent() == []
        sender = bench.orders.sender
        assert sender.pool.used == sender.gate.risk.open_orders == sender.made_asynchronous == 0


@pytest.mark.parametrize("spell", [str, pascal_case])
def test_requests_of_the_algorithm_are_judged(tmp_path: Path, spell: Any) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_order_quantity=5)) as bench:
        lean = bench.lean

        def request(quantity: float) -> Any:
            types = lean.OrderType.LIMIT, lean.SecurityType.EQUITY
            return lean.SubmitOrderRequest(*types, bench.ibm, quantity, 0, 190.0, bench.algorithm.utc_time, "own")

        judged = counted_judgements(bench)
        send = getattr(bench.algorithm, spell("submit_order_request"))
        assert send(request(5)).order_id == 1
        assert send(request(6)).order_id == -10
        assert [(ticker, kind, price) for ticker, _, kind, price, _ in judged] == [("IBM", 1, 190 * 10**9)] * 2
        assert bench.sent() == [("IBM", 5, "LIMIT")]


@pytest.mark.parametrize(
    ("name", "arguments", "price"),
    [
        ("limit_order", (2, 190.0), 190.0),
        ("stop_market_order", (2, 210.0), 210.0),
        ("stop_limit_order", (2, 210.0, 212.0), 212.0),
        ("limit_if_touched_order", (2, 205.0, 206.0), 206.0),
        ("trailing_stop_order", (-2, 5.0, False), 195.0),
        ("trailing_stop_order", (2, 0.1, True), 220.0),
        ("trailing_stop_order", (-2, 197.0, 5.0, False), 197.0),
    ],
)
def test_the_gate_judges_the_limit_else_the_stop(tmp_path: Path, name: str, arguments: Any, price: float) -> None:
    with order_bench(tmp_path) as bench:
        judged = counted_judgements(bench)
        getattr(bench.algorithm, name)(bench.ibm, *arguments)
        assert [each[3] for each in judged] == [round(price * 10**9)]


def test_keywords_of_both_spellings_are_read(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(price_collar_bps=100)) as bench:
        assert bench.algorithm.limit_order(symbol=bench.ibm, quantity=2, limit_price=150.0).order_id == -10
        assert bench.algorithm.LimitOrder(bench.ibm, 2, limitPrice=150.0).order_id == -10
        assert bench.algorithm.limit_order(symbol=bench.ibm, quantity=2, limit_price=199.5).order_id == 1


@pytest.mark.parametrize("how", ["symbol", "ticker", "security"])
def test_symbols_tickers_and_securities_mean_the_same(tmp_path: Path, how: str) -> None:
    with order_bench(tmp_path) as bench:
        what = {"symbol": bench.ibm, "ticker": "IBM", "security": bench.algorithm.securities[bench.ibm]}[how]
        assert bench.algorithm.market_order(what, 1).order_id == 1
        bench.work()
        bench.algorithm.market_order(what, 1)
        assert bench.orders.sender.gate.risk.position_e9(bench.orders.row(bench.ibm)) == 10**9


def test_a_zero_quantity_is_leans_to_refuse(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        ticket = bench.algorithm.market_order(bench.ibm, 0)
        assert ticket.submit_request.response.error_code.name == "ORDER_QUANTITY_ZERO"
        assert bench.orders.sender.refusals.total == 0
        assert bench.sent() == []


def test_a_stranger_is_refused_with_leans_code(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        lean = bench.lean

        stranger = lean.Symbol.create("SPY", lean.SecurityType.EQUITY, "usa")
        ticket = bench.algorithm.market_order(stranger, 1)
        assert ticket.submit_request.response.error_code.name == "MISSING_SECURITY"
        with pytest.raises(Exception, match="'SPY' was not added"):
            bench.algorithm.market_order("SPY", 1)


def test_a_ticker_that_was_just_added_is_known(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.tick(bench.algorithm.add_equity("SPY").symbol, 400.0)
        assert bench.algorithm.market_order("SPY", 1).order_id == 1


def test_a_ticker_means_the_security_that_was_added_last(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        judged = counted_judgements(bench)
        assert bench.algorithm.market_order("BTCUSD", 1).symbol == bench.btc
        other = bench.algorithm.add_crypto("BTCUSD", market="bitfinex").symbol
        bench.tick(other, 300.0)
        ticket = bench.algorithm.market_order("btcusd", 1)
        assert ticket.symbol == other != bench.btc
        gate = bench.orders.sender.gate
        assert gate.row_of("BTCUSD") is gate.row_of(other) is not gate.row_of(bench.btc)
        assert len(judged) == 2
        bench.work()
        assert gate.risk.position_e9(gate.row_of(other).index) == 10**9


def test_a_type_of_order_by_keyword_makes_a_market_order_too(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        assert bench.algorithm.order(bench.ibm, 2, type=bench.lean.OrderType.LIMIT).order_id == 1
        assert bench.sent() == [("IBM", 2, "MARKET")]


def test_a_symbol_without_a_price_is_refused_with_leans_code(tmp_path: Path) -> None:
    with order_bench(tmp_path, prepare=lambda bench: bench.algorithm.add_equity("SPY")) as bench:
        ticket = bench.algorithm.market_order("SPY", 1)
        assert ticket.submit_request.response.error_code.name == "SECURITY_PRICE_ZERO"


def test_before_the_session_leans_own_refusal_stands(tmp_path: Path) -> None:
    tickets = []

    def prepare(bench: OrderBench) -> None:
        tickets.append(bench.algorithm.market_order(bench.ibm, 1))
        bench.algorithm._is_warming_up = False
        tickets.append(bench.algorithm.market_order(bench.ibm, 1))

    with order_bench(tmp_path, prepare=prepare) as bench:
        codes = [each.submit_request.response.error_code.name for each in tickets]
        assert codes == ["ALGORITHM_WARMING_UP", "PRE_ORDER_CHECKS_ERROR"]
        assert tickets[1].submit_request.response.error_message.startswith("LIMITS_NOT_LOADED")
        assert bench.sent() == []


SINGLE_CALLS = [(name, arguments[1:]) for name, arguments, named, _ in CALLS if not named]


@pytest.mark.parametrize("spell", [str, pascal_case])
@pytest.mark.parametrize(("name", "rest"), SINGLE_CALLS)
@pytest.mark.parametrize(
    ("quantity", "kind", "said"),
    [
        ("five", TypeError, "the quantity is 'five', which is no number"),
        (None, TypeError, "the quantity is None, which is no number"),
        (math.nan, ValueError, "the quantity is nan; give a finite number"),
        (-math.inf, ValueError, "the quantity is -inf; give a finite number"),
    ],
)
def test_a_quantity_that_is_no_number_is_the_caller_s_error(
    tmp_path: Path, spell: Any, name: str, rest: Any, quantity: Any, kind: Any, said: str
) -> None:
    with order_bench(tmp_path) as bench:
        judged = counted_judgements(bench)
        with pytest.raises(kind, match=f"^{spell(name)}: {said}"):
            getattr(bench.algorithm, spell(name))(bench.ibm, quantity, *rest)
        bench.work()
        assert (judged, bench.sent()) == ([], [])


@pytest.mark.parametrize("spell", [str, pascal_case])
@pytest.mark.parametrize("name", sorted({name for name, _ in SINGLE_CALLS}))
def test_missing_arguments_are_told_by_the_name_of_the_call(tmp_path: Path, spell: Any, name: str) -> None:
    with order_bench(tmp_path) as bench, pytest.raises(TypeError, match=rf"^{spell(name)}\(\) missing .* 'quantity'"):
        getattr(bench.algorithm, spell(name))(bench.ibm)
