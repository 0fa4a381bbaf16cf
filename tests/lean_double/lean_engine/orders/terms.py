"""Enumerations of orders, with LEAN's numbers."""

from __future__ import annotations

from lean_engine.market import DotnetEnum


class OrderType(DotnetEnum):
    MARKET = 0
    LIMIT = 1
    STOP_MARKET = 2
    STOP_LIMIT = 3
    MARKET_ON_OPEN = 4
    MARKET_ON_CLOSE = 5
    OPTION_EXERCISE = 6
    LIMIT_IF_TOUCHED = 7
    COMBO_MARKET = 8
    COMBO_LIMIT = 9
    COMBO_LEG_LIMIT = 10
    TRAILING_STOP = 11


class OrderStatus(DotnetEnum):
    NEW = 0
    SUBMITTED = 1
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 5
    NONE = 6
    INVALID = 7
    CANCEL_PENDING = 8
    UPDATE_SUBMITTED = 9


CLOSED = frozenset((OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID))


class OrderResponseErrorCode(DotnetEnum):
    NONE = 0
    UNABLE_TO_FIND_ORDER = -10
    INSUFFICIENT_BUYING_POWER = -3
    INVALID_ORDER_STATUS = -9
    ORDER_QUANTITY_ZERO = -11
    PRE_ORDER_CHECKS_ERROR = -13
    MISSING_SECURITY = -14
    SECURITY_PRICE_ZERO = -16
    REQUEST_CANCELED = -23
    ALGORITHM_WARMING_UP = -24
    ORDER_QUANTITY_LESS_THAN_LOT_SIZE = -30
