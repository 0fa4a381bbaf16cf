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
from live.feeds.market_hours import MARKET_HOURS_FILE

_SHARED = Path("../shared/lean-data")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_KIND_SUFFIX = re.compile(r"(_trade|_quote)?\.zip$")
_NAMES_SHOWN_MAX = 8
_HISTORY_RESOLUTIONS = (Resolution.HOUR, Resolution.DAILY)


class FoundDataFolder(NamedTuple):
    """A data folder, and in words how it was found."""

    path: Path
    how: str


def find_data_folder(
    explicit: Path | None, start: Path, environment: Mapping[str, str] = os.environ
) -> FoundDataFolder | None:
    """Return the data folder to use, None when there is none anywhere.

    Looked for in this order: the explicit one, LEAN_DATA, ./data, the data-folder of the nearest lean.json upwards, and
    ../shared/lean-data beside the start or a folder above it. The first one that was named decides, good or bad.

    Parameters:
        explicit: what the user named on the command line.
        start: folder to look from.
        environment: environment variables.

    Raises:
        DataError: a folder that was named is no LEAN data folder, or the lean.json is damaged.
    """
    if explicit is not None:
        return FoundDataFolder(_checked(explicit, "--data-folder"), "named by --data-folder")
    named = environment.get("LEAN_DATA")
    if named:
        return FoundDataFolder(_checked(Path(named), "LEAN_DATA"), "named by LEAN_DATA")
    start = start.resolve()
    if (start / "data" / MARKET_HOURS_FILE).is_file():
        return FoundDataFolder((start / "data").resolve(), "found as ./data")
    folders = (start, *start.parents)
    config = next((folder / "lean.json" for folder in folders if (folder / "lean.json").is_file()), None)
    if config is not None:
        in_config = _data_folder_of(config)
        if in_config is not None:
            return FoundDataFolder(
                _checked(config.parent / in_config, f"{config}, key data-folder"), f"named by {config}"
            )
    for folder in folders:
        if (folder / _SHARED / MARKET_HOURS_FILE).is_file():
            return FoundDataFolder((folder / _SHARED).resolve(), f"found as {_SHARED}")
    return None


def _checked(path: Path, source: str) -> Path:
    """Return a folder that the user named, made absolute.

    Raises:
        DataError: it is no LEAN data folder.
    """
    if not path.is_dir():
        raise DataError(
            f"{source}: {path} is not a folder; name the one that holds equity/, market-hours/ and symbol-properties/"
        )
    if not (path / MARKET_HOURS_FILE).is_file():
        raise DataError(
            f"{source}: {path} is no LEAN data folder: {MARKET_HOURS_FILE} is missing; name the folder that holds it"
        )
    return path.resolve()


def _data_folder_of(config: Path) -> str | None:
    """Return the data-folder of a lean.json, which is JSON with comments; None when it has none.

    Raises:
        DataError: the file cannot be read.
    """
    remedy = "mend it, or name the folder with --data-folder"
    try:
        text = _COMMENT.sub(lambda match: match.group(1) or "", config.read_text(encoding="utf-8-sig"))
        content = orjson.loads(text)
    except (OSError, ValueError) as error:
        raise DataError(f"{config} is not valid JSON ({error}); {remedy}") from error
    if not isinstance(content, dict):
        raise DataError(f"{config} holds no JSON object; {remedy}")
    name = content.get("data-folder")
    if name is not None and not isinstance(name, str):
        raise DataError(f"{config}, key data-folder: {name!r} is no path; {remedy}")
    return name or None


class DataFolder:
    """Paths inside a data folder. Tickers may be in either case; files are named in lower case."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def market_folder(self, security_type: SecurityType, market: str) -> Path:
        """Return the folder of one asset class and market."""
        return self.path / security_type.name.lower() / market

    def folder(self, security_type: SecurityType, market: str, resolution: Resolution) -> Path:
        """Return the folder of one asset class, market and resolution."""
        return self.market_folder(security_type, market) / resolution.name.lower()

    def day_file(
        self, security_type: SecurityType, market: str, resolution: Resolution, ticker: str, day: date, is_quote: bool
    ) -> Path:
        """Return the zip of one day of ticks, seconds or minutes."""
        folder = self.folder(security_type, market, resolution) / ticker.lower()
        return folder / f"{day:%Y%m%d}_{_kind(is_quote)}.zip"

    def history_file(
        self, security_type: SecurityType, market: str, resolution: Resolution, ticker: str, is_quote: bool
    ) -> Path:
        """Return the zip of all hours or days: one file per symbol; only crypto has trades and quotes apart."""
        suffix = f"_{_kind(is_quote)}" if security_type is SecurityType.CRYPTO else ""
        return self.folder(security_type, market, resolution) / f"{ticker.lower()}{suffix}.zip"

    def entry_name(
        self, security_type: SecurityType, resolution: Resolution, ticker: str, day: date | None, is_quote: bool
    ) -> str:
        """Return the name of the CSV file in a zip; `day` is None for hours and days."""
        name = ticker.lower()
        if day is None or resolution in _HISTORY_RESOLUTIONS:
            return f"{name}.csv"
        if resolution is Resolution.TICK and security_type is SecurityType.EQUITY:
            return f"{day:%Y%m%d}_{name}_{_kind(is_quote).title()}_Tick.csv"
        return f"{day:%Y%m%d}_{name}_{resolution.name.lower()}_{_kind(is_quote)}.csv"

    def factor_file(self, market: str, ticker: str) -> Path:
        """Return the factor file of an equity."""
        return self.path / "equity" / market / "factor_files" / f"{ticker.lower()}.csv"

    def map_file(self, market: str, ticker: str) -> Path:
        """Return the map file of an equity."""
        return self.path / "equity" / market / "map_files" / f"{ticker.lower()}.csv"

    def markets(self, security_type: SecurityType) -> list[str]:
        """Return the markets of an asset class that have a folder."""
        base = self.path / security_type.name.lower()
        return sorted(each.name for each in base.iterdir() if each.is_dir()) if base.is_dir() else []

    def tickers(self, security_type: SecurityType, market: str, resolution: Resolution) -> list[str]:
        """Return the tickers that have data, in lower case."""
        folder = self.folder(security_type, market, resolution)
        if not folder.is_dir():
            return []
        if resolution in _HISTORY_RESOLUTIONS:
            return sorted({_KIND_SUFFIX.sub("", each.name) for each in folder.iterdir() if each.suffix == ".zip"})
        return sorted(each.name for each in folder.iterdir() if each.is_dir())

    def require_ticker(self, security_type: SecurityType, market: str, resolution: Resolution, ticker: str) -> None:
        """Check that there are data of a symbol.

        Raises:
            DataError: the asset class, market, resolution or ticker has none; the message names what there is.
        """
        known = self.tickers(security_type, market, resolution)
        if ticker.lower() in known:
            return
        kind, name = security_type.name.lower(), ticker.upper()
        if known:
            where = f"{kind}/{market}/{resolution.name.lower()}"
            raise DataError(f"{self.path} has no {name} in {where}; there are: {_shown(ticker, known)}")
        markets = self.markets(security_type)
        if market not in markets:
            raise DataError(f"{self.path} has no market {market!r} for {kind}; there are: {_shown(market, markets)}")
        base = self.path / kind / market
        there = [each.name.lower() for each in Resolution if self.tickers(security_type, market, each)]
        raise DataError(
            f"{base} has no {resolution.name.lower()} data, so none of {name}; there are: {', '.join(there) or 'none'}"
        )


def _kind(is_quote: bool) -> str:
    return "quote" if is_quote else "trade"


def _shown(name: str, known: list[str]) -> str:
    """Return names for an error message: those like the wrong one first, then others, as many as a line holds."""
    close = difflib.get_close_matches(name.lower(), known, n=_NAMES_SHOWN_MAX)
    names = [*close, *(each for each in known if each not in close)]
    more = len(names) - _NAMES_SHOWN_MAX
    return (", ".join(names[:_NAMES_SHOWN_MAX]) or "none") + (f" and {more} more" if more > 0 else "")
