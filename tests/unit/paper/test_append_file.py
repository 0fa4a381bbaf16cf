"""A file that is whole after every record, also when the disk fills up in the middle of one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.paper import append_file
from live.paper.append_file import AppendFile


class Disk:
    """Takes so many bytes beyond what was there, in pieces of at most five bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.high = 0

    def pwrite(self, descriptor: int, data: memoryview, offset: int) -> int:
        end = min(offset + min(len(data), 5), max(self.high, self.room))
        if end <= offset:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.high = max(self.high, end)
        return os.pwrite(descriptor, data[: end - offset], offset)


class Calls:
    """The module os, with the disk's way of writing."""

    def __init__(self, disk: Disk) -> None:
        self.pwrite = disk.pwrite

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.binary(max_size=12), max_size=12),
    st.binary(max_size=3),
    st.binary(max_size=3),
    st.integers(0, 80),
)
def test_what_fitted_is_whole(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes], head: bytes, tail: bytes, room: int
) -> None:
    path = tmp_path_factory.mktemp("file") / "x"
    disk = Disk(max(room, len(head) + len(tail)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(append_file, "os", Calls(disk))
        file = AppendFile(path, head, tail)
        expected = head
        for record in records:
            fits = len(expected) + len(record) + len(tail) <= max(disk.room, disk.high)
            if fits:
                file.append(record)
                expected += record
            else:
                with pytest.raises(OSError, match="No space"):
                    file.append(record)
            assert path.read_bytes() == expected + tail
        file.close()
    assert path.read_bytes() == expected + tail


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        AppendFile(tmp_path / "missing" / "x")
