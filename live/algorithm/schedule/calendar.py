"""What the rules need of calendars and clocks: open days, sessions, and LEAN's reading of clock changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from live.algorithm.enums import SecurityType
from live.algorithm.symbols import Symbol
from live.clock import Zone, date_to_ns, zone
from live.errors import UsageError

END_OF_TIME = date(2050, 12, 31)
"""Last day that LEAN schedules for."""

ONE_DAY = timedelta(days=1)
_PROBE_START = date(2012, 1, 1)
_PROBE_DAYS = 53 * 7
_REGULAR = "market"

Span = tuple[int, int]


class ExchangeHours(Protocol):
    """Trading hours of one exchange, as far as the schedule needs them."""

    @property
    def exchange_zone(self) -> Zone:
        """Zone of the exchange's wall clock."""

    @property
    def is_market_always_open(self) -> bool:
        """Whether the market never closes."""

    def segments(self, day_local_ns: int, /) -> Sequence[tuple[int, int, str]]:
        """Return (start, end, state) of a day in order, in local nanoseconds, with holidays and half days applied."""


class ScheduleHost(Protocol):
    """What the schedule asks of the engine."""

    @property
    def time_ns(self) -> int:
        """Present time of the run, UTC nanoseconds."""

    @property
    def zone(self) -> Zone:
        """Zone of the algorithm's clock."""

    @property
    def securities(self) -> Mapping[Symbol, Any]:
        """Securities of the run; each has `hours`."""

    def market_hours(self, symbol: Symbol) -> ExchangeHours:
        """Return the trading hours of a symbol that was not added."""

    def write_log(self, level: str, text: str) -> None:
        """Write a line to the run's log."""


def to_zone(value: Zone | str) -> Zone:
    """Return the zone of a name such as TimeZones.NEW_YORK."""
    return value if isinstance(value, Zone) else zone(str(value))


def each_day(start: date, end: date) -> Iterator[date]:
    """Yield every day of a closed range."""
    for ordinal in range(start.toordinal(), end.toordinal() + 1):
        yield date.fromordinal(ordinal)


def day_span(hours: ExchangeHours, day: date, extended: bool) -> Span | None:
    """Return the first open and the last close of a day in local nanoseconds; None when the market is shut.

    Breaks between sessions do not count. A session that goes on after midnight ends at 24:00, as in LEAN.
    """
    found = [segment for segment in hours.segments(date_to_ns(day)) if segment[2] == _REGULAR or extended]
    return (found[0][0], found[-1][1]) if found else None


def is_date_open(hours: ExchangeHours | None, day: date, extended: bool = False) -> bool:
    """Tell whether a market trades on a day; without hours it always does."""
    return hours is None or day_span(hours, day, extended) is not None


def step_trading_day(hours: ExchangeHours | None, day: date, step: timedelta) -> date:
    """Return the next (or, with a negative step, the previous) day with regular trading."""
    day += step
    while not is_date_open(hours, day):
        day += step
    return day


def open_weekdays(hours: ExchangeHours) -> list[int]:
    """Return the days of the week on which an exchange opens at all, Sunday 0 to Saturday 6, in order.

    Read from a year of days, because a holiday may fall on any single one.
    """
    days = each_day(_PROBE_START, _PROBE_START + timedelta(days=_PROBE_DAYS - 1))
    return sorted({dotnet_weekday(day) for day in days if is_date_open(hours, day, extended=True)})


def dotnet_weekday(day: date) -> int:
    """Return the day of the week as .NET counts it: Sunday is 0."""
    return day.isoweekday() % 7


class ScheduleRules:
    """What date rules and time rules share: the engine, the default zone, and the hours of a symbol."""

    def __init__(self, host: ScheduleHost) -> None:
        self._host = host
        self._zone = host.zone
        self._warned = False

    def set_default_time_zone(self, time_zone: Zone | str) -> None:
        """Set the zone of rules that name none.

        Parameters:
            time_zone: IANA name, or a fixed offset such as "UTC-05".

        Raises:
            DataError: the zone is unknown.
        """
        self._zone = to_zone(time_zone)

    def _symbol(self, value: Any) -> Symbol:
        """Return the symbol of a Symbol, a Security or a ticker; an unknown ticker is a US equity, as in LEAN."""
        if isinstance(value, Symbol):
            return value
        symbol = getattr(value, "symbol", None)
        if isinstance(symbol, Symbol):
            return symbol
        if not isinstance(value, str):
            raise UsageError(f"{value!r} is not a symbol; give the rule a Symbol or a ticker")
        for known in self._host.securities.keys():
            if known == value:
                return known
        if not self._warned:
            self._warned = True
            self._host.write_log(
                "debug", f"Warning: no existing symbol found for ticker {value}, it will be created with Equity type."
            )
        return Symbol.create(value, SecurityType.EQUITY, "usa")

    def _hours(self, symbol: Symbol) -> ExchangeHours:
        security = self._host.securities.get(symbol)
        if security is None:
            return self._host.market_hours(symbol)
        hours: ExchangeHours = security.hours
        return hours

    def _session_hours(self) -> list[ExchangeHours]:
        """Return the hours of US equities and of every other security whose market closes, each once."""
        found = [self._hours(Symbol.create("SPY", SecurityType.EQUITY, "usa"))]
        for symbol, security in self._host.securities.items():
            is_us_equity = symbol.security_type is SecurityType.EQUITY and symbol.id.market == "usa"
            if is_us_equity or security.hours.is_market_always_open or security.hours in found:
                continue
            found.append(security.hours)
        return found
