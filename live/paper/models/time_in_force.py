"""When a resting order expires."""

from __future__ import annotations

from live.algorithm.enums import Resolution, SecurityType
from live.algorithm.order_terms import TimeInForce
from live.algorithm.orders import Order, OrderEvent
from live.clock import date_to_ns, zone
from live.paper.models.context import TradedSecurity

_DAY_NS = Resolution.DAILY.period_ns
_FOREX_CUT_OFF_NS = 17 * Resolution.HOUR.period_ns
_FOREX_ZONE = "America/New_York"


def is_order_expired(security: TradedSecurity, order: Order) -> bool:
    """Tell whether an order's time is over: the close of an equity, 17:00 New York for forex, midnight for crypto."""
    force = order.time_in_force
    if force.name == TimeInForce.DAY.name:
        return _is_day_over(security, order)
    if force.expiry is not None:
        return _is_date_over(security, order, date_to_ns(force.expiry))
    return False


def is_fill_valid(security: TradedSecurity, order: Order, fill: OrderEvent) -> bool:
    """Tell whether a fill may happen under the order's time in force: always, for the kinds that LEAN has."""
    return True


def _is_day_over(security: TradedSecurity, order: Order) -> bool:
    now = security.local_ns
    if security.type is SecurityType.FOREX:
        return security.utc_ns >= _forex_end(order.created_ns)
    ordered = security.hours.exchange_zone.to_local_ns(order.created_ns)
    if security.type is SecurityType.CRYPTO:
        return now // _DAY_NS > ordered // _DAY_NS
    return now >= _close_from(security, ordered)


def _is_date_over(security: TradedSecurity, order: Order, expiry_day_ns: int) -> bool:
    if security.type is SecurityType.CRYPTO:
        return security.local_ns // _DAY_NS > expiry_day_ns // _DAY_NS
    if security.type is not SecurityType.FOREX:
        return security.local_ns >= _close_from(security, expiry_day_ns)
    cut_off = zone(_FOREX_ZONE)
    end = expiry_day_ns + _FOREX_CUT_OFF_NS
    ordered = cut_off.to_local_ns(order.created_ns)
    if order.created_ns // _DAY_NS == expiry_day_ns // _DAY_NS and ordered % _DAY_NS > _FOREX_CUT_OFF_NS:
        end += _DAY_NS
    return security.utc_ns >= cut_off.to_utc_ns(end)


def _forex_end(created_ns: int) -> int:
    """Return 17:00 New York of the order's day, or of the next when it was sent after that, UTC."""
    cut_off = zone(_FOREX_ZONE)
    ordered = cut_off.to_local_ns(created_ns)
    end = ordered - ordered % _DAY_NS + _FOREX_CUT_OFF_NS
    return cut_off.to_utc_ns(end if ordered <= end else end + _DAY_NS)


def _close_from(security: TradedSecurity, local_ns: int) -> int:
    """Return the last close of the first session that closes after a moment."""
    hours = security.hours
    close = hours.next_market_close(local_ns, False)
    last = hours.last_close_of_day(close)
    return close if last is None else max(close, last)
