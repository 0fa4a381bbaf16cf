# cython: annotation_typing=False
"""Fixed-width records: what a decoded row of market data is until somebody needs an object.

A buffer is one block of bytes seen twice: as 64-bit integers (`words`) and as 64-bit reals (`reals`). Word k of record r is at
`r * width + k`. Prices are raw file prices scaled by 1e9; a side that is absent has price 0.

Tick record (TICK_WORDS): 0 time_ns | 1 kind | 2 price or bid e9 | 3 ask e9 | 4 quantity or bid size (real) | 5 ask size (real) |
6 flags: bit 0 suspicious, bits 8-15 exchange code, bits 32-63 sale condition | 7 line in the file
Bar record (BAR_WORDS): 0 start | 1 end, both as the file's wall clock in ns | 2-5 open high low close e9 (bid side of quotes) |
6 volume or bid size (real) | 7-10 ask open high low close e9 | 11 ask size (real) | 12 kind | 13 line in the file
"""

from __future__ import annotations

TICK_WORDS = 8
TICK_TIME = 0
TICK_KIND = 1
TICK_PRICE = 2
TICK_ASK = 3
TICK_SIZE = 4
TICK_ASK_SIZE = 5
TICK_FLAGS = 6
TICK_LINE = 7

BAR_WORDS = 16
BAR_START = 0
BAR_END = 1
BAR_OPEN = 2
BAR_SIZE = 6
BAR_ASK_OPEN = 7
BAR_ASK_SIZE = 11
BAR_KIND = 12
BAR_LINE = 13

KIND_TRADE = 0
KIND_QUOTE = 1
FLAG_SUSPICIOUS = 1

END_OF_DATA_NS = (1 << 63) - 1
"""Time of a source that has no more records."""

_END_NS = END_OF_DATA_NS


class RecordBuffer:
    """A block of records, taken and touched at once.

    Parameters:
        capacity: records it holds.
        width: words of a record.
    """

    def __init__(self, capacity, width):
        self.width = width
        self.capacity = 0
        self.count = 0
        self._allocate(capacity)

    def _allocate(self, capacity):
        self.block = bytearray(capacity * self.width * 8)
        self.words = memoryview(self.block).cast("q")
        self.reals = memoryview(self.block).cast("d")
        self.capacity = capacity

    def grow(self):
        """Double the capacity and keep the records: only for a moment that has more records than fit."""
        old = bytes(self.block)
        self._allocate(self.capacity * 2)
        self.block[: len(old)] = old

    def drop(self, count):
        """Forget the first records and move the rest to the front."""
        width = self.width * 8
        kept = (self.count - count) * width
        self.block[:kept] = self.block[count * width : count * width + kept]
        self.count -= count

    def word(self, record, field):
        """Return an integer field, for tests and cold code."""
        return self.words[record * self.width + field]

    def real(self, record, field):
        """Return a real field, for tests and cold code."""
        return self.reals[record * self.width + field]


class RecordSource:
    """Records of one subscription in order of time, refilled in chunks by a subclass.

    `position` is the next record; `time_ns` its time, END_OF_DATA_NS at the end.
    """

    def __init__(self, buffer, symbol_index):
        self.buffer = buffer
        self.symbol_index = symbol_index
        self.position = 0
        self.time_ns = 0
        self.is_exhausted = False

    def prime(self):
        """Load the first records and set `time_ns`."""
        self._load()

    def refill(self):
        """Append more records to the buffer; set `is_exhausted` when there are no more. Overridden by feeds."""
        self.is_exhausted = True

    def group_end(self):
        """Return the index after the last record of the present moment; refills when the moment reaches the buffer's end."""
        time_ns = self.time_ns
        at = self.position
        width = self.buffer.width
        while True:
            count = self.buffer.count
            words = self.buffer.words
            while at < count and words[at * width] == time_ns:
                at += 1
            if at < count or self.is_exhausted:
                return at
            at -= self.position
            self._make_room()
            at += self.position
            self.refill()

    def advance_to(self, position):
        """Go on to a record, normally what group_end returned."""
        self.position = position
        if position < self.buffer.count:
            self.time_ns = self.buffer.words[position * self.buffer.width]
        else:
            self._load()

    def _load(self):
        while self.position >= self.buffer.count:
            if self.is_exhausted:
                self.time_ns = _END_NS
                return
            self.position = 0
            self.buffer.count = 0
            self.refill()
        self.time_ns = self.buffer.words[self.position * self.buffer.width]

    def _make_room(self):
        if self.position > 0:
            self.buffer.drop(self.position)
            self.position = 0
        if self.buffer.count * 2 > self.buffer.capacity:
            self.buffer.grow()
