"""Interactive Brokers and OANDA: their fees, the orders they take, and the sizes and times at which they take them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from live.algorithm.enums import AccountType, BrokerageName, Market, OrderType, Resolution, SecurityType
from live.algorithm.numbers import ZERO, plain, to_decimal
from live.algorithm.order_requests import UpdateOrderRequest
from live.algorithm.order_terms import TimeInForce
from live.algorithm.orders import Order
from live.errors import UnsupportedApiError, UsageError
from live.paper.models.brokerage import (
    CoinbaseBrokerageModel,
    DefaultBrokerageModel,
    GDAXBrokerageModel,
    unsupported_security_text,
    unsupported_type_text,
)
from live.paper.models.brokerage_messages import TAKEN, Answer, refused
from live.paper.models.context import TradedSecurity
from live.paper.models.fees import ConstantFeeModel, FeeModel, InteractiveBrokersFeeModel
from live.paper.models.settlement import ImmediateSettlementModel

__all__ = ["InteractiveBrokersBrokerageModel", "OandaBrokerageModel", "brokerage_model"]

_DAY_NS = Resolution.DAILY.period_ns
_MINUTE_NS = Resolution.MINUTE.period_ns
_BEFORE_OPEN_NS = 2 * _MINUTE_NS
_FOREX_SIZES = {
    "USD": (25_000, 7_000_000),
    "AUD": (25_000, 6_000_000),
    "CAD": (25_000, 6_000_000),
    "CHF": (25_000, 6_000_000),
    "CNH": (150_000, 40_000_000),
    "DKK": (150_000, 35_000_000),
    "EUR": (20_000, 6_000_000),
    "GBP": (20_000, 5_000_000),
    "HKD": (200_000, 50_000_000),
    "JPY": (2_500_000, 550_000_000),
    "KRW": (0, 200_000_000),
    "MXN": (300_000, 70_000_000),
    "NOK": (150_000, 35_000_000),
    "NZD": (35_000, 8_000_000),
    "RUB": (750_000, 30_000_000),
    "SEK": (175_000, 40_000_000),
    "SGD": (35_000, 8_000_000),
    "ZAR": (350_000, 100_000_000),
}
"""Smallest and largest order of Interactive Brokers by base currency; of others nothing is taken."""
_OANDA_TYPES = (OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_MARKET, OrderType.STOP_LIMIT)


class InteractiveBrokersBrokerageModel(DefaultBrokerageModel):
    """Interactive Brokers: equities and forex with its fees, forex sizes within limits, on-open orders out of hours."""

    @property
    def default_markets(self) -> dict[SecurityType, str]:
        """Markets of the asset classes when none is named; crypto has none."""
        return {SecurityType.EQUITY: Market.USA, SecurityType.FOREX: Market.OANDA}

    def get_fee_model(self, security: TradedSecurity) -> FeeModel:
        """Return Interactive Brokers' fees."""
        return InteractiveBrokersFeeModel()

    def can_submit_order(self, security: TradedSecurity, order: Order, message: Any = None) -> Answer:
        """Return whether an order is taken, and the brokerage's message when it is not. Parameters as in the base."""
        is_equity = security.type is SecurityType.EQUITY
        kind = security.type.name.title()
        if order.type is OrderType.MARKET_ON_CLOSE and not is_equity:
            return refused(
                "InteractiveBrokers does not support Market-on-Close orders for other security types different than "
                "Future and Equity.",
                f"Unsupported order type for {kind} security type",
            )
        if order.type is OrderType.MARKET_ON_OPEN:
            if not is_equity:
                return refused(
                    f"The broker does not support Market-on-Open orders for security type {kind}",
                    "UnsupportedSecurityType",
                )
            refusal = _refuse_on_open(security)
            if refusal is not None:
                return refusal
        if not is_equity and security.type is not SecurityType.FOREX:
            return refused(unsupported_security_text(type(self).__name__, security))
        return TAKEN if is_equity else _check_forex_size(security, order.exact_quantity)

    def can_update_order(
        self, security: TradedSecurity, order: Order, request: UpdateOrderRequest, message: Any = None
    ) -> Answer:
        """Return whether an update is taken, and the brokerage's message when it is not. Parameters as in the base."""
        quantity = request.fields.quantity
        if security.type is not SecurityType.FOREX or quantity is None:
            return TAKEN
        return _check_forex_size(security, to_decimal(quantity))


class OandaBrokerageModel(DefaultBrokerageModel):
    """OANDA: a margin account for forex without fees; limit, market and stop orders that are good till cancelled."""

    def __init__(self, account_type: AccountType = AccountType.MARGIN) -> None:
        if account_type is AccountType.CASH:
            raise UsageError("OANDA has margin accounts only; pass AccountType.MARGIN to set_brokerage_model")
        super().__init__(account_type)

    @property
    def default_markets(self) -> dict[SecurityType, str]:
        """Markets of the asset classes when none is named; crypto has none."""
        return {SecurityType.EQUITY: Market.USA, SecurityType.FOREX: Market.OANDA}

    def can_submit_order(self, security: TradedSecurity, order: Order, message: Any = None) -> Answer:
        """Return whether an order is taken, and the brokerage's message when it is not. Parameters as in the base."""
        name = type(self).__name__
        if security.type is not SecurityType.FOREX:
            return refused(unsupported_security_text(name, security))
        if order.type not in _OANDA_TYPES:
            return refused(unsupported_type_text(name, order, _OANDA_TYPES))
        if order.time_in_force.name != TimeInForce.GOOD_TIL_CANCELED.name:
            return refused(f"The {name} does not support {order.time_in_force.name} time in force.")
        return TAKEN

    def get_fee_model(self, security: TradedSecurity) -> FeeModel:
        """Return no fees."""
        return ConstantFeeModel(0)

    def get_settlement_model(self, security: TradedSecurity) -> ImmediateSettlementModel:
        """Return immediate settlement."""
        return ImmediateSettlementModel()


def _refuse_on_open(security: TradedSecurity) -> Answer | None:
    """Return why an on-open order comes at the wrong time of day: from two minutes before the open to the close."""
    now = security.local_ns
    opening = security.hours.first_open_of_day(now)
    if opening is None:
        return None
    last, first = opening - _BEFORE_OPEN_NS, security.hours.next_market_close(opening, False)
    if now >= first or now < last:
        return None
    return refused(
        f"MarketOnOpen submission time is invalid. Valid local times are {_clock(first)}\N{EN DASH}{_clock(last)}. "
        "Consider setting daily_precise_end_time = false or using self.schedule.on."
    )


def _clock(local_ns: int) -> str:
    """Return a time of day as LEAN's message prints it: with a blank and twelve hours, " 04:00" for 16:00."""
    hours, minutes = divmod(local_ns % _DAY_NS // _MINUTE_NS, 60)
    return f" {(hours + 11) % 12 + 1:02}:{minutes:02}"


def _check_forex_size(security: TradedSecurity, quantity: Decimal) -> Answer:
    """Return whether a quantity lies within the limits of its base currency."""
    base = security.symbol.value[:3]
    least, most = (to_decimal(limit) for limit in _FOREX_SIZES.get(base, (0, 0)))
    size = abs(quantity)
    if (size > ZERO if least == ZERO else size >= least) and size <= most:
        return TAKEN
    text = f"The minimum and maximum limits for the allowable order size are ({plain(least)}, {plain(most)}){base}."
    return refused(text, "OrderSizeLimit")


_MODELS: dict[BrokerageName, type[DefaultBrokerageModel]] = {
    BrokerageName.DEFAULT: DefaultBrokerageModel,
    BrokerageName.INTERACTIVE_BROKERS_BROKERAGE: InteractiveBrokersBrokerageModel,
    BrokerageName.OANDA_BROKERAGE: OandaBrokerageModel,
    BrokerageName.GDAX: GDAXBrokerageModel,
    BrokerageName.COINBASE: CoinbaseBrokerageModel,
}


def brokerage_model(name: BrokerageName, account_type: AccountType) -> DefaultBrokerageModel:
    """Return the model of a brokerage.

    Raises:
        UnsupportedApiError: the embedded engine does not model it.
        UsageError: the brokerage has no accounts of the type.
    """
    if name not in _MODELS:
        known = ", ".join(f"BrokerageName.{each.name}" for each in _MODELS)
        raise UnsupportedApiError(f"brokerage {name} is not in the subset; use one of {known}, or run in real LEAN")
    return _MODELS[name](account_type)
