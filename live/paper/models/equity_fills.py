"""Fills of equities: trades decide about limits and stops, quotes about market and stop limit orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from live.algorithm.data import Tick, TradeBar, make_trade_bar
from live.algorithm.enums import OrderStatus, Resolution
from live.algorithm.numbers import ZERO, to_decimal
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderEvent,
    StopMarketOrder,
)
from live.paper.models.context import TradedSecurity
from live.paper.models.fills import FillModel, filled
from live.paper.models.prices import (
    candidates,
    is_after_close,
    is_exchange_open,
    moment_text,
    ordered_local_ns,
    price_text,
    same_day,
    waits_for_fresh_data,
)
from live.paper.models.slippage import signed_slippage

__all__ = ["EquityFillModel"]

_MINUTE_NS = Resolution.MINUTE.period_ns
_HOUR_NS = Resolution.HOUR.period_ns
_OPENING_FLAGS = 1 << 26 | 1 << 6
"""Sale conditions of an opening trade: official open, opening print."""
_CLOSING_FLAGS = 1 << 24 | 1 << 7
"""Sale conditions of a closing trade: official close, closing print."""
_EXCHANGE_CODES = {
    "T": "Q",
    "NASDAQ": "Q",
    "NASDAQ_OMX": "Q",
    "NASDAQ_SC": "S",
    "NYSE": "N",
    "ARCA": "P",
    "AMEX": "A",
    "BATS": "Z",
    "BATS_Y": "Y",
    "BYX": "Y",
    "IEX": "V",
}
"""LEAN's code of an exchange for the other names that ticks and map files call it by."""
_NO_OPENING_PRINT = "No trade with the OfficialOpen or OpeningPrints flag within the 1-minute timeout."
_NO_CLOSING_PRINT = "No trade with the OfficialClose or ClosingPrints flag within the 1-minute timeout."
_NO_CLOSING_PRINT_HOURS = (
    "No trade with the OfficialClose or ClosingPrints flag for data that does not include extended market hours."
)


class BestEffort(NamedTuple):
    """The best price that the newest data give for one side."""

    price: Decimal
    message: str
    stale_end_local_ns: int | None
    """End of the data when they are stale."""


class EquityFillModel(FillModel):
    """LEAN's fills of equities."""

    def market_fill(self, asset: TradedSecurity, order: MarketOrder) -> OrderEvent:
        """Fill at the newest ask or bid, without quotes at the newest trade; wait when all are stale."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, False):
            return event
        best = self._best_effort(asset, order)
        if best is None:
            return event
        if best.stale_end_local_ns is not None and waits_for_fresh_data(asset, best.stale_end_local_ns, order):
            return event
        return filled(event, order, best.price + signed_slippage(asset, order), best.message)

    def limit_fill(self, asset: TradedSecurity, order: LimitOrder) -> OrderEvent:
        """Fill when a trade went through the limit: at the limit, or at the open when that is better."""
        event = OrderEvent(order, asset.utc_ns)
        bar = self._trade_bar(asset, order, asset.is_extended_market_hours)
        if bar is None:
            return event
        limit = order.exact_limit_price
        opening = to_decimal(bar.open)
        if order.exact_quantity > ZERO:
            is_filled, is_gap = to_decimal(bar.low) < limit, opening < limit
        else:
            is_filled, is_gap = to_decimal(bar.high) > limit, opening > limit
        if not is_filled:
            return event
        if is_gap:
            return filled(event, order, opening, _gap_text(asset, bar, "a favorable"))
        return filled(event, order, limit)

    def stop_market_fill(self, asset: TradedSecurity, order: StopMarketOrder) -> OrderEvent:
        """Fill when a trade reached the stop: at the stop, or at the open when that is beyond it."""
        event = OrderEvent(order, asset.utc_ns)
        bar = self._trade_bar(asset, order, False)
        if bar is None:
            return event
        stop = order.exact_stop_price
        opening = to_decimal(bar.open)
        if order.exact_quantity > ZERO:
            is_filled, is_gap = to_decimal(bar.high) >= stop, opening >= stop
        else:
            is_filled, is_gap = to_decimal(bar.low) <= stop, opening <= stop
        if not is_filled:
            return event
        slip = signed_slippage(asset, order)
        if is_gap:
            return filled(event, order, opening + slip, _gap_text(asset, bar, "an unfavorable"))
        return filled(event, order, stop + slip)

    def limit_if_touched_fill(self, asset: TradedSecurity, order: LimitIfTouchedOrder) -> OrderEvent:
        """Trigger when a trade touches the trigger; fill at the quote when it is at the limit or better."""
        event = OrderEvent(order, asset.utc_ns)
        bar = self._trade_bar(asset, order, asset.is_extended_market_hours)
        if bar is None:
            return event
        limit, trigger = order.exact_limit_price, order.exact_trigger_price
        is_purchase = order.exact_quantity > ZERO
        is_touched = to_decimal(bar.low) <= trigger if is_purchase else to_decimal(bar.high) >= trigger
        order.trigger_touched = order.trigger_touched or is_touched
        best = self._best_effort(asset, order) if order.trigger_touched else None
        if best is not None and (best.price <= limit if is_purchase else best.price >= limit):
            return filled(event, order, best.price, best.message)
        return event

    def market_on_open_fill(self, asset: TradedSecurity, order: MarketOnOpenOrder) -> OrderEvent:
        """Fill at the open of the first regular bar of the next session, or at its opening print."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED:
            return event
        ordered_ns = ordered_local_ns(asset, order)
        if Resolution.TICK in asset.resolutions:
            tick = self._opening_tick(asset, event)
            if tick is None:
                return event
            end_ns, price = tick.end_local_ns, to_decimal(tick.value) if tick.is_trade else ZERO
        else:
            bar = asset.cache.last_trade_bar
            if bar is None or bar.time_local_ns < ordered_ns:
                return event
            is_short = bar.end_local_ns - bar.time_local_ns < _HOUR_NS
            if is_short and not asset.hours.is_open(bar.time_local_ns, False):
                return event
            end_ns, price = bar.end_local_ns, to_decimal(bar.open)
        if ordered_ns >= end_ns or (asset.hours.is_open(ordered_ns, False) and same_day(ordered_ns, end_ns)):
            return event
        if not is_exchange_open(asset, False):
            return event
        return self._fill_auction(event, asset, order, price)

    def _opening_tick(self, asset: TradedSecurity, event: OrderEvent) -> Tick | None:
        """Return the opening print among the newest trades; after a minute of trading the newest tick will do."""
        hours = asset.hours
        trades = [tick for tick in asset.cache.trade_ticks if hours.is_open(tick.time_local_ns, False)]
        for tick in trades:
            if _has_condition(tick, asset.primary_exchange, _OPENING_FLAGS):
                return tick
        newest = _newest_of(trades, asset)
        opened = hours.first_open_of_day(asset.local_ns)
        if newest is None or opened is None or newest.end_local_ns - opened < _MINUTE_NS:
            return None
        event.message = f"{_NO_OPENING_PRINT} {_substitute_text(newest)}"
        return newest

    def market_on_close_fill(self, asset: TradedSecurity, order: MarketOnCloseOrder) -> OrderEvent:
        """Fill at the close of the last bar of the session, or at its closing print."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_after_close(asset, order):
            return event
        price = ZERO
        if Resolution.TICK in asset.resolutions:
            tick = self._closing_tick(asset, order, event)
            if tick is None:
                return event
            price = to_decimal(tick.value) if tick.is_trade else ZERO
        elif asset.cache.last_trade_bar is not None:
            price = to_decimal(asset.cache.last_trade_bar.close)
        return self._fill_auction(event, asset, order, price)

    def _closing_tick(self, asset: TradedSecurity, order: Order, event: OrderEvent) -> Tick | None:
        """Return the last closing print among the newest trades.

        Without one the newest tick will do: with extended hours a minute after the close at the earliest.
        """
        trades = asset.cache.trade_ticks
        for tick in reversed(trades):
            if _has_condition(tick, asset.primary_exchange, _CLOSING_FLAGS):
                return tick
        newest = _newest_of(trades, asset)
        if newest is None:
            return None
        text = _NO_CLOSING_PRINT_HOURS
        if asset.is_extended_market_hours:
            text = _NO_CLOSING_PRINT
            close_ns = asset.hours.next_market_close(ordered_local_ns(asset, order), False)
            if newest.end_local_ns - close_ns < _MINUTE_NS:
                return None
        event.message = f"{text} {_substitute_text(newest)}"
        return newest

    def _fill_auction(self, event: OrderEvent, asset: TradedSecurity, order: Order, price: Decimal) -> OrderEvent:
        """Fill at the auction's price; without one at the best price of the order's side."""
        message = event.message
        if not price:
            best = self._best_effort(asset, order)
            if best is None:
                return event
            price, message = best.price, message + best.message
        return filled(event, order, price + signed_slippage(asset, order), message)

    def _best_effort(self, asset: TradedSecurity, order: Order) -> BestEffort | None:
        """Return the newest price of the side that an order takes; None when there are no data at all.

        The first kind of data that is fresh decides; when all are stale, the newest of them.
        """
        cutoff_ns = ordered_local_ns(asset, order) - self.stale_price_ns
        best: BestEffort | None = None
        message, newest_ns = "", -1
        for each in candidates(asset, order.direction):
            if each.end_local_ns <= newest_ns:
                continue
            is_fresh = each.end_local_ns >= cutoff_ns
            if each.is_trade or not is_fresh:
                message = each.message(asset)
            if is_fresh:
                return BestEffort(each.price, message, None)
            newest_ns = each.end_local_ns
            best = BestEffort(each.price, message, newest_ns)
        return best

    def _trade_bar(self, asset: TradedSecurity, order: Order, extended: bool) -> TradeBar | None:
        """Return the newest trades as one bar, when they ended after the order was sent and the market is open."""
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, extended):
            return None
        if Resolution.TICK in asset.resolutions:
            bar = _bar_of(asset.cache.trade_ticks)
        else:
            bar = asset.cache.last_trade_bar
        if bar is None or asset.hours.exchange_zone.to_utc_ns(bar.end_local_ns) <= order.created_ns:
            return None
        return bar


def _newest_of(trades: Sequence[Tick], asset: TradedSecurity) -> Tick | None:
    """Return the last of some trades; when there are none, the last tick of any kind, quotes after trades."""
    if trades:
        return trades[-1]
    every = asset.cache.quote_ticks or asset.cache.trade_ticks
    return every[-1] if every else None


def _substitute_text(tick: Tick) -> str:
    return f"Fill with last {'Trade' if tick.is_trade else 'Quote'} data."


def _has_condition(tick: Tick, exchange: str, flags: int) -> bool:
    """Tell whether a trade of the listing exchange carries one of some sale conditions."""
    condition = (tick.flags >> 32) & 0xFFFFFFFF
    return bool(condition & flags) and _exchange_code(tick.exchange) == _exchange_code(exchange)


def _exchange_code(name: str) -> str:
    upper = name.upper()
    return _EXCHANGE_CODES.get(upper, upper)


def _bar_of(trades: Sequence[Tick]) -> TradeBar | None:
    """Return one bar of the trades of a time step."""
    if not trades:
        return None
    prices = [tick.value for tick in trades]
    volume = sum(tick.quantity for tick in trades)
    first, last = trades[0], trades[-1]
    start_ns, end_ns = first.time_local_ns, last.end_local_ns
    return make_trade_bar(
        first.symbol, start_ns, end_ns, prices[0], max(prices), min(prices), prices[-1], volume, False
    )


def _gap_text(asset: TradedSecurity, bar: TradeBar, gap: str) -> str:
    moment = moment_text(asset, bar.end_local_ns)
    opening = price_text(asset, bar.open, Resolution.TICK in asset.resolutions)
    return f"Due to {gap} gap at {moment}, order filled using the open price ({opening})"
