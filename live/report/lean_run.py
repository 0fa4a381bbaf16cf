"""A dry run in LEAN itself: a recorded session or a feed through the true engine, live, on paper and offline.

The embedded engine plays the same session first, so that the order events of the two can be compared. Then LEAN is started
with the algorithm attached; its feeder takes the session from a publisher in this process, or the feed that was named. The
run ends by itself when the session is over, and what LEAN left becomes a result folder like that of any other run.
"""

from __future__ import annotations

import shutil
import tempfile
import traceback
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from live.algorithm.source_files import find_algorithm_file
from live.clock import ns_to_date, wall_ns, zone
from live.errors import (
    AlgorithmRuntimeError,
    EnvironmentFault,
    Halt,
    LeanLiveError,
    RunInterrupted,
    UnsupportedApiError,
)
from live.feeds.socket.address import FeedAddress
from live.hot.catalogue import Counter
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import PageFault, TelemetryView
from live.lean.engine.engine_config import RESULTS_FOLDER, EngineFiles, EngineRequest, prepare
from live.lean.engine.engine_log import engine_version, read_text
from live.lean.engine.lean_home import LeanHome
from live.lean.engine.process import EngineLimits, EngineOutcome, EngineProcess
from live.lean.engine.replay import SessionPublisher, SessionRequest
from live.lean.engine.verdict import failure_of
from live.lean.entry import ENTRY_TEXT
from live.lean.instructions import FeederInstructions, Instructions
from live.lean.pinning import plan_of
from live.lean.profile import config_keys, environment_variables
from live.lean.warm.keep_warm import dummy_parts
from live.paper import run_model
from live.paper.run import find_data
from live.paper.run_model import DataSource, DryRunRequest, EventComparison, Progress, ProgressSink, RunResult
from live.paper.stop_signals import StopSignals
from live.report.dry_run import run_dry
from live.report.engine_comparison import compare_events
from live.report.lean_results import EngineLeavings, FeederReport, read_events, read_feeder, records_of, result_of
from live.report.progress import SilentProgress
from live.report.results import REPORT_FILE, RunFolder
from live.report.run_files import RunFiles
from live.report.run_page import write_report

_ENGINE_FOLDER = "lean"
_SUBSCRIPTIONS_FILE = "subscriptions.json"
_FEEDER_FILE = "feeder.json"
_RETRY_LIMIT_SECONDS = 0.5
_STARTING_CASH = Decimal(100_000)
_NEW_YORK = "America/New_York"


@dataclass(frozen=True, slots=True)
class LeanRunRequest:
    """What a dry run in LEAN was asked to do.

    Attributes:
        run: algorithm, data, parameters, settings, results, and the feed if one was named.
        home: the engine.
        first: first day of a recorded session; None takes the days of the embedded run.
        last: last day.
        speed: how many times faster than it was; None is as fast as the engine takes it.
        limits: how long the engine may take.
    """

    run: DryRunRequest
    home: LeanHome
    first: date | None = None
    last: date | None = None
    speed: float | None = 1.0
    limits: EngineLimits = field(default_factory=EngineLimits)


def run_in_lean(request: LeanRunRequest, progress: ProgressSink) -> RunResult:
    """Run an algorithm in LEAN and write its result files.

    Parameters:
        request: what to run, in which engine.
        progress: shows how far the run is.

    Raises:
        ConfigError: the dummy symbol in [lean] is none.
        EnvironmentFault: this machine cannot pin threads as [lean] asks for.
        LeanLiveError: the run could not begin or did not end well; a note names what is there.
        RunInterrupted: somebody stopped the run.
    """
    lean = request.run.config.lean
    # What the host would refuse inside LEAN is refused before anything runs.
    dummy_parts(lean.dummy_symbol)
    plan_of(lean)
    embedded, note = (None, "") if request.run.feed is not None else _play_embedded(request.run)
    with StopSignals() as signals:
        try:
            return _LeanRun(request, embedded, note, progress, signals).run()
        except Halt as halt:
            raise halt.error from None


def _play_embedded(request: DryRunRequest) -> tuple[RunResult | None, str]:
    """Play the session in the embedded engine; return its result, or why there is none."""
    try:
        return run_dry(replace(request, raw_prices=True), SilentProgress()), ""
    except (UnsupportedApiError, AlgorithmRuntimeError) as error:
        # LEAN may know what the embedded engine does not.
        return None, f"not compared with the embedded engine: {error}"


class _LeanRun:
    """One run.

    Parameters:
        request: what to do.
        embedded: the same session in the embedded engine, None when there is none.
        note: why there is none.
        progress: shows how far the run is.
        signals: what may ask it to stop.
    """

    def __init__(
        self,
        request: LeanRunRequest,
        embedded: RunResult | None,
        note: str,
        progress: ProgressSink,
        signals: StopSignals,
    ) -> None:
        self._request = request
        self._embedded = embedded
        self._warnings = [*request.home.warnings, *([note] if note else [])]
        self._sink = progress
        self._progress = Progress()
        self._signals = signals
        self._algorithm = find_algorithm_file(request.run.algorithm)
        self._name = embedded.algorithm if embedded is not None else self._algorithm.stem
        run = request.run
        self._data: DataSource = embedded.data if embedded is not None else find_data(run)
        self._cash = embedded.starting_equity if embedded is not None else _STARTING_CASH
        self._currency = embedded.currency if embedded is not None else "USD"
        self._source = f"feed {run.feed}" if run.feed is not None else f"replay of {self._data.path}"
        settings = run.config.run
        self._folder = RunFolder(run.results_folder, self._name, settings.max_order_event_rows, settings.keep_runs)

    def run(self) -> RunResult:
        """Run the engine and write what it left."""
        with tempfile.TemporaryDirectory(prefix="lean-live-feed-", ignore_cleanup_errors=True) as name:
            try:
                publisher = self._publisher(Path(name))
                files = self._prepare(Path(name))
            except BaseException:
                self._folder.discard()
                raise
            begun_ns = wall_ns()
            outcome = self._drive(files, publisher)
        self._signals.defer()
        return self._finish(files, outcome, publisher, begun_ns)

    # -- before

    def _publisher(self, sockets: Path) -> SessionPublisher | None:
        """Return what publishes the recorded session, None on a feed."""
        request = self._request
        if request.run.feed is not None:
            return None
        first, last = request.first, request.last
        if self._embedded is not None:
            # The algorithm's days begin at midnight of its own time zone, by default that of New York.
            first = first or ns_to_date(self._embedded.session_start_ns)
            last = last or ns_to_date(zone(_NEW_YORK).to_local_ns(self._embedded.session_end_ns - 1))
        session = SessionRequest(self._data.path, first, last, request.speed)
        return SessionPublisher(session, self._own(_SUBSCRIPTIONS_FILE), FeedAddress(_socket(sockets)))

    def _prepare(self, sockets: Path) -> EngineFiles:
        """Write the engine's configuration and the host's instructions."""
        request, run = self._request, self._request.run
        config = run.config
        feed = config.feed
        if run.feed is None:
            # The publisher begins when the engine is ready; it is tried often until then.
            feed = msgspec.structs.replace(feed, reconnect_limit_seconds=_RETRY_LIMIT_SECONDS, full_queue="wait")
        feeder = FeederInstructions(
            address=_absolute(run.feed or str(FeedAddress(_socket(sockets)))),
            subscriptions_file="" if run.feed is not None else str(self._own(_SUBSCRIPTIONS_FILE)),
            counters_file=str(self._own(_FEEDER_FILE)),
            feed=feed,
            websocket=config.websocket,
        )
        instructions = Instructions(
            algorithm=str(self._algorithm.absolute()),
            run_folder=str(self._folder.path),
            class_name=run.class_name or "",
            source=self._source,
            lean=config.lean,
            risk=config.risk,
            telemetry=config.telemetry,
            feeder=feeder,
        )
        engine = EngineRequest(
            ENTRY_TEXT,
            self._data.path,
            paths=(self._algorithm.absolute().parent,),
            parameters=run.parameters,
            cash=self._cash,
            currency=self._currency,
            instructions=instructions,
            variables=environment_variables(config.lean),
            keys=config_keys(config.lean),
            results_on_tmpfs=config.lean.results_in_memory,
        )
        return prepare(request.home, engine, self._folder.path / _ENGINE_FOLDER)

    def _own(self, name: str) -> Path:
        return self._folder.path / name

    # -- meanwhile

    def _drive(self, files: EngineFiles, publisher: SessionPublisher | None) -> EngineOutcome:
        """Start the engine, feed it and wait for its end."""
        process = EngineProcess(self._request.home, files, self._request.limits, self._own(PAGE_NAME))
        is_stopping = False

        def stop() -> str:
            nonlocal is_stopping
            is_stopping = True
            return "LEAN is asked to end"

        def is_stop_wanted() -> bool:
            return is_stopping or (publisher is not None and publisher.failure is not None)

        self._sink.begin(self._name, self._data)
        try:
            process.start()
            if publisher is not None:
                publisher.start()
            with self._signals.gently(stop):
                return process.watch(is_stop_wanted, lambda: self._show(process, publisher))
        finally:
            process.close()
            if publisher is not None:
                publisher.stop()
            self._sink.end()

    def _show(self, process: EngineProcess, publisher: SessionPublisher | None) -> None:
        progress, page = self._progress, process.page
        if publisher is not None and publisher.session is not None:
            progress.total, progress.processed = publisher.session.bytes_total, publisher.session.bytes_read
            progress.time_ns = publisher.player.time_ns if publisher.player is not None else 0
        if page is not None:
            progress.ticks = page.counter(Counter.TICKS_TRADE) + page.counter(Counter.TICKS_QUOTE)
            account = page.account()
            if account is not None:
                progress.equity, progress.currency = account.account.equity, account.account.currency
        self._sink.update(progress)

    # -- after

    def _finish(
        self, files: EngineFiles, outcome: EngineOutcome, publisher: SessionPublisher | None, begun_ns: int
    ) -> RunResult:
        """Write the result files; raise what the run ended with."""
        files = replace(files, results=_bring_home(files))
        feeder = read_feeder(self._own(_FEEDER_FILE))
        failure = self._failure(files, outcome, publisher, feeder)
        if feeder is None and failure is None:
            self._warnings.append(
                f"the feeder inside LEAN left no {_FEEDER_FILE}: whether the feed came to its end is not known; see "
                f"{files.output.relative_to(self._folder.path)} in the folder of the results"
            )
        events, fault = read_events(files.results, files.status.stem)
        if fault is not None:
            # The run has what can be read, and is no good one.
            self._warnings.append(str(fault))
            failure = failure or fault
        if publisher is not None and publisher.offered is not None:
            self._warn_of_bars(publisher.offered.has_bars)
        left = EngineLeavings(
            outcome.status,
            events,
            self._page(),
            feeder,
            begun_ns,
            wall_ns(),
            self._cash,
            self._currency,
            self._source,
        )
        for event in left.events:
            self._folder.engine_event(event)
        engine = run_model.EngineOutcome(
            self._engine_name(files),
            Path(_ENGINE_FOLDER),
            outcome.ending.value,
            self._compared(left),
        )
        result = result_of(left, self._name, self._algorithm, self._data, failure, engine, self._warnings)
        trace = "" if failure is None else "".join(traceback.format_exception(failure))
        result = self._folder.finish(result, records_of(left.page), trace)
        if self._request.run.config.run.report and self._folder.is_finished:
            result = self._report(result)
        if failure is None:
            return result
        if isinstance(failure, RunInterrupted):
            failure.result = result
        failure.add_note(f"results until then: {self._folder.shown_path}")
        raise failure

    def _failure(
        self,
        files: EngineFiles,
        outcome: EngineOutcome,
        publisher: SessionPublisher | None,
        feeder: FeederReport | None,
    ) -> LeanLiveError | None:
        if publisher is not None and publisher.failure is not None:
            return publisher.failure
        failure = failure_of(outcome, files, self._signals.request, self._folder.path)
        if failure is None and feeder is not None and feeder.failure is not None:
            output = files.output.relative_to(self._folder.path)
            return EnvironmentFault(
                f"the feeder inside LEAN ended early: {feeder.failure}; see {output} in the folder of the results"
            )
        return failure

    def _warn_of_bars(self, has_bars: bool) -> None:
        if has_bars and self._request.speed != 1.0:
            self._warnings.append(
                "the algorithm takes bars, which LEAN makes by the clock: replayed faster than the session was, they hold "
                "more of it than they say; use --speed 1 to compare them"
            )

    def _page(self) -> TelemetryView | None:
        try:
            return TelemetryView(self._own(PAGE_NAME), expect_writer=False)
        except PageFault as fault:
            self._warnings.append(f"no telemetry of the run: {fault}")
            return None

    def _engine_name(self, files: EngineFiles) -> str:
        version = engine_version(read_text(files.output)) or self._request.home.version
        return f"LEAN {version}"

    def _compared(self, left: EngineLeavings) -> EventComparison | None:
        if self._embedded is None or self._embedded.results_folder is None:
            return None
        folder = self._embedded.results_folder
        return compare_events(left.rows, RunFiles(folder).events, folder)

    def _report(self, result: RunResult) -> RunResult:
        try:
            write_report(RunFiles(self._folder.path))
        except LeanLiveError as fault:
            complaint = f"there is no report.html: {fault}; make it later: lean-live report {self._folder.shown_path}"
            return replace(result, warnings=(*result.warnings, complaint))
        return replace(result, report=self._folder.shown_path / REPORT_FILE)


def _socket(folder: Path) -> Path:
    return folder / "feed"


def _absolute(address: str) -> str:
    """Return an address as LEAN has to have it, whose working folder is another."""
    kind, _, name = address.partition(":")
    return f"unix:{Path(name).absolute()}" if kind == "unix" else address


def _bring_home(files: EngineFiles) -> Path:
    """Move LEAN's files from memory into the run's folder, and return where they are.

    Raises:
        EnvironmentFault: the disk is full or gone; the files stay where they are.
    """
    home = files.folder / RESULTS_FOLDER
    if files.results == home:
        return home
    try:
        shutil.copytree(files.results, home)
    except (OSError, shutil.Error) as error:
        raise EnvironmentFault(
            f"cannot copy LEAN's files from {files.results}: {error}; they are still there"
        ) from error
    shutil.rmtree(files.results)
    return home
