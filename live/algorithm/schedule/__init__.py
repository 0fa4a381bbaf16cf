"""Scheduled events: rules for days and times, the schedule that registers callbacks, the queue that fires them."""

from live.algorithm.schedule.calendar import ExchangeHours, ScheduleHost
from live.algorithm.schedule.date_rules import DateRules
from live.algorithm.schedule.events import NEVER_NS, EventQueue, ScheduledEvent
from live.algorithm.schedule.fluent import FluentScheduledEventBuilder
from live.algorithm.schedule.manager import ScheduleManager
from live.algorithm.schedule.rules import CompositeTimeRule, DateRule, FuncDateRule, FuncTimeRule, TimeRule
from live.algorithm.schedule.time_rules import TimeRules

__all__ = [
    "NEVER_NS",
    "CompositeTimeRule",
    "DateRule",
    "DateRules",
    "EventQueue",
    "ExchangeHours",
    "FluentScheduledEventBuilder",
    "FuncDateRule",
    "FuncTimeRule",
    "ScheduleHost",
    "ScheduleManager",
    "ScheduledEvent",
    "TimeRule",
    "TimeRules",
]
