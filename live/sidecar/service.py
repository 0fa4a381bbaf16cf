"""The sidecar's process: it finds runs, empties their rings, runs its pieces and answers scrapers, until it is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from live import __version__
from live.clock import NANOSECONDS_PER_SECOND, machine_monotonic_ns, wall_ns
from live.config import Config
from live.cores import pin, usable_cores
from live.errors import DataError, LeanLiveError, one_line
from live.feeds.socket.token import read_token
from live.hot.catalogue import (
    SIDECAR_AFFINITY,
    SIDECAR_CPU,
    SIDECAR_EVENTS,
    SIDECAR_INFO,
    SIDECAR_LOOP_LAG,
    SIDECAR_MEMORY,
    SIDECAR_PAGE_FAULTS,
    SIDECAR_PART_FAILURES,
    SIDECAR_RUNS,
    SIDECAR_SCRAPES,
)
from live.process_memory import resident_memory_bytes
from live.report.top.document import list_of
from live.report.top.runs import FoundRun
from live.sidecar.address import listen, url_of
from live.sidecar.analytics.part import AnalyticsPart
from live.sidecar.answers import Answers
from live.sidecar.attached import AttachedRun
from live.sidecar.exporter import Exporter
from live.sidecar.finder import PAGE_FAULT_REASONS, RunFinder
from live.sidecar.folder_lock import FolderLock
from live.sidecar.parts import Documented, Part
from live.sidecar.samples import Sample
from live.sidecar.server import SCRAPE_OUTCOMES, MetricsServer
from live.sidecar.sliding_maximum import SlidingMaximum
from live.sidecar.watchdog import Watchdog

SCAN_SECONDS = 0.5
"""Between two looks for new runs."""
DRAIN_SECONDS = 0.05
"""Between two looks into the rings."""
IDLE_SECONDS = 60.0
"""Time that a sidecar which ends when it is idle waits for a run to begin."""
LAG_SECONDS = 30
"""Time for which a delay of the event loop is shown, so that each of several scrapers sees it."""
_ANEW_SECONDS = 5.0
_END_SECONDS = 5.0
_SAID_MAX = 1_000


@dataclass(frozen=True, slots=True)
class SidecarRequest:
    """What a sidecar is asked for.

    Attributes:
        config: all settings.
        config_folder: folder of the configuration file.
        config_path: the configuration file, for whoever starts the next one; None for none.
        folders: folders of results to watch; one that is missing is made.
        pages: pages of single runs; the folders of results that they are in are locked, not watched.
        exits_when_idle: end once no run is exported any more.
    """

    config: Config
    config_folder: Path
    folders: tuple[Path, ...]
    pages: tuple[Path, ...] = ()
    exits_when_idle: bool = False
    config_path: Path | None = None


def make_parts(config: Config, config_folder: Path, say: Callable[[str], None]) -> list[Part]:
    """Return the pieces of a sidecar.

    Parameters:
        config: all settings.
        config_folder: folder of the configuration file; paths in it are relative to it.
        say: takes a line for people.

    Raises:
        ConfigError: settings contradict each other, or a module of analytics tasks cannot be loaded.
    """
    return [Watchdog(config.watchdog, say), AnalyticsPart(config.analytics, config_folder, say)]


class Sidecar:
    """One sidecar.

    Parameters:
        request: what is wanted.
        say: told in words what went wrong and what follows; at most 1,000 times.

    Raises:
        LeanLiveError: a metric's name clashes, or the token file cannot be used.
    """

    def __init__(self, request: SidecarRequest, say: Callable[[str], None]) -> None:
        config = request.config
        settings = config.sidecar
        self._request = request
        self._tell = say
        self._told = 0
        self._token = read_token(Path(settings.token_file).expanduser() if settings.token_file else None)
        self.finder = RunFinder(
            request.folders, request.pages, settings.grace_seconds, config.analytics.max_events, self._say
        )
        self._parts: list[Part] = make_parts(config, request.config_folder, self._say)
        self._exporter = Exporter(self.finder, self._parts, self._own_samples, self.finder.faulted, self._part_failed)
        self._part_failures: Counter[str] = Counter()
        self._cores: tuple[int, ...] = ()
        self._lag_ns = SlidingMaximum(LAG_SECONDS * NANOSECONDS_PER_SECOND)
        self._locks: list[FolderLock] = []
        self._server: MetricsServer | None = None
        self._stop = asyncio.Event()

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until a signal comes or, when asked for, no run is left.

        Parameters:
            ready: told the address once scrapers can come.

        Raises:
            ConfigError: the address cannot be listened on as configured.
            EnvironmentFault: a folder has another sidecar, the port is taken, or the cores do not exist.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        with ExitStack() as undo:
            self._lock(undo)
            self._cores = pin(self._choose_cores(), "sidecar")
            settings = self._request.config.sidecar
            listener = listen(settings)
            undo.callback(listener.close)
            address = url_of(listener)
            for lock in self._locks:
                lock.write(address)
            self.finder.scan()
            answers = Answers(self._exporter.render, loop.time, settings.answer_milliseconds / 1_000)
            documents = {part.name: part.document for part in self._parts if isinstance(part, Documented)}
            server = MetricsServer(
                settings,
                self._token,
                answers,
                self._list_runs,
                self._stop.is_set,
                partial(self._count_failure, "server"),
                documents,
            )
            self._server = server
            await server.start(listener)
            try:
                ready(address)
                await self._serve()
            finally:
                await server.stop()

    def _lock(self, undo: ExitStack) -> None:
        folders = {*self._request.folders, *(page.parent.parent for page in self._request.pages)}
        for folder in sorted(folders):
            lock = FolderLock(folder, self._request.config_path)
            undo.callback(lock.release)
            self._locks.append(lock)

    def _choose_cores(self) -> tuple[int, ...]:
        """Return the cores to stay on: those named, or those that the runs leave; empty for any."""
        config = self._request.config
        if config.sidecar.cores or not config.host.cores:
            return config.sidecar.cores
        left = tuple(core for core in usable_cores() if core not in config.host.cores)
        if not left:
            self._say(
                f"cores {list(config.host.cores)} in [host] leave none for the sidecar, which runs on all of them; name "
                "fewer there"
            )
        return left

    async def _serve(self) -> None:
        """Do all that goes on beside the answers, until told to stop."""
        work: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = [
            ("scan", self._keep_scanning),
            ("drain", self._keep_draining),
        ]
        work += [(part.name, partial(part.run, self.finder)) for part in self._parts]
        tasks = [asyncio.create_task(self._supervise(name, begin), name=name) for name, begin in work]
        await self._stop.wait()
        self._withdraw()
        for task in tasks:
            task.cancel()
        _done, late = await asyncio.wait(tasks, timeout=_END_SECONDS)
        for task in late:
            self._say(f"{task.get_name()} does not end when asked to; it ends with the process")

    def _withdraw(self) -> None:
        """Take the address back, so that whoever begins a run from now on waits for the end and starts another sidecar."""
        for lock in self._locks:
            try:
                lock.write("")
            except LeanLiveError as error:
                # The sign of life says the same.
                self._say(str(error))

    async def _supervise(self, name: str, begin: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin a piece of work anew when it fails."""
        while True:
            try:
                await begin()
            except Exception as error:
                self._count_failure(name, error)
                await asyncio.sleep(_ANEW_SECONDS)
            else:
                return

    async def _keep_scanning(self) -> None:
        while True:
            self.finder.scan()
            if self._request.exits_when_idle and not self.finder.attached and not self._is_run_expected():
                self._stop.set()
            await asyncio.sleep(SCAN_SECONDS)

    def _is_run_expected(self) -> bool:
        """Tell whether somebody has asked for a sidecar whose run has not been found yet."""
        asked_ns = max(lock.touched_ns for lock in self._locks)
        return asked_ns > self.finder.newest_run_ns and wall_ns() - asked_ns < IDLE_SECONDS * NANOSECONDS_PER_SECOND

    async def _keep_draining(self) -> None:
        while True:
            self.finder.drain()
            # The event loop's own clock stands still within a round of it.
            due_ns = machine_monotonic_ns() + int(DRAIN_SECONDS * NANOSECONDS_PER_SECOND)
            await asyncio.sleep(DRAIN_SECONDS)
            now_ns = machine_monotonic_ns()
            self._lag_ns.add(now_ns, now_ns - due_ns)

    # -- what it says

    def _own_samples(self) -> Iterator[Sample]:
        finder, server = self.finder, self._server
        yield Sample(SIDECAR_INFO, 1, (__version__,))
        yield Sample(SIDECAR_RUNS, len(finder.attached))
        for reason in PAGE_FAULT_REASONS:
            yield Sample(SIDECAR_PAGE_FAULTS, finder.page_faults[reason], (reason,))
        yield Sample(SIDECAR_EVENTS, finder.events_taken)
        for outcome in SCRAPE_OUTCOMES:
            yield Sample(SIDECAR_SCRAPES, 0 if server is None else server.scrapes[outcome], (outcome,))
        yield Sample(SIDECAR_LOOP_LAG, self._lag_ns.at(machine_monotonic_ns()) / NANOSECONDS_PER_SECOND)
        if self._cores:
            yield Sample(SIDECAR_AFFINITY, 1 if usable_cores() == self._cores else 0)
        yield Sample(SIDECAR_MEMORY, resident_memory_bytes())
        times = os.times()
        yield Sample(SIDECAR_CPU, times.user + times.system)
        for name in ("scan", "drain", "server", *(part.name for part in self._parts)):
            yield Sample(SIDECAR_PART_FAILURES, self._part_failures[name], (name,))

    def _list_runs(self) -> list[dict[str, Any]]:
        return [self._describe(run) for run in self.finder.attached]

    def _describe(self, run: AttachedRun) -> dict[str, Any]:
        try:
            found = FoundRun(run.folder, run.look())
        except DataError as error:
            found = FoundRun(run.folder, None, str(error))
        return {"name": run.name, **list_of([found])[0]}

    def _part_failed(self, part: Part, error: Exception) -> None:
        self._count_failure(part.name, error)

    def _count_failure(self, name: str, error: Exception) -> None:
        self._part_failures[name] += 1
        kind = "" if isinstance(error, LeanLiveError) else f"{type(error).__name__}: "
        self._say(f"{name} failed ({kind}{error}); the sidecar goes on")

    def _say(self, words: str) -> None:
        self._told += 1
        # Whoever reads it may have gone, or the disk be full; it is counted all the same.
        with suppress(OSError):
            if self._told <= _SAID_MAX:
                self._tell(one_line(words))
            if self._told == _SAID_MAX:
                self._tell("no more will be said here; see the metrics")
