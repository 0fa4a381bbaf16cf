"""The frames that a publisher keeps: what a consumer that comes back can still have, and how far one may fall behind.

All consumers read the same frames, each at a place of its own, so that one more consumer costs no memory. Frames have
numbers of their own, counted from 0 in order of publishing.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from live.clock import machine_monotonic_ns
from live.feeds.socket.frames import HEADER_BYTES, FrameEncoder, Tick, Ticks


class KeptFrame(NamedTuple):
    """A frame of ticks: number of its first tick, how many there are, and its bytes."""

    sequence: int
    ticks: int
    content: bytes


class FrameWindow:
    """The newest frames of a session.

    Parameters:
        ticks_max: ticks that are kept, at least as many as a frame holds.

    Attributes:
        ticks_max: as above.
        first: number of the oldest frame that is kept.
        next_sequence: sequence number of the next tick.
    """

    def __init__(self, ticks_max: int) -> None:
        self.ticks_max = ticks_max
        self._frames: deque[KeptFrame] = deque()
        self._encoder = FrameEncoder()
        self._decoder = msgspec.msgpack.Decoder(Ticks)
        self._kept_ticks = 0
        self.first = 0
        self.next_sequence = 1

    @property
    def end(self) -> int:
        """Number of the frame that comes next."""
        return self.first + len(self._frames)

    def frame(self, number: int) -> KeptFrame:
        """Return a frame that is kept."""
        return self._frames[number - self.first]

    def evicted_by(self, count: int) -> int:
        """Return how many of the oldest frames go when a frame of so many ticks comes."""
        excess = self._kept_ticks + count - self.ticks_max
        gone = 0
        while excess > 0 and gone < len(self._frames):
            excess -= self._frames[gone].ticks
            gone += 1
        return gone

    def append(self, ticks: list[Tick]) -> None:
        """Add a frame of ticks, and let the oldest go that have no room."""
        for _ in range(self.evicted_by(len(ticks))):
            self._kept_ticks -= self._frames.popleft().ticks
            self.first += 1
        message = Ticks(self.next_sequence, machine_monotonic_ns(), ticks)
        self._frames.append(KeptFrame(self.next_sequence, len(ticks), bytes(self._encoder.encode(message))))
        self._kept_ticks += len(ticks)
        self.next_sequence += len(ticks)

    def find(self, sequence: int) -> tuple[int, int, bytes]:
        """Return where a consumer that wants ticks from a number on begins.

        Returns:
            The first sequence number that it gets, the number of the frame that follows what comes first, and that:
            the rest of a frame of which it has the beginning, or nothing.
        """
        low, high = 0, len(self._frames)
        while low < high:
            middle = (low + high) // 2
            if self._frames[middle].sequence + self._frames[middle].ticks <= sequence:
                low = middle + 1
            else:
                high = middle
        if low == len(self._frames):
            return self.next_sequence, self.end, b""
        kept = self._frames[low]
        if kept.sequence >= sequence:
            return kept.sequence, self.first + low, b""
        whole = self._decoder.decode(memoryview(kept.content)[HEADER_BYTES:])
        rest = Ticks(sequence, whole.sent_ns, whole.ticks[sequence - kept.sequence :])
        return sequence, self.first + low + 1, bytes(self._encoder.encode(rest))
