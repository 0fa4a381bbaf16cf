"""Paced delivery of ticks: an open loop, in which the sender never waits for the answer.

The moment at which each tick is due is fixed beforehand. A tick that is due while the runtime still handles the one
before waits, and its latency counts from the moment at which it was due, so that a stall is seen by every tick that it
delays. (A sender that waits for the answer measures one long latency there and leaves out all others: coordinated
omission.)
"""

from __future__ import annotations

from live.clock import monotonic_ns, sleep
from live.hot.records import END_OF_DATA_NS, TICK_WORDS, RecordBuffer, RecordSource

_RECORD_BYTES = TICK_WORDS * 8
SPIN_NS = 1_000_000
"""Shortest time before a tick that is spent spinning. The rest of a gap is slept, so that cold rows are cold, but how
long the operating system takes to wake a process is not the runtime's latency."""


class Schedule:
    """Says when each tick is due, and waits for it.

    `due_ns` is when the newest tick was due, on the monotonic clock; `is_measuring` says that it belongs to the
    measurement; `began_ns` is when the first tick was asked for.

    Parameters:
        warm_up: ticks before the first paced one; they are due at once.
        ticks: paced ticks.
        gap_ns: time between two.
        spin_ns: end of a gap that is spent spinning; 0 for a sender in a thread beside the runtime, which would keep
            the interpreter's lock from it. Such a sender wakes late, so its ticks are due when it wakes.
    """

    def __init__(self, warm_up: int, ticks: int, gap_ns: int, spin_ns: int = SPIN_NS) -> None:
        self.warm_up = warm_up
        self.ticks = ticks
        self.gap_ns = gap_ns
        self.spin_ns = spin_ns
        self.due_ns = 0
        self.is_measuring = False
        self.began_ns = 0
        self.sent = 0
        self.late = 0
        self._start_ns = 0

    def wait(self, number: int) -> None:
        """Return when a tick is due.

        Parameters:
            number: of the tick from the beginning, warm-up included; each number is waited for once, in order.
        """
        now_ns = monotonic_ns()
        if number == 0:
            self.began_ns = now_ns
        if number < self.warm_up:
            self.due_ns = now_ns
            return
        if self._start_ns == 0:
            self._start_ns = now_ns + self.gap_ns
            self.is_measuring = True
        self.sent += 1
        self.due_ns = due_ns = self._start_ns + (number - self.warm_up) * self.gap_ns
        if now_ns > due_ns:
            self.late += 1
            return
        slept_ns = due_ns - now_ns - self.spin_ns
        if slept_ns > 0:
            sleep(slept_ns / 1e9)
        if self.spin_ns == 0:
            self.due_ns = monotonic_ns()
            return
        while monotonic_ns() < due_ns:
            pass


class PacedStream(RecordSource):
    """The ticks of a stream, each handed over when it is due.

    A source has to know the time of the tick after the present one before it can hand over the present one. So this
    one always holds one tick more than it gives, and waits when it is asked for the next: with N + 1 in hand, N becomes
    due. Everything is decoded beforehand; adding a tick copies one record.

    Parameters:
        stream: where the ticks are read from, completely, now.
        schedule: when they are due; those beyond its end are left out.
    """

    def __init__(self, stream: RecordSource, schedule: Schedule) -> None:
        super().__init__(RecordBuffer(stream.buffer.capacity, TICK_WORDS), stream.symbol_index)
        self._schedule = schedule
        self._records: list[bytes] = []
        wanted = schedule.warm_up + schedule.ticks
        while stream.time_ns != END_OF_DATA_NS and len(self._records) < wanted:
            end = stream.group_end()
            block = stream.buffer.block
            for record in range(stream.position, end):
                self._records.append(bytes(block[record * _RECORD_BYTES : (record + 1) * _RECORD_BYTES]))
            stream.advance_to(end)
        del self._records[wanted:]
        self._next = 0

    @property
    def tick_count(self) -> int:
        """Ticks that this stream hands over."""
        return len(self._records)

    def refill(self) -> None:
        """Wait until the tick in hand is due, then append the one after it."""
        number = self._next
        if number > 0:
            self._schedule.wait(number - 1)
        if number == len(self._records):
            self.is_exhausted = True
            return
        buffer = self.buffer
        at = buffer.count * _RECORD_BYTES
        buffer.block[at : at + _RECORD_BYTES] = self._records[number]
        buffer.count += 1
        self._next = number + 1
