"""Moments as tests write them: times of day, dates with times, and datetimes, on the strategy's clock."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from live.clock import (
    Zone,
    datetime_to_ns,
    ns_to_date,
    ns_to_datetime,
)
from live.errors import UsageError

Moment = str | time | datetime
_TIME_ONLY = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)


def parse_day(name: str, value: str | date) -> date:
    """Return the day of "2013-10-07" or of a date.

    Raises:
        UsageError: it is none.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise UsageError(f'{name}={value!r} is no day; write it as "2013-10-07" or give a date') from None


def parse_moment(at: Moment, zone: Zone, now_ns: int) -> int:
    """Return the UTC nanoseconds of a moment.

    Parameters:
        at: "09:30:00" or a time, of the present day; "2013-10-07 09:30:00" or a datetime. All are on the strategy's
            clock, but a datetime with a time zone.
        zone: zone of the strategy's clock.
        now_ns: present moment of the session, UTC.

    Raises:
        UsageError: it is none of these.
    """
    if isinstance(at, datetime):
        if at.tzinfo is None:
            return zone.to_utc_ns(datetime_to_ns(at))
        offset = at.utcoffset()
        assert offset is not None
        return datetime_to_ns((at - offset).replace(tzinfo=None))
    today = ns_to_date(zone.to_local_ns(now_ns))
    try:
        if isinstance(at, str) and _TIME_ONLY.fullmatch(at):
            at = time.fromisoformat(at.zfill(len(at) + (at.index(":") == 1)))
        if isinstance(at, time):
            return zone.to_utc_ns(datetime_to_ns(datetime.combine(today, at.replace(tzinfo=None))))
        return parse_moment(datetime.fromisoformat(at), zone, now_ns)
    except (TypeError, ValueError):
        raise UsageError(
            f'at={at!r} is no moment; write "09:30:00" or "2013-10-07 09:30:00", or give a time or a datetime'
        ) from None


def moment_text(time_ns: int, zone: Zone) -> str:
    """Return a UTC moment as messages show it, on the strategy's clock."""
    return f"{ns_to_datetime(zone.to_local_ns(time_ns))} {zone.name}"
