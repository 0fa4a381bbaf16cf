"""What a benchmark tells its algorithm inside LEAN, and what it gets back: two JSON files named in the environment."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from live.errors import DataError

PLAN_VARIABLE = "LEAN_LIVE_BENCH_PLAN"
TIMES_VARIABLE = "LEAN_LIVE_BENCH_TIMES"


class Phase(Struct, frozen=True):
    """Ticks with one distance.

    Attributes:
        gap_ms: time between two.
        ticks: how many.
        order_every: ticks from one order to the next.
    """

    gap_ms: float
    ticks: int
    order_every: int


class EnginePlan(Struct, frozen=True):
    """One run.

    Attributes:
        warm_up: ticks before the first phase, 1 ms apart.
        phases: what is measured, in turn.
        has_load: whether a thread in the engine's process works as analytics do.
        times_calls: whether the cost of the instrumentation is timed at the end.
    """

    warm_up: int
    phases: tuple[Phase, ...]
    has_load: bool = False
    times_calls: bool = False


class GapTimes(Struct):
    """What one phase found: durations from the sending of a tick, in nanoseconds, in the order of the ticks.

    Attributes:
        gap_ms: time between two ticks.
        sent, handled, late: ticks that were sent, that reached the strategy, and that were due before the sender woke.
        entered: to the entry of on_data.
        decision: to the decision.
        order: to the return of the strategy's order call, for ticks with an order.
        submitted: to the return of the engine's own order call, on whichever thread; empty when there are more or fewer of
            them than orders.
        event: to the order's first event; empty likewise.
    """

    gap_ms: float
    sent: int
    handled: int
    late: int
    entered: list[int]
    decision: list[int]
    order: list[int]
    submitted: list[int]
    event: list[int]


class EngineTimes(Struct):
    """Everything that one run found.

    Attributes:
        gaps: one per phase.
        collections: of .NET's three generations, .NET's pauses in ns, and of Python's three generations.
        instrumentation: what the instrumentation adds to a call of on_data in nanoseconds: p50, p99 and mean, calm and in a
            stream; empty when it was not timed.
        lane_submissions: orders that LEAN took from another thread than that of its loop.
    """

    gaps: list[GapTimes]
    collections: list[int]
    instrumentation: dict[str, float] = {}
    lane_submissions: int = 0


def read_plan() -> EnginePlan:
    """Read the plan that the environment names; inside the engine."""
    return msgspec.json.decode(Path(os.environ[PLAN_VARIABLE]).read_bytes(), type=EnginePlan)


def write_times(times: EngineTimes) -> None:
    """Write what was found; inside the engine."""
    path = Path(os.environ[TIMES_VARIABLE])
    draft = path.with_name(f"{path.name}.part")
    draft.write_bytes(msgspec.json.encode(times))
    draft.replace(path)


def read_times(path: Path) -> EngineTimes:
    """Read what a run found.

    Raises:
        DataError: there is nothing, or it is damaged.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=EngineTimes)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"the run left no figures in {path}: {error}") from error
