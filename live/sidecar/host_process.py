"""What the operating system says of a run's process: processor time, steal, context switches, page faults, threads.

Linux tells it in /proc (man 5 proc: pid/stat, pid/status, stat). A process that runs in another process namespace, on a
system without /proc, or no longer, has no samples.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from live.hot.catalogue import CONTEXT_SWITCHES, CPU_SECONDS, CPU_STEAL, PAGE_FAULTS, THREADS
from live.hot.page_layout import process_start_ticks
from live.sidecar.samples import Sample

_PROC = Path("/proc")
# Places in pid/stat, counted from the state, which stands behind the command's name.
_MINOR_FAULTS, _MAJOR_FAULTS, _USER, _SYSTEM, _THREADS, _START = 7, 9, 11, 12, 17, 19
_STEAL = 8
_SWITCHES = {b"voluntary_ctxt_switches": "voluntary", b"nonvoluntary_ctxt_switches": "involuntary"}


def process_samples(pid: int, start_ticks: int) -> Iterator[Sample]:
    """Yield the samples of a process.

    Parameters:
        pid: its id.
        start_ticks: when it began, in clock ticks since boot, so that a process that took its id over is not meant.
    """
    if not start_ticks or process_start_ticks(pid) != start_ticks:
        return
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        status = (_PROC / str(pid) / "status").read_bytes()
        steal_ticks = _steal_ticks(os.sched_getaffinity(pid))
    except OSError:
        # It ended meanwhile.
        return
    if int(stat[_START]) != start_ticks:
        return
    ticks_per_second = os.sysconf("SC_CLK_TCK")
    yield Sample(CPU_SECONDS, int(stat[_USER]) / ticks_per_second, ("user",))
    yield Sample(CPU_SECONDS, int(stat[_SYSTEM]) / ticks_per_second, ("system",))
    for core, ticks in steal_ticks.items():
        # A sum would go backwards when the process is moved to fewer cores.
        yield Sample(CPU_STEAL, ticks / ticks_per_second, (str(core),))
    yield Sample(PAGE_FAULTS, int(stat[_MINOR_FAULTS]), ("minor",))
    yield Sample(PAGE_FAULTS, int(stat[_MAJOR_FAULTS]), ("major",))
    yield Sample(THREADS, int(stat[_THREADS]))
    for line in status.splitlines():
        name, _colon, count = line.partition(b":")
        if name in _SWITCHES:
            # Those of the main thread, on which the strategy runs.
            yield Sample(CONTEXT_SWITCHES, int(count), (_SWITCHES[name],))


def _steal_ticks(cores: set[int]) -> dict[int, int]:
    """Return the time that a hypervisor kept from some cores, by core, in clock ticks."""
    found = {}
    for line in (_PROC / "stat").read_bytes().splitlines():
        words = line.split()
        if words and words[0].startswith(b"cpu") and words[0][3:].isdigit() and int(words[0][3:]) in cores:
            found[int(words[0][3:])] = int(words[_STEAL])
    return found
