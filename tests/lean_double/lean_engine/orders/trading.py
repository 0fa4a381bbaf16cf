"""The algorithm's order calls. What .NET does inside itself passes no method that a Python class overrides."""

from __future__ import annotations

from typing import Any

from lean_engine.market import Symbol
from lean_engine.orders.records import OrderTicket, SubmitOrderRequest
from lean_engine.orders.terms import OrderType
from lean_engine.orders.transactions import SecurityTransactionManager
from lean_engine.spelling import dotnet


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

    def market_order(self, symbol: Symbol, quantity: float, asynchronous: bool = False, tag: str = "") -> OrderTicket:
        return _send(self, OrderType.MARKET, symbol, quantity, asynchronous=asynchronous, tag=tag)

    def limit_order(
        self, symbol: Symbol, quantity: float, limit_price: float, asynchronous: bool = False, tag: str = ""
    ) -> OrderTicket:
        return _send(self, OrderType.LIMIT, symbol, quantity, limit_price, asynchronous=asynchronous, tag=tag)

    def calculate_order_quantity(self, symbol: Symbol, target: float) -> float:
        algorithm: Any = self
        price = algorithm.securities[symbol].price
        value = target * algorithm.portfolio.total_portfolio_value * 0.9975
        return float(int(value / price - algorithm.portfolio[symbol].quantity)) if price else 0.0

    def set_holdings(
        self, symbol: Symbol, percentage: float, liquidate_existing_holdings: bool = False, tag: str = ""
    ) -> list[OrderTicket]:
        quantity = Trading.calculate_order_quantity(self, symbol, percentage)
        return [_send(self, OrderType.MARKET, symbol, quantity, tag=tag)] if quantity else []

    def liquidate(self, symbol: Symbol | None = None, asynchronous: bool = False, tag: str = "") -> list[OrderTicket]:
        algorithm: Any = self
        symbols = algorithm.securities.keys() if symbol is None else [symbol]
        held = [(each, algorithm.portfolio[each].quantity) for each in symbols]
        return [
            _send(self, OrderType.MARKET, each, -quantity, asynchronous=asynchronous, tag=tag or "Liquidated")
            for each, quantity in held
            if quantity
        ]


def _send(
    algorithm: Any,
    order_type: OrderType,
    symbol: Symbol,
    quantity: float,
    limit_price: float = 0.0,
    stop_price: float = 0.0,
    asynchronous: bool = False,
    tag: str = "",
) -> OrderTicket:
    request = SubmitOrderRequest(
        order_type, symbol.security_type, symbol, quantity, stop_price, limit_price, algorithm._utc_time, tag
    )
    return algorithm._transactions._submit(request, asynchronous)
