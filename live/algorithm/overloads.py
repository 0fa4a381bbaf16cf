"""LEAN's overloads: several parameter lists under one name, told apart by the types of the arguments.

LEAN's methods come from C#, where a call means the first parameter list that its arguments fit. Here such a method names
its parameter lists, and `bind` finds the one that is meant, for arguments by position and by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import Any, TypeVar

from live.algorithm.enums import Resolution, TickType
from live.errors import UsageError

Result = TypeVar("Result")
Test = Callable[[Any], bool]
_REQUIRED = object()


@dataclass(frozen=True)
class Parameter:
    """A parameter of one list.

    Attributes:
        name: its name.
        takes: tells whether a value may be meant.
        default: its value when left out; None as a default may also be passed.
        also: names that it has in further overloads which are the same otherwise.
    """

    name: str
    takes: Test
    default: Any = _REQUIRED
    also: tuple[str, ...] = ()

    @property
    def is_optional(self) -> bool:
        """Whether it may be left out."""
        return self.default is not _REQUIRED

    def fits(self, value: Any) -> bool:
        """Tell whether an argument may be meant."""
        return self.takes(value) or (value is None and self.default is None)


def anything(value: Any) -> bool:
    """Take every value."""
    return True


def text(value: Any) -> bool:
    """Take a string."""
    return isinstance(value, str)


def resolution(value: Any) -> bool:
    """Take a Resolution."""
    return isinstance(value, Resolution)


def span(value: Any) -> bool:
    """Take a timedelta."""
    return isinstance(value, timedelta)


def moment(value: Any) -> bool:
    """Take a date or datetime."""
    return isinstance(value, date)


def whole(value: Any) -> bool:
    """Take a whole number that is no enumeration and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool | Enum)


def number(value: Any) -> bool:
    """Take a number that is no enumeration and no truth value, or what turns into one."""
    if isinstance(value, bool | Enum):
        return False
    return isinstance(value, int | float | Decimal) or hasattr(value, "__float__")


def flag(value: Any) -> bool:
    """Take True or False."""
    return isinstance(value, bool)


def tick_type(value: Any) -> bool:
    """Take a TickType."""
    return isinstance(value, TickType)


def function(value: Any) -> bool:
    """Take something to call that is no class."""
    return callable(value) and not isinstance(value, type)


def data_class(value: Any) -> bool:
    """Take a class."""
    return isinstance(value, type)


def overloaded(*forms: Sequence[Parameter]) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a method the parameter lists that it has in LEAN.

    The method itself takes the values by name; those that not every list has need a default. The lists stay readable as
    `forms` of the method.

    Parameters:
        forms: the parameter lists, without self, the more particular ones first.
    """

    def decorate(method: Callable[..., Result]) -> Callable[..., Result]:
        @wraps(method)
        def call(self: Any, *args: Any, **named: Any) -> Result:
            return method(self, **bind(method.__name__, forms, args, named))

        call.forms = forms  # type: ignore[attr-defined]
        return call

    return decorate


def bind(
    owner: str, overloads: Sequence[Sequence[Parameter]], args: tuple[Any, ...], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values by name, defaults included, of the first parameter list that a call fits.

    Parameters:
        owner: the method, for the message.
        overloads: the parameter lists, the more particular ones first.
        args: arguments by position.
        named: arguments by name.

    Raises:
        UsageError: the call fits none.
    """
    for parameters in overloads:
        values = _values(parameters, args, named)
        if values is not None:
            return values
    forms = " or ".join(f"({', '.join(_written(each) for each in parameters)})" for parameters in overloads)
    given = [repr(each) for each in args] + [f"{name}={value!r}" for name, value in named.items()]
    raise UsageError(f"{owner}({', '.join(given)}) fits none of its forms: {forms}")


def _values(parameters: Sequence[Parameter], args: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any] | None:
    if len(args) > len(parameters):
        return None
    given = {each.name: value for each, value in zip(parameters, args, strict=False)}
    canonical = {name: each.name for each in parameters for name in (each.name, *each.also)}
    for name, value in named.items():
        if name not in canonical or canonical[name] in given:
            return None
        given[canonical[name]] = value
    values: dict[str, Any] = {}
    for each in parameters:
        value = given.get(each.name, each.default)
        if value is _REQUIRED or (each.name in given and not each.fits(value)):
            return None
        values[each.name] = value
    return values


def _written(parameter: Parameter) -> str:
    return parameter.name if parameter.default is _REQUIRED else f"{parameter.name}={parameter.default!r}"
