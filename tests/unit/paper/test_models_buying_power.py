"""Margin accounts, in the figures of the real engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from support.paper_doubles import Desk, price

from live.algorithm.enums import OrderDirection, SecurityType
from live.algorithm.orders import LimitOrder
from live.errors import AlgorithmRuntimeError, UsageError
from live.paper.models.buying_power import BuyingPowerModel, SecurityMarginModel
from live.paper.models.fees import ConstantFeeModel, FeeModel
from live.paper.models.parameters import (
    BuyingPowerParameters,
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    InitialMargin,
    MaintenanceMarginParameters,
)
from live.paper.securities import Security

SENT = "2013-10-07T10:00"


def afford(desk: Desk, security: Security, order: Any) -> HasSufficientBuyingPowerForOrderResult:
    parameters = HasSufficientBuyingPowerForOrderParameters(desk.portfolio, security, order)
    return security.buying_power_model.has_sufficient_buying_power_for_order(parameters)  # type: ignore[no-any-return]


def size(desk: Desk, security: Security, weight: str, minimum: str = "0.001") -> GetMaximumOrderQuantityResult:
    """Return the quantity for a share of the portfolio's value, as set_holdings asks for it."""
    target = Decimal(weight) * Decimal("0.9975") / security.buying_power_model.get_leverage(security)
    parameters = GetMaximumOrderQuantityForTargetBuyingPowerParameters(
        desk.portfolio, security, target, Decimal(minimum)
    )
    return security.buying_power_model.get_maximum_order_quantity_for_target_buying_power(parameters)  # type: ignore[no-any-return]


# -- what can be afforded


def test_an_order_above_the_free_margin_is_refused_with_leans_figures() -> None:
    desk = Desk(10_000)
    spy = desk.add("SPY")
    price(spy, 167.44)
    result = afford(desk, spy, desk.order(spy, 1000, SENT))
    assert not result.is_sufficient
    assert result.reason == "Id: 1, Initial Margin: 83725, Free Margin: 10000"


def test_an_order_against_the_holding_may_use_its_margin_twice() -> None:
    desk = Desk(9831.55)
    spy = desk.add("SPY")
    price(spy, 167.37)
    desk.hold(spy, 1, 167.37)
    result = afford(desk, spy, desk.order(spy, -500, SENT))
    assert result.reason == "Id: 1, Initial Margin: -41845, Free Margin: 10082.605"
    result = afford(desk, spy, desk.order(spy, 500, SENT))
    assert result.reason == "Id: 2, Initial Margin: 41845, Free Margin: 9915.235"


def test_limit_orders_are_checked_with_the_current_price() -> None:
    desk = Desk(5737.3)
    spy = desk.add("SPY")
    price(spy, 167.5)
    result = afford(desk, spy, desk.order(spy, 90, SENT, LimitOrder, limit_price=100))
    assert result.reason == "Id: 1, Initial Margin: 7538.5, Free Margin: 5737.3"


@pytest.mark.parametrize("quantity", [-100, -99, -1])
def test_a_reduction_is_always_affordable(quantity: int) -> None:
    desk = Desk(-1_000_000)
    spy = desk.add("SPY")
    price(spy, 167)
    desk.hold(spy, 100, 167)
    assert afford(desk, spy, desk.order(spy, quantity, SENT)).is_sufficient
    assert not afford(desk, spy, desk.order(spy, -101, SENT)).is_sufficient


def test_exactly_the_free_margin_is_enough() -> None:
    desk = Desk(8351)
    spy = desk.add("SPY")
    price(spy, 167)
    assert afford(desk, spy, desk.order(spy, 100, SENT)).is_sufficient
    desk.portfolio.set_cash("USD", 8350.99)
    assert not afford(desk, spy, desk.order(spy, 100, SENT)).is_sufficient


def test_only_the_part_that_is_not_filled_needs_margin() -> None:
    desk = Desk(5_000)
    spy = desk.add("SPY")
    price(spy, 100)
    order = desk.order(spy, 200, SENT)
    assert not afford(desk, spy, order).is_sufficient
    desk.orders.tickets[order.id].exact_quantity_filled = Decimal(110)
    assert afford(desk, spy, order).is_sufficient


def test_an_order_without_a_ticket_is_refused() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    price(spy, 100)
    order = desk.order(spy, 1, SENT)
    desk.orders.tickets.clear()
    assert afford(desk, spy, order).reason == "Null order ticket for id: 1"


@pytest.mark.parametrize(
    ("kind", "ticker", "rate"),
    [(SecurityType.EQUITY, "SPY", "0.5"), (SecurityType.FOREX, "EURUSD", "0.02"), (SecurityType.CRYPTO, "BTCUSD", "1")],
)
def test_margin_rates_of_the_default_brokerage(kind: SecurityType, ticker: str, rate: str) -> None:
    desk = Desk()
    security = desk.add(ticker, kind)
    price(security, 100)
    desk.hold(security, -3, 90)
    parameters = MaintenanceMarginParameters.for_current_holdings(security)
    assert security.buying_power_model.get_maintenance_margin(parameters).exact_value == 300 * Decimal(rate)


# -- what a target needs


def test_target_quantities_of_the_real_engine() -> None:
    desk = Desk(100_000)
    spy, ibm = desk.add("SPY"), desk.add("IBM")
    price(spy, 167.45)
    price(ibm, 182.56)
    assert size(desk, spy, "0.5").exact_quantity == 297
    desk.hold(spy, 297, 167.45)
    desk.portfolio.set_cash("USD", 100_000 - 297 * 167.45 - 1.485)
    assert desk.portfolio.exact_total_portfolio_value == Decimal("99998.515")
    assert size(desk, ibm, "0.45").exact_quantity == 245


def test_a_short_target_is_rounded_toward_the_smaller_holding() -> None:
    desk = Desk(99_118.02 - 297 * 166.26)
    spy = desk.add("SPY")
    price(spy, 166.26)
    desk.hold(spy, 297, 167)
    assert size(desk, spy, "-0.3").exact_quantity == -475


def test_a_target_of_zero_closes_the_holding() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    price(spy, 100)
    desk.hold(spy, -7, 100)
    assert size(desk, spy, "0").exact_quantity == 7


def test_a_change_below_the_minimum_is_no_order_and_no_error() -> None:
    desk = Desk(100_000)
    spy = desk.add("SPY")
    price(spy, 100)
    result = size(desk, spy, "0.0015")
    assert (result.exact_quantity, result.is_error) == (0, False)
    assert result.reason == "The target order margin 74.8125 is less than the minimum 100."
    assert size(desk, spy, "0.0015", "0").exact_quantity == 1


def test_a_change_below_the_minimum_is_ordered_when_no_margin_remains() -> None:
    desk = Desk(-10_000)
    spy = desk.add("SPY")
    price(spy, 100)
    desk.hold(spy, 201, 100)
    assert desk.portfolio.exact_margin_remaining == Decimal(50)
    assert size(desk, spy, "1.98", "0.5").exact_quantity == 0
    desk.portfolio.set_cash("USD", -10_050)
    assert desk.portfolio.exact_margin_remaining == 0
    assert size(desk, spy, "1.98", "0.5").exact_quantity != 0


def test_less_than_a_lot_is_no_order_and_no_error() -> None:
    desk = Desk(100)
    spy = desk.add("SPY")
    price(spy, 167)
    result = size(desk, spy, "1")
    assert (result.exact_quantity, result.is_error) == (0, False)
    assert result.reason.startswith("The order quantity is less than the lot size of 1 and has been rounded to zero.")


def test_fees_lower_the_quantity_until_they_fit() -> None:
    desk = Desk(10_000)
    spy = desk.add("SPY")
    price(spy, 100)
    spy.set_fee_model(ConstantFeeModel(500))
    quantity = size(desk, spy, "2").exact_quantity
    assert quantity == 189  # 2 x 0.9975 x (10000 - 500) / 100
    spy.set_fee_model(ConstantFeeModel(0))
    assert size(desk, spy, "2").exact_quantity == 199


def test_a_fee_that_keeps_growing_leaves_nothing_to_order() -> None:
    class Growing(FeeModel):
        asked = 0

        def get_order_fee(self, parameters: Any) -> Any:
            self.asked += 1
            return ConstantFeeModel(self.asked * 500).get_order_fee(parameters)

    desk = Desk(10_000)
    spy = desk.add("SPY")
    price(spy, 100)
    spy.set_fee_model(Growing())
    assert size(desk, spy, "1").exact_quantity == 0


def test_a_margin_that_grows_as_the_order_shrinks_is_reported() -> None:
    class Inverse(BuyingPowerModel):
        def get_initial_margin_requirement(self, parameters: Any) -> InitialMargin:
            return InitialMargin(1 if parameters.quantity == 1 else 10_000 - parameters.quantity)

    desk = Desk(1_000)
    spy = desk.add("SPY")
    price(spy, 100)
    spy.set_buying_power_model(Inverse())
    with pytest.raises(AlgorithmRuntimeError, match=r"correct get_initial_margin_requirement of Inverse"):
        size(desk, spy, "0.9")


def test_no_price_is_an_error() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    result = size(desk, spy, "0.5")
    assert result.is_error
    assert result.reason.startswith("SPY: The security does not have an accurate price")


@pytest.mark.parametrize(("held", "delta", "expected"), [(100, "-2500", -50), (-100, "2500", 50), (100, "2500", 50)])
def test_a_delta_of_margin_changes_the_holding(held: int, delta: str, expected: int) -> None:
    desk = Desk(100_000)
    spy = desk.add("SPY")
    price(spy, 100)
    spy.set_fee_model(ConstantFeeModel(0))
    desk.hold(spy, held, 100)
    parameters = GetMaximumOrderQuantityForDeltaBuyingPowerParameters(desk.portfolio, spy, Decimal(delta), 0)
    result = spy.buying_power_model.get_maximum_order_quantity_for_delta_buying_power(parameters)
    assert result.exact_quantity == expected


# -- leverage and the user's own models


def test_leverage_sets_the_margin_rate() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    assert spy.leverage == 2.0
    spy.set_leverage(4)
    price(spy, 100)
    parameters = BuyingPowerParameters(desk.portfolio, spy, OrderDirection.BUY)
    assert spy.buying_power_model.get_buying_power(parameters).value == 100_000.0
    assert afford(desk, spy, desk.order(spy, 3000, SENT)).is_sufficient


@pytest.mark.parametrize("leverage", [0.5, 0, -1])
def test_leverage_below_one_is_refused(leverage: float) -> None:
    with pytest.raises(UsageError, match="below 1; pass 1 or more"):
        SecurityMarginModel(leverage)


def test_a_model_is_made_in_leans_three_ways() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    price(spy, 100)
    desk.hold(spy, 10, 100)
    held = MaintenanceMarginParameters.for_current_holdings(spy)
    assert BuyingPowerModel().get_leverage(spy) == 1
    assert BuyingPowerModel(leverage=4).get_leverage(spy) == 4
    for model in (
        BuyingPowerModel(0.5, 0.25, 0.1),
        BuyingPowerModel(
            initial_margin_requirement=0.5,
            maintenance_margin_requirement=0.25,
            required_free_buying_power_percent=0.1,
        ),
    ):
        assert model.get_leverage(spy) == 2
        assert model.get_maintenance_margin(held).exact_value == 250
        spy.set_buying_power_model(model)
        free = model.get_buying_power(BuyingPowerParameters(desk.portfolio, spy, OrderDirection.BUY))
        assert free.exact_value == 101_000 - 250 - 10_100


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"initial_margin_requirement": 0.5}, "both an initial and a maintenance"),
        ({"initial_margin_requirement": 1.5, "maintenance_margin_requirement": 1}, "initial_margin_requirement is 1.5"),
        ({"leverage": 2, "required_free_buying_power_percent": -0.1}, "required_free_buying_power_percent is -0.1"),
        ({"leverage": 2, "initial_margin_requirement": 1, "maintenance_margin_requirement": 1}, "takes leverage, or"),
    ],
)
def test_a_model_of_impossible_rates_is_refused(values: dict[str, float], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        BuyingPowerModel(**values)


def test_a_users_margin_decides_everywhere() -> None:
    class Full(BuyingPowerModel):
        def __init__(self) -> None:
            """Leave out the base's constructor, as users do."""

        def GetInitialMarginRequirement(self, parameters: Any) -> InitialMargin:  # noqa: N802
            return InitialMargin(parameters.Quantity * 50.0)

    desk = Desk(1_000)
    spy = desk.add("SPY")
    price(spy, 100)
    spy.set_buying_power_model(Full())
    spy.set_fee_model(ConstantFeeModel(0))
    assert afford(desk, spy, desk.order(spy, 20, SENT)).is_sufficient
    assert not afford(desk, spy, desk.order(spy, 21, SENT)).is_sufficient
    assert size(desk, spy, "1").exact_quantity == 19


def test_a_users_quantity_may_be_a_float() -> None:
    class Hundreds(SecurityMarginModel):
        def get_maximum_order_quantity_for_target_buying_power(self, parameters: Any) -> GetMaximumOrderQuantityResult:
            exact = super().get_maximum_order_quantity_for_target_buying_power(parameters).quantity
            return GetMaximumOrderQuantityResult(exact // 100 * 100)

        def has_sufficient_buying_power_for_order(self, parameters: Any) -> HasSufficientBuyingPowerForOrderResult:
            return HasSufficientBuyingPowerForOrderResult(True)

    desk = Desk()
    spy = desk.add("SPY")
    price(spy, 167)
    spy.set_buying_power_model(Hundreds(2))
    assert size(desk, spy, "1").exact_quantity == 500
    assert afford(desk, spy, desk.order(spy, 10**9, SENT)).is_sufficient
