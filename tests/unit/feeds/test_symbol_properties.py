"""Symbol properties: LEAN's own rows, its fallbacks, and damaged rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from live.algorithm.enums import SecurityType
from live.errors import DataError
from live.feeds.data_folder import find_data_folder
from live.feeds.symbol_properties import SYMBOL_PROPERTIES_FILE, SymbolPropertiesDatabase

HEADER = (
    "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size\n\n# comment\n"
)
BITCOIN = "coinbase,BTCUSD,crypto,Bitcoin-US Dollar,USD,1,0.01,0.00000001,BTC-USD,0.00000001\n"
EQUITY, FOREX, CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO


@pytest.fixture(scope="module")
def database() -> SymbolPropertiesDatabase:
    found = find_data_folder(None, Path(__file__).parent)
    if found is None:
        pytest.skip("no LEAN data folder: set LEAN_DATA")
    return SymbolPropertiesDatabase(found.path)


def make_database(folder: Path, rows: str) -> SymbolPropertiesDatabase:
    path = folder / SYMBOL_PROPERTIES_FILE
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + rows, encoding="utf-8")
    return SymbolPropertiesDatabase(folder)


def test_equity_takes_the_market_s_common_row(database: SymbolPropertiesDatabase) -> None:
    found = database.properties(EQUITY, "usa", "IBM")
    assert (found.quote_currency, found.base_currency) == ("USD", None)
    assert (found.lot_size, found.contract_multiplier) == (1, 1)
    assert found.minimum_price_variation == Decimal("0.01")
    assert found.minimum_order_size is None


def test_crypto_pair_of_lean_s_database(database: SymbolPropertiesDatabase) -> None:
    found = database.properties(CRYPTO, "coinbase", "btcusd")
    assert (found.base_currency, found.quote_currency) == ("BTC", "USD")
    assert found.lot_size == found.minimum_order_size == Decimal("0.00000001")
    assert found.LotSize == found.lot_size


@pytest.mark.parametrize(("market", "lot"), [("oanda", 1), ("fxcm", 1000)])
def test_forex_lot_depends_on_the_market(database: SymbolPropertiesDatabase, market: str, lot: int) -> None:
    found = database.properties(FOREX, market, "EURUSD")
    assert (found.base_currency, found.quote_currency, found.lot_size) == ("EUR", "USD", lot)
    assert found.minimum_price_variation == Decimal("0.00001")


def test_every_pair_of_lean_s_database_can_be_decoded(database: SymbolPropertiesDatabase) -> None:
    rows = [row.split(",") for row in database.path.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    pairs = [fields for fields in rows if len(fields) > 7 and fields[2] in ("crypto", "forex")]
    assert len(pairs) > 1_000
    for market, ticker, kind, *_ in pairs:
        found = database.properties(SecurityType[kind.upper()], market, ticker)
        assert f"{found.base_currency}{found.quote_currency}" == ticker


def test_quote_currency_of_more_than_three_letters(tmp_path: Path) -> None:
    row = "binance,BTCUSDT,crypto,,USDT,1,0.01,0.00001\n"
    found = make_database(tmp_path, row).properties(CRYPTO, "binance", "BTCUSDT")
    assert (found.base_currency, found.quote_currency) == ("BTC", "USDT")


def test_exponents_of_small_numbers(tmp_path: Path) -> None:
    row = "binance,SHIBUSDT,crypto,,USDT,1,1E-8,1,SHIBUSDT,\n"
    found = make_database(tmp_path, row).properties(CRYPTO, "binance", "SHIBUSDT")
    assert found.minimum_price_variation == Decimal("0.00000001")
    assert found.minimum_order_size is None


def test_windows_line_ends(tmp_path: Path) -> None:
    database = make_database(tmp_path, BITCOIN.replace("\n", "\r\n") + "usa,[*],equity,,USD,1,0.01,1\r\n")
    assert database.properties(EQUITY, "usa", "IBM").lot_size == 1


def test_row_of_the_symbol_goes_before_the_common_one(tmp_path: Path) -> None:
    database = make_database(tmp_path, "usa,[*],equity,,USD,1,0.01,1\nusa,BRK.A,equity,,USD,1,0.05,10\n")
    assert database.properties(EQUITY, "usa", "BRK.A").lot_size == 10
    assert database.properties(EQUITY, "usa", "BRK").lot_size == 1


def test_equity_and_forex_without_any_row_get_lean_s_defaults(tmp_path: Path) -> None:
    database = make_database(tmp_path, BITCOIN)
    equity = database.properties(EQUITY, "usa", "IBM")
    forex = database.properties(FOREX, "oanda", "eurjpy")
    assert (equity.quote_currency, equity.base_currency) == ("USD", None)
    assert (forex.quote_currency, forex.base_currency) == ("JPY", "EUR")
    assert equity.lot_size == forex.lot_size == forex.contract_multiplier == 1
    assert equity.minimum_price_variation == forex.minimum_price_variation == Decimal("0.01")


def test_forex_ticker_of_the_wrong_length(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="EURUSDX is no forex pair: it needs two currencies of three letters"):
        make_database(tmp_path, BITCOIN).properties(FOREX, "oanda", "EURUSDX")


def test_unknown_crypto_pair_names_its_like(tmp_path: Path) -> None:
    database = make_database(tmp_path, BITCOIN + BITCOIN.replace("BTC", "ETH"))
    with pytest.raises(DataError, match=r"no row of BTCUSDD \(crypto, coinbase\).*there are 2 pairs.*: BTCUSD"):
        database.properties(CRYPTO, "coinbase", "BTCUSDD")


def test_unknown_crypto_market_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no crypto market 'mtgox'.*it has: coinbase"):
        make_database(tmp_path, BITCOIN).properties(CRYPTO, "mtgox", "BTCUSD")


def test_missing_file_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"symbol-properties-database\.csv does not exist; point --data-folder"):
        SymbolPropertiesDatabase(tmp_path)


def test_file_that_is_no_text(tmp_path: Path) -> None:
    make_database(tmp_path, "").path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"is not text .* get a fresh copy"):
        SymbolPropertiesDatabase(tmp_path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("coinbase,BTCUSD,crypto,,USD,1", "there are 6 fields instead of at least 8"),
        ("coinbase,BTCUSD,crypto,,EUR,1,0.01,1", "BTCUSD does not end in its quote currency 'EUR'"),
        ("coinbase,BTCUSD,crypto,,,1,0.01,1", "BTCUSD does not end in its quote currency ''"),
        ("coinbase,BTCUSD,crypto,,BTCUSD,1,0.01,1", "does not end in its quote currency 'BTCUSD'"),
        ("coinbase,BTCUSD,crypto,,USD,one,0.01,1", "contract_multiplier 'one' is no number"),
        ("coinbase,BTCUSD,crypto,,USD,1,-0.01,1", "minimum_price_variation '-0.01' is not above zero"),
        ("coinbase,BTCUSD,crypto,,USD,1,0.01,0", "lot_size '0' is not above zero"),
        ("coinbase,BTCUSD,crypto,,USD,1,0.01,NaN", "lot_size 'NaN' is not above zero"),
        ("coinbase,BTCUSD,crypto,,USD,1,0.01,1,,none", "minimum_order_size 'none' is no number"),
    ],
)
def test_damaged_row_names_file_line_and_fault(tmp_path: Path, row: str, message: str) -> None:
    database = make_database(tmp_path, row)
    with pytest.raises(DataError) as caught:
        database.properties(CRYPTO, "coinbase", "BTCUSD")
    assert f"{database.path} line 4: " in str(caught.value)
    assert message in str(caught.value)
    assert repr(row) in str(caught.value)
