"""The tick path takes no memory: counted in the C library, in Python's own allocator and in the garbage collector."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import live.hot

HERE = Path(__file__).resolve().parent


@pytest.mark.skipif(not live.hot.COMPILED, reason="the hot path is interpreted here: every number is an object")
@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler")
def test_a_million_ticks_allocate_nothing(tmp_path: Path) -> None:
    library = tmp_path / "malloc_counter.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "malloc_counter.c", "-ldl"], check=True, timeout=60
    )
    answer = subprocess.run(
        [sys.executable, HERE / "play_ticks.py", library],
        env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(HERE.parent.parent)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found = json.loads(answer.stdout)
    print(found)
    assert found["ticks"] == pytest.approx(1_000_000, abs=2)
    assert found["mallocs"] == 0
    # A handful belongs to the reading of the counters itself.
    assert abs(found["blocks"]) <= 64
    assert abs(found["tracked"]) <= 16
