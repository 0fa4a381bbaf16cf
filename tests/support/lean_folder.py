"""Small LEAN data folders made for one test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from live.algorithm.enums import Resolution, SecurityType
from live.feeds.data_folder import DataFolder
from live.feeds.market_hours import MARKET_HOURS_FILE
from live.feeds.symbol_properties import SYMBOL_PROPERTIES_FILE
from support.zips import write_zip

NEW_YORK = "America/New_York"
EQUITY = SecurityType.EQUITY
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
US_DAY = (
    ("04:00:00", "09:30:00", "premarket"),
    ("09:30:00", "16:00:00", "market"),
    ("16:00:00", "20:00:00", "postmarket"),
)
PROPERTIES = """market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size
usa,[*],equity,,USD,1,0.01,1
oanda,EURUSD,forex,EUR/USD,USD,1,0.00001,1
coinbase,BTCUSD,crypto,BTC/USD,USD,1,0.01,0.00000001
"""


def hours_entry(
    day: Sequence[tuple[str, str, str]] = US_DAY,
    days: Sequence[str] = WEEKDAYS,
    data_zone: str = NEW_YORK,
    exchange_zone: str = NEW_YORK,
    **special: Any,
) -> dict[str, Any]:
    """Return an entry of the market-hours database: the same segments on some days of the week."""
    segments = [{"start": start, "end": end, "state": state} for start, end, state in day]
    zones = {"dataTimeZone": data_zone, "exchangeTimeZone": exchange_zone}
    return zones | dict.fromkeys(days, segments) | special


class LeanFolder:
    """A data folder with the hours of US equities, to be filled by a test.

    Equity prices are given as the files hold them: 10,000 for a dollar.
    """

    def __init__(self, path: Path, **entries: dict[str, Any]) -> None:
        self.path = path
        self.names = DataFolder(path)
        hours = {"Equity-usa-[*]": hours_entry()} | entries
        self._write(MARKET_HOURS_FILE, json.dumps({"entries": hours}).encode())
        self._write(SYMBOL_PROPERTIES_FILE, PROPERTIES.encode())

    def _write(self, name: Path, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def map_file(self, name: str, text: str) -> None:
        """Write a map file: rows of "day,ticker,exchange"."""
        self._write(Path("equity/usa/map_files") / f"{name}.csv", text.encode())

    def factor_file(self, name: str, text: str) -> None:
        """Write a factor file: rows of "day,price factor,split factor,close"."""
        self._write(Path("equity/usa/factor_files") / f"{name}.csv", text.encode())

    def day(self, ticker: str, day: date, resolution: Resolution, rows: Sequence[str], is_quote: bool = False) -> Path:
        """Write a day of an equity's ticks, seconds or minutes and return the zip."""
        path = self.names.day_file(EQUITY, "usa", resolution, ticker, day, is_quote)
        name = self.names.entry_name(EQUITY, resolution, ticker, day, is_quote)
        return write_zip(path, "\n".join(rows).encode(), name)

    def history(self, ticker: str, resolution: Resolution, rows: Sequence[str]) -> Path:
        """Write all hours or days of an equity and return the zip."""
        path = self.names.history_file(EQUITY, "usa", resolution, ticker, False)
        return write_zip(path, "\n".join(rows).encode(), f"{ticker.lower()}.csv")


def minute_rows(price: int, times: Sequence[str] = ("09:30", "09:31", "15:59"), volume: int = 100) -> list[str]:
    """Return minute bars of one price that begin at times of the day."""
    return [f"{milliseconds(time)},{price},{price},{price},{price},{volume}" for time in times]


def daily_row(day: date, price: int, volume: int = 1000) -> str:
    """Return a daily bar of one price."""
    return f"{day:%Y%m%d} 00:00,{price},{price},{price},{price},{volume}"


def tick_row(time: str, price: int, size: int = 100) -> str:
    """Return a trade tick."""
    return f"{milliseconds(time)},{price},{size},P,0,0"


def milliseconds(time: str) -> int:
    """Return the milliseconds since midnight of "HH:MM" or "HH:MM:SS"."""
    parts = [int(part) for part in time.split(":")]
    return (parts[0] * 3_600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)) * 1_000
