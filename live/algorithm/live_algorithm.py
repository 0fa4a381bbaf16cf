"""LiveAlgorithm: QCAlgorithm with one callback per tick and orders as numbers, for strategies that count microseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from live.algorithm.host import Host
from live.algorithm.order_arguments import number_of
from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.symbols import Symbol

if TYPE_CHECKING:
    from live.hot.views import TickView


class OrderDesk(Protocol):
    """What takes the orders of `submit`."""

    def submit(self, symbol: Symbol, quantity: float, limit_price: float, stop_price: float) -> int:
        """Queue an order; return its handle, or minus a denial code."""
        ...

    def cancel(self, handle: int) -> bool:
        """Ask for a cancellation."""
        ...

    def state(self, handle: int) -> int:
        """Return an order's state."""
        ...

    def catch_up(self) -> None:
        """Bring the run's clock and securities to the present tick."""
        ...


class LiveAlgorithm(QCAlgorithm):
    """Base class of algorithms that get every tick by itself. All of QCAlgorithm is there too.

    Override `on_tick(self, tick)`. The tick is one reused view: never keep it, nor anything but the numbers that you
    read from it; after the callback it shows other ticks. With `check_views = True` as a class attribute a read outside
    the callback raises StaleViewError, which finds such mistakes.

    Orders of `submit` are judged by the risk gate at once and sent when all ticks of the moment have been seen, outside
    on_tick at once; they fill by the same rules as any other order. `on_order_event` tells what became of them.

    Override on_data as well only when slices are needed: making them costs most of what on_tick saves.
    """

    check_views = False

    _desk: OrderDesk | None = None
    _attached_host: Host

    @property
    def _host(self) -> Host:
        """The engine, told the present moment first when it is behind the ticks."""
        if self._desk is not None:
            self._desk.catch_up()
        return self._attached_host

    @_host.setter
    def _host(self, host: Host) -> None:
        self._attached_host = host

    def on_tick(self, tick: TickView) -> None:
        """Called with each tick. Override it."""

    def submit(self, symbol: Symbol, quantity: float, limit_price: float = 0.0, stop_price: float = 0.0) -> int:
        """Queue an order: market, or limit, stop-market or stop-limit by the prices that are given.

        Parameters:
            symbol: what to trade, as add_equity(...).symbol or tick.symbol gives it.
            quantity: signed; above 0 buys.
            limit_price: limit; 0 for none.
            stop_price: stop; 0 for none.

        Returns:
            The order's handle, 0 or above; or minus the DenialCode with which the risk gate refused it.

        Raises:
            TypeError: a quantity or price that is no number.
        """
        if self._desk is None:
            return -_LIMITS_NOT_LOADED
        return self._desk.submit(
            symbol,
            number_of("submit", "quantity", quantity),
            number_of("submit", "limit price", limit_price),
            number_of("submit", "stop price", stop_price),
        )

    def cancel(self, handle: int) -> bool:
        """Ask for the cancellation of an order of `submit`; False when it is over already."""
        return self._desk is not None and self._desk.cancel(handle)

    def order_state(self, handle: int) -> int:
        """Return the state of an order of `submit`, by live.hot.orders.OrderState; FREE once it is over."""
        return 0 if self._desk is None else self._desk.state(handle)


_LIMITS_NOT_LOADED = 4
"""DenialCode.LIMITS_NOT_LOADED: orders before the run has begun."""
