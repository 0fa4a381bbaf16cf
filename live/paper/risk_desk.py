# cython: annotation_typing=False, wraparound=True, boundscheck=True
"""The risk gate of a run: tells `live.hot.risk` what it needs to know, and asks it about every order.

The dry run has LEAN's own rules for sessions, so the gate's session check is open here: an order for a closed market is
refused or waits as in LEAN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from live.algorithm.enums import OrderStatus, OrderType
from live.algorithm.numbers import Number, to_decimal
from live.algorithm.orders import Order, OrderEvent
from live.config import RiskSettings
from live.hot.book import Book
from live.hot.denials import DenialCode, denial_of
from live.hot.limits import limits_of
from live.hot.records import KIND_QUOTE
from live.hot.risk import SESSION_ALWAYS_NS, RiskGate
from live.hot.units import PRICE_SCALE
from live.paper.models.context import Account
from live.paper.securities import Security, SecurityManager

_LARGEST_E9 = 9 * 10**18
"""Largest scaled number that the gate's 64 bits can hold; what is larger is refused there by its size."""
# An enumeration's member is looked up slowly.
_CANCEL_PENDING = OrderStatus.CANCEL_PENDING


class RiskDesk:
    """Asks the gate about orders, and keeps it informed of what became of them.

    Parameters:
        settings: the limits.
        control: returns what somebody outside asks for: kill, pause, reduce-only.
    """

    def __init__(self, settings: RiskSettings, control: Callable[[], int]) -> None:
        self._settings = settings
        self._control = control
        self._open: dict[int, tuple[int, int]] = {}
        self._canceling: set[int] = set()
        self._day = -1
        self.book = Book(1)
        self.gate = RiskGate(self.book)
        self._rates: dict[int, tuple[Decimal, Decimal]] = {}
        """Conversion rate and contract multiplier that each symbol was registered with. Decimals never change, so the
        same objects are the same values."""
        self._raw: set[int] = set()
        """Symbols whose ticks reach the book by themselves, as raw prices. Of others the security's price is copied to
        the book when an order is judged."""

    def open(self, securities: SecurityManager) -> None:
        """Take the memory for all securities of the run and load the limits."""
        symbols = list(securities.keys())
        self.book = Book(max((symbol.index for symbol in symbols), default=0) + 1)
        self.gate = RiskGate(self.book)
        self._rates.clear()
        self.gate.load_limits(limits_of(self._settings))
        restricted = {ticker.upper() for ticker in self._settings.restricted_symbols}
        for symbol in symbols:
            self._register(securities[symbol])
            self.gate.restrict(symbol.index, symbol.value in restricted)

    def ticks_reach_book(self, symbol_indexes: Iterable[int]) -> None:
        """Take note of symbols whose every tick is written to the book by somebody else, with its raw price."""
        self._raw.update(symbol_indexes)

    def has_market(self, symbol_index: int) -> bool:
        """Tell whether the book knows a symbol's market without being told."""
        return symbol_index in self._raw and self.book.has_price(symbol_index)

    def look_at_control(self) -> None:
        """Ask anew what the gate is asked for: a pause may be over."""
        self.gate.control = self._control()

    def refresh(self, security: Security) -> None:
        """Copy a security's newest price to the book, unless its ticks do that."""
        if not self.has_market(security.symbol.index):
            self._store_price(security)

    def admit(self, order: Order, order_id: int, security: Security, account: Account) -> DenialCode | None:
        """Judge an order, and count it when it may go out.

        Parameters:
            order: the order, not yet submitted.
            order_id: the number that it gets when it goes out.
            security: what it trades.
            account: the portfolio as it is now.

        Returns:
            Why the order is refused; None when it goes out.
        """
        quantity_e9, price_e9 = e9(order.exact_quantity), self._price_e9(order, security)
        code = self._judge(order, quantity_e9, price_e9, security, account)
        if code:
            return denial_of(code)
        index = security.symbol.index
        self.gate.on_accepted(index, quantity_e9, order.type, price_e9, security.time_ns)
        self._open[order_id] = (index, quantity_e9)
        return None

    def check_update(self, order: Order, changed: Order, security: Security, account: Account) -> DenialCode | None:
        """Judge what is left of an order as if it were sent anew with its changes; an accepted update counts as an order."""
        known = self._open.get(order.id)
        if known is None:
            return None
        index, unfilled_e9 = known
        left_e9 = _bounded(e9(changed.exact_quantity) - (e9(order.exact_quantity) - unfilled_e9))
        self.gate.on_closed(index, unfilled_e9)
        code = self._judge(changed, left_e9, self._price_e9(changed, security), security, account)
        kept, kept_e9 = (order, unfilled_e9) if code else (changed, left_e9)
        self.gate.on_accepted(index, kept_e9, int(kept.type), self._price_e9(kept, security), security.time_ns)
        self._open[order.id] = (index, kept_e9)
        return denial_of(code) if code else None

    def _judge(self, order: Order, quantity_e9: int, price_e9: int, security: Security, account: Account) -> int:
        """Tell the gate what it needs to know and return its answer: 0, or a DenialCode."""
        gate, index = self.gate, security.symbol.index
        self.look_at_control()
        if self._settings.max_daily_loss:
            # Nothing else asks for the equity, and valuing the account is most of the work here.
            gate.set_equity(_e4(account.exact_total_portfolio_value))
        self.refresh(security)
        self._register(security)
        gate.set_position(index, e9(security.holdings.exact_quantity))
        if order.is_liquidation:
            return self._judge_liquidation(order.type, index, quantity_e9, price_e9, security.time_ns)
        return gate.check(index, quantity_e9, order.type, price_e9, security.time_ns)

    def _judge_liquidation(
        self, order_type: OrderType, index: int, quantity_e9: int, price_e9: int, now_ns: int
    ) -> int:
        """Judge an order of `liquidate`, which has asked to cancel what rests: that is gone when the order is sent.

        Counted as open, a protective stop would keep its position from being closed.
        """
        gate = self.gate
        orders = [self._open[each] for each in self._canceling]
        leaving = [unfilled_e9 for at, unfilled_e9 in orders if at == index]
        for each in leaving:
            gate.set_aside(index, each)
        code = gate.check(index, quantity_e9, order_type, price_e9, now_ns, True)
        for each in leaving:
            gate.put_back(index, each)
        return code

    def on_event(self, event: OrderEvent) -> None:
        """Follow an order's executions and its end."""
        known = self._open.get(event.order_id)
        if known is None:
            return
        index, unfilled_e9 = known
        if event.status.is_fill:
            filled_e9 = e9(event.exact_fill_quantity)
            self.gate.on_fill(index, filled_e9)
            unfilled_e9 -= filled_e9
            self._open[event.order_id] = (index, unfilled_e9)
        elif event.status is _CANCEL_PENDING:
            self._canceling.add(event.order_id)
        if event.status.is_closed:
            del self._open[event.order_id]
            self._canceling.discard(event.order_id)
            self.gate.on_closed(index, 0 if event.status is OrderStatus.FILLED else unfilled_e9)

    def on_equity(self, day: int, equity: Decimal) -> None:
        """Take the worth of the account; the first of a day is what the daily loss counts from."""
        if day != self._day:
            self._day = day
            self.gate.begin_day(_e4(equity))
        else:
            self.gate.set_equity(_e4(equity))

    def _register(self, security: Security) -> None:
        index = security.symbol.index
        rate, multiplier = security.quote_cash.exact_conversion_rate, security.properties.contract_multiplier
        known = self._rates.get(index)
        if known is not None and known[0] is rate and known[1] is multiplier:
            return
        self._rates[index] = (rate, multiplier)
        value = float(rate * multiplier)
        # Before the first price of a currency there is no rate; LEAN refuses orders until then.
        self.gate.register_symbol(index, *SESSION_ALWAYS_NS, value or 1.0)

    def _store_price(self, security: Security) -> None:
        data = security.get_last_data()
        if data is None:
            return
        received_ns = security.exchange.zone.to_utc_ns(data.end_local_ns)
        bid, ask = security.bid_price, security.ask_price
        bid_e9 = self._book_e9(to_decimal(bid), security)
        ask_e9 = bid_e9 if ask == bid else self._book_e9(to_decimal(ask), security)
        self.book.update_tick(security.symbol.index, KIND_QUOTE, received_ns, bid_e9, ask_e9, 0.0, 0.0, received_ns)

    def _price_e9(self, order: Order, security: Security) -> int:
        price = order.exact_limit_price or order.exact_stop_price
        if price is None:
            return 0
        return self._book_e9(price, security)

    def _book_e9(self, price: Decimal, security: Security) -> int:
        """Return a price of a security as the book has it."""
        return e9(price / security.exact_price_factor) if security.symbol.index in self._raw else e9(price)


def e9(value: Number) -> int:
    """Return a quantity or price scaled by 1e9, rounded to nearest, within what 64 bits hold."""
    return _bounded(round(to_decimal(value) * PRICE_SCALE))


def _bounded(scaled: int) -> int:
    return max(-_LARGEST_E9, min(_LARGEST_E9, scaled))


def _e4(value: Number) -> int:
    return round(to_decimal(value) * 10_000)
