"""Both spellings, as LEAN's bridge gives them: two attributes of a class for each member."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from live.algorithm.naming import pascal_case

Class = TypeVar("Class", bound=type)


def dotnet(module: str) -> Any:
    """Give a class LEAN's module name, and each public method and property its PascalCase spelling as well.

    The two are attributes of their own: a subclass that overrides one leaves the other as it is.
    """

    def decorated(cls: Class) -> Class:
        cls.__module__ = module
        for name, member in list(vars(cls).items()):
            if not name.startswith("_") and name == name.lower():
                setattr(cls, pascal_case(name), member)
        return cls

    return decorated


def to_dotnet(moment: datetime) -> datetime:
    """Return a moment of Python's as LEAN's bridge hands it to .NET: cut to milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)


class DotnetError(Exception):
    """An error of .NET: its stack is a part of its text."""

    def __str__(self) -> str:
        return f"{self.args[0]}\n   at QuantConnect.Data.Slice.get_Item(Symbol symbol)\n   at InvokeStub_Slice(Object, Span`1)"


def field(name: str, default: Any = None) -> property:
    """Return a property that keeps its value in the object, for classes with both spellings."""
    place = f"_{name}"

    def read(self: Any) -> Any:
        return self.__dict__.get(place, default)

    def write(self: Any, value: Any) -> None:
        self.__dict__[place] = value

    return property(read, write)
