"""Where tests find a LEAN data folder, when there is one."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from live.feeds.data_folder import find_data_folder


@cache
def lean_data_folder() -> Path | None:
    """Return the LEAN data folder of this machine, None when there is none."""
    found = find_data_folder(None, Path.cwd(), os.environ)
    return None if found is None else found.path
