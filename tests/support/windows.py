"""Windows of analytics tasks, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from live.algorithm.enums import OrderStatus
from live.hot.catalogue import Stage
from live.hot.events import Event, OrderRecord
from live.hot.run_page import PAGE_NAME
from live.hot.telemetry_view import StageTotal, TelemetryView
from live.report.top.look import look_at
from live.sidecar.analytics.window import AnalyticsWindow, RunHistory, Snapshot
from support.pages import write_page

SECOND_NS = 1_000_000_000
BEGIN_NS = 1_700_000_000 * SECOND_NS


def window_of(folder: Path, events: Sequence[Event] = (), **changes: Any) -> AnalyticsWindow:
    """Return a window on a page that a run has written.

    Parameters:
        folder: where the page is, or is made.
        events: what happened.
        changes: members of the look, `history` or `symbols`, that are to be others.
    """
    history = changes.pop("history", None)
    symbols = frozenset(changes.pop("symbols", ()))
    path = folder / PAGE_NAME
    if not path.exists():
        write_page(folder)
    look = replace(look_at(TelemetryView(path)), **changes)
    kept = RunHistory()
    kept.add(look, {})
    return AnalyticsWindow(
        look.run,
        look.algorithm,
        folder,
        BEGIN_NS,
        look,
        symbols,
        kept.snapshots() if history is None else history,
        tuple(events),
    )


def snapshot(seconds: float, equity: float | None = None, **stages: tuple[int, int]) -> Snapshot:
    """Return a state some seconds after the begin; stages by their lower-case names as (samples, sum in ns)."""
    totals = {Stage[name.upper()]: StageTotal(*total) for name, total in stages.items()}
    return Snapshot(BEGIN_NS + int(seconds * SECOND_NS), equity, 0.0, 0.0, 0, 0, totals)


def order_event(
    order_id: int,
    status: OrderStatus,
    bid: float = 0.0,
    ask: float = 0.0,
    fill: float = 0.0,
    price: float = 0.0,
    symbol: str = "IBM",
) -> OrderRecord:
    """Return an order event of a market order."""
    return OrderRecord(BEGIN_NS, order_id, status, symbol, fill, price, 0.0, bid, ask, 100.0, 0)
