"""The finder of runs against a model: whatever begins, ends, is renamed or deleted, and however often it starts anew."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.pages import publish, write_page

import live.sidecar.finder
from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.hot.catalogue import Gauge, RunPhase
from live.hot.events import EventWriter, PhaseRecord
from live.hot.telemetry import TelemetryPage
from live.sidecar.finder import RunFinder

GRACE_SECONDS = 10
ENDINGS = {RunPhase.COMPLETED: "", RunPhase.INTERRUPTED: "", RunPhase.FAILED: "-failed"}
PICK = st.randoms(use_true_random=False)


class FinderMachine(RuleBasedStateMachine):
    """Clocks are set by hand; a run is its folder, its page and the moment at which it ended."""

    def __init__(self) -> None:
        super().__init__()
        self.results = Path(tempfile.mkdtemp(prefix="lean-live-finder-"))
        self.seconds = wall_ns() // NANOSECONDS_PER_SECOND
        self.real = live.sidecar.finder.wall_ns, live.sidecar.finder.machine_monotonic_ns
        live.sidecar.finder.wall_ns = self.now_ns
        live.sidecar.finder.machine_monotonic_ns = self.now_ns
        self.pages: dict[str, TelemetryPage] = {}
        self.folders: dict[str, Path] = {}
        self.ended: dict[str, int] = {}
        self.published: dict[str, int] = {}
        self.lost: dict[str, Path] = {}
        self.faults: list[str] = []
        self.faults_expected = 0
        self.finder = self.new_finder()

    def now_ns(self) -> int:
        return self.seconds * NANOSECONDS_PER_SECOND

    def new_finder(self) -> RunFinder:
        return RunFinder([self.results], [], GRACE_SECONDS, 100, self.faults.append)

    def scan(self) -> None:
        for _ in range(2):
            self.finder.scan()

    @precondition(lambda self: len(self.pages) < 6)
    @rule()
    def begin(self) -> None:
        name = f"Run-{len(self.pages)}"
        self.folders[name] = self.results / f"{name}.partial"
        self.pages[name] = write_page(self.folders[name], run=name)
        self.published[name] = 0
        self.scan()

    @precondition(lambda self: self.going_on())
    @rule(pick=PICK, phase=st.sampled_from(sorted(ENDINGS)), is_renamed=st.booleans())
    def end(self, pick: Random, phase: RunPhase, is_renamed: bool) -> None:
        name = pick.choice(self.going_on())
        page = self.pages[name]
        page.set_gauge(Gauge.RUN_PHASE, phase)
        publish(page, self.seconds)
        self.ended[name] = self.seconds
        if is_renamed:
            self.folders[name] = self.folders[name].rename(self.results / (name + ENDINGS[phase]))
        self.scan()

    @precondition(lambda self: self.folders)
    @rule(pick=PICK)
    def delete(self, pick: Random) -> None:
        name = pick.choice(sorted(self.folders))
        folder = self.folders.pop(name)
        shutil.rmtree(folder)
        if self.ended.pop(name, None) is None:
            # It goes on without a folder, is told of, and kept for as long as this finder lives.
            self.lost[name] = folder
            self.faults_expected += 1
        self.scan()

    @precondition(lambda self: self.going_on())
    @rule(pick=PICK, events=st.integers(1, 8))
    def publish_events(self, pick: Random, events: int) -> None:
        name = pick.choice(self.going_on())
        writer = EventWriter(self.pages[name].ring)
        for _ in range(events):
            writer.phase(PhaseRecord(self.published[name], RunPhase.RUNNING))
            self.published[name] += 1
        before = self.finder.events_taken
        self.finder.drain()
        assert self.finder.events_taken - before == events
        run = next(run for run in self.finder.attached if run.name == name)
        newest = [event.time_ns for event in run.events.newest()]
        assert newest == list(range(self.published[name]))[-len(newest) :]

    @rule(seconds=st.integers(1, 8))
    def wait(self, seconds: int) -> None:
        self.seconds += seconds
        self.scan()

    @rule()
    def start_anew(self) -> None:
        self.finder = self.new_finder()
        self.lost.clear()
        self.scan()

    def going_on(self) -> list[str]:
        return sorted(self.folders.keys() - self.ended.keys())

    @invariant()
    def the_right_runs_are_attached(self) -> None:
        kept = {name for name, second in self.ended.items() if self.seconds - second < GRACE_SECONDS}
        on_the_edge = {name for name, second in self.ended.items() if self.seconds - second == GRACE_SECONDS}
        attached = {run.name for run in self.finder.attached}
        assert attached - on_the_edge == {*self.going_on(), *kept, *self.lost}
        assert {run.folder for run in self.finder.attached} <= {*self.folders.values(), *self.lost.values()}
        assert len(self.faults) == self.faults_expected
        assert all("is gone from" in each for each in self.faults)

    def teardown(self) -> None:
        live.sidecar.finder.wall_ns, live.sidecar.finder.machine_monotonic_ns = self.real
        shutil.rmtree(self.results)


TestFinder = FinderMachine.TestCase
TestFinder.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
