"""Names and numbers of LEAN's order types and statuses. Members of .NET's enumerations print their name, in either spelling."""

from __future__ import annotations

from functools import cache

from live.algorithm.naming import snake_case

ORDER_TYPES = (
    "MARKET",
    "LIMIT",
    "STOP_MARKET",
    "STOP_LIMIT",
    "MARKET_ON_OPEN",
    "MARKET_ON_CLOSE",
    "OPTION_EXERCISE",
    "LIMIT_IF_TOUCHED",
    "COMBO_MARKET",
    "COMBO_LIMIT",
    "COMBO_LEG_LIMIT",
    "TRAILING_STOP",
)
"""LEAN's types of orders, at the places of their numbers."""
_TYPE_NUMBERS = {name: number for number, name in enumerate(ORDER_TYPES)}
_STATUSES = {
    "NEW": 0,
    "SUBMITTED": 1,
    "PARTIALLY_FILLED": 2,
    "FILLED": 3,
    "CANCELED": 5,
    "NONE": 6,
    "INVALID": 7,
    "CANCEL_PENDING": 8,
    "UPDATE_SUBMITTED": 9,
}


@cache
def status_number(name: str) -> int:
    """Return the number of an order status by its name as it prints; -1 for one newer than this program."""
    return _STATUSES.get(snake_case(name).upper(), -1)


@cache
def type_number_of(name: str) -> int:
    """Return the number of an order type by its name as it prints; -1 for one newer than this program."""
    return _TYPE_NUMBERS.get(snake_case(name).upper(), -1)
