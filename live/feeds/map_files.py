"""Which listing a ticker means: the map files of a market, from a folder of csv files or from LEAN's dated zips.

Tickers change and are taken over by other companies, so a ticker alone names no security. LEAN looks a ticker up as of
today, takes the first ticker and the first day of the listing that it finds as the security's identity, and looks the
map file up again by these two.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import date
from pathlib import Path

from live.algorithm.symbols import DEFAULT_FIRST_DATE
from live.feeds.archive import read_zip_texts
from live.feeds.corporate_actions import (
    LAST_DATE,
    FactorFile,
    MapFile,
    parse_factor_file,
    parse_map_file,
    read_text,
)

_DATED = re.compile(r"_(\d{8})\.zip$", re.ASCII)


class AuxiliaryFiles:
    """The map or the factor files of a market: csv files, or else the newest of zips such as `map_files_20240105.zip`.

    LEAN reads one or the other, as configured; the csv files are its default.

    Parameters:
        folder: the folder of the files; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._zip: Path | None = None
        self._zipped: dict[str, str] | None = None
        if folder.is_dir() and next(folder.glob("*.csv"), None) is None:
            zips = [(match.group(1), path) for path in folder.glob("*.zip") if (match := _DATED.search(path.name))]
            self._zip = max(zips, default=("", None))[1]

    def source(self, name: str) -> str:
        """Return what errors call a file."""
        return str(self.folder / f"{name}.csv") if self._zip is None else f"{self._zip} ({name}.csv)"

    def text(self, name: str) -> str | None:
        """Return the text of a file, None when there is none.

        Parameters:
            name: without the suffix, in lower case.

        Raises:
            DataError: the file cannot be read.
        """
        if self._zip is None:
            return read_text(self.folder / f"{name}.csv")
        return self._zip_texts().get(name)

    def texts(self) -> dict[str, str]:
        """Return all files by their names, in order of these. A damaged one is found out when its rows are decoded.

        Raises:
            DataError: a file cannot be read.
        """
        if self._zip is not None:
            return self._zip_texts()
        if not self.folder.is_dir():
            return {}
        return {
            path.stem.lower(): read_text(path, is_checked=False) or "" for path in sorted(self.folder.glob("*.csv"))
        }

    def _zip_texts(self) -> dict[str, str]:
        assert self._zip is not None
        if self._zipped is None:
            texts = read_zip_texts(self._zip)
            self._zipped = {Path(name).stem.lower(): text for name, text in sorted(texts.items())}
        return self._zipped


class ListingFiles:
    """Map and factor files of one market.

    Parameters:
        folder: the market's folder, which holds `map_files` and `factor_files`.
    """

    def __init__(self, folder: Path) -> None:
        self._maps = AuxiliaryFiles(folder / "map_files")
        self._factors = AuxiliaryFiles(folder / "factor_files")
        self._texts: dict[str, str] | None = None
        self._parsed: dict[str, MapFile] = {}

    def listing_of(self, ticker: str) -> tuple[str, date, MapFile]:
        """Return the first ticker and first day of the listing that a ticker means today, and its map file.

        Without a map file these are the ticker itself, LEAN's default day, and a map file without rows.

        Raises:
            DataError: a map file is damaged.
        """
        today = self._resolve(ticker, LAST_DATE)
        if today.first_day is None:
            return ticker.upper(), DEFAULT_FIRST_DATE, self._resolve(ticker, DEFAULT_FIRST_DATE)
        return today.first_ticker, today.first_day, self._resolve(today.first_ticker, today.first_day)

    def factors_of(self, maps: MapFile, ticker: str) -> FactorFile:
        """Return the factor file of a listing: it has the name of the map file, or that of the ticker without one.

        Raises:
            DataError: the factor file is damaged.
        """
        name = (maps.name if maps.rows else ticker).lower()
        return parse_factor_file(self._factors.text(name) or "", self._factors.source(name))

    def _resolve(self, ticker: str, day: date) -> MapFile:
        """Return the map file of who had a ticker on a day, or had it next, or last; one without rows for nobody."""
        owners: dict[date, str] = {}
        for name in self._mentioning(ticker):
            for row in self._map_file(name).rows:
                if row.ticker == ticker.upper():
                    owners.setdefault(row.last_day, name)
        name = ticker.lower()
        if owners:
            days = sorted(owners)
            name = owners[days[min(bisect_left(days, day), len(days) - 1)]]
        maps = self._map_file(name)
        if maps.first_day is None or (maps.first_day > day and day != DEFAULT_FIRST_DATE):
            return MapFile([], ticker)
        return maps

    def _mentioning(self, ticker: str) -> list[str]:
        """Return the names of the map files that hold a ticker; the others are never decoded."""
        if self._texts is None:
            self._texts = {name: text.upper() for name, text in self._maps.texts().items()}
        wanted = re.compile(rf",[ \t]*{re.escape(ticker.upper())}[ \t]*(?:[,\r\n]|$)")
        return [name for name, text in self._texts.items() if wanted.search(text)]

    def _map_file(self, name: str) -> MapFile:
        found = self._parsed.get(name)
        if found is None:
            text = (self._texts or {}).get(name) or ""
            found = self._parsed[name] = parse_map_file(text, self._maps.source(name), name)
        return found
