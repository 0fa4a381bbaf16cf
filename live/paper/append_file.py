"""A file that records are appended to, and that is whole after each of them, whatever ends the process or fills the disk."""

from __future__ import annotations

import os
from pathlib import Path


class AppendFile:
    """Writes each record at once, followed by the file's end, which the next record overwrites.

    So a file of JSON is valid at any moment, and a record that does not fit leaves those before it as they were.

    Parameters:
        path: the file, made anew.
        head: how the file begins.
        tail: how the file ends.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, head: bytes = b"", tail: bytes = b"") -> None:
        self._tail = tail
        self._size_bytes = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            self.append(head)
        except OSError:
            os.close(self._descriptor)
            raise

    def append(self, record: bytes) -> None:
        """Write a record.

        Raises:
            OSError: it cannot be written; the file is as it was before.
        """
        try:
            self._write(record + self._tail)
        except BaseException:
            os.ftruncate(self._descriptor, self._size_bytes)
            self._write(self._tail)
            raise
        self._size_bytes += len(record)

    def _write(self, data: bytes) -> None:
        """Write after the last record."""
        left = memoryview(data)
        while left:
            left = left[os.pwrite(self._descriptor, left, self._size_bytes + len(data) - len(left)) :]

    def close(self) -> None:
        """Bring the file to the disk and close it.

        Raises:
            OSError: it cannot be brought there.
        """
        try:
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)
