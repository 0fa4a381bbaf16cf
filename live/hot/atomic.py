"""Ordered access to 64-bit words in memory that two processes share.

Compiled modules `cimport` the functions of `atomic.pxd`, which become single instructions (`atomic.h`). The plain
functions below stand in when the hot path is interpreted: one aligned 8-byte copy each, which x86 keeps in order; on
other processors an interpreted reader may see a record before its last words, so use the compiled modules there.
"""

from __future__ import annotations

import cython

if not cython.compiled:

    def store_release(words: memoryview[int], index: int, value: int) -> None:
        """Store a word so that whoever loads it with `load_acquire` also sees all that was stored before."""
        words[index] = value

    def load_acquire(words: memoryview[int], index: int) -> int:
        """Load a word that another process stored with `store_release`."""
        return words[index]

    def fence() -> None:
        """Keep the loads and stores before this call before those after it."""

    def bit_length(value: int) -> int:
        """Return the number of bits of a value that is not negative, 0 for 0."""
        return value.bit_length()
