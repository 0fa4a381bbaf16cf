"""LEAN's status file: whole, half written, or of a form that is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.errors import DataError
from live.lean.engine.status import read_status


def test_a_file_that_is_being_written_is_none_yet(tmp_path: Path) -> None:
    path = tmp_path / "L-1.json"
    assert read_status(path) is None
    path.write_text('{"state": {"EndTime": "2026', encoding="utf-8")
    assert read_status(path) is None
    path.write_text('{"state": {"EndTime": "2026-01-01"}}', encoding="utf-8")
    found = read_status(path)
    assert found is not None
    assert found.is_final


@pytest.mark.parametrize(
    ("content", "member"),
    [('{"state": {"EndTime": 5}}', "$.state"), ('{"holdings": {"BTCUSD": {"q": []}}}', "$.holdings[...].q")],
)
def test_a_member_of_another_type_is_named(tmp_path: Path, content: str, member: str) -> None:
    path = tmp_path / "L-1.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as failure:
        read_status(path)
    assert member in str(failure.value)
    assert str(path) in str(failure.value)
