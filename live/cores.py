"""The machine's processor cores: which there are, how they are clocked, and keeping a process on some of them."""

from __future__ import annotations

import os
from pathlib import Path

from live.errors import EnvironmentFault

_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def pin(cores: tuple[int, ...], table: str) -> tuple[int, ...]:
    """Keep the process on some cores; none leaves the choice to the operating system.

    Parameters:
        cores: their numbers.
        table: where they are named in live.toml, for errors.

    Returns:
        The cores that it is kept on now, as the system says; empty when none were named.

    Raises:
        EnvironmentFault: the machine does not have these cores, or cannot pin.
    """
    if not cores:
        return ()
    if not hasattr(os, "sched_setaffinity"):
        raise EnvironmentFault(f"this system cannot pin a process to cores; take cores out of [{table}] in live.toml")
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        usable = sorted(os.sched_getaffinity(0))
        raise EnvironmentFault(
            f"cannot run on cores {list(cores)}: use some of {usable} in [{table}] of live.toml"
        ) from error
    kept_on = usable_cores()
    if set(kept_on) != set(cores):
        raise EnvironmentFault(
            f"asked for cores {sorted(set(cores))}, the system keeps the process on {list(kept_on)}: name others in "
            f"[{table}] of live.toml"
        )
    return kept_on


def usable_cores() -> tuple[int, ...]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def governor() -> str | None:
    """Return the frequency governor of the first core, None where it cannot be read (most virtual machines)."""
    try:
        return _GOVERNOR.read_text(encoding="ascii").strip()
    except OSError:
        return None
