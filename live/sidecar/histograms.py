"""Histograms of a page as Prometheus' classic histograms, every count of them exact.

The page's buckets are cut at powers of two: a bucket ends one nanosecond below one. The exported bounds are those ends, so
that a count is that of all samples up to and including its bound, as Prometheus defines `le`. The exact bounds of a
histogram, such as the thresholds of objectives, come on top.
"""

from __future__ import annotations

from live.hot.histogram import Histogram

BOUNDS_NS = tuple((1 << power) - 1 for power in range(10, 31))
"""Bounds of every exported histogram, in ns: 1.023 microseconds to 1.07 seconds."""


def cumulative_buckets(histogram: Histogram) -> list[tuple[int | None, int]]:
    """Return upper bounds in ns, rising, with the samples up to and including each; None is the bound of all samples.

    Parameters:
        histogram: a copy that nobody writes to. Its counters may be a few samples apart, as its writer left them; the
            counts rise all the same.
    """
    counts = dict(zip(histogram.bounds_ns, histogram.counts_up_to_bounds(), strict=True))
    filled = list(histogram.buckets())
    total, at = 0, 0
    for bound_ns in BOUNDS_NS:
        while at < len(filled) and filled[at][0] <= bound_ns:
            total += filled[at][1]
            at += 1
        counts.setdefault(bound_ns, total)
    found: list[tuple[int | None, int]] = []
    highest = 0
    for bound_ns in sorted(counts):
        highest = max(highest, counts[bound_ns])
        found.append((bound_ns, highest))
    found.append((None, max(highest, sum(samples for _, samples in filled))))
    return found
