"""Result folders as a dry run leaves them, made from values that a test chooses."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import orjson

START_NS = 1_381_154_400_000_000_000
"""2013-10-07 14:00 UTC."""
MINUTE_NS = 60_000_000_000
DURATIONS = {"count": 4, "p50_ns": 1_000, "p99_ns": 50_000, "p999_ns": 50_000, "max_ns": 50_000}

SUMMARY: dict[str, Any] = {
    "version": 1,
    "state": "completed",
    "error": None,
    "warnings": [],
    "algorithm": "Momentum",
    "algorithm_path": "main.py",
    "data": {"folder": "data", "how": "named by --data-folder", "is_sample": False},
    "session": {"start": "2013-10-07T14:00:00Z", "end": "2013-10-07T14:05:00Z"},
    "wall_seconds": 2.5,
    "ticks_per_second": 400.0,
    "compiled": True,
    "ticks": {"trade": 400, "quote": 600},
    "bars": {"trade": 0, "quote": 0},
    "calls": {"on_data": 1000, "on_tick": 0, "on_order_event": 3},
    "orders": {"Filled": 1},
    "order_events": {"count": 3, "sha256": "0" * 64},
    "denials": {},
    "currency": "USD",
    "fees": "1",
    "starting_equity": "100000",
    "equity": "100010",
    "positions": [
        {
            "symbol": "IBM",
            "quantity": "100",
            "average_price": "182.1",
            "market_price": "182.2",
            "unrealized_profit": "10",
        }
    ],
    "tick_to_decision": DURATIONS,
    "tick_to_order": DURATIONS,
    "python_gc": {"pauses": DURATIONS, "collections_by_generation": [4, 0, 1]},
    "ticks_dropped": {},
    "ticks_conflated": 0,
    "resident_memory_peak_bytes": 50_000_000,
    "log_lines_dropped": 0,
    "statistics": {},
    "quit_message": None,
    "results_folder": "results/x",
}
HISTOGRAM = {
    "unit": "ns",
    "count": 4,
    "sum": 60_000,
    "max": 50_000,
    "buckets": [{"le": 999, "count": 2}, {"le": 9_087, "count": 1}, {"le": 50_175, "count": 1}],
}
STEP = {
    "kind": "tick",
    "symbol": "IBM",
    "time_ns": START_NS + 500_000_000,
    "offset_ns": 1_200_000,
    "took_ns": 50_000,
    "gc_ns": 0,
    "orders": 0,
    "scheduled_events": False,
    "page_faults": 0,
    "preemptions": 0,
    "counted_over_ns": 50_000,
    "waited_ns": 0,
}
LATENCY: dict[str, Any] = {
    "version": 1,
    "began_ns": START_NS + 10**17,
    "window_ns": 10_000_000,
    "windows": [
        {"offset_ns": 0, "decisions": 2, "p50_ns": 1_000, "p99_ns": 50_000, "max_ns": 50_000},
        {"offset_ns": 20_000_000, "decisions": 2, "p50_ns": 900, "p99_ns": 9_000, "max_ns": 9_000},
    ],
    "worst": [STEP],
    "gc_pauses": [{"offset_ns": 5_000_000, "took_ns": 40_000, "generation": 0}],
    "gc_pauses_seen": 1,
    "stalls": [],
    "stalls_seen": 0,
    "stall_ns": 1_000_000,
    "sampled_every": 16,
}
SYMBOLS: dict[str, Any] = {
    "version": 1,
    "drawdown": {"share": 0.0002, "amount": 20.0, "time_ns": START_NS + MINUTE_NS},
    "symbols": [
        {
            "symbol": "IBM",
            "id": "IBM R735QTJ8XC9X",
            "price": [[START_NS + minute * MINUTE_NS, 182.0 + minute * 0.1] for minute in range(5)],
            "position": [[START_NS, 0.0], [START_NS + MINUTE_NS, 100.0]],
        }
    ],
}
SERIES: dict[str, Any] = {
    "Strategy Equity": {
        "Equity": [[START_NS + minute * MINUTE_NS, 100_000.0 - 20 * (minute == 1) + 2 * minute] for minute in range(5)]
    },
    "Own chart": {"average": [[START_NS, None]]},
}


def order_event(number: int, status: str, **changes: Any) -> dict[str, Any]:
    """Return an order event as LEAN writes it."""
    event = {
        "id": f"Momentum-1-{number}",
        "algorithmId": "Momentum",
        "orderId": 1,
        "orderEventId": number,
        "symbol": "IBM R735QTJ8XC9X",
        "symbolValue": "IBM",
        "symbolPermtick": "IBM",
        "time": (START_NS + MINUTE_NS) / 1e9 + number,
        "status": status,
        "fillPrice": 182.1 if status == "filled" else 0.0,
        "fillPriceCurrency": "USD",
        "fillQuantity": 100.0 if status == "filled" else 0.0,
        "direction": "buy",
        "isAssignment": False,
        "quantity": 100.0,
        "limitPrice": 182.1,
    }
    return event | changes


EVENTS = [order_event(1, "submitted"), order_event(2, "updateSubmitted"), order_event(3, "filled")]


def run_folder(root: Path, name: str = "Momentum-20261105T093000Z", **files: Any) -> Path:
    """Write a run's folder.

    Parameters:
        root: folder of the results.
        name: the folder's name.
        files: what differs: members of `summary` and `latency`; `symbols`, `series`, `histograms` and `events` whole.
            None leaves the file out.
    """
    folder = root / name
    folder.mkdir(parents=True)
    merged = {
        "summary.json": _merged(SUMMARY, files.get("summary", {})),
        "latency.json": _merged(LATENCY, files.get("latency", {})),
        "symbols.json": files.get("symbols", SYMBOLS),
        "series.json": files.get("series", SERIES),
        "order-events.json": files.get("events", EVENTS),
        "histograms.json": files.get("histograms", {"tick_to_decision": HISTOGRAM, "tick_to_order": HISTOGRAM}),
    }
    for file, content in merged.items():
        if content is not None:
            (folder / file).write_bytes(orjson.dumps(content))
    return folder


def _merged(base: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if changes is None else copy.deepcopy(base) | changes
