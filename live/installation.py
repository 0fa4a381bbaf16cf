"""Starting further processes of this installation, whatever else is installed on the machine."""

from __future__ import annotations

import os
from pathlib import Path

import live

COMMAND = "import sys; from live.cli.main import main; main(sys.argv[1:])"
"""What the script `lean-live` does, for `python -c`."""


def environment() -> dict[str, str]:
    """Return our environment, with the package that runs here first on the path of modules."""
    root = str(Path(live.__file__).resolve().parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
