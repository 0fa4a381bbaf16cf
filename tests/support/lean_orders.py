"""An algorithm of the double with the order path in front of its calls, without an engine: the test says when LEAN works."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from live.config import LeanSettings, RiskSettings, TelemetrySettings
from live.hot.catalogue import Counter
from live.hot.events import DenialRecord
from live.lean import surface
from live.lean.orders.path import LeanOrders
from live.lean.orders.refusals import Denial
from live.lean.page import LeanPage
from live.lean.stages import OrderStages
from support.lean_double import lean_modules

Prepare = Callable[[Any], None]


class OrderBench:
    """One algorithm with its order path.

    Attributes:
        lean: the module AlgorithmImports.
        algorithm: the instance; its class is made as the host makes it.
        orders: the order path.
        page: its telemetry page.
        events: what on_order_event was told: number, status by name, filled quantity.
    """

    def __init__(
        self,
        folder: Path,
        settings: LeanSettings,
        risk: RiskSettings,
        make_base: Callable[[Any], type] | None = None,
        prepare: Prepare | None = None,
        source: str = "",
    ) -> None:
        lean = self.lean = sys.modules["AlgorithmImports"]
        file = folder / "main.py"
        file.write_text(source)
        self.page = LeanPage(folder, TelemetrySettings())
        self.stages = OrderStages()
        self.orders = LeanOrders(settings, risk, self.page.control, self._denied, self.stages, folder, file)
        self.events: list[tuple[int, str, float]] = []
        self.on_event: Callable[[Any], None] = lambda event: None
        # As the host does before the user's file is loaded, and as the entry module does after.
        surface.stand_in_for_algorithm(self.orders.gated_class(surface.algorithm_class()))
        base = make_base(lean) if make_base else lean.QCAlgorithm
        self.orders.look_at_source()
        self.algorithm: Any = types.new_class("Entry", (base,), {}, lambda body: body.update(__module__="entry"))()
        self.algorithm.set_cash(1_000_000)
        self.btc = self.algorithm.add_crypto("BTCUSD").symbol
        self.eth = self.algorithm.add_crypto("ETHUSD").symbol
        self.ibm = self.algorithm.add_equity("IBM").symbol
        for symbol, price in ((self.btc, 100.0), (self.eth, 50.0), (self.ibm, 200.0)):
            self.tick(symbol, price)
        self.algorithm._on_order_event_method = self._order_event
        if prepare is not None:
            prepare(self)
        self.algorithm._is_warming_up = False
        self.orders.begin(self.algorithm)

    def tick(self, symbol: Any, price: float) -> None:
        """Give a security a new price."""
        tick = self.lean.Tick()
        tick.symbol, tick.value = symbol, price
        tick.tick_type = self.lean.TickType.TRADE
        self.algorithm._utc_time = tick.time = datetime.now(timezone.utc).replace(tzinfo=None)
        self.algorithm.securities[symbol]._update(tick)

    def work(self) -> None:
        """Have LEAN process what was sent to it."""
        lane = self.orders.sender.lane
        if lane is not None:
            lane.drain()
        self.algorithm.transactions._process()

    def sent(self) -> list[tuple[str, float, str]]:
        """Return what has reached LEAN, in order: symbol, quantity, type."""
        tickets = self.algorithm.transactions.get_order_tickets()
        return [(each.symbol.value, each.quantity, each.order_type.name) for each in tickets]

    def lines(self, kind: str) -> list[str]:
        """Return the lines of a kind in the algorithm's log."""
        return [text for each, text in self.algorithm._lines if each == kind]

    def _denied(self, denial: Denial) -> None:
        self.page.denial(DenialRecord(denial.time_ns, denial.code, denial.ticker, denial.quantity))

    def counter(self, counter: Counter) -> int:
        """Return a count of the order path."""
        return self.orders.counts()[counter]

    def _order_event(self, event: Any) -> None:
        self.orders.on_order_event(event)
        try:
            self.events.append((event.order_id, event.status.name, event.fill_quantity))
            self.on_event(event)
        finally:
            self.orders.after_order_event()


@contextmanager
def order_bench(
    folder: Path,
    settings: LeanSettings | None = None,
    risk: RiskSettings | None = None,
    make_base: Callable[[Any], type] | None = None,
    prepare: Prepare | None = None,
    source: str = "",
) -> Iterator[OrderBench]:
    """Yield an algorithm whose orders pass the gate.

    Parameters:
        folder: of the run.
        settings: table [lean].
        risk: table [risk].
        make_base: returns the user's class, given the module AlgorithmImports.
        prepare: called with the bench before the warm-up ends.
        source: text of the algorithm's file, for the look at ways past the gate.
    """
    with lean_modules():
        importlib.import_module("AlgorithmImports")
        bench = OrderBench(folder, settings or LeanSettings(), risk or RiskSettings(), make_base, prepare, source)
        try:
            yield bench
        finally:
            bench.orders.end()
            bench.orders.review()
            bench.orders.close()
