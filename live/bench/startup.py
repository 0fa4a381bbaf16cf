"""Times of new processes: the command's help, an import, and a dry run up to its first tick."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from live.bench.session import STRATEGIES
from live.clock import machine_monotonic_ns, monotonic_ns
from live.errors import EnvironmentFault
from live.installation import COMMAND

_SECONDS_MAX = 120
_NS = 1e9


def time_command(words: list[str], times: int) -> list[float]:
    """Return how long a process takes from its start to its end, in seconds.

    Parameters:
        words: arguments of the interpreter.
        times: how often to measure; one more run before them fills the caches of the file system.

    Raises:
        EnvironmentFault: the process failed.
    """
    found = []
    for _ in range(times + 1):
        began_ns = monotonic_ns()
        _run(words)
        found.append((monotonic_ns() - began_ns) / _NS)
    return found[1:]


def time_to_first_tick(data: Path, times: int) -> list[float]:
    """Return how long `lean-live dry-run` takes from the start of its process to its first tick, in seconds.

    Parameters:
        data: a data folder.
        times: as for `time_command`.

    Raises:
        EnvironmentFault: the run failed, or there was no tick.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as folder:
        stamp = Path(folder) / "first-tick"
        words = ["-c", COMMAND, "dry-run", str(STRATEGIES / "first_tick.py"), "--data-folder", str(data)]
        words += ["--results", folder, "--parameter", f"stamp_file={stamp}", "--no-progress", "--json"]
        for _ in range(times + 1):
            stamp.unlink(missing_ok=True)
            began_ns = machine_monotonic_ns()
            _run(words)
            if not stamp.exists():
                raise EnvironmentFault(f"a dry run on {data} had no tick of IBM; use data with IBM ticks of 2013-10-07")
            found.append((int(stamp.read_text(encoding="ascii")) - began_ns) / _NS)
    return found[1:]


def _run(words: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "LEAN_DATA"}
    answer = subprocess.run(  # noqa: S603 - this interpreter with words of our own
        [sys.executable, "-P", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        timeout=_SECONDS_MAX,
        check=False,
    )
    if answer.returncode != 0:
        reason = (answer.stderr.strip() or answer.stdout.strip()).splitlines()[-1:] or ["no message"]
        raise EnvironmentFault(f"a measured process ended with {answer.returncode}: {reason[0]}")
