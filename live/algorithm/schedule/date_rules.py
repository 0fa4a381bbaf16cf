"""`self.date_rules`: the days on which scheduled events happen."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
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
_MONTHS_PER_QUARTER = 3
_WEEK = timedelta(days=7)

Period = tuple[date, date]
"""First and last day of a month, quarter or year."""


class DateRules(ScheduleRules, PascalCaseAccess):
    """Makes date rules. Days are calendar days without a zone; the time rule gives them one."""

    def on(self, *dates: Any) -> DateRule:
        """Return a rule for single days: `on(2013, 10, 7)`, or dates and lists of dates.

        Days are taken in the order given, as LEAN takes them: one that comes after a later one fires together with that later one.

        Raises:
            UsageError: an argument is neither a date nor part of a year, month, day.
        """
        days = _single_days(dates)
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

    def every(self, *days: Any) -> DateRule:
        """Return a rule for days of the week: `every(DayOfWeek.MONDAY, DayOfWeek.FRIDAY)`, or a list of them."""
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
        hours = self._hours(symbol)
        return DateRule(
            f"{symbol.value}: EveryDay",
            lambda start, end: (day for day in each_day(start, end) if is_date_open(hours, day, extended_market_hours)),
        )

    def year_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the first day of each year plus an offset; with a symbol its trading days are counted.

        The year's first day must lie in or after the month in which the run begins, also when the offset leads far beyond it.

        Parameters:
            symbol: Symbol, Security or ticker; may be left out: `year_start(3)`.
            days_offset: 0 to 365 days.
            extended_market_hours: days with extended hours only may be the first day.

        Raises:
            UsageError: the offset is out of range.
        """
        return self._period_rule("YearStart", 365, True, _years, True, symbol, days_offset, extended_market_hours)

    def year_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the last day of each year minus an offset of 0 to 365 days; see year_start."""
        return self._period_rule("YearEnd", 365, False, _years, True, symbol, days_offset, extended_market_hours)

    def quarter_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the first day of each quarter plus an offset of 0 to 92 days; see year_start."""
        return self._period_rule("QuarterStart", 92, True, _quarters, True, symbol, days_offset, extended_market_hours)

    def quarter_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the last day of each quarter minus an offset of 0 to 92 days; see year_start."""
        return self._period_rule("QuarterEnd", 92, False, _quarters, True, symbol, days_offset, extended_market_hours)

    def month_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the first day of each month plus an offset; see year_start.

        The range 0 to 30 of the offset is checked with a symbol only, as in LEAN; the month's last day is never passed.
        """
        return self._period_rule("MonthStart", 30, True, _months, False, symbol, days_offset, extended_market_hours)

    def month_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for the last day of each month minus an offset; see month_start."""
        return self._period_rule("MonthEnd", 30, False, _months, False, symbol, days_offset, extended_market_hours)

    def week_start(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for Monday plus an offset of 0 to 6 days, or for a symbol's first weekday plus trading days.

        Raises:
            UsageError: the offset is out of range; for a symbol, of its week.
        """
        return self._week_rule("WeekStart", True, symbol, days_offset, extended_market_hours)

    def week_end(self, symbol: Any = None, days_offset: Any = 0, extended_market_hours: bool = True) -> DateRule:
        """Return a rule for Friday minus an offset of 0 to 6 days, or for a symbol's last weekday minus trading days."""
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

    def _period_rule(
        self,
        kind: str,
        largest_offset: int,
        forward: bool,
        periods: Callable[[date, date], Iterator[Period]],
        is_always_checked: bool,
        symbol: Any,
        days_offset: Any,
        extended_market_hours: bool,
    ) -> DateRule:
        target, offset, extended = self._target(symbol, days_offset, extended_market_hours)
        if (is_always_checked or target is not None) and not 0 <= offset <= largest_offset:
            raise UsageError(f"DateRules.{kind}() : Offset must be between 0 and {largest_offset}; it is {offset}")
        hours = None if target is None else self._hours(target)

        def days(start: date, end: date) -> Iterator[date]:
            for first, last in periods(start, end):
                base, boundary = (first, last) if forward else (last, first)
                day = scheduled_day(hours, base, offset, forward, extended, boundary)
                if start <= day <= end:
                    yield day

        return DateRule(_rule_name(target, kind, offset if forward else -offset), days)

    def _week_rule(self, kind: str, forward: bool, symbol: Any, days_offset: Any, extended: bool) -> DateRule:
        target, offset, extended = self._target(symbol, days_offset, extended)
        if target is None:
            if not 0 <= offset <= 6:
                raise UsageError(f"DateRules.{kind}() : Offset must be between 0 and 6; it is {offset}")
            hours = None
            base, boundary = (1, 7) if forward else (5, -1)
        else:
            hours = self._hours(target)
            weekdays = open_weekdays(hours)
            base, boundary = (weekdays[0], weekdays[-1]) if forward else (weekdays[-1], weekdays[0])
            if offset > len(weekdays) - 1:
                raise UsageError(_week_offset_text(kind, forward, base, offset, target, weekdays))
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
        boundary: the day not to be passed; the nearest trading day before it (behind it, when searching backward) is taken instead.
    """
    step = ONE_DAY if forward else -ONE_DAY
    day = base if is_date_open(hours, base, extended) else step_trading_day(hours, base, step)
    for _ in range(offset):
        day = step_trading_day(hours, day, step)
    if (day > boundary) if forward else (day < boundary):
        day = boundary if is_date_open(hours, boundary, extended) else step_trading_day(hours, boundary, -step)
    return day


def _single_days(values: tuple[Any, ...]) -> list[date]:
    if len(values) == 3 and all(isinstance(value, int) for value in values):
        return [date(*values)]
    flat = [each for value in values for each in (value if isinstance(value, Iterable) else [value])]
    if not flat or not all(isinstance(each, date) for each in flat):
        raise UsageError(f"date_rules.on() takes year, month, day, or dates; it was given {values!r}")
    return [as_date(each) for each in flat]


def _months(start: date, end: date, length: int = 1) -> Iterator[Period]:
    """Yield the periods of a number of months, in step with the calendar year, that touch a closed range."""
    index = start.year * _MONTHS_PER_YEAR + start.month - 1
    index -= index % length
    last_index = end.year * _MONTHS_PER_YEAR + end.month - 1
    while index <= last_index:
        year, month = divmod(index, _MONTHS_PER_YEAR)
        last_month = month + length
        yield date(year, month + 1, 1), date(year, last_month, monthrange(year, last_month)[1])
        index += length


def _quarters(start: date, end: date) -> Iterator[Period]:
    return _months(start, end, _MONTHS_PER_QUARTER)
