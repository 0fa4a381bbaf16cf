# cython: annotation_typing=False, initializedcheck=False
"""Fixed-width records: what a decoded row of market data is until somebody needs an object.

A buffer is one block of bytes seen twice: as 64-bit integers (`words`) and as 64-bit reals (`reals`). Word k of
record r is at `r * width + k`. Prices are raw file prices scaled by 1e9; a side that is absent has price 0.

    word  tick (TICK_WORDS = 8)                  bar (BAR_WORDS = 16)
    0     time, UTC ns                           start, ns of the file's wall clock
    1     kind: 0 trade, 1 quote                 end, ns of the file's wall clock
    2     price or bid, e9                       open or bid open, e9
    3     ask, e9; 0 for trades                  high or bid high, e9
    4     quantity or bid size (real)            low or bid low, e9
    5     ask size (real)                        close or bid close, e9
    6     flags, see below                       volume or last bid size (real)
    7     line in the file                       ask open, e9
    8-10                                         ask high, low, close, e9
    11                                           last ask size (real)
    12                                           kind: 0 trade, 1 quote
    13                                           line in the file
    14-15                                        spare

Flags of a tick: bit 0 suspicious; bits 8-15 character code of the exchange, 0 for none; bits 32-63 sale condition.
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
LONG_AGO_NS = -(1 << 62)
"""Time of the newest of no records at all."""

_END_NS = END_OF_DATA_NS


class RecordBuffer:
    """A block of records. All memory is taken and touched at once; only a moment that does not fit makes it grow.

    Parameters:
        capacity: records it holds, at least 1.
        width: words of a record, TICK_WORDS or BAR_WORDS.
    """

    def __init__(self, capacity: int, width: int) -> None:
        assert capacity > 0
        assert width > 0
        self.width = width
        self.capacity = capacity
        self.count = 0
        self._view(bytearray(capacity * width * 8))

    def _view(self, block: bytearray) -> None:
        self.block = block
        self.words = memoryview(block).cast("q")
        self.reals = memoryview(block).cast("d")

    def grow(self) -> None:
        """Double the capacity and keep the records; `words` and `reals` are new views afterwards."""
        self._view(self.block + bytearray(len(self.block)))
        self.capacity *= 2

    def drop(self, count: int) -> None:
        """Forget the first records and move the rest to the front.

        Parameters:
            count: records to forget, at most those there are.
        """
        assert 0 <= count <= self.count
        width = self.width * 8
        kept = (self.count - count) * width
        self.block[:kept] = self.block[count * width : count * width + kept]
        self.count -= count

    def word(self, record: int, field: int) -> int:
        """Return an integer field, for tests and cold code.

        Raises:
            IndexError: there is no such record or field.
        """
        return self.words[self._place(record, field)]

    def first_ns(self) -> int:
        """Return the time of the first record; it is up to the caller that there is one."""
        return self.words[0]

    def real(self, record: int, field: int) -> float:
        """Return a real field, for tests and cold code.

        Raises:
            IndexError: there is no such record or field.
        """
        return self.reals[self._place(record, field)]

    def _place(self, record: int, field: int) -> int:
        if not (0 <= record < self.count and 0 <= field < self.width):
            raise IndexError(f"no field {field} in record {record} of {self.count}")
        return record * self.width + field


class RecordSource:
    """Ticks of one subscription in order of time, refilled in chunks by a subclass.

    `position` is the next record; `time_ns` is its time, END_OF_DATA_NS at the end. Once `group_end` was asked for,
    all records of the present moment lie together in the buffer: from `position` up to what it returned.

    Parameters:
        buffer: where `refill` appends.
        symbol_index: the symbol's number in the run, for whoever reads the records.
    """

    def __init__(self, buffer: RecordBuffer, symbol_index: int) -> None:
        self.buffer = buffer
        self.symbol_index = symbol_index
        self.position = 0
        self.time_ns = 0
        self.is_exhausted = False
        self.ends_in_failure = False

    def prime(self) -> None:
        """Load the first records and set `time_ns`."""
        self._load()

    def refill(self) -> None:
        """Append records to the buffer, at least one unless this sets `is_exhausted`.

        Overridden by feeds; here a source has no more than its buffer holds. One that cannot go on although there may
        be more sets `ends_in_failure` too: it is due once more right after its last record, and is then asked to
        refill again, to raise. So all records before the failure are used before it ends the run.
        """
        self.is_exhausted = True

    def group_end(self) -> int:
        """Return the index after the last record of the present moment; may move records, and `position` with them."""
        return self._group_end()

    def advance_to(self, position: int) -> None:
        """Go on to a record, normally what group_end returned."""
        self._advance_to(position)

    # What the merge calls: plain C functions, since those above are looked up on the subclass at each call.

    def _group_end(self) -> int:
        at = self.position
        while True:
            count = self.buffer.count
            width = self.buffer.width
            while at < count and self.buffer.words[at * width] == self.time_ns:
                at += 1
            if at < count or (self.is_exhausted and at > self.position):
                return at
            at -= self.position
            self._make_room()
            self.refill()

    def _advance_to(self, position: int) -> None:
        self.position = position
        if position < self.buffer.count:
            self.time_ns = self.buffer.words[position * self.buffer.width]
        else:
            self._load()

    def _load(self) -> None:
        """Refill until there is a next record or the end."""
        while self.position >= self.buffer.count:
            if self.is_exhausted:
                self.time_ns = self.time_ns + 1 if self.ends_in_failure else _END_NS
                return
            self.position = 0
            self.buffer.count = 0
            self.refill()
        self.time_ns = self.buffer.words[self.position * self.buffer.width]

    def _make_room(self) -> None:
        """Move the present moment to the front, and grow when it alone fills half of the buffer."""
        if self.position > 0:
            self.buffer.drop(self.position)
            self.position = 0
        if self.buffer.count * 2 > self.buffer.capacity:
            self.buffer.grow()
