"""Exported histograms: every cumulative count equals counting by hand."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.errors import UsageError
from live.hot.histogram import BOUNDS_MAX, HISTOGRAM_WORDS, Histogram, attach
from live.sidecar.histograms import BOUNDS_NS, cumulative_buckets

AROUND_BOUNDS = st.builds(lambda power, shift: max((1 << power) + shift, 0), st.integers(0, 43), st.integers(-2, 2))
SPANS_NS = st.lists(st.one_of(st.integers(0, 1 << 45), AROUND_BOUNDS), max_size=60)
EXACT_NS = st.lists(st.one_of(st.integers(1, 1 << 40), AROUND_BOUNDS.filter(bool)), max_size=BOUNDS_MAX, unique=True)


@given(SPANS_NS, EXACT_NS.map(sorted))
def test_counts_are_exact_at_every_bound(spans_ns: list[int], exact_ns: list[int]) -> None:
    histogram = Histogram(exact_ns)
    for span_ns in spans_ns:
        histogram.record(span_ns)
    buckets = cumulative_buckets(histogram)
    assert buckets[-1] == (None, len(spans_ns))
    assert [bound for bound, _ in buckets[:-1]] == sorted({*BOUNDS_NS, *exact_ns})
    for bound_ns, count in buckets[:-1]:
        assert bound_ns is not None
        assert count == sum(span_ns <= bound_ns for span_ns in spans_ns)


@given(SPANS_NS, EXACT_NS.map(sorted), st.data())
def test_counts_rise_whatever_a_reader_catches_half_written(
    spans_ns: list[int], exact_ns: list[int], data: st.DataObject
) -> None:
    words = memoryview(array("q", bytes(HISTOGRAM_WORDS * 8)))
    histogram = Histogram(exact_ns, words)
    early = memoryview(array("q", bytes(HISTOGRAM_WORDS * 8)))
    for span_ns in spans_ns[: len(spans_ns) // 2]:
        histogram.record(span_ns)
    histogram.snapshot(early)
    for span_ns in spans_ns[len(spans_ns) // 2 :]:
        histogram.record(span_ns)
    # A copy whose first words are older than its last ones.
    cut = data.draw(st.integers(0, HISTOGRAM_WORDS))
    torn = memoryview(array("q", early[:cut].tolist() + words[cut:].tolist()))
    counts = [count for _, count in cumulative_buckets(attach(torn))]
    assert counts == sorted(counts)


@given(SPANS_NS, SPANS_NS, EXACT_NS.map(sorted))
def test_merged_histograms_are_one_that_saw_both(first: list[int], second: list[int], exact_ns: list[int]) -> None:
    merged, other, both = (Histogram(exact_ns) for _ in range(3))
    for histogram, spans_ns in ((merged, first), (other, second), (both, first + second)):
        for span_ns in spans_ns:
            histogram.record(span_ns)
    merged.merge(other)
    assert (merged.count, merged.sum_ns, merged.max_ns) == (both.count, both.sum_ns, both.max_ns)
    assert list(merged.buckets()) == list(both.buckets())
    assert merged.counts_up_to_bounds() == both.counts_up_to_bounds()


def test_histograms_of_other_bounds_do_not_add_up() -> None:
    with pytest.raises(UsageError, match="do not add up"):
        Histogram([5]).merge(Histogram([6]))
