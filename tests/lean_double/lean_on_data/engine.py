"""LEAN's surface around a run of the embedded engine: what the host touches is LEAN's, what is computed is the engine's.

Time is that of the data, so that two runs of an algorithm, with the host attached and without it, must come to the same.
LEAN's here are the loading of the class, the look-up of callbacks, the threads on which they are called, securities changed
in the first step, and the aggregator, of which only ticks of symbols without data of their own come out: those of the
keep-warm, alone in a slice and beside others in turn.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lean_engine.algorithm import MetaType
from lean_engine.data import Tick
from lean_engine.engine import python_method
from lean_engine.feed import Composer, utc_now

from lean_on_data.algorithm import QCAlgorithm
from lean_on_data.names import LeanScope
from lean_on_data.records import SecurityChanges, as_leans
from lean_on_data.threads import Threads
from live.algorithm import qc_algorithm, slices
from live.algorithm.data import TradeBar
from live.algorithm.enums import Resolution
from live.algorithm.loader import LoadedAlgorithm
from live.algorithm.naming import pascal_case
from live.errors import DataError
from live.lean import host
from live.paper import engine, run
from live.paper.callbacks import guarded
from live.paper.engine import PaperEngine
from live.paper.portfolio import SecurityPortfolioManager
from live.paper.transactions import SecurityTransactionManager

LOOP, POOL, TRANSACTIONS, REALTIME, ATTENDANT = (
    "Isolator Thread",
    ".NET TP Worker",
    "Transaction Thread",
    "RealTime Thread",
    "lean-live",
)
_ATTENDANT_EVERY_SLICES = 16


class Attendant:
    """The host's thread, at work between slices only: the embedded engine knows one thread at a time.

    Parameters:
        on_error: told what a function raised; that function is not called again.
    """

    begun: Attendant | None = None
    """That of the present run."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._on_error = on_error
        self._tasks: list[Callable[[], None]] = []
        self.tid = 0

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Take a function that is called at intervals."""
        self._tasks.append(work)

    def begin(self) -> None:
        """Begin to work."""
        Attendant.begun = self

    def end(self, wait_seconds: float = 5.0) -> None:
        """Stop."""
        Attendant.begun = None

    def look(self) -> None:
        """Call each function once."""
        for task in list(self._tasks):
            try:
                task()
            except Exception as error:
                self._tasks.remove(task)
                self._on_error(error)


class LeanCallbacks:
    """The algorithm's callbacks as LEAN finds and calls them.

    Parameters:
        instance: the algorithm.
        threads: LEAN's.
        has_data: whether there are data of a symbol, which come from there alone.
        end_step: called when the algorithm's code has returned.
    """

    def __init__(
        self, instance: Any, threads: Threads, has_data: Callable[[Any], Any], end_step: Callable[[], None]
    ) -> None:
        self._instance = instance
        self._threads = threads
        self._has_data = has_data
        self._end_step = end_step
        self._at_work = 0
        self._silent: list[Any] = []
        self._slices = 0
        self._beats = 0
        self._data = self.find("on_data")
        self._order_event = self.find("on_order_event")
        self.called: dict[str, set[str]] = {}
        """Threads by callback."""
        self.on_data = None if self._data is None else self._give
        self.on_end_of_time_step = self.find("on_end_of_time_step")

    @property
    def is_at_work(self) -> bool:
        """Whether code of the algorithm's is running."""
        return self._at_work > 0

    def find(self, name: str) -> Callable[..., Any] | None:
        """Return a callback that Python defines, in snake_case or else in the other spelling; None without one."""
        found = python_method(self._instance, name)
        return found if found is not None else python_method(self._instance, pascal_case(name))

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a rare callback."""
        if name == "on_securities_changed":
            for security in arguments[0].added_securities:
                if not self._has_data(security.symbol):
                    self._silent.append(security.symbol)
                    Composer.Instance.aggregator.subscribe(security.symbol)
            arguments = (SecurityChanges(arguments[0].added_securities, arguments[0].removed_securities),)
        method = self.find(name)
        if method is None:
            return None
        return self._threads.run_on(POOL if name == "initialize" else LOOP, self._call, name, method, *arguments)

    def order_event(self, event: Any) -> None:
        """Tell of an order: within a callback of the algorithm on the Transaction Thread, otherwise on the loop's."""
        if self._order_event is not None:
            is_own_fill = self._at_work or threading.current_thread().name == TRANSACTIONS
            thread = TRANSACTIONS if is_own_fill else LOOP
            self._threads.run_on(thread, self._call, "on_order_event", self._order_event, event)

    def data(self, slice: slices.Slice) -> None:
        """Give a slice to the algorithm."""
        if self._data is not None:
            self._give(slice)

    def at_work(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do what comes to a callback of the algorithm's by another way: scheduled events, consolidators."""
        self._at_work += 1
        try:
            return work(*arguments)
        finally:
            self._at_work -= 1
            if not self._at_work or threading.current_thread().name == TRANSACTIONS:
                self._end_step()

    def _give(self, slice: slices.Slice) -> None:
        beats = self._look_after()
        if beats and self._beats % 2:
            nothing = slices.Slice(slice.time_ns, slice.local_ns)
            self._call("on_data", self._data, as_leans(nothing, beats))
            beats = {}
        self._call("on_data", self._data, as_leans(slice, beats))

    def _look_after(self) -> dict[Any, Any]:
        """Let the host's thread work now and then; return the data of symbols that have none of their own, by symbol."""
        self._slices += 1
        is_time = self._slices % _ATTENDANT_EVERY_SLICES == 0
        attendant = Attendant.begun
        if attendant is not None and is_time:
            self._threads.run_on(ATTENDANT, attendant.look)
        found: dict[Any, Any] = {}
        if self._instance.is_warming_up and is_time:
            # LEAN warms up whatever was added, and with a resolution of the warm-up's own by bars.
            found = {symbol: self._of_warm_up(symbol) for symbol in self._silent}
        for tick in Composer.Instance.aggregator.take(utc_now()):
            found.setdefault(tick.symbol, []).append(tick)
        self._beats += bool(found)
        return found

    def _of_warm_up(self, symbol: Any) -> Any:
        tick = Tick()
        tick.symbol, tick.time, tick.value = symbol, self._instance.time, 7.0
        return [tick, tick] if self._beats % 4 < 2 else TradeBar(self._instance.time, symbol, 7.0, 7.0, 7.0, 7.0, 1.0)

    def _call(self, name: str, method: Any, *arguments: Any) -> Any:
        self.called.setdefault(name, set()).add(threading.current_thread().name)
        return self.at_work(guarded, name, method, *arguments)


class LeanPortfolio(SecurityPortfolioManager):
    """The account, with a line about its margin that goes nowhere."""

    def log_margin_information(self, request: Any = None) -> None: ...


class LeanTransactions(SecurityTransactionManager):
    """The way of orders, on which one that is not waited for is processed when the algorithm's code has returned.

    In LEAN the Transaction Thread takes it up at once, while that code goes on, and mostly has not filled it when the call
    returns; the double lets it be always so.
    """

    _is_holding = False
    _has_held = False

    def submit(self, order: Any, security: Any, asynchronous: bool) -> Any:
        host: Any = self._host
        self._is_holding = asynchronous and host.callbacks.is_at_work
        self._has_held = self._has_held or self._is_holding
        try:
            return super().submit(order, security, asynchronous)
        finally:
            self._is_holding = False

    def process_queue(self) -> None:
        if not self._is_holding:
            self._has_held = False
            super().process_queue()

    def process_held(self, threads: Threads) -> None:
        """Process what was held back, on LEAN's thread for it."""
        if self._has_held:
            threads.run_on(TRANSACTIONS, self.process_queue)


class LeanPaperEngine(PaperEngine):
    """The embedded engine with an algorithm of LEAN's class.

    Attributes:
        requests: each order that was asked for: time, symbol, type, quantity, prices, tag.
        instance: the algorithm as Python sees it.
    """

    threads: Threads
    callbacks: Any
    instance: Any = None

    def attach(self, algorithm_class: type[Any]) -> None:
        """Make the algorithm, and its part inside."""
        self.requests: list[tuple[Any, ...]] = []
        qc_algorithm.QCAlgorithm._attaching = self
        try:
            self.algorithm = QCAlgorithm._making = qc_algorithm.QCAlgorithm()
            self.algorithm.name = algorithm_class.__name__
            self.instance = algorithm_class()
        finally:
            qc_algorithm.QCAlgorithm._attaching = QCAlgorithm._making = None
        self.callbacks = LeanCallbacks(self.instance, self.threads, self.subscriptions.configs_of, self._end_step)
        events = self.schedule.events
        for name in ("fire_past", "fire_due"):
            setattr(events, name, self._on_realtime_thread(getattr(events, name)))
        for name in ("update", "scan_past"):
            work = getattr(self.consolidators, name)
            setattr(self.consolidators, name, partial(self.callbacks.at_work, work))

    def add_security(self, security_type: Any, ticker: str, resolution: Any, market: str | None, *terms: Any) -> Any:
        """Add a security: LEAN says nothing when there are no ticks of one."""
        try:
            return super().add_security(security_type, ticker, resolution, market, *terms)
        except DataError:
            found = self.subscriptions.find(self.securities, security_type, ticker, market or "")
            if resolution is not Resolution.TICK or found is None:
                raise
            return found

    def submit_order(self, order: Any, asynchronous: bool) -> Any:
        """Take note of the request."""
        prices = (order.exact_limit_price, order.exact_stop_price)
        if order.exact_quantity:
            # Those of nothing may be the host's, which keeps the way of orders warm.
            terms = (str(order.symbol), order.type.name, order.exact_quantity)
            self.requests.append((self.time_ns, *terms, *prices, order.tag))
        return super().submit_order(order, asynchronous)

    def write_log(self, level: str, text: str) -> None:
        """Write a line; errors wait in the algorithm's queue for the result handler."""
        if level == "error" and self.instance is not None:
            self.instance.error_messages.enqueue(text)
        else:
            super().write_log(level, text)

    def _end_step(self) -> None:
        """Process orders that nobody waits for, and write what waits in the algorithm's queue of errors."""
        transactions: Any = self.transactions
        transactions.process_held(self.threads)
        queue = self.instance.error_messages
        while queue.count:
            super().write_log("error", queue.try_dequeue(None)[1])

    def _on_realtime_thread(self, fire: Callable[..., Any]) -> Callable[..., Any]:
        def fire_there(*arguments: Any) -> Any:
            return self.threads.run_on(REALTIME, self.callbacks.at_work, fire, *arguments)

        return fire_there


class LeanRun(run.DryRun):
    """A run with LEAN's end: after an error on_end_of_algorithm is not called."""

    _failure: BaseException | None = None

    def _run_engine(self) -> None:
        try:
            super()._run_engine()
        except BaseException as error:
            self._failure = error
            raise

    def _end_algorithm(self) -> None:
        if self._failure is None:
            super()._end_algorithm()


def load(path: Path, class_name: str | None = None) -> LoadedAlgorithm:
    """Load a module as LEAN does: of its attributes, in alphabetical order, an algorithm that is defined in it.

    Parameters:
        path: the module's file.
        class_name: LEAN knows no such choice.

    Raises:
        RuntimeError: there is none.
    """
    scope = LeanScope(path.parent)
    with scope:
        module = importlib.import_module(path.stem)
        scope.add(module)
        classes = [getattr(module, name) for name in dir(module)]
        found = [
            each
            for each in classes
            if isinstance(each, MetaType) and repr(each).partition("'")[2].startswith(module.__name__)
        ]
    if not found:
        raise RuntimeError("Please ensure that one class inherits from QCAlgorithm.")
    return LoadedAlgorithm(found[-1], module, path, scope=scope)


@contextmanager
def leans_surface(threads: Threads) -> Iterator[None]:
    """Put LEAN's surface around the runs that are made meanwhile."""
    LeanPaperEngine.threads = threads
    others = {
        (run, "load_algorithm"): load,
        (run, "PaperEngine"): LeanPaperEngine,
        (engine, "SecurityPortfolioManager"): LeanPortfolio,
        (engine, "SecurityTransactionManager"): LeanTransactions,
        (host, "Attendant"): Attendant,
    }
    before = {(module, name): getattr(module, name) for module, name in others}
    for (module, name), other in others.items():
        setattr(module, name, other)
    try:
        yield
    finally:
        for (module, name), own in before.items():
            setattr(module, name, own)
        Attendant.begun = None
