"""What can go wrong with a feed, how often it did, and what follows: go on, pause, or halt.

A pause says that the prices may not be relied on. Ticks go on being given, so that the book is current when it ends;
whoever sends orders asks `may_trade`. Silence and a lost connection pass when frames come again. After a gap, a
malformed frame, an overflow and a step of a clock nothing shows that all is well: such a pause ends when no further
fault of the kind comes for a while, or when somebody says so. A halt is for good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from live.clock import machine_monotonic_ns, wall_ns
from live.config import FeedSettings

_SECOND_NS = 1_000_000_000


class Fault(Enum):
    """A kind of fault; the value is the end of its key `on_...` in the table [feed]."""

    GAP = "gap"
    SILENCE = "silence"
    DISCONNECT = "disconnect"
    MALFORMED = "malformed"
    OVERFLOW = "overflow"
    CLOCK_STEP = "clock_step"


PASSING = frozenset({Fault.SILENCE, Fault.DISCONNECT})
"""Faults that are over when frames come again."""


class FeedState(Enum):
    """Where a feed is."""

    CONNECTING = "connecting"
    RUNNING = "running"
    PAUSED = "paused"
    HALTED = "halted"
    ENDED = "ended"


_LEFT_OUT = ("dropped", "late", "out_of_order", "invalid", "stale", "ahead", "outside_session")
"""Counters of ticks that were wanted and are left out, without `ticks_`."""


class FeedCounters:
    """Everything that a feed counts, as plain integers that only grow.

    Attributes:
        connections: connections on which a publisher or server answered.
        disconnects: connections that were lost.
        connect_failures: attempts to connect that failed.
        refusals: connections that the other side ended with a reason.
        sessions: sessions seen; more than one means that sequence numbers began anew.
        frames: whole frames or messages.
        frame_bytes: bytes received.
        ticks: ticks put into a queue.
        ticks_ignored: ticks of channels that nobody subscribed to.
        ticks_late: ticks left out since they came after a newer one by sequence number.
        ticks_duplicate: ticks left out since they had come before.
        ticks_missing: ticks whose sequence numbers were skipped; of these `ticks_late` came after all.
        ticks_out_of_order: ticks left out since their time lies before that of an earlier one of their channel.
        ticks_restamped: ticks a little older than what the run had decided on already, which got the run's time.
        ticks_stale: ticks left out since they were older than that by more than a few seconds.
        ticks_ahead: ticks left out since their time cannot be yet.
        ticks_outside_session: ticks left out since their market was closed, or in hours that the run did not ask for.
        ticks_before_start: ticks left out since they are older than the run: what the publisher still had of before.
        ticks_invalid: ticks left out since they contradict themselves or their channel.
        ticks_conflated: ticks replaced by a newer one in a full queue.
        ticks_dropped: ticks left out since a queue was full.
        gaps: how many times sequence numbers were skipped.
        frames_malformed: frames and messages that could not be understood.
        frames_oversize: frames that claimed to be larger than any may be.
        silences: times that nothing came for `silence_seconds`.
        clock_steps: steps of the wall clock, here or at the sender.
        receive_pauses: times that receiving was stopped since a queue was full.
        pauses: times that the feed paused.
        resumes: times that somebody asked to end a pause.
    """

    NAMES = (
        "connections",
        "disconnects",
        "connect_failures",
        "refusals",
        "sessions",
        "frames",
        "frame_bytes",
        "ticks",
        "ticks_ignored",
        "ticks_late",
        "ticks_duplicate",
        "ticks_missing",
        "ticks_out_of_order",
        "ticks_restamped",
        "ticks_stale",
        "ticks_ahead",
        "ticks_outside_session",
        "ticks_before_start",
        "ticks_invalid",
        "ticks_conflated",
        "ticks_dropped",
        "gaps",
        "frames_malformed",
        "frames_oversize",
        "silences",
        "clock_steps",
        "receive_pauses",
        "pauses",
        "resumes",
    )
    __slots__ = NAMES
    connections: int
    disconnects: int
    connect_failures: int
    refusals: int
    sessions: int
    frames: int
    frame_bytes: int
    ticks: int
    ticks_ignored: int
    ticks_late: int
    ticks_duplicate: int
    ticks_missing: int
    ticks_out_of_order: int
    ticks_restamped: int
    ticks_stale: int
    ticks_ahead: int
    ticks_outside_session: int
    ticks_before_start: int
    ticks_invalid: int
    ticks_conflated: int
    ticks_dropped: int
    gaps: int
    frames_malformed: int
    frames_oversize: int
    silences: int
    clock_steps: int
    receive_pauses: int
    pauses: int
    resumes: int

    def __init__(self) -> None:
        for name in self.NAMES:
            setattr(self, name, 0)

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.NAMES}


def ticks_left_out(counters: Mapping[str, int]) -> dict[str, int]:
    """Return the ticks that a feed brought and that did not reach the strategy, by reason; only reasons that there were.

    Parameters:
        counters: of FeedCounters, by name.
    """
    found = {name.replace("_", " "): counters.get(f"ticks_{name}", 0) for name in _LEFT_OUT}
    return {name: count for name, count in found.items() if count}


class FeedHealth:
    """The state of a feed, moved by faults and by their end.

    Parameters:
        settings: what is done on each fault.
        on_change: called after each change of `state`.
        clock: monotonic nanoseconds.

    Attributes:
        state: where the feed is.
        reason: what brought it there, in words.
        counters: see FeedCounters.
    """

    def __init__(
        self,
        settings: FeedSettings,
        on_change: Callable[[FeedHealth], None] | None = None,
        clock: Callable[[], int] = machine_monotonic_ns,
    ) -> None:
        self._settings = settings
        self._on_change = on_change
        self._clock = clock
        self._pausing: dict[Fault, tuple[int, str]] = {}
        self._is_connected = False
        self.counters = FeedCounters()
        self.state = FeedState.CONNECTING
        self.reason = "connecting"

    @property
    def may_trade(self) -> bool:
        """Whether prices of this feed may be relied on."""
        return self.state is FeedState.RUNNING

    @property
    def is_over(self) -> bool:
        """Whether the feed has ended or was halted."""
        return self.state in (FeedState.HALTED, FeedState.ENDED)

    def report(self, fault: Fault, text: str) -> None:
        """Take note of a fault, which whoever found it has counted, and act on it.

        Parameters:
            fault: its kind.
            text: what happened, for people.
        """
        if self.is_over:
            return
        action = getattr(self._settings, f"on_{fault.value}")
        if action == "halt":
            self._enter(FeedState.HALTED, f"{text} (on_{fault.value} = halt)")
        elif action == "pause":
            self._pausing.pop(fault, None)
            self._pausing[fault] = self._clock(), text
            self.counters.pauses += self.state is not FeedState.PAUSED
            self._enter(FeedState.PAUSED, text)

    def connected(self) -> None:
        """Take note that the other side has answered."""
        self._is_connected = True
        self.alive()

    def disconnected(self) -> None:
        """Take note that there is no connection."""
        self._is_connected = False
        if self.state is FeedState.RUNNING:
            self._enter(FeedState.CONNECTING, "connecting")

    def alive(self) -> None:
        """Take note that something came: what has passed is over."""
        for fault in PASSING:
            self._pausing.pop(fault, None)
        self._settle()

    def look(self) -> None:
        """End pauses whose faults are long enough ago; to be called now and then."""
        span_ns = int(self._settings.resume_after_seconds * _SECOND_NS)
        if span_ns and self._pausing:
            since_ns = self._clock() - span_ns
            for fault in [
                each for each, (at_ns, _) in self._pausing.items() if each not in PASSING and at_ns <= since_ns
            ]:
                del self._pausing[fault]
            self._settle()

    def resume(self) -> None:
        """End a pause because somebody says so; silence and a lost connection go on pausing."""
        self.counters.resumes += 1
        for fault in [each for each in self._pausing if each not in PASSING]:
            del self._pausing[fault]
        self._settle()

    def halt(self, text: str) -> None:
        """End the feed because it cannot go on."""
        if not self.is_over:
            self._enter(FeedState.HALTED, text)

    def end(self) -> None:
        """Take note of the end of the session."""
        if not self.is_over:
            self._enter(FeedState.ENDED, "the session is over")

    def _settle(self) -> None:
        if self.is_over:
            return
        if self._pausing:
            # What is left of several reasons.
            self.reason = next(reversed(self._pausing.values()))[1]
            return
        if self._is_connected:
            if self.state is not FeedState.RUNNING:
                self._enter(FeedState.RUNNING, "running")
        elif self.state is FeedState.PAUSED:
            self._enter(FeedState.CONNECTING, "connecting")

    def _enter(self, state: FeedState, reason: str) -> None:
        self.state, self.reason = state, reason
        if self._on_change is not None:
            self._on_change(self)


class ClockWatch:
    """Finds steps of a wall clock: its distance from a monotonic clock changes at once.

    Parameters:
        limit_seconds: smallest change that counts as a step.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._limit_ns = int(limit_seconds * _SECOND_NS)
        self._distance_ns: int | None = None

    def step_ns(self, wall: int, monotonic: int) -> int:
        """Return by how much the wall clock stepped since the last reading, 0 when it did not.

        Parameters:
            wall: reading of the wall clock, ns.
            monotonic: reading of the monotonic clock at the same moment, ns.
        """
        distance_ns = wall - monotonic
        last_ns, self._distance_ns = self._distance_ns, distance_ns
        if last_ns is None or abs(distance_ns - last_ns) < self._limit_ns:
            return 0
        return distance_ns - last_ns

    def own_step_ns(self) -> int:
        """Return by how much this machine's wall clock stepped since the last call."""
        return self.step_ns(wall_ns(), machine_monotonic_ns())

    def forget(self) -> None:
        """Begin anew, as for another sender."""
        self._distance_ns = None
