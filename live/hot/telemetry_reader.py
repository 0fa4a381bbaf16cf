"""The reading side of the telemetry page: a view of it, the event ring, and what a reader may ask of the run."""

from __future__ import annotations

import fcntl
import mmap
import os
from pathlib import Path

from live.clock import sleep
from live.hot.catalogue import ControlBit
from live.hot.page_layout import CONTROL_WORD, DEATH_TOLD_WORD, POSITION_WORD, READER_BYTES, RESUME_WORD, Section
from live.hot.ring import RingReader
from live.hot.telemetry_view import PageFault, TelemetryView

_NO_BITS = ControlBit(0)
LOCK_ATTEMPTS = 100
"""Tries to lock a page, unless told otherwise: whoever changes the control word holds it for some microseconds."""
LOCK_SECONDS = 0.001
"""Time between two tries."""


class TelemetryReader(TelemetryView):
    """A page open for reading, of which a run has one: it takes the events of the ring and sets the control word.

    Parameters:
        path: the page's file.
        expect_writer: as for TelemetryView.

    Raises:
        PageFault: as for TelemetryView, or the reader's section cannot be written to.
    """

    def __init__(self, path: Path, expect_writer: bool = True) -> None:
        super().__init__(path, expect_writer)
        own = memoryview(_map_own(path, self.layout.begins[Section.READER] * 8)).cast("q")
        self._own = own
        self.ring = RingReader(
            self._words[self.layout.of(Section.RING)], own[POSITION_WORD : POSITION_WORD + 1], self.layout.ring_capacity
        )

    def set_control(self, bits: ControlBit) -> None:
        """Set the control word; the strategy's process sees it at its next event."""
        # One aligned store, and nothing else must be seen with it.
        self._own[CONTROL_WORD] = int(bits)

    def change_control(
        self, add: ControlBit = _NO_BITS, remove: ControlBit = _NO_BITS, attempts: int = LOCK_ATTEMPTS
    ) -> ControlBit:
        """Add and remove bits of the control word, so that no bit set meanwhile by another process is lost.

        Parameters:
            add: bits to set.
            remove: bits to take back.
            attempts: tries to lock the page, LOCK_SECONDS apart; one never waits.

        Returns:
            The control word as it was before.

        Raises:
            PageFault: the page cannot be opened for writing, or somebody else keeps it locked.
        """
        descriptor = _open(self.path)
        try:
            _lock(descriptor, self.path, attempts)
            before = self.control()
            self.set_control((before | add) & ~remove)
            return before
        finally:
            # Closing takes the lock back.
            os.close(descriptor)

    def request_resume(self) -> None:
        """Ask the strategy's process to end a pause of its feed, once.

        A count and not a bit: nobody has to take the request back, and a later pause is not ended by it.
        """
        self._own[RESUME_WORD] += 1

    @property
    def is_death_told(self) -> bool:
        """Whether a reader has told of the death of the run's process."""
        return self._own[DEATH_TOLD_WORD] != 0

    def note_death_told(self) -> None:
        """Note that the death of the run's process has been told, so that no later reader tells it again."""
        self._own[DEATH_TOLD_WORD] = 1


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise PageFault(
            f"cannot open telemetry page {path} for writing: {error.strerror}; is it yours?", "unreadable"
        ) from error


def _lock(descriptor: int, path: Path, attempts: int) -> None:
    """Lock a page against other processes that change its control word; the strategy's process never asks for the lock."""
    for attempt in range(attempts):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt < attempts - 1:
                sleep(LOCK_SECONDS)
        else:
            return
    raise PageFault(f"telemetry page {path} is locked by another process; end that process", "unreadable")


def _map_own(path: Path, begin: int) -> mmap.mmap:
    """Return the reader's section, writable."""
    descriptor = _open(path)
    try:
        return mmap.mmap(descriptor, READER_BYTES, offset=begin)
    finally:
        os.close(descriptor)
