"""LEAN's zip files, read in blocks: nothing is ever extracted whole."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import IO

from live.errors import DataError, EnvironmentFault

BLOCK_BYTES = 1 << 18
"""Uncompressed bytes that are read at a time."""

ENTRY_BYTES_MAX = 1 << 34
"""Largest uncompressed file that is read: far above a day of any market, far below a decompression bomb."""


class CsvEntry:
    """The one CSV file of a zip.

    Parameters:
        path: the zip.

    Raises:
        DataError: the zip is damaged, empty, encrypted, or holds several files.
        EnvironmentFault: the file may not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
            entries = [entry for entry in self._archive.infolist() if not entry.is_dir()]
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
            raise DataError(f"{path} is no zip file or is damaged ({error}); get a fresh copy") from error
        except PermissionError as error:
            raise EnvironmentFault(f"{path} may not be read: {error.strerror}; change its permissions") from error
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}; get a fresh copy") from error
        if len(entries) != 1:
            names = ", ".join(entry.filename for entry in entries[:4]) or "nothing"
            self._archive.close()
            raise DataError(f"{path} holds {names} instead of one CSV file; get a fresh copy")
        entry = entries[0]
        if entry.flag_bits & 1:
            self._archive.close()
            raise DataError(f"{path} is encrypted; LEAN data are not: get a fresh copy")
        if entry.file_size > ENTRY_BYTES_MAX:
            self._archive.close()
            raise DataError(f"{path} claims to hold {entry.file_size} bytes, over the limit of {ENTRY_BYTES_MAX}; get a fresh copy")
        self.name = entry.filename
        self.size_bytes = entry.file_size
        self._file: IO[bytes] | None = None

    def read(self) -> bytes:
        """Return the next block, empty at the end.

        Raises:
            DataError: the zip is truncated or its checksum is wrong.
        """
        try:
            if self._file is None:
                self._file = self._archive.open(self.name)
            return self._file.read(BLOCK_BYTES)
        except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
            raise DataError(f"{self.path} is damaged ({error}); get a fresh copy") from error
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror or error}; get a fresh copy") from error

    def close(self) -> None:
        """Close the zip."""
        if self._file is not None:
            self._file.close()
        self._archive.close()


def entry_size(path: Path) -> int:
    """Return the uncompressed size of a zip's CSV file, 0 when the zip does not exist."""
    if not path.is_file():
        return 0
    entry = CsvEntry(path)
    entry.close()
    return entry.size_bytes
