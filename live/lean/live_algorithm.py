"""LiveAlgorithm on LEAN: one callback per tick on a reused view, orders as numbers; the same file runs embedded.

A slice's ticks are given one by one, those of one symbol in the order in which they came, symbol after symbol. Each tick is
read once from .NET (2 to 4 µs) and written to the book, on which the view looks; nothing is made per tick. The portfolio of
LEAN is asynchronous, so an order's effect shows there when LEAN has handled it, not at the next tick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from live.algorithm.order_arguments import number_of
from live.clock import Zone, datetime_to_ns, wall_ns, zone
from live.hot.book import Book
from live.hot.denials import DenialCode
from live.hot.orders import OrderState
from live.hot.records import KIND_QUOTE, KIND_TRADE
from live.hot.units import PRICE_SCALE
from live.hot.views import TickView
from live.lean import surface
from live.lean.surface import dotnet_types

if TYPE_CHECKING:
    from live.lean.orders.path import LeanOrders

ORDER_PATH = "_lean_live_orders"
"""Attribute of the algorithm with its order path."""


def make_live_algorithm(base: Any) -> type:
    """Return the class LiveAlgorithm on LEAN's own base class.

    Parameters:
        base: LEAN's QCAlgorithm.
    """

    class LiveAlgorithm(base):  # type: ignore[misc]
        """Base class of algorithms that get every tick by itself. All of QCAlgorithm is there too.

        Override `on_tick(self, tick)`. The tick is one reused view: read its numbers inside the callback and keep those.
        With `check_views = True` as a class attribute a read outside the callback raises StaleViewError.
        """

        check_views = False
        _lean_live_orders: LeanOrders | None = None

        def on_tick(self, tick: TickView) -> None:
            """Called with each tick. Override it."""

        def submit(self, symbol: Any, quantity: float, limit_price: float = 0.0, stop_price: float = 0.0) -> int:
            """Send an order: market, or limit, stop-market or stop-limit by the prices that are given.

            Parameters:
                symbol: what to trade.
                quantity: signed; above 0 buys.
                limit_price: limit; 0 for none.
                stop_price: stop; 0 for none.

            Returns:
                The order's handle, 0 or above; or minus the DenialCode with which the risk gate refused it.

            Raises:
                TypeError: a quantity or price that is no number.
            """
            orders = self._lean_live_orders
            if orders is None:
                return -int(DenialCode.LIMITS_NOT_LOADED)
            return orders.submit(
                symbol,
                number_of("submit", "quantity", quantity),
                number_of("submit", "limit price", limit_price),
                number_of("submit", "stop price", stop_price),
            )

        def cancel(self, handle: int) -> bool:
            """Ask for the cancellation of an order of `submit`; False when it is over already."""
            return self._lean_live_orders is not None and self._lean_live_orders.cancel(handle)

        def order_state(self, handle: int) -> int:
            """Return the state of an order of `submit`, by live.hot.orders.OrderState; FREE once it is over."""
            orders = self._lean_live_orders
            return int(OrderState.FREE) if orders is None else orders.state(handle)

    LiveAlgorithm.__qualname__ = "LiveAlgorithm"
    return LiveAlgorithm


class TickBook(Protocol):
    """Where the ticks of a LiveAlgorithm are kept."""

    @property
    def book(self) -> Book:
        """The book."""
        ...

    def row(self, symbol: Any) -> int:
        """Return the row of a symbol, whose ticks the caller writes there from now on."""
        ...


class TickDispatch:
    """Gives the ticks of a slice to on_tick.

    Parameters:
        algorithm: LEAN's; its `check_views` is heeded.
        ticks: where the ticks are kept.
        on_tick: the strategy.
    """

    def __init__(self, algorithm: Any, ticks: TickBook, on_tick: Callable[[TickView], None]) -> None:
        self._algorithm = algorithm
        self._ticks = ticks
        self._book = ticks.book
        self._on_tick = on_tick
        self._rows: dict[Any, tuple[int, Zone]] = {}
        self._trade = dotnet_types().trade
        self._quote = dotnet_types().quote
        self.view = TickView(ticks.book, bool(algorithm.check_views))
        self.calls = 0

    def on_slice(self, slice: Any) -> None:
        """Write each tick to the book and give the view of it to the strategy; its errors go on to LEAN."""
        received_ns = wall_ns()
        for symbol, ticks in surface.ticks_of(slice):
            known = self._rows.get(symbol)
            index, exchange = self._add(symbol) if known is None else known
            for tick in ticks:
                if self._write(index, tick, exchange, received_ns):
                    self.calls += 1
                    self.view.show(index)
                    self._on_tick(self.view)
                    self.view.expire()

    def _add(self, symbol: Any) -> tuple[int, Zone]:
        index = self._ticks.row(symbol)
        exchange = zone(surface.zone_name(surface.security_of(self._algorithm, symbol)))
        # LEAN's prices are adjusted already, by whatever mode the algorithm asked for.
        self.view.set_symbol(index, symbol, 1.0)
        self._rows[symbol] = index, exchange
        return index, exchange

    def _write(self, index: int, tick: Any, exchange: Zone, received_ns: int) -> bool:
        """Write a tick to the book; False for one without a price, of open interest, or marked as suspicious."""
        if tick.suspicious:
            return False
        kind = tick.tick_type
        time_ns = exchange.to_utc_ns(datetime_to_ns(tick.time))
        if kind == self._trade:
            price_e9 = round(tick.value * PRICE_SCALE)
            return self._book.update_tick(index, KIND_TRADE, time_ns, price_e9, 0, tick.quantity, 0.0, received_ns)
        if kind != self._quote:
            return False
        bid_e9, ask_e9 = round(tick.bid_price * PRICE_SCALE), round(tick.ask_price * PRICE_SCALE)
        return self._book.update_tick(
            index, KIND_QUOTE, time_ns, bid_e9, ask_e9, tick.bid_size, tick.ask_size, received_ns
        )
