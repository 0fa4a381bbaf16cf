"""The run's log file: the algorithm's lines, limited in rate and in size so that a chatty algorithm cannot fill a disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live.clock import monotonic_ns, ns_to_datetime
from live.errors import EnvironmentFault
from live.paper.append_file import AppendFile

ERRORS_MAX = 20
"""Different errors that are kept for the summary."""
_SECOND_NS = 1_000_000_000


class RunLog:
    """Appends lines to a file.

    Parameters:
        path: the file, made with its folder.
        lines_per_second: lines of wall time that are kept; the rest are counted.
        bytes_max: size at which the file is closed to further lines.

    Raises:
        EnvironmentFault: the file cannot be made.
    """

    def __init__(self, path: Path, lines_per_second: int, bytes_max: int) -> None:
        self.path = path.absolute()
        self.lines_dropped = 0
        self.errors: list[str] = []
        """The first different errors that were logged."""
        self.errors_beyond = 0
        """Lines with further errors."""
        self._lines_per_second = lines_per_second
        self._bytes_left = bytes_max
        self._second_ends_ns = 0
        self._lines_left = 0
        with self._writing("choose another --results folder"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: AppendFile | None = AppendFile(path)

    def write(self, local_ns: int | None, level: str, text: str) -> None:
        """Append a line stamped with the data's time. What UTF-8 cannot hold is written as an escape.

        Parameters:
            local_ns: the time; None before there is one, and the line has no stamp.
            level: "log", "debug" or "error".
            text: the line.

        Raises:
            EnvironmentFault: the disk is full or gone.
        """
        if level == "error" and text not in self.errors:
            self._keep_error(text)
        if self._file is None or not self._take_from_rate():
            self.lines_dropped += 1
            return
        stamp = "" if local_ns is None else f"{ns_to_datetime(local_ns)} "
        line = f"{stamp}{level.upper():5} {text}\n".encode("utf-8", "backslashreplace")
        self._bytes_left -= len(line)
        if self._bytes_left < 0:
            self.lines_dropped += 1
            return
        with self._writing("free some space"):
            self._file.append(line)

    def _keep_error(self, text: str) -> None:
        if len(self.errors) < ERRORS_MAX:
            self.errors.append(text)
        else:
            self.errors_beyond += 1

    def close(self) -> None:
        """Write how many lines were left out, and close the file.

        Raises:
            EnvironmentFault: the disk is full or gone.
        """
        file, self._file = self._file, None
        if file is None:
            return
        dropped = f"... {self.lines_dropped} lines were left out: over the rate or size of [log] in live.toml\n"
        with self._writing("free some space"):
            try:
                if self.lines_dropped:
                    file.append(dropped.encode())
            finally:
                file.close()

    @contextmanager
    def _writing(self, remedy: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise EnvironmentFault(f"cannot write the log {self.path}: {reason}; {remedy}") from error

    def _take_from_rate(self) -> bool:
        now = monotonic_ns()
        if now >= self._second_ends_ns:
            self._second_ends_ns = now + _SECOND_NS
            self._lines_left = self._lines_per_second
        if self._lines_left <= 0:
            return False
        self._lines_left -= 1
        return True
