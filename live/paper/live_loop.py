"""The run loop of a LiveAlgorithm: ticks go straight to on_tick.

Beyond what asks for a whole step of every loop with ticks, these do: consolidators, prices at which resting orders or
the account need a look, and algorithms that also take slices. Between those, the clock and the prices of the securities
are brought up to date only when the strategy looks at them.
"""

from __future__ import annotations

from collections.abc import Callable

from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.slices import Slice
from live.algorithm.ticks import build_ticks
from live.hot.pump import TickPump
from live.hot.records import KIND_QUOTE, KIND_TRADE, RecordBuffer
from live.hot.units import PRICE_SCALE
from live.hot.views import TickView
from live.paper.callbacks import guarded
from live.paper.engine import PaperEngine
from live.paper.frontier import Frontier, Update
from live.paper.live_desk import LiveDesk
from live.paper.securities import Security
from live.paper.tick_loop import TickLoop
from live.paper.tick_source import TickSubscription

_SCALE = float(PRICE_SCALE)  # a real, so that prices come out as build_ticks makes them


class LiveLoop(TickLoop):
    """Plays a LiveAlgorithm. Parameters as for RunLoop."""

    def __init__(
        self, engine: PaperEngine, frontier: Frontier, report: Callable[[], None], report_every_steps: int
    ) -> None:
        super().__init__(engine, frontier, report, report_every_steps)
        algorithm = engine.algorithm
        assert isinstance(algorithm, LiveAlgorithm)
        engine.risk.ticks_reach_book(each.config.symbol.index for each in self._subscriptions)
        self._takes_slices = engine.callbacks.on_data is not None
        self._view = TickView(engine.risk.book, algorithm.check_views)
        trace, bands = engine.recorder.trace, self._watch.bands
        self._pump = TickPump(self._merge, engine.risk.book, self._view, algorithm.on_tick, trace, bands)
        self._desk = LiveDesk(algorithm, engine.risk, self._pump, engine.clock, engine.recorder.on_denial)
        self._steps_counted = 0
        algorithm._desk = self._desk
        engine.desk = self._desk
        self._scales: dict[int, float] = {}

    @property
    def steps(self) -> int:
        """Time steps so far."""
        return super().steps + self._pump.steps - self._steps_counted

    def _set_pump_stop(self, is_wanted: bool) -> None:
        self._pump.stop_requested = is_wanted

    # -- the pump's side

    def _bring_up_to_date(self) -> None:
        """Catch up for the last time until the pump runs again: nobody needs to ask for it before."""
        self.catch_up()
        self._engine.clock.catch_up = None

    def catch_up(self) -> None:
        """Bring the engine's clock and the securities to the present tick, when they are behind."""
        pump = self._pump
        pump.is_touched = True
        if not pump.is_behind:
            return
        pump.is_behind = False
        engine = self._engine
        engine.set_time(pump.step_ns)
        recent = [(buffer.first_ns(), number) for number, buffer in enumerate(pump.last_ticks) if buffer.count]
        recent.sort()
        for _, number in recent:
            self._store(self._subscriptions[number], pump.last_ticks[number])
        engine.clock.began_ns = pump.tick_began_ns

    def _store(self, subscription: TickSubscription, ticks: RecordBuffer) -> None:
        """Store a source's newest moment; what older ones left comes from the book."""
        config, security = subscription.config, subscription.security
        local_ns = config.hours.exchange_zone.to_local_ns(ticks.first_ns())
        scale = subscription.scale_on(local_ns)
        points = build_ticks(ticks, 0, ticks.count, config.symbol, local_ns, scale)
        ticks.count = 0
        cache = security.cache
        cache.store_book(self._pump.book, config.symbol.index, scale)
        cache.store_ticks(points, subscription.is_default_kind)

    # -- the loop's side

    def _next_step_ns(self, horizon_ns: int) -> int:
        time_ns = super()._next_step_ns(horizon_ns)
        if time_ns <= horizon_ns:
            # A whole step begins from securities that know everything before it.
            self._bring_up_to_date()
        else:
            self._engine.clock.catch_up = self.catch_up
        return time_ns

    def pass_time(self, time_ns: int) -> None:
        """Let time go by without data. Parameters and errors as for RunLoop."""
        self._bring_up_to_date()
        super().pass_time(time_ns)

    def _is_broke(self) -> bool:
        if not self._watch.bands.holds(self._engine.clock.revision):
            self.catch_up()
        return super()._is_broke()

    def _until_ns(self, slow_ns: int) -> int:
        engine = self._engine
        if self._takes_slices or engine.consolidators:
            return 0
        if engine.transactions.has_requests or not self._watch.is_quiet(self._merge):
            return 0
        return super()._until_ns(slow_ns)

    def _play(self, until_ns: int) -> None:
        pump = self._pump
        pump.received_ns = self._received_ns
        self._engine.clock.catch_up = self.catch_up
        try:
            guarded("on_tick", pump.run, until_ns)
        finally:
            self._count()
        if pump.is_touched:
            self._bring_up_to_date()
            self._send()
            self._engine.transactions.process_step()
            pump.merge.advance()

    def _take(self, place: int, subscription: TickSubscription) -> Update:
        merge = self._merge
        ticks = subscription.ticks(merge.time_ns, merge.begins[place], merge.ends[place])
        return Update(subscription.config, subscription.security, ticks, True)

    def _collect(self, time_ns: int) -> list[Update]:
        updates = super()._collect(time_ns)
        if self._merge.time_ns == time_ns:
            self._pump.remember()
        self._pump.is_behind = False
        return updates

    def _set_day(self, number: int, subscription: TickSubscription, offset_ns: int, scale: float) -> None:
        symbol = subscription.config.symbol
        if self._scales.get(symbol.index, scale) != scale:
            self._rebase(subscription.security, scale)
        self._scales[symbol.index] = scale
        self._view.set_symbol(symbol.index, symbol, scale)

    def _apply_corporate_actions(self, slice: Slice) -> None:
        super()._apply_corporate_actions(slice)
        for symbol in slice.splits.keys():
            security = self._engine.securities[symbol]
            self._rebase(security, self._scales.get(symbol.index, 1.0))

    def _rebase(self, security: Security, scale: float) -> None:
        """Write a symbol's row of the book anew from what the security knows, when old prices mean something else now."""
        book, index, cache = self._pump.book, security.symbol.index, security.cache
        time_ns = book.time_ns(index)
        book.reset(index)
        if not cache.price:
            return
        price_e9, bid_e9, ask_e9 = (
            round(price / scale * _SCALE) for price in (cache.price, cache.bid_price, cache.ask_price)
        )
        bid_size, ask_size, volume = cache.bid_size * scale, cache.ask_size * scale, cache.volume * scale
        book.update_tick(index, KIND_QUOTE, time_ns, bid_e9, ask_e9, bid_size, ask_size, time_ns)
        book.update_tick(index, KIND_TRADE, time_ns, price_e9, 0, volume, 0.0, time_ns)

    def _deliver(self, slice: Slice, began_ns: int) -> None:
        if self._takes_slices:
            super()._deliver(slice, began_ns)
        else:
            self._engine.recorder.count_bars(slice)
        pump = self._pump
        if pump.merge.time_ns != self._engine.time_ns:
            return
        pump.step_now()
        pump.received_ns = self._received_ns
        if not self._engine.is_warming_up:
            self._engine.clock.began_ns = began_ns
            guarded("on_tick", pump.play)
        self._count()
        for ticks in pump.last_ticks:
            ticks.count = 0
        self._send()

    def _send(self) -> None:
        """Send the orders of the moment; how long that took counts from the tick that caused them."""
        clock = self._engine.clock
        clock.began_ns = self._desk.tick_began_ns
        self._desk.send()
        clock.began_ns = 0

    def _count(self) -> None:
        """Bring the recorder to the pump's counts."""
        recorder, pump = self._engine.recorder, self._pump
        recorder.steps += pump.steps - self._steps_counted
        self._steps_counted = pump.steps
        recorder.tick_calls = pump.trade_ticks + pump.quote_ticks
        recorder.suspicious_ticks = pump.suspicious_ticks
        if not self._takes_slices:
            recorder.trade_ticks, recorder.quote_ticks = pump.trade_ticks, pump.quote_ticks
