"""Finding an engine: what is missing is named with its remedy, before anything is started."""

from __future__ import annotations

import ctypes.util
import sys
from pathlib import Path

import pytest
from support.lean_engine import ENVIRONMENT, LAUNCHER, copy_of_launcher, home

from live.errors import EnvironmentFault, ExitCode
from live.lean.engine.lean_home import LAUNCHER_DLL, LAUNCHER_RUNTIME, file_version, find_lean


@pytest.fixture(autouse=True)
def _interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def refusal(folder: Path, **named: Path | None) -> str:
    with pytest.raises(EnvironmentFault) as caught:
        find_lean(folder, **{"dotnet": LAUNCHER, **named})
    assert caught.value.exit_code == ExitCode.ENVIRONMENT
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_is_found_and_its_versions_are_read() -> None:
    found = home()
    assert (found.version, found.dotnet_version) == ("2.5.0.0", "10.0.0")
    assert found.python_version.startswith("3.11.")
    assert found.launcher == LAUNCHER / LAUNCHER_DLL
    assert found.warnings == ()


def test_lean_s_own_folder_will_do(tmp_path: Path) -> None:
    built = tmp_path / "Lean" / "Launcher" / "bin"
    built.mkdir(parents=True)
    copy_of_launcher(tmp_path).rename(built / "Debug")
    assert find_lean(tmp_path / "Lean", dotnet=LAUNCHER).folder == built / "Debug"


def test_no_such_folder(tmp_path: Path) -> None:
    assert "--lean-home" in refusal(tmp_path / "none")


def test_a_folder_without_launcher(tmp_path: Path) -> None:
    assert LAUNCHER_DLL in refusal(tmp_path)


@pytest.mark.parametrize("name", ["QuantConnect.Algorithm.dll", "AlgorithmImports.py"])
def test_a_build_that_is_not_whole(tmp_path: Path, name: str) -> None:
    folder = copy_of_launcher(tmp_path)
    (folder / name).unlink()
    assert f"has no {name}" in refusal(folder)


def test_no_dotnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DOTNET_ROOT", raising=False)
    assert "--dotnet" in refusal(LAUNCHER, dotnet=None)


def test_dotnet_is_found_in_dotnet_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOTNET_ROOT", str(LAUNCHER))
    assert find_lean(LAUNCHER).dotnet == LAUNCHER / "dotnet"


def test_a_dotnet_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "dotnet"
    path.write_text("#!/bin/sh\nexit 3\n", encoding="ascii")
    path.chmod(0o755)
    assert "cannot be used" in refusal(LAUNCHER, dotnet=path)


def test_a_dotnet_without_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAN_DOUBLE_FAULT", "runtime")
    assert "has no Microsoft.NETCore.App runtime" in refusal(LAUNCHER)


def test_another_runtime_than_lean_was_built_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copy_of_launcher(tmp_path)
    path = folder / LAUNCHER_RUNTIME
    path.write_text(path.read_text(encoding="utf-8").replace("10.0.0", "9.0.3"), encoding="utf-8")
    assert "built for .NET 9.0.3" in refusal(folder)
    monkeypatch.setenv("DOTNET_ROLL_FORWARD", "LatestMajor")
    assert find_lean(folder, dotnet=LAUNCHER).dotnet_version == "10.0.0"


def test_a_runtime_configuration_that_says_nothing(tmp_path: Path) -> None:
    folder = copy_of_launcher(tmp_path)
    (folder / LAUNCHER_RUNTIME).write_text("{}", encoding="utf-8")
    assert "does not say which .NET" in refusal(folder)


def test_libpython_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(LAUNCHER, libpython=tmp_path / "libpython3.11.so")


def test_a_library_that_is_no_python() -> None:
    name = next(path for path in Path("/usr/lib").rglob("libz.so*") if path.is_file())
    assert ctypes.util.find_library("z")
    assert "cannot be used" in refusal(LAUNCHER, libpython=name)


def test_a_python_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a process says that loaded it; building another CPython for this is too much.
    path = tmp_path / "libpython3.12.so"
    path.write_bytes(b"")
    monkeypatch.setattr("live.lean.engine.lean_home._SHOW_PYTHON", "print('3.12.4 (main)')")
    assert "is Python 3.12.4, LEAN embeds 3.11" in refusal(LAUNCHER, libpython=path)


def test_another_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 4, "final", 0))
    assert "python3.11 -m pip install lean-live" in refusal(LAUNCHER)


def test_an_untried_version_is_told(tmp_path: Path) -> None:
    folder = copy_of_launcher(tmp_path)
    path = folder / LAUNCHER_DLL
    path.write_bytes(path.read_bytes().replace("2.5.0.0".encode("utf-16-le"), "3.1.0.0".encode("utf-16-le")))
    found = find_lean(folder, dotnet=LAUNCHER)
    assert found.version == "3.1.0.0"
    assert "doctor" in found.warnings[0]


def test_a_dll_without_version(tmp_path: Path) -> None:
    path = tmp_path / "x.dll"
    path.write_bytes(b"MZ")
    assert file_version(path) == "unknown"
