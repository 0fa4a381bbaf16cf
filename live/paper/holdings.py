# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""What is held of a security, and what it has earned and cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from live.algorithm.enums import SecurityType
from live.algorithm.naming import pascal_case_attribute
from live.algorithm.numbers import ZERO, Number, plain, to_decimal
from live.algorithm.symbols import Symbol
from live.paper.cash import ConvertibleCashAmount

if TYPE_CHECKING:
    from live.paper.securities import Security


class SecurityHolding:
    """What is held of a security, and what it has earned and cost."""

    def __init__(self, security: Security) -> None:
        self._security = security
        self._quantity = ZERO
        self.exact_average_price = ZERO
        self.exact_total_fees = ZERO
        self.exact_profit = ZERO
        self.exact_last_trade_profit = ZERO
        self.exact_total_sale_volume = ZERO
        self.exact_total_dividends = ZERO
        self.invested = False
        """Whether at least one lot is held."""

    def __getattr__(self, name: str) -> Any:
        return pascal_case_attribute(self, name)

    def __repr__(self) -> str:
        return f"SecurityHolding({self.symbol} {plain(self._quantity)} at {plain(self.exact_average_price)})"

    @property
    def exact_quantity(self) -> Decimal:
        """Signed quantity held."""
        return self._quantity

    def set_holdings(self, average_price: Number, quantity: Number) -> None:
        """Replace quantity and average price."""
        self._security.clock.revision += 1
        self.exact_average_price = to_decimal(average_price)
        self._quantity = to_decimal(quantity)
        self.invested = abs(self._quantity) >= self._security.properties.lot_size

    @property
    def symbol(self) -> Symbol:
        """Symbol of the security."""
        return self._security.symbol

    @property
    def quantity(self) -> float:
        """Signed quantity held."""
        return float(self._quantity)

    @property
    def absolute_quantity(self) -> float:
        """Quantity without its sign."""
        return abs(float(self._quantity))

    @property
    def average_price(self) -> float:
        """Average price paid."""
        return float(self.exact_average_price)

    @property
    def is_long(self) -> bool:
        """Whether more than nothing is held."""
        return self._quantity > ZERO

    @property
    def is_short(self) -> bool:
        """Whether less than nothing is held."""
        return self._quantity < ZERO

    @property
    def hold_stock(self) -> bool:
        """The same as `invested`."""
        return self.invested

    @property
    def price(self) -> float:
        """Newest price of the security."""
        return self._security.price

    def exact_value_of(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Return a quantity's worth at a price, in the account's currency."""
        security = self._security
        rate = security.quote_cash.exact_conversion_rate
        return quantity * price * security.properties.contract_multiplier * rate

    def get_quantity_value(self, quantity: Number, price: Number | None = None) -> ConvertibleCashAmount:
        """Return a quantity's worth at a price, the newest when none is given, in the quote currency."""
        security = self._security
        at = security.exact_price if price is None else to_decimal(price)
        amount = to_decimal(quantity) * at * security.properties.contract_multiplier
        return ConvertibleCashAmount(amount, security.quote_cash)

    def exact_total_close_profit(
        self,
        include_fees: bool = True,
        exit_price: Number | None = None,
        entry_price: Number | None = None,
        quantity: Number | None = None,
    ) -> Decimal:
        """Return the gain of closing the holding, or a quantity; zero when less than a lot is held.

        Parameters:
            include_fees: take off the fee of a market order that closes it.
            exit_price: price of the sale; the touch when it is not given.
            entry_price: price of the purchase; the average when it is not given.
            quantity: signed quantity; the holding's when it is not given.
        """
        if quantity is None and not self.invested:
            return ZERO
        security = self._security
        held = self._quantity if quantity is None else to_decimal(quantity)
        touch = security.exact_bid if self._quantity > ZERO else security.exact_ask
        entry = self.exact_average_price if entry_price is None else to_decimal(entry_price)
        gain = self.exact_value_of(held, touch if exit_price is None else to_decimal(exit_price))
        gain -= self.exact_value_of(held, entry)
        return gain - security.exact_fee_of(-held) if include_fees else gain

    def total_close_profit(
        self,
        include_fees: bool = True,
        exit_price: Number | None = None,
        entry_price: Number | None = None,
        quantity: Number | None = None,
    ) -> float:
        """Return the gain of closing the holding, or a quantity. Parameters as for `exact_total_close_profit`."""
        return float(self.exact_total_close_profit(include_fees, exit_price, entry_price, quantity))

    @property
    def exact_holdings_value(self) -> Decimal:
        """Worth of the holding at the newest price, signed, in the account's currency."""
        return self.exact_value_of(self._quantity, self._security.exact_price) if self._quantity else ZERO

    @property
    def exact_holdings_cost(self) -> Decimal:
        """What the holding cost, signed, in the account's currency."""
        return self.exact_value_of(self._quantity, self.exact_average_price) if self._quantity else ZERO

    @property
    def exact_unrealized_profit(self) -> Decimal:
        """Gain if everything were sold at the touch, less the fee of that sale."""
        return self.exact_total_close_profit()

    @property
    def holdings_value(self) -> float:
        """Worth of the holding."""
        return float(self.exact_holdings_value)

    @property
    def absolute_holdings_value(self) -> float:
        """Worth of the holding without its sign."""
        return abs(self.holdings_value)

    @property
    def holdings_cost(self) -> float:
        """Cost of the holding."""
        return float(self.exact_holdings_cost)

    @property
    def absolute_holdings_cost(self) -> float:
        """Cost of the holding without its sign."""
        return abs(self.holdings_cost)

    @property
    def unlevered_holdings_cost(self) -> float:
        """Cost of the holding over its leverage."""
        return self.holdings_cost / self.leverage

    @property
    def unlevered_absolute_holdings_cost(self) -> float:
        """Cost of the holding over its leverage, without its sign."""
        return abs(self.unlevered_holdings_cost)

    @property
    def unrealized_profit(self) -> float:
        """Gain if everything were sold now, after the fee."""
        return float(self.exact_unrealized_profit)

    @property
    def unrealized_profit_percent(self) -> float:
        """Unrealized profit over the cost, as a fraction."""
        cost = abs(self.exact_holdings_cost)
        return float(self.exact_unrealized_profit / cost) if cost else 0.0

    @property
    def total_fees(self) -> float:
        """Fees paid, in the account's currency."""
        return float(self.exact_total_fees)

    @property
    def profit(self) -> float:
        """Realized profit and dividends before fees."""
        return float(self.exact_profit + self.exact_total_dividends)

    @property
    def net_profit(self) -> float:
        """Realized profit and dividends after fees."""
        return float(self.exact_profit + self.exact_total_dividends - self.exact_total_fees)

    @property
    def last_trade_profit(self) -> float:
        """Profit of the last closing trade."""
        return float(self.exact_last_trade_profit)

    @property
    def total_sale_volume(self) -> float:
        """Worth of everything ever traded."""
        return float(self.exact_total_sale_volume)

    @property
    def total_dividends(self) -> float:
        """Dividends received."""
        return float(self.exact_total_dividends)

    @property
    def leverage(self) -> float:
        """Leverage of the security."""
        return self._security.leverage

    @property
    def type(self) -> SecurityType:
        """Asset class of the security."""
        return self._security.type

    def add_new_fee(self, new_fee: Number) -> None:
        """Add to the fees paid, in the account's currency."""
        self.exact_total_fees += to_decimal(new_fee)

    def add_new_profit(self, profit_loss: Number) -> None:
        """Add to the realized profit, in the account's currency."""
        self.exact_profit += to_decimal(profit_loss)

    def add_new_sale(self, sale_value: Number) -> None:
        """Add to the worth of everything traded, in the account's currency."""
        self.exact_total_sale_volume += to_decimal(sale_value)

    def add_new_dividend(self, dividend: Number) -> None:
        """Add to the dividends received, in the account's currency."""
        self.exact_total_dividends += to_decimal(dividend)

    def set_last_trade_profit(self, last_trade_profit: Number) -> None:
        """Set the profit of the last closing trade."""
        self.exact_last_trade_profit = to_decimal(last_trade_profit)
