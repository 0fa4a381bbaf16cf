# cython: annotation_typing=False
"""The slice pump: time steps of nothing but ticks, from decoded records to on_data.

The order of work is that of a whole step of the run loop (live.paper.loop): prices into the securities, resting orders,
consolidators, on_data, orders again. Whatever else may be due, bars, events, settlement, margin, is the loop's: the
pump stops before such a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.algorithm.data import Tick
from live.algorithm.slices import Ticks, make_tick_slice
from live.algorithm.symbols import Symbol
from live.algorithm.ticks import build_ticks
from live.feeds.bar_subscription import SubscriptionConfig
from live.hot.merge import TickMerge
from live.hot.records import FLAG_SUSPICIOUS
from live.hot.stamp import now_ns
from live.hot.trace import KIND_SLICE, SEVERAL_SYMBOLS, LatencyTrace
from live.paper.callbacks import guarded
from live.paper.price_watch import PriceWatch
from live.paper.run_clock import RunClock
from live.paper.security_cache import SecurityCache

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine

_SUSPICIOUS = FLAG_SUSPICIOUS
_KIND_SLICE = KIND_SLICE
_SEVERAL_SYMBOLS = SEVERAL_SYMBOLS


class TickLane:
    """What the pump must know of one tick subscription.

    `offset_ns` is exchange time minus UTC and `scale` the factor of its prices; both hold until the loop changes them.

    Parameters:
        config: the subscription.
        cache: newest prices of its security.
        is_default_kind: False for the quotes of an equity, which never become its newest data.
    """

    def __init__(self, config: SubscriptionConfig, cache: SecurityCache, is_default_kind: bool) -> None:
        self.config = config
        self.symbol: Symbol = config.symbol
        self.cache = cache
        self.is_default_kind = is_default_kind
        self.offset_ns = 0
        self.scale = 1.0


class SlicePump:
    """Plays ticks to an algorithm that takes slices.

    `offset_ns` is the algorithm's time minus UTC until the loop changes it. `received_ns` is when the ticks of a feed were
    received, 0 for those that are there already: what a decision took counts from there. Counts of ticks, calls and steps go up while
    it plays; the loop brings them to the recorder.

    Parameters:
        engine: the run.
        merge: the ticks of all lanes.
        lanes: one for each source of the merge.
        watch: tells when orders and account need no look.
        trace: takes the time from a step's beginning to the end of on_data.
    """

    def __init__(
        self,
        engine: PaperEngine,
        merge: TickMerge,
        lanes: list[TickLane],
        watch: PriceWatch,
        trace: LatencyTrace,
    ) -> None:
        self._engine = engine
        self._merge = merge
        self._lanes = lanes
        self._watch = watch
        self._bands = watch.bands
        self._trace = trace
        self._clock: RunClock = engine.clock
        self._on_data = engine.callbacks.on_data
        self._transactions = engine.transactions
        self._events = engine.schedule.events
        self._consolidators = engine.consolidators
        self._trusted: list[list[Tick]] = [[] for _ in lanes]
        self.offset_ns = 0
        self.received_ns = 0
        self.trade_ticks = 0
        self.quote_ticks = 0
        self.data_calls = 0
        self.steps = 0
        self.stop_requested = False

    def run(self, until_ns: int) -> None:
        """Play the steps before a moment; stop early when an order event, the strategy or a price asks for a look."""
        merge = self._merge
        revision = self._clock.revision
        while merge.time_ns < until_ns and not self.stop_requested:
            if self._events.next_time_ns <= merge.time_ns:
                return
            if self._consolidators and self._consolidators.next_scan_ns() < merge.time_ns:
                return
            is_quiet = self._step()
            self.steps += 1
            merge.advance()
            if not is_quiet or self._clock.revision != revision or self._engine.quit_message is not None:
                return

    def forget_counts(self) -> None:
        """Begin to count anew."""
        self.trade_ticks = 0
        self.quote_ticks = 0
        self.data_calls = 0
        self.steps = 0

    def take(self, place: int) -> list[Tick]:
        """Return the ticks of a due source, suspicious ones included."""
        merge = self._merge
        lane: TickLane = self._lanes[merge.due[place]]
        source = merge.sources[merge.due[place]]
        local_ns = merge.time_ns + lane.offset_ns
        return build_ticks(source.buffer, merge.begins[place], merge.ends[place], lane.symbol, local_ns, lane.scale)

    def _step(self) -> bool:
        """Play a step; return whether its prices asked for no look at orders and account."""
        began_ns = self.received_ns or now_ns()
        merge = self._merge
        clock = self._clock
        clock.now_ns = merge.time_ns
        clock.began_ns = began_ns
        ticks = Ticks()
        for place in range(merge.due_count):
            lane: TickLane = self._lanes[merge.due[place]]
            points = self.take(place)
            known = ticks.get(lane.symbol) if ticks else None
            ticks[lane.symbol] = points if known is None else known + points
            trusted = self._count(points)
            self._trusted[place] = trusted
            if trusted:
                lane.cache.store_ticks(trusted, lane.is_default_kind)
        slice = make_tick_slice(merge.time_ns, merge.time_ns + self.offset_ns, ticks)
        self._engine.current_slice = slice
        revision = clock.revision
        is_quiet = self._is_quiet()
        if not is_quiet:
            self._transactions.process_step()
        if self._consolidators:
            self._consolidate()
        is_sampled = self._trace.is_sampled()
        entered_ns = now_ns() if is_sampled else 0
        if self._on_data is not None:
            self._on_data(slice)
        self._trace.record(began_ns, now_ns(), merge.time_ns, self._symbol_index(), _KIND_SLICE)
        if is_sampled:
            self._trace.record_stages(began_ns, entered_ns)
        clock.began_ns = 0
        self.data_calls += 1
        if not is_quiet or clock.revision != revision or self._transactions.has_requests:
            self._transactions.process_step()
        return is_quiet

    def _symbol_index(self) -> int:
        """Return the index of the step's symbol, SEVERAL_SYMBOLS when there is more than one."""
        merge = self._merge
        source = merge.sources[merge.due[0]]
        symbol_index: int = source.symbol_index
        for place in range(1, merge.due_count):
            source = merge.sources[merge.due[place]]
            if source.symbol_index != symbol_index:
                return _SEVERAL_SYMBOLS
        return symbol_index

    def _is_quiet(self) -> bool:
        """Tell whether processing orders at this step would do nothing."""
        if self._transactions.has_requests:
            return False
        if self._bands.holds(self._clock.revision) and not self._bands.crosses(self._merge):
            return True
        return bool(self._watch.is_quiet(self._merge))

    def _count(self, points: list[Tick]) -> list[Tick]:
        """Count ticks by kind; return those that are not suspicious."""
        first: Tick = points[0]
        if first.is_trade:
            self.trade_ticks += len(points)
        else:
            self.quote_ticks += len(points)
        for tick in points:
            if tick.flags & _SUSPICIOUS:
                return [each for each in points if not each.flags & _SUSPICIOUS]
        return points

    def _consolidate(self) -> None:
        merge = self._merge
        for place in range(merge.due_count):
            lane: TickLane = self._lanes[merge.due[place]]
            trusted = self._trusted[place]
            if trusted:
                guarded("consolidator", self._consolidators.update, lane.config, trusted)
