"""The files that hold the data of a subscription, and the spans of time that count of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from live.algorithm.enums import Resolution
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, ns_to_date
from live.feeds.bar_reader import FOREVER_NS, BarFiles
from live.feeds.bar_subscription import SubscriptionConfig
from live.feeds.data_folder import DataFolder
from live.feeds.listing import Listing, tradable_days
from live.feeds.market_hours import MARKET
from live.feeds.streams import DayFile, DayFiles, RowStream, bar_decoder

_HISTORY_RESOLUTIONS = (Resolution.HOUR, Resolution.DAILY)
_ONE_DAY = timedelta(days=1)
_SLACK_NS = 1_000_000_000
"""A run ends just before midnight."""


def day_files(folder: DataFolder, config: SubscriptionConfig, listing: Listing, begin_ns: int, end_ns: int) -> DayFiles:
    """Return the files of ticks, seconds or minutes that exist, each under the ticker of its day.

    Parameters:
        folder: the data folder.
        config: the subscription.
        listing: its symbol and files.
        begin_ns: exchange time.
        end_ns: exchange time.
    """
    symbol = config.symbol

    def path_of(day: date) -> Path:
        ticker = listing.ticker_on(day)
        return folder.day_file(symbol.security_type, symbol.id.market, config.resolution, ticker, day, config.is_quote)

    days = config.hours.data_days(begin_ns, end_ns, config.extended_market_hours)
    return DayFiles([day for day in days if listing.is_listed(day) and path_of(day).is_file()], path_of)


def missing_days(
    folder: DataFolder, configs: Sequence[SubscriptionConfig], listing: Listing, begin_ns: int, end_ns: int
) -> list[tuple[date, Path]]:
    """Return the whole days on which a symbol was traded and of which there is no file, each with the first that is missing.

    Parameters:
        folder: the data folder.
        configs: subscriptions of one symbol at one resolution below an hour; a file of any of them is enough, for quotes
            are often not to be had.
        listing: the symbol and its files.
        begin_ns: exchange time.
        end_ns: exchange time.
    """
    config = configs[0]
    exchange, data = config.hours.exchange_zone, config.data_zone
    first_ns, last_ns = (data.to_local_ns(exchange.to_utc_ns(each)) for each in (begin_ns, end_ns))
    have: set[date] = set()
    for each in configs:
        have.update(ns_to_date(file.midnight_local_ns) for file in day_files(folder, each, listing, begin_ns, end_ns))
    missing = []
    days = config.hours.data_days(begin_ns, end_ns, False)
    for day in days:
        # A run of a day has parts only of days that begin at another hour; without any file all of them count.
        is_whole = not have or (
            first_ns <= date_to_ns(day) and date_to_ns(day) + NANOSECONDS_PER_DAY <= last_ns + _SLACK_NS
        )
        if is_whole and day not in have and listing.is_listed(day):
            symbol, ticker = config.symbol, listing.ticker_on(day)
            kind, market = symbol.security_type, symbol.id.market
            missing.append((day, folder.day_file(kind, market, config.resolution, ticker, day, config.is_quote)))
    return missing


def bar_files(
    folder: DataFolder, config: SubscriptionConfig, listing: Listing, begin_ns: int, end_ns: int
) -> list[BarFiles]:
    """Return what the bars of a subscription are read from; parameters as for `day_files`."""
    symbol = config.symbol

    def rows(files: Iterable[DayFile]) -> RowStream:
        decoder = bar_decoder(symbol.security_type, config.is_quote, config.resolution)
        return RowStream(files, decoder, config.data_zone, None)

    if config.resolution not in _HISTORY_RESOLUTIONS:
        return [BarFiles(rows(day_files(folder, config, listing, begin_ns, end_ns)))]
    found: list[BarFiles] = []
    changes = [*_tickers(config, listing, begin_ns, end_ns), (FOREVER_NS, "")]
    for (from_ns, ticker), (until_ns, _) in pairwise(changes):
        path = folder.history_file(symbol.security_type, symbol.id.market, config.resolution, ticker, config.is_quote)
        if path.is_file():
            found.append(BarFiles(rows([DayFile(path, 0)]), from_ns, until_ns))
    return found


def _tickers(config: SubscriptionConfig, listing: Listing, begin_ns: int, end_ns: int) -> list[tuple[int, str]]:
    """Return the tickers of a span of time, each with the midnight from which its file counts.

    LEAN changes the file on the first day of a new ticker on which the exchange opens.
    """
    first, last = ns_to_date(begin_ns), ns_to_date(end_ns)
    if not listing.maps.rows:
        return [(-FOREVER_NS, listing.symbol.value)]
    first = max(first, listing.maps.rows[0].last_day)
    if first > min(last, listing.maps.delisting_day):
        return []
    found = [(-FOREVER_NS, listing.ticker_on(first))]
    for row in listing.maps.rows:
        day = _next_session(config, row.last_day, last) if first <= row.last_day < last else None
        if day is not None and listing.is_listed(day) and listing.ticker_on(day) != found[-1][1]:
            found.append((date_to_ns(day), listing.ticker_on(day)))
    return found


def _next_session(config: SubscriptionConfig, day: date, last: date) -> date | None:
    """Return the first day after another on which the exchange opens, None when that is after a last one."""
    begin_ns = date_to_ns(day + _ONE_DAY)
    return next(iter(tradable_days(config.hours, begin_ns, date_to_ns(last), config.extended_market_hours)), None)


def tick_sessions(
    config: SubscriptionConfig, midnight_data_ns: int, begin_ns: int, end_ns: int
) -> list[tuple[int, int]]:
    """Return the spans of UTC, within a file's day and the run, in which a subscription's ticks are delivered.

    Parameters:
        config: the subscription.
        midnight_data_ns: midnight of the file's day on the wall clock of the files.
        begin_ns: begin of the subscription, UTC.
        end_ns: end of the subscription, UTC; it belongs to it.
    """
    hours = config.hours
    first = config.data_zone.to_utc_ns(midnight_data_ns)
    last = config.data_zone.to_utc_ns(midnight_data_ns + NANOSECONDS_PER_DAY)
    day = hours.exchange_zone.to_local_ns(first)
    spans: list[tuple[int, int]] = []
    while day - day % NANOSECONDS_PER_DAY <= hours.exchange_zone.to_local_ns(last):
        for start, stop, state in hours.segments(day):
            if state != MARKET and not config.extended_market_hours:
                continue
            low = max(hours.exchange_zone.to_utc_ns(start), first, begin_ns)
            high = min(hours.exchange_zone.to_utc_ns(stop), last, end_ns + 1)
            if low < high:
                if spans and spans[-1][1] == low:
                    spans[-1] = (spans[-1][0], high)
                else:
                    spans.append((low, high))
        day += NANOSECONDS_PER_DAY
    return spans


def open_span(config: SubscriptionConfig, time_ns: int) -> tuple[int, int, bool]:
    """Return the span around a moment in which a subscription's ticks are delivered, or not: begin, end, whether.

    Parameters:
        config: the subscription.
        time_ns: the moment; like begin and end, UTC.
    """
    zone = config.data_zone
    data_ns = zone.to_local_ns(time_ns)
    midnight_ns = data_ns - data_ns % NANOSECONDS_PER_DAY
    begin_ns, day_end_ns = zone.to_utc_ns(midnight_ns), zone.to_utc_ns(midnight_ns + NANOSECONDS_PER_DAY)
    for low_ns, high_ns in tick_sessions(config, midnight_ns, begin_ns, day_end_ns):
        if time_ns < low_ns:
            return begin_ns, low_ns, False
        if time_ns < high_ns:
            return low_ns, high_ns, True
        begin_ns = high_ns
    return begin_ns, day_end_ns, False
