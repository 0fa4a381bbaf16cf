"""First prices before any data: currencies of the cash book get the newest older price that can be found, as LEAN gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from live.algorithm.data import BaseData, QuoteBar, TradeBar
from live.algorithm.enums import Resolution
from live.feeds.bar_subscription import SubscriptionConfig
from live.paper.subscriptions import kinds_of
from live.paper.warmup import start_of_bars

if TYPE_CHECKING:
    from live.paper.engine import PaperEngine
    from live.paper.securities import Security

_ATTEMPTS = ((Resolution.MINUTE, 5), (Resolution.MINUTE, 1_440), (Resolution.DAILY, 50))
"""Resolution and number of bars looked back, one after the other until something is found."""


def seed_conversion_rates(engine: PaperEngine) -> None:
    """Give securities that convert a currency a first price, and with it the currency its rate."""
    for cash in engine.portfolio.cash_book.values():
        security = cash.conversion_security
        if security is None or cash.exact_conversion_rate:
            continue
        for bar in newest_bars(engine, security):
            security.cache.store_bar(bar, True)


def newest_bars(engine: PaperEngine, security: Security) -> list[TradeBar | QuoteBar]:
    """Return the newest trade and quote bar of a security that ended before the present moment, trades first."""
    found: dict[bool, TradeBar | QuoteBar] = {}
    for resolution, count in _ATTEMPTS:
        for is_quote in kinds_of(security.type, resolution):
            if is_quote not in found:
                for bar in _bars_before(engine, security, resolution, count, is_quote):
                    if isinstance(bar, TradeBar | QuoteBar):
                        found[is_quote] = bar
    return sorted(found.values(), key=lambda bar: (bar.time_local_ns, isinstance(bar, QuoteBar)))


def _bars_before(
    engine: PaperEngine, security: Security, resolution: Resolution, count: int, is_quote: bool
) -> Iterator[BaseData]:
    zone = security.exchange.zone
    now_local = zone.to_local_ns(engine.time_ns)
    config = SubscriptionConfig(
        security.symbol,
        resolution,
        is_quote,
        security.data_normalization_mode,
        security.is_extended_market_hours,
        False,
        security.hours,
    )
    begin_ns = start_of_bars(config, engine.time_ns, count)
    begin_local = zone.to_local_ns(begin_ns)
    for bar in engine.subscriptions.bar_points(config, begin_ns, engine.time_ns, is_counted=False):
        is_traded = security.hours.is_open_during(bar.time_local_ns, bar.end_local_ns, config.extended_market_hours)
        if begin_local < bar.end_local_ns <= now_local and is_traded:
            yield bar
