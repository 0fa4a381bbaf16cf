"""Files that follow from something else: written all or none, with links kept, and errors that name the file."""

from __future__ import annotations

import errno
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.generated import GeneratedFile, replace_file, write_differing

SMALL = GeneratedFile(Path("a/small.yml"), b"new")
LARGE = GeneratedFile(Path("b/large.yml"), b"x" * 100_000)


@pytest.fixture
def no_large_files() -> Iterator[None]:
    """Have the system refuse to write more than a few thousand bytes into a file, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("no_large_files")
def test_all_are_written_or_none_and_the_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "small.yml").write_bytes(b"old")
    with pytest.raises(OSError, match="large") as raised:
        write_differing([SMALL, LARGE], tmp_path)
    assert raised.value.errno == errno.EFBIG
    assert raised.value.filename == str(tmp_path / "b" / "large.yml")
    assert files_of(tmp_path) == {"a/small.yml": b"old"}


@pytest.mark.usefixtures("no_large_files")
def test_a_file_that_cannot_be_written_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "large.yml"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="large"):
        replace_file(path, LARGE.content)
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
