"""How much memory the process has, asked of the operating system."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

_STATM = Path("/proc/self/statm")
_STATUS = Path("/proc/self/status")


def peak_memory_bytes() -> int:
    """Return the largest resident size that the process had.

    Linux counts that of the process which started this one into its ru_maxrss; /proc has this one's alone.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1_024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1_024


def resident_memory_bytes() -> int:
    """Return the present resident size; the largest so far where the system does not tell the present one."""
    try:
        descriptor = os.open(_STATM, os.O_RDONLY)
    except OSError:
        return peak_memory_bytes()
    try:
        return int(os.read(descriptor, 128).split()[1]) * resource.getpagesize()
    finally:
        os.close(descriptor)
