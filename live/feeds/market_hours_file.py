"""The format of LEAN's market-hours-database.json, decoded into plain values.

The file holds hundreds of markets in some megabytes, of which a run needs a few: the entries stay undecoded text until
they are needed.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from live.clock import NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND

Span = tuple[int, int, str]
"""Start and end as nanoseconds since midnight, and the state."""

_TIME_OF_DAY = re.compile(r"(?:(\d)[.:])?(\d{1,2}):(\d{1,2}):(\d\d)", re.ASCII)


class _SegmentEntry(msgspec.Struct):
    """A segment as the database writes it."""

    start: str
    end: str
    state: Literal["premarket", "market", "postmarket", "closed"]


class _Entry(msgspec.Struct, rename="camel"):
    """A market as the database writes it."""

    data_time_zone: str
    exchange_time_zone: str
    monday: list[_SegmentEntry] = []
    tuesday: list[_SegmentEntry] = []
    wednesday: list[_SegmentEntry] = []
    thursday: list[_SegmentEntry] = []
    friday: list[_SegmentEntry] = []
    saturday: list[_SegmentEntry] = []
    sunday: list[_SegmentEntry] = []
    holidays: list[str] = []
    early_closes: dict[str, str] = {}
    late_opens: dict[str, str] = {}
    bank_holidays: list[str] = []


class _Database(msgspec.Struct):
    """The whole file; entries stay text until they are asked for."""

    entries: dict[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Entry:
    """Hours of one market or symbol.

    Attributes:
        data_zone: name of the zone that files are written in.
        exchange_zone: name of the zone that the hours are in.
        week: open spans of each weekday, Monday first.
        holidays: days without any session.
        early_closes: day to nanoseconds since midnight.
        late_opens: day to nanoseconds since midnight.
        bank_holidays: days on which banks are closed.
    """

    data_zone: str
    exchange_zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date]
    early_closes: dict[date, int]
    late_opens: dict[date, int]
    bank_holidays: frozenset[date]

    def completed_by(self, market: Entry) -> Entry:
        """Return this entry of a symbol with the special days of its market's entry; a day of its own goes first."""
        return Entry(
            self.data_zone,
            self.exchange_zone,
            self.week,
            self.holidays | market.holidays,
            market.early_closes | self.early_closes,
            market.late_opens | self.late_opens,
            self.bank_holidays | market.bank_holidays,
        )


def decode_database(content: bytes) -> dict[str, msgspec.Raw]:
    """Return the undecoded entries of the file by their keys, such as "Equity-usa-[*]".

    Raises:
        ValueError: the content is no JSON, or has no entries.
    """
    return msgspec.json.decode(content.removeprefix(BOM_UTF8), type=_Database).entries


def decode_entry(text: msgspec.Raw) -> Entry:
    """Return an entry.

    Raises:
        ValueError: a key is missing, or a time or a day is wrong.
    """
    raw = msgspec.json.decode(text, type=_Entry)
    days = (raw.monday, raw.tuesday, raw.wednesday, raw.thursday, raw.friday, raw.saturday, raw.sunday)
    return Entry(
        raw.data_time_zone,
        raw.exchange_time_zone,
        tuple(_spans(day) for day in days),
        frozenset(map(_day, raw.holidays)),
        {_day(day): _offset_ns(at) for day, at in raw.early_closes.items()},
        {_day(day): _offset_ns(at) for day, at in raw.late_opens.items()},
        frozenset(map(_day, raw.bank_holidays)),
    )


def _spans(day: list[_SegmentEntry]) -> tuple[Span, ...]:
    """Return the open spans of a weekday.

    Raises:
        ValueError: they overlap, are out of order or leave the day.
    """
    spans: list[Span] = []
    at = 0
    for entry in day:
        start, end = _offset_ns(entry.start), _offset_ns(entry.end)
        if not at <= start <= end <= NANOSECONDS_PER_DAY:
            raise ValueError(f"the segment {entry.start} to {entry.end} overlaps another or leaves the day")
        at = end
        if entry.state != "closed":
            spans.append((start, end, entry.state))
    return tuple(spans)


def _offset_ns(text: str) -> int:
    """Return the nanoseconds since midnight of "HH:MM:SS"; the end of the day is "1.00:00:00" or "1:00:00:00"."""
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time of day in the form HH:MM:SS")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    offset_seconds = days * 86_400 + hours * 3_600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or offset_seconds > 86_400:
        raise ValueError(f"{text!r} is no time of day between 00:00:00 and 1.00:00:00")
    return offset_seconds * NANOSECONDS_PER_SECOND


def _day(text: str) -> date:
    """Return the day of "month/day/year"."""
    try:
        month, day, year = (int(part) for part in text.split("/"))
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{text!r} is no day in the form month/day/year") from None
