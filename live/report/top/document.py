"""A look at a run as plain data: what `lean-live top --once --json` prints.

Durations end in their unit, instants are ISO 8601 in UTC, null stands for what is not known. Counts that are zero are
left out of objects that are keyed by names.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from live.hot.catalogue import ControlBit, Stage
from live.hot.page_tables import SlowDecision
from live.report.summary_file import iso_utc
from live.report.top.history import LookHistory
from live.report.top.look import FeedLook, RunLook
from live.report.top.runs import FoundRun

DOCUMENT_VERSION = 1
"""Raised when a member changes its meaning or goes away; new members do not raise it."""


def document_of(history: LookHistory) -> dict[str, Any]:
    """Return the newest look at a run as JSON-ready data."""
    look = history.look
    return {
        "version": DOCUMENT_VERSION,
        **_identity(look),
        "page": str(look.page),
        "reason": look.reason,
        "control": [bit.name for bit in ControlBit if bit in look.control],
        "silent_seconds": round(look.silent_seconds, 3),
        "data_time": None if look.account is None else iso_utc(look.account.data_time_ns),
        "progress": look.progress,
        "symbols": look.symbols,
        "steps": look.steps,
        "ticks": dict(look.ticks),
        "bars": dict(look.bars),
        "calls": dict(look.calls),
        "ticks_dropped": dict(look.dropped),
        "ticks_conflated": look.conflated,
        "ticks_per_second": None if history.rate is None else round(history.rate, 1),
        "ticks_per_second_whole": round(history.whole_rate, 1),
        "recent_seconds": round(history.span_seconds, 3),
        "tick_to_decision": _latencies(history, Stage.TICK_TO_DECISION),
        "tick_to_order": _latencies(history, Stage.TICK_TO_ORDER),
        "python_gc": {
            "pauses": _latencies(history, Stage.GC_PAUSE_PYTHON),
            "collections_by_generation": list(look.collections),
        },
        "slowest": [_decision(each) for each in look.slowest],
        "account": _account(look),
        "positions": [
            {**row._asdict(), **{name: _finite(value) for name, value in row._asdict().items() if name != "symbol"}}
            for row in look.positions
        ],
        "order_events": dict(look.orders),
        "denials": dict(look.denials),
        "feed": None if look.feed is None else _feed(look.feed),
        "memory_bytes": look.memory_bytes,
        "memory_peak_bytes": look.memory_peak_bytes,
        "warm": look.warm.name.lower(),
        "pinned": dict(look.pinned),
    }


def list_of(runs: list[FoundRun]) -> list[dict[str, Any]]:
    """Return runs as JSON-ready data, in their order."""
    return [
        {"folder": str(each.folder), "state": "unreadable", "fault": each.fault}
        if each.look is None
        else {"folder": str(each.folder), **_identity(each.look), "ticks": dict(each.look.ticks)}
        for each in runs
    ]


def _identity(look: RunLook) -> dict[str, Any]:
    return {
        "run": look.run,
        "algorithm": look.algorithm,
        "mode": look.mode,
        "source": look.source,
        "state": look.state,
        "pid": look.pid,
        "build": look.build,
        "begun": iso_utc(look.begun_ns),
        "elapsed_seconds": round(look.elapsed_seconds, 3),
    }


def _latencies(history: LookHistory, stage: Stage) -> dict[str, Any]:
    recent = history.recent(stage)
    return {
        "whole": dataclasses.asdict(history.look.stages[stage].summary()),
        "recent": None if recent is None else dataclasses.asdict(recent),
    }


def _decision(decision: SlowDecision) -> dict[str, Any]:
    return {
        "latency_ns": decision.latency_ns,
        "symbol": decision.symbol or None,
        "data_time": iso_utc(decision.time_ns),
        "waited_ns": decision.waited_ns,
        "gc_ns": decision.gc_ns,
        "orders": decision.orders,
        "scheduled_events": decision.events,
        "page_faults": decision.page_faults,
        "preemptions": decision.preemptions,
    }


def _account(look: RunLook) -> dict[str, Any] | None:
    account = look.account
    if account is None:
        return None
    return {
        "equity": _finite(account.equity),
        "starting_equity": _finite(account.starting_equity),
        "fees": _finite(account.fees),
        "currency": account.currency,
        "orders_open": account.orders_open,
        "positions_held": account.positions_held,
    }


def _feed(feed: FeedLook) -> dict[str, Any]:
    return {
        "state": feed.phase.name.lower(),
        "reason": feed.reason,
        "age_seconds": None if feed.age_seconds is None else round(feed.age_seconds, 3),
        "counts": dict(feed.counts),
        "faults": dict(feed.faults),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
