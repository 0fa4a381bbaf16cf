"""`lean-live doctor --pid` on engines that run: what is shown is read back, and not what was asked for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import lean_engine
from support.lean_runs import wait_until

from live.cli.main import run
from live.config import LeanSettings
from live.cores import usable_cores
from live.errors import ExitCode
from live.feeds.sample_reference import write_reference
from live.hot.run_page import PAGE_NAME
from live.lean.engine.engine_config import EngineRequest, prepare
from live.lean.engine.process import EngineLimits, EngineProcess
from live.lean.entry import ENTRY_TEXT
from live.lean.in_force import IN_FORCE_FILE, read_in_force
from live.lean.instructions import SETTINGS_VARIABLE, Instructions, write_instructions
from live.lean.profile import Place, config_keys, environment_variables, low_latency
from live.lean.self_test.process_view import ProcessView, cores_of
from live.lean.self_test.running import _READ_BACK

ALGORITHM = """from AlgorithmImports import *
from live.lean import surface

surface.silence_data_queue()


class Quiet(QCAlgorithm):
    def initialize(self):
        self.set_cash(100_000)
        self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE)
"""


@contextmanager
def attached(folder: Path, settings: LeanSettings, **changes: Any) -> Iterator[int]:
    """Run the stand-in with lean-live attached, ready for a session; give its number."""
    (folder / "user.py").write_text(ALGORITHM, encoding="utf-8")
    write_reference(folder / "data")
    told = Instructions(algorithm=str(folder / "user.py"), run_folder=str(folder / "run"), lean=settings)
    request = EngineRequest(
        ENTRY_TEXT,
        folder / "data",
        instructions=told,
        variables={**lean_engine.ENVIRONMENT, **environment_variables(settings)},
        keys={**config_keys(settings), **changes},
    )
    files = prepare(lean_engine.home(), request, folder / "run")
    process = EngineProcess(lean_engine.home(), files, EngineLimits(), folder / "run" / PAGE_NAME)
    try:
        process.start()
        wait_until((folder / "run" / IN_FORCE_FILE).exists)
        assert process.pid is not None
        yield process.pid
    finally:
        process.close()


def look(capsys: Any, pid: int, config: Path | None = None) -> dict[str, tuple[str, str]]:
    words = [] if config is None else ["--config", str(config)]
    assert run(["doctor", "--json", "--pid", str(pid), *words]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)["in_force"]
    return {each["name"]: (each["verdict"], each["observed"]) for each in found}


def test_a_profile_that_is_in_force(capsys: Any, tmp_path: Path) -> None:
    with attached(tmp_path, LeanSettings(rehearsal_seconds=0.0)) as pid:
        found = look(capsys, pid)
    assert {name: each for name, each in found.items() if each[0] != "pass"} == {}
    assert "does not collect by itself" in found["frozen-gc"][1]
    assert "Python's interval is 5 milliseconds" in found["switch-interval"][1]
    assert "the order path was built as inline" in found["order-mode"][1]
    assert "in all" in found["keep-warm"][1]


def test_what_was_changed_meanwhile_is_shown(capsys: Any, tmp_path: Path) -> None:
    cores = usable_cores()
    if len(cores) < 2:
        pytest.skip("one core only: nothing can be pinned")
    settings = tmp_path / "live.toml"
    settings.write_text(
        f'[lean]\nrehearsal_seconds = 0\nmode = "lane"\nloop_core = {cores[0]}\nkeep_warm_milliseconds = 0\n',
        encoding="utf-8",
    )
    told = LeanSettings(rehearsal_seconds=0.0, mode="lane", loop_core=cores[0], keep_warm_milliseconds=0.0)
    with attached(tmp_path, told) as pid:
        assert look(capsys, pid, settings)["pinning"][0] == "pass"
        noted = read_in_force(tmp_path / "run" / IN_FORCE_FILE)
        assert noted is not None
        os.sched_setaffinity(noted.loop_thread, cores)
        found = look(capsys, pid, settings)
    assert found["pinning"][0] == "fail"
    assert found["order-mode"] == ("pass", "the order path was built as lane")
    assert found["keep-warm"][0] == "pass"
    assert "0 in all" in found["keep-warm"][1]


def test_an_engine_that_was_told_otherwise(capsys: Any, tmp_path: Path) -> None:
    told = LeanSettings(rehearsal_seconds=0.0, switch_interval_milliseconds=1.0, idle_collect_milliseconds=0.0)
    with attached(tmp_path, told, **{"log-handler": "QuantConnect.Logging.CompositeLogHandler"}) as pid:
        found = look(capsys, pid)
    assert found["switch-interval"] == ("fail", "it was started with switch_interval_milliseconds 1.0")
    assert found["frozen-gc"][0] == "fail"
    assert found["quiet-log"][0] == "fail"


@contextmanager
def sleeping(folder: Path, settings: LeanSettings | None, config: str = "") -> Iterator[int]:
    """Give the number of a process that only looks like an engine."""
    variables = {"PATH": os.environ["PATH"], "DOTNET_TieredCompilation": "0"}
    if settings is not None:
        told = Instructions(algorithm="a.py", run_folder=str(folder), lean=settings)
        write_instructions(told, folder / "settings.json")
        variables[SETTINGS_VARIABLE] = str(folder / "settings.json")
    if config:
        (folder / "config.json").write_text(config, encoding="utf-8")
    process = subprocess.Popen(["sleep", "60"], cwd=folder, env=variables)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def test_settings_that_were_asked_for_prove_nothing(capsys: Any, tmp_path: Path) -> None:
    config = (
        '{"environment": "x", "log-handler": "Stock", '
        '"environments": {"x": {"log-handler": "QuantConnect.Logging.ConsoleErrorLogHandler"}}}'
    )
    with sleeping(tmp_path, LeanSettings(), config) as pid:
        found = look(capsys, pid)
    assert found["no-tiered-compilation"][0] == "pass"
    assert found["workstation-gc"] == ("fail", "the process was started with no DOTNET_gcServer")
    # LEAN may not have read it yet, but what it will read is there.
    assert found["quiet-log"][0] == "pass"
    assert found["no-batching"] == ("fail", "its configuration has no consumer-batching-timeout-ms")
    unproven = {"frozen-gc", "switch-interval", "keep-warm", "order-mode", "pinning", "results-in-memory"}
    assert {found[name][0] for name in unproven} == {"unknown"}
    assert "not ready yet" in found["frozen-gc"][1]


def test_what_another_process_has_read_back_is_not_believed(capsys: Any, tmp_path: Path) -> None:
    (tmp_path / IN_FORCE_FILE).write_text(
        '{"process_id": 1, "loop_thread": 1, "frozen_objects": 5, "collects_by_itself": false, "switch_interval_ms": 5.0, '
        '"order_mode": "inline", "log_handler": ""}',
        encoding="utf-8",
    )
    with sleeping(tmp_path, LeanSettings()) as pid:
        assert look(capsys, pid)["frozen-gc"][0] == "unknown"


def test_an_engine_without_lean_live(capsys: Any, tmp_path: Path) -> None:
    with sleeping(tmp_path, None) as pid:
        found = look(capsys, pid)
    assert found["keep-warm"][0] == "unknown"
    assert "not attached" in found["keep-warm"][1]
    assert found["quiet-log"][0] == "unknown"


def test_a_process_that_is_not_there(capsys: Any) -> None:
    assert run(["doctor", "--json", "--pid", "4194303"]) == ExitCode.USAGE
    assert "--pid 4194303" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_the_configuration_is_the_one_that_the_command_line_names(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"log-handler": "Named"}', encoding="utf-8")
    (tmp_path / "config.json").write_text('{"log-handler": "Stock"}', encoding="utf-8")
    process = subprocess.Popen(["sh", "-c", "sleep 60; :", "--config", "other.json"], cwd=tmp_path)
    try:
        # Its words are there a moment after its beginning.
        wait_until(lambda: b"other.json" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        config = ProcessView(process.pid).config
    finally:
        process.kill()
        process.wait()
    assert config == {"log-handler": "Named"}


@pytest.mark.parametrize(("text", "cores"), [("0", {0}), ("0-2,5", {0, 1, 2, 5}), ("3,1", {1, 3})])
def test_lists_of_cores(text: str, cores: set[int]) -> None:
    assert cores_of(text) == cores


def test_memory_is_told_from_a_disk() -> None:
    view = ProcessView(os.getpid())
    assert view.file_system("/dev/shm/x") == "tmpfs"
    assert view.file_system("/proc/1") == "proc"


def test_every_setting_of_the_host_is_read_back() -> None:
    keys = {each.key for each in low_latency(LeanSettings()) if each.place is Place.HOST}
    assert keys == _READ_BACK.keys()
