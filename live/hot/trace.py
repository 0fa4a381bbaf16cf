# cython: annotation_typing=False, initializedcheck=False
"""The latency trace: how long decisions took over the run's time, the worst of them, and what lay in between.

Memory is taken once. A run of any length is cut into windows of wall time: when more than half of them are used,
`make_room` joins neighbours and doubles their width. Recording takes no memory, no lock and does no I/O; a step that
takes a place among the worst, and the first of a window, also ask the kernel what it did to the thread.
"""

from __future__ import annotations

import math
from array import array
from typing import NamedTuple

from live.hot.histogram import BUCKET_COUNT, Histogram, bucket_of, bucket_upper_ns
from live.hot.spans import LongestSpans
from live.hot.usage import page_faults, preemptions

KIND_TICK = 0
"""A tick, played by the tick pump."""
KIND_SLICE = 1
"""A step of nothing but ticks, played by the slice pump."""
KIND_STEP = 2
"""A whole step of the run loop."""
SEVERAL_SYMBOLS = -1
"""In place of a symbol's index: data of several symbols, or of none."""

WINDOWS_MAX = 512
"""Windows of time; half as many at least are there once a run was long enough."""
WINDOW_FIRST_NS = 10_000_000
"""Width of the windows at the start."""
STALL_NS = 1_000_000
"""Shortest time between the end of a decision and the beginning of the next that counts as a stall."""
SPANS_MAX = 256
"""Garbage collections, and stalls, that are kept one by one: the longest."""
WORST_MAX = 10
"""Slowest decisions whose details are kept."""
SAMPLE_EVERY = 16
"""Of so many ticks one is measured in stages as well: that costs another look at the clock."""
_FINE_BUCKETS = 4
"""Buckets of a histogram that share one in a window: a quantile of a window is at most 1/16, or 3 ns, too high."""
_COARSE_COUNT = BUCKET_COUNT // _FINE_BUCKETS
_WINDOWS = WINDOWS_MAX
_BUCKETS = _COARSE_COUNT
_STALL = STALL_NS
_WINDOW_FIRST = WINDOW_FIRST_NS
_SAMPLE_EVERY = SAMPLE_EVERY
_WORST = WORST_MAX
_RECENT = 16
_WORST_WIDTH = 12
_KIND_TICK = KIND_TICK
(
    _BEGAN,
    _TOOK,
    _TIME,
    _SYMBOL,
    _KIND,
    _GC,
    _ORDERS,
    _EVENTS,
    _FAULTS,
    _PREEMPTIONS,
    _COUNTED_OVER,
    _WAITED,
) = range(_WORST_WIDTH)


class Window(NamedTuple):
    """Decisions that began within a span of wall time; durations in nanoseconds, quantiles at most 1/16, or 3 ns, too high."""

    begin_ns: int
    decisions: int
    p50_ns: int
    p99_ns: int
    max_ns: int


class WorstStep(NamedTuple):
    """One of the slowest decisions.

    Attributes:
        began_ns: when it began, on the monotonic clock.
        took_ns: how long it took.
        time_ns: moment of its data, UTC.
        symbol_index: whose data, or SEVERAL_SYMBOLS.
        kind: KIND_TICK, KIND_SLICE or KIND_STEP.
        gc_ns: time of the garbage collector in it.
        orders: orders accepted in it, or sent at its end.
        events: whether scheduled events were due in it.
        page_faults: page faults of the thread in the last `counted_over_ns` up to its end.
        preemptions: times that the kernel took the core away in that time.
        counted_over_ns: at least the step itself, unless the reading before fell into it.
        waited_ns: time at its beginning in which earlier decisions were made.
    """

    began_ns: int
    took_ns: int
    time_ns: int
    symbol_index: int
    kind: int
    gc_ns: int
    orders: int
    events: int
    page_faults: int
    preemptions: int
    counted_over_ns: int
    waited_ns: int


class LatencyTrace:
    """Follows the decisions of one run.

    `origin_ns` is when the run began on the monotonic clock, `ended_ns` the end of the newest decision, 0 when nothing
    is to be compared with it. `pauses` are collections of the garbage collector, their notes the generation; `stalls`
    are times between two decisions, their notes the time of the garbage collector in them.

    Parameters:
        decisions: takes the time from a step's or tick's beginning to the strategy's return.
        entries: takes the time from there to the entry of the strategy, of every SAMPLE_EVERY-th tick.
        strategy: takes the time from the strategy's entry to its return, of the same ticks.
    """

    def __init__(self, decisions: Histogram, entries: Histogram, strategy: Histogram) -> None:
        self.decisions = decisions
        self.entries = entries
        self.strategy = strategy
        self.pauses = LongestSpans(SPANS_MAX)
        self.stalls = LongestSpans(SPANS_MAX)
        self.origin_ns = 0
        self.ended_ns = 0
        self.width_ns = WINDOW_FIRST_NS
        self.windows_used = 0
        self._until_sample = 1
        self._window_end_ns = 0
        self._begins_memory = memoryview(array("q", bytes(WINDOWS_MAX * 8)))
        self._begins = self._begins_memory
        self._largest_memory = memoryview(array("q", bytes(WINDOWS_MAX * 8)))
        self._largest = self._largest_memory
        self._buckets_memory = memoryview(array("I", bytes(WINDOWS_MAX * _COARSE_COUNT * 4)))
        self._buckets = self._buckets_memory
        self._worst_memory = memoryview(array("q", bytes(WORST_MAX * _WORST_WIDTH * 8)))
        self._worst = self._worst_memory
        self._recent = memoryview(array("q", bytes(_RECENT * 16)))
        self._recent_next = 0
        self._worst_used = 0
        self._least = 0
        self._floor_ns = -1
        self._noted_ns = 0
        self._noted_orders = 0
        self._noted_events = 0
        self._usage_ns = 0
        self._faults = 0
        self._preemptions = 0

    # -- while the run is under way

    def begin(self, at_ns: int) -> None:
        """Take a moment of the monotonic clock as the beginning, and forget what was recorded before it."""
        for place in range(self.windows_used):
            self._largest[place] = 0
            for bucket in range(_BUCKETS):
                self._buckets[place * _BUCKETS + bucket] = 0
        self.windows_used = 0
        self.width_ns = _WINDOW_FIRST
        self._window_end_ns = 0
        self._worst_used = 0
        self._least = 0
        self._floor_ns = -1
        self.ended_ns = 0
        self.pauses.clear()
        self.stalls.clear()
        self.origin_ns = at_ns
        self._read_usage(at_ns)

    def is_sampled(self) -> bool:
        """Count a tick, and tell whether it is one that is measured in stages."""
        self._until_sample -= 1
        if self._until_sample > 0:
            return False
        self._until_sample = _SAMPLE_EVERY
        return True

    def record(self, began_ns: int, ended_ns: int, time_ns: int, symbol_index: int, kind: int) -> None:
        """Take in a decision.

        Parameters:
            began_ns: when its step or tick began, on the monotonic clock.
            ended_ns: when the strategy returned.
            time_ns: moment of its data, UTC.
            symbol_index: whose data, or SEVERAL_SYMBOLS.
            kind: KIND_TICK, KIND_SLICE or KIND_STEP.
        """
        took_ns = ended_ns - began_ns
        self.decisions.record(took_ns)
        if self.ended_ns and began_ns - self.ended_ns >= _STALL:
            self.stalls.offer(self.ended_ns, began_ns - self.ended_ns, self.pauses_within(self.ended_ns, began_ns))
        before_ns = self.ended_ns
        self.ended_ns = ended_ns
        if took_ns > self._floor_ns:
            self._keep(began_ns, ended_ns, time_ns, symbol_index, kind, before_ns)
        if self._noted_ns == began_ns:
            # Steps that were received together begin together: what was noted belongs to the first.
            self._noted_ns = 0
        if began_ns >= self._window_end_ns or self.windows_used == 0:
            # The first window begins whenever the first decision does: before the clock's zero, too.
            self._roll(began_ns, ended_ns)
        place = self.windows_used - 1
        if took_ns > self._largest[place]:
            self._largest[place] = took_ns
        self._buckets[place * _BUCKETS + (bucket_of(took_ns) >> 2)] += 1

    def record_stages(self, began_ns: int, entered_ns: int) -> None:
        """Take in when the strategy was entered in the decision recorded last."""
        self.entries.record(entered_ns - began_ns)
        self.strategy.record(self.ended_ns - entered_ns)

    def rest(self) -> None:
        """Say that the time from here to the next decision is spent waiting for data: no stall."""
        self.ended_ns = 0

    def note_order(self, began_ns: int) -> None:
        """Note that an order was accepted in the step that began at a moment, or in the tick, after its decision."""
        self._add_note(began_ns, _ORDERS)

    def note_event(self, began_ns: int) -> None:
        """Note that scheduled events are due in the step that began at a moment."""
        self._add_note(began_ns, _EVENTS)

    def add_pause(self, began_ns: int, ended_ns: int, generation: int) -> None:
        """Take in a pause of Python's garbage collector."""
        self.pauses.offer(began_ns, ended_ns - began_ns, generation)
        self._recent[self._recent_next * 2] = began_ns
        self._recent[self._recent_next * 2 + 1] = ended_ns
        self._recent_next = (self._recent_next + 1) % _RECENT

    def make_room(self) -> None:
        """Join neighbouring windows when more than half are used. For the time between steps: it takes a while."""
        cells = self._buckets
        while self.windows_used > _WINDOWS // 2:
            width_ns = self.width_ns * 2
            target = -1
            known = -1
            for place in range(self.windows_used):
                number = (self._begins[place] - self.origin_ns) // width_ns
                base = place * _BUCKETS
                if number != known:
                    known = number
                    target += 1
                    into = target * _BUCKETS
                    self._begins[target] = self.origin_ns + number * width_ns
                    self._largest[target] = self._largest[place]
                    for bucket in range(_BUCKETS):
                        cells[into + bucket] = cells[base + bucket]
                else:
                    into = target * _BUCKETS
                    self._largest[target] = max(self._largest[target], self._largest[place])
                    for bucket in range(_BUCKETS):
                        cells[into + bucket] += cells[base + bucket]
            for place in range(target + 1, self.windows_used):
                self._largest[place] = 0
                for bucket in range(_BUCKETS):
                    cells[place * _BUCKETS + bucket] = 0
            self.width_ns = width_ns
            self.windows_used = target + 1
            self._window_end_ns = self._begins[target] + width_ns

    def pauses_within(self, began_ns: int, ended_ns: int) -> int:
        """Return how much of a recent span the garbage collector took; it knows the newest pauses only."""
        total_ns = 0
        for place in range(_RECENT):
            first_ns = max(began_ns, self._recent[place * 2])
            last_ns = min(ended_ns, self._recent[place * 2 + 1])
            if last_ns > first_ns:
                total_ns += last_ns - first_ns
        return total_ns

    def _add_note(self, began_ns: int, field: int) -> None:
        latest = -1
        for place in range(self._worst_used):
            base = place * _WORST_WIDTH
            # Orders of a tick go out after its decision, all others within theirs.
            if self._worst[base + _KIND] == _KIND_TICK and self._worst[base + _BEGAN] == began_ns:
                if latest < 0 or self._worst[base + _TIME] > self._worst[latest + _TIME]:
                    latest = base
        if latest >= 0:
            self._worst[latest + field] += 1
            return
        if self._noted_ns != began_ns:
            self._noted_ns = began_ns
            self._noted_orders = 0
            self._noted_events = 0
        if field == _ORDERS:
            self._noted_orders += 1
        else:
            self._noted_events += 1

    def _roll(self, began_ns: int, ended_ns: int) -> None:
        """Begin the window that holds a moment; without a free one the last goes on."""
        if self.windows_used < _WINDOWS:
            self._begins[self.windows_used] = began_ns - (began_ns - self.origin_ns) % self.width_ns
            self.windows_used += 1
        self._window_end_ns = began_ns - (began_ns - self.origin_ns) % self.width_ns + self.width_ns
        self._read_usage(ended_ns)

    def _read_usage(self, at_ns: int) -> None:
        self._usage_ns = at_ns
        self._faults = page_faults()
        self._preemptions = preemptions()

    def _keep(self, began_ns: int, ended_ns: int, time_ns: int, symbol_index: int, kind: int, before_ns: int) -> None:
        """Give a decision a place among the worst."""
        place = self._least
        if self._worst_used < _WORST:
            place = self._worst_used
            self._worst_used += 1
        base = place * _WORST_WIDTH
        is_noted = self._noted_ns == began_ns
        counted_from_ns, faults, taken = self._usage_ns, self._faults, self._preemptions
        self._read_usage(ended_ns)
        self._worst[base + _BEGAN] = began_ns
        self._worst[base + _TOOK] = ended_ns - began_ns
        self._worst[base + _TIME] = time_ns
        self._worst[base + _SYMBOL] = symbol_index
        self._worst[base + _KIND] = kind
        self._worst[base + _GC] = self.pauses_within(began_ns, ended_ns)
        self._worst[base + _ORDERS] = self._noted_orders if is_noted else 0
        self._worst[base + _EVENTS] = self._noted_events if is_noted else 0
        self._worst[base + _FAULTS] = self._faults - faults
        self._worst[base + _PREEMPTIONS] = self._preemptions - taken
        self._worst[base + _COUNTED_OVER] = ended_ns - counted_from_ns
        self._worst[base + _WAITED] = max(0, before_ns - began_ns)
        if self._worst_used < _WORST:
            return
        for place in range(_WORST):
            if self._worst[place * _WORST_WIDTH + _TOOK] < self._worst[self._least * _WORST_WIDTH + _TOOK]:
                self._least = place
        self._floor_ns = self._worst[self._least * _WORST_WIDTH + _TOOK]

    # -- afterwards

    def windows(self) -> list[Window]:
        """Return the windows that hold decisions, earliest first."""
        found = []
        for place in range(self.windows_used):
            buckets = self._buckets_memory[place * _COARSE_COUNT : (place + 1) * _COARSE_COUNT].tolist()
            largest_ns = self._largest_memory[place]
            p50_ns, p99_ns = (_quantile(buckets, share, largest_ns) for share in (0.5, 0.99))
            found.append(Window(self._begins_memory[place], sum(buckets), p50_ns, p99_ns, largest_ns))
        return found

    def worst(self) -> list[WorstStep]:
        """Return the slowest decisions, slowest first."""
        words = self._worst_memory
        steps = [
            WorstStep(*words[at * _WORST_WIDTH : (at + 1) * _WORST_WIDTH].tolist()) for at in range(self._worst_used)
        ]
        return sorted(steps, key=lambda step: (-step.took_ns, step.began_ns))


def _quantile(buckets: list[int], share: float, largest_ns: int) -> int:
    rank = max(1, math.ceil(share * sum(buckets)))
    for index, samples in enumerate(buckets):
        rank -= samples
        if rank <= 0 and samples:
            return min(bucket_upper_ns(index * _FINE_BUCKETS + _FINE_BUCKETS - 1), largest_ns)
    return 0
