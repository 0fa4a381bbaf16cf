"""Buying power of margin accounts: LEAN's margin model."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from live.algorithm.enums import OrderDirection
from live.algorithm.numbers import ONE, ZERO, Number, plain, to_decimal
from live.errors import UsageError
from live.paper.models.context import Account, TradedSecurity, is_closing
from live.paper.models.parameters import (
    BuyingPower,
    BuyingPowerParameters,
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    InitialMargin,
    InitialMarginParameters,
    InitialMarginRequiredForOrderParameters,
    MaintenanceMargin,
    MaintenanceMarginParameters,
    OrderFeeParameters,
    ReservedBuyingPowerForPosition,
    ReservedBuyingPowerForPositionParameters,
)
from live.paper.models.spelling import Model
from live.paper.models.values import exact_of, trial_order

ROUNDS_MAX = 1_000
"""Corrections of an order's size before the search is given up: a fee that grows faster than the order never converges."""


class BuyingPowerModel(Model):
    """Margin as a fixed share of the value.

    Parameters:
        leverage: value over margin, at least 1.
        required_free_buying_power_percent: share of the portfolio that stays unused.
    """

    def __init__(self, leverage: Number = 1, required_free_buying_power_percent: Number = 0) -> None:
        self._free_share = to_decimal(required_free_buying_power_percent)
        self._rate = ONE
        self.set_leverage(None, leverage)

    def get_leverage(self, security: TradedSecurity) -> Decimal:
        """Return value over margin."""
        return ONE / self._rate

    def set_leverage(self, security: TradedSecurity | None, leverage: Number) -> None:
        """Set value over margin.

        Raises:
            UsageError: less than 1.
        """
        exact = to_decimal(leverage)
        if exact < ONE:
            raise UsageError(f"leverage {plain(exact)} is below 1; pass 1 or more")
        self._rate = ONE / exact

    def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
        """Return the signed margin of a quantity at the newest price."""
        security = parameters.security
        value = security.holdings.exact_value_of(parameters.exact_quantity, security.exact_price)
        return InitialMargin(value * self._rate)

    def get_initial_margin_required_for_order(
        self, parameters: InitialMarginRequiredForOrderParameters
    ) -> InitialMargin:
        """Return the signed margin of an order, its fee added."""
        security, order = parameters.security, parameters.order
        fee = security.fee_model.get_order_fee(OrderFeeParameters(security, order)).value
        charged = parameters.currency_converter.exact_to_account_currency(fee.exact_amount, fee.currency)
        margin = self._margin_of(security, order.exact_quantity)
        return InitialMargin(margin + charged if margin >= ZERO else margin - charged)

    def get_maintenance_margin(self, parameters: MaintenanceMarginParameters) -> MaintenanceMargin:
        """Return the margin that a holding binds."""
        return MaintenanceMargin(abs(parameters.exact_holdings_value) * self._rate)

    def get_reserved_buying_power_for_position(
        self, parameters: ReservedBuyingPowerForPositionParameters
    ) -> ReservedBuyingPowerForPosition:
        """Return the buying power that a holding binds, in the account's currency."""
        return ReservedBuyingPowerForPosition(self._maintenance(parameters.security))

    def get_buying_power(self, parameters: BuyingPowerParameters) -> BuyingPower:
        """Return what could be bound by an order of a direction."""
        return BuyingPower(self._free_margin(parameters.portfolio, parameters.security, parameters.direction))

    def has_sufficient_buying_power_for_order(
        self, parameters: HasSufficientBuyingPowerForOrderParameters
    ) -> HasSufficientBuyingPowerForOrderResult:
        """Tell whether an order can be afforded; one that only reduces a holding always can."""
        order, security, portfolio = parameters.order, parameters.security, parameters.portfolio
        quantity = order.exact_quantity
        held = security.holdings.exact_quantity
        if not quantity or (held * quantity < ZERO and abs(held) >= abs(quantity)):
            return parameters.sufficient()
        free = self._free_margin(portfolio, security, order.direction)
        request = InitialMarginRequiredForOrderParameters(portfolio.cash_book, security, order)
        required = exact_of(self.get_initial_margin_required_for_order(request))
        ticket = portfolio.transactions.get_order_ticket(order.id)
        already = ZERO if ticket is None else abs(ticket.exact_quantity_filled)
        required = required * (abs(quantity) - already) / abs(quantity)
        if abs(required) > free:
            return parameters.insufficient(
                f"Id: {order.id}, Initial Margin: {plain(required)}, Free Margin: {plain(free)}"
            )
        return parameters.sufficient()

    def get_maximum_order_quantity_for_delta_buying_power(
        self, parameters: GetMaximumOrderQuantityForDeltaBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Return the quantity that changes the bound buying power by an amount."""
        security, portfolio = parameters.security, parameters.portfolio
        used = self._maintenance(security)
        signed = used if security.holdings.exact_quantity > ZERO else -used
        total = portfolio.exact_total_portfolio_value
        target = (signed + parameters.exact_delta_buying_power) / total if total else ZERO
        return self.get_maximum_order_quantity_for_target_buying_power(
            GetMaximumOrderQuantityForTargetBuyingPowerParameters(
                portfolio,
                security,
                target,
                parameters.exact_minimum_order_margin_portfolio_percentage,
                parameters.silence_non_error_reasons,
            )
        )

    def get_maximum_order_quantity_for_target_buying_power(
        self, parameters: GetMaximumOrderQuantityForTargetBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Return the signed quantity after which a holding binds a share of the portfolio's value, fees paid.

        The size is the largest whole number of lots whose margin stays within the target; it shrinks until its own fee fits as well.
        """
        security, portfolio = parameters.security, parameters.portfolio
        total = portfolio.exact_total_portfolio_value
        share = parameters.exact_target_buying_power
        target = share * (total - total * self._free_share)
        if not target:
            return GetMaximumOrderQuantityResult(-security.holdings.exact_quantity, "", False)
        used = self._margin_of(security, security.holdings.exact_quantity)
        unit = self._margin_of(security, ONE)
        if not unit:
            return GetMaximumOrderQuantityResult(0, f"{security.symbol} has no price yet; wait for its first data")
        minimum = parameters.exact_minimum_order_margin_portfolio_percentage
        if minimum and abs(target - used) < total * minimum:
            return GetMaximumOrderQuantityResult(0, None, False)
        for _ in range(ROUNDS_MAX):
            quantity, margin = self._fitting_quantity(security, target, unit)
            if not quantity:
                return GetMaximumOrderQuantityResult(0, None, False)
            fee = security.fee_model.get_order_fee(OrderFeeParameters(security, trial_order(security, quantity))).value
            charged = portfolio.cash_book.exact_to_account_currency(fee.exact_amount, fee.currency)
            target = (total - charged - total * self._free_share) * share
            if abs(margin) <= abs(target):
                return GetMaximumOrderQuantityResult(quantity)
        return GetMaximumOrderQuantityResult(
            0, f"the fee of {security.symbol} leaves no size that fits the target; check the fee model"
        )

    def _fitting_quantity(self, security: TradedSecurity, target: Decimal, unit: Decimal) -> tuple[Decimal, Decimal]:
        """Return the order, in whole lots, that brings a holding's margin as near to a target as it may, and that margin."""
        lot = security.properties.lot_size
        held = security.holdings.exact_quantity
        exact = target / unit - held
        rounding = ROUND_CEILING if target < ZERO else ROUND_FLOOR
        quantity = (exact / lot).to_integral_value(rounding=rounding) * lot
        margin = self._margin_of(security, quantity + held)
        for _ in range(ROUNDS_MAX):
            if not (margin < target < ZERO or margin > target > ZERO):
                break
            quantity += lot if target < ZERO else -lot
            margin = self._margin_of(security, quantity + held)
        return quantity, margin

    def _margin_of(self, security: TradedSecurity, quantity: Decimal) -> Decimal:
        return exact_of(self.get_initial_margin_requirement(InitialMarginParameters(security, quantity)))

    def _maintenance(self, security: TradedSecurity) -> Decimal:
        return exact_of(self.get_maintenance_margin(MaintenanceMarginParameters.for_current_holdings(security)))

    def _free_margin(self, portfolio: Account, security: TradedSecurity, direction: OrderDirection) -> Decimal:
        """Return the margin left; an order against a holding may use what that holding binds, twice."""
        free = portfolio.exact_margin_remaining
        held = security.holdings.exact_quantity
        if is_closing(held, direction):
            free += self._maintenance(security) + self._margin_of(security, abs(held))
        free -= portfolio.exact_total_portfolio_value * self._free_share
        return max(free, ZERO)


class SecurityMarginModel(BuyingPowerModel):
    """The margin model of equities, forex and crypto."""
