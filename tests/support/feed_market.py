"""Generated ticks of equities, forex and crypto in a small data folder: many moments are shared, prices wander."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

from live.algorithm.enums import Resolution, SecurityType
from live.feeds.data_folder import DataFolder
from support.feed_runs import DAY, small_folder
from support.lean_folder import LeanFolder
from support.zips import write_zip

BEFORE = date(2013, 10, 4)
"""The trading day before DAY, for warm-ups and history."""
_HOUR_MS = 3_600_000
_KINDS = {
    "IBM": SecurityType.EQUITY,
    "SPY": SecurityType.EQUITY,
    "EURUSD": SecurityType.FOREX,
    "BTCUSD": SecurityType.CRYPTO,
}
_MARKETS = {SecurityType.EQUITY: "usa", SecurityType.FOREX: "oanda", SecurityType.CRYPTO: "coinbase"}


def write_market(path: Path, days: Sequence[date] = (DAY,), ticks: int = 1_200) -> Path:
    """Write trades and quotes of IBM, SPY, EURUSD and BTCUSD, and return the folder.

    IBM and SPY are traded before and after hours too. IBM has a dividend and a split in its factor file.

    Parameters:
        path: the data folder.
        days: days to write.
        ticks: ticks of each channel and day.
    """
    folder = small_folder(path)
    folder.map_file("ibm", "19980102,ibm,N\n20501231,ibm,N\n")
    folder.factor_file("ibm", "20131003,0.9,0.5,100\n20131004,0.95,0.5,100\n20131010,0.98,0.5,100\n20501231,1,1,0\n")
    for name, kind in _KINDS.items():
        for day in days:
            for is_quote in (True,) if kind is SecurityType.FOREX else (False, True):
                rows = list(_rows(name, kind, day, is_quote, ticks))
                _write(folder, kind, name, day, is_quote, rows)
    return path


def _write(folder: LeanFolder, kind: SecurityType, name: str, day: date, is_quote: bool, rows: Sequence[str]) -> None:
    names: DataFolder = folder.names
    path = names.day_file(kind, _MARKETS[kind], Resolution.TICK, name, day, is_quote)
    write_zip(path, "\n".join(rows).encode(), names.entry_name(kind, Resolution.TICK, name, day, is_quote))


def _rows(name: str, kind: SecurityType, day: date, is_quote: bool, ticks: int) -> Iterator[str]:
    # Trades and quotes of a symbol follow the same prices, and many of their moments are the same.
    path = Random(f"{name} {day}")
    own = Random(f"{name} {day} {is_quote}")
    price = {"IBM": 180_00, "SPY": 160_00, "EURUSD": 13_500, "BTCUSD": 120_00}[name]
    is_equity = kind is SecurityType.EQUITY
    # Equities from 9:00 to 16:30 in New York, the others around the same time in UTC.
    begin, end = (9 * _HOUR_MS, 16 * _HOUR_MS + _HOUR_MS // 2) if is_equity else (13 * _HOUR_MS, 20 * _HOUR_MS)
    step = (end - begin) // ticks
    for number in range(ticks):
        price += path.choice((-2, -1, -1, 0, 0, 1, 1, 2))
        at = begin + number * step + (own.randrange(step) if number and own.random() < 0.5 else 0) // 500 * 500
        spread = own.randint(1, 2)
        if kind is SecurityType.FOREX:
            yield f"{at},{price / 10_000:.5f},{(price + spread) / 10_000:.5f}"
            continue
        shown = price * 100 if is_equity else price / 100
        ask = (price + spread) * 100 if is_equity else (price + spread) / 100
        size = own.randint(1, 900)
        rest = f",P,0,{int(own.random() < 0.01)}" if is_equity else ""
        if not is_quote:
            yield f"{at},{shown},{size}{rest}"
        elif is_equity and own.random() < 0.1:
            # A change of one side.
            yield f"{at},{shown},{size},0,0{rest}"
        else:
            yield f"{at},{shown},{size},{ask},{own.randint(1, 900)}{rest}"
