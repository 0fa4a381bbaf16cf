"""The latency trace against a model that keeps every sample."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from live.hot.histogram import Histogram
from live.hot.spans import LongestSpans, Span
from live.hot.trace import KIND_SLICE, KIND_STEP, KIND_TICK, SEVERAL_SYMBOLS, WINDOWS_MAX, LatencyTrace
from live.hot.usage import page_faults, preemptions

MILLISECOND = 1_000_000


def new_trace() -> LatencyTrace:
    return LatencyTrace(Histogram(), Histogram(), Histogram())


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 8))
def test_the_longest_spans_are_kept(lengths: list[int], capacity: int) -> None:
    longest = LongestSpans(capacity)
    for number, length in enumerate(lengths):
        longest.offer(number, length, -number)
    kept = longest.spans()
    assert longest.seen == len(lengths)
    assert sorted(span.took_ns for span in kept) == sorted(lengths)[-capacity:]
    assert kept == sorted(kept)
    assert all(span == Span(span.began_ns, lengths[span.began_ns], -span.began_ns) for span in kept)


def test_of_equally_long_spans_the_first_stay() -> None:
    longest = LongestSpans(2)
    for number in range(5):
        longest.offer(number, 7, 0)
    assert [span.began_ns for span in longest.spans()] == [0, 1]


def decide(trace: LatencyTrace, began_ns: int, took_ns: int, kind: int = KIND_TICK) -> None:
    trace.record(began_ns, began_ns + took_ns, began_ns * 10, 3, kind)


@given(
    st.lists(
        st.tuples(st.integers(0, 400 * MILLISECOND), st.integers(1, 20 * MILLISECOND), st.booleans()),
        min_size=1,
        max_size=900,
    )
)
def test_windows_hold_every_decision_once(steps: list[tuple[int, int, bool]]) -> None:
    trace = new_trace()
    origin_ns = at_ns = 12_345
    trace.begin(origin_ns)
    samples = []
    for gap_ns, took_ns, makes_room in steps:
        at_ns += gap_ns
        decide(trace, at_ns, took_ns)
        samples.append((at_ns, took_ns))
        at_ns += took_ns
        if makes_room:
            trace.make_room()
    trace.make_room()
    windows = trace.windows()
    assert len(windows) <= WINDOWS_MAX // 2
    assert sum(window.decisions for window in windows) == len(samples) == trace.decisions.count
    ends = [window.begin_ns for window in windows[1:]] + [math.inf]
    for window, end_ns in zip(windows, ends, strict=True):
        assert (window.begin_ns - origin_ns) % trace.width_ns == 0
        took = sorted(took for began, took in samples if window.begin_ns <= began < end_ns)
        assert len(took) == window.decisions
        assert took[-1] == window.max_ns
        for share, found_ns in ((0.5, window.p50_ns), (0.99, window.p99_ns)):
            exact_ns = took[math.ceil(share * len(took)) - 1]
            assert exact_ns <= found_ns <= exact_ns + exact_ns // 16 + 3
    assert [step.took_ns for step in trace.worst()] == sorted((took for _, took in samples), reverse=True)[:10]


def test_without_room_the_last_window_goes_on() -> None:
    trace = new_trace()
    for number in range(2_000):
        decide(trace, number * 10 * MILLISECOND, 1_000)
    assert trace.windows_used == WINDOWS_MAX
    trace.make_room()
    windows = trace.windows()
    assert sum(window.decisions for window in windows) == 2_000
    decide(trace, 2_000 * 10 * MILLISECOND, 1_000)
    assert trace.windows()[-1].decisions == 1


def test_the_worst_steps_say_what_happened_in_them() -> None:
    trace = new_trace()
    trace.begin(1_000)
    trace.add_pause(900, 1_100, 0)
    trace.add_pause(1_150, 1_160, 2)
    trace.note_order(2_000)
    trace.note_order(1_000)
    trace.note_order(1_000)
    trace.note_event(1_000)
    decide(trace, 1_000, 200, KIND_SLICE)
    trace.note_order(5_000)
    decide(trace, 2_000, 100, KIND_STEP)
    first, second = trace.worst()
    assert (first.took_ns, first.time_ns, first.symbol_index, first.kind) == (200, 10_000, 3, KIND_SLICE)
    assert (first.gc_ns, first.orders, first.events, first.waited_ns) == (110, 2, 1, 0)
    assert first.counted_over_ns == 200
    assert min(first.page_faults, first.preemptions, second.page_faults, second.preemptions) >= 0
    assert (second.gc_ns, second.orders, second.events) == (0, 0, 0)
    assert trace.pauses.spans() == [Span(900, 200, 0), Span(1_150, 10, 2)]


def test_orders_of_a_tick_count_for_it_after_its_decision() -> None:
    trace = new_trace()
    decide(trace, 1_000, 50)
    trace.note_order(1_000)
    decide(trace, 2_000, 40)
    trace.note_order(1_000)
    assert [step.orders for step in trace.worst()] == [2, 0]


def test_steps_that_came_together_wait_for_each_other() -> None:
    trace = new_trace()
    trace.note_order(1_000)
    trace.record(1_000, 1_010, 1, 0, KIND_SLICE)
    trace.record(1_000, 1_030, 2, 0, KIND_SLICE)
    trace.note_order(1_000)
    trace.record(1_000, 1_070, 3, 0, KIND_SLICE)
    trace.rest()
    trace.record(1_020, 1_080, 4, 0, KIND_SLICE)
    found = {step.time_ns: (step.took_ns, step.waited_ns, step.orders) for step in trace.worst()}
    assert found == {1: (10, 0, 1), 2: (30, 10, 0), 3: (70, 30, 1), 4: (60, 0, 0)}


def test_gaps_between_decisions_are_stalls_unless_the_loop_rested() -> None:
    trace = new_trace()
    decide(trace, 0, 10)
    decide(trace, MILLISECOND, 10)
    trace.add_pause(2 * MILLISECOND, 3 * MILLISECOND, 2)
    decide(trace, 4 * MILLISECOND, 10)
    trace.rest()
    decide(trace, 9 * MILLISECOND, 10)
    decide(trace, 10 * MILLISECOND + 9, 10)
    assert trace.stalls.spans() == [Span(MILLISECOND + 10, 3 * MILLISECOND - 10, MILLISECOND)]


def test_stages_add_up_to_the_decision() -> None:
    trace = new_trace()
    sampled = [trace.is_sampled() for _ in range(33)]
    assert [number for number, is_sampled in enumerate(sampled) if is_sampled] == [0, 16, 32]
    decide(trace, 1_000, 50)
    trace.record_stages(1_000, 1_020)
    assert (trace.entries.max_ns, trace.strategy.max_ns, trace.decisions.max_ns) == (20, 30, 50)


def test_touching_new_memory_shows_as_page_faults() -> None:
    trace = new_trace()
    trace.begin(0)
    pages = bytearray(64 << 20)
    pages[::4096] = bytes(len(pages[::4096]))
    decide(trace, 0, 5, KIND_STEP)
    decide(trace, 10, 4, KIND_STEP)
    first, second = trace.worst()
    assert first.page_faults > second.page_faults
    assert page_faults() > 0
    assert preemptions() >= 0


def test_data_of_several_symbols_have_no_symbol() -> None:
    trace = new_trace()
    trace.record(1, 2, 7, SEVERAL_SYMBOLS, KIND_STEP)
    assert trace.worst()[0].symbol_index == SEVERAL_SYMBOLS


def test_a_first_decision_before_the_clocks_zero_has_a_window() -> None:
    trace = new_trace()
    trace.begin(12_345)
    decide(trace, -7 * MILLISECOND, MILLISECOND)
    decide(trace, 20 * MILLISECOND, MILLISECOND)
    assert [window.decisions for window in trace.windows()] == [1, 1]
