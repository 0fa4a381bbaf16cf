"""The engine's own transaction path around the doubles of an account: submits orders, moves time, keeps events and log lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from live.algorithm.enums import AccountType
from live.algorithm.order_terms import OrderProperties
from live.algorithm.orders import MarketOrder, Order, OrderEvent
from live.algorithm.tickets import OrderTicket
from live.paper.order_records import OrderHost
from live.paper.securities import Security
from live.paper.transactions import SecurityTransactionManager
from support.paper_doubles import Desk, moment


class TradingFloor(Desk, OrderHost):
    """An account whose orders go the engine's way, from the queue to the event."""

    def __init__(self, cash: float = 100_000, account_type: AccountType = AccountType.MARGIN, name: int = 0) -> None:
        super().__init__(cash, account_type, name)
        self.time_ns = 0
        self.is_warming_up = False
        self.brokerage_model = self.model
        self.events: list[OrderEvent] = []
        self.errors: list[str] = []
        self.notes: list[str] = []
        self.denial: str | None = None
        self.on_event: Any = None
        self.transactions = SecurityTransactionManager(self)
        self.portfolio.transactions = self.transactions

    def submit_order(self, order: Order, asynchronous: bool) -> OrderTicket:
        return self.transactions.submit(order, self.portfolio.securities[order.symbol], asynchronous)

    def publish(self, event: OrderEvent) -> None:
        self.events.append(event)
        if self.on_event is not None:
            self.on_event(event)

    def report_error(self, text: str) -> None:
        self.errors.append(text)

    def report_debug(self, text: str) -> None:
        self.notes.append(text)

    def refuse_update(self, order: Order, changed: Order) -> str | None:
        return self.denial

    def at(self, security: Security, local: str) -> None:
        """Move the clock to a reading of a security's exchange, which has new data already."""
        self.time_ns = security.hours.exchange_zone.to_utc_ns(moment(local))
        for each in self.portfolio.securities.values():
            each.clock.now_ns = self.time_ns

    def send(
        self, security: Security, quantity: str | int, kind: type[Order] = MarketOrder, tag: str = "", **prices: Any
    ) -> OrderTicket:
        """Submit an order now; prices are given as text or numbers."""
        exact = {name: value if isinstance(value, bool) else Decimal(str(value)) for name, value in prices.items()}
        order = kind(0, security.symbol, Decimal(str(quantity)), self.time_ns, tag, OrderProperties(), **exact)
        return self.submit_order(order, False)

    @property
    def story(self) -> list[tuple[int, str]]:
        """Order number and status of each event."""
        return [(event.order_id, event.status.name) for event in self.events]
