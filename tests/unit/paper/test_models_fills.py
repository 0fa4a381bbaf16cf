"""Fills of forex and crypto: the quote of the order's side decides."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.paper_doubles import Desk, go, quote_bar, quotes, trade_bar, trades

from live.algorithm.enums import OrderStatus, Resolution, SecurityType
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.paper.models.slippage import ConstantSlippageModel
from live.paper.securities import Security

DAY = "2018-04-04"
BID, ASK = (7119.0, 7130.0, 7110.0, 7118.5), (7119.5, 7131.0, 7110.5, 7120.0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def btc(desk: Desk) -> Security:
    return desk.add("BTCUSD", SecurityType.CRYPTO)


def show(security: Security, end: str) -> None:
    quote_bar(security, end, BID, ASK)


@pytest.mark.parametrize(("quantity", "expected"), [("0.4", "7120"), ("-0.4", "7118.5")])
def test_market_order_takes_the_close_of_its_side(desk: Desk, btc: Security, quantity: str, expected: str) -> None:
    trade_bar(btc, f"{DAY}T10:00", (7000, 7500, 6900, 7300))
    show(btc, f"{DAY}T10:00")
    assert desk.fill(btc, desk.order(btc, quantity, f"{DAY}T10:00")).exact_fill_price == Decimal(expected)


def test_market_order_without_quotes_takes_the_trades_close(desk: Desk, btc: Security) -> None:
    trade_bar(btc, f"{DAY}T10:00", (7000, 7500, 6900, 7300))
    event = desk.fill(btc, desk.order(btc, 1, f"{DAY}T10:00"))
    assert (event.exact_fill_price, event.message) == (Decimal(7300), "")


def test_market_order_on_stale_bars_waits(desk: Desk, btc: Security) -> None:
    show(btc, f"{DAY}T10:00")
    go(btc, f"{DAY}T11:00:01")
    order = desk.order(btc, 1, f"{DAY}T11:00:01")
    assert desk.fill(btc, order).status is OrderStatus.SUBMITTED
    show(btc, f"{DAY}T11:02")
    assert desk.fill(btc, order).exact_fill_price == Decimal(7120)


def test_market_order_on_stale_ticks_fills_with_a_warning(desk: Desk) -> None:
    eur = desk.add("EURUSD", SecurityType.FOREX, Resolution.TICK)
    quotes(eur, "2014-05-05T10:00", (1.3871, 1.3873))
    go(eur, "2014-05-05T11:30")
    event = desk.fill(eur, desk.order(eur, 1000, "2014-05-05T11:30"))
    assert event.exact_fill_price == Decimal("1.3873")
    assert event.message == "Warning: fill at stale price (05/05/2014 10:00:00 America/New_York)"


def test_market_order_that_rested_through_a_daily_bars_start_takes_its_open(desk: Desk) -> None:
    btc = desk.add("BTCUSD", SecurityType.CRYPTO, Resolution.DAILY)
    order = desk.order(btc, 1, "2018-04-04T00:00")
    quote_bar(btc, "2018-04-05T00:00", BID, ASK, minutes=1440)
    assert desk.fill(btc, order).exact_fill_price == Decimal("7119.5")


@pytest.mark.parametrize(
    ("quantity", "limit", "expected"),
    [
        ("1", "7120", "7120"),
        ("1", "7110.5", None),
        ("1", "7140", "7131"),  # the whole ask bar lies below the limit: its high
        ("-1", "7120", "7120"),
        ("-1", "7130", None),
        ("-1", "7100", "7110"),  # the whole bid bar lies above the limit: its low
    ],
)
def test_limit_fills_through_the_side_of_the_quote(
    desk: Desk, btc: Security, quantity: str, limit: str, expected: str | None
) -> None:
    order = desk.order(btc, quantity, f"{DAY}T09:59", LimitOrder, limit_price=limit)
    show(btc, f"{DAY}T10:00")
    event = desk.fill(btc, order)
    assert event.exact_fill_price == Decimal(expected or 0)


def test_limit_needs_data_that_ended_after_it_was_sent(desk: Desk, btc: Security) -> None:
    show(btc, f"{DAY}T10:00")
    order = desk.order(btc, 1, f"{DAY}T10:00", LimitOrder, limit_price=8000)
    assert desk.fill(btc, order).status is OrderStatus.SUBMITTED


@pytest.mark.parametrize(
    ("quantity", "stop", "expected"),
    [
        ("-1", "7123.51", "7118.5"),  # the close of the bid is beyond the stop
        ("-1", "7115", "7115"),
        ("-1", "7110", None),
        ("1", "7119", "7120"),
        ("1", "7125", "7125"),
        ("1", "7131", None),
    ],
)
def test_stop_market_fills_at_the_worse_of_stop_and_close(
    desk: Desk, btc: Security, quantity: str, stop: str, expected: str | None
) -> None:
    order = desk.order(btc, quantity, f"{DAY}T09:59", StopMarketOrder, stop_price=stop)
    show(btc, f"{DAY}T10:00")
    assert desk.fill(btc, order).exact_fill_price == Decimal(expected or 0)


def test_slippage_moves_a_stop_market_only_from_the_close(desk: Desk, btc: Security) -> None:
    btc.set_slippage_model(ConstantSlippageModel(0.001))
    show(btc, f"{DAY}T10:00")
    near = desk.order(btc, -1, f"{DAY}T09:59", StopMarketOrder, stop_price="7115")
    assert desk.fill(btc, near).exact_fill_price == Decimal("7118.5") - Decimal("7119.25") * Decimal("0.001")
    far = desk.order(btc, -1, f"{DAY}T09:59", StopMarketOrder, stop_price="7111")
    assert desk.fill(btc, far).exact_fill_price == Decimal(7111)


def test_stop_limit_waits_for_a_close_within_its_limit(desk: Desk, btc: Security) -> None:
    order = desk.order(btc, 1, f"{DAY}T09:59", StopLimitOrder, stop_price="7130", limit_price="7120")
    show(btc, f"{DAY}T10:00")
    assert desk.fill(btc, order).status is OrderStatus.SUBMITTED
    assert order.stop_triggered
    order.exact_limit_price = Decimal("7120.5")
    assert desk.fill(btc, order).exact_fill_price == Decimal("7120.5")


def test_limit_if_touched_compares_the_limit_with_the_other_side(desk: Desk, btc: Security) -> None:
    order = desk.order(btc, 1, f"{DAY}T09:59", LimitIfTouchedOrder, trigger_price="6900", limit_price="7118")
    trade_bar(btc, f"{DAY}T10:00", (7000, 7500, 6900, 7300))
    show(btc, f"{DAY}T10:00")
    assert desk.fill(btc, order).status is OrderStatus.SUBMITTED
    order.exact_limit_price = Decimal("7118.5")
    assert desk.fill(btc, order).exact_fill_price == Decimal("7118.5")


def test_limit_if_touched_never_triggers_without_trades(desk: Desk, btc: Security) -> None:
    order = desk.order(btc, 1, f"{DAY}T09:59", LimitIfTouchedOrder, trigger_price="9000", limit_price="9000")
    show(btc, f"{DAY}T10:00")
    assert desk.fill(btc, order).status is OrderStatus.SUBMITTED
    assert not order.trigger_touched


def test_limit_if_touched_on_ticks_is_triggered_by_the_quote(desk: Desk) -> None:
    eur = desk.add("EURUSD", SecurityType.FOREX, Resolution.TICK)
    order = desk.order(eur, -1000, "2014-05-05T10:00", LimitIfTouchedOrder, trigger_price="1.3871", limit_price="1.387")
    quotes(eur, "2014-05-05T10:00:01", (1.3871, 1.3873))
    assert desk.fill(eur, order).exact_fill_price == Decimal("1.387")


def test_trailing_stop_fills_at_the_worse_of_stop_and_close(desk: Desk, btc: Security) -> None:
    order = desk.order(
        btc,
        -1,
        f"{DAY}T09:59",
        TrailingStopOrder,
        stop_price="7120",
        trailing_amount="5",
        trailing_as_percentage=False,
    )
    show(btc, f"{DAY}T10:00")
    assert desk.fill(btc, order).exact_fill_price == Decimal("7118.5")


def test_on_open_over_a_weekend_fills_in_the_first_bar_after_the_sunday_opening(desk: Desk) -> None:
    eur = desk.add("EURUSD", SecurityType.FOREX)
    order = desk.order(eur, 1000, "2014-05-03T12:00", MarketOnOpenOrder)
    quote_bar(eur, "2014-05-04T17:01", (1.38, 1.39, 1.37, 1.385), (1.381, 1.391, 1.371, 1.386))
    assert desk.fill(eur, order).exact_fill_price == Decimal("1.381")


def test_on_open_waits_for_another_day_when_sent_in_a_session(desk: Desk) -> None:
    eur = desk.add("EURUSD", SecurityType.FOREX)
    order = desk.order(eur, 1000, "2014-05-05T12:00", MarketOnOpenOrder)
    quote_bar(eur, "2014-05-05T12:01", (1.38, 1.39, 1.37, 1.385), (1.381, 1.391, 1.371, 1.386))
    assert desk.fill(eur, order).status is OrderStatus.SUBMITTED


def test_on_close_fills_on_friday_at_five(desk: Desk) -> None:
    eur = desk.add("EURUSD", SecurityType.FOREX)
    order = desk.order(eur, -1000, "2014-05-09T12:00", MarketOnCloseOrder)
    quote_bar(eur, "2014-05-09T16:59", (1.38, 1.39, 1.37, 1.385), (1.381, 1.391, 1.371, 1.386))
    assert desk.fill(eur, order).status is OrderStatus.SUBMITTED
    quote_bar(eur, "2014-05-09T17:00", (1.38, 1.39, 1.37, 1.384), (1.381, 1.391, 1.371, 1.386))
    assert desk.fill(eur, order).exact_fill_price == Decimal("1.384")


def test_crypto_ticks_prefer_whichever_came_last(desk: Desk) -> None:
    btc = desk.add("BTCUSD", SecurityType.CRYPTO, Resolution.TICK)
    trades(btc, f"{DAY}T10:00:00", (7000.0, 1))
    quotes(btc, f"{DAY}T10:00:00", (7100.0, 7101.0))
    assert desk.fill(btc, desk.order(btc, 1, f"{DAY}T10:00")).exact_fill_price == Decimal(7000)
    quotes(btc, f"{DAY}T10:00:01", (7100.0, 7101.0))
    assert desk.fill(btc, desk.order(btc, 1, f"{DAY}T10:00:01")).exact_fill_price == Decimal(7101)
