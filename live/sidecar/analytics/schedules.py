"""When an analytics task is due: after a period, at moments of the calendar, or at a run's end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone

from croniter import CroniterError, croniter

from live.clock import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, Zone, zone
from live.errors import ConfigError, DataError

PERIOD_LEAST_NS = 100 * NANOSECONDS_PER_MILLISECOND
PERIOD_MOST_NS = 24 * 3_600 * NANOSECONDS_PER_SECOND
_PERIOD = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h)")
_UNITS_NS = {
    "ms": NANOSECONDS_PER_MILLISECOND,
    "s": NANOSECONDS_PER_SECOND,
    "m": 60 * NANOSECONDS_PER_SECOND,
    "h": 3_600 * NANOSECONDS_PER_SECOND,
}
SESSION_END = "session_end"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a task is due: exactly one of the three is set.

    Attributes:
        text: as it was written, for people.
        period_ns: time from one run of the task to the next.
        cron: fields of a cron expression.
        time_zone: IANA name for `cron`.
        is_at_end: whether it runs once, when the run has ended.
    """

    text: str
    period_ns: int = 0
    cron: str = ""
    time_zone: str = "UTC"
    is_at_end: bool = False


def schedule_of(every: str | None, cron: str | None, at: str | None, time_zone: str) -> Schedule:
    """Return the schedule that a task's options describe.

    Parameters:
        every: number and unit: "250ms", "5s", "10m", "1h"; from 100 ms to 24 h.
        cron: five fields: minute, hour, day of the month, month, day of the week; a sixth one for seconds.
        at: "session_end".
        time_zone: for `cron`, an IANA name.

    Raises:
        ConfigError: not exactly one of the three is given, or it cannot be understood.
    """
    if sum(each is not None for each in (every, cron, at)) != 1:
        raise ConfigError(
            'a task takes exactly one schedule: every="5s", cron="*/5 9-16 * * mon-fri" or at="session_end"'
        )
    if at is not None:
        if at != SESSION_END:
            raise ConfigError(f'at={at!r} is no moment of a run; use at="{SESSION_END}"')
        return Schedule(f"at {SESSION_END}", is_at_end=True)
    if every is not None:
        return Schedule(f"every {every}", period_ns=_period_ns(every))
    assert cron is not None
    _check_cron(cron, time_zone)
    return Schedule(f"cron {cron} {time_zone}", cron=cron, time_zone=time_zone)


def _period_ns(text: str) -> int:
    match = _PERIOD.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ConfigError(f'every={text!r} is no period; write a number and one of ms, s, m, h, such as every="5s"')
    period_ns = round(float(match[1]) * _UNITS_NS[match[2]])
    if not PERIOD_LEAST_NS <= period_ns <= PERIOD_MOST_NS:
        raise ConfigError(f"every={text!r} is out of range; use a period from 100ms to 24h")
    return period_ns


def _check_cron(cron: str, time_zone: str) -> None:
    try:
        found = zone(time_zone)
    except DataError as error:
        raise ConfigError(f"time_zone={time_zone!r}: {error}") from error
    if not isinstance(cron, str) or len(cron.split()) not in (5, 6):
        raise ConfigError(
            f"cron={cron!r} does not have five fields: minute, hour, day of the month, month, day of the week"
        )
    try:
        _next_cron_ns(cron, found, 1_767_225_600 * NANOSECONDS_PER_SECOND)
    except (CroniterError, ValueError) as error:
        raise ConfigError(f"cron={cron!r} is no schedule, or one that never comes: {error}") from error


def _next_cron_ns(cron: str, at: Zone, after_ns: int) -> int:
    """Return the first moment of a cron expression after a UTC instant, UTC."""
    moment = datetime.fromtimestamp(after_ns // NANOSECONDS_PER_SECOND, timezone.utc).astimezone(at.tzinfo)
    found: datetime = croniter(cron, moment).get_next(datetime)
    return round(found.timestamp()) * NANOSECONDS_PER_SECOND


class Timer:
    """Tells when a schedule is due. Moments that were missed are due once, not once each.

    Parameters:
        schedule: the schedule; one at a run's end is never due here.
        monotonic_ns: the monotonic clock now; periods are counted on it.
        wall_ns: the wall clock now; cron expressions are compared with it.
    """

    def __init__(self, schedule: Schedule, monotonic_ns: int, wall_ns: int) -> None:
        self._period_ns = schedule.period_ns
        self._next_ns = monotonic_ns + schedule.period_ns
        self._cron = schedule.cron
        self._zone = zone(schedule.time_zone)
        self._seen_ns = wall_ns
        self._next_cron_ns = _next_cron_ns(self._cron, self._zone, wall_ns) if self._cron else 0

    def is_due(self, monotonic_ns: int, wall_ns: int) -> bool:
        """Tell whether the schedule has become due since the last call.

        A wall clock that was set back makes moments come again that have been, as cron does; one that was set forward
        makes those in between due once.
        """
        if self._cron:
            return self._is_cron_due(wall_ns)
        if not self._period_ns or monotonic_ns < self._next_ns:
            return False
        self._next_ns += ((monotonic_ns - self._next_ns) // self._period_ns + 1) * self._period_ns
        return True

    def _is_cron_due(self, wall_ns: int) -> bool:
        is_due = wall_ns >= self._next_cron_ns
        if is_due or wall_ns < self._seen_ns:
            self._next_cron_ns = _next_cron_ns(self._cron, self._zone, wall_ns)
        self._seen_ns = wall_ns
        return is_due
