"""The way of an order inside LEAN: gate, then LEAN's own method, at once or through the lane.

Every order call of the algorithm comes here (live/lean/orders/routing.py). Nothing between the call and LEAN's method waits,
writes or logs; what there is to tell is kept and told by `review`, a few times a second, on another thread.

Orders are sent without waiting: LEAN's default is to wait for the fill of a market order, up to five seconds, with all data
standing still. `synchronous_orders = "keep"` leaves that as it is, except within on_order_event, where waiting would keep the
very thread that brings the fill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import get_ident
from typing import Any

from live.algorithm.enums import OrderStatus, OrderType
from live.algorithm.trading import initial_trailing_stop
from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.config import LeanSettings, RiskSettings
from live.errors import UsageError
from live.hot.denials import DenialCode
from live.hot.orders import OrderField, OrderPool
from live.hot.units import scaled_e9
from live.lean import surface
from live.lean.orders.gate import LeanGate, SymbolRow
from live.lean.orders.lane import Call, Lane
from live.lean.orders.methods import OrderMethod, overload, term, waits, without_waiting
from live.lean.orders.refusals import Denial, Refusals, invalid_ticket
from live.lean.orders.tracking import OrderTracker

ORDERS_MAX = 8_192
"""Orders that may be alive at once."""
_TRAILING_STOP = int(OrderType.TRAILING_STOP)
_UPDATE_SUBMITTED = int(OrderStatus.UPDATE_SUBMITTED)
_POOL_EXHAUSTED = int(DenialCode.POOL_EXHAUSTED)
_SYMBOL_UNKNOWN = int(DenialCode.SYMBOL_UNKNOWN)
_LIMITS_NOT_LOADED = int(DenialCode.LIMITS_NOT_LOADED)


class OrderPath:
    """Sends the orders of one algorithm.

    Parameters:
        settings: table [lean].
        risk: table [risk].
        control: returns what somebody outside asks for, bits of ControlBit.
        on_denial: told each refused order, in `review`.

    Attributes:
        gate: judges.
        tracker: follows orders.
        pool: slots of all orders that are alive.
        lane: the lane; None in mode inline and before `open`.
        refusals: refuses.
        made_asynchronous: orders that would have waited.
    """

    def __init__(
        self,
        settings: LeanSettings,
        risk: RiskSettings,
        control: Callable[[], int],
        on_denial: Callable[[Denial], None],
    ) -> None:
        self._settings = settings
        self._keeps_waiting = settings.synchronous_orders == "keep"
        self._algorithm: Any = None
        self._native: Callable[[str], Any] = _nothing_attached
        self._methods: dict[str, Any] = {}
        self._in_events: dict[int, int] = {}
        self._is_open = False
        self._new_status: Any = None
        self._order_types: dict[int, Any] = {}
        self.gate = LeanGate(risk, control)
        self.pool = OrderPool(ORDERS_MAX)
        timeout_ns = int(settings.order_timeout_seconds * NANOSECONDS_PER_SECOND)
        self.tracker = OrderTracker(self.pool, self.gate.risk, timeout_ns, self._on_fill)
        self.refusals = Refusals(on_denial)
        self.lane: Lane | None = None
        self.made_asynchronous = 0

    # -- life

    @property
    def algorithm(self) -> Any:
        """LEAN's algorithm."""
        return self._algorithm

    def attach(self, algorithm: Any, native: Callable[[str], Any]) -> None:
        """Take the algorithm.

        Parameters:
            algorithm: the instance.
            native: returns LEAN's own method of a name, bound to the instance.
        """
        self._algorithm, self._native = algorithm, native

    def open(self) -> None:
        """Let orders pass: once the warm-up is over, before the algorithm is told. Until then LEAN refuses them itself."""
        self._new_status = surface.new_status()
        self.gate.open(self._algorithm)
        self.tracker.begin_after(int(self._algorithm.transactions.last_order_id))
        if self._settings.mode == "lane":
            self.lane = Lane(self.pool, self._settings.lane_orders, self._submit, self._refuse_in_lane)
            self.lane.start()
        self._is_open = True

    def close(self, seconds: float) -> int:
        """Hand over what waits in the lane and end it; return the orders that could not be handed over in the time."""
        return 0 if self.lane is None else self.lane.stop(seconds)

    # -- order calls

    def send(
        self, method: OrderMethod, symbol: Any, quantity: Any, rest: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Judge an order of one symbol and send it.

        Parameters:
            method: which method the algorithm has called.
            symbol: symbol, ticker or security.
            quantity: signed.
            rest: further arguments by position.
            named: further arguments by keyword.

        Returns:
            LEAN's ticket, or one that becomes it.
        """
        if not self._is_open:
            return self._send_early(method, symbol, quantity, rest, named)
        if not quantity:
            # LEAN refuses it by itself, with its own code.
            return self.native(method.name)(symbol, quantity, *rest, **named)
        method = overload(method, rest, named)
        row = self._row(symbol)
        place = len(method.terms)
        must_wait = waits(place, rest, named) and not self._may_not_wait()
        handle = self.admit(row, quantity, method.order_type, self._price(method, row, quantity, rest, named))
        if handle < 0:
            return self._refused(-handle, row, symbol, method.order_type, quantity, named)
        if not must_wait:
            rest, named = without_waiting(place, rest, named)
        return self._hand_over(handle, Call(self.native(method.name), symbol, quantity, rest, named), method, must_wait)

    def admit(self, row: SymbolRow | None, quantity: Any, order_type: int, price_e9: int) -> int:
        """Judge an order and take a slot for it.

        Parameters:
            row: its security; None for one that the algorithm has not added.
            quantity: signed.
            order_type: number of LEAN's OrderType.
            price_e9: limit or stop price; 0 for none.

        Returns:
            The order's handle, 0 or above; or minus the DenialCode with which it was refused and counted.
        """
        now_ns, quantity_e9 = wall_ns(), scaled_e9(quantity)
        if row is None:
            self.refusals.deny(_SYMBOL_UNKNOWN, now_ns, "", float(quantity))
            return -_SYMBOL_UNKNOWN
        pool = self.pool
        code = self.lane.refusal() if self.lane is not None else 0
        if not code and pool.used >= pool.capacity:
            code = _POOL_EXHAUSTED
        code = code or self.gate.admit(row, quantity_e9, order_type, price_e9, now_ns)
        if not code:
            handle = pool.take(row.index, quantity_e9, order_type, price_e9, 0, now_ns, 0)
            if handle >= 0:
                return handle
            # Another thread took the last slot.
            self.gate.risk.on_closed(row.index, quantity_e9)
            code = _POOL_EXHAUSTED
        self.refusals.deny(code, now_ns, row.ticker, float(quantity))
        return -code

    def hand_over(self, handle: int, method: OrderMethod, symbol: Any, quantity: Any, rest: tuple[Any, ...]) -> Any:
        """Send an order that was admitted, without waiting; `rest` ends with LEAN's `asynchronous`."""
        return self._hand_over(handle, Call(self.native(method.name), symbol, quantity, rest, {}), method, False)

    def native(self, name: str) -> Any:
        """Return LEAN's own method of a name, which passes no gate."""
        found = self._methods.get(name)
        if found is None:
            found = self._methods[name] = self._native(name)
        return found

    def _send_early(
        self, method: OrderMethod, symbol: Any, quantity: Any, rest: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Leave an order before the end of the warm-up to LEAN, which refuses it; refuse it when LEAN would not."""
        if self._algorithm.is_warming_up:
            return self.native(method.name)(symbol, quantity, *rest, **named)
        self.refusals.deny(_LIMITS_NOT_LOADED, wall_ns(), str(symbol), float(quantity))
        row = self.gate.row_of(symbol)
        return self._refused(_LIMITS_NOT_LOADED, row, symbol, method.order_type, quantity, named)

    def _row(self, symbol: Any) -> SymbolRow | None:
        row = self.gate.row_of(symbol)
        if row is None and isinstance(symbol, str):
            raise UsageError(
                f"{symbol!r} was not added to the algorithm; add it in initialize, for example with add_equity"
            )
        return row

    def _price(
        self, method: OrderMethod, row: SymbolRow | None, quantity: Any, rest: tuple[Any, ...], named: dict[str, Any]
    ) -> int:
        """Return the price by which the gate judges an order: its limit, else its stop; 0 for none."""
        if not method.terms or row is None:
            return 0
        price = term(method, "limit_price", rest, named) or term(method, "stop_price", rest, named)
        if price is None and method.order_type == _TRAILING_STOP:
            amount = term(method, "trailing_amount", rest, named)
            as_percentage = term(method, "trailing_as_percentage", rest, named)
            price = initial_trailing_stop(self.gate.price_of(row), float(amount), bool(as_percentage), quantity > 0)
        return scaled_e9(price or 0)

    def _hand_over(self, handle: int, call: Call, method: OrderMethod, must_wait: bool) -> Any:
        lane = self.lane
        if lane is None:
            return self._submit(handle, call)
        if must_wait:
            lane.drain()
            return self._submit(handle, call)
        return lane.put(handle, call, self._order_type(method.order_type), self._new_status)

    def _submit(self, handle: int, call: Call) -> Any:
        """Make the call and connect LEAN's number with the order. Called on the lane's thread as well."""
        tracker = self.tracker
        tracker.begin_call()
        try:
            tracker.sent(handle, wall_ns())
            try:
                ticket = call.method(call.symbol, call.quantity, *call.rest, **call.named)
            except BaseException:
                tracker.refused(handle)
                raise
            order_id = int(ticket.order_id)
            if order_id > 0:
                tracker.claim(order_id, handle)
            else:
                tracker.refused(handle)
            return ticket
        finally:
            tracker.end_call()

    # -- refusals

    def _refused(
        self, code: int, row: SymbolRow | None, symbol: Any, order_type: int, quantity: Any, named: dict[str, Any]
    ) -> Any:
        security = symbol if row is None else row.security
        tag = str(named.get("tag") or "")
        return invalid_ticket(self._algorithm, security, DenialCode(code), order_type, quantity, tag)

    def _refuse_in_lane(self, handle: int, call: Call, code: int) -> Any:
        """Refuse an order that the gate had let through, since the lane does not hand it over any more."""
        row = self.gate.rows[self.pool.get(handle, OrderField.SYMBOL_INDEX)]
        order_type = self.pool.get(handle, OrderField.ORDER_TYPE)
        self.tracker.refused(handle)
        self.refusals.deny(code, wall_ns(), row.ticker, float(call.quantity))
        return self._refused(code, row, call.symbol, order_type, call.quantity, call.named)

    # -- waiting for fills

    def _may_not_wait(self) -> bool:
        """Tell whether an order that would wait must not, and count it."""
        if self._keeps_waiting and not self._in_events.get(get_ident()):
            return False
        self.made_asynchronous += 1
        return True

    def event_begins(self) -> None:
        """Take note that on_order_event is being called on this thread."""
        me = get_ident()
        self._in_events[me] = self._in_events.get(me, 0) + 1

    def event_ends(self) -> None:
        """Take note that on_order_event has returned, or raised."""
        self._in_events[get_ident()] -= 1

    # -- events

    def on_order_event(self, order_id: int, status: int, fill_quantity: float) -> None:
        """Follow an event, before the algorithm is told of it.

        Parameters:
            order_id: LEAN's number.
            status: number of LEAN's OrderStatus.
            fill_quantity: signed quantity of an execution, else 0.
        """
        if status == _UPDATE_SUBMITTED:
            ticket = self._algorithm.transactions.get_order_ticket(order_id)
            self.tracker.change(order_id, scaled_e9(ticket.quantity))
        self.tracker.on_event(order_id, status, scaled_e9(fill_quantity))

    def on_securities_changed(self, added: Iterable[Any]) -> None:
        """Take in securities that were added."""
        if self._is_open:
            self.gate.on_securities_changed(added)

    def raise_failure(self) -> None:
        """Raise what an order call on the lane's thread has raised; to be called on the algorithm's thread."""
        if self.lane is not None and self.lane.failure is not None:
            self.lane.raise_failure()

    def _on_fill(self, symbol_index: int) -> None:
        self.gate.take_position(self.gate.rows[symbol_index])

    def _order_type(self, number: int) -> Any:
        found = self._order_types.get(number)
        if found is None:
            found = self._order_types[number] = surface.order_type(number)
        return found


def _nothing_attached(name: str) -> Any:
    raise UsageError(f"{name} was called before the algorithm was made; send orders once initialize has returned")
