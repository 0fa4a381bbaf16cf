"""From a user's file to an algorithm class: read, scan, import, choose the class."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType

from live.algorithm.class_choice import choose_class
from live.algorithm.import_errors import import_error
from live.algorithm.imports import ImportScope
from live.algorithm.qc_algorithm import QCAlgorithm
from live.algorithm.source_files import SourceFile, find_algorithm_file, local_imports, read_source
from live.algorithm.source_scan import Source
from live.algorithm.surface import check_sources, explain_name_error
from live.errors import AlgorithmError, LeanLiveError

MODULE_NAME = "lean_live_user_algorithm"
"""Name of the user's module, so that it cannot take the place of another."""


@dataclass
class LoadedAlgorithm:
    """A user's algorithm, ready to be attached to an engine.

    Attributes:
        cls: the class to run.
        module: the user's module.
        path: the user's file.
        warnings: lines for the log, such as classes that were passed over.
        sha256: digest of the file.
        scope: the modules that the user's code imported.
    """

    cls: type[QCAlgorithm]
    module: ModuleType
    path: Path
    warnings: list[str] = field(default_factory=list)
    sha256: str = ""
    scope: ImportScope = field(default_factory=lambda: ImportScope(Path()), repr=False)

    @contextmanager
    def on_path(self) -> Iterator[None]:
        """Keep the user's modules and AlgorithmImports importable for the length of a run."""
        with self.scope:
            yield


class _SourceLoader(SourceFileLoader):
    """Runs the code that was scanned, and leaves no cache in the user's folder."""

    def __init__(self, name: str, source: SourceFile) -> None:
        super().__init__(name, str(source.path))
        self._code = source.code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


def load_algorithm(path: Path, class_name: str | None = None) -> LoadedAlgorithm:
    """Load an algorithm file, or the main.py of a project folder.

    Parameters:
        path: the file or the folder.
        class_name: the class to run; None takes the one that LEAN takes.

    Raises:
        AlgorithmError: the file is none, does not compile, does not import, or holds no algorithm.
        UnsupportedApiError: the source uses members of LEAN's API that the subset does not have.
    """
    file = find_algorithm_file(path)
    source = read_source(file)
    if not source.tree.body:
        raise AlgorithmError(f"{file} is empty; write a class that derives from QCAlgorithm")
    sources = [*local_imports(source), source]
    warnings = [note for each in sources for note in each.warnings]
    warnings += check_sources([Source(each.path, each.tree) for each in sources])
    hidden = list(_hidden_files(sources[:-1]))
    scope = ImportScope(file.parent)
    try:
        module = _execute(source, scope)
    except AlgorithmError as error:
        for each in hidden:
            error.add_note(f"warning: {each}")
        raise
    warnings += hidden
    chosen, passed_over = choose_class(module, QCAlgorithm, class_name, file)
    digest = hashlib.sha256(source.content).hexdigest()
    return LoadedAlgorithm(chosen, module, file, warnings + passed_over, digest, scope)


def _hidden_files(sources: list[SourceFile]) -> Iterator[str]:
    """Yield a warning for every file beside the algorithm whose name is that of a module which is loaded already."""
    for each in sources:
        path = each.path.parent if each.path.name == "__init__.py" else each.path
        loaded = sys.modules.get(path.stem)
        origin = getattr(loaded, "__file__", None) or ""
        if loaded is not None and not Path(origin).is_relative_to(path.parent):
            yield f"{path.name}: `import {path.stem}` gives another module, which is loaded already; rename the file"


def _execute(source: SourceFile, scope: ImportScope) -> ModuleType:
    """Run the file's module-level code.

    Raises:
        AlgorithmError: it raised, or it imports what is not there.
    """
    loader = _SourceLoader(MODULE_NAME, source)
    spec = spec_from_loader(MODULE_NAME, loader, origin=str(source.path))
    assert isinstance(spec, ModuleSpec)
    module = module_from_spec(spec)
    file = source.path
    try:
        with scope:
            scope.add(module)
            loader.exec_module(module)
    except LeanLiveError:
        raise
    except NameError as error:
        raise (explain_name_error(error, file) or import_error(error, file)) from error
    except (Exception, SystemExit) as error:
        raise import_error(error, file) from error
    return module
