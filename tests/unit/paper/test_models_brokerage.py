"""Which models a brokerage gives, and which orders it takes."""

from __future__ import annotations

from typing import Any

import pytest
from support.paper_doubles import Desk, go

from live.algorithm.enums import AccountType, BrokerageName, Market, OrderStatus, SecurityType
from live.algorithm.order_requests import UpdateOrderRequest
from live.algorithm.order_terms import TimeInForce, UpdateOrderFields
from live.algorithm.orders import (
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.errors import UnsupportedApiError, UsageError
from live.paper.models.broker_models import brokerage_model
from live.paper.models.brokerage import DefaultBrokerageModel
from live.paper.models.buying_power import SecurityMarginModel
from live.paper.models.cash_buying_power import CashBuyingPowerModel
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fees import CoinbaseFeeModel, ConstantFeeModel, InteractiveBrokersFeeModel
from live.paper.models.fills import FillModel
from live.paper.models.initializer import default_market
from live.paper.models.settlement import DelayedSettlementModel, ImmediateSettlementModel
from live.paper.securities import Security

EQUITY, FOREX, CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO
SENT = "2018-04-04T10:00"
MARGIN, CASH = AccountType.MARGIN, AccountType.CASH


@pytest.mark.parametrize(
    ("kind", "account", "fill", "fee", "settlement", "buying_power", "leverage"),
    [
        (EQUITY, MARGIN, EquityFillModel, InteractiveBrokersFeeModel, ImmediateSettlementModel, SecurityMarginModel, 2),
        (FOREX, MARGIN, FillModel, ConstantFeeModel, ImmediateSettlementModel, SecurityMarginModel, 50),
        (CRYPTO, MARGIN, FillModel, ConstantFeeModel, ImmediateSettlementModel, SecurityMarginModel, 1),
        (EQUITY, CASH, EquityFillModel, InteractiveBrokersFeeModel, DelayedSettlementModel, SecurityMarginModel, 1),
        (FOREX, CASH, FillModel, ConstantFeeModel, ImmediateSettlementModel, CashBuyingPowerModel, 1),
        (CRYPTO, CASH, FillModel, ConstantFeeModel, ImmediateSettlementModel, CashBuyingPowerModel, 1),
    ],
)
def test_models_of_the_default_brokerage(
    kind: SecurityType,
    account: AccountType,
    fill: type,
    fee: type,
    settlement: type,
    buying_power: type,
    leverage: int,
) -> None:
    desk = Desk(account_type=account)
    security = desk.add("SPY" if kind is EQUITY else "EURUSD", kind)
    assert type(security.fill_model) is fill
    assert type(security.fee_model) is fee
    assert type(security.settlement_model) is settlement
    assert type(security.buying_power_model) is buying_power
    assert security.leverage == leverage
    assert desk.model.get_leverage(security) == leverage


def test_the_default_brokerage_takes_every_order() -> None:
    desk = Desk()
    spy = desk.add("SPY", minimum_order_size="100")
    order = desk.order(spy, 1, SENT)
    assert submitted(desk, spy, order) is None
    assert updated(desk, spy, order, update(order, quantity=2)) is None
    assert desk.model.can_execute_order(spy, order)


def test_default_markets() -> None:
    model = DefaultBrokerageModel()
    assert model.default_markets == {EQUITY: Market.USA, FOREX: Market.OANDA, CRYPTO: Market.COINBASE}
    assert default_market(model, CRYPTO) == "coinbase"


def test_a_brokerage_without_a_market_for_a_class_says_which_it_has() -> None:
    class Stocks(DefaultBrokerageModel):
        @property
        def default_markets(self) -> dict[SecurityType, str]:
            return {EQUITY: Market.USA}

    with pytest.raises(UsageError, match="Stocks has no market for crypto, only for equity"):
        default_market(Stocks(), CRYPTO)


def submitted(desk: Desk, security: Security, order: Order) -> str | None:
    """Return why the brokerage refuses an order."""
    return said(desk.model.can_submit_order(security, order, None))


def updated(desk: Desk, security: Security, order: Order, request: UpdateOrderRequest) -> str | None:
    """Return why the brokerage refuses an update."""
    return said(desk.model.can_update_order(security, order, request, None))


def said(answer: tuple[bool, Any]) -> str | None:
    taken, message = answer
    assert taken == (message is None)
    return None if message is None else str(message)


def coinbase(name: BrokerageName = BrokerageName.COINBASE, **properties: Any) -> tuple[Desk, Any]:
    desk = Desk(account_type=CASH, name=name)
    return desk, desk.add("BTCUSD", CRYPTO, **properties)


def update(order: Any, **fields: Any) -> UpdateOrderRequest:
    wanted = UpdateOrderFields()
    for name, value in fields.items():
        setattr(wanted, name, value)
    return UpdateOrderRequest(0, order.id, wanted)


def test_coinbase_has_cash_accounts_only() -> None:
    with pytest.raises(UsageError, match=r"pass AccountType\.CASH to set_brokerage_model"):
        brokerage_model(BrokerageName.COINBASE, MARGIN)


def test_coinbase_gives_its_fees_and_the_cash_model() -> None:
    _, btc = coinbase()
    assert type(btc.fee_model) is CoinbaseFeeModel
    assert type(btc.buying_power_model) is CashBuyingPowerModel


@pytest.mark.parametrize(
    ("kind", "prices"),
    [
        (MarketOrder, {}),
        (LimitOrder, {"limit_price": 1}),
        (StopMarketOrder, {"stop_price": 1}),
        (StopLimitOrder, {"stop_price": 1, "limit_price": 1}),
    ],
)
def test_coinbase_takes_its_order_types(kind: Any, prices: dict[str, int]) -> None:
    desk, btc = coinbase()
    assert submitted(desk, btc, desk.order(btc, 1, SENT, kind, **prices)) is None


@pytest.mark.parametrize("name", [BrokerageName.COINBASE, BrokerageName.GDAX])
def test_coinbase_refuses_other_order_types_with_leans_text(name: BrokerageName) -> None:
    desk, btc = coinbase(name)
    order = desk.order(btc, 1, SENT, TrailingStopOrder, stop_price=1, trailing_amount=1, trailing_as_percentage=False)
    label = "GDAX" if name is BrokerageName.GDAX else "Coinbase"
    assert submitted(desk, btc, order) == (
        f"Warning - Code: NotSupported - The {label}BrokerageModel does not support TrailingStop order type. "
        "Only supports [Limit,Market,StopLimit,StopMarket]"
    )


def test_coinbase_refuses_equities() -> None:
    desk, _ = coinbase()
    spy = desk.add("SPY")
    assert submitted(desk, spy, desk.order(spy, 1, SENT)) == (
        "Warning - Code: NotSupported - The CoinbaseBrokerageModel does not support Equity security type."
    )


@pytest.mark.parametrize(("sent", "taken"), [("2019-03-23T00:59:59", True), ("2019-03-23T01:00", False)])
def test_coinbase_took_stop_market_orders_until_march_2019(sent: str, taken: bool) -> None:
    desk, btc = coinbase()
    text = submitted(desk, btc, desk.order(btc, 1, sent, StopMarketOrder, stop_price=1))
    expected = "Warning - Code: NotSupported - Stop Market orders are no longer supported since 03/23/2019 01:00:00."
    assert text == (None if taken else expected)


@pytest.mark.parametrize(("quantity", "taken"), [("0.00001", False), ("-0.00001", False), ("0.000016", True)])
def test_coinbase_refuses_orders_below_the_minimum_size(quantity: str, taken: bool) -> None:
    desk, btc = coinbase(minimum_order_size="0.000016")
    text = submitted(desk, btc, desk.order(btc, quantity, SENT))
    expected = (
        "Warning - Code: NotSupported - The minimum order size (in quote currency) for BTCUSD is 0.000016. "
        f"Order quantity was {quantity}."
    )
    assert text == (None if taken else expected)


def test_coinbase_updates_resting_limit_orders_only() -> None:
    desk, btc = coinbase(minimum_order_size="0.01")
    order = desk.order(btc, 1, SENT, LimitOrder, limit_price=1)
    assert updated(desk, btc, order, update(order, limit_price=2)) is None
    assert "minimum order size" in (updated(desk, btc, order, update(order, quantity=0.001)) or "")
    order.status = OrderStatus.CANCEL_PENDING
    assert updated(desk, btc, order, update(order, limit_price=2)) == (
        "Warning - Code: NotSupported - Order with status CancelPending can't be modified"
    )
    order.status = OrderStatus.SUBMITTED
    order.properties.time_in_force = TimeInForce.DAY
    assert "Good Til Cancelled" in (updated(desk, btc, order, update(order, limit_price=2)) or "")
    stop = desk.order(btc, 1, SENT, StopLimitOrder, stop_price=1, limit_price=1)
    assert updated(desk, btc, stop, update(stop, limit_price=2)) == (
        "Warning - Code: NotSupported - Order with type StopLimit can't be modified, only LIMIT."
    )


def test_another_brokerage_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        UnsupportedApiError, match=r"use one of BrokerageName\.DEFAULT, BrokerageName\.INTERACTIVE_BROKERS_BROKERAGE, "
    ):
        brokerage_model(99, MARGIN)  # type: ignore[arg-type]


def test_a_users_brokerage_replaces_one_model() -> None:
    class Dear(DefaultBrokerageModel):
        def GetFeeModel(self, security: Any) -> Any:  # noqa: N802
            return ConstantFeeModel(7)

    desk = Desk()
    desk.model = Dear()
    spy = desk.add("SPY")
    assert type(spy.fee_model) is ConstantFeeModel
    assert type(spy.fill_model) is EquityFillModel


# -- Interactive Brokers and OANDA


def test_interactive_brokers_charges_its_fees_for_forex_too() -> None:
    desk = Desk(name=BrokerageName.INTERACTIVE_BROKERS_BROKERAGE)
    eurusd = desk.add("EURUSD", FOREX)
    assert type(eurusd.fee_model) is InteractiveBrokersFeeModel
    assert eurusd.leverage == 50
    with pytest.raises(UsageError, match="has no market for crypto"):
        default_market(desk.model, CRYPTO)


@pytest.mark.parametrize(
    ("quantity", "taken"), [(19_999, False), (20_000, True), (-6_000_000, True), (6_000_001, False), (-1, False)]
)
def test_interactive_brokers_limits_the_size_of_forex_orders(quantity: int, taken: bool) -> None:
    desk = Desk(name=BrokerageName.INTERACTIVE_BROKERS_BROKERAGE)
    eurusd = desk.add("EURUSD", FOREX)
    order = desk.order(eurusd, quantity, SENT)
    text = submitted(desk, eurusd, order)
    refusal = (
        "Warning - Code: OrderSizeLimit - The minimum and maximum limits for the allowable order size are "
        "(20000, 6000000)EUR."
    )
    assert text == (None if taken else refusal)
    assert updated(desk, eurusd, order, update(order, quantity=quantity)) == text
    assert updated(desk, eurusd, order, update(order, limit_price=1)) is None


@pytest.mark.parametrize(
    ("at", "taken"), [("09:27:59", True), ("09:28", False), ("12:00", False), ("15:59:59", False), ("16:00", True)]
)
def test_interactive_brokers_takes_on_open_orders_from_the_close_to_two_minutes_before_the_open(
    at: str, taken: bool
) -> None:
    desk = Desk(name=BrokerageName.INTERACTIVE_BROKERS_BROKERAGE)
    spy = desk.add("SPY")
    go(spy, f"2013-10-07T{at}")
    text = submitted(desk, spy, desk.order(spy, 1, f"2013-10-07T{at}", MarketOnOpenOrder))
    assert text is None if taken else "Valid local times are  04:00\N{EN DASH} 09:28." in (text or "")
    go(spy, "2013-10-06T12:00")
    assert submitted(desk, spy, desk.order(spy, 1, "2013-10-06T12:00", MarketOnOpenOrder)) is None


def test_interactive_brokers_refuses_auctions_of_forex_and_all_crypto() -> None:
    desk = Desk(name=BrokerageName.INTERACTIVE_BROKERS_BROKERAGE)
    eurusd, btc, spy = desk.add("EURUSD", FOREX), desk.add("BTCUSD", CRYPTO), desk.add("SPY")
    on_open = submitted(desk, eurusd, desk.order(eurusd, 20_000, SENT, MarketOnOpenOrder))
    assert on_open == (
        "Warning - Code: UnsupportedSecurityType - The broker does not support Market-on-Open orders for security type Forex"
    )
    on_close = submitted(desk, eurusd, desk.order(eurusd, 20_000, SENT, MarketOnCloseOrder))
    assert "Code: Unsupported order type for Forex security type" in (on_close or "")
    assert submitted(desk, spy, desk.order(spy, 1, SENT, MarketOnCloseOrder)) is None
    assert "does not support Crypto security type" in (submitted(desk, btc, desk.order(btc, 1, SENT)) or "")


def test_oanda_takes_forex_without_fees_good_till_cancelled() -> None:
    desk = Desk(name=BrokerageName.OANDA_BROKERAGE)
    eurusd, spy = desk.add("EURUSD", FOREX), desk.add("SPY")
    assert type(eurusd.fee_model) is type(spy.fee_model) is ConstantFeeModel
    order = desk.order(eurusd, 1, SENT)
    assert submitted(desk, eurusd, order) is None
    order.properties.time_in_force = TimeInForce.DAY
    assert "does not support DayTimeInForce time in force" in (submitted(desk, eurusd, order) or "")
    assert "Only supports [Limit,Market,StopMarket,StopLimit]" in (
        submitted(desk, eurusd, desk.order(eurusd, 1, SENT, MarketOnOpenOrder)) or ""
    )
    assert "does not support Equity security type" in (submitted(desk, spy, desk.order(spy, 1, SENT)) or "")
    with pytest.raises(UsageError, match="margin accounts only"):
        brokerage_model(BrokerageName.OANDA_BROKERAGE, CASH)
