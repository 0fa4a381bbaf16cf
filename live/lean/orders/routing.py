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
from live.lean.orders.methods import ORDER_METHODS, OrderMethod, check_quantity, order_method
from live.lean.orders.portfolio_orders import PortfolioOrders
from live.lean.orders.sending import OrderSender
from live.lean.orders.unjudged import UNJUDGED_METHODS, UnjudgedOrders

Method = Callable[..., Any]
_STRATEGY_ALIASES = ("order", "buy", "sell")
"""Methods that take an option strategy as well, whose legs are orders of their own."""
REQUEST_METHOD = "submit_order_request"


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
        found[name] = _set_holdings(portfolio)
    for name in _spellings("liquidate"):
        found[name] = _liquidate(portfolio)
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
        check_quantity(method.name, quantity)
        return sender.send(self, method, symbol, quantity, rest, named)

    return _called(method.name, send)


def _alias(name: str, snake_name: str, sender: OrderSender, unjudged: UnjudgedOrders) -> Method:
    """Return `order`, `buy` or `sell`.

    LEAN makes market orders of all three, of the absolute quantity for the last two, whose overloads for symbols have no
    `asynchronous`; so they are sent as market orders.
    """
    market = order_method("market_order" if name == snake_name else "MarketOrder")
    sign = {"order": 0, "buy": 1, "sell": -1}[snake_name]

    def send(self: Any, symbol: Any, quantity: Any, *rest: Any, **named: Any) -> Any:
        check_quantity(name, quantity)
        if unjudged.is_strategy(symbol):
            return unjudged.send(self, name, UNJUDGED_METHODS["combo_market_order"], (symbol, quantity, *rest), named)
        if rest and not isinstance(rest[0], bool | str):
            # The overloads with a type of order send market orders whatever it says.
            rest = rest[1:]
        return sender.send(self, market, symbol, sign * abs(quantity) if sign else quantity, rest, named)

    return _called(name, send)


def _unjudged(name: str, snake_name: str, unjudged: UnjudgedOrders) -> Method:
    method = UNJUDGED_METHODS[snake_name]

    def send(self: Any, *arguments: Any, **named: Any) -> Any:
        return unjudged.send(self, name, method, arguments, named)

    return send


def _request(name: str, sender: OrderSender) -> Method:
    def send(self: Any, request: Any) -> Any:
        return sender.send_request(self, name, request)

    return _called(name, send)


def _set_holdings(portfolio: PortfolioOrders) -> Method:
    def set_holdings(self: Any, *arguments: Any, **named: Any) -> list[Any]:
        given = _in_snake_case(named)
        has_percentage = len(arguments) > 1 and not isinstance(arguments[1], bool)
        if has_percentage or "percentage" in given:
            return portfolio.set_holdings(self, *arguments, **given)
        return portfolio.set_targets(self, *arguments, **given)

    return set_holdings


def _liquidate(portfolio: PortfolioOrders) -> Method:
    def liquidate(self: Any, *arguments: Any, **named: Any) -> list[Any]:
        given = _in_snake_case(named)
        for other_name in ("symbols", "symbol_to_liquidate"):
            if other_name in given:
                given["symbol"] = given.pop(other_name)
        if len(arguments) > 1 and isinstance(arguments[1], str):
            # The old overload of symbol and tag, which returns numbers.
            tickets = portfolio.liquidate(self, arguments[0], tag=arguments[1])
            return [int(ticket.order_id) for ticket in tickets]
        return portfolio.liquidate(self, *arguments, **given)

    return liquidate


def _in_snake_case(named: dict[str, Any]) -> dict[str, Any]:
    return {snake_case(name): value for name, value in named.items()}
