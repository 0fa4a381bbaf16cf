"""`self.schedule.event(name)`: an event described in a chain of calls, from the days over the times to `run`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from live.algorithm.naming import PascalCaseAccess
from live.algorithm.overloads import overloaded
from live.algorithm.schedule.callbacks import with_name_and_time
from live.algorithm.schedule.date_rules import DateRules
from live.algorithm.schedule.events import ScheduledEvent
from live.algorithm.schedule.rules import CompositeTimeRule, DateRule, TimeRule
from live.algorithm.schedule.time_rules import AT_FORMS, TimeRules
from live.clock import ns_to_datetime
from live.errors import UsageError

Condition = Callable[[int], bool]


class Schedule(Protocol):
    """What the chain asks of the schedule."""

    date_rules: DateRules
    time_rules: TimeRules

    def times_of(self, date_rule: DateRule, time_rule: TimeRule) -> Iterator[int]:
        """Return the UTC nanoseconds of the times of a rule's days."""

    def security_of(self, symbol: Any) -> Any:
        """Return the security of a symbol."""

    def add(self, scheduled_event: ScheduledEvent) -> None:
        """Register an event."""


class FluentScheduledEventBuilder(PascalCaseAccess):
    """A chain of calls that describes an event: one rule for the days, one or more for the times, then `run`.

    Several time rules are merged; of several rules for days the last one counts, as in LEAN.

    Parameters:
        schedule: the schedule of the run.
        name: name of the event; "days: times" when None.
    """

    def __init__(self, schedule: Schedule, name: str | None = None) -> None:
        self._schedule = schedule
        self._name = name
        self._date_rule: DateRule | None = None
        self._time_rule: TimeRule | None = None
        self._conditions: list[Condition] = []

    # -- days

    def on(self, *dates: Any, year: Any = None, month: Any = None, day: Any = None) -> FluentScheduledEventBuilder:
        """Choose single days; arguments as for `date_rules.on`."""
        return self._on(self._schedule.date_rules.on(*dates, year=year, month=month, day=day))

    def every_day(self, symbol: Any = None) -> FluentScheduledEventBuilder:
        """Choose every day, or every trading day of a symbol."""
        return self._on(self._schedule.date_rules.every_day(symbol))

    def month_start(self, symbol: Any = None) -> FluentScheduledEventBuilder:
        """Choose the first day of each month, or the first trading day of a symbol."""
        return self._on(self._schedule.date_rules.month_start(symbol))

    def every(self, *values: Any) -> FluentScheduledEventBuilder:
        """Choose days of the week, or, given one timedelta, times: its multiples from midnight."""
        if len(values) == 1 and isinstance(values[0], timedelta):
            return self._at(self._schedule.time_rules.every(values[0]))
        return self._on(self._schedule.date_rules.every(*values))

    # -- times

    @overloaded(*AT_FORMS)
    def at(self, **time_of_day: Any) -> FluentScheduledEventBuilder:
        """Add a time of day; arguments as for `time_rules.at`."""
        return self._at(self._schedule.time_rules.at(**time_of_day))

    def after_market_open(
        self, symbol: Any, minutes_after_open: float = 0, extended_market_open: bool = False
    ) -> FluentScheduledEventBuilder:
        """Add a number of minutes after the open of a symbol's market."""
        rules = self._schedule.time_rules
        return self._at(rules.after_market_open(symbol, minutes_after_open, extended_market_open))

    def before_market_close(
        self, symbol: Any, minute_before_close: float = 0, extended_market_close: bool = False
    ) -> FluentScheduledEventBuilder:
        """Add a number of minutes before the close of a symbol's market."""
        rules = self._schedule.time_rules
        return self._at(rules.before_market_close(symbol, minute_before_close, extended_market_close))

    # -- conditions

    def where(self, predicate: Callable[[datetime], bool]) -> FluentScheduledEventBuilder:
        """Keep the times for which a function of the UTC time is true; several conditions must all hold."""
        self._conditions.append(lambda time_ns: bool(predicate(ns_to_datetime(time_ns))))
        return self

    def during_market_hours(self, symbol: Any, extended_market: bool = False) -> FluentScheduledEventBuilder:
        """Keep the times at which a symbol's market is open.

        Raises:
            KeyError: the symbol was not added.
        """
        hours = self._schedule.security_of(symbol).hours
        zone = hours.exchange_zone
        self._conditions.append(lambda time_ns: bool(hours.is_open(zone.to_local_ns(time_ns), extended_market)))
        return self

    def run(self, callback: Callable[..., Any]) -> ScheduledEvent:
        """Register the event.

        Parameters:
            callback: takes nothing, or the UTC time, or the event's name and its UTC time.

        Raises:
            UsageError: no days or no times were chosen, or the callback takes another number of arguments.
        """
        if self._date_rule is None or self._time_rule is None:
            raise UsageError(
                "schedule.event(...) needs days and times before run(...): for example "
                "schedule.event().every_day().at(10, 0).run(callback)"
            )
        name = self._name or f"{self._date_rule.name}: {self._time_rule.name}"
        times_ns: Iterable[int] = self._schedule.times_of(self._date_rule, self._time_rule)
        conditions = tuple(self._conditions)
        kept = (time_ns for time_ns in times_ns if all(holds(time_ns) for holds in conditions))
        event = ScheduledEvent(name, kept, with_name_and_time(callback, "schedule.event(...).run()", takes_time=True))
        self._schedule.add(event)
        return event

    def _on(self, rule: DateRule) -> FluentScheduledEventBuilder:
        self._date_rule = rule
        return self

    def _at(self, rule: TimeRule) -> FluentScheduledEventBuilder:
        known = self._time_rule
        self._time_rule = rule if known is None else CompositeTimeRule(known, rule)
        return self
