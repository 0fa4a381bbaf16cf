"""Map and factor files: tickers through time, the scale of adjusted prices, splits and dividends.

Both kinds of files hold rows that are in force up to and including a day, oldest first.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path

from live.algorithm.enums import DataNormalizationMode
from live.errors import DataError

LAST_DATE = date(2050, 12, 31)
"""Last day of what has no end yet, as the files have it."""

_ONE = Decimal(1)
_CENT = Decimal("0.01")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_LISTING_NUMBER = re.compile(r"(?<=.)\.\d+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class MapRow:
    """A ticker that was valid up to and including a day, and the code of its exchange, "" when unknown."""

    last_day: date
    ticker: str
    exchange: str = ""


class MapFile:
    """Tickers of one listing through time; without rows the ticker is valid for ever.

    Parameters:
        rows: in any order.
        ticker: the name of the file, which is the newest ticker of the listing, numbered when another took it over.
    """

    def __init__(self, rows: Sequence[MapRow], ticker: str) -> None:
        self.rows = sorted(rows, key=lambda row: row.last_day)
        self.name = ticker.upper()
        self._days = [row.last_day for row in self.rows]

    @property
    def first_day(self) -> date | None:
        """First day of the listing; None when it is not known."""
        return self._days[0] if self._days else None

    @property
    def first_ticker(self) -> str:
        """Ticker at the first listing, by which LEAN identifies a security, without the number of "TWX.1"."""
        return _LISTING_NUMBER.sub("", self.rows[0].ticker if self.rows else self.name)

    @property
    def primary_exchange(self) -> str:
        """Code of the exchange of the newest listing, "" when it is not known."""
        return self.rows[-1].exchange if self.rows else ""

    @property
    def delisting_day(self) -> date:
        """Last day of the listing; far in the future while it is listed."""
        return self._days[-1] if self._days else LAST_DATE

    def ticker_on(self, day: date) -> str:
        """Return the ticker that the files of a day are named by; after the last day that is the last one."""
        if not self.rows:
            return self.name
        index = bisect_left(self._days, day)
        return self.rows[min(index, len(self.rows) - 1)].ticker

    def has_data(self, day: date) -> bool:
        """Tell whether the symbol was listed on a day."""
        return not self._days or self._days[0] <= day <= self._days[-1]


@dataclass(frozen=True, slots=True)
class FactorRow:
    """Factors that are in force up to and including a day, and that day's closing price, 0 when it is not known."""

    last_day: date
    price_factor: Decimal
    split_factor: Decimal
    reference_price: Decimal

    @property
    def price_scale(self) -> Decimal:
        """What raw prices are multiplied by for splits and dividends."""
        return self.price_factor * self.split_factor


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A split or dividend that takes effect on the trading day after `row_day`.

    For a split, `value` is old over new shares (0.25 when one becomes four), and it is announced on `row_day`. For a
    dividend, `value` is the cash per share.
    """

    row_day: date
    is_split: bool
    value: Decimal
    reference_price: Decimal


class FactorFile:
    """Factors of one equity; without rows every factor is 1.

    Parameters:
        rows: in any order; of two rows of a day the first counts.
        source: what errors name, usually the file.
    """

    def __init__(self, rows: Sequence[FactorRow], source: str = "factor file") -> None:
        self._source = source
        by_day: dict[date, FactorRow] = {}
        for row in rows:
            by_day.setdefault(row.last_day, row)
        self._days = sorted(by_day)
        self._rows = [by_day[day] for day in self._days]

    @property
    def first_day(self) -> date | None:
        """First day of the file, None without one: LEAN delivers no data of before the day before it."""
        return self._days[0] if self._days else None

    def row_on(self, day: date) -> FactorRow | None:
        """Return the row in force on a day, None after the last one."""
        index = bisect_left(self._days, day)
        return self._rows[index] if index < len(self._rows) else None

    def price_scale(self, day: date, mode: DataNormalizationMode) -> Decimal:
        """Return what a raw price of a day is multiplied by: 1 in raw mode, else both factors."""
        row = None if mode is DataNormalizationMode.RAW else self.row_on(day)
        return _ONE if row is None else row.price_scale

    def actions(self, first_day: date, last_day: date) -> list[CorporateAction]:
        """Return the splits and dividends whose row lies between two days, both included, in order.

        A day's dividend comes before its split. A row's price factor over the next one's is 1 - dividend / close, and
        the split factors' ratio is the split.

        Raises:
            DataError: a row with a split or dividend has no closing price.
        """
        found: list[CorporateAction] = []
        begin, end = bisect_left(self._days, first_day), bisect_left(self._days, last_day)
        for row, later in zip(self._rows[begin : end + 1], self._rows[begin + 1 : end + 2], strict=False):
            if row.last_day > last_day:
                break
            close = row.reference_price
            price_ratio, split_ratio = row.price_factor / later.price_factor, row.split_factor / later.split_factor
            if close == 0 and (price_ratio != 1 or split_ratio != 1):
                raise DataError(
                    f"{self._source}: the row of {row.last_day:%Y%m%d} has a split or dividend but no closing price; "
                    "get a fresh copy, or use raw prices without events of these days"
                )
            if price_ratio != 1:
                found.append(CorporateAction(row.last_day, False, _distribution(close, price_ratio), close))
            if split_ratio != 1:
                found.append(CorporateAction(row.last_day, True, split_ratio, close))
        return found


def _distribution(close: Decimal, price_ratio: Decimal) -> Decimal:
    """Return the cash per share that explains a change of the price factor, in cents, half to even, as in LEAN."""
    return (close - close * price_ratio).quantize(_CENT, rounding=ROUND_HALF_EVEN)


def parse_map_file(text: str, source: str, name: str) -> MapFile:
    """Return the map file of a text.

    Parameters:
        text: the rows.
        source: what errors name.
        name: the file's name without its suffix.

    Raises:
        DataError: a row is damaged.
    """
    rows: list[MapRow] = []
    for number, fields in _rows(text, source, 2):
        ticker = fields[1].strip().upper()
        if not ticker:
            raise DataError(f"{source} line {number}: the ticker is missing; get a fresh copy of the file")
        rows.append(MapRow(_day(source, number, fields[0]), ticker, fields[2].strip() if len(fields) > 2 else ""))
    return MapFile(rows, name)


def parse_factor_file(text: str, source: str) -> FactorFile:
    """Return the factor file of a text.

    Rows with infinite, exponential or zero factors do not count: their prices can no longer be told from zero.

    Parameters:
        text: the rows.
        source: what errors name.

    Raises:
        DataError: a row is damaged.
    """
    rows: list[FactorRow] = []
    for number, fields in _rows(text, source, 3):
        day = _day(source, number, fields[0])
        line = ",".join(fields)
        if "inf" in line or "e+" in line:
            continue
        try:
            price, split, reference = (Decimal(field) for field in [*fields[1:4], "0"][:3])
        except InvalidOperation:
            raise DataError(
                f"{source} line {number}: {line!r} holds no factors; get a fresh copy of the file"
            ) from None
        if not (price.is_finite() and split.is_finite() and reference.is_finite()) or min(price, split, reference) < 0:
            raise DataError(f"{source} line {number}: {line!r} holds no factors; get a fresh copy of the file")
        if price * split > 0:
            rows.append(FactorRow(day, price, split, reference))
    return FactorFile(rows, source)


def read_text(path: Path, is_checked: bool = True) -> str | None:
    """Return the text of a map or factor file, None when there is no such file.

    Parameters:
        path: the file.
        is_checked: whether bytes that are no text are an error; otherwise the rows that hold them become unreadable.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig", errors="strict" if is_checked else "replace")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text ({error}); get a fresh copy of the file") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}; check the data folder and its permissions"
        ) from error


def _rows(text: str, source: str, fields_min: int) -> list[tuple[int, list[str]]]:
    """Return the line number and the fields of each row."""
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.strip().split(",")
        if fields == [""]:
            continue
        if len(fields) < fields_min:
            raise DataError(
                f"{source} line {number}: {line!r} has {len(fields)} fields instead of at least {fields_min}; "
                "get a fresh copy of the file"
            )
        rows.append((number, fields))
    return rows


def _day(source: str, number: int, text: str) -> date:
    match = _DAY.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(text)
        return date(*map(int, match.groups()))
    except ValueError:
        raise DataError(
            f"{source} line {number}: {text!r} is no day in the form YYYYMMDD; get a fresh copy of the file"
        ) from None
