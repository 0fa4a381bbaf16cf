"""Where a benchmark runs: processor, kernel, Python, build and data."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import live
from live.bench.model import Head
from live.clock import utc_now
from live.cores import governor, usable_cores
from live.hot import COMPILED
from live.paper.run_model import DataSource

_PROCESSOR = Path("/proc/cpuinfo")
_GIT_SECONDS_MAX = 10


def describe(data: DataSource, is_quick: bool) -> Head:
    """Return the head of a report.

    Parameters:
        data: the session that the replay rows play.
        is_quick: whether this is a short run.
    """
    return Head(
        machine=processor(),
        cores=len(usable_cores()),
        governor=governor(),
        kernel=f"{platform.system()} {platform.release()}",
        load_average=round(os.getloadavg()[0], 2),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        is_compiled=COMPILED,
        version=version(),
        data=f"{data.path} ({data.how})",
        is_sample=data.is_sample,
        time=f"{utc_now():%Y-%m-%dT%H:%M:%SZ}",
        is_quick=is_quick,
    )


def measuring_core() -> int | None:
    """Return the core to keep a measurement on: the last one, since systems tend to use the first for interrupts.

    None when there is only one, which the benchmark itself needs too, or when this system cannot pin.
    """
    cores = usable_cores()
    return cores[-1] if len(cores) > 1 and hasattr(os, "sched_setaffinity") else None


def processor() -> str:
    """Return the model of the processor, "unknown" where nothing says it."""
    if _PROCESSOR.is_file():
        for line in _PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model"):
                return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def version() -> str:
    """Return the package's version, with the commit when it runs from a checkout of git."""
    root = Path(live.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return live.__version__
    command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, timeout=_GIT_SECONDS_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return live.__version__
    commit = answer.stdout.strip()
    return f"{live.__version__} (git {commit})" if answer.returncode == 0 and commit else live.__version__
