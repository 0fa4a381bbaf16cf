"""Distributions of durations as a reader of the page has them: buckets, and what came into them between two looks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from live.hot.histogram import Histogram
from live.paper.run_model import LatencySummary


@dataclass(frozen=True, slots=True)
class Distribution:
    """Buckets of a histogram at one moment.

    Attributes:
        buckets: samples by inclusive upper bound in ns; only buckets that have some.
        max_ns: largest sample.
    """

    buckets: Mapping[int, int]
    max_ns: int

    def summary(self) -> LatencySummary:
        """Return count, quantiles and maximum; a quantile is at most 1/64 too high."""
        count = sum(self.buckets.values())
        if not count:
            return LatencySummary()
        p50_ns, p99_ns, p999_ns = (self._quantile(share, count) for share in (0.5, 0.99, 0.999))
        return LatencySummary(count, p50_ns, p99_ns, p999_ns, self.max_ns)

    def since(self, before: Distribution) -> Distribution:
        """Return the samples that came after an earlier look.

        Their maximum is that of the whole when it has risen, otherwise the bound of their highest bucket.
        """
        new = {bound: count - before.buckets.get(bound, 0) for bound, count in self.buckets.items()}
        new = {bound: count for bound, count in new.items() if count > 0}
        max_ns = self.max_ns if self.max_ns > before.max_ns else min(max(new, default=0), self.max_ns)
        return Distribution(new, max_ns)

    def _quantile(self, share: float, count: int) -> int:
        rank = max(1, math.ceil(share * count))
        for bound in sorted(self.buckets):
            rank -= self.buckets[bound]
            if rank <= 0:
                return min(bound, self.max_ns)
        return self.max_ns


def distribution_of(histogram: Histogram) -> Distribution:
    """Return a histogram's distribution."""
    return Distribution(dict(histogram.buckets()), histogram.max_ns)
