"""The engine: threads, the order of callbacks, the data loop and the ways it ends.

Seen on the running engine: the module is imported and everything but `initialize` runs on the "Isolator Thread"; the loop
wakes when a tick comes, or once a second for a step without data, which calls nothing; all ticks that are due come in one
slice; an exception in a callback ends the run without on_end_of_algorithm; `quit` and an interruption end it with it.
Read in its source: of the module's attributes, in alphabetical order, those are algorithms that are defined in it; a
callback is looked up once, the snake_case spelling first when Python defines it; without a warm-up on_warmup_finished comes
before the first step, and what initialize has added is subscribed to in that step, at the next whole second, followed by
on_securities_changed.
"""

from __future__ import annotations

import importlib
import io
import threading
import time
import traceback
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from types import MethodType
from typing import Any

from QuantConnect.Configuration import Config

from lean_engine.algorithm import QCAlgorithm
from lean_engine.data import Slice
from lean_engine.feed import Composer, rounded, utc_now
from lean_engine.securities import SecurityChanges
from lean_engine.threads import start_thread
from live.algorithm.naming import pascal_case


class Engine:
    """Runs the algorithm of one module.

    Parameters:
        module: its name; it must be importable.
        parameters: of the algorithm.
        second: seconds after which a step is made although no data came; 1 in LEAN.

    Attributes:
        algorithm: the instance, once it is made.
        error: what ended the run, as LEAN's log would have it; "" for a good end.
        callbacks: name of each callback that was called with the name of its thread, in order.
        steps: steps of the data loop.
        has_session: whether the first step is over, and with it on_warmup_finished and the first subscriptions.
        thread: the Isolator Thread; whoever starts the engine may keep it here.
    """

    def __init__(self, module: str, parameters: dict[str, str] | None = None, second: float = 1.0) -> None:
        self._module = module
        self._parameters = parameters or {}
        self._second = second
        self._methods: dict[str, Any] = {}
        self._is_interrupted = False
        self.algorithm: Any = None
        self.error = ""
        self.callbacks: list[tuple[str, str]] = []
        self.steps = 0
        self.has_session = False
        self.thread: Any = None

    @property
    def order_events(self) -> list[Any]:
        """Everything that orders were told."""
        return self.algorithm.transactions._events

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Kind and text of the algorithm's log lines."""
        return self.algorithm._lines

    # -- from outside

    def run(self) -> None:
        """Run to the end, as the Isolator Thread does."""
        self.start().join()

    def start(self) -> threading.Thread:
        """Begin to run; return the thread."""
        return start_thread("Isolator Thread", self._work)

    def interrupt(self) -> None:
        """Do what SIGINT does: end after the present step, with on_end_of_algorithm."""
        self._is_interrupted = True
        Composer.Instance.aggregator.wake()

    # -- on the Isolator Thread

    def _work(self) -> None:
        with redirect_stdout(io.StringIO()):
            try:
                self._load()
                self._initialize()
                self._loop()
                self._call("on_end_of_algorithm")
            except Exception as error:
                self.error = "".join(traceback.format_exception(error))
            finally:
                if self.algorithm is not None:
                    self.algorithm.schedule._end()
                    self.algorithm.transactions._end()

    def _load(self) -> None:
        """Make an instance of the class that the module defines.

        Raises:
            RuntimeError: there is none.
        """
        module = importlib.import_module(self._module)
        for name in dir(module):
            found = getattr(module, name)
            if isinstance(found, type) and issubclass(found, QCAlgorithm) and found.__module__ == self._module:
                self.algorithm = found()
        if self.algorithm is None:
            raise RuntimeError("Please ensure that one class inherits from QCAlgorithm.")
        self.algorithm._parameters.update(self._parameters)
        self.algorithm._on_order_event_method = lambda event: self._call("on_order_event", event)
        self._look_up("on_data")
        self._look_up("on_order_event")

    def _initialize(self) -> None:
        failure: list[Exception] = []

        def work() -> None:
            try:
                self._call("initialize")
            except Exception as error:
                failure.append(error)

        start_thread(".NET TP Worker", work).join()
        if failure:
            raise failure[0]
        self.algorithm.transactions._begin()

    def _loop(self) -> None:
        aggregator = Composer.Instance.aggregator
        algorithm = self.algorithm
        algorithm.schedule._begin()
        algorithm._utc_time = utc_now()
        algorithm._is_warming_up = False
        self._call("on_warmup_finished")
        while not algorithm._is_quitting and not self._is_interrupted:
            aggregator.wait(self._second)
            now_ns = time.time_ns()
            ticks = aggregator.take(datetime(1970, 1, 1) + timedelta(microseconds=now_ns // 1_000))
            if algorithm.run_time_error is not None:
                raise RuntimeError(f"Algorithm.RunTimeError: {algorithm.run_time_error}")
            self._step(rounded(now_ns), [tick for tick in ticks if self._is_open(tick.symbol)])

    def _is_open(self, symbol: Any) -> bool:
        """Tell whether data of a symbol go on: outside the hours of its market they do not, unless all count as open."""
        if str(Config.Get("force-exchange-always-open", "")).lower() == "true":
            return True
        return bool(self.algorithm.securities[symbol].exchange.exchange_open)

    def _step(self, now: Any, ticks: list[Any]) -> None:
        algorithm = self.algorithm
        self.steps += 1
        algorithm._utc_time = now
        added = algorithm._subscribe_added()
        for tick in ticks:
            algorithm.securities[tick.symbol]._update(tick)
        if added:
            self._call("on_securities_changed", SecurityChanges.create(added, [], [], []))
        self.has_session = True
        if ticks and self._methods["on_data"] is not None:
            self._call("on_data", Slice.of(now, now, ticks))

    def _look_up(self, name: str) -> Any:
        if name not in self._methods:
            method = python_method(self.algorithm, name) or python_method(self.algorithm, pascal_case(name))
            if method is None and name != "on_data":
                method = getattr(self.algorithm, pascal_case(name))
            self._methods[name] = method
        return self._methods[name]

    def _call(self, name: str, *arguments: Any) -> None:
        method = self._look_up(name)
        self.callbacks.append((name, threading.current_thread().name))
        method(*arguments)


def python_method(instance: Any, name: str) -> MethodType | None:
    """Return a method that Python code defines; in the double the class of LEAN is written in Python as well."""
    method = getattr(instance, name)
    if not isinstance(method, MethodType):
        return None
    for base in type(instance).__mro__:
        if name in vars(base):
            return None if base.__module__.startswith("QuantConnect") else method
    return method
