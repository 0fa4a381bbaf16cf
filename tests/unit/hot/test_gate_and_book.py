"""Boundaries of the risk gate, LEAN's price rules in the book, and the tick view."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from live.errors import StaleViewError, UsageError
from live.hot.book import Book
from live.hot.catalogue import ControlBit
from live.hot.denials import DENIAL_CODES_MAX, DenialCode, denial_table
from live.hot.risk import MARKET_ON_OPEN, SESSION_ALWAYS_NS, RiskGate, RiskLimits
from live.hot.units import scaled_e9
from live.hot.views import TickView

E9 = 10**9
NOW = 10**18


def gate_with(change: Callable[[RiskLimits], None]) -> RiskGate:
    book = Book(2)
    gate = RiskGate(book)
    limits = RiskLimits()
    change(limits)
    gate.load_limits(limits)
    gate.register_symbol(0, *SESSION_ALWAYS_NS, 1.0)
    book.update_tick(0, 0, NOW, 100 * E9, 0, 1.0, 0.0, NOW)
    return gate


BOUNDARIES = [
    ("max_order_quantity_e9", 5 * E9, (0, 5 * E9, 0, 0, NOW), (0, 5 * E9 + 1, 0, 0, NOW), "ORDER_QUANTITY_ABOVE_MAX"),
    ("max_order_notional_e4", 500 * 10**4, (0, 5 * E9, 0, 0, NOW), (0, -6 * E9, 0, 0, NOW), "ORDER_NOTIONAL_ABOVE_MAX"),
    ("max_position_quantity_e9", 5 * E9, (0, -5 * E9, 0, 0, NOW), (0, 5 * E9 + 1, 0, 0, NOW), "POSITION_ABOVE_MAX"),
    ("max_gross_exposure_e4", 5_000_000, (0, 5 * E9, 0, 0, NOW), (0, 6 * E9, 0, 0, NOW), "EXPOSURE_GROSS_ABOVE_MAX"),
    ("max_quote_age_ns", 50, (0, E9, 0, 0, NOW + 50), (0, E9, 0, 0, NOW + 51), "MARKET_QUOTE_STALE"),
    ("price_collar_ppm", 10_000, (0, E9, 1, 101 * E9, NOW), (0, E9, 1, 101 * E9 + 1, NOW), "PRICE_OUTSIDE_COLLAR"),
    ("price_collar_ppm", 10_000, (0, E9, 1, 99 * E9, NOW), (0, E9, 1, 99 * E9 - 1, NOW), "PRICE_OUTSIDE_COLLAR"),
]


@pytest.mark.parametrize(("limit", "value", "passes", "fails", "code"), BOUNDARIES)
def test_a_value_equal_to_the_limit_passes_and_the_next_does_not(
    limit: str, value: int, passes: tuple[int, ...], fails: tuple[int, ...], code: str
) -> None:
    gate = gate_with(lambda limits: setattr(limits, limit, value))
    assert gate.check(*passes) == 0
    assert gate.check(*fails) == DenialCode[code]


def test_gate_is_closed_until_limits_are_loaded() -> None:
    gate = RiskGate(Book(1))
    gate.register_symbol(0, *SESSION_ALWAYS_NS, 1.0)
    assert gate.check(0, E9, 0, 0, NOW) == DenialCode.LIMITS_NOT_LOADED


def test_unknown_symbol_zero_quantity_and_missing_price() -> None:
    gate = gate_with(lambda limits: None)
    assert [gate.check(at, E9, 0, 0, NOW) for at in (-1, 1, 2)] == [DenialCode.SYMBOL_UNKNOWN] * 3
    assert gate.check(0, 0, 0, 0, NOW) == DenialCode.ORDER_QUANTITY_ZERO
    gate.book.reset(0)
    assert gate.check(0, E9, 0, 0, NOW) == DenialCode.MARKET_NO_PRICE


def test_session_ends_exclusively_and_does_not_bind_market_on_open() -> None:
    gate = gate_with(lambda limits: None)
    gate.register_symbol(0, NOW, NOW + 10, 1.0)
    answers = [gate.check(0, E9, 0, 0, NOW + shift) for shift in (-1, 0, 9, 10)]
    assert answers == [DenialCode.SESSION_CLOSED, 0, 0, DenialCode.SESSION_CLOSED]
    assert gate.check(0, E9, MARKET_ON_OPEN, 0, NOW + 10) == 0


@pytest.mark.parametrize(
    ("bit", "opening", "reducing", "liquidation"),
    [
        (1, "KILL_SWITCH_ENGAGED", "KILL_SWITCH_ENGAGED", None),
        (2, "CONTROL_PAUSED", "CONTROL_PAUSED", None),
        (4, "CONTROL_REDUCE_ONLY", None, None),
    ],
)
def test_control_word(bit: int, opening: str, reducing: str | None, liquidation: str | None) -> None:
    gate = gate_with(lambda limits: None)
    gate.set_position(0, 5 * E9)
    gate.control = bit
    assert gate.check(0, E9, 0, 0, NOW) == DenialCode[opening]
    assert gate.check(0, E9, 0, 0, NOW, True) == DenialCode[opening], "the flag alone opens nothing"
    assert gate.check(0, -5 * E9, 0, 0, NOW) == (DenialCode[reducing] if reducing else 0)
    assert gate.check(0, -5 * E9, 0, 0, NOW, True) == (DenialCode[liquidation] if liquidation else 0)
    assert gate.check(0, -5 * E9 - 1, 0, 0, NOW, True) == DenialCode[opening], "beyond flat is no reduction"


@pytest.mark.parametrize("side", [1, -1])
def test_an_order_that_is_set_aside_is_not_judged_by(side: int) -> None:
    gate = gate_with(lambda limits: None)
    gate.set_position(0, side * 5 * E9)
    gate.on_accepted(0, -side * 3 * E9, 0, 0, NOW)
    before = gate.open_orders, gate.gross_exposure_e4
    gate.control = ControlBit.PAUSE
    assert gate.check(0, -side * 5 * E9, 0, 0, NOW, True) == DenialCode.CONTROL_PAUSED
    gate.set_aside(0, -side * 3 * E9)
    assert gate.check(0, -side * 5 * E9, 0, 0, NOW, True) == 0
    assert gate.check(0, -side * 5 * E9 - side, 0, 0, NOW, True) == DenialCode.CONTROL_PAUSED
    gate.put_back(0, -side * 3 * E9)
    assert gate.check(0, -side * 5 * E9, 0, 0, NOW, True) == DenialCode.CONTROL_PAUSED
    assert gate.check(0, -side * 2 * E9, 0, 0, NOW, True) == 0
    assert (gate.open_orders, gate.gross_exposure_e4) == before
    for unknown in (-1, 10_000):
        gate.set_aside(unknown, E9)
        gate.put_back(unknown, E9)


def test_restricted_symbol_may_only_be_reduced() -> None:
    gate = gate_with(lambda limits: None)
    gate.set_position(0, E9)
    gate.restrict(0, True)
    assert gate.check(0, E9, 0, 0, NOW) == DenialCode.SYMBOL_RESTRICTED
    assert gate.check(0, -E9, 0, 0, NOW) == 0
    gate.restrict(0, False)
    assert gate.check(0, E9, 0, 0, NOW) == 0


def test_daily_loss_equal_to_the_limit_stops_and_unknown_equity_denies() -> None:
    gate = gate_with(lambda limits: setattr(limits, "max_daily_loss_e4", 100))
    assert gate.check(0, E9, 0, 0, NOW) == DenialCode.LOSS_DAILY_UNKNOWN
    gate.begin_day(1_000)
    gate.set_equity(901)
    assert gate.check(0, E9, 0, 0, NOW) == 0
    gate.set_equity(900)
    assert gate.check(0, E9, 0, 0, NOW) == DenialCode.LOSS_DAILY_EXCEEDED


def test_negative_limits_are_refused() -> None:
    with pytest.raises(UsageError, match="max_open_orders"):
        gate_with(lambda limits: setattr(limits, "max_open_orders", -1))


def test_denial_codes_are_documented_and_have_a_place() -> None:
    table = denial_table()
    assert len(table) == len({code for code, *_ in table})
    assert all(0 < code < DENIAL_CODES_MAX and name and meaning and remedy for code, name, meaning, remedy in table)


def test_book_keeps_sides_and_values_ticks_as_lean_does() -> None:
    book = Book(1)
    book.update_tick(0, 0, 1, 50 * E9, 0, 7.0, 0.0, 1)
    assert (book.price_e9(0), book.bid_e9(0), book.ask_e9(0)) == (50 * E9, 50 * E9, 50 * E9)
    book.update_tick(0, 1, 2, 0, 52 * E9, 0.0, 3.0, 2)
    assert (book.price_e9(0), book.bid_e9(0), book.ask_e9(0)) == (52 * E9, 52 * E9, 52 * E9)
    book.update_tick(0, 1, 3, 50 * E9, 51 * E9, 0.0, 0.0, 3)
    assert (book.price_e9(0), book.bid_e9(0), book.ask_e9(0)) == (50_500_000_000, 50 * E9, 51 * E9)
    assert (book.trade_e9(0), book.trade_size(0), book.ask_size(0), book.sequence(0)) == (50 * E9, 7.0, 3.0, 3)
    assert not book.update_tick(0, 1, 4, 0, 0, 9.0, 9.0, 4)
    assert book.time_ns(0) == 3


def test_checked_view_cannot_be_read_between_callbacks() -> None:
    book = Book(1)
    view = TickView(book, is_checked=True)
    view.set_symbol(0, "SPY", 0.5)
    book.update_tick(0, 0, 1, 50 * E9, 0, 7.0, 0.0, 1)
    view.show(0)
    assert (view.symbol, view.price, view.quantity, view.is_trade) == ("SPY", 25.0, 14.0, True)
    view.expire()
    with pytest.raises(StaleViewError):
        _ = view.price


class Narrow:
    """A number of 32 bits, as numpy has them: what it is multiplied by must fit as well."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __mul__(self, other: int) -> int:
        return ctypes.c_int32(self._value * other).value

    def __float__(self) -> float:
        return float(self._value)


@pytest.mark.parametrize(("value", "expected"), [(5, 5), (2.5, 2.5), (Decimal("0.1"), 0.1), (Narrow(5), 5), (True, 1)])
def test_a_number_of_any_type_is_scaled(value: Any, expected: float) -> None:
    assert scaled_e9(value) == round(expected * 1e9)
