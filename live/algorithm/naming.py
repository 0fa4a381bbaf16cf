"""LEAN's two spellings: every member answers to snake_case and to PascalCase.

LEAN offers its whole API in both spellings to Python. Ours is written in snake_case; these mixins translate a PascalCase name the moment
an ordinary look-up has failed, so the snake_case path costs nothing.
"""

from __future__ import annotations

import re
from enum import EnumMeta, IntEnum
from types import FunctionType
from typing import Any

DOTNET_LISTS = ("Keys", "Values")
"""Members of dictionaries that are methods in Python and properties in .NET: `securities.keys()`, `Securities.Keys`."""

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """Return LEAN's snake_case spelling of a PascalCase name: "SetWarmUp" gives "set_warm_up", "RSI" gives "rsi"."""
    return _WORD_START.sub("_", name).lower()


def pascal_case(name: str) -> str:
    """Return the PascalCase spelling of a snake_case name: "set_warm_up" gives "SetWarmUp"."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def is_pascal_case(name: str) -> bool:
    """Tell whether a name is a PascalCase spelling that may be translated; dunder and private names are not."""
    return (name[:1].isupper() and not name.isupper()) or (name.isupper() and "_" not in name and len(name) > 0)


def has_member(instance: Any, name: str) -> bool:
    """Tell whether a user's object has a member in either spelling; the name is given in snake_case."""
    return hasattr(instance, name) or hasattr(instance, pascal_case(name))


def member_of(instance: Any, name: str) -> Any:
    """Return a member of a user's object, written in either spelling; None when it has none.

    Parameters:
        instance: the object.
        name: the member in snake_case.
    """
    found = getattr(instance, name, None)
    return found if found is not None else getattr(instance, pascal_case(name), None)


def pascal_case_attribute(instance: object, name: str) -> Any:
    """Return what a PascalCase name means that an ordinary look-up did not find: the attribute of its snake_case spelling.

    Raises:
        AttributeError: there is none.
    """
    if is_pascal_case(name):
        translated = snake_case(name)
        if translated != name:
            found = getattr(instance, translated)
            return list(found()) if name in DOTNET_LISTS and callable(found) else found
    raise AttributeError(f"{type(instance).__name__!r} object has no attribute {name!r}", name=name, obj=instance)


class PascalCaseAccess:
    """Reading a PascalCase attribute gives the snake_case one."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)


def pascal_case_alias(name: str) -> Any:
    """Return a property that reads and writes the attribute of a snake_case name.

    For the few fields that users write of a class whose own writes must cost nothing extra.
    """

    def read(self: Any) -> Any:
        return getattr(self, name)

    def write(self: Any, value: Any) -> None:
        setattr(self, name, value)

    return property(read, write)


class OverridableInBothSpellings(PascalCaseAccess):
    """Base of what a user may subclass with methods in either spelling.

    Each public method of a subclass is stored under its other spelling too. So the engine may call `market_fill`
    although a user wrote `MarketFill`, and `super().MarketFill(...)` finds ours.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name, member in list(vars(cls).items()):
            if name.startswith("_") or not isinstance(member, FunctionType):
                continue
            other = snake_case(name) if is_pascal_case(name) else pascal_case(name)
            if other not in vars(cls):
                setattr(cls, other, member)


class PascalCaseFields(PascalCaseAccess):
    """Reading and writing: for objects whose fields users set, such as UpdateOrderFields."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        # Nearly every name is in lower case, and events are made by the million.
        if name[0].isupper() and is_pascal_case(name):
            translated = snake_case(name)
            if hasattr(type(self), translated) or hasattr(self, translated):
                name = translated
        object.__setattr__(self, name, value)


class _PascalCaseMembers(EnumMeta):
    def __getattr__(cls, name: str) -> Any:
        if not name.startswith("_"):
            member = cls._member_map_.get(snake_case(name).upper())
            if member is not None:
                return member
        raise AttributeError(f"{cls.__name__} has no member {name!r}", name=name, obj=cls)


class LeanEnum(IntEnum, metaclass=_PascalCaseMembers):
    """An enumeration as LEAN shows it to Python: members in both spellings, printed by name."""

    def __str__(self) -> str:
        return self.name

    def __format__(self, format_spec: str) -> str:
        return format(self.name, format_spec)
