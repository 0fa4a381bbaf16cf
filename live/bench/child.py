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
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from live.bench import allocations, lean_cost, session, startup
from live.bench.calibration import calibrate
from live.bench.model import ChildResult
from live.bench.pacing import Schedule
from live.bench.peers import measure_peer
from live.bench.recording import time_ticks
from live.bench.scrape_load import play_in_turn
from live.bench.socket_run import play_socket
from live.clock import monotonic_ns
from live.config import HostSettings
from live.errors import EnvironmentFault, LeanLiveError
from live.hot import COMPILED
from live.hot.histogram import Histogram
from live.hot.trace import KIND_SLICE, LatencyTrace
from live.process_memory import peak_memory_bytes

Parameters = dict[str, Any]
_MS = 1_000_000
_PUBLICATIONS = 200
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


def socket(told: Parameters) -> ChildResult:
    """Play ticks that a process of its own sends over a unix socket."""
    cores = tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()
    host = HostSettings(
        cores=cores if len(cores) == 1 else (),
        spin=bool(told["spin"]),
        keep_warm_milliseconds=float(told["keep_warm_ms"]),
    )
    words = {"ticker": told["ticker"], "order_every": str(told["order_every"])}
    run, late = play_socket(
        told["strategy"], Path(told["data"]), words, host, told["warm_up"], told["ticks"], told["gap_ms"] * _MS
    )
    counters = run.feed_counters
    lost = {name: counters[name] for name in ("ticks_dropped", "ticks_missing", "ticks_stale") if counters[name]}
    return ChildResult(
        latencies("decision", run.decisions) | latencies("order", run.orders),
        samples=run.decisions.count,
        warm_up=told["warm_up"],
        sent=told["ticks"],
        handled=run.decisions.count,
        late=late,
        notes=[f"{run.orders.count:,} orders", *(f"{count} {name}" for name, count in lost.items())],
    )


def telemetry_scraped(told: Parameters) -> ChildResult:
    """Play paced ticks without a sidecar and beside one under scrapes, in turn, and compare the latencies."""
    words = {"ticker": told["ticker"], "order_every": str(told["order_every"])}
    schedules = (Schedule(told["warm_up"], told["ticks"], told["gap_ms"] * _MS) for _ in count())
    found = play_in_turn(told["strategy"], Path(told["data"]), words, schedules, told["pairs"], told["scrapers"])
    plain_ns, scraped_ns = (float(_pooled(runs).quantile(0.99)) for runs in (found.plain, found.scraped))
    return ChildResult(
        {"plain_p99": plain_ns, "scraped_p99": scraped_ns, "ratio": scraped_ns / plain_ns},
        samples=sum(run.decisions.count for run in (*found.plain, *found.scraped)),
        warm_up=told["warm_up"],
        sent=sum(run.schedule.sent for run in (*found.plain, *found.scraped)),
        handled=sum(run.decisions.count for run in (*found.plain, *found.scraped)),
        late=sum(run.schedule.late for run in (*found.plain, *found.scraped)),
        notes=[f"{found.scrapes:,} scrapes", f"{found.events_lost} events lost"],
    )


def _pooled(runs: Sequence[session.PacedRun]) -> Histogram:
    """Return the decision latencies of some runs together."""
    pooled = Histogram()
    for run in runs:
        pooled.merge(run.decisions)
    return pooled


def telemetry_cost(told: Parameters) -> ChildResult:
    """Time what the engine measures of every tick and slice, and how long it takes to bring the page up to date.

    Ticks are measured from compiled code, slices from Python with what calling something costs there.
    """
    trace = LatencyTrace(Histogram(), Histogram(), Histogram())
    trace.begin(monotonic_ns())
    calls = told["calls"]
    tick_ns = slice_ns = sys.maxsize
    for _ in range(told["times"]):
        tick_ns = min(tick_ns, time_ticks(calls))
        slice_ns = min(slice_ns, _time_calls(trace, calls))
    publications_ns = session.time_publications(
        told["strategy"], Path(told["data"]), {"symbols": str(told["symbols"])}, _PUBLICATIONS
    )
    values = {
        "tick_ns": tick_ns / calls,
        "slice_ns": slice_ns / calls,
        "publication_ns": float(median(publications_ns)),
    }
    return ChildResult(values, samples=calls * told["times"])


def lean_instrumentation(told: Parameters) -> ChildResult:
    """Time what the host inside LEAN adds to a slice by its own code."""
    cost = lean_cost.measure(told["slices"], told["times"])
    return ChildResult({"slice_ns": cost.slice_ns, "look_ns": cost.look_ns}, samples=told["slices"] * told["times"])


def _time_calls(trace: LatencyTrace, slices: int) -> int:
    """Return the nanoseconds that measuring so many slices takes from Python."""
    now_ns = monotonic_ns
    begin_ns = now_ns()
    for number in range(slices):
        began_ns = now_ns()
        is_sampled = trace.is_sampled()
        trace.record(began_ns, now_ns(), number, 0, KIND_SLICE)
        if is_sampled:
            trace.record_stages(began_ns, began_ns)
    return now_ns() - begin_ns


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
    "socket": socket,
    "telemetry_cost": telemetry_cost,
    "lean_instrumentation": lean_instrumentation,
    "telemetry_scraped": telemetry_scraped,
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
