# cython: annotation_typing=False, initializedcheck=False
"""The writing side of the telemetry page: what the strategy's process counts and measures, in memory that others read.

Every field has one writer and is an aligned 8-byte word, so a store is one instruction and needs no lock. The layout
is in live/hot/page_layout.py, the names in live/hot/catalogue.py, the reading side in live/hot/telemetry_reader.py.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import cython

from live.clock import wall_ns
from live.errors import EnvironmentFault, UsageError
from live.hot.catalogue import Counter, Stage
from live.hot.denials import DENIAL_CODES_MAX
from live.hot.histogram import HISTOGRAM_WORDS, Histogram
from live.hot.page_layout import (
    CONTROL_WORD,
    FEED_LABEL_WORDS,
    FEED_ROW_WORDS,
    FEEDS_MAX,
    HEADER_WORDS,
    PAGE_MAGIC,
    PAGE_VERSION,
    POSITION_WORD,
    RESUME_WORD,
    TEXT_WORDS,
    VALUES_MAX,
    HeaderWord,
    PageLayout,
    Section,
    catalogue_hash,
    header_checksum,
    layout_of,
    process_start_ticks,
    stable_hash,
    write_text,
)
from live.hot.ring import RingWriter
from live.hot.seqlock import SeqlockWriter

if not cython.compiled:
    from live.hot.atomic import load_acquire, store_release

RING_CAPACITY = 4_096
"""Records of the event ring unless told otherwise: 512 KiB."""
_VALUES = VALUES_MAX
_CODES = DENIAL_CODES_MAX
_FEEDS = FEEDS_MAX
_FEED_WORDS = FEED_ROW_WORDS
_CONTROL = CONTROL_WORD
_RESUME = RESUME_WORD


class TelemetryPage:
    """A page open for writing. `histograms` are by Stage; `ring` and `records` are the event ring and the seqlock
    slots.

    Indices outside a section are ignored. Made by `create_page`.

    Parameters:
        path: the file.
        memory: its bytes, mapped and zeroed.
        layout: where things are in it.
        bounds_ns: exact bounds of the histograms of some stages.
    """

    def __init__(
        self, path: Path, memory: mmap.mmap, layout: PageLayout, bounds_ns: Mapping[Stage, Sequence[int]]
    ) -> None:
        self.path = path
        self.layout = layout
        self._memory = memory
        words = memoryview(memory).cast("q")
        self._header: memoryview[int] = words[:HEADER_WORDS]
        self._counters: memoryview[int] = words[layout.of(Section.COUNTERS)]
        self._denials: memoryview[int] = words[layout.of(Section.DENIALS)]
        self._gauges: memoryview[float] = words[layout.of(Section.GAUGES)].cast("B").cast("d")
        self._feed_rows: memoryview[int] = words[layout.of(Section.FEED_ROWS)]
        self._feed_labels: memoryview[int] = words[layout.of(Section.FEED_LABELS)]
        self._reader: memoryview[int] = words[layout.of(Section.READER)]
        sections = words[layout.of(Section.HISTOGRAMS)]
        self.histograms = tuple(
            Histogram(bounds_ns.get(stage, ()), sections[stage * HISTOGRAM_WORDS : (stage + 1) * HISTOGRAM_WORDS])
            for stage in Stage
        )
        position = words[layout.of(Section.READER)][POSITION_WORD : POSITION_WORD + 1]
        self.ring = RingWriter(words[layout.of(Section.RING)], position, layout.ring_capacity)
        self.records = SeqlockWriter(words[layout.of(Section.RECORDS)])

    # -- hot

    def add(self, counter: int, count: int) -> None:
        """Add to a counter, by Counter."""
        if 0 <= counter < _VALUES:
            self._counters[counter] += count

    def add_denials(self, code: int, count: int) -> None:
        """Count refusals of the risk gate, by DenialCode."""
        if 0 <= code < _CODES:
            self._denials[code] += count

    def set_gauge(self, gauge: int, value: float) -> None:
        """Set a gauge, by Gauge."""
        if 0 <= gauge < _VALUES:
            self._gauges[gauge] = value

    def stamp_feed(self, feed: int, received_ns: int, ticks: int, price_changed_ns: int, is_open: bool = True) -> None:
        """Show when the last tick of a symbol came, how many have come, and when its price last changed.

        Parameters:
            feed: the symbol's place.
            received_ns: since 1970 UTC, as price_changed_ns; 0 for never.
            ticks: of the whole run.
            price_changed_ns: when the newest price was seen first.
            is_open: whether ticks are to be expected: its market is open, in hours that the run asked for.
        """
        if 0 <= feed < _FEEDS:
            at = feed * _FEED_WORDS
            self._feed_rows[at] = received_ns
            self._feed_rows[at + 1] = ticks
            self._feed_rows[at + 2] = price_changed_ns
            self._feed_rows[at + 3] = is_open

    def control(self) -> int:
        """Return the control word, bits of ControlBit: to be polled once per event."""
        return load_acquire(self._reader, _CONTROL)

    def resume_requests(self) -> int:
        """Return how many times somebody asked to end a pause of the feed: to be polled between ticks."""
        return load_acquire(self._reader, _RESUME)

    # -- cold

    def name_feed(self, feed: int, label: str) -> None:
        """Put a symbol on the allow-list of feed ages.

        Parameters:
            feed: its place, 0 to FEEDS_MAX - 1.
            label: how it is exported, at most 32 bytes.

        Raises:
            UsageError: no such place, or the label is too long.
        """
        if not 0 <= feed < FEEDS_MAX:
            raise UsageError(f"feed {feed} has no place in the telemetry page; name at most {FEEDS_MAX} symbols")
        at = feed * FEED_LABEL_WORDS
        write_text(self._feed_labels[at : at + FEED_LABEL_WORDS], label, "feed label")

    def counter(self, counter: Counter) -> int:
        """Return a counter, for summaries."""
        return self._counters[counter]

    def close(self) -> None:
        """Mark the page as finished. The file stays; its memory is given back with the last object that uses it."""
        store_release(self._header, HeaderWord.CLOSED, 1)


def create_page(
    path: Path,
    run_id: str,
    build: str,
    bounds_ns: Mapping[Stage, Sequence[int]] | None = None,
    ring_capacity: int = RING_CAPACITY,
) -> TelemetryPage:
    """Make the page's file, mode 0600, all of its memory taken and touched; readers see it once it is complete.

    Parameters:
        path: file to make; on tmpfs it never reaches a disk.
        run_id: the run, at most 128 bytes.
        build: version of the program, at most 128 bytes.
        bounds_ns: exact bounds of the histograms of some stages.
        ring_capacity: records of the event ring, a power of two.

    Raises:
        EnvironmentFault: the file exists, cannot be made, or there is no room for it.
        UsageError: a text is too long, or bounds or the capacity are not possible.
    """
    layout = layout_of(ring_capacity)
    memory = _allocate(path, layout.size_bytes)
    try:
        page = TelemetryPage(path, memory, layout, bounds_ns or {})
        _write_header(memoryview(memory).cast("q")[:HEADER_WORDS], layout, run_id, build)
    except UsageError:
        path.unlink(missing_ok=True)
        raise
    return page


def _allocate(path: Path, size_bytes: int) -> mmap.mmap:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError as error:
        raise EnvironmentFault(f"telemetry page {path} exists already; delete it, or choose another path") from error
    except OSError as error:
        raise EnvironmentFault(f"cannot make telemetry page {path}: {error.strerror}; check the folder") from error
    try:
        os.posix_fallocate(descriptor, 0, size_bytes)
        memory = mmap.mmap(descriptor, size_bytes)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise EnvironmentFault(
            f"no room for telemetry page {path} ({size_bytes} bytes): {error.strerror}; free some space there"
        ) from error
    finally:
        os.close(descriptor)
    for at in range(0, size_bytes, mmap.PAGESIZE):
        memory[at] = 0
    return memory


def _write_header(header: memoryview[int], layout: PageLayout, run_id: str, build: str) -> None:
    header[HeaderWord.VERSION] = PAGE_VERSION
    header[HeaderWord.SIZE_BYTES] = layout.size_bytes
    header[HeaderWord.WRITER_PID] = os.getpid()
    header[HeaderWord.WRITER_START] = process_start_ticks(os.getpid()) or 0
    header[HeaderWord.CREATED_NS] = wall_ns()
    header[HeaderWord.RUN_HASH] = stable_hash(run_id)
    header[HeaderWord.CATALOGUE_HASH] = catalogue_hash()
    header[HeaderWord.RING_CAPACITY] = layout.ring_capacity
    write_text(header[HeaderWord.RUN_ID : HeaderWord.RUN_ID + TEXT_WORDS], run_id, "run id")
    write_text(header[HeaderWord.BUILD : HeaderWord.BUILD + TEXT_WORDS], build, "build")
    for section in Section:
        header[HeaderWord.SECTIONS + section] = layout.begins[section]
    header[HeaderWord.CHECKSUM] = header_checksum(header)
    store_release(header, HeaderWord.MAGIC, PAGE_MAGIC)
