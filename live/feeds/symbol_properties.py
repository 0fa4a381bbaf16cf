"""Lot size, tick size and currencies of a symbol, from LEAN's symbol-properties-database.csv."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from live.algorithm.enums import SecurityType
from live.algorithm.naming import PascalCaseAccess
from live.errors import DataError

SYMBOL_PROPERTIES_FILE = Path("symbol-properties/symbol-properties-database.csv")
_FIELDS_MIN = 8
_MINIMUM_ORDER_SIZE_FIELD = 9
_FOREX_TICKER_LENGTH = 6
_CLOSE_MATCHES_MAX = 6


@dataclass(frozen=True)
class SymbolProperties(PascalCaseAccess):
    """Trading properties of a symbol.

    Attributes:
        description: free text.
        quote_currency: currency that prices are in.
        base_currency: currency that quantities are in; None unless the symbol is a pair.
        contract_multiplier: units of the quote currency that a price of 1 stands for, per unit of quantity.
        minimum_price_variation: smallest step of a price.
        lot_size: smallest step of a quantity.
        minimum_order_size: smallest quantity, None when there is no such limit.
    """

    description: str
    quote_currency: str
    base_currency: str | None
    contract_multiplier: Decimal
    minimum_price_variation: Decimal
    lot_size: Decimal
    minimum_order_size: Decimal | None


class SymbolPropertiesDatabase:
    """The database of a data folder. Rows are searched in its text and decoded when they are asked for.

    Parameters:
        data_folder: the data folder.

    Raises:
        DataError: the file is missing or cannot be read.
    """

    def __init__(self, data_folder: Path) -> None:
        self.path = data_folder / SYMBOL_PROPERTIES_FILE
        try:
            self._text = "\n" + self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise DataError(f"{self.path} does not exist; point --data-folder at a LEAN data folder") from None
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{self.path} is not text ({error}); get a fresh copy of the data folder") from error

    def properties(self, security_type: SecurityType, market: str, ticker: str) -> SymbolProperties:
        """Return a symbol's properties: its own row, the market's common one, or LEAN's defaults for the class.

        A crypto pair needs a row of its own, which tells where the base currency ends and the quote currency begins.

        Raises:
            DataError: a row is damaged, or a pair's currencies cannot be told.
        """
        ticker, kind = ticker.upper(), security_type.name.lower()
        if security_type is SecurityType.FOREX and len(ticker) != _FOREX_TICKER_LENGTH:
            raise DataError(f"{ticker} is no forex pair: it needs two currencies of three letters, for example EURUSD")
        names = (ticker,) if security_type is SecurityType.CRYPTO else (ticker, "[*]")
        for name in names:
            at = self._text.find(f"\n{market},{name},{kind},")
            if at >= 0:
                return self._decode(at + 1, ticker, security_type)
        if security_type is SecurityType.CRYPTO:
            raise self._unknown_pair(market, ticker)
        base, quote = (ticker[:3], ticker[3:]) if security_type is SecurityType.FOREX else (None, "USD")
        one = Decimal(1)
        return SymbolProperties("", quote, base, one, Decimal("0.01"), one, None)

    def _unknown_pair(self, market: str, ticker: str) -> DataError:
        known = re.findall(rf"\n{re.escape(market)},([^,\n]+),crypto,", self._text)
        if not known:
            markets = sorted(set(re.findall(r"\n([^,#\n]+),[^,\n]+,crypto,", self._text)))
            return DataError(
                f"{self.path} has no crypto market {market!r}, so the currencies of {ticker} are unknown; "
                f"it has: {', '.join(markets) or 'none'}"
            )
        close = difflib.get_close_matches(ticker, known, n=_CLOSE_MATCHES_MAX) or known[:_CLOSE_MATCHES_MAX]
        return DataError(
            f"{self.path} has no row of {ticker} (crypto, {market}), so its currencies are unknown; "
            f"there are {len(known)} pairs, for example: {', '.join(close)}"
        )

    def _decode(self, at: int, ticker: str, security_type: SecurityType) -> SymbolProperties:
        """Return the properties of the row that begins at a place of the text."""
        end = self._text.find("\n", at)
        row = self._text[at : end if end >= 0 else None].strip()
        fields = [field.strip() for field in row.split(",")]
        try:
            if len(fields) < _FIELDS_MIN:
                raise ValueError(f"there are {len(fields)} fields instead of at least {_FIELDS_MIN}")
            minimum = fields[_MINIMUM_ORDER_SIZE_FIELD] if len(fields) > _MINIMUM_ORDER_SIZE_FIELD else ""
            return SymbolProperties(
                fields[3],
                fields[4],
                _base_currency(ticker, fields[4], security_type),
                _positive("contract_multiplier", fields[5]),
                _positive("minimum_price_variation", fields[6]),
                _positive("lot_size", fields[7]),
                _positive("minimum_order_size", minimum) if minimum else None,
            )
        except ValueError as error:
            line = self._text.count("\n", 0, at)
            raise DataError(f"{self.path} line {line}: {error}; mend the row {row!r}") from error


def _base_currency(ticker: str, quote_currency: str, security_type: SecurityType) -> str | None:
    """Return what is left of a pair's ticker without its quote currency; None for what is no pair.

    Raises:
        ValueError: the ticker does not end in the quote currency.
    """
    if security_type is SecurityType.FOREX:
        return ticker[:3]
    if security_type is not SecurityType.CRYPTO:
        return None
    base = ticker.removesuffix(quote_currency)
    if base in (ticker, ""):
        raise ValueError(f"{ticker} does not end in its quote currency {quote_currency!r}")
    return base


def _positive(name: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{name} {text!r} is no number") from None
    if not (number.is_finite() and number > 0):
        raise ValueError(f"{name} {text!r} is not above zero")
    return number
