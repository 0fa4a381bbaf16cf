"""Changes of orders that rest: by the algorithm's tickets they pass the gate, by LEAN's own they are noticed; and cancels."""

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

TEN = RiskSettings(max_order_quantity=10, max_position_quantity=30, price_collar_bps=1_000)


def set_control(bench: OrderBench, bits: ControlBit) -> None:
    TelemetryReader(bench.page.page.path).set_control(bits)


def fields_of(bench: OrderBench, **numbers: float) -> Any:
    fields = bench.lean.UpdateOrderFields()
    for name, value in numbers.items():
        setattr(fields, name, value)
    return fields


@pytest.mark.parametrize("mode", ["inline", "lane"])
@pytest.mark.parametrize("spelling", ["update", "Update", "update_quantity", "UpdateQuantity"])
def test_a_change_of_the_quantity_passes_the_gate(tmp_path: Path, mode: Any, spelling: str) -> None:
    with order_bench(tmp_path, LeanSettings(mode=mode), TEN) as bench:
        ticket = bench.algorithm.limit_order(bench.ibm, 5, 190.0)
        bench.work()
        sizes = {"update": lambda size: fields_of(bench, quantity=size)}.get(spelling.lower(), float)
        response = getattr(ticket, spelling)(sizes(100_000.0))
        assert response.is_error
        assert response.error_message.startswith("ORDER_QUANTITY_ABOVE_MAX: ")
        assert response.order_id == ticket.order_id
        bench.work()
        assert ticket.quantity == 5
        assert getattr(ticket, spelling)(sizes(9.0)).is_success
        bench.work()
        bench.orders.review()
        assert ticket.quantity == 9
        assert bench.orders.sender.refusals.counts[DenialCode.ORDER_QUANTITY_ABOVE_MAX] == 1
        assert bench.counter(Counter.ORDERS_UNGATED) == 0


@pytest.mark.parametrize("bits", [ControlBit.KILL, ControlBit.PAUSE])
def test_a_halt_refuses_changes_but_for_those_of_the_tag(tmp_path: Path, bits: ControlBit) -> None:
    with order_bench(tmp_path) as bench:
        ticket = bench.algorithm.limit_order(bench.ibm, 5, 190.0)
        bench.work()
        set_control(bench, bits)
        assert ticket.update_limit_price(191.0).is_error
        assert ticket.update(fields_of(bench, quantity=6)).is_error
        assert ticket.update_tag("why").is_success
        assert ticket.update(fields_of(bench, tag="why")).is_success
        bench.work()
        bench.orders.review()
        assert bench.counter(Counter.ORDERS_UNGATED) == 0
        assert ticket.cancel().is_success


def test_reduce_only_lets_a_change_pass_that_leaves_a_reducing_order(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        bench.algorithm.market_order(bench.ibm, 10)
        bench.work()
        ticket = bench.algorithm.limit_order(bench.ibm, -4, 210.0)
        bench.work()
        set_control(bench, ControlBit.REDUCE_ONLY)
        assert ticket.update_quantity(-10.0).is_success
        assert ticket.update_quantity(-11.0).is_error


def test_the_gate_judges_what_is_left(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=TEN) as bench:
        ticket = bench.algorithm.limit_order(bench.ibm, 9, 190.0)
        bench.work()
        bench.algorithm.transactions._fill(ticket.order_id, 4.0)
        # 14 in all are 10 to fill; 15 would be 11.
        assert ticket.update_quantity(15.0).is_error
        assert ticket.update_quantity(14.0).is_success
        # Below what has filled, and to the other side.
        for quantity in (4.0, 3.0, -5.0):
            assert "Nothing would be left to fill" in ticket.update_quantity(quantity).error_message
        assert ticket.update_quantity(0.0).error_message.startswith("refused: ORDER_QUANTITY_ZERO")


@pytest.mark.parametrize(
    ("call", "prices", "update", "inside", "outside"),
    [
        ("limit_order", (190.0,), "update_limit_price", 185.0, 150.0),
        ("stop_market_order", (210.0,), "UpdateStopPrice", 215.0, 250.0),
    ],
)
def test_the_price_of_a_change_is_judged(
    tmp_path: Path, call: str, prices: Any, update: str, inside: float, outside: float
) -> None:
    with order_bench(tmp_path, risk=TEN) as bench:
        ticket = getattr(bench.algorithm, call)(bench.ibm, 5, *prices)
        bench.work()
        response = getattr(ticket, update)(outside)
        assert response.error_message.startswith("PRICE_OUTSIDE_COLLAR")
        assert getattr(ticket, update)(inside).is_success


def test_the_books_follow_what_lean_makes_of_a_change(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_position_quantity=10)) as bench:
        ticket = bench.algorithm.limit_order(bench.ibm, 4, 190.0)
        bench.work()
        transactions = bench.algorithm.transactions
        transactions._buying_power = 0
        assert ticket.update_quantity(9.0).is_success
        assert bench.algorithm.limit_order(bench.ibm, 2, 190.0).order_id == -10
        # LEAN refuses it later, and tells nobody.
        bench.work()
        bench.orders.review()
        assert bench.algorithm.limit_order(bench.ibm, 7, 190.0).order_id == -10
        kept = bench.algorithm.limit_order(bench.ibm, 6, 190.0)
        assert kept.order_id > 0
        bench.work()
        kept.cancel()
        ticket.cancel()
        bench.work()
        # LEAN refuses it at once.
        assert ticket.update_quantity(9.0).is_error
        assert bench.algorithm.limit_order(bench.ibm, 10, 190.0).order_id > 0


def test_a_change_that_lean_refuses_at_once_changes_nothing(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_position_quantity=10)) as bench:
        ticket = bench.algorithm.limit_order(bench.ibm, 4, 190.0)
        bench.work()
        transactions = bench.algorithm.transactions
        code = bench.lean.OrderResponseErrorCode.PRE_ORDER_CHECKS_ERROR
        transactions.update_order = lambda request: bench.lean.OrderResponse.Error(
            request, code, "an update is under way"
        )
        assert ticket.update_quantity(9.0).is_error
        assert bench.algorithm.limit_order(bench.ibm, 6, 190.0).order_id > 0


@pytest.mark.parametrize(("bits", "verdict"), [(0, "would have let it pass"), (1, "KILL_SWITCH_ENGAGED: ")])
def test_a_change_by_leans_own_ticket_is_counted_told_and_followed(tmp_path: Path, bits: int, verdict: str) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_position_quantity=100)) as bench:
        mine = bench.algorithm.limit_order(bench.ibm, 5, 190.0)
        bench.work()
        assert mine.update_quantity(6.0).is_success
        bench.work()
        set_control(bench, ControlBit(bits))
        own = bench.algorithm.transactions.get_order_ticket(mine.order_id)
        own.update_tag("of no concern")
        bench.work()
        own.update_quantity(90.0)
        bench.work()
        bench.orders.review()
        bench.orders.review()
        assert bench.counter(Counter.ORDERS_UNGATED) == 1
        (line,) = [text for text in bench.lines("error") if "was changed to 90 past the risk gate" in text]
        assert line.startswith("order 1 of IBM")
        assert verdict in line
        set_control(bench, ControlBit(0))
        assert bench.algorithm.limit_order(bench.ibm, 11, 190.0).order_id == -10
        assert bench.algorithm.limit_order(bench.ibm, 10, 190.0).order_id > 0


def test_legs_and_liquidations_have_gated_tickets_too(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=TEN) as bench:
        legs = [bench.lean.Leg.create(bench.ibm, 1), bench.lean.Leg.create(bench.btc, -1)]
        tickets = [*bench.algorithm.combo_market_order(legs, 2), bench.algorithm.exercise_option(bench.ibm, 1)]
        assert [each.update_quantity(1_000.0).is_error for each in tickets] == [True, True, True]
        bench.work()
        (out, *_) = bench.algorithm.liquidate()
        assert out.update_quantity(-1_000.0).is_error


@pytest.mark.parametrize("arguments", [(), ("many",), (float("nan"),)])
def test_arguments_of_changes_that_lean_would_refuse_are_named(tmp_path: Path, arguments: Any) -> None:
    with order_bench(tmp_path) as bench:
        ticket = bench.algorithm.limit_order(bench.ibm, 5, 190.0)
        with pytest.raises((TypeError, ValueError), match="update_limit_price"):
            ticket.update_limit_price(*arguments)
        with pytest.raises(TypeError, match="update"):
            ticket.update()


def test_tickets_are_equal_to_leans(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        one, two = (bench.algorithm.limit_order(bench.ibm, 5, 190.0) for _ in range(2))
        own = bench.algorithm.transactions.get_order_ticket(one.order_id)
        assert one == own
        assert hash(one) == hash(own)
        assert one != two
        assert one != 1
        assert str(one) == str(own)
        assert {one: "first"}[own] == "first"


WAYS = """from AlgorithmImports import *


class Main(QCAlgorithm):
    def on_order_event(self, event):
        event.ticket.update_quantity(9)

    def on_data(self, data):
        for ticket in self.transactions.get_open_order_tickets():
            ticket.UpdateLimitPrice(1)
        own = self.Transactions.GetOrderTicket(1)
        own.update(UpdateOrderFields())
        self.kept = self.transactions.get_order_tickets(lambda each: each.update({}))[0]
        self.kept.update_stop_price(3)
        self.transactions.update_order(None)
        [each.update_quantity(2) for each in self.transactions.get_order_tickets()]
"""
GATED = """from AlgorithmImports import *


class Main(QCAlgorithm):
    def on_data(self, data):
        ticket = self.limit_order("IBM", 1, 2)
        ticket.update_quantity(3)
        counts = {}
        counts.update(a=1)
        for each in self.transactions.get_open_order_tickets():
            each.cancel()
            counts.update(b=each.order_id)

    def look(self):
        for ticket in list(self.transactions.get_order_tickets()):
            self.log(str(ticket))
"""


def test_changes_by_leans_own_tickets_are_found_in_the_source(tmp_path: Path) -> None:
    with pytest.raises(AlgorithmError) as error, order_bench(tmp_path, LeanSettings(require_gate=True), source=WAYS):
        pass
    said = str(error.value)
    for line, member in (
        (6, "event.ticket.update_quantity"),
        (10, "ticket.UpdateLimitPrice"),
        (12, "own.update"),
        (14, "self.kept.update_stop_price"),
        (15, "transactions.update_order"),
        (16, "each.update_quantity"),
    ):
        assert f"main.py line {line}: {member}: " in said
    other = tmp_path / "gated"
    other.mkdir()
    with order_bench(other, LeanSettings(require_gate=True), source=GATED) as bench:
        assert bench.lines("debug") == []


# -- cancellations by handle


def test_a_cancellation_before_lean_has_numbered_the_order_is_kept(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        asked: list[bool] = []
        transactions = bench.algorithm.transactions
        add_order = transactions.add_order

        def early(request: Any) -> Any:
            # Another thread knows the handle before the call has returned: that of the pool's first order.
            thread = threading.Thread(target=lambda: asked.append(bench.orders.cancel(0)))
            thread.start()
            thread.join()
            return add_order(request)

        transactions.add_order = early
        handle = bench.orders.submit(bench.ibm, 1, 190.0, 0.0)
        assert handle == 0
        assert asked == [True]
        # LEAN refuses while the status is NEW.
        assert [each.status.name for each in transactions.get_order_tickets()] == ["NEW"]
        bench.work()
        assert [each.status.name for each in transactions.get_order_tickets()] == ["CANCELED"]
        assert bench.orders.state(handle) == OrderState.FREE
        assert bench.orders.sender.gate.risk.open_orders == 0
        assert not bench.orders.cancel(handle)


def test_an_order_that_lean_tells_of_while_it_is_to_be_canceled_is_canceled(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        handle = bench.orders.submit(bench.ibm, 1, 190.0, 0.0)
        cancellations = bench.orders.sender.cancellations
        is_cancelable, looks = cancellations._is_cancelable, []

        def told_meanwhile(handle: int) -> bool:
            looks.append(is_cancelable(handle))
            if len(looks) == 1:
                bench.work()
            return looks[-1]

        cancellations._is_cancelable = told_meanwhile  # type: ignore[method-assign]
        assert bench.orders.cancel(handle)
        assert looks == [False, True]
        bench.work()
        assert bench.orders.state(handle) == OrderState.FREE


def test_the_wish_to_cancel_ends_with_the_order(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        transactions = bench.algorithm.transactions
        add_order, asked = transactions.add_order, []

        def refused(request: Any) -> Any:
            asked.append(bench.orders.cancel(0))
            code = bench.lean.OrderResponseErrorCode.MISSING_SECURITY
            return transactions._refuse(request, code, "no such security")

        transactions.add_order = refused
        assert bench.orders.submit(bench.ibm, 1, 190.0, 0.0) == 0
        transactions.add_order = add_order
        assert asked == [True]
        again = bench.orders.submit(bench.ibm, 1, 190.0, 0.0)
        bench.work()
        assert bench.orders.state(again) == OrderState.SUBMITTED
