"""Fills by quotes: the model of forex and crypto, and the base of every fill model.

Rules are LEAN's. An order other than a market order fills only on data that ended after it was created; a limit fills when the price went
through it, never at a touch; prices are those of the side that the order takes.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from live.algorithm.data import Bar, Tick, TradeBar
from live.algorithm.enums import OrderStatus, OrderType, Resolution, SecurityType
from live.algorithm.numbers import ZERO, to_decimal
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderEvent,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.clock import ns_to_datetime
from live.paper.models.context import TradedSecurity
from live.paper.models.parameters import Fill, FillModelParameters
from live.paper.models.spelling import Model

_COARSE = (Resolution.HOUR, Resolution.DAILY)
_DAY_NS = Resolution.DAILY.period_ns
_HOUR_NS = Resolution.HOUR.period_ns


class Prices(NamedTuple):
    """Prices of one side, and the local time in ns at which their data began and ended."""

    start_ns: int
    end_ns: int
    current: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class FillModel(Model):
    """Fills at the side of the quote that an order takes; override a method to change one order type."""

    stale_price_ns = _HOUR_NS

    def fill(self, parameters: FillModelParameters) -> Fill:
        """Return the event of an order against the newest data; its status stays the order's when nothing fills."""
        self.stale_price_ns = parameters.stale_price_ns
        methods: dict[OrderType, Callable[..., Any]] = {
            OrderType.MARKET: self.market_fill,
            OrderType.LIMIT: self.limit_fill,
            OrderType.STOP_MARKET: self.stop_market_fill,
            OrderType.STOP_LIMIT: self.stop_limit_fill,
            OrderType.LIMIT_IF_TOUCHED: self.limit_if_touched_fill,
            OrderType.TRAILING_STOP: self.trailing_stop_fill,
            OrderType.MARKET_ON_OPEN: self.market_on_open_fill,
            OrderType.MARKET_ON_CLOSE: self.market_on_close_fill,
        }
        return Fill(methods[parameters.order.type](parameters.security, parameters.order))

    def market_fill(self, asset: TradedSecurity, order: MarketOrder) -> OrderEvent:
        """Fill at the newest price of the side; wait when it is stale and a fresh bar will come."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, False):
            return event
        prices = self.get_prices(asset, order)
        zone = asset.hours.exchange_zone
        end_utc = zone.to_utc_ns(prices.end_ns)
        if end_utc + self.stale_price_ns < order.created_ns:
            if waits_for_fresh_data(asset, end_utc, order.created_ns):
                return event
            event.message = f"Warning: fill at stale price ({dotnet_time(prices.end_ns)} {zone.name})"
        price = prices.current
        if prices.open and is_coarse(asset) and order.created_ns <= zone.to_utc_ns(prices.start_ns):
            price = prices.open
        return filled(event, order, price + signed_slippage(asset, order))

    def limit_fill(self, asset: TradedSecurity, order: LimitOrder) -> OrderEvent:
        """Fill at the limit, or at the far end of the bar when all of it is better."""
        event, prices = self._resting(asset, order, asset.is_extended_market_hours)
        limit = order.exact_limit_price
        if prices is None:
            return event
        if order.exact_quantity > ZERO:
            return filled(event, order, min(prices.high, limit)) if prices.low < limit else event
        return filled(event, order, max(prices.low, limit)) if prices.high > limit else event

    def stop_market_fill(self, asset: TradedSecurity, order: StopMarketOrder) -> OrderEvent:
        """Fill at the stop, or at the close when that is worse."""
        event, prices = self._resting(asset, order, False)
        if prices is None:
            return event
        stop, slip = order.exact_stop_price, signed_slippage(asset, order)
        if order.exact_quantity > ZERO:
            return filled(event, order, max(stop, prices.current + slip)) if prices.high > stop else event
        return filled(event, order, min(stop, prices.current + slip)) if prices.low < stop else event

    def stop_limit_fill(self, asset: TradedSecurity, order: StopLimitOrder) -> OrderEvent:
        """Trigger when the price went through the stop, and stay triggered; fill like a limit on the close of the side."""
        event, prices = self._resting(asset, order, asset.is_extended_market_hours)
        if prices is None:
            return event
        stop, limit = order.exact_stop_price, order.exact_limit_price
        if order.exact_quantity > ZERO:
            order.stop_triggered = order.stop_triggered or prices.high > stop
            is_better, price = prices.current < limit, min(prices.high, limit)
        else:
            order.stop_triggered = order.stop_triggered or prices.low < stop
            is_better, price = prices.current > limit, max(prices.low, limit)
        return filled(event, order, price) if order.stop_triggered and is_better else event

    def limit_if_touched_fill(self, asset: TradedSecurity, order: LimitIfTouchedOrder) -> OrderEvent:
        """Trigger when the price reaches the trigger, then fill at the limit when the other side is at least as good."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, asset.is_extended_market_hours):
            return event
        high, low, end_ns = self._touch_range(asset, order)
        if asset.hours.exchange_zone.to_utc_ns(end_ns) <= order.created_ns:
            return event
        limit, trigger = order.exact_limit_price, order.exact_trigger_price
        if order.exact_quantity < ZERO:
            order.trigger_touched = order.trigger_touched or high >= trigger
            is_good = order.trigger_touched and asset.exact_ask >= limit
        else:
            order.trigger_touched = order.trigger_touched or low <= trigger
            is_good = order.trigger_touched and asset.exact_bid <= limit
        return filled(event, order, limit) if is_good else event

    def _touch_range(self, asset: TradedSecurity, order: Order) -> tuple[Decimal, Decimal, int]:
        if Resolution.TICK not in asset.resolutions:
            bar = asset.cache.last_trade_bar
            return (ZERO, ZERO, 0) if bar is None else (to_decimal(bar.high), to_decimal(bar.low), bar.end_local_ns)
        prices = self.get_prices(asset, order)
        return prices.current, prices.current, prices.end_ns

    def trailing_stop_fill(self, asset: TradedSecurity, order: TrailingStopOrder) -> OrderEvent:
        """Fill like a stop that is reached at a touch; otherwise move the stop after the market."""
        event, prices = self._resting(asset, order, False)
        if prices is None:
            return event
        stop, slip = order.exact_stop_price, signed_slippage(asset, order)
        if order.exact_quantity < ZERO:
            if prices.low <= stop:
                return filled(event, order, min(stop, prices.current + slip))
            order.exact_stop_price = max(stop, trailed_stop(prices.high, order))
        else:
            if prices.high >= stop:
                return filled(event, order, max(stop, prices.current + slip))
            order.exact_stop_price = min(stop, trailed_stop(prices.low, order))
        return event

    def market_on_open_fill(self, asset: TradedSecurity, order: MarketOnOpenOrder) -> OrderEvent:
        """Fill at the open of the first bar of a session that began after the order."""
        event = OrderEvent(order, asset.utc_ns)
        data = asset.cache.last_data
        ordered_ns = ordered_local_ns(asset, order)
        if order.status is OrderStatus.CANCELED or data is None or ordered_ns >= data.end_local_ns:
            return event
        if asset.hours.is_open(ordered_ns, False) and same_day(ordered_ns, asset.local_ns):
            return event
        if not is_exchange_open(asset, False):
            return event
        return filled(event, order, self.get_prices(asset, order).open + signed_slippage(asset, order))

    def market_on_close_fill(self, asset: TradedSecurity, order: MarketOnCloseOrder) -> OrderEvent:
        """Fill at the close of the session of the order."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_after_close(asset, order):
            return event
        return filled(event, order, self.get_prices(asset, order).close + signed_slippage(asset, order))

    def get_prices(self, asset: TradedSecurity, order: Order) -> Prices:
        """Return the newest prices of the side that an order takes: tick, quote bar, trade bar, in this order."""
        is_sale = order.exact_quantity < ZERO
        cache = asset.cache
        tick = newest_tick(asset)
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

    def _resting(self, asset: TradedSecurity, order: Order, extended: bool) -> tuple[OrderEvent, Prices | None]:
        """Return an empty event, and the prices when a resting order may fill now."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, extended):
            return event, None
        prices = self.get_prices(asset, order)
        if asset.hours.exchange_zone.to_utc_ns(prices.end_ns) <= order.created_ns:
            return event, None
        return event, prices


ImmediateFillModel = FillModel


def newest_tick(asset: TradedSecurity) -> Tick | None:
    """Return the newest tick of the kind that LEAN prefers: trades of an equity, otherwise whichever came last."""
    trades, quotes = asset.cache.trade_ticks, asset.cache.quote_ticks
    if asset.type is SecurityType.EQUITY or not quotes:
        return trades[-1] if trades else None
    if not trades or quotes[-1].end_local_ns > trades[-1].end_local_ns:
        return quotes[-1]
    return trades[-1]


def filled(event: OrderEvent, order: Order, price: Decimal, message: str | None = None) -> OrderEvent:
    """Turn an event into the complete fill of an order."""
    event.status = OrderStatus.FILLED
    event.exact_fill_price = price
    event.exact_fill_quantity = order.exact_quantity
    if message is not None:
        event.message = message
    return event


def signed_slippage(asset: TradedSecurity, order: Order) -> Decimal:
    """Return what slippage adds to the price: positive for a purchase, negative for a sale."""
    slip = to_decimal(asset.slippage_model.get_slippage_approximation(asset, order))
    return slip if order.exact_quantity > ZERO else -slip


def is_exchange_open(asset: TradedSecurity, extended: bool) -> bool:
    """Tell whether a fill may happen: the market is open now, or the newest bar reaches to now and lies in market hours."""
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


def waits_for_fresh_data(asset: TradedSecurity, data_end_utc_ns: int, order_ns: int) -> bool:
    """Tell whether a market order on stale data waits: more than a bar behind, and not on ticks."""
    if is_coarse(asset):
        return True
    span_ns = min(asset.resolutions).period_ns
    return span_ns > 0 and order_ns - data_end_utc_ns > span_ns


def same_day(first_local_ns: int, second_local_ns: int) -> bool:
    """Tell whether two wall-clock readings share their day."""
    return first_local_ns // _DAY_NS == second_local_ns // _DAY_NS


def dotnet_time(local_ns: int) -> str:
    """Return a wall-clock reading as .NET's invariant culture prints it: 10/08/2013 09:31:00."""
    return f"{ns_to_datetime(local_ns):%m/%d/%Y %H:%M:%S}"


def trailed_stop(price: Decimal, order: TrailingStopOrder) -> Decimal:
    """Return where a trailing stop belongs after a price."""
    distance = price * order.exact_trailing_amount if order.trailing_as_percentage else order.exact_trailing_amount
    return price - distance if order.exact_quantity < ZERO else price + distance


def _prices_of(bar: Bar | TradeBar, start_ns: int, end_ns: int) -> Prices:
    opening, high, low, close = (to_decimal(value) for value in (bar.open, bar.high, bar.low, bar.close))
    return Prices(start_ns, end_ns, close, opening, high, low, close)
