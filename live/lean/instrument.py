"""The class that LEAN runs: the user's, with the host around its callbacks.

LEAN looks a callback up once, when the instance is made: first the snake_case spelling, when a Python class defines it, then
the other. So the callbacks here are spelled in snake_case, and go before whatever the user wrote in either spelling. Those of
the user are looked up in Python classes only: LEAN's own class has all of them too, and its `initialize` says that it must
be overridden. All methods are in the class's body from the start: LEAN's bridge refuses to set one later that .NET has.
"""

from __future__ import annotations

import inspect
import itertools
import types
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from live.algorithm.naming import pascal_case

if TYPE_CHECKING:
    from live.lean.host import Host


class UserCallbacks:
    """The callbacks that the user's class defines, bound to its instance.

    Parameters:
        cls: the user's class.
    """

    def __init__(self, cls: type) -> None:
        self._cls = cls

    def bound(self, algorithm: Any, name: str) -> Callable[..., Any] | None:
        """Return a callback as it would be called on the algorithm; None when the user wrote none.

        Parameters:
            algorithm: the instance.
            name: of the callback, in snake_case.
        """
        found = python_callback(self._cls, name, pascal_case(name))
        if found is None:
            return None
        descriptor = getattr(found, "__get__", None)
        return found if descriptor is None else descriptor(algorithm, type(algorithm))


def instrumented(base: type, host: Host) -> type:
    """Return a subclass of the user's class that tells the host of everything.

    Parameters:
        base: the user's class.
        host: is told.
    """

    def initialize(self: Any) -> None:
        host.initialize(self)

    def on_data(self: Any, slice: Any = None) -> None:
        # LEAN gives a slice always; the strategy may call its own on_data without one.
        host.on_slice(slice)

    def on_order_event(self: Any, order_event: Any) -> None:
        host.on_order_event(order_event)

    def on_securities_changed(self: Any, changes: Any) -> None:
        host.on_securities_changed(changes)

    def on_warmup_finished(self: Any) -> None:
        host.on_warmup_finished()

    def on_end_of_algorithm(self: Any) -> None:
        host.on_end_of_algorithm()

    def make(self: Any, *arguments: Any, **named: Any) -> None:
        try:
            assert construct is not None
            construct(self, *arguments, **named)
        except BaseException as error:
            host.fail_in("__init__", error)
            raise

    def on_end_of_day(self: Any, symbol: Any) -> None:
        host.on_end_of_day(symbol)

    methods: dict[str, Any] = {
        "initialize": initialize,
        "on_data": on_data,
        "on_order_event": on_order_event,
        "on_securities_changed": on_securities_changed,
        "on_warmup_finished": on_warmup_finished,
        "on_end_of_algorithm": on_end_of_algorithm,
        "__module__": __name__,
        "__doc__": base.__doc__,
    }
    construct = python_callback(base, "__init__")
    if construct is not None:
        # LEAN's own is called as it is; nothing is put around that.
        methods["__init__"] = make
    if _takes_symbol(python_callback(base, "on_end_of_day", "OnEndOfDay")):
        # LEAN plans it for each security only when Python defines it with one parameter.
        methods["on_end_of_day"] = on_end_of_day
    return types.new_class(base.__name__, (base,), {}, lambda body: body.update(methods))


def python_callback(cls: type, *names: str) -> Callable[..., Any] | None:
    """Return the first of some callbacks that a class or one of its bases defines in Python; None when none does.

    LEAN's own class has every callback in both spellings; that of `initialize` only says that it must be overridden.

    Parameters:
        cls: the algorithm's class.
        names: the spellings, snake_case first as LEAN looks them up.
    """
    for name in names:
        for base in _above_lean(cls):
            if name in vars(base):
                found: Callable[..., Any] = vars(base)[name]
                return found
    return None


def lean_callback(algorithm: Any, name: str) -> Callable[..., Any]:
    """Return LEAN's own callback of an algorithm, below all that Python classes define."""
    *_, last = _above_lean(type(algorithm))
    found: Callable[..., Any] = getattr(super(last, algorithm), name)
    return found


def write_debug(algorithm: Any, text: str) -> None:
    """Write a line to the algorithm's log, whatever its class means by `debug`."""
    lean_callback(algorithm, "debug")(text)


def write_error(algorithm: Any, text: str) -> None:
    """Write an error to the algorithm's log, whatever its class means by `error`."""
    lean_callback(algorithm, "error")(text)


def is_python_class(cls: type) -> bool:
    """Tell whether a class is written in Python, and not one of .NET."""
    return cls.__module__.partition(".")[0] not in ("QuantConnect", "System", "CLR", "clr", "builtins")


def _above_lean(cls: type) -> Iterable[type]:
    """Return the Python classes that go before LEAN's own: behind it there may be others, of which LEAN's hide much."""
    return itertools.takewhile(is_python_class, cls.__mro__)


def _takes_symbol(callback: Callable[..., Any] | None) -> bool:
    """Tell whether a callback, as it stands in a class, takes one argument besides the algorithm."""
    if callback is None:
        return False
    is_bound = not isinstance(callback, staticmethod)
    return len(inspect.signature(getattr(callback, "__func__", callback)).parameters) - is_bound == 1
