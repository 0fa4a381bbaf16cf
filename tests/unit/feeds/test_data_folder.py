"""Where a data folder is found, where its files lie, and what a user is told when something is missing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from live.algorithm.enums import Resolution, SecurityType
from live.errors import DataError
from live.feeds.data_folder import DataFolder, find_data_folder
from live.feeds.market_hours import MARKET_HOURS_FILE

EQUITY, FOREX, CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO
DAY = date(2013, 10, 7)


def make_data(path: Path) -> Path:
    (path / MARKET_HOURS_FILE).parent.mkdir(parents=True)
    (path / MARKET_HOURS_FILE).write_text("{}", encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with every kind of data folder in reach."""
    project = tmp_path / "work" / "project"
    project.mkdir(parents=True)
    for name in ("explicit", "variable", "configured", "work/shared/lean-data", "work/project/data"):
        make_data(tmp_path / name)
    (tmp_path / "work" / "lean.json").write_text('{"data-folder": "../configured"}', encoding="utf-8")
    return project


def test_order_of_the_places(project: Path, tmp_path: Path) -> None:
    variable = {"LEAN_DATA": str(tmp_path / "variable")}
    found = find_data_folder(tmp_path / "explicit", project, variable)
    assert found == (tmp_path / "explicit", "named by --data-folder")
    assert find_data_folder(None, project, variable) == (tmp_path / "variable", "named by LEAN_DATA")
    assert find_data_folder(None, project, {}) == (project / "data", "found as ./data")
    (project / "data" / MARKET_HOURS_FILE).unlink()
    config = tmp_path / "work" / "lean.json"
    assert find_data_folder(None, project, {"LEAN_DATA": ""}) == (tmp_path / "configured", f"named by {config}")
    config.unlink()
    assert find_data_folder(None, project, {}) == (tmp_path / "work/shared/lean-data", "found as ../shared/lean-data")


def test_none_anywhere(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert find_data_folder(None, tmp_path / "empty", {}) is None


def test_shared_folder_is_found_from_a_folder_inside_the_project(project: Path, tmp_path: Path) -> None:
    (tmp_path / "work" / "lean.json").unlink()
    inside = project / "algorithms"
    inside.mkdir()
    found = find_data_folder(None, inside, {})
    assert found is not None
    assert found.path == tmp_path / "work/shared/lean-data"


def test_lean_json_with_comments_and_byte_order_mark(project: Path, tmp_path: Path) -> None:
    (project / "data" / MARKET_HOURS_FILE).unlink()
    text = '\ufeff{\n // one\n "note": "http://host", /* and\n another */ "data-folder": "../configured" // end\n}'
    (tmp_path / "work" / "lean.json").write_text(text, encoding="utf-8")
    found = find_data_folder(None, project, {})
    assert found is not None
    assert found.path == tmp_path / "configured"


def test_lean_json_without_a_data_folder_is_passed_over(project: Path, tmp_path: Path) -> None:
    (project / "data" / MARKET_HOURS_FILE).unlink()
    (tmp_path / "work" / "lean.json").write_text('{"other": 1}', encoding="utf-8")
    found = find_data_folder(None, project, {})
    assert found is not None
    assert found.how == "found as ../shared/lean-data"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON .*; mend it, or name the folder with --data-folder"),
        ("[]", "holds no JSON object"),
        ('{"data-folder": 5}', "key data-folder: 5 is no path"),
        ('{"data-folder": "nowhere"}', r"lean\.json, key data-folder: .*nowhere is not a folder"),
    ],
)
def test_damaged_lean_json(project: Path, tmp_path: Path, text: str, message: str) -> None:
    (project / "data" / MARKET_HOURS_FILE).unlink()
    (tmp_path / "work" / "lean.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        find_data_folder(None, project, {})


def test_named_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--data-folder: .*nowhere is not a folder; name the one that holds equity/"):
        find_data_folder(tmp_path / "nowhere", tmp_path, {})


def test_named_folder_without_market_hours(tmp_path: Path) -> None:
    message = f"LEAN_DATA: {tmp_path} is no LEAN data folder: {MARKET_HOURS_FILE} is missing"
    with pytest.raises(DataError, match=message):
        find_data_folder(None, tmp_path, {"LEAN_DATA": str(tmp_path)})


# -- paths


@pytest.mark.parametrize(
    ("kind", "market", "resolution", "ticker", "is_quote", "path", "entry"),
    [
        (EQUITY, "usa", "tick", "IBM", False, "20131007_trade.zip", "20131007_ibm_Trade_Tick.csv"),
        (EQUITY, "usa", "tick", "IBM", True, "20131007_quote.zip", "20131007_ibm_Quote_Tick.csv"),
        (EQUITY, "usa", "minute", "SPY", True, "20131007_quote.zip", "20131007_spy_minute_quote.csv"),
        (FOREX, "oanda", "tick", "EURUSD", True, "20131007_quote.zip", "20131007_eurusd_tick_quote.csv"),
        (CRYPTO, "coinbase", "second", "BTCUSD", False, "20131007_trade.zip", "20131007_btcusd_second_trade.csv"),
    ],
)
def test_file_of_a_day(
    kind: SecurityType, market: str, resolution: str, ticker: str, is_quote: bool, path: str, entry: str
) -> None:
    folder, step = DataFolder(Path("data")), Resolution[resolution.upper()]
    expected = Path("data") / kind.name.lower() / market / resolution / ticker.lower() / path
    assert folder.day_file(kind, market, step, ticker, DAY, is_quote) == expected
    assert folder.entry_name(kind, step, ticker, DAY, is_quote) == entry


@pytest.mark.parametrize(
    ("kind", "market", "ticker", "is_quote", "path"),
    [
        (EQUITY, "usa", "SPY", False, "equity/usa/daily/spy.zip"),
        (FOREX, "oanda", "EURUSD", True, "forex/oanda/daily/eurusd.zip"),
        (CRYPTO, "coinbase", "BTCUSD", False, "crypto/coinbase/daily/btcusd_trade.zip"),
        (CRYPTO, "coinbase", "BTCUSD", True, "crypto/coinbase/daily/btcusd_quote.zip"),
    ],
)
def test_file_of_all_days(kind: SecurityType, market: str, ticker: str, is_quote: bool, path: str) -> None:
    folder = DataFolder(Path())
    assert folder.history_file(kind, market, Resolution.DAILY, ticker, is_quote) == Path(path)
    assert folder.entry_name(kind, Resolution.DAILY, ticker, None, is_quote) == f"{ticker.lower()}.csv"


def test_map_and_factor_files() -> None:
    folder = DataFolder(Path())
    assert folder.map_file("usa", "BRK.A") == Path("equity/usa/map_files/brk.a.csv")
    assert folder.factor_file("usa", "IBM") == Path("equity/usa/factor_files/ibm.csv")


# -- what there is


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path)
    for ticker in ("aapl", "ibm", "spy"):
        folder.day_file(EQUITY, "usa", Resolution.MINUTE, ticker, DAY, False).parent.mkdir(parents=True)
    for ticker in ("ibm", "spy"):
        path = folder.history_file(EQUITY, "usa", Resolution.DAILY, ticker, False)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for is_quote in (False, True):
        path = folder.history_file(CRYPTO, "coinbase", Resolution.DAILY, "BTCUSD", is_quote)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder.folder(EQUITY, "usa", Resolution.DAILY) / "notes.txt").touch()
    return folder


def test_tickers_of_each_resolution(folder: DataFolder) -> None:
    assert folder.tickers(EQUITY, "usa", Resolution.MINUTE) == ["aapl", "ibm", "spy"]
    assert folder.tickers(EQUITY, "usa", Resolution.DAILY) == ["ibm", "spy"]
    assert folder.tickers(CRYPTO, "coinbase", Resolution.DAILY) == ["btcusd"]
    assert folder.tickers(EQUITY, "usa", Resolution.TICK) == []
    assert folder.markets(EQUITY) == ["usa"]
    assert folder.markets(FOREX) == []


@pytest.mark.parametrize("ticker", ["IBM", "ibm"])
def test_known_ticker_in_either_case(folder: DataFolder, ticker: str) -> None:
    folder.require_ticker(EQUITY, "usa", Resolution.MINUTE, ticker)


@pytest.mark.parametrize(
    ("kind", "market", "resolution", "ticker", "message"),
    [
        (EQUITY, "usa", Resolution.MINUTE, "SPYY", "has no SPYY in equity/usa/minute; there are: spy, aapl, ibm"),
        (EQUITY, "usa", Resolution.DAILY, "AAPL", "has no AAPL in equity/usa/daily; there are: ibm, spy"),
        (EQUITY, "use", Resolution.MINUTE, "IBM", "has no market 'use' for equity; there are: usa"),
        (FOREX, "oanda", Resolution.MINUTE, "EURUSD", "has no market 'oanda' for forex; there are: none"),
        (EQUITY, "usa", Resolution.TICK, "IBM", "usa has no tick data, so none of IBM; there are: minute, daily"),
    ],
)
def test_missing_data_name_what_there_is(
    folder: DataFolder, kind: SecurityType, market: str, resolution: Resolution, ticker: str, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        folder.require_ticker(kind, market, resolution, ticker)
    assert str(caught.value).endswith(message)


def test_long_lists_are_cut(folder: DataFolder) -> None:
    for number in range(20):
        folder.day_file(EQUITY, "usa", Resolution.MINUTE, f"x{number:02}", DAY, False).parent.mkdir(parents=True)
    with pytest.raises(DataError, match=r"there are: aapl, ibm, spy, x00, x01, x02, x03, x04 and 15 more$"):
        folder.require_ticker(EQUITY, "usa", Resolution.MINUTE, "QQQQ")
