"""The run's log file: the algorithm's lines, limited in rate and in size so that a chatty algorithm cannot fill a disk."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from live.clock import monotonic_ns, ns_to_datetime
from live.errors import EnvironmentFault

_SECOND_NS = 1_000_000_000


class RunLog:
    """Appends lines to a file.

    Parameters:
        path: the file, made with its folder.
        lines_per_second: lines of wall time that are kept; the rest are counted.
        bytes_max: size at which the file is closed to further lines.
    """

    def __init__(self, path: Path, lines_per_second: int, bytes_max: int) -> None:
        self.path = path
        self.lines_dropped = 0
        self._lines_per_second = lines_per_second
        self._bytes_left = bytes_max
        self._second_ends_ns = 0
        self._lines_left = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] | None = path.open("w", encoding="utf-8", buffering=1 << 16)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot write the log {path}: {error.strerror}; choose another --results folder"
            ) from error

    def write(self, local_ns: int, level: str, text: str) -> None:
        """Append a line stamped with the data's time."""
        if self._file is None or not self._take_from_rate():
            self.lines_dropped += 1
            return
        line = f"{ns_to_datetime(local_ns)} {level.upper():5} {text}\n"
        self._bytes_left -= len(line)
        if self._bytes_left < 0:
            self.lines_dropped += 1
            return
        try:
            self._file.write(line)
        except OSError as error:
            self._file = None
            raise EnvironmentFault(f"cannot write the log {self.path}: {error.strerror}; free some space") from error

    def _take_from_rate(self) -> bool:
        now = monotonic_ns()
        if now >= self._second_ends_ns:
            self._second_ends_ns = now + _SECOND_NS
            self._lines_left = self._lines_per_second
        if self._lines_left <= 0:
            return False
        self._lines_left -= 1
        return True

    def close(self) -> None:
        """Write what is buffered, and how many lines were left out."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if self.lines_dropped:
                file.write(
                    f"... {self.lines_dropped} lines were left out: over the rate or size of [log] in live.toml\n"
                )
            file.close()
        except OSError as error:
            raise EnvironmentFault(f"cannot write the log {self.path}: {error.strerror}; free some space") from error
