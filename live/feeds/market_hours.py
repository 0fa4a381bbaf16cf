"""When a market is open: LEAN's market-hours database, with holidays, early closes and late opens.

All questions are asked and answered in nanoseconds of the exchange's wall clock (`local_ns`). The segments of a day are
computed once and kept. Where LEAN answers in a way that one would not guess, the comment says so: fills and
fill-forward depend on the very same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from live.algorithm.enums import SecurityType
from live.clock import NANOSECONDS_PER_DAY, Zone, date_to_ns, ns_to_date, zone
from live.errors import DataError
from live.feeds.market_hours_file import decode_database, decode_entry

MARKET_HOURS_FILE = Path("market-hours/market-hours-database.json")
MARKET = "market"
PRE_MARKET = "premarket"
POST_MARKET = "postmarket"

_SEARCH_DAYS = 15
"""Days, today's included, that a search for an open or a close looks at."""

_DAYS_KEPT_MAX = 512
"""Days whose segments are kept: no request looks at more at a time, and a run may have thousands."""

_SEARCH_BACK_DAYS = 9
"""Days, today's included, that a search for an earlier open looks at."""


class Segment(NamedTuple):
    """A span of a day in one state: offsets from midnight in a week's schedule, wall-clock readings of a real day."""

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
        early_closes: day to offset from midnight, in nanoseconds, at which trading ends.
        late_opens: day to offset from midnight, in nanoseconds, at which trading begins.
        strict_daily_end: whether daily bars run from the open to the close.
        bank_holidays: days on which banks are closed though the market may be open.
    """

    def __init__(
        self,
        data_zone: Zone,
        exchange_zone: Zone,
        week: Sequence[tuple[Segment, ...]],
        holidays: frozenset[date],
        early_closes: Mapping[date, int],
        late_opens: Mapping[date, int],
        strict_daily_end: bool,
        bank_holidays: frozenset[date] = frozenset(),
    ) -> None:
        self.data_zone = data_zone
        self.exchange_zone = exchange_zone
        self.holidays = holidays
        self.bank_holidays = bank_holidays
        self._week = week
        self._early_closes = early_closes
        self._late_opens = late_opens
        self._segments: dict[int, tuple[Segment, ...]] = {}
        whole_day = (Segment(0, NANOSECONDS_PER_DAY, MARKET),)
        self.is_market_always_open = all(tuple(day) == whole_day for day in week)
        self.uses_strict_daily_end = strict_daily_end and not self.is_market_always_open
        self.regular_market_duration_ns = _most_common_duration_ns(week)
        self._open_from_ns = self._open_until_ns = 0
        self._extended_from_ns = self._extended_until_ns = 0

    # -- days

    def segments(self, day_ns: int) -> tuple[Segment, ...]:
        """Return the segments of the day that holds a moment, holidays and special hours applied; none is empty."""
        day_ns -= day_ns % NANOSECONDS_PER_DAY
        found = self._segments.get(day_ns)
        if found is None:
            if len(self._segments) == _DAYS_KEPT_MAX:
                self._segments.clear()
            found = self._segments[day_ns] = self._make_segments(day_ns)
        return found

    def _make_segments(self, day_ns: int) -> tuple[Segment, ...]:
        day = ns_to_date(day_ns)
        if day in self.holidays:
            return ()
        kept = _with_special_hours(self._week[day.weekday()], self._early_closes.get(day), self._late_opens.get(day))
        return tuple(Segment(day_ns + s.start_ns, day_ns + s.end_ns, s.state) for s in kept if s.start_ns < s.end_ns)

    def is_date_open(self, day_ns: int, extended: bool = False) -> bool:
        """Tell whether the day that holds a moment has a session."""
        return self.first_open_of_day(day_ns, extended) is not None

    def tradable_days(self, first: date, last: date, extended: bool = False) -> list[date]:
        """Return the days with a session from one day to another, both included."""
        days = range(date_to_ns(first), date_to_ns(last) + 1, NANOSECONDS_PER_DAY)
        return [ns_to_date(day_ns) for day_ns in days if self.is_date_open(day_ns, extended)]

    def first_open_of_day(self, day_ns: int, extended: bool = False) -> int | None:
        """Return the first opening of a day, None when it has none."""
        return next((s.start_ns for s in self.segments(day_ns) if extended or s.state == MARKET), None)

    def last_close_of_day(self, day_ns: int, extended: bool = False) -> int | None:
        """Return the last close of a day, None when it has none."""
        return next((s.end_ns for s in reversed(self.segments(day_ns)) if extended or s.state == MARKET), None)

    def market_duration_ns(self, local_ns: int) -> int:
        """Return how long regular trading lasts on the day of a moment."""
        return sum(s.end_ns - s.start_ns for s in self.segments(local_ns) if s.state == MARKET)

    def previous_open_day(self, day_ns: int) -> int:
        """Return midnight of the newest day with regular trading before a day.

        Raises:
            DataError: there is none in two weeks.
        """
        day_ns -= day_ns % NANOSECONDS_PER_DAY
        for back in range(1, _SEARCH_DAYS):
            if self.is_date_open(day_ns - back * NANOSECONDS_PER_DAY):
                return day_ns - back * NANOSECONDS_PER_DAY
        raise self._not_found("session before", day_ns)

    def data_days(self, first_local_ns: int, last_local_ns: int, extended: bool) -> list[date]:
        """Return the days, in the files' zone, whose files hold open hours of the days between two moments.

        The days of both moments count as a whole: a bar that ends at the first moment lies in a file before it.
        """
        data_zone, exchange_zone = self.data_zone, self.exchange_zone
        begin_ns = exchange_zone.to_utc_ns(first_local_ns - first_local_ns % NANOSECONDS_PER_DAY)
        end_ns = exchange_zone.to_utc_ns(last_local_ns - last_local_ns % NANOSECONDS_PER_DAY + NANOSECONDS_PER_DAY)
        midnight = data_zone.to_local_ns(begin_ns)
        midnight -= midnight % NANOSECONDS_PER_DAY
        days: list[date] = []
        while begin_ns < end_ns:
            next_ns = min(data_zone.to_utc_ns(midnight + NANOSECONDS_PER_DAY), end_ns)
            if self.is_open_during(exchange_zone.to_local_ns(begin_ns), exchange_zone.to_local_ns(next_ns), extended):
                days.append(ns_to_date(midnight))
            begin_ns = next_ns
            midnight += NANOSECONDS_PER_DAY
        return days

    # -- moments and spans

    def is_open(self, local_ns: int, extended: bool) -> bool:
        """Tell whether the market is open at a moment; a session's end is outside of it."""
        if extended:
            if self._extended_from_ns <= local_ns < self._extended_until_ns:
                return True
        elif self._open_from_ns <= local_ns < self._open_until_ns:
            return True
        for start, end, state in self.segments(local_ns):
            if start <= local_ns < end and (extended or state == MARKET):
                if extended:
                    self._extended_from_ns, self._extended_until_ns = start, end
                else:
                    self._open_from_ns, self._open_until_ns = start, end
                return True
        return False

    def is_open_during(self, start_ns: int, end_ns: int, extended: bool) -> bool:
        """Tell whether the market is open at any moment of a span, such as a bar; a span of no length is a moment."""
        if self.is_open(start_ns, extended):
            return True
        day_ns = start_ns - start_ns % NANOSECONDS_PER_DAY
        while day_ns < end_ns:
            for start, end, state in self.segments(day_ns):
                if start < end_ns and start_ns < end and (extended or state == MARKET):
                    return True
            day_ns += NANOSECONDS_PER_DAY
        return False

    # -- opens and closes

    def next_market_open(self, local_ns: int, extended: bool) -> int:
        """Return the first opening after a moment. A session that continues over midnight does not open again.

        Only the first opening of the rest of a day is looked at, that of a session under way included: when it lies in
        the past, the search goes on with the next day. So does LEAN's.

        Raises:
            DataError: there is none in two weeks, for example because the market is always open.
        """
        day_ns = local_ns - local_ns % NANOSECONDS_PER_DAY
        before = self.segments(day_ns - NANOSECONDS_PER_DAY)
        previous_end = before[-1].end_ns if before else None
        for day_ns, from_ns in self._days_from(local_ns):
            opening = self._opening(day_ns, from_ns, extended, previous_end)
            if opening is not None and opening > local_ns:
                return opening
            segments = self.segments(day_ns)
            # After a day that closes early, midnight is an opening even when the session went on until then.
            ends_early = ns_to_date(day_ns) in self._early_closes
            previous_end = segments[-1].end_ns if segments and not ends_early else None
        raise self._not_found("opening after", local_ns)

    def _opening(self, day_ns: int, from_ns: int, extended: bool, previous_end: int | None) -> int | None:
        """Return the first opening of a day whose session ends after a moment.

        Parameters:
            day_ns: midnight of the day.
            from_ns: the moment.
            extended: whether pre- and post-market count.
            previous_end: end of the last segment of the day before, of whatever state; None when it does not count.
        """
        for segment in self.segments(day_ns):
            if not extended and segment.state != MARKET:
                continue
            if segment.end_ns > from_ns and segment.start_ns != previous_end:
                return segment.start_ns
            previous_end = segment.end_ns
        return None

    def next_market_close(self, local_ns: int, extended: bool) -> int:
        """Return the first close after a moment; a session that goes on over midnight closes later.

        Raises:
            DataError: there is none in two weeks, for example because the market is always open.
        """
        for day_ns, from_ns in self._days_from(local_ns):
            following = self._first_start_after(day_ns)
            segments = self.segments(day_ns)
            for index, segment in enumerate(segments):
                if segment.end_ns <= from_ns or not (extended or segment.state == MARKET):
                    continue
                if index + 1 < len(segments):
                    later = segments[index + 1]
                    next_start = later.start_ns if extended or later.state == MARKET else None
                else:
                    next_start = following
                if segment.end_ns != next_start and segment.end_ns > local_ns:
                    return segment.end_ns
        raise self._not_found("close after", local_ns)

    def _first_start_after(self, day_ns: int) -> int | None:
        """Return the start of the next day's first segment, of any state; None if it closes early, as in LEAN."""
        day_ns += NANOSECONDS_PER_DAY
        if ns_to_date(day_ns) in self._early_closes:
            return None
        segments = self.segments(day_ns)
        return segments[0].start_ns if segments else None

    def last_close_after(self, local_ns: int, extended: bool) -> int:
        """Return the last close of the first day that has one after a moment; midnight counts as a close.

        Raises:
            DataError: there is none in two weeks.
        """
        for day_ns, _ in self._days_from(local_ns):
            close = self.last_close_of_day(day_ns, extended)
            if close is not None and close > local_ns:
                return close
        raise self._not_found("close after", local_ns)

    def previous_market_open(self, local_ns: int, extended: bool) -> int:
        """Return the newest opening at or before a moment. A session that continues over midnight did not open there.

        Raises:
            DataError: there is none in nine days.
        """
        for day_ns in self._days_back(local_ns):
            for segment in reversed(self.segments(day_ns)):
                start = segment.start_ns
                if start <= local_ns and (extended or segment.state == MARKET):
                    if self.next_market_open(start - 1, extended) == start:
                        return start
        raise self._not_found("opening before", local_ns)

    def first_open_before(self, local_ns: int, extended: bool) -> int:
        """Return the first opening of the newest day that has one at or before a moment; midnight counts as an opening.

        Raises:
            DataError: there is none in nine days.
        """
        for day_ns in self._days_back(local_ns):
            start = self.first_open_of_day(day_ns, extended)
            if start is not None and start <= local_ns:
                return start
        raise self._not_found("opening before", local_ns)

    def daily_calendar(self, local_ns: int, extended: bool = False) -> tuple[int, int]:
        """Return (start, end) of the daily bar that a moment belongs to: from the first open to the last close.

        A moment before the open of its day belongs to the session before.
        """
        start = self.first_open_before(local_ns, extended)
        return start, self.last_close_after(start, extended)

    def _days_from(self, local_ns: int) -> Iterator[tuple[int, int]]:
        """Yield midnight of each day of a search, and the moment that the search begins at on that day."""
        day_ns = local_ns - local_ns % NANOSECONDS_PER_DAY
        yield day_ns, local_ns
        for _ in range(1, _SEARCH_DAYS):
            day_ns += NANOSECONDS_PER_DAY
            yield day_ns, day_ns

    def _days_back(self, local_ns: int) -> Iterator[int]:
        day_ns = local_ns - local_ns % NANOSECONDS_PER_DAY
        return iter(range(day_ns, day_ns - _SEARCH_BACK_DAYS * NANOSECONDS_PER_DAY, -NANOSECONDS_PER_DAY))

    def _not_found(self, what: str, local_ns: int) -> DataError:
        if self.is_market_always_open:
            return DataError(
                f"there is no {what} {ns_to_date(local_ns)}: the market is always open; ask is_open instead"
            )
        return DataError(
            f"the market hours have no {what} {ns_to_date(local_ns)} within two weeks; check the dates of the run, "
            "and the market's entry in the market-hours database"
        )


def _most_common_duration_ns(week: Sequence[tuple[Segment, ...]]) -> int:
    """Return the length of regular trading that most days of a week have, the longer one of two."""
    durations = [sum(s.end_ns - s.start_ns for s in day if s.state == MARKET) for day in week]
    return max(durations, key=lambda duration_ns: (durations.count(duration_ns), duration_ns), default=0)


def _with_special_hours(segments: tuple[Segment, ...], early: int | None, late: int | None) -> tuple[Segment, ...]:
    """Return a day's segments cut by an early close, a late open, or both; all are offsets from midnight.

    An open that is later than the close means that the market pauses between the two.
    """
    if early is None:
        return segments if late is None else _opened_late(segments, late)
    closed = _closed_early(segments, early)
    if late is None:
        return closed
    if early < late:
        return closed + _opened_late(segments, late)
    return _opened_late(closed, late)


def _closed_early(segments: tuple[Segment, ...], early: int) -> tuple[Segment, ...]:
    """Cut the segment that holds the close and drop what follows.

    A close between two segments drops the earlier one too, and one after all segments changes nothing: so does LEAN.
    """
    for index, segment in enumerate(segments):
        if segment.start_ns <= early <= segment.end_ns:
            return (*segments[:index], segment._replace(end_ns=early))
        if early < segment.start_ns:
            return segments[: max(index - 1, 0)]
    return segments


def _opened_late(segments: tuple[Segment, ...], late: int) -> tuple[Segment, ...]:
    """Cut the segment that holds the open and drop what precedes; one after all segments does nothing, as in LEAN."""
    for index, segment in enumerate(segments):
        if segment.start_ns <= late <= segment.end_ns:
            return (segment._replace(start_ns=late), *segments[index + 1 :])
        if late < segment.start_ns:
            return segments[index:]
    return segments


class MarketHoursDatabase:
    """LEAN's market-hours database of a data folder; entries are decoded when they are asked for.

    Parameters:
        data_folder: the data folder.

    Raises:
        DataError: the file is missing or damaged.
    """

    def __init__(self, data_folder: Path) -> None:
        self.path = data_folder / MARKET_HOURS_FILE
        try:
            entries = decode_database(self.path.read_bytes())
        except FileNotFoundError:
            raise DataError(f"{self.path} does not exist; point --data-folder at a LEAN data folder") from None
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.path} is no market hours database ({error}); get a fresh copy of the data folder"
            ) from error
        self._entries = {key.lower(): (key, text) for key, text in entries.items()}
        self._hours: dict[str, MarketHours] = {}

    def hours(self, security_type: SecurityType, market: str, ticker: str) -> MarketHours:
        """Return the sessions of a symbol: of its own entry, completed by the market's, or of the market's alone.

        Raises:
            DataError: the database does not know the market, or the entry is damaged.
        """
        prefix = f"{security_type.name}-{market}-".lower()
        common = prefix + "[*]"
        own = prefix + ticker.lower()
        key = own if own in self._entries else common
        found = self._hours.get(key)
        if found is None:
            if key not in self._entries:
                raise self._unknown(security_type, market, ticker)
            found = self._hours[key] = self._make_hours(key, common, security_type)
        return found

    def _unknown(self, security_type: SecurityType, market: str, ticker: str) -> DataError:
        kind = security_type.name.lower()
        names = sorted({key.split("-")[1] for key in self._entries if key.startswith(f"{kind}-")})
        if market.lower() in names:
            return DataError(f"{self.path} has no hours of {ticker.upper()} ({kind}, {market}); check the ticker")
        return DataError(f"{self.path} has no market {market!r} for {kind}; it has: {', '.join(names) or 'none'}")

    def _make_hours(self, key: str, common: str, security_type: SecurityType) -> MarketHours:
        name, text = self._entries[key]
        try:
            entry = decode_entry(text)
            if key != common and common in self._entries:
                entry = entry.completed_by(decode_entry(self._entries[common][1]))
            return MarketHours(
                zone(entry.data_zone),
                zone(entry.exchange_zone),
                [tuple(Segment(*each) for each in day) for day in entry.week],
                entry.holidays,
                entry.early_closes,
                entry.late_opens,
                security_type is not SecurityType.FOREX,
                entry.bank_holidays,
            )
        except (ValueError, DataError) as error:
            raise DataError(f"{self.path} entry {name}: {error}; get a fresh copy of the data folder") from error
