"""The measuring process: `python -m live.bench.child JOB PARAMETERS CORE` runs one job and prints what it measured as JSON.

Each measurement has a process of its own, so that none finds memory, caches or garbage of another, and so that the peak
of the resident memory is its own. The process keeps itself on the core it is given;
with an empty one it may use all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from live.bench import allocations, session, startup
from live.bench.calibration import calibrate
from live.bench.model import ChildResult
from live.bench.pacing import Schedule
from live.bench.peers import measure_peer
from live.errors import EnvironmentFault, LeanLiveError
from live.hot import COMPILED
from live.hot.histogram import Histogram
from live.paper.memory import peak_memory_bytes

Parameters = dict[str, Any]
_MS = 1_000_000
_STRATEGY_PARAMETERS = ("last_day", "symbols")
_QUANTILES = (("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1.0))


def replay(told: Parameters) -> ChildResult:
    """Play a session as fast as it can be read, zips and decoding included."""
    words = {name: str(value) for name, value in told.items() if name in _STRATEGY_PARAMETERS}
    run = session.play(told["strategy"], Path(told["data"]), words)
    values = {
        "ticks_per_second": run.ticks_per_second,
        "tick_ns": 1e9 / run.ticks_per_second if run.ticks_per_second else 0.0,
        "peak_memory": float(peak_memory_bytes()),
    }
    return ChildResult(values, samples=run.tick_count)


def paced(told: Parameters) -> ChildResult:
    """Play ticks at fixed distances of wall time."""
    schedule = Schedule(told["warm_up"], told["ticks"], told["gap_ms"] * _MS)
    words = {"ticker": told["ticker"], "order_every": str(told["order_every"])}
    run = session.play_paced(told["strategy"], Path(told["data"]), words, schedule)
    values = latencies("decision", run.decisions) | latencies("order", run.orders)
    return ChildResult(
        values,
        samples=run.decisions.count,
        warm_up=schedule.warm_up,
        sent=schedule.sent,
        handled=run.decisions.count,
        late=schedule.late,
        notes=[f"{run.orders.count:,} orders"],
    )


def count_allocations(told: Parameters) -> ChildResult:
    """Count allocations on the tick path; starts itself anew with the counter in front of the C library."""
    if allocations.LIBRARY_VARIABLE not in os.environ:
        return _with_counter(told)
    found = allocations.play(told["warm_up"], told["ticks"])
    values = {"python_blocks": float(found.blocks), "tracked_objects": float(found.tracked)}
    if found.mallocs is not None:
        values["malloc_calls"] = float(found.mallocs)
    notes = [] if COMPILED else ["the hot path is interpreted: every number is an object there"]
    return ChildResult(values, samples=told["ticks"], warm_up=told["warm_up"], notes=notes)


def _with_counter(told: Parameters) -> ChildResult:
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as folder:
        library = allocations.build_counter(Path(folder))
        words = [
            sys.executable,
            "-P",
            "-m",
            "live.bench.child",
            "count_allocations",
            msgspec.json.encode(told).decode(),
            "",
        ]
        answer = subprocess.run(  # noqa: S603 - this interpreter with words of our own
            words, env=allocations.counting_environment(library), capture_output=True, text=True, check=False
        )
    if answer.returncode != 0:
        raise EnvironmentFault(f"the counting process failed: {answer.stderr.strip()}")
    return msgspec.json.decode(answer.stdout, type=ChildResult)


def first_tick(told: Parameters) -> ChildResult:
    """Time a dry run from the start of its process to its first tick."""
    samples = startup.time_to_first_tick(Path(told["data"]), told["times"])
    return ChildResult({"seconds": median(samples)}, samples=len(samples))


def command(told: Parameters) -> ChildResult:
    """Time a process from its start to its end."""
    samples = startup.time_command(told["words"], told["times"])
    return ChildResult({"seconds": median(samples)}, samples=len(samples))


def latencies(name: str, histogram: Histogram) -> dict[str, float]:
    """Return the quantiles of a histogram in nanoseconds, under names such as "order_p99"."""
    if histogram.count == 0:
        return {}
    return {f"{name}_{label}": float(histogram.quantile(share)) for label, share in _QUANTILES}


JOBS: dict[str, Callable[[Parameters], ChildResult]] = {
    "replay": replay,
    "paced": paced,
    "count_allocations": count_allocations,
    "first_tick": first_tick,
    "command": command,
    "peer": measure_peer,
}


def run_job(name: str, told: Parameters, core: int | None) -> ChildResult:
    """Run a job between two calibrations.

    Parameters:
        name: one of JOBS.
        told: what the job is told.
        core: the core to stay on, None for any.
    """
    if core is not None:
        os.sched_setaffinity(0, (core,))
    before = calibrate()
    result = JOBS[name](told)
    result.calibration_ns = min(before, calibrate())
    result.pinned_core = core
    return result


def main() -> None:
    """Run the job that the command line names."""
    name, text, core = sys.argv[1:4]
    try:
        # What a measured runtime prints is no part of the answer.
        with redirect_stdout(sys.stderr):
            result = run_job(name, msgspec.json.decode(text), int(core) if core else None)
    except LeanLiveError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(int(error.exit_code))
    sys.stdout.write(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main()
