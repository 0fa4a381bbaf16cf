"""Both spellings of a user's model."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from support.paper_doubles import Desk, trade_bar

from live.algorithm.enums import OrderStatus
from live.algorithm.orders import OrderEvent
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.parameters import Fill
from live.paper.models.spelling import Model, method_of


def test_a_pascal_case_override_is_called_and_finds_its_base() -> None:
    class Worse(EquityFillModel):
        def MarketFill(self, asset: Any, order: Any) -> OrderEvent:  # noqa: N802
            event = super().MarketFill(asset, order)
            event.FillPrice = event.FillPrice + 1.0
            return event  # type: ignore[no-any-return]

    desk = Desk()
    spy = desk.add("SPY")
    spy.set_fill_model(Worse())
    trade_bar(spy, "2013-10-07T10:00", (167, 168, 166, 167.5))
    assert desk.fill(spy, desk.order(spy, 10, "2013-10-07T10:00")).exact_fill_price == Decimal("168.5")


def test_a_subclass_may_fill_in_parts() -> None:
    class Parts(EquityFillModel):
        def __init__(self) -> None:
            self.random = random.Random(1)

        def market_fill(self, asset: Any, order: Any) -> OrderEvent:
            event = super().market_fill(asset, order)
            event.fill_quantity = 4.0
            event.status = OrderStatus.PARTIALLY_FILLED
            return event

    desk = Desk()
    spy = desk.add("SPY")
    spy.set_fill_model(Parts())
    trade_bar(spy, "2013-10-07T10:00", (167, 168, 166, 167.5))
    event = desk.fill(spy, desk.order(spy, 10, "2013-10-07T10:00"))
    assert (event.status, event.exact_fill_quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal(4))


def test_the_most_derived_definition_wins_whatever_its_spelling() -> None:
    class First(Model):
        def do_it(self) -> str:
            return "first"

    class Second(First):
        def DoIt(self) -> str:  # noqa: N802
            return "second"

    class Third(Second):
        def do_it(self) -> str:
            return "third"

    assert [kind().do_it() for kind in (First, Second, Third)] == ["first", "second", "third"]
    assert [kind().DoIt() for kind in (First, Second, Third)] == ["first", "second", "third"]


def test_method_of_an_object_with_neither_spelling_fails() -> None:
    with pytest.raises(AttributeError, match="GetOrderFee"):
        method_of(object(), "get_order_fee")


def test_a_fill_holds_one_event_or_several() -> None:
    desk = Desk()
    spy = desk.add("SPY")
    event = OrderEvent(desk.order(spy, 10, "2013-10-07T10:00"), 0)
    assert list(Fill(event)) == list(Fill([event])) == [event]
    assert Fill(event).OrderEvents == [event]
