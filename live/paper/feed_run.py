"""A dry run on a feed, from connecting to the session's end.

The feed is asked what time it is before the algorithm is set up; its ticks are left with the sender until the algorithm
has been initialized, warmed up and rehearsed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

from live.clock import wall_ns
from live.config import Config
from live.errors import FeedFailure
from live.feeds.data_folder import DataFolder
from live.feeds.socket.connect import receiver_for
from live.feeds.socket.health import FeedHealth, FeedState
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.loops import run_loop
from live.feeds.socket.receiver import FeedReceiver
from live.hot.catalogue import ControlBit, Stage
from live.paper.engine import PaperEngine
from live.paper.feed_clock import FeedClock
from live.paper.feed_follower import FeedFollower
from live.paper.feed_subscriptions import FeedSubscriptions
from live.paper.keep_warm import KeepWarm
from live.paper.loop import RunLoop
from live.paper.run_model import FeedEvent, FeedOutcome, ProgressSink
from live.paper.run_telemetry import RunTelemetry

_LOOK_SECONDS = 0.05
"""Time between two looks while the run waits for the feed."""
EVENTS_MAX = 1_000
"""Changes of a feed's state that are kept."""


class FeedRun:
    """One run on a feed.

    Parameters:
        address: the feed, as `--feed` names it.
        config: all settings.
        folder: the data folder.
        set_up: sets the algorithm up and returns the run loop.
        playing: what surrounds the playing, and measures it.
        report: brings progress and telemetry up to date.
        telemetry: shows in which phase the run is.
        progress: shows the user how the run goes.
        cores: what the run is kept on.
    """

    def __init__(
        self,
        address: str,
        config: Config,
        folder: DataFolder,
        set_up: Callable[[], RunLoop],
        playing: Callable[[], AbstractContextManager[None]],
        report: Callable[[], None],
        telemetry: RunTelemetry,
        progress: ProgressSink,
        cores: tuple[int, ...],
    ) -> None:
        self._address = address
        self._config = config
        self._engine: PaperEngine
        self._set_up = set_up
        self._playing = playing
        self._report = report
        self._telemetry = telemetry
        self._progress = progress
        self._cores = cores
        self._events: list[FeedEvent] = []
        self._events_beyond = 0
        self._is_stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looks_connecting = 0
        self._resumes = 0
        self._follower: FeedFollower | None = None
        self._warmth: KeepWarm | None = None
        self.health = FeedHealth(config.feed, self._on_change)
        settings = config.feed
        self.inbox = FeedInbox((), settings.queue_ticks, settings.full_queue, self.health.counters, is_held=True)
        self.receiver: FeedReceiver = receiver_for(address, "--feed", config, self.inbox, self.health, self._on_ticks)
        self.receiver.on_connect_failure = self._on_connect_failure
        self._failure_told = ""
        self.subscriptions = FeedSubscriptions(folder, self.inbox)

    @property
    def looks(self) -> int:
        """What moves as long as nothing is stuck: while connecting, while rehearsing, and while following the feed."""
        rehearsed = 0 if self._warmth is None else self._warmth.ticks
        followed = 0 if self._follower is None else self._follower.looks
        return self._looks_connecting + rehearsed + followed

    @property
    def control(self) -> int:
        """What the feed asks the risk gate for, bits of ControlBit: to pause while its prices may not be relied on."""
        # What came before the session's end is as good as before.
        may_trade = self.health.may_trade or self.health.state is FeedState.ENDED or self._follower is None
        return 0 if may_trade else int(ControlBit.PAUSE)

    def outcome(self) -> FeedOutcome:
        """Return what became of the feed."""
        return FeedOutcome(
            self._address,
            self.health.state.value,
            self.health.reason,
            self.health.counters.as_dict(),
            tuple(self._events),
            self._events_beyond,
            None if self._warmth is None else self._warmth.rehearsal,
        )

    def stop(self) -> None:
        """End the run; may be called from a signal handler.

        A handler runs between any two instructions of the main thread, also while a transport asks where to read to: to
        close it there crashes the event loop. So that is left to the loop.
        """
        self._is_stopped = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.receiver.stop)

    def run(self, engine: PaperEngine) -> None:
        """Follow the feed to its end.

        Parameters:
            engine: the run's, with these subscriptions and an algorithm that is not set up yet.

        Raises:
            FeedFailure: it halted, or does not have what the algorithm subscribes to.
            LeanLiveError: the algorithm could not be set up, or raised.
        """
        self._engine = engine
        run_loop(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._is_stopped:
            self.receiver.stop()
        self._progress.note(f"connecting to {self._address}")
        receiving = asyncio.ensure_future(self.receiver.run())
        try:
            session = asyncio.ensure_future(self.receiver.session_clock())
            while not (receiving.done() or session.done()):
                self._looks_connecting += 1
                await asyncio.wait((receiving, session), timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if session.done():
                await self._follow(FeedClock(session.result()), receiving)
            session.cancel()
        finally:
            self.receiver.stop()
            await asyncio.wait((receiving,))
            self._loop = None
        # What ended the receiving, also before there was a session.
        receiving.result()
        if self.health.state is FeedState.HALTED and not self._is_stopped:
            raise FeedFailure(f"the feed {self._address} halted: {self.health.reason}")

    async def _follow(self, clock: FeedClock, receiving: asyncio.Task[None]) -> None:
        engine, settings = self._engine, self._config.host
        self.subscriptions.start_ns = clock.begin_ns
        engine.follow(clock.begin_ns)
        engine.write_log("log", _state_text(self.health))
        loop = self._set_up()
        with self._playing():
            loop.begin()
            if not loop.run_until(engine.start_utc_ns - 1):
                return
            self._telemetry.is_rehearsing()
            # What is collected before the first tick delays none.
            engine.recorder.pauses.end()
            self._warmth = KeepWarm(engine, settings)
            try:
                self._progress.ready(self._warmth.get_ready(), self._cores)
                engine.recorder.measure_anew()
                engine.recorder.pauses.begin()
                self._telemetry.is_ready()
                follower = FeedFollower(
                    loop,
                    engine,
                    self.receiver,
                    clock,
                    settings,
                    self._config.feed.silence_seconds,
                    self._telemetry.histogram(Stage.FEED_DELAY),
                    self._listen_and_report,
                    self._warmth.on_idle,
                )
                self._follower = follower
                self.inbox.begin_at(clock.begin_ns)
                self._release()
                await follower.run(receiving)
            finally:
                self._warmth.close()

    def _release(self) -> None:
        """Let the ticks come."""
        absent = self.inbox.release()
        if absent:
            offered = ", ".join(map(str, self.inbox.offered)) or "nothing"
            raise FeedFailure(
                f"the feed {self._address} does not send {absent[0]}, which the algorithm subscribes to; it sends: {offered}"
            )
        for channel in self.inbox.absent:
            self._engine.write_log("log", f"Warning: the feed does not send {channel}")
            self._progress.note(f"the feed does not send {channel}")

    def _listen_and_report(self) -> None:
        """Do what a reader of the telemetry page asks for, then bring the page up to date."""
        requests = self._telemetry.resume_requests()
        if requests != self._resumes:
            self._resumes = requests
            self._engine.write_log("log", f"feed {self.health.state.value}: asked to resume")
            self.health.resume()
        self._report()

    def _on_ticks(self) -> None:
        assert self._follower is not None
        self._follower.on_ticks()

    def _on_connect_failure(self, reason: str) -> None:
        """Tell the user once why there is no connection, and again when it is another reason."""
        if reason != self._failure_told:
            self._failure_told = reason
            self._progress.note(f"no connection to {self._address} yet, trying again: {reason}")

    def _on_change(self, health: FeedHealth) -> None:
        text = _state_text(health)
        if len(self._events) < EVENTS_MAX:
            time_ns = self._engine.clock.now_ns if self._engine.follows_feed else None
            event = FeedEvent(wall_ns(), time_ns, health.state.value, health.reason)
            self._events.append(event)
        else:
            self._events_beyond += 1
        if self._engine.follows_feed:
            self._engine.write_log("log", text)
        self._progress.note(text)


def _state_text(health: FeedHealth) -> str:
    state, reason = health.state.value, health.reason
    return f"feed {state}" if reason == state else f"feed {state}: {reason}"
