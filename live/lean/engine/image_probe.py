"""Looks at a LEAN from inside its image: `image_probe.py FILE FOLDER DOTNET LIBPYTHON`, run by the image's Python 3.11.

A program of its own, which has this package and what it needs as an engine gets them. It writes an object to the file: with
`fault`, the message of what is missing; with `import_fault`, why the packages do not load; or with the members of LeanHome,
`python` and `prefix`, the interpreter and its installation, and `packages`, the folders of packages of the library's.
"""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

_MODULES = ("live.hot.run_page", "live.feeds.socket.websocket", "live.lean.instructions", "live.algorithm.lean_api")
"""Modules that load everything that is compiled, and do without LEAN."""


def main(words: list[str]) -> None:
    """Write the answer.

    Parameters:
        words: the file, the folder of the launcher, `dotnet` and the library; "" for one that is to be looked for.
    """
    target, folder, dotnet, libpython = words
    try:
        for name in _MODULES:
            importlib.import_module(name)
        answer = _look(Path(folder), Path(dotnet) if dotnet else None, Path(libpython) if libpython else None)
    except ImportError as error:
        answer = {"import_fault": str(error)}
    Path(target).write_text(json.dumps(answer), encoding="utf-8")


def _look(folder: Path, dotnet: Path | None, libpython: Path | None) -> dict[str, Any]:
    # Imported here: what cannot be imported is told.
    from live.errors import EnvironmentFault
    from live.lean.engine.lean_home import find_lean, package_folders

    try:
        home = find_lean(folder, dotnet, libpython)
    except EnvironmentFault as fault:
        return {"fault": str(fault)}
    found = {name: None if value is None else str(value) for name, value in asdict(home).items()}
    packages = [str(each) for each in package_folders(home.libpython)]
    return {**found, "python": sys.executable, "prefix": sys.base_prefix, "packages": packages}


if __name__ == "__main__":
    main(sys.argv[1:])
