# cython: annotation_typing=False
"""What the kernel did to the running thread (to its process, where it does not tell threads apart): getrusage(2)."""

from __future__ import annotations

import resource

import cython

_WHOSE = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)


def page_faults() -> int:
    """Return how many times a page of memory was not there yet, with or without reading it from disk."""
    if cython.compiled:
        return read_page_faults()  # type: ignore[name-defined, no-any-return] # noqa: F821 - an inline C function, declared in the .pxd
    usage = resource.getrusage(_WHOSE)
    return usage.ru_minflt + usage.ru_majflt


def preemptions() -> int:
    """Return how many times the kernel gave the core to somebody else although the thread had work."""
    if cython.compiled:
        return read_preemptions()  # type: ignore[name-defined, no-any-return] # noqa: F821 - an inline C function, declared in the .pxd
    return resource.getrusage(_WHOSE).ru_nivcsw
