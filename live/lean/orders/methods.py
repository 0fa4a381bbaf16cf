"""LEAN's order methods: their parameters, and where among them it is said whether to wait.

LEAN has each method in two spellings, as two attributes. Their parameters have the same order; the names of keywords follow
the spelling (`limit_price`, `limitPrice`). Read in LEAN's source: the order of parameters, that `buy` and `sell` take the
absolute quantity, and that the overloads of `order` with a type send market orders whatever the type says.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from live.algorithm.enums import OrderType
from live.algorithm.naming import pascal_case

ASYNCHRONOUS = "asynchronous"
"""Keyword in both spellings."""
AS_PERCENTAGE = "trailing_as_percentage"
MISSING: Final = object()
"""Stands for an argument that was not given: None may have been."""
_NOT_WAITING = (True,)
_STOP = "stop_price"
_LIMIT = "limit_price"
_AMOUNT = "trailing_amount"
_MARKET_ORDERS = ("order", "buy", "sell")
"""Methods whose overloads for symbols LEAN makes market orders of."""


class OrderMethod(NamedTuple):
    """One spelling of an order method.

    Attributes:
        call: the attribute that the algorithm calls.
        native: the attribute of LEAN's algorithm class that sends the order.
        order_type: number of LEAN's OrderType.
        terms: parameters between the quantity and `asynchronous`, in snake_case.
    """

    call: str
    native: str
    order_type: int
    terms: tuple[str, ...] = ()


ORDER_METHODS: dict[str, tuple[OrderType, tuple[str, ...]]] = {
    "market_order": (OrderType.MARKET, ()),
    "order": (OrderType.MARKET, ()),
    "buy": (OrderType.MARKET, ()),
    "sell": (OrderType.MARKET, ()),
    "market_on_open_order": (OrderType.MARKET_ON_OPEN, ()),
    "market_on_close_order": (OrderType.MARKET_ON_CLOSE, ()),
    "limit_order": (OrderType.LIMIT, (_LIMIT,)),
    "stop_market_order": (OrderType.STOP_MARKET, (_STOP,)),
    "stop_limit_order": (OrderType.STOP_LIMIT, (_STOP, _LIMIT)),
    "limit_if_touched_order": (OrderType.LIMIT_IF_TOUCHED, ("trigger_price", _LIMIT)),
    "trailing_stop_order": (OrderType.TRAILING_STOP, (_AMOUNT, AS_PERCENTAGE)),
}
"""Methods of one order each that the risk gate judges: type and terms."""


def _methods() -> dict[str, OrderMethod]:
    found = {}
    for snake_name, (order_type, terms) in ORDER_METHODS.items():
        native = "market_order" if snake_name in _MARKET_ORDERS else snake_name
        for call, sends in ((snake_name, native), (pascal_case(snake_name), pascal_case(native))):
            found[call] = OrderMethod(call, sends, int(order_type), terms)
    return found


_SPELLED = _methods()
_TRAILING_WITH_STOP = (_STOP, _AMOUNT, AS_PERCENTAGE)


def order_method(name: str) -> OrderMethod:
    """Return the method of an attribute's name, in either spelling."""
    return _SPELLED[name]


def overload(method: OrderMethod, rest: tuple[Any, ...], named: dict[str, Any]) -> OrderMethod:
    """Return the overload that a call means: a trailing stop may begin at a stop price of the caller's.

    Parameters:
        method: as it was called.
        rest: arguments after symbol and quantity.
        named: keyword arguments.
    """
    if method.order_type != OrderType.TRAILING_STOP:
        return method
    # The second number tells them apart: of the shorter overload it is whether the amount is a percentage.
    if _STOP in named or "stopPrice" in named or (len(rest) > 1 and not isinstance(rest[1], bool)):
        return method._replace(terms=_TRAILING_WITH_STOP)
    return method


def given(place: int, name: str, rest: tuple[Any, ...], named: dict[str, Any], default: Any = MISSING) -> Any:
    """Return what a call gives for a parameter.

    Parameters:
        place: of the parameter among those that `rest` begins with.
        name: of the parameter, in snake_case.
        rest: arguments by position.
        named: keyword arguments, in either spelling.
        default: what to return when it is not given.
    """
    if place < len(rest):
        return rest[place]
    if not named or name in named:
        return named.get(name, default)
    return named.get(_camel_case(name), default)


def without_waiting(place: int, rest: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call that does not wait.

    Parameters:
        place: of `asynchronous` among the parameters that `rest` begins with.
        rest: arguments by position.
        named: keyword arguments.
    """
    if place < len(rest):
        return (*rest[:place], True, *rest[place + 1 :]), named
    if place == len(rest) and ASYNCHRONOUS not in named:
        return rest + _NOT_WAITING, named
    return rest, {**named, ASYNCHRONOUS: True}


def _camel_case(name: str) -> str:
    spelled = pascal_case(name)
    return spelled[0].lower() + spelled[1:]
