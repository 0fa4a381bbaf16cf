"""What a test gives, checked and turned into what the engine reads: records of ticks, and bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from live.algorithm.data import Bar, make_quote_bar, make_trade_bar
from live.algorithm.enums import Resolution
from live.algorithm.numbers import to_decimal
from live.algorithm.symbols import Symbol
from live.clock import NANOSECONDS_PER_DAY, NANOSECONDS_PER_MILLISECOND
from live.errors import UsageError
from live.feeds.bar_subscription import SubscriptionConfig
from live.feeds.given_bars import GivenBar, GivenBars
from live.feeds.listing import scale_midnight_ns
from live.feeds.queue_source import QueueSource
from live.hot.records import FLAG_SUSPICIOUS, KIND_QUOTE, KIND_TRADE
from live.hot.units import PRICE_SCALE, adjusted_size
from live.paper.securities import Security
from live.testing.engine import SessionEngine, security_of
from live.testing.moments import moment_text
from live.testing.subscriptions import TickRecord

Price = int | float | Decimal
_PRICE_MAX = 9_000_000_000
_EXCHANGE_SHIFT = 8
_EXCHANGE_CODES = 256


class Gift(NamedTuple):
    """Data of one subscription, with the UTC moment at which they become known, and what puts them in."""

    time_ns: int
    give: Callable[[], None]


class Giver:
    """Makes gifts for the subscriptions of one session.

    All methods take the present moment and the wanted one, UTC; with None they choose it.

    Parameters:
        engine: the session's engine, its subscriptions open.
    """

    def __init__(self, engine: SessionEngine) -> None:
        self._engine = engine
        self._subscriptions = engine.subscriptions

    # -- ticks

    def trade(
        self,
        now_ns: int,
        time_ns: int | None,
        symbol: str | Symbol,
        price: Price,
        size: float,
        suspicious: bool,
        exchange: str,
    ) -> Gift:
        """Make a trade.

        Raises:
            UsageError: there is no such subscription, the market is closed, or a number is wrong.
        """
        config, source = self._ticks(symbol, is_quote=False)
        moment_ns = self._tick_time(config, now_ns, time_ns)
        flags = _flags(suspicious, exchange)
        tick: TickRecord = (moment_ns, KIND_TRADE, price_e9(price), 0, _size(size), 0.0, flags, 0)
        return Gift(moment_ns, partial(self._subscriptions.give_tick, config, source, tick))

    def quote(
        self,
        now_ns: int,
        time_ns: int | None,
        symbol: str | Symbol,
        bid: Price | None,
        ask: Price | None,
        bid_size: float,
        ask_size: float,
        suspicious: bool,
        exchange: str,
    ) -> Gift:
        """Make a quote.

        Raises:
            UsageError: as for trade, or neither bid nor ask was given.
        """
        if bid is None and ask is None:
            raise UsageError("a quote needs a bid, an ask or both")
        config, source = self._ticks(symbol, is_quote=True)
        moment_ns = self._tick_time(config, now_ns, time_ns)
        bid_e9, ask_e9 = (0 if price is None else price_e9(price) for price in (bid, ask))
        sizes = (_size(bid_size) if bid_e9 else 0.0, _size(ask_size) if ask_e9 else 0.0)
        tick: TickRecord = (moment_ns, KIND_QUOTE, bid_e9, ask_e9, *sizes, _flags(suspicious, exchange), 0)
        return Gift(moment_ns, partial(self._subscriptions.give_tick, config, source, tick))

    def _ticks(self, symbol: str | Symbol, is_quote: bool) -> tuple[SubscriptionConfig, QueueSource]:
        security = security_of(self._engine, symbol)
        for config, source in self._subscriptions.ticks:
            if config.symbol == security.symbol and config.is_quote is is_quote:
                return config, source
        raise self._no_subscription(security, "ticks of quotes" if is_quote else "ticks of trades")

    def _tick_time(self, config: SubscriptionConfig, now_ns: int, time_ns: int | None) -> int:
        zone, hours, extended = config.hours.exchange_zone, config.hours, config.extended_market_hours
        if time_ns is None:
            local_ns = zone.to_local_ns(now_ns + NANOSECONDS_PER_MILLISECOND)
            if not hours.is_open(local_ns, extended):
                local_ns = hours.next_market_open(local_ns, extended)
            return zone.to_utc_ns(local_ns)
        if not hours.is_open(zone.to_local_ns(time_ns), extended):
            raise UsageError(
                f"{config.symbol} is not traded at {moment_text(time_ns, self._engine.zone)}, so a run would not deliver "
                f"it; {self._when_open(config)}"
            )
        return time_ns

    def _when_open(self, config: SubscriptionConfig) -> str:
        more = "" if config.extended_market_hours else "; for other hours subscribe with extended_market_hours=True"
        return f"give a time of open market{more}"

    # -- bars

    def bar(
        self,
        now_ns: int,
        time_ns: int | None,
        symbol: str | Symbol,
        prices: tuple[Price | None, Price | None, Price | None, Price],
        volume: float,
        resolution: Resolution | None,
    ) -> Gift:
        """Make a trade bar.

        Raises:
            UsageError: as for trade, or no bar ends then.
        """
        source = self._bars(symbol, False, resolution)
        start, end = self._bar_span(source, now_ns, time_ns)
        scale = self._scale(source.config, start, end)
        close = prices[3]
        opening = close if prices[0] is None else prices[0]
        high = max(opening, close) if prices[1] is None else prices[1]
        low = min(opening, close) if prices[2] is None else prices[2]
        values = _side((opening, high, low, close), scale)
        size = adjusted_size(_size(volume), scale)
        bar = make_trade_bar(source.config.symbol, start, end, *values, size, False)
        return self._bar_gift(source, bar)

    def quote_bar(
        self,
        now_ns: int,
        time_ns: int | None,
        symbol: str | Symbol,
        bid: Price | Sequence[Price] | None,
        ask: Price | Sequence[Price] | None,
        bid_size: float,
        ask_size: float,
        resolution: Resolution | None,
    ) -> Gift:
        """Make a quote bar.

        Raises:
            UsageError: as for bar, or neither bid nor ask was given.
        """
        if bid is None and ask is None:
            raise UsageError("a quote bar needs a bid, an ask or both")
        source = self._bars(symbol, True, resolution)
        start, end = self._bar_span(source, now_ns, time_ns)
        scale = self._scale(source.config, start, end)
        sides = [None if side is None else Bar(*_side(_four(side), scale)) for side in (bid, ask)]
        sizes = [adjusted_size(_size(size), scale) for size in (bid_size, ask_size)]
        bar = make_quote_bar(source.config.symbol, start, end, sides[0], sizes[0], sides[1], sizes[1], False)
        return self._bar_gift(source, bar)

    def _bar_gift(self, source: GivenBars, bar: GivenBar) -> Gift:
        moment_ns = source.config.hours.exchange_zone.to_utc_ns(bar.end_local_ns)
        return Gift(moment_ns, partial(self._subscriptions.give_bar, source, bar))

    def _bars(self, symbol: str | Symbol, is_quote: bool, resolution: Resolution | None) -> GivenBars:
        security = security_of(self._engine, symbol)
        found = [
            source
            for source in self._subscriptions.bars
            if source.config.symbol == security.symbol
            and source.config.is_quote is is_quote
            and resolution in (None, source.config.resolution)
        ]
        if not found:
            length = "" if resolution is None else f"{resolution.name.lower()} "
            raise self._no_subscription(security, f"{length}{'quote' if is_quote else 'trade'} bars")
        if len(found) > 1:
            names = ", ".join(f"Resolution.{source.config.resolution.name}" for source in found)
            raise UsageError(f"{security.symbol} has bars of several lengths; choose one by resolution: {names}")
        return found[0]

    def _bar_span(self, source: GivenBars, now_ns: int, time_ns: int | None) -> tuple[int, int]:
        config = source.config
        zone = config.hours.exchange_zone
        if time_ns is None:
            return source.next_bar(zone.to_local_ns(now_ns))
        span = source.bar_that_ends(zone.to_local_ns(time_ns))
        if span is None:
            raise UsageError(
                f"no {config.resolution.name.lower()} bar of {config.symbol} ends at "
                f"{moment_text(time_ns, self._engine.zone)}; give the end of a bar, or leave at out for the next one"
            )
        if not config.hours.is_open_during(*span, True):
            raise UsageError(
                f"{config.symbol} is not traded in the bar that ends at {moment_text(time_ns, self._engine.zone)}; "
                f"{self._when_open(config)}"
            )
        return span

    def _scale(self, config: SubscriptionConfig, start_ns: int, end_ns: int) -> float:
        midnight_ns = scale_midnight_ns(start_ns, end_ns)
        return self._subscriptions.price_scale(config, midnight_ns - midnight_ns % NANOSECONDS_PER_DAY)

    def _no_subscription(self, security: Security, wanted: str) -> UsageError:
        configs = self._subscriptions.configs_of(security.symbol)
        names = {(config.resolution, config.is_quote) for config in configs}
        calls = [
            ("quote" if is_quote else "trade")
            if resolution is Resolution.TICK
            else ("quote_bar" if is_quote else "bar")
            for resolution, is_quote in sorted(names)
        ]
        there = ", ".join(sorted({resolution.name.lower() for resolution, _ in names}))
        return UsageError(
            f"{security.symbol} has no subscription to {wanted}: it was added with resolution {there}; "
            f"use session.{' or session.'.join(dict.fromkeys(calls))}"
        )


def price_e9(price: Price) -> int:
    """Return a price as records have it, scaled by 1e9.

    Raises:
        UsageError: it is not above zero, or too large.
    """
    value = to_decimal(price)
    if not 0 < value < _PRICE_MAX:
        raise UsageError(f"{price!r} is no price; give a number above 0 and below {_PRICE_MAX:,}")
    return round(value * PRICE_SCALE)


def _size(size: float) -> float:
    value = float(size)
    if not 0 <= value < float("inf"):
        raise UsageError(f"{size!r} is no size; give a number of 0 or above")
    return value


def _flags(suspicious: bool, exchange: str) -> int:
    code = ord(exchange) if len(exchange) == 1 else 0
    if exchange and not 0 < code < _EXCHANGE_CODES:
        raise UsageError(f"exchange {exchange!r} is no single letter; give one such as 'N', or leave it out")
    return (FLAG_SUSPICIOUS if suspicious else 0) | code << _EXCHANGE_SHIFT


def _four(side: Price | Sequence[Price]) -> tuple[Price, ...]:
    if isinstance(side, int | float | Decimal):
        return (side,) * 4
    if len(side) != 4:
        raise UsageError(f"{side!r} is no side of a quote bar; give one price, or open, high, low and close")
    return tuple(side)


def _side(prices: tuple[Price, ...], scale: float) -> tuple[float, float, float, float]:
    """Return open, high, low and close as the decoder of files makes them.

    Raises:
        UsageError: one of them is no price, or they contradict one another.
    """
    first, high, low, last = (price_e9(price) / float(PRICE_SCALE) * scale for price in prices)
    if not (low <= min(first, last) and max(first, last) <= high):
        raise UsageError(f"open, high, low and close {prices} contradict one another")
    return first, high, low, last
