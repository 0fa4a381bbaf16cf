"""Lot size, tick size and currencies of a symbol, from LEAN's symbol-properties-database.csv."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from live.algorithm.enums import SecurityType
from live.algorithm.naming import PascalCaseAccess
from live.errors import DataError

_CURRENCY_PAIRS = (SecurityType.FOREX, SecurityType.CRYPTO)
_FIELDS_MIN = 8


@dataclass(frozen=True)
class SymbolProperties(PascalCaseAccess):
    """Trading properties of a symbol; the numbers are decimals."""

    description: str
    quote_currency: str
    base_currency: str | None
    contract_multiplier: Decimal
    minimum_price_variation: Decimal
    lot_size: Decimal
    minimum_order_size: Decimal | None


class SymbolPropertiesDatabase:
    """The database; rows are decoded when they are asked for."""

    def __init__(self, data_folder: Path) -> None:
        self.path = data_folder / "symbol-properties" / "symbol-properties-database.csv"
        try:
            self._text = "\n" + self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise DataError(f"{self.path} does not exist; point --data-folder at a LEAN data folder") from None
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path} is not text ({error}); get a fresh copy of the data folder") from error

    def properties(self, security_type: SecurityType, market: str, ticker: str) -> SymbolProperties:
        """Return a symbol's properties: its own row, the market's, or LEAN's defaults for the class.

        Raises:
            DataError: a row is damaged, or a pair has no row to tell its currencies.
        """
        kind = security_type.name.lower()
        for name in (ticker.upper(), "[*]"):
            at = self._text.find(f"\n{market},{name},{kind},")
            if at >= 0:
                return self._decode(at + 1, ticker.upper(), security_type)
        if security_type in _CURRENCY_PAIRS:
            raise DataError(
                f"{self.path} has no row for {ticker.upper()} ({kind}, {market}), so its currencies are unknown; "
                "check ticker and market, or add the row"
            )
        one = Decimal(1)
        return SymbolProperties("", "USD", None, one, Decimal("0.01"), one, None)

    def _decode(self, at: int, ticker: str, security_type: SecurityType) -> SymbolProperties:
        end = self._text.find("\n", at)
        row = self._text[at : end if end >= 0 else None].strip()
        fields = row.split(",")
        line = self._text.count("\n", 0, at)
        try:
            if len(fields) < _FIELDS_MIN:
                raise ValueError(f"{len(fields)} fields instead of at least {_FIELDS_MIN}")
            quote = fields[4]
            base = None
            if security_type in _CURRENCY_PAIRS:
                base = ticker.removesuffix(quote)
                if base == ticker or not base:
                    raise ValueError(f"{ticker} does not end in its quote currency {quote}")
            minimum = fields[9] if len(fields) > 9 else ""
            return SymbolProperties(
                fields[3],
                quote,
                base,
                Decimal(fields[5]),
                Decimal(fields[6]),
                Decimal(fields[7]),
                Decimal(minimum) if minimum else None,
            )
        except (ValueError, InvalidOperation) as error:
            raise DataError(f"{self.path} line {line}: {error or 'a number is damaged'}; row {row!r}") from error
