"""What LEAN's API has, whether ours has it or not: names of AlgorithmImports, and members of the subset's classes.

The facts are in lean_members.json, which tools/generate_lean_members.py writes from LEAN's stubs. Names there are in snake_case;
look-ups take both of LEAN's spellings.
"""

from __future__ import annotations

import dis
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType

import orjson

from live.algorithm.naming import is_pascal_case, snake_case

MEMBERS_FILE = Path(__file__).with_name("lean_members.json")

INDICATOR = "Indicator"
"""What a member gives that makes an indicator which the subset does not have."""

STAND_INS = {
    "Crypto": "Security",
    "Equity": "Security",
    "Forex": "Security",
    "IAlgorithmSettings": "AlgorithmSettings",
}
"""LEAN's types whose place another class of the subset takes."""


@dataclass(frozen=True)
class LeanClass:
    """A class of LEAN.

    Attributes:
        name: its name without the namespace.
        members: public members in snake_case, each with the class it gives when that is one of the subset's, INDICATOR, or "".
        item: the class that indexing an instance gives, "" when it is none of the subset's.
    """

    name: str
    members: dict[str, str]
    item: str

    def find(self, name: str) -> str | None:
        """Return a member's name in LEAN's snake_case, None when the class has no such member in any spelling."""
        return next((each for each in spellings(name) if each in self.members), None)


@dataclass(frozen=True)
class LeanApi:
    """LEAN's API.

    Attributes:
        version: version of the stubs that it was read from.
        namespaces: names by namespace, for the namespaces that AlgorithmImports gives.
        classes: the classes that the subset has too, in full.
    """

    version: str
    namespaces: dict[str, tuple[str, ...]]
    classes: dict[str, LeanClass]

    def namespace_of(self, name: str) -> str | None:
        """Return the namespace of a name that AlgorithmImports gives, None when it gives no such name."""
        return next((space for space, names in self.namespaces.items() if name in names), None)

    def has_namespace(self, name: str) -> bool:
        """Tell whether a dotted name is one of LEAN's namespaces or contains one."""
        return any(space == name or space.startswith(f"{name}.") for space in self.namespaces)


@cache
def lean_api() -> LeanApi:
    """Return LEAN's API; the file is read at the first call."""
    content = orjson.loads(MEMBERS_FILE.read_bytes())
    classes = {name: LeanClass(name, each["members"], each["item"]) for name, each in content["classes"].items()}
    namespaces = {name: tuple(names) for name, names in content["namespaces"].items()}
    return LeanApi(content["version"], namespaces, classes)


def spellings(name: str) -> tuple[str, ...]:
    """Return the forms in which a member's name may stand in a list of snake_case names and constants."""
    if not is_pascal_case(name):
        return (name,)
    lower = snake_case(name)
    return (name, lower, lower.upper())


def has_member(owner: type, name: str) -> bool:
    """Tell whether one of our classes has a public member, in any of its spellings."""
    known = members_of(owner)
    return any(each in known for each in spellings(name))


@cache
def members_of(owner: type) -> frozenset[str]:
    """Return the public members of one of our classes, and the attributes that its constructors assign."""
    found = set(dir(owner)) | set(getattr(owner, "__members__", ()))
    for base in owner.__mro__:
        for constructor in ("__init__", "__new__"):
            function = vars(base).get(constructor)
            function = getattr(function, "__func__", function)
            if isinstance(function, FunctionType):
                code = dis.get_instructions(function)
                found |= {str(each.argval) for each in code if each.opname == "STORE_ATTR"}
    return frozenset(name for name in found if not name.startswith("_"))
