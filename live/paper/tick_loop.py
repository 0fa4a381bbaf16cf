"""Run loops with tick subscriptions: a pump plays the ticks, and a whole time step is made only when something else is due.

A whole step is due when bars, corporate actions, scheduled events, settlement, margin, a sample of the equity or a new
day are, and during warm-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from live.clock import NANOSECONDS_PER_DAY
from live.feeds.bar_subscription import END_OF_DATA_NS
from live.hot.merge import TickMerge
from live.paper.callbacks import guarded
from live.paper.engine import PaperEngine
from live.paper.frontier import Frontier, Update
from live.paper.loop import RunLoop
from live.paper.price_watch import PriceWatch
from live.paper.slice_pump import SlicePump, TickLane
from live.paper.tick_source import TickSubscription


class TickLoop(RunLoop):
    """What loops with tick subscriptions share. Parameters as for RunLoop."""

    def __init__(
        self, engine: PaperEngine, frontier: Frontier, report: Callable[[], None], report_every_steps: int
    ) -> None:
        super().__init__(engine, frontier, report, report_every_steps)
        self._subscriptions = frontier.detach_ticks()
        self._merge = TickMerge([each.stream for each in self._subscriptions])
        self._merge.advance()
        self._watch = PriceWatch(engine, engine.risk.book.capacity)
        self._taken_ns = -1
        self._day_end_ns = 0
        self._event_ns = self._next_event_ns()

    def wake(self, numbers: Iterable[int], received_ns: int = 0) -> None:
        """Take note of ticks that came while the run was waiting for some. Parameters as for RunLoop."""
        super().wake(numbers, received_ns)
        merge = self._merge
        if merge.time_ns == self._taken_ns:
            merge.advance()
        for number in numbers:
            if merge.sources[number].time_ns == END_OF_DATA_NS:
                merge.wake(number)
        if merge.time_ns == END_OF_DATA_NS:
            merge.advance()
        # What came may be of the moment that was taken last.
        self._taken_ns = -1

    def pass_time(self, time_ns: int) -> None:
        """Let time go by without data. Parameters and errors as for RunLoop."""
        self._watch.bands.disarm()
        super().pass_time(time_ns)

    def _next_step_ns(self, horizon_ns: int) -> int:
        """Let the pump play what needs no whole step; return when the next whole step is due."""
        merge = self._merge
        # Only now, with the whole step behind it: going on may end the run, when the next row is damaged.
        if merge.time_ns == self._taken_ns:
            merge.advance()
        while True:
            slow_ns = min(self._frontier.next_time_ns(), self._event_ns)
            if merge.time_ns > horizon_ns:
                return min(slow_ns, merge.time_ns)
            until_ns = min(self._until_ns(slow_ns), horizon_ns + 1)
            if merge.time_ns >= until_ns:
                return min(slow_ns, merge.time_ns)
            self._play(until_ns)
            self._set_pump_stop(self.stop_requested)
            if self.is_over():
                return END_OF_DATA_NS
            self._report_now_and_then()

    def request_stop(self) -> None:
        """End the loop after the present step."""
        super().request_stop()
        self._set_pump_stop(True)

    def request_report(self) -> None:
        """Report after the present step."""
        super().request_report()
        self._set_pump_stop(True)

    def _set_pump_stop(self, is_wanted: bool) -> None:
        """Let the pump come back after its present step, or play on."""
        raise NotImplementedError

    def _play(self, until_ns: int) -> None:
        """Play ticks before a moment."""
        raise NotImplementedError

    def _take(self, place: int, subscription: TickSubscription) -> Update:
        """Return the ticks of a due source for a whole step."""
        raise NotImplementedError

    def _next_event_ns(self) -> int:
        """Return when the next corporate action of any subscription is due."""
        return min((each.next_event_ns for each in self._subscriptions), default=END_OF_DATA_NS)

    def _until_ns(self, slow_ns: int) -> int:
        """Return up to when ticks may go to the strategy without a whole step."""
        engine = self._engine
        if engine.is_warming_up or engine.callbacks.on_end_of_time_step is not None:
            return 0
        return min(
            slow_ns,
            self._day_end_ns,
            self._next_settlement_ns,
            self._next_margin_call_ns,
            engine.recorder.next_equity_ns,
            engine.schedule.events.next_time_ns,
        )

    def _is_broke(self) -> bool:
        # Within the bands the account is worth something.
        return not self._watch.bands.holds(self._engine.clock.revision) and super()._is_broke()

    def _collect(self, time_ns: int) -> list[Update]:
        """Return what is due: bars, corporate actions, and the ticks that the merge has at this moment."""
        updates = super()._collect(time_ns)
        self._watch.bands.disarm()
        if time_ns >= self._day_end_ns:
            self._begin_day(time_ns)
        if time_ns >= self._event_ns:
            for each in self._subscriptions:
                events = each.take_events(time_ns)
                if events:
                    updates.append(Update(each.config, each.security, events, False))
            self._event_ns = self._next_event_ns()
        merge = self._merge
        if merge.time_ns == time_ns:
            self._taken_ns = time_ns
            updates.extend(self._take(place, self._subscriptions[merge.due[place]]) for place in range(merge.due_count))
        updates.sort(key=lambda update: update.config.order)
        return updates

    def _begin_day(self, time_ns: int) -> None:
        """Take the day's price factors and offsets of time zones, good until `_day_end_ns`."""
        ends = [self._engine.zone.interval(time_ns)[1]]
        for number, each in enumerate(self._subscriptions):
            zone = each.config.hours.exchange_zone
            _, until_ns, offset_ns = zone.interval(time_ns)
            local_ns = time_ns + offset_ns
            ends += (until_ns, zone.to_utc_ns(local_ns - local_ns % NANOSECONDS_PER_DAY + NANOSECONDS_PER_DAY))
            self._set_day(number, each, offset_ns, each.scale_on(local_ns))
        self._day_end_ns = min(ends)

    def _set_day(self, number: int, subscription: TickSubscription, offset_ns: int, scale: float) -> None:
        """Take a subscription's offset from UTC and price factor of the day."""
        raise NotImplementedError


class SliceLoop(TickLoop):
    """Plays an algorithm that takes slices. Parameters as for RunLoop."""

    def __init__(
        self, engine: PaperEngine, frontier: Frontier, report: Callable[[], None], report_every_steps: int
    ) -> None:
        super().__init__(engine, frontier, report, report_every_steps)
        self._lanes = [TickLane(each.config, each.security.cache, each.is_default_kind) for each in self._subscriptions]
        self._pump = SlicePump(engine, self._merge, self._lanes, self._watch, engine.recorder.trace)

    @property
    def steps(self) -> int:
        """Time steps so far."""
        return super().steps + self._pump.steps

    def _set_pump_stop(self, is_wanted: bool) -> None:
        self._pump.stop_requested = is_wanted

    def _play(self, until_ns: int) -> None:
        engine, pump = self._engine, self._pump
        pump.received_ns = self._received_ns
        pump.offset_ns = engine.zone.offset_ns(self._merge.time_ns)
        try:
            guarded("on_data", pump.run, until_ns)
        finally:
            engine.recorder.count_played(pump.trade_ticks, pump.quote_ticks, pump.data_calls, pump.steps)
            pump.forget_counts()

    def _until_ns(self, slow_ns: int) -> int:
        consolidators = self._engine.consolidators
        # A look at a consolidator comes before the first step after it.
        scan_ns = consolidators.next_scan_ns() + 1 if consolidators else END_OF_DATA_NS
        return min(super()._until_ns(slow_ns), scan_ns)

    def _take(self, place: int, subscription: TickSubscription) -> Update:
        return Update(subscription.config, subscription.security, self._pump.take(place), True)

    def _set_day(self, number: int, subscription: TickSubscription, offset_ns: int, scale: float) -> None:
        lane = self._lanes[number]
        lane.symbol, lane.offset_ns, lane.scale = subscription.symbol, offset_ns, scale
