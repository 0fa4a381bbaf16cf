"""Where bars begin and how long they are: by period, by count, by calendar.

Bars of a period of at most a day are aligned to multiples of it on the exchange's wall clock, counted from 0001-01-01
as .NET counts. Longer ones begin with their first data.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from live.algorithm.consolidators.base import CalendarInfo
from live.clock import (
    NANOSECONDS_PER_DAY,
    datetime_to_ns,
    ns_to_datetime,
    ns_to_timedelta,
    timedelta_to_ns,
)
from live.errors import UsageError

CalendarFunction = Callable[[datetime], CalendarInfo]

_YEAR_ONE_NS = datetime_to_ns(datetime.min)
_ONE_SECOND_NS = 1_000_000_000
_WEEK_NS = 7 * NANOSECONDS_PER_DAY
_TRIAL_MOMENT = datetime(2022, 1, 3, 10, 10, 10)


class BarSchedule(Protocol):
    """Start and period of bars. `period_ns` is that of the bar asked for last, None when only a count ends a bar."""

    period_ns: int | None
    is_fixed: bool
    """Whether data longer than the period are an error."""

    def start_ns(self, local_ns: int) -> int:
        """Return the start of the bar that a moment belongs to."""


class PeriodSchedule:
    """Bars of one length.

    Parameters:
        period: length of a bar.
        start_time: time of day at which bars begin anew; periods of a week and more begin anew each month.
    """

    is_fixed = True

    def __init__(self, period: timedelta, start_time: timedelta | None) -> None:
        self.period_ns: int | None = timedelta_to_ns(period)
        self._length_ns = timedelta_to_ns(period)
        self._start_time_ns = None if start_time is None else timedelta_to_ns(start_time)
        if self._length_ns < 0:
            raise UsageError(f"{period} is no period of bars; use a positive timedelta")
        # The distance of the scale's zero from 1970, brought under one period so that sums stay small.
        self._phase_ns = -_YEAR_ONE_NS % self._length_ns if self._length_ns else 0

    def start_ns(self, local_ns: int) -> int:
        """Return the start of the bar that a moment belongs to."""
        length = self._length_ns
        if self._start_time_ns is not None and length:
            day = local_ns - local_ns % NANOSECONDS_PER_DAY
            if length >= _WEEK_NS:
                day = datetime_to_ns(ns_to_datetime(day).replace(day=1))
            anchor = day + self._start_time_ns
            return anchor + (local_ns - anchor) // length * length
        if not 0 < length <= NANOSECONDS_PER_DAY:
            return local_ns
        return local_ns - (local_ns + self._phase_ns) % length


class CountSchedule:
    """Bars that begin with their first data.

    Parameters:
        period: length after which a bar ends although the count is not reached, or None.
    """

    is_fixed = False

    def __init__(self, period: timedelta | None) -> None:
        self.period_ns = None if period is None else timedelta_to_ns(period)

    def start_ns(self, local_ns: int) -> int:
        """Return the moment itself."""
        return local_ns


class CalendarSchedule:
    """Bars by a function of the user's or of `Calendar`.

    Parameters:
        calendar: gives start and period of the bar that a moment belongs to.

    Raises:
        UsageError: the function gives a start after the moment.
    """

    is_fixed = False

    def __init__(self, calendar: CalendarFunction) -> None:
        self._calendar = calendar
        self.period_ns: int | None = _ONE_SECOND_NS
        if calendar(_TRIAL_MOMENT).start > _TRIAL_MOMENT:
            raise UsageError(
                "the calendar function of a consolidator gave a start after the moment it was asked for; "
                "return the start of the bar that holds the moment"
            )

    def start_ns(self, local_ns: int) -> int:
        """Return the start of the bar that a moment belongs to."""
        info = self._calendar(ns_to_datetime(local_ns))
        self.period_ns = timedelta_to_ns(info.period)
        return datetime_to_ns(info.start)


def bar_schedule(owner: str, rule: Any, period: timedelta | None) -> tuple[BarSchedule, int | None]:
    """Return the schedule and the count of a consolidator's arguments.

    Parameters:
        owner: name of the consolidator, for messages.
        rule: a timedelta, a number of data points, or a calendar function.
        period: with a number, a period that ends a bar too; with a timedelta, the time of day at which bars begin.

    Raises:
        UsageError: the arguments are something else.
    """
    if isinstance(rule, timedelta):
        schedule = PeriodSchedule(rule, period)
        return schedule, None
    # Not isinstance: enumerations such as Resolution are integers too, and their numbers are no counts.
    if type(rule) is int and rule > 0:
        return CountSchedule(period), rule
    if callable(rule) and period is None:
        return CalendarSchedule(rule), None
    raise UsageError(
        f"{owner} needs a timedelta, a number of data points, or a function that gives CalendarInfo, not {rule!r}; "
        f"for a Resolution use {owner}.from_resolution"
    )


class Calendar:
    """LEAN's calendars for consolidators."""

    @staticmethod
    def weekly(moment: datetime) -> CalendarInfo:
        """Return the week of a moment, from Monday."""
        start = datetime(moment.year, moment.month, moment.day) - timedelta(days=moment.weekday())
        return CalendarInfo(start, timedelta(days=7))

    @staticmethod
    def monthly(moment: datetime) -> CalendarInfo:
        """Return the month of a moment."""
        return _months(moment, 1)

    @staticmethod
    def quarterly(moment: datetime) -> CalendarInfo:
        """Return the quarter of a moment."""
        return _months(moment, 3)

    @staticmethod
    def yearly(moment: datetime) -> CalendarInfo:
        """Return the year of a moment."""
        return _months(moment, 12)

    WEEKLY = Weekly = weekly
    MONTHLY = Monthly = monthly
    QUARTERLY = Quarterly = quarterly
    YEARLY = Yearly = yearly


def _months(moment: datetime, count: int) -> CalendarInfo:
    first = (moment.month - 1) // count * count + 1
    start = datetime(moment.year, first, 1)
    after = first + count
    end = datetime(moment.year + (after - 1) // 12, (after - 1) % 12 + 1, 1)
    return CalendarInfo(start, end - start)


def length_text(length_ns: int) -> str:
    """Return a length for messages."""
    return str(ns_to_timedelta(length_ns))
