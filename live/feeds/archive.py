"""LEAN's zip files, read in blocks: nothing is ever extracted whole."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

from live.errors import DataError, EnvironmentFault

BLOCK_BYTES = 1 << 18
"""Uncompressed bytes that are read at a time."""

ENTRY_BYTES_MAX = 1 << 34
"""Largest uncompressed file that is read: far above a day of any market, far below a decompression bomb."""

TEXTS_BYTES_MAX = 1 << 30
"""Largest sum of files that are read whole: far above the map files of any market."""

_NAMES_SHOWN_MAX = 4
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, RuntimeError)


class CsvEntry:
    """The CSV file of a zip: its first, as LEAN reads it, whatever its name.

    When there are others, the first and no other must have every part of the zip's name in its own:
    `20131007_quote.zip` may hold `20131007_ibm_tick_quote.csv` before files of other days or kinds. LEAN would read any
    first file; here it is an error when it may not be the one that is meant.

    Parameters:
        path: the zip.

    Raises:
        DataError: the zip does not exist, is damaged, empty, encrypted or too large, or it is unclear which file
            of it is meant.
        EnvironmentFault: the file may not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive = _open_zip(path)
        try:
            self._entry = self._choose()
        except DataError:
            self._archive.close()
            raise
        self.name = self._entry.filename
        self.size_bytes = self._entry.file_size
        self._left_bytes = self.size_bytes
        self._file: IO[bytes] | None = None

    def _choose(self) -> zipfile.ZipInfo:
        entries = [entry for entry in self._archive.infolist() if _is_file(entry)]
        parts = self.path.stem.lower().split("_")
        if not entries:
            raise DataError(f"{self.path} holds nothing instead of one CSV file; get a fresh copy")
        named = [entry for entry in entries if _is_csv_named(entry.filename, parts)]
        if len(entries) > 1 and named != entries[:1]:
            names = ", ".join(entry.filename for entry in entries[:_NAMES_SHOWN_MAX])
            more = ", ..." if len(entries) > _NAMES_SHOWN_MAX else ""
            raise DataError(
                f"{self.path} holds {names}{more}; the first, which LEAN reads, is not the only one that is named like "
                "the zip: leave only the right CSV file in it"
            )
        entry = entries[0]
        if entry.flag_bits & 1:
            raise DataError(f"{self.path} ({entry.filename}) is encrypted; LEAN data are not: get a fresh copy")
        if entry.compress_type not in _METHODS:
            raise DataError(
                f"{self.path} ({entry.filename}) is compressed by method {entry.compress_type}, which LEAN data never "
                "are; zip it again with deflate"
            )
        if entry.file_size > ENTRY_BYTES_MAX:
            raise DataError(
                f"{self.path} ({entry.filename}) claims to hold {entry.file_size} bytes, over the limit of "
                f"{ENTRY_BYTES_MAX}; get a fresh copy"
            )
        return entry

    def read(self) -> bytes:
        """Return the next block, empty at the end: exactly `size_bytes` bytes in all.

        Raises:
            DataError: the zip is truncated or its checksum is wrong.
        """
        try:
            if self._file is None:
                self._file = self._archive.open(self._entry)
            block = self._file.read(BLOCK_BYTES)
        except _DAMAGE as error:
            raise DataError(f"{self.path} ({self.name}) is damaged ({error}); get a fresh copy") from error
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"{self.path} ({self.name}) cannot be read: {reason}; get a fresh copy") from error
        self._left_bytes -= len(block)
        if not block and self._left_bytes:
            raise DataError(
                f"{self.path} ({self.name}) is damaged ({self._left_bytes} bytes are missing); get a fresh copy"
            )
        return block

    def close(self) -> None:
        """Close the zip."""
        if self._file is not None:
            self._file.close()
        self._archive.close()


def entry_size(path: Path) -> int:
    """Return the uncompressed size of a zip's CSV file, 0 when the zip does not exist.

    Raises:
        DataError, EnvironmentFault: as when it is opened to be read.
    """
    if not path.is_file():
        return 0
    entry = CsvEntry(path)
    entry.close()
    return entry.size_bytes


def read_zip_texts(path: Path) -> dict[str, str]:
    """Return the text of every CSV file of a zip by its name, for zips of many small files.

    Bytes that are no text are replaced: whoever decodes the rows refuses them.

    Raises:
        DataError: the zip is damaged or too large.
        EnvironmentFault: the file may not be read.
    """
    with _open_zip(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".csv")]
        size_bytes = sum(entry.file_size for entry in entries)
        if size_bytes > TEXTS_BYTES_MAX:
            raise DataError(
                f"{path} claims to hold {size_bytes} bytes, over the limit of {TEXTS_BYTES_MAX}; get a fresh copy"
            )
        try:
            return {entry.filename: archive.read(entry).decode("utf-8-sig", "replace") for entry in entries}
        except _DAMAGE as error:
            raise DataError(f"{path} is damaged ({error}); get a fresh copy") from error
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}; get a fresh copy") from error


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise DataError(f"{path} is no zip file or is damaged ({error}); get a fresh copy") from error
    except PermissionError as error:
        raise EnvironmentFault(f"{path} may not be read: {error.strerror}; change its permissions") from error
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; get the file or leave its day out") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}; get a fresh copy") from error


def _is_file(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is a file that may hold data; a damaged one may have no name at all."""
    return bool(entry.filename) and not entry.is_dir() and not _is_hidden(entry.filename)


def _is_hidden(name: str) -> bool:
    """Tell whether a file is one that archivers of desktops add."""
    return name.startswith(("__MACOSX/", "."))


def _is_csv_named(name: str, parts: list[str]) -> bool:
    """Tell whether a file is a CSV whose name holds all parts."""
    stem, _, suffix = name.lower().rpartition("/")[2].rpartition(".")
    return suffix == "csv" and set(parts) <= set(re.split(r"[_\W]+", stem))
