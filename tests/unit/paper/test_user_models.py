"""Models of the user's: plain classes in both spellings, brokerage models in LEAN's Python forms, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from support.paper_doubles import quote_bar, trade_bar
from support.trading_floor import TradingFloor

from live.algorithm.enums import AccountType, OrderDirection, OrderStatus, SecurityType
from live.algorithm.order_terms import CashAmount, OrderFee, utc_datetime
from live.algorithm.orders import LimitOrder, OrderEvent
from live.errors import AlgorithmRuntimeError, UsageError
from live.paper.models.brokerage import DefaultBrokerageModel
from live.paper.models.brokerage_messages import BrokerageMessageEvent, BrokerageMessageType
from live.paper.models.fills import Fill, FillModel
from live.paper.models.initializer import (
    BROKERAGE_METHODS,
    BrokerageModelSecurityInitializer,
    FuncSecuritySeeder,
    SecuritySeeder,
    apply_models,
)
from live.paper.models.settlement import ImmediateSettlementModel
from live.paper.models.spelling import require_methods
from live.paper.securities import Security

WARNING = BrokerageMessageType.WARNING


def floor(model: Any = None) -> tuple[TradingFloor, Security]:
    desk = TradingFloor()
    if model is not None:
        desk.brokerage_model = model
    spy = desk.add("SPY")
    show(desk, spy, "10:00", 100.0)
    return desk, spy


def show(desk: TradingFloor, security: Security, at: str, price: float) -> None:
    trade_bar(security, f"2013-10-07T{at}", (price,) * 4)
    quote_bar(security, f"2013-10-07T{at}", (price,) * 4, (price,) * 4)
    desk.at(security, f"2013-10-07T{at}")
    desk.transactions.process_step()


# -- brokerage models


class NoShorts(DefaultBrokerageModel):
    """Refuses sales, and updates of the quantity."""

    def can_submit_order(self, security: Any, order: Any, message: Any = None) -> Any:
        if order.quantity < 0:
            return False, BrokerageMessageEvent(WARNING, "NoShorts", "buy only")
        return super().can_submit_order(security, order, message)

    def can_update_order(self, security: Any, order: Any, request: Any, message: Any = None) -> Any:
        if request.quantity is not None:
            return False, None
        return super().can_update_order(security, order, request, message)


class NoShortsInPascalCase(DefaultBrokerageModel):
    def CanSubmitOrder(self, security: Any, order: Any, message: Any) -> Any:  # noqa: N802
        if order.Quantity < 0:
            return False, BrokerageMessageEvent(WARNING, "NoShorts", "buy only")
        return super().CanSubmitOrder(security, order, message)

    def CanUpdateOrder(self, security: Any, order: Any, request: Any, message: Any) -> Any:  # noqa: N802
        return request.Quantity is None, None


@pytest.mark.parametrize("kind", [NoShorts, NoShortsInPascalCase])
def test_a_brokerage_model_refuses_orders_and_updates(kind: Any) -> None:
    desk, spy = floor(kind())
    assert desk.send(spy, 1).status is OrderStatus.FILLED
    refused = desk.send(spy, -1)
    text = "BrokerageModel declared unable to submit order: [2] Warning - Code: NoShorts - buy only"
    assert (refused.status, desk.events[-1].message, desk.errors) == (OrderStatus.INVALID, text, [text])
    resting = desk.send(spy, 1, LimitOrder, limit_price=90)
    assert resting.update_limit_price(91).is_success
    resting.update_quantity(2)
    desk.transactions.process_step()
    assert (resting.quantity, resting.status) == (1.0, OrderStatus.UPDATE_SUBMITTED)
    assert desk.events[-1].message == "BrokerageModel declared unable to update order"
    assert desk.errors[-1].startswith("OrderID: 3 Warning - Code: InvalidRequest - BrokerageModel declared unable")


def test_a_brokerage_model_holds_orders_back() -> None:
    class Patient(DefaultBrokerageModel):
        is_open = False

        def can_execute_order(self, security: Any, order: Any) -> bool:
            return self.is_open

    desk, spy = floor(Patient())
    ticket = desk.send(spy, 1)
    assert ticket.status is OrderStatus.SUBMITTED
    desk.brokerage_model.is_open = True
    show(desk, spy, "10:01", 101.0)
    assert ticket.status is OrderStatus.FILLED


@pytest.mark.parametrize("answer", [True, None, (True,), (1, None), (False, "no")])
def test_answers_that_lean_does_not_take_end_the_run(answer: Any) -> None:
    class Wrong(DefaultBrokerageModel):
        def can_submit_order(self, security: Any, order: Any, message: Any = None) -> Any:
            return answer

    desk, spy = floor(Wrong())
    with pytest.raises(AlgorithmRuntimeError, match=r"Wrong\.can_submit_order returned .*; (return|the first)"):
        desk.send(spy, 1)


def test_a_brokerage_model_that_raises_ends_the_run() -> None:
    class Broken(DefaultBrokerageModel):
        def can_execute_order(self, security: Any, order: Any) -> bool:
            raise KeyError("gone")

    desk, spy = floor(Broken())
    with pytest.raises(AlgorithmRuntimeError, match=r"can_execute_order raised KeyError: 'gone' \(.*line"):
        desk.send(spy, 1)


def test_a_plain_brokerage_model_needs_all_methods() -> None:
    class Half:
        def CanSubmitOrder(self, *arguments: Any) -> Any:  # noqa: N802
            return True, None

    with pytest.raises(UsageError, match=r"IBrokerageModel must be fully implemented; add to Half: account_type, "):
        require_methods(Half(), BROKERAGE_METHODS, "IBrokerageModel")
    require_methods(DefaultBrokerageModel(), BROKERAGE_METHODS, "IBrokerageModel")


def test_the_leverage_of_a_brokerage_model_counts_whatever_its_buying_power_model_was_made_with() -> None:
    class Cautious(DefaultBrokerageModel):
        def get_leverage(self, security: Any) -> Any:
            return 1.5

    _, spy = floor()
    apply_models(Cautious(), spy)
    assert spy.leverage == pytest.approx(1.5)


# -- security initializers


def test_an_initializer_starts_from_the_brokerages_models() -> None:
    class Initializer(BrokerageModelSecurityInitializer):
        def initialize(self, security: Any) -> None:
            super().initialize(security)
            security.set_leverage(1)

    _, spy = floor()
    bar = trade_bar(spy, "2013-10-07T10:01", (50.0,) * 4)
    fresh = TradingFloor().add("SPY")
    Initializer(DefaultBrokerageModel(), FuncSecuritySeeder(lambda security: [bar])).Initialize(fresh)
    assert (fresh.leverage, fresh.price) == (1.0, 50.0)
    SecuritySeeder.NULL.seed_security(fresh)
    assert fresh.price == 50.0


# -- plain models


class PascalFee:
    def GetOrderFee(self, parameters: Any) -> OrderFee:  # noqa: N802
        return OrderFee(CashAmount(2, "USD"))


class PascalSlippage:
    def GetSlippageApproximation(self, asset: Any, order: Any) -> float:  # noqa: N802
        return 0.25


class PlainFill:
    def market_fill(self, asset: Any, order: Any) -> OrderEvent:
        event = OrderEvent(order, utc_datetime(asset.time_ns).replace(tzinfo=None), OrderFee.ZERO)
        event.status = OrderStatus.FILLED
        event.fill_price = asset.ask_price + 1
        event.fill_quantity = order.quantity
        return event


class PlainSettlement:
    def __init__(self) -> None:
        self.inner = ImmediateSettlementModel()
        self.amounts: list[float] = []

    def ApplyFunds(self, parameters: Any) -> None:  # noqa: N802
        self.amounts.append(parameters.cash_amount.amount)
        self.inner.apply_funds(parameters)

    def Scan(self, parameters: Any) -> None:  # noqa: N802
        self.inner.scan(parameters)

    def GetUnsettledCash(self) -> Any:  # noqa: N802
        return self.inner.get_unsettled_cash()


def test_plain_models_in_both_spellings_are_asked() -> None:
    desk, spy = floor()
    settlement = PlainSettlement()
    spy.set_fee_model(PascalFee())
    spy.set_slippage_model(PascalSlippage())
    spy.set_settlement_model(settlement)
    ticket = desk.send(spy, 2)
    assert ticket.average_fill_price == 100.25
    assert (spy.holdings.total_fees, settlement.amounts) == (2.0, [-200.5])
    assert spy.holdings.unrealized_profit == -2.5
    spy.set_fill_model(PlainFill())
    assert desk.send(spy, 1).average_fill_price == 101.0
    assert desk.events[-1].time_ns == desk.time_ns


def test_partial_fills_go_on_until_the_model_says_that_all_is_filled() -> None:
    class Halves(FillModel):
        def fill(self, parameters: Any) -> Fill:
            order = parameters.order
            event = OrderEvent(order, parameters.security.time_ns)
            done = order.id in self.seen
            self.seen.add(order.id)
            event.fill_price, event.fill_quantity = 100.0, order.quantity / 2
            event.status = OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED
            return Fill([event])

        def __init__(self) -> None:
            self.seen: set[int] = set()

    desk, spy = floor()
    spy.set_fill_model(Halves())
    ticket = desk.send(spy, 10)
    assert (ticket.status, ticket.quantity_filled, spy.holdings.total_fees) == (OrderStatus.PARTIALLY_FILLED, 5.0, 0.0)
    assert desk.transactions.get_open_orders_remaining_quantity() == 5.0
    show(desk, spy, "10:01", 101.0)
    assert (ticket.status, ticket.quantity_filled, spy.holdings.total_fees) == (OrderStatus.FILLED, 10.0, 1.0)


@pytest.mark.parametrize("kind", ["slippage", "settlement", "buying_power"])
def test_a_plain_model_without_its_methods_is_refused_when_it_is_set(kind: str) -> None:
    _, spy = floor()
    with pytest.raises(UsageError, match=r"must be fully implemented; add to object: "):
        getattr(spy, f"set_{kind}_model")(object())


# -- the account as users ask for it


def test_margin_remaining_of_a_symbol_adds_what_the_holding_binds_twice_for_the_closing_side() -> None:
    desk, spy = floor()
    desk.send(spy, 100)
    portfolio = desk.portfolio
    assert portfolio.margin_remaining == 94_999.0
    assert portfolio.get_margin_remaining(spy.symbol) == 94_999.0
    assert portfolio.get_margin_remaining("SPY", OrderDirection.SELL) == 104_999.0
    assert portfolio.get_buying_power(spy.symbol, OrderDirection.SELL) == 104_999.0
    assert portfolio.get_margin_remaining(10_000) == 5_000.0
    desk.send(spy, -200)
    assert portfolio.get_margin_remaining(spy.symbol, OrderDirection.SELL) == 94_998.0
    assert portfolio.get_margin_remaining(spy.symbol, OrderDirection.BUY) == 104_998.0


def test_margin_remaining_of_a_pair_is_money_in_a_cash_account_too() -> None:
    desk = TradingFloor(10_000, AccountType.CASH)
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    show(desk, btc, "10:00", 1_000.0)
    btc.base_cash.exact_conversion_rate = btc.exact_price  # type: ignore[union-attr]
    desk.send(btc, 2)
    assert desk.portfolio.get_margin_remaining(btc.symbol) == 10_000.0
    assert desk.portfolio.get_margin_remaining(btc.symbol, OrderDirection.SELL) == 12_000.0


def test_a_holding_tells_its_worth_and_what_closing_it_would_bring() -> None:
    desk, spy = floor()
    desk.send(spy, 10)
    show(desk, spy, "10:01", 103.0)
    held = spy.holdings
    worth = held.get_quantity_value(5)
    assert (worth.amount, worth.in_account_currency, float(worth)) == (515.0, 515.0, 515.0)
    assert held.get_quantity_value(5, 10).amount == 50.0
    assert held.total_close_profit() == held.unrealized_profit == 29.0
    assert held.total_close_profit(False) == 30.0
    assert held.total_close_profit(False, 110, 100, 2) == 20.0
    assert (held.unlevered_holdings_cost, held.unlevered_absolute_holdings_cost) == (500.0, 500.0)
    assert desk.portfolio.total_unlevered_absolute_holdings_cost == 500.0
    held.add_new_dividend(7)
    assert (held.profit, held.net_profit, desk.portfolio.total_profit) == (7.0, 6.0, 7.0)
    assert held.type is SecurityType.EQUITY
