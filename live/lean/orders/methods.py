"""LEAN's order methods: what the arguments of a call say, and where in them it says whether to wait.

LEAN has each method in two spellings, as two attributes. Their parameters have the same order; the names of keywords follow
the spelling (`limit_price`, `limitPrice`). Read in LEAN's source: the order of parameters, that `buy` and `sell` take the
absolute quantity, and that the overloads of `order` with a type send market orders whatever the type says.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from live.algorithm.enums import OrderType
from live.algorithm.naming import pascal_case

ASYNCHRONOUS = "asynchronous"
"""Keyword in both spellings."""
_NOT_WAITING = (True,)
_STOP = "stop_price"
_LIMIT = "limit_price"
_AMOUNT = "trailing_amount"
_AS_PERCENTAGE = "trailing_as_percentage"


class OrderMethod(NamedTuple):
    """One spelling of an order method.

    Attributes:
        name: of the attribute of LEAN's algorithm class that sends the order.
        order_type: number of LEAN's OrderType.
        terms: parameters between the quantity and `asynchronous`, in snake_case.
    """

    name: str
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
    "trailing_stop_order": (OrderType.TRAILING_STOP, (_AMOUNT, _AS_PERCENTAGE)),
}
"""Methods of one order each that the risk gate judges: type and terms."""
_SPELLED = {
    name: OrderMethod(name, int(order_type), terms)
    for snake_name, (order_type, terms) in ORDER_METHODS.items()
    for name in (snake_name, pascal_case(snake_name))
}
_TRAILING_WITH_STOP = (_STOP, _AMOUNT, _AS_PERCENTAGE)


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


def term(method: OrderMethod, name: str, rest: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Return what a call gives for one of the method's terms; None when it gives nothing."""
    if name not in method.terms:
        return None
    at = method.terms.index(name)
    if at < len(rest):
        return rest[at]
    found = named.get(name)
    return named.get(_camel_case(name)) if found is None else found


def check_quantity(name: str, quantity: Any) -> None:
    """See that the quantity of an order call is a finite number: the gate could not judge another.

    Parameters:
        name: of the call, as the algorithm has spelled it.
        quantity: what it was given.

    Raises:
        TypeError: it is no number.
        ValueError: it is infinite or NaN.
    """
    if type(quantity) is int:
        return
    try:
        is_finite = math.isfinite(quantity)
    except TypeError:
        raise TypeError(f"{name}: the quantity is {quantity!r}, which is no number; give a signed number") from None
    if not is_finite:
        raise ValueError(
            f"{name}: the quantity is {quantity}; give a finite number, and look at what it was computed from"
        )


def is_misplaced(place: int, rest: tuple[Any, ...]) -> bool:
    """Tell whether something else stands where LEAN takes `asynchronous`, a tag for example: LEAN raises then.

    Parameters:
        place: where `asynchronous` is among the arguments.
        rest: arguments by position, from the first that `place` counts.
    """
    return place < len(rest) and not isinstance(rest[place], bool)


def waits(place: int, rest: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Tell whether a call wants to wait for its order: so it does in LEAN unless it says otherwise.

    Parameters:
        place: where `asynchronous` is among the arguments.
        rest: arguments by position, from the first that `place` counts.
        named: keyword arguments.
    """
    return not (rest[place] if place < len(rest) else named.get(ASYNCHRONOUS, False))


def without_waiting(place: int, rest: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call that does not wait; parameters as for `waits`. Misplaced ones are left to LEAN."""
    if is_misplaced(place, rest):
        return rest, named
    if place < len(rest):
        return (*rest[:place], True, *rest[place + 1 :]), named
    if place == len(rest) and ASYNCHRONOUS not in named:
        return rest + _NOT_WAITING, named
    return rest, {**named, ASYNCHRONOUS: True}


def _camel_case(name: str) -> str:
    spelled = pascal_case(name)
    return spelled[0].lower() + spelled[1:]
