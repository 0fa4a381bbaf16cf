"""The risk gate in front of LEAN: tells `live.hot.risk` what it needs to know of LEAN's account, and asks it.

What a judgement needs is read from LEAN at that moment: the position, the newest bid and ask, and only when a limit asks for
it the age of the price and the worth of the account. A property of .NET costs 0.3 to 0.6 µs here when it is warm, ten times
that when it is cold, so the objects between are kept by symbol. Sessions are LEAN's own business: an order for a closed
market waits or is refused by its rules, as in the embedded engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from live.algorithm.enums import OrderType
from live.clock import date_to_ns
from live.config import RiskSettings
from live.hot.book import MAX_SYMBOLS, Book
from live.hot.catalogue import ControlBit
from live.hot.denials import DenialCode
from live.hot.limits import limits_of
from live.hot.records import KIND_QUOTE
from live.hot.risk import MONEY_SCALE, SESSION_ALWAYS_NS, RiskGate
from live.hot.units import scaled_e9
from live.lean import surface

_MARKET = int(OrderType.MARKET)
_MARKET_ON_OPEN = int(OrderType.MARKET_ON_OPEN)
_RATES_AT_ONCE = 8
"""Reading a property of .NET keeps the interpreter's lock, so a look must be short."""
_CONTROL_DENIALS = (
    (ControlBit.KILL, DenialCode.KILL_SWITCH_ENGAGED),
    (ControlBit.PAUSE, DenialCode.CONTROL_PAUSED),
    (ControlBit.REDUCE_ONLY, DenialCode.CONTROL_REDUCE_ONLY),
)


class SymbolRow(surface.TradedSecurity):
    """A security as the gate knows it, with its row in the book.

    Attributes:
        index: row of the book.
        is_fed: whether somebody else writes each tick of it to the book.
    """

    __slots__ = ("index", "is_fed")

    def __init__(self, index: int, security: Any) -> None:
        self.index = index
        self.is_fed = False
        self.take(security)


class LeanGate:
    """Judges orders by LEAN's account and prices.

    Parameters:
        settings: the limits.
        control: returns what somebody outside asks for, bits of ControlBit.

    Attributes:
        account: what LEAN says of the algorithm; there from `take` on.
        risk: the gate itself; it denies everything until `open`.
        rows: what is known of each security, by row.
    """

    def __init__(self, settings: RiskSettings, control: Callable[[], int]) -> None:
        self._settings = settings
        self._control = control
        self._restricted = {ticker.upper() for ticker in settings.restricted_symbols}
        self._has_age_limit = settings.max_quote_age_seconds > 0
        self._has_loss_limit = settings.max_daily_loss > 0
        self._by_symbol: dict[Any, SymbolRow] = {}
        self._tickers: set[str] = set()
        self._day_ns = -1
        self._next_rate = 0
        self.risk = RiskGate(Book(MAX_SYMBOLS))
        self.rows: list[SymbolRow] = []

    def take(self, algorithm: Any) -> None:
        """Take the algorithm, whose securities are looked up from now on."""
        self.account = surface.TradingAccount(algorithm)

    def open(self, algorithm: Any) -> None:
        """Load the limits and take in all securities with their positions; from now on orders pass."""
        self.take(algorithm)
        self.on_securities_changed(surface.securities(algorithm))
        self.look_at_account()
        self.risk.load_limits(limits_of(self._settings))

    # -- for each order

    def row_of(self, symbol: Any) -> SymbolRow | None:
        """Return what is known of a symbol, ticker or security as algorithms hand them to orders; None for a stranger."""
        if isinstance(symbol, str):
            return self._of_ticker(symbol)
        row = self._by_symbol.get(symbol)
        return self._find(symbol) if row is None else row

    def admit(self, row: SymbolRow, quantity_e9: int, order_type: int, price_e9: int, now_ns: int) -> int:
        """Judge an order, and count it when it may go out.

        Parameters:
            row: its security.
            quantity_e9: signed quantity.
            order_type: number of LEAN's OrderType.
            price_e9: limit or stop price; 0 for none.
            now_ns: the wall clock.

        Returns:
            0, or a DenialCode.
        """
        order_type = self.learn(row, order_type, now_ns)
        return self.risk.admit(row.index, quantity_e9, order_type, price_e9, now_ns)

    def judge(self, row: SymbolRow, quantity_e9: int, order_type: int, price_e9: int, now_ns: int) -> int:
        """Judge an order that will not be sent; parameters and result as for `admit`."""
        order_type = self.learn(row, order_type, now_ns)
        return self.risk.check(row.index, quantity_e9, order_type, price_e9, now_ns)

    def learn(self, row: SymbolRow, order_type: int, now_ns: int) -> int:
        """Bring to the gate what LEAN knows now of account and security; return what type LEAN will make of the order.

        Parameters as for `admit`.
        """
        risk = self.risk
        risk.control = self._control()
        if self._has_loss_limit:
            risk.set_equity(round(self.account.equity() * MONEY_SCALE))
        age_ns = 0
        if self._has_age_limit:
            if order_type == _MARKET and not row.is_open():
                # The age of the price does not concern an order for the next opening.
                order_type = _MARKET_ON_OPEN
            age_ns = self._price_age_ns(row, now_ns)
        if not row.is_fed:
            bid, ask = row.quote()
            received_ns = now_ns - age_ns
            risk.book.update_tick(
                row.index, KIND_QUOTE, received_ns, scaled_e9(bid), scaled_e9(ask), 0.0, 0.0, received_ns
            )
        risk.set_position(row.index, scaled_e9(row.held()))
        return order_type

    def control_denial(self) -> int:
        """Return the code with which the control word refuses what cannot be judged; 0 when it asks for nothing."""
        control = self._control()
        return next((int(code) for bit, code in _CONTROL_DENIALS if control & bit), 0)

    # -- between orders

    def take_position(self, row: SymbolRow) -> None:
        """Take over LEAN's position: after a fill LEAN has counted it before anybody is told."""
        self.risk.set_position(row.index, scaled_e9(row.held()))

    def look_at_account(self) -> None:
        """Take the worth of the account when a limit asks for it, and renew the conversion rates of a few securities.

        The first look of a day is what the daily loss counts from; the day is that of the algorithm's time zone.
        """
        if self._has_loss_limit:
            equity_e4 = round(self.account.equity() * MONEY_SCALE)
            day_ns = date_to_ns(self.account.day())
            if day_ns != self._day_ns:
                self._day_ns = day_ns
                self.risk.begin_day(equity_e4)
            else:
                self.risk.set_equity(equity_e4)
        for _ in range(min(_RATES_AT_ONCE, len(self.rows))):
            self._next_rate = (self._next_rate + 1) % len(self.rows)
            self._register(self.rows[self._next_rate])

    def on_securities_changed(self, added: Any) -> None:
        """Take in securities that were added, and those that were added anew."""
        for security in added:
            row = self._by_symbol.get(security.symbol)
            if row is None:
                self._add(security)
            else:
                row.take(security)
                self._register(row)

    def _find(self, symbol: Any) -> SymbolRow | None:
        """Look for a symbol in LEAN, and remember how the algorithm calls it."""
        security = surface.security_of(self.account.algorithm, getattr(symbol, "symbol", symbol))
        if security is None:
            return None
        row = self._by_symbol.get(security.symbol) or self._add(security)
        if row is not None:
            self._by_symbol[symbol] = row
        return row

    def _of_ticker(self, ticker: str) -> SymbolRow | None:
        """Return the row of a ticker; LEAN is asked each time, for which a ticker means the security that was added last."""
        algorithm = self.account.algorithm
        if ticker.upper() not in self._tickers:
            # One that the algorithm has just added.
            self.on_securities_changed(
                each for each in surface.securities(algorithm) if each.symbol not in self._by_symbol
            )
            if ticker.upper() not in self._tickers:
                return None
        security = surface.security_of(algorithm, ticker)
        return None if security is None else self._by_symbol.get(security.symbol) or self._add(security)

    def _add(self, security: Any) -> SymbolRow | None:
        if len(self.rows) >= self.risk.book.capacity:
            return None
        row = SymbolRow(len(self.rows), security)
        self.rows.append(row)
        self._by_symbol[row.symbol] = row
        self._tickers.add(row.ticker.upper())
        self._register(row)
        self.risk.restrict(row.index, row.ticker.upper() in self._restricted)
        self.take_position(row)
        return row

    def _register(self, row: SymbolRow) -> None:
        # Before the first price of a currency there is no rate; LEAN refuses orders until then.
        self.risk.register_symbol(row.index, *SESSION_ALWAYS_NS, row.unit_value() or 1.0)

    def _price_age_ns(self, row: SymbolRow, now_ns: int) -> int:
        """Return how old a security's newest price is: its time and that of its data stand still between steps of the engine."""
        return max(0, row.data_age_ns() + now_ns - surface.utc_ns(self.account.algorithm))
