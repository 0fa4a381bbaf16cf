"""Fills of equities: trades decide about limits and stops, quotes about market and stop limit orders."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from live.algorithm.data import BaseData, Tick, TradeBar, make_trade_bar
from live.algorithm.enums import OrderStatus, Resolution
from live.algorithm.numbers import ZERO, plain, to_decimal
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
from live.paper.models.fills import (
    FillModel,
    dotnet_time,
    filled,
    is_after_close,
    is_exchange_open,
    ordered_local_ns,
    same_day,
    signed_slippage,
    waits_for_fresh_data,
)

_MINUTE_NS = Resolution.MINUTE.period_ns
_HOUR_NS = Resolution.HOUR.period_ns
_OPENING_FLAGS = 1 << 26 | 1 << 6
"""Sale conditions of an opening trade: official open, opening print."""
_CLOSING_FLAGS = 1 << 24 | 1 << 7
"""Sale conditions of a closing trade: official close, closing print."""
_FILE_STEP = Decimal("0.0001")
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
        """Fill at the newest ask or bid; without quotes at the newest trade."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, False):
            return event
        best = self.best_effort_price(asset, order)
        if best.stale_end_local_ns is not None:
            end_utc = asset.hours.exchange_zone.to_utc_ns(best.stale_end_local_ns)
            if waits_for_fresh_data(asset, end_utc, order.created_ns):
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
        return filled(event, order, opening, _gap_text(asset, bar, "a favorable")) if is_gap else filled(event, order, limit)

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
        if not order.trigger_touched:
            return event
        best = self.best_effort_price(asset, order)
        if best.price <= limit if is_purchase else best.price >= limit:
            return filled(event, order, best.price, best.message)
        return event

    def market_on_open_fill(self, asset: TradedSecurity, order: MarketOnOpenOrder) -> OrderEvent:
        """Fill at the open of the first regular bar of the next session, or at its opening print."""
        event = OrderEvent(order, asset.utc_ns)
        if order.status is OrderStatus.CANCELED:
            return event
        ordered_ns = ordered_local_ns(asset, order)
        price, end_ns = ZERO, 0
        if Resolution.TICK in asset.resolutions:
            tick = self._opening_tick(asset, event)
            if tick is None:
                return event
            end_ns = tick.end_local_ns
            price = to_decimal(tick.value) if tick.is_trade else ZERO
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
        """Return the opening print among the newest trades; after a minute of trading the newest trade will do."""
        hours = asset.hours
        trades = [tick for tick in asset.cache.trade_ticks if hours.is_open(tick.time_local_ns, False)]
        for tick in trades:
            if _has_condition(tick, asset.primary_exchange, _OPENING_FLAGS):
                return tick
        every = [*asset.cache.trade_ticks, *asset.cache.quote_ticks]
        newest = trades[-1] if trades else (every[-1] if every else None)
        if newest is None:
            return None
        opened = hours.first_open_of_day(asset.local_ns)
        if opened is None or newest.end_local_ns - opened < _MINUTE_NS:
            return None
        event.message = f"{_NO_OPENING_PRINT} Fill with last {'Trade' if newest.is_trade else 'Quote'} data."
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
        """Return the closing print among the newest trades; otherwise the newest tick, a minute after the close at the earliest."""
        close_ns = asset.hours.next_market_close(ordered_local_ns(asset, order), False)
        trades = list(asset.cache.trade_ticks)
        for tick in trades:
            if _has_condition(tick, asset.primary_exchange, _CLOSING_FLAGS):
                return tick
        every = [*trades, *asset.cache.quote_ticks]
        newest = trades[-1] if trades else (every[-1] if every else None)
        if newest is None:
            return None
        text = _NO_CLOSING_PRINT_HOURS
        if asset.is_extended_market_hours:
            text = _NO_CLOSING_PRINT
            if newest.end_local_ns - close_ns < _MINUTE_NS:
                event.message = text
                return None
        event.message = f"{text} Fill with last {'Trade' if newest.is_trade else 'Quote'} data."
        return newest

    def _fill_auction(self, event: OrderEvent, asset: TradedSecurity, order: Order, price: Decimal) -> OrderEvent:
        if not price:
            best = self.best_effort_price(asset, order)
            price = best.price
            event.message += best.message
        return filled(event, order, price + signed_slippage(asset, order))

    def best_effort_price(self, asset: TradedSecurity, order: Order) -> BestEffort:
        """Return the newest price of the side that an order takes: quote tick, quote bar, trade tick, trade bar.

        Data of the first kind that is fresh decide; when all are stale, the newest of them.
        """
        is_sale = order.exact_quantity < ZERO
        cutoff_ns = ordered_local_ns(asset, order) - self.stale_price_ns
        best: BestEffort | None = None
        newest_ns = -1
        for data, price, text in _candidates(asset, is_sale):
            if data.end_local_ns <= newest_ns:
                continue
            message = text
            if data.end_local_ns >= cutoff_ns:
                return BestEffort(price, message if isinstance(data, TradeBar) or _is_trade(data) else "", None)
            newest_ns = data.end_local_ns
            best = BestEffort(price, message, newest_ns)
        return best or BestEffort(asset.exact_price, "", None)

    def _trade_bar(self, asset: TradedSecurity, order: Order, extended: bool) -> TradeBar | None:
        """Return the newest trades as one bar, when they ended after the order was sent and the market is open."""
        if order.status is OrderStatus.CANCELED or not is_exchange_open(asset, extended):
            return None
        bar: TradeBar | None
        if Resolution.TICK in asset.resolutions:
            bar = _bar_of(asset.cache.trade_ticks)
        else:
            bar = asset.cache.last_trade_bar
        if bar is None or asset.hours.exchange_zone.to_utc_ns(bar.end_local_ns) <= order.created_ns:
            return None
        return bar


def _candidates(asset: TradedSecurity, is_sale: bool) -> list[tuple[BaseData, Decimal, str]]:
    """Return data, price and message of each kind of data that there is, in the order in which LEAN asks them."""
    cache, zone_name = asset.cache, asset.hours.exchange_zone.name
    found: list[tuple[BaseData, Decimal, str]] = []
    for tick in reversed(cache.quote_ticks):
        price = tick.bid_price if is_sale else tick.ask_price
        if price > 0:
            text = f"Warning: fill at stale price ({dotnet_time(tick.end_local_ns)} {zone_name}), using Quote Tick data."
            found.append((tick, to_decimal(price), text))
            break
    quote = cache.last_quote_bar
    if quote is not None:
        side = quote.bid if is_sale else quote.ask
        text = f"Warning: fill at stale price ({dotnet_time(quote.end_local_ns)} {zone_name}), using QuoteBar data."
        found.append((quote, to_decimal(quote.close if side is None else side.close), text))
    if cache.trade_ticks:
        trade = cache.trade_ticks[-1]
        text = (
            f"Warning: No quote information available at {dotnet_time(trade.end_local_ns)} {zone_name}, "
            "order filled using Trade Tick data"
        )
        found.append((trade, to_decimal(trade.value), text))
    bar = cache.last_trade_bar
    if bar is not None:
        text = (
            f"Warning: No quote information available at {dotnet_time(bar.end_local_ns)} {zone_name}, "
            "order filled using TradeBar data"
        )
        found.append((bar, to_decimal(bar.close), text))
    return found


def _is_trade(data: BaseData) -> bool:
    return isinstance(data, Tick) and data.is_trade


def _has_condition(tick: Tick, exchange: str, flags: int) -> bool:
    condition = (tick.flags >> 32) & 0xFFFFFFFF
    return bool(condition & flags) and tick.exchange == exchange


def _bar_of(trades: object) -> TradeBar | None:
    """Return one bar of the trades of a time step."""
    ticks = list(trades)  # type: ignore[call-overload]
    if not ticks:
        return None
    prices = [tick.value for tick in ticks]
    volume = sum(tick.quantity for tick in ticks)
    first, last = ticks[0], ticks[-1]
    return make_trade_bar(
        first.symbol, first.time_local_ns, last.end_local_ns, prices[0], max(prices), min(prices), prices[-1], volume, False
    )


def _gap_text(asset: TradedSecurity, bar: TradeBar, gap: str) -> str:
    """Return LEAN's message of a fill at the open, with the digits of its decimals: four of the file times those of the factor."""
    moment = f"{dotnet_time(bar.end_local_ns)} {asset.hours.exchange_zone.name}"
    factor = asset.exact_price_factor
    if bar.end_local_ns == bar.time_local_ns:
        opening = plain(to_decimal(bar.open))
    else:
        raw = (to_decimal(bar.open) / factor).quantize(_FILE_STEP)
        opening = str(raw if factor == 1 else raw * factor)
    return f"Due to {gap} gap at {moment}, order filled using the open price ({opening})"
