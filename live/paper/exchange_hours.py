"""Market hours as algorithms see them: questions in datetimes of the exchange's wall clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from live.algorithm.naming import PascalCaseAccess
from live.algorithm.overloads import Parameter, flag, moment, overloaded
from live.clock import date_to_ns, datetime_to_ns, ns_to_datetime, ns_to_timedelta
from live.feeds.market_hours import MarketHours

_ONE_DAY = timedelta(days=1)
_EXTENDED = Parameter("extended_market_hours", flag)
_IS_OPEN = (
    (Parameter("local_date_time", moment), _EXTENDED),
    (Parameter("start_local_date_time", moment), Parameter("end_local_date_time", moment), _EXTENDED),
)


class SecurityExchangeHours(PascalCaseAccess):
    """The calendar of an exchange. Moments are naive datetimes in the exchange's time zone.

    Parameters:
        hours: the engine's calendar.
    """

    def __init__(self, hours: MarketHours) -> None:
        self._hours = hours

    @property
    def time_zone(self) -> str:
        """Name of the exchange's time zone."""
        return self._hours.exchange_zone.name

    @property
    def is_market_always_open(self) -> bool:
        """Whether the market never closes."""
        return self._hours.is_market_always_open

    @property
    def regular_market_duration(self) -> timedelta:
        """Length of the most usual day of regular trading."""
        return ns_to_timedelta(self._hours.regular_market_duration_ns)

    @overloaded(*_IS_OPEN)
    def is_open(
        self,
        extended_market_hours: bool,
        local_date_time: datetime | None = None,
        start_local_date_time: datetime | None = None,
        end_local_date_time: datetime | None = None,
    ) -> bool:
        """Tell whether the market is open: at a moment, or some time between two.

        Forms: `is_open(local_date_time, extended_market_hours)`,
        `is_open(start_local_date_time, end_local_date_time, extended_market_hours)`.
        """
        if start_local_date_time is not None and end_local_date_time is not None:
            start_ns, end_ns = datetime_to_ns(start_local_date_time), datetime_to_ns(end_local_date_time)
            return self._hours.is_open_during(start_ns, end_ns, extended_market_hours)
        assert local_date_time is not None
        return self._hours.is_open(datetime_to_ns(local_date_time), extended_market_hours)

    def is_date_open(self, local_date_time: date, extended_market_hours: bool = False) -> bool:
        """Tell whether the market opens on a day."""
        return self._hours.is_date_open(_ns(local_date_time), extended_market_hours)

    def get_next_market_open(self, local_date_time: datetime, extended_market_hours: bool) -> datetime:
        """Return the next opening after a moment.

        Raises:
            DataError: there is none in two weeks.
        """
        return ns_to_datetime(self._hours.next_market_open(datetime_to_ns(local_date_time), extended_market_hours))

    def get_next_market_close(
        self, local_date_time: datetime, extended_market_hours: bool, last_close: bool = False
    ) -> datetime:
        """Return the next close after a moment, or the last one of its day.

        Raises:
            DataError: there is none in two weeks.
        """
        if last_close:
            return self.get_last_daily_market_close(local_date_time, extended_market_hours)
        return ns_to_datetime(self._hours.next_market_close(datetime_to_ns(local_date_time), extended_market_hours))

    def get_previous_market_open(
        self, local_date_time: datetime, extended_market_hours: bool, first_open: bool = False
    ) -> datetime:
        """Return the newest opening at or before a moment, or the first one of its day.

        Raises:
            DataError: there is none in nine days.
        """
        search = self._hours.first_open_before if first_open else self._hours.previous_market_open
        return ns_to_datetime(search(datetime_to_ns(local_date_time), extended_market_hours))

    def get_last_daily_market_close(self, local_date_time: datetime, extended_market_hours: bool) -> datetime:
        """Return the last close of the first day that has one after a moment.

        Raises:
            DataError: there is none in two weeks.
        """
        return ns_to_datetime(self._hours.last_close_after(datetime_to_ns(local_date_time), extended_market_hours))

    def get_previous_trading_day(self, local_date: date) -> datetime:
        """Return the last day before a day on which the market opens."""
        return self._trading_day(local_date, -_ONE_DAY)

    def get_next_trading_day(self, date: date) -> datetime:
        """Return the first day after a day on which the market opens."""
        return self._trading_day(date, _ONE_DAY)

    def _trading_day(self, day: date, step: timedelta) -> datetime:
        found = datetime(day.year, day.month, day.day) + step
        while not self._hours.is_date_open(datetime_to_ns(found)):
            found += step
        return found


def _ns(moment: date) -> int:
    return datetime_to_ns(moment) if isinstance(moment, datetime) else date_to_ns(moment)
