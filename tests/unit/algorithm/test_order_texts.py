"""Order events and changes of securities as LEAN prints them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from live.algorithm.enums import OrderStatus, SecurityType
from live.algorithm.numbers import smart_rounded
from live.algorithm.order_terms import OrderProperties
from live.algorithm.orders import LimitOrder, OrderEvent
from live.algorithm.qc_algorithm import SecurityChanges
from live.algorithm.symbols import Symbol

SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("143.320505216", "143.3205"), ("1234.56785", "1234.5678"), ("0.000012345678", "0.00001234568"), ("0", "0")],
)
def test_prices_are_rounded_as_in_lean_s_messages(value: str, expected: str) -> None:
    assert smart_rounded(Decimal(value)) == Decimal(expected)


def test_an_order_event_reads_as_in_lean() -> None:
    order = LimitOrder(7, SPY, Decimal(10), 0, "", OrderProperties(), limit_price=Decimal("143.320505216"))
    order.price_currency = "USD"
    event = OrderEvent(order, 1_381_325_460_000_000_000)
    event.status = OrderStatus.UPDATE_SUBMITTED
    event.exact_limit_price = order.exact_limit_price
    text = str(event)
    assert text.startswith("Time: 10/09/2013 13:31:00 OrderID: 7 EventID: ")
    assert text.endswith("Symbol: SPY Status: UpdateSubmitted Quantity: 10 LimitPrice: $143.3205")


def test_no_changes_of_securities_read_as_in_lean() -> None:
    assert str(SecurityChanges([], [])) == "SecurityChanges: None"
