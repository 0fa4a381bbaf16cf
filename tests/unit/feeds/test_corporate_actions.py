"""Map and factor files: LEAN's own files for known companies, hand-made ones for the rules, and damaged ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from support.reference_files import load_factor_file, load_map_file

from live.algorithm.enums import DataNormalizationMode
from live.errors import DataError
from live.feeds.corporate_actions import (
    LAST_DATE,
    CorporateAction,
    FactorFile,
    MapFile,
    MapRow,
)
from live.feeds.data_folder import DataFolder, find_data_folder

ADJUSTED, RAW = DataNormalizationMode.ADJUSTED, DataNormalizationMode.RAW


@pytest.fixture(scope="module")
def folder() -> DataFolder:
    found = find_data_folder(None, Path(__file__).parent)
    if found is None:
        pytest.skip("no LEAN data folder: set LEAN_DATA")
    return DataFolder(found.path)


@pytest.fixture
def factors_of(tmp_path: Path) -> Callable[[str], FactorFile]:
    def load(text: str) -> FactorFile:
        path = tmp_path / "some.csv"
        path.write_text(text, encoding="utf-8")
        return load_factor_file(path)

    return load


@pytest.fixture
def map_of(tmp_path: Path) -> Callable[[str], MapFile]:
    def load(text: str) -> MapFile:
        path = tmp_path / "some.csv"
        path.write_text(text, encoding="utf-8")
        return load_map_file(path, "SOME")

    return load


# -- map files


def test_map_file_of_a_company_that_kept_its_name(folder: DataFolder) -> None:
    maps = load_map_file(folder.map_file("usa", "IBM"), "IBM")
    assert maps.first_day == date(1998, 1, 2)
    assert maps.first_ticker == "IBM"
    assert maps.primary_exchange == "N"
    assert maps.delisting_day == LAST_DATE
    assert maps.ticker_on(date(2013, 10, 7)) == "IBM"


def test_map_file_of_a_renamed_company(folder: DataFolder) -> None:
    maps = load_map_file(folder.map_file("usa", "GOOGL"), "GOOGL")
    assert maps.first_ticker == "GOOG"
    assert [maps.ticker_on(date(2014, 4, day)) for day in (2, 3)] == ["GOOG", "GOOGL"]
    assert not maps.has_data(date(2004, 8, 18))
    assert maps.has_data(date(2004, 8, 19))


def test_map_file_of_a_delisted_company(folder: DataFolder) -> None:
    maps = load_map_file(folder.map_file("usa", "TWX"), "TWX")
    assert maps.first_ticker == "AOL"
    assert maps.delisting_day == date(2018, 6, 15)
    assert maps.has_data(date(2018, 6, 15))
    assert not maps.has_data(date(2018, 6, 16))
    assert maps.ticker_on(date(2018, 6, 16)) == "TWX"


def test_missing_map_file_gives_the_ticker_for_ever(tmp_path: Path) -> None:
    maps = load_map_file(tmp_path / "none.csv", "abc")
    assert (maps.first_day, maps.first_ticker, maps.primary_exchange) == (None, "ABC", "")
    assert maps.delisting_day == LAST_DATE
    assert maps.ticker_on(date(1900, 1, 1)) == maps.ticker_on(date(2100, 1, 1)) == "ABC"
    assert maps.has_data(date(1900, 1, 1))


def test_number_of_an_older_listing_is_no_part_of_the_first_ticker() -> None:
    assert MapFile([], "twx.1").first_ticker == "TWX"
    assert MapFile([], "brk.a").first_ticker == "BRK.A"
    assert MapFile([MapRow(date(1998, 1, 2), "VXX.1")], "VXX").first_ticker == "VXX"


def test_map_rows_may_lack_the_exchange_and_be_out_of_order(map_of: Callable[[str], MapFile]) -> None:
    maps = map_of("20501231,some\n\n19980102,old\n20000101,old,Q\n")
    assert maps.first_ticker == "OLD"
    assert maps.primary_exchange == ""
    assert maps.ticker_on(date(2000, 1, 2)) == "SOME"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("19980102", "has 1 fields instead of at least 2"),
        ("1998-01-02,some", "'1998-01-02' is no day in the form YYYYMMDD"),
        ("19980231,some", "'19980231' is no day"),
        ("19980102,", "the ticker is missing"),
    ],
)
def test_damaged_map_row_names_file_and_line(map_of: Callable[[str], MapFile], text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        map_of(f"19970101,some,N\n{text}\n")
    assert "some.csv line 2: " in str(caught.value)
    assert message in str(caught.value)
    assert "get a fresh copy" in str(caught.value)


# -- factor files


def test_apple_s_split_of_2014(folder: DataFolder) -> None:
    factors = load_factor_file(folder.factor_file("usa", "AAPL"))
    actions = factors.actions(date(2014, 6, 1), date(2014, 6, 30))
    assert actions == [CorporateAction(date(2014, 6, 6), True, Decimal("0.1428572"), Decimal("645.57"))]
    rows = [factors.row_on(date(2014, 6, day)) for day in (6, 7)]
    assert [row.split_factor for row in rows if row is not None] == [Decimal("0.0357143"), Decimal("0.25")]


def test_apple_s_dividends_in_cents(folder: DataFolder) -> None:
    factors = load_factor_file(folder.factor_file("usa", "AAPL"))
    actions = factors.actions(date(2012, 8, 1), date(2014, 5, 31))
    assert [(action.row_day.isoformat(), str(action.value)) for action in actions] == [
        ("2012-08-08", "2.65"),
        ("2012-11-06", "2.65"),
        ("2013-02-06", "2.65"),
        ("2013-05-08", "3.05"),
        ("2013-08-07", "3.05"),
        ("2013-11-05", "3.05"),
        ("2014-02-05", "3.05"),
        ("2014-05-07", "3.29"),
    ]
    assert not any(action.is_split for action in actions)


def test_ibm_s_scale_in_october_2013(folder: DataFolder) -> None:
    factors = load_factor_file(folder.factor_file("usa", "IBM"))
    assert factors.price_scale(date(2013, 10, 7), ADJUSTED) == Decimal("0.7464652")
    assert factors.price_scale(date(2013, 8, 6), ADJUSTED) == Decimal("0.7427522")
    assert factors.price_scale(date(2013, 10, 7), RAW) == 1
    assert factors.first_day == date(1998, 1, 2)


def test_scale_is_the_product_of_both_factors(factors_of: Callable[[str], FactorFile]) -> None:
    factors = factors_of("20100101,0.5,0.25,10\n20501231,1,1,0\n")
    assert factors.price_scale(date(2009, 1, 1), ADJUSTED) == Decimal("0.125")
    assert factors.price_scale(date(2010, 1, 1), ADJUSTED) == Decimal("0.125")
    assert factors.price_scale(date(2010, 1, 2), ADJUSTED) == 1
    assert factors.price_scale(date(2051, 1, 1), ADJUSTED) == 1


def test_missing_factor_file_gives_ones(tmp_path: Path) -> None:
    factors = load_factor_file(tmp_path / "none.csv")
    assert factors.first_day is None
    assert factors.price_scale(date(2013, 10, 7), ADJUSTED) == 1
    assert factors.actions(date(1998, 1, 1), LAST_DATE) == []


def test_dividend_and_split_of_one_day_come_in_that_order(factors_of: Callable[[str], FactorFile]) -> None:
    factors = factors_of("20100104,0.95,0.5,100\n20501231,1,1,0\n")
    assert factors.actions(date(2010, 1, 4), date(2010, 1, 4)) == [
        CorporateAction(date(2010, 1, 4), False, Decimal("5.00"), Decimal(100)),
        CorporateAction(date(2010, 1, 4), True, Decimal("0.5"), Decimal(100)),
    ]
    assert factors.actions(date(2010, 1, 5), LAST_DATE) == []
    assert factors.actions(date(2009, 1, 1), date(2010, 1, 3)) == []


@pytest.mark.parametrize(("factor", "cash"), [("0.99875", "0.12"), ("0.99885", "0.12"), ("0.99865", "0.14")])
def test_half_cents_of_a_dividend_are_rounded_to_even(
    factors_of: Callable[[str], FactorFile], factor: str, cash: str
) -> None:
    (action,) = factors_of(f"20100104,{factor},1,100\n20501231,1,1,0\n").actions(date(2010, 1, 4), LAST_DATE)
    assert str(action.value) == cash


def test_rows_that_lost_their_precision_do_not_count(factors_of: Callable[[str], FactorFile]) -> None:
    factors = factors_of("19980102,1,inf,1\n19990104,1,1.6e+6,1\n20000103,0,1,1\n20010102,0.5,1,1\n20501231,1,1,0\n")
    assert factors.first_day == date(2001, 1, 2)


def test_first_of_two_rows_of_a_day_counts(factors_of: Callable[[str], FactorFile]) -> None:
    factors = factors_of("20501231,1,1,0\n20100104,0.9,1,100\n20100104,0.8,1,100\n")
    assert factors.price_scale(date(2010, 1, 4), ADJUSTED) == Decimal("0.9")
    assert [action.value for action in factors.actions(date(2010, 1, 1), LAST_DATE)] == [Decimal("10.00")]


def test_action_without_a_closing_price_is_refused_when_it_is_needed(factors_of: Callable[[str], FactorFile]) -> None:
    factors = factors_of("20100104,0.9,1\n20501231,1,1\n")
    assert factors.price_scale(date(2010, 1, 4), ADJUSTED) == Decimal("0.9")
    assert factors.actions(date(2011, 1, 1), LAST_DATE) == []
    with pytest.raises(DataError, match=r"some\.csv: the row of 20100104 has a split or dividend but no closing price"):
        factors.actions(date(2010, 1, 1), LAST_DATE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("20100104,1", "has 2 fields instead of at least 3"),
        ("2010014,1,1,1", "'2010014' is no day in the form YYYYMMDD"),
        ("20101301,1,1,1", "'20101301' is no day"),
        ("20100104,one,1,1", "holds no factors"),
        ("20100104,1,1,", "holds no factors"),
        ("20100104,NaN,1,1", "holds no factors"),
        ("20100104,-1,1,1", "holds no factors"),
    ],
)
def test_damaged_factor_row_names_file_and_line(
    factors_of: Callable[[str], FactorFile], text: str, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        factors_of(f"19980102,1,1,1\n{text}\n")
    assert "some.csv line 2: " in str(caught.value)
    assert message in str(caught.value)


def test_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is not text"):
        load_factor_file(tmp_path / "some.csv")


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "some.csv").mkdir()
    with pytest.raises(DataError, match=r"cannot be read: .*; check the data folder"):
        load_map_file(tmp_path / "some.csv", "SOME")
