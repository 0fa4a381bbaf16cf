"""Cash accounts, in the figures of the real engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from support.paper_doubles import Desk, price

from live.algorithm.enums import AccountType, BrokerageName, OrderDirection, SecurityType
from live.algorithm.order_terms import OrderSubmissionData
from live.algorithm.orders import LimitOrder, MarketOrder, StopLimitOrder, StopMarketOrder
from live.errors import UsageError
from live.paper.models.cash_buying_power import CashBuyingPowerModel
from live.paper.models.fees import ConstantFeeModel
from live.paper.models.parameters import (
    BuyingPowerParameters,
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    MaintenanceMarginParameters,
)
from live.paper.securities import Security

SENT = "2018-04-04T10:00"


def account(cash: float, bitcoins: str, at: float, ask: float | None = None) -> tuple[Desk, Security]:
    desk = Desk(cash, AccountType.CASH, BrokerageName.COINBASE)
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    price(btc, at)
    btc.cache.ask_price = ask or at
    desk.hold(btc, bitcoins, at)
    return desk, btc


def afford(desk: Desk, security: Security, order: Any) -> HasSufficientBuyingPowerForOrderResult:
    parameters = HasSufficientBuyingPowerForOrderParameters(desk.portfolio, security, order)
    return security.buying_power_model.has_sufficient_buying_power_for_order(parameters)  # type: ignore[no-any-return]


def size(desk: Desk, security: Security, target: str) -> GetMaximumOrderQuantityResult:
    parameters = GetMaximumOrderQuantityForTargetBuyingPowerParameters(desk.portfolio, security, Decimal(target), 0)
    return security.buying_power_model.get_maximum_order_quantity_for_target_buying_power(parameters)  # type: ignore[no-any-return]


def test_a_purchase_beyond_the_cash_is_refused_with_leans_text() -> None:
    desk, btc = account(4863.309963, "0.7", 7365.0)
    result = afford(desk, btc, desk.order(btc, 5, SENT))
    assert result.reason == (
        "Your portfolio holds 4863.309963 USD, 0 USD of which are reserved for open orders, but your Buy order is for "
        "5 BTC. Your order requires a total value of 36825 USD, but only a total value of 4848.7636584 USD is available."
    )


def test_a_sale_beyond_the_holding_is_refused_with_leans_text() -> None:
    desk, btc = account(4863.309963, "0.7", 7365.0)
    result = afford(desk, btc, desk.order(btc, -3, SENT))
    assert result.reason == (
        "Your portfolio holds 0.7 BTC, 0 BTC of which are reserved for open orders, but your Sell order is for 3 BTC. "
        "Cash Modeling trading does not permit short holdings so ensure you only sell what you have, including any "
        "additional open orders."
    )


def test_open_limit_and_stop_orders_reserve_what_they_would_spend() -> None:
    desk, btc = account(10_000, "1", 7000.0)
    limit = desk.order(btc, "0.5", SENT, LimitOrder, limit_price=6000)
    stop = desk.order(btc, "0.25", SENT, StopMarketOrder, stop_price=8000)
    free = desk.order(btc, "0.25", SENT, StopLimitOrder, stop_price=8000, limit_price=8000)
    sale = desk.order(btc, "-0.6", SENT, LimitOrder, limit_price=9000)
    desk.orders.open = [limit, stop, free, sale]
    last = desk.order(btc, "1", SENT, LimitOrder, limit_price=5000)
    assert afford(desk, btc, last).is_sufficient
    dear = desk.order(btc, "1", SENT, LimitOrder, limit_price="5000.01")
    assert afford(desk, btc, dear).reason == (
        "Your portfolio holds 10000 USD, 5000 USD of which are reserved for open orders, but your Buy order is for 1 BTC. "
        "Your order requires a total value of 5000.01 USD, but only a total value of 5000 USD is available."
    )
    assert afford(desk, btc, desk.order(btc, "-0.4", SENT)).is_sufficient
    assert "0.6 BTC of which are reserved" in afford(desk, btc, desk.order(btc, "-0.41", SENT)).reason


def test_an_order_does_not_reserve_against_itself() -> None:
    desk, btc = account(6_000, "1", 7000.0)
    purchase = desk.order(btc, 1, SENT, LimitOrder, limit_price=6000)
    sale = desk.order(btc, -1, SENT, LimitOrder, limit_price=9000)
    desk.orders.open = [purchase, sale]
    assert afford(desk, btc, purchase).is_sufficient
    assert afford(desk, btc, sale).is_sufficient


def test_more_reserved_than_held_leaves_nothing() -> None:
    desk, btc = account(1_000, "0", 7000.0)
    desk.orders.open = [desk.order(btc, 1, SENT, LimitOrder, limit_price=6000)]
    assert not afford(desk, btc, desk.order(btc, "0.5", SENT, LimitOrder, limit_price=7000)).is_sufficient


def test_a_sale_on_one_pair_reserves_for_another_pair_of_the_currency() -> None:
    desk, btc = account(0, "1", 7000.0)
    btceur = desk.add("BTCEUR", SecurityType.CRYPTO)
    desk.orders.open = [desk.order(btceur, "-0.8", SENT, LimitOrder, limit_price=9000)]
    assert afford(desk, btc, desk.order(btc, "-0.2", SENT)).is_sufficient
    assert not afford(desk, btc, desk.order(btc, "-0.3", SENT)).is_sufficient


def test_a_limit_order_must_also_pay_its_fee() -> None:
    desk, btc = account(7_000, "0", 7000.0)
    order = desk.order(btc, 1, SENT, LimitOrder, limit_price=7000)
    assert afford(desk, btc, order).is_sufficient  # makers paid nothing in 2018
    order.order_submission_data = OrderSubmissionData(6999, 7000, 7000)
    assert "only a total value of 6979 USD is available" in afford(desk, btc, order).reason


@pytest.mark.parametrize("quantity", ["0.99700897", "0.5"])
def test_a_market_purchase_within_cash_and_fee_is_taken(quantity: str) -> None:
    desk, btc = account(7_000, "0", 7000.0)
    assert afford(desk, btc, desk.order(btc, quantity, SENT)).is_sufficient
    assert not afford(desk, btc, desk.order(btc, "0.99700899", SENT)).is_sufficient


def test_an_equity_is_not_supported_by_the_cash_model() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    spy.set_buying_power_model(CashBuyingPowerModel())
    assert afford(desk, spy, desk.order(spy, 1, SENT)).reason == (
        "The 'SPY' security is not supported by this cash model. Currently only Crypto and Forex are supported."
    )
    assert size(desk, spy, "0.5").is_error


# -- targets


def test_target_quantity_of_the_real_engine() -> None:
    desk, btc = account(6649.308581157, "0.45005", 7049.995, 7050.0)
    target = Decimal("0.5") * Decimal("0.9975")
    assert size(desk, btc, str(target)).exact_quantity == Decimal("0.24408356")


def test_a_smaller_target_sells_at_the_bid() -> None:
    desk, btc = account(0, "1", 7000.0)
    btc.cache.bid_price = 6990.0
    btc.set_fee_model(ConstantFeeModel(0))
    assert size(desk, btc, "0.5").exact_quantity == -(Decimal(3500) / 6990).quantize(Decimal("1E-8"), "ROUND_DOWN")


def test_a_target_of_zero_sells_everything_and_a_negative_one_is_an_error() -> None:
    desk, btc = account(100, "1.5", 7000.0)
    assert size(desk, btc, "0").exact_quantity == Decimal("-1.5")
    result = size(desk, btc, "-0.1")
    assert (result.is_error, result.reason) == (True, "The cash model does not allow shorting.")


def test_less_than_a_lot_is_no_order() -> None:
    desk, btc = account(100, "0", 7000.0)
    btc.properties = type(btc.properties)("", "USD", "BTC", Decimal(1), Decimal("0.01"), Decimal(1), None)
    result = size(desk, btc, "0.5")
    assert (result.exact_quantity, result.is_error) == (0, False)
    assert result.reason == "The order quantity is less than the lot size of 1 and has been rounded to zero."


def test_a_fee_above_the_value_is_an_error() -> None:
    desk, btc = account(100, "0", 7000.0)
    btc.set_fee_model(ConstantFeeModel(1_000))
    result = size(desk, btc, "0.5")
    assert (result.exact_quantity, result.is_error) == (0, True)


def test_no_price_is_an_error() -> None:
    desk = Desk(100, AccountType.CASH, BrokerageName.COINBASE)
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    assert size(desk, btc, "0.5").is_error


# -- the rest


@pytest.mark.parametrize(
    ("direction", "expected"),
    [(OrderDirection.BUY, "0.5"), (OrderDirection.SELL, "2"), (OrderDirection.HOLD, "0")],
)
def test_buying_power_is_in_units_of_the_base_currency(direction: OrderDirection, expected: str) -> None:
    desk, btc = account(3_500, "2", 7000.0)
    parameters = BuyingPowerParameters(desk.portfolio, btc, direction)
    assert btc.buying_power_model.get_buying_power(parameters).exact_value == Decimal(expected)


def test_a_cash_position_binds_no_margin() -> None:
    desk, btc = account(3_500, "2", 7000.0)
    held = MaintenanceMarginParameters.for_current_holdings(btc)
    assert btc.buying_power_model.get_maintenance_margin(held).exact_value == 0
    assert desk.portfolio.exact_total_margin_used == 0
    assert desk.portfolio.exact_margin_remaining == 17_500
    assert btc.leverage == 1.0


def test_leverage_and_deltas_are_refused() -> None:
    desk, btc = account(3_500, "2", 7000.0)
    btc.set_leverage(1)
    with pytest.raises(UsageError, match="a cash account has no leverage"):
        btc.set_leverage(2)
    parameters = GetMaximumOrderQuantityForDeltaBuyingPowerParameters(desk.portfolio, btc, 1, 0)
    with pytest.raises(UsageError, match="ask for the quantity of a target"):
        btc.buying_power_model.get_maximum_order_quantity_for_delta_buying_power(parameters)


def test_orders_of_every_type_name_their_price() -> None:
    desk, btc = account(7_000, "0", 7000.0)
    for kind, prices in (
        (MarketOrder, {}),
        (StopMarketOrder, {"stop_price": 6000}),
        (StopLimitOrder, {"stop_price": 9000, "limit_price": 6000}),
    ):
        order = desk.order(btc, "0.9", SENT, kind, **prices)
        assert afford(desk, btc, order).is_sufficient
