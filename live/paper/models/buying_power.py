# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""Buying power of margin accounts: LEAN's margin model."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from live.algorithm.enums import OrderDirection
from live.algorithm.numbers import ONE, ZERO, Number, plain, to_decimal
from live.errors import AlgorithmRuntimeError, UsageError
from live.paper.models.context import Account, TradedSecurity, is_closing
from live.paper.models.fees import exact_account_fee
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
    ReservedBuyingPowerForPosition,
    ReservedBuyingPowerForPositionParameters,
)
from live.paper.models.spelling import Model
from live.paper.models.values import exact_of, trial_order

__all__ = [
    "BuyingPower",
    "BuyingPowerModel",
    "GetMaximumOrderQuantityForDeltaBuyingPowerParameters",
    "GetMaximumOrderQuantityForTargetBuyingPowerParameters",
    "GetMaximumOrderQuantityResult",
    "HasSufficientBuyingPowerForOrderParameters",
    "HasSufficientBuyingPowerForOrderResult",
    "InitialMargin",
    "InitialMarginParameters",
    "InitialMarginRequiredForOrderParameters",
    "MaintenanceMargin",
    "MaintenanceMarginParameters",
    "ReservedBuyingPowerForPosition",
    "SecurityMarginModel",
]


BUYING_POWER_METHODS = (
    "get_leverage",
    "set_leverage",
    "get_maintenance_margin",
    "get_initial_margin_requirement",
    "get_initial_margin_required_for_order",
    "has_sufficient_buying_power_for_order",
    "get_maximum_order_quantity_for_target_buying_power",
    "get_maximum_order_quantity_for_delta_buying_power",
    "get_reserved_buying_power_for_position",
    "get_buying_power",
)
"""What a buying power model must have."""


class BuyingPowerModel(Model):
    """Margin as a fixed share of the value.

    Made in one of LEAN's three ways: from nothing (leverage 1), from leverage and free share, or from initial rate,
    maintenance rate and free share.

    Parameters:
        requirements: leverage, or initial rate, maintenance rate and free share.
        leverage: value over margin, at least 1.
        initial_margin_requirement: margin over value when a position is opened, from 0 to 1.
        maintenance_margin_requirement: margin over value while it is held, from 0 to 1.
        required_free_buying_power_percent: share of the portfolio that stays unused, from 0 to 1.

    Raises:
        UsageError: a value is out of its range, or the two ways are mixed.
    """

    _initial_rate = _maintenance_rate = ONE
    _free_share = ZERO

    def __init__(
        self,
        *requirements: Number,
        leverage: Number | None = None,
        initial_margin_requirement: Number | None = None,
        maintenance_margin_requirement: Number | None = None,
        required_free_buying_power_percent: Number | None = None,
    ) -> None:
        names = ["leverage", "required_free_buying_power_percent"]
        if len(requirements) > len(names):
            names[:1] = ["initial_margin_requirement", "maintenance_margin_requirement"]
        given: dict[str, Number | None] = {
            "leverage": leverage,
            "initial_margin_requirement": initial_margin_requirement,
            "maintenance_margin_requirement": maintenance_margin_requirement,
            "required_free_buying_power_percent": required_free_buying_power_percent,
        }
        given.update(zip(names, requirements, strict=False))
        initial, maintenance = given["initial_margin_requirement"], given["maintenance_margin_requirement"]
        if (initial is None) != (maintenance is None) or (initial is not None and given["leverage"] is not None):
            raise UsageError("a margin model takes leverage, or both an initial and a maintenance margin requirement")
        self._free_share = _share(given[names[-1]] or 0, names[-1])
        if initial is None or maintenance is None:
            chosen = given["leverage"]
            self._set_rates(ONE if chosen is None else to_decimal(chosen))
            return
        self._initial_rate = _share(initial, "initial_margin_requirement")
        self._maintenance_rate = _share(maintenance, "maintenance_margin_requirement")

    def _set_rates(self, leverage: Decimal) -> None:
        if leverage < ONE:
            raise UsageError(f"leverage {plain(leverage)} is below 1; pass 1 or more")
        self._initial_rate = self._maintenance_rate = ONE / leverage

    def get_leverage(self, security: TradedSecurity) -> Decimal:
        """Return value over margin."""
        return ONE / self._initial_rate

    def set_leverage(self, security: TradedSecurity, leverage: Number) -> None:
        """Set value over margin.

        Raises:
            UsageError: less than 1.
        """
        self._set_rates(to_decimal(leverage))

    def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
        """Return the signed margin of a quantity at the newest price."""
        security = parameters.security
        value = security.holdings.exact_value_of(parameters.exact_quantity, security.exact_price)
        return InitialMargin(value * self._initial_rate)

    def get_initial_margin_required_for_order(
        self, parameters: InitialMarginRequiredForOrderParameters
    ) -> InitialMargin:
        """Return the signed margin of an order, its fee added to the amount."""
        security, order = parameters.security, parameters.order
        fee = exact_account_fee(security, order, parameters.currency_converter)
        margin = self._margin_of(security, order.exact_quantity)
        return InitialMargin(margin + (fee if margin > ZERO else -fee if margin < ZERO else ZERO))

    def get_maintenance_margin(self, parameters: MaintenanceMarginParameters) -> MaintenanceMargin:
        """Return the margin that a holding binds."""
        return MaintenanceMargin(abs(parameters.exact_holdings_value) * self._maintenance_rate)

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
        ticket = portfolio.transactions.get_order_ticket(order.id)
        if ticket is None:
            return parameters.insufficient(f"Null order ticket for id: {order.id}")
        free = self._free_margin(portfolio, security, order.direction)
        request = InitialMarginRequiredForOrderParameters(portfolio.cash_book, security, order)
        required = exact_of(self.get_initial_margin_required_for_order(request))
        filled = ticket.exact_quantity_filled
        if filled:
            required *= (abs(quantity) - abs(filled)) / abs(quantity)
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
        used = exact_of(self.get_reserved_buying_power_for_position(ReservedBuyingPowerForPositionParameters(security)))
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

        The size is the largest whole number of lots whose margin stays within the target; it shrinks until its own fee
        fits as well.

        Raises:
            AlgorithmRuntimeError: no quantity pays its own fee, or the margin does not shrink with the quantity.
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
            return GetMaximumOrderQuantityResult(0, no_price_text(security))
        least = total * parameters.exact_minimum_order_margin_portfolio_percentage
        change = abs(target - used)
        if change < least and portfolio.exact_margin_remaining > ZERO:
            reason = f"The target order margin {plain(change)} is less than the minimum {plain(least)}."
            return _no_order(parameters, reason)
        previous = ZERO
        while True:
            quantity, margin = self._fitting_quantity(security, target, unit)
            if not quantity:
                return _no_order(
                    parameters,
                    f"The order quantity is less than the lot size of {plain(security.properties.lot_size)} and has "
                    f"been rounded to zero. Target order margin {plain(target - used)}. ",
                )
            fee = exact_account_fee(security, trial_order(security, quantity), portfolio.cash_book)
            target = (total - fee - total * self._free_share) * share
            if abs(margin) <= abs(target):
                return GetMaximumOrderQuantityResult(quantity)
            if quantity == previous:
                raise AlgorithmRuntimeError(unfit_fee_text(security))
            previous = quantity

    def _fitting_quantity(self, security: TradedSecurity, target: Decimal, unit: Decimal) -> tuple[Decimal, Decimal]:
        """Return the order, in whole lots, that brings a holding's margin up to a target, and that margin."""
        lot = security.properties.lot_size
        held = security.holdings.exact_quantity
        exact = target / unit - held
        rounding = ROUND_CEILING if target < ZERO else ROUND_FLOOR
        quantity = (exact / lot).to_integral_value(rounding=rounding) * lot
        margin = self._margin_of(security, quantity + held)
        while margin < target < ZERO or margin > target > ZERO:
            quantity += lot if target < ZERO else -lot
            corrected = self._margin_of(security, quantity + held)
            if abs(corrected - target) > abs(margin - target) and (corrected < target) == (margin < target):
                raise AlgorithmRuntimeError(
                    f"the margin of {security.symbol} grows while the quantity shrinks toward the target "
                    f"{plain(target)}; correct get_initial_margin_requirement of {type(self).__name__}"
                )
            margin = corrected
        return quantity, margin

    def _margin_of(self, security: TradedSecurity, quantity: Decimal) -> Decimal:
        return exact_of(self.get_initial_margin_requirement(InitialMarginParameters(security, quantity)))

    def _maintenance(self, security: TradedSecurity) -> Decimal:
        return exact_of(self.get_maintenance_margin(MaintenanceMarginParameters.for_current_holdings(security)))

    def _free_margin(self, portfolio: Account, security: TradedSecurity, direction: OrderDirection) -> Decimal:
        """Return the margin left; an order against a holding may use what that holding binds, twice."""
        total = portfolio.exact_total_portfolio_value
        free = portfolio.exact_margin_remaining_of(total)
        held = security.holdings.exact_quantity
        if held and is_closing(held, direction):
            free += self._maintenance(security) + self._margin_of(security, abs(held))
        free -= total * self._free_share
        return max(free, ZERO)


class SecurityMarginModel(BuyingPowerModel):
    """The margin model of equities, forex and crypto."""


def no_price_text(security: TradedSecurity) -> str:
    """Return why no quantity can be computed for a security without a price."""
    return f"{security.symbol}: The security does not have an accurate price as it has not yet received a bar of data."


def unfit_fee_text(security: TradedSecurity) -> str:
    """Return why the search for a quantity was given up."""
    model = type(security.fee_model).__name__
    return f"the fee of {security.symbol} leaves no quantity that fits the target; check {model}"


def _no_order(
    parameters: GetMaximumOrderQuantityForTargetBuyingPowerParameters, reason: str
) -> GetMaximumOrderQuantityResult:
    """Return a quantity of zero that is no error."""
    return GetMaximumOrderQuantityResult(0, None if parameters.silence_non_error_reasons else reason, False)


def _share(value: Number, name: str) -> Decimal:
    exact = to_decimal(value)
    if not ZERO <= exact <= ONE:
        raise UsageError(f"{name} is {plain(exact)}; pass a share between 0 and 1")
    return exact
