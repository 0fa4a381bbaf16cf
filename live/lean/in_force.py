"""What the host's settings have come to in its process, read back and not repeated from the settings, for a look from outside.

Written once, when the session may come: Python's collector has no address that another process could ask.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

IN_FORCE_FILE = "host-in-force.json"
_MILLISECONDS = 1_000


class InForce(Struct, frozen=True, kw_only=True):
    """What was read back.

    Attributes:
        process_id: of the engine; a file of another process says nothing.
        loop_thread: the loop thread, as the kernel numbers it: a thread that Python starts has the name of the one that
            started it, so several may have the loop's.
        frozen_objects: objects that Python's collector leaves alone.
        collects_by_itself: whether Python collects when it has counted enough new objects.
        switch_interval_ms: longest time for which one Python thread keeps another waiting.
        order_mode: `lane` when a thread of orders has been made, `inline` without.
        log_handler: LEAN's, by the configuration that LEAN has read; "" where it cannot be asked.
    """

    process_id: int
    loop_thread: int
    frozen_objects: int
    collects_by_itself: bool
    switch_interval_ms: float
    order_mode: str
    log_handler: str


def write_in_force(folder: Path, loop_thread: int, order_mode: str, log_handler: str) -> None:
    """Read back what Python tells of itself, and write it; inside the engine.

    Parameters:
        folder: the run's.
        loop_thread: as the kernel numbers it.
        order_mode: as the order path was built.
        log_handler: as LEAN tells it.

    Raises:
        OSError: it cannot be written.
    """
    found = InForce(
        process_id=os.getpid(),
        loop_thread=loop_thread,
        frozen_objects=gc.get_freeze_count(),
        collects_by_itself=gc.isenabled(),
        switch_interval_ms=sys.getswitchinterval() * _MILLISECONDS,
        order_mode=order_mode,
        log_handler=log_handler,
    )
    path = folder / IN_FORCE_FILE
    part = path.with_suffix(".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    # Whoever looks finds it whole.
    part.replace(path)


def read_in_force(path: Path) -> InForce | None:
    """Return what a host has written; None when there is nothing, or nothing of this version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=InForce)
    except (OSError, msgspec.DecodeError):
        return None
