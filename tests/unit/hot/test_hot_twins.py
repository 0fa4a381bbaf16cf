"""Compiled and interpreted modules give the same answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def _trace(interpreted: str) -> list[str]:
    environment = {**os.environ, "LEAN_LIVE_INTERPRETED": interpreted, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.support.hot_trace"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_interpreted_modules_are_plain_files() -> None:
    assert _trace("1")[0] == "True"


def test_compiled_and_interpreted_answers_are_equal() -> None:
    assert _trace("0")[1] == _trace("1")[1]
