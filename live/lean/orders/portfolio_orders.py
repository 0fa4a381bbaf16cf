"""set_holdings and liquidate, whose orders LEAN sends inside .NET, past every method that Python overrides.

set_holdings is made here from LEAN's own `calculate_order_quantity`, by LEAN's rules, so that its orders pass the gate like
any other. liquidate stays LEAN's: it is the way out, never refused, counted, and its orders are followed.

LEAN's rules of set_holdings (read in its source): for one symbol the quantity is worked out before the other holdings are
liquidated, for a list of targets after; market and market-on-open orders of the symbol that are still open are taken off;
nothing is sent for a rest of zero; outside market hours the order is market-on-open. Targets of a list must have data, be
tradable, and change by a lot at least; those that reduce a position go first, then those of larger value.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from live.algorithm.enums import OrderType
from live.lean import surface
from live.lean.instrument import lean_callback
from live.lean.orders.methods import order_method
from live.lean.orders.sending import OrderSender

_MARKET_TYPES = (int(OrderType.MARKET), int(OrderType.MARKET_ON_OPEN))
_ZERO = Decimal(0)


class _Target(NamedTuple):
    symbol: Any
    quantity: Decimal
    is_reducing: bool
    value: float


class PortfolioOrders:
    """Orders that are asked for by what shall be held.

    Parameters:
        sender: sends them.

    Attributes:
        liquidations: orders of liquidate.
    """

    def __init__(self, sender: OrderSender) -> None:
        self._sender = sender
        self.liquidations = 0

    # -- set_holdings

    def set_holdings(
        self,
        algorithm: Any,
        symbol: Any,
        percentage: Any,
        liquidate_existing_holdings: bool = False,
        asynchronous: bool = False,
        tag: str | None = None,
        order_properties: Any = None,
    ) -> list[Any]:
        """Bring the holding of one symbol to a fraction of the portfolio's value, as LEAN does.

        Parameters:
            algorithm: LEAN's.
            symbol: symbol, ticker or security.
            percentage: the fraction; below 0 for a short position.
            liquidate_existing_holdings: whether all other holdings are closed first.
            asynchronous: whether not to wait for the fill.
            tag: of the orders.
            order_properties: LEAN's; None for the default.

        Returns:
            The tickets.
        """
        quantity = _exact(algorithm.calculate_order_quantity(symbol, percentage))
        tickets = self._liquidate_others(algorithm, [symbol], tag, order_properties, liquidate_existing_holdings)
        tickets += self._order_rest(algorithm, symbol, quantity, asynchronous, tag, order_properties)
        return tickets

    def set_targets(
        self,
        algorithm: Any,
        targets: Iterable[Any],
        liquidate_existing_holdings: bool = False,
        asynchronous: bool = False,
        tag: str | None = None,
        order_properties: Any = None,
    ) -> list[Any]:
        """Bring several holdings to their targets; parameters as for `set_holdings`, targets are LEAN's PortfolioTargets."""
        wanted = list(targets)
        symbols = [each.symbol for each in wanted]
        tickets = self._liquidate_others(algorithm, symbols, tag, order_properties, liquidate_existing_holdings)
        for target in self._in_order(algorithm, wanted):
            tickets += self._order_rest(algorithm, target.symbol, target.quantity, asynchronous, tag, order_properties)
        return tickets

    def _in_order(self, algorithm: Any, wanted: list[Any]) -> list[_Target]:
        if algorithm.is_warming_up:
            return []
        found = []
        for each in wanted:
            change = _exact(algorithm.calculate_order_quantity(each.symbol, each.quantity))
            security = algorithm.securities[each.symbol]
            lot = _exact(security.symbol_properties.lot_size)
            if not security.has_data or not security.is_tradable or abs(change) < lot:
                continue
            held = _exact(security.holdings.quantity) + self._open_quantity(algorithm, each.symbol)
            is_reducing = held != 0 and abs(held + change) < abs(held)
            found.append(_Target(each.symbol, change, is_reducing, float(abs(change)) * float(security.price)))
        return sorted(found, key=lambda target: (not target.is_reducing, -target.value))

    def _order_rest(
        self,
        algorithm: Any,
        symbol: Any,
        quantity: Decimal,
        asynchronous: bool,
        tag: str | None,
        order_properties: Any,
    ) -> list[Any]:
        rest = quantity - self._open_quantity(algorithm, symbol, _MARKET_TYPES)
        if not rest:
            return []
        row = self._sender.gate.row_of(symbol)
        is_open = row is None or bool(row.security.exchange.exchange_open)
        method = order_method("market_order" if is_open else "market_on_open_order")
        arguments: tuple[Any, ...] = (bool(asynchronous), tag or "")
        if order_properties is not None:
            arguments += (order_properties,)
        return [self._sender.send(algorithm, method, symbol, float(rest), arguments, {})]

    def _open_quantity(self, algorithm: Any, symbol: Any, types: tuple[int, ...] | None = None) -> Decimal:
        """Return what open orders of a symbol have yet to fill, once LEAN has those that wait in the lane.

        Parameters:
            algorithm: LEAN's.
            symbol: symbol, ticker or security.
            types: numbers of LEAN's OrderType; None for all.
        """
        row = self._sender.gate.row_of(symbol)
        if row is None:
            return _ZERO
        self._sender.settle(row)
        total = _ZERO
        for ticket in algorithm.transactions.get_open_order_tickets(row.symbol):
            if types is None or surface.order_type_of(ticket) in types:
                total += _exact(ticket.quantity_remaining)
        return total

    # -- liquidate

    def liquidate(
        self,
        algorithm: Any,
        symbol: Any = None,
        asynchronous: bool = False,
        tag: str | None = None,
        order_properties: Any = None,
    ) -> list[Any]:
        """Close holdings and cancel open orders: LEAN's liquidate, which no limit and no control word keeps back.

        Parameters:
            algorithm: LEAN's.
            symbol: a symbol, ticker or security, a list of them, or None for all.
            asynchronous: whether not to wait for the fills.
            tag: of the orders.
            order_properties: LEAN's; None for the default.

        Returns:
            The tickets.
        """
        sender = self._sender
        # By keyword: without a symbol LEAN's overloads differ in nothing but their names.
        named: dict[str, Any] = {"asynchronous": bool(asynchronous)}
        if tag is not None:
            named["tag"] = tag
        if order_properties is not None:
            named["order_properties"] = order_properties
        place = () if symbol is None else (symbol,)
        if not sender.is_open:
            return list(lean_callback(algorithm, "liquidate")(*place, **named))
        if not asynchronous and sender.may_not_wait():
            named["asynchronous"] = True
        with sender.unjudged():
            tickets = list(sender.native("liquidate")(*place, **named))
            for ticket in tickets:
                sender.adopt(ticket)
        self.liquidations += len(tickets)
        return tickets

    def _liquidate_others(
        self, algorithm: Any, kept: list[Any], tag: str | None, order_properties: Any, is_wanted: bool
    ) -> list[Any]:
        """Liquidate all but some symbols, in the order of their names, when that is wanted."""
        if not is_wanted:
            return []
        rows = [self._sender.gate.row_of(each) for each in kept]
        keep = {row.symbol for row in rows if row is not None}
        held = [each.symbol for each in algorithm.securities.values()]
        others = sorted((each for each in held if each not in keep), key=lambda each: str(each.value))
        tickets = []
        for symbol in others:
            tickets += self.liquidate(algorithm, symbol, tag=tag, order_properties=order_properties)
        return tickets


def _exact(number: Any) -> Decimal:
    """Return one of LEAN's decimals, which reach Python as floats, without the digits that the float has made up."""
    return number if isinstance(number, Decimal) else Decimal(repr(float(number)))
