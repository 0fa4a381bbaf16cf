"""The sample session: complete, the same every time, and as a market should be."""

from __future__ import annotations

import hashlib
import os
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from support.reference_files import load_factor_file, load_map_file

from live.algorithm.enums import DataNormalizationMode, Resolution, SecurityType
from live.errors import EnvironmentFault, UsageError
from live.feeds.data_folder import DataFolder, find_data_folder
from live.feeds.market_hours import MarketHoursDatabase
from live.feeds.sample import NOTE_FILE, SAMPLE_DAYS, write_sample
from live.feeds.sample_market import (
    CLOSING_PRINT,
    OPENING_PRINT,
    EquityMarket,
    QuoteTick,
    Session,
    TradeTick,
    quote_bars,
    trade_bars,
)
from live.feeds.symbol_properties import SymbolPropertiesDatabase

EQUITY, FOREX, CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO
MINUTE_MS = 60_000
OPEN_MS, CLOSE_MS = 34_200_000, 57_600_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    path = tmp_path_factory.mktemp("sample") / "data"
    write_sample(path)
    return DataFolder(path)


def rows_of(path: Path) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        (entry,) = archive.infolist()
        return [row.split(",") for row in archive.read(entry).decode().split("\n")]


def rows(folder: DataFolder, resolution: str, day: date, is_quote: bool, ticker: str = "IBM") -> list[list[str]]:
    return rows_of(folder.day_file(EQUITY, "usa", Resolution[resolution.upper()], ticker, day, is_quote))


def digest(path: Path) -> str:
    files = sorted(each for each in path.rglob("*") if each.is_file())
    return hashlib.sha256(b"".join(str(f.relative_to(path)).encode() + f.read_bytes() for f in files)).hexdigest()


# -- the folder


def test_sample_is_a_data_folder_that_says_it_is_synthetic(folder: DataFolder) -> None:
    assert find_data_folder(folder.path, folder.path, {}) is not None
    assert "Every price in this folder is synthetic" in (folder.path / NOTE_FILE).read_text(encoding="utf-8")


def test_same_seed_gives_the_same_bytes_and_another_seed_other_ones(tmp_path: Path) -> None:
    day = [date(2013, 10, 7)]
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_sample(tmp_path / name, seed, day)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_complete_sample_is_left_alone_and_an_incomplete_one_is_written_anew(tmp_path: Path) -> None:
    days = [date(2013, 10, 7)]
    write_sample(tmp_path, 1, days)
    before = digest(tmp_path)
    target = DataFolder(tmp_path).map_file("usa", "IBM")
    target.write_text("mine", encoding="utf-8")
    write_sample(tmp_path, 1, days)
    assert target.read_text(encoding="utf-8") == "mine"
    (tmp_path / NOTE_FILE).unlink()
    write_sample(tmp_path, 1, days)
    assert digest(tmp_path) == before


def test_sample_without_days(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a day; name at least one"):
        write_sample(tmp_path, days=[])


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault, match=r"cannot write .*file.*: .*; choose another folder"):
        write_sample(tmp_path / "file" / "data", days=[date(2013, 10, 7)])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EnvironmentFault, match="Permission denied"):
        write_sample(tmp_path / "data", days=[date(2013, 10, 7)])


def test_every_file_has_the_name_and_the_entry_that_lean_expects(folder: DataFolder) -> None:
    for kind, market, ticker, is_quote in (
        (EQUITY, "usa", "SPY", False),
        (EQUITY, "usa", "IBM", True),
        (CRYPTO, "coinbase", "BTCUSD", False),
        (CRYPTO, "coinbase", "BTCUSD", True),
        (FOREX, "oanda", "EURUSD", True),
    ):
        for day in SAMPLE_DAYS:
            path = folder.day_file(kind, market, Resolution.MINUTE, ticker, day, is_quote)
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
            assert names == [folder.entry_name(kind, Resolution.MINUTE, ticker, day, is_quote)]


def test_reference_data_of_the_sample(folder: DataFolder) -> None:
    hours = MarketHoursDatabase(folder.path)
    properties = SymbolPropertiesDatabase(folder.path)
    assert hours.hours(CRYPTO, "coinbase", "BTCUSD").is_market_always_open
    assert properties.properties(CRYPTO, "coinbase", "BTCUSD").lot_size == Decimal("0.00000001")
    assert properties.properties(FOREX, "oanda", "EURUSD").base_currency == "EUR"
    assert load_map_file(folder.map_file("usa", "SPY"), "SPY").primary_exchange == "P"
    factors = load_factor_file(folder.factor_file("usa", "IBM"))
    assert factors.price_scale(SAMPLE_DAYS[0], DataNormalizationMode.ADJUSTED) == 1
    assert factors.actions(date(1998, 1, 1), date(2050, 1, 1)) == []


def test_sample_s_calendar_of_2012_to_2014_is_lean_s(folder: DataFolder) -> None:
    found = find_data_folder(None, Path(__file__).parent)
    if found is None:
        pytest.skip("no LEAN data folder: set LEAN_DATA")
    ours = MarketHoursDatabase(folder.path).hours(EQUITY, "usa", "IBM")
    theirs = MarketHoursDatabase(found.path).hours(EQUITY, "usa", "IBM")
    first, last = date(2012, 1, 1), date(2014, 12, 31)
    assert ours.tradable_days(first, last) == theirs.tradable_days(first, last)
    for day in ours.tradable_days(first, last):
        at = (day - date(1970, 1, 1)).days * 86_400_000_000_000
        assert ours.segments(at) == theirs.segments(at), day


# -- prices


def test_ticks_of_the_week_are_between_100_000_and_200_000(folder: DataFolder) -> None:
    counts = [len(rows(folder, "tick", day, is_quote)) for day in SAMPLE_DAYS for is_quote in (False, True)]
    assert 100_000 < sum(counts) < 200_000
    assert min(counts) > 2_000


@pytest.mark.parametrize("day", SAMPLE_DAYS)
def test_quote_is_one_to_three_cents_wide_and_never_crossed(folder: DataFolder, day: date) -> None:
    quotes = rows(folder, "tick", day, True)
    bid = ask = 0
    for index, (time_ms, bid_price, bid_size, ask_price, ask_size, *_) in enumerate(quotes):
        assert (int(bid_price) == 0) is not (int(ask_price) == 0)
        assert int(bid_size) + int(ask_size) > 0
        bid, ask = int(bid_price) or bid, int(ask_price) or ask
        if not bid or not ask:
            continue
        assert bid < ask
        is_last_of_moment = index + 1 == len(quotes) or quotes[index + 1][0] != time_ms
        if is_last_of_moment:
            assert ask - bid <= 300


def test_ticks_are_in_order_of_time(folder: DataFolder) -> None:
    for is_quote in (False, True):
        times = [int(row[0]) for row in rows(folder, "tick", SAMPLE_DAYS[0], is_quote)]
        assert times == sorted(times)
        assert 0 < times[0] < OPEN_MS
        assert CLOSE_MS < times[-1] < 86_400_000


@pytest.mark.parametrize("day", SAMPLE_DAYS)
def test_opening_and_closing_prints_come_from_the_primary_exchange(folder: DataFolder, day: date) -> None:
    prints = [row for row in rows(folder, "tick", day, False) if row[4] in (OPENING_PRINT, CLOSING_PRINT)]
    assert [(row[3], row[4]) for row in prints] == [("N", OPENING_PRINT), ("N", CLOSING_PRINT)]
    assert OPEN_MS <= int(prints[0][0]) < OPEN_MS + MINUTE_MS
    assert CLOSE_MS <= int(prints[1][0]) < CLOSE_MS + MINUTE_MS


def test_activity_is_highest_at_both_ends_of_the_session(folder: DataFolder) -> None:
    times = [int(row[0]) for day in SAMPLE_DAYS for row in rows(folder, "tick", day, True)]

    def count(start_ms: int) -> int:
        return sum(start_ms <= time_ms < start_ms + 30 * MINUTE_MS for time_ms in times)

    middle = count(OPEN_MS + 180 * MINUTE_MS)
    assert count(OPEN_MS) > 2 * middle
    assert count(CLOSE_MS - 30 * MINUTE_MS) > 1.5 * middle


def test_minute_bars_are_made_of_the_ticks(folder: DataFolder) -> None:
    ticks = rows(folder, "tick", SAMPLE_DAYS[1], False)
    bars = {int(row[0]): row for row in rows(folder, "minute", SAMPLE_DAYS[1], False)}
    by_minute: dict[int, list[list[str]]] = {}
    for row in ticks:
        by_minute.setdefault(int(row[0]) // MINUTE_MS * MINUTE_MS, []).append(row)
    assert bars.keys() == by_minute.keys()
    for start, inside in by_minute.items():
        prices = [int(row[1]) for row in inside]
        volume = sum(int(row[2]) for row in inside)
        expected = [start, prices[0], max(prices), min(prices), prices[-1], volume]
        assert [int(each) for each in bars[start]] == expected


def test_daily_bars_reach_back_and_end_with_the_sample(folder: DataFolder) -> None:
    daily = rows_of(folder.history_file(EQUITY, "usa", Resolution.DAILY, "SPY", False))
    assert len(daily) == 65
    assert [row[0] for row in daily[-5:]] == [f"{day:%Y%m%d} 00:00" for day in SAMPLE_DAYS]
    for row in daily:
        first, high, low, last, volume = map(int, row[1:])
        assert low <= min(first, last) <= max(first, last) <= high
        assert volume > 0
    assert abs(int(daily[-6][4]) / int(daily[-5][1]) - 1) < 0.02


def test_half_day_ends_at_one_without_post_market(tmp_path: Path) -> None:
    days = [date(2013, 11, 28), date(2013, 11, 29)]
    write_sample(tmp_path, days=days)
    folder = DataFolder(tmp_path)
    assert not folder.day_file(EQUITY, "usa", Resolution.MINUTE, "IBM", days[0], False).exists()
    quotes = rows(folder, "tick", days[1], True)
    assert 46_000_000 < int(quotes[-1][0]) < 46_800_000
    assert folder.day_file(CRYPTO, "coinbase", Resolution.MINUTE, "BTCUSD", days[0], False).exists()


def test_weekend_gives_currencies_only(tmp_path: Path) -> None:
    write_sample(tmp_path, days=[date(2013, 10, 12)])
    folder = DataFolder(tmp_path)
    assert folder.tickers(EQUITY, "usa", Resolution.DAILY) == []
    assert folder.tickers(CRYPTO, "coinbase", Resolution.MINUTE) == ["btcusd"]


def test_forex_minutes_keep_to_the_market_s_hours(folder: DataFolder) -> None:
    def minutes(day: date) -> list[int]:
        path = folder.day_file(FOREX, "oanda", Resolution.MINUTE, "EURUSD", day, True)
        return [int(row[0]) // MINUTE_MS for row in rows_of(path)]

    assert minutes(date(2013, 10, 6)) == list(range(21 * 60 + 3, 1440))
    pause = set(range(20 * 60 + 58, 21 * 60 + 3))
    assert minutes(date(2013, 10, 7)) == [minute for minute in range(1440) if minute not in pause]
    assert minutes(date(2013, 10, 11))[-1] == 20 * 60 + 57
    assert not folder.day_file(FOREX, "oanda", Resolution.MINUTE, "EURUSD", date(2013, 10, 12), True).exists()


def test_crypto_bars_are_coherent(folder: DataFolder) -> None:
    path = folder.day_file(CRYPTO, "coinbase", Resolution.MINUTE, "BTCUSD", SAMPLE_DAYS[0], True)
    quotes = [[Decimal(each) for each in row] for row in rows_of(path)]
    assert len(quotes) == 1440
    for _, *values in quotes:
        for side in (values[:4], values[5:9]):
            assert side[2] <= min(side[0], side[3]) <= max(side[0], side[3]) <= side[1]
            assert all(price == price.quantize(Decimal("0.01")) for price in side)
        assert values[3] < values[8]
    path = folder.day_file(CRYPTO, "coinbase", Resolution.MINUTE, "BTCUSD", SAMPLE_DAYS[0], False)
    trades = rows_of(path)
    assert 1_300 < len(trades) < 1_440
    assert all(Decimal(row[5]) > 0 for row in trades)


# -- the market


def test_market_never_falls_to_nothing() -> None:
    market = EquityMarket(Random(1), 101.0)
    trades, quotes = market.day([Session(0, 60 * MINUTE_MS, 200.0, True)])
    assert min(tick.price for tick in (*trades, *quotes)) > 9_000


def test_trade_bars_have_no_bar_for_an_empty_period() -> None:
    ticks = [TradeTick(0, 100, 5, "N", "1"), TradeTick(59_999, 90, 1, "N", "1"), TradeTick(120_000, 95, 2, "N", "1")]
    assert trade_bars(ticks, MINUTE_MS) == [(0, 100, 100, 90, 90, 6), (120_000, 95, 95, 95, 95, 2)]


def test_quote_bars_repeat_a_side_that_did_not_move() -> None:
    ticks = [
        QuoteTick(0, True, 100, 1, "N"),
        QuoteTick(1, False, 110, 2, "N"),
        QuoteTick(2, True, 105, 3, "N"),
        QuoteTick(60_000, False, 108, 4, "N"),
    ]
    assert quote_bars(ticks, MINUTE_MS) == [
        (0, (100, 105, 100, 105, 3), (110, 110, 110, 110, 2)),
        (60_000, (105, 105, 105, 105, 3), (110, 110, 108, 108, 4)),
    ]
    assert quote_bars(ticks[:1], MINUTE_MS) == []
