"""`lean-live dashboards build`: what it writes, what `--check` finds, and what it says without the SDK."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.dashboards import PATHS

import live.cli.dashboards
from live.cli.main import run


def test_it_writes_all_dashboards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("grafana_foundation_sdk")
    folder = tmp_path / "new" / "dashboards"
    assert run(["dashboards", "build", "--output", str(folder), "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["written"]
    assert sorted(written) == sorted(str(folder / path.name) for path in PATHS)
    for path in PATHS:
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_check_names_what_differs_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("grafana_foundation_sdk")
    run(["dashboards", "build", "--output", str(tmp_path)])
    assert run(["dashboards", "build", "--output", str(tmp_path), "--check"]) == 0
    changed, missing, foreign = (tmp_path / name for name in ("lean-live-feed.json", "lean-live-host.json", "x.json"))
    changed.write_text("{}", encoding="utf-8")
    missing.unlink()
    foreign.write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert run(["dashboards", "build", "--output", str(tmp_path), "--check", "--json"]) == 5
    names = json.loads(capsys.readouterr().out)["differing"]
    assert names == ["lean-live-feed.json", "lean-live-host.json", "x.json"]
    assert run(["dashboards", "build", "--output", str(tmp_path), "--check"]) == 5
    assert capsys.readouterr().out.splitlines() == [
        f"{changed} is not as the code says; run lean-live dashboards build",
        f"{missing} is missing; run lean-live dashboards build",
        f"{foreign} is no dashboard of lean-live; delete it",
    ]
    assert changed.read_text(encoding="utf-8") == "{}"
    assert not missing.exists()


def test_without_the_sdk_it_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.cli.dashboards, "find_spec", lambda name: None)
    assert run(["dashboards", "build", "--output", str(tmp_path)]) == 4
    assert "pip install grafana-foundation-sdk==0.0.21" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_outside_of_a_checkout_there_are_no_runbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("grafana_foundation_sdk")
    monkeypatch.setattr("live.dashboards.runbooks.FOLDER", tmp_path)
    assert run(["dashboards", "build", "--output", str(tmp_path / "out")]) == 4
    assert not (tmp_path / "out").exists()
