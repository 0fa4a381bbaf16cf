"""What the gate knows of LEAN at each order, and what it forgets: refusals, full pools, days, securities, positions, statuses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.lean_orders import OrderBench, order_bench

from live.config import LeanSettings, RiskSettings
from live.hot.denials import DenialCode
from live.hot.orders import OrderPool, OrderState


@pytest.mark.parametrize("mode", ["inline", "lane"])
def test_an_order_that_lean_refuses_is_open_nowhere(tmp_path: Path, mode: Any) -> None:
    with order_bench(tmp_path, LeanSettings(mode=mode), RiskSettings(max_open_orders=1)) as bench:
        for _ in range(3):
            # Less than a lot.
            assert bench.algorithm.limit_order(bench.ibm, 0.5, 190.0).order_id == -10
        assert bench.orders.submit(bench.ibm, 0.5, 190.0, 0.0) >= 0
        bench.work()
        assert bench.orders.sender.gate.risk.open_orders == bench.orders.sender.pool.used == 0
        assert bench.algorithm.limit_order(bench.ibm, 1, 190.0).order_id == 1


def test_an_order_without_a_slot_is_open_nowhere(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        sender = bench.orders.sender

        class Taken:
            """A pool whose last slot another thread takes between the two looks."""

            def __init__(self, pool: OrderPool) -> None:
                self._pool = pool

            def __getattr__(self, name: str) -> Any:
                return getattr(self._pool, name)

            def take(self, *words: int) -> int:
                return -1

        sender.pool = Taken(sender.pool)  # type: ignore[assignment]
        ticket = bench.algorithm.limit_order(bench.ibm, 1, 190.0)
        assert ticket.submit_request.response.error_message.startswith("POOL_EXHAUSTED")
        assert sender.gate.risk.open_orders == 0
        assert sender.refusals.counts[DenialCode.POOL_EXHAUSTED] == 1


def test_the_position_is_leans_at_each_order(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_position_quantity=10)) as bench:
        # A transfer, a split, an assignment: no order event tells of it.
        bench.algorithm.portfolio._fill(bench.ibm, 8.0, 200.0)
        assert bench.algorithm.market_order(bench.ibm, 3).order_id == -10
        assert bench.algorithm.market_order(bench.ibm, 2).order_id > 0


def test_the_daily_loss_counts_from_the_first_look_of_a_day(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_daily_loss=50)) as bench:
        bench.algorithm.market_order(bench.ibm, 10)
        bench.work()
        bench.tick(bench.ibm, 194.0)
        bench.orders.review()
        assert bench.algorithm.market_order(bench.ibm, 1).order_id == -10
        gate, day = bench.orders.sender.gate, bench.algorithm.time.date()
        gate.account.day = lambda: day + timedelta(days=1)  # type: ignore[method-assign]
        bench.orders.review()
        assert bench.algorithm.market_order(bench.ibm, 1).order_id > 0
        bench.work()
        bench.tick(bench.ibm, 189.0)
        bench.orders.review()
        assert bench.algorithm.market_order(bench.ibm, 1).order_id == -10


def test_a_price_grows_old_between_the_steps_of_the_engine(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_quote_age_seconds=60)) as bench:
        bench.algorithm._utc_time -= timedelta(seconds=61)
        bench.algorithm.securities[bench.ibm].local_time = (
            bench.algorithm.securities[bench.ibm].get_last_data().end_time
        )
        ticket = bench.algorithm.market_order(bench.ibm, 1)
        assert ticket.submit_request.response.error_message.startswith("MARKET_QUOTE_STALE")


class Changes:
    """What LEAN tells of securities."""

    def __init__(self, *added: Any) -> None:
        self.added_securities = list(added)


def test_a_security_that_was_removed_and_added_again_is_looked_at_anew(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(price_collar_bps=100)) as bench:
        assert bench.algorithm.limit_order(bench.ibm, 1, 199.0).order_id == 1
        securities = bench.algorithm.securities
        old = securities[bench.ibm]
        again = type(old).__new__(type(old))
        again.__dict__.update(vars(old))
        securities._items[bench.ibm] = again
        bench.orders.on_securities_changed(Changes(again))
        bench.tick(bench.ibm, 100.0)
        # The object of before stays at 200.
        assert bench.algorithm.limit_order(bench.ibm, 1, 199.0).order_id == -10
        assert bench.algorithm.limit_order(bench.ibm, 1, 99.5).order_id == 2


def test_targets_that_change_less_than_a_lot_are_left_out(tmp_path: Path) -> None:
    with order_bench(tmp_path) as bench:
        lean = bench.lean
        securities = bench.algorithm.securities
        securities[bench.ibm].symbol_properties._lot_size = 100.0
        wanted = [lean.PortfolioTarget(bench.ibm, 0.015), lean.PortfolioTarget(bench.btc, 0.1)]
        bench.algorithm.set_holdings(wanted)
        bench.work()
        assert [symbol for symbol, _, _ in bench.sent()] == ["BTCUSD"]
        assert bench.lines("error") == []


def test_liquidate_within_an_order_event_does_not_wait(tmp_path: Path) -> None:
    with order_bench(tmp_path, LeanSettings(synchronous_orders="keep")) as bench:
        bench.algorithm.market_order(bench.btc, 1)
        bench.work()
        tickets: list[Any] = []

        def out(event: Any) -> None:
            bench.on_event = lambda event: None
            tickets.extend(bench.algorithm.liquidate(bench.btc))

        bench.on_event = out
        bench.algorithm.limit_order(bench.ibm, 1, 100.0)
        bench.algorithm.transactions._carry_out(bench.algorithm.transactions._requests.get())
        assert [each.submit_request.asynchronous for each in tickets] == [True]
        bench.work()
        bench.algorithm.market_order(bench.btc, 1)
        bench.work()
        (outside,) = bench.algorithm.liquidate(bench.btc)
        assert outside.submit_request.asynchronous is False


def test_a_refused_order_keeps_its_tag(tmp_path: Path) -> None:
    with order_bench(tmp_path, risk=RiskSettings(max_order_quantity=1)) as bench:
        algorithm = bench.algorithm
        legs = [bench.lean.Leg.create(bench.ibm, 1)]
        refused = [
            algorithm.market_order(bench.ibm, 2, False, "why"),
            algorithm.limit_order(bench.ibm, 2, 190.0, True, "why"),
            algorithm.sell(bench.ibm, 2, tag="why"),
        ]
        bench.orders.sender.gate._control = lambda: 1
        refused += [
            *algorithm.combo_market_order(legs, 2, False, "why"),
            *algorithm.combo_market_order(legs, 2, tag="why"),
            algorithm.exercise_option(bench.ibm, 1, False, "why"),
        ]
        assert [each.order_id for each in refused] == [-10] * 6
        assert [each.tag for each in refused] == ["why"] * 6


class Status:
    """A status that this version does not know."""

    name = "HALTED"

    def __str__(self) -> str:
        return "Halted"


def tell(bench: OrderBench, status: Any, **fill: float) -> None:
    """Tell of an order with a status."""
    event = bench.lean.OrderEvent(bench.algorithm.transactions.get_order_ticket(1), status, None, **fill)
    bench.orders.on_order_event(event)
    bench.orders.after_order_event()


def test_a_status_that_is_not_known_leaves_the_order_open(tmp_path: Path) -> None:
    with order_bench(tmp_path, LeanSettings(order_timeout_seconds=1e-6)) as bench:
        handle = bench.orders.submit(bench.ibm, 5, 190.0, 0.0)
        tell(bench, Status())
        tell(bench, Status())
        bench.orders.review()
        bench.orders.review()
        (line,) = [text for text in bench.lines("error") if "status Halted" in text]
        assert "counts as open" in line
        # An answer it was.
        assert bench.orders.state(handle) == OrderState.CREATED
        risk = bench.orders.sender.gate.risk
        assert risk.open_orders == 1
        bench.algorithm.transactions._process()
        assert bench.orders.state(handle) == OrderState.SUBMITTED
        tell(bench, Status(), quantity=2.0)
        assert bench.orders.state(handle) == OrderState.PARTIALLY_FILLED


def test_records_of_calls_are_used_again_and_never_twice_at_once(tmp_path: Path) -> None:
    for mode in ("inline", "lane"):
        folder = tmp_path / mode
        folder.mkdir()
        with order_bench(folder, LeanSettings(mode=mode), RiskSettings(max_order_quantity=50)) as bench:
            calls = bench.orders.sender.calls
            made = len(calls._free)
            inside: list[Any] = []

            def nested(event: Any, bench: OrderBench = bench, inside: list[Any] = inside) -> None:
                if event.status.name == "SUBMITTED" and len(inside) < 20:
                    inside.append(bench.algorithm.limit_order(bench.btc, 1, 90.0))

            bench.on_event = nested
            for quantity in range(1, 60):
                bench.algorithm.limit_order(bench.ibm, quantity, 190.0)
                bench.orders.submit(bench.ibm, quantity, 190.0, 0.0)
                bench.algorithm.liquidate(bench.eth)
                bench.work()
            bench.work()
            assert len(calls._free) == len({id(each) for each in calls._free}) == made
            assert len(inside) == 20
            assert [size for _, size, _ in bench.sent() if _ == "LIMIT"].count(1.0) == 22
