"""The engine's process against the stand-in launcher: every way in which a run can end, and what is said of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from support import lean_engine
from support.commands import ROOT
from support.lean_engine import algorithm, prepared, run

from live.clock import sleep, wall_ns
from live.config import LeanSettings
from live.errors import (
    AlgorithmError,
    AlgorithmRuntimeError,
    ConfigError,
    EngineFailure,
    EnvironmentFault,
    LeanLiveError,
    RunInterrupted,
)
from live.feeds.sample_reference import write_reference
from live.hot.catalogue import Gauge, PageText, RunPhase
from live.hot.page_tables import PageTablesWriter
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry import create_page
from live.lean.engine.engine_config import EngineFiles, EngineRequest, prepare
from live.lean.engine.process import Ending, EngineLimits, EngineOutcome, EngineProcess
from live.lean.engine.status import read_order_events, read_status
from live.lean.engine.verdict import failure_of
from live.lean.entry import ENTRY_TEXT
from live.lean.instructions import Instructions

QUICK = EngineLimits(start_seconds=20.0, stop_seconds=20.0, silence_seconds=0.5)


@pytest.fixture(autouse=True)
def _interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in lean_engine.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def failure(outcome: EngineOutcome, files: EngineFiles, kind: type[LeanLiveError], asked_by: str | None = None) -> str:
    found = failure_of(outcome, files, asked_by)
    assert type(found) is kind
    assert "\n" not in str(found)
    return str(found)


def stop_once_running(files: EngineFiles) -> EngineOutcome:
    """Ask the engine to stop when its algorithm has begun."""
    begun = files.folder / "begun"
    return run(files, EngineLimits(stop_seconds=2.0), None, begun.exists)


BEGINS = "        open('begun', 'w').close()\n"


def test_a_run_that_ends_by_itself(tmp_path: Path) -> None:
    body = "        if self.count == 1: self.market_order(self.traded, 0.5, True)\n"
    files = prepared(tmp_path, algorithm(body))
    outcome = run(files)
    assert outcome.ending is Ending.BY_ITSELF
    assert failure_of(outcome, files, None) is None
    assert outcome.status is not None
    assert [order.status for order in outcome.status.orders.values()] == [3]
    assert [held.q for held in outcome.status.holdings.values()] == [pytest.approx(0.5)]
    assert len(read_order_events(files.results, files.status.stem)[0]) >= 2


@pytest.mark.parametrize("is_quiet", [False, True])
def test_a_submit_writes_three_lines_and_a_quiet_handler_no_log_at_all(tmp_path: Path, is_quiet: bool) -> None:
    body = "        if self.count == 1: self.market_order(self.traded, 0.5, True)\n"
    write_reference(tmp_path / "data")
    keys = {"log-handler": "QuantConnect.Logging.ConsoleErrorLogHandler"} if is_quiet else {}
    request = EngineRequest(algorithm(body), tmp_path / "data", variables=lean_engine.ENVIRONMENT, keys=keys)
    files = prepare(lean_engine.home(), request, tmp_path / "run")
    outcome = run(files)
    # Without a log the end is judged all the same.
    assert failure_of(outcome, files, None) is None
    assert files.log.exists() is not is_quiet
    if not is_quiet:
        lines = files.log.read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if "Order" in line or "HandleOrderEvent" in line]) == 3


def test_an_exit_code_is_not_believed(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm(), LEAN_DOUBLE_FAULT="abort")
    outcome = run(files)
    assert outcome.killed_by == "SIGABRT"
    assert failure_of(outcome, files, None) is None


def test_a_stop_is_graceful(tmp_path: Path) -> None:
    ending = (
        algorithm(BEGINS, ends=False) + "\n    def on_end_of_algorithm(self):\n        open('ended', 'w').close()\n"
    )
    files = prepared(tmp_path, ending)
    outcome = stop_once_running(files)
    assert (outcome.ending, outcome.has_ended) == (Ending.STOPPED, True)
    assert (files.folder / "ended").exists()
    assert "LEAN ended gracefully" in failure(outcome, files, RunInterrupted, "SIGTERM")


def test_a_background_job_whose_shell_ignores_interrupts_stops_gracefully(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm(BEGINS, ends=False))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        outcome = stop_once_running(files)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (outcome.ending, outcome.has_ended) == (Ending.STOPPED, True)


def test_an_engine_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm(BEGINS, ends=False), LEAN_DOUBLE_FAULT="deaf")
    outcome = stop_once_running(files)
    assert outcome.ending is Ending.KILLED_AFTER_STOP
    assert outcome.killed_by == "SIGKILL"
    assert "open orders" in failure(outcome, files, RunInterrupted, "SIGTERM")


def test_an_engine_that_dies_of_the_request_while_it_starts(tmp_path: Path) -> None:
    body = (
        "import os, signal, time\nopen('begun', 'w').close()\ntime.sleep(0.5)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    files = prepared(tmp_path, body)
    outcome = stop_once_running(files)
    assert outcome.ending is Ending.STOPPED
    text = failure(outcome, files, RunInterrupted, "SIGTERM")
    assert "stopped by SIGTERM before its session; LEAN was still starting and was killed by SIGKILL" in text
    assert "time that it had" not in text


def test_an_engine_that_does_not_end_after_an_error_of_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.lean.engine.process._FAILED_SECONDS", 0.2)
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    PageTablesWriter(page.records).write_text(PageText.REASON, "ValueError: boom")
    files = prepared(tmp_path, algorithm(BEGINS, ends=False))

    def fail_once_running() -> bool:
        # Not before: an engine that still starts dies of the SIGINT.
        if (files.folder / "begun").exists():
            page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED)
        return False

    outcome = run(files, EngineLimits(stop_seconds=20.0), path, fail_once_running)
    page.close()
    assert (outcome.ending, outcome.has_ended) == (Ending.AFTER_FAILURE, True)
    assert "the algorithm failed in LEAN: ValueError: boom; see" in failure(outcome, files, AlgorithmRuntimeError)


def test_an_error_of_the_host_is_not_hidden_by_a_stop(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    PageTablesWriter(page.records).write_text(PageText.REASON, "ValueError: boom")
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED)
    page.close()
    files = prepared(tmp_path, algorithm(BEGINS, ends=False), LEAN_DOUBLE_FAULT="deaf")
    outcome = run(files, EngineLimits(stop_seconds=4.0), path, (files.folder / "begun").exists)
    assert outcome.ending is Ending.KILLED_AFTER_STOP
    text = failure(outcome, files, AlgorithmRuntimeError, "Ctrl-C")
    assert "ValueError: boom; LEAN was killed by SIGKILL after it" in text
    assert "open orders" in text


def test_an_end_that_the_host_was_not_told_of(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.RUNNING)
    files = prepared(tmp_path, algorithm())
    outcome = run(files, EngineLimits(), path)
    assert "without on_end_of_algorithm" in failure(outcome, files, EngineFailure)


def test_a_result_that_does_not_parse(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm())
    outcome = run(files)
    content = files.status.read_text(encoding="utf-8")
    files.status.write_text(content.replace('"state"', '"value": NaN, "state"', 1), encoding="utf-8")
    outcome = replace(outcome, status=read_status(files.status))
    assert "lean-live.json is damaged" in failure(outcome, files, EngineFailure)


def test_an_engine_that_was_killed(tmp_path: Path) -> None:
    body = "        import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
    files = prepared(tmp_path, algorithm(body))
    text = failure(run(files), files, EngineFailure)
    assert "was killed by SIGKILL without a final result" in text
    assert "dmesg" in text


def test_an_import_error_is_brought_to_the_front(tmp_path: Path) -> None:
    files = prepared(tmp_path, "from AlgorithmImports import *\nimport lean_live_missing_module\n")
    text = failure(run(files), files, AlgorithmError)
    assert text.startswith(
        "LEAN cannot load the algorithm: ModuleNotFoundError: No module named 'lean_live_missing_module'"
    )
    assert "line 2" in text


def test_an_error_of_the_algorithm_is_brought_to_the_front(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm("        raise ValueError('boom')\n"))
    assert "the algorithm failed in LEAN: ValueError: boom" in failure(run(files), files, AlgorithmRuntimeError)


def test_libpython_that_cannot_be_loaded(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm(), PYTHONNET_PYDLL=str(tmp_path / "libpython3.11.so"))
    assert "DllNotFoundException: Could not load" in failure(run(files), files, EngineFailure)


def test_a_process_that_stays_after_its_final_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.lean.engine.process._LAST_BREATH_SECONDS", 0.2)
    files = prepared(tmp_path, algorithm(), LEAN_DOUBLE_FAULT="stay")
    outcome = run(files)
    assert outcome.killed_by == "SIGKILL"
    assert failure_of(outcome, files, None) is None


def test_a_run_that_takes_too_long(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm(ends=False))
    outcome = run(files, EngineLimits(run_seconds=1.0))
    assert outcome.ending is Ending.TOO_LONG
    assert "took longer than it may" in failure(outcome, files, EngineFailure)


def test_a_host_that_never_comes_up(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm(ends=False))
    outcome = run(files, EngineLimits(start_seconds=0.5), tmp_path / "telemetry.page")
    assert outcome.ending is Ending.NEVER_STARTED
    assert "did not come to run in time" in failure(outcome, files, EngineFailure)


def test_an_engine_that_hangs(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.PUBLISHED, wall_ns() / 1e9)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.RUNNING)
    files = prepared(tmp_path, algorithm(ends=False))
    outcome = run(files, QUICK, path)
    assert outcome.ending is Ending.HUNG
    assert "no sign of life" in failure(outcome, files, EngineFailure)


def test_a_rehearsal_that_does_not_end(tmp_path: Path) -> None:
    """Its host gives signs of life all the time."""
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.PUBLISHED, wall_ns() / 1e9)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.REHEARSING)
    files = prepared(tmp_path, algorithm(ends=False))
    outcome = run(files, EngineLimits(rehearsal_seconds=0.3), path)
    assert outcome.ending is Ending.NEVER_READY
    assert "did not come to an end of its rehearsal" in failure(outcome, files, EngineFailure)


def test_a_long_warm_up_is_no_silence(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.PUBLISHED, wall_ns() / 1e9)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.WARMING_UP)
    files = prepared(tmp_path, algorithm(ticks=150))
    outcome = run(files, EngineLimits(silence_seconds=0.2), path)
    assert outcome.ending is Ending.BY_ITSELF


def test_a_warm_up_that_goes_on_may_take_longer_than_a_start(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.WARMING_UP)
    process = EngineProcess(
        lean_engine.home(), prepared(tmp_path, algorithm(ticks=200)), EngineLimits(start_seconds=1.0), path
    )
    try:
        process.start()
        outcome = process.watch(lambda: False, lambda: page.set_gauge(Gauge.PUBLISHED, wall_ns() / 1e9))
    finally:
        process.close()
    assert outcome.seconds > 1.0
    assert outcome.ending is Ending.BY_ITSELF


def test_an_engine_that_hangs_in_its_rehearsal(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.PUBLISHED, wall_ns() / 1e9)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.REHEARSING)
    assert run(prepared(tmp_path, algorithm(ends=False)), QUICK, path).ending is Ending.HUNG


def test_an_engine_that_does_not_end_after_its_host(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
    page.close()
    files = prepared(tmp_path, algorithm(ends=False))
    outcome = run(files, EngineLimits(silence_seconds=60.0, stop_seconds=0.5), path)
    assert outcome.ending is Ending.HUNG


def test_a_folder_in_which_the_host_cannot_make_its_page(tmp_path: Path) -> None:
    write_reference(tmp_path / "data")
    told = Instructions(algorithm=str(tmp_path / "main.py"), run_folder="/proc/self/none")
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    request = EngineRequest(ENTRY_TEXT, tmp_path / "data", instructions=told, variables=lean_engine.ENVIRONMENT)
    files = prepare(lean_engine.home(), request, tmp_path / "run")
    text = failure(run(files), files, AlgorithmError)
    assert "EnvironmentFault: cannot make telemetry page /proc/self/none/telemetry.page" in text


@pytest.mark.parametrize(
    ("settings", "kind", "said"),
    [
        (LeanSettings(loop_core=4_095), EnvironmentFault, "loop_core in [lean] of mine.toml names core 4095"),
        (LeanSettings(dummy_symbol="XX"), ConfigError, "dummy_symbol in [lean] of mine.toml is 'XX'"),
    ],
)
def test_what_the_host_refuses_inside_keeps_its_kind_and_names_the_file(
    tmp_path: Path, settings: LeanSettings, kind: type[LeanLiveError], said: str
) -> None:
    write_reference(tmp_path / "data")
    (tmp_path / "main.py").write_text(algorithm(), encoding="utf-8")
    told = Instructions(
        algorithm=str(tmp_path / "main.py"), run_folder=str(tmp_path), lean=settings, settings_file="mine.toml"
    )
    request = EngineRequest(ENTRY_TEXT, tmp_path / "data", instructions=told, variables=lean_engine.ENVIRONMENT)
    files = prepare(lean_engine.home(), request, tmp_path / "run")
    text = failure(run(files, page=tmp_path / PAGE_NAME), files, kind)
    assert text.startswith(f"the host inside LEAN: {said}")


def test_a_terminal_s_interrupt_does_not_reach_the_engine(tmp_path: Path) -> None:
    files = prepared(tmp_path, algorithm())
    process = EngineProcess(lean_engine.home(), files, EngineLimits(), None)
    process.start()
    try:
        assert process.pid is not None
        assert os.getpgid(process.pid) != os.getpgid(0)
    finally:
        process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_the_engine_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    body = (
        "        open('begun', 'w').close()\n\n    def on_end_of_algorithm(self):\n        open('ended', 'w').close()\n"
    )
    files = prepared(tmp_path, algorithm(body, ticks=100_000))
    begun, ended = files.folder / "begun", files.folder / "ended"
    # A process that starts the engine, says which it is, and is killed.
    starter = (
        "import sys\n"
        "from live.lean.engine.process import EngineLimits, EngineProcess\n"
        "from support import lean_engine\n"
        "from pathlib import Path\n"
        "from live.lean.engine.engine_config import EngineFiles\n"
        "import json\n"
        "folder, results, entry = map(Path, sys.argv[1:4])\n"
        "files = EngineFiles(folder, results, entry, json.loads(sys.argv[4]))\n"
        "process = EngineProcess(lean_engine.home(), files, EngineLimits(), None)\n"
        "process.start()\n"
        "print(process.pid, flush=True)\n"
        "process.watch(lambda: False)\n"
    )
    places = [str(files.folder), str(files.results), str(files.entry), json.dumps(dict(files.environment))]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    process = subprocess.Popen(
        [sys.executable, "-c", starter, *places], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
    )
    assert process.stdout is not None
    engine = int(process.stdout.readline())
    try:
        _wait_for(begun.exists)
    finally:
        process.kill()
        process.communicate()
    try:
        _wait_for(ended.exists)
        _wait_for(lambda: not _is_alive(engine))
    finally:
        with suppress(ProcessLookupError):
            os.kill(engine, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # One that nobody waits for stays as a zombie.
    return stat.rpartition(")")[2].split()[0] != "Z"


def _wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        sleep(0.05)
    raise AssertionError("not within 30 seconds")
