"""A dry run from beginning to end: data, algorithm, engine, loop, results."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import live.hot
from live.algorithm.loader import LoadedAlgorithm, load_algorithm
from live.clock import monotonic_ns, wall_ns
from live.cores import pin
from live.errors import (
    AlgorithmError,
    CallbackTimeout,
    ExitCode,
    RunInterrupted,
    UsageError,
    one_line,
)
from live.feeds.data_folder import DataFolder, find_data_folder
from live.feeds.sample import write_sample
from live.feeds.socket.health import ticks_left_out
from live.hot.catalogue import RunPhase, Stage
from live.hot.histogram import Histogram
from live.hot.pause_watch import collections_now
from live.idle_collector import keep_from_collector
from live.paper.callbacks import guarded
from live.paper.engine import PaperEngine
from live.paper.frontier import Frontier
from live.paper.latency_records import latency_records
from live.paper.loop import RunLoop
from live.paper.object_store import ObjectStore
from live.paper.opening import loop_for, open_frontier
from live.paper.recorder import Recorder, RunSink
from live.paper.risk_desk import RiskDesk
from live.paper.run_model import (
    DataSource,
    DryRunRequest,
    HistogramDump,
    LatencySummary,
    Position,
    Progress,
    ProgressSink,
    PythonCollections,
    RunError,
    RunResult,
    RunState,
)
from live.paper.run_records import RunRecords, SymbolsFile
from live.paper.run_telemetry import RunTelemetry
from live.paper.runlog import RunLog
from live.paper.seeding import seed_conversion_rates
from live.paper.stop_signals import StopSignals
from live.paper.stray_errors import outcome_of, report_stray_errors
from live.paper.subscriptions import Subscriptions
from live.paper.watchdog import STOP_GRACE_SECONDS, Watchdog
from live.process_memory import peak_memory_bytes

if TYPE_CHECKING:
    from live.feeds.socket.receiver import FeedReceiver
    from live.paper.feed_run import FeedRun

SAMPLE_FOLDER = "sample-data"
_PROGRESS_EVERY_STEPS = 2_048
_PHASES = {
    RunState.COMPLETED: RunPhase.COMPLETED,
    RunState.INTERRUPTED: RunPhase.INTERRUPTED,
    RunState.FAILED: RunPhase.FAILED,
}


class DryRun:
    """One dry run.

    Parameters:
        request: what to run, on what, with which limits.
        progress: shows how far the run is.
        signals: what may ask the run to stop.

    Raises:
        LeanLiveError: there are no such data, or the algorithm cannot be loaded.
    """

    def __init__(self, request: DryRunRequest, progress: ProgressSink, signals: StopSignals | None = None) -> None:
        self.request = request
        self._signals = signals if signals is not None else StopSignals()
        self._progress_sink = progress
        self._progress = Progress()
        self.data = find_data(request)
        self._watchdog = Watchdog(request.config.run.watchdog_seconds, self._steps, __file__, self._request_report)
        self._loop: RunLoop | None = None
        self._feed: FeedRun | None = None
        self._cores: tuple[int, ...] = ()
        with self._watchdog:
            self.loaded: LoadedAlgorithm = load_algorithm(request.algorithm, request.class_name)
        self.recorder: Recorder
        self.engine: PaperEngine
        self.log: RunLog
        self.telemetry: RunTelemetry
        self._set_up_warnings: list[str] = []
        self._starting_equity = Decimal(0)
        self._wall_seconds = 0.0
        self._began_wall_ns = 0
        self._collections_before = collections_now()

    def run(self, sink: RunSink, log_path: Path) -> None:
        """Prepare and play the run.

        Raises:
            LeanLiveError: the run could not begin or did not end well; what was recorded until then is kept.
            RunInterrupted: somebody asked it to stop.
        """
        self.prepare(sink, log_path)
        failure = self.play()
        if failure is not None:
            raise failure

    def play(self) -> BaseException | None:
        """Run the algorithm over its data, and on_end_of_algorithm whatever happened there; return how that ended.

        Returns None after a whole run, otherwise the first error. Of several errors the later ones are notes of the first.
        """
        failure = outcome_of(self._play)
        self._signals.defer()
        for close in (self._report_progress, self._progress_sink.end):
            failure = _first(failure, outcome_of(close))
        failure = _first(failure, outcome_of(partial(self._publish_end, failure)))
        return _first(failure, outcome_of(self._close))

    def _play(self) -> None:
        self._progress_sink.begin(self.loaded.cls.__name__, self.data)
        with self.loaded.on_path(), report_stray_errors(self.engine.report_error), self._watchdog:
            failure = outcome_of(self._run_engine)
            if isinstance(failure, CallbackTimeout) and self._signals.request is not None:
                failure = RunInterrupted(f"{self._signals.error()}; {failure}")
            self._watchdog.restart()
            later = outcome_of(self._end_algorithm)
            if failure is not None and later is not None and self._loop is None:
                # What initialize left undone is no news beside its own error.
                later = outcome_of(partial(self.engine.report_error, str(later)))
            failure = _first(failure, later)
        if failure is not None:
            raise failure

    def prepare(self, sink: RunSink, log_path: Path) -> None:
        """Make the run's files and its engine.

        Parameters:
            sink: where order events go.
            log_path: the log file; the telemetry page is made beside it.

        Raises:
            LeanLiveError: a file cannot be made, the data folder is damaged, or the machine has no such cores.
        """
        config = self.request.config
        self.log = RunLog(log_path, config.log.max_lines_per_second, config.log.max_bytes)
        self.telemetry = RunTelemetry(log_path.parent, config.telemetry, self.request.bounds_ns)
        self.recorder = Recorder(sink, self.log, self.telemetry.histogram, self.telemetry.events)
        # The strategy may change the working folder.
        folder = DataFolder(self.data.path.absolute())
        self._cores = pin(config.host.cores, "host")
        if self.request.feed is not None:
            self._feed = self._make_feed(self.request.feed, folder)
        subscriptions = Subscriptions(folder) if self._feed is None else self._feed.subscriptions
        subscriptions.takes_raw_prices = self.request.raw_prices
        store = ObjectStore(self.request.results_folder.absolute() / "object-store")
        parameters = dict(self.request.parameters)
        self.engine = PaperEngine(subscriptions, self.recorder, store, parameters, RiskDesk(config.risk, self._control))
        where = f"data folder {self.data.path}" if self.request.feed is None else f"feed {self.request.feed}"
        self.telemetry.describe(self.loaded.cls.__name__, where)
        self.telemetry.watch_cores(self._cores)

    def _make_feed(self, address: str, folder: DataFolder) -> FeedRun:
        # Replays do without event loops.
        from live.paper.feed_run import FeedRun

        return FeedRun(
            address,
            self.request.config,
            folder,
            self._set_up,
            self._playing,
            self._report_progress,
            self.telemetry,
            self._progress_sink,
            self._cores,
        )

    def _run_engine(self) -> None:
        for warning in self.loaded.warnings:
            self.engine.write_log("log", f"Warning: {warning}")
        if self._feed is not None:
            with self._signals.gently(self._request_stop):
                self._feed.run(self.engine)
        else:
            loop = self._set_up()
            keep_from_collector()
            try:
                with self._signals.gently(self._request_stop), self._playing():
                    loop.run()
            finally:
                gc.unfreeze()
        if self._signals.request is not None:
            raise self._signals.error() if self._feed is None else self._signals.error("what it did is kept")

    def _set_up(self) -> RunLoop:
        """Initialize the algorithm and open its data."""
        engine = self.engine
        guarded("__init__", engine.attach, self.loaded.cls, blamed=self.loaded.cls)
        engine.callbacks.call("initialize")
        try:
            engine.finish_initialize()
        except UsageError as error:
            raise AlgorithmError(f"{self.loaded.path}: {error}") from error
        frontier = open_frontier(engine)
        files_end_ns = engine.start_utc_ns - 1 if engine.follows_feed else engine.end_utc_ns
        self._warn(engine.subscriptions.missing_data(frontier.begin_ns, files_end_ns))
        seed_conversion_rates(engine)
        self._starting_equity = engine.portfolio.exact_total_portfolio_value
        self._warn(self.telemetry.begin(engine))
        self._loop = self._make_loop(frontier)
        return self._loop

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self._set_up_warnings.append(warning)
            self.engine.write_log("log", f"Warning: {warning}")

    @contextmanager
    def _playing(self) -> Iterator[None]:
        """Show that the session is played, and measure how long that takes."""
        self.recorder.pauses.begin()
        self.telemetry.enter(RunPhase.WARMING_UP if self.engine.is_warming_up else RunPhase.RUNNING)
        began_ns = monotonic_ns()
        self.recorder.trace.begin(began_ns)
        self._began_wall_ns = wall_ns()
        try:
            yield
        finally:
            self._wall_seconds = (monotonic_ns() - began_ns) / 1e9
            self.recorder.pauses.end()

    def _end_algorithm(self) -> None:
        """Call on_end_of_algorithm, unless there is no algorithm's object."""
        if hasattr(self.engine, "callbacks"):
            self.engine.callbacks.call("on_end_of_algorithm")

    def _make_loop(self, frontier: Frontier) -> RunLoop:
        # On a feed progress is reported between ticks.
        every_steps = sys.maxsize if self.engine.follows_feed else _PROGRESS_EVERY_STEPS
        return loop_for(self.engine, frontier)(self.engine, frontier, self._report_progress, every_steps)

    def _steps(self) -> int:
        looks = 0 if self._feed is None else self._feed.looks
        return looks if self._loop is None else looks + self._loop.steps

    def _control(self) -> int:
        """Return what the risk gate is asked for: by a reader of the telemetry page, or by the feed."""
        control = self.telemetry.control()
        return control if self._feed is None else control | self._feed.control

    def _request_report(self) -> None:
        # On a feed the event loop reports, between ticks.
        if self._loop is not None and self._feed is None:
            self._loop.request_report()

    def _request_stop(self) -> str:
        """Ask the loop to end after its step; return what to tell the user."""
        if self._loop is not None:
            self._loop.request_stop()
        if self._feed is not None:
            self._feed.stop()
        self._watchdog.hurry()
        return f"after this time step, or in {STOP_GRACE_SECONDS:g} seconds; once more stops at once"

    def _warnings(self) -> tuple[str, ...]:
        """Return what the loader had to say, and the errors that did not end the run."""
        log = self.log
        beyond = (f"and {log.errors_beyond} more lines with errors in {log.path.name}",) if log.errors_beyond else ()
        return (*self.loaded.warnings, *self._set_up_warnings, *log.errors, *beyond)

    def _close(self) -> None:
        """Close the run's files; of several errors the first is raised."""
        failure: BaseException | None = None
        for close in (self.engine.subscriptions.close, self.telemetry.close, self.log.close):
            failure = _first(failure, outcome_of(close))
        if failure is not None:
            raise failure

    def _publish_end(self, failure: BaseException | None) -> None:
        reason = "" if failure is None else describe_failure(failure).message
        self.telemetry.finish(self.engine, self._receiver, _PHASES[_state(failure)], reason)

    @property
    def _receiver(self) -> FeedReceiver | None:
        return None if self._feed is None else self._feed.receiver

    def _report_progress(self) -> None:
        self.recorder.trace.make_room()
        progress = self._progress
        subscriptions = self.engine.subscriptions
        # Nobody knows how long a feed goes on; what is read of files is its warm-up.
        progress.total = 0 if self._feed is not None else subscriptions.bytes_total
        progress.processed = subscriptions.bytes_read
        progress.time_ns = self.engine.time_ns
        progress.ticks = self.recorder.trade_ticks + self.recorder.quote_ticks
        progress.p50_ns = self.recorder.tick_to_decision.quantile(0.5)
        progress.p99_ns = self.recorder.tick_to_decision.quantile(0.99)
        progress.orders = self.engine.transactions.orders_count
        progress.equity = self.engine.portfolio.total_portfolio_value
        progress.currency = self.engine.portfolio.account_currency
        progress.feed_state = "" if self._feed is None else self._feed.health.state.value
        self._progress_sink.update(progress)
        self.telemetry.publish_when_due(self.engine, self._receiver)

    # -- results

    def result(self, failure: BaseException | None = None) -> RunResult:
        """Return what the run came to, however it ended.

        Parameters:
            failure: the error that ended it.
        """
        engine, recorder = self.engine, self.recorder
        portfolio = engine.portfolio
        page = self.telemetry.view()
        return RunResult(
            algorithm=self.loaded.cls.__name__,
            algorithm_path=self.loaded.path,
            data=self.data,
            session_start_ns=engine.start_utc_ns,
            session_end_ns=engine.clock.time_ns(),
            wall_seconds=self._wall_seconds,
            ticks={"trade": recorder.trade_ticks, "quote": recorder.quote_ticks},
            bars={"trade": recorder.trade_bars, "quote": recorder.quote_bars},
            calls={
                "on_data": recorder.data_calls,
                "on_tick": recorder.tick_calls,
                "on_order_event": recorder.order_events,
            },
            orders=_orders_by_status(engine),
            denials=dict(recorder.denials),
            currency=portfolio.account_currency,
            fees=portfolio.exact_total_fees,
            starting_equity=self._starting_equity,
            equity=portfolio.exact_total_portfolio_value,
            positions=_positions(engine),
            tick_to_decision=LatencySummary.of(page.histogram(Stage.TICK_TO_DECISION)),
            tick_to_order=LatencySummary.of(page.histogram(Stage.TICK_TO_ORDER)),
            python_gc=PythonCollections(
                LatencySummary.of(page.histogram(Stage.GC_PAUSE_PYTHON)), self._collections_since()
            ),
            ticks_dropped=self._ticks_dropped(),
            ticks_conflated=0 if self._feed is None else self._feed.health.counters.ticks_conflated,
            resident_memory_peak_bytes=peak_memory_bytes(),
            is_compiled=live.hot.COMPILED,
            log_lines_dropped=self.log.lines_dropped,
            statistics=dict(recorder.statistics),
            quit_message=engine.quit_message,
            state=_state(failure),
            error=None if failure is None else describe_failure(failure),
            warnings=self._warnings(),
            feed=None if self._feed is None else self._feed.outcome(),
            cores=self._cores,
        )

    def records(self) -> RunRecords:
        """Return what was recorded for the files of the run."""
        recorder = self.recorder
        names = {security.symbol.index: security.symbol.value for security in self.engine.securities.values()}
        return RunRecords(
            self.histograms(),
            self.series(),
            latency_records(recorder.trace, self._began_wall_ns, names),
            SymbolsFile(drawdown=recorder.curves.drawdown, symbols=tuple(recorder.curves.symbols())),
        )

    def histograms(self) -> dict[str, HistogramDump]:
        """Return the latency histograms whole."""
        return {_histogram_name(stage): _dump(histogram) for stage, histogram in self.recorder.stages.items()}

    def series(self) -> dict[str, dict[str, list[tuple[int, float]]]]:
        """Return the equity curve and the algorithm's plots."""
        found = {"Strategy Equity": {"Equity": self.recorder.curves.equity.points()}}
        for chart, lines in self.recorder.charts.items():
            found.setdefault(chart, {}).update({name: line.points() for name, line in lines.items()})
        return found

    def _ticks_dropped(self) -> dict[str, int]:
        """Return ticks that did not reach the strategy, by reason."""
        suspicious = self.recorder.suspicious_ticks
        of_feed = {} if self._feed is None else ticks_left_out(self._feed.health.counters.as_dict())
        return ({"suspicious": suspicious} if suspicious else {}) | of_feed

    def _collections_since(self) -> tuple[int, int, int]:
        before, now = self._collections_before, collections_now()
        return (now[0] - before[0], now[1] - before[1], now[2] - before[2])


def find_data(request: DryRunRequest) -> DataSource:
    """Return the data to run on: a LEAN data folder, or the sample session, written when it is not there yet.

    Raises:
        DataError: a folder that was named is no LEAN data folder.
    """
    found = find_data_folder(request.data_folder, request.working_folder)
    if found is not None:
        return DataSource(found.path, found.how, False)
    folder = request.results_folder / SAMPLE_FOLDER
    write_sample(folder)
    return DataSource(folder, "the generated sample session: no LEAN data folder was found", True)


def _first(failure: BaseException | None, later: BaseException | None) -> BaseException | None:
    """Return the first of two errors; a later one is added to it as a note."""
    if failure is None:
        return later
    if later is not None:
        failure.add_note(f"then: {later}")
    return failure


def _state(failure: BaseException | None) -> RunState:
    if failure is None:
        return RunState.COMPLETED
    return RunState.INTERRUPTED if isinstance(failure, RunInterrupted) else RunState.FAILED


def describe_failure(failure: BaseException) -> RunError:
    """Return an error as a value: one line, and the exit code that it leads to."""
    code = getattr(failure, "exit_code", ExitCode.RUN_FAILED)
    notes = tuple(one_line(note) for note in getattr(failure, "__notes__", ()))
    return RunError(type(failure).__name__, one_line(str(failure)), int(code), notes)


def _histogram_name(stage: Stage) -> str:
    return "python_gc_pause" if stage is Stage.GC_PAUSE_PYTHON else stage.name.lower()


def _dump(histogram: Histogram) -> HistogramDump:
    return HistogramDump(histogram.count, histogram.sum_ns, histogram.max_ns, tuple(histogram.buckets()))


def _orders_by_status(engine: PaperEngine) -> dict[str, int]:
    counts = Counter(ticket.status.name.title().replace("_", "") for ticket in engine.transactions.get_order_tickets())
    return dict(counts)


def _positions(engine: PaperEngine) -> tuple[Position, ...]:
    held = [security for security in engine.securities.values() if security.holdings.exact_quantity]
    return tuple(
        Position(
            security.symbol.value,
            security.holdings.exact_quantity,
            security.holdings.exact_average_price,
            security.exact_price,
            security.holdings.exact_unrealized_profit,
        )
        for security in held
    )
