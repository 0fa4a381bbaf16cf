"""A run on a feed: the event loop brings ticks and heartbeats, and the run loop makes the time steps that they are due.

Everything happens on one thread. Ticks are handled within the call of the event loop that received them, so that nothing
lies between the socket and the strategy. In between, a timer brings the telemetry page up to date, and idle moments go
to whoever wants them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns
from live.config import HostSettings
from live.feeds.socket.health import FeedState
from live.feeds.socket.receiver import FeedReceiver
from live.hot.histogram import Histogram
from live.paper.engine import PaperEngine
from live.paper.feed_clock import FeedClock
from live.paper.loop import RunLoop

REPORT_SECONDS = 0.25
"""Time between two reports of progress and telemetry."""
_FINISHED_WITHIN_NS = 60 * NANOSECONDS_PER_SECOND
_IDLE_SECONDS = 0.001
"""Time between two looks for idleness, where the event loop sleeps."""


class FeedFollower:
    """Plays a feed to an algorithm.

    Parameters:
        loop: makes the time steps; it has played the warm-up.
        engine: the run.
        receiver: the feed; its inbox has been released.
        clock: the session's clock.
        settings: table [host].
        silence_seconds: time after which a feed that nothing is heard of counts as silent.
        delays: takes how long the newest tick of each delivery took to get here.
        report: brings progress and telemetry up to date.
        on_idle: called again and again while no tick comes, with the nanoseconds since the last one was played; not
            longer than a tick may wait.

    Attributes:
        looks: how many times the event loop has come by: proof that nothing is stuck.
    """

    def __init__(
        self,
        loop: RunLoop,
        engine: PaperEngine,
        receiver: FeedReceiver,
        clock: FeedClock,
        settings: HostSettings,
        silence_seconds: float,
        delays: Histogram,
        report: Callable[[], None],
        on_idle: Callable[[int], None],
    ) -> None:
        self._loop = loop
        self._delays = delays
        self._measured_ns = 0
        self._engine = engine
        self._receiver = receiver
        self._inbox = receiver.inbox
        self._clock = clock
        self._spins = settings.spin
        self._report = report
        self._on_idle = on_idle
        self._sessions = receiver.counters.sessions
        self._is_over = False
        self._newest_ns = 0
        self._heard_time_ns = 0
        self._heard_at_ns = 0
        self._silence_ns = int(silence_seconds * NANOSECONDS_PER_SECOND)
        self._last_tick_ns = monotonic_ns()
        self.looks = 0

    async def run(self, receiving: asyncio.Task[None]) -> None:
        """Follow the feed until its session ends, the algorithm quits, or the run is asked to stop.

        Parameters:
            receiving: the receiver's task.

        Raises:
            LeanLiveError: the strategy raised, or the account's data are at fault.
        """
        self._receiver.on_heartbeat = self._on_heartbeat
        self._receiver.latest_of = self._clock.latest_ns
        events = asyncio.get_running_loop()
        reports = events.create_task(self._report_now_and_then())
        idle = events.create_task(self._idle_now_and_then()) if not self._spins else None
        if self._spins:
            events.call_soon(self._spin)
        try:
            await receiving
        finally:
            self._is_over = True
            for each in (reports, idle):
                if each is not None:
                    each.cancel()
            await asyncio.gather(*(each for each in (reports, idle) if each is not None), return_exceptions=True)
        self.on_ticks()
        if self._receiver.health.state is FeedState.ENDED:
            self._finish_bars()

    def _finish_bars(self) -> None:
        """Play the bars whose end is so near that only the end of the session kept a tick from finishing them.

        Others stay unfinished: their time has not come, and never will.
        """
        end_ns = self._inbox.bar_end_before(self._newest_ns + _FINISHED_WITHIN_NS)
        if end_ns > self._newest_ns:
            self._bring(end_ns)
            self._loop.run_until(end_ns)

    def _bring(self, time_ns: int, received_ns: int = 0) -> None:
        """Show the run loop the ticks that wait, and the bars that are over at a moment.

        Parameters:
            time_ns: the moment, UTC.
            received_ns: as for RunLoop.wake.
        """
        self._loop.wake(self._inbox.take_fresh(), received_ns)
        if self._inbox.close_bars(time_ns):
            self._loop.look_at_bars()

    def on_ticks(self) -> None:
        """Play what waits in the queues."""
        newest_ns = self._inbox.newest_ns
        if newest_ns < 0:
            return
        self._bring(newest_ns, self._receiver.received_ns)
        self._loop.run_until(max(newest_ns, self._engine.clock.now_ns))
        self._note_session()
        # Not the time that the run gave to late ones: the clock would run ahead a little further with each.
        self._clock.saw_ticks(self._inbox.newest_tick_ns, self._receiver.ticks_sent_ns)
        self._measure_delay()
        self._hear(newest_ns)
        self._decided_on(newest_ns)
        # Heartbeats do not count: they come all day, and would leave no time without a tick.
        self._last_tick_ns = monotonic_ns()

    def _measure_delay(self) -> None:
        receiver = self._receiver
        if receiver.ticks_sent_ns == self._measured_ns:
            return
        self._measured_ns = receiver.ticks_sent_ns
        delay_ns = self._clock.delay_ns(
            self._inbox.newest_tick_ns, receiver.ticks_sent_ns, receiver.received_ns, receiver.is_sender_here
        )
        if delay_ns is not None:
            self._delays.record(delay_ns)

    def _note_session(self) -> None:
        if self._receiver.counters.sessions != self._sessions:
            self._sessions = self._receiver.counters.sessions
            self._clock.begin_session(self._receiver.newest_session)

    def _on_heartbeat(self, sent_ns: int, sender_wall_ns: int) -> None:
        self._note_session()
        time_ns = self._clock.at_heartbeat(sent_ns, sender_wall_ns)
        if time_ns is not None:
            self._hear(time_ns)
            # Ticks of the heartbeat's own moment may still come.
            self._pass_time(time_ns - 1)

    def _hear(self, time_ns: int) -> None:
        """Take note of the session's time as the feed has told it just now."""
        self._heard_time_ns, self._heard_at_ns = time_ns, monotonic_ns()

    def _pass_time(self, time_ns: int) -> None:
        """Let time go by up to a moment, itself included."""
        if time_ns < self._newest_ns:
            return
        self._bring(time_ns)
        if self._loop.run_until(time_ns):
            self._loop.pass_time(time_ns)
        self._decided_on(self._engine.clock.now_ns)

    def _go_on_unheard(self) -> None:
        """Let time go by although the feed is silent or lost: what is scheduled, exits above all, must not wait for it."""
        unheard_ns = monotonic_ns() - self._heard_at_ns
        if self._heard_time_ns and unheard_ns > self._silence_ns and not self._receiver.health.is_over:
            self._pass_time(self._clock.without_feed(self._heard_time_ns, unheard_ns - self._silence_ns))

    def _decided_on(self, time_ns: int) -> None:
        # What follows is waiting for the feed, no stall.
        self._engine.recorder.trace.rest()
        self._newest_ns = max(self._newest_ns, time_ns)
        self._inbox.decided_on(self._newest_ns)
        if self._loop.is_over() or self._loop.stop_requested:
            self._receiver.stop()

    # -- between ticks

    async def _report_now_and_then(self) -> None:
        while not self._is_over:
            self._receiver.guarded(self._go_on_unheard)
            self._receiver.guarded(self._report)
            await asyncio.sleep(REPORT_SECONDS)

    async def _idle_now_and_then(self) -> None:
        while not self._is_over:
            self._look()
            await asyncio.sleep(_IDLE_SECONDS)

    def _spin(self) -> None:
        if not self._is_over:
            self._look()
            asyncio.get_running_loop().call_soon(self._spin)

    def _look(self) -> None:
        self.looks += 1
        self._receiver.guarded(self._idle)

    def _idle(self) -> None:
        if self._loop.stop_requested:
            self._receiver.stop()
            return
        self._on_idle(monotonic_ns() - self._last_tick_ns)
