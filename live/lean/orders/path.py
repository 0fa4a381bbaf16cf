"""All orders of an algorithm inside LEAN: what the host asks of the order path.

`review` is to be called a few times a second, on a thread that is not the strategy's: it looks for orders that went past the
gate and for orders without an answer, tells refusals, and writes the file of order numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from live.algorithm.enums import OrderStatus
from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, wall_ns
from live.config import CONFIG_FILE_NAME, LeanSettings, RiskSettings
from live.errors import EnvironmentFault, UsageError, error_text
from live.hot.book import Book
from live.hot.catalogue import Counter
from live.hot.orders import OrderField
from live.hot.units import scaled_e9
from live.lean import surface
from live.lean.engine_records import LeanOrder
from live.lean.instrument import lean_callback, write_debug, write_error
from live.lean.orders.ids import OrderIds
from live.lean.orders.methods import order_method
from live.lean.orders.portfolio_orders import PortfolioOrders
from live.lean.orders.refusals import Denial
from live.lean.orders.routing import gated_class
from live.lean.orders.sending import OrderSender
from live.lean.orders.source_check import WayPastGate, require_gated, ways_past_gate
from live.lean.orders.unjudged import Kind, UnjudgedOrders
from live.lean.stages import OrderStages

_END_SECONDS = 5.0
"""Longest time for what waits in the lane when the run ends."""
_SUBMITTED = int(OrderStatus.SUBMITTED)
_METHODS = {
    (False, False): order_method("market_order"),
    (True, False): order_method("limit_order"),
    (False, True): order_method("stop_market_order"),
    (True, True): order_method("stop_limit_order"),
}
"""Method of an order of `submit` by whether there is a limit, and whether there is a stop."""
_FAILURE_TOLD_NS = NANOSECONDS_PER_SECOND // 2
"""Time for the next slice to raise what has failed in the lane; when none comes it is told in the log."""
_NO_WAIT_NOTE = (
    "orders are sent without waiting for their fill (LEAN's default is to wait): a ticket's fill comes with on_order_event. "
    'synchronous_orders = "keep" in [lean] leaves the waiting in'
)


class LeanOrders:
    """The order path of one algorithm.

    Parameters:
        settings: table [lean].
        risk: table [risk].
        control: returns what somebody outside asks for, bits of ControlBit.
        on_denial: told each refused order, in `review`.
        stages: takes the stamps of orders.
        state_folder: where the file of order numbers is.
        algorithm_file: the user's file, to look for ways past the gate.
        settings_file: where the tables are from, for messages.

    Raises:
        DataError: the file of order numbers holds something else.
        EnvironmentFault: it cannot be read, or another run has it.
    """

    def __init__(
        self,
        settings: LeanSettings,
        risk: RiskSettings,
        control: Callable[[], int],
        on_denial: Callable[[Denial], None],
        stages: OrderStages,
        state_folder: Path,
        algorithm_file: Path,
        settings_file: str = CONFIG_FILE_NAME,
    ) -> None:
        self._settings = settings
        self._settings_file = settings_file
        self._sender = OrderSender(settings, risk, control, on_denial, stages)
        self._portfolio = PortfolioOrders(self._sender)
        self._unjudged = UnjudgedOrders(self._sender)
        self._file = algorithm_file
        self._algorithm: Any = None
        self._acknowledged: dict[int, None] = {}
        self._strange_statuses: dict[str, bool] = {}
        self._has_told_failure = False
        self._has_noted_waiting = False
        self._ways: list[WayPastGate] = []
        self._fault = ""
        self.ids = OrderIds(state_folder)

    @property
    def sender(self) -> OrderSender:
        """What judges and sends each order."""
        return self._sender

    @property
    def _account(self) -> surface.TradingAccount:
        return self._sender.gate.account

    @property
    def book(self) -> Book:
        """Newest prices, by which orders are judged."""
        return self._sender.gate.risk.book

    def row(self, symbol: Any) -> int:
        """Return the book's row of a symbol, whose ticks the caller writes there from now on.

        Raises:
            UsageError: the algorithm has not added the symbol.
        """
        row = self._sender.row(symbol)
        if row is None:
            raise UsageError(
                f"{symbol} was not added to the algorithm, and ticks of it have come; add it in initialize"
            )
        row.is_fed = True
        return row.index

    # -- life

    def gated_class(self, lean_class: type) -> type:
        """Return the class that takes the place of LEAN's QCAlgorithm: its order calls, in both spellings, pass the gate.

        Parameters:
            lean_class: LEAN's own class; its methods send the orders.
        """
        return gated_class(lean_class, self._sender, self._portfolio, self._unjudged)

    def look_at_source(self) -> None:
        """Look in the user's file for ways past the gate.

        Raises:
            AlgorithmError: `require_gate` is set and orders can reach LEAN without passing the gate.
        """
        self._ways = ways_past_gate(self._file)
        if self._settings.require_gate:
            require_gated(self._ways, self._settings_file)

    def take(self, algorithm: Any) -> None:
        """Take the algorithm before it is initialized."""
        self._sender.gate.take(algorithm)

    def begin(self, algorithm: Any) -> None:
        """Take over an algorithm that was initialized; from now on the gate judges its orders."""
        self._algorithm = algorithm
        self._sender.open(algorithm)
        for order in self._account.open_orders():
            self._sender.adopt(order)
            self.ids.restore(order.order_id, order.broker_ids)
        self._sender.on_claim = self._note
        for way in self._ways:
            write_debug(algorithm, f"orders can go past the risk gate: {way}")

    def end(self) -> None:
        """Hand over what waits in the lane, and take no more; called once. What is to be told is told by a last `review`.

        Raises:
            BaseException: what an order call in the lane has raised, if nobody has heard of it yet.
        """
        left = self._sender.close(_END_SECONDS)
        if left:
            write_error(
                self._algorithm,
                f"{left} orders were still waiting when the run ended and were not sent: LEAN has not returned from the "
                "order before them; look at the broker",
            )
        self.raise_failure()

    def close(self) -> None:
        """Leave the order numbers to another run, after the last `review`."""
        self.ids.close()

    # -- LiveAlgorithm.submit

    def submit(self, symbol: Any, quantity: float, limit_price: float, stop_price: float) -> int:
        """Take an order of LiveAlgorithm.submit; return its handle, or minus a denial code."""
        method = _METHODS[limit_price != 0.0, stop_price != 0.0]
        return self._sender.submit(method, symbol, quantity, limit_price, stop_price)

    def cancel(self, handle: int) -> bool:
        """Ask for a cancellation; False when the order is over."""
        return self._sender.cancellations.cancel(handle)

    def state(self, handle: int) -> int:
        """Return the state of an order of `submit`, by live.hot.orders.OrderState; FREE once it is over."""
        return self._sender.pool.get(handle, OrderField.STATE)

    # -- events

    def on_order_event(self, event: Any) -> None:
        """Follow an order; called before the strategy's own callback, on whatever thread LEAN calls that."""
        order_id, status = int(event.order_id), surface.status_of(event)
        sender = self._sender
        if status == _SUBMITTED:
            self._acknowledged[order_id] = None
        elif status < 0:
            self._strange_statuses.setdefault(str(event.status), False)
        sender.changes.on_event(order_id, status, event)
        sender.tracker.on_event(order_id, status, scaled_e9(event.fill_quantity))
        sender.cancellations.look()
        sender.event_begins()

    def after_order_event(self) -> None:
        """Take note that the strategy's own callback has returned, or raised."""
        self._sender.event_ends()

    def on_securities_changed(self, changes: Any) -> None:
        """Take in securities that were added; called before the strategy's own callback."""
        if self._sender.is_open:
            self._sender.gate.on_securities_changed(changes.added_securities)

    def raise_failure(self) -> None:
        """Raise what an order call has raised in the lane; to be called after the strategy's on_data, on its thread."""
        lane = self._sender.lane
        if lane is not None and lane.failure is not None:
            lane.raise_failure()

    # -- between orders

    def review(self) -> None:
        """Look after what nobody waits for; a few times a second, by one thread at a time.

        Raises:
            EnvironmentFault: the file of order numbers cannot be written.
        """
        if not self._sender.is_open:
            return
        algorithm = self._algorithm
        self._sender.gate.look_at_account()
        self._look_for_ungated()
        self._look_for_unanswered()
        self._tell_what_is_strange()
        self._sender.changes.review(lean_callback(algorithm, "error"))
        self._sender.refusals.report(lean_callback(algorithm, "error"))
        if self._sender.made_asynchronous and not self._has_noted_waiting:
            self._has_noted_waiting = True
            write_debug(algorithm, _NO_WAIT_NOTE)
        self._write_ids()

    def _look_for_ungated(self) -> None:
        account, sender = self._account, self._sender

        def adopt(order_id: int) -> LeanOrder | None:
            order = account.order(order_id)
            if order is not None:
                sender.adopt(order)
            return order

        for order in sender.tracker.review(account.last_order_id(), adopt):
            write_error(
                self._algorithm,
                f"order {order.order_id} of {order.quantity:g} {order.symbol.value} went past the risk gate: LEAN or one "
                "of its models has sent it. Find out which, and send such orders by the algorithm's own calls",
            )

    def _look_for_unanswered(self) -> None:
        for order in self._sender.tracker.unanswered(wall_ns()):
            row = self._sender.gate.rows[order.symbol_index]
            name = f"order {order.order_id}" if order.order_id else "an order that is being sent"
            write_error(
                self._algorithm,
                f"{name} of {row.ticker} has had no answer for {order.waited_ns / NANOSECONDS_PER_SECOND:.0f} s and "
                "counts as unknown. It is not sent again; look at the broker",
            )

    def _tell_what_is_strange(self) -> None:
        lane = self._sender.lane
        failure = None if lane is None else lane.failure
        if failure is not None and lane is not None and not self._has_told_failure:
            if monotonic_ns() - lane.failed_ns >= _FAILURE_TOLD_NS:
                self._has_told_failure = True
                write_error(
                    self._algorithm,
                    f"an order call in the lane has failed, and orders are refused since: {error_text(failure)}. The next "
                    "data, or the end of the run, end the algorithm with it",
                )
        for status, is_told in list(self._strange_statuses.items()):
            if not is_told:
                self._strange_statuses[status] = True
                write_error(
                    self._algorithm,
                    f"LEAN has told of an order with status {status}, which this version does not know: the order counts as "
                    "open until a status comes that ends it; look at the broker, and get a newer version",
                )

    def _note(self, order_id: int, handle: int) -> None:
        """Give an order that was sent one of our numbers."""
        pool = self._sender.pool
        row = self._sender.gate.rows[pool.get(handle, OrderField.SYMBOL_INDEX)]
        quantity = pool.get(handle, OrderField.QUANTITY_E9) / 1e9
        order_type = pool.get(handle, OrderField.ORDER_TYPE)
        self.ids.note(order_id, row.ticker, quantity, order_type, pool.get(handle, OrderField.CREATED_NS))

    def _write_ids(self) -> None:
        for order_id in list(self._acknowledged):
            del self._acknowledged[order_id]
            order = self._account.order(order_id)
            if order is not None:
                self.ids.note_broker(order_id, order.broker_ids)
        try:
            self.ids.write()
        except EnvironmentFault as fault:
            if str(fault) != self._fault:
                self._fault = str(fault)
                write_error(self._algorithm, str(fault))

    # -- for the page

    def counts(self) -> dict[Counter, int]:
        """Return what the telemetry page shows of the order path, but for refusals, which it is told one by one."""
        sender = self._sender
        return {
            Counter.ORDERS_UNKNOWN: sender.tracker.unknown,
            Counter.ORDERS_UNGATED: sender.tracker.ungated + sender.changes.ungated,
            Counter.ORDERS_EXEMPT_LIQUIDATION: self._portfolio.liquidations,
            Counter.ORDERS_EXEMPT_COMBO: self._unjudged.counts[Kind.COMBO],
            Counter.ORDERS_EXEMPT_EXERCISE: self._unjudged.counts[Kind.EXERCISE],
            Counter.ORDERS_MADE_ASYNCHRONOUS: sender.made_asynchronous,
        }

    @property
    def waiting(self) -> int:
        """Orders that wait in the lane."""
        lane = self._sender.lane
        return 0 if lane is None else lane.waiting
