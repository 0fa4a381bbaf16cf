"""The user's callbacks: found under either spelling, called only when overridden, and blamed by file and line when they raise."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from live.algorithm.blame import describe
from live.algorithm.naming import pascal_case
from live.algorithm.orders import OrderEvent
from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.slices import Slice
from live.errors import AlgorithmError, Halt, LeanLiveError, UsageError

_BASES = set(QCAlgorithm.__mro__)


class Callbacks:
    """Bound callbacks of one algorithm; None where the user did not override."""

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self.on_data = self.find("on_data")
        self.on_order_event = self.find("on_order_event")
        self.on_end_of_time_step = self.find("on_end_of_time_step")

    def find(self, name: str) -> Callable[..., Any] | None:
        """Return the user's method of a name, in the spelling that the most derived class uses."""
        spellings = (name, pascal_case(name), pascal_case(name).replace("Warmup", "WarmUp"))
        for owner in type(self._algorithm).__mro__:
            if owner in _BASES:
                continue
            for spelling in spellings:
                if spelling in vars(owner):
                    return _plain(getattr(self._algorithm, spelling))
        return None

    def call(self, name: str, *args: Any) -> Any:
        """Call a rare callback, if the user has it."""
        method = self.find(name)
        if method is None:
            return None
        return guarded(name, method, *args)

    def order_event(self, event: OrderEvent) -> None:
        """Hand an order event to the user."""
        if self.on_order_event is not None:
            guarded("on_order_event", self.on_order_event, event)

    def data(self, slice: Slice) -> None:
        """Hand a slice to the user."""
        if self.on_data is not None:
            guarded("on_data", self.on_data, slice)


def _plain(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method, unless a call of it would do nothing.

    Raises:
        AlgorithmError: the method is a coroutine or a generator.
    """
    if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method):
        code = method.__code__
        raise AlgorithmError(
            f"{code.co_filename} line {code.co_firstlineno}: {method.__name__} is a coroutine or a generator, so a call of "
            "it would run nothing; write a plain def without yield"
        )
    return method


def guarded(name: str, method: Callable[..., Any], *args: Any, blamed: Callable[..., Any] | None = None) -> Any:
    """Call the user's code; what it raises becomes an error that names file and line.

    Parameters:
        name: the callback, as the user knows it.
        method: what to call.
        args: its arguments.
        blamed: what of the user's `method` calls, where that is a function of ours.

    Raises:
        AlgorithmRuntimeError: the user's code raised, or used the API wrongly.
        LeanLiveError: data or the machine were at fault.
    """
    try:
        return method(*args)
    except UsageError as error:
        raise describe(name, error, blamed or method) from error
    except (LeanLiveError, Halt, KeyboardInterrupt):
        raise
    # The user's code may also leave by SystemExit, GeneratorExit or a BaseException of its own.
    except BaseException as error:
        raise describe(name, error, blamed or method) from error
