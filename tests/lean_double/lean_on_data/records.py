"""Records of the embedded engine with what LEAN's have besides: constructors and members that only the host uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from live.algorithm import order_requests, qc_algorithm, slices, tickets
from live.algorithm.enums import OrderStatus
from live.algorithm.order_requests import OrderRequest
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns


class SubmitOrderRequest(order_requests.SubmitOrderRequest):
    """LEAN's constructor is the embedded engine's."""


class OrderResponse(order_requests.OrderResponse):
    """An answer that the caller makes."""

    @staticmethod
    def Error(request: OrderRequest, code: Any, text: str) -> OrderResponse:  # noqa: N802
        return OrderResponse(request.order_id, code, text)


class OrderTicket(tickets.OrderTicket):
    """A ticket that the caller makes."""

    @staticmethod
    def InvalidSubmitRequest(  # noqa: N802
        transactions: Any, request: order_requests.SubmitOrderRequest, response: OrderResponse
    ) -> OrderTicket:
        order = request.make_order()
        order.id = request.order_id
        order.status = OrderStatus.INVALID
        request.answer(response)
        return OrderTicket(transactions, request, order)


class SecurityChanges(qc_algorithm.SecurityChanges):
    """Changes that the caller makes."""

    @staticmethod
    def Create(added: Any, removed: Any, internal_added: Any, internal_removed: Any) -> SecurityChanges:  # noqa: N802
        return SecurityChanges(list(added), list(removed))


class Slice(slices.Slice):
    """A slice as LEAN's constructor makes it: the data are given twice, all together and by kind."""

    def __init__(
        self,
        time: Any,
        data: Iterable[Any],
        trade_bars: Any,
        quote_bars: Any,
        ticks: Any,
        option_chains: Any,
        futures_chains: Any,
        splits: Any,
        dividends: Any,
        delistings: Any,
        symbol_changes: Any,
        margin_interest_rates: Any,
        utc_time: Any,
        has_data: bool | None = None,
    ) -> None:
        super().__init__(datetime_to_ns(utc_time), datetime_to_ns(time))
        self._data = list(data)
        self.has_data = bool(self._data) if has_data is None else has_data
        self.bars, self.quote_bars, self.ticks = trade_bars, quote_bars, ticks
        self.splits, self.dividends, self.delistings = splits, dividends, delistings
        self.symbol_changed_events = symbol_changes

    option_chains = futures_chains = margin_interest_rates = slices.DataDictionary()
    """LEAN's slice always has them."""

    @property
    def all_data(self) -> list[Any]:
        return list(self._data)

    def _merge(self) -> slices.DataDictionary[Any]:
        # LEAN makes the view by symbol from all data together, whatever the dictionaries by kind hold.
        left = {each.symbol for each in self._data}
        return slices.DataDictionary({key: each for key, each in super()._merge().items() if key in left})


class Ticks(slices.Ticks):
    """Ticks by symbol, with .NET's way to take some out."""

    def remove(self, symbol: Symbol) -> bool:
        return self.pop(symbol, None) is not None


def as_leans(slice: slices.Slice, more: dict[Symbol, list[Any]]) -> Slice:
    """Return a slice as LEAN gives it, with ticks of further symbols in it."""
    ticks = Ticks(slice.ticks.items())
    ticks.update(more)
    every = [*slice.all_data, *(tick for each in more.values() for tick in each)]
    nothing = slices.DataDictionary[Any]()
    kinds = (slice.splits, slice.dividends, slice.delistings, slice.symbol_changed_events)
    return Slice(
        slice.time, every, slice.bars, slice.quote_bars, ticks, nothing, nothing, *kinds, nothing, slice.utc_time
    )
