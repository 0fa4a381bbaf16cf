"""The clock of a run on a feed: the session's, moved by its ticks and heartbeats and by nothing else.

A tick says what time it is. A heartbeat says that no tick is under way: since the newest one as much of the session's
time has passed as the sender's own clock shows, times the session's speed. So the run never is ahead of a tick that is
still to come, however long the network takes, and steps of wall clocks do not move it.
"""

from __future__ import annotations

from live.clock import NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND, monotonic_ns, wall_ns
from live.feeds.socket.receiver import SessionClock

_AHEAD_NS = 600 * NANOSECONDS_PER_SECOND
"""How far a tick may be ahead of what its sender's clock lets one expect, in time of the world."""
_WEEKEND_NS = 7 * NANOSECONDS_PER_DAY
_NEVER_NS = (1 << 63) - 1


class FeedClock:
    """Tells what time it is in a session.

    Parameters:
        session: the session's clock when the run began.

    Attributes:
        begin_ns: the run's first moment, UTC.
    """

    def __init__(self, session: SessionClock) -> None:
        self.begin_session(session)
        self.begin_ns = session.time_ns or wall_ns()

    def saw_ticks(self, time_ns: int, sent_ns: int) -> None:
        """Take the time of the newest tick.

        Parameters:
            time_ns: its time, UTC.
            sent_ns: when it was sent, on the sender's monotonic clock.
        """
        self._tick_ns, self._tick_sent_ns = time_ns, sent_ns

    def begin_session(self, session: SessionClock) -> None:
        """Follow another session: its sender, its time and its speed may be others."""
        self._speed = session.speed
        self._is_worlds = session.time_ns == 0
        self._tick_ns = 0
        self._tick_sent_ns = 0

    def delay_ns(self, tick_ns: int, sent_ns: int, received_ns: int, is_sender_here: bool) -> int | None:
        """Return how long the newest tick took to get here; None when it cannot be known.

        Since its time in sessions of the present, which also shows how far this machine's wall clock is from the
        exchange's. Since it was sent in those that play the past, when the sender runs on this machine.

        Parameters:
            tick_ns: its time, UTC.
            sent_ns: when it was sent, on the sender's monotonic clock.
            received_ns: when it was received, on this process's monotonic clock.
            is_sender_here: whether both clocks are one.
        """
        if self._is_worlds:
            return wall_ns() - (monotonic_ns() - received_ns) - tick_ns
        return received_ns - sent_ns if is_sender_here else None

    def without_feed(self, time_ns: int, unheard_ns: int) -> int:
        """Return the session's time when nothing has been heard for a while: it goes on all the same.

        Parameters:
            time_ns: the session's time when something was heard last.
            unheard_ns: how long ago that is.
        """
        return time_ns + int(unheard_ns * self._speed)

    def latest_ns(self, sent_ns: int) -> int:
        """Return the moment, UTC, after which no tick can be that is sent at a moment of the sender's monotonic clock.

        Without a tick before it nothing is known but for sessions of the present; a session that only ticks move may
        skip a long weekend.
        """
        if not self._tick_ns:
            return wall_ns() + _AHEAD_NS if self._is_worlds else _NEVER_NS
        if not self._speed:
            return self._tick_ns + _WEEKEND_NS
        # A sender that was late catches up, faster than the session's speed.
        ahead_ns = int(_AHEAD_NS * max(1.0, self._speed))
        return self._tick_ns + int(max(0, sent_ns - self._tick_sent_ns) * self._speed) + ahead_ns

    def at_heartbeat(self, sent_ns: int, sender_wall_ns: int) -> int | None:
        """Return the session's time at a heartbeat, None when it cannot be known.

        Parameters:
            sent_ns: when it was sent, on the sender's monotonic clock.
            sender_wall_ns: the same moment on the sender's wall clock, UTC.
        """
        if not self._tick_ns:
            # A session that plays the past may be waiting for its other consumers.
            return sender_wall_ns if self._is_worlds else None
        return self._tick_ns + int(max(0, sent_ns - self._tick_sent_ns) * self._speed)
