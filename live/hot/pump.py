# cython: annotation_typing=False, initializedcheck=False
"""The tick pump: from decoded records to the strategy's on_tick, without an object made per tick.

One step is one moment. Its records go into the book one by one, and after each the strategy is called with the reused
view. Nothing else happens here; the pump hands over to the run loop whenever something else is due.
"""

from __future__ import annotations

from collections.abc import Callable

from live.hot.bands import PriceBands
from live.hot.book import Book
from live.hot.merge import TickMerge
from live.hot.records import FLAG_SUSPICIOUS, TICK_WORDS, RecordBuffer
from live.hot.stamp import now_ns
from live.hot.trace import KIND_TICK, LatencyTrace
from live.hot.views import TickView

_LAST_TICKS_MAX = 256
"""Ticks of one moment that a source's copy holds before it grows."""
_SUSPICIOUS = FLAG_SUSPICIOUS
_WIDTH = TICK_WORDS
_KIND_TICK = KIND_TICK


class TickPump:
    """Plays the ticks of all sources to one callback.

    `step_ns` is the moment of the step that was played last; `is_behind` says that the run's clock and securities do
    not know it yet; `is_touched` that the strategy used the engine during the step. `received_ns` is when the ticks of a
    feed were received, 0 for those that are there already: what a decision took counts from there.

    Parameters:
        merge: the sources.
        book: receives every tick.
        view: shows it.
        on_tick: the strategy's callback.
        trace: takes the time from a tick's beginning to the callback's return.
        bands: prices at which orders or account need a look; a step that leaves them is not played.
    """

    def __init__(
        self,
        merge: TickMerge,
        book: Book,
        view: TickView,
        on_tick: Callable[[TickView], None],
        trace: LatencyTrace,
        bands: PriceBands,
    ) -> None:
        self.merge = merge
        self.book = book
        self.view = view
        self.trace = trace
        self.bands = bands
        self._on_tick = on_tick
        self.step_ns = 0
        self.received_ns = 0
        self.tick_began_ns = 0
        self.is_behind = False
        self.is_touched = False
        self.stop_requested = False
        self.trade_ticks = 0
        self.quote_ticks = 0
        self.suspicious_ticks = 0
        self.steps = 0
        count = len(merge.sources)
        self.last_ticks = [RecordBuffer(_LAST_TICKS_MAX, TICK_WORDS) for _ in range(count)]
        """The newest moment of each source, kept for whoever asks the run's securities."""

    def run(self, until_ns: int) -> None:
        """Play steps that begin before a moment; stop after a step in which the strategy used the engine, or before one
        that leaves the bands.
        """
        self.is_touched = False
        while self.merge.time_ns < until_ns and not self.stop_requested:
            if self.bands.crosses(self.merge):
                return
            self.step_ns = self.merge.time_ns
            self.is_behind = True
            self.remember()
            self.play()
            self.steps += 1
            if self.is_touched:
                return
            self.merge.advance()

    def step_now(self) -> None:
        """Take the merge's moment as the present one, for a step that the run loop makes itself."""
        self.step_ns = self.merge.time_ns
        self.is_behind = False

    def remember(self) -> None:
        """Copy the step's ticks aside. Suspicious ones never count: a source without others keeps its older ticks."""
        merge = self.merge
        for place in range(merge.due_count):
            number = merge.due[place]
            source = merge.sources[number]
            buffer = source.buffer
            copy = self.last_ticks[number]
            count = 0
            for record in range(merge.begins[place], merge.ends[place]):
                base = record * _WIDTH
                if buffer.words[base + 6] & _SUSPICIOUS:
                    continue
                if count == copy.capacity:
                    copy.count = count
                    copy.grow()
                for at in range(_WIDTH):
                    copy.words[count * _WIDTH + at] = buffer.words[base + at]
                count += 1
            if count > 0:
                copy.count = count

    def play(self) -> None:
        """Put the step's ticks into the book and call the strategy after each. Suspicious ticks are only counted."""
        merge = self.merge
        for place in range(merge.due_count):
            source = merge.sources[merge.due[place]]
            symbol_index = source.symbol_index
            for record in range(merge.begins[place], merge.ends[place]):
                base = record * _WIDTH
                # Read anew for every tick: the callback may do anything.
                buffer = source.buffer
                if buffer.words[base + 6] & _SUSPICIOUS:
                    self.suspicious_ticks += 1
                    continue
                began_ns = self.received_ns or now_ns()
                self.tick_began_ns = began_ns
                kind = buffer.words[base + 1]
                self.book.update_tick(
                    symbol_index,
                    kind,
                    merge.time_ns,
                    buffer.words[base + 2],
                    buffer.words[base + 3],
                    buffer.reals[base + 4],
                    buffer.reals[base + 5],
                    merge.time_ns,
                )
                if kind == 0:
                    self.trade_ticks += 1
                else:
                    self.quote_ticks += 1
                self.view.show(symbol_index)
                is_sampled = self.trace.is_sampled()
                entered_ns = now_ns() if is_sampled else 0
                self._on_tick(self.view)
                self.view.expire()
                self.trace.record(began_ns, now_ns(), merge.time_ns, symbol_index, _KIND_TICK)
                if is_sampled:
                    self.trace.record_stages(began_ns, entered_ns)
        self.tick_began_ns = 0
