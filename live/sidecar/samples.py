"""What is exported at one scrape, before it is text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from live.hot.catalogue import Metric

OTHER = "other"
"""Label of all symbols that are not exported under their names."""


class Sample(NamedTuple):
    """A counter or a gauge at one moment.

    Attributes:
        metric: of the catalogue.
        value: what it is; NaN is left out.
        labels: values of `metric.label_names`, in that order.
    """

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()


class BucketExemplar(NamedTuple):
    """One of the samples that a bucket counts.

    Attributes:
        value_seconds: the sample.
        labels: what is known of it; at most 128 characters of names and values together.
    """

    value_seconds: float
    labels: Mapping[str, str]


class HistogramSample(NamedTuple):
    """A histogram at one moment.

    Attributes:
        metric: of the catalogue.
        buckets: inclusive upper bounds in ns, rising, and how many samples were at most that; the last bound is None for
            all samples.
        sum_ns: sum of all samples.
        exemplars: by upper bound, None for the last bucket.
    """

    metric: Metric
    buckets: Sequence[tuple[int | None, int]]
    sum_ns: int
    exemplars: Mapping[int | None, BucketExemplar]
