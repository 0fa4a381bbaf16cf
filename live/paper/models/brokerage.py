"""Brokerages: which models a security gets, and which orders are taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from live.algorithm.enums import AccountType, BrokerageName, Market, OrderStatus, OrderType, SecurityType
from live.algorithm.numbers import ONE, plain, to_decimal
from live.algorithm.orders import Order, TimeInForce
from live.algorithm.tickets import UpdateOrderRequest
from live.clock import datetime_to_ns
from live.errors import UnsupportedApiError, UsageError
from live.paper.models.buying_power import BuyingPowerModel, SecurityMarginModel
from live.paper.models.cash_buying_power import CashBuyingPowerModel
from live.paper.models.context import Account, TradedSecurity
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fees import CoinbaseFeeModel, ConstantFeeModel, FeeModel, InteractiveBrokersFeeModel
from live.paper.models.fills import FillModel
from live.paper.models.margin_call import DefaultMarginCallModel, MarginCallModel
from live.paper.models.settlement import DelayedSettlementModel, ImmediateSettlementModel
from live.paper.models.slippage import NullSlippageModel
from live.paper.models.spelling import Model

__all__ = ["CoinbaseBrokerageModel", "DefaultBrokerageModel", "GDAXBrokerageModel", "brokerage_model"]

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

    def default_market(self, security_type: SecurityType) -> str:
        """Return the market of a class when none is named."""
        return self.default_markets[security_type]

    def can_submit_order(self, security: TradedSecurity, order: Order) -> str | None:
        """Return why an order is refused, None when it is taken."""
        return None

    def can_update_order(self, security: TradedSecurity, order: Order, request: UpdateOrderRequest) -> str | None:
        """Return why an update is refused, None when it is taken."""
        return None

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
        return SecurityMarginModel(self.get_leverage(security))

    def get_margin_call_model(self, portfolio: Account) -> MarginCallModel:
        """Return the margin call model of the account."""
        return DefaultMarginCallModel(portfolio)


class CoinbaseBrokerageModel(DefaultBrokerageModel):
    """Coinbase: a cash account for crypto, maker and taker fees, updates of limit orders only."""

    def __init__(self, account_type: AccountType = AccountType.CASH) -> None:
        if account_type is AccountType.MARGIN:
            raise UsageError("Coinbase has cash accounts only; pass AccountType.CASH to set_brokerage_model")
        super().__init__(account_type)

    def can_submit_order(self, security: TradedSecurity, order: Order) -> str | None:
        """Return why an order is refused, None when it is taken."""
        name = type(self).__name__
        too_small = _too_small(security, order.exact_quantity)
        if too_small is not None:
            return too_small
        if security.type is not SecurityType.CRYPTO:
            return _refusal(f"The {name} does not support {_dotnet(security.type.name)} security type.")
        if order.type not in _COINBASE_TYPES:
            taken = ",".join(_dotnet(each.name) for each in _COINBASE_TYPES)
            kind = _dotnet(order.type.name)
            return _refusal(f"The {name} does not support {kind} order type. Only supports [{taken}]")
        if order.type is OrderType.STOP_MARKET and order.created_ns >= _COINBASE_STOP_MARKET_END_NS:
            return _refusal("Stop Market orders are no longer supported since 03/23/2019 01:00:00.")
        return None

    def can_update_order(self, security: TradedSecurity, order: Order, request: UpdateOrderRequest) -> str | None:
        """Return why an update is refused, None when it is taken."""
        if order.type is not OrderType.LIMIT:
            return _refusal(f"Order with type {_dotnet(order.type.name)} can't be modified, only LIMIT.")
        if order.time_in_force.name != TimeInForce.GOOD_TIL_CANCELED.name:
            return _refusal("Order's parameter 'TimeInForce' is not instance of Good Til Cancelled class.")
        if order.status not in _UPDATABLE:
            return _refusal(f"Order with status {_dotnet(order.status.name)} can't be modified")
        quantity = request.fields.quantity
        return None if quantity is None else _too_small(security, to_decimal(quantity))

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


def brokerage_model(name: BrokerageName, account_type: AccountType) -> DefaultBrokerageModel:
    """Return the model of a brokerage.

    Raises:
        UnsupportedApiError: the embedded engine does not model it.
    """
    if name is BrokerageName.COINBASE:
        return CoinbaseBrokerageModel(account_type)
    if name is BrokerageName.GDAX:
        return GDAXBrokerageModel(account_type)
    if name is BrokerageName.DEFAULT:
        return DefaultBrokerageModel(account_type)
    raise UnsupportedApiError(
        f"brokerage {name} is not in the subset; use BrokerageName.DEFAULT or COINBASE, or run in real LEAN"
    )


def _refusal(text: str) -> str:
    return f"Warning - Code: NotSupported - {text}"


def _too_small(security: TradedSecurity, quantity: Decimal) -> str | None:
    smallest = security.properties.minimum_order_size
    if smallest is None or abs(quantity) >= smallest:
        return None
    return _refusal(
        f"The minimum order size (in quote currency) for {security.symbol.value} is {plain(smallest)}. "
        f"Order quantity was {plain(quantity)}."
    )


def _dotnet(name: str) -> str:
    return name.title().replace("_", "")
