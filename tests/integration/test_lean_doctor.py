"""`lean-live doctor` end to end: this machine, and the stand-in engine run by run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import lean_engine
from support.commands import COMMAND, ROOT
from support.lean_double import DOUBLE
from support.lean_engine import OPTIONS, copy_of_launcher

from live.cli.main import run
from live.clock import sleep
from live.errors import ExitCode
from live.lean.engine.process import Ending, EngineOutcome
from live.lean.engine.status import EngineStatus
from live.lean.self_test.assumptions import ENGINE_ASSUMPTIONS, judge
from live.lean.self_test.engine import _message
from live.lean.self_test.marks import MISSING_MODULE


@pytest.fixture(autouse=True)
def _interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in lean_engine.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def doctor(capsys: Any, *words: str) -> tuple[int, dict[str, Any]]:
    code = run(["doctor", "--json", *words])
    return code, json.loads(capsys.readouterr().out)


def test_the_machine_alone(capsys: Any) -> None:
    code, found = doctor(capsys)
    assert code == ExitCode.OK
    assert found["engine"] is None
    names = [each["name"] for each in found["machine"]]
    assert {"cores", "governor", "clock", "tmpfs", "telemetry_page", "python", "compiled"} <= set(names)


def test_every_assumption_holds_in_the_double(capsys: Any, tmp_path: Path) -> None:
    code, found = doctor(capsys, *OPTIONS, "--keep", str(tmp_path / "runs"))
    assert code == ExitCode.OK
    verdicts = {each["name"]: (each["verdict"], each["observed"]) for each in found["engine"]["assumptions"]}
    assert list(verdicts) == [each.name for each in ENGINE_ASSUMPTIONS]
    assert {name: each for name, each in verdicts.items() if each[0] != "pass"} == {}
    assert found["engine"]["version"] == "2.5.0.0"
    assert found["is_usable"]
    assert (tmp_path / "runs" / "facts" / "facts.json").is_file()


LATE_SUBSCRIPTIONS = """
import time as clock
from lean_engine.feed import AggregationManager
update, begun = AggregationManager.Update, []
def late(self, tick):
    begun.append(clock.monotonic())
    if clock.monotonic() - begun[0] > 2.5:
        update(self, tick)
AggregationManager.Update = late
"""
SHADOWED_EXCEPTION = """
import System
del System.GC.GetTotalPauseDuration
class Exception(BaseException):
    pass
"""


def changed_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, *runs: str) -> list[str]:
    """Return the options of an engine whose AlgorithmImports ends in a change, and have the self-test make some runs."""
    double = Path(shutil.copytree(DOUBLE, tmp_path / "double", symlinks=True))
    with (double / "AlgorithmImports.py").open("a", encoding="utf-8") as file:
        file.write(change)
    monkeypatch.setattr("live.lean.self_test.engine.RUNS", runs)
    folder = str(double / "launcher")
    return ["--engine", "lean", "--lean-home", folder, "--dotnet", folder]


def test_an_engine_that_subscribes_late(capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = changed_engine(tmp_path, monkeypatch, LATE_SUBSCRIPTIONS, "facts", "raise")
    _, found = doctor(capsys, *options)
    by_name = {each["name"]: (each["verdict"], each["observed"]) for each in found["engine"]["assumptions"]}
    shown = {name: by_name[name] for name in ("injection", "burst", "dummy_symbol", "asynchronous_order", "exception")}
    assert {verdict for verdict, _ in shown.values()} == {"pass"}, shown
    assert found["engine"]["notes"] == []


def test_an_engine_whose_imports_shadow_the_exception(
    capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = changed_engine(tmp_path, monkeypatch, SHADOWED_EXCEPTION, "facts")
    _, found = doctor(capsys, *options)
    by_name = {each["name"]: each for each in found["engine"]["assumptions"]}
    assert by_name["dotnet_counters"]["verdict"] == "unknown"
    assert "AttributeError" in by_name["dotnet_counters"]["observed"]
    assert by_name["python_collector"]["verdict"] == "pass"


def test_an_engine_in_which_the_host_fails(capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = changed_engine(
        tmp_path, monkeypatch, "\nimport System\ndel System.GC.GetTotalPauseDuration\n", "attached"
    )
    code, found = doctor(capsys, *options)
    host = next(each for each in found["engine"]["assumptions"] if each["name"] == "host")
    assert code == ExitCode.ENVIRONMENT
    assert host["verdict"] == "fail"
    assert "host_phase failed" in host["observed"]
    assert "GetTotalPauseDuration" in host["observed"]


def test_sigterm_ends_the_engine_and_takes_the_files_away(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "doctor", *OPTIONS],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )
    for _ in range(600):
        if list(tmp_path.glob("lean-live-doctor-*/runs/facts/results/log.txt")):
            break
        sleep(0.05)
    else:
        raise AssertionError("the first run did not begin")
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert "stopped by SIGTERM; the engine was ended with it; run it again" in said
    assert not list(tmp_path.glob("lean-live-doctor-*"))


def test_an_engine_that_does_not_run_the_test_at_all(capsys: Any, tmp_path: Path) -> None:
    folder = copy_of_launcher(tmp_path)
    (folder / "stand_in.py").write_text(
        "import sys\n"
        "if sys.argv[1:] == ['--list-runtimes']:\n"
        "    print('Microsoft.NETCore.App 10.0.0 [x]')\n"
        "else:\n"
        "    print('Unhandled exception. System.IO.FileNotFoundException: Could not load QuantConnect.Lean.Engine')\n"
        "    sys.exit(134)\n",
        encoding="utf-8",
    )
    code, found = doctor(capsys, "--engine", "lean", "--lean-home", str(folder), "--dotnet", str(folder))
    assert code == ExitCode.ENVIRONMENT
    assert "FileNotFoundException: Could not load QuantConnect.Lean.Engine" in found["error"]["message"]


@pytest.mark.parametrize(
    "words", [["--lean-home", "x"], ["--engine", "lean"], ["--dotnet", "x"], ["--engine", "other"]]
)
def test_options_that_contradict_one_another(capsys: Any, words: list[str]) -> None:
    assert doctor(capsys, *words)[0] == ExitCode.USAGE


def test_an_assumption_that_does_not_hold_says_what_stops_working() -> None:
    findings = {each.name: each for each in judge({"injected": 5, "injected_arrived": 3, "error_x": "ValueError: y"})}
    assert findings["injection"].verdict == "fail"
    assert findings["injection"].observed == "injected 5, injected_arrived 3"
    assert "no feed" in findings["injection"].consequence
    assert findings["quit"].verdict == "unknown"
    assert "x: ValueError: y" in findings["quit"].observed


def test_errors_of_the_engine_s_own_do_not_hide_the_one_that_is_looked_for(tmp_path: Path) -> None:
    files = lean_engine.prepared(tmp_path, "")
    files.log.write_text(
        "20260821 14:00:00.000 ERROR:: a price file is missing\n"
        f"20260821 14:00:01.000 ERROR:: Loader.TryCreatePythonAlgorithm(): No module named '{MISSING_MODULE}'\n"
        "   at QuantConnect.AlgorithmFactory.Loader.TryCreatePythonAlgorithm(String assemblyPath)\n",
        encoding="utf-8",
    )
    outcome = EngineOutcome(Ending.BY_ITSELF, 1, EngineStatus(), True, 1.0, None, None)
    assert _message(outcome, files, MISSING_MODULE) == f"No module named '{MISSING_MODULE}'"
    assert _message(outcome, files, "something else") == "a price file is missing"


def test_a_needed_assumption_that_fails_ends_in_code_4(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = next(each for each in judge({"injected": 1, "injected_arrived": 0}) if each.name == "injection")
    monkeypatch.setattr("live.cli.doctor.test_engine", lambda *arguments: ([finding], ["run facts: x"]))
    code, found = doctor(capsys, *OPTIONS)
    assert code == ExitCode.ENVIRONMENT
    assert not found["is_usable"]
    assert found["engine"]["notes"] == ["run facts: x"]
    assert run(["doctor", *OPTIONS]) == ExitCode.ENVIRONMENT
    printed = capsys.readouterr()
    assert "without it: no rehearsal, no keep-warm" in printed.out.replace("\n", " ")
    assert "not usable as it is: 1 that lean-live needs did not pass: injection" in printed.out
    assert "run facts: x" in printed.err
