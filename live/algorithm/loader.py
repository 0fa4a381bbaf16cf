"""From a user's file to an algorithm class."""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.surface import check_source
from live.errors import AlgorithmError, LeanLiveError

IMPORTS_FOLDER = Path(__file__).resolve().parent.parent / "paper" / "imports"
"""Folder of the AlgorithmImports module that the host serves."""

_MODULE_NAME = "lean_live_user_algorithm"


@dataclass
class LoadedAlgorithm:
    """A user's algorithm, ready to be attached to an engine.

    Attributes:
        cls: the class to run.
        module: the user's module.
        path: the user's file.
        warnings: lines for the log, such as classes that were passed over.
        sha256: digest of the file.
    """

    cls: type[QCAlgorithm]
    module: ModuleType
    path: Path
    warnings: list[str] = field(default_factory=list)
    sha256: str = ""

    @contextmanager
    def on_path(self) -> Iterator[None]:
        """Keep the user's folder and AlgorithmImports importable for the length of a run."""
        with serve_imports(self.path.parent):
            yield


@contextmanager
def serve_imports(user_folder: Path) -> Iterator[None]:
    """Put the user's folder and our AlgorithmImports on the module path, and take them off again."""
    added = [str(user_folder), str(IMPORTS_FOLDER)]
    sys.path[:0] = added
    try:
        yield
    finally:
        for each in added:
            if each in sys.path:
                sys.path.remove(each)


def load_algorithm(path: Path, class_name: str | None = None) -> LoadedAlgorithm:
    """Load an algorithm file, or the main.py of a project folder.

    Raises:
        AlgorithmError: the file is none, does not compile, does not import, or holds no algorithm.
        UnsupportedApiError: the source uses members of LEAN that the subset does not have.
    """
    file = _resolve(path)
    source = _read(file)
    tree = _parse(source, file)
    check_source(tree, file)
    module = _execute(file)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, QCAlgorithm) and value.__module__ == module.__name__
    ]
    chosen, warnings = _choose(classes, class_name, file)
    return LoadedAlgorithm(chosen, module, file, warnings, hashlib.sha256(source).hexdigest())


def _resolve(path: Path) -> Path:
    file = path / "main.py" if path.is_dir() else path
    if not file.is_file():
        raise AlgorithmError(f"{file} does not exist; name a Python file, or a folder with a main.py")
    if file.suffix != ".py":
        raise AlgorithmError(f"{file} is no Python file; name a file that ends in .py")
    return file.resolve()


def _read(file: Path) -> bytes:
    try:
        source = file.read_bytes()
        source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AlgorithmError(
            f"{file} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise AlgorithmError(f"{file} cannot be read: {error.strerror}") from error
    return source


def _parse(source: bytes, file: Path) -> ast.Module:
    try:
        return ast.parse(source, str(file))
    except SyntaxError as error:
        text = (error.text or "").strip()
        raise AlgorithmError(f"{file} line {error.lineno}: {error.msg}: {text}") from error
    except ValueError as error:
        raise AlgorithmError(f"{file} cannot be parsed: {error}") from error


def _execute(file: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(_MODULE_NAME, file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[_MODULE_NAME] = module
    try:
        with serve_imports(file.parent):
            specification.loader.exec_module(module)
    except LeanLiveError:
        raise
    except ModuleNotFoundError as error:
        raise AlgorithmError(
            f"{file} imports {error.name!r}, which is not installed; install it or remove the import"
        ) from error
    except Exception as error:
        raise AlgorithmError(f"{file} line {_line_of(error, file)}: {type(error).__name__}: {error}") from error
    return module


def _line_of(error: BaseException, file: Path) -> int:
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _choose(classes: list[type[QCAlgorithm]], name: str | None, file: Path) -> tuple[type[QCAlgorithm], list[str]]:
    names = [each.__name__ for each in classes]
    if not classes:
        raise AlgorithmError(f"{file} defines no algorithm; write a class that derives from QCAlgorithm")
    if name is not None:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"it defines {', '.join(names)}"
            raise AlgorithmError(f"{file} has no class {name}; {hint}")
        return classes[names.index(name)], []
    if len(classes) == 1:
        return classes[0], []
    others = ", ".join(names[1:])
    return classes[0], [f"{file} defines several algorithms: {names[0]} runs, as in LEAN; choose {others} with --class"]
