# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Orders of LiveAlgorithm.submit: a pool of slots in front of the paper broker."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from live.algorithm.enums import OrderResponseErrorCode, OrderType
from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.orders import OrderEvent
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
from live.hot.denials import DenialCode, denial_of
from live.hot.orders import OrderField, OrderPool, OrderState
from live.hot.pump import TickPump
from live.hot.units import LARGEST_E9, PRICE_SCALE, scaled_e9
from live.paper.risk_desk import RiskDesk, e9
from live.paper.run_clock import RunClock

ORDERS_MAX = 4_096
"""Orders of `submit` that may be alive at once."""
_TYPES = (
    (int(OrderType.MARKET), int(OrderType.STOP_MARKET)),
    (int(OrderType.LIMIT), int(OrderType.STOP_LIMIT)),
)
"""Order type by whether there is a limit, and whether there is a stop."""
# C copies: reading a Python constant costs a look-up.
_MARKET = int(OrderType.MARKET)
_LIMIT = int(OrderType.LIMIT)
_STOP_MARKET = int(OrderType.STOP_MARKET)
_STATE_FIELD = int(OrderField.STATE)
_SYMBOL_FIELD = int(OrderField.SYMBOL_INDEX)
_TYPE_FIELD = int(OrderField.ORDER_TYPE)
_QUANTITY_FIELD = int(OrderField.QUANTITY_E9)
_LIMIT_FIELD = int(OrderField.LIMIT_E9)
_STOP_FIELD = int(OrderField.STOP_E9)
_CREATED = int(OrderState.CREATED)


class LiveDesk:
    """Takes orders during on_tick and sends them when the moment's ticks have been seen.

    Parameters:
        algorithm: whose orders these are.
        risk: judges them.
        pump: knows the present tick.
        clock: the run's clock; it brings the engine to the present tick.
        on_denial: told about each refusal: its code, the moment, the symbol and the signed quantity.
    """

    def __init__(
        self,
        algorithm: LiveAlgorithm,
        risk: RiskDesk,
        pump: TickPump,
        clock: RunClock,
        on_denial: Callable[[DenialCode, int, Symbol, float], None],
    ) -> None:
        self._algorithm = algorithm
        self._risk = risk
        self._pump = pump
        self._clock = clock
        self._on_denial = on_denial
        self._order_ids: dict[int, int] = {}
        self._handles: dict[int, int] = {}
        self._symbols: dict[int, Symbol] = {}
        self.pool = OrderPool(ORDERS_MAX)
        self.tick_began_ns = 0
        """Beginning of the tick whose callback sent the newest order, on the monotonic clock."""

    def catch_up(self) -> None:
        """Bring the engine to the present tick."""
        self._clock.time_ns()

    def submit(self, symbol: Symbol, quantity: float, limit_price: float, stop_price: float) -> int:
        """Queue an order; return its handle, or minus the code of its refusal."""
        pump = self._pump
        index = symbol.index
        if not self._risk.has_market(index) and symbol in self._algorithm.securities:
            self._risk.refresh(self._algorithm.securities[symbol])
        quantity_e9 = scaled_e9(quantity)
        kind = _TYPES[limit_price != 0.0][stop_price != 0.0]
        limit_e9 = stop_e9 = raw_e9 = 0
        if kind:
            limit_e9, stop_e9 = scaled_e9(limit_price), scaled_e9(stop_price)
            raw_e9 = scaled_e9((limit_price or stop_price) / pump.view.factor(index))
        # Outside on_tick the engine's clock may be ahead of the last tick.
        now_ns = max(pump.step_ns, self._clock.now_ns)
        if self._risk.gate.control:
            # Asked for at an earlier order.
            self._risk.look_at_control()
        code = self._risk.gate.check(index, quantity_e9, kind, raw_e9, now_ns)
        if not code and max(abs(limit_e9), abs(stop_e9)) >= LARGEST_E9:
            code = int(DenialCode.PRICE_OUTSIDE_COLLAR)
        if code:
            self._on_denial(denial_of(code), now_ns, symbol, quantity)
            return -code
        handle = self.pool.take(index, quantity_e9, kind, limit_e9, stop_e9, now_ns, 0)
        if handle < 0:
            self._on_denial(DenialCode.POOL_EXHAUSTED, now_ns, symbol, quantity)
            return -int(DenialCode.POOL_EXHAUSTED)
        self.pool.enqueue(handle)
        self._symbols[index] = symbol
        self.tick_began_ns = pump.tick_began_ns
        pump.is_touched = True
        if not pump.tick_began_ns:
            self.send()
        return handle

    def cancel(self, handle: int) -> bool:
        """Ask for a cancellation; an order that was not sent yet is gone at once."""
        if self.pool.get(handle, OrderField.STATE) == OrderState.CREATED:
            return self.pool.transition(handle, OrderState.CANCELED)
        number = self._order_ids.get(handle)
        if number is None or not self.pool.is_live(handle):
            return False
        self.catch_up()
        ticket = self._algorithm.transactions.get_order_ticket(number)
        return bool(ticket is not None and ticket.cancel().is_success)

    def state(self, handle: int) -> int:
        """Return an order's state, FREE once it is over."""
        return self.pool.get(handle, OrderField.STATE)

    def send(self) -> None:
        """Send what waits."""
        pool = self.pool
        while pool.pending:
            handle = pool.next_pending()
            if pool.get(handle, _STATE_FIELD) == _CREATED:
                self._send(handle)
            if pool.is_final(handle):
                pool.release(handle)

    def _send(self, handle: int) -> None:
        pool, algorithm = self.pool, self._algorithm
        symbol = self._symbols[pool.get(handle, _SYMBOL_FIELD)]
        quantity = self._exact(handle, _QUANTITY_FIELD)
        number = algorithm.transactions.last_order_id + 1
        self._handles[number] = handle
        self._order_ids[handle] = number
        kind = pool.get(handle, _TYPE_FIELD)
        ticket: OrderTicket
        if kind == _MARKET:
            ticket = algorithm.market_order(symbol, quantity)
        elif kind == _LIMIT:
            ticket = algorithm.limit_order(symbol, quantity, self._exact(handle, _LIMIT_FIELD))
        elif kind == _STOP_MARKET:
            ticket = algorithm.stop_market_order(symbol, quantity, self._exact(handle, _STOP_FIELD))
        else:
            limit, stop = self._exact(handle, _LIMIT_FIELD), self._exact(handle, _STOP_FIELD)
            ticket = algorithm.stop_limit_order(symbol, quantity, stop, limit)
        if ticket.order_id != number:
            self._forget(number, handle)
            denied = ticket.submit_request.response.error_code is OrderResponseErrorCode.RISK_DENIED
            pool.transition(handle, OrderState.DENIED if denied else OrderState.INVALID)

    def on_event(self, event: OrderEvent) -> None:
        """Follow an order of the pool."""
        handle = self._handles.get(event.order_id)
        if handle is None:
            return
        if event.status.is_fill:
            self.pool.fill(handle, e9(event.exact_fill_quantity))
        else:
            self.pool.transition(handle, event.status)
        if event.status.is_closed:
            if not self.pool.is_final(handle):
                # A fee that was taken from what was bought leaves a rest that will never fill.
                self.pool.transition(handle, OrderState.CANCELED)
            self._forget(event.order_id, handle)
            self.pool.release(handle)

    def _exact(self, handle: int, field: int) -> Decimal:
        return Decimal(self.pool.get(handle, field)) / PRICE_SCALE

    def _forget(self, number: int, handle: int) -> None:
        del self._handles[number]
        del self._order_ids[handle]
