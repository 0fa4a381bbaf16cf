"""When a market is open: LEAN's market-hours database, with holidays, early closes and late opens.

All questions are asked and answered in nanoseconds of the exchange's wall clock (`local_ns`). A day's segments are computed once and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from live.algorithm.enums import SecurityType
from live.clock import NANOSECONDS_PER_DAY, Zone, ns_to_date, zone
from live.errors import DataError

MARKET = "market"
PRE_MARKET = "premarket"
POST_MARKET = "postmarket"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEARCH_DAYS_MAX = 40
"""Days that a search for the next open or close may walk: longer than any holiday."""


class Segment(NamedTuple):
    """A span of one day in one state."""

    start_ns: int
    end_ns: int
    state: str


class MarketHours:
    """Sessions of one market.

    Parameters:
        data_zone: zone that the files of this market are written in.
        exchange_zone: zone that its sessions are defined in.
        week: segments of each weekday, Monday first, as offsets from midnight.
        holidays: days without any session.
        early_closes: day to offset at which regular trading ends early.
        late_opens: day to offset at which trading begins late.
        strict_daily_end: whether daily bars run from the open to the close.
    """

    def __init__(
        self,
        data_zone: Zone,
        exchange_zone: Zone,
        week: list[tuple[Segment, ...]],
        holidays: frozenset[date],
        early_closes: dict[date, int],
        late_opens: dict[date, int],
        strict_daily_end: bool,
    ) -> None:
        self.data_zone = data_zone
        self.exchange_zone = exchange_zone
        self._week = week
        self._holidays = holidays
        self._early_closes = early_closes
        self._late_opens = late_opens
        self._segments: dict[int, tuple[Segment, ...]] = {}
        whole_day = (Segment(0, NANOSECONDS_PER_DAY, MARKET),)
        self.is_market_always_open = all(day == whole_day for day in week) and not holidays
        self.uses_strict_daily_end = strict_daily_end and not self.is_market_always_open
        self.regular_market_duration_ns = max(
            (sum(s.end_ns - s.start_ns for s in day if s.state == MARKET) for day in week), default=0
        )
        self._open_from = self._open_until = 0
        self._extended_from = self._extended_until = 0

    def segments(self, day_ns: int) -> tuple[Segment, ...]:
        """Return the segments of the day that holds a moment, as wall-clock readings."""
        day_ns -= day_ns % NANOSECONDS_PER_DAY
        found = self._segments.get(day_ns)
        if found is None:
            found = self._segments[day_ns] = self._make_segments(day_ns)
        return found

    def _make_segments(self, day_ns: int) -> tuple[Segment, ...]:
        day = ns_to_date(day_ns)
        if day in self._holidays:
            return ()
        kept: list[Segment] = []
        late, early = self._late_opens.get(day), self._early_closes.get(day)
        for start, end, state in self._week[day.weekday()]:
            if late is not None:
                if end <= late:
                    continue
                start = max(start, late)
            if early is not None:
                if start >= early:
                    continue
                end = min(end, early)
            kept.append(Segment(day_ns + start, day_ns + end, state))
        return tuple(kept)

    def is_open(self, local_ns: int, extended: bool) -> bool:
        """Tell whether the market is open at a moment; a session's end is outside of it."""
        if extended:
            if self._extended_from <= local_ns < self._extended_until:
                return True
        elif self._open_from <= local_ns < self._open_until:
            return True
        for start, end, state in self.segments(local_ns):
            if start <= local_ns < end and (extended or state == MARKET):
                if extended:
                    self._extended_from, self._extended_until = start, end
                else:
                    self._open_from, self._open_until = start, end
                return True
        return False

    def is_open_during(self, start_ns: int, end_ns: int, extended: bool) -> bool:
        """Tell whether the market is open at any moment of a span; a span of no length is a moment."""
        if self.is_market_always_open:
            return True
        if start_ns == end_ns:
            return self.is_open(start_ns, extended)
        day_ns = start_ns - start_ns % NANOSECONDS_PER_DAY
        while day_ns < end_ns:
            for start, end, state in self.segments(day_ns):
                if start < end_ns and start_ns < end and (extended or state == MARKET):
                    return True
            day_ns += NANOSECONDS_PER_DAY
        return False

    def is_date_open(self, day_ns: int, extended: bool = False) -> bool:
        """Tell whether a day has a session."""
        return any(extended or segment.state == MARKET for segment in self.segments(day_ns))

    def next_market_open(self, local_ns: int, extended: bool) -> int:
        """Return the first opening strictly after a moment. A session that continues over midnight does not open again."""
        for segment, previous_end in self._walk(local_ns, extended):
            if segment.start_ns > local_ns and segment.start_ns != previous_end:
                return segment.start_ns
        raise DataError(f"the market does not open within {_SEARCH_DAYS_MAX} days after {ns_to_date(local_ns)}; check the dates of the run")

    def next_market_close(self, local_ns: int, extended: bool) -> int:
        """Return the first close strictly after a moment; a session that goes on over midnight closes later."""
        candidate = 0
        for segment, previous_end in self._walk(local_ns, extended):
            if candidate and segment.start_ns != candidate:
                return candidate
            if segment.end_ns > local_ns:
                candidate = segment.end_ns
            del previous_end
        if candidate:
            return candidate
        raise DataError(f"the market does not close within {_SEARCH_DAYS_MAX} days after {ns_to_date(local_ns)}; check the dates of the run")

    def _walk(self, local_ns: int, extended: bool) -> Iterator[tuple[Segment, int]]:
        """Yield the open segments from the day before a moment on, each with the end of the one before it."""
        day_ns = local_ns - local_ns % NANOSECONDS_PER_DAY - NANOSECONDS_PER_DAY
        previous_end = -1
        for _ in range(_SEARCH_DAYS_MAX):
            for segment in self.segments(day_ns):
                if extended or segment.state == MARKET:
                    yield segment, previous_end
                    previous_end = segment.end_ns
            day_ns += NANOSECONDS_PER_DAY

    def first_open_of_day(self, day_ns: int, extended: bool = False) -> int | None:
        """Return the first opening of a day, None when it has none."""
        return next((s.start_ns for s in self.segments(day_ns) if extended or s.state == MARKET), None)

    def last_close_of_day(self, day_ns: int, extended: bool = False) -> int | None:
        """Return the last close of a day, None when it has none."""
        closes = [s.end_ns for s in self.segments(day_ns) if extended or s.state == MARKET]
        return closes[-1] if closes else None

    def market_duration_ns(self, local_ns: int) -> int:
        """Return how long regular trading lasts on the day of a moment."""
        return sum(s.end_ns - s.start_ns for s in self.segments(local_ns) if s.state == MARKET)

    def daily_calendar(self, local_ns: int) -> tuple[int, int]:
        """Return (start, end) of the daily bar that a moment belongs to.

        A moment before the open belongs to the session before it, as a daily bar's file date does at midnight after its session.
        """
        day_ns = local_ns - local_ns % NANOSECONDS_PER_DAY
        start = self.first_open_of_day(day_ns)
        if start is None or local_ns < start or (local_ns == start and local_ns == day_ns):
            day_ns = self.previous_open_day(day_ns)
            start = self.first_open_of_day(day_ns)
        end = self.last_close_of_day(day_ns)
        assert start is not None and end is not None
        return start, end

    def previous_open_day(self, day_ns: int) -> int:
        """Return midnight of the newest day with regular trading before a day."""
        day_ns -= day_ns % NANOSECONDS_PER_DAY
        for _ in range(_SEARCH_DAYS_MAX):
            day_ns -= NANOSECONDS_PER_DAY
            if self.is_date_open(day_ns):
                return day_ns
        raise DataError(f"the market has no session within {_SEARCH_DAYS_MAX} days before {ns_to_date(day_ns)}; check the dates of the run")

    def data_days(self, first_local_ns: int, last_local_ns: int, extended: bool) -> list[date]:
        """Return the days whose files may hold data of the open days between two moments, in the files' zone."""
        days: list[date] = []
        day_ns = first_local_ns - first_local_ns % NANOSECONDS_PER_DAY
        while day_ns <= last_local_ns:
            if self.is_date_open(day_ns, extended):
                first = self.data_zone.to_local_ns(self.exchange_zone.to_utc_ns(day_ns))
                last = self.data_zone.to_local_ns(self.exchange_zone.to_utc_ns(day_ns + NANOSECONDS_PER_DAY) - 1)
                for each in {ns_to_date(first), ns_to_date(last)}:
                    if each not in days:
                        days.append(each)
            day_ns += NANOSECONDS_PER_DAY
        return sorted(days)


class MarketHoursDatabase:
    """LEAN's market-hours-database.json; entries are decoded when they are asked for."""

    def __init__(self, data_folder: Path) -> None:
        self.path = data_folder / "market-hours" / "market-hours-database.json"
        try:
            self._entries: dict[str, Any] = orjson.loads(self.path.read_bytes())["entries"]
        except FileNotFoundError:
            raise DataError(f"{self.path} does not exist; point --data-folder at a LEAN data folder") from None
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise DataError(f"{self.path} is no market hours database ({error}); get a fresh copy of the data folder") from error
        self._hours: dict[str, MarketHours] = {}

    def hours(self, security_type: SecurityType, market: str, ticker: str) -> MarketHours:
        """Return the sessions of a symbol: its own entry, or the market's.

        Raises:
            DataError: the database does not know the market.
        """
        prefix = f"{security_type.name.title()}-{market}-"
        for key in (prefix + ticker.upper(), prefix + "[*]"):
            if key in self._entries:
                if key not in self._hours:
                    self._hours[key] = self._decode(key, security_type)
                return self._hours[key]
        known = sorted({key.split("-")[1] for key in self._entries if key.startswith(f"{security_type.name.title()}-")})
        raise DataError(
            f"{self.path} has no market {market!r} for {security_type.name.lower()}; it has {', '.join(known) or 'none'}"
        )

    def _decode(self, key: str, security_type: SecurityType) -> MarketHours:
        entry = self._entries[key]
        try:
            week = [tuple(_segment(each) for each in entry.get(day, [])) for day in _DAYS]
            return MarketHours(
                zone(entry["dataTimeZone"]),
                zone(entry["exchangeTimeZone"]),
                week,
                frozenset(_day(text) for text in entry.get("holidays", [])),
                {_day(text): _offset_ns(at) for text, at in entry.get("earlyCloses", {}).items()},
                {_day(text): _offset_ns(at) for text, at in entry.get("lateOpens", {}).items()},
                security_type is not SecurityType.FOREX,
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise DataError(f"{self.path} entry {key}: {error!r}; get a fresh copy of the data folder") from error


def _segment(entry: dict[str, str]) -> Segment:
    return Segment(_offset_ns(entry["start"]), _offset_ns(entry["end"]), entry["state"])


def _offset_ns(text: str) -> int:
    """Return the nanoseconds of "HH:MM:SS" or "D.HH:MM:SS"."""
    days, _, clock = text.rpartition(".")
    hours, minutes, seconds = clock.split(":")
    span = timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return int(span.total_seconds()) * 1_000_000_000


def _day(text: str) -> date:
    """Return the day of "month/day/year"."""
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))



