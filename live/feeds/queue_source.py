# cython: annotation_typing=False, initializedcheck=False
"""A record source that is fed while a run is under way: whoever has ticks puts them in, the tick merge takes them out."""

from __future__ import annotations

from live.hot.records import LONG_AGO_NS, TICK_WORDS, RecordBuffer, RecordSource

_CHUNK_TICKS = 256


class QueueSource(RecordSource):
    """Ticks of one subscription that wait for the merge.

    `is_exhausted` means that nothing is waiting at present; the next tick takes it back, and the merge has to be woken.

    Parameters:
        symbol_index: the symbol's number in the run.
        capacity: ticks that have room at once, at least 1; the memory is taken now.
    """

    def __init__(self, symbol_index: int, capacity: int) -> None:
        super().__init__(RecordBuffer(_CHUNK_TICKS, TICK_WORDS), symbol_index)
        self.is_exhausted = True
        self.newest_ns = LONG_AGO_NS
        """Time of the newest tick that was put in."""
        self._waiting = RecordBuffer(capacity, TICK_WORDS)

    @property
    def waiting(self) -> int:
        """Ticks in the queue that the merge has not taken."""
        return self._waiting.count

    @property
    def has_ticks(self) -> bool:
        """Whether there is something for the merge."""
        return self._waiting.count > 0 or self.position < self.buffer.count

    def append(
        self, time_ns: int, kind: int, price_e9: int, ask_e9: int, size: float, ask_size: float, flags: int, line: int
    ) -> None:
        """Put a tick into the queue, which grows when it is full; fields as those of a record.

        Parameters:
            time_ns: UTC, not before `newest_ns`.
            kind: KIND_TRADE or KIND_QUOTE.
            price_e9: price or bid.
            ask_e9: ask, 0 for trades.
            size: quantity or bid size.
            ask_size: ask size.
            flags: as `live.hot.records` has them.
            line: where it comes from.
        """
        waiting = self._waiting
        if waiting.count == waiting.capacity:
            waiting.grow()
        at = waiting.count * TICK_WORDS
        words, reals = waiting.words, waiting.reals
        words[at] = self.newest_ns = time_ns
        words[at + 1] = kind
        words[at + 2] = price_e9
        words[at + 3] = ask_e9
        reals[at + 4] = size
        reals[at + 5] = ask_size
        words[at + 6] = flags
        words[at + 7] = line
        waiting.count += 1
        self.is_exhausted = False

    def refill(self) -> None:
        """Take what is waiting, as much as fits; without any, say so."""
        waiting, buffer = self._waiting, self.buffer
        count = min(waiting.count, buffer.capacity - buffer.count)
        if count == 0:
            self.is_exhausted = True
            return
        width = TICK_WORDS * 8
        begin = buffer.count * width
        buffer.block[begin : begin + count * width] = waiting.block[: count * width]
        buffer.count += count
        waiting.drop(count)
