"""What the engine is told: its configuration, environment and folders."""

from __future__ import annotations

import json
import os
import sysconfig
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from support.lean_engine import ENVIRONMENT as STAND_IN
from support.lean_engine import home

from live.errors import EnvironmentFault
from live.feeds.sample_reference import write_reference
from live.lean.engine.engine_config import ENVIRONMENT, EngineFiles, EngineRequest, prepare, python_path
from live.lean.instructions import SETTINGS_VARIABLE, Instructions


@pytest.fixture(autouse=True)
def _interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in STAND_IN.items():
        monkeypatch.setenv(name, value)


def files_of(folder: Path, **named: object) -> EngineFiles:
    write_reference(folder / "data")
    return prepare(home(), EngineRequest("# entry\n", folder / "data", **named), folder / "run")  # type: ignore[arg-type]


def config_of(files: EngineFiles) -> dict[str, object]:
    return json.loads((files.folder / "config.json").read_text(encoding="utf-8"))


def test_a_live_paper_run_without_network(tmp_path: Path) -> None:
    found = config_of(files_of(tmp_path))
    chosen = found["environments"][found["environment"]]  # type: ignore[index]
    assert found["environment"] == ENVIRONMENT
    assert found["close-automatically"] is True
    assert chosen["live-mode"] is True
    assert chosen["data-queue-handler"] == ["FakeDataQueue"]
    # Orders of the paper brokerage never fill with another one.
    assert chosen["transaction-handler"].endswith("BacktestingTransactionHandler")
    assert chosen["history-provider"] == ["SubscriptionDataReaderHistoryProvider"]


def test_cash_keeps_its_digits(tmp_path: Path) -> None:
    found = config_of(files_of(tmp_path, cash=Decimal("100000.10"), currency="EUR"))
    assert found["live-cash-balance"] == '[{"amount":100000.1,"currency":"EUR"}]'


def test_keys_of_the_profile_replace_those_of_lean(tmp_path: Path) -> None:
    keys = {"log-handler": "Quiet", "transaction-handler": "Other"}
    found = config_of(files_of(tmp_path, keys=keys))
    assert found["log-handler"] == "Quiet"
    assert found["environments"][ENVIRONMENT]["transaction-handler"] == "Other"  # type: ignore[index]
    assert "transaction-handler" not in found


def test_the_entry_is_the_only_file_of_its_folder(tmp_path: Path) -> None:
    files = files_of(tmp_path)
    assert [path.name for path in files.entry.parent.iterdir()] == [files.entry.name]
    assert config_of(files)["algorithm-location"] == str(files.entry)


def test_settings_of_the_shell_do_not_reach_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOTNET_TieredCompilation", "0")
    monkeypatch.setenv("PYTHONSTARTUP", "/x")
    found = files_of(tmp_path, variables={"DOTNET_gcServer": "0"}).environment
    assert "DOTNET_TieredCompilation" not in found
    assert "PYTHONSTARTUP" not in found
    assert found["DOTNET_gcServer"] == "0"
    assert found["PYTHONNET_PYDLL"] == str(home().libpython)
    assert found["PYTHONPATH"].split(os.pathsep)[0] == str(home().folder)


def test_what_dotnet_needs_to_start_reaches_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"DOTNET_ROOT_X64": "/x", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_ROLL_FORWARD": "Major"}
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    assert needed.items() <= files_of(tmp_path).environment.items()


def test_packages_beside_the_library_are_found_in_an_active_virtual_environment(tmp_path: Path) -> None:
    library = tmp_path / "lib" / "x86_64-linux-gnu" / "libpython3.11.so.1.0"
    packages = tmp_path / "lib" / "python3.11" / "dist-packages"
    for folder in (library.parent, packages):
        folder.mkdir(parents=True)
    library.touch()
    folders = python_path(replace(home(), libpython=library))
    assert folders[-1] == str(packages)
    assert folders.index(sysconfig.get_path("purelib")) < len(folders) - 1
    # Those of another installation stay away.
    assert "/usr/lib/python3/dist-packages" not in folders


def test_a_path_that_lean_cannot_give_to_python(tmp_path: Path) -> None:
    write_reference(tmp_path / "data")
    request = EngineRequest("", tmp_path / "data")
    with pytest.raises(EnvironmentFault, match=r"o'hara: the path has a single quote; use a folder without one"):
        prepare(home(), request, tmp_path / "o'hara")
    with pytest.raises(EnvironmentFault, match="LEAN cannot import modules from /it's"):
        prepare(home(), replace(request, paths=[Path("/it's")]), tmp_path / "run")


def test_the_host_gets_its_instructions(tmp_path: Path) -> None:
    files = files_of(tmp_path, instructions=Instructions(algorithm="a.py", run_folder=str(tmp_path)))
    path = Path(files.environment[SETTINGS_VARIABLE])
    assert json.loads(path.read_text(encoding="utf-8"))["algorithm"] == "a.py"
    assert SETTINGS_VARIABLE not in files_of(tmp_path).environment


def test_results_in_memory(tmp_path: Path) -> None:
    files = files_of(tmp_path, results_on_tmpfs=True)
    try:
        assert files.results.parent == Path("/dev/shm")
        assert files.results.stat().st_mode & 0o077 == 0
    finally:
        files.results.rmdir()


def test_a_data_folder_without_databases(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"symbol-properties-database\.csv, which LEAN needs"):
        prepare(home(), EngineRequest("", tmp_path), tmp_path / "run")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    write_reference(tmp_path / "data")
    (tmp_path / "file").write_text("", encoding="ascii")
    with pytest.raises(EnvironmentFault, match="choose another folder"):
        prepare(home(), EngineRequest("", tmp_path / "data"), tmp_path / "file" / "run")
