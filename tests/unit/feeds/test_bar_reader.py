"""Bars between two moments: days without trading, adjustment, several files, corporate actions among them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.lean_folder import LeanFolder, daily_row, hours_entry
from support.zips import write_zip

from live.algorithm.data import BaseData, Delisting, QuoteBar, Split, TradeBar
from live.algorithm.enums import DataNormalizationMode, DelistingType, Resolution, SecurityType, SplitType
from live.algorithm.symbols import Symbol
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, ns_to_datetime
from live.feeds.bar_reader import BarReader, with_events
from live.feeds.bar_subscription import SubscriptionConfig
from live.feeds.corporate_actions import FactorFile, MapFile, parse_factor_file, parse_map_file
from live.feeds.corporate_events import CorporateEvent, corporate_events
from live.feeds.listing import Listing
from live.feeds.market_hours import MarketHoursDatabase
from live.feeds.subscription_files import bar_files

FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (date(2020, 6, day) for day in range(5, 10))
ADJUSTED, RAW = DataNormalizationMode.ADJUSTED, DataNormalizationMode.RAW
BEGIN, END = date_to_ns(FRIDAY), date_to_ns(TUESDAY) + NANOSECONDS_PER_DAY - 1


def listing_of(maps: str = "", factors: str = "", ticker: str = "AB") -> Listing:
    map_file = parse_map_file(maps, "map", ticker) if maps else MapFile([], ticker)
    factor_file = parse_factor_file(factors, "factor") if factors else FactorFile([])
    return Listing(Symbol.create(ticker, SecurityType.EQUITY, "usa"), map_file, factor_file)


def config_of(
    folder: LeanFolder,
    listing: Listing,
    resolution: Resolution,
    is_quote: bool = False,
    mode: DataNormalizationMode = ADJUSTED,
    is_precise: bool = True,
) -> SubscriptionConfig:
    hours = MarketHoursDatabase(folder.path).hours(SecurityType.EQUITY, "usa", "AB")
    return SubscriptionConfig(
        listing.symbol, resolution, is_quote, mode, False, True, hours, daily_precise_end_time=is_precise
    )


def reader_of(folder: LeanFolder, config: SubscriptionConfig, listing: Listing, begin: int = BEGIN) -> BarReader:
    return BarReader(config, listing, bar_files(folder.names, config, listing, begin, END), begin, END)


def spans(points: list[BaseData]) -> list[str]:
    return [
        f"{ns_to_datetime(p.time_local_ns):%d %H:%M}-{ns_to_datetime(p.end_local_ns):%d %H:%M} {p.value:g}"
        for p in points
    ]


@pytest.fixture
def folder(tmp_path: Path) -> LeanFolder:
    return LeanFolder(tmp_path)


def test_days_run_from_open_to_close_and_need_regular_trading(folder: LeanFolder) -> None:
    days = [FRIDAY, SATURDAY, SUNDAY, MONDAY]
    folder.history("AB", Resolution.DAILY, [daily_row(day, 10_000 * (n + 1)) for n, day in enumerate(days)])
    listing = listing_of()
    reader = reader_of(folder, config_of(folder, listing, Resolution.DAILY), listing)
    assert spans(list(reader)) == ["05 09:30-05 16:00 1", "08 09:30-08 16:00 4"]
    assert reader.raw_price == 4.0


def test_days_run_from_midnight_to_midnight_when_the_settings_say_so(folder: LeanFolder) -> None:
    folder.history("AB", Resolution.DAILY, [daily_row(FRIDAY, 10_000), daily_row(SATURDAY, 20_000)])
    listing = listing_of()
    reader = reader_of(folder, config_of(folder, listing, Resolution.DAILY, is_precise=False), listing)
    assert spans(list(reader)) == ["05 00:00-06 00:00 1", "06 00:00-07 00:00 2"]


def test_early_closes_and_late_opens_shorten_the_daily_bar(tmp_path: Path) -> None:
    special = {"earlyCloses": {"6/5/2020": "13:00:00"}, "lateOpens": {"6/8/2020": "11:00:00"}}
    folder = LeanFolder(tmp_path, **{"Equity-usa-[*]": hours_entry(**special)})
    folder.history("AB", Resolution.DAILY, [daily_row(FRIDAY, 10_000), daily_row(MONDAY, 20_000)])
    listing = listing_of()
    reader = reader_of(folder, config_of(folder, listing, Resolution.DAILY), listing)
    assert spans(list(reader)) == ["05 09:30-05 13:00 1", "08 11:00-08 16:00 2"]


@pytest.mark.parametrize("is_precise", [True, False])
def test_a_day_has_the_factors_of_itself_not_of_its_end(folder: LeanFolder, is_precise: bool) -> None:
    folder.history("AB", Resolution.DAILY, [daily_row(FRIDAY, 10_000, 100), daily_row(MONDAY, 10_000, 100)])
    listing = listing_of(factors="20200101,0.5,1,1\n20200605,0.5,1,1\n20501231,1,1,0\n")
    reader = reader_of(folder, config_of(folder, listing, Resolution.DAILY, is_precise=is_precise), listing)
    found = list(reader)
    assert [point.value for point in found] == [0.5, 1.0]
    assert [point.volume for point in found if isinstance(point, TradeBar)] == [200.0, 100.0]


def test_sizes_of_quotes_are_adjusted_and_rounded_half_to_even(folder: LeanFolder) -> None:
    rows = ["34200000,10000,10000,10000,10000,5,20000,20000,20000,20000,7"]
    folder.day("AB", MONDAY, Resolution.MINUTE, rows, is_quote=True)
    listing = listing_of(factors="20200101,1,2,1\n20501231,1,2,0\n")
    for mode, price, sizes in ((ADJUSTED, 2.0, (2.0, 4.0)), (RAW, 1.0, (5.0, 7.0))):
        (bar,) = reader_of(folder, config_of(folder, listing, Resolution.MINUTE, True, mode), listing)
        assert isinstance(bar, QuoteBar)
        assert bar.bid is not None
        assert (bar.bid.close, (bar.last_bid_size, bar.last_ask_size)) == (price, sizes)


def test_data_begin_where_the_factor_file_can_be_used(folder: LeanFolder) -> None:
    folder.history("AB", Resolution.DAILY, [daily_row(day, 10_000) for day in (FRIDAY, MONDAY, TUESDAY)])
    listing = listing_of(factors="20200605,0.5,inf,1\n20200609,1,1,1\n20501231,1,1,0\n")
    for mode in (ADJUSTED, RAW):
        reader = reader_of(folder, config_of(folder, listing, Resolution.DAILY, mode=mode), listing)
        assert spans(list(reader)) == ["08 09:30-08 16:00 1", "09 09:30-09 16:00 1"]


def test_bars_with_one_end_in_two_files_come_once(folder: LeanFolder) -> None:
    midnight = ["86340000,10000,10000,10000,10000,1"]
    folder.day("AB", FRIDAY, Resolution.MINUTE, ["34200000,10000,10000,10000,10000,1", *midnight])
    folder.day("AB", MONDAY, Resolution.MINUTE, ["34200000,20000,20000,20000,20000,1"])
    listing = listing_of()
    reader = reader_of(folder, config_of(folder, listing, Resolution.MINUTE), listing)
    assert [point.value for point in reader] == [1.0, 1.0, 2.0]


# -- changes of ticker in the files of all days


def write_histories(folder: LeanFolder, **rows: list[str]) -> None:
    for ticker, lines in rows.items():
        folder.history(ticker, Resolution.DAILY, lines)


RENAMED = "20150101,old,Q\n20200605,old,Q\n20501231,new,Q\n"


def test_each_ticker_s_file_counts_for_its_time(folder: LeanFolder) -> None:
    days = [FRIDAY, MONDAY, TUESDAY]
    write_histories(folder, old=[daily_row(day, 10_000) for day in days], new=[daily_row(day, 20_000) for day in days])
    listing = listing_of(RENAMED, ticker="NEW")
    found = list(reader_of(folder, config_of(folder, listing, Resolution.DAILY), listing))
    assert spans(found) == ["05 09:30-05 16:00 1", "08 09:30-08 16:00 2", "09 09:30-09 16:00 2"]
    assert [point.symbol.value for point in found] == ["OLD", "NEW", "NEW"]


def test_a_new_file_also_gives_the_last_days_when_there_is_no_old_one(folder: LeanFolder) -> None:
    write_histories(folder, new=[daily_row(day, 20_000) for day in (date(2020, 5, 1), FRIDAY, MONDAY)])
    listing = listing_of(RENAMED, ticker="NEW")
    config = config_of(folder, listing, Resolution.DAILY)
    found = list(reader_of(folder, config, listing, date_to_ns(date(2020, 4, 30))))
    assert spans(found) == ["05 09:30-05 16:00 2", "08 09:30-08 16:00 2"]


# -- corporate actions among the bars


def events_of(folder: LeanFolder, listing: Listing) -> list[CorporateEvent]:
    hours = MarketHoursDatabase(folder.path).hours(SecurityType.EQUITY, "usa", "AB")
    return corporate_events(listing, hours, False, BEGIN, END)


def test_an_event_knows_the_raw_price_before_its_day(folder: LeanFolder) -> None:
    folder.history("AB", Resolution.DAILY, [daily_row(FRIDAY, 30_000), daily_row(MONDAY, 40_000)])
    listing = listing_of(factors="20200101,0.5,0.5,1\n20200608,0.5,0.5,4\n20501231,1,1,0\n")
    reader = reader_of(folder, config_of(folder, listing, Resolution.DAILY), listing)
    found = list(with_events(reader, events_of(folder, listing)))
    splits = [point for point in found if isinstance(point, Split)]
    assert [(split.type, split.reference_price) for split in splits] == [
        (SplitType.WARNING, 3.0),
        (SplitType.SPLIT_OCCURRED, 4.0),
    ]
    assert [type(point).__name__ for point in found] == ["TradeBar", "Split", "TradeBar", "Split", "Dividend"]


def test_a_split_on_a_day_without_a_session_is_never_seen(folder: LeanFolder) -> None:
    listing = listing_of(factors="20200101,1,0.5,1\n20200606,1,0.5,4\n20501231,1,1,0\n")
    assert events_of(folder, listing) == []


def test_nothing_follows_a_delisting(folder: LeanFolder) -> None:
    folder.history("AB", Resolution.DAILY, [daily_row(day, 10_000) for day in (FRIDAY, MONDAY, TUESDAY)])
    listing = listing_of("20150101,ab,Q\n20200605,ab,Q\n")
    reader = reader_of(folder, config_of(folder, listing, Resolution.DAILY), listing)
    found = list(with_events(reader, events_of(folder, listing)))
    assert spans(found) == ["05 00:00-05 00:00 0", "05 09:30-05 16:00 1", "06 00:00-06 00:00 1"]
    last = found[-1]
    assert isinstance(last, Delisting)
    assert last.type is DelistingType.DELISTED


def test_a_delisting_on_a_day_without_a_session_is_noticed_at_the_next(folder: LeanFolder) -> None:
    events = events_of(folder, listing_of("20150101,ab,Q\n20200606,ab,Q\n"))
    assert [(event.seen_on, ns_to_datetime(event.moment_ns).day) for event in events] == [(MONDAY, 6), (MONDAY, 7)]


def test_a_ticker_before_the_listing_is_the_one_it_was_added_by(folder: LeanFolder) -> None:
    listing = listing_of("20200608,old,Q\n20200608,old,Q\n20501231,new,Q\n", ticker="NEW")
    changes = [event.data for event in events_of(folder, listing)]
    assert [(change.old_symbol, change.new_symbol) for change in changes] == [("NEW", "OLD"), ("OLD", "NEW")]  # type: ignore[union-attr]


# -- files in another zone than the exchange


@pytest.mark.parametrize(
    ("day", "resolution", "row", "expected"),
    [
        (date(2020, 6, 8), Resolution.MINUTE, "0,10000,10000,10000,10000,1", "08 01:00-08 01:01 1"),
        (date(2020, 1, 6), Resolution.MINUTE, "0,10000,10000,10000,10000,1", "06 00:00-06 00:01 1"),
        (date(2020, 6, 8), Resolution.HOUR, "20200608 23:00,10000,10000,10000,10000,1", "09 00:00-09 01:00 1"),
        (date(2020, 6, 8), Resolution.DAILY, "20200608 00:00,10000,10000,10000,10000,1", "08 01:00-09 01:00 1"),
    ],
)
def test_bars_become_those_of_the_exchange_s_zone(
    tmp_path: Path, day: date, resolution: Resolution, row: str, expected: str
) -> None:
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    always = hours_entry((("00:00:00", "1.00:00:00", "market"),), week, data_zone="UTC-05")
    folder = LeanFolder(tmp_path, **{"Equity-usa-[*]": always})
    if resolution is Resolution.MINUTE:
        folder.day("AB", day, resolution, [row])
    else:
        folder.history("AB", resolution, [row])
    listing = listing_of()
    config = config_of(folder, listing, resolution)
    begin, end = date_to_ns(day), date_to_ns(day) + 2 * NANOSECONDS_PER_DAY
    reader = BarReader(config, listing, bar_files(folder.names, config, listing, begin, end), begin, end)
    assert spans(list(reader)) == [expected]


# -- files of other systems


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf34200000,10000,10000,10000,10000,1\n34260000,20000,20000,20000,20000,1",
        b"34200000,10000,10000,10000,10000,1\r\n34260000,20000,20000,20000,20000,1\r\n",
        b"\n34200000,10000,10000,10000,10000,1\n\n\n34260000,20000,20000,20000,20000,1\n\n",
    ],
    ids=["byte order mark, no last line break", "CRLF", "empty lines"],
)
def test_line_ends_and_byte_order_marks_do_not_matter(folder: LeanFolder, content: bytes) -> None:
    path = folder.names.day_file(SecurityType.EQUITY, "usa", Resolution.MINUTE, "AB", MONDAY, False)
    write_zip(path, content)
    listing = listing_of()
    reader = reader_of(folder, config_of(folder, listing, Resolution.MINUTE), listing)
    assert [point.value for point in reader] == [1.0, 2.0]
    assert [(rows.bytes_read, rows.bytes_total) for rows in reader.streams] == [(len(content), len(content))]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_an_empty_day_has_no_data(folder: LeanFolder, content: bytes) -> None:
    path = folder.names.day_file(SecurityType.EQUITY, "usa", Resolution.MINUTE, "AB", MONDAY, False)
    write_zip(path, content)
    listing = listing_of()
    reader = reader_of(folder, config_of(folder, listing, Resolution.MINUTE), listing)
    assert list(reader) == []
    assert [(rows.bytes_read, rows.bytes_total) for rows in reader.streams] == [(len(content), len(content))]
