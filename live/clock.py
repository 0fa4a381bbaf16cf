"""The only place that reads a clock, and the conversions between integer nanoseconds and civil time.

Inside the runtime a moment is an integer: nanoseconds since 1970-01-01 UTC (`time_ns`), or the same count for a naive local
wall clock (`local_ns`). `datetime` objects exist only at the user's surface.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from live.errors import DataError

NANOSECONDS_PER_MICROSECOND = 1_000
NANOSECONDS_PER_MILLISECOND = 1_000_000
NANOSECONDS_PER_SECOND = 1_000_000_000
NANOSECONDS_PER_DAY = 86_400 * NANOSECONDS_PER_SECOND
_EPOCH = datetime(1970, 1, 1)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_FIXED_OFFSET = re.compile(r"^UTC(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$")

monotonic_ns = time.perf_counter_ns
"""Nanoseconds for durations inside one process."""


def machine_monotonic_ns() -> int:
    """Return CLOCK_MONOTONIC in nanoseconds: comparable between the processes of one machine."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def wall_ns() -> int:
    """Return the wall clock in nanoseconds since 1970 UTC; may step."""
    return time.time_ns()


def thread_cpu_ns() -> int:
    """Return the processor time of the calling thread in nanoseconds."""
    return time.thread_time_ns()


def utc_now() -> datetime:
    """Return the wall clock as an aware UTC datetime, for names and stamps of results."""
    return datetime.now(timezone.utc)


def sleep(seconds: float) -> None:
    """Block for a number of seconds; only cold code may call this."""
    time.sleep(seconds)


def datetime_to_ns(moment: datetime) -> int:
    """Return the nanoseconds of a datetime counted from 1970-01-01 of the same wall clock, whose zone is not looked at.

    LEAN hands moments in UTC to Python with their zone, and those of exchanges without one.
    """
    delta = (moment if moment.tzinfo is None else moment.replace(tzinfo=None)) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NANOSECONDS_PER_SECOND + delta.microseconds * 1_000


def ns_to_datetime(time_ns: int) -> datetime:
    """Return the naive datetime of a nanosecond count, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=time_ns // 1_000)


def date_to_ns(day: date) -> int:
    """Return the nanoseconds of a day's midnight, as a naive wall clock."""
    return (day.toordinal() - _EPOCH_ORDINAL) * NANOSECONDS_PER_DAY


def ns_to_date(time_ns: int) -> date:
    """Return the calendar day that holds a naive nanosecond count."""
    return date.fromordinal(time_ns // NANOSECONDS_PER_DAY + _EPOCH_ORDINAL)


def timedelta_to_ns(span: timedelta) -> int:
    """Return a span in nanoseconds."""
    return (span.days * 86_400 + span.seconds) * NANOSECONDS_PER_SECOND + span.microseconds * 1_000


def ns_to_timedelta(span_ns: int) -> timedelta:
    """Return a span of nanoseconds as a timedelta, cut to microseconds."""
    return timedelta(microseconds=span_ns // 1_000)


class Zone:
    """Offsets of one time zone, cached by interval so that a conversion is a comparison and an addition.

    `name` is an IANA name or a fixed offset as LEAN's market-hours database writes it ("UTC", "UTC-05").
    """

    __slots__ = ("_from_ns", "_offset_ns", "_until_ns", "_years", "name", "tzinfo")

    def __init__(self, name: str) -> None:
        self.name = name
        self.tzinfo: tzinfo = _load_zone(name)
        self._years: dict[int, tuple[list[int], list[int], int]] = {}
        self._from_ns = 0
        self._until_ns = 0
        self._offset_ns = 0

    def offset_ns(self, time_ns: int) -> int:
        """Return local minus UTC, in nanoseconds, at a UTC instant."""
        if not self._from_ns <= time_ns < self._until_ns:
            self._load_interval(time_ns)
        return self._offset_ns

    def interval(self, time_ns: int) -> tuple[int, int, int]:
        """Return (from_ns, until_ns, offset_ns) of a span around a UTC instant in which the offset does not change."""
        self.offset_ns(time_ns)
        return self._from_ns, self._until_ns, self._offset_ns

    def to_local_ns(self, time_ns: int) -> int:
        """Convert a UTC instant to this zone's wall clock."""
        return time_ns + self.offset_ns(time_ns)

    def to_utc_ns(self, local_ns: int) -> int:
        """Convert a wall-clock reading to UTC.

        A reading that occurs twice means the later instant; one that is skipped becomes the first instant after the gap. This is
        what LEAN makes of such readings.
        """
        guess = local_ns - self._offset_ns
        if self._from_ns + NANOSECONDS_PER_DAY <= guess < self._until_ns - NANOSECONDS_PER_DAY:
            return guess
        before = self.offset_ns(local_ns - NANOSECONDS_PER_DAY)
        after = self.offset_ns(local_ns + NANOSECONDS_PER_DAY)
        late = local_ns - min(before, after)
        if self.offset_ns(late) == min(before, after):
            return late
        early = local_ns - max(before, after)
        if self.offset_ns(early) == max(before, after):
            return early
        self.offset_ns(late)
        return self._from_ns

    def _load_interval(self, time_ns: int) -> None:
        """Go to the interval that holds an instant."""
        year = ns_to_datetime(time_ns).year
        if year not in self._years:
            self._years[year] = self._offsets_of_year(year)
        starts, offsets, end = self._years[year]
        index = bisect_right(starts, time_ns) - 1
        self._from_ns = starts[index]
        self._until_ns = starts[index + 1] if index + 1 < len(starts) else end
        self._offset_ns = offsets[index]

    def _offsets_of_year(self, year: int) -> tuple[list[int], list[int], int]:
        """Find a year's changes of offset by halving: begins of intervals, their offsets, and the end of the last."""
        begin = datetime_to_ns(datetime(year, 1, 1)) - 2 * NANOSECONDS_PER_DAY
        end = datetime_to_ns(datetime(year + 1, 1, 1)) + 2 * NANOSECONDS_PER_DAY
        starts, offsets = [begin], [self._raw_offset_ns(begin)]
        step = 7 * NANOSECONDS_PER_DAY
        at = begin
        while at < end:
            upper = min(at + step, end)
            if self._raw_offset_ns(upper) != offsets[-1]:
                low, high = at, upper
                while high - low > NANOSECONDS_PER_SECOND:
                    middle = (low + high) // 2 // NANOSECONDS_PER_SECOND * NANOSECONDS_PER_SECOND
                    middle = middle if middle > low else low + NANOSECONDS_PER_SECOND
                    if self._raw_offset_ns(middle) == offsets[-1]:
                        low = middle
                    else:
                        high = middle
                starts.append(high)
                offsets.append(self._raw_offset_ns(high))
                at = high
            else:
                at = upper
        return starts, offsets, end

    def _raw_offset_ns(self, time_ns: int) -> int:
        moment = (_EPOCH + timedelta(seconds=time_ns // NANOSECONDS_PER_SECOND)).replace(tzinfo=timezone.utc)
        offset = moment.astimezone(self.tzinfo).utcoffset()
        assert offset is not None
        return timedelta_to_ns(offset)

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"


_ZONES: dict[str, Zone] = {}


def zone(name: str) -> Zone:
    """Return the zone of a name; one object per name.

    Raises:
        DataError: the name is neither an IANA zone nor a fixed offset.
    """
    found = _ZONES.get(name)
    if found is None:
        found = _ZONES[name] = Zone(name)
    return found


def _load_zone(name: str) -> tzinfo:
    match = _FIXED_OFFSET.match(name)
    if match:
        sign, hours, minutes = match.groups()
        span = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return timezone(-span if sign == "-" else span)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DataError(
            f"unknown time zone {name!r}; use an IANA name such as 'America/New_York' or 'UTC-05'"
        ) from error
