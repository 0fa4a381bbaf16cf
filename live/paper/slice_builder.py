"""From the data of one time step to the slice that on_data gets."""

from __future__ import annotations

from live.algorithm.data import Delisting, Dividend, QuoteBar, Split, SymbolChangedEvent, TradeBar
from live.algorithm.slices import (
    Delistings,
    Dividends,
    QuoteBars,
    Slice,
    Splits,
    SymbolChangedEvents,
    Ticks,
    TradeBars,
)
from live.paper.frontier import Update

_EVENT_KINDS = (
    (Split, "splits", Splits),
    (Dividend, "dividends", Dividends),
    (Delisting, "delistings", Delistings),
    (SymbolChangedEvent, "symbol_changed_events", SymbolChangedEvents),
)


def build_slice(time_ns: int, local_ns: int, updates: list[Update]) -> Slice:
    """Return the slice of a step: of two bars of a symbol the finer one is kept, as LEAN keeps it."""
    slice = Slice(time_ns, local_ns)
    for update in updates:
        if update.points:
            slice.has_data = True
        if update.is_ticks:
            if not slice.ticks:
                slice.ticks = Ticks()
            symbol = update.points[0].symbol
            known = slice.ticks.get(symbol)
            slice.ticks[symbol] = update.points if known is None else known + update.points
            continue
        for point in update.points:
            if isinstance(point, TradeBar):
                if not slice.bars:
                    slice.bars = TradeBars()
                _keep_finer(slice.bars, point)
            elif isinstance(point, QuoteBar):
                if not slice.quote_bars:
                    slice.quote_bars = QuoteBars()
                _keep_finer(slice.quote_bars, point)
            else:
                _add_event(slice, point)
    return slice


def _keep_finer(bars: TradeBars | QuoteBars, bar: TradeBar | QuoteBar) -> None:
    known = bars.get(bar.symbol)
    if known is None or known.end_local_ns - known.time_local_ns > bar.end_local_ns - bar.time_local_ns:
        bars[bar.symbol] = bar  # type: ignore[assignment]


def _add_event(slice: Slice, point: object) -> None:
    for kind, name, collection in _EVENT_KINDS:
        if isinstance(point, kind):
            if not getattr(slice, name):
                setattr(slice, name, collection())
            getattr(slice, name)[point.symbol] = point
            return
