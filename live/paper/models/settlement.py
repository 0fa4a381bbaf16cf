"""When the money of a fill arrives."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from live.algorithm.enums import Resolution
from live.algorithm.numbers import ZERO
from live.algorithm.order_terms import CashAmount
from live.clock import timedelta_to_ns
from live.paper.models.context import CashEntries, TradedSecurity
from live.paper.models.parameters import ApplyFundsSettlementModelParameters, ScanSettlementModelParameters
from live.paper.models.spelling import Model

__all__ = ["DelayedSettlementModel", "ImmediateSettlementModel"]

_DAY_NS = Resolution.DAILY.period_ns


class ImmediateSettlementModel(Model):
    """At once."""

    def apply_funds(self, parameters: ApplyFundsSettlementModelParameters) -> None:
        """Add a fill's money to the cash book."""
        amount = parameters.cash_amount
        parameters.portfolio.cash_book.ensure(amount.currency).exact_amount += amount.exact_amount

    def scan(self, parameters: ScanSettlementModelParameters) -> None:
        """Do nothing: nothing is under way."""

    def get_unsettled_cash(self) -> CashAmount | None:
        """Return None: nothing is under way."""
        return None


class DelayedSettlementModel(ImmediateSettlementModel):
    """Money of sales arrives some trading days later, at a time of day; purchases are paid at once.

    Parameters:
        number_of_days: trading days.
        time_of_day: time on the exchange's wall clock.
    """

    def __init__(self, number_of_days: int, time_of_day: timedelta) -> None:
        self._days = number_of_days
        self._time_of_day_ns = timedelta_to_ns(time_of_day)
        self._pending: list[tuple[int, str, Decimal]] = []
        self._book: CashEntries | None = None

    def apply_funds(self, parameters: ApplyFundsSettlementModelParameters) -> None:
        """Put a sale's money on the way, take a purchase's at once."""
        amount = parameters.cash_amount
        self._book = parameters.portfolio.cash_book
        if amount.exact_amount <= ZERO:
            super().apply_funds(parameters)
            return
        parameters.portfolio.unsettled_cash_book.ensure(amount.currency).exact_amount += amount.exact_amount
        due = self._due_ns(parameters.security, parameters.time_ns)
        self._pending.append((due, amount.currency, amount.exact_amount))

    def scan(self, parameters: ScanSettlementModelParameters) -> None:
        """Move the money that has arrived from the unsettled to the settled book."""
        waiting = []
        for due, currency, amount in self._pending:
            if parameters.time_ns < due:
                waiting.append((due, currency, amount))
                continue
            parameters.portfolio.unsettled_cash_book.ensure(currency).exact_amount -= amount
            parameters.portfolio.cash_book.ensure(currency).exact_amount += amount
        self._pending = waiting

    def get_unsettled_cash(self) -> CashAmount | None:
        """Return the money under way in the account's currency, None when there is none."""
        if self._book is None or not self._pending:
            return None
        total = sum((self._book.exact_to_account_currency(amount, name) for _, name, amount in self._pending), ZERO)
        return CashAmount(total, self._book.account_currency)

    def _due_ns(self, security: TradedSecurity, time_ns: int) -> int:
        zone = security.hours.exchange_zone
        local = zone.to_local_ns(time_ns)
        day = local - local % _DAY_NS
        for _ in range(self._days):
            day += _DAY_NS
            while not security.hours.is_date_open(day):
                day += _DAY_NS
        return zone.to_utc_ns(day + self._time_of_day_ns)
