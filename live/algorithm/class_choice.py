"""Which class of a file is the algorithm: one rule for both engines, and it is LEAN's.

LEAN goes through the names of the algorithm's module in the order of `dir`, that is by character codes and not as the file
has them, and makes an instance of each class that derives from QCAlgorithm and is defined in the module itself; each takes
the place of the one before, so the last one runs. That one of them is the base of another does not matter.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from live.errors import AlgorithmError

Algorithm = TypeVar("Algorithm")


def choose_class(
    module: ModuleType, base: type[Algorithm], name: str | None, file: Path
) -> tuple[type[Algorithm], list[str]]:
    """Return the class to run, and warnings about those that are passed over.

    Parameters:
        module: the user's, imported.
        base: QCAlgorithm, as the engine has it.
        name: the class that the user named; None or "" leaves it to LEAN's rule.
        file: the user's file, for messages.

    Raises:
        AlgorithmError: the file defines no algorithm, or none of that name.
    """
    classes = _algorithm_classes(module, base)
    if not classes:
        raise AlgorithmError(f"{file} defines no algorithm; write a class that derives from QCAlgorithm")
    names = [each.__name__ for each in classes]
    if name:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise AlgorithmError(f"{file} has no algorithm class {name}; {hint}it defines {', '.join(names)}")
        return classes[names.index(name)], []
    if len(classes) == 1:
        return classes[0], []
    return classes[-1], [
        f"{file.name} defines several algorithms: {names[-1]} runs, the last one by name, as in LEAN; "
        f"--class chooses {', '.join(names[:-1])}"
    ]


def _algorithm_classes(module: ModuleType, base: type[Algorithm]) -> list[type[Algorithm]]:
    """Return the algorithm classes that a module defines itself, in LEAN's order; one with two names counts by its last."""
    found: dict[type[Algorithm], None] = {}
    for _, value in sorted(vars(module).items()):
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__:
            found.pop(value, None)
            found[value] = None
    return list(found)
