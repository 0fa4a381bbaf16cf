"""Which parts of a source a dry run never evaluates, so that what they use does not matter."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LIVE_MODE = ("live_mode", "LiveMode")
_TYPE_CHECKING = "TYPE_CHECKING"


def unreached(tree: ast.Module) -> frozenset[int]:
    """Return the identities of the nodes that are not evaluated.

    Those are branches that a check of `live_mode` keeps for real LEAN, blocks below `if TYPE_CHECKING`, annotations of
    locals, and all annotations of a file with `from __future__ import annotations`.
    """
    parts = [*_branches(tree), *_annotations(tree)]
    return frozenset(id(node) for part in parts for node in ast.walk(part))


def _branches(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If):
            if _is_false(node.test):
                yield from node.body
            elif isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not):
                if _is_false(node.test.operand):
                    yield from node.orelse
        elif isinstance(node, ast.IfExp) and _is_false(node.test):
            yield node.body
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            yield from _behind_false(node)


def _is_false(test: ast.expr) -> bool:
    """Tell whether a condition is false in every dry run."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_is_false(each) for each in test.values)
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == _TYPE_CHECKING or (isinstance(test, ast.Attribute) and name in _LIVE_MODE)


def _behind_false(node: ast.BoolOp) -> Iterator[ast.expr]:
    """Yield what stands behind a false part of `a and b and c`."""
    is_behind = False
    for each in node.values:
        if is_behind:
            yield each
        is_behind = is_behind or _is_false(each)


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    is_deferred = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and node.names[0].name == "annotations"
        for node in tree.body
    )
    if is_deferred:
        for node in ast.walk(tree):
            annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
            if isinstance(annotation, ast.expr):
                yield annotation
        return
    for function in (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)):
        for node in ast.walk(function):
            if isinstance(node, ast.AnnAssign):
                yield node.annotation
