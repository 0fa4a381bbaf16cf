"""QCAlgorithm as the bridge shows it: a class of .NET with every member in two spellings, the embedded engine's inside.

The algorithm that Python derives from this class has the embedded engine's own algorithm inside, as an object of LEAN has
its .NET part: what that calls on itself never reaches a method that a Python class overrides.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from lean_engine.algorithm import ConcurrentQueue, MetaType
from lean_engine.spelling import dotnet
from live.algorithm import qc_algorithm
from live.algorithm.naming import pascal_case

_FIELDS = ("default_order_properties", "universe_settings", "name")
"""Members that the embedded engine keeps in the object itself."""


def _method(name: str) -> Callable[..., Any]:
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        return getattr(self._inside, name)(*arguments, **named)

    call.__name__ = call.__qualname__ = name
    return call


def _property(name: str, is_writable: bool) -> property:
    def read(self: Any) -> Any:
        return getattr(self._inside, name)

    def write(self: Any, value: Any) -> None:
        setattr(self._inside, name, value)

    return property(read, write if is_writable else None)


@dotnet("QuantConnect.Algorithm")
class QCAlgorithm(metaclass=MetaType):
    """The base class of algorithms."""

    _making: ClassVar[qc_algorithm.QCAlgorithm | None] = None
    """The part inside of the instance that is being made."""

    _inside: Any

    def __new__(cls, *arguments: Any, **named: Any) -> QCAlgorithm:
        self = super().__new__(cls)
        self._inside = QCAlgorithm._making
        self._run_time_error: Any = None
        self._error_messages = ConcurrentQueue()
        return self

    def initialize(self) -> None:
        raise NotImplementedError("Please override the Initialize() method")

    @property
    def live_mode(self) -> bool:
        return True

    @property
    def run_time_error(self) -> Any:
        return self._run_time_error

    @property
    def error_messages(self) -> ConcurrentQueue:
        return self._error_messages

    def error(self, message: Any) -> None:
        """Write an error; the result handler takes it at the end of the step."""
        self._error_messages.enqueue(str(message))
        self._inside.error(message)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._inside, name)


def _complete() -> None:
    """Give the class every public member that the embedded engine's has and it has not."""
    embedded = qc_algorithm.QCAlgorithm
    for name in [*dir(embedded), *_FIELDS]:
        if name.startswith("_") or name in vars(QCAlgorithm):
            continue
        found = inspect.getattr_static(embedded, name, None)
        is_field = found is None or isinstance(found, property)
        is_writable = found is None or (isinstance(found, property) and found.fset is not None)
        member = _property(name, is_writable) if is_field else _method(name)
        for spelling in (name, pascal_case(name)):
            setattr(QCAlgorithm, spelling, member)


_complete()
