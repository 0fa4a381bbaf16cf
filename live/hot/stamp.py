# cython: annotation_typing=False
"""Latency stamps: the process's monotonic clock, read without making a Python object when compiled."""

from __future__ import annotations

import cython

from live.clock import monotonic_ns


def now_ns() -> int:
    """Return nanoseconds of the monotonic clock; the same clock as live.clock.monotonic_ns on Linux."""
    if cython.compiled:
        return read_monotonic_ns()  # type: ignore[name-defined, no-any-return] # noqa: F821 - an inline C function, declared in the .pxd
    return monotonic_ns()
