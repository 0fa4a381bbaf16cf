# cython: annotation_typing=False, initializedcheck=False
"""Records in shared memory that are read whole or not at all, by any number of readers, without making the writer wait.

Slot (SLOT_WORDS words of 8 bytes): word 0 is a sequence number, odd while the writer is inside, and 0 until the first
record; words 1-15 are the record. A reader copies the words between two looks at the sequence number and tries again
when it was odd or has changed.
"""

from __future__ import annotations

from array import array

import cython

from live.errors import UsageError

if not cython.compiled:
    from live.hot.atomic import fence, load_acquire, store_release

SLOT_WORDS = 16
"""Words of a slot: two cache lines."""
READ_ATTEMPTS = 1_000
"""Tries before a reader gives up on a writer that never leaves, for example because it died inside."""
_WIDTH = SLOT_WORDS
_OUTSIDE = -1


def _slots_of(words: memoryview[int]) -> int:
    if not len(words) or len(words) % SLOT_WORDS:
        raise UsageError(f"{len(words)} words are no whole number of slots of {SLOT_WORDS}; give a multiple")
    return len(words) // SLOT_WORDS


class SeqlockWriter:
    """The one writer: `begin`, `put` as often as needed, `end`.

    Parameters:
        words: memory of whole slots.

    Raises:
        UsageError: the memory is no whole number of slots.
    """

    def __init__(self, words: memoryview[int]) -> None:
        self.slots = _slots_of(words)
        self._words = words
        self._view = words
        self._base = _OUTSIDE

    def begin(self, slot: int) -> bool:
        """Enter a slot; False for a slot that does not exist: what is put then goes nowhere."""
        if slot < 0 or slot >= self.slots:
            self._base = _OUTSIDE
            return False
        self._base = slot * _WIDTH
        # Also right when a writer before died inside: the number is odd afterwards in any case.
        store_release(self._words, self._base, self._words[self._base] | 1)
        fence()
        return True

    def put(self, field: int, value: int) -> None:
        """Write a word of the entered slot: 1 to 15; others, and those outside a slot, are ignored."""
        if 0 < field < _WIDTH and self._base >= 0:
            self._words[self._base + field] = value

    def end(self) -> None:
        """Leave the slot, if one was entered: readers see the new record."""
        if self._base >= 0:
            store_release(self._words, self._base, (self._words[self._base] | 1) + 1)
            self._base = _OUTSIDE


class SeqlockReader:
    """A reader: `read` a slot, then `get` its words from the private copy.

    Parameters:
        words: memory of whole slots; may be read-only.

    Raises:
        UsageError: the memory is no whole number of slots.
    """

    def __init__(self, words: memoryview[int]) -> None:
        self.slots = _slots_of(words)
        self._words = words
        self._view = words
        self._copy: memoryview[int] = memoryview(array("q", [0] * SLOT_WORDS))

    def read(self, slot: int) -> bool:
        """Copy a slot; False when it was never written, does not exist, or was being written all the time."""
        if slot < 0 or slot >= self.slots:
            return False
        base = slot * _WIDTH
        for _attempt in range(READ_ATTEMPTS):
            sequence = load_acquire(self._words, base)
            if sequence == 0:
                return False
            if sequence & 1:
                continue
            for field in range(1, _WIDTH):
                self._copy[field] = self._words[base + field]
            fence()
            if load_acquire(self._words, base) == sequence:
                self._copy[0] = sequence
                return True
        return False

    def get(self, field: int) -> int:
        """Return a word of the last copy: 0 its sequence number, 1 to 15 the record; 0 outside."""
        return self._copy[field] if 0 <= field < _WIDTH else 0
