"""The sample session: a complete LEAN data folder of synthetic prices, so that everything runs without a download.

The files have LEAN's formats and the tickers of real securities, so that algorithms need no change, but every price is
made up by `live.feeds.sample_market`. The same seed and days give the same bytes.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

from live.algorithm.enums import Resolution, SecurityType
from live.clock import date_to_ns
from live.errors import EnvironmentFault, UsageError
from live.feeds.data_folder import DataFolder
from live.feeds.market_hours import MARKET, MarketHours, MarketHoursDatabase
from live.feeds.sample_market import (
    MILLISECONDS_PER_MINUTE,
    PRICE_UNITS_PER_CENT,
    EquityMarket,
    PairMarket,
    QuoteBar,
    QuoteTick,
    Session,
    TradeBar,
    TradeTick,
    quote_bars,
    trade_bars,
)
from live.feeds.sample_reference import write_reference

SAMPLE_SEED = 20131007
SAMPLE_DAYS = tuple(date(2013, 10, day) for day in range(7, 12))
NOTE_FILE = "SYNTHETIC-DATA.txt"
"""Written last: its presence says that the folder is complete."""

_FORMAT = 1
"""Number of the recipe; a change of it makes old folders be written anew."""
_HISTORY_SESSIONS = 60
_SESSIONS_SEARCHED_DAYS = 120
_NANOSECONDS_PER_MILLISECOND = 1_000_000
_MILLISECONDS_PER_DAY = 86_400_000
_HOUR_MS = 3_600_000
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_EQUITY, _FOREX, _CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO
_FIRST_LISTED = "19980102"
_LAST_LISTED = "20501231"


def write_sample(folder: Path, seed: int = SAMPLE_SEED, days: Sequence[date] = SAMPLE_DAYS) -> None:
    """Write the sample session, unless the folder holds the same one already.

    IBM has ticks, minutes and days, SPY minutes and days, BTCUSD and EURUSD minutes; days begin some sessions earlier.

    Parameters:
        folder: the data folder to write; made when it is not there.
        seed: decides every price.
        days: days to write; equities have none on weekends and holidays of the US market.

    Raises:
        UsageError: no day was asked for.
        EnvironmentFault: the folder cannot be written.
    """
    if not days:
        raise UsageError("a sample session needs a day; name at least one")
    days = sorted(set(days))
    note = _note(seed, days)
    try:
        marker = folder / NOTE_FILE
        if marker.is_file() and marker.read_text(encoding="utf-8") == note:
            return
        _SampleWriter(folder, seed, days).write()
        marker.write_text(note, encoding="utf-8")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise EnvironmentFault(f"cannot write {error.filename or folder}: {reason}; choose another folder") from error


def _note(seed: int, days: Sequence[date]) -> str:
    return (
        "Every price in this folder is synthetic: simulated by lean-live for trying things out.\n"
        "IBM, SPY, BTCUSD and EURUSD are used as names only. Nothing here says anything about a real market.\n"
        f"Recipe {_FORMAT}, seed {seed}, days {', '.join(map(str, days))}.\n"
    )


class _SampleWriter:
    """Writes one sample folder."""

    def __init__(self, folder: Path, seed: int, days: Sequence[date]) -> None:
        self._folder = DataFolder(folder)
        self._seed = seed
        self._days = days

    def write(self) -> None:
        path = self._folder.path
        write_reference(path)
        hours = MarketHoursDatabase(path)
        equity_hours = hours.hours(_EQUITY, "usa", "IBM")
        self._equity("IBM", "N", 182.0, equity_hours, ticks_per_minute=26.0, size_factor=1, has_ticks=True)
        self._equity("SPY", "P", 167.5, equity_hours, ticks_per_minute=6.0, size_factor=60, has_ticks=False)
        bitcoin = PairMarket(self._random("BTCUSD"), price=12_500, step=4.0, spread=(1, 6))
        self._pair(_CRYPTO, "coinbase", "BTCUSD", 100, 4.0, bitcoin, hours)
        euro = PairMarket(self._random("EURUSD"), price=135_650, step=5.0, spread=(8, 15))
        self._pair(_FOREX, "oanda", "EURUSD", 100_000, 0.0, euro, hours)

    def _random(self, ticker: str) -> Random:
        return Random(f"{self._seed} {ticker}")  # noqa: S311 - simulated prices are no secrets

    def _equity(
        self,
        ticker: str,
        exchange: str,
        price: float,
        hours: MarketHours,
        ticks_per_minute: float,
        size_factor: int,
        has_ticks: bool,
    ) -> None:
        random = self._random(ticker)
        market = EquityMarket(random, price * 100, size_factor)
        daily: list[tuple[date, TradeBar]] = []
        for day in self._days:
            sessions = _sessions(hours, day, ticks_per_minute)
            if not sessions:
                continue
            trades, quotes = market.day(sessions)
            self._equity_day(ticker, day, trades, quotes, has_ticks)
            regular = next(session for session in sessions if session.is_regular)
            within = [tick for tick in trades if regular.start_ms <= tick.time_ms < regular.end_ms]
            daily.append((day, trade_bars(within, _MILLISECONDS_PER_DAY)[0]))
        if daily:
            first_day, first_bar = daily[0]
            before = _sessions_before(hours, first_day)
            daily = [*_history(random, before, first_bar.open, first_bar.volume), *daily]
            self._write_zip(Resolution.DAILY, _EQUITY, "usa", ticker, None, False, _daily_rows(daily))
        _write(self._folder.map_file("usa", ticker), _map_rows(ticker, exchange))
        _write(self._folder.factor_file("usa", ticker), _FACTOR_ROWS)

    def _equity_day(
        self, ticker: str, day: date, trades: list[TradeTick], quotes: list[QuoteTick], has_ticks: bool
    ) -> None:
        if has_ticks:
            self._write_zip(Resolution.TICK, _EQUITY, "usa", ticker, day, False, _trade_tick_rows(trades))
            self._write_zip(Resolution.TICK, _EQUITY, "usa", ticker, day, True, _quote_tick_rows(quotes))
        bars = trade_bars(trades, MILLISECONDS_PER_MINUTE)
        self._write_zip(Resolution.MINUTE, _EQUITY, "usa", ticker, day, False, map(_trade_bar_row, bars))
        both = quote_bars(quotes, MILLISECONDS_PER_MINUTE)
        self._write_zip(Resolution.MINUTE, _EQUITY, "usa", ticker, day, True, map(_quote_bar_row, both))

    def _pair(
        self,
        security_type: SecurityType,
        market: str,
        ticker: str,
        steps_per_unit: int,
        volume: float,
        pair: PairMarket,
        database: MarketHoursDatabase,
    ) -> None:
        """Write the minutes of every day that the sample's days touch in UTC, a Sunday's opening included."""
        hours = database.hours(security_type, market, ticker)
        day, last = self._days[0] - timedelta(days=1), self._days[-1] + timedelta(days=1)
        while day <= last:
            trades: list[str] = []
            quotes: list[str] = []
            for start_ms in _open_minutes(hours, day):
                trade, quote = pair.minute(start_ms, volume)
                quotes.append(_pair_quote_row(quote, steps_per_unit))
                if trade is not None:
                    trades.append(_pair_trade_row(trade, steps_per_unit))
            if quotes:
                self._write_zip(Resolution.MINUTE, security_type, market, ticker, day, True, quotes)
            if trades and security_type is _CRYPTO:
                self._write_zip(Resolution.MINUTE, security_type, market, ticker, day, False, trades)
            day += timedelta(days=1)

    def _write_zip(
        self,
        resolution: Resolution,
        security_type: SecurityType,
        market: str,
        ticker: str,
        day: date | None,
        is_quote: bool,
        rows: Iterable[str],
    ) -> None:
        """Write a zip whose bytes depend on its rows only: no clock and no system goes into it."""
        folder = self._folder
        if day is None:
            path = folder.history_file(security_type, market, resolution, ticker, is_quote)
        else:
            path = folder.day_file(security_type, market, resolution, ticker, day, is_quote)
        path.parent.mkdir(parents=True, exist_ok=True)
        entry = zipfile.ZipInfo(folder.entry_name(security_type, resolution, ticker, day, is_quote), _ZIP_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = 0o644 << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(entry, "\n".join(rows), compresslevel=6)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _sessions(hours: MarketHours, day: date, ticks_per_minute: float) -> list[Session]:
    """Return the spans of a day that have ticks: thin ones near regular trading, and regular trading itself."""
    midnight_ns = date_to_ns(day)
    found: list[Session] = []
    for start_ns, end_ns, state in hours.segments(midnight_ns):
        start = (start_ns - midnight_ns) // _NANOSECONDS_PER_MILLISECOND
        end = (end_ns - midnight_ns) // _NANOSECONDS_PER_MILLISECOND
        if state == MARKET:
            found.append(Session(start, end, ticks_per_minute, True))
        elif not found:
            found.append(Session(max(start, end - 2 * _HOUR_MS), end, ticks_per_minute / 10, False))
        else:
            found.append(Session(start, min(end, start + 2 * _HOUR_MS), ticks_per_minute / 20, False))
    return found


def _open_minutes(hours: MarketHours, day: date) -> Iterator[int]:
    """Yield the milliseconds since midnight, in the files' zone, of a day's minutes in which the market is open."""
    midnight_ns = date_to_ns(day)
    for start_ms in range(0, _MILLISECONDS_PER_DAY, MILLISECONDS_PER_MINUTE):
        time_ns = hours.data_zone.to_utc_ns(midnight_ns + start_ms * _NANOSECONDS_PER_MILLISECOND)
        if hours.is_open(hours.exchange_zone.to_local_ns(time_ns), False):
            yield start_ms


def _sessions_before(hours: MarketHours, day: date) -> list[date]:
    """Return the sessions before a day, oldest first."""
    earlier = hours.tradable_days(day - timedelta(days=_SESSIONS_SEARCHED_DAYS), day - timedelta(days=1))
    return earlier[-_HISTORY_SESSIONS:]


def _history(random: Random, days: list[date], next_open: int, volume: float) -> list[tuple[date, TradeBar]]:
    """Return daily bars that lead up to a price, oldest first."""
    bars: list[tuple[date, TradeBar]] = []
    following = float(next_open)
    for day in reversed(days):
        close = following * (1 + random.gauss(0, 0.002))
        start = close * (1 + random.gauss(0, 0.008))
        high = max(start, close) * (1 + abs(random.gauss(0, 0.003)))
        low = min(start, close) * (1 - abs(random.gauss(0, 0.003)))
        opening, top, bottom, last = (
            round(price / PRICE_UNITS_PER_CENT) * PRICE_UNITS_PER_CENT for price in (start, high, low, close)
        )
        shares = int(volume * (0.7 + 0.6 * random.random()))
        bars.append((day, TradeBar(0, opening, top, bottom, last, shares)))
        following = start
    return bars[::-1]


def _trade_tick_rows(trades: list[TradeTick]) -> Iterator[str]:
    return (f"{tick.time_ms},{tick.price},{tick.size},{tick.exchange},{tick.condition},0" for tick in trades)


def _quote_tick_rows(quotes: list[QuoteTick]) -> Iterator[str]:
    for time_ms, is_bid, price, size, exchange in quotes:
        sides = f"{price},{size},0,0" if is_bid else f"0,0,{price},{size}"
        yield f"{time_ms},{sides},{exchange},1,0"


def _trade_bar_row(bar: TradeBar) -> str:
    return f"{bar.start_ms},{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}"


def _quote_bar_row(bar: QuoteBar) -> str:
    return ",".join(map(str, (bar.start_ms, *bar.bid, *bar.ask)))


def _daily_rows(bars: list[tuple[date, TradeBar]]) -> Iterator[str]:
    for day, bar in bars:
        yield f"{day:%Y%m%d} 00:00,{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}"


def _pair_trade_row(bar: TradeBar, steps_per_unit: int) -> str:
    prices = ",".join(str(price / steps_per_unit) for price in bar[1:5])
    return f"{bar.start_ms},{prices},{bar.volume:.8f}"


def _pair_quote_row(bar: QuoteBar, steps_per_unit: int) -> str:
    sides = (
        ",".join([*(str(price / steps_per_unit) for price in side[:4]), f"{side[4]:.8f}" if side[4] else "0"])
        for side in (bar.bid, bar.ask)
    )
    return f"{bar.start_ms},{','.join(sides)}"


def _map_rows(ticker: str, exchange: str) -> bytes:
    name = ticker.lower()
    return f"{_FIRST_LISTED},{name},{exchange}\n{_LAST_LISTED},{name},{exchange}\n".encode()


_FACTOR_ROWS = f"{_FIRST_LISTED},1,1,1\n{_LAST_LISTED},1,1,0\n".encode()
"""The sample has neither splits nor dividends."""
