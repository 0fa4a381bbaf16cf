"""What a change of ticker and a delisting do to the orders and holdings of the run, in LEAN's order.

A change of ticker cancels the symbol's open orders right after the algorithm heard of it, before anything can fill. A
delisting sells what is held at the last price, without a fee and without an order of the algorithm, after resting orders
have had their last look, and then cancels what is left of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from live.algorithm.data import Delisting
from live.algorithm.enums import DelistingType
from live.algorithm.slices import Slice
from live.paper.frontier import Update
from live.paper.securities import Security

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine

CHANGED_TAG = "Open order cancelled on symbol changed event"


def delisted_securities(updates: Iterable[Update]) -> list[Security]:
    """Return the securities that are delisted in a time step, marked so: from here on nothing can be ordered of them."""
    found: list[Security] = []
    for update in updates:
        is_delisted = any(
            isinstance(point, Delisting) and point.type is DelistingType.DELISTED for point in update.points
        )
        if is_delisted and not update.security.is_delisted:
            update.security.is_delisted = True
            update.security.is_tradable = False
            found.append(update.security)
    return found


def apply_symbol_changes(engine: PaperEngine, slice: Slice) -> None:
    """Tell the algorithm of changed tickers, and cancel the open orders of these symbols."""
    if not slice.symbol_changed_events:
        return
    engine.callbacks.call("on_symbol_changed_events", slice.symbol_changed_events)
    for symbol in slice.symbol_changed_events.keys():
        for ticket in engine.transactions.get_open_order_tickets(symbol):
            ticket.cancel(CHANGED_TAG)


def apply_delistings(engine: PaperEngine, delisted: list[Security]) -> None:
    """Close what is held of securities that were delisted, cancel their orders and leave them out from now on."""
    for security in delisted:
        engine.transactions.liquidate_delisted(security)
        if not engine.is_warming_up:
            engine.transactions.cancel_open_orders(security.symbol)
        engine.securities.retire(security.symbol)
