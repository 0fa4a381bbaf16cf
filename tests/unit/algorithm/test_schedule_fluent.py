"""Events described in a chain of calls: schedule.event(name)...run(callback)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from live.algorithm.enums import DayOfWeek
from live.algorithm.schedule import ScheduleManager
from live.clock import datetime_to_ns, ns_to_datetime, zone
from live.errors import UsageError


class Hours:
    """A market that is open from 10:00 to 12:00 UTC."""

    exchange_zone = zone("UTC")

    def is_open(self, local_ns: int, extended: bool) -> bool:
        """Tell whether the market is open."""
        return 10 <= ns_to_datetime(local_ns).hour < 12


class Security:
    """A security with these hours."""

    hours = Hours()


class Engine:
    """The part of an engine that the schedule sees."""

    def __init__(self) -> None:
        self.zone = zone("UTC")
        self.time_ns = datetime_to_ns(datetime(2013, 10, 7))
        self.securities: dict[Any, Any] = {"SPY": Security()}
        self.fired: list[str] = []

    def market_hours(self, symbol: Any) -> Any:
        """Return the hours of a symbol that was not added."""
        raise AssertionError(symbol)

    def write_log(self, level: str, text: str) -> None:
        """Refuse: these tests warn of nothing."""
        raise AssertionError(text)

    def set_time(self, time_ns: int) -> None:
        """Move the clock."""
        self.time_ns = time_ns

    def note(self) -> Callable[[], None]:
        """Return a callback that writes down the clock."""
        return lambda: self.fired.append(f"{ns_to_datetime(self.time_ns):%d %H:%M}")

    def run_until(self, schedule: ScheduleManager, day: int, hour: int = 0) -> None:
        """Fire everything before a moment of October 2013."""
        schedule.events.fire_past(datetime_to_ns(datetime(2013, 10, day, hour)), self.set_time)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def schedule(engine: Engine) -> ScheduleManager:
    return ScheduleManager(engine)


def test_every_day_at_a_time(engine: Engine, schedule: ScheduleManager) -> None:
    schedule.event("morning").every_day().at(9, 30).run(engine.note())
    engine.run_until(schedule, 9)
    assert engine.fired == ["07 09:30", "08 09:30"]


def test_the_name_is_made_of_the_rules_when_none_is_given(engine: Engine, schedule: ScheduleManager) -> None:
    assert schedule.event().every_day().at(9, 30).run(engine.note()).name == "EveryDay: 9.5"
    assert schedule.event("mine").every_day().at(9, 30).run(engine.note()).name == "mine"


def test_several_times_are_merged_in_order(engine: Engine, schedule: ScheduleManager) -> None:
    schedule.event().on(2013, 10, 7).at(11, 0).at(9, 30).at(timedelta(hours=11)).run(engine.note())
    engine.run_until(schedule, 9)
    assert engine.fired == ["07 09:30", "07 11:00"]


def test_every_takes_weekdays_before_times_and_an_interval_after_them(
    engine: Engine, schedule: ScheduleManager
) -> None:
    schedule.event().every(DayOfWeek.TUESDAY).every(timedelta(hours=8)).run(engine.note())
    engine.run_until(schedule, 10)
    assert engine.fired == ["08 00:00", "08 08:00", "08 16:00"]


def test_conditions_all_have_to_hold(engine: Engine, schedule: ScheduleManager) -> None:
    chain = schedule.event().every_day().where(lambda time: time.day == 8).every(timedelta(hours=1))
    chain.where(lambda time: time.hour % 2 == 0).during_market_hours("SPY").run(engine.note())
    engine.run_until(schedule, 10)
    assert engine.fired == ["08 10:00"]


def test_a_callback_takes_nothing_the_time_or_name_and_time(engine: Engine, schedule: ScheduleManager) -> None:
    seen: list[Any] = []
    chain = schedule.event("one").on(2013, 10, 7).at(9, 0)
    chain.run(lambda: seen.append(()))
    chain.run(lambda time: seen.append(time))
    chain.run(lambda name, time: seen.append((name, time)))
    engine.run_until(schedule, 8)
    moment = datetime(2013, 10, 7, 9)
    assert seen == [(), moment, ("one", moment)]


def test_both_spellings_work(engine: Engine, schedule: ScheduleManager) -> None:
    schedule.Event("x").EveryDay().At(9, 30).Run(engine.note())
    engine.run_until(schedule, 8)
    assert engine.fired == ["07 09:30"]


def test_a_chain_without_days_or_times_is_refused(engine: Engine, schedule: ScheduleManager) -> None:
    with pytest.raises(UsageError, match="needs days and times"):
        schedule.event().every_day().run(engine.note())
    with pytest.raises(UsageError, match="needs days and times"):
        schedule.event().at(9, 30).run(engine.note())


def test_market_hours_of_a_symbol_that_was_not_added_are_refused(schedule: ScheduleManager) -> None:
    with pytest.raises(KeyError):
        schedule.event().every_day().at(9, 30).during_market_hours("AAPL")


def test_training_runs_as_an_event(engine: Engine, schedule: ScheduleManager) -> None:
    schedule.training(schedule.date_rules.every_day(), schedule.time_rules.at(8, 0), engine.note())
    schedule.training_now(engine.note())
    engine.run_until(schedule, 8)
    assert engine.fired == ["07 00:00", "07 08:00"]
