"""A LEAN data folder: where it is, and where each file lies in it."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import orjson

from live.algorithm.enums import Resolution, SecurityType
from live.errors import DataError

MARKET_HOURS_FILE = Path("market-hours/market-hours-database.json")
_SHARED = Path("../shared/lean-data")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_NAMES_SHOWN_MAX = 8


class FoundDataFolder(NamedTuple):
    """A data folder, and in words how it was found."""

    path: Path
    how: str


def find_data_folder(
    explicit: Path | None, start: Path, environment: Mapping[str, str] = os.environ
) -> FoundDataFolder | None:
    """Return the data folder to use, None when there is none anywhere.

    Looked for in this order: the explicit one, LEAN_DATA, ./data, the data-folder of a lean.json upwards, ../shared/lean-data.

    Parameters:
        explicit: what the user named on the command line.
        start: folder to look from.
        environment: environment variables.

    Raises:
        DataError: a folder that was named is no LEAN data folder.
    """
    if explicit is not None:
        return FoundDataFolder(_checked(explicit, "--data-folder"), "named by --data-folder")
    named = environment.get("LEAN_DATA")
    if named:
        return FoundDataFolder(_checked(Path(named), "LEAN_DATA"), "named by LEAN_DATA")
    if (start / "data" / MARKET_HOURS_FILE).is_file():
        return FoundDataFolder((start / "data").resolve(), "found as ./data")
    from_config = _from_lean_json(start)
    if from_config is not None:
        return from_config
    for base in (start, *start.resolve().parents):
        if (base / _SHARED / MARKET_HOURS_FILE).is_file():
            return FoundDataFolder((base / _SHARED).resolve(), f"found as {_SHARED}")
    return None


def _checked(path: Path, source: str) -> Path:
    if not path.is_dir():
        raise DataError(f"{source}: {path} is not a folder; name the folder that holds equity/, market-hours/ and symbol-properties/")
    if not (path / MARKET_HOURS_FILE).is_file():
        raise DataError(f"{source}: {path} is no LEAN data folder: {MARKET_HOURS_FILE} is missing; name the folder that holds it")
    return path.resolve()


def _from_lean_json(start: Path) -> FoundDataFolder | None:
    for folder in (start.resolve(), *start.resolve().parents):
        file = folder / "lean.json"
        if not file.is_file():
            continue
        try:
            text = _COMMENT.sub(lambda match: match.group(1) or "", file.read_text(encoding="utf-8"))
            name = orjson.loads(text).get("data-folder")
        except (orjson.JSONDecodeError, AttributeError, UnicodeDecodeError) as error:
            raise DataError(f"{file} is not valid JSON ({error}); mend it or name the folder with --data-folder") from error
        if name and (folder / name / MARKET_HOURS_FILE).is_file():
            return FoundDataFolder((folder / name).resolve(), f"named by {file}")
        return None
    return None


class DataFolder:
    """Paths inside a data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def folder(self, security_type: SecurityType, market: str, resolution: Resolution) -> Path:
        """Return the folder of one asset class, market and resolution."""
        return self.path / security_type.name.lower() / market / resolution.name.lower()

    def day_file(
        self, security_type: SecurityType, market: str, resolution: Resolution, ticker: str, day: date, is_quote: bool
    ) -> Path:
        """Return the zip of one day of ticks, seconds or minutes."""
        kind = "quote" if is_quote else "trade"
        return self.folder(security_type, market, resolution) / ticker.lower() / f"{day:%Y%m%d}_{kind}.zip"

    def history_file(
        self, security_type: SecurityType, market: str, resolution: Resolution, ticker: str, is_quote: bool
    ) -> Path:
        """Return the zip of all hours or days: one file per symbol, with the kind in its name unless it is an equity."""
        suffix = "" if security_type is SecurityType.EQUITY else ("_quote" if is_quote else "_trade")
        return self.folder(security_type, market, resolution) / f"{ticker.lower()}{suffix}.zip"

    def factor_file(self, market: str, ticker: str) -> Path:
        """Return the factor file of an equity."""
        return self.path / "equity" / market / "factor_files" / f"{ticker.lower()}.csv"

    def map_file(self, market: str, ticker: str) -> Path:
        """Return the map file of an equity."""
        return self.path / "equity" / market / "map_files" / f"{ticker.lower()}.csv"

    def tickers(self, security_type: SecurityType, market: str, resolution: Resolution) -> list[str]:
        """Return the tickers that have data."""
        folder = self.folder(security_type, market, resolution)
        if not folder.is_dir():
            return []
        names = {re.sub(r"(_trade|_quote)?\.zip$", "", each.name) for each in folder.iterdir()}
        return sorted(names)

    def require_ticker(self, security_type: SecurityType, market: str, resolution: Resolution, ticker: str) -> None:
        """Check that there are data of a symbol.

        Raises:
            DataError: the asset class, market, resolution or ticker has none; names what there is.
        """
        known = self.tickers(security_type, market, resolution)
        if ticker.lower() in known:
            return
        where = f"{security_type.name.lower()}/{market}/{resolution.name.lower()}"
        if known:
            close = difflib.get_close_matches(ticker.lower(), known, n=_NAMES_SHOWN_MAX)
            shown = ", ".join(close or known[:_NAMES_SHOWN_MAX])
            raise DataError(f"{self.path} has no {ticker.upper()} in {where}; there are: {shown}")
        base = self.path / security_type.name.lower()
        markets = sorted(each.name for each in base.iterdir() if each.is_dir()) if base.is_dir() else []
        if market not in markets:
            raise DataError(f"{self.path} has no market {market!r} for {security_type.name.lower()}; there are: {', '.join(markets) or 'none'}")
        there = sorted(each.name for each in (base / market).iterdir() if each.is_dir() and each.name in _RESOLUTIONS)
        raise DataError(f"{self.path} has no {where} data; {ticker.upper()} may be found in: {', '.join(there) or 'none'}")


_RESOLUTIONS = {each.name.lower() for each in Resolution}
