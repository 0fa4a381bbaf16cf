"""Settings of the host, the profile, the entry module and the attendant."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.lean_runs import wait_until

from live.config import LeanSettings, RiskSettings
from live.errors import ConfigError, UsageError
from live.lean.attendant import Attendant
from live.lean.instructions import SETTINGS_VARIABLE, Instructions, read_instructions, write_instructions
from live.lean.profile import Place, config_keys, environment_variables, low_latency


def test_instructions_arrive_as_they_were_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Instructions(
        algorithm="main.py",
        run_folder=str(tmp_path),
        class_name="Main",
        lean=LeanSettings(mode="lane", other_cores=(0, 2)),
        risk=RiskSettings(max_open_orders=3),
    )
    path = tmp_path / "settings.json"
    write_instructions(sent, path)
    monkeypatch.setenv(SETTINGS_VARIABLE, str(path))
    assert read_instructions() == sent
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "cannot read .*settings.json, which LEAN_LIVE_SETTINGS names: No such file"),
        ("{", "is not what this version of lean-live writes"),
        ('{"algorithm": "a", "run_folder": "b", "more": 1}', "unknown field `more`"),
        ('{"algorithm": "a", "run_folder": "b", "lean": {"mode": "fast"}}', r"\$\.lean\.mode"),
    ],
)
def test_unusable_instructions_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, text: str
) -> None:
    path = tmp_path / "settings.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(path))
    with pytest.raises(ConfigError, match=text):
        read_instructions()


def test_missing_instructions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="LEAN_LIVE_SETTINGS is not set; start LEAN by lean-live"):
        read_instructions()


def test_the_profile_has_one_place_for_each_setting() -> None:
    settings = low_latency(LeanSettings())
    assert len({each.name for each in settings}) == len(settings)
    assert len({(each.place, each.key) for each in settings}) == len(settings)
    host_keys = {each.key for each in settings if each.place is Place.HOST}
    assert host_keys <= set(LeanSettings.__struct_fields__)


def test_settings_of_the_profile_can_be_left_out_one_by_one() -> None:
    settings = LeanSettings()
    assert environment_variables(settings) == {"DOTNET_TieredCompilation": "0", "DOTNET_gcServer": "0"}
    assert environment_variables(settings, ["workstation-gc"]) == {"DOTNET_TieredCompilation": "0"}
    assert config_keys(settings, ["quiet-log"]) == {"consumer-batching-timeout-ms": 0}
    with pytest.raises(UsageError, match="the profile has no setting quiet; it has no-tiered-compilation"):
        config_keys(settings, ["quiet"])


def test_the_attendant_calls_each_function_at_its_interval_until_the_end() -> None:
    calls: list[str] = []
    attendant = Attendant(lambda error: None)
    attendant.every(0.001, lambda: calls.append("often"))
    attendant.every(3_600.0, lambda: calls.append("once"))
    attendant.begin()
    wait_until(lambda: calls.count("often") >= 5)
    attendant.end()
    count = len(calls)
    assert calls.count("once") == 1
    assert attendant.tid
    assert len(calls) == count


def test_an_error_of_one_function_is_told_and_the_others_go_on() -> None:
    errors: list[Exception] = []
    calls: list[int] = []

    def fail() -> None:
        raise ValueError("boom")

    attendant = Attendant(errors.append)
    attendant.every(0.001, fail)
    attendant.every(0.001, lambda: calls.append(1))
    attendant.begin()
    wait_until(lambda: len(calls) >= 3)
    attendant.end()
    assert [str(error) for error in errors] == ["boom"]
    with pytest.raises(UsageError, match="before it begins"):
        attendant.every(1.0, fail)


def test_the_attendant_may_end_itself() -> None:
    done = threading.Event()
    attendant = Attendant(lambda error: None)

    def stop() -> None:
        attendant.end()
        done.set()

    attendant.every(0.001, stop)
    attendant.begin()
    assert done.wait(20.0)
