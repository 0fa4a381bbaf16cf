"""One order call of the algorithm's on its way to LEAN: its arguments, and what they say."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from live.algorithm.enums import OrderType
from live.algorithm.order_arguments import check_flag, check_options, price_of, quantity_of
from live.algorithm.trading import initial_trailing_stop
from live.hot.orders import NO_ORDER
from live.lean import surface
from live.lean.orders.methods import AS_PERCENTAGE, ASYNCHRONOUS, MISSING, OrderMethod, given, overload, without_waiting

_TRAILING_STOP = int(OrderType.TRAILING_STOP)
_NOTHING: dict[str, Any] = {}


class OrderCall:
    """An order call of one symbol; a record that is there before the call, and used again after it.

    Attributes:
        method: which of LEAN's order methods the algorithm has called.
        symbol: symbol, ticker or security.
        quantity: signed.
        rest: further arguments by position.
        named: further arguments by keyword.
        amount: the quantity as a number of Python's.
        limit_price: limit; 0 for none.
        stop_price: stop; 0 for none.
        waits: whether it waits for its order, as it does in LEAN unless it says otherwise.
        tag: of the order.
        native: LEAN's own method, which sends the order.
        request: LEAN's request that the algorithm has made itself; None for the other calls.
        slice_number: slice in which the algorithm called, as OrderStages counts.
        handed_ns: when it called, on the monotonic clock.
        handle: of the order, once it waits in the lane.
        is_withdrawn: whether it was taken back while it waited there.
    """

    __slots__ = (
        "_claim",
        "amount",
        "handed_ns",
        "handle",
        "is_withdrawn",
        "limit_price",
        "method",
        "named",
        "native",
        "quantity",
        "request",
        "rest",
        "slice_number",
        "stop_price",
        "symbol",
        "tag",
        "trailing_amount",
        "trailing_as_percentage",
        "trigger_price",
        "waits",
    )
    method: OrderMethod
    native: Callable[..., Any]

    def __init__(self) -> None:
        self._claim = Lock()
        self.clear()

    def fill(
        self, method: OrderMethod, symbol: Any, quantity: Any, rest: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        """Take what the algorithm has called."""
        self.method = method
        self.symbol = symbol
        self.quantity = quantity
        self.rest = rest
        self.named = named
        self.amount: int | float = quantity

    def clear(self) -> None:
        """Forget the call, and keep nothing of it alive."""
        self.symbol = self.quantity = self.request = None
        self.rest = ()
        self.named = _NOTHING
        self.amount = 0
        self.limit_price: int | float = 0
        self.stop_price: int | float = 0
        self.trailing_amount: int | float = 0
        self.trigger_price: int | float = 0
        self.trailing_as_percentage = False
        self.waits = False
        self.tag = ""
        self.slice_number = 0
        self.handed_ns = 0
        self.handle = NO_ORDER
        self.is_withdrawn = False

    def claim(self) -> bool:
        """Be the one thread that decides what becomes of the call in the lane; False when another is. Never waits."""
        return self._claim.acquire(blocking=False)

    def release(self) -> None:
        """Give up what `claim` has given, to this thread or to the one that has set `is_withdrawn`."""
        self._claim.release()

    def read(self) -> None:
        """Read the arguments, as LEAN would.

        Raises:
            TypeError: one is missing, or of a type that LEAN does not take.
            ValueError: a number is infinite, NaN or too large.
        """
        rest, named = self.rest, self.named
        method = self.method = overload(self.method, rest, named)
        if self.symbol is None:
            raise TypeError(f"{method.call}: the symbol is None; look at where it comes from")
        self.amount = quantity_of(method.call, "quantity", self.quantity)
        for at, name in enumerate(method.terms):
            value = given(at, name, rest, named)
            if value is MISSING:
                raise TypeError(f"{method.call}() missing 1 required argument: '{name}'")
            if name == AS_PERCENTAGE:
                check_flag(method.call, name, value)
            else:
                value = price_of(method.call, name.replace("_", " "), value)
            setattr(self, name, value)
        place = len(method.terms)
        asynchronous, tag = given(place, ASYNCHRONOUS, rest, named, False), given(place + 1, "tag", rest, named, "")
        check_options(method.call, asynchronous, tag)
        self.waits = not asynchronous
        self.tag = tag or ""

    def judged_price(self, newest_price: Callable[[], float]) -> float:
        """Return the price by which the gate judges the order: its limit, else its stop; 0 for none.

        Parameters:
            newest_price: returns that of the security, from which a trailing stop begins.
        """
        if self.method.order_type == _TRAILING_STOP and not self.stop_price:
            amount, is_share = float(self.trailing_amount), self.trailing_as_percentage
            return initial_trailing_stop(newest_price(), amount, is_share, self.amount > 0)
        return self.limit_price or self.stop_price

    def do_not_wait(self) -> None:
        """Change the arguments so that LEAN does not wait for the order."""
        self.rest, self.named = without_waiting(len(self.method.terms), self.rest, self.named)

    def send(self) -> Any:
        """Make the call; return LEAN's ticket."""
        if self.request is not None:
            return self.native(self.request)
        return self.native(self.symbol, self.quantity, *self.rest, **self.named)


class OrderCalls:
    """Records of calls, made ahead: an order takes one, and gives it back when LEAN has the order or it was refused.

    Parameters:
        count: how many are made ahead; when all are under way a new one is made.
    """

    def __init__(self, count: int) -> None:
        self._free: deque[OrderCall] = deque(OrderCall() for _ in range(count))

    def take(
        self,
        method: OrderMethod,
        symbol: Any,
        quantity: Any,
        rest: tuple[Any, ...] = (),
        named: dict[str, Any] = _NOTHING,
    ) -> OrderCall:
        """Return a record of a call."""
        try:
            call = self._free.pop()
        except IndexError:
            call = OrderCall()
        call.fill(method, symbol, quantity, rest, named)
        return call

    def of_request(self, name: str, request: Any, native: Callable[[Any], Any]) -> OrderCall:
        """Return a record of the call that sends a request of the algorithm's own.

        Parameters:
            name: of the call, as the algorithm has spelled it.
            request: LEAN's SubmitOrderRequest, which says all that other calls have arguments for.
            native: LEAN's own method of the name.
        """
        order = surface.order_of(request)
        call = self.take(OrderMethod(name, name, order.order_type), order.symbol, order.quantity)
        call.native, call.request = native, request
        call.amount, call.tag = order.quantity, str(request.tag or "")
        call.limit_price, call.stop_price = float(request.limit_price), float(request.stop_price)
        return call

    def give_back(self, call: OrderCall) -> None:
        """Take a record back that nobody reads any more; once, by whoever has it then."""
        call.clear()
        self._free.append(call)
