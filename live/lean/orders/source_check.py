"""Finds in the source of an algorithm how its orders can reach LEAN without passing the risk gate.

What the engine sends by itself (margin calls, assignments, delistings) is in no source: such orders are found when they are
there. A name that is put together while the algorithm runs is not seen here either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from live.algorithm.naming import pascal_case
from live.algorithm.source_files import local_imports, read_source
from live.errors import AlgorithmError
from live.lean.orders.changes import CHANGE_METHODS
from live.lean.orders.methods import ORDER_METHODS
from live.lean.orders.unjudged import UNJUDGED_METHODS

_MODELS = "LEAN's models send orders inside .NET; send them by the algorithm's own calls"
_LEGS = "orders of several legs and exercises are not judged; send orders of single symbols"
_REQUESTS = "it hands requests straight to LEAN; use the algorithm's order calls"
_OWN_TICKET = "it changes an order by a ticket of LEAN's own, past the gate; change it by the ticket that the order call has returned"
_BELOW = "it passes by the class whose order calls are judged; call it on self, or on super() without arguments"
_MODEL_PARAMETER = (
    "LEAN hands its models its own object, whose orders are not judged; send them by the algorithm's own calls"
)


def _both(*names: str) -> frozenset[str]:
    return frozenset((*names, *map(pascal_case, names)))


_MODEL_CALLS = _both("set_execution", "set_portfolio_construction", "set_risk_management", "add_risk_management")
_LEG_CALLS = _both(*UNJUDGED_METHODS)
_STRATEGIES = frozenset({"OptionStrategies"})
_REQUEST_CALLS = _both("add_order", "process_request", "update_order")
_TICKET_CALLS = _both("get_order_ticket", "get_order_tickets", "get_open_order_tickets")
_EVENT_TICKET = _both("ticket")
_TRANSACTIONS = _both("transactions")
_ORDER_CALLS = _both(*ORDER_METHODS, "set_holdings", "submit_order_request", "liquidate")
_BASE = "QCAlgorithm"
_BASES = frozenset({"__base__", "__bases__", "__mro__", "mro"})
_FRAMEWORK_BASES = (
    "AlphaModel",
    "ExecutionModel",
    "PortfolioConstructionModel",
    "RiskManagementModel",
    "UniverseSelectionModel",
)
"""Ends of the names of LEAN's classes whose methods its engine calls with the algorithm."""


class WayPastGate(NamedTuple):
    """A use that can send orders past the gate.

    Attributes:
        file: the source file.
        line: of the use.
        member: what is used.
        remedy: why, and what to do instead.
    """

    file: Path
    line: int
    member: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file.name} line {self.line}: {self.member}: {self.remedy}"


def ways_past_gate(file: Path) -> list[WayPastGate]:
    """Return all ways, by file and line.

    Parameters:
        file: the algorithm's file; files beside it that it imports are looked at as well.

    Raises:
        AlgorithmError: a file cannot be read or compiled.
    """
    source = read_source(file)
    return sorted({way for each in (source, *local_imports(source)) for way in _ways_of(each.path, each.tree)})


def require_gated(ways: Sequence[WayPastGate], settings_file: str) -> None:
    """Refuse an algorithm whose orders can go past the gate, where `require_gate` is set.

    Parameters:
        ways: by which they can.
        settings_file: where that is set, for messages.

    Raises:
        AlgorithmError: there is one.
    """
    if ways:
        raise AlgorithmError(
            f"the risk gate is required (require_gate in [lean] of {settings_file}, or --require-gate), and orders of the algorithm "
            "can go past it: " + "; ".join(map(str, ways))
        )


def _ways_of(file: Path, tree: ast.Module) -> Iterator[WayPastGate]:
    yield from _changes_of(file, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(_name_of(base).endswith(_FRAMEWORK_BASES) for base in node.bases):
            yield from _ways_of_model(file, node)
        if not isinstance(node, ast.Attribute):
            continue
        name, owner = node.attr, node.value
        if name in _MODEL_CALLS:
            yield WayPastGate(file, node.lineno, name, _MODELS)
        elif name in _LEG_CALLS:
            yield WayPastGate(file, node.lineno, name, _LEGS)
        elif isinstance(owner, ast.Name) and owner.id in _STRATEGIES:
            yield WayPastGate(file, node.lineno, f"{owner.id}.{name}", _LEGS)
        elif name in _REQUEST_CALLS and isinstance(owner, ast.Attribute) and owner.attr in _TRANSACTIONS:
            yield WayPastGate(file, node.lineno, f"{owner.attr}.{name}", _REQUESTS)
        elif name in _ORDER_CALLS and _is_below(owner):
            yield WayPastGate(file, node.lineno, f"{ast.unparse(owner)}.{name}", _BELOW)


def _ways_of_model(file: Path, model: ast.ClassDef) -> Iterator[WayPastGate]:
    """Yield order calls of a framework model on what LEAN hands its methods: an object of .NET, not that of Python."""
    for method in (each for each in model.body if isinstance(each, ast.FunctionDef)):
        given = {each.arg for each in method.args.args[1:]}
        for node in ast.walk(method):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in _ORDER_CALLS and _name_of(node.func.value) in given:
                yield WayPastGate(file, node.lineno, ast.unparse(node.func), _MODEL_PARAMETER)


def _changes_of(file: Path, tree: ast.Module) -> Iterator[WayPastGate]:
    """Yield changes of orders by tickets of LEAN's own; a name counts within its function, an attribute everywhere."""
    attributes = {name for name in _own_tickets(tree) if "." in name}
    for function in (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)):
        tickets = _own_tickets(function) | attributes
        for node in ast.walk(function):
            if not isinstance(node, ast.Attribute) or node.attr not in CHANGE_METHODS:
                continue
            if _has_own_ticket(node.value) or ast.unparse(node.value) in tickets:
                yield WayPastGate(file, node.lineno, ast.unparse(node), _OWN_TICKET)


def _own_tickets(tree: ast.AST) -> set[str]:
    """Return the names and attributes that are given tickets of LEAN's own, in assignments, loops and comprehensions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.For | ast.comprehension):
            targets, value = [node.target], node.iter
        elif isinstance(node, ast.NamedExpr):
            targets, value = [node.target], node.value
        else:
            continue
        if _has_own_ticket(value) or ast.unparse(value) in found:
            found |= {ast.unparse(target) for target in targets}
    return found


def _has_own_ticket(expression: ast.expr) -> bool:
    """Tell whether an expression is a ticket out of the transactions manager or of an order event, or a list of them."""
    while not isinstance(expression, ast.Attribute):
        if isinstance(expression, ast.Call):
            if isinstance(expression.func, ast.Attribute) and expression.func.attr in _TICKET_CALLS:
                return True
            if len(expression.args) != 1:
                return False
            # A copy of a list of them: list(...), sorted(...).
            expression = expression.args[0]
        elif isinstance(expression, ast.Subscript):
            expression = expression.value
        else:
            return False
    return expression.attr in _EVENT_TICKET


def _is_below(owner: ast.expr) -> bool:
    """Tell whether an expression is what comes after QCAlgorithm among an algorithm's bases: LEAN's own class."""
    for each in ast.walk(owner):
        if isinstance(each, ast.Attribute) and each.attr in _BASES and _name_of(each.value) == _BASE:
            return True
    if not isinstance(owner, ast.Call) or _name_of(owner.func) != "super" or not owner.args:
        return False
    return _name_of(owner.args[0]) == _BASE


def _name_of(expression: ast.expr) -> str:
    """Return the last name of a dotted name; "" for another expression."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""
