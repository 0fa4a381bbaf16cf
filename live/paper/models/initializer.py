"""Which models a security starts with: the brokerage model's, or LEAN's own when the user initializes securities."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from live.algorithm.data import QuoteBar, TradeBar
from live.algorithm.enums import SecurityType
from live.algorithm.naming import pascal_case
from live.algorithm.numbers import to_decimal
from live.errors import AlgorithmRuntimeError, UsageError
from live.paper.models.buying_power import SecurityMarginModel
from live.paper.models.cash_buying_power import CashBuyingPowerModel
from live.paper.models.context import TradedSecurity
from live.paper.models.equity_fills import EquityFillModel
from live.paper.models.fees import GDAXFeeModel, InteractiveBrokersFeeModel
from live.paper.models.fills import FillModel
from live.paper.models.settlement import ImmediateSettlementModel
from live.paper.models.slippage import NullSlippageModel
from live.paper.models.spelling import Model, method_of

__all__ = ["BrokerageModelSecurityInitializer", "FuncSecuritySeeder", "SecuritySeeder"]

BROKERAGE_METHODS = (
    "account_type",
    "required_free_buying_power_percent",
    "default_markets",
    "apply_split",
    "can_execute_order",
    "can_submit_order",
    "can_update_order",
    "get_buying_power_model",
    "get_fee_model",
    "get_fill_model",
    "get_leverage",
    "get_settlement_model",
    "get_slippage_model",
)
"""What a brokerage model must have, of LEAN's interface what the embedded engine asks for."""


class SecuritySeeder(Model):
    """Base of what gives a security a first price: none. `SecuritySeeder.NULL` is one of these."""

    NULL: ClassVar[SecuritySeeder]
    Null: ClassVar[SecuritySeeder]

    def seed_security(self, security: TradedSecurity) -> None:
        """Leave a security without a price."""


SecuritySeeder.NULL = SecuritySeeder.Null = SecuritySeeder()


class FuncSecuritySeeder(SecuritySeeder):
    """Gives a security the price of the data that a function returns, such as self.get_last_known_prices.

    Parameters:
        seed_function: called with the security; returns a bar, a list of bars, or None.
    """

    def __init__(self, seed_function: Callable[[TradedSecurity], Any]) -> None:
        self._function = seed_function

    def seed_security(self, security: TradedSecurity) -> None:
        """Store the bars, in their order, as the newest data."""
        answer = self._function(security)
        bars = list(answer) if isinstance(answer, Iterable) else [answer]
        for bar in bars:
            if isinstance(bar, TradeBar | QuoteBar):
                is_default = security.type is not SecurityType.EQUITY or isinstance(bar, TradeBar)
                security.cache.store_bar(bar, is_default)


class BrokerageModelSecurityInitializer(Model):
    """Gives a security the models of a brokerage. Subclasses call `super().initialize(security)` and change what they like.

    Parameters:
        brokerage_model: where the models come from.
        security_seeder: gives a first price; None for none.
    """

    def __init__(self, brokerage_model: Any, security_seeder: Any = None) -> None:
        self._brokerage_model = brokerage_model
        self._seeder = security_seeder

    def initialize(self, security: TradedSecurity) -> None:
        """Set a security's models, and its first price."""
        apply_models(self._brokerage_model, security)
        if self._seeder is not None:
            method_of(self._seeder, "seed_security")(security)


def apply_models(model: Any, security: TradedSecurity) -> None:
    """Give a security a brokerage model's models and leverage.

    The leverage is set after the buying power model, which may be shared or have one of its own.

    Raises:
        AlgorithmRuntimeError: a method returned no model.
    """
    security.fill_model = _made(model, "get_fill_model", security)
    security.fee_model = _made(model, "get_fee_model", security)
    security.slippage_model = _made(model, "get_slippage_model", security)
    security.settlement_model = _made(model, "get_settlement_model", security)
    security.buying_power_model = _made(model, "get_buying_power_model", security)
    leverage = to_decimal(method_of(model, "get_leverage")(security))
    method_of(security.buying_power_model, "set_leverage")(security, leverage)


def apply_default_models(security: TradedSecurity) -> None:
    """Give a security the models that LEAN makes it with, before any initializer."""
    is_equity = security.type is SecurityType.EQUITY
    security.fill_model = EquityFillModel() if is_equity else FillModel()
    security.slippage_model = NullSlippageModel()
    security.settlement_model = ImmediateSettlementModel()
    if security.type is SecurityType.CRYPTO:
        security.fee_model = GDAXFeeModel()
        security.buying_power_model = CashBuyingPowerModel()
        return
    security.fee_model = InteractiveBrokersFeeModel()
    security.buying_power_model = SecurityMarginModel(2 if is_equity else 50)


def default_market(model: Any, security_type: SecurityType) -> str:
    """Return a brokerage's market of an asset class when none is named.

    Raises:
        UsageError: the brokerage has none for the class.
    """
    name = "default_markets"
    markets = getattr(model, name) if hasattr(model, name) else getattr(model, pascal_case(name))
    if callable(markets):
        markets = markets()
    if security_type not in markets:
        known = ", ".join(each.name.lower() for each in markets)
        raise UsageError(
            f"{type(model).__name__} has no market for {security_type.name.lower()}, only for {known}; "
            "name the market when adding the security"
        )
    return str(markets[security_type])


def _made(model: Any, name: str, security: TradedSecurity) -> Any:
    made = method_of(model, name)(security)
    if made is None:
        raise AlgorithmRuntimeError(f"{type(model).__name__}.{name} returned None; return a model")
    return made
