"""`self.time_rules`: the times of day at which scheduled events happen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from live.algorithm.naming import PascalCaseAccess
from live.algorithm.overloads import Parameter, overloaded, span, whole
from live.algorithm.schedule.calendar import ExchangeHours, ScheduleRules, day_span, to_zone
from live.algorithm.schedule.rules import TimeRule, short_number
from live.algorithm.symbols import Symbol
from live.clock import NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND, Zone, date_to_ns, timedelta_to_ns
from live.errors import UsageError

_HOUR, _MINUTE = Parameter("hour", whole), Parameter("minute", whole)
_ZONE = Parameter("time_zone", lambda value: isinstance(value, Zone | str))
_TIME_OF_DAY = Parameter("time_of_day", span)
AT_FORMS = (
    (_TIME_OF_DAY,),
    (_TIME_OF_DAY, _ZONE),
    (_HOUR, _MINUTE, Parameter("second", whole, 0)),
    (_HOUR, _MINUTE, _ZONE),
    (_HOUR, _MINUTE, Parameter("second", whole), _ZONE),
)
"""LEAN's ways to name a time of day."""

_TICKS_PER_MINUTE = 600_000_000
_NANOSECONDS_PER_TICK = 100
_NANOSECONDS_PER_HOUR = 3_600 * NANOSECONDS_PER_SECOND
_NANOSECONDS_PER_MINUTE = 60 * NANOSECONDS_PER_SECOND


class TimeRules(ScheduleRules, PascalCaseAccess):
    """Makes time rules. Without a symbol or zone of their own, times are on the algorithm's wall clock.

    A time that the clock shows twice (autumn) means the second, one that it skips (spring) the first moment after the
    gap. The algorithm's zone is read by `at` when it is called, by `every` when the event is registered, by `midnight`
    and `noon` when they are evaluated.
    """

    @property
    def now(self) -> TimeRule:
        """The present moment, whenever the rule is evaluated."""
        return TimeRule("Now", lambda days: (self._host.time_ns for _ in days))

    @property
    def midnight(self) -> TimeRule:
        """The beginning of the day."""
        return TimeRule("Midnight", lambda days: (self._zone.to_utc_ns(date_to_ns(day)) for day in days))

    @property
    def noon(self) -> TimeRule:
        """Twelve hours after the beginning of the day: 13:00 or 11:00 on the days of clock changes."""
        hours_ns = 12 * _NANOSECONDS_PER_HOUR
        return TimeRule("Noon", lambda days: (self._zone.to_utc_ns(date_to_ns(day)) + hours_ns for day in days))

    @overloaded(*AT_FORMS)
    def at(
        self,
        time_of_day: timedelta | None = None,
        time_zone: Zone | str | None = None,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
    ) -> TimeRule:
        """Return a rule for one time of day.

        Accepts LEAN's signatures: `at(hour, minute)`, `at(hour, minute, second)`, `at(hour, minute, time_zone)`,
        `at(hour, minute, second, time_zone)`, `at(time_of_day)` and `at(time_of_day, time_zone)`; names may be used.

        Parameters:
            time_of_day: timedelta from midnight of the wall clock.
            time_zone: zone of the wall clock; the algorithm's when left out.
            hour, minute, second: the time of day by its parts.

        Raises:
            UsageError: the arguments fit none of these.
            DataError: the zone is unknown.
        """
        if time_of_day is None:
            of_day_ns = ((hour * 60 + minute) * 60 + second) * NANOSECONDS_PER_SECOND
        else:
            of_day_ns = timedelta_to_ns(time_of_day)
        clock = self._zone if time_zone is None else to_zone(time_zone)
        return TimeRule(
            short_number(of_day_ns / _NANOSECONDS_PER_HOUR),
            lambda days: (clock.to_utc_ns(date_to_ns(day) + of_day_ns) for day in days),
        )

    def every(self, interval: timedelta) -> TimeRule:
        """Return a rule for every multiple of an interval from midnight; the count starts anew each day.

        Times that a clock change skips all happen at the first moment after the gap.

        Raises:
            UsageError: the interval is zero or negative.
        """
        interval_ns = timedelta_to_ns(interval)
        if interval_ns <= 0:
            raise UsageError("TimeRules.Every(): time span interval can not be zero or less; give a positive timedelta")
        name = f"Every {short_number(interval_ns / _NANOSECONDS_PER_MINUTE)} min"
        return TimeRule(name, lambda days: _multiples(days, interval_ns, self._zone))

    def after_market_open(
        self, symbol: Any = None, minutes_after_open: float = 0, extended_market_open: bool = False
    ) -> TimeRule:
        """Return a rule for a number of minutes after the open, on days when the market opens.

        Parameters:
            symbol: Symbol, Security or ticker. May be left out, `after_market_open(10)`: then the earliest open counts,
                of US equities and of every security of the run whose market closes.
            minutes_after_open: minutes, also fractions; negative for before the open.
            extended_market_open: the open of the extended hours.

        Raises:
            UsageError: the market never closes, so it never opens.
        """
        return self._open_rule(*self._target(symbol, minutes_after_open, extended_market_open))

    def before_market_open(
        self, symbol: Any = None, minutes_before_open: float = 0, extended_market_open: bool = False
    ) -> TimeRule:
        """Return a rule for a number of minutes before the open; see after_market_open."""
        target, minutes, extended = self._target(symbol, minutes_before_open, extended_market_open)
        return self._open_rule(target, -minutes, extended)

    def before_market_close(
        self, symbol: Any = None, minutes_before_close: float = 0, extended_market_close: bool = False
    ) -> TimeRule:
        """Return a rule for a number of minutes before the last close of the day, on days when the market is open.

        A market that goes on over midnight closes at 24:00 here.

        Parameters:
            symbol: Symbol, Security or ticker. May be left out, `before_market_close(10)`: then the latest close
                counts, of US equities and of every security of the run whose market closes.
            minutes_before_close: minutes, also fractions; negative for after the close.
            extended_market_close: the close of the extended hours.
        """
        return self._close_rule(*self._target(symbol, minutes_before_close, extended_market_close))

    def after_market_close(
        self, symbol: Any = None, minutes_after_close: float = 0, extended_market_close: bool = False
    ) -> TimeRule:
        """Return a rule for a number of minutes after the last close of the day; see before_market_close."""
        target, minutes, extended = self._target(symbol, minutes_after_close, extended_market_close)
        return self._close_rule(target, -minutes, extended)

    def _target(self, symbol: Any, minutes: float, extended: bool) -> tuple[Symbol | None, float, bool]:
        """Sort LEAN's two signatures apart: (minutes, extended) and (symbol, minutes, extended)."""
        if symbol is None:
            return None, minutes, extended
        if isinstance(symbol, int | float):
            return None, symbol, extended or bool(minutes)
        return self._symbol(symbol), minutes, extended

    def _open_rule(self, symbol: Symbol | None, minutes: float, extended: bool) -> TimeRule:
        side = "after" if minutes > 0 else "before"
        name = _session_name(symbol, minutes, side, extended, "MarketOpen")
        offset_ns = _minutes_to_ns(minutes)
        if symbol is None:
            return TimeRule(name, lambda days: self._session_edges(days, extended, 0, offset_ns))
        hours = self._hours(symbol)
        if hours.is_market_always_open:
            raise UsageError(
                f"{symbol.value}: Unable to locate next market open within two weeks. Market is always open for this"
                " asset; use time_rules.at(), every(), midnight or noon instead"
            )
        return TimeRule(name, lambda days: _edges(days, hours, extended, 0, offset_ns))

    def _close_rule(self, symbol: Symbol | None, minutes: float, extended: bool) -> TimeRule:
        side = "before" if minutes > 0 else "after"
        name = _session_name(symbol, minutes, side, extended, "MarketClose")
        offset_ns = -_minutes_to_ns(minutes)
        if symbol is None:
            return TimeRule(name, lambda days: self._session_edges(days, extended, 1, offset_ns))
        hours = self._hours(symbol)
        return TimeRule(name, lambda days: _edges(days, hours, extended, 1, offset_ns))

    def _session_edges(self, days: Iterable[date], extended: bool, edge: int, offset_ns: int) -> Iterator[int]:
        """Yield per day the earliest open (edge 0) or the latest close (edge 1) of the run's exchanges, UTC."""
        all_hours = self._session_hours()
        choose = max if edge else min
        for day in days:
            times_ns = [time_ns for hours in all_hours for time_ns in _edges([day], hours, extended, edge, offset_ns)]
            if times_ns:
                yield choose(times_ns)


def _edges(days: Iterable[date], hours: ExchangeHours, extended: bool, edge: int, offset_ns: int) -> Iterator[int]:
    """Yield the open (edge 0) or close (edge 1) of each open day plus an offset, UTC."""
    for day in days:
        span = day_span(hours, day, extended)
        if span is not None:
            yield hours.exchange_zone.to_utc_ns(span[edge] + offset_ns)


def _multiples(days: Iterable[date], interval_ns: int, clock: Zone) -> Iterator[int]:
    for day in days:
        midnight_ns = date_to_ns(day)
        for local_ns in range(midnight_ns, midnight_ns + NANOSECONDS_PER_DAY, interval_ns):
            yield clock.to_utc_ns(local_ns)


def _minutes_to_ns(minutes: float) -> int:
    """Return minutes in nanoseconds, cut to the 100 ns that .NET counts in."""
    return int(minutes * _TICKS_PER_MINUTE) * _NANOSECONDS_PER_TICK


def _session_name(symbol: Symbol | None, minutes: float, side: str, extended: bool, edge: str) -> str:
    prefix = "" if symbol is None else f"{symbol.value}: "
    return f"{prefix}{short_number(abs(minutes))} min {side} {'Extended' if extended else ''}{edge}"
