"""QCAlgorithm as the bridge shows it: a class of .NET with every member in two spellings, the embedded engine's inside.

The algorithm that Python derives from this class has the embedded engine's own algorithm inside, as an object of LEAN has
its .NET part: what that calls on itself never reaches a method that a Python class overrides.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from numbers import Number
from types import SimpleNamespace
from typing import Any, ClassVar

from lean_engine.algorithm import ConcurrentQueue, MetaType
from lean_engine.spelling import dotnet
from lean_engine.subscriptions import DateTimeZone

from live.algorithm import qc_algorithm
from live.algorithm.enums import TickType
from live.algorithm.naming import pascal_case

_FIELDS = ("default_order_properties", "universe_settings", "name")
"""Members that the embedded engine keeps in the object itself."""


def _method(name: str, embedded: Any) -> Callable[..., Any]:
    is_order = "asynchronous" in inspect.signature(embedded).parameters if inspect.isfunction(embedded) else False

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        method = getattr(self._inside, name)
        if is_order:
            _check(name, inspect.signature(method).bind(*arguments, **named).arguments)
        return method(*arguments, **named)

    call.__name__ = call.__qualname__ = name
    return call


def _check(name: str, arguments: dict[str, Any]) -> None:
    """Refuse what the bridge cannot convert for any overload."""
    if not isinstance(arguments.get("asynchronous", False), bool) or not isinstance(
        arguments.get("quantity", 0), Number
    ):
        raise TypeError(f"No method matches given arguments for {pascal_case(name)}")


def _property(name: str, is_writable: bool) -> property:
    def read(self: Any) -> Any:
        return getattr(self._inside, name)

    def write(self: Any, value: Any) -> None:
        setattr(self._inside, name, value)

    return property(read, write if is_writable else None)


class SubscriptionManager:
    """The embedded engine's, with a list of the subscriptions.

    Parameters:
        inside: the embedded engine's algorithm.
    """

    def __init__(self, inside: qc_algorithm.QCAlgorithm) -> None:
        self._inside = inside

    @property
    def subscriptions(self) -> list[SimpleNamespace]:
        host: Any = self._inside._host
        return [
            SimpleNamespace(
                symbol=each.symbol,
                tick_type=TickType.QUOTE if each.is_quote else TickType.TRADE,
                resolution=each.resolution,
                is_custom_data=False,
                exchange_time_zone=DateTimeZone(each.hours.exchange_zone.name),
            )
            for each in host.subscriptions.configs
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside.subscription_manager, name)


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

    # Without models of the user's LEAN has some that do nothing.
    alpha = "QuantConnect.Algorithm.Framework.Alphas.NullAlphaModel"
    portfolio_construction = "QuantConnect.Algorithm.Framework.Portfolio.NullPortfolioConstructionModel"
    risk_management = "QuantConnect.Algorithm.Framework.Risk.NullRiskManagementModel"

    @property
    def live_mode(self) -> bool:
        return True

    @property
    def subscription_manager(self) -> SubscriptionManager:
        return SubscriptionManager(self._inside)

    @property
    def run_time_error(self) -> Any:
        return self._run_time_error

    @property
    def error_messages(self) -> ConcurrentQueue:
        return self._error_messages

    # Read in LEAN's source: what was not added has no target, and is nothing to close.

    def calculate_order_quantity(self, symbol: Any, target: float) -> float:
        if not self._has(symbol):
            self.error(f"{symbol} not found in portfolio. Request this data when initializing the algorithm.")
            return 0.0
        return float(self._inside.calculate_order_quantity(symbol, target))

    def set_holdings(self, symbol: Any, *rest: Any, **named: Any) -> Any:
        if not isinstance(symbol, list) and not self.calculate_order_quantity(symbol, 0) and not self._has(symbol):
            return []
        return self._inside.set_holdings(symbol, *rest, **named)

    def liquidate(self, symbol: Any = None, *rest: Any, **named: Any) -> Any:
        if isinstance(symbol, str) and not self._has(symbol):
            self._inside.debug(f"Warning: liquidate ignored symbol '{symbol}'")
            return []
        return self._inside.liquidate(symbol, *rest, **named)

    def _has(self, symbol: Any) -> bool:
        symbol = getattr(symbol, "symbol", symbol)
        return any(symbol in (each, each.value) for each in self._inside.securities.keys())

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
        member = _property(name, is_writable) if is_field else _method(name, found)
        for spelling in (name, pascal_case(name)):
            setattr(QCAlgorithm, spelling, member)


_complete()
