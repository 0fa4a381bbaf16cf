"""What the host inside LEAN adds to a slice, without LEAN: its own code on slices that cost as little as objects of Python can.

What LEAN's bridge takes for the calls into .NET comes on top: one call after each decision for the pauses of its collector
(1.6 µs on the engine), and those of looking at a slice, in idle moments. `lean-live bench --engine lean` measures the whole.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from live.clock import monotonic_ns
from live.config import TelemetrySettings
from live.lean.page import LeanPage
from live.lean.slice_watch import SliceWatch
from live.lean.stages import OrderStages

_ROUND = 32
"""Slices between two times of looking at them: so few that none is looked at after a decision."""


class LeanCost(NamedTuple):
    """Times per slice, in nanoseconds.

    Attributes:
        slice_ns: between LEAN's call of on_data and that of the strategy, and after it.
        look_ns: of looking at a slice in an idle moment.
    """

    slice_ns: float
    look_ns: float


class _Ticks:
    """The ticks of a slice: none."""

    count = 0


def measure(slices: int, times: int) -> LeanCost:
    """Return the least of some measurements.

    Parameters:
        slices: in each measurement.
        times: measurements.
    """
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as folder:
        page = LeanPage(Path(folder), TelemetrySettings())
        watch = SliceWatch(page, OrderStages(), 1)
        watch.strategy = _decide
        page.trace.begin(monotonic_ns())
        found = [_measure(watch, slices) for _ in range(times)]
        page.close()
    return LeanCost(min(each.slice_ns for each in found), min(each.look_ns for each in found))


def _measure(watch: SliceWatch, slices: int) -> LeanCost:
    bars = SimpleNamespace(count=0)
    slice = SimpleNamespace(utc_time=datetime.now(timezone.utc), bars=bars, quote_bars=bars, ticks=_Ticks())
    watched_ns = bare_ns = look_ns = 0
    rounds = max(1, slices // _ROUND)
    for _ in range(rounds):
        began_ns = monotonic_ns()
        for _ in range(_ROUND):
            watch.on_slice(slice)
        watched_ns += monotonic_ns() - began_ns
        began_ns = monotonic_ns()
        watch.look_at_all()
        look_ns += monotonic_ns() - began_ns
        began_ns = monotonic_ns()
        for _ in range(_ROUND):
            _decide(slice)
        bare_ns += monotonic_ns() - began_ns
    count = rounds * _ROUND
    return LeanCost((watched_ns - bare_ns) / count, look_ns / count)


def _decide(slice: Any) -> None:
    """Decide nothing."""
