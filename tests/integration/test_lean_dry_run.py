"""`lean-live dry-run --engine lean` end to end against the stand-in launcher: replays, feeds, faults, comparison."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from support import lean_engine
from support.commands import COMMAND, ROOT
from support.lean_engine import OPTIONS

from live.bench.market import write_market
from live.cli.main import run
from live.clock import sleep
from live.errors import EnvironmentFault, ExitCode
from live.hot.run_page import PAGE_NAME
from live.lean.engine.process import EngineLimits, EngineOutcome, EngineProcess

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


def test_the_gate_is_required_by_an_option(tmp_path: Path, data: Path, capsys: Any) -> None:
    past = "        self.set_execution(None)"
    code = run(words(tmp_path, data, past, "--require-gate"))
    assert code == ExitCode.BAD_INPUT
    assert "steps.py line 19: set_execution: " in capsys.readouterr().out
    assert run(["dry-run", str(tmp_path / "steps.py"), "--require-gate"]) == ExitCode.USAGE
    assert "add --engine lean" in capsys.readouterr().err


def test_order_numbers_go_on_in_the_next_run(tmp_path: Path, data: Path, capsys: Any) -> None:
    given = words(tmp_path, data, "", "--speed", "max")
    for _ in range(2):
        assert dry_run(capsys, given)[0] == ExitCode.OK
    lines = (tmp_path / "results" / "state" / "Steps" / "order-ids.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    # LEAN begins with 1 in each process.
    assert [(each["order"], each["engine"]) for each in found if each.get("engine")] == [(1, 1), (2, 2), (3, 1), (4, 2)]


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
    # The double takes no fees and fills at the newest price.
    assert (compared["here"], compared["there"]) == (4, 4)
    assert (compared["equal"], compared["priced_otherwise"], compared["different"]) == (0, 2, 0)
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


def test_a_failed_run_has_the_members_and_the_files_of_a_failed_run_of_the_embedded_engine(
    tmp_path: Path, data: Path, capsys: Any
) -> None:
    more = "        self.log(f'tick {self.count}')\n        if self.count > 20: raise ValueError('boom')"
    given = words(tmp_path, data, more)
    _, embedded = dry_run(capsys, [word for word in given if word not in OPTIONS])
    code, found = dry_run(capsys, [*given, "--speed", "5"])
    assert code == ExitCode.RUN_FAILED
    assert list(found) == list(embedded)
    assert (found["version"], found["state"], found["error"]["exit_code"]) == (1, "failed", 1)
    folder, other = Path(found["results_folder"]), Path(embedded["results_folder"])
    assert {path.name for path in other.iterdir()} <= {path.name for path in folder.iterdir()}
    assert "tick 21" in (folder / "log.txt").read_text(encoding="utf-8").splitlines()
    failure = (folder / "failure.txt").read_text(encoding="utf-8")
    assert failure.startswith(found["error"]["message"])
    assert "Traceback (most recent call last)" in failure
    assert failure.rstrip().endswith("ValueError: boom")


def test_the_class_is_chosen_once_and_the_warning_is_that_of_the_embedded_engine(
    tmp_path: Path, data: Path, capsys: Any
) -> None:
    given = words(tmp_path, data, "\n\nclass Later(Steps):\n    pass\n\n\nLater.__name__ = 'Later'\n")
    code, found = dry_run(capsys, [*given, "--speed", "5"])
    assert code == ExitCode.OK
    warning = "steps.py defines several algorithms: Steps runs, the last one by name, as in LEAN; --class chooses Later"
    assert warning in found["warnings"]
    assert found["algorithm"] == "Steps"
    code, embedded = dry_run(capsys, [word for word in given if word not in OPTIONS])
    assert warning in embedded["warnings"]


def test_a_class_that_is_not_there_is_told_before_lean_is_started_on_a_feed_too(
    tmp_path: Path, data: Path, capsys: Any
) -> None:
    code, found = dry_run(capsys, words(tmp_path, data, "", "--feed", "unix:nowhere", "--class", "Step"))
    assert code == ExitCode.BAD_INPUT
    assert "has no algorithm class Step; did you mean Steps?" in found["error"]["message"]
    assert not list((tmp_path / "results").iterdir())


def test_a_loop_without_end_is_told_with_its_place(
    tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineLimits, "__init__", partialmethod(EngineLimits.__init__, silence_seconds=2.0))
    more = "        while self.live_mode: pass"
    code, found = dry_run(capsys, words(tmp_path, data, more, "--speed", "5"))
    assert code == ExitCode.RUN_FAILED
    place = f"{tmp_path / 'steps.py'} line 19"
    assert f"in LEAN: on_data has not returned for 10 seconds ({place})" in found["error"]["message"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--from", "2015-01-01"], ExitCode.USAGE, "--from leaves the days 2015-01-01 to 2013-10-07"),
        (["--feed", "unix:x", "--speed", "2"], ExitCode.USAGE, "--feed has its own time"),
        (["--feed", "bogus"], ExitCode.USAGE, "--feed 'bogus' is no address"),
        (["--feed", "ws://127.0.0.1:1"], ExitCode.BAD_INPUT, "[websocket]"),
    ],
)
def test_what_cannot_be_played_is_refused_before_lean_is_started(
    tmp_path: Path, data: Path, capsys: Any, options: list[str], code: ExitCode, said: str
) -> None:
    found_code, found = dry_run(capsys, words(tmp_path, data, "", *options))
    assert found_code == code
    assert said in found["error"]["message"]
    assert not list((tmp_path / "results").glob("*/lean"))


def test_no_room_for_the_page_is_told_before_anything_runs(
    tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*arguments: Any) -> None:
        raise EnvironmentFault("no room for telemetry page") from OSError(28, "No space left on device")

    monkeypatch.setattr("live.lean.engine.preflight.create_page", no_room)
    code, found = dry_run(capsys, words(tmp_path, data))
    assert code == ExitCode.ENVIRONMENT
    assert "No space left on device; LEAN was not started; free some space" in found["error"]["message"]
    assert not list((tmp_path / "results").iterdir())


def test_an_engine_that_cannot_be_started_leaves_nothing(
    tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_process(self: EngineProcess) -> None:
        raise EnvironmentFault("cannot start dotnet: Resource temporarily unavailable; end other processes")

    monkeypatch.setattr(EngineProcess, "start", no_process)
    before = set(Path("/dev/shm").glob("lean-live-*"))
    given = words(tmp_path, data)
    settings = tmp_path / "live.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "results_in_memory = true\n", encoding="utf-8")
    code, found = dry_run(capsys, given)
    assert code == ExitCode.ENVIRONMENT
    assert found["error"]["message"].startswith("cannot start dotnet")
    assert not list((tmp_path / "results").glob("*.partial"))
    assert set(Path("/dev/shm").glob("lean-live-*")) <= before


def test_a_data_folder_without_lean_s_databases_is_refused_before_anything_runs(
    tmp_path: Path, data: Path, capsys: Any
) -> None:
    poor = Path(shutil.copytree(data, tmp_path / "poor"))
    (poor / "symbol-properties" / "symbol-properties-database.csv").unlink()
    code, found = dry_run(capsys, words(tmp_path, poor))
    assert code == ExitCode.ENVIRONMENT
    assert "has no symbol-properties/symbol-properties-database.csv, which LEAN needs" in found["error"]["message"]
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ('dummy_symbol = "XX"', ExitCode.BAD_INPUT, "live.toml is 'XX'"),
        ("loop_core = 4095", ExitCode.ENVIRONMENT, "live.toml names core 4095"),
        ("loop_core = 0\nother_cores = [0, 1]", ExitCode.ENVIRONMENT, "live.toml"),
        ("require_gate = true", ExitCode.BAD_INPUT, "steps.py line 22: set_execution"),
    ],
)
def test_settings_that_the_host_refuses_are_refused_before_anything_runs(
    tmp_path: Path, data: Path, capsys: Any, setting: str, code: ExitCode, said: str
) -> None:
    given = words(tmp_path, data, "\n\n    def later(self):\n        self.set_execution(None)\n")
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


class Command:
    """A dry run in a process of its own, for signals."""

    def __init__(self, tmp_path: Path, given: list[str], **variables: str) -> None:
        self.results = tmp_path / "results"
        self.process = subprocess.Popen(
            [*COMMAND, *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), **variables},
        )

    def wait_for(self, pattern: str) -> None:
        """Wait until the run has made a file."""
        for _ in range(600):
            if list(self.results.glob(pattern)) or self.process.poll() is not None:
                return
            sleep(0.05)

    def end(self, *numbers: signal.Signals) -> tuple[int, dict[str, Any], str]:
        """Send signals, and return exit code, JSON and errors."""
        for number in numbers:
            self.process.send_signal(number)
            sleep(0.5)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, json.loads(out), err


def engines_in(folder: Path) -> list[str]:
    """Return the processes whose working folder is in a folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (each / "cwd").resolve().is_relative_to(folder):
                found.append((each / "cmdline").read_text())
    return [each for each in found if "stand_in" in each]


def test_sigterm_is_a_graceful_end(tmp_path: Path, data: Path) -> None:
    more = "\n    def on_end_of_algorithm(self):\n        open('ended', 'w').close()"
    command = Command(tmp_path, words(tmp_path, data, more, "--speed", "0.1"))
    command.wait_for("*.partial/subscriptions.json")
    code, found, err = command.end(signal.SIGTERM)
    assert code == ExitCode.INTERRUPTED, err
    assert "stopped by SIGTERM; LEAN ended gracefully" in err
    assert found["state"] == "interrupted"
    assert list(Path(found["results_folder"]).glob("lean/ended"))


def test_a_second_signal_kills_the_engine_and_keeps_what_there_is(tmp_path: Path, data: Path) -> None:
    command = Command(tmp_path, words(tmp_path, data, "", "--speed", "0.1"), LEAN_DOUBLE_FAULT="deaf")
    command.wait_for("*.partial/subscriptions.json")
    code, found, err = command.end(signal.SIGINT, signal.SIGINT)
    assert code == ExitCode.INTERRUPTED, err
    assert "stopped by Ctrl-C, and once more before LEAN had ended: it was killed" in err
    assert "open orders" in err
    assert found["state"] == "interrupted"
    assert (Path(found["results_folder"]) / "report.html").is_file()
    assert not engines_in(tmp_path)
    assert not list(tmp_path.glob("lean-live-feed-*"))


def test_a_signal_while_the_embedded_engine_plays_starts_no_lean(tmp_path: Path, data: Path) -> None:
    more = "        if not self.live_mode: __import__('time').sleep(0.1)"
    command = Command(tmp_path, words(tmp_path, data, more))
    command.wait_for("*.partial/telemetry.page")
    sleep(1.0)
    code, found, _ = command.end(signal.SIGTERM)
    assert code == ExitCode.INTERRUPTED
    assert "LEAN was not started" in " ".join(found["error"]["notes"])
    assert not list(command.results.glob("*/lean"))


def test_two_runs_at_once_do_not_meet(tmp_path: Path, data: Path) -> None:
    given = words(tmp_path, data, "", "--speed", "3")
    other = [word.replace(str(tmp_path / "results"), str(tmp_path / "others")) for word in given]
    both = [Command(tmp_path, given), Command(tmp_path, other)]
    ends = [each.end() for each in both]
    assert [code for code, _, _ in ends] == [ExitCode.OK, ExitCode.OK], ends
    assert [found["ticks"]["trade"] for _, found, _ in ends] == [TICKS, TICKS]


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


def test_a_feed_through_lean(tmp_path: Path, data: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The engine has another working folder than the command.
    monkeypatch.chdir(tmp_path)
    address = "unix:feed"
    feed = ["feed", "replay", "--data-folder", str(data), "--symbols", "B0000", "--listen", address, "--speed", "3"]
    publisher = subprocess.Popen(
        [*COMMAND, *feed, "--no-progress"], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    try:
        code, found = dry_run(capsys, words(tmp_path, data, "", "--feed", address))
    finally:
        publisher.communicate(timeout=30)
    assert code == ExitCode.OK
    assert found["feed"]["address"] == f"feed unix:{tmp_path / 'feed'}"
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
