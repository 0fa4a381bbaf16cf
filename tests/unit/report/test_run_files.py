"""Run folders read back: what is there is checked, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.run_folders import START_NS, run_folder

from live.errors import DataError, EnvironmentFault, UsageError
from live.report.run_files import RunFiles, parse_iso_ns


def test_a_whole_folder(tmp_path: Path) -> None:
    run = RunFiles(run_folder(tmp_path))
    assert run.missing == []
    assert run.summary.equity == 100_010
    assert run.equity[-1] == (parse_iso_ns("2013-10-07T14:05:00Z"), 100_010.0)
    assert run.events[2].time_ns == START_NS + 63_000_000_000
    assert run.symbols.drawdown.share == 0.0002
    assert run.latency.worst[0].symbol == "IBM"


def test_a_link_leads_to_the_run(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    (tmp_path / "latest").symlink_to(folder.name)
    assert RunFiles(tmp_path / "latest").folder == folder.resolve()


def test_members_that_came_later_are_left_alone(tmp_path: Path) -> None:
    assert RunFiles(run_folder(tmp_path, summary={"later": {"a": 1}})).summary.state == "completed"


@pytest.mark.parametrize(
    ("name", "words"), [("Momentum-x", "is no folder of a run"), ("Momentum-x.partial", "under way, or was killed")]
)
def test_a_folder_without_a_summary(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        RunFiles(run_folder(tmp_path, name=name, summary=None))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no run folder .*nothing; name"):
        RunFiles(tmp_path / "nothing")


@pytest.mark.parametrize("file", ["summary.json", "latency.json", "symbols.json", "order-events.json", "series.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1", b'"text"', b'{"version": 1}x', b"\xff\xfe"])
def test_a_damaged_file_is_named(tmp_path: Path, file: str, content: bytes) -> None:
    folder = run_folder(tmp_path)
    (folder / file).write_bytes(content)
    with pytest.raises(DataError, match=rf"{file} is damaged: .*; restore it, or run again"):
        RunFiles(folder)


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("equity", "much", "equity"),
        ("ticks", {"trade": "many"}, "ticks"),
        ("tick_to_decision", {"count": "x"}, "tick_to_decision.count"),
        ("state", None, "state"),
    ],
)
def test_a_member_of_the_wrong_kind_is_named(tmp_path: Path, member: str, value: Any, words: str) -> None:
    with pytest.raises(DataError, match=rf"summary.json is damaged: .*({words})"):
        RunFiles(run_folder(tmp_path, summary={member: value}))


@pytest.mark.parametrize("file", ["summary", "latency"])
def test_another_schema_is_named_before_its_content_is_read(tmp_path: Path, file: str) -> None:
    changed: dict[str, Any] = {"version": 7, "worst": 3, "ticks": 3}
    with pytest.raises(DataError, match=rf"{file}.json has version 7, this lean-live reads version 1"):
        RunFiles(run_folder(tmp_path, **{file: changed}))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    (folder / "series.json").unlink()
    (folder / "series.json").mkdir()
    with pytest.raises(EnvironmentFault, match=r"cannot read .*series.json"):
        RunFiles(folder)


def test_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    run = RunFiles(run_folder(tmp_path, latency=None, symbols=None, series=None, events=None, histograms=None))
    assert run.missing == ["histograms.json", "series.json", "latency.json", "symbols.json", "order-events.json"]
    assert run.equity == []


def test_an_instant_that_is_none(tmp_path: Path) -> None:
    run = RunFiles(run_folder(tmp_path, summary={"session": {"start": "soon", "end": "later"}}))
    with pytest.raises(DataError, match=r"'later' in summary\.json is no instant"):
        _ = run.equity
