"""The reading side of the telemetry page: a view of it, the event ring, and what a reader may ask of the run."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from live.hot.catalogue import ControlBit
from live.hot.page_layout import CONTROL_WORD, POSITION_WORD, READER_BYTES, RESUME_WORD, Section
from live.hot.ring import RingReader
from live.hot.telemetry_view import PageFault, TelemetryView


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

    def request_resume(self) -> None:
        """Ask the strategy's process to end a pause of its feed, once.

        A count and not a bit: nobody has to take the request back, and a later pause is not ended by it.
        """
        self._own[RESUME_WORD] += 1


def _map_own(path: Path, begin: int) -> mmap.mmap:
    """Return the reader's section, writable."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise PageFault(
            f"cannot open telemetry page {path} for writing: {error.strerror}; is it yours?", "unreadable"
        ) from error
    try:
        return mmap.mmap(descriptor, READER_BYTES, offset=begin)
    finally:
        os.close(descriptor)
