"""Bars from before the start of a session, for warm-up, requests of history and seeded prices.

They are written as LEAN data files, so that the engine reads them as it reads any others.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from live.algorithm.enums import Resolution, SecurityType
from live.clock import NANOSECONDS_PER_DAY, NANOSECONDS_PER_MILLISECOND, date_to_ns, ns_to_date, ns_to_datetime
from live.errors import UsageError
from live.feeds.data_folder import DataFolder
from live.feeds.market_hours import MARKET, MarketHours, MarketHoursDatabase
from live.paper.subscriptions import kinds_of

_MARKETS = {SecurityType.EQUITY: "usa", SecurityType.FOREX: "oanda", SecurityType.CRYPTO: "coinbase"}
_EQUITY_UNITS_PER_DOLLAR = 10_000
_SEARCH_DAYS = 3_660
_HISTORY_RESOLUTIONS = (Resolution.HOUR, Resolution.DAILY)


@dataclass(frozen=True)
class PastBars:
    """Consecutive bars of open market, the last of which ends at or before the midnight that begins the session.

    Open, high, low and close of a bar are the same price, and so are its bid and ask: what a strategy makes of past bars
    can then be worked out by hand.

    Attributes:
        ticker: the ticker that the strategy adds.
        resolution: length of the bars; not TICK.
        closes: their prices, oldest first.
        volume: volume of each.
        security_type: asset class.
        market: the market; LEAN's default for the class when None.
    """

    ticker: str
    resolution: Resolution
    closes: Sequence[float]
    volume: float = 1_000.0
    security_type: SecurityType = SecurityType.EQUITY
    market: str | None = None

    def write(self, folder: DataFolder, before: date) -> None:
        """Write the bars into a data folder.

        Parameters:
            folder: has the market hours already.
            before: first day that has none of them, on the exchange's clock.

        Raises:
            UsageError: there cannot be such bars.
        """
        if self.security_type not in _MARKETS or self.resolution is Resolution.TICK or not self.closes:
            raise UsageError(
                f"PastBars({self.ticker!r}) needs closes, a resolution from SECOND to DAILY, and an equity, forex or crypto"
            )
        market = self.market or _MARKETS[self.security_type]
        hours = MarketHoursDatabase(folder.path).hours(self.security_type, market, self.ticker.upper())
        starts = _starts(hours, self.resolution, before, len(self.closes))
        rows = [(start, price) for start, price in zip(starts, self.closes, strict=True)]
        for is_quote in kinds_of(self.security_type, self.resolution):
            self._write_kind(folder, market, rows, is_quote)

    def _write_kind(self, folder: DataFolder, market: str, rows: list[tuple[int, float]], is_quote: bool) -> None:
        """Write the trades or the quotes: a file of all hours or days, or a file for each day of the files' clock."""
        days: dict[date | None, list[str]] = {}
        for start_ns, price in rows:
            day = None if self.resolution in _HISTORY_RESOLUTIONS else ns_to_date(start_ns)
            days.setdefault(day, []).append(self._row(start_ns, price, is_quote))
        kind, ticker = self.security_type, self.ticker
        for day, lines in days.items():
            if day is None:
                path = folder.history_file(kind, market, self.resolution, ticker, is_quote)
            else:
                path = folder.day_file(kind, market, self.resolution, ticker, day, is_quote)
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(folder.entry_name(kind, self.resolution, ticker, day, is_quote), "\n".join(lines))

    def _row(self, start_ns: int, price: float, is_quote: bool) -> str:
        if self.resolution in _HISTORY_RESOLUTIONS:
            stamp = f"{ns_to_datetime(start_ns):%Y%m%d %H:%M}"
        else:
            stamp = str(start_ns % NANOSECONDS_PER_DAY // NANOSECONDS_PER_MILLISECOND)
        is_equity = self.security_type is SecurityType.EQUITY
        text = str(round(price * _EQUITY_UNITS_PER_DOLLAR)) if is_equity else f"{price:.9f}"
        side = ",".join([text] * 4 + [f"{self.volume:g}" if is_equity else f"{self.volume:.8f}"])
        return f"{stamp},{side},{side}" if is_quote else f"{stamp},{side}"


def _starts(hours: MarketHours, resolution: Resolution, before: date, count: int) -> list[int]:
    """Return the starts of the last bars of open market before a day, oldest first, on the files' clock."""
    found: list[int] = []
    day = before
    for _ in range(_SEARCH_DAYS):
        day -= timedelta(days=1)
        found.extend(_starts_of_day(hours, resolution, day))
        if len(found) >= count:
            return found[:count][::-1]
    raise UsageError(f"there are no {count} bars of open market before {before}; give fewer past bars")


def _starts_of_day(hours: MarketHours, resolution: Resolution, day: date) -> Iterator[int]:
    """Yield the starts of a day's bars, newest first, on the files' clock."""
    midnight_ns = date_to_ns(day)
    if resolution is Resolution.DAILY:
        if hours.is_date_open(midnight_ns):
            yield midnight_ns
        return
    period_ns = resolution.period_ns
    for start_ns, end_ns, state in reversed(hours.segments(midnight_ns)):
        if state != MARKET:
            continue
        at = (end_ns - 1) // period_ns * period_ns
        while at + period_ns > start_ns:
            yield hours.data_zone.to_local_ns(hours.exchange_zone.to_utc_ns(at))
            at -= period_ns
