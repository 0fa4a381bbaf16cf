"""From an algorithm that is set up to its data and its run loop."""

from __future__ import annotations

from live.algorithm.live_algorithm import LiveAlgorithm
from live.paper.engine import PaperEngine
from live.paper.frontier import Frontier
from live.paper.live_loop import LiveLoop
from live.paper.loop import RunLoop
from live.paper.subscriptions import WarmUpSpan
from live.paper.tick_loop import SliceLoop


def open_frontier(engine: PaperEngine) -> Frontier:
    """Open the data of an algorithm that is set up, and put its clock to where they begin, the warm-up included.

    Raises:
        DataError: a file is damaged.
        UnsupportedApiError: ticks are to be warmed up with bars, or bars with ticks.
    """
    begin_ns = engine.warm_up.begin_ns(engine.start_ns, engine.zone, engine.subscriptions.configs)
    engine.set_time(begin_ns)
    resolution = engine.warm_up.resolution if engine.warm_up.is_wanted else None
    warm_up = None if resolution is None else WarmUpSpan(resolution, engine.start_utc_ns)
    return engine.subscriptions.open(engine.securities, begin_ns, engine.end_utc_ns, warm_up)


def loop_for(engine: PaperEngine, frontier: Frontier) -> type[RunLoop]:
    """Return the kind of loop that an algorithm and its data need."""
    if isinstance(engine.algorithm, LiveAlgorithm):
        return LiveLoop
    return SliceLoop if frontier.has_ticks else RunLoop
