# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Checks of an order before it becomes one: LEAN's, in LEAN's order and words, then the risk gate's."""

from __future__ import annotations

from datetime import timedelta

from live.algorithm.enums import OrderResponseErrorCode as Code
from live.algorithm.enums import OrderType
from live.algorithm.numbers import plain
from live.algorithm.order_requests import INVALID_ORDER_ID
from live.algorithm.orders import MarketOnCloseOrder, Order
from live.clock import timedelta_to_ns
from live.errors import UsageError
from live.paper.order_texts import warming_text, zero_quantity_text
from live.paper.securities import Security

Refusal = tuple[Code, str]
_AUCTIONS = (OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE)


def check_order(order: Order, security: Security | None, is_warming_up: bool) -> Refusal | None:
    """Return why an order is refused, None when it may be submitted.

    Parameters:
        order: the order.
        security: what it trades; None when the algorithm does not have it.
        is_warming_up: whether the run is before its start.

    Raises:
        UsageError: an on-open or on-close order for a market that never closes.
    """
    if is_warming_up:
        return Code.ALGORITHM_WARMING_UP, warming_text("submit")
    if security is None:
        return (
            Code.MISSING_SECURITY,
            f"You haven't requested {order.symbol} data. Add this with add_security() in initialize().",
        )
    return _check_quantity(order, security) or _check_prices(order, security) or _check_session(order, security)


def _check_quantity(order: Order, security: Security) -> Refusal | None:
    quantity = order.exact_quantity
    if not quantity:
        return Code.ORDER_QUANTITY_ZERO, zero_quantity_text("submit", INVALID_ORDER_ID)
    lot = security.properties.lot_size
    if abs(quantity) < lot:
        text = (
            f"Unable to submit order with id {INVALID_ORDER_ID} which quantity ({plain(abs(quantity))}) "
            f"is less than lot size ({plain(lot)})."
        )
        return Code.ORDER_QUANTITY_LESS_THAN_LOT_SIZE, text
    if not security.is_tradable:
        return Code.NON_TRADABLE_SECURITY, f"The security with symbol '{order.symbol}' is marked as non-tradable."
    return None


def _check_prices(order: Order, security: Security) -> Refusal | None:
    if not security.cache.price:
        text = (
            f"{order.symbol}: The security does not have an accurate price as it has not yet received a bar of data. "
            "Before placing a trade (or using set_holdings) warm up your algorithm with set_warm_up, or use "
            "slice.contains(symbol) to confirm the Slice object has price before using the data. Data does not necessarily "
            "all arrive at the same time so your algorithm should confirm the data is ready before using it."
        )
        return Code.SECURITY_PRICE_ZERO, text
    quote, base = security.quote_cash, security.base_cash
    if not quote.exact_conversion_rate:
        needed = f"{quote.symbol} to have a non-zero conversion rate"
        return Code.CONVERSION_RATE_ZERO, f"{order.symbol}: requires {needed}. This can be caused by lack of data."
    if base is not None and not base.exact_conversion_rate:
        needed = f"{base.symbol} and {quote.symbol} to have non-zero conversion rates"
        return (
            Code.FOREX_CONVERSION_RATE_ZERO,
            f"{order.symbol}: requires {needed}. This can be caused by lack of data.",
        )
    if not security.has_data:
        text = (
            "There is no data for this symbol yet, please check the security.HasData flag to ensure there is at least "
            "one data point."
        )
        return Code.SECURITY_HAS_NO_DATA, text
    return None


def _check_session(order: Order, security: Security) -> Refusal | None:
    if order.type not in _AUCTIONS:
        return None
    if security.hours.is_market_always_open:
        kind = "MarketOnOpen" if order.type is OrderType.MARKET_ON_OPEN else "MarketOnClose"
        raise UsageError(
            f"the market of {security.symbol} never closes: it takes no {kind} orders; send a market order"
        )
    if order.type is OrderType.MARKET_ON_OPEN:
        if security.exchange.exchange_open and not security.is_daily_only:
            text = "Cannot submit a MarketOnOpen order while the market is open."
            return Code.MARKET_ON_OPEN_NOT_ALLOWED_DURING_REGULAR_HOURS, text
    elif is_too_late_for_close(security):
        text = (
            f"MarketOnClose orders must be placed within {_clock_text(MarketOnCloseOrder.submission_time_buffer)} before "
            "market close. Override this TimeSpan buffer by "
            "setting Orders.MarketOnCloseOrder.SubmissionTimeBuffer in QCAlgorithm.Initialize()."
        )
        return Code.MARKET_ON_CLOSE_ORDER_TOO_LATE, text
    return None


def is_too_late_for_close(security: Security) -> bool:
    """Tell whether the time for market-on-close orders of this session has passed."""
    hours = security.hours
    if hours.is_market_always_open:
        return False
    close = hours.next_market_close(security.local_ns, False)
    return security.time_ns > hours.exchange_zone.to_utc_ns(close) - timedelta_to_ns(
        MarketOnCloseOrder.submission_time_buffer
    )


def _clock_text(span: timedelta) -> str:
    """Return a span as .NET prints it: "00:15:30"."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
