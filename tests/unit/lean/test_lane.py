"""The lane: order of orders, refusals, failures, and the ticket that becomes LEAN's."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.lean_orders import OrderBench, order_bench

from live.clock import monotonic_ns
from live.config import LeanSettings, RiskSettings
from live.errors import EngineFailure, UsageError
from live.hot.denials import DenialCode
from live.hot.orders import OrderState
from live.lean import surface
from live.lean.orders import path
from live.lean.orders.lane import Lane

LANE = LeanSettings(mode="lane")


class Gate:
    """Holds LEAN's order calls until the test lets them go."""

    def __init__(self, bench: OrderBench) -> None:
        self.entered = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        transactions = bench.algorithm.transactions
        add_order = transactions.add_order

        def held(request: Any) -> Any:
            self.entered.release()
            self.go.acquire()
            return add_order(request)

        transactions.add_order = held

    def open(self) -> None:
        """Let everything go from now on."""
        for _ in range(1_000):
            self.go.release()


def test_a_ticket_answers_before_lean_has_the_order(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate = Gate(bench)
        ticket = bench.algorithm.limit_order(bench.ibm, 3, 190.0, tag="mine")
        gate.entered.acquire()
        lean = bench.lean
        assert (ticket.symbol, ticket.quantity, ticket.Quantity) == (bench.ibm, 3, 3)
        assert ticket.order_type == lean.OrderType.LIMIT
        assert ticket.status == ticket.Status == lean.OrderStatus.NEW
        assert (ticket.quantity_filled, ticket.average_fill_price, ticket.quantity_remaining) == (0, 0, 3)
        assert not ticket.is_submitted
        assert "GatedTicket" in repr(ticket)
        gate.open()
        assert ticket.order_id == int(ticket) == 1
        assert ticket.tag == "mine"
        bench.work()
        assert ticket.status == lean.OrderStatus.SUBMITTED
        assert ticket.cancel().is_success


@pytest.mark.parametrize("by", ["ticker", "security"])
def test_a_ticket_says_what_leans_will_say_however_the_order_was_given(tmp_path: Path, by: str) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate = Gate(bench)
        what = "IBM" if by == "ticker" else bench.algorithm.securities[bench.ibm]
        ticket = bench.algorithm.market_order(what, Decimal("2.50"))
        gate.entered.acquire()
        before = (ticket.symbol, ticket.quantity, type(ticket.quantity), ticket.quantity_remaining)
        gate.open()
        assert ticket.order_id == 1
        assert before == (ticket.symbol, ticket.quantity, type(ticket.quantity), ticket.quantity_remaining)
        assert before[0] == bench.ibm


def test_a_refusal_in_the_lane_tells_the_quantity_of_submit(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate = Gate(bench)
        bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        gate.entered.acquire()
        bench.algorithm.market_on_open_order(bench.btc, 1)
        bench.orders.submit(bench.ibm, 7, 0.0, 0.0)
        gate.open()
        bench.orders.sender.lane.drain()
        refused = [(each.ticker, each.quantity) for each in bench.orders.sender.refusals._waiting]
        assert refused == [("BTCUSD", 1.0), ("IBM", 7.0)]
        with pytest.raises(Exception, match="Market never closes"):
            bench.orders.raise_failure()


def test_orders_keep_their_order_and_a_full_lane_refuses(tmp_path: Path) -> None:
    settings = LeanSettings(mode="lane", lane_orders=3)
    with order_bench(tmp_path, settings) as bench:
        gate = Gate(bench)
        first = bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        gate.entered.acquire()
        waiting = [bench.algorithm.limit_order(bench.ibm, quantity, 190.0) for quantity in (2, 3, 4)]
        assert bench.orders.waiting == 3
        refused = bench.algorithm.limit_order(bench.ibm, 5, 190.0)
        assert refused.submit_request.response.error_message.startswith("LANE_FULL")
        assert bench.orders.sender.refusals.counts[DenialCode.LANE_FULL] == 1
        gate.open()
        assert [each.order_id for each in (first, *waiting)] == [1, 2, 3, 4]
        assert [quantity for _, quantity, _ in bench.sent()] == [1, 2, 3, 4]


def test_a_failing_call_closes_the_lane_and_ends_the_algorithm(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate = Gate(bench)
        before = bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        gate.entered.acquire()
        # LEAN raises for a market that never closes.
        failing = bench.algorithm.market_on_open_order(bench.btc, 1)
        behind = bench.algorithm.limit_order(bench.ibm, 2, 190.0)
        gate.open()
        assert before.order_id == 1
        assert [each.order_id for each in (failing, behind)] == [-10, -10]
        assert bench.algorithm.limit_order(bench.ibm, 3, 190.0).status.name == "INVALID"
        with pytest.raises(Exception, match="Market never closes"):
            bench.orders.raise_failure()
        bench.orders.raise_failure()
        assert [quantity for _, quantity, _ in bench.sent()] == [1]
        assert bench.orders.sender.gate.risk.open_orders == 1


def test_inline_the_same_call_raises_at_once(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        with pytest.raises(Exception, match="Market never closes"):
            bench.algorithm.market_on_open_order(bench.btc, 1)
        assert bench.orders.sender.gate.risk.open_orders == 0
        assert bench.orders.sender.pool.used == 0


def test_the_end_hands_over_what_waits(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        for quantity in range(1, 50):
            bench.algorithm.limit_order(bench.ibm, quantity, 190.0)
        bench.orders.end()
        assert [quantity for _, quantity, _ in bench.sent()] == list(range(1, 50))
        ticket = bench.algorithm.limit_order(bench.ibm, 50, 190.0)
        assert ticket.submit_request.response.error_message.startswith("LANE_CLOSED")


def test_an_order_that_still_waits_is_taken_back(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate = Gate(bench)
        first = bench.orders.submit(bench.ibm, 1, 190.0, 0.0)
        gate.entered.acquire()
        second = bench.orders.submit(bench.ibm, 2, 190.0, 0.0)
        assert bench.orders.cancel(second)
        gate.open()
        bench.work()
        assert bench.orders.state(second) == OrderState.FREE
        assert bench.orders.state(first) == OrderState.SUBMITTED
        assert [quantity for _, quantity, _ in bench.sent()] == [1]
        assert bench.orders.sender.gate.risk.open_orders == 1
        assert bench.orders.sender.refusals.total == 0


def test_waiting_orders_are_not_overtaken_by_one_that_waits_for_its_fill(tmp_path: Path) -> None:
    settings = LeanSettings(mode="lane", synchronous_orders="keep")
    with order_bench(tmp_path, settings) as bench:
        for quantity in range(1, 20):
            bench.algorithm.limit_order(bench.ibm, quantity, 190.0, True)
        ticket = bench.algorithm.market_order(bench.ibm, 20)
        assert ticket.order_id == 20
        assert [quantity for _, quantity, _ in bench.sent()] == list(range(1, 21))


def test_the_lanes_own_thread_does_not_wait_for_itself(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        transactions = bench.algorithm.transactions
        add_order = transactions.add_order
        failures: list[UsageError] = []
        tickets: list[Any] = []

        def asking(request: Any) -> Any:
            # An event that LEAN tells on the thread that submits.
            try:
                _ = tickets[0].order_id
            except UsageError as error:
                failures.append(error)
            return add_order(request)

        has_ticket = threading.Event()

        def waiting(request: Any) -> Any:
            has_ticket.wait()
            return asking(request)

        transactions.add_order = waiting
        tickets.append(bench.algorithm.limit_order(bench.ibm, 1, 190.0))
        has_ticket.set()
        assert tickets[0].order_id == 1
        assert len(failures) == 1


def test_an_order_stuck_in_lean_becomes_unknown(tmp_path: Path) -> None:
    settings = LeanSettings(mode="lane", order_timeout_seconds=1e-6)
    with order_bench(tmp_path, settings, RiskSettings()) as bench:
        gate = Gate(bench)
        handle = bench.orders.submit(bench.ibm, 1, 190.0, 0.0)
        behind = bench.orders.submit(bench.ibm, 2, 190.0, 0.0)
        gate.entered.acquire()
        bench.orders.review()
        assert bench.orders.state(handle) == OrderState.UNKNOWN
        assert bench.orders.state(behind) == OrderState.CREATED
        assert any("an order that is being sent of IBM has had no answer" in text for text in bench.lines("error"))
        gate.open()
        bench.work()
        assert bench.orders.state(handle) == OrderState.SUBMITTED


def lane_of(bench: OrderBench) -> Lane:
    lane = bench.orders.sender.lane
    assert lane is not None
    return lane


def test_a_lane_whose_own_work_fails_takes_no_more_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate, lane = Gate(bench), lane_of(bench)
        bench.orders.submit(bench.ibm, 1, 190.0, 0.0)
        gate.entered.acquire()
        second = bench.orders.submit(bench.ibm, 2, 190.0, 0.0)
        behind = bench.algorithm.limit_order(bench.ibm, 3, 190.0)
        assert bench.orders.cancel(second)

        def none(*_: Any) -> Any:
            raise RuntimeError("No method matches given arguments")

        with monkeypatch.context() as patched:
            # LEAN's ticket of an invalid order cannot be made.
            patched.setattr(surface, "invalid_ticket", none)
            gate.open()
            lane._thread.join()
            assert lane.refusal() == DenialCode.LANE_CLOSED
            with pytest.raises(EngineFailure, match="LEAN has given no ticket for the order of 3 IBM"):
                _ = behind.order_id
        assert bench.algorithm.limit_order(bench.ibm, 4, 190.0).status.name == "INVALID"
        assert bench.orders.submit(bench.ibm, 4, 190.0, 0.0) == -DenialCode.LANE_CLOSED
        with pytest.raises(RuntimeError, match="No method matches"):
            bench.orders.raise_failure()
        assert [quantity for _, quantity, _ in bench.sent()] == [1]
        assert bench.orders.sender.gate.risk.open_orders == 1


def test_a_lane_whose_thread_dies_takes_no_more_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with order_bench(tmp_path, LANE) as bench:
        lane = lane_of(bench)

        def dies(handle: int) -> None:
            raise RuntimeError("of the lane itself")

        monkeypatch.setattr(lane, "_hand_over", dies)
        lost = bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        lane._thread.join()
        with pytest.raises(EngineFailure, match="the lane has ended"):
            _ = lost.order_id
        assert bench.algorithm.limit_order(bench.ibm, 2, 190.0).status.name == "INVALID"
        with pytest.raises(RuntimeError, match="of the lane itself"):
            bench.orders.raise_failure()


def test_an_order_that_comes_while_the_lane_ends_is_refused(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        lane, ended = lane_of(bench), threading.Event()
        admit = bench.orders.sender.gate.admit

        def admitted(*terms: Any) -> int:
            # The run ends between the judgement and the queue.
            code = admit(*terms)
            lane.stop(5.0)
            ended.set()
            return code

        bench.orders.sender.gate.admit = admitted  # type: ignore[method-assign]
        ticket = bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        assert ended.is_set()
        assert ticket.status.name == "INVALID"
        assert ticket.submit_request.response.error_message.startswith("LANE_CLOSED")
        assert bench.sent() == []
        assert bench.orders.sender.gate.risk.open_orders == bench.orders.sender.pool.used == 0


def test_what_was_not_sent_at_the_end_is_never_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path, "_END_SECONDS", 0.01)
    with order_bench(tmp_path, LANE) as bench:
        gate, lane = Gate(bench), lane_of(bench)
        bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        gate.entered.acquire()
        waiting = [bench.algorithm.limit_order(bench.ibm, quantity, 190.0) for quantity in (2, 3)]
        bench.orders.end()
        bench.orders.review()
        assert [text for text in bench.lines("error") if "2 orders were still waiting" in text]
        assert bench.orders.sender.refusals.counts[DenialCode.LANE_CLOSED] == 2
        with pytest.raises(EngineFailure):
            _ = waiting[0].order_id
        gate.open()
        lane._thread.join()
        assert [quantity for _, quantity, _ in bench.sent()] == [1]
        assert [each.status.name for each in waiting] == ["INVALID", "INVALID"]
        assert bench.orders.sender.refusals.counts[DenialCode.LANE_CLOSED] == 2
        assert bench.orders.sender.gate.risk.open_orders == 1


def test_an_order_on_its_way_to_lean_is_not_sent_after_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with order_bench(tmp_path, LANE) as bench:
        lane, entered, go = lane_of(bench), threading.Semaphore(0), threading.Semaphore(0)
        answer = lane._answer

        def held(handle: int, call: Any) -> Any:
            entered.release()
            go.acquire()
            return answer(handle, call)

        monkeypatch.setattr(lane, "_answer", held)
        ticket = bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        entered.acquire()
        assert lane.stop(0.01) == []
        go.release()
        lane._thread.join()
        assert ticket.status.name == "INVALID"
        assert bench.sent() == []
        assert bench.orders.sender.refusals.counts[DenialCode.LANE_CLOSED] == 1


def test_a_failed_call_is_told_when_no_data_come_and_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with order_bench(tmp_path, LANE) as bench:
        failing = bench.algorithm.market_on_open_order(bench.btc, 1)
        assert failing.order_id == -10
        lane = lane_of(bench)
        monkeypatch.setattr(path, "monotonic_ns", lambda: lane.failed_ns + 499_000_000)
        bench.orders.review()
        told = [text for text in bench.lines("error") if "an order call in the lane has failed" in text]
        assert told == []
        monkeypatch.setattr(path, "monotonic_ns", monotonic_ns)
        monkeypatch.setattr(path, "_FAILURE_TOLD_NS", 0)
        bench.orders.review()
        bench.orders.review()
        told = [text for text in bench.lines("error") if "an order call in the lane has failed" in text]
        assert len(told) == 1
        assert "Market never closes" in told[0]
        with pytest.raises(Exception, match="Market never closes"):
            bench.orders.end()
        bench.orders.end()


def test_an_order_is_waited_for_that_is_just_being_taken_back(tmp_path: Path) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate, lane = Gate(bench), lane_of(bench)
        bench.orders.submit(bench.ibm, 1, 190.0, 0.0)
        gate.entered.acquire()
        second = bench.orders.submit(bench.ibm, 2, 190.0, 0.0)
        call = lane._calls[second]
        assert call is not None
        # Between the two steps of taking it back.
        assert call.claim()
        gate.open()
        while bench.orders.waiting:
            continue
        assert [quantity for _, quantity, _ in bench.sent()] == [1]
        bench.orders.sender.pool.transition(second, OrderState.CANCELED)
        call.is_withdrawn = True
        lane.drain()
        assert [quantity for _, quantity, _ in bench.sent()] == [1]
        assert bench.orders.sender.gate.risk.open_orders == 1


def test_the_lane_wakes_its_thread_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with order_bench(tmp_path, LANE) as bench:
        gate, lane = Gate(bench), lane_of(bench)
        bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        gate.entered.acquire()
        woken: list[int] = []
        wake = lane._wake
        monkeypatch.setattr(lane, "_wake", lambda: (woken.append(1), wake()))
        for quantity in range(2, 20):
            bench.algorithm.limit_order(bench.ibm, quantity, 190.0)
        assert len(woken) == 1
        gate.open()
        bench.work()
        assert [quantity for _, quantity, _ in bench.sent()] == list(range(1, 20))
