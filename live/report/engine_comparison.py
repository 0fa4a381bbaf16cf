"""Order events of LEAN beside those of the embedded engine, on the same session.

A live run has the time of the clock, and events of several orders may come in another order than in a run on files. So events
are compared order by order, in the order of their numbers, without their moments: what was ordered, what became of it, at
which price. Prices of fills may differ where LEAN had a newer tick by then than the embedded engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from live.paper.run_model import EventComparison
from live.report.run_files import OrderEventRow

EVENT_TERMS = (
    "symbol_value",
    "status",
    "direction",
    "quantity",
    "fill_quantity",
    "fill_price",
    "limit_price",
    "stop_price",
    "order_fee_amount",
)
"""Members of an order event that say what was ordered and what became of it, in the order in which they are compared."""


_OF_FILLS = ("fill_price", "order_fee_amount")
"""Of these what may differ where LEAN had another newest tick; a fee may be a share of the price."""


def compare_events(here: Sequence[OrderEventRow], there: Sequence[OrderEventRow], other: Path) -> EventComparison:
    """Compare a run in LEAN with one of the embedded engine, orders of one number with each other.

    Parameters:
        here: order events of LEAN.
        there: order events of the embedded engine.
        other: where the latter's results are.
    """
    mine, theirs = _by_order(here), _by_order(there)
    equal = 0
    prices: list[str] = []
    others: list[str] = []
    for number in sorted({*mine, *theirs}):
        events, expected = mine.get(number, []), theirs.get(number, [])
        what = _first_difference(events, expected, [each for each in EVENT_TERMS if each not in _OF_FILLS])
        if what:
            others.append(what)
            continue
        price = _first_difference(events, expected, _OF_FILLS)
        if price:
            prices.append(price)
        else:
            equal += 1
    difference = next(iter((*others, *prices)), "")
    return EventComparison(other, len(here), len(there), equal, len(prices), len(others), difference)


def _by_order(events: Sequence[OrderEventRow]) -> dict[int, list[OrderEventRow]]:
    """Return the events of each order, in their order."""
    found: dict[int, list[OrderEventRow]] = {}
    for event in sorted(events, key=lambda event: event.order_event_id):
        found.setdefault(event.order_id, []).append(event)
    return found


def _first_difference(events: list[OrderEventRow], expected: list[OrderEventRow], terms: Sequence[str]) -> str:
    """Return in words the first difference between the events of one order, "" when there is none."""
    for event, other in zip(events, expected, strict=False):
        what = _difference(event, other, terms)
        if what:
            return what
    if len(events) == len(expected):
        return ""
    more, longer = ("LEAN", events) if len(events) > len(expected) else ("the embedded engine", expected)
    return f"{more} has one more: {_name(longer[min(len(events), len(expected))])}"


def _difference(event: OrderEventRow, expected: OrderEventRow, terms: Sequence[str]) -> str:
    for member in terms:
        found, wanted = getattr(event, member), getattr(expected, member)
        # LEAN leaves out what is zero or empty.
        if (found or 0) != (wanted or 0):
            return f"{_name(event)} has {member.replace('_', ' ')} {found} in LEAN, {wanted} in the embedded engine"
    return ""


def _name(event: OrderEventRow) -> str:
    return f"event {event.order_event_id} of order {event.order_id} ({event.symbol_value}, {event.status})"
