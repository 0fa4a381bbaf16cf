"""Runs of a strategy through the embedded engine inside a measuring process: as fast as the data come, or paced."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from live.algorithm.live_algorithm import LiveAlgorithm
from live.algorithm.orders import OrderEvent
from live.bench.pacing import PacedStream, Schedule
from live.clock import monotonic_ns
from live.errors import DataError
from live.hot.histogram import Histogram
from live.hot.records import END_OF_DATA_NS
from live.hot.views import TickView
from live.paper.engine import PaperEngine
from live.paper.frontier import Frontier
from live.paper.loop import RunLoop
from live.paper.run import DryRun
from live.paper.run_model import DryRunRequest, RunResult
from live.paper.tick_source import TickSubscription
from live.report.progress import SilentProgress

STRATEGIES = Path(__file__).resolve().parent / "strategies"


class Silent(SilentProgress):
    """Takes order events and progress, and keeps nothing."""

    def order_event(self, event: OrderEvent) -> None:
        """Ignore an order event."""


class PacedRun(DryRun):
    """A dry run whose ticks come when they are due, with latencies counted from that moment.

    `decisions` holds the time from when a tick was due to the return of the strategy's callback, `orders` that to the
    acceptance of an order by the paper broker. Ticks of the warm-up are in neither.

    Parameters:
        request: what to run.
        schedule: when the ticks are due.
    """

    def __init__(self, request: DryRunRequest, schedule: Schedule) -> None:
        super().__init__(request, Silent())
        self.schedule = schedule
        self.decisions = Histogram()
        self.orders = Histogram()

    def _make_loop(self, frontier: Frontier) -> RunLoop:
        """Put the pace before the ticks, and stamps behind the callbacks, before the loop takes both."""
        streams = 0
        for source in frontier.ticks:
            assert isinstance(source, TickSubscription)
            if source.stream.time_ns != END_OF_DATA_NS:
                source.stream = PacedStream(source.stream, self.schedule)
                source.stream.prime()
                streams += 1
        if streams != 1:
            raise DataError(
                f"{streams} streams of ticks are no single paced one; give data with the trades of one symbol"
            )
        schedule = self.schedule

        def since_due_ns(time_ns: int) -> int:
            # One tick at a time is handed over: it is the newest that was due.
            return monotonic_ns() - schedule.due_ns if schedule.is_measuring else -1

        stamp_callbacks(self.engine, since_due_ns, self.decisions, self.orders)
        return super()._make_loop(frontier)


def stamp_callbacks(
    engine: PaperEngine, since_due_ns: Callable[[int], int], decisions: Histogram, orders: Histogram
) -> None:
    """Measure behind the strategy's callback and behind each order that the broker accepts.

    Parameters:
        engine: the run, set up, its loop not made yet.
        since_due_ns: returns how long ago a tick was due, by its time in UTC nanoseconds; below zero for one that does not count.
        decisions: takes the time to the return of the callback.
        orders: takes the time to the acceptance of an order.
    """
    algorithm, clock = engine.algorithm, engine.clock

    def record(histogram: Histogram, time_ns: int) -> None:
        latency_ns = since_due_ns(time_ns)
        if latency_ns >= 0:
            histogram.record(latency_ns)

    if isinstance(algorithm, LiveAlgorithm):
        on_tick = algorithm.on_tick

        def stamped_tick(tick: TickView) -> None:
            on_tick(tick)
            record(decisions, tick.time_ns)

        algorithm.on_tick = stamped_tick  # type: ignore[method-assign]
    else:
        on_data = engine.callbacks.on_data
        assert on_data is not None

        def stamped_data(slice: object) -> None:
            on_data(slice)
            record(decisions, clock.now_ns)

        engine.callbacks.on_data = stamped_data
    accepted = engine.recorder.on_accepted

    def stamped_order(began_ns: int) -> None:
        # The broker takes an order at the time of the tick that it answers.
        record(orders, clock.now_ns)
        accepted(began_ns)

    engine.recorder.on_accepted = stamped_order  # type: ignore[method-assign]


def play(strategy: str, data: Path, parameters: Mapping[str, str]) -> RunResult:
    """Play a strategy of live/bench/strategies as fast as the data come, and return what the run came to."""
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as folder:
        run = DryRun(_request(strategy, data, parameters, Path(folder)), Silent())
        run.run(Silent(), Path(folder) / "log.txt")
        return run.result()


def play_paced(
    strategy: str, data: Path, parameters: Mapping[str, str], schedule: Schedule, folder: Path | None = None
) -> PacedRun:
    """Play a strategy of live/bench/strategies to a schedule, and return the run.

    Parameters:
        strategy: its name.
        data: a data folder.
        parameters: of the strategy.
        schedule: when its ticks are due.
        folder: where the run's files go; None for a temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as temporary:
        where = Path(temporary) if folder is None else folder
        run = PacedRun(_request(strategy, data, parameters, where), schedule)
        run.run(Silent(), where / "log.txt")
        return run


def time_publications(strategy: str, data: Path, parameters: Mapping[str, str], times: int) -> list[int]:
    """Play a strategy of live/bench/strategies, then bring its telemetry page up to date again and again.

    Returns how long each took, in nanoseconds.
    """
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as folder:
        run = DryRun(_request(strategy, data, parameters, Path(folder)), Silent())
        run.run(Silent(), Path(folder) / "log.txt")
        took_ns = []
        for _ in range(times):
            began_ns = monotonic_ns()
            run.telemetry.publish(run.engine)
            took_ns.append(monotonic_ns() - began_ns)
        return took_ns


def _request(strategy: str, data: Path, parameters: Mapping[str, str], folder: Path) -> DryRunRequest:
    return DryRunRequest(STRATEGIES / f"{strategy}.py", folder, data_folder=data, parameters=dict(parameters))
