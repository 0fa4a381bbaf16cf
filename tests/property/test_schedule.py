"""Schedules against models that count days and instants one by one."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from live.algorithm.enums import SecurityType
from live.algorithm.schedule import EventQueue, ScheduledEvent, ScheduleManager
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns, zone
from live.feeds.market_hours import MARKET, MarketHours, Segment

SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")
HOUR = 3_600_000_000_000
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Sydney", "UTC", "UTC-05", "Asia/Kolkata")
FIRST = date(2013, 9, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(240)]

profile = settings(deadline=None, max_examples=60)


class Engine:
    """The part of an engine that the schedule sees."""

    def __init__(self, hours: MarketHours) -> None:
        self.zone = zone("America/New_York")
        self.time_ns = 0
        self.securities: dict[Symbol, Any] = {}
        self._hours = hours

    def market_hours(self, symbol: Symbol) -> MarketHours:
        """The one calendar."""
        return self._hours

    def write_log(self, level: str, text: str) -> None:
        """Nothing is written here."""


@st.composite
def calendars(draw: st.DrawFn) -> MarketHours:
    """Markets that open from Monday to Friday but on some holidays."""
    session = (Segment(9 * HOUR, 16 * HOUR, MARKET),)
    holidays = draw(st.sets(st.sampled_from(DAYS), max_size=25))
    week = [session] * 5 + [(), ()]
    return MarketHours(zone("UTC"), zone("America/New_York"), week, frozenset(holidays), {}, {}, False)


def _open(hours: MarketHours, day: date) -> bool:
    return bool(hours.segments(datetime_to_ns(datetime(day.year, day.month, day.day))))


@profile
@given(
    hours=calendars(),
    offset=st.integers(0, 30),
    forward=st.booleans(),
    month=st.sampled_from([10, 11, 12, 1, 2, 3]),
)
def test_month_rules_count_the_open_days_of_the_month(
    hours: MarketHours, offset: int, forward: bool, month: int
) -> None:
    rules = ScheduleManager(Engine(hours)).date_rules
    of_month = [day for day in DAYS if day.month == month]
    trading = [day for day in of_month if _open(hours, day)]
    ordered = trading if forward else trading[::-1]
    rule = rules.month_start(SPY, offset) if forward else rules.month_end(SPY, offset)
    assert list(rule.days(of_month[0], of_month[-1])) == [ordered[min(offset, len(ordered) - 1)]]


@profile
@given(hours=calendars(), begin=st.integers(0, 200), length=st.integers(0, 39))
def test_ranges_cut_rules_without_changing_them(hours: MarketHours, begin: int, length: int) -> None:
    rules = ScheduleManager(Engine(hours)).date_rules
    start, end = DAYS[begin], DAYS[begin + length]
    for rule in (
        rules.every_day(SPY),
        rules.week_start(SPY, 1),
        rules.week_end(2),
        rules.month_end(SPY, 3),
        rules.quarter_start(SPY, 20),
    ):
        whole = list(rule.days(date(2013, 1, 1), date(2014, 12, 31)))
        assert whole == sorted(whole)
        assert list(rule.days(start, end)) == [day for day in whole if start <= day <= end]


@profile
@given(
    name=st.sampled_from(ZONES),
    minute=st.integers(0, 2 * 366 * 24 * 60) | st.integers(0, 600).map(lambda minute: 434 * 1440 + minute),
)
def test_wall_time_is_read_as_the_later_instant_or_the_end_of_the_gap(name: str, minute: int) -> None:
    clock = zone(name)
    wall = datetime(2012, 1, 1) + timedelta(minutes=minute)
    tz = clock.tzinfo if name.startswith("UTC") else ZoneInfo(name)
    guess = wall.replace(tzinfo=tz, fold=1).astimezone(timezone.utc).replace(tzinfo=None)
    shown = guess.replace(tzinfo=timezone.utc).astimezone(tz).replace(tzinfo=None)
    if shown != wall:
        early = guess - timedelta(hours=3)
        steps = [early + timedelta(minutes=number) for number in range(361)]
        local = [step.replace(tzinfo=timezone.utc).astimezone(tz).replace(tzinfo=None) for step in steps]
        guess = next(step for step, shown in zip(steps, local, strict=True) if shown > wall)
    assert clock.to_utc_ns(datetime_to_ns(wall)) == datetime_to_ns(guess)


@profile
@given(
    times=st.lists(st.sets(st.integers(0, 40), min_size=1, max_size=8).map(sorted), min_size=1, max_size=6),
    steps=st.sets(st.integers(1, 45), min_size=1, max_size=10).map(sorted),
)
def test_every_occurrence_fires_once_at_its_own_time_in_order(times: list[list[int]], steps: list[int]) -> None:
    now = [0]
    fired: list[tuple[int, int]] = []
    queue = EventQueue(lambda: now[0])

    def set_time(time_ns: int) -> None:
        now[0] = time_ns

    for number, each in enumerate(times):
        queue.add(ScheduledEvent(str(number), each, lambda name, time: fired.append((now[0], int(name)))))
    for step in steps:
        queue.fire_past(step, set_time)
        set_time(step)
        queue.fire_due(step)
        remaining = [time for each in times for time in each if time > step]
        assert queue.next_time_ns == min(remaining, default=2**63 - 1)
    expected = [(time, number) for number, each in enumerate(times) for time in each if time <= steps[-1]]
    assert [time for time, _ in fired] == sorted(time for time, _ in expected)
    assert sorted(fired) == sorted(expected)


@profile
@given(
    times=st.lists(st.sets(st.integers(0, 6), min_size=1).map(sorted), min_size=1, max_size=6),
    removed=st.sets(st.integers(0, 5)),
)
def test_a_queue_sorted_before_each_step_fires_equal_times_in_order_of_registration(
    times: list[list[int]], removed: set[int]
) -> None:
    now = [0]
    fired: list[tuple[int, int]] = []
    queue = EventQueue(lambda: now[0])
    events = [
        ScheduledEvent(str(number), each, lambda name, time: fired.append((now[0], int(name))))
        for number, each in enumerate(times)
    ]
    for event in events:
        queue.add(event)
    for number in removed:
        if number < len(events):
            queue.remove(events[number])
    for step in range(7):
        now[0] = step
        queue.fire_due(step)
        queue.remove(ScheduledEvent("stranger", [], lambda name, time: None))
    assert fired == sorted(
        (time, number) for number, each in enumerate(times) if number not in removed for time in each
    )
