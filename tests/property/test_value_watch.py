"""The value watch never misses an account that is worth nothing, and is quiet about a healthy one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.paper_doubles import Desk, price

from live.algorithm.enums import SecurityType
from live.paper.value_watch import ValueWatch

prices = st.floats(min_value=0.01, max_value=10_000.0)
quantities = st.integers(min_value=-100_000, max_value=100_000)


@given(
    cash=st.floats(min_value=1.0, max_value=1e7),
    holdings=st.lists(st.tuples(quantities, prices, prices), min_size=1, max_size=3),
    coins=st.tuples(quantities, prices, prices),
)
def test_no_account_that_is_worth_nothing_is_missed(
    cash: float, holdings: list[tuple[int, float, float]], coins: tuple[int, float, float]
) -> None:
    desk = Desk(cash)
    held = []
    for number, (quantity, before, after) in enumerate(holdings):
        security = desk.add(f"STOCK{number}")
        price(security, before)
        desk.hold(security, quantity, before)
        held.append((security, after))
    coin = desk.add("BTCUSD", SecurityType.CRYPTO)
    price(coin, coins[1])
    desk.hold(coin, coins[0], coins[1])
    held.append((coin, coins[2]))
    watch = ValueWatch()
    watch.begin(desk.portfolio)
    for security, after in held:
        price(security, after)
    if desk.portfolio.invested and desk.portfolio.exact_total_portfolio_value <= 0:
        assert watch.is_low()


def test_a_healthy_account_needs_no_exact_look() -> None:
    desk = Desk(10_000)
    security = desk.add("STOCK")
    price(security, 100.0)
    desk.hold(security, -50, 100)
    watch = ValueWatch()
    watch.begin(desk.portfolio)
    price(security, 150.0)
    assert not watch.is_low()
    price(security, 199.0)
    assert watch.is_low()


def test_an_account_without_holdings_is_never_low() -> None:
    desk = Desk(1)
    watch = ValueWatch()
    watch.begin(desk.portfolio)
    assert not watch.is_low()
