"""Files that follow from something else: written all or none, with links kept, and errors that name the file."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.commands import ROOT

from live.generated import GeneratedFile, replace_file, write_differing

SMALL = GeneratedFile(Path("a/small.yml"), b"new")


LIMITED = """
import json, resource, signal, sys
from pathlib import Path
from live.generated import GeneratedFile, replace_file, write_differing
folder = Path(sys.argv[1])
small, large = GeneratedFile(Path("a/small.yml"), b"new"), GeneratedFile(Path("b/large.yml"), b"x" * 100_000)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    {call}
except OSError as error:
    print(json.dumps([error.errno, error.filename]))
"""
"""A process whose files the system does not let grow beyond a few thousand bytes, as on a full disk: a limit in this one would
meet the tests' own output as well."""


def limited(call: str, folder: Path) -> list[Any]:
    """Make a call in such a process; return number and file of the error that it raises."""
    words = [sys.executable, "-P", "-c", LIMITED.replace("{call}", call), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(words, env=environment, capture_output=True, check=True)
    found: list[Any] = json.loads(answer.stdout)
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_are_written_or_none_and_the_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "small.yml").write_bytes(b"old")
    found = limited("write_differing([small, large], folder)", tmp_path)
    assert found == [errno.EFBIG, str(tmp_path / "b" / "large.yml")]
    assert files_of(tmp_path) == {"a/small.yml": b"old"}


def test_a_file_that_cannot_be_written_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "large.yml"
    path.write_bytes(b"old")
    assert limited("replace_file(folder / 'large.yml', large.content)", tmp_path) == [errno.EFBIG, str(path)]
    assert files_of(tmp_path) == {"large.yml": b"old"}


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "etc", tmp_path / "deploy"
    elsewhere.mkdir()
    (folder / "a").mkdir(parents=True)
    (elsewhere / "alertmanager.yml").write_bytes(b"old")
    (folder / "a" / "small.yml").symlink_to(elsewhere / "alertmanager.yml")
    assert write_differing([SMALL], folder) == [folder / SMALL.path]
    assert (folder / SMALL.path).is_symlink()
    assert (elsewhere / "alertmanager.yml").read_bytes() == b"new"
    assert write_differing([SMALL], folder) == []


def test_a_link_into_a_folder_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "link.yml").symlink_to(tmp_path / "gone" / "there.yml")
    with pytest.raises(FileNotFoundError) as raised:
        replace_file(tmp_path / "link.yml", b"new")
    assert raised.value.filename == str(tmp_path / "link.yml")
