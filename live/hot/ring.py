# cython: annotation_typing=False, initializedcheck=False
"""Event ring between one writing and one reading process: the writer never waits, and what finds no room is counted.

Memory of the ring (ring_words(capacity) words of 8 bytes): word 0 is the number of records published so far, word 16
the number lost; records of EVENT_WORDS words follow from word 32. The two stand on cache lines of their own. The
number of records consumed so far is the reader's, in memory that only the reader writes (one word), and outlives the
reader: its successor goes on there.

Record: 0 kind | 1 time_ns | 2-15 whatever the kind says.

A record becomes visible by the release store of the published count after its words; the reader loads the count with
acquire before it looks at them, and frees the record by the release store of its own count.
"""

from __future__ import annotations

import cython

from live.errors import UsageError

if not cython.compiled:
    from live.hot.atomic import load_acquire, store_release

EVENT_WORDS = 16
"""Words of one record: two cache lines."""
RING_CAPACITY_MAX = 1 << 20
_WIDTH = EVENT_WORDS
_HEAD = 0
_LOST = 16
_RECORDS = 32


def ring_words(capacity: int) -> int:
    """Return the words of memory that a ring of this many records needs.

    Raises:
        UsageError: the capacity is no power of two up to RING_CAPACITY_MAX.
    """
    if not 1 <= capacity <= RING_CAPACITY_MAX or capacity & (capacity - 1):
        raise UsageError(
            f"an event ring of {capacity} records is not possible; choose a power of two up to {RING_CAPACITY_MAX}"
        )
    return _RECORDS + capacity * EVENT_WORDS


def _check_memory(words: memoryview[int], capacity: int) -> None:
    if len(words) != ring_words(capacity):
        raise UsageError(
            f"an event ring of {capacity} records needs {ring_words(capacity)} words, not {len(words)}; give those"
        )


class RingWriter:
    """The publishing end. Either `publish`, or `claim`, `put` as often as needed, and `commit`.

    Parameters:
        words: memory of the ring, zeroed when new; an earlier writer's is continued.
        position: one word that the reader writes.
        capacity: records, a power of two.

    Raises:
        UsageError: the memory does not fit the capacity.
    """

    def __init__(self, words: memoryview[int], position: memoryview[int], capacity: int) -> None:
        _check_memory(words, capacity)
        self._words = words
        self._reals: memoryview[float] = words.cast("B").cast("d")
        self._position = position
        self._word_view = words
        self._position_view = position
        self.capacity = capacity
        self._head = words[_HEAD]
        self._seen_position = 0
        self._base = _RECORDS

    @property
    def published(self) -> int:
        """Records published since the ring was made."""
        return self._head

    @property
    def lost(self) -> int:
        """Records that found no room."""
        return self._words[_LOST]

    def claim(self) -> bool:
        """Take the next record for writing; False, counted as lost, when the reader has not freed it."""
        if self._head - self._seen_position >= self.capacity:
            position = load_acquire(self._position, 0)
            # A position that no reader can have reached is not believed.
            if position > self._head or self._head - position >= self.capacity:
                self._words[_LOST] += 1
                return False
            self._seen_position = position
        self._base = _RECORDS + (self._head & (self.capacity - 1)) * _WIDTH
        return True

    def put(self, field: int, value: int) -> None:
        """Write a word of the claimed record; the field counts modulo EVENT_WORDS."""
        self._words[self._base + (field & (_WIDTH - 1))] = value

    def put_real(self, field: int, value: float) -> None:
        """Write a word of the claimed record as a 64-bit real; the field counts modulo EVENT_WORDS."""
        self._reals[self._base + (field & (_WIDTH - 1))] = value

    def commit(self) -> None:
        """Publish the claimed record; only after a claim that succeeded."""
        self._head += 1
        store_release(self._words, _HEAD, self._head)

    def publish(self, kind: int, time_ns: int, first: int, second: int, third: int, fourth: int) -> bool:
        """Publish a record of kind, time and four values; its other words keep what they had.

        False when it was lost.
        """
        if not self.claim():
            return False
        self._words[self._base] = kind
        self._words[self._base + 1] = time_ns
        self._words[self._base + 2] = first
        self._words[self._base + 3] = second
        self._words[self._base + 4] = third
        self._words[self._base + 5] = fourth
        self.commit()
        return True


class RingReader:
    """The consuming end: while `available()`, `get` the words of the oldest record, then `advance`.

    Parameters:
        words: memory of the ring; may be read-only.
        position: one word of the reader's own.
        capacity: records, a power of two.

    Raises:
        UsageError: the memory does not fit the capacity.
    """

    def __init__(self, words: memoryview[int], position: memoryview[int], capacity: int) -> None:
        _check_memory(words, capacity)
        self._words = words
        self._position = position
        self._word_view = words
        self._position_view = position
        self.capacity = capacity

    @property
    def consumed(self) -> int:
        """Records consumed since the ring was made, by this reader and those before."""
        return self._position[0]

    @property
    def lost(self) -> int:
        """Records that found no room."""
        return self._words[_LOST]

    def available(self) -> int:
        """Return how many records wait; never more than the capacity, whatever the memory holds."""
        waiting = load_acquire(self._words, _HEAD) - self._position[0]
        return waiting if 0 <= waiting <= self.capacity else 0

    def get(self, field: int) -> int:
        """Return a word of the oldest waiting record; the field counts modulo EVENT_WORDS."""
        return self._words[_RECORDS + (self._position[0] & (self.capacity - 1)) * _WIDTH + (field & (_WIDTH - 1))]

    def advance(self) -> None:
        """Free the oldest record; without effect when none waits."""
        if self.available() > 0:
            store_release(self._position, 0, self._position[0] + 1)

    def drain(self, limit: int) -> list[tuple[int, ...]]:
        """Take up to a number of records, each as its EVENT_WORDS words, oldest first."""
        taken = []
        for _ in range(min(limit, self.available())):
            taken.append(tuple(self.get(field) for field in range(EVENT_WORDS)))
            self.advance()
        return taken
