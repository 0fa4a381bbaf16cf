"""The receiving side of a socket feed.

Bytes go into one buffer of a fixed size, and frames from there into the queues of the inbox, all within the event
loop's call that received them. After a lost connection the next one asks for the first tick that is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from live.config import FeedSettings
from live.feeds.socket.address import FeedAddress
from live.feeds.socket.backoff import Backoff
from live.feeds.socket.decoder import FrameDecoder, FrameError, MalformedMessageError, OversizeFrameError
from live.feeds.socket.frames import (
    FEED_VERSION,
    End,
    FrameEncoder,
    Goodbye,
    Heartbeat,
    Hello,
    Message,
    Subscribe,
    Ticks,
)
from live.feeds.socket.health import ClockWatch, Fault, FeedHealth
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.receiver import FeedReceiver, SessionClock, marks
from live.feeds.socket.sequence import SequenceTracker


class _Connection(asyncio.BufferedProtocol):
    """Hands what comes to the client that made it, as long as it is that client's connection."""

    def __init__(self, client: SocketFeed, decoder: FrameDecoder) -> None:
        self._client = client
        self._decoder = decoder
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's class, but are none of its.
        transport = cast(asyncio.Transport, transport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._decoder.free_space()

    def buffer_updated(self, nbytes: int) -> None:
        self._client.bytes_received(self, nbytes)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._client.connection_lost(self, error)


class SocketFeed(FeedReceiver):
    """Receives a session from a publisher. Parameters as for FeedReceiver, and:

    Parameters:
        address: where the publisher listens.
        token: the publisher's secret, "" without one.
    """

    def __init__(
        self,
        address: FeedAddress,
        settings: FeedSettings,
        inbox: FeedInbox,
        health: FeedHealth,
        on_ticks: Callable[[], None],
        token: str = "",
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(settings, inbox, health, on_ticks, backoff)
        self.session = ""
        self._address = address
        self.is_sender_here = address.is_local
        self._token = token
        self._tracker = SequenceTracker()
        self._sender_clock = ClockWatch(settings.clock_step_seconds)
        self._decoder = FrameDecoder()
        self._connection: _Connection | None = None
        self._has_hello = False
        self._has_session = asyncio.Event()
        self._hello_ns = 0
        self._hello_speed = 1.0

    @property
    def next_sequence(self) -> int:
        """Number of the tick that comes next, 0 before the first hello."""
        return self._tracker.expected

    async def session_clock(self) -> SessionClock:
        """Wait for the publisher, and return the clock of its session."""
        await self._has_session.wait()
        return self.newest_session

    @property
    def newest_session(self) -> SessionClock:
        """The clock of the session, as the newest hello has it."""
        return SessionClock(self._hello_ns, self._hello_speed)

    # -- connection

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._decoder.reset()
        self._has_hello = False
        connection = self._connection = _Connection(self, self._decoder)
        if self._address.path is not None:
            await loop.create_unix_connection(lambda: connection, str(self._address.path))
        else:
            await loop.create_connection(lambda: connection, self._address.host, self._address.port)
        assert connection.transport is not None
        if connection is not self._connection:
            connection.transport.abort()
            raise ConnectionAbortedError("stopped while connecting")
        request = Subscribe(FEED_VERSION, self._token, self.session, max(self._tracker.expected, 1))
        connection.transport.write(bytes(FrameEncoder().encode(request)))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.transport is not None:
            connection.transport.abort()

    def _set_reading(self, is_reading: bool) -> None:
        if self._connection is None or self._connection.transport is None:
            return
        if is_reading:
            self._connection.transport.resume_reading()
        else:
            self._connection.transport.pause_reading()

    def connection_lost(self, connection: _Connection, error: Exception | None) -> None:
        """Take note of a connection's end; what it left within a frame is damage."""
        if connection is not self._connection:
            return
        try:
            self._decoder.finish()
        except FrameError as damage:
            self.malformed(str(damage))
        self.close(str(error) if error is not None else "closed by the other side")

    def bytes_received(self, connection: _Connection, count: int) -> None:
        """Take bytes that were received."""
        if connection is not self._connection:
            return
        self._decoder.received(count)
        self.counters.frame_bytes += count
        self.received()
        self.guarded(self._go_on)

    # -- frames

    def _go_on(self) -> None:
        connection = self._connection
        while connection is self._connection and not self._is_over and not self.wait_for_room():
            try:
                message = self._decoder.next_message()
            except OversizeFrameError as error:
                self.counters.frames_oversize += 1
                self.health.report(Fault.MALFORMED, f"oversize: {error}")
                self.close(str(error))
                break
            except FrameError as error:
                self.malformed(str(error))
                self.close(str(error))
                break
            except MalformedMessageError as error:
                self.malformed(str(error))
                continue
            if message is None:
                break
            self.counters.frames += 1
            if isinstance(message, Heartbeat):
                # It speaks of a moment after the ticks before it.
                self._hand_over()
            self._take(message)
        if self._is_over:
            self.close(self.health.reason)
        self._hand_over()

    def _take(self, message: Message) -> None:
        if isinstance(message, Ticks) and self._has_hello:
            tracker = self._tracker
            before = marks(tracker)
            skipped = tracker.take(message.sequence, len(message.ticks))
            if marks(tracker) != before:
                self.count_sequence(tracker, before, "of the session")
            ticks = message.ticks[skipped:] if skipped else message.ticks
            self.inbox.allow_until(self.latest_of(message.sent_ns))
            self.overflowed(self.inbox.put(ticks))
            if ticks:
                self.ticks_sent_ns = message.sent_ns
            self.progress()
        elif isinstance(message, Heartbeat) and self._has_hello:
            self._announce(message.next_sequence)
            self.saw_step(self._sender_clock.step_ns(message.wall_ns, message.sent_ns), "the sender's")
            self.progress()
            self.on_heartbeat(message.sent_ns, message.wall_ns)
        elif isinstance(message, Hello) and not self._has_hello:
            self._begin(message)
        elif isinstance(message, End) and self._has_hello:
            self._announce(message.next_sequence)
            self.health.end()
            self.close("the session is over")
        elif isinstance(message, Goodbye):
            self._on_goodbye(message)
        else:
            text = f"a message {type(message).__name__} where none belongs"
            self.malformed(text)
            self.close(text)

    def _begin(self, hello: Hello) -> None:
        if hello.version != FEED_VERSION:
            self.health.halt(
                f"the publisher speaks version {hello.version}, this is version {FEED_VERSION}; use the same lean-live on "
                "both sides"
            )
            return
        if hello.heartbeat_seconds >= self.settings.silence_seconds:
            self.health.halt(
                f"silence_seconds in [feed] is {self.settings.silence_seconds:g}, but the publisher sends a heartbeat "
                f"every {hello.heartbeat_seconds:g} s only; set it to more"
            )
            return
        absent = self.inbox.route(hello.channels)
        if absent:
            offered = ", ".join(map(str, hello.channels)) or "nothing"
            self.health.halt(f"the publisher does not send {absent[0]}; it sends: {offered}")
            return
        self._has_hello = True
        self._hello_ns, self._hello_speed = hello.time_ns, hello.speed
        self._has_session.set()
        self._sender_clock.forget()
        self.counters.connections += 1
        if hello.session == self.session:
            self._announce(hello.next_sequence)
        else:
            self._begin_session(hello)
        self.health.connected()

    def _begin_session(self, hello: Hello) -> None:
        is_first = self.session == ""
        self.session = hello.session
        self.counters.sessions += 1
        self._tracker.begin(hello.next_sequence)
        self.inbox.begin_session()
        if not is_first:
            self.counters.gaps += 1
            self.health.report(Fault.GAP, "gap: the publisher began another session; what it missed is unknown")

    def _announce(self, next_sequence: int) -> None:
        before = marks(self._tracker)
        self._tracker.announce(next_sequence)
        if marks(self._tracker) != before:
            self.count_sequence(self._tracker, before, "of the session")

    def _on_goodbye(self, message: Goodbye) -> None:
        self.counters.refusals += 1
        text = f"the publisher ended the connection ({message.reason}): {message.text}"
        if message.may_return:
            self.close(text)
        else:
            self.health.halt(text)
