"""Fees, in the figures of the real engine."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.paper_doubles import Desk, price

from live.algorithm.enums import AccountType, BrokerageName, SecurityType
from live.algorithm.order_terms import (
    CashAmount,
    CoinbaseOrderProperties,
    OrderFee,
    OrderProperties,
    OrderSubmissionData,
)
from live.algorithm.orders import LimitOrder
from live.errors import AlgorithmRuntimeError, UsageError
from live.paper.models.fees import (
    CoinbaseFeeModel,
    ConstantFeeModel,
    FeeModel,
    InteractiveBrokersFeeModel,
    exact_account_fee,
    order_fee,
)


@pytest.mark.parametrize(
    ("quantity", "at", "fee"),
    [
        (1, 167.0, "1"),
        (200, 167.0, "1"),
        (201, 167.0, "1.005"),
        (-333, 167.0, "1.665"),
        (12_345, 167.0, "61.725"),
        (1_000, 0.5, "2.5"),  # at most 0.5 % of the value
        (100, 0.01, "1"),  # the minimum is above that
    ],
)
def test_equity_fee_is_half_a_cent_a_share_within_bounds(quantity: int, at: float, fee: str) -> None:
    desk = Desk()
    spy = desk.add("SPY")
    price(spy, at)
    got = order_fee(spy, desk.order(spy, quantity, "2013-10-07T10:00")).value
    assert (got.exact_amount, got.currency) == (Decimal(fee), "USD")


@pytest.mark.parametrize("kind", [SecurityType.FOREX, SecurityType.CRYPTO])
def test_pairs_pay_nothing_by_default(kind: SecurityType) -> None:
    desk = Desk()
    pair = desk.add("EURUSD", kind)
    price(pair, 1.3)
    got = order_fee(pair, desk.order(pair, 1000, "2014-05-05T10:00")).value
    assert (got.exact_amount, got.currency) == (0, "USD")


@pytest.mark.parametrize(
    ("volume", "quantity", "fee"),
    [
        (0, 1_000, "2"),
        (0, 1_000_000, "26"),
        (2_000_000_000, 1_000_000, "19.5"),
        (5_000_000_000, 1_000, "1.25"),
        (9_000_000_000, 1_000, "1"),
    ],
)
def test_interactive_brokers_forex_fee_by_tier(volume: int, quantity: int, fee: str) -> None:
    desk = Desk()
    eur = desk.add("EURUSD", SecurityType.FOREX)
    price(eur, 1.3)
    eur.set_fee_model(InteractiveBrokersFeeModel(volume))
    assert order_fee(eur, desk.order(eur, quantity, "2014-05-05T10:00")).value.exact_amount == Decimal(fee)


def test_interactive_brokers_has_no_crypto_fee() -> None:
    desk = Desk()
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    btc.set_fee_model(InteractiveBrokersFeeModel())
    with pytest.raises(UsageError, match=r"BTCUSD.*CoinbaseFeeModel"):
        order_fee(btc, desk.order(btc, 1, "2018-04-04T10:00"))


@pytest.mark.parametrize("fee", [2.5, -2.5])
def test_constant_fee_is_never_negative(fee: float) -> None:
    desk = Desk()
    spy = desk.add("SPY")
    spy.set_fee_model(ConstantFeeModel(fee, "EUR"))
    got = order_fee(spy, desk.order(spy, 10, "2013-10-07T10:00")).value
    assert (got.exact_amount, got.currency) == (Decimal("2.5"), "EUR")


def coinbase() -> tuple[Desk, object]:
    desk = Desk(account_type=AccountType.CASH, name=BrokerageName.COINBASE)
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    price(btc, 7290.0)
    btc.cache.ask_price, btc.cache.bid_price = 7291.95, 7288.0
    return desk, btc


@pytest.mark.parametrize(
    ("sent", "taker", "maker"),
    [
        ("2018-04-04T10:00", "0.003", "0"),
        ("2019-03-23T01:29:59", "0.003", "0"),
        ("2019-03-23T01:30", "0.0025", "0.0015"),
        ("2019-10-08T00:29:59", "0.0025", "0.0015"),
        ("2019-10-08T00:30", "0.008", "0.006"),
    ],
)
def test_coinbase_rates_by_date(sent: str, taker: str, maker: str) -> None:
    desk, btc = coinbase()
    value = Decimal("0.4") * Decimal("7291.95")
    market = desk.order(btc, "0.4", sent)
    assert order_fee(btc, market).value.exact_amount == value * Decimal(taker)
    limit = desk.order(btc, "0.4", sent, LimitOrder, limit_price=7000)
    assert order_fee(btc, limit).value.exact_amount == value * Decimal(maker)


def test_coinbase_charges_the_quote_currency_on_the_side_of_the_order() -> None:
    desk, btc = coinbase()
    buy = order_fee(btc, desk.order(btc, "0.4", "2018-04-04T10:00")).value
    assert (buy.exact_amount, buy.currency) == (Decimal("8.75034"), "USD")
    sell = order_fee(btc, desk.order(btc, "-0.4", "2018-04-04T10:00")).value
    assert sell.exact_amount == Decimal("8.7456")


def test_a_marketable_limit_takes_unless_it_is_post_only() -> None:
    desk, btc = coinbase()
    order = desk.order(btc, "0.1", "2018-04-04T10:00", LimitOrder, limit_price=7300)
    order.order_submission_data = OrderSubmissionData(7289, 7291, 7290)
    assert order_fee(btc, order).value.exact_amount == Decimal("2.187585")
    order.properties = CoinbaseOrderProperties()
    order.properties.post_only = True
    assert order_fee(btc, order).value.exact_amount == 0


@pytest.mark.parametrize(("sent", "taker"), [("2022-05-31T23:59", "0.001"), ("2022-06-01T00:00", "0.00001")])
def test_stable_pairs_have_their_own_rates(sent: str, taker: str) -> None:
    desk = Desk(account_type=AccountType.CASH, name=BrokerageName.COINBASE)
    pair = desk.add("DAIUSD", SecurityType.CRYPTO)
    price(pair, 1.0)
    assert order_fee(pair, desk.order(pair, 100, sent)).value.exact_amount == 100 * Decimal(taker)
    maker = desk.order(pair, 100, sent, LimitOrder, limit_price=1)
    assert order_fee(pair, maker).value.exact_amount == 0


def test_coinbase_rates_of_the_user_hold_from_october_2019() -> None:
    desk, btc = coinbase()
    btc.set_fee_model(CoinbaseFeeModel(0.001, 0.002))
    order = desk.order(btc, 1, "2020-01-01T00:00")
    assert order_fee(btc, order).value.exact_amount == Decimal("7291.95") * Decimal("0.002")


def test_a_users_model_in_pascal_case_needs_no_base_class() -> None:
    class Dear:
        def GetOrderFee(self, parameters: object) -> OrderFee:  # noqa: N802
            return OrderFee(CashAmount(parameters.Order.AbsoluteQuantity * 0.01, "USD"))  # type: ignore[attr-defined]

    desk = Desk()
    spy = desk.add("SPY")
    spy.set_fee_model(Dear())
    assert order_fee(spy, desk.order(spy, 50, "2013-10-07T10:00")).value.exact_amount == Decimal("0.5")


def test_a_model_that_returns_a_number_is_told_what_to_return() -> None:
    class Wrong(FeeModel):
        def get_order_fee(self, parameters: object) -> OrderFee:
            return 1.0  # type: ignore[return-value]

    desk = Desk()
    spy = desk.add("SPY")
    spy.set_fee_model(Wrong())
    with pytest.raises(AlgorithmRuntimeError, match=r"Wrong\.get_order_fee returned 1\.0; return OrderFee"):
        order_fee(spy, desk.order(spy, 50, "2013-10-07T10:00"))


def test_a_fee_in_another_currency_is_converted_to_the_accounts() -> None:
    desk = Desk()
    eur = desk.add("EURUSD", SecurityType.FOREX)
    price(eur, 1.25)
    eur.set_fee_model(ConstantFeeModel(2, "EUR"))
    order = desk.order(eur, 50, "2014-05-05T10:00")
    order.properties = OrderProperties()
    assert exact_account_fee(eur, order, desk.portfolio.cash_book) == Decimal("2.5")
