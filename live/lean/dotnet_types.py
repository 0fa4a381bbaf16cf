"""LEAN's .NET types that every tick, beat or order needs, looked up once.

An import statement that names a type of .NET goes through the hook of LEAN's bridge each time, and a member of an enumeration
through the bridge's own attributes, both with the interpreter's lock held. What is needed rarely is imported where it is used,
in live/lean/surface.py.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from live.lean.order_names import ORDER_TYPES


class DotnetTypes(NamedTuple):
    """Types and members of enumerations.

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


@functools.cache
def dotnet_types() -> DotnetTypes:
    """Return the types; to be called inside LEAN, after AlgorithmImports was imported."""
    from QuantConnect import TickType
    from QuantConnect.Data import BaseData, Slice
    from QuantConnect.Data.Market import Tick
    from QuantConnect.Orders import OrderStatus, OrderTicket, OrderType, SubmitOrderRequest
    from System.Collections.Generic import List

    # A version of LEAN may lack the newest types of orders: None there, of which nobody can send one.
    order_types = tuple(getattr(OrderType, name, None) for name in ORDER_TYPES)
    ticks = Tick, TickType.TRADE, TickType.QUOTE
    orders = SubmitOrderRequest, OrderTicket, order_types, OrderStatus.NEW
    return DotnetTypes(*ticks, Slice, List[BaseData], *orders)
