"""The engine's process, here or in a container: started, watched, and ended.

LEAN ends gracefully on SIGINT only: SIGTERM kills it without on_end_of_algorithm and without a final result. Its exit code
is not reliable (134 was seen after clean ends). So whoever asks this program to stop has a SIGINT sent to the engine, the
engine has a span of time to end, and how the run ended is judged by its final status and its log.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns, sleep, wall_ns
from live.errors import DataError, EnvironmentFault
from live.hot.catalogue import Gauge, RunPhase
from live.hot.telemetry_view import PageFault, TelemetryView
from live.lean.engine.engine_config import EngineFiles
from live.lean.engine.engine_log import has_ended, read_text
from live.lean.engine.host_end import HostEnd, read_host_end
from live.lean.engine.launch import launch_of
from live.lean.engine.lean_home import LeanHome
from live.lean.engine.status import EngineStatus, read_status

_LOOK_SECONDS = 0.05
_FAILED_SECONDS = 5.0
"""Time for LEAN to end by itself after an error ended the host. From some threads an error does not end LEAN's loop."""
_LAST_BREATH_SECONDS = 10.0
"""Time for the process to go away once its final result is written: .NET and Python shut down, and sometimes hang there."""


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How long the engine may take.

    Attributes:
        start_seconds: without a sign of life until the host begins its session: for LEAN's start, the algorithm's import,
            `initialize` and history. LEAN gives the algorithm's creation 90 s and `initialize` 300 s. Data of the warm-up,
            which LEAN does not limit, are a sign of life.
        stop_seconds: from the request to stop until the final result.
        rehearsal_seconds: from the beginning of the rehearsal until the session may come: what the settings give the
            rehearsal, and some more. A host that rehearses for ever gives signs of life all the time.
        silence_seconds: without a sign of life in the session, rehearsal included, after which the engine counts as hung.
        run_seconds: for everything; None for as long as it likes.
    """

    start_seconds: float = 600.0
    stop_seconds: float = 60.0
    rehearsal_seconds: float = 660.0
    silence_seconds: float = 30.0
    run_seconds: float | None = None


class Ending(Enum):
    """How the process ended."""

    BY_ITSELF = "by itself"
    STOPPED = "stopped on request"
    KILLED_AFTER_STOP = "killed because it did not stop in time"
    KILLED_ON_REQUEST = "killed on a second request"
    HUNG = "killed because it gave no sign of life"
    TOO_LONG = "stopped because it took too long"
    NEVER_STARTED = "killed because it did not come to run in time"
    NEVER_READY = "stopped because its rehearsal did not end"
    AFTER_FAILURE = "stopped because an error had ended its host"


@dataclass(frozen=True, slots=True)
class EngineOutcome:
    """What became of the process.

    Attributes:
        ending: how it ended.
        return_code: its exit code, negative for a signal; told, never believed.
        status: LEAN's status file, None when there is none.
        has_ended: whether log or status say that the run came to its end.
        seconds: how long it ran.
        host: how the host inside ended, None when there was none.
        fault: what is wrong with the status file, None when nothing is.
    """

    ending: Ending
    return_code: int
    status: EngineStatus | None
    has_ended: bool
    seconds: float
    host: HostEnd | None
    fault: DataError | None

    @property
    def killed_by(self) -> str | None:
        """Name of the signal that ended the process, None when none did."""
        return signal.Signals(-self.return_code).name if self.return_code < 0 else None


class EngineProcess:
    """One run of the engine.

    Parameters:
        home: the engine.
        files: what `prepare` wrote.
        limits: how long it may take.
        page: path of the host's telemetry page, None for a run without the host; its stamp is the sign of life.

    Attributes:
        pid: the process, None before the start; that of the docker command for an engine in a container.
    """

    def __init__(self, home: LeanHome, files: EngineFiles, limits: EngineLimits, page: Path | None) -> None:
        self._launch = launch_of(home, files, limits.stop_seconds)
        self._files = files
        self._limits = limits
        self._page_path = page
        self._page: TelemetryView | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._began_ns = 0
        self._asked_ns: int | None = None
        self._ending = Ending.BY_ITSELF
        self._failed_ns: int | None = None
        self._last_stamp = 0.0
        self._last_sign_ns = 0
        self._rehearsing_since_ns = 0

    @property
    def pid(self) -> int | None:
        """Id of the process."""
        return None if self._process is None else self._process.pid

    @property
    def page(self) -> TelemetryView | None:
        """The host's telemetry page, once there is one."""
        return self._page

    def start(self) -> None:
        """Start the engine. It ends when the calling thread does, whatever ended that: a command leaves no engine behind.

        Raises:
            EnvironmentFault: the process cannot be started.
        """
        try:
            self._output = self._files.output.open("wb")
        except OSError as error:
            raise EnvironmentFault(
                f"cannot start the engine: {error.strerror}; make room for {self._files.output}"
            ) from error
        try:
            self._process = self._launch.start(self._output)
        except EnvironmentFault:
            self.close()
            raise
        self._began_ns = self._last_sign_ns = monotonic_ns()

    def watch(self, is_stop_wanted: Callable[[], bool], on_look: Callable[[], None] = lambda: None) -> EngineOutcome:
        """Return when the engine has ended, by itself or on request.

        Parameters:
            is_stop_wanted: asked at every look; once it says so the engine is asked to end.
            on_look: called at every look, to show progress.
        """
        assert self._process is not None
        while self._process.poll() is None:
            if self._asked_ns is None:
                self._look_at_life()
                if self._asked_ns is None and self._ending is Ending.BY_ITSELF:
                    if is_stop_wanted():
                        self.ask_to_stop(Ending.STOPPED)
                    elif self._has_failed_long_ago():
                        self.ask_to_stop(Ending.AFTER_FAILURE)
            elif self._seconds_since(self._asked_ns) > self._limits.stop_seconds:
                self._ending = Ending.KILLED_AFTER_STOP if self._ending is Ending.STOPPED else self._ending
                self._launch.kill()
                break
            self._end_what_has_ended()
            on_look()
            sleep(_LOOK_SECONDS)
        return self._outcome()

    def ask_to_stop(self, why: Ending) -> None:
        """Ask the engine to end as on Ctrl-C; it then calls on_end_of_algorithm and writes its final result."""
        self._ending = why
        self._asked_ns = monotonic_ns()
        self._launch.interrupt()

    def kill(self) -> EngineOutcome:
        """End the process at once, because somebody asked for it again; return what became of it."""
        assert self._process is not None
        if self._process.poll() is None:
            self._ending = Ending.KILLED_ON_REQUEST
            self._launch.kill()
        return self._outcome()

    def close(self) -> None:
        """End the process if it still runs, and let go of its output. Called when something else went wrong."""
        if self._process is not None:
            self._launch.kill()
        self._close_output()

    def send(self, number: signal.Signals) -> None:
        """Send the engine a signal, if it still runs."""
        self._launch.send(number)

    def _look_at_life(self) -> None:
        """Look for a sign of life, and act when there is none for too long."""
        limits = self._limits
        if limits.run_seconds is not None and self._seconds_since(self._began_ns) > limits.run_seconds:
            self.ask_to_stop(Ending.TOO_LONG)
            return
        if self._page_path is None:
            return
        phase = self._phase()
        if self._rehearses_too_long(phase):
            self.ask_to_stop(Ending.NEVER_READY)
            return
        if self._seconds_since(self._last_sign_ns) <= self._patience_seconds(phase):
            return
        # Whoever does not run its threads any more does not handle a SIGINT either.
        self._ending = Ending.NEVER_STARTED if phase < RunPhase.REHEARSING else Ending.HUNG
        self._launch.kill()

    def _rehearses_too_long(self, phase: int) -> bool:
        if phase != RunPhase.REHEARSING:
            return False
        self._rehearsing_since_ns = self._rehearsing_since_ns or monotonic_ns()
        return self._seconds_since(self._rehearsing_since_ns) > self._limits.rehearsal_seconds

    def _phase(self) -> int:
        """Return the phase that the host shows, STARTING before there is a host, and take note of its sign of life."""
        if self._page is None:
            assert self._page_path is not None
            if not self._page_path.exists():
                return RunPhase.STARTING
            try:
                self._page = TelemetryView(self._page_path, expect_writer=False)
            except PageFault as fault:
                if fault.reason == "incomplete":
                    return RunPhase.STARTING
                raise
        stamp = self._page.gauge(Gauge.PUBLISHED)
        if stamp != self._last_stamp:
            self._last_stamp = stamp
            self._last_sign_ns = monotonic_ns()
        return int(self._page.gauge(Gauge.RUN_PHASE))

    def _patience_seconds(self, phase: int) -> float:
        """Return how long the host may give no sign of life in a phase.

        Imports, `initialize` and history give none for long spans, and the warm-up only when it has data. Once the host has
        ended the rest is LEAN's, which has as long as after a request to stop.
        """
        if phase < RunPhase.REHEARSING:
            return self._limits.start_seconds
        return self._limits.stop_seconds if phase >= RunPhase.COMPLETED else self._limits.silence_seconds

    def _has_failed_long_ago(self) -> bool:
        """Tell whether an error has ended the host, and LEAN did not end by itself after it."""
        if self._page is None or self._page.gauge(Gauge.RUN_PHASE) != RunPhase.FAILED:
            return False
        if self._failed_ns is None:
            self._failed_ns = monotonic_ns()
        return self._seconds_since(self._failed_ns) > _FAILED_SECONDS

    def _end_what_has_ended(self) -> None:
        """Kill a process that has written its final result and does not go away.

        A result of an unknown form ends no run that goes on: `_outcome` tells of it.
        """
        status = self._files.status
        with suppress(OSError, DataError):
            age_seconds = (wall_ns() - status.stat().st_mtime_ns) / NANOSECONDS_PER_SECOND
            if age_seconds > _LAST_BREATH_SECONDS:
                found = read_status(status)
                if found is not None and found.is_final:
                    self._launch.kill()

    def _outcome(self) -> EngineOutcome:
        self._close_output()
        code = self._launch.finish()
        status, fault = None, None
        try:
            status = read_status(self._files.status)
        except DataError as error:
            fault = error
        # A quiet log handler leaves the last lines out of the log; then the status tells.
        ended = (status is not None and status.is_final) or has_ended(read_text(self._files.log))
        seconds = self._seconds_since(self._began_ns)
        return EngineOutcome(self._ending, code, status, ended, seconds, read_host_end(self._page_path), fault)

    def _close_output(self) -> None:
        if self._output is not None:
            self._output.close()
            self._output = None

    @staticmethod
    def _seconds_since(moment_ns: int) -> float:
        return (monotonic_ns() - moment_ns) / NANOSECONDS_PER_SECOND
