"""What every feed over a network shares: connect, watch for silence and steps of the clock, connect again.

A subclass makes the connection and takes what comes. `received` is to be called for everything that comes, `progress`
when it was of use: only then does the waiting time between attempts begin anew, so that a peer that accepts and fails
is not asked without a pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from live.clock import NANOSECONDS_PER_SECOND, monotonic_ns
from live.config import FeedSettings
from live.errors import Halt
from live.feeds.socket.backoff import Backoff
from live.feeds.socket.health import ClockWatch, Fault, FeedHealth
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.sequence import SequenceTracker

CONNECT_SECONDS = 5.0
_FAR_AHEAD_NS = (1 << 63) - 1
_LOOKS_PER_SILENCE = 8
_LOOK_SECONDS_MAX = 0.25
_READS_BEFORE_SILENCE = 5
"""Rounds of the event loop after which it has read what had come: loops handle it one or two rounds after they looked."""


class SessionClock(NamedTuple):
    """The clock of a session when a consumer came: time in UTC nanoseconds, 0 for that of the world, and speed."""

    time_ns: int = 0
    speed: float = 1.0


class FeedReceiver:
    """A feed that is received on the running event loop.

    Parameters:
        settings: table [feed].
        inbox: where ticks go; `inbox.counters` must be those of `health`.
        health: the feed's state.
        on_ticks: called after ticks were put into the inbox, once for all that came together.
        backoff: waiting times; None makes them from the settings.

    Attributes:
        on_connect_failure: called with the reason when a connection could not be made.
        on_heartbeat: called when the sender shows that no tick is under way: with a moment of its monotonic clock, and
            the same one of its wall clock, both in nanoseconds.
        latest_of: returns the moment, UTC, after which no tick can be that was sent at a moment of the sender's monotonic
            clock.
        is_sender_here: whether the sender runs on this machine, so that its monotonic clock is ours.
        ticks_sent_ns: when the newest ticks were sent, on the sender's monotonic clock; those that came late are not among
            them.
    """

    def __init__(
        self,
        settings: FeedSettings,
        inbox: FeedInbox,
        health: FeedHealth,
        on_ticks: Callable[[], None],
        backoff: Backoff | None = None,
    ) -> None:
        assert inbox.counters is health.counters
        self.settings = settings
        self.inbox = inbox
        self.health = health
        self.counters = health.counters
        self.backoff = backoff or Backoff(settings.reconnect_first_seconds, settings.reconnect_limit_seconds)
        self._on_ticks = on_ticks
        self.on_connect_failure: Callable[[str], None] = lambda reason: None
        self.on_heartbeat: Callable[[int, int], None] = lambda sent_ns, wall: None
        self.latest_of: Callable[[int], int] = lambda sent_ns: _FAR_AHEAD_NS
        self.ticks_sent_ns = 0
        self.is_sender_here = False
        self._clock = ClockWatch(settings.clock_step_seconds)
        self._silence_ns = int(settings.silence_seconds * NANOSECONDS_PER_SECOND)
        self.received_ns = 0
        """When something came last, on the clock for durations inside the process."""
        self._is_connected = False
        self._has_connected = asyncio.Event()
        self._is_waiting = False
        self._is_going_on = False
        self._stopped = asyncio.Event()
        self._closed = asyncio.Event()
        self._close_reason = ""
        self._failure: BaseException | None = None
        inbox.on_room = self._on_room

    async def run(self) -> None:
        """Receive until the session ends, the feed halts, or `stop` is called.

        Raises:
            BaseException: what `on_ticks`, or another call that was guarded, raised first; later ones are its notes.
        """
        watch = asyncio.get_running_loop().create_task(self._watch())
        try:
            while not self._is_over:
                if await self._connect_once():
                    await self._closed.wait()
                    self._on_disconnect()
                if not self._is_over:
                    await self._wait_before_next()
        finally:
            watch.cancel()
            self._drop()
            await asyncio.gather(watch, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End receiving; the state stays as it is."""
        self._stopped.set()
        self._closed.set()
        self._drop()

    @property
    def _is_over(self) -> bool:
        return self.health.is_over or self._stopped.is_set()

    async def session_clock(self) -> SessionClock:
        """Wait for the first connection, and return the clock of the session: that of the world, unless the sender
        says otherwise.
        """
        await self._has_connected.wait()
        return SessionClock()

    @property
    def newest_session(self) -> SessionClock:
        """The clock of the session that is received."""
        return SessionClock()

    def _hand_over(self) -> None:
        """Tell the run of ticks that came."""
        if self.inbox.take_news():
            self._on_ticks()

    # -- for subclasses

    async def _connect(self) -> None:
        """Make a connection and send what subscribes."""
        raise NotImplementedError

    def _drop(self) -> None:
        """Close the connection, if there is one."""
        raise NotImplementedError

    def _set_reading(self, is_reading: bool) -> None:
        """Stop or go on reading from the connection."""
        raise NotImplementedError

    def _go_on(self) -> None:
        """Take what came before reading was stopped."""
        raise NotImplementedError

    def guarded(self, call: Callable[[], None]) -> None:
        """Make a call of the event loop; what it raises ends `run`, and not only the connection that it came on."""
        try:
            call()
        # Also what ends a run from a signal handler: the event loop would swallow it.
        except BaseException as error:
            self._failed(error)
            self.stop()

    def _failed(self, error: BaseException) -> None:
        # What failed first tells why the run ends; what was under way beside it may fail because of that.
        if self._failure is None:
            self._failure = error
            return
        first = self._failure.error if isinstance(self._failure, Halt) else self._failure
        first.add_note(f"then: {error}")

    def received(self) -> None:
        """Take note that something came."""
        self.received_ns = monotonic_ns()

    def progress(self) -> None:
        """Take note that something of use came."""
        self.backoff.succeeded()
        self.health.alive()

    def close(self, reason: str) -> None:
        """Give the connection up; it is made anew.

        Parameters:
            reason: why, for people.
        """
        self._close_reason = self._close_reason or reason
        self._closed.set()
        self._drop()

    def malformed(self, text: str) -> None:
        """Count and report something that could not be understood."""
        self.counters.frames_malformed += 1
        self.health.report(Fault.MALFORMED, f"malformed: {text}")

    def count_sequence(self, tracker: SequenceTracker, before: tuple[int, int, int, int], what: str) -> None:
        """Add what a tracker found since `before`, which `marks` returned, to the counters, and report a gap."""
        gaps, missing, duplicates, late = (now - then for now, then in zip(marks(tracker), before, strict=True))
        counters = self.counters
        counters.gaps += gaps
        counters.ticks_missing += missing
        counters.ticks_duplicate += duplicates
        counters.ticks_late += late
        if gaps:
            self.health.report(Fault.GAP, f"gap: {missing} ticks {what} are missing before number {tracker.expected}")

    def overflowed(self, count: int) -> None:
        """Report ticks that met a full queue; the queue counted them."""
        if count:
            self.health.report(Fault.OVERFLOW, f"overflow: {count} ticks met a full queue")

    def saw_step(self, step_ns: int, whose: str) -> None:
        """Count and report a step of a wall clock, 0 for none."""
        if step_ns:
            self.counters.clock_steps += 1
            seconds = step_ns / NANOSECONDS_PER_SECOND
            self.health.report(Fault.CLOCK_STEP, f"clock step: {whose} wall clock moved by {seconds:+.3f} s")

    def wait_for_room(self) -> bool:
        """Stop reading while a queue is full; return whether it is."""
        if not self._is_waiting and self.inbox.must_wait:
            self._is_waiting = True
            self.counters.receive_pauses += not self.inbox.is_held
            self._set_reading(False)
        return self._is_waiting

    # -- own

    async def _connect_once(self) -> bool:
        self._closed.clear()
        self._close_reason = ""
        self._is_waiting = False
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connect()
        except (OSError, TimeoutError) as error:
            self.counters.connect_failures += 1
            self._close_reason = str(error) or "no answer"
            self.on_connect_failure(self._close_reason)
            self._drop()
            return False
        self._is_connected = True
        self._has_connected.set()
        self.received()
        return True

    def _on_disconnect(self) -> None:
        self._is_connected = False
        self._drop()
        if not self._is_over:
            self.health.disconnected()
            self.counters.disconnects += 1
            self.health.report(Fault.DISCONNECT, f"connection lost: {self._close_reason or 'closed by the other side'}")

    async def _wait_before_next(self) -> None:
        limit = self.settings.reconnect_attempts
        if limit and self.backoff.attempts >= limit:
            self.health.halt(f"no connection after {limit} attempts (reconnect_attempts): {self._close_reason}")
            return
        seconds = self.backoff.next_seconds()
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    async def _watch(self) -> None:
        """Look for silence and steps of the clock, several times within the shortest silence that counts."""
        every_seconds = min(self.settings.silence_seconds / _LOOKS_PER_SILENCE, _LOOK_SECONDS_MAX)
        while not self._is_over:
            self.saw_step(self._clock.own_step_ns(), "this machine's")
            self.health.look()
            if self._is_silent():
                await self._read_what_came()
                if self._is_silent():
                    self._on_silence()
            await asyncio.sleep(every_seconds)
        self.close(self.health.reason)

    async def _read_what_came(self) -> None:
        """Let the event loop read what has come in the meantime.

        After a long call it looks at its timers before it reads, so that what came meanwhile still waits to be read.
        """
        for _ in range(_READS_BEFORE_SILENCE):
            await asyncio.sleep(0)

    def _is_silent(self) -> bool:
        if self._is_waiting:
            self.received()
        is_open = self._is_connected and not self._closed.is_set()
        return is_open and monotonic_ns() - self.received_ns > self._silence_ns

    def _on_silence(self) -> None:
        silence_ns = monotonic_ns() - self.received_ns
        self.counters.silences += 1
        text = f"silence: nothing came for {silence_ns / NANOSECONDS_PER_SECOND:.1f} s on an open connection"
        self.health.report(Fault.SILENCE, text)
        self._is_connected = False
        self.close(text)

    def _on_room(self) -> None:
        # Later and not at once: this is called by the run in the middle of its work.
        if self._is_waiting and not self._is_going_on:
            self._is_going_on = True
            asyncio.get_running_loop().call_soon(self.guarded, self._resume)

    def _resume(self) -> None:
        self._is_going_on = False
        if not self._is_waiting or self.inbox.must_wait or self._closed.is_set():
            return
        self._is_waiting = False
        self.received()
        self._go_on()
        if not self._is_waiting and not self._closed.is_set():
            self._set_reading(True)


def marks(tracker: SequenceTracker) -> tuple[int, int, int, int]:
    """Return a tracker's counts, to be compared with those after."""
    return tracker.gaps, tracker.missing, tracker.duplicates, tracker.late
