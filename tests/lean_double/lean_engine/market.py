"""Symbols and the enumerations of markets."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from lean_engine.spelling import dotnet


class DotnetEnum(IntEnum):
    """Members in both spellings."""

    def __str__(self) -> str:
        return self.name


class Resolution(DotnetEnum):
    TICK = 0
    SECOND = 1
    MINUTE = 2
    HOUR = 3
    DAILY = 4


class TickType(DotnetEnum):
    TRADE = 0
    QUOTE = 1
    OPEN_INTEREST = 2


class SecurityType(DotnetEnum):
    BASE = 0
    EQUITY = 1
    OPTION = 2
    FOREX = 4
    FUTURE = 5
    CRYPTO = 7
    CRYPTO_FUTURE = 11


class Market:
    """Names of markets."""

    USA = "usa"
    OANDA = "oanda"
    COINBASE = "coinbase"
    BINANCE = "binance"


@dotnet("QuantConnect")
class SecurityIdentifier:
    """What makes a symbol."""

    def __init__(self, security_type: SecurityType, market: str, ticker: str) -> None:
        self._key = (security_type, market, ticker)

    @property
    def security_type(self) -> SecurityType:
        return self._key[0]

    @property
    def market(self) -> str:
        return self._key[1]

    @property
    def symbol(self) -> str:
        return self._key[2]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecurityIdentifier) and other._key == self._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return f"{self._key[2]} {int(self._key[0])}{self._key[1]}"


@dotnet("QuantConnect")
class Symbol:
    """A symbol; equal to another of the same identifier."""

    def __init__(self, sid: SecurityIdentifier, value: str) -> None:
        self._id = sid
        self._value = value

    @staticmethod
    def create(ticker: str, security_type: SecurityType, market: str) -> Symbol:
        return Symbol(SecurityIdentifier(security_type, market, ticker.upper()), ticker.upper())

    @property
    def id(self) -> SecurityIdentifier:
        return self._id

    @property
    def value(self) -> str:
        return self._value

    @property
    def security_type(self) -> SecurityType:
        return self._id.security_type

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return other == self._value
        return isinstance(other, Symbol) and other._id == self._id

    def __hash__(self) -> int:
        return hash(self._id)

    def __str__(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return self._value


Symbol.ID = Symbol.id  # type: ignore[attr-defined]
Empty: Any = Symbol(SecurityIdentifier(SecurityType.BASE, "", ""), "")
