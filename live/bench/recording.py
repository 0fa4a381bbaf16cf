# cython: annotation_typing=False, initializedcheck=False
"""What measuring a tick costs inside the compiled engine: the same calls that the tick pump makes, and nothing else."""

from __future__ import annotations

import cython

from live.hot.histogram import Histogram
from live.hot.trace import KIND_TICK, LatencyTrace

if not cython.compiled:
    from live.hot.stamp import now_ns

_KIND = KIND_TICK


def time_ticks(ticks: int) -> int:
    """Return the nanoseconds that measuring so many ticks takes, the looks at the clock included."""
    trace = LatencyTrace(Histogram(), Histogram(), Histogram())
    trace.begin(now_ns())
    begin_ns = now_ns()
    for number in range(ticks):
        began_ns = now_ns()
        is_sampled = trace.is_sampled()
        entered_ns = now_ns() if is_sampled else 0
        trace.record(began_ns, now_ns(), number, 0, _KIND)
        if is_sampled:
            trace.record_stages(began_ns, entered_ns)
    return now_ns() - begin_ns
