"""Measuring processes, started one at a time: each gets a clean interpreter and a core, and ends with the benchmark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from live.bench.model import ChildResult
from live.cores import usable_cores
from live.errors import LeanLiveError
from live.installation import environment

_SECONDS_MAX = 1_800
_SECONDS_TO_END = 5


class MeasurementError(LeanLiveError):
    """A measuring process failed. `code` is its exit code, by live.errors.ExitCode where it is one of ours."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def other_cores(core: int | None) -> Iterator[None]:
    """Keep this process off the measuring core while the block runs."""
    if core is None:
        yield
        return
    before = usable_cores()
    os.sched_setaffinity(0, [each for each in before if each != core])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measure(job: str, told: Mapping[str, Any], folder: Path, core: int | None) -> ChildResult:
    """Run a job of live.bench.child in a process of its own and return what it measured.

    Parameters:
        job: its name.
        told: its parameters.
        folder: where the process keeps temporary files; whoever owns the folder deletes it.
        core: the core to keep the process on.

    Raises:
        MeasurementError: the job failed; the message is the process's own.
        Halt: passed on, after the process and those that it started were ended.
    """
    words = [sys.executable, "-P", "-m", "live.bench.child", job, msgspec.json.encode(told).decode()]
    # Its own session: Ctrl-C comes to us alone, and one signal reaches it and every process that it started.
    process = subprocess.Popen(  # noqa: S603 - this interpreter with words of our own
        [*words, "" if core is None else str(core)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(), "TMPDIR": str(folder)},
        start_new_session=True,
    )
    try:
        answer, complaint = process.communicate(timeout=_SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"{job} took longer than {_SECONDS_MAX} s; try --quick", 1) from error
    finally:
        _end(process)
    if process.returncode != 0:
        lines = complaint.strip().splitlines() or [f"it ended with {process.returncode} and said nothing"]
        raise MeasurementError(lines[-1], process.returncode)
    return msgspec.json.decode(answer, type=ChildResult)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process that is still there, and all of its session."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=_SECONDS_TO_END)
