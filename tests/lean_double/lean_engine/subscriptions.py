"""Subscriptions of the algorithm: trades and quotes of each security, of forex quotes alone."""

from __future__ import annotations

from typing import Any

from lean_engine.market import Resolution, SecurityType, Symbol, TickType
from lean_engine.spelling import dotnet

_ZONES = {SecurityType.EQUITY: "America/New_York"}


class DateTimeZone:
    """A time zone of NodaTime's."""

    def __init__(self, name: str) -> None:
        self.Id = self.id = name


@dotnet("QuantConnect.Data")
class SubscriptionDataConfig:
    """One of the subscriptions."""

    def __init__(self, security: Any, tick_type: TickType) -> None:
        self._security = security
        self._tick_type = tick_type

    @property
    def symbol(self) -> Symbol:
        return self._security.symbol

    @property
    def tick_type(self) -> TickType:
        return self._tick_type

    @property
    def resolution(self) -> Resolution:
        return self._security.resolution

    @property
    def is_custom_data(self) -> bool:
        return False

    @property
    def exchange_time_zone(self) -> DateTimeZone:
        return DateTimeZone(_ZONES.get(self._security.type, "UTC"))


@dotnet("QuantConnect.Data")
class SubscriptionManager:
    """All of them."""

    def __init__(self) -> None:
        self._configs: list[SubscriptionDataConfig] = []

    @property
    def subscriptions(self) -> list[SubscriptionDataConfig]:
        return list(self._configs)

    def _add(self, security: Any) -> None:
        kinds = (TickType.QUOTE,) if security.type == SecurityType.FOREX else (TickType.TRADE, TickType.QUOTE)
        self._configs += [SubscriptionDataConfig(security, kind) for kind in kinds]
