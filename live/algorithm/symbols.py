# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Symbols and security identifiers, written as LEAN writes them.

A security identifier is the ticker and a base-36 number that packs security type, market and first trading day:
`type + 100 * market + 10**14 * day`, the day counted as an OLE automation date (days since 1899-12-30).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from live.algorithm.enums import SecurityType
from live.algorithm.naming import pascal_case_attribute

_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OLE_AUTOMATION_EPOCH_ORDINAL = date(1899, 12, 30).toordinal()
_DAY_OFFSET = 10**14
_MARKET_OFFSET = 100
DEFAULT_FIRST_DATE = date(1998, 1, 2)
"""First date of an equity that has no map file."""

MARKET_CODES = {
    "usa": 1,
    "fxcm": 2,
    "oanda": 3,
    "dukascopy": 4,
    "bitfinex": 5,
    "cmeglobex": 6,
    "nymex": 7,
    "cbot": 8,
    "ice": 9,
    "cboe": 10,
    "india": 11,
    "kraken": 13,
    "bittrex": 14,
    "bithumb": 15,
    "binance": 16,
    "poloniex": 17,
    "coinone": 18,
    "hitbtc": 19,
    "okcoin": 20,
    "bitstamp": 21,
    "comex": 22,
    "cme": 23,
    "sgx": 24,
    "hkfe": 25,
    "nyseliffe": 26,
    "cfe": 33,
    "ftx": 34,
    "ftxus": 35,
    "binanceus": 36,
    "bybit": 37,
    "coinbase": 38,
    "interactivebrokers": 39,
    "eurex": 40,
    "ose": 41,
    "dydx": 42,
    "krx": 43,
}


def base36(number: int) -> str:
    """Return a non-negative integer in base 36, capital letters."""
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
        if number == 0:
            return digits


def security_identifier(ticker: str, security_type: SecurityType, market: str, first_date: date | None = None) -> str:
    """Return LEAN's identifier, for example "IBM R735QTJ8XC9X".

    Parameters:
        ticker: the first ticker in the map file of an equity, otherwise the symbol's name.
        security_type: the asset class.
        market: the market's name in the data folder.
        first_date: first trading day of an equity; ignored for other classes.
    """
    days = 0
    if security_type is SecurityType.EQUITY:
        days = (first_date or DEFAULT_FIRST_DATE).toordinal() - _OLE_AUTOMATION_EPOCH_ORDINAL
    packed = int(security_type) + _MARKET_OFFSET * MARKET_CODES.get(market, 0) + _DAY_OFFSET * days
    return f"{ticker.upper()} {base36(packed)}"


class SecurityIdentifier:
    """Identity of a security: market, type, and the ticker it was first listed under."""

    def __init__(self, text: str, security_type: SecurityType, market: str) -> None:
        self._text = text
        self.security_type = security_type
        self.market = market
        self.symbol = text.split(" ", 1)[0]

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"SecurityIdentifier({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return str(other) == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Symbol:
    """A tradable name. Two symbols are equal when their identifiers are; a symbol also equals its ticker as a string.

    One object exists per security of a run, so `index` (its row in the book, the pool's key) is stable. Market data of a
    renamed security have another object, equal to it, whose `value` is the ticker of their day.
    """

    def __init__(self, value: str, identifier: SecurityIdentifier, index: int = -1) -> None:
        self.value = value
        self.id = identifier
        self.index = index
        self._name = value
        self._hash = hash(value)

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    def mapped(self, ticker: str) -> Symbol:
        """Return this symbol with another ticker as its `value`; equal to this one, and printed as it."""
        other = Symbol(ticker, self.id, self.index)
        other._name, other._hash = self._name, self._hash
        return other

    @classmethod
    def create(cls, ticker: str, security_type: SecurityType, market: str) -> Symbol:
        """Return the symbol of a ticker, as LEAN's Symbol.Create does."""
        ticker = ticker.upper()
        text = security_identifier(ticker, security_type, market)
        return cls(ticker, SecurityIdentifier(text, security_type, market))

    @property
    def security_type(self) -> SecurityType:
        """Asset class."""
        return self.id.security_type

    def __str__(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"Symbol({self.value!r})"

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Symbol):
            return self.id == other.id
        if isinstance(other, str):
            return other.upper() in (self.value, self._name) or other == str(self.id)
        return NotImplemented

    def __lt__(self, other: Symbol | str) -> bool:
        return self.value.lower() < str(other).lower()

    def __gt__(self, other: Symbol | str) -> bool:
        return self.value.lower() > str(other).lower()

    def __le__(self, other: Symbol | str) -> bool:
        return not self > other

    def __ge__(self, other: Symbol | str) -> bool:
        return not self < other
