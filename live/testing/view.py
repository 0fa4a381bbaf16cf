"""What a test sees of a session: orders, events, holdings, log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from live.algorithm.orders import OrderEvent
from live.algorithm.symbols import Symbol
from live.algorithm.tickets import OrderTicket
from live.clock import ns_to_datetime
from live.paper.securities import Security
from live.testing.engine import SessionEngine, security_of
from live.testing.records import LogLine, SessionRecords


class SessionView:
    """The members of a session that tell what came of it."""

    def __init__(self) -> None:
        self._records = SessionRecords()
        self._now_ns = 0

    def _opened(self) -> SessionEngine:
        """Return the engine.

        Raises:
            UsageError: the session has not begun.
        """
        raise NotImplementedError

    @property
    def algorithm(self) -> Any:
        """The strategy's object, with everything that it set on itself."""
        return self._opened().algorithm

    @property
    def time(self) -> datetime:
        """Present moment on the strategy's clock."""
        return ns_to_datetime(self._opened().zone.to_local_ns(self._now_ns))

    @property
    def orders(self) -> list[OrderTicket]:
        """Tickets of all orders in the order of their numbers.

        What was refused before it became an order, for want of a price or by the risk gate, is a line of `errors`.
        """
        return sorted(self._opened().transactions.get_order_tickets(), key=lambda ticket: ticket.order_id)

    @property
    def open_orders(self) -> list[OrderTicket]:
        """Tickets of the orders that may still fill."""
        return [ticket for ticket in self.orders if not ticket.status.is_closed]

    @property
    def events(self) -> list[OrderEvent]:
        """All order events so far."""
        return list(self._records.events)

    @property
    def fills(self) -> list[OrderEvent]:
        """The order events that filled something."""
        return [event for event in self._records.events if event.status.is_fill]

    @property
    def log_lines(self) -> list[LogLine]:
        """What the strategy and the engine wrote: time, level and text."""
        return list(self._records.lines)

    @property
    def logs(self) -> list[str]:
        """The texts of all log lines."""
        return [line.text for line in self._records.lines]

    @property
    def errors(self) -> list[str]:
        """The texts of the log's error lines, refused orders among them."""
        return [line.text for line in self._records.lines if line.level == "error"]

    @property
    def cash(self) -> float:
        """Cash in the account's currency, other currencies converted."""
        return float(self._opened().portfolio.cash)

    @property
    def equity(self) -> float:
        """Cash and holdings, in the account's currency."""
        return float(self._opened().portfolio.total_portfolio_value)

    @property
    def quit_message(self) -> str | None:
        """Text with which the strategy, or the engine for want of money, ended the run; None while it goes on."""
        return self._opened().quit_message

    def position(self, symbol: str | Symbol) -> Any:
        """Return the holding of a symbol: quantity, average_price, unrealized_profit and the other members of LEAN's.

        Raises:
            UsageError: the strategy did not add the symbol.
        """
        return self.security(symbol).holdings

    def security(self, symbol: str | Symbol) -> Security:
        """Return the security of a symbol: price, bid_price, ask_price, holdings and the other members of LEAN's.

        Raises:
            UsageError: the strategy did not add the symbol.
        """
        return security_of(self._opened(), symbol)
