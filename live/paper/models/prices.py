"""Newest prices as fill models see them: which data decide, which side, how old, and whether the market is open."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from live.algorithm.data import Bar, Tick, TradeBar
from live.algorithm.enums import OrderDirection, Resolution, SecurityType
from live.algorithm.numbers import to_decimal
from live.algorithm.orders import Order
from live.clock import ns_to_datetime
from live.paper.models.context import TradedSecurity

_COARSE = (Resolution.HOUR, Resolution.DAILY)
_DAY_NS = Resolution.DAILY.period_ns
_HOUR_NS = Resolution.HOUR.period_ns
_FILE_STEP = Decimal("0.0001")
_STALE_QUOTE_TICK = "fill at stale price ({moment}), using Quote Tick data."
_STALE_QUOTE_BAR = "fill at stale price ({moment}), using QuoteBar data."
_TRADE_TICK = "No quote information available at {moment}, order filled using Trade Tick data"
_TRADE_BAR = "No quote information available at {moment}, order filled using TradeBar data"


class Prices(NamedTuple):
    """Prices of one side, and the local time in ns at which their data began and ended."""

    start_ns: int
    end_ns: int
    current: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class Candidate(NamedTuple):
    """One kind of data that could price a market order."""

    price: Decimal
    end_local_ns: int
    is_trade: bool
    text: str
    """What LEAN says when an order fills on it although it is old, or is no quote; "{moment}" stands for its end."""

    def message(self, asset: TradedSecurity) -> str:
        """Return the text with the moment."""
        return "Warning: " + self.text.format(moment=moment_text(asset, self.end_local_ns))


def newest_prices(asset: TradedSecurity, direction: OrderDirection) -> Prices:
    """Return the newest prices of the side that a direction takes: tick, quote bar, trade bar, in this order."""
    is_sale = direction is OrderDirection.SELL
    cache = asset.cache
    tick = _newest_tick(asset)
    if Resolution.TICK in asset.resolutions and tick is not None:
        price = to_decimal((tick.bid_price if is_sale else tick.ask_price) or tick.value)
        if price:
            return Prices(tick.time_local_ns, tick.end_local_ns, price, price, price, price, price)
    quote = cache.last_quote_bar
    if quote is not None:
        side = quote.bid if is_sale else quote.ask
        if side is not None:
            return _prices_of(side, quote.time_local_ns, quote.end_local_ns)
    trade = cache.last_trade_bar
    if trade is not None:
        return _prices_of(trade, trade.time_local_ns, trade.end_local_ns)
    data = cache.last_data
    start_ns, end_ns = (0, 0) if data is None else (data.time_local_ns, data.end_local_ns)
    return Prices(
        start_ns, end_ns, asset.exact_price, asset.exact_open, asset.exact_high, asset.exact_low, asset.exact_close
    )


def candidates(asset: TradedSecurity, direction: OrderDirection) -> Iterator[Candidate]:
    """Give those there are of quote tick with the side, quote bar, trade tick and trade bar, in LEAN's order."""
    is_sale = direction is OrderDirection.SELL
    cache = asset.cache
    for tick in reversed(cache.quote_ticks):
        price = tick.bid_price if is_sale else tick.ask_price
        if price > 0:
            yield Candidate(to_decimal(price), tick.end_local_ns, False, _STALE_QUOTE_TICK)
            break
    quote = cache.last_quote_bar
    if quote is not None:
        side = quote.bid if is_sale else quote.ask
        price = quote.close if side is None else side.close
        yield Candidate(to_decimal(price), quote.end_local_ns, False, _STALE_QUOTE_BAR)
    if cache.trade_ticks:
        trade = cache.trade_ticks[-1]
        yield Candidate(to_decimal(trade.value), trade.end_local_ns, True, _TRADE_TICK)
    bar = cache.last_trade_bar
    if bar is not None:
        yield Candidate(to_decimal(bar.close), bar.end_local_ns, True, _TRADE_BAR)


def _newest_tick(asset: TradedSecurity) -> Tick | None:
    """Return the newest tick of the kind that LEAN prefers: trades of an equity, otherwise whichever came last."""
    trades, quotes = asset.cache.trade_ticks, asset.cache.quote_ticks
    if asset.type is SecurityType.EQUITY or not quotes:
        return trades[-1] if trades else None
    if not trades or quotes[-1].end_local_ns > trades[-1].end_local_ns:
        return quotes[-1]
    return trades[-1]


def _prices_of(bar: Bar | TradeBar, start_ns: int, end_ns: int) -> Prices:
    """Return a bar's prices; one that is absent is the close."""
    close = to_decimal(bar.close)
    opening, high, low = (to_decimal(value) or close for value in (bar.open, bar.high, bar.low))
    return Prices(start_ns, end_ns, close, opening, high, low, close)


def is_exchange_open(asset: TradedSecurity, extended: bool) -> bool:
    """Tell whether a fill may happen: the market is open, or the newest bar reaches to now and lies in market hours."""
    now = asset.local_ns
    if asset.hours.is_open(now, extended):
        return True
    data = asset.cache.last_data
    if data is None:
        return False
    is_long = data.end_local_ns - data.time_local_ns > _HOUR_NS
    is_current = same_day(now, data.end_local_ns) if is_long else now <= data.end_local_ns
    return is_current and asset.hours.is_open_during(data.time_local_ns, data.end_local_ns, extended)


def ordered_local_ns(asset: TradedSecurity, order: Order) -> int:
    """Return when an order was sent, on the exchange's wall clock."""
    return asset.hours.exchange_zone.to_local_ns(order.created_ns)


def is_after_close(asset: TradedSecurity, order: Order) -> bool:
    """Tell whether the session in which an order was sent has closed."""
    return asset.local_ns >= asset.hours.next_market_close(ordered_local_ns(asset, order), False)


def is_coarse(asset: TradedSecurity) -> bool:
    """Tell whether a security has hourly or daily data only."""
    return all(resolution in _COARSE for resolution in asset.resolutions)


def waits_for_fresh_data(asset: TradedSecurity, data_end_local_ns: int, order: Order) -> bool:
    """Tell whether a market order on stale data waits: when they are more than a bar behind it, but not on ticks."""
    if is_coarse(asset):
        return True
    span_ns = min(asset.resolutions).period_ns
    end_ns = asset.hours.exchange_zone.to_utc_ns(data_end_local_ns)
    return span_ns > 0 and order.created_ns - end_ns > span_ns


def same_day(first_local_ns: int, second_local_ns: int) -> bool:
    """Tell whether two wall-clock readings share their day."""
    return first_local_ns // _DAY_NS == second_local_ns // _DAY_NS


def moment_text(asset: TradedSecurity, local_ns: int) -> str:
    """Return a moment as LEAN's messages print it: "10/08/2013 09:31:00 America/New_York"."""
    return f"{ns_to_datetime(local_ns):%m/%d/%Y %H:%M:%S} {asset.hours.exchange_zone.name}"


def price_text(asset: TradedSecurity, price: float, is_tick: bool) -> str:
    """Return a price with the digits of LEAN's decimals: the file's (four in bars) and those of the price factor."""
    factor = asset.exact_price_factor
    raw = (to_decimal(price) / factor).quantize(_FILE_STEP)
    if is_tick:
        raw = raw.normalize()
    return format(raw if factor == 1 else raw * factor, "f")
