"""Looking at a telemetry page: checked before a byte is trusted, mapped read-only, and never written to."""

from __future__ import annotations

import mmap
import os
import stat
from array import array
from pathlib import Path
from typing import NamedTuple

from live.errors import DataError, UsageError
from live.hot.catalogue import ControlBit, Counter, Gauge, PageText, Stage
from live.hot.denials import DenialCode
from live.hot.histogram import COUNT_WORD, HISTOGRAM_WORDS, SUM_WORD, Histogram, attach
from live.hot.page_layout import (
    CONTROL_WORD,
    FEED_LABEL_WORDS,
    FEED_ROW_WORDS,
    FEEDS_MAX,
    HEADER_WORDS,
    PAGE_MAGIC,
    PAGE_VERSION,
    TEXT_WORDS,
    HeaderWord,
    PageLayout,
    Section,
    catalogue_hash,
    header_checksum,
    layout_of,
    process_start_ticks,
    read_text,
)
from live.hot.page_tables import AccountLook, PageTablesReader, SlowDecision
from live.hot.ring import RING_CAPACITY_MAX
from live.hot.seqlock import SeqlockReader


class PageFault(DataError):
    """A telemetry page cannot be trusted, or not be opened.

    Attributes:
        reason: a word for it: unreadable, incomplete, version, garbled, truncated or writer_gone.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class FeedRow(NamedTuple):
    """Ticks of a symbol on a feed.

    Attributes:
        received_ns: when the last one came, since 1970 UTC; 0 for never, and for a run on recorded data.
        ticks: of the whole run.
        price_changed_ns: when the newest price was seen first, since 1970 UTC.
        is_open: whether ticks are to be expected: its market is open, in hours that the run asked for.
    """

    received_ns: int
    ticks: int
    price_changed_ns: int
    is_open: bool = True


class StageTotal(NamedTuple):
    """Samples of a span of time since the run began."""

    samples: int
    sum_ns: int


class TelemetryView:
    """A page open for looking. Any number of processes may look at a page; its writer does not notice.

    Parameters:
        path: the page's file.
        expect_writer: whether the process that writes it must be alive on this machine and in this process namespace;
            False to look at what a dead process left, or at a page that is written inside a container.

    Raises:
        PageFault: the file is missing, no page, of another version, truncated, garbled, or its writer is gone.
    """

    def __init__(self, path: Path, expect_writer: bool = True) -> None:
        self.path = path
        self._memory = _map(path)
        words = memoryview(self._memory).cast("q")
        self._words = words
        self._header = words[:HEADER_WORDS]
        self.layout: PageLayout = layout_of(self._header[HeaderWord.RING_CAPACITY])
        if expect_writer and not self.is_writer_alive():
            raise PageFault(
                f"the process that wrote telemetry page {path} (pid {self.writer_pid}) is gone; start the run "
                "again and delete this file",
                "writer_gone",
            )
        self._counters = words[self.layout.of(Section.COUNTERS)]
        self._denials = words[self.layout.of(Section.DENIALS)]
        self._gauges = words[self.layout.of(Section.GAUGES)].cast("B").cast("d")
        self._feed_rows = words[self.layout.of(Section.FEED_ROWS)]
        self._feed_labels = words[self.layout.of(Section.FEED_LABELS)]
        self._histograms = words[self.layout.of(Section.HISTOGRAMS)]
        self._readers_words = words[self.layout.of(Section.READER)]
        self._records = SeqlockReader(words[self.layout.of(Section.RECORDS)])
        self._tables = PageTablesReader(self._records)

    @property
    def writer_pid(self) -> int:
        """Process id of the writer, in the writer's own namespace."""
        return self._header[HeaderWord.WRITER_PID]

    @property
    def writer_start(self) -> int:
        """When the writer's process began, in clock ticks since boot; 0 where the system does not tell."""
        return self._header[HeaderWord.WRITER_START]

    @property
    def created_ns(self) -> int:
        """When the page was made, ns since 1970 UTC."""
        return self._header[HeaderWord.CREATED_NS]

    @property
    def run_id(self) -> str:
        """The run."""
        return read_text(self._header[HeaderWord.RUN_ID : HeaderWord.RUN_ID + TEXT_WORDS])

    @property
    def build(self) -> str:
        """Version of the program that writes."""
        return read_text(self._header[HeaderWord.BUILD : HeaderWord.BUILD + TEXT_WORDS])

    @property
    def is_closed(self) -> bool:
        """Whether the writer has finished with the page."""
        return self._header[HeaderWord.CLOSED] != 0

    def is_writer_alive(self) -> bool:
        """Tell whether the process that made the page runs; its start time guards against a reused process id."""
        return process_start_ticks(self.writer_pid) == self._header[HeaderWord.WRITER_START]

    def check_size(self) -> None:
        """Check that the file still has the page's size: memory of a file that was cut off cannot be read.

        Raises:
            PageFault: it has another size.
        """
        size_bytes = self._memory.size()
        if size_bytes != self.layout.size_bytes:
            raise PageFault(
                f"telemetry page {self.path} was cut off to {size_bytes} bytes while it was open; "
                "find out who wrote to it and start the run again",
                "truncated",
            )

    def counter(self, counter: Counter) -> int:
        """Return a counter."""
        return self._counters[counter]

    def denials(self, code: DenialCode) -> int:
        """Return how many orders the risk gate refused with a code."""
        return self._denials[code]

    def gauge(self, gauge: Gauge) -> float:
        """Return a gauge."""
        return self._gauges[gauge]

    def feed_rows(self) -> dict[str, FeedRow]:
        """Return what the page has of the symbols that are exported under their names."""
        found = {}
        for feed in range(FEEDS_MAX):
            label = read_text(self._feed_labels[feed * FEED_LABEL_WORDS : (feed + 1) * FEED_LABEL_WORDS])
            if label:
                at = feed * FEED_ROW_WORDS
                received_ns, ticks, price_changed_ns, is_open = self._feed_rows[at : at + FEED_ROW_WORDS]
                found[label] = FeedRow(received_ns, ticks, price_changed_ns, is_open != 0)
        return found

    def histogram(self, stage: Stage) -> Histogram:
        """Return a copy of a stage's histogram; its counters may be one sample apart.

        Raises:
            PageFault: what is there cannot be a histogram.
        """
        copy = memoryview(
            array("q", self._histograms[stage * HISTOGRAM_WORDS : (stage + 1) * HISTOGRAM_WORDS].tobytes())
        )
        try:
            return attach(copy)
        except UsageError as error:
            raise PageFault(
                f"telemetry page {self.path} is garbled: {error}; start the run again", "garbled"
            ) from error

    def stage_total(self, stage: Stage) -> StageTotal:
        """Return count and sum of a stage's histogram, without a copy of it; they may be one sample apart."""
        at = stage * HISTOGRAM_WORDS
        return StageTotal(self._histograms[at + COUNT_WORD], self._histograms[at + SUM_WORD])

    def worst_ticks(self) -> list[SlowDecision]:
        """Return the slowest decisions, slowest first."""
        return self._tables.slowest()

    def account(self) -> AccountLook | None:
        """Return the account and its largest positions; None when there are none yet."""
        return self._tables.account()

    def text(self, which: PageText) -> str:
        """Return a text, "" when there is none."""
        return self._tables.text(which)

    def control(self) -> ControlBit:
        """Return the control word as last set."""
        return ControlBit(self._readers_words[CONTROL_WORD])


def _map(path: Path) -> mmap.mmap:
    """Return the whole page, read-only and checked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise PageFault(
            f"cannot open telemetry page {path}: {error.strerror}; is the run under way?", "unreadable"
        ) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size < HEADER_WORDS * 8:
            raise PageFault(
                f"{path} is no telemetry page or not complete yet ({status.st_size} bytes); check the path",
                "incomplete",
            )
        memory = mmap.mmap(descriptor, status.st_size, access=mmap.ACCESS_READ)
        _check_header(memoryview(memory)[: HEADER_WORDS * 8].cast("q"), status.st_size, path)
        return memory
    finally:
        os.close(descriptor)


def _check_header(header: memoryview[int], size_bytes: int, path: Path) -> None:
    """Check all that the layout depends on."""
    if header[HeaderWord.MAGIC] != PAGE_MAGIC:
        raise PageFault(
            f"{path} is no telemetry page, or is just being made; check the path or try again", "incomplete"
        )
    if header[HeaderWord.VERSION] != PAGE_VERSION:
        raise PageFault(
            f"telemetry page {path} has version {header[HeaderWord.VERSION]}, this program reads {PAGE_VERSION}; "
            "use the same version of lean-live on both sides",
            "version",
        )
    if header[HeaderWord.CHECKSUM] != header_checksum(header):
        raise PageFault(
            f"the header of telemetry page {path} is garbled; delete the file and start the run again", "garbled"
        )
    if header[HeaderWord.CATALOGUE_HASH] != catalogue_hash():
        raise PageFault(
            f"telemetry page {path} holds other metrics; use the same version of lean-live on both sides", "version"
        )
    capacity = header[HeaderWord.RING_CAPACITY]
    is_possible = 1 <= capacity <= RING_CAPACITY_MAX and not capacity & (capacity - 1)
    if not is_possible or not header[HeaderWord.SIZE_BYTES] == size_bytes == layout_of(capacity).size_bytes:
        raise PageFault(
            f"telemetry page {path} has {size_bytes} bytes, its header says {header[HeaderWord.SIZE_BYTES]}; "
            "delete the file and start the run again",
            "truncated",
        )
