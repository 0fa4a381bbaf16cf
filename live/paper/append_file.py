"""A file that records are appended to, and that holds whole records only, even when the disk fills up in between."""

from __future__ import annotations

import os
from pathlib import Path

_BUFFER_BYTES = 1 << 16


class AppendFile:
    """Collects records and writes them in blocks. After an error the file ends with the last record that fitted.

    Parameters:
        path: the file, made anew.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        self._records: list[bytes] = []
        self._waiting_bytes = 0
        self._size_bytes = 0
        self._is_busy = False

    def append(self, record: bytes) -> None:
        """Take a record.

        Raises:
            OSError: it cannot be written; it is kept and tried again by the next flush.
        """
        self._records.append(record)
        self._waiting_bytes += len(record)
        if self._waiting_bytes >= _BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what was collected. A signal handler may call it: a flush that is under way is left alone.

        Raises:
            OSError: not all of it can be written.
        """
        if self._is_busy:
            return
        self._is_busy = True
        try:
            while self._records:
                count = len(self._records)
                self._write(self._records[:count])
        finally:
            self._is_busy = False

    def _write(self, records: list[bytes]) -> None:
        data = memoryview(b"".join(records))
        done = 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:])
        finally:
            whole_bytes = whole_records = 0
            for record in records:
                if whole_bytes + len(record) > done:
                    break
                whole_bytes += len(record)
                whole_records += 1
            if whole_bytes < done:
                os.ftruncate(self._descriptor, self._size_bytes + whole_bytes)
                os.lseek(self._descriptor, 0, os.SEEK_END)
            del self._records[:whole_records]
            self._waiting_bytes -= whole_bytes
            self._size_bytes += whole_bytes

    def close(self, tail: bytes = b"") -> None:
        """Write what is left and a last record, and close the file.

        Parameters:
            tail: written even when some records before it did not fit.

        Raises:
            OSError: not all of it could be written.
        """
        try:
            try:
                self.flush()
            finally:
                self._records.clear()
                self._write([tail])
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)
