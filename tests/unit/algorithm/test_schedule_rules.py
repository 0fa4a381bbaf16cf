"""Date rules and time rules against days worked by hand, most of them around the autumn of 2013."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from live.algorithm.enums import DayOfWeek, SecurityType
from live.algorithm.schedule import (
    CompositeTimeRule,
    DateRule,
    FuncDateRule,
    FuncTimeRule,
    ScheduleManager,
    TimeRule,
)
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns, ns_to_datetime, zone
from live.errors import DataError, UsageError
from live.feeds.market_hours import MARKET, POST_MARKET, PRE_MARKET, MarketHours, Segment

HOUR = 3_600_000_000_000
NEW_YORK = zone("America/New_York")
SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")
EURUSD = Symbol.create("EURUSD", SecurityType.FOREX, "oanda")
BTCUSD = Symbol.create("BTCUSD", SecurityType.CRYPTO, "coinbase")
SUNDAY_ONLY_EXTENDED = Symbol.create("XAUUSD", SecurityType.FOREX, "oanda")

_EQUITY_DAY = (
    Segment(4 * HOUR, 19 * HOUR // 2, PRE_MARKET),
    Segment(19 * HOUR // 2, 16 * HOUR, MARKET),
    Segment(16 * HOUR, 20 * HOUR, POST_MARKET),
)
_WHOLE_DAY = (Segment(0, 24 * HOUR, MARKET),)


def _hours(week: list[tuple[Segment, ...]], zone_name: str = "America/New_York", **calendar: Any) -> MarketHours:
    holidays = frozenset(calendar.get("holidays", ()))
    early_closes = calendar.get("early_closes", {})
    return MarketHours(zone("UTC"), zone(zone_name), week, holidays, early_closes, {}, False)


NYSE = _hours(
    [_EQUITY_DAY] * 5 + [(), ()],
    holidays={date(2013, 11, 28), date(2013, 12, 25), date(2014, 1, 1), date(2014, 1, 20)},
    early_closes={date(2013, 11, 29): 13 * HOUR, date(2013, 12, 24): 13 * HOUR},
)
FOREX = _hours([_WHOLE_DAY] * 4 + [(Segment(0, 17 * HOUR, MARKET),), (), (Segment(17 * HOUR, 24 * HOUR, MARKET),)])
CRYPTO = _hours([_WHOLE_DAY] * 7, "UTC")
FUTURE = _hours([_EQUITY_DAY] * 5 + [(), (Segment(18 * HOUR, 24 * HOUR, PRE_MARKET),)])
_DATABASE = {SPY: NYSE, EURUSD: FOREX, BTCUSD: CRYPTO, SUNDAY_ONLY_EXTENDED: FUTURE}


class Engine:
    """The part of an engine that the schedule sees."""

    def __init__(self, now: datetime = datetime(2013, 10, 7), zone_name: str = "America/New_York") -> None:
        self.zone = zone(zone_name)
        self.time_ns = self.zone.to_utc_ns(datetime_to_ns(now))
        self.securities: dict[Symbol, Any] = {}
        self.log: list[tuple[str, str]] = []

    def market_hours(self, symbol: Symbol) -> MarketHours:
        """Hours of a symbol that was not added."""
        return _DATABASE.get(symbol, NYSE)

    def write_log(self, level: str, text: str) -> None:
        """Keep a line."""
        self.log.append((level, text))


@pytest.fixture
def schedule() -> ScheduleManager:
    return ScheduleManager(Engine())


def _days(rule: DateRule, start: date, end: date) -> list[str]:
    return [day.strftime("%m-%d") for day in rule.days(start, end)]


def _october(rule: DateRule) -> list[int]:
    return [day.day for day in rule.days(date(2013, 10, 1), date(2013, 10, 31))]


def _local(rule: TimeRule, *days: date) -> list[str]:
    return [ns_to_datetime(NEW_YORK.to_local_ns(time_ns)).strftime("%m-%d %H:%M:%S") for time_ns in rule.times_ns(days)]


def _utc(rule: TimeRule, *days: date) -> list[str]:
    return [ns_to_datetime(time_ns).strftime("%m-%d %H:%M") for time_ns in rule.times_ns(days)]


# -- days


def test_on_takes_year_month_day(schedule: ScheduleManager) -> None:
    rule = schedule.date_rules.on(2013, 10, 8)
    assert _october(rule) == [8]
    assert rule.name == "10/08/2013"


def test_on_takes_datetimes_dates_and_lists_and_drops_the_time_of_day(schedule: ScheduleManager) -> None:
    rule = schedule.date_rules.on(datetime(2013, 10, 8, 15), [date(2013, 10, 10), datetime(2013, 12, 1)])
    assert _october(rule) == [8, 10]
    assert rule.name == "10/08/2013,10/10/2013,12/01/2013"


def test_on_keeps_the_order_given_as_lean_does(schedule: ScheduleManager) -> None:
    assert _october(schedule.date_rules.on(date(2013, 10, 9), date(2013, 10, 7))) == [9, 7]


@pytest.mark.parametrize("values", [(), (2013, 10), ("2013-10-07",), (date(2013, 10, 7), 3)])
def test_on_refuses_anything_else(schedule: ScheduleManager, values: tuple[Any, ...]) -> None:
    with pytest.raises(UsageError, match="takes year, month, day, or dates"):
        schedule.date_rules.on(*values)


def test_today_and_tomorrow_are_days_of_the_algorithms_clock() -> None:
    engine = Engine(datetime(2013, 10, 7, 22))
    rules = ScheduleManager(engine).date_rules
    today, tomorrow = rules.today, rules.tomorrow
    assert (today.name, tomorrow.name) == ("TodayOnly", "TomorrowOnly")
    assert ns_to_datetime(engine.time_ns).day == 8
    assert _days(today, date(2013, 10, 7), date(2050, 1, 1)) == ["10-07"]
    assert _days(tomorrow, date(2013, 10, 7), date(2050, 1, 1)) == ["10-08"]
    rules.set_default_time_zone("UTC")
    assert _days(today, date(2013, 10, 7), date(2050, 1, 1)) == ["10-08"]


def test_every_takes_one_or_more_weekdays(schedule: ScheduleManager) -> None:
    rules = schedule.date_rules
    assert _october(rules.every(DayOfWeek.SUNDAY)) == [6, 13, 20, 27]
    both = rules.every(DayOfWeek.FRIDAY, DayOfWeek.MONDAY)
    assert _october(both)[:4] == [4, 7, 11, 14]
    assert both.name == "Friday,Monday"
    assert _october(rules.every([DayOfWeek.FRIDAY, DayOfWeek.MONDAY])) == _october(both)


def test_every_day_is_each_calendar_day(schedule: ScheduleManager) -> None:
    rule = schedule.date_rules.every_day()
    assert _october(rule) == list(range(1, 32))
    assert rule.name == "EveryDay"


def test_every_day_of_a_symbol_leaves_out_weekends_and_holidays_but_not_half_days(schedule: ScheduleManager) -> None:
    rule = schedule.date_rules.every_day(SPY)
    assert _days(rule, date(2013, 11, 27), date(2013, 12, 3)) == ["11-27", "11-29", "12-02", "12-03"]
    assert rule.name == "SPY: EveryDay"


def test_every_day_counts_days_of_extended_hours_on_demand_only(schedule: ScheduleManager) -> None:
    week = date(2013, 10, 5), date(2013, 10, 7)
    rules = schedule.date_rules
    assert _days(rules.every_day(SUNDAY_ONLY_EXTENDED), *week) == ["10-07"]
    assert _days(rules.every_day(SUNDAY_ONLY_EXTENDED, True), *week) == ["10-06", "10-07"]
    assert _days(rules.every_day(SUNDAY_ONLY_EXTENDED, extended_market_hours=True), *week) == ["10-06", "10-07"]


def test_month_rules_without_a_symbol_count_calendar_days(schedule: ScheduleManager) -> None:
    rules, span = schedule.date_rules, (date(2013, 10, 1), date(2013, 12, 31))
    assert _days(rules.month_start(), *span) == ["10-01", "11-01", "12-01"]
    assert _days(rules.month_start(4), *span) == ["10-05", "11-05", "12-05"]
    assert _days(rules.month_end(), *span) == ["10-31", "11-30", "12-31"]
    assert _days(rules.month_end(days_offset=2), *span) == ["10-29", "11-28", "12-29"]


def test_month_rules_of_a_symbol_count_trading_days(schedule: ScheduleManager) -> None:
    rules, span = schedule.date_rules, (date(2013, 11, 1), date(2014, 1, 31))
    assert _days(rules.month_start(SPY), *span) == ["11-01", "12-02", "01-02"]
    assert _days(rules.month_start(SPY, 1), *span) == ["11-04", "12-03", "01-03"]
    assert _days(rules.month_end(SPY), *span) == ["11-29", "12-31", "01-31"]
    assert _days(rules.month_end(SPY, 1), *span) == ["11-27", "12-30", "01-30"]


def test_an_offset_beyond_the_month_stops_at_its_other_end(schedule: ScheduleManager) -> None:
    rules, span = schedule.date_rules, (date(2013, 11, 1), date(2013, 11, 30))
    assert _days(rules.month_start(SPY, 30), *span) == ["11-29"]
    assert _days(rules.month_end(SPY, 30), *span) == ["11-01"]
    assert _days(rules.month_start(30), *span) == ["11-30"]


def test_month_start_finds_a_day_of_the_month_in_which_the_range_begins(schedule: ScheduleManager) -> None:
    assert _days(schedule.date_rules.month_start(9), date(2013, 10, 7), date(2013, 10, 31)) == ["10-10"]
    assert _days(schedule.date_rules.month_start(), date(2013, 10, 7), date(2013, 10, 31)) == []


def test_quarter_rules(schedule: ScheduleManager) -> None:
    rules, span = schedule.date_rules, (date(2013, 8, 1), date(2014, 3, 31))
    assert _days(rules.quarter_start(), *span) == ["10-01", "01-01"]
    assert _days(rules.quarter_start(45), *span) == ["08-15", "11-15", "02-15"]
    assert _days(rules.quarter_start(SPY), *span) == ["10-01", "01-02"]
    assert _days(rules.quarter_end(), *span) == ["09-30", "12-31", "03-31"]
    assert _days(rules.quarter_end(SPY, 5), *span) == ["09-23", "12-23", "03-24"]


def test_year_rules(schedule: ScheduleManager) -> None:
    rules, span = schedule.date_rules, (date(2012, 12, 15), date(2014, 12, 31))
    assert _days(rules.year_start(), *span) == ["01-01", "01-01"]
    assert _days(rules.year_start(SPY), date(2013, 12, 1), date(2014, 12, 31)) == ["01-02"]
    assert _days(rules.year_end(), *span) == ["12-31", "12-31", "12-31"]
    assert _days(rules.year_end(SPY, 5), date(2013, 1, 1), date(2013, 12, 31)) == ["12-23"]


def test_year_start_passes_over_a_year_that_began_before_the_months_of_the_range(schedule: ScheduleManager) -> None:
    rule = schedule.date_rules.year_start(200)
    assert _days(rule, date(2013, 1, 31), date(2013, 12, 31)) == ["07-20"]
    assert _days(rule, date(2013, 2, 1), date(2013, 12, 31)) == []


def test_week_rules_without_a_symbol_are_monday_and_friday(schedule: ScheduleManager) -> None:
    rules = schedule.date_rules
    assert _october(rules.week_start()) == [7, 14, 21, 28]
    assert _october(rules.week_end()) == [4, 11, 18, 25]
    assert _october(rules.week_start(6)) == [6, 13, 20, 27]
    assert _october(rules.week_end(6)) == [5, 12, 19, 26]


def test_a_range_that_begins_on_sunday_still_sees_the_week_that_sunday_closes(schedule: ScheduleManager) -> None:
    assert _days(schedule.date_rules.week_start(6), date(2013, 10, 6), date(2013, 10, 12)) == ["10-06"]


def test_week_rules_of_an_equity_move_over_holidays(schedule: ScheduleManager) -> None:
    rules, span = schedule.date_rules, (date(2013, 11, 25), date(2013, 12, 6))
    assert _days(rules.week_start(SPY, 3), *span) == ["11-29", "12-05"]
    assert _days(rules.week_end(SPY, 1), *span) == ["11-27", "12-05"]
    assert _days(rules.week_start(SPY), date(2014, 1, 18), date(2014, 1, 24)) == ["01-21"]


def test_week_rules_of_forex_run_from_sunday_to_friday(schedule: ScheduleManager) -> None:
    rules = schedule.date_rules
    assert _october(rules.week_start(EURUSD)) == [6, 13, 20, 27]
    assert _october(rules.week_end(EURUSD)) == [4, 11, 18, 25]


def test_extended_hours_decide_whether_a_sunday_may_begin_the_week(schedule: ScheduleManager) -> None:
    rules, span = schedule.date_rules, (date(2013, 10, 6), date(2013, 10, 12))
    assert _days(rules.week_start(SUNDAY_ONLY_EXTENDED), *span) == ["10-06"]
    assert _days(rules.week_start(SUNDAY_ONLY_EXTENDED, 0, False), *span) == ["10-07"]


@pytest.mark.parametrize(
    ("rule", "offset", "text"),
    [
        ("year_start", 366, r"DateRules.YearStart\(\) : Offset must be between 0 and 365"),
        ("year_end", -1, r"DateRules.YearEnd\(\) : Offset must be between 0 and 365"),
        ("quarter_start", 93, r"DateRules.QuarterStart\(\) : Offset must be between 0 and 92"),
        ("quarter_end", 93, r"DateRules.QuarterEnd\(\) : Offset must be between 0 and 92"),
        ("week_start", 7, r"DateRules.WeekStart\(\) : Offset must be between 0 and 6"),
        ("week_end", -1, r"DateRules.WeekEnd\(\) : Offset must be between 0 and 6"),
    ],
)
def test_an_offset_out_of_range_is_refused(schedule: ScheduleManager, rule: str, offset: int, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        getattr(schedule.date_rules, rule)(offset)


def test_a_month_offset_is_checked_for_a_symbol_only(schedule: ScheduleManager) -> None:
    with pytest.raises(UsageError, match=r"MonthEnd\(\) : Offset must be between 0 and 30"):
        schedule.date_rules.month_end(SPY, 31)
    assert _october(schedule.date_rules.month_start(45)) == [31]


def test_a_week_offset_beyond_the_symbols_week_names_its_days(schedule: ScheduleManager) -> None:
    with pytest.raises(UsageError) as refusal:
        schedule.date_rules.week_end(SPY, 5)
    assert str(refusal.value) == (
        "DateRules.WeekEnd() : Friday-5 is out of range for SPY's schedule, please use an offset between 0 - 4;"
        " Schedule : Monday, Tuesday, Wednesday, Thursday, Friday"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("month_start", "SPY: MonthStart+3"), ("month_end", "SPY: MonthEnd-3"), ("week_end", "SPY: WeekEnd-3")],
)
def test_names_carry_the_offset_with_its_sign(schedule: ScheduleManager, name: str, text: str) -> None:
    assert getattr(schedule.date_rules, name)(SPY, 3).name == text
    assert getattr(schedule.date_rules, name)().name == text[5:-2]


def test_a_function_of_the_user_gives_the_days() -> None:
    seen: list[tuple[datetime, datetime]] = []

    def dates(start: datetime, end: datetime) -> list[datetime]:
        seen.append((start, end))
        return [datetime(2013, 10, 9, 12)]

    rule = FuncDateRule("mine", dates)
    assert rule.get_dates(datetime(2013, 10, 7), datetime(2013, 10, 11)) == [datetime(2013, 10, 9)]
    assert seen == [(datetime(2013, 10, 7), datetime(2013, 10, 11))]


# -- symbols


def test_an_unknown_ticker_becomes_a_us_equity_with_one_warning() -> None:
    engine = Engine()
    rules = ScheduleManager(engine).date_rules
    assert rules.every_day("QQQ").name == "QQQ: EveryDay"
    rules.every_day("IWM")
    assert engine.log == [
        ("debug", "Warning: no existing symbol found for ticker QQQ, it will be created with Equity type.")
    ]


def test_a_ticker_or_security_of_the_run_is_used_without_a_warning() -> None:
    engine = Engine()
    security = SimpleNamespace(symbol=EURUSD, hours=FOREX)
    engine.securities[EURUSD] = security
    rules = ScheduleManager(engine).date_rules
    assert _october(rules.every_day("eurusd"))[:6] == [1, 2, 3, 4, 6, 7]
    assert _october(rules.every_day(security)) == _october(rules.every_day("EURUSD"))
    assert engine.log == []


def test_hours_of_an_added_security_win_over_the_database() -> None:
    engine = Engine()
    engine.securities[SPY] = SimpleNamespace(symbol=SPY, hours=FOREX)
    assert 6 in _october(ScheduleManager(engine).date_rules.every_day(SPY))


def test_something_that_is_no_symbol_is_refused(schedule: ScheduleManager) -> None:
    with pytest.raises(UsageError, match="is not a symbol"):
        schedule.date_rules.every_day(3.5)


# -- times of day

MONDAY = date(2013, 10, 7)
SPRING = date(2013, 3, 10)
AUTUMN = date(2013, 11, 3)
HALF_DAY = date(2013, 11, 29)
THANKSGIVING = date(2013, 11, 28)


@pytest.mark.parametrize(
    ("args", "named", "expected"),
    [
        ((9, 31), {}, "10-07 09:31:00"),
        ((9, 31, 5), {}, "10-07 09:31:05"),
        ((9, 31, "UTC"), {}, "10-07 05:31:00"),
        ((9, 31, 5, zone("Europe/Berlin")), {}, "10-07 03:31:05"),
        ((timedelta(hours=9, minutes=31),), {}, "10-07 09:31:00"),
        ((timedelta(hours=25),), {}, "10-08 01:00:00"),
        ((timedelta(hours=9, minutes=31), "UTC"), {}, "10-07 05:31:00"),
        ((), {"hour": 9, "minute": 31}, "10-07 09:31:00"),
        ((9,), {"minute": 31, "second": 5, "time_zone": "UTC"}, "10-07 05:31:05"),
        ((), {"time_of_day": timedelta(hours=9)}, "10-07 09:00:00"),
    ],
)
def test_at_takes_leans_signatures(
    schedule: ScheduleManager, args: tuple[Any, ...], named: dict[str, Any], expected: str
) -> None:
    assert _local(schedule.time_rules.at(*args, **named), MONDAY) == [expected]


@pytest.mark.parametrize(
    ("args", "named"), [((), {}), ((9,), {}), ((9, 30, 0, 0), {}), ((9, 30), {"hour": 3}), ((9, 30), {"hours": 3})]
)
def test_at_refuses_other_arguments(schedule: ScheduleManager, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="fits none of its forms"):
        schedule.time_rules.at(*args, **named)


def test_at_refuses_an_unknown_zone(schedule: ScheduleManager) -> None:
    with pytest.raises(DataError, match="unknown time zone 'Mars'"):
        schedule.time_rules.at(9, 30, "Mars")


@pytest.mark.parametrize(
    ("args", "name"), [((9, 30), "9.5"), ((9, 5), "9.08"), ((10, 0), "10"), ((0, 0), "0"), ((10, 7, 30), "10.13")]
)
def test_at_is_named_by_its_hours(schedule: ScheduleManager, args: tuple[int, ...], name: str) -> None:
    assert schedule.time_rules.at(*args).name == name


def test_at_in_the_skipped_hour_fires_when_the_clock_moves_on(schedule: ScheduleManager) -> None:
    assert _utc(schedule.time_rules.at(2, 30), SPRING) == ["03-10 07:00"]
    assert _utc(schedule.time_rules.at(1, 59), SPRING) == ["03-10 06:59"]
    assert _utc(schedule.time_rules.at(3, 0), SPRING) == ["03-10 07:00"]


def test_at_in_the_repeated_hour_fires_the_second_time(schedule: ScheduleManager) -> None:
    assert _utc(schedule.time_rules.at(0, 59), AUTUMN) == ["11-03 04:59"]
    assert _utc(schedule.time_rules.at(1, 30), AUTUMN) == ["11-03 06:30"]
    assert _utc(schedule.time_rules.at(2, 0), AUTUMN) == ["11-03 07:00"]


def test_every_counts_anew_from_each_midnight(schedule: ScheduleManager) -> None:
    rule = schedule.time_rules.every(timedelta(minutes=390))
    assert rule.name == "Every 390 min"
    assert _local(rule, MONDAY, date(2013, 10, 8))[:5] == [
        "10-07 00:00:00",
        "10-07 06:30:00",
        "10-07 13:00:00",
        "10-07 19:30:00",
        "10-08 00:00:00",
    ]


def test_every_gathers_the_skipped_times_after_the_gap(schedule: ScheduleManager) -> None:
    times = _utc(schedule.time_rules.every(timedelta(minutes=30)), SPRING)
    assert times[3:8] == ["03-10 06:30", "03-10 07:00", "03-10 07:00", "03-10 07:00", "03-10 07:30"]
    assert len(times) == 48


def test_every_passes_over_the_first_of_two_repeated_hours(schedule: ScheduleManager) -> None:
    times = _utc(schedule.time_rules.every(timedelta(minutes=30)), AUTUMN)
    assert times[:5] == ["11-03 04:00", "11-03 04:30", "11-03 06:00", "11-03 06:30", "11-03 07:00"]


def test_every_longer_than_a_day_fires_at_midnight_only(schedule: ScheduleManager) -> None:
    assert _local(schedule.time_rules.every(timedelta(hours=30)), MONDAY) == ["10-07 00:00:00"]


@pytest.mark.parametrize("interval", [timedelta(0), timedelta(seconds=-1)])
def test_every_refuses_an_interval_that_does_not_move_on(schedule: ScheduleManager, interval: timedelta) -> None:
    with pytest.raises(UsageError, match="time span interval can not be zero or less"):
        schedule.time_rules.every(interval)


def test_midnight_and_noon(schedule: ScheduleManager) -> None:
    rules = schedule.time_rules
    assert (rules.midnight.name, rules.noon.name) == ("Midnight", "Noon")
    assert _local(rules.midnight, MONDAY) == ["10-07 00:00:00"]
    assert _local(rules.noon, MONDAY) == ["10-07 12:00:00"]


def test_noon_is_twelve_hours_after_midnight_when_clocks_change(schedule: ScheduleManager) -> None:
    assert _local(schedule.time_rules.noon, SPRING, AUTUMN) == ["03-10 13:00:00", "11-03 11:00:00"]


def test_now_is_the_time_of_evaluation() -> None:
    engine = Engine()
    rule = ScheduleManager(engine).time_rules.now
    times = rule.times_ns([MONDAY, MONDAY])
    assert next(times) == engine.time_ns
    engine.time_ns += 1
    assert next(times) == engine.time_ns
    assert rule.name == "Now"


def test_sessions_follow_half_days_and_leave_out_holidays(schedule: ScheduleManager) -> None:
    rules, days = schedule.time_rules, (date(2013, 11, 27), THANKSGIVING, HALF_DAY, date(2013, 11, 30))
    assert _local(rules.after_market_open(SPY, 10), *days) == ["11-27 09:40:00", "11-29 09:40:00"]
    assert _local(rules.before_market_open(SPY, 0.5), *days) == ["11-27 09:29:30", "11-29 09:29:30"]
    assert _local(rules.before_market_close(SPY, 10), *days) == ["11-27 15:50:00", "11-29 12:50:00"]
    assert _local(rules.after_market_close(SPY, 5), *days) == ["11-27 16:05:00", "11-29 13:05:00"]


def test_sessions_of_extended_hours(schedule: ScheduleManager) -> None:
    rules = schedule.time_rules
    assert _local(rules.after_market_open(SPY, 10, True), MONDAY) == ["10-07 04:10:00"]
    assert _local(rules.before_market_close(SPY, extended_market_close=True), MONDAY) == ["10-07 20:00:00"]


def test_forex_opens_and_closes_each_day_at_midnight_but_at_the_ends_of_its_week(schedule: ScheduleManager) -> None:
    days = date(2013, 10, 4), date(2013, 10, 5), date(2013, 10, 6), MONDAY
    rules = schedule.time_rules
    assert _local(rules.after_market_open(EURUSD), *days) == ["10-04 00:00:00", "10-06 17:00:00", "10-07 00:00:00"]
    assert _local(rules.before_market_close(EURUSD), *days) == ["10-04 17:00:00", "10-07 00:00:00", "10-08 00:00:00"]


def test_a_market_that_is_always_open_closes_at_midnight_and_never_opens(schedule: ScheduleManager) -> None:
    assert _utc(schedule.time_rules.before_market_close(BTCUSD, 1), MONDAY) == ["10-07 23:59"]
    with pytest.raises(UsageError, match=r"BTCUSD: Unable to locate next market open .* use time_rules.at\(\)"):
        schedule.time_rules.after_market_open(BTCUSD)


def test_sessions_without_a_symbol_are_those_of_us_equities(schedule: ScheduleManager) -> None:
    rules = schedule.time_rules
    assert _local(rules.after_market_open(10), MONDAY, THANKSGIVING) == ["10-07 09:40:00"]
    assert _local(rules.before_market_open(30, True), MONDAY) == ["10-07 03:30:00"]
    assert _local(rules.before_market_close(minutes_before_close=10), HALF_DAY) == ["11-29 12:50:00"]
    assert _local(rules.after_market_close(), MONDAY) == ["10-07 16:00:00"]


def test_sessions_without_a_symbol_take_the_earliest_open_and_latest_close_of_the_run() -> None:
    engine = Engine()
    for symbol in (SPY, EURUSD, BTCUSD):
        engine.securities[symbol] = SimpleNamespace(symbol=symbol, hours=_DATABASE[symbol])
    rules = ScheduleManager(engine).time_rules
    days = date(2013, 10, 4), date(2013, 10, 5), MONDAY
    assert _local(rules.after_market_open(), *days) == ["10-04 00:00:00", "10-07 00:00:00"]
    assert _local(rules.before_market_close(), *days) == ["10-04 17:00:00", "10-08 00:00:00"]


@pytest.mark.parametrize(
    ("rule", "args", "name"),
    [
        ("after_market_open", (SPY, 10), "SPY: 10 min after MarketOpen"),
        ("after_market_open", (SPY,), "SPY: 0 min before MarketOpen"),
        ("before_market_open", (SPY, 2.5, True), "SPY: 2.5 min before ExtendedMarketOpen"),
        ("before_market_close", (10,), "10 min before MarketClose"),
        ("after_market_close", (SPY, 1.125, True), "SPY: 1.13 min after ExtendedMarketClose"),
    ],
)
def test_session_rules_are_named_as_leans_are(
    schedule: ScheduleManager, rule: str, args: tuple[Any, ...], name: str
) -> None:
    assert getattr(schedule.time_rules, rule)(*args).name == name


def test_zones_are_read_by_at_when_called_and_by_midnight_when_evaluated(schedule: ScheduleManager) -> None:
    at, midnight, every = (
        schedule.time_rules.at(0, 0),
        schedule.time_rules.midnight,
        schedule.time_rules.every(timedelta(days=1)),
    )
    schedule.set_time_zone(zone("UTC"))
    assert _utc(at, MONDAY) == ["10-07 04:00"]
    assert _utc(midnight, MONDAY) == ["10-07 00:00"]
    assert _utc(every, MONDAY) == ["10-07 00:00"]


def test_several_rules_as_one_give_sorted_times_each_once(schedule: ScheduleManager) -> None:
    rules = schedule.time_rules
    rule = CompositeTimeRule(rules.at(15, 0), [rules.at(9, 30), rules.after_market_open(SPY)])
    assert _local(rule, MONDAY) == ["10-07 09:30:00", "10-07 15:00:00"]
    assert rule.name == "15,9.5,SPY: 0 min before MarketOpen"


def test_a_function_of_the_user_gives_the_times() -> None:
    rule = FuncTimeRule("mine", lambda dates: [day + timedelta(hours=1) for day in dates])
    assert rule.create_utc_event_times([datetime(2013, 10, 7)]) == [datetime(2013, 10, 7, 1)]


def test_both_spellings_work(schedule: ScheduleManager) -> None:
    times = schedule.TimeRules.BeforeMarketClose(SPY, 10).CreateUtcEventTimes([MONDAY])
    assert times == [datetime(2013, 10, 7, 19, 50)]
    assert schedule.DateRules.EveryDay(SPY).Name == "SPY: EveryDay"
