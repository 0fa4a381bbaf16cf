"""Changes of orders that rest: judged as if what is left of the order were sent anew, before LEAN hears of them.

The tickets that algorithms get bring their changes here. LEAN's own tickets (out of the transactions manager, or of an order
event) do not: a change by one of those is noticed when LEAN tells of it, judged then, counted as gone past the gate, and told.

LEAN keeps all requests for changes of an order at its ticket, also those that it has refused (read in its source). So a
change has gone past the gate when there are more requests with numbers than have passed here. A change of nothing but the
tag is no matter of the gate's, as in the embedded engine.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from live.algorithm.enums import OrderStatus
from live.algorithm.naming import pascal_case, snake_case
from live.algorithm.order_arguments import price_of, quantity_of
from live.clock import wall_ns
from live.hot.denials import DenialCode, denial_of
from live.hot.orders import OrderField, OrderPool
from live.hot.units import scaled_e9
from live.lean import surface
from live.lean.order_names import type_number_of
from live.lean.orders.gate import LeanGate
from live.lean.orders.methods import MISSING, given
from live.lean.orders.refusals import CHECKS_ERROR, Refusals, refusal_text
from live.lean.orders.tracking import OrderTracker

_TERMS = {
    "update_quantity": "quantity",
    "update_limit_price": "limit_price",
    "update_stop_price": "stop_price",
    "update_trigger_price": "trigger_price",
    "update_stop_trailing_amount": "trailing_amount",
    "update_tag": "",
}
"""What each method of a ticket changes besides the tag."""
_UPDATE = "update"
CHANGE_METHODS = frozenset(spelled for name in (_UPDATE, *_TERMS) for spelled in (name, pascal_case(name)))
"""Methods of LEAN's tickets that change the order, in both spellings."""
_NUMBERS = ("quantity", "limit_price", "stop_price", "trigger_price", "trailing_amount")
_WITH_LIMIT = frozenset(map(type_number_of, ("LIMIT", "STOP_LIMIT", "LIMIT_IF_TOUCHED", "COMBO_LEG_LIMIT")))
"""Types of orders that are judged by their limit, even when they have a stop as well."""
_UPDATE_SUBMITTED = int(OrderStatus.UPDATE_SUBMITTED)
_CLOSED = frozenset(map(int, (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID)))


class _PastGate(NamedTuple):
    order_id: int
    ticker: str
    quantity: float
    code: int


class OrderChanges:
    """Judges changes of orders, and keeps the gate's books right about them.

    Parameters:
        gate: judges.
        tracker: follows the orders.
        pool: slots of the orders.
        refusals: counts refused changes.

    Attributes:
        is_open: whether changes are judged; before that LEAN refuses them itself, since it is warming up.
        ungated: changes that went past the gate.
    """

    def __init__(self, gate: LeanGate, tracker: OrderTracker, pool: OrderPool, refusals: Refusals) -> None:
        self._gate = gate
        self._tracker = tracker
        self._pool = pool
        self._refusals = refusals
        self._passed: dict[int, int] = {}
        self._unconfirmed: dict[int, Any] = {}
        self._to_tell: deque[_PastGate] = deque()
        self.is_open = False
        self.ungated = 0

    # -- by the tickets that algorithms get

    def change(self, ticket: Any, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Make a change by LEAN's ticket when the gate lets it pass.

        Parameters:
            ticket: LEAN's.
            name: of its method, as the algorithm calls it.
            arguments: by position.
            named: by keyword, in either spelling.

        Returns:
            LEAN's response; an error when the gate has refused the change.

        Raises:
            TypeError: an argument is missing, or none that LEAN takes.
            ValueError: a number is infinite, NaN or too large.
        """
        method = getattr(ticket, name)
        terms = _terms_of(name, arguments, named)
        order_id = int(ticket.order_id)
        if not terms or not self.is_open or order_id <= 0:
            return method(*arguments, **named)
        code = self._judge(order_id, terms)
        if code:
            self._refusals.deny(
                code, wall_ns(), str(ticket.symbol.value), float(terms.get("quantity", ticket.quantity))
            )
            return surface.error_response(ticket.submit_request, CHECKS_ERROR, _text_of(code))
        self._passed[order_id] = self._passed.get(order_id, 0) + 1
        self._unconfirmed[order_id] = ticket
        response = method(*arguments, **named)
        if response.is_error:
            self._take_over(order_id)
        return response

    def _judge(self, order_id: int, terms: dict[str, float]) -> int:
        """Return why an order may not be changed so; 0 when it may, and is counted as changed."""
        handle = self._tracker.handle_of(order_id)
        if handle < 0:
            # LEAN refuses changes of what is over. What the pool had no slot for is held back by the control word alone.
            return self._gate.control_denial()
        if terms.get("quantity") == 0:
            # LEAN refuses it by itself, with its own code.
            return 0
        pool = self._pool
        quantity = terms.get("quantity")
        quantity_e9 = pool.get(handle, OrderField.QUANTITY_E9) if quantity is None else scaled_e9(quantity)
        has_limit = pool.get(handle, OrderField.ORDER_TYPE) in _WITH_LIMIT
        price = terms.get("limit_price" if has_limit else "stop_price")
        price_e9 = pool.get(handle, OrderField.LIMIT_E9) if price is None else scaled_e9(price)
        now_ns = wall_ns()
        row = self._gate.rows[pool.get(handle, OrderField.SYMBOL_INDEX)]
        self._gate.learn(row, pool.get(handle, OrderField.ORDER_TYPE), now_ns)
        return self._tracker.amend(handle, quantity_e9, price_e9, now_ns)

    # -- what LEAN says of it

    def on_event(self, order_id: int, status: int, event: Any) -> None:
        """Follow an order event of LEAN's.

        Parameters:
            order_id: LEAN's number.
            status: number of LEAN's OrderStatus.
            event: the event itself.
        """
        if status == _UPDATE_SUBMITTED:
            self._unconfirmed.pop(order_id, None)
            if self.is_open and event.ticket is not None:
                self._look_for_ungated(order_id, event.ticket)
            self._take_over(order_id)
        elif status in _CLOSED:
            self._passed.pop(order_id, None)
            self._unconfirmed.pop(order_id, None)

    def _look_for_ungated(self, order_id: int, ticket: Any) -> None:
        passed = self._passed.get(order_id, 0)
        ungated = sum(bool(_numbers_of(request)) for request in ticket.update_requests) - passed
        if ungated <= 0:
            return
        self._passed[order_id] = passed + ungated
        self.ungated += ungated
        quantity, limit, stop = self._gate.account.terms_of(order_id)
        handle = self._tracker.handle_of(order_id)
        if handle >= 0:
            row = self._gate.rows[self._pool.get(handle, OrderField.SYMBOL_INDEX)]
            terms = {"quantity": quantity, "limit_price": limit, "stop_price": stop}
            self._to_tell.append(_PastGate(order_id, row.ticker, quantity, self._judge(order_id, terms)))
        else:
            self._to_tell.append(_PastGate(order_id, "a symbol that the gate does not follow", quantity, 0))

    def _take_over(self, order_id: int) -> None:
        """Have the books say what LEAN says: it rounds quantities and prices, and may refuse."""
        quantity, limit, stop = self._gate.account.terms_of(order_id)
        self._tracker.change(order_id, scaled_e9(quantity), scaled_e9(limit or stop))

    # -- between orders

    def review(self, write_error: Any) -> None:
        """Take back what LEAN has refused without an event, and tell what went past the gate; off the strategy's way."""
        for order_id, ticket in list(self._unconfirmed.items()):
            if ticket.get_most_recent_order_response().is_error and self._unconfirmed.pop(order_id, None) is not None:
                self._take_over(order_id)
        while self._to_tell:
            order_id, ticker, quantity, code = self._to_tell.popleft()
            verdict = f"it would have refused that: {_text_of(code)}" if code else "it would have let it pass"
            write_error(
                f"order {order_id} of {ticker} was changed to {quantity:g} past the risk gate, by a ticket of LEAN's own; "
                f"{verdict}. Change orders by the ticket that the order call has returned"
            )


def _text_of(code: int) -> str:
    if code == DenialCode.ORDER_QUANTITY_ZERO:
        return f"{denial_of(code).name}: Nothing would be left to fill on the order's side. Cancel it and send another."
    return refusal_text(denial_of(code))


def _terms_of(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, float]:
    """Return the numbers that a call changes, by their names.

    Raises:
        TypeError: an argument is missing, or none that LEAN takes.
        ValueError: a number is infinite, NaN or too large.
    """
    known = snake_case(name)
    if known == _UPDATE:
        fields = given(0, "fields", arguments, named)
        if fields is MISSING:
            raise TypeError(f"{name}() missing 1 required argument: 'fields'")
        return _numbers_of(fields)
    term = _TERMS[known]
    if not term:
        return {}
    value = given(0, term, arguments, named)
    if value is MISSING:
        raise TypeError(f"{name}() missing 1 required argument: '{term}'")
    read = quantity_of if term == "quantity" else price_of
    return {term: float(read(name, term.replace("_", " "), value))}


def _numbers_of(changes: Any) -> dict[str, float]:
    """Return the numbers that LEAN's fields of an update, or a request with them, change."""
    found = {term: getattr(changes, term) for term in _NUMBERS}
    return {term: float(value) for term, value in found.items() if value is not None}
