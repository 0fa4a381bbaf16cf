# cython: annotation_typing=False
"""A latency histogram: integer nanoseconds, log-linear buckets, and exact counts at the bounds that objectives are set on.

Each power of two is cut into 64 buckets of equal width, so a quantile is off by at most one part in 64, from 1 ns to about an hour. At the
bounds given at construction the number of samples at or below is counted exactly: whether an objective is met never depends on buckets.
All memory is taken at construction; `record` allocates nothing.
"""

from __future__ import annotations

from array import array

SUB_BUCKETS = 64
"""Buckets of one power of two."""

_SUB_BITS = 6
_POWERS = 42
BUCKETS = SUB_BUCKETS * (_POWERS - _SUB_BITS + 1)
"""Buckets of a histogram."""

LARGEST_NS = (1 << _POWERS) - 1
"""Longest duration that is told apart, about 73 minutes; longer ones count as this."""

_LARGEST = LARGEST_NS
_SUBS = SUB_BUCKETS

SLO_BOUNDS_NS = (5_000, 25_000, 60_000, 100_000, 250_000, 1_000_000, 10_000_000)
"""Bounds of the default objectives: 5, 25, 60, 100 and 250 microseconds, 1 and 10 milliseconds."""


class Histogram:
    """Counts durations.

    Parameters:
        bounds_ns: rising bounds at which samples are counted exactly.
        words: 64-bit memory to count in, so that readers of a shared page see it; own memory when None.
    """

    def __init__(self, bounds_ns=SLO_BOUNDS_NS, words=None):
        size = words_needed(len(bounds_ns))
        if words is None:
            words = memoryview(bytearray(size * 8)).cast("q")
        self.words = words
        self.bound_count = len(bounds_ns)
        self.bounds = memoryview(array("q", list(bounds_ns) or [0]))
        for index in range(size):
            words[index] = 0
        for index, bound in enumerate(bounds_ns):
            words[_HEADER + index] = bound

    def record(self, value_ns):
        """Count one duration; negative ones count as zero."""
        if value_ns < 0:
            value_ns = 0
        words = self.words
        words[0] += 1
        words[1] += value_ns
        if value_ns > words[2]:
            words[2] = value_ns
        base = _HEADER_WORDS + self.bound_count
        for index in range(self.bound_count):
            if value_ns <= self.bounds[index]:
                words[base + index] += 1
        if value_ns > _LARGEST:
            value_ns = _LARGEST
        words[base + self.bound_count + bucket_of(value_ns)] += 1

    @property
    def count(self):
        """Number of samples."""
        return self.words[0]

    @property
    def sum_ns(self):
        """Sum of all samples."""
        return self.words[1]

    @property
    def max_ns(self):
        """Largest sample."""
        return self.words[2]

    def at_or_below(self, bound_ns):
        """Return how many samples were at or below one of the exact bounds.

        Raises:
            KeyError: no such bound was given at construction.
        """
        for index in range(self.bound_count):
            if self.bounds[index] == bound_ns:
                return self.words[_HEADER + self.bound_count + index]
        raise KeyError(bound_ns)

    def quantile(self, fraction):
        """Return the duration that a fraction of the samples does not exceed: the upper edge of its bucket, 0 without samples."""
        total = self.words[0]
        if total == 0:
            return 0
        rank = int(fraction * total)
        if rank < fraction * total or rank == 0:
            rank += 1
        seen = 0
        base = _HEADER + 2 * self.bound_count
        for bucket in range(_BUCKET_COUNT):
            seen += self.words[base + bucket]
            if seen >= rank:
                return min(upper_edge(bucket), self.words[2])
        return self.words[2]

    def buckets(self):
        """Return (upper edge in ns, samples) of the buckets that are not empty."""
        base = _HEADER + 2 * self.bound_count
        return [
            (upper_edge(bucket), self.words[base + bucket])
            for bucket in range(_BUCKET_COUNT)
            if self.words[base + bucket]
        ]

    def merge(self, other):
        """Add the samples of a histogram with the same bounds.

        Raises:
            ValueError: the bounds differ.
        """
        if list(self.bounds) != list(other.bounds):
            raise ValueError("histograms with different bounds cannot be merged")
        self.words[0] += other.words[0]
        self.words[1] += other.words[1]
        self.words[2] = max(self.words[2], other.words[2])
        for index in range(_HEADER + self.bound_count, words_needed(self.bound_count)):
            self.words[index] += other.words[index]


_HEADER = 3
_HEADER_WORDS = _HEADER
_BUCKET_COUNT = BUCKETS


def words_needed(bound_count):
    """Return the 64-bit words of a histogram: count, sum, max, bounds, exact counts, buckets."""
    return 3 + 2 * bound_count + BUCKETS


def bucket_of(value_ns):
    """Return the bucket of a duration."""
    shift = 0
    scaled = value_ns
    while scaled >= 2 * _SUBS:
        scaled >>= 1
        shift += 1
    return shift * _SUBS + scaled


def upper_edge(bucket):
    """Return the largest duration of a bucket."""
    if bucket < 2 * SUB_BUCKETS:
        return bucket
    shift = bucket // SUB_BUCKETS - 1
    scaled = bucket - shift * SUB_BUCKETS
    return ((scaled + 1) << shift) - 1
