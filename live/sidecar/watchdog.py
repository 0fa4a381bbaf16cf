"""The feed watchdog: says which symbols of a feed are silent or frozen and when the wall clock steps, and pauses orders
where it is configured to.

What is silent or frozen is decided in live/sidecar/silence.py; here are the pages that it is read from, and what follows.
A pause is the bit PAUSE of the control word. It is set once per cause: a symbol has to recover before it can pause a run
again, so that whoever resumes a run is not overruled. Nothing here takes a pause back.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from live.clock import NANOSECONDS_PER_SECOND, machine_monotonic_ns, wall_ns
from live.config import WatchdogSettings
from live.errors import DataError
from live.hot.catalogue import (
    CLOCK_OFFSET,
    CLOCK_STEPS,
    FEED_AGE_LIMIT,
    FEED_FROZEN,
    FEED_SILENT,
    WATCHDOG_METRICS,
    WATCHDOG_PAUSES,
    ControlBit,
    FeedPhase,
    Gauge,
    Metric,
)
from live.hot.telemetry_view import FeedRow
from live.sidecar.attached import AttachedRun
from live.sidecar.parts import Runs, is_fresh
from live.sidecar.samples import Sample
from live.sidecar.silence import ClockWatch, SymbolState, SymbolWatch, check_settings

LOOK_SECONDS = 0.25
"""Time between two looks at the pages; ages are exact to this and to the time between two publications of a run."""
CARRY_SECONDS = 1.0
"""Most time without news of a run that counts once news come: a run that publishes seldom is not a busy one."""
REASONS = ("silence", "frozen", "clock_step")
"""Values of the label `reason` of watchdog_pauses_total."""


class Cause(NamedTuple):
    """Something that is wrong.

    Attributes:
        reason: of REASONS.
        symbol: whose; "" for the clock.
    """

    reason: str
    symbol: str


class _Symbol:
    """A symbol of a run's page."""

    def __init__(self, settings: WatchdogSettings) -> None:
        self.watch = SymbolWatch(settings)
        self.is_watched = False
        self.state = self.watch.state()


class WatchedRun:
    """A run on a feed.

    Parameters:
        run: the run.
        settings: limits, and what follows.
        log: takes a line for people.

    Attributes:
        pauses: times that the control word was set, by reason.
        causes: what is wrong at present.
    """

    def __init__(self, run: AttachedRun, settings: WatchdogSettings, log: Callable[[str], None]) -> None:
        self._run = run
        self._settings = settings
        self._log = log
        self._symbols: dict[str, _Symbol] = {}
        self._published_seconds = math.nan
        self._looked_ns: int | None = None
        self._carried_ns = 0
        self._seen_ns: int | None = None
        self._fault = ""
        self._has_feed = False
        self._actions = {
            "silence": settings.on_silence,
            "frozen": settings.on_frozen,
            "clock_step": settings.on_clock_step,
        }
        self.pauses: Counter[str] = Counter()
        self.causes: set[Cause] = set()

    def look(self, monotonic_ns: int, step_ns: int) -> None:
        """Read the page, and do what follows from it.

        Parameters:
            monotonic_ns: the monotonic clock.
            step_ns: how far the wall clock has stepped since the look before; 0 when it has not.
        """
        try:
            is_running = self._is_running()
            elapsed_ns = self._elapsed_ns(monotonic_ns)
            for label, row in self._run.reader.feed_rows().items():
                self._watch(label, row, is_running, elapsed_ns)
            if step_ns and is_running:
                self._act(
                    Cause("clock_step", ""), f"the wall clock stepped by {step_ns / NANOSECONDS_PER_SECOND:+.3f} s"
                )
            self._seen_ns = monotonic_ns
            self._fault = ""
        except DataError as error:
            if str(error) != self._fault:
                self._fault = str(error)
                self._log(f"the watchdog cannot watch {self._run.name}: {error}")

    def samples(self, monotonic_ns: int) -> Iterator[Sample]:
        """Yield what is exported; nothing for a run on recorded data, and no states that nobody has looked at for long.

        Parameters:
            monotonic_ns: the monotonic clock.
        """
        if not self._has_feed:
            return
        if is_fresh(self._seen_ns, monotonic_ns):
            for label, symbol in self._symbols.items():
                yield Sample(FEED_AGE_LIMIT, symbol.state.limit_ns / NANOSECONDS_PER_SECOND, (label,))
                yield Sample(FEED_SILENT, Cause("silence", label) in self.causes, (label,))
                yield Sample(FEED_FROZEN, Cause("frozen", label) in self.causes, (label,))
        for reason in REASONS:
            yield Sample(WATCHDOG_PAUSES, self.pauses[reason], (reason,))

    def document(self) -> dict[str, Any]:
        """Return what is known of the run as JSON-ready data."""
        return {
            "run": self._run.name,
            "fault": self._fault,
            "symbols": {
                label: {
                    "watched": symbol.is_watched,
                    "age_seconds": symbol.state.age_ns / NANOSECONDS_PER_SECOND,
                    "limit_seconds": symbol.state.limit_ns / NANOSECONDS_PER_SECOND,
                    "silent": Cause("silence", label) in self.causes,
                    "frozen": Cause("frozen", label) in self.causes,
                }
                for label, symbol in self._symbols.items()
            },
            "pauses": {reason: self.pauses[reason] for reason in REASONS},
        }

    def _is_running(self) -> bool:
        """Tell whether the run takes ticks of a feed."""
        # Before the page is read: memory of a file that was cut off cannot be.
        is_over = self._run.is_over
        phase = self._run.reader.gauge(Gauge.FEED_PHASE)
        self._has_feed = phase != FeedPhase.NONE
        return phase == FeedPhase.RUNNING and not is_over

    def _elapsed_ns(self, monotonic_ns: int) -> int:
        """Return the time since the look before; none while the run does not bring its page up to date.

        When it does again, up to CARRY_SECONDS of the looks without news are made up for.
        """
        published_seconds = self._run.reader.gauge(Gauge.PUBLISHED)
        has_news = published_seconds != self._published_seconds
        elapsed_ns = 0 if self._looked_ns is None else monotonic_ns - self._looked_ns
        self._published_seconds = published_seconds
        self._looked_ns = monotonic_ns
        if not has_news:
            self._carried_ns = min(self._carried_ns + elapsed_ns, int(CARRY_SECONDS * NANOSECONDS_PER_SECOND))
            return 0
        carried_ns, self._carried_ns = self._carried_ns, 0
        return elapsed_ns + carried_ns

    def _watch(self, label: str, row: FeedRow, is_running: bool, elapsed_ns: int) -> None:
        symbol = self._symbols.get(label)
        if symbol is None:
            symbol = self._symbols[label] = _Symbol(self._settings)
        is_watched = is_running and row.is_open
        if is_watched and not symbol.is_watched:
            symbol.watch.begin()
            elapsed_ns = 0
        symbol.is_watched = is_watched
        if not is_watched:
            self.causes -= {Cause("silence", label), Cause("frozen", label)}
            return
        symbol.state = symbol.watch.look(elapsed_ns, row.ticks, row.price_changed_ns)
        self._judge(label, symbol.state)

    def _judge(self, label: str, state: SymbolState) -> None:
        """Take note of what begins and what ends."""
        silence, frozen = Cause("silence", label), Cause("frozen", label)
        if state.is_silent and silence not in self.causes:
            limit_seconds = state.limit_ns / NANOSECONDS_PER_SECOND
            self._act(silence, f"{label} is silent: no tick for more than {limit_seconds:.3g} s while the feed runs")
            self.causes.add(silence)
        elif not state.is_silent and silence in self.causes:
            self.causes.discard(silence)
            self._log(f"{self._run.name}: ticks of {label} come again")
        if state.is_frozen and frozen not in self.causes:
            lasted = f"ticks keep coming, and it has not changed for {self._settings.frozen_seconds:g} s"
            self._act(frozen, f"the price of {label} is frozen: {lasted}")
            self.causes.add(frozen)
        elif not state.is_frozen and frozen in self.causes:
            self.causes.discard(frozen)
            self._log(f"{self._run.name}: the price of {label} is frozen no longer")

    def _act(self, cause: Cause, words: str) -> None:
        """Say what is wrong, and pause the run when that is configured."""
        if self._actions[cause.reason] == "continue":
            self._log(f"{self._run.name}: {words}")
            return
        self._run.ask(ControlBit.PAUSE)
        self.pauses[cause.reason] += 1
        self._log(
            f"{self._run.name}: {words}; all orders of the run are paused until lean-live resume {self._run.folder}"
        )


class Watchdog:
    """Watches the feeds of all attached runs, and the wall clock.

    Parameters:
        settings: table [watchdog].
        log: takes a line for people.
        monotonic: a clock that never steps, ns.
        wall: the wall clock, ns since 1970 UTC.

    Raises:
        ConfigError: the settings contradict each other.
    """

    name = "watchdog"
    declared: tuple[Metric, ...] = (*WATCHDOG_METRICS, CLOCK_OFFSET, CLOCK_STEPS)

    def __init__(
        self,
        settings: WatchdogSettings,
        log: Callable[[str], None],
        monotonic: Callable[[], int] = machine_monotonic_ns,
        wall: Callable[[], int] = wall_ns,
    ) -> None:
        check_settings(settings)
        self._settings = settings
        self._log = log
        self._monotonic = monotonic
        self._wall = wall
        self._clock = ClockWatch(int(settings.clock_step_seconds * NANOSECONDS_PER_SECOND))
        self._offset_ns = 0
        self._looked_ns: int | None = None
        self._runs: dict[AttachedRun, WatchedRun] = {}

    async def run(self, runs: Runs) -> None:
        """Look at all runs again and again, until cancelled."""
        while True:
            self.look(runs)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self, runs: Runs) -> None:
        """Look at the clocks and at all runs."""
        monotonic_ns = self._monotonic()
        clock = self._clock.look(self._wall(), monotonic_ns)
        self._offset_ns = clock.offset_ns
        self._looked_ns = monotonic_ns
        if clock.step_ns:
            self._log(f"the wall clock of this machine stepped by {clock.step_ns / NANOSECONDS_PER_SECOND:+.3f} s")
        attached = runs.attached
        for run in attached:
            watched = self._runs.get(run)
            if watched is None:
                watched = self._runs[run] = WatchedRun(run, self._settings, self._log)
            watched.look(monotonic_ns, clock.step_ns)
        for run in [each for each in self._runs if each not in attached]:
            del self._runs[run]

    def metrics(self, run: AttachedRun) -> Iterable[Sample]:
        """Return the samples of a run."""
        found = self._runs.get(run)
        return () if found is None else found.samples(self._monotonic())

    def document(self) -> dict[str, Any]:
        """Return the clock and all runs as JSON-ready data."""
        return {
            "clock_offset_seconds": self._offset_ns / NANOSECONDS_PER_SECOND,
            "clock_steps": self._clock.steps,
            "runs": [each.document() for each in self._runs.values()],
        }

    def own_metrics(self) -> Iterable[Sample]:
        """Return what is known of the machine's wall clock."""
        if is_fresh(self._looked_ns, self._monotonic()):
            yield Sample(CLOCK_OFFSET, self._offset_ns / NANOSECONDS_PER_SECOND)
        yield Sample(CLOCK_STEPS, self._clock.steps)
