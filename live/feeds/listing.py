"""One symbol of the run and what its files say of it: tickers through time, listing, factors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from live.algorithm.enums import DataNormalizationMode, SecurityType
from live.algorithm.symbols import DEFAULT_FIRST_DATE, Symbol, security_identifier
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, ns_to_date
from live.feeds.corporate_actions import FactorFile, MapFile
from live.feeds.map_files import ListingFiles
from live.feeds.market_hours import MarketHours
from live.hot.records import LONG_AGO_NS

_ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Listing:
    """A symbol with its map and factor file; what is not an equity has files without rows.

    Attributes:
        symbol: its `value` is the ticker that it was added by.
        maps: tickers through time.
        factors: splits and dividends.
    """

    symbol: Symbol
    maps: MapFile
    factors: FactorFile
    _mapped: dict[str, Symbol] = field(default_factory=dict)

    @property
    def begin_local_ns(self) -> int:
        """Return the moment before which LEAN delivers no data.

        That is the first day of the map file, or the day before the first row of the factor file that can be used,
        whichever is later.
        """
        days = [day for day in (self.maps.first_day, self._first_scaled_day()) if day is not None]
        return date_to_ns(max(days)) if days else LONG_AGO_NS

    def _first_scaled_day(self) -> date | None:
        first = self.factors.first_day
        return None if first is None else first - _ONE_DAY

    def is_listed(self, day: date) -> bool:
        """Tell whether there may be data of a day."""
        return self.maps.has_data(day)

    def ticker_on(self, day: date) -> str:
        """Return the ticker that data of a day are filed under; without a map file always that of the symbol."""
        return self.maps.ticker_on(day) if self.maps.rows else self.symbol.value

    def symbol_on(self, day: date) -> Symbol:
        """Return the symbol that data of a day carry: its `value` is the ticker of that day."""
        ticker = self.ticker_on(day) if self.is_listed(day) else self.symbol.value
        if ticker == self.symbol.value:
            return self.symbol
        found = self._mapped.get(ticker)
        if found is None:
            found = self._mapped[ticker] = self.symbol.mapped(ticker)
        return found

    def tickers(self) -> list[str]:
        """Return every ticker that data may be filed under, the symbol's own first."""
        return list(dict.fromkeys([self.symbol.value, *(row.ticker for row in self.maps.rows)]))

    def price_scale(self, midnight_ns: int, mode: DataNormalizationMode) -> float:
        """Return what the raw prices of data are multiplied by, given the midnight that `scale_midnight_ns` names."""
        return float(self.factors.price_scale(ns_to_date(midnight_ns), mode))


def resolve_listing(
    files: ListingFiles | None, security_type: SecurityType, ticker: str, market: str
) -> tuple[str, MapFile, FactorFile]:
    """Return the identifier that a ticker means, as LEAN resolves it, with its map and factor file.

    Parameters:
        files: of the market; None for what is no equity.
        security_type: asset class.
        ticker: in upper case.
        market: in lower case.

    Raises:
        DataError: a map or factor file is damaged.
    """
    name, first_day, maps, factors = ticker, DEFAULT_FIRST_DATE, MapFile([], ticker), FactorFile([])
    if files is not None:
        name, first_day, maps = files.listing_of(ticker)
        factors = files.factors_of(maps, ticker)
    return security_identifier(name, security_type, market, first_day), maps, factors


def scale_midnight_ns(start_ns: int, end_ns: int) -> int:
    """Return midnight of the day whose factors apply to data between two moments of exchange time.

    That is the day on which the data begin; what ends after midnight of a later day, because files and exchange have
    different clocks, has the factors of that day.
    """
    start = start_ns - start_ns % NANOSECONDS_PER_DAY
    into_day = end_ns % NANOSECONDS_PER_DAY
    return end_ns - into_day if into_day and end_ns - into_day != start else start


def tradable_days(hours: MarketHours, begin_ns: int, end_ns: int, extended: bool) -> list[date]:
    """Return the exchange's days, from a moment of exchange time to the end of the day of another, that have a session.

    Of the first day only what follows the first moment counts.
    """
    first, last = ns_to_date(begin_ns), ns_to_date(end_ns)
    days = hours.tradable_days(first, last, extended)
    if days and days[0] == first and not hours.is_open_during(begin_ns, date_to_ns(first + _ONE_DAY), extended):
        return days[1:]
    return days
