# cython: annotation_typing=False, initializedcheck=False
"""The risk gate: every check between a decision and the broker, each in constant time, closed until told otherwise.

Order of the checks; the first that fails gives the code:
1. limits loaded, symbol registered, quantity not zero and within 64 bits
2. control word: kill switch, pause, reduce-only
3. restricted symbol
4. market: session, a price, its age, the price collar
5. size: order quantity, order notional, position, gross exposure, open orders
6. daily loss
7. duplicates, rate per second, rate per minute

What may pass where others may not:
- A *reducing* order brings the position toward zero and, together with the open orders of its side, not beyond. It
  passes reduce-only, 3, 5 and 6: getting out must stay possible. It does not pass the kill switch, 4 or 7.
- A reducing order flagged as *liquidation* passes in addition the kill switch, the pause, the age of the price and 7.
- A market-on-open order passes the session and the age of the price: it is meant for a closed market.

A limit of 0 is off. A value *equal* to a limit passes, except that a daily loss equal to its limit stops trading, and
that as many orders may be open as max_open_orders says. Positions and exposure are judged in the worst case: as if all
open orders of the heavier side had filled. Values are quantity x price x rate in 64-bit reals, cut to 1/10,000 of a
unit of money.
"""

from __future__ import annotations

import cython

from live.errors import UsageError
from live.hot.book import Book
from live.hot.catalogue import ControlBit
from live.hot.denials import ALLOWED, DenialCode, denial_table
from live.hot.throttle import DuplicateWindow, TokenBucket

__all__ = ["ALLOWED", "MONEY_SCALE", "SESSION_ALWAYS_NS", "DenialCode", "RiskGate", "RiskLimits", "denial_table"]

MONEY_SCALE = 10_000
"""Units of `*_e4` amounts per one unit of money. Amounts of one symbol are bounded at 5e10 units of money."""
SESSION_ALWAYS_NS = (0, (1 << 63) - 1)
"""Opening and closing time of a market that never closes."""
MARKET_ON_OPEN = 4
"""Number of that order type, as LEAN has it."""

RISK_WORDS = 8
_FLAGS, _OPEN_NS, _CLOSE_NS, _POSITION, _OPEN_BUY, _OPEN_SELL, _EXPOSURE, _RATE = range(RISK_WORDS)
_WIDTH = RISK_WORDS
_REGISTERED = 1
_RESTRICTED = 2
_QUANTITY_LARGEST = 10**18
_POSITION_LARGEST = 4 * 10**18
_EXPOSURE_LARGEST = 5 * 10**14
_MARKET_ON_OPEN = MARKET_ON_OPEN
_PPM = 1_000_000
_SCALE = 1e9
_MONEY = 1e4
_SECOND_NS = 1_000_000_000
_KILL = int(ControlBit.KILL)
_PAUSE = int(ControlBit.PAUSE)
_REDUCE_ONLY = int(ControlBit.REDUCE_ONLY)
# C copies: reading a Python constant costs a look-up.
_KILL_SWITCH_ENGAGED = int(DenialCode.KILL_SWITCH_ENGAGED)
_CONTROL_PAUSED = int(DenialCode.CONTROL_PAUSED)
_CONTROL_REDUCE_ONLY = int(DenialCode.CONTROL_REDUCE_ONLY)
_LIMITS_NOT_LOADED = int(DenialCode.LIMITS_NOT_LOADED)
_SYMBOL_UNKNOWN = int(DenialCode.SYMBOL_UNKNOWN)
_SYMBOL_RESTRICTED = int(DenialCode.SYMBOL_RESTRICTED)
_ORDER_QUANTITY_ZERO = int(DenialCode.ORDER_QUANTITY_ZERO)
_ORDER_QUANTITY_ABOVE_MAX = int(DenialCode.ORDER_QUANTITY_ABOVE_MAX)
_ORDER_NOTIONAL_ABOVE_MAX = int(DenialCode.ORDER_NOTIONAL_ABOVE_MAX)
_ORDER_DUPLICATE = int(DenialCode.ORDER_DUPLICATE)
_SESSION_CLOSED = int(DenialCode.SESSION_CLOSED)
_MARKET_NO_PRICE = int(DenialCode.MARKET_NO_PRICE)
_MARKET_QUOTE_STALE = int(DenialCode.MARKET_QUOTE_STALE)
_PRICE_OUTSIDE_COLLAR = int(DenialCode.PRICE_OUTSIDE_COLLAR)
_POSITION_ABOVE_MAX = int(DenialCode.POSITION_ABOVE_MAX)
_EXPOSURE_GROSS_ABOVE_MAX = int(DenialCode.EXPOSURE_GROSS_ABOVE_MAX)
_OPEN_ORDERS_ABOVE_MAX = int(DenialCode.OPEN_ORDERS_ABOVE_MAX)
_RATE_SECOND_EXCEEDED = int(DenialCode.RATE_SECOND_EXCEEDED)
_RATE_MINUTE_EXCEEDED = int(DenialCode.RATE_MINUTE_EXCEEDED)
_LOSS_DAILY_EXCEEDED = int(DenialCode.LOSS_DAILY_EXCEEDED)
_LOSS_DAILY_UNKNOWN = int(DenialCode.LOSS_DAILY_UNKNOWN)


class RiskLimits:
    """Limits as whole numbers, each 0 (off) unless set. Quantities are scaled by 1e9, amounts of money by 1e4.

    Attributes:
        max_order_quantity_e9: largest size of one order.
        max_order_notional_e4: largest quantity x price of one order, in the quote currency.
        max_position_quantity_e9: largest position of one symbol in either direction.
        max_gross_exposure_e4: largest sum of the absolute values of all positions, in the account's currency.
        max_daily_loss_e4: fall of equity since the session's start at which orders stop.
        max_open_orders: most orders open at once.
        max_orders_per_second: orders per second, and largest burst; up to a million.
        max_orders_per_minute: orders per minute, likewise.
        max_quote_age_ns: oldest price on which an order may be sent.
        price_collar_ppm: farthest that a price may lie from the market, in millionths (1 basis point is 100).
        duplicate_window_ns: span in which an equal order counts as a duplicate.
    """

    def __init__(self) -> None:
        self.max_order_quantity_e9 = 0
        self.max_order_notional_e4 = 0
        self.max_position_quantity_e9 = 0
        self.max_gross_exposure_e4 = 0
        self.max_daily_loss_e4 = 0
        self.max_open_orders = 0
        self.max_orders_per_second = 0
        self.max_orders_per_minute = 0
        self.max_quote_age_ns = 0
        self.price_collar_ppm = 0
        self.duplicate_window_ns = 0


LIMIT_NAMES = (
    "max_order_quantity_e9",
    "max_order_notional_e4",
    "max_position_quantity_e9",
    "max_gross_exposure_e4",
    "max_daily_loss_e4",
    "max_open_orders",
    "max_orders_per_second",
    "max_orders_per_minute",
    "max_quote_age_ns",
    "price_collar_ppm",
    "duplicate_window_ns",
)
"""Names of all limits."""


class RiskGate:
    """Judges orders, and keeps what the judgement needs: positions, open orders, exposure, rates.

    `check` changes nothing but the valuation of its symbol. An order that then goes out is told with `on_accepted`, its
    executions with `on_fill`, and
    its end (filled, canceled, rejected) with `on_closed`. `control` holds the bits of ControlBit.

    Parameters:
        book: prices to judge by; its symbol indices are the gate's.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        block = bytearray(book.capacity * RISK_WORDS * 8)
        self._words: memoryview[int] = memoryview(block).cast("q")
        self._reals: memoryview[float] = memoryview(block).cast("d")
        for at in range(book.capacity * RISK_WORDS):
            self._words[at] = 0
        self.control = 0
        self.open_orders = 0
        self.gross_exposure_e4 = 0
        self._limits: RiskLimits | None = None
        self._second = TokenBucket(0, _SECOND_NS)
        self._minute = TokenBucket(0, 60 * _SECOND_NS)
        self._duplicates = DuplicateWindow(0)
        self._is_equity_known = False
        self._day_start_e4 = 0
        self._equity_e4 = 0

    # -- cold: what the gate is told before and between sessions

    def load_limits(self, limits: RiskLimits) -> None:
        """Take over a copy of the limits and begin to allow orders; rates and duplicates begin anew.

        Raises:
            UsageError: a limit is negative.
        """
        copy = RiskLimits()
        for name in LIMIT_NAMES:
            value = getattr(limits, name)
            if value < 0:
                raise UsageError(f"risk limit {name} is {value}; set it to 0 (off) or above")
            setattr(copy, name, value)
        self._second = TokenBucket(copy.max_orders_per_second, _SECOND_NS)
        self._minute = TokenBucket(copy.max_orders_per_minute, 60 * _SECOND_NS)
        self._duplicates = DuplicateWindow(copy.duplicate_window_ns)
        self._limits = copy

    def register_symbol(self, symbol_index: int, open_ns: int, close_ns: int, rate: float) -> None:
        """Let orders of a symbol through; call again for each session.

        Parameters:
            symbol_index: row of the book.
            open_ns: UTC time from which orders pass; see SESSION_ALWAYS_NS.
            close_ns: UTC time from which they do not.
            rate: account currency per unit of quote currency, times the contract multiplier.

        Raises:
            UsageError: the index lies outside the book, or the rate is not above zero.
        """
        if not 0 <= symbol_index < self.book.capacity:
            raise UsageError(f"symbol index {symbol_index} lies outside the book of {self.book.capacity}; enlarge it")
        if not 0.0 < rate < 1e12:
            raise UsageError(f"conversion rate {rate} of symbol index {symbol_index} must be above 0 and below 1e12")
        base = symbol_index * RISK_WORDS
        self._words[base + _FLAGS] |= _REGISTERED
        self._words[base + _OPEN_NS] = open_ns
        self._words[base + _CLOSE_NS] = close_ns
        self._reals[base + _RATE] = rate
        self.mark(symbol_index)

    def restrict(self, symbol_index: int, is_restricted: bool) -> None:
        """Put a symbol on the restricted list or take it off; an index outside the book is ignored."""
        if 0 <= symbol_index < self.book.capacity:
            at = symbol_index * RISK_WORDS + _FLAGS
            self._words[at] = self._words[at] | _RESTRICTED if is_restricted else self._words[at] & ~_RESTRICTED

    def set_position(self, symbol_index: int, quantity_e9: int) -> None:
        """Set a position, as known from the broker at start or after a reconnection."""
        if 0 <= symbol_index < self.book.capacity:
            self._words[symbol_index * RISK_WORDS + _POSITION] = _saturated(quantity_e9)
            self.mark(symbol_index)

    def begin_day(self, equity_e4: int) -> None:
        """Begin a session with this equity: the daily loss counts from here."""
        self._day_start_e4 = equity_e4
        self._equity_e4 = equity_e4
        self._is_equity_known = True

    # -- hot

    def set_equity(self, equity_e4: int) -> None:
        """Take the newest equity of the account, realised and unrealised."""
        self._equity_e4 = equity_e4

    def mark(self, symbol_index: int) -> None:
        """Value a symbol's position at the newest price. Also done at each of its orders and fills."""
        if self._is_known(symbol_index):
            self._revalue(symbol_index)

    def check(
        self,
        symbol_index: int,
        quantity_e9: int,
        order_type: int,
        price_e9: int,
        now_ns: int,
        is_liquidation: bool = False,
    ) -> int:
        """Judge an order.

        Parameters:
            symbol_index: row of the book.
            quantity_e9: signed quantity; above 0 buys.
            order_type: number of LEAN's OrderType.
            price_e9: limit price; 0 for orders without one.
            now_ns: now, on the clock of the book's receive_ns.
            is_liquidation: whether the order is part of an emergency exit; only heeded when the order reduces.

        Returns:
            ALLOWED (0) or a DenialCode.
        """
        if self._limits is None:
            return _LIMITS_NOT_LOADED
        if not self._is_known(symbol_index):
            return _SYMBOL_UNKNOWN
        if quantity_e9 == 0:
            return _ORDER_QUANTITY_ZERO
        if quantity_e9 > _QUANTITY_LARGEST or quantity_e9 < -_QUANTITY_LARGEST:
            return _ORDER_QUANTITY_ABOVE_MAX
        is_reducing = self.is_reducing(symbol_index, quantity_e9)
        is_waived = is_reducing and is_liquidation
        code = self._check_control(is_reducing, is_waived)
        if code:
            return code
        if not is_reducing and self._words[symbol_index * _WIDTH + _FLAGS] & _RESTRICTED:
            return _SYMBOL_RESTRICTED
        code = self._check_market(symbol_index, order_type, price_e9, now_ns, is_waived)
        if code:
            return code
        if not is_reducing:
            code = self._check_size(symbol_index, quantity_e9, price_e9)
            if code == 0:
                code = self._check_loss()
            if code:
                return code
        return 0 if is_waived else self._check_throttle(symbol_index, quantity_e9, order_type, price_e9, now_ns)

    def admit(self, symbol_index: int, quantity_e9: int, order_type: int, price_e9: int, now_ns: int) -> int:
        """Judge an order and, when it may pass, count it at once: `check` and `on_accepted` in one step.

        For callers on several threads: compiled, nothing can come between the two. Parameters and result as for `check`.
        """
        code = self.check(symbol_index, quantity_e9, order_type, price_e9, now_ns)
        if code == 0:
            self.on_accepted(symbol_index, quantity_e9, order_type, price_e9, now_ns)
        return code

    def amend(
        self, symbol_index: int, unfilled_e9: int, left_e9: int, order_type: int, price_e9: int, now_ns: int
    ) -> int:
        """Judge what is left of an open order as if it were sent anew with its changes; count it so when it may pass.

        For callers on several threads, as `admit`; other parameters and result as for `check`.

        Parameters:
            unfilled_e9: signed quantity that the order has yet to fill as it is.
            left_e9: signed quantity that it would have yet to fill.
        """
        self.on_closed(symbol_index, unfilled_e9)
        code = self.check(symbol_index, left_e9, order_type, price_e9, now_ns)
        if code == 0:
            self.on_accepted(symbol_index, left_e9, order_type, price_e9, now_ns)
        elif self._is_known(symbol_index):
            # It stays open as it was, and is no order of its own for rates and duplicates.
            self.open_orders += 1
            self._grow_open(symbol_index, unfilled_e9)
            self._revalue(symbol_index)
        return code

    def is_reducing(self, symbol_index: int, quantity_e9: int) -> bool:
        """Tell whether an order, with the open orders of its side, only brings the position toward zero."""
        if not self._is_known(symbol_index):
            return False
        base = symbol_index * _WIDTH
        if quantity_e9 < 0:
            return self._words[base + _POSITION] - self._words[base + _OPEN_SELL] + _bounded(quantity_e9) >= 0
        return (
            quantity_e9 > 0
            and self._words[base + _POSITION] + self._words[base + _OPEN_BUY] + _bounded(quantity_e9) <= 0
        )

    def on_accepted(self, symbol_index: int, quantity_e9: int, order_type: int, price_e9: int, now_ns: int) -> None:
        """Count an order that went out: open orders, rates, duplicates. Parameters as for `check`."""
        if not self._is_known(symbol_index):
            return
        self._grow_open(symbol_index, quantity_e9)
        self.open_orders += 1
        self._second.take(now_ns)
        self._minute.take(now_ns)
        self._duplicates.add(symbol_index, quantity_e9, order_type, price_e9, now_ns)
        self._revalue(symbol_index)

    def on_fill(self, symbol_index: int, quantity_e9: int) -> None:
        """Move a position by an execution of an accepted order, in signed quantity."""
        if not self._is_known(symbol_index):
            return
        base = symbol_index * _WIDTH
        self._shrink_open(symbol_index, quantity_e9)
        self._words[base + _POSITION] = _saturated(self._words[base + _POSITION] + _bounded(quantity_e9))
        self._revalue(symbol_index)

    def on_closed(self, symbol_index: int, unfilled_quantity_e9: int) -> None:
        """Take an order off the open ones, with the signed quantity that was not filled (0 when all was)."""
        if not self._is_known(symbol_index):
            return
        if self.open_orders > 0:
            self.open_orders -= 1
        self._shrink_open(symbol_index, unfilled_quantity_e9)
        self._revalue(symbol_index)

    def set_aside(self, symbol_index: int, quantity_e9: int) -> None:
        """Leave an open order's signed quantity out of the judgement until `put_back`: its cancellation is under way."""
        if self._is_known(symbol_index):
            self._shrink_open(symbol_index, quantity_e9)

    def put_back(self, symbol_index: int, quantity_e9: int) -> None:
        """Count a quantity again that was set aside."""
        if self._is_known(symbol_index):
            self._grow_open(symbol_index, quantity_e9)

    def position_e9(self, symbol_index: int) -> int:
        """Return the signed position of a symbol."""
        return self._words[symbol_index * _WIDTH + _POSITION] if self._is_known(symbol_index) else 0

    # -- the checks

    def _check_control(self, is_reducing: bool, is_waived: bool) -> int:
        if is_waived or self.control == 0:
            return 0
        if self.control & _KILL:
            return _KILL_SWITCH_ENGAGED
        if self.control & _PAUSE:
            return _CONTROL_PAUSED
        if self.control & _REDUCE_ONLY and not is_reducing:
            return _CONTROL_REDUCE_ONLY
        return 0

    def _check_market(self, symbol_index: int, order_type: int, price_e9: int, now_ns: int, is_waived: bool) -> int:
        limits = self._limits
        assert limits is not None
        base = symbol_index * _WIDTH
        if order_type != _MARKET_ON_OPEN:
            if now_ns < self._words[base + _OPEN_NS] or now_ns >= self._words[base + _CLOSE_NS]:
                return _SESSION_CLOSED
        reference_e9 = self.book.reference_e9(symbol_index)
        if reference_e9 <= 0:
            return _MARKET_NO_PRICE
        if limits.max_quote_age_ns > 0 and order_type != _MARKET_ON_OPEN and not is_waived:
            if now_ns - self.book.receive_ns(symbol_index) > limits.max_quote_age_ns:
                return _MARKET_QUOTE_STALE
        if limits.price_collar_ppm > 0 and price_e9 != 0:
            # Split in two, so that no product leaves 64 bits.
            width_e9 = (
                reference_e9 // _PPM * limits.price_collar_ppm + reference_e9 % _PPM * limits.price_collar_ppm // _PPM
            )
            if price_e9 < 0 or price_e9 - reference_e9 > width_e9 or reference_e9 - price_e9 > width_e9:
                return _PRICE_OUTSIDE_COLLAR
        return 0

    def _check_size(self, symbol_index: int, quantity_e9: int, price_e9: int) -> int:
        limits = self._limits
        assert limits is not None
        base = symbol_index * _WIDTH
        size_e9 = quantity_e9 if quantity_e9 > 0 else -quantity_e9
        if limits.max_order_quantity_e9 > 0 and size_e9 > limits.max_order_quantity_e9:
            return _ORDER_QUANTITY_ABOVE_MAX
        price_e9 = max(price_e9, self.book.reference_e9(symbol_index))
        if limits.max_order_notional_e4 > 0 and _value_e4(size_e9, price_e9, 1.0) > limits.max_order_notional_e4:
            return _ORDER_NOTIONAL_ABOVE_MAX
        if quantity_e9 > 0:
            worst_e9 = self._words[base + _POSITION] + self._words[base + _OPEN_BUY] + size_e9
        else:
            worst_e9 = self._words[base + _OPEN_SELL] - self._words[base + _POSITION] + size_e9
        if worst_e9 > _POSITION_LARGEST:
            return _POSITION_ABOVE_MAX
        if limits.max_position_quantity_e9 > 0 and worst_e9 > limits.max_position_quantity_e9:
            return _POSITION_ABOVE_MAX
        if limits.max_gross_exposure_e4 > 0:
            self._revalue(symbol_index)
            total_e4 = (
                self.gross_exposure_e4
                - self._words[base + _EXPOSURE]
                + max(self._words[base + _EXPOSURE], _value_e4(worst_e9, price_e9, self._reals[base + _RATE]))
            )
            if total_e4 > limits.max_gross_exposure_e4:
                return _EXPOSURE_GROSS_ABOVE_MAX
        if limits.max_open_orders > 0 and self.open_orders >= limits.max_open_orders:
            return _OPEN_ORDERS_ABOVE_MAX
        return 0

    def _check_loss(self) -> int:
        limits = self._limits
        assert limits is not None
        if limits.max_daily_loss_e4 > 0:
            if not self._is_equity_known:
                return _LOSS_DAILY_UNKNOWN
            if self._day_start_e4 - self._equity_e4 >= limits.max_daily_loss_e4:
                return _LOSS_DAILY_EXCEEDED
        return 0

    def _check_throttle(self, symbol_index: int, quantity_e9: int, order_type: int, price_e9: int, now_ns: int) -> int:
        if self._duplicates.contains(symbol_index, quantity_e9, order_type, price_e9, now_ns):
            return _ORDER_DUPLICATE
        if not self._second.has_token(now_ns):
            return _RATE_SECOND_EXCEEDED
        if not self._minute.has_token(now_ns):
            return _RATE_MINUTE_EXCEEDED
        return 0

    # -- bookkeeping

    def _grow_open(self, symbol_index: int, quantity_e9: int) -> None:
        base = symbol_index * _WIDTH
        if quantity_e9 > 0:
            self._words[base + _OPEN_BUY] = _saturated(self._words[base + _OPEN_BUY] + _bounded(quantity_e9))
        else:
            self._words[base + _OPEN_SELL] = _saturated(self._words[base + _OPEN_SELL] - _bounded(quantity_e9))

    def _shrink_open(self, symbol_index: int, quantity_e9: int) -> None:
        base = symbol_index * _WIDTH
        if quantity_e9 > 0:
            self._words[base + _OPEN_BUY] = max(0, self._words[base + _OPEN_BUY] - _bounded(quantity_e9))
        else:
            self._words[base + _OPEN_SELL] = max(0, self._words[base + _OPEN_SELL] + _bounded(quantity_e9))

    def _revalue(self, symbol_index: int) -> None:
        base = symbol_index * _WIDTH
        long_e9 = self._words[base + _POSITION] + self._words[base + _OPEN_BUY]
        short_e9 = self._words[base + _OPEN_SELL] - self._words[base + _POSITION]
        exposure_e4 = _value_e4(max(long_e9, short_e9), self.book.reference_e9(symbol_index), self._reals[base + _RATE])
        self.gross_exposure_e4 += exposure_e4 - self._words[base + _EXPOSURE]
        self._words[base + _EXPOSURE] = exposure_e4

    def _is_known(self, symbol_index: int) -> bool:
        if symbol_index < 0 or symbol_index >= self.book.capacity:
            return False
        return self._words[symbol_index * _WIDTH + _FLAGS] & _REGISTERED != 0


def _value_e4(quantity_e9: int, price_e9: int, rate: float) -> int:
    """Return quantity x price x rate, cut to 1e-4 and to what the sum over all symbols can hold."""
    value = (quantity_e9 / _SCALE) * (price_e9 / _SCALE) * rate * _MONEY
    return _EXPOSURE_LARGEST if value >= _EXPOSURE_LARGEST else cython.cast(cython.longlong, value)


def _saturated(quantity_e9: int) -> int:
    """Return a sum of quantities, held within what further sums can bear."""
    return min(max(quantity_e9, -_POSITION_LARGEST), _POSITION_LARGEST)


def _bounded(quantity_e9: int) -> int:
    """Return a quantity, held within what one order may have."""
    return min(max(quantity_e9, -_QUANTITY_LARGEST), _QUANTITY_LARGEST)
