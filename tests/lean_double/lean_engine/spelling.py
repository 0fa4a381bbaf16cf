"""Both spellings, as LEAN's bridge gives them: two attributes of a class for each member."""

from __future__ import annotations

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


def field(name: str, default: Any = None) -> property:
    """Return a property that keeps its value in the object, for classes with both spellings."""
    place = f"_{name}"

    def read(self: Any) -> Any:
        return self.__dict__.get(place, default)

    def write(self: Any, value: Any) -> None:
        self.__dict__[place] = value

    return property(read, write)
