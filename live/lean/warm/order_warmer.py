"""The way of an order up to LEAN's last gate, gone without sending one.

Between ticks the caches lose the way: after 50 ms an order call takes twice as long as right after the last one. What is done
here has no effect beyond the caches (each was measured inside the engine, PERF): the gate's judgement of an order that is
not sent, a request that is made and dropped, the margin that LEAN works out, and every third time an order of quantity 0,
which goes through LEAN's order call up to its checks and is refused there. LEAN writes an error for that; it is taken out
of the algorithm's queue again, on the same thread, before anybody has seen it.
"""

from __future__ import annotations

from typing import Any

from live.algorithm.enums import OrderType
from live.clock import wall_ns
from live.errors import error_text
from live.hot.units import scaled_e9
from live.lean import surface
from live.lean.instrument import lean_callback
from live.lean.orders.gate import SymbolRow
from live.lean.orders.sending import OrderSender

_MARKET = int(OrderType.MARKET)
_SILENT_LOG = "ConsoleErrorLogHandler"
"""Handler of LEAN's log that leaves out lines which are no errors, so that calls which write some cost no disk."""
_BEATS_PER_ORDER = 3
"""Every so many beats an order of quantity 0 is tried."""


class OrderWarmer:
    """Goes the way of an order.

    Parameters:
        sender: whose way it is.
        algorithm: LEAN's.
        dummy: LEAN's symbol that nobody trades; another security is preferred.

    Attributes:
        note: what cannot be warmed, for people; "" when nothing is left out.
    """

    def __init__(self, sender: OrderSender, algorithm: Any, dummy: Any) -> None:
        self._sender = sender
        self._algorithm = algorithm
        self._dummy = dummy
        # LEAN's own: the algorithm's class may have an order call of its own, which is not ours to make.
        self._market_order = lean_callback(algorithm, "market_order")
        self._row: SymbolRow | None = None
        self._quantity = 0.0
        self._beats = 0
        self._tries_orders = True
        self._is_closed = False
        self._logs_margin = surface.log_handler().rpartition(".")[2] == _SILENT_LOG
        self.note = "" if self._logs_margin else "LEAN's log takes trace lines, so its margin line is left out"

    def beat(self) -> None:
        """Go the way once; on LEAN's loop thread. A way that cannot be gone is left, and never ends the run."""
        if self._is_closed:
            return
        try:
            self._go()
        except Exception as error:
            # Whatever .NET raises: warmth is not worth a session.
            self._is_closed = True
            self.note = f"the way of orders is not kept warm: {error_text(error)}"

    def _go(self) -> None:
        row = self._row
        if row is None or not self._quantity:
            row = self._choose()
            if row is None:
                return
        self._beats += 1
        self._sender.gate.judge(row, scaled_e9(self._quantity), _MARKET, 0, wall_ns())
        surface.submit_request(self._algorithm, row.symbol, _MARKET, self._quantity, "")
        self._sender.gate.account.work_out_margin(row.symbol, self._logs_margin)
        if self._tries_orders and self._beats % _BEATS_PER_ORDER == 0:
            self._try_order(row)

    def _choose(self) -> SymbolRow | None:
        """Choose a security with a price, the dummy last."""
        rows = sorted(self._sender.gate.rows, key=lambda row: row.symbol == self._dummy)
        self._row = next((row for row in rows if row.price()), None)
        if self._row is not None:
            self._quantity = self._row.lot()
        return self._row

    def _try_order(self, row: SymbolRow) -> None:
        before = surface.error_count(self._algorithm)
        self._market_order(row.symbol, 0, True)
        written = surface.error_count(self._algorithm) - before
        if written == 1:
            try:
                surface.drop_newest_error(self._algorithm)
            except (TypeError, ValueError) as error:
                self._stop_trying(f"the error of an order of quantity 0 cannot be taken back ({error})")
        elif written > 1:
            self._stop_trying("other threads write errors at the same time")

    def _stop_trying(self, reason: str) -> None:
        """Try no more orders of quantity 0: each would leave a line in LEAN's log."""
        self._tries_orders = False
        self.note = f"orders of quantity 0 are left out: {reason}"
