"""The latency trace of a run as records: moments counted from its start, symbols by their names."""

from __future__ import annotations

from collections.abc import Mapping

from live.hot.trace import KIND_SLICE, KIND_STEP, KIND_TICK, SAMPLE_EVERY, STALL_NS, LatencyTrace
from live.paper.run_records import GcPause, LatencyFile, LatencyWindow, SlowStep, Stall

_KINDS = {KIND_TICK: "tick", KIND_SLICE: "slice", KIND_STEP: "step"}


def latency_records(trace: LatencyTrace, began_ns: int, symbols: Mapping[int, str]) -> LatencyFile:
    """Return what a trace holds.

    Parameters:
        trace: the trace.
        began_ns: wall clock at the trace's origin.
        symbols: names by index.
    """
    origin_ns = trace.origin_ns
    return LatencyFile(
        began_ns=began_ns,
        window_ns=trace.width_ns,
        windows=tuple(
            LatencyWindow(each.begin_ns - origin_ns, each.decisions, each.p50_ns, each.p99_ns, each.max_ns)
            for each in trace.windows()
        ),
        worst=tuple(
            SlowStep(
                kind=_KINDS[step.kind],
                symbol=symbols.get(step.symbol_index),
                time_ns=step.time_ns,
                offset_ns=step.began_ns - origin_ns,
                took_ns=step.took_ns,
                gc_ns=step.gc_ns,
                orders=step.orders,
                scheduled_events=step.events > 0,
                page_faults=step.page_faults,
                preemptions=step.preemptions,
                counted_over_ns=step.counted_over_ns,
                waited_ns=step.waited_ns,
            )
            for step in trace.worst()
        ),
        gc_pauses=tuple(GcPause(each.began_ns - origin_ns, each.took_ns, each.note) for each in trace.pauses.spans()),
        gc_pauses_seen=trace.pauses.seen,
        stalls=tuple(Stall(each.began_ns - origin_ns, each.took_ns, each.note) for each in trace.stalls.spans()),
        stalls_seen=trace.stalls.seen,
        stall_ns=STALL_NS,
        sampled_every=SAMPLE_EVERY,
    )
