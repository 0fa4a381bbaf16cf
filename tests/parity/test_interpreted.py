"""The same goldens with the compiled modules turned off: both ways of running give the same orders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.data import lean_data_folder

import live.hot
from live import INTERPRETED_VARIABLE

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.skipif(not live.hot.COMPILED, reason="nothing is compiled here: the goldens ran interpreted")
def test_goldens_interpreted() -> None:
    folder = lean_data_folder()
    if folder is None:
        pytest.skip("no LEAN data folder was found: set LEAN_DATA or put one at ./data")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/parity/test_goldens.py"],
        cwd=ROOT,
        env={**os.environ, INTERPRETED_VARIABLE: "1", "LEAN_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert answer.returncode == 0, answer.stdout[-4_000:]
