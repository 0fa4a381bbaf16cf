# cython: annotation_typing=False, initializedcheck=False
"""The merge of all tick streams of a run into one order of time.

A step is one moment and everything that happened in it. The sources that have ticks of that moment are *due*, in the
order in which the sources were given; the ticks of each are a range of its buffer, valid until the next `advance`. A
binary heap of source numbers ordered by (time, number) finds the next moment, so that a step costs a few comparisons
per due source, logarithmic in the number of all sources. Nothing is allocated when the same loop is compiled, after
`cimport`:

    while merge.advance() != END_OF_DATA_NS:
        for due in range(merge.due_count):
            source = merge.source(due)
            for record in range(merge.begins[due], merge.ends[due]):
                source.buffer.words[record * TICK_WORDS + TICK_PRICE]
"""

from __future__ import annotations

from array import array

from live.hot.records import END_OF_DATA_NS, RecordSource

_END_NS = END_OF_DATA_NS


class TickMerge:
    """Steps through sources in order of time; `time_ns` is that of the step, END_OF_DATA_NS after the last.

    The step's due sources are numbers in `due`, their ticks records `begins` to `ends` of their buffers, each at the
    places 0 to `due_count` - 1.

    Parameters:
        sources: all sources; each is primed here, which reads its first records.

    Raises:
        DataError: a file is damaged or a row cannot be trusted; likewise while advancing.
    """

    def __init__(self, sources: list[RecordSource]) -> None:
        count = len(sources)
        self.sources = sources
        self.time_ns = 0
        self.due_count = 0
        self.due = memoryview(array("q", [0] * (count + 1)))
        self.begins = memoryview(array("q", [0] * (count + 1)))
        self.ends = memoryview(array("q", [0] * (count + 1)))
        self.heap = memoryview(array("q", [0] * (count + 1)))
        self.times = memoryview(array("q", [0] * (count + 1)))
        self.heap_count = 0
        for number in range(count):
            sources[number].prime()
            self._schedule(number, sources[number])

    def advance(self) -> int:
        """Leave the present step and go to the next; return its time, END_OF_DATA_NS when there is none."""
        for place in range(self.due_count):
            number = self.due[place]
            source = self.sources[number]
            source._advance_to(self.ends[place])
            self._schedule(number, source)
        self.due_count = 0
        if self.heap_count == 0:
            self.time_ns = _END_NS
            return _END_NS
        self.time_ns = self.times[self.heap[0]]
        while self.heap_count > 0 and self.times[self.heap[0]] == self.time_ns:
            number = self._pop()
            source = self.sources[number]
            self.ends[self.due_count] = source._group_end()
            self.begins[self.due_count] = source.position
            self.due[self.due_count] = number
            self.due_count += 1
        return self.time_ns

    def wake(self, number: int) -> None:
        """Go on with a source that had come to its end and has records again, as those of a live feed do.

        Parameters:
            number: its place in `sources`; it is not among those due.
        """
        source = self.sources[number]
        assert source.time_ns == _END_NS
        source.prime()
        self._schedule(number, source)

    def source(self, place: int) -> RecordSource:
        """Return the source at a place among those due, 0 to `due_count` - 1."""
        assert 0 <= place < self.due_count
        return self.sources[self.due[place]]

    def _schedule(self, number: int, source: RecordSource) -> None:
        """Push a source that has more records onto the heap."""
        if source.time_ns == _END_NS:
            return
        self.times[number] = source.time_ns
        at = self.heap_count
        self.heap_count += 1
        while at > 0:
            parent = (at - 1) >> 1
            if not self._is_before(number, self.heap[parent]):
                break
            self.heap[at] = self.heap[parent]
            at = parent
        self.heap[at] = number

    def _pop(self) -> int:
        """Take the first source off the heap."""
        first = self.heap[0]
        self.heap_count -= 1
        last = self.heap[self.heap_count]
        at = 0
        while True:
            child = 2 * at + 1
            if child >= self.heap_count:
                break
            if child + 1 < self.heap_count and self._is_before(self.heap[child + 1], self.heap[child]):
                child += 1
            if not self._is_before(self.heap[child], last):
                break
            self.heap[at] = self.heap[child]
            at = child
        self.heap[at] = last
        return first

    def _is_before(self, number: int, other: int) -> bool:
        if self.times[number] != self.times[other]:
            return self.times[number] < self.times[other]
        return number < other
