"""The scheduled analytics as a piece of the sidecar: on pages of runs that begin, go on and end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.feed import until
from support.pages import publish, write_page

import live.sidecar.analytics.part
from live.config import AnalyticsSettings
from live.errors import ConfigError
from live.hot.catalogue import ANALYTICS_METRICS, ANALYTICS_RUNS, ANALYTICS_VALUE, Gauge, RunPhase
from live.hot.events import EventWriter, OrderRecord
from live.hot.telemetry import TelemetryPage
from live.sidecar.analytics.part import AnalyticsPart
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
    """Runs that the sidecar has attached to."""

    def __init__(self, *runs: AttachedRun) -> None:
        self.attached = list(runs)


def value(part: AnalyticsPart, run: AttachedRun, task: str, name: str) -> float | None:
    """Return what is exported of a task."""
    samples = {each.labels: each.value for each in part.metrics(run) if each.metric is ANALYTICS_VALUE}
    return samples.get((task, name))


def count(part: AnalyticsPart, run: AttachedRun, task: str, outcome: str) -> float:
    return {each.labels: each.value for each in part.metrics(run) if each.metric is ANALYTICS_RUNS}[task, outcome]


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AnalyticsPart:
    monkeypatch.setattr(live.sidecar.analytics.part, "POLL_SECONDS", 0.005)
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    lines: list[str] = []
    found = AnalyticsPart(AnalyticsSettings(modules=("tasks.py",), max_events=4), tmp_path, lines.append)
    vars(found)["lines"] = lines
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


def test_a_run_from_its_begin_to_its_end(tmp_path: Path, part: AnalyticsPart) -> None:
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
        ended = folder.rename(tmp_path / "Strategy-20261121T120000Z")
        run.folder = ended
        await asyncio.sleep(0.02)
        run.drain(100)
        await until(lambda: count(part, run, "session_summary", "ok") == 1)
        await until(lambda: value(part, run, "last", "over") == 1.0)
        assert orjson.loads((ended / "analytics.json").read_bytes())["events"] == {"kept": 4, "before": 3, "lost": 0}
        before = count(part, run, "seen", "ok")
        await asyncio.sleep(0.2)
        assert count(part, run, "seen", "ok") == before, "a run that is over needs no more looks"
        assert count(part, run, "last", "ok") == 1
        assert {each.metric for each in part.metrics(run)} == set(ANALYTICS_METRICS)
        document = part.document()
        assert document[0]["run"] == "Strategy-20261121T120000Z"
        assert {"seen", "last", "fill_quality"} <= {each["task"] for each in document[0]["tasks"]}
        orjson.dumps(document)
        runs.attached.clear()
        await until(lambda: not part.document())
        assert list(part.metrics(run)) == []

    play(part, runs, script)


def test_a_run_that_was_over_before_has_no_tasks(tmp_path: Path, part: AnalyticsPart) -> None:
    page = write_page(tmp_path / "run")
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED)
    run = AttachedRun(page.path, 4)
    vars(part)["_began_ns"] = run.reader.created_ns + 1

    async def script() -> None:
        await until(lambda: bool(part.document()))
        await asyncio.sleep(0.2)
        assert all(not any(each["outcomes"].values()) for each in part.document()[0]["tasks"])

    play(part, Attached(run), script)
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
        assert value(part, run, "seen", "events") is None

    play(part, Attached(run), script)


def test_the_sidecar_is_stopped_as_a_run_ends(tmp_path: Path, part: AnalyticsPart) -> None:
    page = write_page(tmp_path / "run")
    run = AttachedRun(page.path, 4)

    async def script() -> None:
        await until(lambda: value(part, run, "seen", "events") is not None)
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.INTERRUPTED)

    play(part, Attached(run), script)
    assert orjson.loads((tmp_path / "run" / "analytics.json").read_bytes())["state"] == "interrupted"


def test_a_page_that_is_cut_off_harms_no_other_run(tmp_path: Path, part: AnalyticsPart) -> None:
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
    lines: Any = vars(part)["lines"]
    assert len(lines) == 2
    assert "analytics of one cannot look at the run: telemetry page" in lines[0]


def test_bad_modules_are_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        AnalyticsPart(AnalyticsSettings(modules=("none.py",)), tmp_path, print)
    with pytest.raises(ConfigError, match="is no task"):
        AnalyticsPart(AnalyticsSettings(disabled=("none",)), tmp_path, print)
