"""Models that raise: what becomes of the order, what the log says, and what ends the run all the same."""

from __future__ import annotations

from typing import Any

import pytest
from support.paper_doubles import quote_bar, trade_bar
from support.trading_floor import TradingFloor

from live.algorithm.enums import OrderResponseErrorCode, OrderStatus
from live.algorithm.order_terms import CashAmount, OrderFee
from live.algorithm.orders import LimitOrder, OrderEvent, StopMarketOrder
from live.errors import CallbackTimeout, RunInterrupted
from live.paper.model_errors import ModelErrors
from live.paper.models.buying_power import BuyingPowerModel
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fees import FeeModel, InteractiveBrokersFeeModel
from live.paper.models.settlement import ImmediateSettlementModel
from live.paper.models.slippage import NullSlippageModel
from live.paper.securities import Security


class Broken:
    """Raises while it is broken."""

    is_broken = True

    def fail(self) -> None:
        if self.is_broken:
            raise ZeroDivisionError("nothing to divide by")


def floor() -> tuple[TradingFloor, Security]:
    desk = TradingFloor()
    spy = desk.add("SPY")
    show(desk, spy, "10:00", 100.0)
    return desk, spy


def show(desk: TradingFloor, security: Security, at: str, price: float) -> None:
    trade_bar(security, f"2013-10-07T{at}", (price,) * 4)
    quote_bar(security, f"2013-10-07T{at}", (price,) * 4, (price,) * 4)
    desk.at(security, f"2013-10-07T{at}")
    desk.transactions.process_step()


def test_an_order_rests_while_its_fill_model_raises() -> None:
    class BrokenFill(EquityFillModel, Broken):
        def market_fill(self, asset: Any, order: Any) -> OrderEvent:
            self.fail()
            return super().market_fill(asset, order)

    desk, spy = floor()
    spy.set_fill_model(BrokenFill())
    ticket = desk.send(spy, 10)
    assert (ticket.status, desk.story) == (OrderStatus.SUBMITTED, [(1, "SUBMITTED")])
    (line,) = desk.errors
    assert line.startswith(
        "Order Error: id: 1, Transaction model failed to fill for order type: Market with error: "
        "BrokenFill raised ZeroDivisionError: nothing to divide by ("
    )
    assert "test_model_errors.py line " in line
    BrokenFill.is_broken = False
    show(desk, spy, "10:01", 101.0)
    assert (ticket.status, ticket.average_fill_price) == (OrderStatus.FILLED, 101.0)


def test_an_order_rests_while_its_slippage_model_raises() -> None:
    class BrokenSlippage(NullSlippageModel, Broken):
        def get_slippage_approximation(self, asset: Any, order: Any) -> Any:
            self.fail()

    desk, spy = floor()
    spy.set_slippage_model(BrokenSlippage())
    ticket = desk.send(spy, 10)
    assert ticket.status is OrderStatus.SUBMITTED
    limit = desk.send(spy, 10, LimitOrder, limit_price=100)
    show(desk, spy, "10:01", 99.0)
    assert limit.status is OrderStatus.FILLED, "limit orders have no slippage"
    stop = desk.send(spy, -10, StopMarketOrder, stop_price=98)
    show(desk, spy, "10:02", 97.0)
    assert stop.status is OrderStatus.SUBMITTED


class BrokenFee(FeeModel, Broken):
    def get_order_fee(self, parameters: Any) -> OrderFee:
        self.fail()
        return OrderFee(CashAmount(2, "USD"))


def test_an_order_whose_fee_cannot_be_known_at_the_submission_is_never_placed() -> None:
    desk, spy = floor()
    spy.set_fee_model(BrokenFee())
    ticket = desk.send(spy, 10)
    (event,) = desk.events
    assert (event.status, event.message) == (OrderStatus.NEW, "Error executing margin models")
    assert ticket.status is OrderStatus.NEW
    response = ticket.submit_request.response
    assert response.error_code is OrderResponseErrorCode.PROCESSING_ERROR
    assert response.error_message == "An error occurred while checking sufficient buying power for the orders."
    assert desk.errors[0].startswith(
        "Order Error: id: 1, Error executing margin models: SecurityMarginModel raised Zero"
    )
    assert ticket.cancel().error_code is OrderResponseErrorCode.INVALID_NEW_ORDER_STATUS
    show(desk, spy, "10:01", 100.0)
    assert len(desk.events) == 1


def test_an_order_that_needs_no_margin_fills_without_the_fee_that_raised() -> None:
    desk, spy = floor()
    desk.send(spy, 10)
    spy.set_fee_model(BrokenFee())
    ticket = desk.send(spy, -10)
    assert ticket.status is OrderStatus.FILLED
    assert desk.events[-1].order_fee.value.amount == 0.0
    assert "Transaction model failed to fill for order type: Market with error: BrokenFee raised" in desk.errors[0]
    assert spy.holdings.total_fees == 1.0


def test_a_fee_model_that_returns_a_number_counts_as_one_that_raises() -> None:
    class NumberFee:
        def get_order_fee(self, parameters: Any) -> float:
            return 1.0

    desk, spy = floor()
    desk.send(spy, 10)
    spy.set_fee_model(NumberFee())
    assert desk.send(spy, -10).status is OrderStatus.FILLED
    assert "NumberFee.get_order_fee returned 1.0; return OrderFee(" in desk.errors[0]


def test_a_fill_model_that_returns_something_else_counts_as_one_that_raises() -> None:
    class WrongFill(EquityFillModel):
        def market_fill(self, asset: Any, order: Any) -> Any:
            return None

    desk, spy = floor()
    spy.set_fill_model(WrongFill())
    assert desk.send(spy, 10).status is OrderStatus.SUBMITTED
    assert "WrongFill answered [None] to an order; return an OrderEvent" in desk.errors[0]


class BrokenMargin(BuyingPowerModel, Broken):
    def has_sufficient_buying_power_for_order(self, parameters: Any) -> Any:
        self.fail()
        return super().has_sufficient_buying_power_for_order(parameters)


def test_a_resting_order_becomes_invalid_when_its_margin_model_raises() -> None:
    desk, spy = floor()
    model = BrokenMargin()
    model.is_broken = False
    spy.set_buying_power_model(model)
    ticket = desk.send(spy, 10, LimitOrder, limit_price=90)
    model.is_broken = True
    show(desk, spy, "10:01", 95.0)
    assert ticket.status is OrderStatus.INVALID
    assert desk.events[-1].message == "nothing to divide by"
    assert "Order Error: ids: [1], Error executing margin models: BrokenMargin raised Zero" in desk.errors[0]


def test_an_update_is_not_made_when_the_margin_model_raises() -> None:
    desk, spy = floor()
    model = BrokenMargin()
    model.is_broken = False
    spy.set_buying_power_model(model)
    ticket = desk.send(spy, 10, LimitOrder, limit_price=90)
    model.is_broken = True
    ticket.update_quantity(20)
    desk.transactions.process_queue()
    told = [(event.status.name, event.message) for event in desk.events]
    assert told[1] == ("SUBMITTED", "Error executing margin models")
    assert ticket.quantity == 10.0


def test_a_settlement_model_that_raises_leaves_the_holding_as_it_was() -> None:
    class BrokenSettlement(ImmediateSettlementModel):
        def apply_funds(self, parameters: Any) -> None:
            raise KeyError("no such account")

    desk, spy = floor()
    spy.set_settlement_model(BrokenSettlement())
    ticket = desk.send(spy, 10)
    assert (ticket.status, ticket.quantity_filled) == (OrderStatus.FILLED, 10.0)
    assert (spy.holdings.quantity, spy.holdings.average_price) == (0.0, 0.0)
    assert desk.errors[0].startswith("Fill error: id: 1: BrokenSettlement raised KeyError: 'no such account' (")


@pytest.mark.parametrize("error", [CallbackTimeout("too long"), RunInterrupted("stopped")])
def test_what_ends_the_run_is_not_taken_for_an_error_of_a_model(error: Exception) -> None:
    class Slow(EquityFillModel):
        def fill(self, parameters: Any) -> Any:
            raise error

    desk, spy = floor()
    spy.set_fill_model(Slow())
    with pytest.raises(type(error)):
        desk.send(spy, 10)
    assert desk.errors == []


def test_an_error_is_reported_at_its_first_tenth_and_hundredth_time() -> None:
    lines: list[str] = []
    errors = ModelErrors(lines.append)
    for number in range(1, 151):
        errors.report(f"order {number}", InteractiveBrokersFeeModel(), ValueError("odd"))
    assert [line.partition(":")[0] for line in lines] == ["order 1", "order 10", "order 100"]
    assert lines[1].endswith("; so far 10 times")
