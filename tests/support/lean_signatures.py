"""Compares classes of the subset with the stubs of LEAN's API: names, kinds, parameters, enumeration values."""

from __future__ import annotations

import ast
import enum
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

TOOLS = Path(__file__).resolve().parents[2] / "tools"
if str(TOOLS) not in sys.path:
    sys.path.insert(0, str(TOOLS))

from lean_stubs import Member, Stubs  # noqa: E402 - found in tools/

from live.algorithm.lean_api import members_of, spellings  # noqa: E402

_BUILTINS = ("dict", "tuple", "int")


class Difference(NamedTuple):
    """One difference: the class of ours that defines the member, the member, and what differs."""

    owner: str
    member: str
    text: str


class Parameter(NamedTuple):
    """A positional parameter: its name, whether it may be left out, and its default where that is a constant."""

    name: str
    is_optional: bool
    default: Any


UNKNOWN = object()
"""Default of a parameter whose stub does not tell it."""


def is_engine_value(name: str) -> bool:
    """Tell whether a name is one of the engine's exact values: decimals and nanoseconds beside LEAN's floats and datetimes."""
    return name.startswith("exact_") or name.endswith("_ns")


def is_second_spelling(cls: type, name: str) -> bool:
    """Tell whether a name is the PascalCase spelling of another member of the class."""
    return any(each != name and each in members_of(cls) for each in spellings(name)[1:])


def differences(cls: type, lean_name: str, stubs: Stubs) -> Iterator[Difference]:
    """Yield everything in which a class of ours differs from LEAN's class of a dotted name."""
    if isinstance(cls, enum.EnumMeta):
        yield from _enum_differences(cls, stubs.class_node(lean_name))
        return
    lean = stubs.members(lean_name)
    for name in sorted(members_of(cls)):
        owner = defining_class(cls, name)
        if is_engine_value(name) or is_second_spelling(cls, name) or owner in _BUILTINS:
            continue
        if name not in lean:
            yield Difference(owner, name, "LEAN has no such member")
            continue
        text = _member_difference(cls, name, _called(lean[name], stubs))
        if text:
            yield Difference(owner, name, text)


def defining_class(cls: type, name: str) -> str:
    """Return the name of the class in the MRO that defines a member, or assigns it in its constructor."""
    owners = [base for base in cls.__mro__ if name in vars(base)]
    owners = owners or [base for base in reversed(cls.__mro__) if base is not object and name in members_of(base)]
    return owners[0].__name__


def constructor_difference(cls: type, lean_name: str, stubs: Stubs) -> str:
    """Return in what the constructor of a class differs from all of LEAN's constructors; empty when it fits one."""
    lean = stubs.members(lean_name).get("__init__")
    if lean is None:
        return ""
    return _signature_difference(cls.__init__, lean, skip_first=True)  # type: ignore[misc]


def _called(member: Member, stubs: Stubs) -> Member:
    """Return a member as it is called: the stubs write an overloaded generic method as a property of a private class."""
    call = stubs.members(member.result).get("__call__") if "._" in member.result else None
    return Member(member.name, member.owner, overloads=call.overloads) if call is not None else member


def _member_difference(cls: type, name: str, lean: Member) -> str:
    ours = inspect.getattr_static(cls, name, None)
    function = ours.__func__ if isinstance(ours, staticmethod | classmethod) else ours
    is_method = callable(function) and not isinstance(function, type)
    if lean.is_property:
        return "a method here, a property in LEAN" if is_method else ""
    if not is_method:
        return "a property here, a method in LEAN"
    return _signature_difference(function, lean, skip_first=not isinstance(ours, staticmethod))


def _signature_difference(function: Any, lean: Member, skip_first: bool) -> str:
    """Return in what a function differs from LEAN's overloads; empty when a call in any of their forms is understood.

    A function with forms of its own has one for each of LEAN's. Any other has to fit one of LEAN's exactly, names,
    order and defaults, and may have more parameters, with defaults.
    """
    overloads = [_lean_parameters(overload) for overload in lean.overloads]
    forms = getattr(function, "forms", None)
    if forms is not None:
        missing = [parameters for parameters in overloads if not any(_is_form(form, parameters) for form in forms)]
        return f"has no form ({', '.join(each.name for each in missing[0])})" if missing else ""
    try:
        found = list(inspect.signature(function).parameters.values())
    except ValueError:
        return ""  # compiled without a signature; the interpreted twin has one
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    positional = [each for each in found if each.kind in kinds][1 if skip_first else 0 :]
    ours = [Parameter(each.name, each.default is not each.empty, each.default) for each in positional]
    is_constructor = function.__name__ == "__init__"
    takes_any = not is_constructor and any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in found)
    reasons = [] if takes_any else [_mismatch(ours, parameters) for parameters in overloads]
    if reasons and "" not in reasons:
        return reasons[0]
    names = {each.name for each in found}
    unknown = [each.name for parameters in overloads for each in parameters if each.name not in names]
    if not unknown or is_constructor:
        return ""
    return f"does not know {unknown[0]}, a parameter of another of LEAN's overloads"


def _is_form(form: Any, lean: list[Parameter]) -> bool:
    """Tell whether one of our parameter lists is one of LEAN's, or begins with it and goes on with optional ones."""
    pairs = list(zip(form, lean, strict=False))
    names = all(theirs.name in (mine.name, *mine.also) for mine, theirs in pairs)
    optional = all(mine.is_optional for mine, theirs in pairs if theirs.is_optional)
    return len(form) >= len(lean) and names and optional and all(each.is_optional for each in form[len(lean) :])


def _mismatch(ours: list[Parameter], lean: list[Parameter]) -> str:
    if len(ours) < len(lean):
        missing = ", ".join(each.name for each in lean[len(ours) :])
        return f"lacks the parameters {missing}"
    for mine, theirs in zip(ours, lean, strict=False):
        if mine.name != theirs.name:
            return f"parameter {mine.name} is {theirs.name} in LEAN"
        if theirs.is_optional and not mine.is_optional:
            return f"parameter {mine.name} is optional in LEAN"
        if theirs.is_optional and theirs.default is not UNKNOWN and theirs.default != mine.default:
            return f"parameter {mine.name} is {mine.default!r} by default, {theirs.default!r} in LEAN"
    required = [each.name for each in ours[len(lean) :] if not each.is_optional]
    return f"needs {required[0]}, which LEAN does not have" if required else ""


def _lean_parameters(node: ast.FunctionDef) -> list[Parameter]:
    arguments = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(arguments) - len(node.args.defaults)) + list(node.args.defaults)
    pairs = list(zip(arguments, defaults, strict=True))
    if pairs and pairs[0][0].arg in ("self", "cls"):
        pairs = pairs[1:]
    return [Parameter(each.arg, default is not None, _constant(default)) for each, default in pairs]


def _constant(node: ast.expr | None) -> Any:
    """Return a default's value where the stub spells it; enumeration members and `...` are unknown."""
    try:
        value = ast.literal_eval(node) if node is not None else UNKNOWN
    except ValueError:
        return UNKNOWN
    return UNKNOWN if value is ... else value


def _enum_differences(cls: enum.EnumMeta, node: ast.ClassDef | None) -> Iterator[Difference]:
    values = {}
    for statement in node.body if node is not None else []:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = _constant(statement.value)
    for name, member in cls.__members__.items():
        if name not in values:
            yield Difference(cls.__name__, name, "LEAN has no such member")
        elif values[name] is not UNKNOWN and values[name] != member.value:
            yield Difference(cls.__name__, name, f"is {member.value}, {values[name]} in LEAN")
