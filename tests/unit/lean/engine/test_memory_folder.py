"""Folders in memory: kept while their run lives, gone with it, and kept on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.lean_engine import ENVIRONMENT as STAND_IN
from support.lean_engine import home

from live.errors import EnvironmentFault
from live.feeds.sample_reference import write_reference
from live.lean.engine import engine_config, memory_folder
from live.lean.engine.engine_config import EngineRequest, prepare
from live.lean.engine.memory_folder import discard_memory_folder, keep_memory_folder, make_memory_folder

MAKES_ONE_AND_DIES = """
import os, signal
from pathlib import Path
from live.lean.engine import memory_folder
memory_folder.TMPFS = Path({folder!r})
(memory_folder.make_memory_folder() / "log.txt").write_text("of a run that was killed")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def _memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(memory_folder, "TMPFS", tmp_path / "memory")
    for name, value in STAND_IN.items():
        monkeypatch.setenv(name, value)


def names(tmp_path: Path) -> list[str]:
    return [each.name for each in (tmp_path / "memory").iterdir()]


def make_old(folder: Path) -> None:
    os.utime(folder, (0, 0))


def test_a_folder_of_a_run_that_was_killed_goes_with_the_next_run(tmp_path: Path) -> None:
    code = MAKES_ONE_AND_DIES.format(folder=str(tmp_path / "memory"))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode < 0
    (left,) = (tmp_path / "memory").iterdir()
    # Just made, its process could be about to lock it.
    discard_memory_folder(make_memory_folder())
    assert left.exists()
    make_old(left)
    mine = make_memory_folder()
    assert names(tmp_path) == [mine.name]
    discard_memory_folder(mine)
    assert names(tmp_path) == []


def test_a_folder_of_a_run_that_lives_stays(tmp_path: Path) -> None:
    first = make_memory_folder()
    make_old(first)
    second = make_memory_folder()
    assert first.exists()
    for folder in (first, second):
        discard_memory_folder(folder)
    assert names(tmp_path) == []


def test_a_folder_that_is_kept_outlives_its_run_and_the_next(tmp_path: Path) -> None:
    folder = make_memory_folder()
    (folder / "log.txt").write_text("what the disk had no room for", encoding="utf-8")
    kept = keep_memory_folder(folder)
    make_old(kept)
    discard_memory_folder(make_memory_folder())
    assert (kept / "log.txt").is_file()
    assert names(tmp_path) == [kept.name]


def test_only_folders_of_this_module_are_deleted(tmp_path: Path) -> None:
    other = tmp_path / "results"
    other.mkdir()
    discard_memory_folder(other)
    assert other.is_dir()


def test_a_run_that_cannot_be_prepared_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_reference(tmp_path / "data")
    request = EngineRequest("# entry\n", tmp_path / "data", results_on_tmpfs=True)

    def full(content: object) -> bytes:
        assert len(names(tmp_path)) == 1
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engine_config, "_pretty", full)
    with pytest.raises(EnvironmentFault, match="No space left on device"):
        prepare(home(), request, tmp_path / "run")
    assert names(tmp_path) == []
