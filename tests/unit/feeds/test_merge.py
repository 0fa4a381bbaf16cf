"""The merge of tick sources, over sources that hold a few records each."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, TICK_LINE, TICK_TIME, TICK_WORDS, RecordBuffer, RecordSource


class ListSource(RecordSource):
    """Gives the times of a list, so many records at each refill; the line number is the place in the list."""

    def __init__(self, times: list[int], chunk: int, symbol_index: int = 0) -> None:
        super().__init__(RecordBuffer(chunk, TICK_WORDS), symbol_index)
        self.times = times
        self.given = 0

    def refill(self) -> None:
        buffer = self.buffer
        while buffer.count < buffer.capacity and self.given < len(self.times):
            base = buffer.count * TICK_WORDS
            words = buffer.words
            words[base + TICK_TIME] = self.times[self.given]
            words[base + TICK_LINE] = self.given
            buffer.count += 1
            self.given += 1
        if self.given == len(self.times):
            self.is_exhausted = True


def play(sources: list[ListSource]) -> list[tuple[int, int, int]]:
    """Return (time, source, place) of each record in the order of the merge."""
    merge = TickMerge(list(sources))
    found: list[tuple[int, int, int]] = []
    while merge.advance() != END_OF_DATA_NS:
        for due in range(merge.due_count):
            buffer = merge.source(due).buffer
            for record in range(merge.begins[due], merge.ends[due]):
                assert buffer.word(record, TICK_TIME) == merge.time_ns
                found.append((merge.time_ns, merge.due[due], buffer.word(record, TICK_LINE)))
    assert merge.time_ns == END_OF_DATA_NS
    assert merge.due_count == 0
    return found


def expected(lists: list[list[int]]) -> list[tuple[int, int, int]]:
    return sorted((time, source, place) for source, times in enumerate(lists) for place, time in enumerate(times))


def test_no_sources_end_at_once() -> None:
    assert TickMerge([]).advance() == END_OF_DATA_NS


def test_a_source_without_records_is_never_due() -> None:
    assert play([ListSource([], 4), ListSource([5], 4)]) == [(5, 1, 0)]


def test_sources_of_one_moment_are_due_in_their_order() -> None:
    merge = TickMerge([ListSource([7, 9], 4, 30), ListSource([7], 4, 20), ListSource([8], 4, 10)])
    assert merge.advance() == 7
    assert [merge.source(due).symbol_index for due in range(merge.due_count)] == [30, 20]
    assert merge.advance() == 8
    assert [merge.source(due).symbol_index for due in range(merge.due_count)] == [10]
    assert merge.advance() == 9
    assert merge.advance() == END_OF_DATA_NS
    assert merge.advance() == END_OF_DATA_NS


def test_a_moment_with_more_records_than_the_buffer_holds_stays_together() -> None:
    source = ListSource([1] + [2] * 100 + [3], 4)
    merge = TickMerge([source])
    assert merge.advance() == 1
    assert merge.advance() == 2
    assert merge.ends[0] - merge.begins[0] == 100
    assert merge.advance() == 3


def test_a_source_of_a_filled_buffer_needs_no_subclass() -> None:
    buffer = RecordBuffer(2, TICK_WORDS)
    buffer.count = 2
    assert TickMerge([RecordSource(buffer, 0)]).advance() == 0


@settings(deadline=None, max_examples=100)
@given(
    lists=st.lists(st.lists(st.integers(0, 12), max_size=30).map(sorted), max_size=9),
    chunk=st.integers(1, 6),
)
def test_records_come_in_order_of_time_source_and_file(lists: list[list[int]], chunk: int) -> None:
    assert play([ListSource(times, chunk) for times in lists]) == expected(lists)
