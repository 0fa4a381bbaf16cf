"""What the risk desk keeps between orders never outlives what it was made from: a desk made anew answers the same."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from live.algorithm.enums import OrderStatus, SecurityType
from live.algorithm.order_terms import OrderProperties
from live.algorithm.orders import LimitOrder, MarketOrder, Order, OrderEvent
from live.config import RiskSettings
from live.paper.risk_desk import RiskDesk
from live.paper.securities import Security
from tests.support.paper_doubles import Desk, go, trade_bar

_SETTINGS = RiskSettings(
    max_order_quantity=40.0, max_position_quantity=60.0, max_gross_exposure=5_000.0, max_daily_loss=1_000.0
)
_AMOUNTS = st.integers(-50, 50)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rate"), st.integers(1, 400)),
        st.tuples(st.just("price"), st.integers(50, 200)),
        st.tuples(st.just("hold"), _AMOUNTS),
        st.tuples(st.just("cash"), st.integers(98_000, 101_000)),
        st.tuples(st.just("market"), _AMOUNTS.filter(bool)),
        st.tuples(st.just("limit"), _AMOUNTS.filter(bool)),
    ),
    min_size=1,
    max_size=40,
)


def _risk_desk(account: Desk) -> RiskDesk:
    desk = RiskDesk(_SETTINGS, lambda: 0)
    desk.open(account.portfolio.securities)
    desk.on_equity(0, Decimal(100_000))
    return desk


def _trade(security: Security, value: float) -> None:
    trade_bar(security, "2013-10-07T12:00", (value, value, value, value))


def _order(kind: str, quantity: int, security: Security) -> Order:
    terms = (0, security.symbol, Decimal(quantity), security.time_ns, "", OrderProperties())
    return LimitOrder(*terms, limit_price=security.exact_price) if kind == "limit" else MarketOrder(*terms)


def _change(kind: str, value: int, account: Desk, security: Security) -> None:
    if kind == "rate":
        security.quote_cash.exact_conversion_rate = Decimal(value) / 100
    elif kind == "price":
        _trade(security, float(value))
    elif kind == "hold":
        security.holdings.set_holdings(Decimal(100), Decimal(value))
    else:
        account.portfolio.set_cash("USD", value)


@given(steps=_STEPS)
def test_a_desk_made_anew_answers_the_same(steps: list[tuple[str, int]]) -> None:
    account = Desk()
    security = account.add("BTCEUR", SecurityType.CRYPTO)
    security.symbol.index = 0
    security.quote_cash.exact_conversion_rate = Decimal(1)
    go(security, "2013-10-07T12:00")
    _trade(security, 100.0)
    desk = _risk_desk(account)
    for number, (kind, value) in enumerate(steps, 1):
        if kind not in ("market", "limit"):
            _change(kind, value, account, security)
            continue
        order = _order(kind, value, security)
        code = desk.admit(order, number, security, account.portfolio)
        assert code is _risk_desk(account).admit(order, number, security, account.portfolio)
        if code is None:
            order.id = number
            event = OrderEvent(order, security.time_ns)
            event.status = OrderStatus.CANCELED
            desk.on_event(event)
            assert desk.gate.open_orders == 0
