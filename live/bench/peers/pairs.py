"""Two runtimes side by side: runs in turn, A B A B, so that a slow minute of the machine touches both alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from live.bench.model import Better, ChildResult, PeerComparison, PeerFigure, Unit
from live.bench.peers import OURS, note_of, require_peer
from live.bench.processes import MeasurementError, measure
from live.bench.statistics import worsening

_FIGURES: tuple[tuple[str, Unit, Better], ...] = (
    ("decision_p50", "ns", "lower"),
    ("decision_p99", "ns", "lower"),
    ("order_p50", "ns", "lower"),
    ("order_p99", "ns", "lower"),
    ("ticks_per_second", "ticks/s", "higher"),
)
_NOTES = [
    "latencies run from when a tick was due, 1 ms apart: to the end of the decision, and to an order that the runtime's "
    "simulated broker has taken",
    "each runtime uses its own API and its own model of fills and accounts; lean-live reads the ticks of the rate from "
    "zip files, the peer has them in memory",
]


def compare_with_peer(
    peer: str, told_of: Callable[[dict[str, Any]], dict[str, Any]], folder: Path, core: int | None, is_quick: bool
) -> PeerComparison:
    """Measure lean-live and a peer in turn.

    Parameters:
        peer: the peer's name.
        told_of: puts the path of the data into a job's parameters.
        folder: for temporary files of the processes.
        core: the core to measure on.
        is_quick: fewer pairs and ticks.

    Raises:
        EnvironmentFault: the peer is not installed.
    """
    version = require_peer(peer)
    pairs = 2 if is_quick else 5
    ticks = 500 if is_quick else 5_000
    told = {"ticks": ticks, "warm_up": 500, "gap_ms": 1, "order_every": 10, "symbols": 1, "data": "generated"}
    found = PeerComparison(peer, version, pairs, ticks, [], core, [*_NOTES, note_of(peer)])
    results: dict[str, list[ChildResult]] = {OURS: [], peer: []}
    try:
        for _ in range(pairs):
            for runtime, rounds in results.items():
                rounds.append(_measure(told_of, {**told, "runtime": runtime}, folder, core))
        found.figures = [_figure(*each, results[OURS], results[peer]) for each in _FIGURES]
    except MeasurementError as error:
        found.failure, found.failure_code = str(error), error.code
    return found


def _measure(
    told_of: Callable[[dict[str, Any]], dict[str, Any]], told: dict[str, Any], folder: Path, core: int | None
) -> ChildResult:
    """Measure one runtime paced and unpaced, and return both results in one."""
    both = ChildResult()
    for mode in ("paced", "replay"):
        both.values |= measure("peer", told_of({**told, "mode": mode}), folder, core).values
    return both


def _figure(
    name: str, unit: Unit, better: Better, ours: Sequence[ChildResult], theirs: Sequence[ChildResult]
) -> PeerFigure:
    pairs = [(mine.values[name], other.values[name]) for mine, other in zip(ours, theirs, strict=True)]
    ratios = [worsening(other, mine, better) for mine, other in pairs]
    known = [ratio for ratio in ratios if ratio is not None]
    if len(known) != len(pairs):
        raise MeasurementError(f"{name} is zero in a run; the clock of this machine is too coarse for it", 4)
    mine, other = zip(*pairs, strict=True)
    return PeerFigure(name, unit, better, median(mine), median(other), median(known), min(known), max(known))
