"""Zip files: what is read, and what is refused with the reason."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.zips import write_zip

from live.errors import DataError
from live.feeds import archive
from live.feeds.archive import BLOCK_BYTES, CsvEntry, entry_size

TEXT = b"34200000,1815200,283,P,20002020,0\n" * 20_000


def read_all(path: Path) -> bytes:
    entry = CsvEntry(path)
    blocks = []
    try:
        while block := entry.read():
            blocks.append(block)
        return b"".join(blocks)
    finally:
        entry.close()


def test_a_file_comes_in_blocks_and_whole(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "20131007_trade.zip", TEXT)
    entry = CsvEntry(path)
    assert (entry.name, entry.size_bytes) == ("rows.csv", len(TEXT))
    assert len(entry.read()) == BLOCK_BYTES
    entry.close()
    assert read_all(path) == TEXT


def test_an_empty_file_is_read(tmp_path: Path) -> None:
    assert read_all(write_zip(tmp_path / "a.zip", b"")) == b""


def test_the_size_is_that_of_the_csv_and_nothing_for_no_zip(tmp_path: Path) -> None:
    assert entry_size(write_zip(tmp_path / "a.zip", b"12345")) == 5
    assert entry_size(tmp_path / "missing.zip") == 0


def test_among_several_files_the_first_is_read_when_it_is_named_like_the_zip(tmp_path: Path) -> None:
    path = tmp_path / "20131007_quote.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("__MACOSX/20131007_ibm_Quote_Tick.csv", b"no")
        file.writestr("20131007_ibm_Quote_Tick.csv", b"yes")
        file.writestr("20131007_ibm_Trade_Tick.csv", b"no")
        file.writestr("readme.txt", b"no")
    assert read_all(path) == b"yes"


@pytest.mark.parametrize("name", ["anything.csv", "20991231_other_quote.csv", "no_suffix"])
def test_the_name_of_an_only_file_does_not_matter(tmp_path: Path, name: str) -> None:
    assert read_all(write_zip(tmp_path / "20131007_quote.zip", b"yes", name)) == b"yes"


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["a.csv", "b.csv"],
        ["20131007_ibm_quote.csv", "20131007_spy_quote.csv"],
        ["20131007_ibm_trade.csv", "20131007_ibm_quote.csv"],
    ],
)
def test_no_file_or_an_unclear_choice_is_refused(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "20131007_quote.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, b"1")
    with pytest.raises(DataError, match=rf"20131007_quote\.zip holds {', '.join(names) or 'nothing'}(;| instead)"):
        CsvEntry(path)


def test_a_missing_zip_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.zip does not exist"):
        CsvEntry(tmp_path / "gone.zip")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        CsvEntry(tmp_path)


@pytest.mark.parametrize("content", [b"", b"34200000,1,1\n", b"PK\x03\x04" + b"\0" * 50])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.zip is no zip file or is damaged"):
        CsvEntry(path)


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", TEXT)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match="damaged"):
        CsvEntry(path)


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("a.csv", b"34200000,1815200,283\n")
    path.write_bytes(path.read_bytes().replace(b"1815200", b"1815201"))
    with pytest.raises(DataError, match=r"a\.zip \(a\.csv\) is damaged \(Bad CRC"):
        read_all(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", b"1")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="is encrypted"):
        CsvEntry(path)


def test_another_compression_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.csv", b"1")
    with pytest.raises(DataError, match="compressed by method 14"):
        CsvEntry(path)


def test_more_than_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "a.zip", b"12345")
    monkeypatch.setattr(archive, "ENTRY_BYTES_MAX", 4)
    with pytest.raises(DataError, match="claims to hold 5 bytes, over the limit of 4"):
        CsvEntry(path)


def test_an_entry_that_lost_its_name_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", b"34200000,1815200,283\n")
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 46] = 0
    path.write_bytes(content)
    with pytest.raises(DataError, match="holds nothing"):
        CsvEntry(path)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_damage_anywhere_is_refused_or_harmless(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = write_zip(tmp_path_factory.mktemp("zip") / "a.zip", b"34200000,1815200,283\n" * 50)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found = read_all(path)
    except DataError:
        return
    assert found == b"34200000,1815200,283\n" * 50
