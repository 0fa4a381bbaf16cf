"""The verb `resume`: beside a run whose feed has paused, and on pages of runs that cannot be resumed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.commands import ROOT, Ended, start
from support.feed import PATIENCE_SECONDS, publishing
from support.feed_runs import IBM, FeedRuns, Scene, moment_ns, small_folder, trade
from support.pages import write_page

import live.cli.resume
from live.cli.main import run
from live.hot.catalogue import ControlBit, Counter, FeedPhase, Gauge, RunPhase
from live.hot.telemetry import TelemetryPage
from live.hot.telemetry_reader import TelemetryReader

STRATEGY = """
from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol

    def on_tick(self, tick):
        self.submit(self.ibm, 1)
"""
BEGIN_NS = moment_ns("10:00:00")


async def resume(scene: Scene, *options: str) -> tuple[int, str, str]:
    """Run the command in a process of its own, on the run that is going on; return its code and output."""
    process = start(["resume", str(scene.page.parent), *options], ROOT)
    out, err = await asyncio.to_thread(process.communicate, timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


def test_orders_pass_again_once_somebody_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = small_folder(tmp_path / "data").path
    runs = FeedRuns(tmp_path, capsys, monkeypatch)
    answers: list[tuple[int, str, str]] = []

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(BEGIN_NS, 0.0)
            await scene.ready()
            answers.append(await resume(scene))
            # A queue of four is full at once.
            await publisher.publish([trade(BEGIN_NS + number, 100.0) for number in range(1, 21)])
            await scene.took(4)
            await scene.until(lambda: scene.state == "paused")
            await publisher.publish([trade(BEGIN_NS + 21, 100.0)])
            await scene.took(5)
            await scene.until(lambda: scene.run is not None and _shown_state(scene) is FeedPhase.PAUSED)
            answers.append(await resume(scene, "--json"))
            await publisher.publish([trade(BEGIN_NS + 22, 100.0)])
            await scene.took(6)
            answers.append(await resume(scene))
            await publisher.finish()

    settings = {"feed": {"queue_ticks": 4, "full_queue": "drop", "on_overflow": "pause"}}
    ended = runs.follow(STRATEGY, data, script, settings=settings)
    first, second, third = answers
    assert first[0] == third[0] == 0
    assert "it was not paused" in first[1]
    assert "it was not paused" in third[1]
    assert second[0] == 0, second
    document = orjson.loads(second[1])
    assert (document["state"], document["was_paused"], document["control"]) == ("running", True, [])
    assert document["paused_for"] == "overflow: 16 ticks met a full queue"
    assert document["run"] == ended.folder.name
    _check_orders(ended)


def _shown_state(scene: Scene) -> FeedPhase:
    return FeedPhase(int(TelemetryReader(scene.page).gauge(Gauge.FEED_PHASE)))


def _check_orders(ended: Ended) -> None:
    """Check that the ticks of the pause, and only they, were denied: the four before are played when it has begun."""
    assert ended.summary["denials"] == {"CONTROL_PAUSED": 5}
    assert [event["status"] for event in ended.events] == ["submitted", "filled"]
    assert ended.summary["feed"]["counters"]["resumes"] == 1


# -- what cannot be resumed


@pytest.fixture
def page(tmp_path: Path) -> TelemetryPage:
    """Return the page of a run whose feed has paused."""
    return write_page(tmp_path / "one", has_feed=True)


def failed(code: int, page: TelemetryPage, capsys: pytest.CaptureFixture[str]) -> str:
    """Check that the command fails and asks for nothing; return what it says."""
    before = page.resume_requests()
    assert run(["resume", str(page.path.parent), "--json"]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    assert page.resume_requests() == before
    message: str = orjson.loads(captured.out)["error"]["message"]
    return message


def test_no_run_is_going_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["resume", str(tmp_path)]) == 3
    assert "no run is going on" in capsys.readouterr().err
    assert run(["resume", "nosuch", "--results", str(tmp_path)]) == 2
    assert "there is no run nosuch" in capsys.readouterr().err


def test_a_run_without_a_feed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "it plays data folder data" in failed(2, write_page(tmp_path), capsys)


@pytest.mark.parametrize(
    ("gauge", "value", "code", "part"),
    [
        (Gauge.RUN_PHASE, RunPhase.COMPLETED, 3, "is over (completed)"),
        (Gauge.RUN_PHASE, RunPhase.REHEARSING, 3, "takes no ticks yet (rehearsing)"),
        (Gauge.FEED_PHASE, FeedPhase.HALTED, 1, "halted for good: gap: 7 ticks are missing"),
        (Gauge.FEED_PHASE, FeedPhase.CONNECTING, 1, "is not connected"),
    ],
)
def test_a_state_that_nobody_can_end(
    page: TelemetryPage, capsys: pytest.CaptureFixture[str], gauge: Gauge, value: int, code: int, part: str
) -> None:
    page.set_gauge(gauge, value)
    assert part in failed(code, page, capsys)


def _write_and_die(folder: Path) -> None:
    write_page(folder, has_feed=True)


def test_a_page_of_a_dead_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path,))
    child.start()
    child.join()
    before = (tmp_path / "telemetry.page").read_bytes()
    assert run(["resume", str(tmp_path / "telemetry.page")]) == 3
    assert f"its process {child.pid} is gone" in capsys.readouterr().err
    assert (tmp_path / "telemetry.page").read_bytes() == before


class _Run:
    """The run's side of the command's waits: what it does is done while the command sleeps."""

    def __init__(self, page: TelemetryPage, phase: FeedPhase | None) -> None:
        self._page = page
        self._phase = phase
        self.now_ns = 0

    def sleep(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)
        if self._phase is not None and self._page.resume_requests():
            self._page.set_gauge(Gauge.FEED_PHASE, self._phase)
            self._page.add(Counter.FEED_RESUMES, 1)
            self._phase = None


@pytest.mark.parametrize(
    ("phase", "code", "part"),
    [
        (FeedPhase.RUNNING, 0, "it was paused: gap: 7 ticks are missing"),
        (FeedPhase.PAUSED, 1, "paused all the same"),
        (None, 1, "has not answered for 5 seconds"),
    ],
)
def test_answers(
    page: TelemetryPage,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    phase: FeedPhase | None,
    code: int,
    part: str,
) -> None:
    other = _Run(page, phase)
    monkeypatch.setattr(live.cli.resume, "sleep", other.sleep)
    monkeypatch.setattr(live.cli.resume, "monotonic_ns", lambda: other.now_ns)
    TelemetryReader(page.path).set_control(ControlBit.KILL)
    assert run(["resume", str(page.path.parent)]) == code
    captured = capsys.readouterr()
    assert part in captured.out + captured.err
    assert ("orders are still held: the run's control word asks for KILL" in captured.out) is (code == 0)
    assert page.resume_requests() == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every file")
def test_a_page_of_somebody_else(page: TelemetryPage, capsys: pytest.CaptureFixture[str]) -> None:
    page.path.chmod(0o400)
    assert "for writing" in failed(3, page, capsys)


def test_top_says_how_to_resume(page: TelemetryPage, capsys: pytest.CaptureFixture[str]) -> None:
    words: list[Any] = ["top", str(page.path.parent), "--once", "--every", "0.1"]
    assert run(words) == 0
    assert "lean-live resume Strategy-20261121T120000Z" in capsys.readouterr().out
    page.set_gauge(Gauge.FEED_PHASE, FeedPhase.RUNNING)
    assert run(words) == 0
    assert "lean-live resume" not in capsys.readouterr().out
    TelemetryReader(page.path).set_control(ControlBit.PAUSE)
    assert run(words) == 0
    assert "lean-live resume Strategy-20261121T120000Z" in capsys.readouterr().out


# -- what holds orders besides the feed


def test_pause_of_the_control_word_is_taken_back_and_nothing_else(
    page: TelemetryPage, capsys: pytest.CaptureFixture[str]
) -> None:
    page.set_gauge(Gauge.FEED_PHASE, FeedPhase.RUNNING)
    TelemetryReader(page.path).set_control(ControlBit.PAUSE | ControlBit.REDUCE_ONLY)
    assert run(["resume", str(page.path.parent), "--json"]) == 0
    document = orjson.loads(capsys.readouterr().out)
    assert (document["was_paused"], document["was_held"], document["control"]) == (False, True, ["REDUCE_ONLY"])
    assert page.control() == ControlBit.REDUCE_ONLY
    assert run(["resume", str(page.path.parent)]) == 0
    out = capsys.readouterr().out
    assert "taken back" not in out
    assert "orders are still held: the run's control word asks for REDUCE_ONLY" in out


def test_what_held_the_orders_is_said_without_contradiction(
    page: TelemetryPage, capsys: pytest.CaptureFixture[str]
) -> None:
    page.set_gauge(Gauge.FEED_PHASE, FeedPhase.RUNNING)
    TelemetryReader(page.path).set_control(ControlBit.PAUSE)
    assert run(["resume", str(page.path.parent)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "feed of Strategy-20261121T120000Z: running; only the control word held its orders",
        "PAUSE of the control word of Strategy-20261121T120000Z was taken back",
    ]


def test_a_run_on_recorded_data_that_was_paused_from_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = write_page(tmp_path)
    TelemetryReader(page.path).set_control(ControlBit.PAUSE)
    assert run(["resume", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "PAUSE of the control word of Strategy-20261121T120000Z was taken back\n"
    assert page.control() == 0
    assert "has no feed that could pause" in failed(2, page, capsys)


@pytest.mark.parametrize("phase", [FeedPhase.CONNECTING, FeedPhase.HALTED])
def test_a_command_that_fails_takes_nothing_back(
    page: TelemetryPage, capsys: pytest.CaptureFixture[str], phase: FeedPhase
) -> None:
    page.set_gauge(Gauge.FEED_PHASE, phase)
    TelemetryReader(page.path).set_control(ControlBit.PAUSE)
    failed(1, page, capsys)
    assert page.control() == ControlBit.PAUSE


def test_a_feed_that_stays_paused_keeps_the_other_pause(
    page: TelemetryPage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _Run(page, FeedPhase.PAUSED)
    monkeypatch.setattr(live.cli.resume, "sleep", other.sleep)
    monkeypatch.setattr(live.cli.resume, "monotonic_ns", lambda: other.now_ns)
    TelemetryReader(page.path).set_control(ControlBit.PAUSE)
    assert run(["resume", str(page.path.parent)]) == 1
    assert "paused all the same" in capsys.readouterr().err
    assert page.control() == ControlBit.PAUSE
