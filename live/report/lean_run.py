"""A dry run in LEAN itself: a recorded session or a feed through the true engine, live, on paper and offline.

The embedded engine plays the same session first, so that the order events of the two can be compared. Then LEAN is started
with the algorithm attached; its feeder takes the session from a publisher in this process, or the feed that was named. The
run ends by itself when the session is over, and what LEAN left becomes a result folder like that of any other run.
"""

from __future__ import annotations

import shutil
import tempfile
import traceback
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec

from live.algorithm.loader import LoadedAlgorithm
from live.algorithm.source_files import find_algorithm_file
from live.clock import ns_to_date, wall_ns, zone
from live.errors import (
    EnvironmentFault,
    Halt,
    LeanLiveError,
    UsageError,
)
from live.feeds.socket.address import FeedAddress
from live.hot.catalogue import Counter
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import PageFault, TelemetryView
from live.lean.engine.engine_config import RESULTS_FOLDER, EngineFiles, EngineRequest, prepare
from live.lean.engine.engine_log import engine_version, read_text
from live.lean.engine.memory_folder import discard_memory_folder, keep_memory_folder
from live.lean.engine.preflight import check_room
from live.lean.engine.process import EngineOutcome, EngineProcess
from live.lean.engine.replay import SessionPublisher, SessionRequest
from live.lean.engine.verdict import failure_of, trace_of
from live.lean.entry import ENTRY_TEXT
from live.lean.instructions import FeederInstructions, Instructions
from live.lean.profile import config_keys, environment_variables
from live.paper import run_model
from live.paper.run import describe_failure, find_data
from live.paper.run_model import (
    DataSource,
    EventComparison,
    Progress,
    ProgressSink,
    RunResult,
    RunState,
)
from live.paper.stop_signals import StopSignals
from live.report.dry_run import make_report
from live.report.engine_comparison import compare_events
from live.report.lean_request import LeanRunRequest, checked, play_embedded
from live.report.lean_results import EngineLeavings, FeederReport, read_events, read_feeder, records_of, result_of
from live.report.results import FAILURE_FILE, REPORT_FILE, RunFolder
from live.report.run_files import RunFiles
from live.report.state_folder import StateFolder

_ENGINE_FOLDER = "lean"
_SUBSCRIPTIONS_FILE = "subscriptions.json"
_FEEDER_FILE = "feeder.json"
_RETRY_LIMIT_SECONDS = 0.5
_STARTING_CASH = Decimal(100_000)
_NEW_YORK = "America/New_York"


def run_in_lean(request: LeanRunRequest, progress: ProgressSink) -> RunResult:
    """Run an algorithm in LEAN and write its result files.

    Parameters:
        request: what to run, in which engine.
        progress: shows how far the run is.

    Raises:
        LeanLiveError: LEAN or the host inside it would refuse what was asked, or the run could not begin or did not end
            well; a note names what is there.
        RunInterrupted: somebody stopped the run.
    """
    request = checked(request)
    loaded, embedded, note = play_embedded(request.run)
    with StopSignals() as signals:
        try:
            return _LeanRun(request, loaded, embedded, note, progress, signals).run()
        except Halt as halt:
            raise halt.error from None


class _LeanRun:
    """One run.

    Parameters:
        request: what to do.
        loaded: the algorithm as the embedded engine has loaded it, None when it cannot.
        embedded: the same session in the embedded engine, None when there is none.
        note: why there is none.
        progress: shows how far the run is.
        signals: what may ask it to stop.
    """

    def __init__(
        self,
        request: LeanRunRequest,
        loaded: LoadedAlgorithm | None,
        embedded: RunResult | None,
        note: str,
        progress: ProgressSink,
        signals: StopSignals,
    ) -> None:
        self._request = request
        self._embedded = embedded
        self._warnings = [*request.home.warnings, *([note] if note else []), *(loaded.warnings if loaded else [])]
        self._sink = progress
        self._progress = Progress()
        self._signals = signals
        self._is_stopping = False
        self._fault: LeanLiveError | None = None
        run = request.run
        self._algorithm = find_algorithm_file(run.algorithm)
        # LEAN is told which class it is, so that nobody chooses twice.
        self._class_name = loaded.cls.__name__ if loaded is not None else run.class_name or ""
        self._name = self._class_name or self._algorithm.stem
        self._data: DataSource = embedded.data if embedded is not None else find_data(run)
        self._cash = embedded.starting_equity if embedded is not None else _STARTING_CASH
        self._currency = embedded.currency if embedded is not None else "USD"
        self._source = f"feed {run.feed}" if run.feed is not None else f"replay of {self._data.path}"
        self._folder: RunFolder
        self._held: ExitStack

    def run(self) -> RunResult:
        """Run the engine and write what it left."""
        run, settings = self._request.run, self._request.run.config.run
        with (
            self._signals.gently(self._stop),
            tempfile.TemporaryDirectory(prefix="lean-live-feed-", ignore_cleanup_errors=True) as name,
            ExitStack() as self._held,
        ):
            self._folder = RunFolder(run.results_folder, self._name, settings.max_order_event_rows, settings.keep_runs)
            files: EngineFiles | None = None
            process: EngineProcess | None = None
            try:
                publisher = self._publisher(Path(name))
                files = self._prepare(Path(name))
                # The files of the embedded run, its report above all, may have taken it.
                check_room(run.results_folder)
                process = EngineProcess(self._request.home, files, self._request.limits, self._own(PAGE_NAME))
                begun_ns = wall_ns()
                if self._is_stopping:
                    raise self._signals.error("LEAN was not started")
                process.start()
            except BaseException:
                if process is not None:
                    # A second signal may come while the process is made.
                    process.close()
                self._folder.discard()
                _discard_memory(files)
                raise
            try:
                outcome = self._drive(process, publisher)
            except BaseException:
                # Whatever LEAN has written until then is to be looked at, and to be gone from memory.
                self._brought_home(files)
                raise
        return self._finish(files, outcome, publisher, begun_ns)

    def _stop(self) -> str:
        self._is_stopping = True
        return "LEAN is asked to end; once more kills it"

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
        if first is not None and last is not None and first > last:
            option, other = ("--from", "--to") if request.first is not None else ("--to", "--from")
            raise UsageError(
                f"{option} leaves the days {first} to {last}, of which the algorithm gives one; add {other}, or choose another day"
            )
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
            address=run.feed or str(FeedAddress(_socket(sockets))),
            subscriptions_file="" if run.feed is not None else str(self._own(_SUBSCRIPTIONS_FILE)),
            counters_file=str(self._own(_FEEDER_FILE)),
            feed=feed,
            websocket=config.websocket,
        )
        state = self._held.enter_context(closing(StateFolder(self._folder.root, self._folder.name)))
        instructions = Instructions(
            algorithm=str(self._algorithm.absolute()),
            run_folder=str(self._folder.path),
            state_folder=str(state.path),
            class_name=self._class_name,
            source=self._source,
            settings_file=self._request.settings_file,
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

    def _drive(self, process: EngineProcess, publisher: SessionPublisher | None) -> EngineOutcome:
        """Feed the engine and wait for its end, whatever brings it."""

        def is_stop_wanted() -> bool:
            return self._is_stopping or (publisher is not None and publisher.failure is not None)

        try:
            self._sink.begin(self._name, self._data)
            if publisher is not None:
                publisher.start()
            outcome = process.watch(is_stop_wanted, lambda: self._show(process, publisher))
            self._signals.defer()
            return outcome
        except Halt:
            self._signals.defer()
            return process.kill()
        except LeanLiveError as fault:
            # Such as a page of another version; what the engine has left is kept.
            self._signals.defer()
            self._fault = fault
            return process.kill()
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
        files = self._brought_home(files)
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
        try:
            self._folder.take_log(files.algorithm_log)
            for event in left.events:
                self._folder.engine_event(event)
        except EnvironmentFault as full:
            failure = failure or full
        trace = trace_of(outcome)
        result, failure = self._write(self._result(left, files, outcome, failure), left, failure, trace)
        if failure is None:
            return result
        failure.result = result
        failure.add_note(f"results until then: {self._folder.shown_path}")
        raise failure

    def _result(
        self, left: EngineLeavings, files: EngineFiles, outcome: EngineOutcome, failure: LeanLiveError | None
    ) -> RunResult:
        engine = run_model.EngineOutcome(
            self._engine_name(files),
            Path(_ENGINE_FOLDER),
            outcome.ending.value,
            self._compared(left),
        )
        return result_of(left, self._name, self._algorithm, self._data, failure, engine, self._warnings)

    def _write(
        self, result: RunResult, left: EngineLeavings, failure: LeanLiveError | None, trace: str
    ) -> tuple[RunResult, LeanLiveError | None]:
        """Write summary and report; return the result with its folder, and the error of the run, if there is one now.

        Parameters:
            result: what the run came to.
            left: what it left.
            failure: what it ended with.
            trace: traceback of an error inside LEAN.
        """
        records = records_of(left.page)
        try:
            result = self._folder.finish(result, records, trace or _trace(failure))
        except EnvironmentFault as fault:
            if failure is not None:
                failure.add_note(f"then: {fault}")
            else:
                failure = fault
                if not self._folder.is_finished:
                    failed = replace(result, state=RunState.FAILED, error=describe_failure(fault))
                    # The same file may fail again; the run has what could be written.
                    with suppress(EnvironmentFault):
                        result = self._folder.finish(failed, records, _trace(fault))
        if self._request.run.config.run.report and self._folder.is_finished:
            complaint = make_report(self._folder)
            if complaint is None:
                result = replace(result, report=self._folder.shown_path / REPORT_FILE)
            else:
                result = replace(result, warnings=(*result.warnings, complaint))
        return result, failure

    def _brought_home(self, files: EngineFiles) -> EngineFiles:
        """Move LEAN's files from memory into the run's folder, and return where they are: still in memory when the disk is full."""
        home = files.folder / RESULTS_FOLDER
        if files.results == home:
            return files
        try:
            shutil.copytree(files.results, home)
        except (OSError, shutil.Error) as error:
            kept = keep_memory_folder(files.results)
            self._fault = self._fault or EnvironmentFault(
                f"cannot copy LEAN's files from memory: {error}; they are kept in {kept}, which takes memory until you delete it"
            )
            return replace(files, results=kept)
        discard_memory_folder(files.results)
        return replace(files, results=home)

    def _failure(
        self,
        files: EngineFiles,
        outcome: EngineOutcome,
        publisher: SessionPublisher | None,
        feeder: FeederReport | None,
    ) -> LeanLiveError | None:
        if publisher is not None and publisher.failure is not None:
            return publisher.failure
        if self._fault is not None:
            return self._fault
        failure = failure_of(outcome, files, self._signals.request, self._algorithm, self._folder.path, FAILURE_FILE)
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


def _trace(failure: LeanLiveError | None) -> str:
    return "" if failure is None else "".join(traceback.format_exception(failure))


def _discard_memory(files: EngineFiles | None) -> None:
    """Delete the folder in memory of an engine that was never started."""
    if files is not None:
        discard_memory_folder(files.results)


def _socket(folder: Path) -> Path:
    return folder / "feed"
