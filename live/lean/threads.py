"""Threads of this process as the kernel knows them: LEAN's are found by their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

LOOP_THREAD = "Isolator Thread"
"""Name of the thread that runs the data loop and on_data; at most 15 characters of a name are visible."""
TRANSACTION_THREAD = "Transaction Thread"
REALTIME_THREAD = "RealTime Thread"
VISIBLE_NAME_CHARACTERS = 15
"""The kernel cuts longer names of threads."""
_TASKS = Path("/proc/self/task")


class TaskName(NamedTuple):
    """A thread of this process as the kernel knows it."""

    tid: int
    name: str


def tasks() -> Iterator[TaskName]:
    """Yield the threads of this process; one that ends meanwhile is left out."""
    for entry in _TASKS.iterdir():
        with suppress(OSError):
            yield TaskName(int(entry.name), (entry / "comm").read_text(encoding="utf-8").rstrip("\n"))


def is_named(task: TaskName, name: str) -> bool:
    """Tell whether a thread has a name, of which the kernel may have cut the end."""
    return task.name == name[:VISIBLE_NAME_CHARACTERS]


def say(text: str) -> None:
    """Write a line to the process's standard error: standard output is muted inside algorithms.

    A disk that is full or a reader that is gone loses the line: it is the last place where anything can be told, and what it
    tells of must not become an error of the strategy.
    """
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())
