"""The feed watchdog on pages that a test writes, with clocks that only the test moves."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from support.pages import publish, write_page

import live.hot.telemetry_reader
from live.config import WatchdogSettings
from live.errors import ConfigError
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
    RunPhase,
)
from live.hot.telemetry import TelemetryPage
from live.hot.telemetry_view import PageFault
from live.sidecar.attached import AttachedRun
from live.sidecar.watchdog import Watchdog

SECOND_NS = 1_000_000_000


class Scene:
    """A run on a feed with two symbols, and the watchdog beside it."""

    def __init__(self, folder: Path, has_feed: bool = True, **settings: object) -> None:
        self.page: TelemetryPage = write_page(folder / "Run.partial", has_feed=has_feed)
        if has_feed:
            self.page.set_gauge(Gauge.FEED_PHASE, FeedPhase.RUNNING)
        for place, label in enumerate(("IBM", "SPY")):
            self.page.name_feed(place, label)
        self.attached = [AttachedRun(self.page.path, 10)]
        self.run = self.attached[0]
        self.lines: list[str] = []
        self.ticks = [0, 0]
        self.price = [1, 1]
        self.is_open = [True, True]
        self.publishes = True
        self.monotonic_ns = 100 * SECOND_NS
        self.wall_ns = 1_700_000_000 * SECOND_NS
        limits = {"silence_least_seconds": 2.0, "silence_most_seconds": 10.0, "frozen_seconds": 30.0, **settings}
        self.watchdog = Watchdog(
            WatchdogSettings(**limits),  # type: ignore[arg-type]
            self.lines.append,
            lambda: self.monotonic_ns,
            lambda: self.wall_ns,
        )

    def go(self, seconds: float, ibm: int = 0, spy: int = 0, is_changed: bool = True) -> None:
        """Let time go by look by look, with some ticks of each symbol before each."""
        for _look in range(round(seconds * 4)):
            self.monotonic_ns += SECOND_NS // 4
            self.wall_ns += SECOND_NS // 4
            for place, came in enumerate((ibm, spy)):
                self.ticks[place] += came
                self.price[place] += bool(came and is_changed)
                self.page.stamp_feed(place, self.wall_ns, self.ticks[place], self.price[place], self.is_open[place])
            if self.publishes:
                publish(self.page, self.wall_ns / SECOND_NS)
            self.watchdog.look(self)

    def value(self, metric: Metric, *labels: str) -> float | None:
        samples = [*self.watchdog.metrics(self.run), *self.watchdog.own_metrics()]
        return {(each.metric, each.labels): each.value for each in samples}.get((metric, labels))

    @property
    def control(self) -> ControlBit:
        return ControlBit(self.page.control())

    def learn(self) -> None:
        """Let both symbols have ticks until their usual gap is known."""
        self.go(20, ibm=1, spy=1)


def test_a_symbol_that_goes_silent_is_shown_and_said_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.learn()
    limit = scene.value(FEED_AGE_LIMIT, "IBM")
    assert limit is not None
    assert 5.0 <= limit <= 6.0
    scene.go(limit, spy=1)
    assert (scene.value(FEED_SILENT, "IBM"), scene.lines) == (0.0, [])
    scene.go(5, spy=1)
    assert (scene.value(FEED_SILENT, "IBM"), scene.value(FEED_SILENT, "SPY")) == (1.0, 0.0)
    assert scene.lines == ["Run: IBM is silent: no tick for more than 5.37 s while the feed runs"]
    scene.go(1, ibm=1, spy=1)
    assert scene.value(FEED_SILENT, "IBM") == 0.0
    assert scene.lines[1:] == ["Run: ticks of IBM come again"]
    assert scene.control == 0
    assert scene.value(WATCHDOG_PAUSES, "silence") == 0.0


def test_a_pause_is_set_once_per_cause_and_keeps_other_bits(tmp_path: Path) -> None:
    scene = Scene(tmp_path, on_silence="pause")
    scene.run.reader.set_control(ControlBit.REDUCE_ONLY)
    scene.learn()
    scene.go(20, spy=1)
    assert scene.control == ControlBit.PAUSE | ControlBit.REDUCE_ONLY
    assert scene.value(WATCHDOG_PAUSES, "silence") == 1.0
    assert scene.lines[-1].endswith(
        f"; all orders of the run are paused until lean-live resume {tmp_path / 'Run.partial'}"
    )
    # A person resumes although the symbol is silent still.
    scene.run.reader.change_control(remove=ControlBit.PAUSE)
    scene.go(60, spy=1)
    assert scene.control == ControlBit.REDUCE_ONLY
    # The other symbol is another cause; and so is the first one once it has recovered.
    scene.go(20)
    assert scene.control == ControlBit.PAUSE | ControlBit.REDUCE_ONLY
    assert scene.value(WATCHDOG_PAUSES, "silence") == 2.0
    scene.go(1, ibm=1, spy=1)
    assert scene.control == ControlBit.PAUSE | ControlBit.REDUCE_ONLY, "never taken back"
    scene.go(20, spy=1)
    assert scene.value(WATCHDOG_PAUSES, "silence") == 3.0


def test_a_frozen_price(tmp_path: Path) -> None:
    scene = Scene(tmp_path, on_frozen="pause")
    scene.learn()
    scene.go(29, ibm=1, spy=1, is_changed=False)
    assert scene.value(FEED_FROZEN, "IBM") == 0.0
    scene.go(2, ibm=1, spy=1, is_changed=False)
    assert (scene.value(FEED_FROZEN, "IBM"), scene.value(FEED_SILENT, "IBM")) == (1.0, 0.0)
    assert scene.control == ControlBit.PAUSE
    assert scene.value(WATCHDOG_PAUSES, "frozen") == 2.0, "one for each symbol"
    scene.go(1, ibm=1, spy=1)
    assert scene.value(FEED_FROZEN, "IBM") == 0.0
    assert "Run: the price of IBM is frozen no longer" in scene.lines


def test_neither_pauses_of_the_feed_nor_closed_markets_nor_a_busy_run_are_silence(tmp_path: Path) -> None:
    scene = Scene(tmp_path, on_silence="pause")
    scene.learn()
    for phase in (FeedPhase.PAUSED, FeedPhase.CONNECTING, FeedPhase.HALTED, FeedPhase.ENDED):
        scene.page.set_gauge(Gauge.FEED_PHASE, phase)
        scene.go(100)
        scene.page.set_gauge(Gauge.FEED_PHASE, FeedPhase.RUNNING)
        scene.go(1.5)
        assert scene.lines == [], phase
    scene.go(1, ibm=1, spy=1)
    scene.is_open[:] = [False, False]
    scene.go(3_600)
    scene.is_open[:] = [True, True]
    scene.go(1.5)
    scene.go(1, ibm=1, spy=1)
    scene.publishes = False
    scene.go(100)
    scene.publishes = True
    scene.go(1.5)
    assert scene.lines == []
    scene.go(20)
    assert scene.control == ControlBit.PAUSE


def test_a_run_that_publishes_seldom_loses_no_feed_time(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.learn()

    def seldom(seconds: int, spy: int) -> None:
        """Three looks without news, then one with."""
        for _second in range(seconds):
            scene.publishes = False
            scene.go(0.75, spy=spy)
            scene.publishes = True
            scene.go(0.25, spy=spy)

    seldom(4, spy=1)
    assert scene.lines == []
    seldom(3, spy=1)
    assert scene.value(FEED_SILENT, "IBM") == 1.0
    assert scene.value(FEED_SILENT, "SPY") == 0.0
    assert len(scene.lines) == 1


def test_what_nobody_has_looked_at_for_long_is_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, on_silence="pause")
    scene.learn()
    scene.go(20, spy=1)
    assert scene.value(FEED_SILENT, "IBM") == 1.0
    states = (FEED_SILENT, FEED_FROZEN, FEED_AGE_LIMIT)

    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(scene.run.reader, "feed_rows", fail)
        for seconds, is_exported in ((1, True), (20, False)):
            scene.monotonic_ns += seconds * SECOND_NS
            with pytest.raises(RuntimeError):
                scene.watchdog.look(scene)
            assert [scene.value(each, "IBM") is not None for each in states] == [is_exported] * 3
    assert scene.value(CLOCK_OFFSET) is not None, "the clocks were looked at"
    assert scene.value(WATCHDOG_PAUSES, "silence") == 1.0, "a counter stays"
    scene.monotonic_ns += 20 * SECOND_NS
    assert scene.value(CLOCK_OFFSET) is None
    assert scene.value(CLOCK_STEPS) is not None
    scene.go(0.25, spy=1)
    assert scene.value(FEED_SILENT, "IBM") == 1.0


def test_a_run_that_is_over_or_died_or_plays_recorded_data_is_not_watched(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "over", on_silence="pause", on_clock_step="pause")
    scene.learn()
    scene.go(20)
    assert scene.value(FEED_SILENT, "IBM") == 1.0
    scene.run.reader.set_control(ControlBit(0))
    scene.page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
    scene.wall_ns += 3_600 * SECOND_NS
    scene.go(100)
    assert scene.value(FEED_SILENT, "IBM") == 0.0
    assert scene.control == 0
    replay = Scene(tmp_path / "replay", has_feed=False, on_clock_step="pause")
    replay.learn()
    replay.wall_ns += 3_600 * SECOND_NS
    replay.go(100)
    assert replay.control == 0
    assert list(replay.watchdog.metrics(replay.run)) == []


def test_clock_steps(tmp_path: Path) -> None:
    scene = Scene(tmp_path, on_clock_step="pause")
    scene.learn()
    assert (scene.value(CLOCK_OFFSET), scene.value(CLOCK_STEPS)) == (0.0, 0.0)
    scene.wall_ns -= 3_600 * SECOND_NS
    scene.go(0.25, ibm=1, spy=1)
    assert (scene.value(CLOCK_OFFSET), scene.value(CLOCK_STEPS)) == (-3_600.0, 1.0)
    assert scene.control == ControlBit.PAUSE
    assert scene.value(WATCHDOG_PAUSES, "clock_step") == 1.0
    assert "the wall clock of this machine stepped by -3600.000 s" in scene.lines
    scene.go(5, ibm=1, spy=1)
    assert scene.value(WATCHDOG_PAUSES, "clock_step") == 1.0
    # Slow corrections move the offset alone; a step changes no age.
    for _look in range(100):
        scene.wall_ns += 100_000_000
        scene.go(0.25, ibm=1, spy=1)
    assert scene.value(CLOCK_STEPS) == 1.0
    assert scene.value(CLOCK_OFFSET) == pytest.approx(-3_590.0)
    assert (scene.value(FEED_SILENT, "IBM"), scene.value(FEED_FROZEN, "IBM")) == (0.0, 0.0)


def test_a_pause_that_cannot_be_set_is_said_and_tried_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path, on_silence="pause")
    scene.learn()
    descriptor = os.open(scene.page.path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    scene.go(7, spy=1)
    assert scene.control == 0
    assert scene.value(WATCHDOG_PAUSES, "silence") == 0.0
    assert sum("is locked by another process" in line for line in scene.lines) == 1
    os.close(descriptor)
    scene.go(0.25, spy=1)
    assert scene.control == ControlBit.PAUSE
    assert scene.value(WATCHDOG_PAUSES, "silence") == 1.0


def test_a_page_that_somebody_keeps_locked_does_not_hold_up_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path)
    descriptor = os.open(scene.page.path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    waits: list[float] = []
    monkeypatch.setattr(live.hot.telemetry_reader, "sleep", waits.append)
    with pytest.raises(PageFault, match="is locked"):
        scene.run.ask(ControlBit.PAUSE)
    assert waits == []
    # A person's command has the patience.
    with pytest.raises(PageFault, match="is locked"):
        scene.run.reader.change_control(remove=ControlBit.PAUSE)
    assert len(waits) > 10
    os.close(descriptor)


def test_a_page_that_was_cut_off_is_left_alone(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.learn()
    size = scene.page.path.stat().st_size
    os.truncate(scene.page.path, 100)
    scene.watchdog.look(scene)
    scene.watchdog.look(scene)
    os.truncate(scene.page.path, size)
    assert len(scene.lines) == 1
    assert "the watchdog cannot watch Run: telemetry page" in scene.lines[0]


def test_metrics_are_the_declared_ones_and_go_with_the_run(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.learn()
    assert {each.metric for each in scene.watchdog.metrics(scene.run)} == set(WATCHDOG_METRICS)
    scene.attached.clear()
    scene.watchdog.look(scene)
    assert list(scene.watchdog.metrics(scene.run)) == []


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="is above"):
        Watchdog(WatchdogSettings(silence_least_seconds=90.0), print)
