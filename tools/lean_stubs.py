"""Reads the stubs of LEAN's API (the package quantconnect-stubs): names, members, signatures.

The stubs are parsed, never imported. Only what is asked for is read: a class, and the classes it derives from.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

STUBS_DISTRIBUTION = "quantconnect-stubs"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Member:
    """One member of a class of LEAN.

    Attributes:
        name: the name, in snake_case.
        owner: dotted name of the class that defines it.
        is_property: whether it is read without a call.
        overloads: signatures of a method, in the order of the file.
        annotation: type of a property or field.
    """

    name: str
    owner: str
    is_property: bool = False
    overloads: list[ast.FunctionDef] = field(default_factory=list)
    annotation: ast.expr | None = None

    @property
    def result(self) -> str:
        """Dotted name of the class that reading or calling the member gives; empty for anything but one class."""
        names = {dotted(self.annotation)} if self.is_property else {dotted(each.returns) for each in self.overloads}
        return names.pop() if len(names) == 1 else ""


def stubs_folder() -> Path | None:
    """Return the folder that holds the stub packages, None when they are not installed."""
    found = find_spec("QuantConnect")
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        if (Path(folder) / "__init__.pyi").is_file():
            return Path(folder).parent
    return None


def stubs_version() -> str:
    """Return the version of the installed stubs."""
    return version(STUBS_DISTRIBUTION)


def dotted(node: ast.expr | None) -> str:
    """Return the dotted name of a type expression, through Optional and quotes; empty when it is anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Subscript) and dotted(node.value) == "typing.Optional":
        return dotted(node.slice)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        prefix = dotted(node.value)
        return f"{prefix}.{node.attr}" if prefix else ""
    return ""


class Stubs:
    """The stub packages below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.module = cache(self._module)
        self.members = cache(self._members)

    def names(self, module: str) -> list[str]:
        """Return the public names that a module of the stubs defines, sorted."""
        kinds = (ast.ClassDef, *_FUNCTIONS)
        found = {node.name for node in self.module(module).body if isinstance(node, kinds)}
        return sorted(name for name in found if not name.startswith("_"))

    def star_modules(self) -> list[str]:
        """Return the modules whose names LEAN's AlgorithmImports gives with `import *`, in its order."""
        imports = [node for node in self.module("AlgorithmImports").body if isinstance(node, ast.ImportFrom)]
        starred = [node.module or "" for node in imports if node.names[0].name == "*"]
        return list(dict.fromkeys(name for name in starred if name.startswith(("QuantConnect", "System"))))

    def class_node(self, name: str) -> ast.ClassDef | None:
        """Return the definition of a class by its dotted name."""
        module, _, short = name.rpartition(".")
        body: list[ast.stmt]
        if self._file(module) is not None:
            body = self.module(module).body
        else:
            outer = self.class_node(module) if "." in module else None
            body = outer.body if outer is not None else []
        return next((node for node in body if isinstance(node, ast.ClassDef) and node.name == short), None)

    def item_type(self, name: str) -> str:
        """Return the dotted name of the class that `instance[key]` gives."""
        getter = self.members(name).get("__getitem__")
        return getter.result if getter is not None else ""

    def _members(self, name: str) -> dict[str, Member]:
        """Return the members of a class by name, inherited ones too; dunder names are included."""
        node = self.class_node(name)
        if node is None:
            return {}
        found: dict[str, Member] = {}
        for base in reversed(node.bases):
            inherited = dotted(base.value if isinstance(base, ast.Subscript) else base)
            if inherited.startswith(("QuantConnect.", "System.")):
                found.update(self.members(inherited))
        found.update(_own_members(node, name))
        return found

    def _file(self, module: str) -> Path | None:
        file = self._folder.joinpath(*module.split("."), "__init__.pyi")
        return file if module and file.is_file() else None

    def _module(self, module: str) -> ast.Module:
        file = self._file(module)
        return ast.parse(file.read_text(encoding="utf-8")) if file is not None else ast.Module([], [])


def _own_members(node: ast.ClassDef, owner: str) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            _add_function(found, statement, owner)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
            found[name] = Member(name, owner, True, annotation=statement.annotation)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            found[name] = Member(name, owner, True)
    return found


def _add_function(found: dict[str, Member], node: ast.FunctionDef, owner: str) -> None:
    marks = [dotted(each) for each in node.decorator_list]
    if any(mark in ("property", "abc.abstractproperty") for mark in marks):
        found[node.name] = Member(node.name, owner, True, annotation=node.returns)
    elif not any(mark.endswith(".setter") for mark in marks):
        found.setdefault(node.name, Member(node.name, owner)).overloads.append(node)
