"""Where the time between a tick and a decision, and between a tick and an order, goes."""

from __future__ import annotations

from live.clock import NANOSECONDS_PER_SECOND
from live.hot.catalogue import Stage
from live.hot.telemetry_view import StageTotal
from live.sidecar.analytics.registry import analytics
from live.sidecar.analytics.window import AnalyticsWindow, Snapshot

SPAN_SECONDS = 60.0
"""Time that the attribution looks back."""
_NONE = StageTotal(0, 0)


@analytics(every="5s")
def latency_attribution(window: AnalyticsWindow) -> dict[str, float] | None:
    """Return means of the last minute, in seconds, and which share of the whole each stage has.

    A decision is the way to the strategy's entry and the strategy itself, measured on the same sampled ticks. An order
    is the way to its handing over and from there to its acceptance. `gc_ratio` is the share of the minute in which the
    garbage collector worked.
    """
    before, now = _span(window.history)
    if before is None or now is None:
        return None
    entry, strategy = _mean(before, now, Stage.TICK_TO_STRATEGY), _mean(before, now, Stage.DECISION)
    handover, acceptance = _mean(before, now, Stage.TICK_TO_HANDOVER), _mean(before, now, Stage.ORDER_ACK)
    found: dict[str, float] = {}
    if entry is not None and strategy is not None:
        found |= {"decision_entry_seconds": entry, "decision_strategy_seconds": strategy}
        if entry + strategy > 0:
            found |= {
                "decision_entry_share": entry / (entry + strategy),
                "decision_strategy_share": strategy / (entry + strategy),
            }
    if handover is not None and acceptance is not None:
        found |= {"order_handover_seconds": handover, "order_acceptance_seconds": acceptance}
        if handover + acceptance > 0:
            found |= {
                "order_handover_share": handover / (handover + acceptance),
                "order_acceptance_share": acceptance / (handover + acceptance),
            }
    span_ns = now.published_ns - before.published_ns
    collected = _since(before, now, Stage.GC_PAUSE_PYTHON).sum_ns + _since(before, now, Stage.GC_PAUSE_DOTNET).sum_ns
    found["gc_ratio"] = collected / span_ns
    return found


def _span(history: tuple[Snapshot, ...]) -> tuple[Snapshot | None, Snapshot | None]:
    """Return the state at least a minute ago, or the first one, and the newest; None without any time between them."""
    if len(history) < 2:
        return None, None
    now = history[-1]
    begin_ns = now.published_ns - int(SPAN_SECONDS * NANOSECONDS_PER_SECOND)
    before = next((each for each in reversed(history[:-1]) if each.published_ns <= begin_ns), history[0])
    return (before, now) if now.published_ns > before.published_ns else (None, None)


def _since(before: Snapshot, now: Snapshot, stage: Stage) -> StageTotal:
    """Return the samples of a stage that came between two states."""
    first, last = before.stages.get(stage, _NONE), now.stages.get(stage, _NONE)
    return StageTotal(max(last.samples - first.samples, 0), max(last.sum_ns - first.sum_ns, 0))


def _mean(before: Snapshot, now: Snapshot, stage: Stage) -> float | None:
    """Return the mean of a stage between two states, in seconds; None without a sample."""
    count, sum_ns = _since(before, now, stage)
    return sum_ns / count / NANOSECONDS_PER_SECOND if count else None
