"""Which of LEAN's classes an expression of an algorithm's source has, where that follows from the source alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from live.algorithm.lean_api import LeanApi, spellings

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_UNKNOWN = ast.Name("?", ast.Load())
_PASSES = 2
"""A field may be set from a local that was set from a field: two passes see both."""

CALLBACK_ARGUMENTS = {
    "on_data": "Slice",
    "on_order_event": "OrderEvent",
    "on_securities_changed": "SecurityChanges",
    "on_splits": "Splits",
    "on_dividends": "Dividends",
    "on_delistings": "Delistings",
    "on_symbol_changed_events": "SymbolChangedEvents",
}
"""What the engine passes to callbacks whose parameter has no annotation."""


@dataclass
class Environment:
    """Classes of the locals of a function, and of the fields of the algorithm it belongs to."""

    names: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


def functions_of(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, Function]]:
    """Yield the functions of a module and the methods of its classes with their class; not those inside functions."""
    for node in tree.body:
        yield from _functions_in(node, None)


def _functions_in(node: ast.stmt, owner: ast.ClassDef | None) -> Iterator[tuple[ast.ClassDef | None, Function]]:
    if isinstance(node, _FUNCTIONS):
        yield owner, node
    elif isinstance(node, ast.ClassDef):
        for child in node.body:
            yield from _functions_in(child, node)


def bound_names(tree: ast.AST) -> frozenset[str]:
    """Return every name that is bound anywhere in a tree: assignments, arguments, definitions, imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
    return frozenset(found)


class TypeReader:
    """Reads types in one file.

    Parameters:
        api: LEAN's API.
        exports: the names that AlgorithmImports gives.
        algorithm_classes: the user's classes that derive from QCAlgorithm.
        bound: names that the file binds itself, and that therefore may not be LEAN's.
    """

    def __init__(
        self, api: LeanApi, exports: Mapping[str, Any], algorithm_classes: frozenset[str], bound: frozenset[str]
    ) -> None:
        self._api = api
        self._exports = exports
        self._algorithm_classes = algorithm_classes
        self._bound = bound
        self._fields: dict[ast.ClassDef, dict[str, str]] = {}

    def environment(self, function: Function, owner: ast.ClassDef | None) -> Environment:
        """Return what is known in a function.

        Parameters:
            function: a function, or a method of an algorithm class.
            owner: the algorithm class; None for anything else.
        """
        fields = self._fields_of(owner) if owner is not None else {}
        return self._locals(function, owner is not None, fields)

    def class_named(self, node: ast.expr) -> str:
        """Return the name of LEAN's class that an expression names, "" when it names none of the subset's."""
        if isinstance(node, ast.Name) and node.id in self._api.classes and node.id not in self._bound:
            return node.id if node.id in self._exports else ""
        return ""

    def type_of(self, node: ast.expr | None, environment: Environment) -> str:
        """Return the name of LEAN's class that an expression is an instance of, "" when that is not known."""
        if isinstance(node, ast.Name):
            return environment.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in environment.fields:
                return environment.fields[node.attr]
            return self._member_type(self.type_of(node.value, environment), node.attr)
        if isinstance(node, ast.Call):
            made = self.class_named(node.func)
            return made or (self.type_of(node.func, environment) if isinstance(node.func, ast.Attribute) else "")
        if isinstance(node, ast.Subscript):
            owner = self._api.classes.get(self.type_of(node.value, environment))
            return owner.item if owner is not None else ""
        if isinstance(node, ast.NamedExpr):
            return self.type_of(node.value, environment)
        return ""

    def _member_type(self, owner: str, member: str) -> str:
        lean = self._api.classes.get(owner)
        name = lean.find(member) if lean is not None else None
        return lean.members[name] if lean is not None and name is not None else ""

    def _annotated(self, annotation: ast.expr | None) -> str:
        """Return the class of an annotation such as `Slice`, `"Slice"`, `Slice | None` or `Optional[Slice]`."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            name = annotation.value
        elif isinstance(annotation, ast.Name):
            name = annotation.id
        elif isinstance(annotation, ast.Attribute):
            name = annotation.attr
        elif isinstance(annotation, ast.BinOp) and isinstance(annotation.right, ast.Constant):
            return self._annotated(annotation.left)
        elif isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Optional"):
            return self._annotated(annotation.slice)
        else:
            return ""
        if name in self._algorithm_classes:
            return "QCAlgorithm"
        return name if name in self._api.classes and name not in self._bound else ""

    def _fields_of(self, owner: ast.ClassDef) -> dict[str, str]:
        """Return the class of each field that an algorithm class assigns; "" where the assignments do not agree."""
        if owner in self._fields:
            return self._fields[owner]
        fields: dict[str, str] = {}
        for _ in range(_PASSES):
            found: dict[str, set[str | None]] = {}
            for method in (node for node in owner.body if isinstance(node, _FUNCTIONS)):
                environment = self._locals(method, True, fields)
                for target, value in _assignments(method):
                    if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                        found.setdefault(target.attr, set()).add(self._value_type(value, environment))
            fields = dict.fromkeys(found, "") | _agreed(found)
        self._fields[owner] = fields
        return fields

    def _locals(self, function: Function, is_method: bool, fields: dict[str, str]) -> Environment:
        """Return the classes of a function's parameters and locals, where all that binds a name agrees."""
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        given = {each.arg: self._annotated(each.annotation) for each in arguments}
        if is_method and arguments and not any(_is_static(each) for each in function.decorator_list):
            given[arguments[0].arg] = "QCAlgorithm"
            self._add_callback_argument(given, function.name, [each.arg for each in arguments])
        environment = Environment({name: kind for name, kind in given.items() if kind}, fields)
        rebound = set(_bound_otherwise(function))
        for _ in range(_PASSES):
            found: dict[str, set[str | None]] = {name: {kind} for name, kind in given.items()}
            for name in rebound:
                found.setdefault(name, set()).add("")
            for target, value in _assignments(function):
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, set()).add(self._value_type(value, environment))
            environment = Environment(_agreed(found), fields)
        return environment

    def _value_type(self, value: ast.expr | None, environment: Environment) -> str | None:
        """Return the class of an assigned value; None assigns no class and is passed over."""
        if isinstance(value, ast.Constant) and value.value is None:
            return None
        return self.type_of(value, environment)

    @staticmethod
    def _add_callback_argument(given: dict[str, str], name: str, arguments: list[str]) -> None:
        callback = next((each for each in spellings(name) if each in CALLBACK_ARGUMENTS), None)
        if callback is not None and len(arguments) > 1 and not given[arguments[1]]:
            given[arguments[1]] = CALLBACK_ARGUMENTS[callback]


def _agreed(found: Mapping[str, set[str | None]]) -> dict[str, str]:
    """Return the names for which one class was found and nothing unknown; None stands for no statement."""
    kinds = {name: each - {None} for name, each in found.items()}
    return {name: str(next(iter(each))) for name, each in kinds.items() if len(each) == 1 and "" not in each}


def _assignments(function: Function) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield target and value of the assignments in a function; the value is a name of nothing where it cannot be read."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple | ast.List):
                    yield from ((part, _UNKNOWN) for part in target.elts)
                else:
                    yield target, node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield node.target, node.value
        elif isinstance(node, ast.AugAssign):
            yield node.target, _UNKNOWN


def _bound_otherwise(function: Function) -> Iterator[str]:
    """Yield the names that something else than an assignment binds: loops, with, nested functions, comprehensions."""
    assigned = {id(part) for target, _ in _assignments(function) for part in ast.walk(target)}
    own = {id(each) for each in ast.walk(function.args)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and id(node) not in assigned:
            yield node.id
        elif isinstance(node, ast.arg) and id(node) not in own:
            yield node.arg


def _is_static(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id in ("staticmethod", "classmethod")
