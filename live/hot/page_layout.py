"""Layout of the telemetry page: one file of 64-bit words that the strategy's process writes and others read.

Words of the header: 0 magic (written last) | 1 version | 2 size in bytes | 3 writer's process id | 4 writer's start,
in clock ticks since boot, 0 where the system does not tell | 5 creation, ns since 1970 UTC | 6 hash of the run id | 7
hash of the catalogue | 8 ring capacity | 9 checksum of the header | 10 1 once the writer has closed the page | 16-31
run id | 32-47 build (UTF-8 text) | 48-56 section table: where each section begins, in words.

Slots of the section RECORDS, each read whole through its sequence number (live/hot/seqlock.py): the
slowest decisions, the account, the texts by `PageText`, the rows of the position table. What their words hold stands
in live/hot/page_tables.py.

The sections follow in the order of `Section`. The last one, the reader's, is the only one that readers write: word 0
control word, word 8 how many times somebody asked to end a pause of the feed, word 16 records of the event ring consumed
so far, word 24 1 once a reader has told of the death of the run's process. It lies on memory pages of its own, so that a
reader maps all else read-only.
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from live.errors import UsageError
from live.hot.catalogue import Counter, Gauge, PageText, Stage
from live.hot.denials import DENIAL_CODES_MAX
from live.hot.histogram import HISTOGRAM_WORDS
from live.hot.ring import ring_words
from live.hot.seqlock import SLOT_WORDS

PAGE_MAGIC = int.from_bytes(b"LEANLIVE", "little")
PAGE_VERSION = 4
READER_BYTES = 65_536
"""Size and alignment of the reader's section: the largest memory page of the systems in use."""
HEADER_WORDS = 64
VALUES_MAX = 128
"""Places for counters, and for gauges."""
FEEDS_MAX = 64
"""Symbols that are exported under their names."""
FEED_LABEL_WORDS = 4
FEED_ROW_WORDS = 4
"""Words of a symbol's row: when its last tick came, its ticks, when its price last changed (ns since 1970 UTC, as the first),
1 while ticks are to be expected."""
WORST_TICKS = 10
"""Slowest decisions whose details are kept."""
POSITIONS_MAX = 32
"""Rows of the position table."""
SLOWEST_SLOT = 0
"""Slot of the slowest decision."""
ACCOUNT_SLOT = SLOWEST_SLOT + WORST_TICKS
TEXT_SLOT = ACCOUNT_SLOT + 1
"""Slot of the first text."""
POSITION_SLOT = TEXT_SLOT + len(PageText)
"""Slot of the position table's first row."""
TEXT_WORDS = 16
CONTROL_WORD = 0
RESUME_WORD = 8
POSITION_WORD = 16
DEATH_TOLD_WORD = 24


class HeaderWord(IntEnum):
    """Places in the header."""

    MAGIC = 0
    VERSION = 1
    SIZE_BYTES = 2
    WRITER_PID = 3
    WRITER_START = 4
    CREATED_NS = 5
    RUN_HASH = 6
    CATALOGUE_HASH = 7
    RING_CAPACITY = 8
    CHECKSUM = 9
    CLOSED = 10
    RUN_ID = 16
    BUILD = 32
    SECTIONS = 48


class Section(IntEnum):
    """Sections of the page, in file order."""

    COUNTERS = 0
    DENIALS = 1
    GAUGES = 2
    FEED_ROWS = 3
    FEED_LABELS = 4
    HISTOGRAMS = 5
    RECORDS = 6
    RING = 7
    READER = 8


class PageLayout(NamedTuple):
    """Where things are: begin of each section in words, the ring's capacity, and the size of the file."""

    begins: tuple[int, ...]
    ring_capacity: int
    size_bytes: int

    def of(self, section: Section) -> slice:
        """Return the words of a section."""
        words = section_words(self.ring_capacity)
        return slice(self.begins[section], self.begins[section] + words[section])


def section_words(ring_capacity: int) -> tuple[int, ...]:
    """Return the length of each section in words."""
    return (
        VALUES_MAX,
        DENIAL_CODES_MAX,
        VALUES_MAX,
        FEEDS_MAX * FEED_ROW_WORDS,
        FEEDS_MAX * FEED_LABEL_WORDS,
        len(Stage) * HISTOGRAM_WORDS,
        (POSITION_SLOT + POSITIONS_MAX) * SLOT_WORDS,
        ring_words(ring_capacity),
        READER_BYTES // 8,
    )


def layout_of(ring_capacity: int) -> PageLayout:
    """Return the layout of a page whose ring holds this many records."""
    begins = []
    at = HEADER_WORDS
    for section, words in zip(Section, section_words(ring_capacity), strict=True):
        if section == Section.READER:
            at = -(-at * 8 // READER_BYTES) * READER_BYTES // 8
        # Each section begins on a pair of cache lines of its own.
        at = -(-at // 16) * 16
        begins.append(at)
        at += words
    return PageLayout(tuple(begins), ring_capacity, at * 8)


def catalogue_hash() -> int:
    """Return a number that changes with the names or the order of what the page holds."""
    names = [f"{member.value}:{member.name}" for kind in (Counter, Gauge, Stage, PageText) for member in kind]
    return stable_hash("\n".join(names))


def stable_hash(text: str) -> int:
    """Return 63 bits that are the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def header_checksum(header: memoryview[int]) -> int:
    """Return the checksum of a header, whatever its magic, checksum and closed words hold."""
    words = [header[at] for at in range(HEADER_WORDS)]
    for changing in (HeaderWord.MAGIC, HeaderWord.CHECKSUM, HeaderWord.CLOSED):
        words[changing] = 0
    return zlib.crc32(b"".join(word.to_bytes(8, "little", signed=True) for word in words))


def write_text(words: memoryview[int], text: str, what: str) -> None:
    """Store a text as UTF-8 with zeros after it.

    Raises:
        UsageError: it does not fit, or holds a NUL.
    """
    encoded = text.encode()
    if len(encoded) > len(words) * 8 or b"\0" in encoded:
        raise UsageError(
            f"{what} {text[:40]!r} does not fit the telemetry page; use at most {len(words) * 8} bytes, no NUL"
        )
    words.cast("B")[:] = encoded.ljust(len(words) * 8, b"\0")


def text_words(text: str, words: int) -> tuple[int, ...]:
    """Return a text as words; a character that no longer fits is left out whole."""
    encoded = text.encode("utf-8", "backslashreplace").replace(b"\0", b" ")[: words * 8]
    whole = encoded.decode("utf-8", "ignore").encode()
    return tuple(array("q", whole.ljust(words * 8, b"\0")))


def read_text(words: memoryview[int]) -> str:
    """Return a text that `write_text` stored; bytes that are no UTF-8 are replaced."""
    return words.tobytes().rstrip(b"\0").decode("utf-8", "replace")


def process_start_ticks(pid: int) -> int | None:
    """Return when a process began, in clock ticks since boot; None when it is gone, or has ended and not been waited for.

    0 where the system does not tell.
    """
    if not Path("/proc/self/stat").exists():
        return 0
    try:
        # The command's name stands in parentheses and may itself hold spaces and parentheses.
        words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return None if words[0] in (b"Z", b"X") else int(words[19])
    except (OSError, ValueError, IndexError):
        return None
