"""What a machine needs for low latency, with or without LEAN, looked at without changing anything."""

from __future__ import annotations

import platform
import resource
import sys
import tempfile
from pathlib import Path

from live.cores import governor, usable_cores
from live.errors import LeanLiveError
from live.hot import COMPILED
from live.hot.telemetry import create_page
from live.hot.telemetry_view import TelemetryView
from live.lean.engine.lean_home import PYTHON_VERSION
from live.lean.engine.memory_folder import TMPFS
from live.lean.self_test.assumptions import Finding, Verdict

_CORES_LEAST = 2
_CLOCK_SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_GOOD_CLOCKS = ("tsc", "arch_sys_counter", "kvm-clock", "hyperv_clocksource_tsc_page")
"""Clock sources that are read without a call into the kernel."""
_GOOD_GOVERNOR = "performance"
_LOCKED_BYTES_LEAST = 64 << 20


def test_machine() -> list[Finding]:
    """Return what was found of this machine."""
    return [_cores(), _governor(), _clock(), _shared_memory(), _page(), _locked_memory(), _python(), _build()]


def _cores() -> Finding:
    cores = usable_cores()
    return Finding(
        "cores",
        f"at least {_CORES_LEAST} processor cores: one for the strategy alone",
        _verdict(len(cores) >= _CORES_LEAST),
        f"{len(cores)} usable: {', '.join(map(str, cores))}",
        "sidecar and feeder take time from the strategy; leave cores and loop_core unset",
        False,
    )


def _governor() -> Finding:
    found = governor()
    return Finding(
        "governor",
        f"cores run at full clock: frequency governor {_GOOD_GOVERNOR}",
        "unknown" if found is None else _verdict(found == _GOOD_GOVERNOR),
        "cannot be read, as on most virtual machines" if found is None else found,
        "cores that slept begin slowly; cpupower frequency-set -g performance",
        False,
    )


def _clock() -> Finding:
    try:
        found = _CLOCK_SOURCE.read_text(encoding="ascii").strip()
    except OSError:
        found = None
    return Finding(
        "clock",
        "the clock is read without a call into the kernel",
        "unknown" if found is None else _verdict(found in _GOOD_CLOCKS),
        found or "cannot be read",
        "every stamp costs a microsecond more",
        False,
    )


def _shared_memory() -> Finding:
    is_there = TMPFS.is_dir()
    return Finding(
        "tmpfs",
        f"a folder in memory, {TMPFS}, for result files that need not outlive the run",
        _verdict(is_there),
        "there" if is_there else "missing",
        "LEAN's files go to the disk, whose pauses an order can meet",
        False,
    )


def _page() -> Finding:
    what, consequence = "a telemetry page can be made and read", "no run can begin: free some space in the folder"
    folder = str(TMPFS) if TMPFS.is_dir() else None
    try:
        with tempfile.TemporaryDirectory(prefix="lean-live-doctor-", dir=folder) as name:
            path = Path(name) / "telemetry.page"
            create_page(path, "doctor", "doctor")
            size = TelemetryView(path).layout.size_bytes
    except (LeanLiveError, OSError) as error:
        return Finding("telemetry_page", what, "fail", str(error), consequence)
    return Finding("telemetry_page", what, "pass", f"{size:,} bytes", consequence)


def _locked_memory() -> Finding:
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    is_free = limit == resource.RLIM_INFINITY
    return Finding(
        "locked_memory",
        "memory can be locked, so that no page of it is taken away",
        _verdict(is_free or limit >= _LOCKED_BYTES_LEAST),
        "no limit" if is_free else f"limit {limit:,} bytes",
        "a page that was swapped out costs milliseconds; raise it with ulimit -l or LimitMEMLOCK",
        False,
    )


def _python() -> Finding:
    return Finding(
        "python",
        "CPython 3.11, which LEAN embeds",
        _verdict(sys.version_info[:2] == PYTHON_VERSION and platform.python_implementation() == "CPython"),
        f"{platform.python_implementation()} {platform.python_version()}",
        "the embedded engine runs all the same; LEAN cannot be given the packages of this Python",
        False,
    )


def _build() -> Finding:
    return Finding(
        "compiled",
        "the hot path is compiled",
        _verdict(COMPILED),
        "compiled" if COMPILED else "interpreted",
        "everything works, several times slower; install a wheel, or a C compiler and install again",
        False,
    )


def _verdict(is_good: bool) -> Verdict:
    return "pass" if is_good else "fail"
