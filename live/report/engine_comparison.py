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


def compare_events(here: Sequence[OrderEventRow], there: Sequence[OrderEventRow], other: Path) -> EventComparison:
    """Compare a run in LEAN with one of the embedded engine.

    Parameters:
        here: order events of LEAN.
        there: order events of the embedded engine.
        other: where the latter's results are.
    """
    mine, theirs = _ordered(here), _ordered(there)
    for number, (event, expected) in enumerate(zip(mine, theirs, strict=False)):
        what = _difference(event, expected)
        if what:
            return EventComparison(other, len(mine), len(theirs), number, what)
    equal = min(len(mine), len(theirs))
    difference = ""
    if len(mine) != len(theirs):
        more, events = ("LEAN", mine) if len(mine) > len(theirs) else ("the embedded engine", theirs)
        difference = f"{more} has one more: {_name(events[equal])}"
    return EventComparison(other, len(mine), len(theirs), equal, difference)


def _ordered(events: Sequence[OrderEventRow]) -> list[OrderEventRow]:
    return sorted(events, key=lambda event: (event.order_id, event.order_event_id))


def _difference(event: OrderEventRow, expected: OrderEventRow) -> str:
    for member in EVENT_TERMS:
        found, wanted = getattr(event, member), getattr(expected, member)
        # LEAN leaves out what is zero or empty.
        if (found or 0) != (wanted or 0):
            return f"{_name(event)} has {member.replace('_', ' ')} {found} in LEAN, {wanted} in the embedded engine"
    return ""


def _name(event: OrderEventRow) -> str:
    return f"event {event.order_event_id} of order {event.order_id} ({event.symbol_value}, {event.status})"
