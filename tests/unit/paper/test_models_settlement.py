"""When the money of a fill arrives, when resting orders expire, and when a margin call comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.paper_doubles import Desk, go, moment, price

from live.algorithm.enums import AccountType, SecurityType
from live.algorithm.order_requests import SubmitOrderRequest
from live.algorithm.order_terms import CashAmount, OrderProperties, TimeInForce
from live.paper.models.margin_call import DefaultMarginCallModel, MarginCallModel
from live.paper.models.parameters import ApplyFundsSettlementModelParameters, ScanSettlementModelParameters
from live.paper.models.settlement import DelayedSettlementModel, ImmediateSettlementModel
from live.paper.models.time_in_force import is_order_expired
from live.paper.securities import Security

# -- settlement


def pay(desk: Desk, security: Security, at: str, amount: float) -> None:
    time_ns = security.hours.exchange_zone.to_utc_ns(moment(at))
    cash = CashAmount(amount, "USD")
    security.settlement_model.apply_funds(
        ApplyFundsSettlementModelParameters(desk.portfolio, security, time_ns, cash, None)
    )


def scan(desk: Desk, security: Security, at: str) -> tuple[float, float]:
    """Return settled and unsettled cash after a scan."""
    time_ns = security.hours.exchange_zone.to_utc_ns(moment(at))
    security.settlement_model.scan(ScanSettlementModelParameters(desk.portfolio, security, time_ns))
    return desk.portfolio.cash, desk.portfolio.unsettled_cash


def test_margin_accounts_are_paid_at_once() -> None:
    desk = Desk(1_000)
    spy = desk.add("SPY")
    assert type(spy.settlement_model) is ImmediateSettlementModel
    pay(desk, spy, "2013-10-07T10:00", 500)
    assert scan(desk, spy, "2013-10-07T10:00") == (1_500, 0)
    assert spy.settlement_model.get_unsettled_cash() is None


def test_a_sale_in_a_cash_account_arrives_the_next_trading_day_at_six() -> None:
    desk = Desk(1_000, AccountType.CASH)
    spy = desk.add("SPY")
    pay(desk, spy, "2013-10-07T10:00", 500)
    assert spy.settlement_model.get_unsettled_cash().amount == 500
    assert scan(desk, spy, "2013-10-08T05:59:59") == (1_000, 500)
    assert scan(desk, spy, "2013-10-08T06:00") == (1_500, 0)
    assert spy.settlement_model.get_unsettled_cash() is None
    assert desk.portfolio.exact_margin_remaining == 1_500


def test_a_purchase_in_a_cash_account_is_paid_at_once() -> None:
    desk = Desk(1_000, AccountType.CASH)
    spy = desk.add("SPY")
    pay(desk, spy, "2013-10-07T10:00", -400)
    assert scan(desk, spy, "2013-10-07T10:00") == (600, 0)


@pytest.mark.parametrize(
    ("days", "sold", "due"),
    [
        (1, "2013-10-04T10:00", "2013-10-07T06:00"),  # over a weekend
        (3, "2013-10-07T10:00", "2013-10-10T06:00"),
        (1, "2013-11-27T10:00", "2013-11-29T06:00"),  # over Thanksgiving
    ],
)
def test_days_without_a_session_do_not_count(days: int, sold: str, due: str) -> None:
    desk = Desk(1_000)
    spy = desk.add("SPY")
    spy.set_settlement_model(DelayedSettlementModel(days, timedelta(hours=6)))
    pay(desk, spy, sold, 500)
    before = (datetime.fromisoformat(due) - timedelta(seconds=1)).isoformat()
    assert scan(desk, spy, before) == (1_000, 500)
    assert scan(desk, spy, due) == (1_500, 0)


def test_unsettled_money_is_value_but_not_margin() -> None:
    desk = Desk(1_000, AccountType.CASH)
    spy = desk.add("SPY")
    pay(desk, spy, "2013-10-07T10:00", 500)
    assert desk.portfolio.exact_total_portfolio_value == 1_500
    assert desk.portfolio.exact_margin_remaining == 1_000


# -- time in force


def expired(kind: SecurityType, force: TimeInForce, sent: str, now: str) -> bool:
    desk = Desk()
    security = desk.add("SPY" if kind is SecurityType.EQUITY else "EURUSD", kind)
    order = desk.order(security, 1, sent)
    order.properties = OrderProperties()
    order.properties.time_in_force = force
    go(security, now)
    return is_order_expired(security, order)


def until(text: str) -> TimeInForce:
    return TimeInForce.good_til_date(datetime.fromisoformat(text))


DAY = TimeInForce.DAY
EQUITY, FOREX, CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO


@pytest.mark.parametrize(
    ("kind", "force", "sent", "alive", "over"),
    [
        (EQUITY, DAY, "2013-10-07T10:00", "2013-10-07T15:59:59", "2013-10-07T16:00"),
        (EQUITY, DAY, "2013-10-07T16:00", "2013-10-08T15:59", "2013-10-08T16:00"),  # sent at the close
        (EQUITY, DAY, "2013-10-04T18:00", "2013-10-07T15:59", "2013-10-07T16:00"),  # over a weekend
        (EQUITY, DAY, "2013-11-29T10:00", "2013-11-29T12:59", "2013-11-29T13:00"),  # a half day
        (CRYPTO, DAY, "2018-04-04T10:00", "2018-04-04T23:59:59", "2018-04-05T00:00"),
        (FOREX, DAY, "2014-05-05T10:00", "2014-05-05T16:59:59", "2014-05-05T17:00"),
        (FOREX, DAY, "2014-05-05T17:00", "2014-05-05T16:59:59", "2014-05-05T17:00"),
        (FOREX, DAY, "2014-05-05T17:00:01", "2014-05-06T16:59:59", "2014-05-06T17:00"),
        (EQUITY, until("2013-10-10T12:00"), "2013-10-07T10:00", "2013-10-10T15:59", "2013-10-10T16:00"),
        (EQUITY, until("2013-10-12"), "2013-10-07T10:00", "2013-10-14T15:59", "2013-10-14T16:00"),  # a Saturday
        (CRYPTO, until("2018-04-06"), "2018-04-04T10:00", "2018-04-06T23:59", "2018-04-07T00:00"),
        (FOREX, until("2014-05-06"), "2014-05-05T10:00", "2014-05-06T16:59", "2014-05-06T17:00"),
        (FOREX, until("2014-05-05"), "2014-05-05T18:00", "2014-05-06T16:59", "2014-05-06T17:00"),
    ],
)
def test_orders_expire_by_asset_class(kind: SecurityType, force: TimeInForce, sent: str, alive: str, over: str) -> None:
    assert not expired(kind, force, sent, alive)
    assert expired(kind, force, sent, over)


@pytest.mark.parametrize("kind", [EQUITY, FOREX, CRYPTO])
def test_orders_are_good_till_canceled_by_default(kind: SecurityType) -> None:
    assert not expired(kind, OrderProperties().time_in_force, "2013-10-07T10:00", "2033-10-07T10:00")


# -- margin calls


class Broker:
    """Takes the orders of a margin call, and pays the account back by each."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sent: list[SubmitOrderRequest] = []
        desk.portfolio.transactions = self

    def add_order(self, request: SubmitOrderRequest) -> Any:
        self.sent.append(request)
        security = self.desk.portfolio.securities[request.symbol]
        held = security.holdings.exact_quantity + request.exact_quantity
        security.holdings.set_holdings(security.exact_price, held)
        cash = self.desk.portfolio.cash_book["USD"]
        cash.exact_amount -= request.exact_quantity * security.exact_price
        return request


def carried(cash: float, *holdings: tuple[str, int, float]) -> tuple[Desk, DefaultMarginCallModel]:
    """Return an account that holds (ticker, quantity, price) bought at 100 without fees."""
    desk = Desk(cash)
    for ticker, quantity, at in holdings:
        security = desk.add(ticker)
        price(security, at)
        desk.hold(security, quantity, 100)
    model = desk.portfolio.margin_call_model
    assert isinstance(model, DefaultMarginCallModel)
    return desk, model


@pytest.mark.parametrize(
    ("cash", "warns"),
    [
        (-4_000, False),  # value 6000, margin 5000
        (-4_736, False),  # 264 of 5264 remain: more than 5 %
        (-4_737, True),  # 263 of 5263: less
        (-5_000, False),  # nothing remains, but the buffer still carries it
    ],
)
def test_a_warning_comes_at_five_percent_of_free_margin(cash: float, warns: bool) -> None:
    desk, model = carried(cash, ("SPY", 100, 100.0))
    orders, is_warning = model.get_margin_call_orders()
    assert desk.portfolio.exact_margin_remaining == Decimal(5_000 + cash)
    assert (orders, is_warning) == ([], warns)


def test_no_holding_no_margin_call() -> None:
    _, model = carried(-10_000, ("SPY", 0, 100.0))
    assert model.get_margin_call_orders() == ([], False)


@pytest.mark.parametrize(("quantity", "at", "cash"), [(100, 50.0, -2_900), (-100, 150.0, 21_000)])
def test_a_margin_call_frees_the_excess(quantity: int, at: float, cash: float) -> None:
    desk, model = carried(cash, ("SPY", quantity, at))
    used, total = desk.portfolio.exact_total_margin_used, desk.portfolio.exact_total_portfolio_value
    orders, is_warning = model.get_margin_call_orders()
    (order,) = orders
    assert is_warning
    assert order.tag == "Margin Call"
    assert order.exact_quantity * quantity < 0
    assert abs(order.exact_quantity) * Decimal(str(at)) / 2 >= used - total
    assert abs(order.exact_quantity) <= abs(quantity)


def test_a_margin_call_sells_the_largest_loser_first_and_stops_when_the_account_carries_on() -> None:
    desk, model = carried(-10_800, ("IBM", 100, 60.0), ("SPY", 100, 50.0), ("AAA", 20, 90.0))
    orders, _ = model.get_margin_call_orders()
    assert [order.symbol.value for order in orders] == ["IBM", "SPY", "AAA"]
    broker = Broker(desk)
    executed = model.execute_margin_call(orders)
    assert [order.symbol.value for order in broker.sent] == ["SPY", "IBM"]
    assert executed == broker.sent
    assert desk.portfolio.exact_margin_remaining >= 0


def test_a_margin_call_that_is_no_longer_needed_sends_nothing() -> None:
    desk, model = carried(-2_900, ("SPY", 100, 50.0))
    orders, _ = model.get_margin_call_orders()
    desk.portfolio.set_cash("USD", 0)
    Broker(desk)
    assert model.execute_margin_call(orders) == []


def test_a_larger_buffer_puts_the_call_off() -> None:
    desk, _ = carried(-2_900, ("SPY", 100, 50.0))
    patient = DefaultMarginCallModel(desk.portfolio, OrderProperties(), margin_buffer=0.5)
    assert patient.get_margin_call_orders() == ([], False)


def test_margin_calls_can_be_switched_off() -> None:
    assert MarginCallModel.NULL.get_margin_call_orders() == ([], False)
    assert MarginCallModel.Null is MarginCallModel.NULL
