"""Market hours: hand-made markets for the rules, and LEAN's own database for known days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from live.algorithm.enums import SecurityType
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, datetime_to_ns, ns_to_datetime, zone
from live.errors import DataError
from live.feeds.data_folder import find_data_folder
from live.feeds.market_hours import MARKET, POST_MARKET, PRE_MARKET, MarketHours, MarketHoursDatabase, Segment

HOUR_NS = 3_600_000_000_000
MINUTE_NS = HOUR_NS // 60
EQUITY_DAY = (
    Segment(4 * HOUR_NS, 9 * HOUR_NS + 30 * MINUTE_NS, PRE_MARKET),
    Segment(9 * HOUR_NS + 30 * MINUTE_NS, 16 * HOUR_NS, MARKET),
    Segment(16 * HOUR_NS, 20 * HOUR_NS, POST_MARKET),
)
LUNCH_DAY = (Segment(9 * HOUR_NS, 12 * HOUR_NS, MARKET), Segment(13 * HOUR_NS, 17 * HOUR_NS, MARKET))
WHOLE_DAY = (Segment(0, 24 * HOUR_NS, MARKET),)
WEDNESDAY = date(2013, 10, 9)


def at(text: str) -> int:
    return datetime_to_ns(datetime.fromisoformat(text))


def text_of(local_ns: int) -> str:
    return ns_to_datetime(local_ns).isoformat(" ", "minutes")


def make_hours(
    day: tuple[Segment, ...] = EQUITY_DAY,
    weekend: tuple[Segment, ...] = (),
    holidays: tuple[date, ...] = (),
    early_closes: dict[date, int] | None = None,
    late_opens: dict[date, int] | None = None,
) -> MarketHours:
    new_york = zone("America/New_York")
    week = [day] * 5 + [weekend] * 2
    return MarketHours(new_york, new_york, week, frozenset(holidays), early_closes or {}, late_opens or {}, True)


def spans(hours: MarketHours, day: date) -> list[tuple[str, str, str]]:
    midnight = date_to_ns(day)
    return [
        (f"{(start - midnight) / HOUR_NS:g}", f"{(end - midnight) / HOUR_NS:g}", state)
        for start, end, state in hours.segments(midnight)
    ]


@pytest.fixture(scope="module")
def database() -> MarketHoursDatabase:
    found = find_data_folder(None, Path(__file__).parent)
    if found is None:
        pytest.skip("no LEAN data folder: set LEAN_DATA")
    return MarketHoursDatabase(found.path)


@pytest.fixture(scope="module")
def equity(database: MarketHoursDatabase) -> MarketHours:
    return database.hours(SecurityType.EQUITY, "usa", "IBM")


@pytest.fixture(scope="module")
def forex(database: MarketHoursDatabase) -> MarketHours:
    return database.hours(SecurityType.FOREX, "oanda", "EURUSD")


# -- segments of special days


def test_regular_day_has_the_week_s_segments() -> None:
    assert spans(make_hours(), WEDNESDAY) == [
        ("4", "9.5", PRE_MARKET),
        ("9.5", "16", MARKET),
        ("16", "20", POST_MARKET),
    ]


def test_holiday_and_weekend_have_no_segments() -> None:
    hours = make_hours(holidays=(WEDNESDAY,))
    assert spans(hours, WEDNESDAY) == []
    assert spans(hours, date(2013, 10, 12)) == []


@pytest.mark.parametrize(
    ("close_hour", "expected"),
    [
        (13, [("4", "9.5", PRE_MARKET), ("9.5", "13", MARKET)]),
        (16, [("4", "9.5", PRE_MARKET), ("9.5", "16", MARKET)]),
        (9, [("4", "9", PRE_MARKET)]),
        (9.5, [("4", "9.5", PRE_MARKET)]),
        (4, []),
        (2, []),
        (21, [("4", "9.5", PRE_MARKET), ("9.5", "16", MARKET), ("16", "20", POST_MARKET)]),
    ],
)
def test_early_close_cuts_its_segment_and_drops_later_ones(
    close_hour: float, expected: list[tuple[str, str, str]]
) -> None:
    assert spans(make_hours(early_closes={WEDNESDAY: int(close_hour * HOUR_NS)}), WEDNESDAY) == expected


def test_early_close_in_a_break_drops_the_session_before_it_as_lean_does() -> None:
    close = {WEDNESDAY: 12 * HOUR_NS + 30 * MINUTE_NS}
    assert spans(make_hours(LUNCH_DAY, early_closes=close), WEDNESDAY) == []


@pytest.mark.parametrize(
    ("open_hour", "expected"),
    [
        (11, [("11", "16", MARKET), ("16", "20", POST_MARKET)]),
        (9.5, [("9.5", "16", MARKET), ("16", "20", POST_MARKET)]),
        (2, [("4", "9.5", PRE_MARKET), ("9.5", "16", MARKET), ("16", "20", POST_MARKET)]),
        (18, [("18", "20", POST_MARKET)]),
        (22, [("4", "9.5", PRE_MARKET), ("9.5", "16", MARKET), ("16", "20", POST_MARKET)]),
    ],
)
def test_late_open_cuts_its_segment_and_drops_earlier_ones(
    open_hour: float, expected: list[tuple[str, str, str]]
) -> None:
    assert spans(make_hours(late_opens={WEDNESDAY: int(open_hour * HOUR_NS)}), WEDNESDAY) == expected


def test_early_close_before_a_late_open_is_a_pause() -> None:
    hours = make_hours(early_closes={WEDNESDAY: 11 * HOUR_NS}, late_opens={WEDNESDAY: 14 * HOUR_NS})
    assert spans(hours, WEDNESDAY) == [
        ("4", "9.5", PRE_MARKET),
        ("9.5", "11", MARKET),
        ("14", "16", MARKET),
        ("16", "20", POST_MARKET),
    ]


def test_late_open_before_an_early_close_leaves_the_time_between() -> None:
    hours = make_hours(early_closes={WEDNESDAY: 14 * HOUR_NS}, late_opens={WEDNESDAY: 11 * HOUR_NS})
    assert spans(hours, WEDNESDAY) == [("11", "14", MARKET)]


# -- moments and spans


@pytest.mark.parametrize(
    ("moment", "regular", "extended"),
    [
        ("2013-10-09 03:59", False, False),
        ("2013-10-09 04:00", False, True),
        ("2013-10-09 09:29", False, True),
        ("2013-10-09 09:30", True, True),
        ("2013-10-09 15:59", True, True),
        ("2013-10-09 16:00", False, True),
        ("2013-10-09 20:00", False, False),
        ("2013-10-12 12:00", False, False),
    ],
)
def test_is_open_includes_the_open_and_excludes_the_close(moment: str, regular: bool, extended: bool) -> None:
    hours = make_hours()
    for _ in range(2):
        assert hours.is_open(at(moment), False) is regular
        assert hours.is_open(at(moment), True) is extended


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2013-10-09 09:29", "2013-10-09 09:30", False),
        ("2013-10-09 09:29", "2013-10-09 09:31", True),
        ("2013-10-09 16:00", "2013-10-10 09:30", False),
        ("2013-10-09 16:00", "2013-10-10 09:31", True),
        ("2013-10-09 00:00", "2013-10-10 00:00", True),
        ("2013-10-12 00:00", "2013-10-14 09:30", False),
        ("2013-10-12 00:00", "2013-10-15 00:00", True),
        ("2013-10-09 09:30", "2013-10-09 09:30", True),
        ("2013-10-09 16:00", "2013-10-09 16:00", False),
    ],
)
def test_is_open_during_any_moment_of_a_span(start: str, end: str, expected: bool) -> None:
    assert make_hours().is_open_during(at(start), at(end), False) is expected


def test_always_open_market_with_a_holiday_is_closed_on_it() -> None:
    hours = make_hours(WHOLE_DAY, WHOLE_DAY, holidays=(WEDNESDAY,))
    assert hours.is_market_always_open
    assert not hours.is_open(at("2013-10-09 12:00"), False)
    assert not hours.is_open_during(at("2013-10-09 12:00"), at("2013-10-09 12:01"), False)


# -- opens and closes


def test_next_open_is_strictly_later() -> None:
    hours = make_hours()
    assert text_of(hours.next_market_open(at("2013-10-09 09:29"), False)) == "2013-10-09 09:30"
    assert text_of(hours.next_market_open(at("2013-10-09 09:30"), False)) == "2013-10-10 09:30"
    assert text_of(hours.next_market_open(at("2013-10-11 10:00"), False)) == "2013-10-14 09:30"
    assert text_of(hours.next_market_open(at("2013-10-09 02:00"), True)) == "2013-10-09 04:00"


def test_next_open_during_the_morning_session_skips_the_afternoon_as_lean_does() -> None:
    hours = make_hours(LUNCH_DAY)
    assert text_of(hours.next_market_open(at("2013-10-09 10:00"), False)) == "2013-10-10 09:00"
    assert text_of(hours.next_market_open(at("2013-10-09 12:00"), False)) == "2013-10-09 13:00"


def test_next_close_of_regular_and_extended_hours() -> None:
    hours = make_hours()
    assert text_of(hours.next_market_close(at("2013-10-09 02:00"), False)) == "2013-10-09 16:00"
    assert text_of(hours.next_market_close(at("2013-10-09 02:00"), True)) == "2013-10-09 20:00"
    assert text_of(hours.next_market_close(at("2013-10-09 16:00"), False)) == "2013-10-10 16:00"
    assert text_of(hours.next_market_close(at("2013-10-11 16:00"), False)) == "2013-10-14 16:00"
    lunch = make_hours(LUNCH_DAY)
    assert text_of(lunch.next_market_close(at("2013-10-09 10:00"), False)) == "2013-10-09 12:00"
    assert text_of(lunch.last_close_after(at("2013-10-09 10:00"), False)) == "2013-10-09 17:00"


def test_session_that_goes_on_over_midnight_neither_closes_nor_opens_there() -> None:
    hours = make_hours(WHOLE_DAY)
    assert text_of(hours.next_market_close(at("2013-10-07 10:00"), False)) == "2013-10-12 00:00"
    assert text_of(hours.next_market_open(at("2013-10-07 10:00"), False)) == "2013-10-14 00:00"
    assert text_of(hours.previous_market_open(at("2013-10-10 10:00"), False)) == "2013-10-07 00:00"
    assert text_of(hours.first_open_before(at("2013-10-10 10:00"), False)) == "2013-10-10 00:00"
    assert text_of(hours.last_close_after(at("2013-10-07 10:00"), False)) == "2013-10-08 00:00"


def test_midnight_before_an_early_close_counts_as_a_close_as_in_lean() -> None:
    hours = make_hours(WHOLE_DAY, early_closes={WEDNESDAY: 13 * HOUR_NS})
    assert text_of(hours.next_market_close(at("2013-10-07 10:00"), False)) == "2013-10-09 00:00"
    assert text_of(hours.next_market_open(at("2013-10-09 10:00"), False)) == "2013-10-10 00:00"


def test_search_ends_after_two_weeks_with_the_remedy() -> None:
    closed = make_hours(())
    for search in (closed.next_market_open, closed.next_market_close, closed.previous_market_open):
        with pytest.raises(DataError, match=r"within two weeks; check the dates of the run"):
            search(at("2013-10-09 10:00"), False)
    with pytest.raises(DataError, match="no session before 2013-10-09"):
        closed.previous_open_day(at("2013-10-09 10:00"))
    with pytest.raises(DataError, match="no close after"):
        closed.last_close_after(at("2013-10-09 10:00"), False)


def test_always_open_market_has_no_next_open_or_close() -> None:
    hours = make_hours(WHOLE_DAY, WHOLE_DAY)
    for search in (hours.next_market_open, hours.next_market_close):
        with pytest.raises(DataError, match="the market is always open; ask is_open instead"):
            search(at("2013-10-09 10:00"), False)


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2013-10-09 12:00", "2013-10-09 09:30", "2013-10-09 16:00"),
        ("2013-10-09 09:30", "2013-10-09 09:30", "2013-10-09 16:00"),
        ("2013-10-09 09:29", "2013-10-08 09:30", "2013-10-08 16:00"),
        ("2013-10-10 00:00", "2013-10-09 09:30", "2013-10-09 16:00"),
        ("2013-10-14 08:00", "2013-10-11 09:30", "2013-10-11 16:00"),
    ],
)
def test_daily_calendar_is_the_session_at_or_before_a_moment(moment: str, start: str, end: str) -> None:
    assert tuple(map(text_of, make_hours().daily_calendar(at(moment)))) == (start, end)


def test_daily_calendar_of_a_day_with_a_break_runs_from_its_first_open_to_its_last_close() -> None:
    found = make_hours(LUNCH_DAY).daily_calendar(at("2013-10-09 14:00"))
    assert tuple(map(text_of, found)) == ("2013-10-09 09:00", "2013-10-09 17:00")


def test_extended_daily_calendar_holds_pre_and_post_market() -> None:
    found = make_hours().daily_calendar(at("2013-10-09 14:00"), extended=True)
    assert tuple(map(text_of, found)) == ("2013-10-09 04:00", "2013-10-09 20:00")


# -- days


def test_extended_only_day_is_open_only_with_extended_hours() -> None:
    hours = make_hours(weekend=(Segment(18 * HOUR_NS, 24 * HOUR_NS, PRE_MARKET),))
    sunday = date_to_ns(date(2013, 10, 13))
    assert not hours.is_date_open(sunday)
    assert hours.is_date_open(sunday, True)
    assert hours.tradable_days(date(2013, 10, 11), date(2013, 10, 14)) == [date(2013, 10, 11), date(2013, 10, 14)]
    assert len(hours.tradable_days(date(2013, 10, 11), date(2013, 10, 14), extended=True)) == 4


def test_regular_duration_is_the_most_common_one_and_the_longer_of_two() -> None:
    assert make_hours().regular_market_duration_ns == 6.5 * HOUR_NS
    week = [WHOLE_DAY, WHOLE_DAY, LUNCH_DAY, LUNCH_DAY, EQUITY_DAY, (), ()]
    utc = zone("UTC")
    assert MarketHours(utc, utc, week, frozenset(), {}, {}, True).regular_market_duration_ns == 24 * HOUR_NS


def test_duration_of_a_day_knows_its_early_close() -> None:
    hours = make_hours(early_closes={WEDNESDAY: 13 * HOUR_NS})
    assert hours.market_duration_ns(at("2013-10-09 23:00")) == 3.5 * HOUR_NS
    assert hours.market_duration_ns(at("2013-10-10 00:00")) == 6.5 * HOUR_NS


def test_always_open_market_never_uses_strict_daily_ends() -> None:
    assert make_hours().uses_strict_daily_end
    assert not make_hours(WHOLE_DAY, WHOLE_DAY).uses_strict_daily_end


# -- LEAN's database


@pytest.mark.parametrize("day", ["2013-07-03", "2013-11-29", "2013-12-24"])
def test_us_half_days_close_at_one_and_have_no_post_market(equity: MarketHours, day: str) -> None:
    assert spans(equity, date.fromisoformat(day)) == [("4", "9.5", PRE_MARKET), ("9.5", "13", MARKET)]
    assert text_of(equity.next_market_close(at(f"{day} 10:00"), True)) == f"{day} 13:00"
    assert tuple(map(text_of, equity.daily_calendar(at(f"{day} 23:00")))) == (f"{day} 09:30", f"{day} 13:00")


def test_thanksgiving_is_closed_and_followed_by_a_half_day(equity: MarketHours) -> None:
    days = equity.tradable_days(date(2013, 11, 27), date(2013, 12, 2))
    assert [day.day for day in days] == [27, 29, 2]
    assert text_of(equity.next_market_open(at("2013-11-27 16:00"), False)) == "2013-11-29 09:30"
    assert text_of(equity.previous_market_open(at("2013-11-29 09:00"), False)) == "2013-11-27 09:30"


def test_us_year_2013_has_252_sessions(equity: MarketHours) -> None:
    assert len(equity.tradable_days(date(2013, 1, 1), date(2013, 12, 31))) == 252


@pytest.mark.parametrize(
    ("day", "open_utc"), [("2013-03-08", 14), ("2013-03-11", 13), ("2013-11-01", 13), ("2013-11-04", 14)]
)
def test_us_open_moves_in_utc_when_the_clocks_change(equity: MarketHours, day: str, open_utc: int) -> None:
    opening = equity.next_market_open(at(f"{day} 00:00"), False)
    assert text_of(opening) == f"{day} 09:30"
    assert text_of(equity.exchange_zone.to_utc_ns(opening)) == f"{day} {open_utc}:30"


def test_forex_opens_on_sunday_and_pauses_every_afternoon(forex: MarketHours) -> None:
    assert text_of(forex.next_market_open(at("2014-05-02 17:00"), False)) == "2014-05-04 17:03"
    assert text_of(forex.next_market_close(at("2014-05-04 18:00"), False)) == "2014-05-05 16:58"
    assert text_of(forex.next_market_open(at("2014-05-05 10:00"), False)) == "2014-05-05 17:03"
    assert text_of(forex.previous_market_open(at("2014-05-06 10:00"), False)) == "2014-05-05 17:03"
    assert text_of(forex.next_market_close(at("2014-05-08 17:30"), False)) == "2014-05-09 16:58"
    assert not forex.uses_strict_daily_end
    assert forex.regular_market_duration_ns == 24 * HOUR_NS - 5 * MINUTE_NS


@pytest.mark.parametrize(
    ("day", "open_utc"), [("2014-03-02", "22:03"), ("2014-03-09", "21:03"), ("2014-11-02", "22:03")]
)
def test_forex_sunday_opening_moves_in_utc_when_the_clocks_change(forex: MarketHours, day: str, open_utc: str) -> None:
    opening = forex.next_market_open(at(f"{day} 00:00"), False)
    assert text_of(forex.exchange_zone.to_utc_ns(opening)) == f"{day} {open_utc}"


def test_forex_files_are_days_of_utc(forex: MarketHours) -> None:
    days = forex.data_days(at("2014-05-02 00:00"), at("2014-05-05 12:00"), False)
    assert [day.day for day in days] == [2, 4, 5, 6]


def test_file_before_the_first_moment_is_read_for_the_bar_that_ends_at_it(forex: MarketHours) -> None:
    days = forex.data_days(at("2018-04-03 20:00"), at("2018-04-03 23:00"), False)
    assert (
        text_of(forex.data_zone.to_local_ns(forex.exchange_zone.to_utc_ns(at("2018-04-03 20:00"))))
        == "2018-04-04 00:00"
    )
    assert [day.day for day in days] == [3, 4]


def test_equity_files_are_days_of_new_york(equity: MarketHours) -> None:
    days = equity.data_days(at("2013-11-27 15:00"), at("2013-12-02 00:00"), True)
    assert [day.day for day in days] == [27, 29, 2]


def test_data_days_over_both_clock_changes_have_each_day_once(database: MarketHoursDatabase) -> None:
    hours = database.hours(SecurityType.FOREX, "fxcm", "EURUSD")
    assert hours.data_zone.name == "UTC-05"
    for year, month, day in ((2014, 3, 5), (2014, 10, 29)):
        start = date_to_ns(date(year, month, day))
        days = hours.data_days(start, start + 8 * NANOSECONDS_PER_DAY, False)
        assert days == sorted(set(days))


def test_crypto_is_always_open(database: MarketHoursDatabase) -> None:
    hours = database.hours(SecurityType.CRYPTO, "coinbase", "BTCUSD")
    assert hours.is_market_always_open
    assert not hours.uses_strict_daily_end
    assert hours.regular_market_duration_ns == NANOSECONDS_PER_DAY
    assert hours.is_open(at("2013-12-25 00:00"), False)
    assert hours.daily_calendar(at("2013-12-25 12:00")) == (at("2013-12-25 00:00"), at("2013-12-26 00:00"))


def test_every_entry_of_the_database_can_be_decoded(database: MarketHoursDatabase) -> None:
    for kind in (SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO, SecurityType.CFD, SecurityType.FUTURE):
        for key in [key for key in database._entries if key.startswith(f"{kind.name.lower()}-")]:
            _, market, ticker = key.split("-", 2)
            assert database.hours(kind, market, ticker).data_zone is not None


def test_early_close_in_the_afternoon_pause_closes_the_whole_day_as_lean_does(forex: MarketHours) -> None:
    assert spans(forex, date(2007, 12, 31)) == []


def test_one_object_per_market(database: MarketHoursDatabase) -> None:
    hours: Callable[[str], MarketHours] = lambda ticker: database.hours(SecurityType.EQUITY, "usa", ticker)  # noqa: E731
    assert hours("IBM") is hours("spy")


def test_unknown_market_names_the_known_ones(database: MarketHoursDatabase) -> None:
    with pytest.raises(DataError, match=r"has no market 'usb' for equity; it has: india, usa"):
        database.hours(SecurityType.EQUITY, "usb", "IBM")
