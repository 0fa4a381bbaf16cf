"""What a run's account and securities were worth over time, sampled: memory does not grow with the run.

Equity, prices and positions are sampled together once a minute of data time; a fill adds its price and the position
after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from live.paper.run_records import Drawdown, SymbolCurve
from live.paper.securities import Security
from live.paper.series import BoundedSeries

SAMPLED_SYMBOLS_MAX = 32
"""Securities that are followed from the start."""
TRADED_SYMBOLS_MAX = 64
"""Securities that are followed in all: beyond the former those that fill orders."""


class _Followed:
    """Price and position of one security."""

    def __init__(self, security: Security) -> None:
        self.security = security
        self.price = BoundedSeries()
        self.position = BoundedSeries()
        self._quantity: float | None = None

    def sample(self, time_ns: int, price: float) -> None:
        """Take the price at a moment, and the position when it is another than before."""
        if price:
            self.price.append(time_ns, price)
        quantity = float(self.security.holdings.exact_quantity)
        if quantity != self._quantity:
            self._quantity = quantity
            self.position.append(time_ns, quantity)


class Curves:
    """Follows equity, drawdown, and the prices and positions of the securities that come first or trade."""

    def __init__(self) -> None:
        self.equity = BoundedSeries()
        self._followed: dict[int, _Followed] = {}
        self._peak = 0.0
        self.drawdown = Drawdown()
        """The deepest fall below an earlier peak, among all samples."""

    def sample(self, time_ns: int, equity: float, securities: Iterable[Security]) -> None:
        """Take the state at a moment.

        Parameters:
            time_ns: the moment, UTC.
            equity: total portfolio value.
            securities: those of the run.
        """
        self.equity.append(time_ns, equity)
        self._peak = max(self._peak, equity)
        if self._peak > 0 and 1 - equity / self._peak > self.drawdown.share:
            self.drawdown = Drawdown(1 - equity / self._peak, self._peak - equity, time_ns)
        for security in securities:
            followed = self._follow(security, SAMPLED_SYMBOLS_MAX)
            if followed is not None:
                followed.sample(time_ns, security.price)

    def fill(self, security: Security, time_ns: int, price: float) -> None:
        """Take a fill's price, and the position after it."""
        followed = self._follow(security, TRADED_SYMBOLS_MAX)
        if followed is not None:
            followed.sample(time_ns, price)

    def symbols(self) -> Iterator[SymbolCurve]:
        """Yield what was followed, in the order in which that began."""
        for each in self._followed.values():
            symbol = each.security.symbol
            yield SymbolCurve(symbol.value, str(symbol.id), each.price.points(), each.position.points())

    def _follow(self, security: Security, symbols_max: int) -> _Followed | None:
        followed = self._followed.get(security.symbol.index)
        if followed is None and len(self._followed) < symbols_max:
            followed = self._followed[security.symbol.index] = _Followed(security)
        return followed
