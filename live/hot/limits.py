"""From the table `[risk]` of a configuration to the whole numbers that the risk gate compares."""

from __future__ import annotations

from decimal import Decimal

from live.config import RiskSettings
from live.hot.risk import MONEY_SCALE, RiskLimits
from live.hot.units import PRICE_SCALE


def limits_of(settings: RiskSettings) -> RiskLimits:
    """Return the limits of a configuration in the gate's units."""
    limits = RiskLimits()
    limits.max_order_quantity_e9 = _scaled(settings.max_order_quantity, PRICE_SCALE)
    limits.max_order_notional_e4 = _scaled(settings.max_order_notional, MONEY_SCALE)
    limits.max_position_quantity_e9 = _scaled(settings.max_position_quantity, PRICE_SCALE)
    limits.max_gross_exposure_e4 = _scaled(settings.max_gross_exposure, MONEY_SCALE)
    limits.max_daily_loss_e4 = _scaled(settings.max_daily_loss, MONEY_SCALE)
    limits.max_open_orders = settings.max_open_orders
    limits.max_orders_per_second = settings.max_orders_per_second
    limits.max_orders_per_minute = settings.max_orders_per_minute
    limits.max_quote_age_ns = _scaled(settings.max_quote_age_seconds, PRICE_SCALE)
    limits.price_collar_ppm = round(settings.price_collar_bps * 100)
    limits.duplicate_window_ns = _scaled(settings.duplicate_window_seconds, PRICE_SCALE)
    return limits


def _scaled(value: float, scale: int) -> int:
    """Return a setting times a power of ten, exact for the digits that were written in the file."""
    return round(Decimal(repr(value)) * scale)
