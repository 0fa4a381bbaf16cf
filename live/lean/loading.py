"""From the user's file to an algorithm class, inside LEAN: imported as LEAN would, and one class chosen.

The file is given the module name that LEAN would give it, its own, unless that is taken: other files of the project may
import it by that. Errors of its code go on to LEAN as they are, which reports them with their place.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from live.algorithm.class_choice import choose_class
from live.algorithm.source_files import find_algorithm_file
from live.errors import AlgorithmError
from live.lean.live_algorithm import make_live_algorithm

_TAKEN_PREFIX = "lean_live_user_"


def load_class(path: Path, class_name: str = "") -> tuple[type, list[str]]:
    """Import the user's file; return its algorithm class, and warnings about those that are passed over.

    `LiveAlgorithm` is put among the names of AlgorithmImports first, so that a file that uses it runs in both engines. The
    QCAlgorithm found there is the class whose order calls pass the gate.

    Parameters:
        path: the file, or the project folder with main.py.
        class_name: the class to choose; "" takes the one that LEAN takes.

    Raises:
        AlgorithmError: there is no such file, or no such class, or it derives from another QCAlgorithm.
    """
    file = find_algorithm_file(path)
    imports = sys.modules["AlgorithmImports"]
    base: type = imports.QCAlgorithm
    imports.LiveAlgorithm = make_live_algorithm(base)  # type: ignore[attr-defined]
    module = _import(file)
    chosen: type
    chosen, warnings = choose_class(module, base, class_name, file)
    # By the bases as Python has them: to issubclass LEAN's bridge says that all algorithm classes derive from each other.
    if base not in chosen.__mro__:
        raise AlgorithmError(
            f"{file}: the bases of {chosen.__name__} go past the risk gate to LEAN's own QCAlgorithm; derive it from the "
            "QCAlgorithm that AlgorithmImports gives"
        )
    return chosen, warnings


def _import(file: Path) -> ModuleType:
    folder = str(file.parent)
    if folder not in sys.path:
        # In front, where LEAN puts the folder of the algorithm.
        sys.path.insert(0, folder)
    name = file.stem if file.stem not in sys.modules else f"{_TAKEN_PREFIX}{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise AlgorithmError(f"{file} is no Python file; name the algorithm's main.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
