"""`lean-live dry-run --engine lean` end to end against the stand-in launcher: replays, feeds, faults, comparison."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import lean_engine
from support.commands import COMMAND, ROOT
from support.lean_engine import OPTIONS

from live.bench.market import write_market
from live.cli.main import run
from live.clock import sleep
from live.errors import ExitCode
from live.hot.run_page import PAGE_NAME
from live.lean.engine.process import EngineOutcome, EngineProcess

TICKS = 300
ALGORITHM = """from AlgorithmImports import *


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
{more}
"""


@pytest.fixture(autouse=True)
def _interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in lean_engine.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_market(folder, 1, TICKS, 10_000)
    return folder


def words(tmp_path: Path, data: Path, more: str = "", *options: str) -> list[str]:
    path = tmp_path / "steps.py"
    path.write_text(ALGORITHM.replace("{more}", more), encoding="utf-8")
    (tmp_path / "live.toml").write_text("[lean]\nrehearsal_seconds = 0\n", encoding="utf-8")
    given = ["--data-folder", str(data), "--results", str(tmp_path / "results"), "--no-progress", "--json"]
    return ["dry-run", str(path), *OPTIONS, *given, *options]


def dry_run(capsys: Any, words: list[str]) -> tuple[int, dict[str, Any]]:
    code = run(words)
    return code, json.loads(capsys.readouterr().out)


def test_a_session_through_lean_and_what_it_came_to(tmp_path: Path, data: Path, capsys: Any) -> None:
    code, found = dry_run(capsys, words(tmp_path, data, "", "--speed", "3"))
    assert code == ExitCode.OK
    assert found["state"] == "completed"
    assert found["ticks"]["trade"] == TICKS
    assert found["feed"]["counters"]["engine_ticks"] == TICKS
    assert found["feed"]["state"] == "ended"
    assert found["orders"] == {"Filled": 2}
    assert found["engine"]["name"] == "LEAN 2.5.0.0"
    assert found["tick_to_decision"]["count"] > 0
    compared = found["engine"]["comparison"]
    # The double takes no fees and fills at the newest price, so the first fill differs; the event before it is alike.
    assert (compared["here"], compared["there"]) == (4, 4)
    assert compared["equal"] == 1
    assert compared["difference"].startswith("event 2 of order 1 (B0000, filled) has ")
    folder = Path(found["results_folder"])
    assert len(json.loads((folder / "order-events.json").read_text(encoding="utf-8"))) == 4
    assert {PAGE_NAME, "report.html", "summary.json", "feeder.json"} <= {path.name for path in folder.iterdir()}
    assert (folder / found["engine"]["files"] / "config.json").is_file()
    # Both results can be compared as any two can.
    assert run(["report", compared["other"], "--compare", str(folder)]) == ExitCode.OK


def test_an_error_of_the_algorithm_ends_the_run_with_its_message(tmp_path: Path, data: Path, capsys: Any) -> None:
    more = "        if self.live_mode and self.count > 120: raise ValueError('boom')"
    code, found = dry_run(capsys, words(tmp_path, data, more, "--speed", "3"))
    assert code == ExitCode.RUN_FAILED
    place = f"{tmp_path / 'steps.py'} line 19"
    message = (
        f"the algorithm failed in LEAN: on_data raised ValueError: boom ({place}); correct it there; see failure.txt in"
    )
    assert found["error"]["message"].startswith(message)
    assert any("results until then" in note for note in found["error"]["notes"])


def log_named_in(found: dict[str, Any]) -> Path:
    """Return the log that a message names, in the folder that a note names."""
    note = next(each for each in found["error"]["notes"] if "results until then" in each)
    name = found["error"]["message"].rpartition("; see ")[2].removesuffix(" in the folder of the results")
    return Path(note.partition(": ")[2]) / name


def test_an_exit_in_the_algorithm_is_no_good_end(tmp_path: Path, data: Path, capsys: Any) -> None:
    more = "        if self.live_mode and self.count > 60: raise SystemExit(3)"
    code, found = dry_run(capsys, words(tmp_path, data, more, "--speed", "3"))
    assert code == ExitCode.RUN_FAILED
    assert "the algorithm failed in LEAN: on_data called sys.exit(3) (" in found["error"]["message"]
    assert log_named_in(found).is_file()


def test_an_error_that_does_not_end_lean_s_loop(tmp_path: Path, data: Path, capsys: Any) -> None:
    more = "\n    def on_order_event(self, event):\n        if self.live_mode: raise ValueError('boom')\n"
    code, found = dry_run(capsys, words(tmp_path, data, more, "--speed", "3"))
    assert code == ExitCode.RUN_FAILED
    place = f"{tmp_path / 'steps.py'} line 21"
    assert f"in LEAN: on_order_event raised ValueError: boom ({place})" in found["error"]["message"]
    assert "final result" not in found["error"]["message"]
    assert log_named_in(found).is_file()


def test_an_order_event_that_is_no_json_leaves_a_failed_run(
    tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = EngineProcess.watch

    def watch_and_damage(self: EngineProcess, *arguments: Any) -> EngineOutcome:
        outcome = watch(self, *arguments)
        (path,) = (tmp_path / "results").glob("*.partial/lean/results/*order-events.json")
        path.write_text('[{"orderId": 1, "quantity": NaN}]', encoding="utf-8")
        return outcome

    monkeypatch.setattr(EngineProcess, "watch", watch_and_damage)
    code, found = dry_run(capsys, words(tmp_path, data, "", "--speed", "3"))
    assert code == ExitCode.BAD_INPUT
    assert "order-events.json are missing, it is damaged" in found["error"]["message"]
    (folder,) = (tmp_path / "results").glob("*-failed")
    assert {"summary.json", "report.html"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ('dummy_symbol = "XX"', ExitCode.BAD_INPUT, "live.toml is 'XX'"),
        ("loop_core = 4095", ExitCode.ENVIRONMENT, "loop_core"),
    ],
)
def test_settings_that_the_host_refuses_are_refused_before_anything_runs(
    tmp_path: Path, data: Path, capsys: Any, setting: str, code: ExitCode, said: str
) -> None:
    given = words(tmp_path, data)
    (tmp_path / "live.toml").write_text(f"[lean]\n{setting}\n", encoding="utf-8")
    found_code, found = dry_run(capsys, given)
    assert found_code == code
    assert said in found["error"]["message"]
    assert not (tmp_path / "results").exists()


def test_an_algorithm_outside_the_subset_is_not_compared(tmp_path: Path, data: Path, capsys: Any) -> None:
    more = "\n    def on_end_of_algorithm(self):\n        x = self.emit_insights if False else None\n"
    code, found = dry_run(capsys, words(tmp_path, data, more, "--speed", "5", "--from", "2013-10-07"))
    assert code == ExitCode.OK
    assert found["engine"]["comparison"] is None
    assert any("not compared with the embedded engine" in each for each in found["warnings"])


def test_a_symbol_without_ticks_stops_the_engine(tmp_path: Path, data: Path, capsys: Any) -> None:
    given = words(tmp_path, data, "        x = self.emit_insights if False else None")
    path = Path(given[1])
    path.write_text(path.read_text(encoding="utf-8").replace("B0000", "NOSUCH"), encoding="utf-8")
    code, found = dry_run(capsys, given)
    assert code == ExitCode.BAD_INPUT
    assert "NOSUCH" in found["error"]["message"]


def test_sigterm_is_a_graceful_end(tmp_path: Path, data: Path) -> None:
    given = words(
        tmp_path, data, "\n    def on_end_of_algorithm(self):\n        open('ended', 'w').close()", "--speed", "0.1"
    )
    process = subprocess.Popen(
        [*COMMAND, *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    results = tmp_path / "results"
    for _ in range(600):
        pages = list(results.glob("*.partial/lean/results/log.txt"))
        if pages and list(results.glob("*.partial/subscriptions.json")):
            break
        sleep(0.05)
    sleep(0.5)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, err
    assert "stopped by SIGTERM; LEAN ended gracefully" in err
    found = json.loads(out)
    assert found["state"] == "interrupted"
    assert list(Path(found["results_folder"]).glob("lean/ended"))


def test_lean_s_files_in_memory_end_in_the_results(tmp_path: Path, data: Path, capsys: Any) -> None:
    before = set(Path("/dev/shm").glob("lean-live-*"))
    given = words(tmp_path, data, "", "--speed", "5")
    settings = tmp_path / "live.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "results_in_memory = true\n", encoding="utf-8")
    code, found = dry_run(capsys, given)
    assert code == ExitCode.OK
    files = Path(found["results_folder"]) / found["engine"]["files"] / "results"
    assert (files / "lean-live.json").is_file()
    assert found["order_events"]["count"] == 4
    assert set(Path("/dev/shm").glob("lean-live-*")) <= before


def test_a_feed_through_lean(tmp_path: Path, data: Path, capsys: Any) -> None:
    address = f"unix:{tmp_path / 'feed'}"
    feed = ["feed", "replay", "--data-folder", str(data), "--symbols", "B0000", "--listen", address, "--speed", "3"]
    publisher = subprocess.Popen(
        [*COMMAND, *feed, "--no-progress"], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    try:
        code, found = dry_run(capsys, words(tmp_path, data, "", "--feed", address))
    finally:
        publisher.communicate(timeout=30)
    assert code == ExitCode.OK
    assert found["feed"]["address"] == f"feed {address}"
    assert found["feed"]["counters"]["engine_ticks"] == TICKS
    assert found["orders"] == {"Filled": 2}
    assert found["engine"]["comparison"] is None


def test_a_folder_that_cannot_be_written(tmp_path: Path, data: Path, capsys: Any) -> None:
    given = words(tmp_path, data)
    (tmp_path / "results").write_text("", encoding="ascii")
    code, found = dry_run(capsys, given)
    assert code == ExitCode.ENVIRONMENT
    assert "--results" in found["error"]["message"]


@pytest.mark.parametrize(
    "options", [["--speed", "2"], ["--from", "2013-10-07"], ["--lean-home", "x"], ["--image", "x"]]
)
def test_options_of_lean_need_lean(tmp_path: Path, data: Path, capsys: Any, options: list[str]) -> None:
    given = [word for word in words(tmp_path, data) if word not in OPTIONS]
    code, _ = dry_run(capsys, [*given, *options])
    assert code == ExitCode.USAGE


def test_lean_needs_a_folder_or_an_image(tmp_path: Path, data: Path, capsys: Any) -> None:
    given = [word for word in words(tmp_path, data) if word not in OPTIONS]
    code, found = dry_run(capsys, [*given, "--engine", "lean"])
    assert code == ExitCode.USAGE
    assert "--lean-home" in found["error"]["message"]
    assert "--image" in found["error"]["message"]


def test_the_engine_gets_nothing_of_the_shell(tmp_path: Path, data: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("DOTNET_TIEREDPGO", "1")
    code, found = dry_run(
        capsys,
        words(
            tmp_path, data, "        self.log(str(__import__('os').environ.get('DOTNET_TIEREDPGO')))", "--speed", "5"
        ),
    )
    assert code == ExitCode.OK
    log = Path(found["results_folder"]) / "lean" / "results" / "lean-live-log.txt"
    lines = log.read_text(encoding="utf-8").splitlines()
    assert "None" in lines
    assert "1" not in lines
    assert os.environ["DOTNET_TIEREDPGO"] == "1"
