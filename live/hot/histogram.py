# cython: annotation_typing=False, initializedcheck=False
"""Latency histogram of whole nanoseconds: log-linear buckets, and counters that are exact at the bounds that matter.

Values up to 127 ns have a bucket each; above, each power of two is cut into 64 buckets of equal width, so a quantile
is at most 1/64 too high (HdrHistogram's scheme: http://hdrhistogram.org). Values beyond LARGEST_NS (73 minutes) share
the last bucket. A service-level objective needs "how many took at most 1 ms" without that error: bounds given at the
start are counted exactly.

Memory (HISTOGRAM_WORDS words of 8 bytes, anywhere, for example in a telemetry page where another process reads it
live): 0 count | 1 sum_ns | 2 max_ns | 3 number of bounds | 4-7 spare | 8-23 bounds in ns, rising | 24-39 samples above
the bound before and up to this one | 40- buckets
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence

import cython

from live.errors import UsageError

if not cython.compiled:
    from live.hot.atomic import bit_length

SUB_BUCKETS = 64
"""Buckets per power of two."""
LARGEST_NS = (1 << 42) - 1
"""Largest value with a bucket of its own width."""
BOUNDS_MAX = 16
"""Exact bounds of one histogram."""
BUCKET_COUNT = 36 * SUB_BUCKETS + SUB_BUCKETS

COUNT_WORD, SUM_WORD = range(2)
_COUNT, _SUM, _MAX, _BOUND_COUNT = COUNT_WORD, SUM_WORD, 2, 3
_BOUNDS = 8
_UP_TO = _BOUNDS + BOUNDS_MAX
_BUCKETS = _UP_TO + BOUNDS_MAX
HISTOGRAM_WORDS = _BUCKETS + BUCKET_COUNT
"""Words of memory that a histogram needs."""
_SUB_BITS = 6
_SUB_BUCKETS = SUB_BUCKETS
_LARGEST = LARGEST_NS
_SUM_LARGEST = (1 << 62) - 1


class Histogram:
    """Counts of durations. Recording allocates nothing and has one writer; readers may look at any time.

    Parameters:
        bounds_ns: rising bounds, each above 0, counted exactly; at most BOUNDS_MAX.
        words: memory to use, zeroed here; own memory when None.

    Raises:
        UsageError: bounds that do not rise, too many of them, or memory of another size.
    """

    def __init__(self, bounds_ns: Sequence[int] = (), words: memoryview[int] | None = None) -> None:
        if len(bounds_ns) > BOUNDS_MAX:
            raise UsageError(f"{len(bounds_ns)} histogram bounds are too many; give at most {BOUNDS_MAX}")
        if any(low >= high for low, high in zip((0, *bounds_ns), bounds_ns, strict=False)):
            raise UsageError(f"histogram bounds {list(bounds_ns)} must be above zero and rise; sort them, each once")
        self._use(memoryview(array("q", bytes(HISTOGRAM_WORDS * 8))) if words is None else words)
        self.clear()
        self._words[_BOUND_COUNT] = len(bounds_ns)
        for index, bound_ns in enumerate(bounds_ns):
            self._words[_BOUNDS + index] = bound_ns

    def _use(self, words: memoryview[int]) -> None:
        if len(words) != HISTOGRAM_WORDS:
            raise UsageError(
                f"a histogram needs {HISTOGRAM_WORDS} words of memory, not {len(words)}; give exactly those"
            )
        self._memory = words
        self._words = words

    def record(self, value_ns: int) -> None:
        """Count a duration in nanoseconds; one below zero, as a stepping clock gives, counts as zero."""
        if value_ns < 0:
            value_ns = 0
        self._words[_BUCKETS + bucket_of(value_ns)] += 1
        if self._words[_SUM] <= _SUM_LARGEST - min(value_ns, _SUM_LARGEST):
            self._words[_SUM] += value_ns
        else:
            self._words[_SUM] = _SUM_LARGEST
        if value_ns > self._words[_MAX]:
            self._words[_MAX] = value_ns
        bound = 0
        count = self._words[_BOUND_COUNT]
        while bound < count and value_ns > self._words[_BOUNDS + bound]:
            bound += 1
        if bound < count:
            self._words[_UP_TO + bound] += 1
        self._words[_COUNT] += 1

    def clear(self) -> None:
        """Forget all samples; the bounds stay."""
        for at in range(HISTOGRAM_WORDS):
            if at < _BOUNDS or at >= _UP_TO:
                if at != _BOUND_COUNT:
                    self._words[at] = 0

    @property
    def count(self) -> int:
        """Samples."""
        return self._words[_COUNT]

    @property
    def sum_ns(self) -> int:
        """Sum of all samples, at most 2**62 - 1."""
        return self._words[_SUM]

    @property
    def max_ns(self) -> int:
        """Largest sample, exactly; 0 without samples."""
        return self._words[_MAX]

    @property
    def bounds_ns(self) -> tuple[int, ...]:
        """The exact bounds."""
        return tuple(self._words[_BOUNDS + index] for index in range(self._words[_BOUND_COUNT]))

    def counts_up_to_bounds(self) -> tuple[int, ...]:
        """Return for each bound how many samples were at most that bound: exact and cumulative."""
        total = 0
        found = []
        for index in range(self._words[_BOUND_COUNT]):
            total += self._words[_UP_TO + index]
            found.append(total)
        return tuple(found)

    def quantile(self, q: float) -> int:
        """Return a duration that a share of the samples did not exceed, in nanoseconds.

        Parameters:
            q: share, 0 to 1. The result is the sample of rank ceil(q * count), or up to 1/64 above it; 0 without
                samples.

        Raises:
            UsageError: q is no share.
        """
        if not 0.0 <= q <= 1.0:
            raise UsageError(f"quantile {q} does not exist; give a share from 0 to 1")
        # The buckets, not the counter, say how many there are: the writer may be between the two.
        buckets = [self._words[_BUCKETS + index] for index in range(BUCKET_COUNT)]
        rank = max(1, math.ceil(q * sum(buckets)))
        for index, samples in enumerate(buckets):
            rank -= samples
            if rank <= 0 and samples:
                return min(bucket_upper_ns(index), self.max_ns)
        return 0

    def buckets(self) -> Iterator[tuple[int, int]]:
        """Yield each non-empty bucket: its inclusive upper bound in ns and its samples, bounds rising.

        The last bucket ends at the largest sample when that lies beyond LARGEST_NS.
        """
        for index in range(BUCKET_COUNT):
            samples = self._words[_BUCKETS + index]
            if samples:
                upper_ns = bucket_upper_ns(index)
                yield (max(upper_ns, self.max_ns) if index == BUCKET_COUNT - 1 else upper_ns), samples

    def merge(self, other: Histogram) -> None:
        """Add the samples of another histogram that has the same bounds.

        Raises:
            UsageError: the bounds differ.
        """
        if self.bounds_ns != other.bounds_ns:
            raise UsageError(
                f"histograms with bounds {self.bounds_ns} and {other.bounds_ns} do not add up; use equal ones"
            )
        words, more = self._memory, other._memory
        words[_SUM] = min(words[_SUM] + more[_SUM], _SUM_LARGEST)
        words[_MAX] = max(words[_MAX], more[_MAX])
        words[_COUNT] += more[_COUNT]
        for at in range(_UP_TO, HISTOGRAM_WORDS):
            words[at] += more[at]

    def snapshot(self, words: memoryview[int]) -> None:
        """Copy the histogram into given memory of HISTOGRAM_WORDS words."""
        words[:] = self._memory


def attach(words: memoryview[int]) -> Histogram:
    """Return a histogram over memory that already holds one, for example a copy of a telemetry page's section.

    Raises:
        UsageError: the memory has another size, or its bounds cannot be a histogram's.
    """
    if len(words) == HISTOGRAM_WORDS and not 0 <= words[_BOUND_COUNT] <= BOUNDS_MAX:
        raise UsageError(f"{words[_BOUND_COUNT]} bounds are no histogram's; attach only to memory that holds one")
    histogram = Histogram.__new__(Histogram)
    histogram._use(words)
    return histogram


def bucket_upper_ns(index: int) -> int:
    """Return the largest value of a bucket, in nanoseconds."""
    if index < 2 * SUB_BUCKETS:
        return index
    shift = index // SUB_BUCKETS - 1
    return ((index - shift * SUB_BUCKETS + 1) << shift) - 1


def bucket_of(value_ns: int) -> int:
    """Return the bucket of a value that is not below zero."""
    if value_ns > _LARGEST:
        value_ns = _LARGEST
    if value_ns < 2 * _SUB_BUCKETS:
        return value_ns
    shift = bit_length(value_ns) - _SUB_BITS - 1
    return shift * _SUB_BUCKETS + (value_ns >> shift)
