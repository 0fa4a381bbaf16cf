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


class _Removable:
    """.NET's way to take data of a symbol out."""

    def remove(self, symbol: Symbol) -> bool:
        return self.pop(symbol, None) is not None  # type: ignore[attr-defined]


class _Ticks(_Removable, slices.Ticks): ...


class _TradeBars(_Removable, slices.TradeBars): ...


class _QuoteBars(_Removable, slices.QuoteBars): ...


def as_leans(slice: slices.Slice, more: dict[Symbol, Any]) -> Slice:
    """Return a slice as LEAN gives it, with data of further symbols in it: a list of ticks each, or a bar."""
    bars, quote_bars, ticks = slice.bars, slice.quote_bars, slice.ticks
    every = list(slice.all_data)
    if more:
        bars, quote_bars, ticks = _TradeBars(bars.items()), _QuoteBars(quote_bars.items()), _Ticks(ticks.items())
        for symbol, data in more.items():
            (ticks if isinstance(data, list) else bars)[symbol] = data
            every += data if isinstance(data, list) else [data]
    nothing = slices.DataDictionary[Any]()
    kinds = (slice.splits, slice.dividends, slice.delistings, slice.symbol_changed_events)
    return Slice(slice.time, every, bars, quote_bars, ticks, nothing, nothing, *kinds, nothing, slice.utc_time)
