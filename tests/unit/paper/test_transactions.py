"""The way of an order: its events in every state, updates, cancellations, tags, and what a refused request leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from support.paper_doubles import quote_bar, trade_bar
from support.trading_floor import TradingFloor

from live.algorithm.enums import OrderField, OrderResponseErrorCode, OrderStatus, OrderType, SecurityType
from live.algorithm.order_requests import SubmitOrderRequest, UpdateOrderRequest
from live.algorithm.order_terms import CashAmount, OrderFee, UpdateOrderFields
from live.algorithm.orders import LimitIfTouchedOrder, LimitOrder, StopLimitOrder, TrailingStopOrder
from live.errors import UsageError
from live.paper.securities import Security

Code = OrderResponseErrorCode
FLAT = (100.0, 100.0, 100.0, 100.0)


def floor(cash: float = 100_000) -> tuple[TradingFloor, Security]:
    """Return a margin account at 10:00 with SPY at 100."""
    desk = TradingFloor(cash)
    spy = desk.add("SPY")
    show(desk, spy, "2013-10-07T10:00", FLAT)
    return desk, spy


def show(desk: TradingFloor, security: Security, at: str, prices: tuple[float, float, float, float]) -> None:
    """Move to the end of a minute bar, with quotes at its close."""
    trade_bar(security, at, prices)
    side = (prices[3],) * 4
    quote_bar(security, at, side, side)
    desk.at(security, at)


def test_a_market_order_fills_inside_the_call() -> None:
    desk, spy = floor()
    ticket = desk.send(spy, 10)
    assert desk.story == [(1, "SUBMITTED"), (1, "FILLED")]
    assert [event.id for event in desk.events] == [1, 2]
    assert (ticket.status, ticket.average_fill_price, ticket.quantity_filled) == (OrderStatus.FILLED, 100.0, 10.0)
    order = desk.transactions.get_order_by_id(1)
    assert order is not None
    assert order.price == 100.0
    assert ticket.get_most_recent_order_response().is_success


def test_the_prices_at_the_submission_are_kept() -> None:
    desk, spy = floor()
    quote_bar(spy, "2013-10-07T10:00", (99.0,) * 4, (101.0,) * 4)
    ticket = desk.send(spy, 10, LimitOrder, limit_price=100)
    sent = ticket.order.order_submission_data
    assert sent is not None
    assert (sent.bid_price, sent.ask_price, sent.last_price) == (99.0, 101.0, 100.0)
    assert sent.clone().bid_price == 99.0


@pytest.mark.parametrize(
    ("quantity", "limit", "updated", "marketable"),
    [
        (1, 101, None, True),
        (1, "100.99", None, False),
        (1, 100, 101, True),
        (-1, 99, None, True),
        (-1, 100, None, False),
    ],
)
def test_a_limit_is_marketable_by_its_limit_now_and_the_quote_of_the_submission(
    quantity: int, limit: Any, updated: float | None, marketable: bool
) -> None:
    desk, spy = floor()
    quote_bar(spy, "2013-10-07T10:00", (99.0,) * 4, (101.0,) * 4)
    ticket = desk.send(spy, quantity, LimitOrder, limit_price=limit)
    quote_bar(spy, "2013-10-07T10:01", (50.0,) * 4, (51.0,) * 4)
    desk.at(spy, "2013-10-07T10:00")
    if updated is not None:
        ticket.update_limit_price(updated)
        desk.transactions.process_step()
    assert ticket.order.is_marketable is marketable


def test_an_update_waits_for_the_queue_and_keeps_the_time_of_creation() -> None:
    desk, spy = floor()
    ticket = desk.send(spy, 10, LimitOrder, limit_price=90)
    created = ticket.order.created_ns
    show(desk, spy, "2013-10-07T10:01", FLAT)
    response = ticket.update_limit_price(91, "closer")
    assert response.is_success
    assert (ticket.get(OrderField.LIMIT_PRICE), ticket.status) == (90.0, OrderStatus.SUBMITTED)
    desk.transactions.process_step()
    assert (ticket.get(OrderField.LIMIT_PRICE), ticket.tag) == (91.0, "closer")
    assert desk.story[-1] == (1, "UPDATE_SUBMITTED")
    assert desk.events[-1].limit_price == 91.0
    assert ticket.order.created_ns == created
    assert ticket.order.last_update_ns == desk.time_ns
    assert ticket.time == ticket.update_requests[-1].time


def test_the_quantity_of_an_update_is_not_rounded_to_lots() -> None:
    desk, spy = floor()
    ticket = desk.send(spy, "10.7", LimitOrder, limit_price=90)
    assert ticket.quantity == 10.0
    assert desk.errors == ["Warning: Due to brokerage limitations, orders will be rounded to the nearest lot size of 1"]
    ticket.update_quantity(5.5)
    desk.transactions.process_step()
    assert ticket.quantity == 5.5
    desk.send(spy, "1.5", LimitOrder, limit_price=90)
    assert len(desk.errors) == 1, "the warning comes once"


def test_an_update_that_is_refused_keeps_the_order() -> None:
    desk, spy = floor(10_000)
    ticket = desk.send(spy, 10, LimitOrder, limit_price=90)
    ticket.update_quantity(10_000)
    desk.transactions.process_step()
    text = desk.events[-1].message
    assert text.startswith("Brokerage failed to update order with id: 1, Symbol: SPY, Insufficient buying power")
    assert desk.errors == [text]
    assert (desk.story[-1], ticket.quantity) == ((1, "SUBMITTED"), 10.0)
    assert ticket.get_most_recent_order_response().error_code is Code.BROKERAGE_FAILED_TO_UPDATE_ORDER
    assert int(ticket) == Code.BROKERAGE_FAILED_TO_UPDATE_ORDER


def test_a_cancellation_is_pending_until_the_queue_is_processed() -> None:
    desk, spy = floor()
    ticket = desk.send(spy, 10, LimitOrder, limit_price=90, tag="first")
    assert ticket.cancel("enough").is_success
    assert (ticket.status, ticket.tag) == (OrderStatus.CANCEL_PENDING, "enough")
    second = ticket.cancel()
    assert second.error_code is Code.REQUEST_CANCELED
    assert second.error_message == "Order 1 has already received a cancellation request."
    assert desk.transactions.cancel_order(1).cancel_request is not None
    desk.transactions.process_step()
    assert desk.story == [(1, "SUBMITTED"), (1, "CANCEL_PENDING"), (1, "CANCELED")]
    assert ticket.tag == "enough"
    assert desk.transactions.get_open_orders() == []


def test_requests_for_a_closed_order_fail_and_the_last_answer_says_so() -> None:
    desk, spy = floor()
    ticket = desk.send(spy, 10)
    text = "Unable to update order with id 1 because it already has Filled status."
    for response in (ticket.update_limit_price(1), ticket.cancel("late")):
        assert (response.error_code, response.error_message) == (Code.INVALID_ORDER_STATUS, text)
    assert ticket.get_most_recent_order_response().error_code is Code.INVALID_ORDER_STATUS
    assert ticket.tag == "late"
    assert ticket.cancel().error_code is Code.INVALID_ORDER_STATUS, "a refused cancellation may be repeated"
    assert ticket.update_tag("kept").is_success
    desk.transactions.process_step()
    assert (ticket.tag, len(desk.events)) == ("kept", 2)


def test_an_update_to_nothing_is_refused() -> None:
    desk, spy = floor()
    ticket = desk.send(spy, 10, LimitOrder, limit_price=90)
    response = ticket.update_quantity(0)
    assert response.error_code is Code.ORDER_QUANTITY_ZERO
    assert response.error_message == "Unable to update order with id 1 that has zero quantity."


def test_requests_for_an_unknown_order_give_an_invalid_ticket() -> None:
    desk, _ = floor()
    for ticket in (
        desk.transactions.cancel_order(7),
        desk.transactions.update_order(UpdateOrderRequest(0, 7, UpdateOrderFields())),
    ):
        assert (ticket.order_id, ticket.status) == (7, OrderStatus.INVALID)
        assert ticket.get_most_recent_order_response().error_code is Code.UNABLE_TO_FIND_ORDER


def test_cancelling_by_number_empties_the_tag_as_lean_does() -> None:
    desk, spy = floor()
    ticket = desk.send(spy, 10, LimitOrder, limit_price=90, tag="mine")
    assert desk.transactions.cancel_order(1) is ticket
    assert ticket.tag == ""


def test_all_open_orders_are_cancelled_with_a_tag_that_says_when() -> None:
    desk, spy = floor()
    ibm = desk.add("IBM")
    show(desk, ibm, "2013-10-07T10:00", FLAT)
    first, second = (desk.send(each, 1, LimitOrder, limit_price=90) for each in (spy, ibm))
    assert desk.transactions.cancel_open_orders("SPY", "one") == [first]
    assert (first.tag, second.tag) == ("one", "")
    assert desk.transactions.cancel_open_orders() == [first, second]
    assert second.tag == "Canceled by CancelOpenOrders() at 2013-10-07T14:00:00.0000000Z"
    desk.is_warming_up = True
    with pytest.raises(UsageError, match="on_warmup_finished"):
        desk.transactions.cancel_open_orders()


def test_open_orders_are_found_by_symbol_ticker_and_filter() -> None:
    desk, spy = floor()
    ibm = desk.add("IBM")
    show(desk, ibm, "2013-10-07T10:00", FLAT)
    desk.send(spy, 10, LimitOrder, limit_price=90)
    desk.send(ibm, -4, LimitOrder, limit_price=110)
    records = desk.transactions
    assert [order.id for order in records.get_open_orders(spy.symbol)] == [1]
    assert [order.id for order in records.get_open_orders("ibm")] == [2]
    assert [order.id for order in records.get_open_orders(lambda order: order.quantity < 0)] == [2]
    assert [ticket.order_id for ticket in records.get_open_order_tickets("SPY")] == [1]
    assert records.get_open_orders_remaining_quantity() == 6.0
    assert records.get_open_orders_remaining_quantity(ibm.symbol) == -4.0
    assert records.get_open_orders_remaining_quantity(lambda ticket: ticket.quantity > 0) == 10.0
    held = records.get_projected_holdings(spy)
    assert (held.holdings_quantity, held.open_orders_quantity, held.projected_quantity) == (0.0, 10.0, 10.0)
    records.get_open_orders()[0].properties.time_in_force = None  # type: ignore[assignment]
    assert records.open_orders(spy.symbol)[0].properties.time_in_force is not None, "what is handed out is a copy"


def test_trades_are_kept_with_twice_their_fee_taken_off() -> None:
    desk, spy = floor()
    desk.send(spy, 10)
    show(desk, spy, "2013-10-07T10:01", (101.0,) * 4)
    desk.send(spy, -5)
    desk.send(spy, -5)
    assert list(desk.transactions.transaction_record.values()) == [3.0, 3.0]
    assert (desk.transactions.win_count, desk.transactions.loss_count) == (2, 0)
    assert len(desk.transactions.winning_transactions) == 2
    assert desk.transactions.losing_transactions == {}


@pytest.mark.parametrize(
    ("amount", "is_share", "tag"), [("0.5", False, "Trailing Amount: $0.5"), ("0.05", True, "Trailing Amount: 5.00%")]
)
def test_a_trailing_stop_without_a_tag_is_tagged_with_its_distance(amount: str, is_share: bool, tag: str) -> None:
    desk, spy = floor()
    prices = {"stop_price": 95, "trailing_amount": amount, "trailing_as_percentage": is_share}
    assert desk.send(spy, -1, TrailingStopOrder, **prices).tag == tag
    event = desk.events[-1]
    assert (event.stop_price, event.trailing_amount, event.trailing_as_percentage) == (95.0, float(amount), is_share)
    assert desk.send(spy, -1, TrailingStopOrder, tag="mine", **prices).tag == "mine"


def test_a_split_updates_open_orders_through_the_queue() -> None:
    desk, spy = floor()
    tickets = [
        desk.send(spy, 11, LimitOrder, limit_price=90),
        desk.send(spy, 10, StopLimitOrder, stop_price=110, limit_price=112),
        desk.send(spy, 10, LimitIfTouchedOrder, trigger_price=80, limit_price=82),
        desk.send(spy, -10, TrailingStopOrder, stop_price=90, trailing_amount=4, trailing_as_percentage=False),
    ]
    count = len(desk.events)
    split: Any = type("Split", (), {"split_factor": 0.5, "symbol": spy.symbol})()
    desk.transactions.apply_split(split)
    assert len(desk.events) == count
    desk.transactions.process_step()
    assert [event.status.name for event in desk.events[count:]] == ["UPDATE_SUBMITTED"] * 4
    limit, stop, touched, trailing = (ticket.order for ticket in tickets)
    assert (limit.quantity, limit.exact_limit_price) == (22.0, Decimal("45.0"))
    assert (stop.exact_stop_price, stop.exact_limit_price) == (Decimal("55.0"), Decimal("56.0"))
    assert isinstance(touched, LimitIfTouchedOrder)
    assert isinstance(trailing, TrailingStopOrder)
    assert (touched.exact_trigger_price, touched.exact_limit_price) == (Decimal("40.0"), Decimal("41.0"))
    assert (trailing.quantity, trailing.exact_stop_price, trailing.trailing_amount) == (-20.0, Decimal("45.0"), 2.0)


def test_a_request_made_by_hand_becomes_an_order() -> None:
    desk, spy = floor()
    now = desk.transactions.utc_time
    request = SubmitOrderRequest(OrderType.LIMIT, SecurityType.EQUITY, spy.symbol, 3, 0, 99.5, now, "by hand")
    ticket = desk.transactions.add_order(request)
    assert (ticket.order_type, ticket.quantity, ticket.tag) == (OrderType.LIMIT, 3.0, "by hand")
    assert ticket.get(OrderField.LIMIT_PRICE) == 99.5
    trailing = SubmitOrderRequest(
        OrderType.TRAILING_STOP, SecurityType.EQUITY, spy.symbol, -3, 95, 0, 0, 0.02, True, now, "", None, None, True
    )
    assert (trailing.trailing_amount, trailing.trailing_as_percentage, trailing.asynchronous) == (0.02, True, True)
    order = trailing.make_order()
    assert isinstance(order, TrailingStopOrder)
    assert order.exact_stop_price == 95


def test_a_request_without_a_time_is_refused() -> None:
    _, spy = floor()
    with pytest.raises(UsageError, match="SubmitOrderRequest takes"):
        SubmitOrderRequest(OrderType.LIMIT, SecurityType.EQUITY, spy.symbol, 3, 0, 99.5, "by hand")


def test_a_fee_in_the_currency_that_is_bought_comes_off_the_quantity() -> None:
    desk = TradingFloor(10_000)
    btc = desk.add("BTCUSD", SecurityType.CRYPTO)
    show(desk, btc, "2018-04-04T10:00", (1000.0,) * 4)
    btc.base_cash.exact_conversion_rate = Decimal(1000)  # type: ignore[union-attr]

    class BaseFee:
        def get_order_fee(self, parameters: Any) -> Any:
            return _fee("0.01", "BTC")

    btc.set_fee_model(BaseFee())
    ticket = desk.send(btc, 2)
    assert ticket.quantity_filled == 1.99
    book = desk.portfolio.cash_book
    assert book["BTC"].exact_amount == Decimal("1.99")
    assert book["USD"].exact_amount == 8_000
    assert btc.holdings.exact_quantity == Decimal("1.99")
    assert btc.holdings.total_fees == 10.0
    desk.send(btc, -1)
    assert book["BTC"].exact_amount == Decimal("0.98"), "a sale pays the fee as it is"
    assert len([note for note in desk.notes if "base currency" in note]) == 1


def _fee(amount: str, currency: str) -> OrderFee:
    return OrderFee(CashAmount(Decimal(amount), currency))


def test_events_nest() -> None:
    desk, spy = floor()

    def hedge(event: Any) -> None:
        if event.order_id == 1 and event.status is OrderStatus.FILLED:
            desk.send(spy, -4)

    desk.on_event = hedge
    desk.send(spy, 10)
    assert desk.story == [(1, "SUBMITTED"), (1, "FILLED"), (2, "SUBMITTED"), (2, "FILLED")]
    assert spy.holdings.quantity == 6.0
