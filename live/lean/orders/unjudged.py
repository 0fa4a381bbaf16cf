"""Orders of several legs and exercises of options: the gate does not judge them.

Their risk lies in the legs together, of which the gate knows nothing. They are counted, followed, and refused while the
control word asks for a halt.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from live.algorithm.order_arguments import check_flag
from live.clock import wall_ns
from live.hot.denials import denial_of
from live.lean import surface
from live.lean.orders.methods import ASYNCHRONOUS, given, without_waiting
from live.lean.orders.refusals import refused_ticket
from live.lean.orders.sending import OrderSender

_STRATEGY = "OptionStrategy"
_OPTION_EXERCISE = 6
"""Number of LEAN's OrderType, as the next."""
_COMBO_MARKET = 8


class Kind(Enum):
    """What is not judged."""

    COMBO = "combo"
    EXERCISE = "exercise"


class UnjudgedMethod(NamedTuple):
    """A method whose orders are not judged.

    Attributes:
        kind: of its orders.
        place: of `asynchronous` among its arguments.
    """

    kind: Kind
    place: int


UNJUDGED_METHODS = {
    "combo_market_order": UnjudgedMethod(Kind.COMBO, 2),
    "combo_leg_limit_order": UnjudgedMethod(Kind.COMBO, 2),
    "combo_limit_order": UnjudgedMethod(Kind.COMBO, 3),
    "exercise_option": UnjudgedMethod(Kind.EXERCISE, 2),
}
"""LEAN's methods by name; `order`, `buy` and `sell` of an option strategy are combo market orders."""


class UnjudgedOrders:
    """Sends them.

    Parameters:
        sender: gives LEAN's methods and follows the orders.

    Attributes:
        counts: orders by kind.
    """

    def __init__(self, sender: OrderSender) -> None:
        self._sender = sender
        self.counts = dict.fromkeys(Kind, 0)

    def is_strategy(self, what: Any) -> bool:
        """Tell whether an argument is one of LEAN's option strategies."""
        return type(what).__name__ == _STRATEGY

    def send(
        self, algorithm: Any, name: str, method: UnjudgedMethod, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Send the orders of a call.

        Parameters:
            algorithm: whose.
            name: of the method, as it was called.
            method: which.
            arguments: by position.
            named: by keyword.

        Returns:
            What LEAN returns: a ticket of an exercise, tickets of legs.
        """
        sender = self._sender
        native = sender.native(algorithm, name)
        if not sender.is_open:
            return native(*arguments, **named)
        code = sender.gate.control_denial()
        if code:
            return self._refused(algorithm, code, method, arguments, named)
        asynchronous = given(method.place, ASYNCHRONOUS, arguments, named, False)
        check_flag(name, ASYNCHRONOUS, asynchronous)
        if not asynchronous and sender.may_not_wait():
            arguments, named = without_waiting(method.place, arguments, named)
        with sender.unjudged():
            answer = native(*arguments, **named)
            tickets = [answer] if method.kind is Kind.EXERCISE else list(answer)
            for ticket in tickets:
                sender.adopt(surface.order_of(ticket))
        self.counts[method.kind] += len(tickets)
        gated = [sender.gated(ticket) for ticket in tickets]
        return gated[0] if method.kind is Kind.EXERCISE else gated

    def _refused(
        self, algorithm: Any, code: int, method: UnjudgedMethod, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        kind, tag = method.kind, given(method.place + 1, "tag", arguments, named, "")
        what = arguments[0] if arguments else next(iter(named.values()))
        quantity = arguments[1] if len(arguments) > 1 else named.get("quantity", 0)
        if kind is Kind.EXERCISE:
            symbol, order_type = what, _OPTION_EXERCISE
        else:
            legs = list(what.option_legs) if self.is_strategy(what) else list(what)
            symbol, order_type = legs[0].symbol, _COMBO_MARKET
        self._sender.refusals.deny(code, wall_ns(), str(symbol), float(quantity))
        request = surface.submit_request(algorithm, symbol, order_type, quantity, str(tag or ""))
        ticket = refused_ticket(algorithm, request, denial_of(code))
        return ticket if kind is Kind.EXERCISE else [ticket]
