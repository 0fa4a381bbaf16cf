"""The class between LEAN's QCAlgorithm and the user's, whose order calls go to the gate, in both of LEAN's spellings.

The user's file finds it under the name of QCAlgorithm and derives from it. So an order call reaches it in whatever way it is
made: on self, by super() out of a method of the same name, or on the class. It is no base of what .NET does inside itself.

LEAN gives an algorithm each call as two attributes, so both are there. Calls of one order go to the gate; set_holdings and
liquidate, which LEAN carries out inside .NET, go their own ways; orders of several legs and exercises are not judged, only
counted, and refused while somebody asks for a halt.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from live.algorithm.naming import pascal_case, snake_case
from live.algorithm.order_arguments import check_flag, check_options, quantity_of
from live.lean.orders.methods import ORDER_METHODS, OrderMethod, order_method
from live.lean.orders.portfolio_orders import OrderOptions, PortfolioOrders
from live.lean.orders.sending import OrderSender
from live.lean.orders.unjudged import UNJUDGED_METHODS, UnjudgedOrders
from live.lean.surface import dotnet_types

Method = Callable[..., Any]
_STRATEGY_ALIASES = ("order", "buy", "sell")
"""Methods that take an option strategy as well, whose legs are orders of their own."""
REQUEST_METHOD = "submit_order_request"
_OPTIONS = OrderOptions._fields
_HOLDING = ("symbol", "percentage", "liquidate_existing_holdings", *_OPTIONS)
_TARGETS = ("targets", "liquidate_existing_holdings", *_OPTIONS)
_LIQUIDATE = ("symbol", *_OPTIONS)
_SYMBOL_NAMES = frozenset(("symbols", "symbol_to_liquidate", "symbolToLiquidate"))
"""Names of the first parameter in LEAN's other overloads of liquidate."""


def gated_class(lean_class: type, sender: OrderSender, portfolio: PortfolioOrders, unjudged: UnjudgedOrders) -> type:
    """Return a subclass of LEAN's QCAlgorithm with the order calls that the version of LEAN has.

    A method of the same name in the user's class goes before it as before LEAN's own: many have a `buy` of their own, which is
    no order call of LEAN's.

    Parameters:
        lean_class: LEAN's own class.
        sender: sends orders of one symbol.
        portfolio: sends those of set_holdings and liquidate.
        unjudged: sends those of several legs, and exercises.
    """
    found: dict[str, Method] = {}
    for snake_name in ORDER_METHODS:
        for name in _spellings(snake_name):
            if snake_name in _STRATEGY_ALIASES:
                found[name] = _alias(name, snake_name, sender, unjudged)
            else:
                found[name] = _single(order_method(name), sender)
    for snake_name in UNJUDGED_METHODS:
        for name in _spellings(snake_name):
            found[name] = _unjudged(name, snake_name, unjudged)
    for name in _spellings(REQUEST_METHOD):
        found[name] = _request(name, sender)
    for name in _spellings("set_holdings"):
        found[name] = _set_holdings(name, portfolio)
    for name in _spellings("liquidate"):
        found[name] = _liquidate(name, portfolio)
    body: dict[str, Any] = {name: method for name, method in found.items() if hasattr(lean_class, name)}
    # LEAN's bridge refuses to set methods later that .NET has.
    body |= {"__module__": __name__, "__doc__": lean_class.__doc__}
    return types.new_class(lean_class.__name__, (lean_class,), {}, lambda namespace: namespace.update(body))


def _spellings(snake_name: str) -> tuple[str, str]:
    return snake_name, pascal_case(snake_name)


def _called(name: str, method: Method) -> Method:
    """Return a method under the name of the call: Python names it when arguments are missing."""
    method.__name__ = method.__qualname__ = name
    return method


def _single(method: OrderMethod, sender: OrderSender) -> Method:
    def send(self: Any, symbol: Any, quantity: Any, *rest: Any, **named: Any) -> Any:
        return sender.send(self, sender.calls.take(method, symbol, quantity, rest, named))

    return _called(method.call, send)


def _alias(name: str, snake_name: str, sender: OrderSender, unjudged: UnjudgedOrders) -> Method:
    """Return `order`, `buy` or `sell`.

    LEAN makes market orders of all three, of the absolute quantity for the last two, whose overloads for symbols have no
    `asynchronous`; so they are sent as market orders.
    """
    method = order_method(name)
    sign = {"order": 0, "buy": 1, "sell": -1}[snake_name]

    def send(self: Any, symbol: Any, quantity: Any, *rest: Any, **named: Any) -> Any:
        if unjudged.is_strategy(symbol):
            return unjudged.send(self, name, UNJUDGED_METHODS["combo_market_order"], (symbol, quantity, *rest), named)
        # The overloads of `order` with a type of order send market orders whatever it says.
        if rest and not isinstance(rest[0], bool | str):
            rest = rest[1:]
        named.pop("type", None)
        if sign:
            quantity = sign * abs(quantity_of(name, "quantity", quantity))
        return sender.send(self, sender.calls.take(method, symbol, quantity, rest, named))

    return _called(name, send)


def _unjudged(name: str, snake_name: str, unjudged: UnjudgedOrders) -> Method:
    method = UNJUDGED_METHODS[snake_name]

    def send(self: Any, *arguments: Any, **named: Any) -> Any:
        return unjudged.send(self, name, method, arguments, named)

    return _called(name, send)


def _request(name: str, sender: OrderSender) -> Method:
    def send(self: Any, request: Any) -> Any:
        if not isinstance(request, dotnet_types().submit_request):
            raise TypeError(f"{name}: the request is a {type(request).__name__}; give a SubmitOrderRequest")
        return sender.send_request(self, name, request)

    return _called(name, send)


def _set_holdings(name: str, portfolio: PortfolioOrders) -> Method:
    def set_holdings(self: Any, *arguments: Any, **named: Any) -> list[Any]:
        has_targets = "targets" in named or (len(arguments) == 1 and "percentage" not in named)
        if has_targets or (len(arguments) > 1 and isinstance(arguments[1], bool)):
            given = _bound(name, _TARGETS, 1, arguments, named)
            targets = _targets(name, given.pop("targets"))
            return portfolio.set_targets(self, targets, *_common(name, given))
        given = _bound(name, _HOLDING, 2, arguments, named)
        symbol, percentage = given.pop("symbol"), given.pop("percentage")
        quantity_of(name, "percentage", percentage)
        return portfolio.set_holdings(self, symbol, percentage, *_common(name, given))

    return _called(name, set_holdings)


def _targets(name: str, given: Any) -> list[Any]:
    """Return the targets of a list, of Python or .NET; what is none was meant as a symbol."""
    try:
        targets = list(given)
    except TypeError:
        targets = [given]
    if not all(hasattr(each, "symbol") and hasattr(each, "quantity") for each in targets):
        raise TypeError(f"{name}: give a symbol and a percentage, or a list of PortfolioTarget")
    return targets


def _common(name: str, given: dict[str, Any]) -> tuple[bool, OrderOptions]:
    liquidates = given.pop("liquidate_existing_holdings", False)
    check_flag(name, "liquidate_existing_holdings", liquidates)
    return liquidates, _options(name, given)


def _options(name: str, given: dict[str, Any]) -> OrderOptions:
    options = OrderOptions(**given)
    check_options(name, options.asynchronous, options.tag)
    return options


def _liquidate(name: str, portfolio: PortfolioOrders) -> Method:
    def liquidate(self: Any, *arguments: Any, **named: Any) -> list[Any]:
        if len(arguments) == 2 and isinstance(arguments[1], str):
            # The old overload of symbol and tag, which returns numbers.
            tickets = portfolio.liquidate(self, arguments[0], OrderOptions(tag=arguments[1]))
            return [int(ticket.order_id) for ticket in tickets]
        for other_name in _SYMBOL_NAMES.intersection(named):
            named["symbol"] = named.pop(other_name)
        given = _bound(name, _LIQUIDATE, 0, arguments, named)
        return portfolio.liquidate(self, given.pop("symbol", None), _options(name, given))

    return _called(name, liquidate)


def _bound(
    name: str, parameters: tuple[str, ...], required: int, arguments: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call by the names of parameters.

    Parameters:
        name: of the call, for people.
        parameters: LEAN's, in snake_case.
        required: how many of the first ones have no default.
        arguments: by position.
        named: by keyword, in either spelling.

    Raises:
        TypeError: they do not fit.
    """
    if len(arguments) > len(parameters):
        raise TypeError(f"{name}() takes at most {len(parameters)} arguments, and was given {len(arguments)}")
    bound = dict(zip(parameters, arguments, strict=False))
    for spelled, value in named.items():
        known = snake_case(spelled)
        if known not in parameters:
            raise TypeError(f"{name}() has no argument {spelled!r}; it has {', '.join(parameters)}")
        if known in bound:
            raise TypeError(f"{name}() got multiple values for argument {spelled!r}")
        bound[known] = value
    missing = [each for each in parameters[:required] if each not in bound]
    if missing:
        raise TypeError(f"{name}() missing 1 required argument: {missing[0]!r}")
    return bound
