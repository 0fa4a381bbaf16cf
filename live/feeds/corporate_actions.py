"""Map and factor files: which ticker a symbol had when, how adjusted prices are scaled, and which splits and dividends happened."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation, getcontext
from pathlib import Path

from live.algorithm.enums import DataNormalizationMode
from live.errors import DataError

_ONE = Decimal(1)
LAST_DATE = date(2050, 12, 31)


@dataclass(frozen=True, slots=True)
class MapRow:
    """A ticker that was valid up to and including a day."""

    last_day: date
    ticker: str
    exchange: str = ""


class MapFile:
    """Tickers of one listing through time; without a file the ticker is valid for ever."""

    def __init__(self, rows: list[MapRow], ticker: str) -> None:
        self._rows = rows
        self._ticker = ticker.upper()

    @property
    def first_day(self) -> date | None:
        """First day of the listing."""
        return self._rows[0].last_day if self._rows else None

    @property
    def first_ticker(self) -> str:
        """Ticker at the first listing: LEAN's identity of the security."""
        return self._rows[0].ticker if self._rows else self._ticker

    @property
    def delisting_day(self) -> date:
        """Last day of the listing; far in the future while it is listed."""
        return self._rows[-1].last_day if self._rows else LAST_DATE

    @property
    def primary_exchange(self) -> str:
        """Code letter of the exchange that the symbol is listed on, empty when the file does not tell."""
        return self._rows[-1].exchange if self._rows else ""

    def ticker_on(self, day: date) -> str:
        """Return the ticker that the files of a day are named by."""
        for row in self._rows:
            if day <= row.last_day:
                return row.ticker
        return self._rows[-1].ticker if self._rows else self._ticker

    def has_data(self, day: date) -> bool:
        """Tell whether the symbol was listed on a day."""
        return not self._rows or self._rows[0].last_day <= day <= self._rows[-1].last_day


@dataclass(frozen=True, slots=True)
class FactorRow:
    """Factors that are in force up to and including a day, and that day's closing price."""

    last_day: date
    price_factor: Decimal
    split_factor: Decimal
    reference_price: Decimal


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A split or dividend that takes effect on the trading day after a factor row's day.

    For a split, `value` is old over new shares; for a dividend, the cash per share.
    """

    row_day: date
    is_split: bool
    value: Decimal
    reference_price: Decimal


class FactorFile:
    """Factors of one equity; without a file every factor is 1."""

    def __init__(self, rows: list[FactorRow]) -> None:
        self._rows = rows
        self._days = [row.last_day for row in rows]

    @property
    def first_day(self) -> date | None:
        """First day of the file: prices before it cannot be adjusted."""
        return self._days[0] if self._days else None

    def row_on(self, day: date) -> FactorRow | None:
        """Return the row in force on a day."""
        index = bisect_left(self._days, day)
        return self._rows[index] if index < len(self._rows) else None

    def price_scale(self, day: date, mode: DataNormalizationMode) -> Decimal:
        """Return what a raw price of a day is multiplied by."""
        row = self.row_on(day)
        if row is None or mode is DataNormalizationMode.RAW:
            return _ONE
        return row.price_factor * row.split_factor

    def split_scale(self, day: date) -> Decimal:
        """Return the split factor of a day: volumes are divided by it."""
        row = self.row_on(day)
        return _ONE if row is None else row.split_factor

    def actions(self, first_day: date, last_day: date) -> list[CorporateAction]:
        """Return the splits and dividends whose factor row lies between two days, in order, dividends first.

        The price factor of a row over that of the next is 1 - dividend / close; the split factors' ratio is the split.
        """
        found: list[CorporateAction] = []
        for row, later in zip(self._rows, self._rows[1:], strict=False):
            if not first_day <= row.last_day <= last_day:
                continue
            if row.price_factor != later.price_factor:
                ratio = row.price_factor / later.price_factor
                cash = _dividend(row.reference_price, ratio)
                found.append(CorporateAction(row.last_day, False, cash, row.reference_price))
            if row.split_factor != later.split_factor:
                ratio = row.split_factor / later.split_factor
                found.append(CorporateAction(row.last_day, True, ratio, row.reference_price))
        return found


def _dividend(close: Decimal, price_factor_ratio: Decimal) -> Decimal:
    """Return the cash per share that explains a change of the price factor, rounded to a cent as LEAN rounds it."""
    exact = close * (_ONE - price_factor_ratio)
    return exact.quantize(Decimal("0.01"), context=getcontext())


def load_map_file(path: Path, ticker: str) -> MapFile:
    """Read a map file; a file that is not there gives the ticker for ever.

    Raises:
        DataError: a row is damaged.
    """
    rows = [
        MapRow(_day(path, number, fields[0]), fields[1].upper(), fields[2] if len(fields) > 2 else "")
        for number, fields in _rows(path, 2)
    ]
    return MapFile(rows, ticker)


def load_factor_file(path: Path) -> FactorFile:
    """Read a factor file; a file that is not there gives factors of 1.

    Raises:
        DataError: a row is damaged.
    """
    rows: list[FactorRow] = []
    for number, fields in _rows(path, 3):
        try:
            if fields[1] in ("inf", "-inf"):
                continue
            numbers = [Decimal(text) for text in fields[1:4]]
        except InvalidOperation:
            raise DataError(f"{path} line {number}: {','.join(fields)!r} holds no factors; get a fresh copy") from None
        reference = numbers[2] if len(numbers) > 2 else Decimal(0)
        rows.append(FactorRow(_day(path, number, fields[0]), numbers[0], numbers[1], reference))
    return FactorFile(sorted(rows, key=lambda row: row.last_day))


def _rows(path: Path, fields_min: int) -> list[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text ({error}); get a fresh copy of the data folder") from error
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        fields = line.strip().split(",")
        if len(fields) < fields_min:
            raise DataError(f"{path} line {number}: {len(fields)} fields instead of {fields_min}; row {line!r}")
        rows.append((number, fields))
    return rows


def _day(path: Path, number: int, text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        raise DataError(f"{path} line {number}: {text!r} is no day in the form YYYYMMDD; get a fresh copy") from None
