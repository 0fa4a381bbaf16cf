"""The order methods of an algorithm: LEAN's names, conversions and order of work."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from live.algorithm.enums import OrderType
from live.algorithm.numbers import ZERO, Number, plain, round_down_to_lot, to_decimal
from live.algorithm.order_arguments import check_flag, check_options, price_of, quantity_of
from live.algorithm.order_terms import OrderProperties, TimeInForce
from live.algorithm.orders import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    StopLimitOrder,
    StopMarketOrder,
    TrailingStopOrder,
)
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
from live.errors import UsageError

if TYPE_CHECKING:
    from live.algorithm.host import Host

Amount = TypeVar("Amount", Decimal, float)
_LIQUIDATED = "Liquidated"
_LIQUIDATE_DISABLED = (
    "Liquidate() is currently disabled by settings. To re-enable please set 'Settings.LiquidateEnabled' to true"
)
_CONVERTED_CLOSED = (
    "Warning: market orders submitted while the market is closed are automatically converted into MarketOnOpen orders "
    "to fill at the next market open."
)
_CONVERTED_DAILY = (
    "Warning: market orders on daily resolution data sent during market hours are automatically converted into "
    "MarketOnClose orders (or MarketOnOpen near the close) to avoid filling at the stale previous close. Note: in live "
    "trading this conversion is not applied, as the order fills at the current market price."
)


class PortfolioTarget:
    """A wish: hold this fraction of the portfolio's value in a symbol."""

    def __init__(self, symbol: Symbol, quantity: Number, tag: str = "") -> None:
        self.symbol = symbol
        self.quantity = quantity
        self.tag = tag


class TradingMethods:
    """Order methods; mixed into QCAlgorithm."""

    _host: Host
    default_order_properties: OrderProperties
    _warned: set[str]

    def market_order(
        self,
        symbol: Any,
        quantity: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Buy (or sell, with a negative quantity) at the market.

        While the exchange is closed the order becomes market-on-open. A security with daily data only trades at the close, or at the
        next open when it is too late for that.
        """
        exact = _exact_quantity("market_order", quantity, asynchronous, tag)
        return self._trade_at_market(self._security(symbol), exact, asynchronous, tag, order_properties)

    def buy(self, symbol: Any, quantity: Number) -> OrderTicket:
        """Buy a quantity at the market."""
        return self._trade_at_market(self._security(symbol), abs(_exact_quantity("buy", quantity)), False, "", None)

    def sell(self, symbol: Any, quantity: Number) -> OrderTicket:
        """Sell a quantity at the market."""
        return self._trade_at_market(self._security(symbol), -abs(_exact_quantity("sell", quantity)), False, "", None)

    def order(
        self,
        symbol: Any,
        quantity: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Send a market order."""
        exact = _exact_quantity("order", quantity, asynchronous, tag)
        return self._trade_at_market(self._security(symbol), exact, asynchronous, tag, order_properties)

    def market_on_open_order(
        self,
        symbol: Any,
        quantity: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Trade at the next opening price."""
        exact = _exact_quantity("market_on_open_order", quantity, asynchronous, tag)
        properties = self._without_date(order_properties)
        return self._submit(MarketOnOpenOrder, self._security(symbol), exact, asynchronous, tag, properties)

    def market_on_close_order(
        self,
        symbol: Any,
        quantity: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Trade at the closing price; taken until 15.5 minutes before the close."""
        exact = _exact_quantity("market_on_close_order", quantity, asynchronous, tag)
        properties = self._without_date(order_properties)
        return self._submit(MarketOnCloseOrder, self._security(symbol), exact, asynchronous, tag, properties)

    def limit_order(
        self,
        symbol: Any,
        quantity: Number,
        limit_price: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Trade at a limit or better."""
        exact = _exact_quantity("limit_order", quantity, asynchronous, tag)
        prices = _exact_prices("limit_order", limit_price=limit_price)
        return self._submit(LimitOrder, self._security(symbol), exact, asynchronous, tag, order_properties, prices)

    def stop_market_order(
        self,
        symbol: Any,
        quantity: Number,
        stop_price: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Trade at the market once a stop price is reached."""
        exact = _exact_quantity("stop_market_order", quantity, asynchronous, tag)
        prices = _exact_prices("stop_market_order", stop_price=stop_price)
        security = self._security(symbol)
        return self._submit(StopMarketOrder, security, exact, asynchronous, tag, order_properties, prices)

    def stop_limit_order(
        self,
        symbol: Any,
        quantity: Number,
        stop_price: Number,
        limit_price: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Place a limit order once a stop price is reached."""
        exact = _exact_quantity("stop_limit_order", quantity, asynchronous, tag)
        prices = _exact_prices("stop_limit_order", stop_price=stop_price, limit_price=limit_price)
        security = self._security(symbol)
        return self._submit(StopLimitOrder, security, exact, asynchronous, tag, order_properties, prices)

    def limit_if_touched_order(
        self,
        symbol: Any,
        quantity: Number,
        trigger_price: Number,
        limit_price: Number,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Place a limit order once a trigger price is touched."""
        exact = _exact_quantity("limit_if_touched_order", quantity, asynchronous, tag)
        prices = _exact_prices("limit_if_touched_order", trigger_price=trigger_price, limit_price=limit_price)
        security = self._security(symbol)
        return self._submit(LimitIfTouchedOrder, security, exact, asynchronous, tag, order_properties, prices)

    def trailing_stop_order(
        self,
        symbol: Any,
        quantity: Number,
        trailing_amount: Number,
        trailing_as_percentage: bool | Number,
        *rest: Any,
        stop_price: Number | None = None,
        asynchronous: bool = False,
        tag: str = "",
        order_properties: OrderProperties | None = None,
    ) -> OrderTicket:
        """Place a stop that follows the market at a distance, first set from the present price unless a stop is given.

        Parameters:
            symbol: what to trade.
            quantity: signed quantity.
            trailing_amount: distance; the first stop instead, when a distance and whether it is a fraction follow.
            trailing_as_percentage: whether the distance is a fraction of the price.
            rest: asynchronous, tag and properties by position.
            stop_price: the first stop.
            asynchronous: as in market_order.
            tag: the order's tag.
            order_properties: the order's properties.

        Raises:
            UsageError: a first stop and a distance by position, and not whether the distance is a fraction.
        """
        has_stop = stop_price is not None or not isinstance(trailing_as_percentage, bool)
        if not isinstance(trailing_as_percentage, bool):
            if not rest:
                raise UsageError("trailing_stop_order takes [stop_price,] trailing_amount, trailing_as_percentage")
            stop_price, trailing_amount, trailing_as_percentage = trailing_amount, trailing_as_percentage, rest[0]
            rest = rest[1:]
        chosen: tuple[Any, ...] = (*rest, *(asynchronous, tag, order_properties)[len(rest) :])
        asynchronous, tag, order_properties = chosen
        exact = _exact_quantity("trailing_stop_order", quantity, asynchronous, tag)
        check_flag("trailing_stop_order", "trailing_as_percentage", trailing_as_percentage)
        given: dict[str, Any] = {"stop_price": stop_price} if has_stop else {}
        prices = _exact_prices("trailing_stop_order", **given, trailing_amount=trailing_amount)
        security = self._security(symbol)
        if not has_stop:
            amount, is_share = prices["trailing_amount"], bool(trailing_as_percentage)
            prices["stop_price"] = initial_trailing_stop(security.exact_price, amount, is_share, exact > 0)
        prices["trailing_as_percentage"] = trailing_as_percentage
        return self._submit(TrailingStopOrder, security, exact, asynchronous, tag, order_properties, prices)

    def liquidate(
        self,
        symbol: Any = None,
        asynchronous: bool | str = False,
        tag: str | None = None,
        order_properties: OrderProperties | None = None,
    ) -> list[Any]:
        """Cancel the open orders and close the holding, of one symbol, several, or all in alphabetical order.

        Returns the tickets of the market orders; their numbers when the tag comes second, as in LEAN's older form.
        """
        if isinstance(asynchronous, str):
            return [ticket.order_id for ticket in self.liquidate(symbol, tag=asynchronous)]
        check_options("liquidate", asynchronous, tag)
        host = self._host
        if not host.settings.liquidate_enabled:
            host.write_log("debug", _LIQUIDATE_DISABLED)
            return []
        tag = _LIQUIDATED if tag is None else tag
        tickets: list[OrderTicket] = []
        for each in self._symbols_to_close(symbol):
            security = host.securities.get(each)
            if security is None:
                self._warn_of(
                    "liquidate",
                    f"Warning: liquidate ignored symbol '{each}' because it has not been added to the algorithm. "
                    "Add the security before liquidating it.",
                )
                continue
            tickets.extend(self._close(security, asynchronous, tag, order_properties))
        return tickets

    def set_holdings(
        self,
        symbol: Any,
        percentage: Any = None,
        liquidate_existing_holdings: bool = False,
        asynchronous: bool = False,
        tag: str | None = None,
        order_properties: OrderProperties | None = None,
    ) -> list[OrderTicket]:
        """Trade so that a symbol makes up a fraction of the portfolio's value.

        Parameters:
            symbol: a symbol, or a list of PortfolioTarget; a list is executed with the targets that free margin first.
            percentage: the fraction, negative for a short holding; with a list, whether to liquidate everything else.
            liquidate_existing_holdings: close all other holdings first.
            asynchronous: as in market_order.
            tag: the orders' tag.
            order_properties: the orders' properties.
        """
        check_options("set_holdings", asynchronous, tag)
        if isinstance(symbol, list | tuple):
            liquidate = bool(percentage) or liquidate_existing_holdings
            return self._set_targets(list(symbol), liquidate, asynchronous, tag, order_properties)
        quantity_of("set_holdings", "percentage", percentage)
        quantity = self._exact_order_quantity(symbol, to_decimal(percentage))
        tickets = self._liquidate_others([symbol], tag, order_properties) if liquidate_existing_holdings else []
        return tickets + self._trade_toward(symbol, quantity, asynchronous, tag, order_properties)

    def calculate_order_quantity(self, symbol: Any, target: Number) -> float:
        """Return the quantity to trade so that a symbol makes up a fraction of the portfolio's value."""
        return float(self._exact_order_quantity(symbol, to_decimal(target)))

    # -- helpers

    def _trade_at_market(
        self,
        security: Any,
        quantity: Decimal,
        asynchronous: bool,
        tag: str,
        properties: OrderProperties | None,
        is_liquidation: bool = False,
    ) -> OrderTicket:
        kind: type[Order] = MarketOrder
        warning = None
        if not security.exchange.exchange_open:
            kind, warning = MarketOnOpenOrder, ("closed", _CONVERTED_CLOSED)
        elif security.is_daily_only and not security.hours.is_market_always_open:
            kind = MarketOnOpenOrder if self._host.is_too_late_for_close(security) else MarketOnCloseOrder
            warning = "daily", _CONVERTED_DAILY
        if warning is None:
            return self._submit(kind, security, quantity, asynchronous, tag, properties, None, is_liquidation)
        properties = self._without_date(properties)
        ticket = self._submit(kind, security, quantity, asynchronous, tag, properties, None, is_liquidation)
        return self._converted(ticket, *warning)

    def _submit(
        self,
        kind: type[Order],
        security: Any,
        quantity: Decimal,
        asynchronous: bool,
        tag: str,
        properties: OrderProperties | None,
        prices: dict[str, Any] | None = None,
        is_liquidation: bool = False,
    ) -> OrderTicket:
        host = self._host
        chosen = (properties or self.default_order_properties).clone()
        terms = (0, security.symbol, quantity, host.time_ns, tag or "", chosen)
        order = kind(*terms, **prices) if prices else kind(*terms)
        order.is_liquidation = is_liquidation
        return host.submit_order(order, asynchronous)

    def _close(
        self, security: Any, asynchronous: bool, tag: str, properties: OrderProperties | None
    ) -> list[OrderTicket]:
        transactions = self._host.transactions
        orders = transactions.open_orders(security.symbol)
        held = security.holdings.exact_quantity if security.holdings.invested else ZERO
        if len(orders) == 1 and held and orders[0].exact_quantity == -held and orders[0].type is OrderType.MARKET:
            return []
        pending = ZERO
        for order in orders:
            if order.type is OrderType.MARKET:
                pending += transactions.get_order_ticket(order.id).exact_quantity_remaining
            else:
                transactions.cancel_order(order.id, tag)
        if not held:
            return []
        return [self._trade_at_market(security, -held - pending, asynchronous, tag, properties, is_liquidation=True)]

    def _symbols_to_close(self, symbol: Any) -> Iterable[Any]:
        if symbol is None:
            return sorted(self._host.securities.keys(), key=lambda each: each.value)
        if isinstance(symbol, list | tuple | set):
            return [self._symbol(each) for each in symbol]
        return [self._symbol(symbol)]

    def _set_targets(
        self,
        targets: list[PortfolioTarget],
        liquidate: bool,
        asynchronous: bool,
        tag: str | None,
        properties: OrderProperties | None,
    ) -> list[OrderTicket]:
        for each in targets:
            quantity_of("set_holdings", f"target of {each.symbol}", each.quantity)
        tickets = self._liquidate_others([each.symbol for each in targets], tag, properties) if liquidate else []
        deltas = [(each.symbol, self._exact_order_quantity(each.symbol, to_decimal(each.quantity))) for each in targets]
        for symbol, quantity in self._targets_by_margin_impact(deltas):
            tickets.extend(self._trade_toward(symbol, quantity, asynchronous, tag, properties))
        return tickets

    def _targets_by_margin_impact(self, deltas: list[tuple[Any, Decimal]]) -> list[tuple[Any, Decimal]]:
        """Return the changes worth at least a lot: reductions first, then the more expensive ones."""
        ranked: list[tuple[bool, Decimal, tuple[Any, Decimal]]] = []
        transactions = self._host.transactions
        for symbol, quantity in deltas:
            security = self._security(symbol)
            lots = round_down_to_lot(quantity, security.properties.lot_size)
            if not security.has_data or not security.is_tradable or abs(lots) < security.properties.lot_size:
                continue
            projected = transactions.get_projected_holdings(security).exact_projected_quantity
            is_reduction = projected != ZERO and abs(projected + lots) < abs(projected)
            ranked.append((not is_reduction, -abs(lots * security.exact_price), (symbol, quantity)))
        ranked.sort(key=lambda item: item[:2])
        return [item[2] for item in ranked]

    def _liquidate_others(
        self, symbols: list[Any], tag: str | None, properties: OrderProperties | None
    ) -> list[OrderTicket]:
        kept = [self._symbol(each) for each in symbols]
        others = sorted(
            (each for each in self._host.securities.keys() if each not in kept), key=lambda each: str(each.value)
        )
        return self.liquidate(others, tag=tag, order_properties=properties) if others else []

    def _trade_toward(
        self, symbol: Any, quantity: Decimal, asynchronous: bool, tag: str | None, properties: OrderProperties | None
    ) -> list[OrderTicket]:
        security = self._security(symbol)
        transactions = self._host.transactions
        pending = ZERO
        for order in transactions.open_orders(security.symbol):
            if order.type in (OrderType.MARKET, OrderType.MARKET_ON_OPEN):
                pending += transactions.get_order_ticket(order.id).exact_quantity_remaining
        quantity -= pending
        if not quantity:
            return []
        if security.exchange.exchange_open:
            return [self._trade_at_market(security, quantity, asynchronous, tag or "", properties)]
        properties = self._without_date(properties)
        return [self._submit(MarketOnOpenOrder, security, quantity, asynchronous, tag or "", properties)]

    def _exact_order_quantity(self, symbol: Any, target: Decimal) -> Decimal:
        """Return the signed quantity that moves a holding to a fraction of the portfolio's value."""
        security = self._security(symbol)
        portfolio = self._host.portfolio
        settings = self._host.settings
        least, most = (
            settings.min_absolute_portfolio_target_percentage,
            settings.max_absolute_portfolio_target_percentage,
        )
        if target and not to_decimal(least) <= abs(target) <= to_decimal(most):
            self._host.write_log(
                "error",
                f"The portfolio target percent: {plain(target)}, does not comply with the current "
                f"settings.max_absolute_portfolio_target_percentage: {most:g} or "
                f"settings.min_absolute_portfolio_target_percentage: {least:g}. Skipping",
            )
            return ZERO
        if not security.exact_price:
            self._host.write_log("error", f"set_holdings: {security.symbol} has no price yet; wait for its first data")
            return ZERO
        total = portfolio.exact_total_portfolio_value
        spendable = portfolio.exact_total_portfolio_value_less_free_buffer
        result = self._host.quantity_for_target(security, target * spendable / total if total else ZERO)
        if result.is_error:
            self._host.write_log("error", f"set_holdings: {result.reason}")
            return ZERO
        return to_decimal(result.exact_quantity)

    def _without_date(self, properties: OrderProperties | None) -> OrderProperties:
        """Return properties for on-open and on-close orders, which cannot be good till a date."""
        chosen = (properties or self.default_order_properties).clone()
        if chosen.time_in_force.expiry is not None:
            self._warn_of(
                "good till date",
                "Warning: Good-Til-Date Time-In-Force is not supported for MOO and MOC orders. "
                "The time-in-force will be reset to Good-Til-Canceled (GTC).",
            )
            chosen.time_in_force = TimeInForce.GOOD_TIL_CANCELED
        return chosen

    def _converted(self, ticket: OrderTicket, kind: str, text: str) -> OrderTicket:
        """Say once, when an order was taken, that market orders become orders of another type."""
        if ticket.submit_request.response.is_success:
            self._warn_of(kind, text)
        return ticket

    def _warn_once(self, text: str) -> None:
        self._warn_of(text, f"Warning: {text}")

    def _warn_of(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            self._host.write_log("debug", text)

    def _symbol(self, value: Any) -> Symbol:
        """Return the symbol of a Symbol, a Security or a ticker.

        Raises:
            UsageError: the ticker was not added.
        """
        if isinstance(value, Symbol):
            return value
        symbol = getattr(value, "symbol", None)
        if isinstance(symbol, Symbol):
            return symbol
        for known in self._host.securities.keys():
            if known == value:
                return known  # type: ignore[no-any-return]
        raise UsageError(f"{value!r} was not added to the algorithm; add it in initialize, for example with add_equity")

    def _security(self, value: Any) -> Any:
        return self._host.securities[self._symbol(value)]


def initial_trailing_stop(price: Amount, amount: Amount, as_percentage: bool, is_purchase: bool) -> Amount:
    """Return the first stop of a trailing order: above the market for a purchase, below it for a sale."""
    distance = price * amount if as_percentage else amount
    return price + distance if is_purchase else price - distance


def _exact_quantity(call: str, quantity: Number, asynchronous: bool = False, tag: str | None = None) -> Decimal:
    """Return the quantity of an order call, whose arguments are looked at first.

    Raises:
        TypeError: one is of a type that LEAN does not take.
        ValueError: the quantity is infinite, NaN or too large.
    """
    check_options(call, asynchronous, tag)
    quantity_of(call, "quantity", quantity)
    return to_decimal(quantity)


def _exact_prices(call: str, **prices: Number) -> dict[str, Any]:
    """Return the prices of an order call; errors as for `_exact_quantity`."""
    for name, price in prices.items():
        price_of(call, name.replace("_", " "), price)
    return {name: to_decimal(price) for name, price in prices.items()}
