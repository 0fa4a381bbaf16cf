"""Fills by quotes: the model of forex and crypto, and the base of every fill model.

Rules are LEAN's. An order other than a market order fills only on data that ended after it was created; a limit fills
when the price went through it, never at a touch; prices are those of the side that the order takes.
"""

from __future__ import annotations

from decimal import Decimal

from live.algorithm.enums import OrderDirection, OrderStatus, OrderType, Resolution
from live.algorithm.naming import has_member
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
from live.errors import AlgorithmRuntimeError
from live.paper.models.context import TradedSecurity
from live.paper.models.parameters import Fill, FillModelParameters
from live.paper.models.prices import (
    Prices,
    candidates,
    is_after_close,
    is_coarse,
    is_exchange_open,
    moment_text,
    newest_prices,
    ordered_local_ns,
    same_day,
    waits_for_fresh_data,
)
from live.paper.models.slippage import signed_slippage
from live.paper.models.spelling import Model, method_of

__all__ = ["Fill", "FillModel", "FillModelParameters", "ImmediateFillModel"]


FILL_METHODS = {
    OrderType.MARKET: "market_fill",
    OrderType.LIMIT: "limit_fill",
    OrderType.STOP_MARKET: "stop_market_fill",
    OrderType.STOP_LIMIT: "stop_limit_fill",
    OrderType.LIMIT_IF_TOUCHED: "limit_if_touched_fill",
    OrderType.TRAILING_STOP: "trailing_stop_fill",
    OrderType.MARKET_ON_OPEN: "market_on_open_fill",
    OrderType.MARKET_ON_CLOSE: "market_on_close_fill",
}
"""Method of a fill model that an order of a type is filled by."""


class FillModel(Model):
    """Fills at the side of the quote that an order takes; override a method to change one order type.

    Each method returns one event. Its status stays the order's when nothing fills.
    """

    stale_price_ns = Resolution.HOUR.period_ns
    """Age from which the newest price is stale for a market order."""

    def fill(self, parameters: FillModelParameters) -> Fill:
        """Return the event of an order against the newest data."""
        self.stale_price_ns = parameters.stale_price_ns
        return Fill(getattr(self, FILL_METHODS[parameters.order.type])(parameters.security, parameters.order))

    def market_fill(self, asset: TradedSecurity, order: MarketOrder) -> OrderEvent:
        """Fill at the newest price of the side; wait when it is stale and a fresh bar will come.

        An order that rested while an hourly or daily bar began fills at the bar's open.
        """
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, False):
            return event
        prices = self.get_prices(asset, order.direction)
        zone = asset.hours.exchange_zone
        if zone.to_utc_ns(prices.end_ns) + self.stale_price_ns < order.created_ns:
            if waits_for_fresh_data(asset, prices.end_ns, order):
                return event
            event.message = f"Warning: fill at stale price ({moment_text(asset, prices.end_ns)})"
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
        """Fill when the price went through the stop: at the stop, or at the close when that is worse."""
        event, prices = self._resting(asset, order, False)
        if prices is None:
            return event
        stop, slip = order.exact_stop_price, signed_slippage(asset, order)
        if order.exact_quantity > ZERO:
            return filled(event, order, max(stop, prices.current + slip)) if prices.high > stop else event
        return filled(event, order, min(stop, prices.current + slip)) if prices.low < stop else event

    def stop_limit_fill(self, asset: TradedSecurity, order: StopLimitOrder) -> OrderEvent:
        """Trigger when the price went through the stop, and stay triggered; fill like a limit on the side's close."""
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
        """Trigger when a trade reaches the trigger, then fill at the limit when the other side is at least as good."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, asset.is_extended_market_hours):
            return event
        high, low, end_ns = self._touch_range(asset, order)
        if asset.hours.exchange_zone.to_utc_ns(end_ns) <= order.created_ns:
            return event
        limit, trigger = order.exact_limit_price, order.exact_trigger_price
        is_sale = order.exact_quantity < ZERO
        order.trigger_touched = order.trigger_touched or (high >= trigger if is_sale else low <= trigger)
        if not order.trigger_touched:
            return event
        other = candidates(asset, OrderDirection.BUY if is_sale else OrderDirection.SELL)
        if other and (other[0].price >= limit if is_sale else other[0].price <= limit):
            return filled(event, order, limit)
        return event

    def _touch_range(self, asset: TradedSecurity, order: Order) -> tuple[Decimal, Decimal, int]:
        """Return high, low and local end of the newest trades; an end of 0 when there are none."""
        if Resolution.TICK not in asset.resolutions:
            bar = asset.cache.last_trade_bar
            return (ZERO, ZERO, 0) if bar is None else (to_decimal(bar.high), to_decimal(bar.low), bar.end_local_ns)
        prices = self.get_prices(asset, order.direction)
        return prices.current, prices.current, prices.end_ns

    def trailing_stop_fill(self, asset: TradedSecurity, order: TrailingStopOrder) -> OrderEvent:
        """Fill like a stop, also at a touch; otherwise move the stop after the market."""
        event, prices = self._resting(asset, order, False)
        if prices is None:
            return event
        stop, slip = order.exact_stop_price, signed_slippage(asset, order)
        if order.exact_quantity < ZERO:
            if prices.low <= stop:
                return filled(event, order, min(stop, prices.current + slip))
            order.exact_stop_price = max(stop, _trailed_stop(prices.high, order))
        else:
            if prices.high >= stop:
                return filled(event, order, max(stop, prices.current + slip))
            order.exact_stop_price = min(stop, _trailed_stop(prices.low, order))
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
        return filled(event, order, self.get_prices(asset, order.direction).open + signed_slippage(asset, order))

    def market_on_close_fill(self, asset: TradedSecurity, order: MarketOnCloseOrder) -> OrderEvent:
        """Fill at the close of the session of the order."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_after_close(asset, order):
            return event
        return filled(event, order, self.get_prices(asset, order.direction).close + signed_slippage(asset, order))

    def get_prices(self, asset: TradedSecurity, direction: OrderDirection) -> Prices:
        """Return the prices that decide about an order of a direction, for all types but those that ask for trades."""
        return newest_prices(asset, direction)

    def _resting(self, asset: TradedSecurity, order: Order, extended: bool) -> tuple[OrderEvent, Prices | None]:
        """Return an empty event, and the prices when a resting order may fill now."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, extended):
            return event, None
        prices = self.get_prices(asset, order.direction)
        if asset.hours.exchange_zone.to_utc_ns(prices.end_ns) <= order.created_ns:
            return event, None
        return event, prices


ImmediateFillModel = FillModel


def asked_fills(parameters: FillModelParameters) -> list[OrderEvent]:
    """Ask an order's fill model, ours or the user's, for its events.

    A model without `fill` is asked by the method of the order's type.

    Raises:
        AlgorithmRuntimeError: the answer is neither an OrderEvent nor a Fill.
        Exception: whatever the model raises.
    """
    security, order = parameters.security, parameters.order
    model = security.fill_model
    if has_member(model, "fill"):
        answer = method_of(model, "fill")(parameters)
    else:
        answer = method_of(model, FILL_METHODS[order.type])(security, order)
    if isinstance(answer, Fill):
        answer = answer.order_events
    events = answer if isinstance(answer, list) else [answer]
    if not all(isinstance(event, OrderEvent) for event in events):
        raise AlgorithmRuntimeError(
            f"{type(model).__name__} answered {answer!r} to an order; return an OrderEvent, or Fill(event) from fill"
        )
    return events


def filled(event: OrderEvent, order: Order, price: Decimal, message: str | None = None) -> OrderEvent:
    """Turn an event into the complete fill of an order."""
    event.status = OrderStatus.FILLED
    event.exact_fill_price = price
    event.exact_fill_quantity = order.exact_quantity
    if message is not None:
        event.message = message
    return event


def _trailed_stop(price: Decimal, order: TrailingStopOrder) -> Decimal:
    """Return where a trailing stop belongs after a price."""
    distance = price * order.exact_trailing_amount if order.trailing_as_percentage else order.exact_trailing_amount
    return price - distance if order.exact_quantity < ZERO else price + distance
