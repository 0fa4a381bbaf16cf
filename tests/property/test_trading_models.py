"""What holds for every price, size and account: fills stay in the bar, sizes stay within their target."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.paper_doubles import Desk, price, quote_bar, trade_bar

from live.algorithm.enums import AccountType, BrokerageName, OrderStatus, SecurityType
from live.algorithm.orders import LimitOrder, StopLimitOrder, StopMarketOrder, TrailingStopOrder
from live.paper.models.parameters import (
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    HasSufficientBuyingPowerForOrderParameters,
)

SENT, END = "2014-05-05T09:59", "2014-05-05T10:00"
EXAMPLES = settings(deadline=None, max_examples=60)
cents = st.integers(min_value=9_000, max_value=11_000)
sides = st.sampled_from([1, -1])
classes = st.sampled_from([SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO])


@st.composite
def bars(draw: Any) -> tuple[float, float, float, float]:
    """Return open, high, low and close."""
    values = [draw(cents) for _ in range(4)]
    opening, close = values[0], values[3]
    return opening / 100, max(values) / 100, min(values) / 100, close / 100


def shown(kind: SecurityType, bar: tuple[float, float, float, float]) -> tuple[Desk, Any]:
    """Return a desk and a security whose trades and quotes are one bar."""
    desk = Desk()
    security = desk.add("SPY" if kind is SecurityType.EQUITY else "EURUSD", kind)
    quote_bar(security, END, bar, bar)
    if kind is not SecurityType.FOREX:
        trade_bar(security, END, bar)
    return desk, security


@EXAMPLES
@given(kind=classes, bar=bars(), limit=cents, side=sides)
def test_a_limit_fills_inside_the_bar_and_never_worse_than_its_limit(
    kind: SecurityType, bar: tuple[float, float, float, float], limit: int, side: int
) -> None:
    desk, security = shown(kind, bar)
    at = Decimal(limit) / 100
    event = desk.fill(security, desk.order(security, side, SENT, LimitOrder, limit_price=at))
    low, high = Decimal(str(bar[2])), Decimal(str(bar[1]))
    is_through = low < at if side > 0 else high > at
    assert (event.status is OrderStatus.FILLED) == is_through
    if is_through:
        assert low <= event.exact_fill_price <= high
        assert side * (at - event.exact_fill_price) >= 0


@EXAMPLES
@given(kind=classes, bar=bars(), stop=cents, side=sides)
def test_a_stop_fills_inside_the_bar_and_never_better_than_its_stop(
    kind: SecurityType, bar: tuple[float, float, float, float], stop: int, side: int
) -> None:
    desk, security = shown(kind, bar)
    at = Decimal(stop) / 100
    event = desk.fill(security, desk.order(security, side, SENT, StopMarketOrder, stop_price=at))
    if event.status is not OrderStatus.FILLED:
        return
    low, high = Decimal(str(bar[2])), Decimal(str(bar[1]))
    assert side * (event.exact_fill_price - at) >= 0
    beyond = low if side > 0 else high
    assert low <= event.exact_fill_price <= high or event.exact_fill_price == at != beyond


@EXAMPLES
@given(kind=classes, bar=bars(), stop=cents, limit=cents, side=sides)
def test_a_stop_limit_never_fills_worse_than_its_limit(
    kind: SecurityType, bar: tuple[float, float, float, float], stop: int, limit: int, side: int
) -> None:
    desk, security = shown(kind, bar)
    at = Decimal(limit) / 100
    order = desk.order(security, side, SENT, StopLimitOrder, stop_price=Decimal(stop) / 100, limit_price=at)
    event = desk.fill(security, order)
    if event.status is OrderStatus.FILLED:
        assert order.stop_triggered
        assert side * (at - event.exact_fill_price) >= 0


@EXAMPLES
@given(highs=st.lists(cents, min_size=1, max_size=8), side=sides)
def test_a_trailing_stop_only_moves_with_the_market(highs: list[int], side: int) -> None:
    desk = Desk()
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    start = 50 if side < 0 else 200
    order = desk.order(
        btc, side, SENT, TrailingStopOrder, stop_price=start, trailing_amount=5, trailing_as_percentage=False
    )
    before = order.exact_stop_price
    for minute, value in enumerate(highs):
        at = value / 100
        quote_bar(btc, f"2014-05-05T10:{minute:02}", (at, at, at, at), (at, at, at, at))
        if desk.fill(btc, order).status is OrderStatus.FILLED:
            break
        assert side * (before - order.exact_stop_price) >= 0
        before = order.exact_stop_price


@EXAMPLES
@given(cash=st.integers(0, 10**6), at=cents, quantity=st.integers(1, 10**5), held=st.integers(-500, 500), side=sides)
def test_what_can_be_afforded_can_be_afforded_in_a_smaller_size(
    cash: int, at: int, quantity: int, held: int, side: int
) -> None:
    desk = Desk(cash)
    spy = desk.add("SPY")
    price(spy, at / 100)
    desk.hold(spy, held, at / 100)

    def affordable(size: int) -> bool:
        parameters = HasSufficientBuyingPowerForOrderParameters(desk.portfolio, spy, desk.order(spy, size, SENT))
        return bool(spy.buying_power_model.has_sufficient_buying_power_for_order(parameters).is_sufficient)

    if affordable(side * quantity):
        assert affordable(side * (quantity // 2 + 1))


@EXAMPLES
@given(
    cash=st.integers(1_000, 10**6),
    at=cents,
    held=st.integers(-100, 100),
    weight=st.integers(-190, 190),
)
def test_a_target_is_never_exceeded_and_one_lot_more_would(cash: int, at: int, held: int, weight: int) -> None:
    desk = Desk(cash + 10**5)
    spy = desk.add("SPY")
    price(spy, at / 100)
    desk.hold(spy, held, at / 100)
    share = Decimal(weight) / 200
    parameters = GetMaximumOrderQuantityForTargetBuyingPowerParameters(desk.portfolio, spy, share, 0)
    quantity = spy.buying_power_model.get_maximum_order_quantity_for_target_buying_power(parameters).exact_quantity
    if not quantity or not share:
        return
    unit, total = Decimal(at) / 200, desk.portfolio.exact_total_portfolio_value
    after = abs(held + quantity) * unit
    assert after <= abs(share) * total
    fee = max(Decimal(1), abs(quantity) * Decimal("0.005"))
    assert after + 2 * unit > abs(share) * (total - fee)


@EXAMPLES
@given(cash=st.integers(0, 10**5), coins=st.integers(0, 300), at=cents, weight=st.integers(0, 100))
def test_a_cash_target_never_spends_more_than_it_may(cash: int, coins: int, at: int, weight: int) -> None:
    desk = Desk(cash, AccountType.CASH, BrokerageName.COINBASE)
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    price(btc, at / 100)
    desk.hold(btc, coins, at / 100)
    total = desk.portfolio.exact_total_portfolio_value
    target = Decimal(weight) / 100
    parameters = GetMaximumOrderQuantityForTargetBuyingPowerParameters(desk.portfolio, btc, target, 0)
    result = btc.buying_power_model.get_maximum_order_quantity_for_target_buying_power(parameters)
    quantity, unit = result.exact_quantity, Decimal(at) / 100
    room = target * total - coins * unit
    assert quantity % Decimal("0.00000001") == 0
    if quantity > 0:
        assert quantity * unit <= room
    elif quantity < 0:
        assert -quantity <= coins
