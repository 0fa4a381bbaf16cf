"""An engine in a container, on a real Docker daemon: the runs of `--image`, and every way in which they can end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import COMMAND, ROOT
from support.docker_daemon import docker_daemon, processes_of
from support.lean_engine import algorithm
from support.lean_image import LAUNCHER, PYTHON, import_image, load_foreign_image

from live.bench.market import write_market
from live.cli.main import run
from live.clock import sleep, wall_ns
from live.errors import EngineFailure, EnvironmentFault, ExitCode, RunInterrupted
from live.feeds.sample_reference import write_reference
from live.hot.catalogue import Gauge, RunPhase
from live.hot.telemetry import create_page
from live.hot.telemetry_view import PageFault, TelemetryView
from live.lean.engine.engine_config import EngineFiles, EngineRequest, prepare
from live.lean.engine.lean_home import LeanHome
from live.lean.engine.lean_image import find_image
from live.lean.engine.process import Ending, EngineLimits, EngineOutcome, EngineProcess
from live.lean.engine.verdict import failure_of

IMAGE = "lean-double:whole"
TICKS = 300
STEPS = """from AlgorithmImports import *
import os


class Steps(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        self.set_cash(100_000)
        self.traded = self.add_equity("B0000", Resolution.TICK).symbol
        self.count = 0

    def on_data(self, slice):
        if not slice.ticks.contains_key(self.traded):
            return
        for tick in slice.ticks[self.traded]:
            self.count += 1
            if self.count in (100, 200):
                self.market_order(self.traded, 10 if self.count == 100 else -10, True)

    def on_end_of_algorithm(self):
        if self.live_mode:
            open("ended", "w").close()
"""
BEGINS = "        open('begun', 'w').close()\n"
ENDS = "\n    def on_end_of_algorithm(self):\n        open('ended', 'w').close()\n"


@pytest.fixture(scope="module")
def daemon() -> Iterator[str]:
    before = os.environ.get("DOCKER_HOST")
    with docker_daemon() as address:
        os.environ["DOCKER_HOST"] = address
        try:
            import_image(IMAGE)
            yield address
        finally:
            if before is None:
                del os.environ["DOCKER_HOST"]
            else:
                os.environ["DOCKER_HOST"] = before


@pytest.fixture(scope="module")
def home(daemon: str) -> LeanHome:
    return find_image(IMAGE)


@pytest.fixture(autouse=True)
def _nothing_is_left(daemon: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # A short path: a feed's socket is made in it.
    folder = Path(tempfile.mkdtemp(prefix="lli-", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    left = list(folder.iterdir())
    shutil.rmtree(folder)
    assert containers() == []
    assert processes_of(str(LAUNCHER)) == []
    assert left == []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_market(folder, 1, TICKS, 10_000)
    return folder


def containers() -> list[str]:
    answer = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return answer.stdout.split()


def wait_for(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    for _ in range(round(seconds / 0.05)):
        if holds():
            return
        sleep(0.05)
    raise AssertionError(f"not within {seconds} seconds")


def words(tmp_path: Path, data: Path, *options: str) -> list[str]:
    path = tmp_path / "steps.py"
    path.write_text(STEPS, encoding="utf-8")
    (tmp_path / "live.toml").write_text("[lean]\nrehearsal_seconds = 0\n", encoding="utf-8")
    given = ["--data-folder", str(data), "--results", str(tmp_path / "results"), "--no-progress", "--json"]
    return ["dry-run", str(path), "--engine", "lean", "--image", IMAGE, *given, *options]


def dry_run(capsys: Any, given: list[str]) -> tuple[int, dict[str, Any]]:
    code = run(given)
    return code, json.loads(capsys.readouterr().out)


def prepared(home: LeanHome, folder: Path, entry: str, **variables: str) -> EngineFiles:
    write_reference(folder / "data")
    return prepare(home, EngineRequest(entry, folder / "data", variables=variables), folder / "run")


def drive(
    home: LeanHome,
    files: EngineFiles,
    limits: EngineLimits | None = None,
    page: Path | None = None,
    is_stop_wanted: Callable[[], bool] = lambda: False,
    on_look: Callable[[], None] = lambda: None,
) -> EngineOutcome:
    process = EngineProcess(home, files, limits or EngineLimits(), page)
    try:
        process.start()
        return process.watch(is_stop_wanted, on_look)
    finally:
        process.close()


# -- whole runs


def test_a_session_through_an_image_and_what_it_came_to(
    tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.lean.engine.memory_folder.TMPFS", Path(tempfile.gettempdir()))
    given = words(tmp_path, data, "--speed", "3")
    settings = tmp_path / "live.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "results_in_memory = true\n", encoding="utf-8")
    code, found = dry_run(capsys, given)
    assert code == ExitCode.OK, found["error"]
    assert found["state"] == "completed"
    assert found["ticks"]["trade"] == found["feed"]["counters"]["engine_ticks"] == TICKS
    assert found["orders"] == {"Filled": 2}
    assert found["engine"]["name"] == "LEAN 2.5.0.0"
    assert found["engine"]["comparison"]["here"] == found["engine"]["comparison"]["there"] == 4
    assert found["tick_to_decision"]["count"] > 0
    folder = Path(found["results_folder"])
    assert {"report.html", "summary.json", "feeder.json", "telemetry.page"} <= {path.name for path in folder.iterdir()}
    assert (folder / "lean" / "results" / "lean-live.json").is_file()
    assert (folder / "lean" / "ended").exists()


def test_an_error_of_the_algorithm_has_the_paths_of_this_machine(tmp_path: Path, data: Path, capsys: Any) -> None:
    given = words(tmp_path, data, "--speed", "max")
    # The embedded engine loads the file too: what only LEAN lacks is missing there alone.
    path = Path(given[1])
    path.write_text(STEPS.replace("import os", "import os, lean_live_missing_module"), encoding="utf-8")
    code, found = dry_run(capsys, given)
    assert code == ExitCode.BAD_INPUT
    path.write_text(
        STEPS.replace("        self.count = 0\n", "        self.count = 0\n        if self.live_mode: boom\n")
    )
    code, found = dry_run(capsys, given)
    assert code != ExitCode.OK
    assert "name 'boom' is not defined" in found["error"]["message"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_graceful(tmp_path: Path, data: Path, number: signal.Signals) -> None:
    with Started(tmp_path, data) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, err
    assert "LEAN ended gracefully" in err
    found = json.loads(out)
    assert found["state"] == "interrupted"
    assert (Path(found["results_folder"]) / "lean" / "ended").exists()


def test_the_container_ends_with_the_command_that_started_it(tmp_path: Path, data: Path) -> None:
    with Started(tmp_path, data) as process:
        process.kill()
        process.communicate()
        (folder,) = (tmp_path / "results").glob("*.partial")
        wait_for((folder / "lean" / "ended").exists)
        wait_for(lambda: containers() == [])
    # What a killed command cannot take away: the folder of the feed's socket.
    for each in Path(tempfile.gettempdir()).glob("lean-live-feed-*"):
        shutil.rmtree(each)


class Started:
    """A dry run in a process of its own, its session begun."""

    def __init__(self, tmp_path: Path, data: Path) -> None:
        self._folder = tmp_path / "results"
        given = words(tmp_path, data, "--speed", "0.1")
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._process = subprocess.Popen([*COMMAND, *given], text=True, env=variables, **pipes)  # type: ignore[call-overload]

    def __enter__(self) -> Any:
        wait_for(self._has_begun, 60.0)
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def _has_begun(self) -> bool:
        assert self._process.poll() is None, self._process.communicate()[1]
        # Not that of the embedded engine, which plays the session first.
        pages = [each.parent / "telemetry.page" for each in self._folder.glob("*.partial/lean")]
        # The processes of a container are those of this machine: its writer is seen.
        with suppress(PageFault):
            return (
                bool(pages) and pages[0].exists() and TelemetryView(pages[0]).gauge(Gauge.RUN_PHASE) == RunPhase.RUNNING
            )
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_feed_through_an_image(
    tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    # A path that is none of the engine's working folder.
    monkeypatch.chdir(tempfile.gettempdir())
    address = "unix:feed" if kind == "unix" else f"tcp:127.0.0.1:{free_port()}"
    feed = ["feed", "replay", "--data-folder", str(data), "--symbols", "B0000", "--listen", address, "--speed", "3"]
    publisher = subprocess.Popen(
        [*COMMAND, *feed, "--no-progress"], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    try:
        code, found = dry_run(capsys, words(tmp_path, data, "--feed", address))
    finally:
        publisher.communicate(timeout=30)
    assert code == ExitCode.OK, found["error"]
    assert found["feed"]["counters"]["engine_ticks"] == TICKS


# -- how an engine ends


def test_an_engine_that_is_killed(home: LeanHome, tmp_path: Path) -> None:
    files = prepared(home, tmp_path, algorithm("        import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"))
    outcome = drive(home, files)
    assert outcome.killed_by == "SIGKILL"
    error = failure_of(outcome, files, None)
    assert isinstance(error, EngineFailure)
    assert "was killed by SIGKILL without a final result" in str(error)


def test_an_exit_code_is_not_believed(home: LeanHome, tmp_path: Path) -> None:
    files = prepared(home, tmp_path, algorithm(), LEAN_DOUBLE_FAULT="abort")
    outcome = drive(home, files)
    assert outcome.killed_by == "SIGABRT"
    assert failure_of(outcome, files, None) is None


def test_an_engine_that_hangs_is_killed(home: LeanHome, tmp_path: Path) -> None:
    path = tmp_path / "telemetry.page"
    page = create_page(path, "run", "build")
    page.set_gauge(Gauge.PUBLISHED, wall_ns() / 1e9)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.RUNNING)
    files = prepared(home, tmp_path, algorithm(BEGINS, ends=False))

    def look() -> None:
        # Silent once its algorithm runs.
        if not (files.folder / "begun").exists():
            page.set_gauge(Gauge.PUBLISHED, wall_ns() / 1e9)

    outcome = drive(home, files, EngineLimits(silence_seconds=1.0), path, on_look=look)
    assert outcome.ending is Ending.HUNG
    assert outcome.killed_by == "SIGKILL"
    assert not outcome.has_ended


def test_an_engine_that_does_not_stop_is_killed(home: LeanHome, tmp_path: Path) -> None:
    files = prepared(home, tmp_path, algorithm(BEGINS, ends=False), LEAN_DOUBLE_FAULT="deaf")
    outcome = drive(home, files, EngineLimits(stop_seconds=1.0), None, (files.folder / "begun").exists)
    assert outcome.ending is Ending.KILLED_AFTER_STOP
    error = failure_of(outcome, files, "SIGTERM")
    assert isinstance(error, RunInterrupted)
    assert "open orders" in str(error)


def test_an_engine_that_is_stopped_before_it_is_there(home: LeanHome, tmp_path: Path) -> None:
    files = prepared(home, tmp_path, algorithm(ends=False))
    outcome = drive(home, files, EngineLimits(stop_seconds=20.0), None, lambda: True)
    assert outcome.ending is Ending.STOPPED
    assert "before its session" in str(failure_of(outcome, files, "SIGTERM"))


def test_docker_stop_is_graceful(home: LeanHome, tmp_path: Path) -> None:
    files = prepared(home, tmp_path, algorithm(BEGINS, ends=False) + ENDS)
    asked = []

    def look() -> None:
        if (files.folder / "begun").exists() and not asked:
            (name,) = containers()
            asked.append(subprocess.Popen(["docker", "stop", name], stdout=subprocess.DEVNULL))

    outcome = drive(home, files, on_look=look)
    assert asked[0].wait() == 0
    assert (outcome.ending, outcome.has_ended) == (Ending.BY_ITSELF, True)
    assert (files.folder / "ended").exists()


def test_a_docker_command_that_is_killed_leaves_no_container(home: LeanHome, tmp_path: Path) -> None:
    files = prepared(home, tmp_path, algorithm(BEGINS, ends=False))
    process = EngineProcess(home, files, EngineLimits(), None)

    def look() -> None:
        if (files.folder / "begun").exists():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)

    process.start()
    outcome = process.watch(lambda: False, look)
    assert outcome.killed_by == "SIGKILL"


def test_what_the_engine_leaves_running_ends_with_its_container(home: LeanHome, tmp_path: Path) -> None:
    body = "        import subprocess; subprocess.Popen(['python3.11', '-c', 'import time; time.sleep(4242)'])\n"
    files = prepared(home, tmp_path, algorithm(body, ticks=1))
    assert drive(home, files).has_ended
    assert processes_of("time.sleep(4242)") == []


# -- what the engine is given


def test_the_engine_works_on_the_files_of_its_user_and_has_nothing_else(home: LeanHome, tmp_path: Path) -> None:
    uid = 12_345
    assert home.image is not None
    options = ("--user", f"{uid}:{uid}", "--cap-drop", "ALL")
    mine = replace(home, image=replace(home.image, options=options))
    body = (
        "        import json, os, socket\n"
        "        status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "        found = dict(uid=os.getuid(), home=os.environ['HOME'], caps=status['CapEff'].strip(),\n"
        "                     stops=status['NoNewPrivs'].strip(), nets=[name for _, name in socket.if_nameindex()],\n"
        "                     secret=os.environ.get('LEAN_LIVE_SECRET'), cores=sorted(os.sched_getaffinity(0)))\n"
        "        json.dump(found, open('found.json', 'w'))\n"
        "        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    )
    files = prepared(mine, tmp_path, algorithm(body, ticks=1), LEAN_LIVE_SECRET="kept quiet")
    for path in (tmp_path / "run", *(tmp_path / "run").rglob("*")):
        os.chown(path, uid, uid)
    lines: list[str] = []
    outcome = drive(mine, files, on_look=lambda: lines.extend(processes_of(str(files.folder))))
    assert failure_of(outcome, files, None) is None
    found = json.loads((files.folder / "found.json").read_text(encoding="utf-8"))
    assert (found["uid"], found["home"], found["caps"], found["stops"]) == (uid, "/tmp", "0" * 16, "1")
    assert found["nets"] == ["lo"]
    assert found["secret"] == "kept quiet"
    assert lines
    assert not any("kept quiet" in line for line in lines)
    assert {path.stat().st_uid for path in files.results.iterdir()} == {uid}


def test_the_cores_of_this_process_are_those_of_the_container(home: LeanHome, tmp_path: Path) -> None:
    cores = os.sched_getaffinity(0)
    body = "        import os; open('cores', 'w').write(repr(os.sched_getaffinity(0)))\n"
    files = prepared(home, tmp_path, algorithm(body, ticks=1))
    os.sched_setaffinity(0, {max(cores)})
    try:
        drive(home, files)
    finally:
        os.sched_setaffinity(0, cores)
    assert (files.folder / "cores").read_text(encoding="utf-8") == repr({max(cores)})


def test_a_folder_with_a_comma_and_a_blank_in_its_name(home: LeanHome, tmp_path: Path) -> None:
    folder = tmp_path / 'a, "b"'
    folder.mkdir()
    files = prepared(home, folder, algorithm(ticks=1))
    assert failure_of(drive(home, files), files, None) is None


# -- what cannot be used


def refused(name: str, *paths: Path | None) -> str:
    with pytest.raises(EnvironmentFault) as caught:
        find_image(name, *paths)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_image_that_is_not_there_is_not_fetched(tmp_path: Path, data: Path, capsys: Any) -> None:
    given = [word.replace(IMAGE, "quantconnect/lean") for word in words(tmp_path, data)]
    code, found = dry_run(capsys, given)
    assert code == ExitCode.ENVIRONMENT
    assert "docker pull quantconnect/lean" in found["error"]["message"]
    assert not (tmp_path / "results").exists()


def test_an_image_without_lean(daemon: str) -> None:
    import_image("lean-double:nothing", LAUNCHER / "QuantConnect.Lean.Launcher.dll")
    text = refused("lean-double:nothing")
    assert text.startswith(
        "in the image lean-double:nothing, as this user: /Lean/Launcher/bin/Debug has no QuantConnect.Lean.Launcher.dll"
    )
    assert "--lean-home" in text
    assert "there is no folder /elsewhere" in refused(IMAGE, Path("/elsewhere"))
    assert "--dotnet /elsewhere is no command" in refused(IMAGE, None, Path("/elsewhere"))


def test_an_image_without_python(daemon: str) -> None:
    import_image("lean-double:bare", PYTHON)
    assert "the image lean-double:bare has no python3.11 in its PATH" in refused("lean-double:bare")


def test_an_image_of_another_architecture(daemon: str) -> None:
    load_foreign_image("lean-double:other", "s390x")
    text = refused("lean-double:other")
    assert "is for linux/s390x" in text
    assert "docker pull --platform linux/" in text


def test_packages_that_do_not_load_in_the_image(daemon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.lean.engine.image_packages.DISTRIBUTIONS", ("tzdata",))
    assert "the packages of this Python do not load in the image" in refused(IMAGE)
    assert "No module named" in refused(IMAGE)


def test_a_container_that_cannot_be_started(home: LeanHome, tmp_path: Path) -> None:
    files = prepared(home, tmp_path, algorithm())
    shutil.rmtree(tmp_path / "data")
    with pytest.raises(
        EnvironmentFault, match=r"Docker could not start a container of lean-double:whole: docker: .*data"
    ):
        drive(home, files)


def test_an_algorithm_in_a_folder_that_the_image_needs(home: LeanHome, tmp_path: Path) -> None:
    write_reference(tmp_path / "data")
    request = EngineRequest(algorithm(), tmp_path / "data", paths=(Path("/Lean"),))
    with pytest.raises(EnvironmentFault, match="in place of the image's own /Lean/Launcher/bin/Debug"):
        prepare(home, request, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_daemon_that_does_not_answer(
    tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'nowhere'}")
    code, found = dry_run(capsys, words(tmp_path, data))
    monkeypatch.undo()
    assert code == ExitCode.ENVIRONMENT
    assert "the Docker daemon does not answer" in found["error"]["message"]
    assert "--lean-home instead of --image" in found["error"]["message"]
