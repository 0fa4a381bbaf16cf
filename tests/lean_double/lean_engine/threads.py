"""Threads with names that the kernel knows, as those of .NET have."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

_PR_SET_NAME = 15
_LIBC = ctypes.CDLL(None, use_errno=True)


def name_this_thread(name: str) -> None:
    """Give the calling thread a name; the kernel cuts it to 15 characters."""
    _LIBC.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def start_thread(name: str, work: Callable[..., Any], *arguments: Any) -> threading.Thread:
    """Start a thread under a name that /proc shows."""

    def run() -> None:
        name_this_thread(name)
        work(*arguments)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
