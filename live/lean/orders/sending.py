"""The way of one order inside LEAN: gate, then LEAN's own method, at once or through the lane.

Nothing between the algorithm's call and LEAN's method writes or logs, and nothing is made that could be there before; what
there is to tell is kept, and told a few times a second by somebody else. Nothing waits, but in mode lane what must not
overtake the orders in the lane: an order that waits for its fill, liquidate, set_holdings, combos.

Orders are sent without waiting: LEAN's default is to wait for the fill of a market order, up to five seconds, with all data
standing still. `synchronous_orders = "keep"` leaves that as it is, except within on_order_event, where waiting would keep the
very thread that brings the fill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.config import LeanSettings, RiskSettings
from live.errors import UsageError
from live.hot.denials import DenialCode, denial_of
from live.hot.orders import OrderField, OrderPool
from live.hot.units import LARGEST_E9, QUANTITY_SCALE, scaled_e9
from live.lean import surface
from live.lean.engine_records import LeanOrder
from live.lean.instrument import lean_callback
from live.lean.orders.calls import OrderCall, OrderCalls
from live.lean.orders.cancellations import Cancellations
from live.lean.orders.changes import OrderChanges
from live.lean.orders.gate import LeanGate, SymbolRow
from live.lean.orders.lane import WITHDRAWN, Lane
from live.lean.orders.methods import OrderMethod
from live.lean.orders.refusals import Denial, Refusals, canceled_ticket, refused_ticket
from live.lean.orders.ticket import GatedTicket
from live.lean.orders.tracking import OrderTracker
from live.lean.stages import OrderStages
from live.lean.surface import dotnet_types

ORDERS_MAX = 8_192
"""Orders that may be alive at once."""
_NOT_WAITING = (True,)
_CALLS_AHEAD = 64
"""Records of calls that are made ahead, besides those that wait in the lane."""
_POOL_EXHAUSTED = int(DenialCode.POOL_EXHAUSTED)
_SYMBOL_UNKNOWN = int(DenialCode.SYMBOL_UNKNOWN)
_LIMITS_NOT_LOADED = int(DenialCode.LIMITS_NOT_LOADED)
_LANE_CLOSED = int(DenialCode.LANE_CLOSED)
_PRICE_OUTSIDE_COLLAR = int(DenialCode.PRICE_OUTSIDE_COLLAR)


class OrderSender:
    """Judges and sends the orders of one algorithm.

    Parameters:
        settings: table [lean].
        risk: table [risk].
        control: returns what somebody outside asks for, bits of ControlBit.
        on_denial: told each refused order when refusals are reported.
        stages: takes the stamps of orders.

    Attributes:
        is_open: whether orders may pass.
        on_claim: told LEAN's number and the handle of each order that LEAN has taken.
        gate: judges.
        tracker: follows orders.
        pool: slots of all orders that are alive.
        calls: records of order calls.
        changes: judges changes of orders.
        cancellations: cancels orders by their handles.
        lane: the lane; None in mode inline, and before `open`.
        refusals: counts refused orders.
        made_asynchronous: orders that would have waited.
    """

    def __init__(
        self,
        settings: LeanSettings,
        risk: RiskSettings,
        control: Callable[[], int],
        on_denial: Callable[[Denial], None],
        stages: OrderStages,
    ) -> None:
        self._settings = settings
        self._stages = stages
        self._keeps_waiting = settings.synchronous_orders == "keep"
        self._algorithm: Any = None
        self._methods: dict[str, Any] = {}
        self._in_events: dict[int, int] = {}
        self.is_open = False
        self.on_claim: Callable[[int, int], None] = _unheard
        self.gate = LeanGate(risk, control)
        self.pool = OrderPool(ORDERS_MAX)
        timeout_ns = int(settings.order_timeout_seconds * NANOSECONDS_PER_SECOND)
        self.tracker = OrderTracker(self.pool, self.gate.risk, timeout_ns, self._on_fill)
        self.refusals = Refusals(on_denial)
        self.changes = OrderChanges(self.gate, self.tracker, self.pool, self.refusals)
        self.cancellations = Cancellations(self.pool, self.tracker, self.gate)
        self.calls = OrderCalls(_CALLS_AHEAD + (settings.lane_orders if settings.mode == "lane" else 0))
        self.lane: Lane | None = None
        self.made_asynchronous = 0

    def open(self, algorithm: Any) -> None:
        """Let the orders of an algorithm pass. Until then LEAN refuses them itself, since it is warming up."""
        self._algorithm = algorithm
        self.gate.open(algorithm)
        self.tracker.begin_after(self.gate.account.last_order_id())
        if self._settings.mode == "lane":
            self.lane = Lane(
                self.pool,
                self._settings.lane_orders,
                self.changes,
                self._submit,
                self._refuse_in_lane,
                self.calls.give_back,
            )
            self.cancellations.lane = self.lane
            self.lane.start()
        self.is_open = self.changes.is_open = True

    def close(self, seconds: float) -> int:
        """Hand over what waits in the lane and end it; return the orders for which the time was too short, all refused."""
        handles = [] if self.lane is None else self.lane.stop(seconds)
        for handle in handles:
            row = self.gate.rows[self.pool.get(handle, OrderField.SYMBOL_INDEX)]
            quantity = self.pool.get(handle, OrderField.QUANTITY_E9) / QUANTITY_SCALE
            self.refusals.deny(_LANE_CLOSED, wall_ns(), row.ticker, quantity)
        return len(handles)

    # -- an order call of the algorithm's

    def send(self, algorithm: Any, call: OrderCall) -> Any:
        """Judge an order of one symbol and send it.

        Parameters:
            algorithm: whose order it is.
            call: what the algorithm has called; it is given back.

        Returns:
            LEAN's ticket of an invalid order, or one whose changes pass the gate too.

        Raises:
            TypeError: an argument is missing, or none that LEAN takes.
            ValueError: a number is infinite, NaN or too large.
            UsageError: a ticker that was not added.
        """
        call.read()
        call.native = self.native(algorithm, call.method.native)
        return self._send(algorithm, call)

    def send_request(self, algorithm: Any, name: str, request: Any) -> Any:
        """Judge and send a request that the algorithm has made itself: LEAN's `submit_order_request`.

        Whether it waits was said when it was made.
        """
        return self._send(algorithm, self.calls.of_request(name, request, self.native(algorithm, name)))

    def _send(self, algorithm: Any, call: OrderCall) -> Any:
        if not self.is_open:
            # During the warm-up LEAN refuses it itself.
            return self._made(call) if algorithm.is_warming_up else self._refuse_early(algorithm, call)
        if not call.amount:
            # LEAN refuses it by itself, with its own code.
            return self._made(call)
        self._hand_over(call)
        row = self.row(call.symbol)
        must_wait = call.waits and not self.may_not_wait()
        price = 0.0 if row is None else call.judged_price(row.price)
        handle = self.admit(row, call.amount, call.method.order_type, scaled_e9(price))
        if handle < 0:
            return self._refused(algorithm, denial_of(-handle), row, call)
        if call.waits and not must_wait:
            call.do_not_wait()
        return self._pass_on(handle, call, must_wait)

    def submit(self, method: OrderMethod, symbol: Any, quantity: float, limit: float, stop: float) -> int:
        """Judge an order of LiveAlgorithm.submit and send it.

        Parameters:
            method: which of LEAN's order methods sends it.
            symbol: what to trade.
            quantity: signed.
            limit: limit; 0 for none.
            stop: stop; 0 for none.

        Returns:
            Its handle; or minus the DenialCode with which it was refused and counted.

        Raises:
            UsageError: a ticker that was not added.
        """
        rest: tuple[Any, ...] = _NOT_WAITING
        if limit or stop:
            rest = (stop, limit, True) if limit and stop else (limit or stop, True)
        call = self.calls.take(method, symbol, quantity, rest)
        call.amount = quantity
        self._hand_over(call)
        row = self.row(symbol)
        if row is not None and max(abs(scaled_e9(limit)), abs(scaled_e9(stop))) >= LARGEST_E9:
            handle = -self.refusals.deny(_PRICE_OUTSIDE_COLLAR, wall_ns(), row.ticker, quantity)
        else:
            handle = self.admit(row, quantity, method.order_type, scaled_e9(limit or stop))
        if handle < 0:
            self.calls.give_back(call)
            return handle
        call.native = self.native(self._algorithm, method.native)
        self._pass_on(handle, call, False)
        return handle

    def row(self, symbol: Any) -> SymbolRow | None:
        """Return what the gate knows of a symbol; None for one that the algorithm has not added.

        Raises:
            UsageError: a ticker that was not added.
        """
        row = self.gate.row_of(symbol)
        if row is None and isinstance(symbol, str):
            raise UsageError(
                f"{symbol!r} was not added to the algorithm; add it in initialize, for example with add_equity"
            )
        return row

    def admit(self, row: SymbolRow | None, quantity: float, order_type: int, price_e9: int) -> int:
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
            self.refusals.deny(_SYMBOL_UNKNOWN, now_ns, "a symbol that was not added", quantity)
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
        self.refusals.deny(code, now_ns, row.ticker, quantity)
        return -code

    def native(self, algorithm: Any, name: str) -> Any:
        """Return LEAN's own method of a name, below the gate and all that the algorithm defines."""
        found = self._methods.get(name)
        if found is None:
            found = self._methods[name] = lean_callback(algorithm, name)
        return found

    # -- into LEAN

    def _hand_over(self, call: OrderCall) -> None:
        """Mark that the strategy has asked for the order."""
        call.slice_number = self._stages.slice_number
        call.handed_ns = self._stages.hand_over()

    def _pass_on(self, handle: int, call: OrderCall, must_wait: bool) -> Any:
        lane = self.lane
        if lane is None or must_wait:
            if lane is not None:
                lane.drain()
            return self.gated(self._given_back(call, self._submit(handle, call)))
        types = dotnet_types()
        symbol = self.gate.rows[self.pool.get(handle, OrderField.SYMBOL_INDEX)].symbol
        return lane.put(handle, call, symbol, types.order_types[call.method.order_type], types.new_status)

    def _made(self, call: OrderCall) -> Any:
        """Make a call of which the gate knows nothing."""
        return self._given_back(call, call.send())

    def _given_back(self, call: OrderCall, ticket: Any) -> Any:
        self.calls.give_back(call)
        return ticket

    def gated(self, ticket: Any) -> GatedTicket:
        """Return the ticket that the algorithm gets for one of LEAN's."""
        mine = GatedTicket(self.changes)
        mine.become(ticket)
        return mine

    def _submit(self, handle: int, call: OrderCall) -> Any:
        """Make the call and connect LEAN's number with the order. Called on the lane's thread as well."""
        tracker = self.tracker
        tracker.begin_call()
        try:
            tracker.sent(handle, wall_ns())
            try:
                ticket = call.send()
            except BaseException:
                tracker.refused(handle)
                raise
            self._stages.accept(call.slice_number, call.handed_ns)
            order_id = int(ticket.order_id)
            if order_id <= 0:
                # LEAN's own checks have refused it.
                tracker.refused(handle)
            else:
                self.on_claim(order_id, handle)
                tracker.claim(order_id, handle)
        finally:
            tracker.end_call()
        self.cancellations.look()
        return ticket

    # -- orders that the gate does not judge

    def settle(self) -> None:
        """Wait until LEAN has the orders that wait in the lane, for what is worked out from LEAN's open orders."""
        if self.lane is not None:
            self.lane.drain()

    @contextmanager
    def unjudged(self) -> Iterator[None]:
        """Surround a call that the gate does not judge, and the adoption of its orders.

        The call comes behind the orders that wait in the lane.
        """
        self.settle()
        self.tracker.begin_call()
        try:
            yield
        finally:
            self.tracker.end_call()

    def adopt(self, order: LeanOrder) -> None:
        """Follow an order of LEAN's that the gate has not judged, so that what is open and held is right."""
        order_id = order.order_id
        if order_id <= 0 or self.tracker.is_claimed(order_id):
            return
        row, quantity_e9 = self.gate.row_of(order.symbol), scaled_e9(order.quantity)
        handle = -1 if row is None else self.pool.take(row.index, quantity_e9, order.order_type, 0, 0, wall_ns(), 0)
        if row is None or handle < 0:
            self.tracker.claim_untracked(order_id)
            return
        self.gate.risk.on_accepted(row.index, quantity_e9, order.order_type, 0, wall_ns())
        self.on_claim(order_id, handle)
        self.tracker.claim(order_id, handle)

    # -- refusals

    def _refuse_early(self, algorithm: Any, call: OrderCall) -> Any:
        """Refuse an order before the end of the warm-up, for which LEAN would not; give the call back."""
        self.refusals.deny(_LIMITS_NOT_LOADED, wall_ns(), str(call.symbol), call.amount)
        return self._refused(algorithm, DenialCode.LIMITS_NOT_LOADED, None, call)

    def _refused(self, algorithm: Any, code: DenialCode, row: SymbolRow | None, call: OrderCall) -> Any:
        return self._given_back(call, refused_ticket(algorithm, self._request_of(algorithm, row, call), code))

    def _request_of(self, algorithm: Any, row: SymbolRow | None, call: OrderCall) -> Any:
        symbol = call.symbol if row is None else row.symbol
        if isinstance(symbol, str):
            symbol = surface.security_of(algorithm, symbol)
        return surface.submit_request(algorithm, symbol, call.method.order_type, call.quantity, call.tag)

    def _refuse_in_lane(self, handle: int, call: OrderCall, code: int) -> Any:
        """Refuse an order that the gate had let through, since the lane does not hand it over any more."""
        row = self.gate.rows[self.pool.get(handle, OrderField.SYMBOL_INDEX)]
        self.tracker.refused(handle)
        if code == WITHDRAWN:
            return canceled_ticket(self._algorithm, self._request_of(self._algorithm, row, call))
        self.refusals.deny(code, wall_ns(), row.ticker, call.amount)
        return refused_ticket(self._algorithm, self._request_of(self._algorithm, row, call), denial_of(code))

    # -- waiting for fills

    def may_not_wait(self) -> bool:
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

    def _on_fill(self, symbol_index: int) -> None:
        self.gate.take_position(self.gate.rows[symbol_index])


def _unheard(order_id: int, handle: int) -> None:
    """Stand for nobody who wants to know."""
