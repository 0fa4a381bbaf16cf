"""A process that runs LEAN, seen from outside: what it was started with, and what the kernel and the host inside say of it.

All of it is read in /proc and in files that the process names. Paths are followed as the process sees them, so that an
engine in a container can be looked at too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from live.errors import DataError, UsageError
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import TelemetryView
from live.lean.in_force import IN_FORCE_FILE, InForce, read_in_force
from live.lean.instructions import SETTINGS_VARIABLE, Instructions

_PROC = Path("/proc")
_CONFIG_FILE = "config.json"
_CONFIG_OPTION = "--config"


class ThreadCores(NamedTuple):
    """A thread.

    Attributes:
        tid: its number.
        name: as the kernel has it, 15 characters at most.
        cores: those that it may use.
    """

    tid: int
    name: str
    cores: frozenset[int]


class ProcessView:
    """One process.

    Parameters:
        pid: its number; for a container that of its first process.

    Raises:
        UsageError: there is no such process, or it is somebody else's.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._folder = _PROC / str(pid)
        self.variables = self._variables()

    def _variables(self) -> dict[str, str]:
        try:
            content = (self._folder / "environ").read_bytes()
        except OSError as error:
            raise UsageError(
                f"--pid {self._pid}: cannot look at this process: {error.strerror}; name a process of yours (dotnet ...)"
            ) from error
        pairs = (entry.partition(b"=") for entry in content.split(b"\0") if entry)
        return {name.decode(errors="replace"): value.decode(errors="replace") for name, _, value in pairs}

    def path(self, name: str) -> Path:
        """Return where this process finds what another knows under a name; relative ones are in its working folder."""
        return self._folder / "root" / name.lstrip("/") if name.startswith("/") else self._folder / "cwd" / name

    @cached_property
    def config(self) -> dict[str, Any] | None:
        """LEAN's configuration, the keys of the chosen environment before those above them; None without one.

        It is the file that the command line names, or config.json in the working folder.
        """
        try:
            found = msgspec.json.decode(self.path(self._config_name()).read_bytes())
            chosen = found.get("environments", {}).get(found.get("environment"), {})
            return {**found, **chosen}
        except (OSError, msgspec.DecodeError, AttributeError, TypeError):
            return None

    def _config_name(self) -> str:
        words = (self._folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        for word, following in pairwise(words):
            if word == _CONFIG_OPTION:
                return following
            if word.startswith(f"{_CONFIG_OPTION}="):
                return word.partition("=")[2]
        return _CONFIG_FILE

    @cached_property
    def instructions(self) -> Instructions | None:
        """What the host in it was told; None when none is attached."""
        name = self.variables.get(SETTINGS_VARIABLE)
        if not name:
            return None
        try:
            return msgspec.json.decode(self.path(name).read_bytes(), type=Instructions)
        except (OSError, msgspec.DecodeError):
            return None

    @cached_property
    def in_force(self) -> InForce | None:
        """What the host has read back; None while it has not come to the session, or when the file is another process's."""
        if self.instructions is None:
            return None
        found = read_in_force(self.path(self.instructions.run_folder) / IN_FORCE_FILE)
        return found if found is not None and found.process_id == self._pid else None

    def page(self) -> TelemetryView | None:
        """Open the host's telemetry page; None when there is none that can be trusted."""
        if self.instructions is None:
            return None
        try:
            return TelemetryView(self.path(self.instructions.run_folder) / PAGE_NAME, expect_writer=False)
        except DataError:
            return None

    def threads(self) -> Iterator[ThreadCores]:
        """Yield its threads and the cores that they may use; one that ends meanwhile is left out."""
        for task in (self._folder / "task").iterdir():
            with suppress(OSError):
                status = (task / "status").read_text(encoding="utf-8")
                name = (task / "comm").read_text(encoding="utf-8").rstrip("\n")
                allowed = re.search(r"^Cpus_allowed_list:\s*(\S*)$", status, re.MULTILINE)
                if allowed is not None:
                    yield ThreadCores(int(task.name), name, cores_of(allowed[1]))

    def file_system(self, name: str) -> str:
        """Return the kind of file system on which this process has a path, as the kernel calls it; "" when unknown."""
        best, kind = "", ""
        lines = (self._folder / "mountinfo").read_text(encoding="utf-8").splitlines()
        for before, _, after in (line.partition(" - ") for line in lines):
            place = before.split()[4]
            inside = name == place or name.startswith(place.rstrip("/") + "/")
            # Of several on one place the newest counts.
            if inside and len(place) >= len(best):
                best, kind = place, after.split()[0]
        return kind


def cores_of(text: str) -> frozenset[int]:
    """Return the cores of a list as the kernel writes it, such as 0-3,8."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)
