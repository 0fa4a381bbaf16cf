"""The algorithm's order calls. What .NET does inside itself passes no method that a Python class overrides."""

from __future__ import annotations

from typing import Any

from lean_engine.market import SecurityType, Symbol
from lean_engine.orders.records import OrderTicket, SubmitOrderRequest
from lean_engine.orders.terms import OrderResponseErrorCode, OrderType
from lean_engine.orders.transactions import SecurityTransactionManager
from lean_engine.spelling import dotnet

_MARKET_TYPES = (OrderType.MARKET, OrderType.MARKET_ON_OPEN)


class PortfolioTarget:
    """QuantConnect.Algorithm.Framework.Portfolio.PortfolioTarget."""

    def __init__(self, symbol: Symbol, quantity: float) -> None:
        self.symbol = self.Symbol = symbol
        self.quantity = self.Quantity = quantity


class OptionStrategy:
    """QuantConnect.Securities.Option.OptionStrategy."""

    def __init__(self, *legs: Any) -> None:
        self.option_legs = self.OptionLegs = list(legs)


def _method(order_type: OrderType, *terms: str) -> Any:
    """Return an order method: symbol, quantity, terms, asynchronous, tag, order_properties."""
    names = ("symbol", "quantity", *terms, "asynchronous", "tag", "order_properties")
    defaults = {"asynchronous": False, "tag": "", "order_properties": None}

    def send(self: Any, *arguments: Any, **named: Any) -> OrderTicket:
        values = defaults | dict(zip(names, arguments, strict=False)) | named
        if len(arguments) > len(names) or values.keys() != set(names) or not isinstance(values["asynchronous"], bool):
            raise TypeError(f"No method matches given arguments for {order_type}")
        return _send(self, order_type, **values)

    return send


@dotnet("QuantConnect.Algorithm")
class Trading:
    """Order calls of QCAlgorithm in both spellings."""

    _transactions: SecurityTransactionManager
    _on_order_event_method: Any

    def _begin_trading(self) -> None:
        self._transactions = SecurityTransactionManager(self)

    @property
    def transactions(self) -> SecurityTransactionManager:
        return self._transactions

    market_order = _method(OrderType.MARKET)
    market_on_open_order = _method(OrderType.MARKET_ON_OPEN)
    market_on_close_order = _method(OrderType.MARKET_ON_CLOSE)
    limit_order = _method(OrderType.LIMIT, "limit_price")
    stop_market_order = _method(OrderType.STOP_MARKET, "stop_price")
    stop_limit_order = _method(OrderType.STOP_LIMIT, "stop_price", "limit_price")
    limit_if_touched_order = _method(OrderType.LIMIT_IF_TOUCHED, "trigger_price", "limit_price")

    def trailing_stop_order(self, symbol: Any, quantity: float, *rest: Any, **named: Any) -> OrderTicket:
        with_stop = "stop_price" in named or (len(rest) > 1 and not isinstance(rest[1], bool))
        terms = ("trailing_amount", "trailing_as_percentage")
        method = _method(OrderType.TRAILING_STOP, *(("stop_price", *terms) if with_stop else terms))
        return method(self, symbol, quantity, *rest, **named)

    def order(self, symbol: Any, quantity: float, *rest: Any, **named: Any) -> Any:
        if isinstance(symbol, OptionStrategy):
            return Trading.combo_market_order(self, symbol.option_legs, quantity, *rest, **named)
        if rest and not isinstance(rest[0], bool):
            rest = rest[1:]
        return Trading.market_order(self, symbol, quantity, *rest, **named)

    def buy(self, symbol: Any, quantity: float, *rest: Any, **named: Any) -> Any:
        return Trading._alias(self, symbol, abs(quantity), rest, named)

    def sell(self, symbol: Any, quantity: float, *rest: Any, **named: Any) -> Any:
        return Trading._alias(self, symbol, -abs(quantity), rest, named)

    def _alias(self, symbol: Any, quantity: float, rest: Any, named: Any) -> Any:
        """Carry out `buy` or `sell`: those of symbols have no further parameters, those of strategies do."""
        if (rest or named) and not isinstance(symbol, OptionStrategy):
            raise TypeError("No method matches given arguments for Buy or Sell")
        return Trading.order(self, symbol, quantity, *rest, **named)

    def combo_market_order(
        self, legs: list[Any], quantity: int, asynchronous: bool = False, tag: str = "", order_properties: Any = None
    ) -> list[OrderTicket]:
        return [
            _send(self, OrderType.COMBO_MARKET, leg.symbol, leg.quantity * quantity, asynchronous=asynchronous, tag=tag)
            for leg in legs
        ]

    def exercise_option(
        self, option_symbol: Symbol, quantity: int, asynchronous: bool = False, tag: str = ""
    ) -> OrderTicket:
        return _send(self, OrderType.OPTION_EXERCISE, option_symbol, -abs(quantity), asynchronous=asynchronous, tag=tag)

    def submit_order_request(self, request: SubmitOrderRequest) -> OrderTicket:
        return _check_and_add(self, request)

    # -- by what shall be held

    def calculate_order_quantity(self, symbol: Any, target: float) -> float:
        algorithm: Any = self
        known = algorithm.securities
        if symbol not in (known if not isinstance(symbol, str) else [each.value for each in known.keys()]):
            algorithm.error(f"{symbol} not found in portfolio.")
            return 0.0
        security = known[symbol]
        value = target * algorithm.portfolio.total_portfolio_value * 0.9975
        return float(int(value / security.price - security.holdings.quantity)) if security.price else 0.0

    def set_holdings(self, first: Any, *rest: Any, **named: Any) -> list[OrderTicket]:
        common = ("liquidate_existing_holdings", "asynchronous", "tag", "order_properties")
        names = common if isinstance(first, list) else ("percentage", *common)
        values = dict(zip(names, rest, strict=False)) | named
        targets = first if isinstance(first, list) else [PortfolioTarget(first, values["percentage"])]
        # One symbol: worked out before the others are liquidated. A list: after.
        deltas = [] if isinstance(first, list) else [_delta(self, each) for each in targets]
        tickets = []
        if values.get("liquidate_existing_holdings"):
            keep = [each.symbol for each in targets]
            algorithm: Any = self
            others = sorted((each for each in algorithm.securities.keys() if each not in keep), key=str)
            tickets += Trading.liquidate(self, others, tag=values.get("tag"))
        for symbol, delta in deltas or _by_margin_impact(self, targets):
            tickets += _rest(self, symbol, delta, values.get("asynchronous", False), values.get("tag") or "")
        return tickets

    def liquidate(
        self, symbol: Any = None, asynchronous: Any = False, tag: str | None = None, order_properties: Any = None
    ) -> list[Any]:
        if isinstance(asynchronous, str):
            return [each.order_id for each in Trading.liquidate(self, symbol, tag=asynchronous)]
        algorithm: Any = self
        symbols = symbol if isinstance(symbol, list) else [symbol]
        if symbol is None:
            symbols = sorted(algorithm.securities.keys(), key=str)
        tickets = []
        for each in symbols:
            for order in self._transactions.get_open_orders(each):
                if order.type != OrderType.MARKET:
                    self._transactions.get_order_ticket(order.id).cancel(tag)
            held = algorithm.securities[each].holdings.quantity
            if held:
                tag = tag or "Liquidated"
                tickets.append(Trading.market_order(self, each, -held, asynchronous, tag))
        return tickets


def _delta(algorithm: Any, target: Any) -> tuple[Any, float]:
    return target.symbol, Trading.calculate_order_quantity(algorithm, target.symbol, target.quantity)


def _by_margin_impact(algorithm: Any, targets: list[Any]) -> list[tuple[Any, float]]:
    """Return the changes in LEAN's order: those that reduce a position first, then the larger value."""

    def rank(change: tuple[Any, float]) -> tuple[bool, float]:
        security = algorithm.securities[change[0]]
        open_tickets = algorithm.transactions.get_open_order_tickets(change[0])
        held = security.holdings.quantity + sum(each.quantity_remaining for each in open_tickets)
        return not (held != 0 and abs(held + change[1]) < abs(held)), -abs(change[1] * security.price)

    deltas = [_delta(algorithm, each) for each in targets]
    kept = [each for each in deltas if abs(each[1]) >= algorithm.securities[each[0]].symbol_properties.lot_size]
    return sorted(kept, key=rank)


def _rest(algorithm: Any, symbol: Any, delta: float, asynchronous: bool, tag: str) -> list[OrderTicket]:
    waiting = [
        each.quantity_remaining
        for each in algorithm.transactions.get_open_order_tickets(algorithm.securities[symbol].symbol)
        if each.order_type in _MARKET_TYPES
    ]
    quantity = delta - sum(waiting)
    if not quantity:
        return []
    is_open = algorithm.securities[symbol].exchange.exchange_open
    order_type = OrderType.MARKET if is_open else OrderType.MARKET_ON_OPEN
    return [_send(algorithm, order_type, symbol, quantity, asynchronous=asynchronous, tag=tag)]


def _send(algorithm: Any, order_type: OrderType, symbol: Any, quantity: float, **terms: Any) -> OrderTicket:
    symbol = getattr(symbol, "symbol", symbol)
    security = algorithm.securities[symbol]
    if order_type == OrderType.MARKET and not security.exchange.exchange_open:
        order_type = OrderType.MARKET_ON_OPEN
    request = SubmitOrderRequest(
        order_type,
        security.symbol.security_type,
        security.symbol,
        float(quantity),
        float(terms.get("stop_price") or 0),
        float(terms.get("limit_price") or 0),
        algorithm._utc_time,
        terms.get("tag") or "",
        bool(terms.get("asynchronous")),
    )
    return _check_and_add(algorithm, request)


def _check_and_add(algorithm: Any, request: SubmitOrderRequest) -> OrderTicket:
    transactions = algorithm._transactions
    if algorithm._is_warming_up:
        code = OrderResponseErrorCode.ALGORITHM_WARMING_UP
        return transactions._refuse(request, code, "This operation is not allowed during warm-up.")
    if not algorithm.securities.contains_key(request.symbol):
        return transactions._refuse(request, OrderResponseErrorCode.MISSING_SECURITY, "no such security")
    security = algorithm.securities[request.symbol]
    if not request.quantity:
        code = OrderResponseErrorCode.ORDER_QUANTITY_ZERO
        return transactions._refuse(request, code, "Unable to submit order with id -10 that has zero quantity.")
    if abs(request.quantity) < security.symbol_properties.lot_size:
        code = OrderResponseErrorCode.ORDER_QUANTITY_LESS_THAN_LOT_SIZE
        return transactions._refuse(request, code, "the quantity is less than the lot size")
    if not security.price:
        return transactions._refuse(request, OrderResponseErrorCode.SECURITY_PRICE_ZERO, "no price yet")
    if request.order_type == OrderType.MARKET_ON_OPEN and security.type == SecurityType.CRYPTO:
        raise Exception(f"Market never closes for this symbol {security.symbol}, can no submit a MarketOnOpen order.")
    return transactions.add_order(request)
