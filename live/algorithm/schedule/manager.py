"""`self.schedule`: registers callbacks for days and times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from live.algorithm.naming import PascalCaseAccess
from live.algorithm.overloads import Parameter, overloaded, text
from live.algorithm.schedule.calendar import END_OF_TIME, ONE_DAY, ScheduleHost
from live.algorithm.schedule.callbacks import with_name_and_time
from live.algorithm.schedule.date_rules import DateRules
from live.algorithm.schedule.events import EventQueue, ScheduledEvent
from live.algorithm.schedule.fluent import FluentScheduledEventBuilder
from live.algorithm.schedule.rules import DateRule, TimeRule
from live.algorithm.schedule.time_rules import TimeRules
from live.clock import Zone, ns_to_date, ns_to_datetime

_DATES = Parameter("date_rule", lambda value: isinstance(value, DateRule))
_TIMES = Parameter("time_rule", lambda value: isinstance(value, TimeRule))
_CALLBACK = Parameter("callback", callable)
_ON = ((_DATES, _TIMES, _CALLBACK), (Parameter("name", text, None), _DATES, _TIMES, _CALLBACK))


class ScheduleManager(PascalCaseAccess):
    """The schedule of one run.

    Parameters:
        host: the engine.
    """

    def __init__(self, host: ScheduleHost) -> None:
        self._host = host
        self.date_rules = DateRules(host)
        self.time_rules = TimeRules(host)
        self.events = EventQueue(lambda: host.time_ns)
        """The queue that the engine fires."""

    def set_time_zone(self, zone: Zone) -> None:
        """Follow a change of the algorithm's zone."""
        self.date_rules.set_default_time_zone(zone)
        self.time_rules.set_default_time_zone(zone)

    @overloaded(*_ON)
    def on(
        self, date_rule: DateRule, time_rule: TimeRule, callback: Callable[..., Any], name: str | None = None
    ) -> ScheduledEvent:
        """Register a callback for the times that a time rule gives on the days of a date rule.

        Times that lie before the present moment of the run are passed over.

        Parameters:
            name: name of the event; "days: times" when left out.
            date_rule: days, from `date_rules`.
            time_rule: times of these days, from `time_rules`.
            callback: takes nothing, or the event's name and its UTC time.

        Returns:
            The event; `enabled = False` pauses it, `schedule.remove(event)` ends it.

        Raises:
            UsageError: the arguments do not fit, or the callback needs another number of them.
        """
        name = name or f"{date_rule.name}: {time_rule.name}"
        call = with_name_and_time(callback, "schedule.on()")
        event = ScheduledEvent(name, self.times_of(date_rule, time_rule), call)
        self.events.add(event)
        return event

    def event(self, name: str | None = None) -> FluentScheduledEventBuilder:
        """Begin a chain of calls that describes an event and ends with `run(callback)`."""
        return FluentScheduledEventBuilder(self, name)

    def training(self, date_rule: DateRule, time_rule: TimeRule, training_code: Callable[..., Any]) -> ScheduledEvent:
        """Register training code; it runs as any other event, and the run waits for it as LEAN's backtests do."""
        return self.on(date_rule, time_rule, training_code)

    def training_now(self, training_code: Callable[..., Any]) -> ScheduledEvent:
        """Run training code once, with the next events that are due."""
        name = f"Training: Now: {ns_to_datetime(self._host.time_ns).isoformat()}"
        return self.on(name, self.date_rules.today, self.time_rules.now, training_code)

    def add(self, scheduled_event: ScheduledEvent) -> None:
        """Register an event again, or one made by hand."""
        self.events.add(scheduled_event)

    def remove(self, scheduled_event: ScheduledEvent) -> None:
        """End an event."""
        self.events.remove(scheduled_event)

    def times_of(self, date_rule: DateRule, time_rule: TimeRule) -> Iterator[int]:
        """Return the UTC nanoseconds that a time rule gives on the days of a date rule."""
        return time_rule.times_ns(self._days(date_rule))

    def security_of(self, symbol: Any) -> Any:
        """Return the security of a symbol or ticker.

        Raises:
            KeyError: it was not added.
        """
        return self._host.securities[symbol]

    def _days(self, rule: DateRule) -> Iterator[date]:
        """Yield a rule's days from the day before the UTC day on which the first of them is asked for."""
        yield from rule.days(ns_to_date(self._host.time_ns) - ONE_DAY, END_OF_TIME)
