"""The tick path takes no memory: counted in the C library, in Python's own allocator and in the garbage collector."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import live.hot
from live.bench import allocations
from live.bench.allocations import build_counter, counted, counting_environment
from live.bench.processes import measure
from live.errors import EnvironmentFault

ROOT = Path(__file__).resolve().parent.parent.parent
COUNT = """
import ctypes, json
from live.bench.allocations import counted

library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
with counted() as nothing:
    pass
with counted() as taken:
    for _ in range(1_000):
        library.malloc(64)
with counted() as blocks:
    kept = [object() for _ in range(1_000)]
with counted() as lists:
    tracked = [[] for _ in range(1_000)]
print(json.dumps([vars(each) for each in (nothing, taken, blocks, lists)]))
"""


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    try:
        return build_counter(tmp_path)
    except EnvironmentFault as reason:
        pytest.skip(str(reason))


def test_the_counters_see_deliberate_allocations(counter: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", COUNT],
        env=counting_environment(counter) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    nothing, taken, blocks, lists = json.loads(answer.stdout)
    assert nothing["mallocs"] == 0
    assert 1_000 <= taken["mallocs"] <= 1_010
    assert 1_000 <= blocks["blocks"] <= 1_032
    assert 1_000 <= lists["tracked"] <= 1_016


def test_without_the_counter_the_c_library_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(allocations.LIBRARY_VARIABLE, raising=False)
    with counted() as found:
        pass
    assert found.mallocs is None


def test_without_a_compiler_the_reason_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(allocations.shutil, "which", lambda name: None)
    monkeypatch.setattr(allocations.sys, "platform", "linux")
    with pytest.raises(EnvironmentFault, match="no C compiler"):
        build_counter(tmp_path)


@pytest.mark.skipif(not live.hot.COMPILED, reason="the hot path is interpreted here: every number is an object")
@pytest.mark.usefixtures("counter")
def test_a_million_ticks_allocate_nothing(tmp_path: Path) -> None:
    found = measure("count_allocations", {"warm_up": 100_000, "ticks": 1_000_000}, tmp_path, None)
    assert found.samples == 1_000_000
    assert found.values["malloc_calls"] == 0
    # A handful belongs to the reading of the counters itself.
    assert abs(found.values["python_blocks"]) <= 64
    assert abs(found.values["tracked_objects"]) <= 16
