"""`self.date_rules`: the days on which scheduled events happen."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from live.algorithm.enums import DayOfWeek
from live.algorithm.naming import PascalCaseAccess
from live.algorithm.schedule.calendar import (
    ONE_DAY,
    ExchangeHours,
    ScheduleRules,
    dotnet_weekday,
    each_day,
    is_date_open,
    open_weekdays,
    step_trading_day,
)
from live.algorithm.schedule.rules import DateRule, as_date
from live.algorithm.symbols import Symbol
from live.clock import ns_to_date
from live.errors import UsageError

_MONTHS_PER_YEAR = 12
_WEEK = timedelta(days=7)
_LARGEST_WEEK_OFFSET = 6
_YEAR_MONTH_DAY = 3


@dataclass(frozen=True)
class _Period:
    """A kind of rule that looks for a day from the first (forward) or the last day of a period of months.

    A plain rule is one without a symbol; LEAN leaves its offset unchecked when the period is a month.
    """

    name: str
    months: int
    forward: bool
    largest_offset: int

    @property
    def is_plain_offset_checked(self) -> bool:
        return self.months > 1


_YEAR_START = _Period("YearStart", 12, True, 365)
_YEAR_END = _Period("YearEnd", 12, False, 365)
_QUARTER_START = _Period("QuarterStart", 3, True, 92)
_QUARTER_END = _Period("QuarterEnd", 3, False, 92)
_MONTH_START = _Period("MonthStart", 1, True, 30)
_MONTH_END = _Period("MonthEnd", 1, False, 30)


class DateRules(ScheduleRules, PascalCaseAccess):
    """Makes date rules. Days are calendar days without a zone; the time rule gives them one."""

    def on(self, *dates: Any, year: Any = None, month: Any = None, day: Any = None) -> DateRule:
        """Return a rule for single days: `on(2013, 10, 7)`, or dates and lists of dates.

        Days are taken in the order given, as LEAN takes them: one that comes after a later one fires together with it.

        Raises:
            UsageError: an argument is neither a date nor part of a year, month, day.
        """
        days = _single_days((*dates, *(each for each in (year, month, day) if each is not None)))
        name = ",".join(day.strftime("%m/%d/%Y") for day in days)
        return DateRule(name, lambda start, end: (day for day in days if start <= day <= end))

    @property
    def today(self) -> DateRule:
        """The present day of the algorithm's clock, whenever the rule is first evaluated."""
        return DateRule("TodayOnly", lambda start, end: [self._current_day()])

    @property
    def tomorrow(self) -> DateRule:
        """The day after the present day of the algorithm's clock."""
        return DateRule("TomorrowOnly", lambda start, end: [self._current_day() + ONE_DAY])

    def every(self, *days: Any, day: Any = None) -> DateRule:
        """Return a rule for days of the week: `every(DayOfWeek.MONDAY, DayOfWeek.FRIDAY)`, or a list of them."""
        days = days if day is None else (*days, day)
        wanted = [DayOfWeek(day) for each in days for day in (each if isinstance(each, Iterable) else [each])]
        chosen = {int(day) for day in wanted}
        name = ",".join(day.name.capitalize() for day in wanted)
        return DateRule(name, lambda start, end: (day for day in each_day(start, end) if dotnet_weekday(day) in chosen))

    def every_day(self, symbol: Any = None, extended_market_hours: bool = False) -> DateRule:
        """Return a rule for every calendar day, or for every day on which a symbol trades.

        Parameters:
            symbol: Symbol, Security or ticker; None for every day.
            extended_market_hours: also days with extended hours only.
        """
        if symbol is None:
            return DateRule("EveryDay", each_day)
        symbol = self._symbol(symbol)
        hours, extended = self._hours(symbol), extended_market_hours
        return DateRule(
            f"{symbol.value}: EveryDay",
            lambda start, end: (each for each in each_day(start, end) if is_date_open(hours, each, extended)),
        )

    def year_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the first day of each year plus an offset; with a symbol its trading days are counted.

        As in LEAN, a year counts only when it begins in or after the month in which the run does, whatever the offset.

        Parameters:
            symbol: Symbol, Security or ticker; may be left out: `year_start(3)`.
            days_offset: 0 to 365 days.
            extended_market_hours: days with extended hours only may be the first day.

        Raises:
            UsageError: the offset is out of range.
        """
        return self._period_rule(_YEAR_START, symbol, days_offset, extended_market_hours)

    def year_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the last day of each year minus an offset of 0 to 365 days; see year_start."""
        return self._period_rule(_YEAR_END, symbol, days_offset, extended_market_hours)

    def quarter_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the first day of each quarter plus an offset of 0 to 92 days; see year_start."""
        return self._period_rule(_QUARTER_START, symbol, days_offset, extended_market_hours)

    def quarter_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the last day of each quarter minus an offset of 0 to 92 days; see year_start."""
        return self._period_rule(_QUARTER_END, symbol, days_offset, extended_market_hours)

    def month_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the first day of each month plus an offset; see year_start.

        The range 0 to 30 of the offset is checked with a symbol only, as in LEAN; the month's last day is never passed.
        """
        return self._period_rule(_MONTH_START, symbol, days_offset, extended_market_hours)

    def month_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the last day of each month minus an offset; see month_start."""
        return self._period_rule(_MONTH_END, symbol, days_offset, extended_market_hours)

    def week_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for Monday plus an offset of 0 to 6 days, or for a symbol's first weekday plus trading days.

        Raises:
            UsageError: the offset is out of range; for a symbol, of its week.
        """
        return self._week_rule("WeekStart", True, symbol, days_offset, extended_market_hours)

    def week_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for Friday minus an offset of 0 to 6 days, or a symbol's last weekday minus trading days."""
        return self._week_rule("WeekEnd", False, symbol, days_offset, extended_market_hours)

    def _current_day(self) -> date:
        return ns_to_date(self._zone.to_local_ns(self._host.time_ns))

    def _target(self, symbol: Any, days_offset: Any, extended: bool) -> tuple[Symbol | None, int, bool]:
        """Sort LEAN's two signatures apart: (days_offset) and (symbol, days_offset, extended_market_hours)."""
        if symbol is None:
            return None, int(days_offset), extended
        if isinstance(symbol, int):
            return None, symbol, extended
        return self._symbol(symbol), int(days_offset), extended

    def _period_rule(self, kind: _Period, symbol: Any, days_offset: Any, extended: bool) -> DateRule:
        target, offset, extended = self._target(symbol, days_offset, extended)
        is_checked = kind.is_plain_offset_checked or target is not None
        if is_checked and not 0 <= offset <= kind.largest_offset:
            raise UsageError(
                f"DateRules.{kind.name}() : Offset must be between 0 and {kind.largest_offset}; it is {offset}"
            )
        hours = None if target is None else self._hours(target)

        def days(start: date, end: date) -> Iterator[date]:
            for base, boundary in _bases(kind, start, end):
                day = scheduled_day(hours, base, offset, kind.forward, extended, boundary)
                if start <= day <= end:
                    yield day

        return DateRule(_rule_name(target, kind.name, offset if kind.forward else -offset), days)

    def _week_rule(self, kind: str, forward: bool, symbol: Any, days_offset: Any, extended: bool) -> DateRule:
        target, offset, extended = self._target(symbol, days_offset, extended)
        if target is None:
            if not 0 <= offset <= _LARGEST_WEEK_OFFSET:
                raise UsageError(f"DateRules.{kind}() : Offset must be between 0 and 6; it is {offset}")
            hours = None
            base, boundary = (1, 7) if forward else (5, -1)
        else:
            hours = self._hours(target)
            weekdays = open_weekdays(hours)
            base, boundary = (weekdays[0], weekdays[-1]) if forward else (weekdays[-1], weekdays[0])
            if offset > len(weekdays) - 1:
                raise UsageError(_week_offset_text(kind, "+" if forward else "-", base, offset, target, weekdays))
        reach = timedelta(days=boundary - base)

        def days(start: date, end: date) -> Iterator[date]:
            # Monday of the first week to Sunday of the last: a Sunday closes a week here.
            monday = start - timedelta(days=start.weekday())
            sunday = end + timedelta(days=6 - end.weekday())
            day = monday + timedelta(days=(base - 1) % 7)
            while day <= sunday:
                found = scheduled_day(hours, day, offset, forward, extended, day + reach)
                if start <= found <= end:
                    yield found
                day += _WEEK

        return DateRule(_rule_name(target, kind, offset if forward else -offset), days)


def scheduled_day(
    hours: ExchangeHours | None, base: date, offset: int, forward: bool, extended: bool, boundary: date
) -> date:
    """Return the day that lies a number of trading days from a base day, held back at a boundary.

    Only the base day itself may be a day with extended hours alone; the days counted have regular trading.

    Parameters:
        hours: calendar of the exchange; None when every day counts.
        base: first day for a forward search, last day for a backward one.
        offset: trading days away from the base.
        forward: direction of the search.
        extended: whether a day with extended hours only may be the base.
        boundary: the day not to be passed; a day beyond it gives way to it, or to the nearest trading day on this side.
    """
    step = ONE_DAY if forward else -ONE_DAY
    day = base if is_date_open(hours, base, extended) else step_trading_day(hours, base, step)
    for _ in range(offset):
        day = step_trading_day(hours, day, step)
    if (day > boundary) if forward else (day < boundary):
        day = boundary if is_date_open(hours, boundary, extended) else step_trading_day(hours, boundary, -step)
    return day


def _single_days(values: tuple[Any, ...]) -> list[date]:
    if len(values) == _YEAR_MONTH_DAY and all(isinstance(value, int) for value in values):
        return [date(*values)]
    flat = [each for value in values for each in (value if isinstance(value, Iterable) else [value])]
    if not flat or not all(isinstance(each, date) for each in flat):
        raise UsageError(f"date_rules.on() takes year, month, day, or dates; it was given {values!r}")
    return [as_date(each) for each in flat]


def _bases(kind: _Period, start: date, end: date) -> Iterator[tuple[date, date]]:
    """Yield (base, boundary) of the periods that touch a closed range: the day to search from and the other end.

    Of years LEAN takes only those whose base lies in the months of the range.
    """
    index = start.year * _MONTHS_PER_YEAR + start.month - 1
    last_index = end.year * _MONTHS_PER_YEAR + end.month - 1
    earliest, latest = start.replace(day=1), end.replace(day=monthrange(end.year, end.month)[1])
    for first_index in range(index - index % kind.months, last_index + 1, kind.months):
        year, month = divmod(first_index, _MONTHS_PER_YEAR)
        last_month = month + kind.months
        ends = date(year, month + 1, 1), date(year, last_month, monthrange(year, last_month)[1])
        base, boundary = ends if kind.forward else ends[::-1]
        if kind.months < _MONTHS_PER_YEAR or earliest <= base <= latest:
            yield base, boundary


def _rule_name(symbol: Symbol | None, kind: str, offset: int) -> str:
    signed = f"{offset:+d}" if offset else ""
    return f"{kind}{signed}" if symbol is None else f"{symbol.value}: {kind}{signed}"


def _week_offset_text(kind: str, sign: str, base: int, offset: int, symbol: Symbol, weekdays: list[int]) -> str:
    names = [DayOfWeek(day).name.capitalize() for day in weekdays]
    return (
        f"DateRules.{kind}() : {DayOfWeek(base).name.capitalize()}{sign}{offset} is out of range for {symbol.value}'s"
        f" schedule, please use an offset between 0 - {len(weekdays) - 1}; Schedule : {', '.join(names)}"
    )
