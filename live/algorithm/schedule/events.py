"""Scheduled events, and the queue that fires them in LEAN's order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from live.algorithm.blame import describe
from live.algorithm.naming import PascalCaseFields
from live.algorithm.schedule.callbacks import EventCallback
from live.clock import ns_to_datetime
from live.errors import Halt, LeanLiveError

NEVER_NS = 2**63 - 1
"""Next time of an event that will not happen again."""


class EventHandlers(list[EventCallback]):
    """Further callbacks of an event: `event.event_fired += handler`."""

    def __iadd__(self, handler: Any) -> EventHandlers:  # type: ignore[override,misc]
        self.append(handler)
        return self

    def __isub__(self, handler: EventCallback) -> EventHandlers:
        if handler in self:
            self.remove(handler)
        return self


class ScheduledEvent(PascalCaseFields):
    """Something that happens at a series of times.

    The times are not looked at before they are needed, so that rules such as `today` see the run's clock.

    Parameters:
        name: shown in errors and given to the callback.
        times_ns: UTC nanoseconds in order. A time that lies before its predecessor happens together with it.
        callback: called with name and UTC datetime.
    """

    def __init__(self, name: str, times_ns: Iterable[int], callback: EventCallback) -> None:
        self.name = name
        self.enabled = True
        """A disabled event lets its times pass without a call."""
        self.event_fired = EventHandlers()
        self._callback = callback
        self._times_ns = iter(times_ns)
        self._current_ns: int | None = None

    @property
    def next_time_ns(self) -> int:
        """UTC nanoseconds of the next occurrence, inside the callback of the present one; NEVER_NS for none."""
        if self._current_ns is None:
            self._advance()
        assert self._current_ns is not None
        return self._current_ns

    @property
    def next_event_utc_time(self) -> datetime:
        """UTC time of the next occurrence; datetime.max when there is none."""
        time_ns = self.next_time_ns
        return datetime.max if time_ns == NEVER_NS else ns_to_datetime(time_ns)

    def skip_until(self, time_ns: int) -> None:
        """Pass over the occurrences before a time without calling anyone."""
        while self.next_time_ns < time_ns:
            self._advance()

    def fire_until(self, time_ns: int) -> None:
        """Call for every occurrence up to and including a time, back to back.

        Raises:
            AlgorithmRuntimeError: the user's code raised.
        """
        while self.next_time_ns <= time_ns and self.next_time_ns != NEVER_NS:
            try:
                self._fire(self.next_time_ns)
            finally:
                self._current_ns = None

    def _advance(self) -> None:
        self._current_ns = next(self._times_ns, NEVER_NS)

    def _fire(self, time_ns: int) -> None:
        if not self.enabled:
            return
        moment = ns_to_datetime(time_ns)
        try:
            self._callback(self.name, moment)
            for handler in tuple(self.event_fired):
                handler(self.name, moment)
        except (LeanLiveError, Halt, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise describe(f"scheduled event '{self.name}' at {moment} UTC", error) from error

    def __repr__(self) -> str:
        return f"ScheduledEvent({self.name!r})"

    def __str__(self) -> str:
        return self.name


class EventQueue:
    """The events of a run.

    Events of equal time fire in the order of registration when the queue has just been sorted as a whole, which happens
    after every addition and removal. In between only the event that has just fired is put back, by LEAN's halving
    search, which may turn events that recur at equal times: A B C, then C A B, then B C A.

    What a callback adds or removes takes effect with the next call of a fire method: a removed event that is due still
    fires.

    Parameters:
        now_ns: gives the present time of the run, UTC nanoseconds.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._is_started = False
        self._registered: dict[ScheduledEvent, int] = {}
        self._last_number = 0
        self._sorted: list[ScheduledEvent] = []
        self._is_sorted = True

    def add(self, event: ScheduledEvent) -> None:
        """Register an event; one that is registered already goes behind the others of its time."""
        if self._is_started:
            event.skip_until(self._now_ns())
        self._last_number += 1
        self._registered[event] = self._last_number
        self._is_sorted = False

    def remove(self, event: ScheduledEvent) -> None:
        """Forget an event; one that is not registered is ignored."""
        self._registered.pop(event, None)
        self._is_sorted = False

    @property
    def next_time_ns(self) -> int:
        """UTC nanoseconds of the next event; NEVER_NS when there is none.

        The first look at the queue begins the run: occurrences before the present time are passed over then.
        """
        events = self._in_order()
        return events[0].next_time_ns if events else NEVER_NS

    def fire_past(self, time_ns: int, set_time: Callable[[int], None]) -> None:
        """Fire the events before a time, each at its own time.

        Parameters:
            time_ns: UTC nanoseconds of the coming time step.
            set_time: moves the run's clock to the event's time; called before each event.

        Raises:
            AlgorithmRuntimeError: the user's code raised.
        """
        events = self._in_order()
        while events and events[0].next_time_ns < time_ns:
            moment_ns = events[0].next_time_ns
            set_time(moment_ns)
            events[0].fire_until(moment_ns)
            _put_back_first(events)

    def fire_due(self, time_ns: int) -> None:
        """Fire the events up to and including a time, without moving the clock.

        An event with several such occurrences fires them in one go.

        Raises:
            AlgorithmRuntimeError: the user's code raised.
        """
        events = self._in_order()
        while events and events[0].next_time_ns <= time_ns:
            events[0].fire_until(time_ns)
            _put_back_first(events)

    def _in_order(self) -> list[ScheduledEvent]:
        if not self._is_started:
            self._is_started = True
            for event in self._registered:
                event.skip_until(self._now_ns())
        if not self._is_sorted:
            self._is_sorted = True
            self._sorted = sorted(self._registered, key=lambda event: (event.next_time_ns, self._registered[event]))
        return self._sorted


def _put_back_first(events: list[ScheduledEvent]) -> None:
    """Move the first event to its new place in a list that is otherwise sorted.

    Among equal times it goes behind the one that a halving search meets first, which need not be the last of them.
    """
    time_ns = events[0].next_time_ns
    if len(events) == 1 or time_ns <= events[1].next_time_ns:
        return
    event = events.pop(0)
    lower, upper = 0, len(events) - 1
    while lower <= upper:
        middle = (lower + upper) // 2
        middle_ns = events[middle].next_time_ns
        if time_ns == middle_ns:
            lower = middle + 1
            break
        if time_ns < middle_ns:
            upper = middle - 1
        else:
            lower = middle + 1
    events.insert(lower, event)
