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
from live.lean.orders.gate import SymbolRow
from live.lean.orders.methods import order_method
from live.lean.orders.sending import OrderSender

_MARKET_TYPES = (int(OrderType.MARKET), int(OrderType.MARKET_ON_OPEN))
_ZERO = Decimal(0)


class OrderOptions(NamedTuple):
    """What set_holdings and liquidate are told of the orders they send.

    Attributes:
        asynchronous: whether not to wait for fills.
        tag: of the orders; None for LEAN's own.
        order_properties: LEAN's; None for the default.
    """

    asynchronous: bool = False
    tag: str | None = None
    order_properties: Any = None

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments by position that follow the numbers of an order call."""
        shared = (self.asynchronous, self.tag or "")
        return shared if self.order_properties is None else (*shared, self.order_properties)

    def keywords(self) -> dict[str, Any]:
        """Return the arguments by keyword: without a symbol LEAN's overloads of liquidate differ in nothing but these."""
        return {name: value for name, value in self._asdict().items() if value is not None}


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
        self, algorithm: Any, symbol: Any, percentage: Any, liquidates_others: bool, options: OrderOptions
    ) -> list[Any]:
        """Bring the holding of one symbol to a fraction of the portfolio's value, as LEAN does.

        Parameters:
            algorithm: LEAN's.
            symbol: symbol, ticker or security.
            percentage: the fraction; below 0 for a short position.
            liquidates_others: whether all other holdings are closed first.
            options: of the orders.

        Returns:
            The tickets.
        """
        quantity = self._quantity_toward(algorithm, symbol, percentage)
        tickets = self._liquidate_others(algorithm, [symbol], options) if liquidates_others else []
        return tickets + self._order_rest(algorithm, symbol, quantity, options)

    def set_targets(
        self, algorithm: Any, targets: Iterable[Any], liquidates_others: bool, options: OrderOptions
    ) -> list[Any]:
        """Bring several holdings to their targets, LEAN's PortfolioTargets; all else as for `set_holdings`."""
        wanted = [(each.symbol, each.quantity) for each in targets]
        tickets: list[Any] = []
        if liquidates_others:
            tickets += self._liquidate_others(algorithm, [symbol for symbol, _ in wanted], options)
        for target in self._in_order(algorithm, wanted):
            tickets += self._order_rest(algorithm, target.symbol, target.quantity, options)
        return tickets

    def _in_order(self, algorithm: Any, wanted: list[tuple[Any, Any]]) -> list[_Target]:
        if algorithm.is_warming_up:
            return []
        found = []
        for symbol, percentage in wanted:
            change = self._quantity_toward(algorithm, symbol, percentage)
            row = self._sender.gate.row_of(symbol)
            if row is None or not row.is_tradable() or abs(change) < _exact(row.lot()):
                continue
            held = _exact(row.held()) + self._open_quantity(row)
            is_reducing = held != 0 and abs(held + change) < abs(held)
            found.append(_Target(symbol, change, is_reducing, float(abs(change)) * row.price()))
        return sorted(found, key=lambda target: (not target.is_reducing, -target.value))

    def _order_rest(self, algorithm: Any, symbol: Any, quantity: Decimal, options: OrderOptions) -> list[Any]:
        row = self._sender.gate.row_of(symbol)
        rest = quantity if row is None else quantity - self._open_quantity(row, _MARKET_TYPES)
        if not rest:
            return []
        is_open = row is None or row.is_open()
        method = order_method("market_order" if is_open else "market_on_open_order")
        call = self._sender.calls.take(method, symbol, float(rest), options.arguments())
        return [self._sender.send(algorithm, call)]

    def _quantity_toward(self, algorithm: Any, symbol: Any, percentage: Any) -> Decimal:
        # As LEAN within .NET: a method of that name in the algorithm's class does not count.
        return _exact(self._sender.native(algorithm, "calculate_order_quantity")(symbol, percentage))

    def _open_quantity(self, row: SymbolRow, types: tuple[int, ...] | None = None) -> Decimal:
        """Return what open orders of a symbol have yet to fill, once LEAN has those that wait in the lane.

        Parameters:
            row: its security.
            types: numbers of LEAN's OrderType; None for all.
        """
        self._sender.settle()
        orders = self._sender.gate.account.open_quantities(row.symbol)
        return sum((_exact(each) for kind, each in orders if types is None or kind in types), _ZERO)

    # -- liquidate

    def liquidate(self, algorithm: Any, symbol: Any, options: OrderOptions) -> list[Any]:
        """Close holdings and cancel open orders: LEAN's liquidate, which no limit and no control word keeps back.

        Parameters:
            algorithm: LEAN's.
            symbol: a symbol, ticker or security, a list of them, or None for all.
            options: of the orders.

        Returns:
            The tickets.
        """
        sender = self._sender
        place = () if symbol is None else (symbol,)
        native = sender.native(algorithm, "liquidate")
        if not sender.is_open:
            return list(native(*place, **options.keywords()))
        if not options.asynchronous and sender.may_not_wait():
            options = options._replace(asynchronous=True)
        with sender.unjudged():
            tickets = list(native(*place, **options.keywords()))
            for ticket in tickets:
                sender.adopt(surface.order_of(ticket))
        self.liquidations += len(tickets)
        return [sender.gated(ticket) for ticket in tickets]

    def _liquidate_others(self, algorithm: Any, kept: list[Any], options: OrderOptions) -> list[Any]:
        """Liquidate all but some symbols, in the order of their names."""
        rows = [self._sender.gate.row_of(each) for each in kept]
        keep = {row.symbol for row in rows if row is not None}
        held = [each.symbol for each in surface.securities(algorithm)]
        tickets = []
        for symbol in sorted((each for each in held if each not in keep), key=lambda each: str(each.value)):
            tickets += self.liquidate(algorithm, symbol, options._replace(asynchronous=False))
        return tickets


def _exact(number: Any) -> Decimal:
    """Return one of LEAN's decimals, which reach Python as floats, without the digits that the float has made up."""
    return number if isinstance(number, Decimal) else Decimal(repr(float(number)))
