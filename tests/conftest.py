"""Puts the tests' own helpers on the module path, and chooses how hypothesis looks for examples.

By default the examples are the same at every run, so that a check of a commit says the same thing twice. With
HYPOTHESIS_PROFILE=explore they are new each time; an example that fails then becomes a test of its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

HERE = Path(__file__).parent
for folder in (HERE, HERE / "parity"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
