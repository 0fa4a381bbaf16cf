# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Parameter and result objects of LEAN's model methods: what a user's override receives and returns.

The plain names are floats, as LEAN hands them to Python; `exact_*` are what the engine computes with.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from live.algorithm.enums import OrderDirection
from live.algorithm.naming import pascal_case_attribute
from live.algorithm.numbers import Number, to_decimal
from live.algorithm.order_terms import CashAmount, utc_datetime
from live.algorithm.orders import Order, OrderEvent
from live.clock import timedelta_to_ns
from live.paper.models.context import Account, CashEntries, TradedSecurity


class Translated:
    """Base of all of them: a PascalCase attribute that is read gives the snake_case one."""

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)


class OrderFeeParameters(Translated):
    """What a fee model is asked about."""

    def __init__(self, security: TradedSecurity, order: Order) -> None:
        self.security = security
        self.order = order


class FillModelParameters(Translated):
    """What a fill model is asked about.

    Parameters:
        security: the security of the order.
        order: a working order.
        stale_price_time_span: age from which a price is called stale.
    """

    def __init__(self, security: TradedSecurity, order: Order, stale_price_time_span: timedelta) -> None:
        self.security = security
        self.order = order
        self.stale_price_time_span = stale_price_time_span
        self.stale_price_ns = timedelta_to_ns(stale_price_time_span)


class Fill(Translated):
    """The answer of a fill model: the events of one order."""

    def __init__(self, order_events: OrderEvent | list[OrderEvent]) -> None:
        self.order_events = list(order_events) if isinstance(order_events, list | tuple) else [order_events]

    def __iter__(self) -> Iterator[OrderEvent]:
        return iter(self.order_events)


class InitialMarginParameters(Translated):
    """A quantity whose initial margin is wanted."""

    def __init__(self, security: TradedSecurity, quantity: Number) -> None:
        self.security = security
        self.exact_quantity = to_decimal(quantity)

    @property
    def quantity(self) -> float:
        """Signed quantity."""
        return float(self.exact_quantity)


class InitialMarginRequiredForOrderParameters(Translated):
    """An order whose initial margin, with its fee, is wanted."""

    def __init__(self, currency_converter: CashEntries, security: TradedSecurity, order: Order) -> None:
        self.currency_converter = currency_converter
        self.security = security
        self.order = order


class MaintenanceMarginParameters(Translated):
    """A holding whose maintenance margin is wanted; cost and value in the account's currency."""

    def __init__(
        self, security: TradedSecurity, quantity: Number, holdings_cost: Number, holdings_value: Number
    ) -> None:
        self.security = security
        self.exact_quantity = to_decimal(quantity)
        self.exact_holdings_cost = to_decimal(holdings_cost)
        self.exact_holdings_value = to_decimal(holdings_value)

    @staticmethod
    def for_current_holdings(security: TradedSecurity) -> MaintenanceMarginParameters:
        """Return the parameters of what is held."""
        held = security.holdings
        return MaintenanceMarginParameters(
            security, held.exact_quantity, held.exact_holdings_cost, held.exact_holdings_value
        )

    ForCurrentHoldings = for_current_holdings

    @staticmethod
    def for_quantity_at_current_price(security: TradedSecurity, quantity: Number) -> MaintenanceMarginParameters:
        """Return the parameters of a quantity that is valued, cost included, at the newest price."""
        exact = to_decimal(quantity)
        value = security.holdings.exact_value_of(exact, security.exact_price)
        return MaintenanceMarginParameters(security, exact, value, value)

    ForQuantityAtCurrentPrice = for_quantity_at_current_price

    @property
    def quantity(self) -> float:
        """Signed quantity."""
        return float(self.exact_quantity)

    @property
    def absolute_quantity(self) -> float:
        """Quantity without its sign."""
        return abs(self.quantity)

    @property
    def holdings_cost(self) -> float:
        """Signed cost."""
        return float(self.exact_holdings_cost)

    @property
    def absolute_holdings_cost(self) -> float:
        """Cost without its sign."""
        return abs(self.holdings_cost)

    @property
    def holdings_value(self) -> float:
        """Signed value."""
        return float(self.exact_holdings_value)

    @property
    def absolute_holdings_value(self) -> float:
        """Value without its sign."""
        return abs(self.holdings_value)


class Amount(Translated):
    """An amount in the account's currency."""

    def __init__(self, value: Number) -> None:
        self.exact_value = to_decimal(value)

    @property
    def value(self) -> float:
        """The amount as Python sees it."""
        return float(self.exact_value)

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.exact_value})"


class InitialMargin(Amount):
    """Margin that opening a position takes; negative for short quantities."""


class MaintenanceMargin(Amount):
    """Margin that keeping a position takes."""


class BuyingPower(Amount):
    """What can be spent on an order."""


class ReservedBuyingPowerForPosition(Amount):
    """What a position binds."""

    @property
    def absolute_used_buying_power(self) -> float:
        """The amount as Python sees it."""
        return self.value


class ReservedBuyingPowerForPositionParameters(Translated):
    """A security whose bound buying power is wanted."""

    def __init__(self, security: TradedSecurity) -> None:
        self.security = security

    def result_in_account_currency(self, reserved_buying_power: Number) -> ReservedBuyingPowerForPosition:
        """Return the answer."""
        return ReservedBuyingPowerForPosition(reserved_buying_power)


class BuyingPowerParameters(Translated):
    """A direction in which a security might be traded."""

    def __init__(self, portfolio: Account, security: TradedSecurity, direction: OrderDirection) -> None:
        self.portfolio = portfolio
        self.security = security
        self.direction = direction

    def result_in_account_currency(self, buying_power: Number) -> BuyingPower:
        """Return the answer."""
        return BuyingPower(buying_power)

    def result(self, buying_power: Number, currency: str) -> BuyingPower:
        """Return the answer in another unit; LEAN keeps the number only."""
        del currency
        return BuyingPower(buying_power)


class HasSufficientBuyingPowerForOrderResult(Translated):
    """Whether an order can be afforded, and why not."""

    def __init__(self, is_sufficient: bool, reason: str | None = None) -> None:
        self.is_sufficient = is_sufficient
        self.reason = reason or ""


class HasSufficientBuyingPowerForOrderParameters(Translated):
    """An order that is to be afforded."""

    def __init__(self, portfolio: Account, security: TradedSecurity, order: Order) -> None:
        self.portfolio = portfolio
        self.security = security
        self.order = order

    def sufficient(self) -> HasSufficientBuyingPowerForOrderResult:
        """Return that the order can be afforded."""
        return HasSufficientBuyingPowerForOrderResult(True)

    def insufficient(self, reason: str) -> HasSufficientBuyingPowerForOrderResult:
        """Return that it cannot."""
        return HasSufficientBuyingPowerForOrderResult(False, reason)


class GetMaximumOrderQuantityResult(Translated):
    """A quantity to order; a reason when it is zero, which is an error unless told otherwise."""

    def __init__(self, quantity: Number, reason: str | None = None, is_error: bool | None = None) -> None:
        self.exact_quantity = to_decimal(quantity)
        self.reason = reason or ""
        self.is_error = bool(reason) if is_error is None else is_error

    @property
    def quantity(self) -> float:
        """Signed quantity."""
        return float(self.exact_quantity)


class _MaximumQuantityParameters(Translated):
    """What both questions for a quantity have in common."""

    def __init__(
        self, portfolio: Account, security: TradedSecurity, minimum_percentage: Number, silence_non_error_reasons: bool
    ) -> None:
        self.portfolio = portfolio
        self.security = security
        self.exact_minimum_order_margin_portfolio_percentage = to_decimal(minimum_percentage)
        self.silence_non_error_reasons = silence_non_error_reasons

    @property
    def minimum_order_margin_portfolio_percentage(self) -> float:
        """Smallest change of margin worth an order, as a fraction of the portfolio's value."""
        return float(self.exact_minimum_order_margin_portfolio_percentage)


class GetMaximumOrderQuantityForTargetBuyingPowerParameters(_MaximumQuantityParameters):
    """A signed fraction of the portfolio's value that a position's margin is to be."""

    def __init__(
        self,
        portfolio: Account,
        security: TradedSecurity,
        target_buying_power: Number,
        minimum_order_margin_portfolio_percentage: Number,
        silence_non_error_reasons: bool = False,
    ) -> None:
        super().__init__(portfolio, security, minimum_order_margin_portfolio_percentage, silence_non_error_reasons)
        self.exact_target_buying_power = to_decimal(target_buying_power)

    @property
    def target_buying_power(self) -> float:
        """The fraction."""
        return float(self.exact_target_buying_power)


class GetMaximumOrderQuantityForDeltaBuyingPowerParameters(_MaximumQuantityParameters):
    """An amount by which a position's signed margin is to change, in the account's currency."""

    def __init__(
        self,
        portfolio: Account,
        security: TradedSecurity,
        delta_buying_power: Number,
        minimum_order_margin_portfolio_percentage: Number,
        silence_non_error_reasons: bool = False,
    ) -> None:
        super().__init__(portfolio, security, minimum_order_margin_portfolio_percentage, silence_non_error_reasons)
        self.exact_delta_buying_power = to_decimal(delta_buying_power)

    @property
    def delta_buying_power(self) -> float:
        """The amount."""
        return float(self.exact_delta_buying_power)


class ApplyFundsSettlementModelParameters(Translated):
    """Money that a fill brings or takes."""

    def __init__(
        self,
        portfolio: Account,
        security: TradedSecurity,
        time_ns: int,
        cash_amount: CashAmount,
        fill: OrderEvent | None,
    ) -> None:
        self.portfolio = portfolio
        self.security = security
        self.time_ns = time_ns
        self.cash_amount = cash_amount
        self.fill = fill

    @property
    def utc_time(self) -> datetime:
        """Time of the fill, UTC."""
        return utc_datetime(self.time_ns)


class ScanSettlementModelParameters(Translated):
    """A moment at which money may have arrived."""

    def __init__(self, portfolio: Account, security: TradedSecurity, time_ns: int) -> None:
        self.portfolio = portfolio
        self.security = security
        self.time_ns = time_ns

    @property
    def utc_time(self) -> datetime:
        """The moment, UTC."""
        return utc_datetime(self.time_ns)
