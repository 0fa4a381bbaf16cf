"""The schedule's registration and the order in which its queue fires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from live.algorithm.schedule import NEVER_NS, ScheduledEvent, ScheduleManager
from live.clock import datetime_to_ns, zone
from live.errors import AlgorithmRuntimeError, DataError, UsageError

TEN = datetime(2013, 10, 7, 10)


class Engine:
    """The part of an engine that the schedule sees, with a clock that keeps what fired."""

    def __init__(self) -> None:
        self.zone = zone("UTC")
        self.time_ns = datetime_to_ns(datetime(2013, 10, 7))
        self.securities: dict[Any, Any] = {}
        self.fired: list[str] = []

    def market_hours(self, symbol: Any) -> Any:
        """Refuse: these tests use no symbol."""
        raise DataError(f"no hours of {symbol}")

    def write_log(self, level: str, text: str) -> None:
        """Refuse: these tests use no ticker."""
        raise AssertionError(f"{level}: {text}")

    def set_time(self, time_ns: int) -> None:
        """Move the clock."""
        self.time_ns = time_ns

    def note(self, text: str) -> Callable[[], None]:
        """Return a callback that writes down its text and the time of day."""
        return lambda: self.fired.append(f"{text} {self.clock}")

    @property
    def clock(self) -> str:
        """Time of day."""
        return f"{self.time_ns // 3_600_000_000_000 % 24:02d}:{self.time_ns // 60_000_000_000 % 60:02d}"


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def schedule(engine: Engine) -> ScheduleManager:
    return ScheduleManager(engine)


def _at(schedule: ScheduleManager, hour: int, minute: int, callback: Callable[..., Any]) -> ScheduledEvent:
    return schedule.on(schedule.date_rules.on(2013, 10, 7), schedule.time_rules.at(hour, minute), callback)


def _hourly(schedule: ScheduleManager, callback: Callable[..., Any]) -> ScheduledEvent:
    return schedule.on(schedule.date_rules.every_day(), schedule.time_rules.every(timedelta(hours=1)), callback)


def _fire(engine: Engine, schedule: ScheduleManager, hour: int, minute: int = 0, day: int = 7) -> None:
    """Do what the engine's time step does."""
    time_ns = datetime_to_ns(datetime(2013, 10, day, hour, minute))
    schedule.events.fire_past(time_ns, engine.set_time)
    engine.set_time(time_ns)
    schedule.events.fire_due(time_ns)


# -- registration


def test_an_event_is_named_by_its_rules_unless_it_has_a_name(engine: Engine, schedule: ScheduleManager) -> None:
    days, times = schedule.date_rules.every_day(), schedule.time_rules.noon
    assert schedule.on(days, times, engine.note("a")).name == "EveryDay: Noon"
    named = schedule.on("mine", days, times, engine.note("a"))
    assert (named.name, str(named), repr(named)) == ("mine", "mine", "ScheduledEvent('mine')")


def test_arguments_may_be_named(engine: Engine, schedule: ScheduleManager) -> None:
    days, times = schedule.date_rules.every_day(), schedule.time_rules.noon
    event = schedule.on(name="mine", date_rule=days, time_rule=times, callback=engine.note("a"))
    assert event.name == "mine"
    assert schedule.on(days, times, callback=engine.note("a")).name == "EveryDay: Noon"


def test_arguments_that_do_not_fit_are_refused(engine: Engine, schedule: ScheduleManager) -> None:
    days, times, callback = schedule.date_rules.every_day(), schedule.time_rules.noon, engine.note("a")
    wrong: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((times, days, callback), {}),
        ((days, times), {}),
        ((days, times, "no function"), {}),
        ((days, times, callback, callback), {}),
        ((days, times, callback), {"callback": callback}),
        ((days, times, callback), {"when": 3}),
    ]
    for args, named in wrong:
        with pytest.raises(UsageError, match=r"fits none of its forms: \(date_rule, time_rule, callback\)"):
            schedule.on(*args, **named)  # type: ignore[call-overload]


def test_a_callback_of_two_arguments_gets_name_and_utc_time(engine: Engine, schedule: ScheduleManager) -> None:
    seen: list[tuple[str, datetime]] = []
    _at(schedule, 10, 0, lambda name, time: seen.append((name, time)))
    _fire(engine, schedule, 11)
    assert seen == [("10/07/2013: 10", TEN)]


def test_defaults_of_a_callback_are_left_alone(engine: Engine, schedule: ScheduleManager) -> None:
    for text in ("a", "b"):
        _at(schedule, 10, 0, lambda text=text, end="!": engine.fired.append(text + end))
    _at(schedule, 10, 0, partial(engine.fired.append, "c"))
    _fire(engine, schedule, 11)
    assert engine.fired == ["a!", "b!", "c"]


def test_a_builtin_without_a_signature_is_called_without_arguments(engine: Engine, schedule: ScheduleManager) -> None:
    _at(schedule, 10, 0, dict)
    _fire(engine, schedule, 11)
    assert schedule.events.next_time_ns == NEVER_NS


@pytest.mark.parametrize("callback", [lambda one: None, lambda one, two, three: None])
def test_a_callback_of_another_shape_is_refused(schedule: ScheduleManager, callback: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="let it take none, or name and time"):
        _at(schedule, 10, 0, callback)


# -- next times


def test_the_queue_of_no_events_has_no_next_time(schedule: ScheduleManager) -> None:
    assert schedule.events.next_time_ns == NEVER_NS


def test_next_times_are_those_after_the_beginning_of_the_run(engine: Engine, schedule: ScheduleManager) -> None:
    event = _hourly(schedule, engine.note("a"))
    engine.time_ns = datetime_to_ns(TEN)
    assert schedule.events.next_time_ns == datetime_to_ns(TEN)
    assert event.next_event_utc_time == TEN
    assert event.NextEventUtcTime == TEN


def test_days_are_looked_at_from_the_beginning_of_the_warm_up(engine: Engine, schedule: ScheduleManager) -> None:
    event = schedule.on(schedule.date_rules.today, schedule.time_rules.noon, engine.note("a"))
    engine.time_ns = datetime_to_ns(datetime(2013, 10, 4))
    assert schedule.events.next_time_ns == datetime_to_ns(datetime(2013, 10, 4, 12))
    assert event.next_event_utc_time == datetime(2013, 10, 4, 12)


def test_an_event_whose_times_have_passed_never_fires(engine: Engine, schedule: ScheduleManager) -> None:
    event = schedule.on(schedule.date_rules.on(2013, 10, 1), schedule.time_rules.noon, engine.note("a"))
    assert schedule.events.next_time_ns == NEVER_NS
    assert event.next_event_utc_time == datetime.max
    _fire(engine, schedule, 23)
    schedule.events.fire_due(NEVER_NS - 1)
    assert engine.fired == []


def test_times_end_with_the_year_2050(engine: Engine, schedule: ScheduleManager) -> None:
    engine.time_ns = datetime_to_ns(datetime(2050, 12, 31))
    event = schedule.on(schedule.date_rules.every_day(), schedule.time_rules.noon, engine.note("a"))
    event.skip_until(datetime_to_ns(datetime(2050, 12, 31, 13)))
    assert event.next_time_ns == NEVER_NS


# -- firing


def test_past_events_fire_at_their_own_times_and_due_events_at_the_steps(
    engine: Engine, schedule: ScheduleManager
) -> None:
    _at(schedule, 11, 0, engine.note("late"))
    _at(schedule, 10, 0, engine.note("early"))
    _fire(engine, schedule, 11)
    assert engine.fired == ["early 10:00", "late 11:00"]


def test_fire_past_leaves_an_event_of_the_very_time_alone(engine: Engine, schedule: ScheduleManager) -> None:
    _at(schedule, 10, 0, engine.note("a"))
    schedule.events.fire_past(datetime_to_ns(TEN), engine.set_time)
    assert engine.fired == []
    assert engine.clock == "00:00"


def test_the_first_step_fires_the_event_of_its_time(engine: Engine, schedule: ScheduleManager) -> None:
    _hourly(schedule, engine.note("a"))
    _fire(engine, schedule, 0)
    assert engine.fired == ["a 00:00"]


def test_several_past_occurrences_fire_one_by_one_in_order_of_time(engine: Engine, schedule: ScheduleManager) -> None:
    _hourly(schedule, engine.note("a"))
    _at(schedule, 1, 30, engine.note("b"))
    _fire(engine, schedule, 3)
    assert engine.fired == ["a 00:00", "a 01:00", "b 01:30", "a 02:00", "a 03:00"]


def test_several_due_occurrences_of_one_event_fire_back_to_back(engine: Engine, schedule: ScheduleManager) -> None:
    _hourly(schedule, engine.note("a"))
    _at(schedule, 0, 30, engine.note("b"))
    time_ns = datetime_to_ns(datetime(2013, 10, 7, 2))
    engine.set_time(datetime_to_ns(datetime(2013, 10, 7)))
    assert schedule.events.next_time_ns == engine.time_ns
    engine.set_time(time_ns)
    schedule.events.fire_due(time_ns)
    assert engine.fired == ["a 02:00", "a 02:00", "a 02:00", "b 02:00"]


def test_events_of_the_same_time_fire_in_order_of_registration(engine: Engine, schedule: ScheduleManager) -> None:
    for text in ("c", "a", "b"):
        _at(schedule, 10, 0, engine.note(text))
    _fire(engine, schedule, 11)
    assert engine.fired == ["c 10:00", "a 10:00", "b 10:00"]


def test_three_events_that_recur_at_equal_times_turn_as_in_lean(engine: Engine, schedule: ScheduleManager) -> None:
    for text in ("a", "b", "c"):
        _hourly(schedule, lambda text=text: engine.fired.append(text))
    _fire(engine, schedule, 3, 59)
    assert "".join(engine.fired) == "abc" + "cab" + "bca" + "abc"


def test_an_addition_restores_the_order_of_registration(engine: Engine, schedule: ScheduleManager) -> None:
    for text in ("a", "b", "c"):
        _hourly(schedule, lambda text=text: engine.fired.append(text))
    _fire(engine, schedule, 0)
    _at(schedule, 23, 0, engine.note("z"))
    _fire(engine, schedule, 1)
    assert "".join(engine.fired) == "abc" + "abc"


def test_a_time_that_lies_before_its_predecessor_fires_with_it(engine: Engine, schedule: ScheduleManager) -> None:
    days = schedule.date_rules.on(datetime(2013, 10, 9), datetime(2013, 10, 8))
    times: list[datetime] = []
    schedule.on(days, schedule.time_rules.noon, lambda name, time: times.append(time))
    _fire(engine, schedule, 13, day=8)
    assert times == []
    _fire(engine, schedule, 13, day=9)
    assert times == [datetime(2013, 10, 9, 12), datetime(2013, 10, 8, 12)]


def test_now_fires_with_the_next_step(engine: Engine, schedule: ScheduleManager) -> None:
    _fire(engine, schedule, 10)
    schedule.on(schedule.date_rules.today, schedule.time_rules.now, engine.note("a"))
    _fire(engine, schedule, 10, 1)
    _fire(engine, schedule, 10, 2)
    assert engine.fired == ["a 10:00"]


# -- changes while the queue fires


def test_an_event_added_while_firing_waits_for_the_next_call(engine: Engine, schedule: ScheduleManager) -> None:
    def add() -> None:
        engine.note("a")()
        _at(schedule, 9, 0, engine.note("passed"))
        _at(schedule, 10, 30, engine.note("b"))

    _at(schedule, 10, 0, add)
    _at(schedule, 10, 45, engine.note("c"))
    _fire(engine, schedule, 11)
    assert engine.fired == ["a 10:00", "c 10:45", "b 11:00"]


def test_an_event_may_schedule_itself_anew_at_its_own_time(engine: Engine, schedule: ScheduleManager) -> None:
    def again() -> None:
        engine.note("a")()
        if len(engine.fired) < 3:
            _at(schedule, 10, 0, again)

    _at(schedule, 10, 0, again)
    for minute in range(1, 5):
        _fire(engine, schedule, 10, minute)
    assert engine.fired == ["a 10:00", "a 10:01"]


def test_a_due_event_that_is_removed_while_firing_still_fires_once(engine: Engine, schedule: ScheduleManager) -> None:
    events: list[ScheduledEvent] = []

    def remove() -> None:
        engine.note("a")()
        schedule.remove(events[0])

    _at(schedule, 10, 0, remove)
    events.append(_at(schedule, 10, 0, engine.note("b")))
    later = schedule.on(schedule.date_rules.every_day(), schedule.time_rules.at(10, 0), engine.note("c"))
    _at(schedule, 10, 5, lambda: schedule.remove(later))
    _fire(engine, schedule, 10, 30)
    _fire(engine, schedule, 10, 30, day=8)
    assert engine.fired == ["a 10:00", "b 10:00", "c 10:00"]


def test_a_removed_event_does_not_fire(engine: Engine, schedule: ScheduleManager) -> None:
    first, second = _at(schedule, 10, 0, engine.note("a")), _at(schedule, 11, 0, engine.note("b"))
    schedule.remove(first)
    _fire(engine, schedule, 10, 30)
    schedule.Remove(second)
    schedule.remove(second)
    _fire(engine, schedule, 12)
    assert engine.fired == []


def test_an_event_that_is_added_again_fires_behind_the_others(engine: Engine, schedule: ScheduleManager) -> None:
    first = _at(schedule, 10, 0, engine.note("a"))
    _at(schedule, 10, 0, engine.note("b"))
    schedule.remove(first)
    schedule.add(first)
    _fire(engine, schedule, 11)
    assert engine.fired == ["b 10:00", "a 10:00"]


def test_a_disabled_event_lets_its_times_pass(engine: Engine, schedule: ScheduleManager) -> None:
    event = _hourly(schedule, engine.note("a"))
    event.Enabled = False
    _fire(engine, schedule, 2)
    event.enabled = True
    _fire(engine, schedule, 3)
    assert engine.fired == ["a 03:00"]


def test_further_handlers_are_called_after_the_callback(engine: Engine, schedule: ScheduleManager) -> None:
    def handler(name: str, time: datetime) -> None:
        engine.fired.append(f"{name} at {time:%H:%M}")

    event = _hourly(schedule, engine.note("a"))
    event.event_fired += handler
    event.EventFired += handler
    event.event_fired -= handler
    event.event_fired -= engine.note("was never added")
    _fire(engine, schedule, 0)
    assert engine.fired == ["a 00:00", "EveryDay: Every 60 min at 00:00"]


def test_the_time_of_an_event_is_its_next_time_while_it_fires(engine: Engine, schedule: ScheduleManager) -> None:
    seen: list[datetime] = []
    event = _hourly(schedule, lambda: seen.append(event.next_event_utc_time))
    _fire(engine, schedule, 0)
    assert seen == [datetime(2013, 10, 7)]
    assert event.next_event_utc_time == datetime(2013, 10, 7, 1)


# -- errors


def test_an_error_of_the_users_code_names_event_time_and_line(engine: Engine, schedule: ScheduleManager) -> None:
    def fail() -> None:
        raise ValueError("no luck")

    schedule.on("mine", schedule.date_rules.on(2013, 10, 7), schedule.time_rules.at(10, 0), fail)
    with pytest.raises(AlgorithmRuntimeError) as failure:
        _fire(engine, schedule, 11)
    assert str(failure.value).startswith(
        "scheduled event 'mine' at 2013-10-07 10:00:00 UTC raised ValueError: no luck ("
    )
    assert f"test_schedule_events.py line {fail.__code__.co_firstlineno + 1})" in str(failure.value)


def test_an_error_inside_the_engine_is_blamed_on_the_users_line(engine: Engine, schedule: ScheduleManager) -> None:
    def fail() -> None:
        schedule.date_rules.on(2013, 10, 32)

    _at(schedule, 10, 0, fail)
    with pytest.raises(AlgorithmRuntimeError, match=f"test_schedule_events.py line {fail.__code__.co_firstlineno + 1}"):
        _fire(engine, schedule, 11)


def test_an_error_of_ours_passes_as_it_is(engine: Engine, schedule: ScheduleManager) -> None:
    _at(schedule, 10, 0, lambda: schedule.date_rules.month_start("SPY", 31))
    engine.write_log = lambda level, text: None  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="Offset must be between"):
        _fire(engine, schedule, 11)


def test_an_event_that_raised_is_not_called_again_for_the_same_time(engine: Engine, schedule: ScheduleManager) -> None:
    def fail() -> None:
        engine.note("a")()
        raise ValueError("no luck")

    _hourly(schedule, fail)
    for _ in range(2):
        with pytest.raises(AlgorithmRuntimeError):
            _fire(engine, schedule, 5)
    assert engine.fired == ["a 00:00", "a 01:00"]


def test_times_are_asked_for_one_at_a_time() -> None:
    asked: list[int] = []

    def times() -> Iterator[int]:
        for time_ns in range(10):
            asked.append(time_ns)
            yield time_ns

    event = ScheduledEvent("lazy", times(), lambda name, time: None)
    assert asked == []
    event.fire_until(2)
    assert asked == [0, 1, 2, 3]
