"""Runs on a socket feed, paced by a process of its own: latencies from when a tick was due at the sender."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from live.bench.market import session_begin_ns
from live.bench.session import STRATEGIES, Silent, stamp_callbacks
from live.clock import machine_monotonic_ns
from live.config import Config, FeedSettings, HostSettings
from live.errors import EnvironmentFault
from live.feeds.socket.receiver import FeedReceiver
from live.hot.histogram import Histogram
from live.paper.frontier import Frontier
from live.paper.loop import RunLoop
from live.paper.run import DryRun
from live.paper.run_model import DryRunRequest, Rehearsal

_SILENCE_SECONDS = 120.0


class _GoWhenReady(Silent):
    """Lets the sender begin when the run is ready."""

    def __init__(self, sender: subprocess.Popen[str]) -> None:
        self._sender = sender

    def ready(self, rehearsal: Rehearsal, cores: tuple[int, ...]) -> None:
        """Give the sign."""
        assert self._sender.stdin is not None
        self._sender.stdin.write("go\n")
        self._sender.stdin.flush()


class DueTimes:
    """Says how long ago ticks were due at the sender.

    What was received together is played afterwards, so the newest sending time is that of the last of them. Each tick's
    is found by its own time: the sender keeps both apart by the same span.

    Parameters:
        receiver: takes the sender's ticks.
        begin_ns: time of the first tick that counts, UTC.
    """

    def __init__(self, receiver: FeedReceiver, begin_ns: int) -> None:
        self._receiver = receiver
        self._begin_ns = begin_ns
        self._span_ns: int | None = None

    def since_ns(self, time_ns: int) -> int:
        """Return how long ago a tick was due, -1 for one of the warm-up.

        Parameters:
            time_ns: of the tick, UTC.
        """
        now_ns = machine_monotonic_ns()
        if self._span_ns is None:
            self._span_ns = self._receiver.ticks_sent_ns - self._receiver.inbox.newest_tick_ns
        return -1 if time_ns < self._begin_ns else now_ns - time_ns - self._span_ns


class SocketRun(DryRun):
    """A dry run on a feed with latencies counted from when each tick was due.

    `decisions` holds the time to the return of the strategy's callback, `orders` that to the acceptance of an order by
    the paper broker. Ticks of the warm-up are in neither.

    Parameters:
        request: what to run.
        progress: gives the sender the sign to begin.
        begin_ns: time of the first tick that counts, UTC.
    """

    def __init__(self, request: DryRunRequest, progress: Silent, begin_ns: int) -> None:
        super().__init__(request, progress)
        self.decisions = Histogram()
        self.orders = Histogram()
        self._begin_ns = begin_ns

    @property
    def feed_counters(self) -> dict[str, int]:
        """What the feed counted."""
        assert self._feed is not None
        return self._feed.health.counters.as_dict()

    def _make_loop(self, frontier: Frontier) -> RunLoop:
        feed = self._feed
        assert feed is not None
        due_times = DueTimes(feed.receiver, self._begin_ns)
        stamp_callbacks(self.engine, due_times.since_ns, self.decisions, self.orders)
        return super()._make_loop(frontier)


def play_socket(
    strategy: str, data: Path, parameters: Mapping[str, str], host: HostSettings, warm_up: int, ticks: int, gap_ns: int
) -> tuple[SocketRun, int]:
    """Play a strategy of live/bench/strategies on a socket; return the run, and how many ticks the sender sent late.

    Raises:
        EnvironmentFault: the sending process failed.
    """
    core = str(host.cores[0]) if host.cores else ""
    with tempfile.TemporaryDirectory(prefix="lean-live-bench-") as name:
        folder = Path(name)
        path = folder / "feed"
        words = [
            sys.executable,
            "-P",
            "-m",
            "live.bench.sender",
            str(path),
            core,
            str(warm_up),
            str(ticks),
            str(gap_ns),
        ]
        with subprocess.Popen(  # noqa: S603 - this interpreter with words of our own
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as sender:
            try:
                feed = FeedSettings(silence_seconds=_SILENCE_SECONDS, reconnect_first_seconds=0.01)
                request = DryRunRequest(
                    STRATEGIES / f"{strategy}.py",
                    folder,
                    data_folder=data,
                    parameters=dict(parameters),
                    config=msgspec.structs.replace(Config(), host=host, feed=feed),
                    feed=f"unix:{path}",
                )
                silent = _GoWhenReady(sender)
                run = SocketRun(request, silent, session_begin_ns() + warm_up * gap_ns)
                run.run(silent, folder / "log.txt")
            except BaseException:
                sender.kill()
                raise
            answer, complaint = sender.communicate()
        if sender.returncode != 0:
            raise EnvironmentFault(f"the sending process failed: {complaint.strip()}")
        return run, int(answer)
