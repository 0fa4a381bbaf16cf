"""How good the fills are, how many messages they take, and which symbols the run is busy with."""

from __future__ import annotations

import math
import re
from collections import Counter as Counts
from collections.abc import Iterable, Sequence

from live.algorithm.enums import OrderStatus
from live.hot.events import DenialRecord, OrderRecord
from live.sidecar.analytics.registry import analytics
from live.sidecar.analytics.window import AnalyticsWindow
from live.sidecar.samples import OTHER

SYMBOLS_MAX = 20
"""Symbols that `symbol_activity` names at most."""
_BPS = 10_000.0
_UNFIT = re.compile(r"[^A-Za-z0-9_.:/-]")


@analytics(every="5s")
def fill_quality(window: AnalyticsWindow) -> dict[str, float] | None:
    """Return how far fills lie from the mid price, in basis points, positive when that costs.

    `slippage` compares with the mid when the order was submitted (implementation shortfall's arrival price), the
    effective spread is twice the distance from the mid at the fill. Means are weighted by value, the 95th percentile
    counts each fill once (nearest rank). Fills whose order was submitted before the window's first event, or without a
    quote, have no slippage: `fills_without_quote` counts them.
    """
    submitted = _mids_at_submission(window)
    slippages: list[tuple[float, float]] = []
    spreads: list[tuple[float, float]] = []
    fills = 0
    for event in window.events:
        if not isinstance(event, OrderRecord) or event.fill_quantity == 0 or event.fill_price <= 0:
            continue
        fills += 1
        side = math.copysign(1.0, event.fill_quantity)
        value = abs(event.fill_quantity) * event.fill_price
        mid = submitted.get(event.order_id)
        if mid is not None:
            slippages.append((side * (event.fill_price - mid) / mid * _BPS, value))
        mid = _mid(event)
        if mid is not None:
            spreads.append((2.0 * side * (event.fill_price - mid) / mid * _BPS, value))
    if not fills:
        return None
    found = {"fills": float(fills), "fills_without_quote": float(fills - len(slippages))}
    if slippages:
        found["slippage_mean_bps"] = _weighted_mean(slippages)
        found["slippage_p95_bps"] = nearest_rank([slippage for slippage, _ in slippages], 0.95)
    if spreads:
        found["effective_spread_mean_bps"] = _weighted_mean(spreads)
    return found


def _mids_at_submission(window: AnalyticsWindow) -> dict[int, float]:
    """Return the mid price of each order's first submission, of those that had a quote."""
    found: dict[int, float] = {}
    for event in window.events:
        if isinstance(event, OrderRecord) and event.status == OrderStatus.SUBMITTED and event.order_id not in found:
            mid = _mid(event)
            if mid is not None:
                found[event.order_id] = mid
    return found


def _mid(event: OrderRecord) -> float | None:
    return (event.bid + event.ask) / 2.0 if event.bid > 0 and event.ask > 0 else None


def _weighted_mean(pairs: Iterable[tuple[float, float]]) -> float:
    total = weight = 0.0
    for value, share in pairs:
        total += value * share
        weight += share
    return total / weight


def nearest_rank(values: Sequence[float], share: float) -> float:
    """Return the quantile of rank ceil(share * n); at least one value is needed."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


@analytics(every="5s")
def order_to_trade(window: AnalyticsWindow) -> dict[str, float]:
    """Return orders, changes, cancellations and fills of the whole run, and how many of the first three come with a fill.

    The ratio counts every new order, change and request to cancel as one message, as venues do that charge for it; it
    is left out before the first fill. Orders that the risk gate refused reached no venue and are not messages.
    """
    look = window.look
    orders, changes = look.orders.get("submitted", 0), look.orders.get("update_submitted", 0)
    cancels = look.orders.get("cancel_pending", 0)
    fills = look.orders.get("filled", 0) + look.orders.get("partially_filled", 0)
    found = {
        "orders": float(orders),
        "changes": float(changes),
        "cancels": float(cancels),
        "fills": float(fills),
        "denials": float(sum(look.denials.values())),
    }
    if fills:
        found["ratio"] = (orders + changes + cancels) / fills
    return found


@analytics(every="10s")
def symbol_activity(window: AnalyticsWindow) -> dict[str, float] | None:
    """Return how many order events and denials of the window the busiest symbols have.

    Those that the run does not export by name, and those beyond SYMBOLS_MAX, are `other` together, so that the names that
    a run exports stay few whatever it trades.
    """
    counts: Counts[str] = Counts()
    others = 0
    for event in window.events:
        if isinstance(event, OrderRecord | DenialRecord) and event.symbol:
            if event.symbol in window.symbols:
                counts[event.symbol] += 1
            else:
                others += 1
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    found: Counts[str] = Counts()
    for symbol, count in ranked[:SYMBOLS_MAX]:
        found[value_name(symbol)] += count
    others += sum(count for _, count in ranked[SYMBOLS_MAX:])
    if others:
        found[OTHER] += others
    return {name: float(count) for name, count in found.items()} or None


def value_name(symbol: str) -> str:
    """Return a symbol as the name of a value: characters that a name cannot have become underscores."""
    name = _UNFIT.sub("_", symbol)[:64]
    return name if name[0].isalnum() or name[0] == "_" else f"_{name[1:]}"
