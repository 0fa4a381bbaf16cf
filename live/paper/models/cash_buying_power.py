"""Buying power of cash accounts for currency pairs: nothing is borrowed, nothing is sold short."""

from __future__ import annotations

from decimal import Decimal

from live.algorithm.enums import OrderDirection, OrderType
from live.algorithm.numbers import ONE, ZERO, Number, plain, to_decimal
from live.algorithm.orders import Order
from live.errors import AlgorithmRuntimeError, UsageError
from live.paper.models.buying_power import BuyingPowerModel, no_price_text, unfit_fee_text
from live.paper.models.context import Account, CashEntry, TradedSecurity
from live.paper.models.fees import exact_account_fee
from live.paper.models.parameters import (
    BuyingPower,
    BuyingPowerParameters,
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    ReservedBuyingPowerForPosition,
    ReservedBuyingPowerForPositionParameters,
)
from live.paper.models.values import order_price, trial_order

__all__ = ["CashBuyingPowerModel"]

_RESERVING = (OrderType.LIMIT, OrderType.STOP_MARKET)


class CashBuyingPowerModel(BuyingPowerModel):
    """Only what is held can be spent; open limit and stop orders reserve their share of it."""

    def __init__(self) -> None:
        super().__init__(1, 0, 0)

    def set_leverage(self, security: TradedSecurity, leverage: Number) -> None:
        """Refuse leverage.

        Raises:
            UsageError: anything but 1.
        """
        if to_decimal(leverage) != ONE:
            raise UsageError("a cash account has no leverage; use AccountType.MARGIN for it")

    def get_reserved_buying_power_for_position(
        self, parameters: ReservedBuyingPowerForPositionParameters
    ) -> ReservedBuyingPowerForPosition:
        """Return zero: what is held is paid for."""
        return ReservedBuyingPowerForPosition(ZERO)

    def get_buying_power(self, parameters: BuyingPowerParameters) -> BuyingPower:
        """Return the quantity that the cash buys, or what can be sold."""
        security = parameters.security
        price = security.exact_price * security.properties.contract_multiplier
        if not price or security.base_cash is None:
            return BuyingPower(ZERO)
        if parameters.direction is OrderDirection.BUY:
            return BuyingPower(security.quote_cash.exact_amount / price)
        return BuyingPower(security.base_cash.exact_amount if parameters.direction is OrderDirection.SELL else ZERO)

    def has_sufficient_buying_power_for_order(
        self, parameters: HasSufficientBuyingPowerForOrderParameters
    ) -> HasSufficientBuyingPowerForOrderResult:
        """Tell whether the cash, or the holding, that no other order reserves suffices."""
        security, order, portfolio = parameters.security, parameters.order, parameters.portfolio
        base = security.base_cash
        if base is None:
            return parameters.insufficient(
                f"The '{security.symbol.value}' security is not supported by this cash model. "
                "Currently only Crypto and Forex are supported."
            )
        reserved = self._reserved(portfolio, security, order, base)
        if order.direction is OrderDirection.SELL:
            wanted = abs(order.exact_quantity)
            if wanted <= base.exact_amount - reserved:
                return parameters.sufficient()
            return parameters.insufficient(_short_text(base, reserved, wanted))
        cash = security.quote_cash.exact_amount
        required = abs(order.exact_quantity) * order_price(order, security)
        available = self._available(portfolio, security, order, cash - reserved, base)
        if required <= available:
            return parameters.sufficient()
        return parameters.insufficient(_too_large_text(security, order, base, reserved, required, abs(available)))

    def _available(
        self, portfolio: Account, security: TradedSecurity, order: Order, cash: Decimal, base: CashEntry
    ) -> Decimal:
        """Return the value that a purchase may have: the cash less the fee."""
        book = portfolio.cash_book
        quote = security.quote_cash
        if order.type is OrderType.MARKET:
            rate = quote.exact_conversion_rate
            held = base.exact_amount * base.exact_conversion_rate / rate if rate else ZERO
            total = portfolio.exact_total_portfolio_value
            share = book.exact_to_account_currency(cash + held, quote.symbol) / total if total else ZERO
            result = self.get_maximum_order_quantity_for_target_buying_power(
                GetMaximumOrderQuantityForTargetBuyingPowerParameters(portfolio, security, share, 0)
            )
            return abs(result.exact_quantity * security.exact_price)
        if order.type is OrderType.LIMIT:
            fee = exact_account_fee(security, order, book)
            cash -= fee / quote.exact_conversion_rate if fee else ZERO
        return cash

    def _reserved(self, portfolio: Account, security: TradedSecurity, order: Order, base: CashEntry) -> Decimal:
        """Return how much of the currency that an order spends is promised to other open orders."""
        currency = security.quote_cash.symbol if order.direction is OrderDirection.BUY else base.symbol
        total = ZERO
        for other in portfolio.securities.values():
            if other.base_cash is None:
                continue
            spends_base = other.base_cash.symbol == currency
            if not spends_base and other.quote_cash.symbol != currency:
                continue
            side = OrderDirection.SELL if spends_base else OrderDirection.BUY
            for each in portfolio.transactions.open_orders(other.symbol):
                if each.id == order.id or each.direction is not side or each.type not in _RESERVING:
                    continue
                quantity = abs(each.exact_quantity)
                total += quantity if spends_base else quantity * order_price(each, security)
        return total

    def get_maximum_order_quantity_for_target_buying_power(
        self, parameters: GetMaximumOrderQuantityForTargetBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Return the signed quantity after which the base currency is a share of the portfolio's value, fees paid.

        Raises:
            AlgorithmRuntimeError: no quantity pays its own fee.
        """
        security, portfolio = parameters.security, parameters.portfolio
        target = parameters.exact_target_buying_power * portfolio.exact_total_portfolio_value
        base = security.base_cash
        if target < ZERO:
            return GetMaximumOrderQuantityResult(0, "The cash model does not allow shorting.")
        if base is None:
            return GetMaximumOrderQuantityResult(0, "The security type must be Crypto or Forex.")
        if not target:
            return GetMaximumOrderQuantityResult(-base.exact_amount)
        book = portfolio.cash_book
        held = book.exact_to_account_currency(base.exact_amount, base.symbol)
        is_purchase = target > held
        price = security.exact_ask if is_purchase else security.exact_bid
        unit = price * security.quote_cash.exact_conversion_rate * security.properties.contract_multiplier
        if not unit:
            return GetMaximumOrderQuantityResult(0, no_price_text(security))
        value = abs(target - held)
        lot = security.properties.lot_size
        quantity = value / unit
        quantity -= quantity % lot
        too_small = f"The order quantity is less than the lot size of {plain(lot)} and has been rounded to zero."
        if not quantity:
            return GetMaximumOrderQuantityResult(0, None if parameters.silence_non_error_reasons else too_small, False)
        spent = previous = ZERO
        while True:
            if spent > value:
                quantity -= max((spent - value) / (spent / quantity), lot)
            quantity -= quantity % lot
            if quantity <= ZERO:
                return GetMaximumOrderQuantityResult(0, too_small)
            if quantity == previous:
                raise AlgorithmRuntimeError(unfit_fee_text(security))
            previous = quantity
            spent = quantity * unit + exact_account_fee(security, trial_order(security, quantity), book)
            if spent <= value:
                return GetMaximumOrderQuantityResult(quantity if is_purchase else -quantity)

    def get_maximum_order_quantity_for_delta_buying_power(
        self, parameters: GetMaximumOrderQuantityForDeltaBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Refuse: a cash account binds no buying power that could change.

        Raises:
            UsageError: always.
        """
        raise UsageError("a cash account binds no buying power; ask for the quantity of a target buying power")


def _short_text(base: CashEntry, reserved: Decimal, wanted: Decimal) -> str:
    return (
        f"Your portfolio holds {plain(base.exact_amount)} {base.symbol}, {plain(reserved)} {base.symbol} of which are "
        f"reserved for open orders, but your Sell order is for {plain(wanted)} {base.symbol}. Cash Modeling trading "
        "does not permit short holdings so ensure you only sell what you have, including any additional open orders."
    )


def _too_large_text(
    security: TradedSecurity, order: Order, base: CashEntry, reserved: Decimal, required: Decimal, available: Decimal
) -> str:
    quote = security.quote_cash
    quantity, name = plain(abs(order.exact_quantity)), quote.symbol
    return (
        f"Your portfolio holds {plain(quote.exact_amount)} {name}, {plain(reserved)} {name} of which are reserved for "
        f"open orders, but your Buy order is for {quantity} {base.symbol}. Your order requires a total value of "
        f"{plain(required)} {name}, but only a total value of {plain(available)} {name} is available."
    )
