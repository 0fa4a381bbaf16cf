"""The run loop: time steps in order, and LEAN's order of work inside each.

1. events and consolidators due before the step, each at its own time; 2. prices into the securities; 3. changed tickers;
resting orders fill; delistings; 4. scheduled events due now; 5. margin calls, splits, dividends; 6. consolidators and
indicators; 7. on_data; 8. the order queue again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from live.algorithm.data import QuoteBar, TradeBar
from live.algorithm.enums import DataNormalizationMode, SecurityType, SplitType
from live.algorithm.qc_algorithm import SecurityChanges
from live.algorithm.slices import Slice
from live.clock import monotonic_ns
from live.feeds.bar_subscription import END_OF_DATA_NS
from live.paper.callbacks import guarded
from live.paper.end_of_day import plan_end_of_day
from live.paper.engine import PaperEngine
from live.paper.frontier import Frontier, Update
from live.paper.listing_events import apply_delistings, apply_symbol_changes, delisted_securities
from live.paper.margin_calls import call_margin
from live.paper.models.parameters import ScanSettlementModelParameters
from live.paper.models.spelling import method_of
from live.paper.slice_builder import build_slice

_HOUR_NS = 3_600_000_000_000
_MARGIN_CALL_NS = 300_000_000_000


class RunLoop:
    """Runs the time steps of one engine until the data end, the algorithm quits, or somebody asks to stop.

    Parameters:
        engine: the run's state.
        frontier: the run's data.
        report: called now and then to show progress.
        report_every_steps: time steps between two reports.
    """

    def __init__(
        self, engine: PaperEngine, frontier: Frontier, report: Callable[[], None], report_every_steps: int
    ) -> None:
        self._engine = engine
        self._frontier = frontier
        self._report = report
        self._report_every_steps = report_every_steps
        self._next_settlement_ns = 0
        self._next_margin_call_ns = 0
        self._next_report_step = report_every_steps
        self._warm_up_reported = False
        self._received_ns = 0
        self.stop_requested = False

    @property
    def steps(self) -> int:
        """Time steps so far."""
        return self._engine.recorder.steps

    def request_stop(self) -> None:
        """End the loop after the present step."""
        self.stop_requested = True

    def request_report(self) -> None:
        """Report after the present step."""
        self._next_report_step = 0

    def run(self) -> None:
        """Run all time steps.

        Raises:
            AlgorithmRuntimeError: the user's code raised.
            DataError: the data cannot be trusted.
        """
        self.begin()
        self.run_until(END_OF_DATA_NS - 1)

    def begin(self) -> None:
        """Make the first step, with the data of the first moment.

        Raises:
            AlgorithmRuntimeError, DataError: as for run.
        """
        engine = self._engine
        begin_ns = self._frontier.begin_ns
        engine.set_time(begin_ns)
        if not engine.is_warming_up:
            self._finish_warm_up()
        self._step(begin_ns, self._collect(begin_ns), is_first=True)

    def run_until(self, horizon_ns: int) -> bool:
        """Make the steps that there are data for, up to a moment and with it; later ones wait for another call.

        Parameters:
            horizon_ns: UTC.

        Returns:
            Whether the run may go on: it was neither stopped nor ended by the algorithm or for want of money.

        Raises:
            AlgorithmRuntimeError, DataError: as for run.
        """
        engine = self._engine
        while not self.is_over():
            time_ns = self._next_step_ns(horizon_ns)
            if time_ns > horizon_ns or self.stop_requested:
                break
            if engine.is_warming_up and time_ns > engine.start_utc_ns:
                self._pulse(engine.start_utc_ns)
            self._step(time_ns, self._collect(time_ns))
            self._report_now_and_then()
        return not self.is_over()

    def wake(self, numbers: Iterable[int], received_ns: int = 0) -> None:
        """Take note of ticks that came while the run was waiting for some.

        Parameters:
            numbers: places of the tick subscriptions that have ticks again.
            received_ns: when the ticks were received, on the monotonic clock, so that latencies count from there; 0 when
                they count from the beginning of their steps.
        """
        self._received_ns = received_ns

    def look_at_bars(self) -> None:
        """Take note of bars that came while the run was waiting for some."""
        self._frontier.reschedule()

    def pass_time(self, time_ns: int) -> None:
        """Let time go by in which there are no data: what is scheduled up to a moment happens, each at its own time.

        Orders that rest are looked at with the next data, as in a run on files.

        Parameters:
            time_ns: UTC, not before the present moment; data of this moment come too late afterwards.

        Raises:
            AlgorithmRuntimeError: as for run.
        """
        engine = self._engine
        if engine.is_warming_up and time_ns >= engine.start_utc_ns:
            self._pulse(engine.start_utc_ns)
        self._catch_up(time_ns + 1)
        engine.set_time(time_ns)

    def _next_step_ns(self, horizon_ns: int) -> int:
        """Return the moment of the next time step; one beyond the horizon is not to be made yet."""
        return self._frontier.next_time_ns()

    def _collect(self, time_ns: int) -> list[Update]:
        """Return the data of a time step."""
        return self._frontier.collect(time_ns)

    def _deliver(self, slice: Slice, began_ns: int) -> None:
        """Call the strategy."""
        engine = self._engine
        if slice.has_data:
            entered_ns = monotonic_ns()
            engine.callbacks.data(slice)
            engine.recorder.after_data(began_ns, entered_ns, engine.time_ns, slice)

    def _report_now_and_then(self) -> None:
        if self._engine.recorder.steps >= self._next_report_step:
            self._next_report_step = self._engine.recorder.steps + self._report_every_steps
            self._report()

    def _pulse(self, time_ns: int) -> None:
        """Move the clock to the end of the warm-up although no data come then."""
        engine = self._engine
        self._catch_up(time_ns)
        engine.set_time(time_ns)
        self._finish_warm_up()

    def _catch_up(self, time_ns: int) -> None:
        engine = self._engine
        if engine.schedule.events.next_time_ns < time_ns:
            engine.schedule.events.fire_past(time_ns, engine.set_time)
        if engine.consolidators.next_scan_ns() < time_ns:
            guarded("consolidator", engine.consolidators.scan_past, time_ns, engine.set_time)

    def _step(self, time_ns: int, updates: list[Update], is_first: bool = False) -> None:
        engine = self._engine
        began_ns = self._received_ns or monotonic_ns()
        if engine.schedule.events.next_time_ns <= time_ns:
            engine.recorder.trace.note_event(began_ns)
        self._catch_up(time_ns)
        engine.set_time(time_ns)
        # Orders of consolidators and of scheduled events that are due with the data count from the data too.
        engine.clock.began_ns = began_ns
        slice = build_slice(time_ns, engine.zone.to_local_ns(time_ns), updates)
        engine.current_slice = slice
        if is_first:
            plan_end_of_day(engine)
        delisted = delisted_securities(updates)
        self._store_prices(updates)
        self._settle(time_ns)
        if not engine.is_warming_up:
            self._finish_warm_up()
        apply_symbol_changes(engine, slice)
        engine.transactions.process_step()
        apply_delistings(engine, delisted)
        if engine.schedule.events.next_time_ns <= time_ns:
            engine.schedule.events.fire_due(time_ns)
        self._call_margin(time_ns)
        if is_first or delisted:
            added = list(engine.securities.values()) if is_first else []
            changes = SecurityChanges(added, delisted)
            engine.callbacks.call("on_securities_changed", changes)
        self._apply_corporate_actions(slice)
        for update in updates:
            points = update.consolidator_points()
            if points:
                guarded("consolidator", engine.consolidators.update, update.config, points)
        self._report_corporate_actions(slice)
        self._deliver(slice, began_ns)
        engine.transactions.process_step()
        engine.clock.began_ns = 0
        if engine.callbacks.on_end_of_time_step is not None:
            guarded("on_end_of_time_step", engine.callbacks.on_end_of_time_step)
        engine.recorder.after_step(time_ns, engine)

    def _store_prices(self, updates: list[Update]) -> None:
        for update in updates:
            config, cache = update.config, update.security.cache
            is_default = not (config.is_quote and config.symbol.security_type is SecurityType.EQUITY)
            if update.is_ticks:
                ticks = update.price_ticks()
                if ticks:
                    cache.store_ticks(ticks, is_default)
                continue
            for point in update.points:
                if isinstance(point, TradeBar | QuoteBar) and not point.is_fill_forward:
                    cache.store_bar(point, is_default)

    def _settle(self, time_ns: int) -> None:
        if time_ns < self._next_settlement_ns:
            return
        engine = self._engine
        for security in engine.securities.values():
            parameters = ScanSettlementModelParameters(engine.portfolio, security, time_ns)
            guarded("scan", method_of(security.settlement_model, "scan"), parameters)
        self._next_settlement_ns = time_ns - time_ns % _HOUR_NS + _HOUR_NS

    def _finish_warm_up(self) -> None:
        if not self._warm_up_reported:
            self._warm_up_reported = True
            self._engine.callbacks.call("on_warmup_finished")

    def _call_margin(self, time_ns: int) -> None:
        """Every five minutes: sell what the account can no longer carry."""
        if time_ns < self._next_margin_call_ns:
            return
        self._next_margin_call_ns = time_ns + _MARGIN_CALL_NS
        call_margin(self._engine)

    def _apply_corporate_actions(self, slice: Slice) -> None:
        engine = self._engine
        if engine.is_warming_up:
            return
        for dividend in slice.dividends.values():
            security = engine.securities[dividend.symbol]
            if security.data_normalization_mode is DataNormalizationMode.RAW:
                engine.portfolio.apply_dividend(security, dividend)
        for split in slice.splits.values():
            security = engine.securities[split.symbol]
            if security.data_normalization_mode is DataNormalizationMode.RAW and split.type is SplitType.SPLIT_OCCURRED:
                engine.portfolio.apply_split(security, split)
                engine.transactions.apply_split(split)

    def _report_corporate_actions(self, slice: Slice) -> None:
        callbacks = self._engine.callbacks
        if slice.splits:
            callbacks.call("on_splits", slice.splits)
        if slice.dividends:
            callbacks.call("on_dividends", slice.dividends)
        if slice.delistings:
            callbacks.call("on_delistings", slice.delistings)

    def is_over(self) -> bool:
        """Tell whether no further step may be made: by request, by the algorithm's wish, or with an account worth nothing."""
        engine = self._engine
        if self.stop_requested or engine.quit_message is not None:
            return True
        if self._is_broke():
            engine.quit("the portfolio is worth nothing; the run ends here")
            return True
        return False

    def _is_broke(self) -> bool:
        portfolio = self._engine.portfolio
        return portfolio.invested and portfolio.exact_total_portfolio_value <= 0
