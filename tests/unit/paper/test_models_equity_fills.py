"""Equity fills: trades decide about limits and stops, quotes about market orders."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.paper_doubles import Desk, go, price, quote_bar, quotes, trade_bar, trades

from live.algorithm.enums import OrderStatus, Resolution
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

DAY = "2013-10-07"
OFFICIAL_OPEN, OPENING_PRINT, CLOSING_PRINT = 1 << 26, 1 << 6, 1 << 7


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def spy(desk: Desk) -> Security:
    return desk.add("SPY")


@pytest.fixture
def ibm(desk: Desk) -> Security:
    security = desk.add("IBM", resolution=Resolution.TICK)
    security.primary_exchange = "N"
    return security


# -- market orders


@pytest.mark.parametrize(("quantity", "expected"), [(10, "167.06"), (-10, "167.04")])
def test_market_order_takes_the_close_of_its_side_of_the_quote(
    desk: Desk, spy: Security, quantity: int, expected: str
) -> None:
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.5))
    quote_bar(spy, f"{DAY}T10:00", (167, 167.1, 166.9, 167.04), (167, 167.2, 166.9, 167.06))
    event = desk.fill(spy, desk.order(spy, quantity, f"{DAY}T10:00"))
    assert event.status is OrderStatus.FILLED
    assert event.exact_fill_price == Decimal(expected)
    assert event.exact_fill_quantity == quantity
    assert event.message == ""


def test_market_order_without_quotes_takes_the_trade_and_says_so(desk: Desk, spy: Security) -> None:
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.5))
    event = desk.fill(spy, desk.order(spy, 10, f"{DAY}T10:00"))
    assert event.exact_fill_price == Decimal("167.5")
    assert event.message == (
        "Warning: No quote information available at 10/07/2013 10:00:00 America/New_York, order filled using TradeBar data"
    )


def test_market_order_takes_the_newest_quote_tick_that_has_its_side(desk: Desk, ibm: Security) -> None:
    quotes(ibm, f"{DAY}T10:00:00.100", (182.1, 182.2), (182.15, 0.0))
    event = desk.fill(ibm, desk.order(ibm, 10, f"{DAY}T10:00:00.100"))
    assert event.exact_fill_price == Decimal("182.2")
    event = desk.fill(ibm, desk.order(ibm, -10, f"{DAY}T10:00:00.100"))
    assert event.exact_fill_price == Decimal("182.15")


def test_market_order_takes_a_trade_tick_when_no_quote_has_its_side(desk: Desk, ibm: Security) -> None:
    trades(ibm, f"{DAY}T10:00", (182.0, 100))
    quotes(ibm, f"{DAY}T10:00", (182.1, 0.0))
    event = desk.fill(ibm, desk.order(ibm, 10, f"{DAY}T10:00"))
    assert event.exact_fill_price == Decimal(182)
    assert event.message.endswith("order filled using Trade Tick data")


def test_market_order_on_stale_bars_waits_for_a_fresh_one(desk: Desk, spy: Security) -> None:
    quote_bar(spy, f"{DAY}T10:00", (167, 167, 167, 167), (167.1, 167.1, 167.1, 167.1))
    trade_bar(spy, f"{DAY}T10:00", (167, 167, 167, 167))
    go(spy, f"{DAY}T11:00:01")
    order = desk.order(spy, 10, f"{DAY}T11:00:01")
    assert desk.fill(spy, order).status is OrderStatus.SUBMITTED
    trade_bar(spy, f"{DAY}T11:02", (168, 168, 168, 168))
    assert desk.fill(spy, order).exact_fill_price == Decimal(168)


def test_data_of_exactly_the_stale_age_are_fresh(desk: Desk, spy: Security) -> None:
    quote_bar(spy, f"{DAY}T10:00", (167, 167, 167, 167), (167.1, 167.1, 167.1, 167.1))
    go(spy, f"{DAY}T11:00")
    assert desk.fill(spy, desk.order(spy, 10, f"{DAY}T11:00")).exact_fill_price == Decimal("167.1")


def test_market_order_on_stale_ticks_fills_with_a_warning(desk: Desk, ibm: Security) -> None:
    quotes(ibm, f"{DAY}T10:00:00", (182.1, 182.2))
    go(ibm, f"{DAY}T12:00:00")
    event = desk.fill(ibm, desk.order(ibm, 10, f"{DAY}T12:00:00"))
    assert event.exact_fill_price == Decimal("182.2")
    expected = "Warning: fill at stale price (10/07/2013 10:00:00 America/New_York), using Quote Tick data."
    assert event.message == expected


@pytest.mark.parametrize("moment", ["08:00:00", "16:00:01", "20:30:00"])
def test_market_order_does_not_fill_outside_regular_hours(desk: Desk, moment: str) -> None:
    ibm = desk.add("IBM", resolution=Resolution.TICK, extended=True)
    quotes(ibm, f"{DAY}T{moment}", (182.1, 182.2))
    assert desk.fill(ibm, desk.order(ibm, 10, f"{DAY}T{moment}")).status is OrderStatus.SUBMITTED


def test_market_order_without_any_data_waits(desk: Desk, spy: Security) -> None:
    go(spy, f"{DAY}T10:00")
    price(spy, 167.0)
    assert desk.fill(spy, desk.order(spy, 10, f"{DAY}T10:00")).status is OrderStatus.SUBMITTED


def test_the_last_bar_of_the_session_may_still_fill_at_the_close(desk: Desk, spy: Security) -> None:
    trade_bar(spy, f"{DAY}T16:00", (167, 168, 166, 167.5))
    order = desk.order(spy, 10, f"{DAY}T15:59", LimitOrder, limit_price=167)
    assert desk.fill(spy, order).exact_fill_price == Decimal(167)


@pytest.mark.parametrize(("quantity", "expected"), [(100, "167.66745"), (-100, "167.33255")])
def test_slippage_worsens_a_market_fill(desk: Desk, spy: Security, quantity: int, expected: str) -> None:
    spy.set_slippage_model(ConstantSlippageModel(0.001))
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.45))
    quote_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.5), (167, 168, 166, 167.5))
    assert desk.fill(spy, desk.order(spy, quantity, f"{DAY}T10:00")).exact_fill_price == Decimal(expected)


# -- limit orders


@pytest.mark.parametrize(
    ("quantity", "limit", "expected"),
    [
        (10, "166.5", "166.5"),  # the low went through the limit
        (10, "166.01", "166.01"),
        (10, "166", None),  # a touch is no fill
        (10, "167.5", "167"),  # the bar opened below the limit
        (-10, "167.9", "167.9"),
        (-10, "168", None),
        (-10, "166.5", "167"),
    ],
)
def test_limit_fills_when_trades_go_through_it(
    desk: Desk, spy: Security, quantity: int, limit: str, expected: str | None
) -> None:
    order = desk.order(spy, quantity, f"{DAY}T09:59", LimitOrder, limit_price=limit)
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.5))
    event = desk.fill(spy, order)
    if expected is None:
        assert event.status is OrderStatus.SUBMITTED
        return
    assert event.exact_fill_price == Decimal(expected)
    gap = "Due to a favorable gap at 10/07/2013 10:00:00 America/New_York, order filled using the open price (167.0000)"
    assert event.message == (gap if expected == "167" else "")


def test_limit_needs_data_that_ended_after_it_was_sent(desk: Desk, spy: Security) -> None:
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.5))
    order = desk.order(spy, 10, f"{DAY}T10:00", LimitOrder, limit_price="166.5")
    go(spy, f"{DAY}T10:01")
    assert desk.fill(spy, order).status is OrderStatus.SUBMITTED


@pytest.mark.parametrize(("extended", "fills"), [(True, True), (False, False)])
def test_limit_fills_before_the_open_with_extended_hours_only(desk: Desk, extended: bool, fills: bool) -> None:
    security = desk.add("IBM", resolution=Resolution.TICK, extended=extended)
    order = desk.order(security, 10, f"{DAY}T09:00:38", LimitOrder, limit_price="182.85")
    trades(security, f"{DAY}T09:02:37.456", (181.62, 100))
    event = desk.fill(security, order)
    assert event.status is (OrderStatus.FILLED if fills else OrderStatus.SUBMITTED)
    if fills:
        assert event.message == (
            "Due to a favorable gap at 10/07/2013 09:02:37 America/New_York, order filled using the open price (181.62)"
        )


def test_gap_message_has_the_digits_of_the_price_factor(desk: Desk, spy: Security) -> None:
    spy.price_factor_on = lambda day: Decimal("0.8647830")
    order = desk.order(spy, 10, f"{DAY}T10:30", LimitOrder, limit_price="150")
    adjusted = 168.2 * 0.864783
    trade_bar(spy, f"{DAY}T10:31", (adjusted, 146, 145, 145.5))
    assert desk.fill(spy, order).message.endswith("the open price (145.45650060000)")


def test_canceled_order_never_fills(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, 10, f"{DAY}T09:59", LimitOrder, limit_price="170")
    order.status = OrderStatus.CANCELED
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.5))
    assert desk.fill(spy, order).exact_fill_quantity == 0


# -- stop orders


@pytest.mark.parametrize(
    ("quantity", "stop", "expected"),
    [
        (-10, "166.5", "166.5"),
        (-10, "166", "166"),  # a touch is enough
        (-10, "165.99", None),
        (-10, "167", "167"),  # the open is at the stop: a gap
        (-10, "167.5", "167"),
        (10, "167.5", "167.5"),
        (10, "168", "168"),
        (10, "168.01", None),
        (10, "167", "167"),
        (10, "166", "167"),
    ],
)
def test_stop_market_fills_when_trades_reach_it(
    desk: Desk, spy: Security, quantity: int, stop: str, expected: str | None
) -> None:
    order = desk.order(spy, quantity, f"{DAY}T09:59", StopMarketOrder, stop_price=stop)
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167.5))
    event = desk.fill(spy, order)
    if expected is None:
        assert event.status is OrderStatus.SUBMITTED
        return
    assert event.exact_fill_price == Decimal(expected)
    assert ("an unfavorable gap" in event.message) == (expected == "167")


def test_stop_market_ignores_extended_hours(desk: Desk) -> None:
    security = desk.add("IBM", resolution=Resolution.TICK, extended=True)
    order = desk.order(security, -10, f"{DAY}T09:00", StopMarketOrder, stop_price="182")
    trades(security, f"{DAY}T09:10", (181, 100))
    assert desk.fill(security, order).status is OrderStatus.SUBMITTED


def test_stop_market_slips(desk: Desk, spy: Security) -> None:
    spy.set_slippage_model(ConstantSlippageModel(0.01))
    order = desk.order(spy, -10, f"{DAY}T09:59", StopMarketOrder, stop_price="166.5")
    trade_bar(spy, f"{DAY}T10:00", (167, 168, 166, 167))
    assert desk.fill(spy, order).exact_fill_price == Decimal("164.83")


def test_stop_limit_sells_at_the_bids_low_when_that_is_better_than_the_limit(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, -10, f"{DAY}T09:59", StopLimitOrder, stop_price="180.35", limit_price="180.30")
    trade_bar(spy, f"{DAY}T10:00", (180.4, 180.4, 180.33, 180.34))
    quote_bar(spy, f"{DAY}T10:00", (180.4, 180.4, 180.33, 180.34), (180.5, 180.5, 180.4, 180.45))
    assert desk.fill(spy, order).exact_fill_price == Decimal("180.33")


def test_stop_limit_stays_triggered(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, 10, f"{DAY}T09:58", StopLimitOrder, stop_price="168", limit_price="167.5")
    for end, ask in (("09:59", (168, 168.5, 168, 168.2)), ("10:00", (167.6, 167.7, 167.2, 167.4))):
        quote_bar(spy, f"{DAY}T{end}", ask, ask)
        trade_bar(spy, f"{DAY}T{end}", ask)
        event = desk.fill(spy, order)
        assert order.stop_triggered
    assert event.exact_fill_price == Decimal("167.5")


def test_stop_limit_at_the_stop_is_not_triggered(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, 10, f"{DAY}T09:59", StopLimitOrder, stop_price="168", limit_price="169")
    quote_bar(spy, f"{DAY}T10:00", (167, 168, 167, 167), (167, 168, 167, 167))
    desk.fill(spy, order)
    assert not order.stop_triggered


def test_stop_limit_on_equity_ticks_looks_at_trades(desk: Desk, ibm: Security) -> None:
    order = desk.order(ibm, -10, f"{DAY}T10:00", StopLimitOrder, stop_price="182", limit_price="181")
    trades(ibm, f"{DAY}T10:00:01", (181.5, 100))
    quotes(ibm, f"{DAY}T10:00:02", (170.0, 171.0))
    assert desk.fill(ibm, order).exact_fill_price == Decimal("181.5")


def test_limit_if_touched_fills_at_the_quote_once_touched(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, 10, f"{DAY}T09:58", LimitIfTouchedOrder, trigger_price="166", limit_price="166.2")
    quote_bar(spy, f"{DAY}T09:59", (166.3, 166.4, 166, 166.3), (166.4, 166.5, 166, 166.4))
    trade_bar(spy, f"{DAY}T09:59", (166.4, 166.5, 166, 166.3))
    assert desk.fill(spy, order).status is OrderStatus.SUBMITTED
    assert order.trigger_touched
    quote_bar(spy, f"{DAY}T10:00", (166.1, 166.2, 166.1, 166.1), (166.2, 166.2, 166.15, 166.15))
    trade_bar(spy, f"{DAY}T10:00", (166.4, 166.5, 166.2, 166.3))
    assert desk.fill(spy, order).exact_fill_price == Decimal("166.15")


@pytest.mark.parametrize(("as_percentage", "amount", "expected"), [(False, "1", "168"), (True, "0.01", "167.31")])
def test_trailing_stop_follows_the_high_and_fills_at_a_touch(
    desk: Desk, spy: Security, as_percentage: bool, amount: str, expected: str
) -> None:
    order = desk.order(
        spy,
        -10,
        f"{DAY}T09:58",
        TrailingStopOrder,
        stop_price="166",
        trailing_amount=amount,
        trailing_as_percentage=as_percentage,
    )
    trade_bar(spy, f"{DAY}T09:59", (168, 169, 168, 168.5))
    assert desk.fill(spy, order).status is OrderStatus.SUBMITTED
    assert order.exact_stop_price == Decimal(expected)
    trade_bar(spy, f"{DAY}T10:00", (168.2, 168.4, float(expected), 168.1))
    assert desk.fill(spy, order).exact_fill_price == Decimal(expected)


def test_trailing_stop_of_a_purchase_never_rises(desk: Desk, spy: Security) -> None:
    order = desk.order(
        spy,
        10,
        f"{DAY}T09:58",
        TrailingStopOrder,
        stop_price="169",
        trailing_amount="1",
        trailing_as_percentage=False,
    )
    for end, low in (("09:59", 167.0), ("10:00", 167.5)):
        trade_bar(spy, f"{DAY}T{end}", (167.6, 167.9, low, 167.8))
        desk.fill(spy, order)
        assert order.exact_stop_price == Decimal(168)


# -- on-open and on-close orders


def test_on_open_fills_at_the_open_of_the_first_regular_bar(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, 10, "2013-10-07T18:00", MarketOnOpenOrder)
    trade_bar(spy, "2013-10-08T09:31", (167.4, 168, 167, 167.9))
    assert desk.fill(spy, order).exact_fill_price == Decimal("167.4")


def test_on_open_skips_bars_before_the_open(desk: Desk) -> None:
    spy = desk.add("SPY", extended=True)
    order = desk.order(spy, 10, "2013-10-07T18:00", MarketOnOpenOrder)
    trade_bar(spy, "2013-10-08T09:30", (160, 160, 160, 160))
    assert desk.fill(spy, order).status is OrderStatus.SUBMITTED


def test_on_open_of_daily_data_fills_at_the_next_days_open_with_its_close_as_time(desk: Desk) -> None:
    spy = desk.add("SPY", resolution=Resolution.DAILY)
    order = desk.order(spy, 10, "2013-10-07T16:00", MarketOnOpenOrder)
    trade_bar(spy, "2013-10-08T16:00", (165.5, 166, 164, 165), minutes=390)
    event = desk.fill(spy, order)
    assert event.exact_fill_price == Decimal("165.5")
    assert event.time_ns == spy.utc_ns


def test_on_open_with_ticks_takes_the_listing_exchanges_opening_print(desk: Desk, ibm: Security) -> None:
    order = desk.order(ibm, 10, f"{DAY}T08:00", MarketOnOpenOrder)
    trades(ibm, f"{DAY}T09:30:00.072", (181.9, 200, "P", OPENING_PRINT), (181.8, 200, "N", 1 << 5))
    assert desk.fill(ibm, order).status is OrderStatus.SUBMITTED
    trades(ibm, f"{DAY}T09:30:16.893", (182.0, 138_862, "N", OPENING_PRINT), (182.1, 153, "N", 1))
    event = desk.fill(ibm, order)
    assert event.exact_fill_price == Decimal(182)
    assert event.message == ""


@pytest.mark.parametrize(("listed", "printed"), [("Q", "T"), ("NASDAQ", "Q"), ("T", "Q"), ("", "\0")])
def test_on_open_knows_exchanges_by_all_their_names(desk: Desk, ibm: Security, listed: str, printed: str) -> None:
    ibm.primary_exchange = listed
    order = desk.order(ibm, 10, f"{DAY}T08:00", MarketOnOpenOrder)
    trades(ibm, f"{DAY}T09:30:01", (182.0, 1, printed, OFFICIAL_OPEN))
    assert desk.fill(ibm, order).exact_fill_price == Decimal(182)


def test_on_open_without_a_print_takes_the_first_trade_after_a_minute(desk: Desk, ibm: Security) -> None:
    order = desk.order(ibm, 10, f"{DAY}T08:00", MarketOnOpenOrder)
    trades(ibm, f"{DAY}T09:30:59.999", (181.5, 100))
    assert desk.fill(ibm, order).status is OrderStatus.SUBMITTED
    quotes(ibm, f"{DAY}T09:31:05", (181.6, 181.8))
    assert desk.fill(ibm, order).status is OrderStatus.SUBMITTED
    trades(ibm, f"{DAY}T09:31:12.517", (181.71, 100))
    event = desk.fill(ibm, order)
    assert event.exact_fill_price == Decimal("181.71")
    assert event.message == (
        "No trade with the OfficialOpen or OpeningPrints flag within the 1-minute timeout. Fill with last Trade data."
    )


def test_on_close_fills_in_the_last_bar_at_its_close(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, -10, f"{DAY}T15:40", MarketOnCloseOrder)
    trade_bar(spy, f"{DAY}T15:59", (167, 168, 166, 167.1))
    assert desk.fill(spy, order).status is OrderStatus.SUBMITTED
    trade_bar(spy, f"{DAY}T16:00", (167, 168, 166, 167.2))
    assert desk.fill(spy, order).exact_fill_price == Decimal("167.2")


def test_on_close_of_a_half_day_fills_at_one(desk: Desk, spy: Security) -> None:
    order = desk.order(spy, -10, "2013-11-29T12:00", MarketOnCloseOrder)
    trade_bar(spy, "2013-11-29T13:00", (180, 181, 179, 180.5))
    assert desk.fill(spy, order).exact_fill_price == Decimal("180.5")


def test_on_close_with_ticks_takes_the_last_closing_print(desk: Desk) -> None:
    ibm = desk.add("IBM", resolution=Resolution.TICK, extended=True)
    ibm.primary_exchange = "N"
    order = desk.order(ibm, 10, f"{DAY}T15:00", MarketOnCloseOrder)
    trades(ibm, f"{DAY}T16:00:10", (182.3, 1, "N", CLOSING_PRINT), (182.4, 1, "N", CLOSING_PRINT), (182.9, 1, "P", 1))
    assert desk.fill(ibm, order).exact_fill_price == Decimal("182.4")


def test_on_close_with_extended_ticks_waits_a_minute_for_a_print(desk: Desk) -> None:
    ibm = desk.add("IBM", resolution=Resolution.TICK, extended=True)
    order = desk.order(ibm, 10, f"{DAY}T15:00", MarketOnCloseOrder)
    trades(ibm, f"{DAY}T16:00:59", (182.3, 1))
    assert desk.fill(ibm, order).status is OrderStatus.SUBMITTED
    trades(ibm, f"{DAY}T16:01:00", (182.5, 1))
    event = desk.fill(ibm, order)
    assert event.exact_fill_price == Decimal("182.5")
    assert event.message.startswith(
        "No trade with the OfficialClose or ClosingPrints flag within the 1-minute timeout."
    )


def test_on_close_with_regular_ticks_takes_the_last_trade(desk: Desk, ibm: Security) -> None:
    order = desk.order(ibm, 10, f"{DAY}T15:00", MarketOnCloseOrder)
    trades(ibm, f"{DAY}T15:59:59", (182.3, 1))
    go(ibm, f"{DAY}T16:00:00")
    event = desk.fill(ibm, order)
    assert event.exact_fill_price == Decimal("182.3")
    assert event.message == (
        "No trade with the OfficialClose or ClosingPrints flag for data that does not include extended market hours. "
        "Fill with last Trade data."
    )
