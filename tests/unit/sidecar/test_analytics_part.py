"""The scheduled analytics as a piece of the sidecar: on pages of runs that begin, go on and end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import pytest
from support.feed import until
from support.pages import publish, write_page

import live.sidecar.analytics.part
from live.clock import monotonic_ns, wall_ns
from live.config import AnalyticsSettings
from live.errors import ConfigError
from live.hot.catalogue import ANALYTICS_METRICS, ANALYTICS_RUNS, ANALYTICS_STOPPED, ANALYTICS_VALUE, Gauge, RunPhase
from live.hot.events import EventWriter, OrderRecord
from live.hot.telemetry import TelemetryPage
from live.sidecar.analytics.part import AnalyticsPart
from live.sidecar.analytics.scheduler import RunTasks
from live.sidecar.attached import AttachedRun

TASKS = """
from live.sidecar.analytics import analytics

@analytics(every="100ms")
def seen(window):
    return {"events": len(window.events), "before": window.events_before, "over": window.look.is_over}

@analytics(at="session_end")
def last(window):
    return {"events": len(window.events), "over": window.look.is_over}
"""


class Attached:
    """Runs that the sidecar has attached to; counts how often somebody looks at them."""

    def __init__(self, *runs: AttachedRun) -> None:
        self.runs = list(runs)
        self.looks = 0

    @property
    def attached(self) -> list[AttachedRun]:
        self.looks += 1
        return self.runs

    async def rounds(self, number: int = 20) -> None:
        """Let the part look at the runs some times more."""
        wanted = self.looks + number
        await until(lambda: self.looks >= wanted)


def value(part: AnalyticsPart, run: AttachedRun, task: str, name: str) -> float | None:
    """Return what is exported of a task."""
    samples = {each.labels: each.value for each in part.metrics(run) if each.metric is ANALYTICS_VALUE}
    return samples.get((task, name))


def count(part: AnalyticsPart, run: AttachedRun, task: str, outcome: str) -> float:
    return {each.labels: each.value for each in part.metrics(run) if each.metric is ANALYTICS_RUNS}[task, outcome]


def ended(part: AnalyticsPart) -> list[bool]:
    return [each["ended"] for each in part.document()]


@pytest.fixture
def lines() -> list[str]:
    """Return what the part says."""
    return []


@pytest.fixture
def make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> Callable[[Callable[[], int]], AnalyticsPart]:
    monkeypatch.setattr(live.sidecar.analytics.part, "POLL_SECONDS", 0.005)
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    settings = AnalyticsSettings(modules=("tasks.py",), max_events=4)
    return lambda wall: AnalyticsPart(settings, tmp_path, lines.append, wall)


@pytest.fixture
def part(make: Callable[[Callable[[], int]], AnalyticsPart]) -> AnalyticsPart:
    return make(wall_ns)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[RunTasks]:
    """Return the tasks of runs, once for each time that those which are due were begun."""
    found: list[RunTasks] = []
    begin_due = RunTasks.begin_due

    def noted(tasks: RunTasks) -> None:
        found.append(tasks)
        begin_due(tasks)

    monkeypatch.setattr(RunTasks, "begin_due", noted)
    return found


def play(part: AnalyticsPart, runs: Attached, script: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        running = asyncio.ensure_future(part.run(runs))
        try:
            await script()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()

    asyncio.run(main())


def order(page: TelemetryPage, number: int) -> None:
    EventWriter(page.ring).order(OrderRecord(number, number, 1, "IBM", 0.0, 0.0, 0.0, 1.0, 2.0, 1.0, 0))


def test_a_run_from_its_begin_to_its_end(tmp_path: Path, part: AnalyticsPart, begun: list[RunTasks]) -> None:
    folder = tmp_path / "Strategy-20261121T120000Z.partial"
    page = write_page(folder)
    run = AttachedRun(page.path, 4)
    runs = Attached(run)

    async def script() -> None:
        await until(lambda: value(part, run, "seen", "events") == 0.0)
        for number in range(6):
            order(page, number)
        run.drain(100)
        await until(lambda: value(part, run, "seen", "events") == 4.0)
        assert value(part, run, "seen", "before") == 2.0
        assert value(part, run, "last", "events") is None
        # What the ring still has at the end is waited for.
        order(page, 6)
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
        publish(page)
        final = folder.rename(tmp_path / "Strategy-20261121T120000Z")
        run.folder = final
        await until(lambda: ended(part) == [True])
        assert count(part, run, "last", "ok") == 0
        run.drain(100)
        await until(lambda: count(part, run, "session_summary", "ok") == 1)
        await until(lambda: value(part, run, "last", "over") == 1.0)
        assert orjson.loads((final / "analytics.json").read_bytes())["events"] == {"kept": 4, "before": 3, "lost": 0}
        assert begun
        begun.clear()
        await runs.rounds()
        assert begun == [], "a run that is over needs no more looks"
        assert count(part, run, "last", "ok") == 1
        assert {each.metric for each in part.metrics(run)} == set(ANALYTICS_METRICS)
        document = part.document()
        assert document[0]["run"] == "Strategy-20261121T120000Z"
        assert {"seen", "last", "fill_quality"} <= {each["task"] for each in document[0]["tasks"]}
        orjson.dumps(document)
        runs.runs.clear()
        await until(lambda: not part.document())
        assert list(part.metrics(run)) == []

    play(part, runs, script)


def test_a_run_that_was_over_before_has_no_tasks(
    tmp_path: Path, make: Callable[[Callable[[], int]], AnalyticsPart], begun: list[RunTasks]
) -> None:
    page = write_page(tmp_path / "run")
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED)
    run = AttachedRun(page.path, 4)
    part = make(lambda: run.reader.created_ns + 1)
    runs = Attached(run)

    async def script() -> None:
        await runs.rounds()
        assert ended(part) == [True]
        assert begun == []
        assert all(not any(each["outcomes"].values()) for each in part.document()[0]["tasks"])

    play(part, runs, script)
    assert not (tmp_path / "run" / "analytics.json").exists()


def test_a_run_that_was_too_short_to_be_seen_has_its_end(tmp_path: Path, part: AnalyticsPart) -> None:
    page = write_page(tmp_path / "run")
    order(page, 1)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
    run = AttachedRun(page.path, 4)
    run.drain(10)

    async def script() -> None:
        await until(lambda: value(part, run, "last", "events") == 1.0)
        await until(lambda: count(part, run, "session_summary", "ok") == 1)
        await until(lambda: value(part, run, "seen", "over") == 1.0)
        assert count(part, run, "seen", "ok") == 1

    play(part, Attached(run), script)


def test_the_sidecar_is_stopped_as_a_run_ends(tmp_path: Path, part: AnalyticsPart) -> None:
    page = write_page(tmp_path / "run")
    run = AttachedRun(page.path, 4)

    async def script() -> None:
        await until(lambda: value(part, run, "seen", "events") is not None)
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.INTERRUPTED)

    play(part, Attached(run), script)
    assert orjson.loads((tmp_path / "run" / "analytics.json").read_bytes())["state"] == "interrupted"


def test_results_that_nobody_looks_after_any_more_are_not_exported(
    tmp_path: Path, part: AnalyticsPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = AttachedRun(write_page(tmp_path / "run").path, 4)
    runs = Attached(run)

    async def script() -> None:
        await until(lambda: value(part, run, "seen", "events") is not None)

    play(part, runs, script)
    # Nothing runs any more, as after a failure of the part.
    assert value(part, run, "seen", "events") is not None
    before = monotonic_ns()
    monkeypatch.setattr(live.sidecar.analytics.part, "monotonic_ns", lambda: before + 20 * 10**9)
    assert value(part, run, "seen", "events") is None
    assert count(part, run, "seen", "ok") > 0, "a counter stays"


def test_a_run_that_is_slow_to_close_holds_up_no_other(
    tmp_path: Path, part: AnalyticsPart, begun: list[RunTasks], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (AttachedRun(write_page(tmp_path / name).path, 4) for name in ("one", "two"))
    runs = Attached(first, second)
    may_close = asyncio.Event()
    close = RunTasks.cancel
    closed: list[RunTasks] = []

    async def slow(tasks: RunTasks) -> None:
        await may_close.wait()
        await close(tasks)
        closed.append(tasks)

    monkeypatch.setattr(RunTasks, "cancel", slow)

    async def script() -> None:
        await until(lambda: len(part.document()) == 2)
        del runs.runs[0]
        await until(lambda: len(part.document()) == 1)
        begun.clear()
        await until(lambda: len(begun) > 5)
        assert closed == []
        may_close.set()

    play(part, runs, script)
    assert len(closed) == 2, "the end of the part waits for all of them"


def test_a_page_that_is_cut_off_harms_no_other_run(tmp_path: Path, part: AnalyticsPart, lines: list[str]) -> None:
    pages = [write_page(tmp_path / name) for name in ("one", "two")]
    first, second = (AttachedRun(page.path, 4) for page in pages)

    async def script() -> None:
        await until(lambda: value(part, first, "seen", "events") is not None)
        pages[0].set_gauge(Gauge.WARM_STATE, 1e300)
        await until(lambda: "garbled" in part.document()[0]["fault"])
        before = count(part, second, "seen", "ok")
        await until(lambda: count(part, second, "seen", "ok") > before)
        pages[0].set_gauge(Gauge.WARM_STATE, 0)
        await until(lambda: not part.document()[0]["fault"])
        pages[0].set_gauge(Gauge.RUN_PHASE, 77)
        await until(lambda: "phase 77" in part.document()[0]["fault"])
        pages[0].set_gauge(Gauge.RUN_PHASE, RunPhase.RUNNING)
        before = count(part, first, "seen", "ok")
        await until(lambda: count(part, first, "seen", "ok") > before)

    play(part, Attached(first, second), script)
    assert len(lines) == 2
    assert "analytics of one cannot look at the run: telemetry page" in lines[0]


def test_a_task_that_is_not_begun_any_more_is_told(tmp_path: Path) -> None:
    text = (
        TASKS
        + """
@analytics(every="1s", process=True)
def heavy(window):
    return {}
"""
    )
    (tmp_path / "tasks.py").write_text(text, encoding="utf-8")
    part = AnalyticsPart(AnalyticsSettings(modules=("tasks.py",), processes=0), tmp_path, lambda _: None)
    run = AttachedRun(write_page(tmp_path / "run").path, 4)
    runs = Attached(run)

    async def script() -> None:
        await until(lambda: bool(part.document()))
        stopped = {each.labels[0]: each.value for each in part.metrics(run) if each.metric is ANALYTICS_STOPPED}
        assert {task for task, value in stopped.items() if value} == {"heavy"}
        assert {"seen", "last"} <= stopped.keys()

    play(part, runs, script)


def test_events_that_another_sidecar_took_are_known_to_be_missing(tmp_path: Path, part: AnalyticsPart) -> None:
    page = write_page(tmp_path / "run")
    for number in range(3):
        order(page, number)
    AttachedRun(page.path, 4).drain(2)
    run = AttachedRun(page.path, 4)
    run.drain(10)

    async def script() -> None:
        await until(lambda: value(part, run, "seen", "events") == 1.0)
        assert value(part, run, "seen", "before") == 2.0

    play(part, Attached(run), script)


def test_bad_modules_are_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        AnalyticsPart(AnalyticsSettings(modules=("none.py",)), tmp_path, print)
    with pytest.raises(ConfigError, match="is no task"):
        AnalyticsPart(AnalyticsSettings(disabled=("none",)), tmp_path, print)
