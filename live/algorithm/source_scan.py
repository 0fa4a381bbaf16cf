"""Finds in the source of an algorithm what of LEAN's API the subset does not have, before anything runs.

The scan follows `self` and what its members give (`self.portfolio[symbol].target`), locals and fields that hold such
objects, and annotated parameters. What it cannot type it leaves to the run, where the member itself refuses.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.algorithm.alternatives import remedy_for_member, remedy_for_name
from live.algorithm.imports import LEAN_ROOTS, is_served
from live.algorithm.lazy import OPTIONAL_MODULES
from live.algorithm.lean_api import INDICATOR, STAND_INS, LeanApi, has_member, lean_api, spellings
from live.algorithm.source_reach import unreached
from live.algorithm.source_types import Environment, TypeReader, bound_names, functions_of

ALGORITHM = "QCAlgorithm"
_ALGORITHM_BASES = frozenset({"QCAlgorithm", "LiveAlgorithm", "QCAlgorithmFramework", "QCAlgorithmFrameworkBridge"})
_LEAN_ONLY_MODULES = frozenset({"Alphas", "Execution", "Portfolio", "Risk", "Selection"})
_NORMALIZATIONS = frozenset({"RAW", "ADJUSTED"})
_TRADED_TYPES = frozenset({"EQUITY", "FOREX", "CRYPTO"})
_TYPED_CALLS = frozenset({"add_security", "create"})
_BUILTINS = frozenset(vars(builtins))


@dataclass(frozen=True, order=True)
class Finding:
    """One use of something that the subset does not have.

    Attributes:
        file: the source file.
        line: line of the use.
        member: what is used, as LEAN names it.
        remedy: what to do instead.
    """

    file: Path
    line: int
    member: str
    remedy: str


@dataclass
class Source:
    """A source file of the algorithm: path and syntax tree."""

    file: Path
    tree: ast.Module


@dataclass
class ScanResult:
    """What a scan found: uses that cannot work, and callbacks that will never be called."""

    refused: list[Finding] = field(default_factory=list)
    uncalled: list[Finding] = field(default_factory=list)


@dataclass
class _Known:
    """What is known of all source files together."""

    exports: Mapping[str, Any]
    api: LeanApi
    local_modules: frozenset[str]
    algorithm_classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    local_names: set[str] = field(default_factory=set)
    """Names that any of the user's files binds, and that `from ... import *` may therefore carry into another."""
    own_members: set[str] = field(default_factory=set)


def scan_sources(sources: list[Source], exports: Mapping[str, Any]) -> ScanResult:
    """Scan the files of an algorithm.

    Parameters:
        sources: the user's file and the files beside it that it imports, imported ones first.
        exports: the names that AlgorithmImports gives.
    """
    known = _Known(exports, lean_api(), _local_modules([source.file for source in sources]))
    for source in sources:
        _collect_classes(source.tree, known)
        known.local_names |= bound_names(source.tree)
    result = ScanResult()
    for source in sources:
        scan = _FileScan(source, known, result)
        scan.run()
    for found in (result.refused, result.uncalled):
        found[:] = sorted(set(found))
    return result


def _local_modules(files: list[Path]) -> frozenset[str]:
    """Return the names by which the user's own files begin in imports: modules, and folders with and without a package."""
    folder = files[-1].parent
    inside = [file.relative_to(folder) for file in files if file.is_relative_to(folder)]
    return frozenset(file.parts[0].removesuffix(".py") for file in inside)


def _collect_classes(tree: ast.Module, known: _Known) -> None:
    """Note the algorithm classes of a file, in order, and what users define in them and in their bases."""
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    bases = {name: {_last_name(base) for base in node.bases} for name, node in classes.items()}
    grown = True
    while grown:
        found = {
            name
            for name in classes
            if name not in known.algorithm_classes and bases[name] & (_ALGORITHM_BASES | known.algorithm_classes.keys())
        }
        known.algorithm_classes.update({name: classes[name] for name in found})
        grown = bool(found)
    for node in classes.values():
        known.own_members |= set(_defined_members(node))
    known.own_members |= set(_assigned_members(tree))


def _defined_members(node: ast.ClassDef) -> Iterator[str]:
    """Yield the members that a class defines: methods and class variables."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _assigned_members(tree: ast.Module) -> Iterator[str]:
    """Yield the attributes that are set on objects with a name: `self.x = 1`, `algorithm.x = 1`, `setattr(self, "x", 1)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            yield node.attr
        elif isinstance(node, ast.Call) and _last_name(node.func) == "setattr" and len(node.args) > 1:
            if isinstance(node.args[1], ast.Constant):
                yield str(node.args[1].value)


def _last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name, "" for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _FileScan:
    """The scan of one file."""

    def __init__(self, source: Source, known: _Known, result: ScanResult) -> None:
        self._file = source.file
        self._tree = source.tree
        self._known = known
        self._api = known.api
        self._result = result
        self._bound = bound_names(source.tree)
        self._unreached = unreached(source.tree)
        self._compared: set[int] = set()
        self._reader = TypeReader(known.api, known.exports, frozenset(known.algorithm_classes), self._bound)

    def run(self) -> None:
        """Look at imports, at names, and at the members that functions use."""
        self._compared = {
            id(part)
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Compare)
            for part in ast.walk(node)
            if isinstance(part, ast.Attribute)
        }
        if self._scan_imports():
            self._scan_names()
        for name, node in self._known.algorithm_classes.items():
            if node in self._tree.body:
                self._scan_callbacks(name, node)
        self._scan_members()

    def _scan_members(self) -> None:
        """Look at every attribute and call, with the types that its function knows."""
        seen: set[int] = set()
        for owner, function in functions_of(self._tree):
            is_method = owner is not None and owner.name in self._known.algorithm_classes
            environment = self._reader.environment(function, owner if is_method else None)
            for node in ast.walk(function):
                seen.add(id(node))
                self._scan_node(node, environment)
        for node in ast.walk(self._tree):
            if id(node) not in seen:
                self._scan_node(node, Environment())

    def _scan_imports(self) -> bool:
        """Refuse imports of LEAN's that the subset cannot serve.

        Returns:
            Whether names that are bound nowhere must be LEAN's: all of those are imported, and no star import of another
            package may bind more.
        """
        is_star = is_foreign = False
        for node in self._reached():
            if isinstance(node, ast.Import):
                for each in node.names:
                    self._check_module(node.lineno, each.name)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                if not self._check_module(node.lineno, node.module):
                    continue
                if not is_served(node.module):
                    is_local = node.module.partition(".")[0] in self._known.local_modules
                    is_foreign = is_foreign or (node.names[0].name == "*" and not is_local)
                    continue
                for each in node.names:
                    is_star = is_star or each.name == "*"
                    self._check_imported_name(node.lineno, node.module, each.name)
        return is_star and not is_foreign

    def _reached(self) -> Iterator[ast.AST]:
        """Yield the nodes that a dry run may evaluate."""
        return (node for node in ast.walk(self._tree) if id(node) not in self._unreached)

    def _check_module(self, line: int, module: str) -> bool:
        root = module.partition(".")[0]
        if root in self._known.local_modules:
            return True
        if root in _LEAN_ONLY_MODULES:
            self._refuse(line, module, remedy_for_name(root, ""))
            return False
        if root in LEAN_ROOTS and not self._api.has_namespace(module):
            self._refuse(line, module, remedy_for_name(module, module))
            return False
        return True

    def _check_imported_name(self, line: int, module: str, name: str) -> None:
        if name == "*" or name in self._known.exports or self._api.has_namespace(f"{module}.{name}"):
            return
        namespace = self._api.namespace_of(name)
        if namespace is not None:
            self._refuse(line, name, remedy_for_name(name, namespace))

    def _scan_names(self) -> None:
        """Refuse names of LEAN's that are used, are not in the subset, and are bound nowhere in the file."""
        bound = self._bound | self._known.local_names
        for node in self._reached():
            if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
                continue
            name = node.id
            if name in self._known.exports or name in bound or name in _BUILTINS:
                continue
            namespace = self._api.namespace_of(name)
            if namespace is not None:
                self._refuse(node.lineno, name, remedy_for_name(name, namespace))
            elif name in OPTIONAL_MODULES:
                package = OPTIONAL_MODULES[name].partition(".")[0]
                self._refuse(node.lineno, name, f"{package} is not installed: pip install {package}")

    def _scan_callbacks(self, class_name: str, node: ast.ClassDef) -> None:
        """Note callbacks of LEAN's that a class overrides and the embedded engine never calls."""
        lean = self._api.classes[ALGORITHM]
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                name = lean.find(statement.name)
                if name is not None and name.startswith("on_") and not has_member(self._known.exports[ALGORITHM], name):
                    text = f"the embedded engine never calls it: {remedy_for_member(ALGORITHM, name)}"
                    finding = Finding(self._file, statement.lineno, f"{class_name}.{statement.name}", text)
                    self._result.uncalled.append(finding)

    def _scan_node(self, node: ast.AST, environment: Environment) -> None:
        if id(node) in self._unreached:
            return
        if isinstance(node, ast.Attribute):
            self._scan_attribute(node, environment)
        elif isinstance(node, ast.Call):
            self._scan_call(node, environment)

    def _scan_attribute(self, node: ast.Attribute, environment: Environment) -> None:
        owner = self._reader.type_of(node.value, environment)
        is_constant = not owner
        if is_constant:
            owner = self._reader.class_named(node.value)
        lean = self._api.classes.get(owner)
        member = lean.find(node.attr) if lean is not None else None
        if lean is None or member is None:
            return
        text = ast.unparse(node) if len(ast.unparse(node)) <= 60 else f"{owner}.{node.attr}"
        if owner == "DataNormalizationMode" and member not in _NORMALIZATIONS:
            if id(node) not in self._compared:
                self._refuse(node.lineno, text, remedy_for_member(owner, member))
            return
        if owner == ALGORITHM and not is_constant and node.attr in self._known.own_members:
            return
        if has_member(self._known.exports[STAND_INS.get(owner, owner)], member):
            return
        is_indicator = owner == ALGORITHM and self._makes_indicator(member)
        self._refuse(node.lineno, text, remedy_for_member(STAND_INS.get(owner, owner), member, is_indicator))

    def _makes_indicator(self, member: str) -> bool:
        return self._api.classes[ALGORITHM].members[member] == INDICATOR

    def _scan_call(self, node: ast.Call, environment: Environment) -> None:
        """Refuse asset classes that are asked for by SecurityType."""
        if not isinstance(node.func, ast.Attribute) or not _TYPED_CALLS.intersection(spellings(node.func.attr)):
            return
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if not isinstance(argument, ast.Attribute) or self._reader.class_named(argument.value) != "SecurityType":
                continue
            member = self._api.classes["SecurityType"].find(argument.attr)
            if member is not None and member not in _TRADED_TYPES:
                self._refuse(argument.lineno, ast.unparse(argument), remedy_for_member("SecurityType", member))

    def _refuse(self, line: int, member: str, remedy: str) -> None:
        self._result.refused.append(Finding(self._file, line, member, remedy))
