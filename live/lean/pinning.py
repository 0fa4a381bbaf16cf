"""Threads of the engine on the cores that the plan gives them: the loop thread alone on its own, all others elsewhere.

What was asked for is read back, and shown as gauges; threads that appear later are moved when they are noticed, by the
host's attendant and never by the loop. LEAN makes threads all the time (its pool), and a thread begins with the cores of
the one that made it: one made by the loop thread begins on the loop's core.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from live.config import CONFIG_FILE_NAME, LeanSettings
from live.cores import usable_cores
from live.errors import EnvironmentFault
from live.hot.catalogue import Gauge
from live.lean import threads


class PinPlan(NamedTuple):
    """Which cores whose.

    Attributes:
        loop: core of the loop thread.
        others: cores of all other threads.
    """

    loop: int
    others: frozenset[int]


def plan_of(settings: LeanSettings, settings_file: str = CONFIG_FILE_NAME) -> PinPlan | None:
    """Return the plan that the settings ask for; None when nothing is to be pinned.

    Parameters:
        settings: table [lean].
        settings_file: where it is, for messages.

    Raises:
        EnvironmentFault: this machine, or what is left of it for this process, has too few cores for the plan.
    """
    if settings.loop_core < 0:
        return None
    if not hasattr(os, "sched_setaffinity"):
        raise EnvironmentFault(
            f"this system cannot pin threads to cores; take loop_core out of [lean] in {settings_file}"
        )
    usable = usable_cores()
    if len(usable) < 2:
        raise EnvironmentFault(
            f"loop_core in [lean] of {settings_file} asks for a core of the loop's own, but this process may use core {usable[0]} "
            "only; give it two cores at least, or take loop_core out"
        )
    others = frozenset(settings.other_cores) or frozenset(usable) - {settings.loop_core}
    missing = sorted(({settings.loop_core} | others) - set(usable))
    if missing:
        raise EnvironmentFault(
            f"{_key_of(settings, missing[0])} in [lean] of {settings_file} names core {missing[0]}, but this process may use {list(usable)}; "
            "name some of these"
        )
    if settings.loop_core in others:
        raise EnvironmentFault(
            f"core {settings.loop_core} is both loop_core and among other_cores in [lean] of {settings_file}; "
            "take it out of other_cores: the loop thread is to be alone"
        )
    return PinPlan(settings.loop_core, others)


def _key_of(settings: LeanSettings, core: int) -> str:
    return "loop_core" if core == settings.loop_core else "other_cores"


class Pinning:
    """Keeps the threads of this process where the plan wants them.

    Parameters:
        plan: which cores whose.
        show: told whether a thread is where it should be: Gauge.CPU_AFFINITY_STRATEGY and CPU_AFFINITY_FEEDER.
        settings_file: where the plan is from, for messages.
    """

    def __init__(
        self, plan: PinPlan, show: Callable[[Gauge, bool], None], settings_file: str = CONFIG_FILE_NAME
    ) -> None:
        self._plan = plan
        self._settings_file = settings_file
        self._show = show
        self._loop_tid = 0
        self._moved: set[int] = set()
        self.applications = 0
        """Times that threads were moved: once at the beginning, then whenever new ones had appeared."""

    def begin(self, loop_tid: int) -> None:
        """Move all threads.

        Parameters:
            loop_tid: the loop thread, as the kernel numbers it.

        Raises:
            EnvironmentFault: the system does not let this process pin its loop thread.
        """
        self._loop_tid = loop_tid
        try:
            os.sched_setaffinity(loop_tid, {self._plan.loop})
        except OSError as error:
            raise EnvironmentFault(
                f"cannot pin the loop thread to core {self._plan.loop}: {error.strerror}; name another loop_core in [lean] "
                f"of {self._settings_file}, or take it out"
            ) from error
        self.look()

    def look(self) -> bool:
        """Move the threads that are new, read back where all are, and show it; return whether all is as planned."""
        alive = {task.tid for task in threads.tasks()}
        strangers = alive - self._moved - {self._loop_tid}
        if strangers:
            self.applications += 1
        for tid in strangers:
            # A thread may have ended meanwhile; that one could not be moved shows when it is read back.
            with suppress(OSError):
                os.sched_setaffinity(tid, self._plan.others)
        self._moved = alive - {self._loop_tid}
        return self._read_back(alive)

    def _read_back(self, alive: set[int]) -> bool:
        is_loop_placed = _cores_of(self._loop_tid) == {self._plan.loop}
        are_others_placed = True
        for tid in alive - {self._loop_tid}:
            cores = _cores_of(tid)
            if cores is not None and not cores <= self._plan.others:
                are_others_placed = False
                self._moved.discard(tid)
        self._show(Gauge.CPU_AFFINITY_STRATEGY, is_loop_placed and are_others_placed)
        self._show(Gauge.CPU_AFFINITY_FEEDER, are_others_placed)
        return is_loop_placed and are_others_placed


def _cores_of(tid: int) -> set[int] | None:
    """Return the cores that a thread may use; None when it has ended."""
    try:
        return os.sched_getaffinity(tid)
    except ProcessLookupError:
        return None
