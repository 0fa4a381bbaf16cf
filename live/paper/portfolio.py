# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""The account: holdings, cash, and what fills, splits and dividends do to them."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from live.algorithm.data import Dividend, Split
from live.algorithm.enums import OrderDirection, SecurityType
from live.algorithm.naming import pascal_case_attribute
from live.algorithm.numbers import ZERO, Number, to_decimal
from live.algorithm.order_terms import CashAmount
from live.algorithm.orders import OrderEvent
from live.algorithm.slices import KeyValuePair
from live.algorithm.symbols import Symbol
from live.errors import UsageError
from live.paper.cash import CashBook
from live.paper.holdings import SecurityHolding
from live.paper.models.context import is_closing
from live.paper.models.margin_call import MARGIN_CALL_METHODS, DefaultMarginCallModel
from live.paper.models.parameters import ApplyFundsSettlementModelParameters, InitialMarginParameters
from live.paper.models.spelling import method_of, require_methods
from live.paper.models.values import exact_maintenance_margin, exact_of
from live.paper.securities import Security, SecurityManager
from live.paper.settings import AlgorithmSettings

_CURRENCY_SWAPS = (SecurityType.FOREX, SecurityType.CRYPTO)
"""Classes whose fills exchange two entries of the cash book, so that holdings add nothing to the portfolio's value."""


class SecurityPortfolioManager:
    """Holdings by symbol, and the value of the account."""

    def __init__(self, securities: SecurityManager, settings: AlgorithmSettings) -> None:
        self.securities = securities
        self.settings = settings
        self.cash_book = CashBook()
        self.unsettled_cash_book = CashBook()
        self.transactions: Any = None
        self.margin_call_model: Any = DefaultMarginCallModel(self)

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    def __getitem__(self, symbol: Symbol | str) -> SecurityHolding:
        return self.securities[symbol].holdings  # type: ignore[index]

    def __contains__(self, symbol: Symbol | str) -> bool:
        return symbol in self.securities

    def __len__(self) -> int:
        return len(self.securities)

    def __iter__(self) -> Any:
        return iter([KeyValuePair(symbol, security.holdings) for symbol, security in self.securities.items()])

    @property
    def count(self) -> int:
        """Number of securities."""
        return len(self.securities)

    def contains_key(self, symbol: Symbol | str) -> bool:
        """Tell whether a symbol was added."""
        return symbol in self.securities

    def get(self, symbol: Symbol | str, default: SecurityHolding | None = None) -> SecurityHolding | None:
        """Return the holding of a symbol, the default when it was not added."""
        return self[symbol] if symbol in self.securities else default

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
        """Margin that the holdings bind, each by its own model at the newest price."""
        total = ZERO
        for each in self.securities.values():
            if each.holdings.invested:
                total += exact_maintenance_margin(each)
        return total

    @property
    def exact_margin_remaining(self) -> Decimal:
        """Value that no holding binds."""
        return self.exact_margin_remaining_of(self.exact_total_portfolio_value)

    def exact_margin_remaining_of(self, total: Decimal) -> Decimal:
        """Return the value that no holding binds, of a total value of the portfolio."""
        return total - self.unsettled_cash_book.exact_total_value - self.exact_total_margin_used

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

    @property
    def hold_stock(self) -> bool:
        """The same as `invested`."""
        return self.invested

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
    def total_unlevered_absolute_holdings_cost(self) -> float:
        """Cost of all holdings over their leverage, shorts counted as positive."""
        return sum(h.unlevered_absolute_holdings_cost for h in self.values())

    @property
    def total_unrealized_profit(self) -> float:
        """Gain if everything were sold now."""
        return float(sum((h.exact_unrealized_profit for h in self.values()), ZERO))

    @property
    def total_unrealised_profit(self) -> float:
        """The same as `total_unrealized_profit`."""
        return self.total_unrealized_profit

    @property
    def total_profit(self) -> float:
        """Realized profit and dividends before fees."""
        holdings = [each.holdings for each in self.securities.total()]
        return float(sum((each.exact_profit + each.exact_total_dividends for each in holdings), ZERO))

    @property
    def total_net_profit(self) -> float:
        """Realized profit after fees."""
        return sum(each.holdings.net_profit for each in self.securities.total())

    @property
    def total_sale_volume(self) -> float:
        """Worth of everything ever traded."""
        return float(sum((each.holdings.exact_total_sale_volume for each in self.securities.total()), ZERO))

    def get_margin_remaining(
        self, symbol: Symbol | str | Number, direction: OrderDirection = OrderDirection.BUY
    ) -> float:
        """Return the margin left for an order of a symbol, or for a total value of the portfolio.

        An order against a holding may use what the holding binds, and the margin that opening it anew would take.
        LEAN: the buying power of a group of positions, which in cash accounts too is money and not a quantity.

        Parameters:
            symbol: what the order would trade, or a total value.
            direction: side of the order.
        """
        if not isinstance(symbol, Symbol | str):
            return float(self.exact_margin_remaining_of(to_decimal(symbol)))
        security = self.securities[symbol]  # type: ignore[index]
        free = self.exact_margin_remaining
        held = security.holdings.exact_quantity
        if security.invested and is_closing(held, direction):
            initial = method_of(security.buying_power_model, "get_initial_margin_requirement")
            free += exact_maintenance_margin(security)
            free += abs(exact_of(initial(InitialMarginParameters(security, held))))
        return float(free)

    def get_buying_power(self, symbol: Symbol | str, direction: OrderDirection = OrderDirection.BUY) -> float:
        """Return the margin left for an order of a symbol."""
        return self.get_margin_remaining(symbol, direction)

    def set_margin_call_model(self, margin_call_model: Any) -> None:
        """Set the model of margin calls: ours, MarginCallModel.NULL, or any object with LEAN's two methods.

        Raises:
            UsageError: a method is missing.
        """
        require_methods(margin_call_model, MARGIN_CALL_METHODS, "IMarginCallModel")
        self.margin_call_model = margin_call_model

    def add_transaction_record(self, time: datetime, transaction_profit_loss: Number, is_win: bool) -> None:
        """Keep the outcome of a trade."""
        self.transactions.add_transaction_record(time, transaction_profit_loss, is_win)

    def process_fill(self, security: Security, fill: OrderEvent) -> None:
        """Apply a fill to cash, fees, profit, quantity and average price.

        Raises:
            Exception: what the settlement model raises; quantity and average price then stay as they are.
        """
        holding = security.holdings
        average, held = holding.exact_average_price, holding.exact_quantity
        try:
            quantity, price = fill.exact_fill_quantity, fill.exact_fill_price
            holding.exact_total_sale_volume += holding.exact_value_of(abs(quantity), price)
            fee = self._charge_fee(security, fill)
            multiplier = security.properties.contract_multiplier
            self._move(security, fill, CashAmount(-quantity * price * multiplier, security.quote_cash.symbol))
            if security.base_cash is not None:
                self._move(security, fill, CashAmount(quantity, security.base_cash.symbol))
            if held * quantity < ZERO:
                self._close(security, fill, fee)
            average, held = _average_price(held, average, quantity, price), held + quantity
        finally:
            holding.set_holdings(average, held)

    def _close(self, security: Security, fill: OrderEvent, fee: Decimal) -> None:
        """Book the profit of what a fill closes; a trade wins when the profit is over twice the fee."""
        holding = security.holdings
        held = holding.exact_quantity
        closed = min(abs(fill.exact_fill_quantity), abs(held))
        closed = closed if held > ZERO else -closed
        cost = holding.exact_value_of(closed, holding.exact_average_price)
        profit = holding.exact_value_of(closed, fill.exact_fill_price) - cost
        holding.exact_profit += profit
        holding.exact_last_trade_profit = profit
        outcome = profit - 2 * fee
        self.add_transaction_record(security.utc_time, outcome, outcome > ZERO)

    def _move(self, security: Security, fill: OrderEvent, amount: CashAmount) -> None:
        parameters = ApplyFundsSettlementModelParameters(self, security, fill.time_ns, amount, fill)
        method_of(security.settlement_model, "apply_funds")(parameters)

    def _charge_fee(self, security: Security, fill: OrderEvent) -> Decimal:
        """Pay a fill's fee and return it in the account's currency."""
        fee = fill.order_fee.value
        if not fee.exact_amount:
            return ZERO
        charged = self.cash_book.exact_to_account_currency(fee.exact_amount, fee.currency)
        security.holdings.exact_total_fees += charged
        paid = fill.order_fee.charge(fill)
        self.cash_book.ensure(paid.currency).exact_amount -= paid.exact_amount
        return charged

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
