"""Copies of orders and events: complete, and on their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live.algorithm.enums import OrderStatus, SecurityType
from live.algorithm.order_requests import submit_request_of
from live.algorithm.order_terms import OrderProperties, TimeInForce
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderEvent,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.algorithm.symbols import Symbol

_IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")
_LIMIT, _STOP, _TRIGGER = (
    {f"{name}_price": Decimal(price)} for name, price in (("limit", 9), ("stop", 8), ("trigger", 7))
)
_TRAIL: dict[str, Any] = {"trailing_amount": Decimal("0.5"), "trailing_as_percentage": True}
_KINDS: list[tuple[type[Order], dict[str, Any]]] = [
    (MarketOrder, {}),
    (MarketOnOpenOrder, {}),
    (MarketOnCloseOrder, {}),
    (LimitOrder, _LIMIT),
    (StopMarketOrder, _STOP),
    (StopLimitOrder, _STOP | _LIMIT),
    (LimitIfTouchedOrder, _TRIGGER | _LIMIT),
    (TrailingStopOrder, _STOP | _TRAIL),
]


def _order(kind: type[Order], prices: dict[str, Any]) -> Order:
    order = kind(7, _IBM, Decimal(-3), 1_381_152_600_000_000_000, "a tag", OrderProperties(), **prices)
    order.status = OrderStatus.PARTIALLY_FILLED
    order.last_fill_ns, order.last_update_ns, order.canceled_ns = 1, 2, 3
    order.price_currency = "USD"
    order.exact_price = Decimal("8.5")
    order.next_event_id()
    return order


def _members(value: object) -> dict[str, Any]:
    names = (name for name in {*dir(value)} if name[0].islower() and name != "properties")
    return {name: each for name in names if not callable(each := getattr(value, name))}


@pytest.mark.parametrize(("kind", "prices"), _KINDS)
def test_a_copy_of_an_order_has_all_of_it(kind: type[Order], prices: dict[str, Any]) -> None:
    order = _order(kind, prices)
    copy = order.clone()
    assert type(copy) is kind
    assert _members(copy) == _members(order)
    copy.properties.time_in_force = TimeInForce.DAY
    copy.exact_quantity = Decimal(5)
    assert order.time_in_force is TimeInForce.GOOD_TIL_CANCELED
    assert order.exact_quantity == Decimal(-3)


@pytest.mark.parametrize(("kind", "prices"), _KINDS)
def test_a_request_asks_for_the_order_it_was_made_of(kind: type[Order], prices: dict[str, Any]) -> None:
    order = _order(kind, prices)
    again = submit_request_of(order).make_order()
    assert type(again) is kind
    kept = ("symbol", "quantity", "created_time", "tag", "exact_limit_price", "exact_stop_price")
    assert [getattr(again, name) for name in kept] == [getattr(order, name) for name in kept]


def test_a_copy_of_an_event_has_all_of_it() -> None:
    event = OrderEvent(_order(LimitOrder, _LIMIT), 5, message="text")
    event.FillPrice, event.fill_quantity = 2.5, -3
    assert _members(event.clone()) == _members(event)
    assert (event.fill_price, event.FillQuantity, event.Message) == (2.5, -3.0, "text")
