"""The first process of a container, without one: it ends with its standard input, and hands signals on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.lean.engine import contained

WAITS = """
import signal, sys, threading
if {deaf}:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    print('begun', flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    print('interrupted', flush=True)
    sys.exit(7)
"""
Started = subprocess.Popen[str]


@pytest.fixture
def started() -> Iterator[list[Started]]:
    processes: list[Started] = []
    yield processes
    for each in processes:
        each.kill()
        each.communicate()


def start(started: list[Started], seconds: float, *command: str) -> Started:
    program = [sys.executable, "-I", "-S", contained.__file__, str(seconds)]
    process = subprocess.Popen([*program, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    started.append(process)
    return process


def waiting(started: list[Started], seconds: float = 60.0, deaf: bool = False) -> Started:
    process = start(started, seconds, sys.executable, "-I", "-S", "-c", WAITS.format(deaf=deaf))
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def test_the_end_of_input_interrupts_the_command(started: list[Started]) -> None:
    process = waiting(started)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == ("interrupted\n", 7)


def test_a_command_that_does_not_end_is_killed(started: list[Started]) -> None:
    process = waiting(started, 0.1, deaf=True)
    process.communicate(timeout=30)
    assert process.returncode == contained.SIGNAL_CODE + signal.SIGKILL


def test_signals_are_handed_on(started: list[Started]) -> None:
    process = waiting(started)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 7
    process = waiting(started)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == contained.SIGNAL_CODE + signal.SIGTERM


def test_the_command_has_no_standard_input(started: list[Started]) -> None:
    process = start(started, 60.0, sys.executable, "-c", "import sys; sys.exit(len(sys.stdin.read()) + 3)")
    assert process.wait(30) == 3


def test_a_command_that_is_not_there(started: list[Started], tmp_path: Path) -> None:
    assert start(started, 1.0, str(tmp_path / "dotnet")).wait(30) == contained.NOT_STARTED


def test_it_needs_nothing_of_this_package() -> None:
    source = Path(contained.__file__).read_text(encoding="utf-8")
    assert "live" not in {
        line.split()[1].partition(".")[0] for line in source.splitlines() if line.startswith(("import", "from"))
    }
