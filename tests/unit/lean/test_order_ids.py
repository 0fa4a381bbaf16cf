"""The file of order numbers: it outlives runs, belongs to one at a time, and is never left half written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from live.errors import DataError, EnvironmentFault
from live.lean.orders import ids as ids_module
from live.lean.orders.ids import FILE_NAME, OrderIds
from live.report.state_folder import StateFolder


@contextmanager
def ids_in(folder: Path) -> Iterator[OrderIds]:
    ids = OrderIds(folder)
    try:
        yield ids
    finally:
        ids.close()


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    with ids_in(tmp_path) as ids:
        ids.note(1, "IBM", 1.0, 0, 0)
        ids.write()
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'{"order":2,"eng')
    with ids_in(tmp_path) as again:
        assert again.note(1, "IBM", 1.0, 0, 0) == 2
        again.write()
    with ids_in(tmp_path) as third:
        assert third.note(1, "IBM", 1.0, 0, 0) == 3


def test_another_file_is_named_and_the_folder_is_let_go(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("no such thing\n")
    with pytest.raises(DataError, match=r"line 1 of .*order-ids\.jsonl"):
        OrderIds(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    OrderIds(tmp_path).close()


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "Main"
    with ids_in(folder) as ids:
        with pytest.raises(EnvironmentFault, match="another run of this algorithm is under way"):
            OrderIds(folder)
        ids.note(1, "IBM", 1.0, 0, 0)
    # After the end nothing is written that another run would not know.
    ids.write()
    assert not (folder / FILE_NAME).exists()
    OrderIds(folder).close()


def test_runs_at_once_have_folders_of_their_own_and_later_ones_the_same(tmp_path: Path) -> None:
    first, second = StateFolder(tmp_path, "Main"), StateFolder(tmp_path, "Main")
    other = StateFolder(tmp_path, "Other")
    assert [each.path.name for each in (first, second, other)] == ["Main", "Main-2", "Other"]
    first.close()
    third = StateFolder(tmp_path, "Main")
    assert third.path == first.path
    for each in (second, third, other):
        each.close()


def test_a_folder_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(EnvironmentFault, match=r"cannot make .*state/Main"):
        OrderIds(tmp_path / "state" / "Main")


def test_a_long_file_loses_its_older_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ids_in(tmp_path) as ids:
        for number in range(1, 12):
            ids.note(number, "IBM", 1.0, 0, 0)
            ids.note_broker(number, [f"B{number}"])
        ids.write()
    monkeypatch.setattr(ids_module, "_LINES_MAX", 10)
    with ids_in(tmp_path) as ids:
        assert ids.restore(1, ["B11"]) == 11
        assert ids.restore(2, ["B3"]) == 0
        assert ids.note(3, "IBM", 1.0, 0, 0) == 12
        ids.write()
    lines = [json.loads(line) for line in (tmp_path / FILE_NAME).read_text().splitlines()]
    assert [line["order"] for line in lines] == [9, 10, 10, 11, 11, 12]
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE_NAME, ids_module.LOCK_NAME]
