"""The way of a slice through the host: to the strategy at once, and into counts and durations when there is time.

On the way to the strategy the host reads two clocks and writes a few words of memory that is there already. When the
strategy has returned it reads a third clock, and how long .NET's collector has paused. Everything else that is to be known
of a slice (when the engine made it, which ticks it held) costs several microseconds of calls into .NET, so the slice is
kept and looked at later: at the next beat of the keep-warm or in another moment without ticks, or, when slices come without
a pause, two at a time after a decision.

A slice with nothing but the dummy symbol of the keep-warm is such a moment, and the strategy never sees it. From a slice
with other data as well the dummy is taken out, by a slice made anew. As long as there is a dummy every slice is asked for
it, about two microseconds: its ticks are not only our beats, since a broker's queue may know the symbol as well, and a
warm-up brings what the data folder has of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from live.clock import NANOSECONDS_PER_SECOND, datetime_to_ns, monotonic_ns, wall_ns
from live.hot.catalogue import Counter, Stage
from live.hot.trace import KIND_SLICE, SEVERAL_SYMBOLS
from live.lean import surface
from live.lean.page import LeanPage
from live.lean.stages import OrderStages
from live.lean.surface import dotnet_types
from live.lean.symbol_rows import SymbolRow

BEAT_QUANTITY = 0.123456789
"""Quantity of a beat's tick, by which it is told from a tick of the dummy that somebody else has sent."""
SLOTS = 512
"""Slices that may wait to be looked at."""
_MASK = SLOTS - 1
_MANY = 32
"""Slices that wait from which on some are looked at after each decision. Each keeps objects of .NET alive: few enough to be
gone before its collector has carried them into an older generation."""
_AT_ONCE = 2
"""How many then: more than come in, so that never more wait than there is room for."""
_WAIT_MAX_NS = 60 * NANOSECONDS_PER_SECOND
"""Longest time for which a slice is believed to have waited for on_data: beyond it a clock has stepped, or time is simulated."""
_AT_REST = 8
"""How many in a moment without ticks: it stays short, since the next tick may come at any time."""


class SliceWatch:
    """Gives slices to the strategy, and keeps account of them.

    Parameters:
        page: where counts and durations go.
        stages: marks of orders.
        dotnet_gc_every: of so many slices one asks for .NET's pauses; 0 for none.

    Attributes:
        strategy: what is given each slice.
        on_beat: called in place of the strategy when a slice holds nothing but the dummy symbol.
        on_error: told what was raised while slices were accounted for, which the strategy does not depend on.
        algorithm: LEAN's; set before the first slice.
        dummy: LEAN's symbol of the keep-warm; None without.
        has_session: whether the warm-up is over: then the dummy has ticks only.
        beats_sent: ticks of the dummy that were fed; whoever feeds them counts here, before.
        beats_seen: of these, those that came back in a slice, or were given up.
        fed_ns: when the oldest tick that a feeder of ours has fed since the last slice was received, on the monotonic
            clock; 0 for none. The feeder writes it when it is 0.
        slices: slices that were given to the strategy.
        last_ns: when the last of them was, on the monotonic clock.
    """

    def __init__(self, page: LeanPage, stages: OrderStages, dotnet_gc_every: int) -> None:
        self._page = page
        self._stages = stages
        self._gc_every = dotnet_gc_every
        self._until_gc = dotnet_gc_every
        self.strategy: Callable[[Any], None] = _nobody
        self.on_beat: Callable[[], None] = _no_beat
        self.on_error: Callable[[Exception], None] = _raise
        self.algorithm: Any = None
        self.dummy: Any = None
        self.has_session = False
        self.beats_sent = 0
        self.beats_seen = 0
        self.fed_ns = 0
        self.slices = 0
        self.last_ns = 0
        self._looking = threading.Lock()
        self._looked_at = 0
        self._ended = 0
        self._slots: list[Any] = [None] * SLOTS
        self._fed_at = [0] * SLOTS
        self._entered_at = [0] * SLOTS
        self._entered_wall = [0] * SLOTS
        self._ended_at = [0] * SLOTS
        self._began_at = [0] * SLOTS
        self._trade_ticks = self._quote_ticks = self._trade_bars = self._quote_bars = 0
        self._trade: Any = None

    # -- on the loop thread, at every slice

    def on_slice(self, slice: Any) -> None:
        """Give a slice to the strategy; its errors go on to LEAN."""
        if self.dummy is not None and self._holds_dummy(slice):
            has_beat = self._count_beats(slice)
            slice = surface.without_symbol(slice, self.dummy)
            if slice is None:
                if has_beat:
                    self.on_beat()
                return
        number = self.slices + 1
        at = number & _MASK
        self._slots[at] = slice
        self._fed_at[at] = self.fed_ns
        self.fed_ns = 0
        self._stages.slice_number = self.slices = number
        self._entered_wall[at] = wall_ns()
        self._entered_at[at] = entered_ns = monotonic_ns()
        try:
            self.strategy(slice)
        finally:
            self.last_ns = self._ended_at[at] = monotonic_ns()
            self._began_at[at] = entered_ns
            self._ended = number
            self._stages.slice_number = 0
        try:
            self._keep_up(number)
        except Exception as error:
            self.on_error(error)

    def _keep_up(self, number: int) -> None:
        """Do what cannot be left to a moment without ticks."""
        if self._gc_every:
            self._until_gc -= 1
            if not self._until_gc:
                self._until_gc = self._gc_every
                self._page.read_dotnet_pauses()
        waiting = number - self._looked_at
        if waiting > _MANY:
            self._look(_AT_ONCE, waiting == SLOTS - 1)

    def _holds_dummy(self, slice: Any) -> bool:
        dummy = self.dummy
        if slice.ticks.contains_key(dummy):
            return True
        # A warm-up may have a resolution of its own.
        return not self.has_session and (slice.bars.contains_key(dummy) or slice.quote_bars.contains_key(dummy))

    def _count_beats(self, slice: Any) -> int:
        """Return how many beats have come back in a slice."""
        ticks = slice.ticks
        if not ticks.contains_key(self.dummy):
            return 0
        beats = sum(1 for tick in ticks[self.dummy] if tick.quantity == BEAT_QUANTITY)
        # One that was given up and comes after all was counted then.
        self.beats_seen = min(self.beats_seen + beats, self.beats_sent)
        return beats

    # -- between ticks

    @property
    def is_deciding(self) -> bool:
        """Whether the strategy is at a slice."""
        return self.slices != self._ended

    def deciding_ns(self, now_ns: int) -> int:
        """Return for how long the strategy has been at a slice, 0 when it is at none; from any thread.

        Parameters:
            now_ns: the present, on the monotonic clock.
        """
        number = self.slices
        if number == self._ended:
            return 0
        return max(0, now_ns - self._entered_at[number & _MASK])

    def look(self) -> bool:
        """Look at some of the slices that wait; return whether more do. At once back while another thread looks."""
        return self._look(_AT_REST, False)

    def look_at_all(self) -> None:
        """Look at all slices that wait: at the end."""
        while self._look(SLOTS, True):
            pass

    def publish(self, tick_calls: int) -> None:
        """Bring the counts to the page.

        Parameters:
            tick_calls: calls of on_tick.
        """
        raise_to = self._page.raise_to
        raise_to(Counter.TICKS_TRADE, self._trade_ticks)
        raise_to(Counter.TICKS_QUOTE, self._quote_ticks)
        raise_to(Counter.BARS_TRADE, self._trade_bars)
        raise_to(Counter.BARS_QUOTE, self._quote_bars)
        raise_to(Counter.STEPS, self.slices)
        raise_to(Counter.CALLS_ON_DATA, self.slices)
        raise_to(Counter.CALLS_ON_TICK, tick_calls)

    def _look(self, most: int, must_wait: bool) -> bool:
        """Look at slices that wait, oldest first; return whether more do.

        Parameters:
            most: how many.
            must_wait: whether to wait while another thread looks: there is no more room.
        """
        if not self._looking.acquire(blocking=must_wait):
            return False
        try:
            return self._look_at(most)
        finally:
            self._looking.release()

    def _look_at(self, most: int) -> bool:
        ended = self._ended
        for number in range(self._looked_at + 1, min(ended, self._looked_at + most) + 1):
            at = number & _MASK
            slice, self._slots[at] = self._slots[at], None
            try:
                self._account(at, slice)
            finally:
                # A slice that cannot be accounted for is not looked at again.
                self._looked_at = number
        self._stages.record(self._page.histogram, self._began, self._looked_at)
        self._page.trace.make_room()
        return self._looked_at < ended

    def _account(self, at: int, slice: Any) -> None:
        """Turn the stamps of a slice into durations, and count what it held."""
        page = self._page
        made_ns = surface.utc_ns(slice)
        entered_ns, wall = self._entered_at[at], self._entered_wall[at]
        # A feeder of ours knows when it received the tick; of a broker's the engine's own time is the earliest known.
        waited_ns = wall - made_ns
        if not 0 <= waited_ns <= _WAIT_MAX_NS:
            waited_ns = 0
        # The trace takes nothing from before its beginning.
        began_ns = max(self._fed_at[at] or entered_ns - waited_ns, page.trace.origin_ns)
        self._began_at[at] = began_ns
        index = self._count(slice, wall)
        page.data_time_ns = made_ns
        page.trace.record(began_ns, self._ended_at[at], made_ns, index, KIND_SLICE)
        page.trace.record_stages(began_ns, entered_ns)

    def _count(self, slice: Any, wall: int) -> int:
        """Count the ticks and bars of a slice; return the number of its symbol, SEVERAL_SYMBOLS for more than one."""
        self._trade_bars += slice.bars.count
        self._quote_bars += slice.quote_bars.count
        index = SEVERAL_SYMBOLS
        found = surface.ticks_of(slice)
        if not found:
            return index
        if self._trade is None:
            self._trade = dotnet_types().trade
        for symbol, ticks in found:
            trades = sum(1 for tick in ticks if tick.tick_type == self._trade)
            self._trade_ticks += trades
            self._quote_ticks += len(ticks) - trades
            row = self._row(symbol)
            if row is None:
                continue
            newest = ticks[len(ticks) - 1]
            row.count(len(ticks), wall, newest.value)
            delay_ns = wall - row.zone.to_utc_ns(datetime_to_ns(newest.time))
            self._page.histogram(Stage.FEED_DELAY).record(max(0, delay_ns))
            index = row.index
        return index if len(found) == 1 else SEVERAL_SYMBOLS

    def _row(self, symbol: Any) -> SymbolRow | None:
        """Return the row of a symbol, made at its first tick; None when LEAN has removed the symbol since that tick."""
        row = self._page.rows.find(symbol)
        if row is not None:
            return row
        security = surface.security_of(self.algorithm, symbol)
        return None if security is None else self._page.rows.add(security)

    def _began(self, slice_number: int) -> int:
        """Return when the tick of a slice was received; 0 when that was forgotten."""
        if slice_number > self.slices - SLOTS:
            return self._began_at[slice_number & _MASK]
        return 0


def _nobody(slice: Any) -> None:
    """Before there is a strategy."""


def _no_beat() -> None:
    """Without keep-warm."""


def _raise(error: Exception) -> None:
    """Without a host."""
    raise error
