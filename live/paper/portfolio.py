"""The account: holdings, cash, and what fills, splits and dividends do to them."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from live.algorithm.data import Dividend, Split
from live.algorithm.enums import OrderDirection, SecurityType
from live.algorithm.naming import PascalCaseAccess, PascalCaseFields
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.algorithm.orders import CashAmount, OrderEvent
from live.algorithm.slices import KeyValuePair
from live.algorithm.symbols import Symbol
from live.errors import UsageError
from live.paper.cash import CashBook
from live.paper.models.parameters import (
    ApplyFundsSettlementModelParameters,
    BuyingPowerParameters,
    ReservedBuyingPowerForPositionParameters,
)
from live.paper.models.values import exact_of
from live.paper.securities import Security, SecurityHolding, SecurityManager

_CURRENCY_SWAPS = (SecurityType.FOREX, SecurityType.CRYPTO)
"""Classes whose fills exchange two entries of the cash book, so that holdings add nothing to the portfolio's value."""


class AlgorithmSettings(PascalCaseFields):
    """Settings of LEAN that the embedded engine follows."""

    def __init__(self) -> None:
        self.free_portfolio_value: float | None = None
        self.free_portfolio_value_percentage = 0.0025
        self.minimum_order_margin_portfolio_percentage = 0.001
        self.stale_price_time_span = timedelta(hours=1)
        self.liquidate_enabled = True
        self.daily_precise_end_time = True
        self.rebalance_portfolio_on_insight_changes: bool | None = None
        self.rebalance_portfolio_on_security_changes: bool | None = None


class SecurityPortfolioManager(PascalCaseAccess):
    """Holdings by symbol, and the value of the account."""

    def __init__(self, securities: SecurityManager, settings: AlgorithmSettings) -> None:
        self.securities = securities
        self.settings = settings
        self.cash_book = CashBook()
        self.unsettled_cash_book = CashBook()
        self.transactions: Any = None
        self.margin_call_model: Any = None
        self._account_currency_was_set = False

    def __getitem__(self, symbol: Symbol | str) -> SecurityHolding:
        return self.securities[symbol].holdings  # type: ignore[index]

    def __contains__(self, symbol: Symbol | str) -> bool:
        return symbol in self.securities

    def __len__(self) -> int:
        return len(self.securities)

    def __iter__(self) -> Any:
        return iter([KeyValuePair(symbol, security.holdings) for symbol, security in self.securities.items()])

    def contains_key(self, symbol: Symbol | str) -> bool:
        """Tell whether a symbol was added."""
        return symbol in self.securities

    def keys(self) -> list[Symbol]:
        """Return the symbols."""
        return list(self.securities.keys())

    def values(self) -> list[SecurityHolding]:
        """Return the holdings."""
        return [security.holdings for security in self.securities.values()]

    def items(self) -> list[tuple[Symbol, SecurityHolding]]:
        """Return symbols and holdings."""
        return [(symbol, security.holdings) for symbol, security in self.securities.items()]

    @property
    def account_currency(self) -> str:
        """Currency that values are reported in."""
        return self.cash_book.account_currency

    def set_account_currency(self, currency: str, starting_cash: Number | None = None) -> None:
        """Choose the account's currency, before any security is added.

        Raises:
            UsageError: a security was added before.
        """
        if self.securities:
            raise UsageError("set_account_currency must be called before any security is added")
        currency = currency.upper()
        amount = self.cash_book[self.account_currency].exact_amount
        self.cash_book.clear()
        self.cash_book.account_currency = currency
        self.cash_book.ensure(currency).exact_amount = amount if starting_cash is None else to_decimal(starting_cash)
        self.unsettled_cash_book.clear()
        self.unsettled_cash_book.account_currency = currency
        self.unsettled_cash_book.ensure(currency)

    def set_cash(self, currency: str, amount: Number, conversion_rate: Number = 0) -> None:
        """Set the amount of one currency."""
        cash = self.cash_book.ensure(currency.upper())
        cash.exact_amount = to_decimal(amount)
        if currency.upper() != self.account_currency:
            cash.exact_conversion_rate = to_decimal(conversion_rate)

    @property
    def exact_total_portfolio_value(self) -> Decimal:
        """Cash and holdings, in the account's currency."""
        total = self.cash_book.exact_total_value + self.unsettled_cash_book.exact_total_value
        for security in self.securities.values():
            if security.holdings.invested and security.type not in _CURRENCY_SWAPS:
                total += security.holdings.exact_holdings_value
        return total

    @property
    def exact_total_margin_used(self) -> Decimal:
        """Margin that the holdings bind."""
        total = ZERO
        for security in self.securities.values():
            if security.holdings.exact_quantity:
                parameters = ReservedBuyingPowerForPositionParameters(security)
                total += exact_of(security.buying_power_model.get_reserved_buying_power_for_position(parameters))
        return total

    @property
    def exact_margin_remaining(self) -> Decimal:
        """Value that no holding binds."""
        unsettled = self.unsettled_cash_book.exact_total_value
        return self.exact_total_portfolio_value - unsettled - self.exact_total_margin_used

    @property
    def exact_total_portfolio_value_less_free_buffer(self) -> Decimal:
        """Value that set_holdings may spend."""
        total = self.exact_total_portfolio_value
        if self.settings.free_portfolio_value is not None:
            return total - to_decimal(self.settings.free_portfolio_value)
        return total - total * to_decimal(self.settings.free_portfolio_value_percentage)

    @property
    def exact_total_fees(self) -> Decimal:
        """Fees paid."""
        return sum((security.holdings.exact_total_fees for security in self.securities.total()), ZERO)

    @property
    def total_portfolio_value(self) -> float:
        """Cash and holdings."""
        return float(self.exact_total_portfolio_value)

    @property
    def total_portfolio_value_less_free_buffer(self) -> float:
        """Value that set_holdings may spend."""
        return float(self.exact_total_portfolio_value_less_free_buffer)

    @property
    def cash(self) -> float:
        """The whole cash book in the account's currency."""
        return float(self.cash_book.exact_total_value)

    @property
    def unsettled_cash(self) -> float:
        """Money that has not arrived yet."""
        return float(self.unsettled_cash_book.exact_total_value)

    @property
    def invested(self) -> bool:
        """Whether anything is held."""
        return any(security.holdings.invested for security in self.securities.values())

    hold_stock = invested

    @property
    def margin_remaining(self) -> float:
        """Value that no holding binds."""
        return float(self.exact_margin_remaining)

    @property
    def total_margin_used(self) -> float:
        """Margin that the holdings bind."""
        return float(self.exact_total_margin_used)

    @property
    def total_fees(self) -> float:
        """Fees paid."""
        return float(self.exact_total_fees)

    @property
    def total_holdings_value(self) -> float:
        """Worth of all holdings, shorts counted as positive."""
        return float(sum((abs(h.exact_holdings_value) for h in self.values()), ZERO))

    @property
    def total_absolute_holdings_cost(self) -> float:
        """Cost of all holdings, shorts counted as positive."""
        return float(sum((abs(h.exact_holdings_cost) for h in self.values()), ZERO))

    @property
    def total_unrealized_profit(self) -> float:
        """Gain if everything were sold now."""
        return float(sum((h.exact_unrealized_profit for h in self.values()), ZERO))

    total_unrealised_profit = total_unrealized_profit

    @property
    def total_profit(self) -> float:
        """Realized profit before fees."""
        return float(sum((each.holdings.exact_profit for each in self.securities.total()), ZERO))

    @property
    def total_net_profit(self) -> float:
        """Realized profit after fees."""
        return sum(each.holdings.net_profit for each in self.securities.total())

    @property
    def total_sale_volume(self) -> float:
        """Worth of everything ever traded."""
        return float(sum((each.holdings.exact_total_sale_volume for each in self.securities.total()), ZERO))

    def get_margin_remaining(self, symbol: Symbol, direction: OrderDirection = OrderDirection.BUY) -> float:
        """Return what could be spent on an order of a symbol."""
        security = self.securities[symbol]
        parameters = BuyingPowerParameters(self, security, direction)
        return float(exact_of(security.buying_power_model.get_buying_power(parameters)))

    get_buying_power = get_margin_remaining

    def process_fill(self, security: Security, fill: OrderEvent) -> None:
        """Apply a fill to cash, fees, profit, quantity and average price."""
        holding = security.holdings
        quantity, price = fill.exact_fill_quantity, fill.exact_fill_price
        holding.exact_total_sale_volume += holding.exact_value_of(abs(quantity), price)
        self._charge_fee(security, fill)
        multiplier = security.properties.contract_multiplier
        self._move(security, fill, CashAmount(-quantity * price * multiplier, security.quote_cash.symbol))
        if security.base_cash is not None:
            self._move(security, fill, CashAmount(quantity, security.base_cash.symbol))
        held = holding.exact_quantity
        if held * quantity < ZERO:
            closed = min(abs(quantity), abs(held))
            closed = closed if held > ZERO else -closed
            profit = holding.exact_value_of(closed, price) - holding.exact_value_of(closed, holding.exact_average_price)
            holding.exact_profit += profit
            holding.exact_last_trade_profit = profit
        holding.set_holdings(_average_price(held, holding.exact_average_price, quantity, price), held + quantity)

    def _move(self, security: Security, fill: OrderEvent, amount: CashAmount) -> None:
        parameters = ApplyFundsSettlementModelParameters(self, security, fill.time_ns, amount, fill)
        security.settlement_model.apply_funds(parameters)

    def _charge_fee(self, security: Security, fill: OrderEvent) -> None:
        fee = fill.order_fee.value
        if not fee.exact_amount:
            return
        charged = self.cash_book.exact_to_account_currency(fee.exact_amount, fee.currency)
        security.holdings.exact_total_fees += charged
        self.cash_book.ensure(fee.currency).exact_amount -= fee.exact_amount

    def apply_dividend(self, security: Security, dividend: Dividend) -> None:
        """Pay a dividend on a holding with raw prices."""
        held = security.holdings.exact_quantity
        if not held:
            return
        amount = held * to_decimal(dividend.distribution) * security.quote_cash.exact_conversion_rate
        self.cash_book[self.account_currency].exact_amount += amount
        security.holdings.exact_total_dividends += amount

    def apply_split(self, security: Security, split: Split) -> None:
        """Apply a split with raw prices: holding, newest prices, and the fraction of a share that is paid in cash."""
        factor = to_decimal(split.split_factor)
        holding = security.holdings
        exact = holding.exact_quantity / factor
        whole = exact.to_integral_value(rounding=ROUND_DOWN)
        holding.set_holdings(holding.exact_average_price * factor, whole)
        security.cache.apply_split(split.split_factor)
        price = security.exact_price or to_decimal(split.reference_price) * factor
        self.cash_book[self.account_currency].exact_amount += (exact - whole) * price


def _average_price(held: Decimal, average: Decimal, quantity: Decimal, price: Decimal) -> Decimal:
    """Return the average price after a fill: kept on a reduction, the fill's price when the side changes."""
    total = held + quantity
    if not total:
        return ZERO
    if not held or held * total < ZERO:
        return price
    if held * quantity > ZERO:
        return (average * held + quantity * price) / total
    return average
