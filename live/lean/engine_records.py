"""What is read of LEAN at a time, as records of Python's own."""

from __future__ import annotations

from typing import Any, NamedTuple


class Subscription(NamedTuple):
    """One subscription of the algorithm to a symbol's trades or quotes.

    Attributes:
        symbol: LEAN's symbol.
        security_type: asset class as folders of data are named, in lower case without a separator.
        market: market in lower case.
        ticker: ticker in upper case.
        is_quote: quotes, not trades.
        is_tick: single ticks, not bars of them.
        zone: time zone of the exchange, an IANA name.
    """

    symbol: Any
    security_type: str
    market: str
    ticker: str
    is_quote: bool
    is_tick: bool
    zone: str


class Account(NamedTuple):
    """Amounts of the account, in its currency."""

    equity: float
    fees: float
    currency: str


class LeanOrder(NamedTuple):
    """An order as LEAN keeps it.

    Attributes:
        order_id: LEAN's number; below 1 for an order that LEAN has refused.
        symbol: LEAN's symbol.
        quantity: signed.
        order_type: number of LEAN's OrderType; -1 for one newer than this program.
        broker_ids: the broker's numbers.
    """

    order_id: int
    symbol: Any
    quantity: float
    order_type: int
    broker_ids: tuple[str, ...] = ()


class DotnetTypes(NamedTuple):
    """LEAN's types, and members of enumerations, that every tick, beat or order needs.

    Attributes:
        tick: class of ticks.
        trade: their type for trades.
        quote: their type for quotes.
        slice: class of slices.
        data_list: class of lists of data.
        submit_request: class of requests for orders.
        ticket: class of tickets.
        order_types: LEAN's OrderType by its number.
        new_status: LEAN's OrderStatus of an order which nobody has processed yet.
    """

    tick: Any
    trade: Any
    quote: Any
    slice: Any
    data_list: Any
    submit_request: Any
    ticket: Any
    order_types: tuple[Any, ...]
    new_status: Any
