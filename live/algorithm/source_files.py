"""Reads the user's files: text, syntax tree and code of an algorithm, and of the files beside it that it imports."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from live.algorithm.imports import SERVED_MODULE
from live.errors import AlgorithmError

_MAIN = "main.py"


@dataclass(frozen=True)
class SourceFile:
    """A file that was read once: what is scanned, what is run and what is hashed are the same bytes.

    Attributes:
        path: the file.
        content: its bytes.
        tree: its syntax tree.
        code: its compiled code.
        warnings: what the compiler said about it.
    """

    path: Path
    content: bytes
    tree: ast.Module
    code: CodeType
    warnings: tuple[str, ...]


def find_algorithm_file(path: Path) -> Path:
    """Return the file that a path means: itself, or the main.py of a project folder.

    Raises:
        AlgorithmError: there is no such file, or it is no Python file.
    """
    if path.is_dir():
        file = path / _MAIN
        if not file.is_file():
            raise AlgorithmError(f"{path} is a folder without a {_MAIN}; name the algorithm's file")
        return file.resolve()
    if not path.exists():
        raise AlgorithmError(f"{path} does not exist; name a Python file, or a project folder with a {_MAIN}")
    if not path.is_file() or path.suffix != ".py":
        raise AlgorithmError(f"{path} is no Python file; name a file that ends in .py, or a folder with a {_MAIN}")
    return path.resolve()


def read_source(path: Path) -> SourceFile:
    """Read and compile a file.

    Raises:
        AlgorithmError: the file cannot be read, is no UTF-8 text, or has a syntax error.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno is not None else str(error)
        raise AlgorithmError(f"{path} cannot be read: {reason}; check its permissions") from error
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AlgorithmError(f"{path} line {line}: the file is not UTF-8 text; save it as UTF-8") from error
    return _compile(path, content)


def _compile(path: Path, content: bytes) -> SourceFile:
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise AlgorithmError(f"{path} line {line}: the file holds a null byte, so it is no text; get a fresh copy")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            tree = ast.parse(content, str(path))
            code = compile(tree, str(path), "exec", dont_inherit=True)
        except SyntaxError as error:
            raise AlgorithmError(_syntax_text(error, path)) from error
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            reason = str(error) or "the code is nested too deeply"
            raise AlgorithmError(f"{path} cannot be compiled: {reason}; correct the file") from error
    notes = dict.fromkeys(f"{path.name} line {each.lineno}: {each.message}" for each in caught)
    return SourceFile(path, content, tree, code, tuple(notes))


def _syntax_text(error: SyntaxError, path: Path) -> str:
    text = (error.text or "").strip()
    return f"{path} line {error.lineno or 0}: {error.msg}" + (f": {text}" if text else "")


def local_imports(source: SourceFile) -> list[SourceFile]:
    """Return the files of the algorithm's folder that a file imports, directly or not, imported ones first.

    Raises:
        AlgorithmError: one of them cannot be read or compiled.
    """
    found: dict[Path, SourceFile] = {source.path: source}
    order: list[SourceFile] = []
    _visit(source, source.path.parent, found, order)
    return order


def _visit(source: SourceFile, folder: Path, found: dict[Path, SourceFile], order: list[SourceFile]) -> None:
    for path in _imported_files(source.tree, source.path.parent, folder):
        if path not in found:
            found[path] = read_source(path)
            _visit(found[path], folder, found, order)
            order.append(found[path])


def _imported_files(tree: ast.Module, own_folder: Path, folder: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from _files_of(folder, each.name)
        elif isinstance(node, ast.ImportFrom):
            base = own_folder if node.level else folder
            for _ in range(node.level - 1):
                base = base.parent
            module = node.module or ""
            yield from _files_of(base, module)
            for each in node.names:
                yield from _files_of(base, f"{module}.{each.name}".strip("."))


def _files_of(base: Path, module: str) -> Iterator[Path]:
    """Yield the files that an import of a dotted name runs, of those below a folder."""
    if module == SERVED_MODULE:
        return
    place = base
    for part in module.split(".") if module else ():
        place = place / part
        for file in (place / "__init__.py", place.with_name(f"{part}.py")):
            if file.is_file():
                yield file
                break
