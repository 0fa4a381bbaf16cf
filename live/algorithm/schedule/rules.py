"""The two kinds of rules: which days, and which times of those days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from live.algorithm.naming import PascalCaseAccess
from live.clock import datetime_to_ns, ns_to_datetime

_HUNDREDTH = Decimal("0.01")


class DateRule(PascalCaseAccess):
    """Days on which an event happens.

    Parameters:
        name: text for the names of events.
        days_between: gives the days of a closed range, lazily.
    """

    def __init__(self, name: str, days_between: Callable[[date, date], Iterable[date]]) -> None:
        self.name = name
        self._days_between = days_between

    def days(self, start: date, end: date) -> Iterator[date]:
        """Yield the days of a closed range, in the order in which the events are to happen."""
        yield from self._days_between(start, end)

    def get_dates(self, start: date, end: date) -> list[datetime]:
        """Return the days of a closed range as datetimes at midnight."""
        return [datetime(day.year, day.month, day.day) for day in self.days(as_date(start), as_date(end))]


class FuncDateRule(DateRule):
    """A date rule of the user: a function of two datetimes (first and last midnight) that returns datetimes."""

    def __init__(self, name: str, get_dates_function: Callable[[datetime, datetime], Iterable[datetime]]) -> None:
        def days_between(start: date, end: date) -> Iterator[date]:
            first, last = datetime(start.year, start.month, start.day), datetime(end.year, end.month, end.day)
            return map(as_date, get_dates_function(first, last))

        super().__init__(name, days_between)


class TimeRule(PascalCaseAccess):
    """Times of day at which an event happens.

    Parameters:
        name: text for the names of events.
        times_on: gives UTC nanoseconds for days, lazily. It is called once per event, when the event is registered.
    """

    def __init__(self, name: str, times_on: Callable[[Iterable[date]], Iterator[int]]) -> None:
        self.name = name
        self._times_on = times_on

    def times_ns(self, days: Iterable[date]) -> Iterator[int]:
        """Return UTC nanoseconds of the events of some days."""
        return self._times_on(days)

    def create_utc_event_times(self, dates: Iterable[date]) -> list[datetime]:
        """Return the UTC times of the events of some days."""
        return [ns_to_datetime(time_ns) for time_ns in self.times_ns(map(as_date, dates))]


class FuncTimeRule(TimeRule):
    """A time rule of the user: a function of datetimes at midnight that returns UTC datetimes."""

    def __init__(
        self, name: str, create_utc_event_times_function: Callable[[Iterable[datetime]], Iterable[datetime]]
    ) -> None:
        def times_on(days: Iterable[date]) -> Iterator[int]:
            midnights = (datetime(day.year, day.month, day.day) for day in days)
            return map(datetime_to_ns, create_utc_event_times_function(midnights))

        super().__init__(name, times_on)


class CompositeTimeRule(TimeRule):
    """Several time rules as one: per day the times of all of them, sorted, each once."""

    def __init__(self, *time_rules: Any) -> None:
        self.rules: list[TimeRule] = []
        for each in time_rules:
            self.rules.extend([each] if isinstance(each, TimeRule) else each)
        super().__init__(",".join(rule.name for rule in self.rules), self._merged)

    def _merged(self, days: Iterable[date]) -> Iterator[int]:
        for day in days:
            yield from sorted({time_ns for rule in self.rules for time_ns in rule.times_ns([day])})


def as_date(value: date) -> date:
    """Return the day of a date or datetime."""
    return value.date() if isinstance(value, datetime) else value


def short_number(value: float) -> str:
    """Write a number with at most two decimals, halves away from zero, as LEAN's rule names do."""
    text = format(Decimal(repr(float(value))).quantize(_HUNDREDTH, ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".")
