"""The run loop of a LiveAlgorithm: ticks go straight to on_tick, and a whole time step is made only when something asks for it.

A whole step is due when bars, corporate actions, scheduled events, consolidators, settlement, margin, a sample of the
equity or a new day are; while orders rest; during warm-up; and for algorithms that also take slices. Between those, the
clock and the prices of the securities are brought up to date only when the strategy looks at them.
"""

from __future__ import annotations

from collections.abc import Callable

from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.slices import Slice
from live.algorithm.ticks import build_ticks
from live.clock import NANOSECONDS_PER_DAY
from live.feeds.bar_subscription import END_OF_DATA_NS
from live.hot.denials import DenialCode
from live.hot.merge import TickMerge
from live.hot.pump import TickPump
from live.hot.records import RecordBuffer
from live.hot.views import TickView
from live.paper.callbacks import guarded
from live.paper.engine import PaperEngine
from live.paper.frontier import Frontier, Update
from live.paper.live_desk import LiveDesk
from live.paper.loop import RunLoop
from live.paper.tick_source import TickSubscription

_SCALE = 1e9


class LiveLoop(RunLoop):
    """Plays a LiveAlgorithm. Parameters as for RunLoop."""

    def __init__(
        self, engine: PaperEngine, frontier: Frontier, report: Callable[[], None], report_every_steps: int
    ) -> None:
        super().__init__(engine, frontier, report, report_every_steps)
        algorithm = engine.algorithm
        assert isinstance(algorithm, LiveAlgorithm)
        engine.risk.is_fed_by_ticks = True
        self._subscriptions = frontier.detach_ticks()
        self._takes_slices = engine.callbacks.on_data is not None or engine.callbacks.on_end_of_time_step is not None
        self._view = TickView(engine.risk.book, algorithm.check_views)
        merge = TickMerge([each.stream for each in self._subscriptions])
        decisions = engine.recorder.tick_to_decision
        self._pump = TickPump(merge, engine.risk.book, self._view, algorithm.on_tick, decisions)
        self._desk = LiveDesk(algorithm, engine.risk.gate, self._pump, self.catch_up, self._on_denial)
        self._day_end_ns = 0
        self._counted = (0, 0)
        algorithm._desk = self._desk
        engine.desk = self._desk
        merge.advance()
        for security in engine.securities.values():
            security.catch_up = self.catch_up

    # -- the pump's side

    def catch_up(self) -> None:
        """Bring the engine's clock and the securities to the present tick, when they are behind."""
        pump = self._pump
        pump.is_touched = True
        if not pump.is_behind:
            return
        pump.is_behind = False
        engine = self._engine
        engine.set_time(pump.step_ns)
        recent = sorted((buffer.words[0], number) for number, buffer in enumerate(pump.last_ticks) if buffer.count)
        for _, number in recent:
            self._store(self._subscriptions[number], pump.last_ticks[number])
        for cash in engine.portfolio.cash_book.values():
            cash.update()
        engine.recorder.before_data(pump.tick_began_ns)

    def _store(self, subscription: TickSubscription, ticks: RecordBuffer) -> None:
        """Store a source's newest moment; what older ones left comes from the book."""
        config, security = subscription.config, subscription.security
        local_ns = config.hours.exchange_zone.to_local_ns(ticks.words[0])
        scale = subscription.scale_on(local_ns)
        points = build_ticks(ticks, 0, ticks.count, config.symbol, local_ns, scale)
        ticks.count = 0
        book, index, cache = self._pump.book, config.symbol.index, security.cache
        cache.bid_price = book.quoted_bid_e9(index) / _SCALE * scale or cache.bid_price
        cache.ask_price = book.quoted_ask_e9(index) / _SCALE * scale or cache.ask_price
        cache.bid_size = book.bid_size(index) or cache.bid_size
        cache.ask_size = book.ask_size(index) or cache.ask_size
        cache.volume = book.trade_size(index) or cache.volume
        cache.store_ticks(points, subscription.is_default_kind)

    def _on_denial(self, code: DenialCode) -> None:
        self._engine.recorder.on_denial(code.name)

    # -- the loop's side

    def _next_step_ns(self) -> int:
        """Let the pump play what needs no whole step; return when the next whole step is due."""
        engine, pump = self._engine, self._pump
        while True:
            slow_ns = self._next_slow_ns()
            until_ns = self._until_ns(slow_ns)
            if pump.merge.time_ns >= until_ns or self.stop_requested:
                # A whole step begins from securities that know everything before it.
                self.catch_up()
                return min(slow_ns, pump.merge.time_ns)
            before = pump.steps
            guarded("on_tick", pump.run, until_ns)
            self._count_ticks(pump.steps - before)
            if pump.is_touched:
                self.catch_up()
                self._send()
                engine.transactions.process_step()
                pump.merge.advance()
            if engine.quit_message is not None:
                return END_OF_DATA_NS
            self._report_now_and_then()

    def _next_slow_ns(self) -> int:
        events_ns = min((each.next_event_ns() for each in self._subscriptions), default=END_OF_DATA_NS)
        return min(self._frontier.next_time_ns(), events_ns)

    def _until_ns(self, slow_ns: int) -> int:
        """Return up to when ticks may go to the strategy without a whole step."""
        engine = self._engine
        if engine.is_warming_up or self._takes_slices or engine.transactions.has_work:
            return 0
        return min(
            slow_ns,
            self._day_end_ns,
            self._next_settlement_ns,
            self._next_margin_call_ns,
            engine.recorder.next_equity_ns,
            engine.schedule.events.next_time_ns,
            0 if engine.consolidators else END_OF_DATA_NS,
        )

    def _collect(self, time_ns: int) -> list[Update]:
        """Return what is due: bars, corporate actions, and the ticks that the pump has at this moment."""
        updates = super()._collect(time_ns)
        pump = self._pump
        self._begin_day(time_ns)
        for each in self._subscriptions:
            events = each.take_events(time_ns)
            if events:
                updates.append(Update(each.config, each.security, events, True))
        if pump.merge.time_ns == time_ns:
            pump.remember()
            for place in range(pump.merge.due_count):
                each = self._subscriptions[pump.merge.due[place]]
                ticks = each.ticks(time_ns, pump.merge.begins[place], pump.merge.ends[place])
                updates.append(Update(each.config, each.security, ticks, True))
            updates.sort(key=lambda update: update.config.order)
        pump.is_behind = False
        return updates

    def _begin_day(self, time_ns: int) -> None:
        """Adjust the view's prices to the day's factors."""
        if time_ns < self._day_end_ns:
            return
        ends = [END_OF_DATA_NS]
        for each in self._subscriptions:
            zone = each.config.hours.exchange_zone
            local_ns = zone.to_local_ns(time_ns)
            self._view.set_symbol(each.config.symbol.index, each.config.symbol, each.scale_on(local_ns))
            ends.append(zone.to_utc_ns(local_ns - local_ns % NANOSECONDS_PER_DAY + NANOSECONDS_PER_DAY))
        self._day_end_ns = min(ends)

    def _deliver(self, slice: Slice, began_ns: int) -> None:
        if self._takes_slices:
            super()._deliver(slice, began_ns)
        pump = self._pump
        if pump.merge.time_ns != self._engine.time_ns:
            return
        pump.step_now()
        if not self._engine.is_warming_up:
            self._engine.recorder.before_data(began_ns)
            guarded("on_tick", pump.play)
        self._count_ticks(0)
        for ticks in pump.last_ticks:
            ticks.count = 0
        pump.merge.advance()
        self._send()

    def _send(self) -> None:
        """Send the orders of the moment; how long that took counts from the tick that caused them."""
        recorder = self._engine.recorder
        recorder.before_data(self._desk.tick_began_ns)
        self._desk.send()
        recorder.before_data(0)

    def _count_ticks(self, steps: int) -> None:
        recorder, pump = self._engine.recorder, self._pump
        recorder.steps += steps
        calls = pump.trade_ticks + pump.quote_ticks
        recorder.tick_calls = calls
        recorder.suspicious_ticks = pump.suspicious_ticks
        if not self._takes_slices:
            recorder.trade_ticks, recorder.quote_ticks = pump.trade_ticks, pump.quote_ticks
