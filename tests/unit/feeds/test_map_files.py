"""Which listing a ticker means, and where map and factor files are read from."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from live.algorithm.symbols import DEFAULT_FIRST_DATE
from live.errors import DataError
from live.feeds.map_files import ListingFiles


def files(folder: Path, **texts: str) -> ListingFiles:
    """Write map files, given as name=rows with "__" for a dot, and return what reads them."""
    path = folder / "map_files"
    path.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (path / f"{name.replace('__', '.')}.csv").write_text(text, encoding="utf-8")
    return ListingFiles(folder)


def write_zip_of(path: Path, **texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(f"{name.replace('__', '.')}.csv", text)


def test_every_ticker_of_a_listing_leads_to_it(tmp_path: Path) -> None:
    listings = files(tmp_path, tfcfa="20041112,nwsa,Q\n20130628,nwsa,Q\n20190318,foxa,Q\n20190320,tfcfa,Q\n")
    for ticker in ("NWSA", "foxa", "TFCFA"):
        name, first_day, maps = listings.listing_of(ticker)
        assert (name, first_day, maps.name) == ("NWSA", date(2004, 11, 12), "TFCFA")


def test_a_ticker_that_two_companies_had_means_the_present_one(tmp_path: Path) -> None:
    listings = files(
        tmp_path,
        goog="20140327,goocv,Q\n20140402,goocv,Q\n20501231,goog,Q\n",
        googl="20040819,goog,Q\n20140402,goog,Q\n20501231,googl,Q\n",
    )
    assert listings.listing_of("GOOG")[0:2] == ("GOOCV", date(2014, 3, 27))
    assert listings.listing_of("GOOGL")[0:2] == ("GOOG", date(2004, 8, 19))
    assert listings.listing_of("GOOCV")[2].name == "GOOG"


def test_a_ticker_that_nobody_has_any_more_means_who_had_it_last(tmp_path: Path) -> None:
    listings = files(
        tmp_path,
        twx="19980102,aol,N\n20031015,aol,N\n20180615,twx,N\n",
        twx__1="19980102,twx\n20010111,twx\n",
    )
    assert listings.listing_of("TWX") == ("AOL", date(1998, 1, 2), listings.listing_of("AOL")[2])
    assert listings.listing_of("TWX")[2].delisting_day == date(2018, 6, 15)


def test_a_ticker_without_a_map_file_is_itself(tmp_path: Path) -> None:
    for listings in (files(tmp_path, ibm="19980102,ibm,N\n20501231,ibm,N\n"), ListingFiles(tmp_path / "missing")):
        name, first_day, maps = listings.listing_of("abc")
        assert (name, first_day, maps.rows) == ("ABC", DEFAULT_FIRST_DATE, [])


@pytest.mark.parametrize("ticker", ["IBM", "B", "BRK", "RK.B", "Q", "20501231"])
def test_only_whole_tickers_count(tmp_path: Path, ticker: str) -> None:
    listings = files(tmp_path, brk__b="19980102,brk.b,Q\n20501231,brk.b,Q\n")
    assert listings.listing_of(ticker)[2].rows == []
    assert listings.listing_of("brk.b")[:2] == ("BRK.B", date(1998, 1, 2))


def test_rows_of_another_system_are_read(tmp_path: Path) -> None:
    (tmp_path / "map_files").mkdir()
    (tmp_path / "map_files" / "ibm.csv").write_bytes(b"\xef\xbb\xbf19980102,ibm,N\r\n\r\n20501231,ibm,N")
    assert ListingFiles(tmp_path).listing_of("IBM")[:2] == ("IBM", date(1998, 1, 2))


def test_a_damaged_map_file_only_matters_to_its_own_tickers(tmp_path: Path) -> None:
    listings = files(tmp_path, ibm="19980102,ibm,N\n20501231,ibm,N\n", bad="1998,bad,N\n")
    (tmp_path / "map_files" / "worse.csv").write_bytes(b"\xff1998,worse,N\n")
    with pytest.raises(DataError, match=r"worse\.csv line 1: .* is no day"):
        ListingFiles(tmp_path).listing_of("WORSE")
    assert listings.listing_of("IBM")[0] == "IBM"
    with pytest.raises(DataError, match=r"bad\.csv line 1: '1998' is no day"):
        listings.listing_of("BAD")


def test_the_newest_zip_is_read_when_there_are_no_csv_files(tmp_path: Path) -> None:
    for day, last in (("20240105", "20231231"), ("20240301", "20501231")):
        write_zip_of(tmp_path / "map_files" / f"map_files_{day}.zip", aapl=f"19980102,aapl,Q\n{last},aapl,Q\n")
        write_zip_of(tmp_path / "factor_files" / f"factor_files_{day}.zip", aapl=f"20200101,0.5,1,10\n{last},1,1,0\n")
    listings = ListingFiles(tmp_path)
    maps = listings.listing_of("AAPL")[2]
    assert maps.delisting_day == date(2050, 12, 31)
    assert listings.factors_of(maps, "AAPL").first_day == date(2020, 1, 1)


def test_csv_files_go_before_zips(tmp_path: Path) -> None:
    write_zip_of(tmp_path / "map_files" / "map_files_20240105.zip", aapl="20100101,aapl,Q\n20501231,aapl,Q\n")
    listings = files(tmp_path, aapl="19980102,aapl,Q\n20501231,aapl,Q\n")
    assert listings.listing_of("AAPL")[1] == date(1998, 1, 2)


def test_a_damaged_zip_of_map_files_is_named(tmp_path: Path) -> None:
    path = tmp_path / "map_files" / "map_files_20240105.zip"
    write_zip_of(path, aapl="19980102,aapl,Q\n" * 100)
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"map_files_20240105\.zip is damaged.*get a fresh copy"):
        ListingFiles(tmp_path).listing_of("AAPL")


def test_a_damaged_row_of_a_zip_names_zip_and_file(tmp_path: Path) -> None:
    write_zip_of(tmp_path / "map_files" / "map_files_20240105.zip", aapl="x,aapl,Q\n")
    with pytest.raises(DataError, match=r"map_files_20240105\.zip \(aapl\.csv\) line 1: 'X' is no day"):
        ListingFiles(tmp_path).listing_of("AAPL")


def test_the_factor_file_has_the_name_of_the_map_file(tmp_path: Path) -> None:
    listings = files(tmp_path, new="20150101,old,Q\n20501231,new,Q\n")
    (tmp_path / "factor_files").mkdir()
    for name, factor in (("new", "0.5"), ("old", "0.1"), ("abc", "0.7")):
        (tmp_path / "factor_files" / f"{name}.csv").write_text(f"20200101,{factor},1,10\n20501231,1,1,0\n")
    maps = listings.listing_of("OLD")[2]
    row = listings.factors_of(maps, "OLD").row_on(date(2020, 1, 1))
    assert row is not None
    assert str(row.price_factor) == "0.5"
    other = listings.factors_of(listings.listing_of("ABC")[2], "ABC").row_on(date(2020, 1, 1))
    assert other is not None
    assert str(other.price_factor) == "0.7"
