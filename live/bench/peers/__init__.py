"""Other runtimes beside ours: the same stream, the same decision, the same stamps.

Each adapter is a module of this package that imports its runtime only when it is run. It has a function
`run(stream, order_every, schedule)`, see live.bench.peers.stream, and a `NOTE` on what its figures mean.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from live.bench.model import ChildResult
from live.bench.pacing import Schedule
from live.bench.peers.stream import PeerRun, make_stream
from live.bench.session import play, play_paced
from live.errors import EnvironmentFault

OURS = "lean-live"
PEERS = ("backtrader", "nautilus_trader", "vnpy")
_MS = 1_000_000
_TICKER = "B0000"


def require_peer(name: str) -> str:
    """Return the version of a peer's package.

    Raises:
        EnvironmentFault: it is not installed.
    """
    try:
        return version(name)
    except PackageNotFoundError:
        raise EnvironmentFault(
            f"{name} is not installed beside lean-live; install it: python -m pip install {name}"
        ) from None


def note_of(name: str) -> str:
    """Return what a reader has to know about a peer's figures."""
    return str(_adapter(name).NOTE)


def _adapter(name: str) -> ModuleType:
    return import_module(f"live.bench.peers.{name}_peer")


def measure_peer(told: dict[str, Any]) -> ChildResult:
    """Play a stream through one runtime, paced or as fast as it goes.

    Parameters:
        told: runtime (its name), mode ("paced" or "replay"), ticks, warm_up, gap_ms, order_every, data (ours only).
    """
    is_paced = told["mode"] == "paced"
    warm_up, ticks = told["warm_up"], told["ticks"]
    schedule = Schedule(warm_up if is_paced else warm_up + ticks, ticks if is_paced else 0, told["gap_ms"] * _MS)
    if told["runtime"] == OURS:
        return _measure_ours(told, schedule if is_paced else None)
    run: PeerRun = _adapter(told["runtime"]).run(make_stream(warm_up + ticks), told["order_every"], schedule)
    return run.result(told["order_every"], schedule)


def _measure_ours(told: dict[str, Any], schedule: Schedule | None) -> ChildResult:
    words = {"ticker": _TICKER, "order_every": str(told["order_every"])}
    data = Path(told["data"])
    if schedule is None:
        result = play("live_paced", data, words)
        return ChildResult({"ticks_per_second": result.ticks_per_second}, samples=result.tick_count)
    run = PeerRun()
    paced = play_paced("live_paced", data, words, schedule)
    run.decisions, run.orders = paced.decisions, paced.orders
    return run.result(told["order_every"], schedule)
