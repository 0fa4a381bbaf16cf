"""Brokerages: which models a security gets, and which orders are taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from live.algorithm.data import Split
from live.algorithm.enums import AccountType, Market, OrderStatus, OrderType, SecurityType
from live.algorithm.numbers import ONE, ZERO, plain, to_decimal
from live.algorithm.order_requests import UpdateOrderRequest
from live.algorithm.order_terms import TimeInForce, UpdateOrderFields
from live.algorithm.orders import Order, TrailingStopOrder
from live.algorithm.tickets import OrderTicket
from live.clock import datetime_to_ns
from live.errors import UsageError
from live.paper.models.brokerage_messages import TAKEN, Answer, refused
from live.paper.models.buying_power import BuyingPowerModel, SecurityMarginModel
from live.paper.models.cash_buying_power import CashBuyingPowerModel
from live.paper.models.context import TradedSecurity
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fees import CoinbaseFeeModel, ConstantFeeModel, FeeModel, InteractiveBrokersFeeModel
from live.paper.models.fills import FillModel
from live.paper.models.settlement import DelayedSettlementModel, ImmediateSettlementModel
from live.paper.models.slippage import NullSlippageModel
from live.paper.models.spelling import Model

__all__ = ["CoinbaseBrokerageModel", "DefaultBrokerageModel", "GDAXBrokerageModel"]

_MARKETS = {
    SecurityType.EQUITY: Market.USA,
    SecurityType.FOREX: Market.OANDA,
    SecurityType.CRYPTO: Market.COINBASE,
}
_LEVERAGE = {SecurityType.EQUITY: Decimal(2), SecurityType.FOREX: Decimal(50), SecurityType.CRYPTO: ONE}
_EQUITY_SETTLEMENT_DAYS = 1
_EQUITY_SETTLEMENT_TIME = timedelta(hours=6)
_COINBASE_TYPES = (OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_LIMIT, OrderType.STOP_MARKET)
_COINBASE_STOP_MARKET_END_NS = datetime_to_ns(datetime(2019, 3, 23, 1))
_UPDATABLE = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.SUBMITTED, OrderStatus.UPDATE_SUBMITTED)


class DefaultBrokerageModel(Model):
    """LEAN's default: takes every order, margin accounts with the usual leverage of each class."""

    def __init__(self, account_type: AccountType = AccountType.MARGIN) -> None:
        self.account_type = account_type

    @property
    def default_markets(self) -> dict[SecurityType, str]:
        """Markets of the asset classes when none is named."""
        return dict(_MARKETS)

    @property
    def required_free_buying_power_percent(self) -> Decimal:
        """Share of the portfolio's value that stays unused: none."""
        return ZERO

    def can_submit_order(self, security: TradedSecurity, order: Order, message: Any = None) -> Answer:
        """Return whether an order is taken, and the brokerage's message when it is not.

        Parameters:
            security: what the order trades.
            order: the order.
            message: LEAN's out parameter: always None.
        """
        return TAKEN

    def can_update_order(
        self, security: TradedSecurity, order: Order, request: UpdateOrderRequest, message: Any = None
    ) -> Answer:
        """Return whether an update is taken, and the brokerage's message when it is not. Parameters as above."""
        return TAKEN

    def can_execute_order(self, security: TradedSecurity, order: Order) -> bool:
        """Tell whether an order may fill now."""
        return True

    def get_leverage(self, security: TradedSecurity) -> Decimal:
        """Return the leverage of a security."""
        return ONE if self.account_type is AccountType.CASH else _LEVERAGE[security.type]

    def get_fill_model(self, security: TradedSecurity) -> FillModel:
        """Return the fill model of a security."""
        return EquityFillModel() if security.type is SecurityType.EQUITY else FillModel()

    def get_fee_model(self, security: TradedSecurity) -> FeeModel:
        """Return the fee model of a security."""
        return InteractiveBrokersFeeModel() if security.type is SecurityType.EQUITY else ConstantFeeModel(0)

    def get_slippage_model(self, security: TradedSecurity) -> NullSlippageModel:
        """Return the slippage model of a security."""
        return NullSlippageModel()

    def get_settlement_model(self, security: TradedSecurity) -> ImmediateSettlementModel:
        """Return the settlement model of a security: cash accounts wait for the money of sold equities."""
        if self.account_type is AccountType.CASH and security.type is SecurityType.EQUITY:
            return DelayedSettlementModel(_EQUITY_SETTLEMENT_DAYS, _EQUITY_SETTLEMENT_TIME)
        return ImmediateSettlementModel()

    def get_buying_power_model(self, security: TradedSecurity) -> BuyingPowerModel:
        """Return the buying power model of a security."""
        if self.account_type is AccountType.CASH and security.type is not SecurityType.EQUITY:
            return CashBuyingPowerModel()
        return SecurityMarginModel(self.get_leverage(security), self.required_free_buying_power_percent)

    def get_margin_interest_rate_model(self, security: TradedSecurity) -> None:
        """Return None: nothing is charged for borrowed money."""

    def get_shortable_provider(self, security: TradedSecurity) -> None:
        """Return None: everything can be sold short."""

    def get_benchmark(self, securities: Any) -> None:
        """Return None: a dry run compares with nothing."""

    def apply_split(self, tickets: list[OrderTicket], split: Split) -> None:
        """Update open orders for a split: prices times the factor, quantities over it in whole units.

        Parameters:
            tickets: open orders of the symbol.
            split: a split that happens now, in raw prices.
        """
        factor = to_decimal(split.split_factor)
        for ticket in tickets:
            order = ticket.order
            fields = UpdateOrderFields()
            fields.quantity = (order.exact_quantity / factor).to_integral_value(ROUND_DOWN)
            for name in ("limit_price", "stop_price", "trigger_price"):
                price = getattr(order, f"exact_{name}", None)
                if price is not None:
                    setattr(fields, name, price * factor)
            if isinstance(order, TrailingStopOrder) and not order.trailing_as_percentage:
                fields.trailing_amount = order.exact_trailing_amount * factor
            ticket.update(fields)


class CoinbaseBrokerageModel(DefaultBrokerageModel):
    """Coinbase: a cash account for crypto, maker and taker fees, updates of limit orders only."""

    def __init__(self, account_type: AccountType = AccountType.CASH) -> None:
        if account_type is AccountType.MARGIN:
            raise UsageError("Coinbase has cash accounts only; pass AccountType.CASH to set_brokerage_model")
        super().__init__(account_type)

    def can_submit_order(self, security: TradedSecurity, order: Order, message: Any = None) -> Answer:
        """Return whether an order is taken, and the brokerage's message when it is not. Parameters as in the base."""
        name = type(self).__name__
        if is_too_small(security, order.exact_quantity):
            return refused(too_small_text(security, order.exact_quantity))
        if security.type is not SecurityType.CRYPTO:
            return refused(unsupported_security_text(name, security))
        if order.type not in _COINBASE_TYPES:
            return refused(unsupported_type_text(name, order, _COINBASE_TYPES))
        if order.type is OrderType.STOP_MARKET and order.created_ns >= _COINBASE_STOP_MARKET_END_NS:
            return refused("Stop Market orders are no longer supported since 03/23/2019 01:00:00.")
        return TAKEN

    def can_update_order(
        self, security: TradedSecurity, order: Order, request: UpdateOrderRequest, message: Any = None
    ) -> Answer:
        """Return whether an update is taken, and the brokerage's message when it is not. Parameters as in the base."""
        if order.type is not OrderType.LIMIT:
            return refused(f"Order with type {dotnet(order.type.name)} can't be modified, only LIMIT.")
        if order.time_in_force.name != TimeInForce.GOOD_TIL_CANCELED.name:
            return refused("Order's parameter 'TimeInForce' is not instance of Good Til Cancelled class.")
        if order.status not in _UPDATABLE:
            return refused(f"Order with status {dotnet(order.status.name)} can't be modified")
        quantity = request.fields.quantity
        if quantity is not None and is_too_small(security, to_decimal(quantity)):
            return refused(too_small_text(security, to_decimal(quantity)))
        return TAKEN

    def get_leverage(self, security: TradedSecurity) -> Decimal:
        """Return 1."""
        return ONE

    def get_fee_model(self, security: TradedSecurity) -> FeeModel:
        """Return Coinbase's fees."""
        return CoinbaseFeeModel()

    def get_buying_power_model(self, security: TradedSecurity) -> BuyingPowerModel:
        """Return the cash model."""
        return CashBuyingPowerModel()


class GDAXBrokerageModel(CoinbaseBrokerageModel):
    """Coinbase by its former name, which LEAN's messages keep."""


def is_too_small(security: TradedSecurity, quantity: Decimal) -> bool:
    """Tell whether a quantity is below the smallest that a brokerage takes."""
    smallest = security.properties.minimum_order_size
    return smallest is not None and abs(quantity) < smallest


def too_small_text(security: TradedSecurity, quantity: Decimal) -> str:
    """Return LEAN's message for a quantity below the smallest."""
    smallest = security.properties.minimum_order_size or ZERO
    return (
        f"The minimum order size (in quote currency) for {security.symbol.value} is {plain(smallest)}. "
        f"Order quantity was {plain(quantity)}."
    )


def unsupported_security_text(model: str, security: TradedSecurity) -> str:
    """Return LEAN's message for an asset class that a brokerage does not trade."""
    return f"The {model} does not support {dotnet(security.type.name)} security type."


def unsupported_type_text(model: str, order: Order, taken: Sequence[OrderType]) -> str:
    """Return LEAN's message for an order type that a brokerage does not take."""
    names = ",".join(dotnet(each.name) for each in taken)
    return f"The {model} does not support {dotnet(order.type.name)} order type. Only supports [{names}]"


def dotnet(name: str) -> str:
    """Return a member's name as .NET prints it: "STOP_LIMIT" gives "StopLimit"."""
    return name.title().replace("_", "")
