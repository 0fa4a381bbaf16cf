"""Generated ticks for measurements that need more of them, or more evenly, than a recorded session has.

The files are those of a LEAN data folder: trade ticks of equities on one regular session, prices on a triangle of a few
cents, so that averages cross. Times rise by a fixed step over all symbols together, one symbol after the other.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from live.algorithm.enums import Resolution, SecurityType
from live.clock import NANOSECONDS_PER_MILLISECOND, date_to_ns, zone
from live.errors import EnvironmentFault, UsageError
from live.feeds.data_folder import DataFolder
from live.feeds.sample import write_sample

DAY = date(2013, 10, 7)
SESSION_BEGIN_MS = 34_200_000
"""09:30 of the exchange's wall clock."""
SESSION_MS = 23_400_000
LOWEST_CENTS = 10_000
RISE_CENTS = 40
"""Cents from the lowest to the highest price of the triangle."""
TICKS_PER_CENT = 10
"""Ticks of one symbol at the same price. A whole triangle lasts 800 ticks: the averages of the strategies cross twice in
it."""
_LIST_BEGIN, _LIST_END = "19980102", "20501231"
_ROWS_PER_WRITE = 50_000


def tickers(count: int) -> list[str]:
    """Return the names of the generated symbols."""
    return [f"B{number:04d}" for number in range(count)]


def session_begin_ns() -> int:
    """Return the moment of the first generated tick, UTC."""
    local_ns = date_to_ns(DAY) + SESSION_BEGIN_MS * NANOSECONDS_PER_MILLISECOND
    return zone("America/New_York").to_utc_ns(local_ns)


def price_cents(tick: int) -> int:
    """Return the price of a symbol's tick, by its number, in cents."""
    step = tick // TICKS_PER_CENT % (2 * RISE_CENTS)
    return LOWEST_CENTS + (step if step <= RISE_CENTS else 2 * RISE_CENTS - step)


def write_market(folder: Path, symbols: int, ticks: int, gap_us: int) -> None:
    """Write a data folder of generated ticks.

    Parameters:
        folder: where; made when it is not there.
        symbols: how many.
        ticks: of all symbols together.
        gap_us: time between two ticks, in microseconds; LEAN's files hold milliseconds, so several may share one.

    Raises:
        UsageError: the ticks do not fit into a session.
        EnvironmentFault: the folder cannot be written.
    """
    if ticks * gap_us > SESSION_MS * 1_000:
        raise UsageError(f"{ticks} ticks every {gap_us} µs last longer than a session of 6.5 hours; ask for fewer")
    try:
        write_sample(folder, days=[DAY])
        data = DataFolder(folder)
        for index, ticker in enumerate(tickers(symbols)):
            _write_ticker(data, ticker, _rows(index, symbols, ticks, gap_us))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise EnvironmentFault(f"cannot write {error.filename or folder}: {reason}; free some space") from error


def _rows(index: int, symbols: int, ticks: int, gap_us: int) -> Iterator[str]:
    for number, tick in enumerate(range(index, ticks, symbols)):
        time_ms = SESSION_BEGIN_MS + tick * gap_us // 1_000
        yield f"{time_ms},{price_cents(number) * 100},100,Q,0,0\n"


def _write_ticker(data: DataFolder, ticker: str, rows: Iterator[str]) -> None:
    for path, factors in ((data.map_file("usa", ticker), ",Q"), (data.factor_file("usa", ticker), ",1,0")):
        path.parent.mkdir(parents=True, exist_ok=True)
        name = f",{ticker.lower()}" if factors == ",Q" else ",1"
        path.write_text(f"{_LIST_BEGIN}{name}{factors}\n{_LIST_END}{name}{factors}\n", encoding="ascii")
    path = data.day_file(SecurityType.EQUITY, "usa", Resolution.TICK, ticker, DAY, False)
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = data.entry_name(SecurityType.EQUITY, Resolution.TICK, ticker, DAY, False)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(entry, "w") as file:
        block: list[str] = []
        for row in rows:
            block.append(row)
            if len(block) == _ROWS_PER_WRITE:
                file.write("".join(block).encode())
                block.clear()
        file.write("".join(block).encode())
