"""Orders that the gate refuses: LEAN's ticket of an invalid order for the algorithm, a count and a line for people.

A refusal is what LEAN gives for an order that fails its own checks: a ticket with number -10 and status INVALID, whose
response is an error, so algorithms go on as they do in stock LEAN. Lines of the log are written later, by `report`, off the
strategy's thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from live.clock import NANOSECONDS_PER_SECOND
from live.hot.denials import DENIAL_CODES_MAX, DenialCode, denial_of
from live.lean import surface

_REMEMBERED = 1_024
"""Refusals that may wait to be reported; older ones are counted, not told one by one."""
_LINE_EVERY_NS = NANOSECONDS_PER_SECOND
"""Shortest time between two lines about the same code."""
CHECKS_ERROR = "PRE_ORDER_CHECKS_ERROR"
_LEAN_CODES = {
    DenialCode.ORDER_QUANTITY_ZERO: "ORDER_QUANTITY_ZERO",
    DenialCode.MARKET_NO_PRICE: "SECURITY_PRICE_ZERO",
    DenialCode.SYMBOL_UNKNOWN: "MISSING_SECURITY",
}
"""LEAN's response codes where LEAN has the same reason; all else is CHECKS_ERROR."""


class Denial(NamedTuple):
    """An order that was refused.

    Attributes:
        code: why.
        time_ns: when, UTC.
        ticker: what it would have traded.
        quantity: signed.
    """

    code: DenialCode
    time_ns: int
    ticker: str
    quantity: float


class Refusals:
    """Refuses orders.

    Parameters:
        on_denial: told each denial, in `report`.

    Attributes:
        counts: denials by code.
    """

    def __init__(self, on_denial: Callable[[Denial], None]) -> None:
        self._on_denial = on_denial
        self._waiting: deque[Denial] = deque(maxlen=_REMEMBERED)
        self._next_line_ns: dict[DenialCode, int] = {}
        self._unsaid: dict[DenialCode, int] = {}
        self.counts = [0] * DENIAL_CODES_MAX

    @property
    def total(self) -> int:
        """All denials."""
        return sum(self.counts)

    def deny(self, code: int, time_ns: int, ticker: str, quantity: float) -> DenialCode:
        """Count a denial."""
        self.counts[code] += 1
        denial = Denial(denial_of(code), time_ns, ticker, quantity)
        self._waiting.append(denial)
        return denial.code

    def report(self, write_error: Callable[[str], Any]) -> None:
        """Tell the denials since the last report, and write lines about them: one per code and second."""
        while self._waiting:
            denial = self._waiting.popleft()
            self._on_denial(denial)
            code = denial.code
            if denial.time_ns < self._next_line_ns.get(code, 0):
                self._unsaid[code] = self._unsaid.get(code, 0) + 1
                continue
            self._next_line_ns[code] = denial.time_ns + _LINE_EVERY_NS
            others = self._unsaid.pop(code, 0)
            more = f" ({others} more of them since the last line)" if others else ""
            write_error(
                f"risk gate refused an order of {denial.quantity:g} {denial.ticker}: {code.name}{more}. "
                f"{code.meaning} {code.remedy}"
            )


def refused_ticket(algorithm: Any, request: Any, code: DenialCode) -> Any:
    """Return LEAN's ticket of an invalid order for a denial.

    Parameters:
        algorithm: LEAN's algorithm.
        request: for the order.
        code: why.
    """
    response = surface.error_response(request, _LEAN_CODES.get(code, CHECKS_ERROR), refusal_text(code))
    return surface.invalid_ticket(algorithm, request, response)


def refusal_text(code: DenialCode) -> str:
    """Return what the algorithm reads in the response of what was refused."""
    return f"{code.name}: {code.meaning} {code.remedy}"


def canceled_ticket(algorithm: Any, request: Any) -> Any:
    """Return LEAN's ticket of an order that was taken back before it was sent; parameters as for `refused_ticket`."""
    response = surface.error_response(request, "REQUEST_CANCELED", "The order was canceled before it was sent.")
    return surface.invalid_ticket(algorithm, request, response)
