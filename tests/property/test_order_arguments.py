"""Arguments of order calls: both engines take the same ones and say the same of all others, before anything is done."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.lean_orders import OrderBench, order_bench

from live.algorithm.naming import pascal_case
from live.algorithm.trading import TradingMethods

CALLS: dict[str, tuple[Any, ...]] = {
    "market_order": (2,),
    "order": (2,),
    "buy": (2,),
    "sell": (2,),
    "market_on_open_order": (2,),
    "market_on_close_order": (2,),
    "limit_order": (2, 190.0),
    "stop_market_order": (2, 210.0),
    "stop_limit_order": (2, 210.0, 212.0),
    "limit_if_touched_order": (2, 195.0, 196.0),
    "trailing_stop_order": (2, 198.0, 5.0, False),
    "set_holdings": (0.25,),
}
NAMES: dict[str, tuple[str, ...]] = {
    "limit_order": ("quantity", "limit price"),
    "stop_market_order": ("quantity", "stop price"),
    "stop_limit_order": ("quantity", "stop price", "limit price"),
    "limit_if_touched_order": ("quantity", "trigger price", "limit price"),
    "trailing_stop_order": ("quantity", "stop price", "trailing amount"),
    "set_holdings": ("percentage",),
}
"""What the numbers of a call are called; of the others the quantity is the only one."""


class Scalar:
    """A number of a library that is not Python's own: it has a `__float__`, and its text is the number."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return repr(self.value)

    def __mul__(self, other: object) -> Scalar:
        return Scalar(math.nan)

    __rmul__ = __mul__


class Embedded(TradingMethods):
    """The embedded engine's order calls without an engine: what they would submit is kept."""

    def __init__(self) -> None:
        self.sent: list[Decimal] = []

    def _security(self, symbol: Any) -> Any:
        exchange = SimpleNamespace(exchange_open=True)
        return SimpleNamespace(exchange=exchange, is_daily_only=False, exact_price=Decimal(200), symbol=symbol)

    def _without_date(self, properties: Any) -> Any:
        return properties

    def _exact_order_quantity(self, symbol: Any, target: Decimal) -> Decimal:
        return target

    def _trade_toward(self, symbol: Any, quantity: Decimal, *options: Any) -> Any:
        self.sent.append(quantity)
        return []

    def _submit(self, kind: Any, security: Any, quantity: Decimal, *options: Any) -> Any:
        self.sent.append(quantity)


@pytest.fixture(scope="module")
def bench() -> Iterator[OrderBench]:
    with tempfile.TemporaryDirectory() as folder, order_bench(Path(folder)) as bench:
        yield bench


PLACES = [(name, at) for name in CALLS for at in range(len(NAMES.get(name, ("quantity",))))]
NO_NUMBERS = st.one_of(
    st.none(),
    st.text(max_size=80),
    st.binary(max_size=3),
    st.sampled_from(["5", "190.0", "nan", b"5", (), [1.0], {}, object, 1j]),
)
NO_FINITE = st.sampled_from(
    [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity"), Scalar(math.nan), 1e29, -(10**29)]
)


def outcome(call: Any, *arguments: Any) -> tuple[type, str]:
    with pytest.raises((TypeError, ValueError)) as error:
        call(*arguments)
    return type(error.value), str(error.value)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(PLACES),
    st.one_of(NO_NUMBERS.map(lambda each: (TypeError, each)), NO_FINITE.map(lambda each: (ValueError, each))),
)
def test_what_is_no_finite_number_is_named_the_same_by_both_engines(
    bench: OrderBench, place: tuple[str, int], case: tuple[type, Any]
) -> None:
    (name, at), (kind, bad) = place, case
    arguments = list(CALLS[name])
    arguments[at] = bad
    argument = NAMES.get(name, ("quantity",))[at]
    embedded = Embedded()
    said = outcome(getattr(embedded, name), bench.ibm, *arguments)
    assert said[0] is kind
    assert said[1].startswith(f"{name}: the {argument} is ")
    assert "\n" not in said[1]
    assert len(said[1]) < 220
    assert outcome(getattr(bench.algorithm, name), bench.ibm, *arguments) == said
    spelled = outcome(getattr(bench.algorithm, pascal_case(name)), bench.ibm, *arguments)
    assert spelled == (kind, said[1].replace(name, pascal_case(name), 1))
    assert (embedded.sent, bench.sent()) == ([], [])
    assert bench.orders.sender.pool.used == bench.orders.sender.refusals.total == 0


NUMBERS = st.one_of(
    st.integers(-1_000, 1_000),
    st.floats(-1_000, 1_000),
    st.decimals(-1_000, 1_000, places=4),
    st.integers(-1_000, 1_000).map(float).map(Scalar),
    st.fractions(-1_000, 1_000),
).filter(lambda each: abs(float(each)) > 0.01)


@settings(max_examples=80, deadline=None)
@given(NUMBERS)
def test_every_kind_of_number_is_judged_and_sent_as_what_it_is(number: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, order_bench(Path(folder)) as bench:
        judged: list[int] = []
        gate = bench.orders.sender.gate
        admit = gate.admit
        gate.admit = lambda row, quantity_e9, *rest: (  # type: ignore[method-assign]
            judged.append(quantity_e9) or admit(row, quantity_e9, *rest)
        )
        embedded = Embedded()
        bench.algorithm.market_order(bench.btc, number)
        embedded.market_order("BTCUSD", number)
        assert judged == [round(float(number) * 10**9)]
        assert [quantity for _, quantity, _ in bench.sent()] == [float(number)]
        assert float(embedded.sent[0]) == pytest.approx(float(number))
        price = abs(float(number)) if isinstance(number, Fraction) else type(number)(abs(float(number)))
        assert bench.algorithm.limit_order(bench.btc, 1, price).order_id == 2
        embedded.limit_order("BTCUSD", 1, price)


@pytest.mark.parametrize("name", [each for each in CALLS if each not in ("buy", "sell")])
@pytest.mark.parametrize(
    ("asynchronous", "tag", "said"),
    [("why", "", "asynchronous is 'why', and must be True or False"), (True, 5, "the tag is 5, and must be text")],
)
def test_what_follows_the_numbers_is_looked_at_too(
    bench: OrderBench, name: str, asynchronous: Any, tag: Any, said: str
) -> None:
    options = (False, asynchronous, tag) if name == "set_holdings" else (asynchronous, tag)
    for engine in (bench.algorithm, Embedded()):
        found = outcome(getattr(engine, name), bench.ibm, *CALLS[name], *options)
        assert found == (TypeError, f"{name}: {said}; look at the order of the arguments")


@pytest.mark.parametrize(("prices", "argument"), [(("x", 1.0), "limit price"), ((1.0, None), "stop price")])
def test_submit_names_what_is_no_number(prices: Any, argument: str) -> None:
    from live.algorithm.live_algorithm import LiveAlgorithm
    from live.lean.live_algorithm import make_live_algorithm

    desk = SimpleNamespace(submit=lambda *arguments: pytest.fail("it was sent"))
    for algorithm, place in ((LiveAlgorithm, "_desk"), (make_live_algorithm(object), "_lean_live_orders")):
        kind, said = outcome(algorithm.submit, SimpleNamespace(**{place: desk}), "IBM", 1, *prices)
        assert kind is TypeError
        assert said.startswith(f"submit: the {argument} is ")


@pytest.mark.parametrize(
    ("name", "arguments", "named", "said"),
    [
        ("limit_order", (2,), {}, "limit_order() missing 1 required argument: 'limit_price'"),
        ("trailing_stop_order", (2, 1.0), {}, "trailing_stop_order() missing 1 required argument: 'trailing_as_perc"),
        ("trailing_stop_order", (2, 1.0, 2.0, 3.0), {}, "trailing_stop_order: trailing_as_percentage is 3.0, and must"),
        ("set_holdings", (0.1, True, True, "", None, 5), {}, "set_holdings() takes at most 6 arguments"),
        ("set_holdings", (), {}, "set_holdings: give a symbol and a percentage, or a list of PortfolioTarget"),
        ("set_holdings", (0.1,), {"weight": 1}, "set_holdings() has no argument 'weight'; it has symbol, percentage"),
        ("set_holdings", (0.1,), {"percentage": 1}, "set_holdings() got multiple values for argument 'percentage'"),
        ("submit_order_request", (), {}, "submit_order_request: the request is a Symbol; give a SubmitOrderRequest"),
    ],
)
def test_lean_s_host_names_what_does_not_fit(
    bench: OrderBench, name: str, arguments: Any, named: Any, said: str
) -> None:
    kind, found = outcome(lambda: getattr(bench.algorithm, name)(bench.ibm, *arguments, **named))
    assert kind is TypeError
    assert found.startswith(said)
    assert bench.sent() == []


def test_no_symbol_is_the_caller_s_error(bench: OrderBench) -> None:
    assert outcome(bench.algorithm.market_order, None, 1)[1].startswith("market_order: the symbol is None")
