"""The summary of a run as plain data: the content of summary.json, and what `dry-run --json` prints.

Durations end in `_ns`, instants are ISO 8601 in UTC, money is a decimal in text so that no digit is lost on the way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from live.algorithm.numbers import plain
from live.clock import ns_to_datetime
from live.paper.run_model import EngineOutcome, FeedOutcome, LatencySummary, RunError, RunResult

SUMMARY_VERSION = 1
"""Raised when a member of the summary changes its meaning or goes away; new members do not raise it."""


def result_to_dict(result: RunResult) -> dict[str, Any]:
    """Return a result as JSON-ready data, members in the order of the summary table."""
    return {
        "version": SUMMARY_VERSION,
        "state": result.state.value,
        "error": None if result.error is None else error_to_dict(result.error),
        "warnings": list(result.warnings),
        "algorithm": result.algorithm,
        "algorithm_path": str(result.algorithm_path),
        "data": {"folder": str(result.data.path), "how": result.data.how, "is_sample": result.data.is_sample},
        "session": {"start": iso_utc(result.session_start_ns), "end": iso_utc(result.session_end_ns)},
        "wall_seconds": round(result.wall_seconds, 6),
        "ticks_per_second": round(result.ticks_per_second, 1),
        "compiled": result.is_compiled,
        "ticks": dict(result.ticks),
        "bars": dict(result.bars),
        "calls": dict(result.calls),
        "orders": dict(result.orders),
        "order_events": {"count": result.order_event_count, "sha256": result.order_events_sha256},
        "denials": dict(result.denials),
        "currency": result.currency,
        "fees": plain(result.fees),
        "starting_equity": plain(result.starting_equity),
        "equity": plain(result.equity),
        "positions": [
            {
                "symbol": position.symbol,
                "quantity": plain(position.quantity),
                "average_price": plain(position.average_price),
                "market_price": plain(position.market_price),
                "unrealized_profit": plain(position.unrealized_profit),
            }
            for position in result.positions
        ],
        "tick_to_decision": _latency(result.tick_to_decision),
        "tick_to_order": _latency(result.tick_to_order),
        "python_gc": {
            "pauses": _latency(result.python_gc.pauses),
            "collections_by_generation": list(result.python_gc.collections),
        },
        "ticks_dropped": dict(result.ticks_dropped),
        "ticks_conflated": result.ticks_conflated,
        "resident_memory_peak_bytes": result.resident_memory_peak_bytes,
        "cores": list(result.cores),
        "feed": None if result.feed is None else _feed(result.feed),
        "engine": None if result.engine is None else _engine(result.engine),
        "log_lines_dropped": result.log_lines_dropped,
        "statistics": dict(result.statistics),
        "quit_message": result.quit_message,
        "results_folder": None if result.results_folder is None else str(result.results_folder),
    }


def _engine(engine: EngineOutcome) -> dict[str, Any]:
    compared = engine.comparison
    return {
        "name": engine.name,
        "files": str(engine.files),
        "ending": engine.ending,
        "comparison": None if compared is None else {**dataclasses.asdict(compared), "other": str(compared.other)},
    }


def _feed(feed: FeedOutcome) -> dict[str, Any]:
    return {
        "address": feed.address,
        "state": feed.state,
        "reason": feed.reason,
        "counters": dict(feed.counters),
        "events": [
            {
                "wall": iso_utc(event.wall_ns),
                "time": None if event.time_ns is None else iso_utc(event.time_ns),
                "state": event.state,
                "reason": event.reason,
            }
            for event in feed.events
        ],
        "events_beyond": feed.events_beyond,
        "rehearsal": None if feed.rehearsal is None else dataclasses.asdict(feed.rehearsal),
    }


def error_to_dict(error: RunError) -> dict[str, Any]:
    """Return an error as JSON-ready data."""
    return {"type": error.type, "message": error.message, "exit_code": error.exit_code, "notes": list(error.notes)}


def writable(content: Any) -> Any:
    """Return JSON-ready data in which every text is valid UTF-8: a lone surrogate of the user's becomes an escape."""
    if isinstance(content, str):
        return content.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(content, Mapping):
        return {writable(name): writable(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [writable(value) for value in content]
    return content


def iso_utc(time_ns: int) -> str:
    """Return an instant as ISO 8601 text in UTC, to the microsecond."""
    return f"{ns_to_datetime(time_ns).isoformat()}Z"


def _latency(latency: LatencySummary) -> dict[str, int]:
    return dataclasses.asdict(latency)
