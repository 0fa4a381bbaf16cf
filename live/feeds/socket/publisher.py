"""The sending side of a socket feed: one session, any number of consumers, each as fast as it can within the window.

A consumer says which session and tick it wants, gets a hello, and then every frame from there on. One that falls
behind the window is dropped with a goodbye that says so (`disconnect`), or holds up the session for all (`wait`).
"""

from __future__ import annotations

import asyncio
import hmac
import os
import socket
import stat
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from live.clock import machine_monotonic_ns, wall_ns
from live.errors import EnvironmentFault, UsageError
from live.feeds.socket.address import FeedAddress
from live.feeds.socket.decoder import FrameDecoder, FrameError, MalformedMessageError
from live.feeds.socket.frames import (
    FEED_VERSION,
    REASON_BAD_FRAME,
    REASON_FULL,
    REASON_SLOW,
    REASON_STOPPED,
    REASON_TOKEN,
    REASON_VERSION,
    TICKS_PER_FRAME,
    Channel,
    End,
    FrameEncoder,
    Goodbye,
    Heartbeat,
    Hello,
    Message,
    Subscribe,
    Tick,
)
from live.feeds.socket.window import FrameWindow

HANDSHAKE_SECONDS = 5.0
LINGER_SECONDS = 5.0
"""How long a connection that is being closed may take to send what is left."""
FINISH_SECONDS = 30.0
"""How long consumers may take for what is left at the end of a session that waits for nobody."""
CONSUMERS_MAX = 64
_REQUEST_BYTES_MAX = 4_096
_WRITE_HIGH_BYTES = 1 << 16


class ConsumerLink(asyncio.BufferedProtocol):
    """One consumer's connection. `position` is the number of the frame that it gets next, None before its hello."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._decoder = FrameDecoder(_REQUEST_BYTES_MAX)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_blocked = False
        self.is_closing = False
        self.position: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the consumer's request."""
        # uvloop's transports have the methods of asyncio's class, but are none of its.
        transport = cast(asyncio.Transport, transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_WRITE_HIGH_BYTES)
        self._timer = asyncio.get_running_loop().call_later(HANDSHAKE_SECONDS, transport.abort)
        if not self._publisher.admit(self):
            self.leave(Goodbye(REASON_FULL, f"there are {CONSUMERS_MAX} consumers already; stop one", True))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to receive into."""
        return self._decoder.free_space()

    def buffer_updated(self, nbytes: int) -> None:
        """Read the request; anything after it, or other than it, ends the connection."""
        if self.is_closing:
            return
        self._decoder.received(nbytes)
        try:
            message = self._decoder.next_message()
            if message is None:
                return
            if not isinstance(message, Subscribe) or self.position is not None:
                raise FrameError("a consumer sends one request and nothing else")
        except (FrameError, MalformedMessageError) as error:
            self._publisher.bad_requests += 1
            self.leave(Goodbye(REASON_BAD_FRAME, f"{error}"[:500], False))
            return
        self._publisher.subscribe(self, message)

    def begin(self, hello: bytes, position: int) -> None:
        """Answer the request and send what there is."""
        self._cancel_timer()
        self.position = position
        self.write(hello)
        self.pump()

    def pump(self) -> None:
        """Send frames as long as the connection takes them."""
        window = self._publisher.window
        while self.position is not None and not self._is_blocked and not self.is_closing and self.position < window.end:
            self.write(window.frame(self.position).content)
            self.position += 1
        self._publisher.on_sent()

    def write(self, content: bytes) -> None:
        """Send bytes."""
        assert self._transport is not None
        self._transport.write(content)

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything was handed to the connection, which is taking more."""
        return self.position == self._publisher.window.end and not self._is_blocked and not self.is_closing

    def leave(self, message: Message | None, is_patient: bool = False) -> None:
        """Say why and close.

        Parameters:
            message: the last one, None for nothing.
            is_patient: whether the consumer may take any time to read what is left; otherwise it is given up after
                LINGER_SECONDS.
        """
        if self.is_closing:
            return
        self.is_closing = True
        assert self._transport is not None
        if message is not None:
            self.write(bytes(FrameEncoder().encode(message)))
        self._transport.close()
        self._cancel_timer()
        if not is_patient:
            self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)

    def abort(self) -> None:
        """Close at once."""
        assert self._transport is not None
        self._transport.abort()

    def pause_writing(self) -> None:
        """Hold frames back: the consumer is behind."""
        self._is_blocked = True

    def resume_writing(self) -> None:
        """Go on sending."""
        self._is_blocked = False
        self.pump()

    def eof_received(self) -> bool:
        """Close when the consumer does."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the consumer."""
        self._cancel_timer()
        self.is_closing = True
        self._publisher.remove(self)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Publisher:
    """Publishes one session.

    Parameters:
        channels: its channels; ticks name them by their places.
        heartbeat_seconds: time between heartbeats.
        window_ticks: ticks that are kept for consumers that come back or are behind.
        waits: whether a consumer at the end of the window holds up the session; otherwise it is dropped.
        token: secret that consumers must know, "" for none.

    Attributes:
        consumers_seen: consumers that got a hello.
        slow_drops: consumers that were dropped since they fell behind the window.
        bad_requests: requests that could not be understood or had no right.
        bytes_published: bytes of all frames of ticks, counted once.
        unsent_due_ns: when the next tick is due on this machine's monotonic clock; None when ticks are published as soon
            as they are known. A heartbeat speaks of no later moment: it says that all ticks up to its own were sent, which
            would be wrong for a publisher that is late.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        heartbeat_seconds: float = 1.0,
        window_ticks: int = 1 << 18,
        waits: bool = False,
        token: str = "",
    ) -> None:
        assert window_ticks >= TICKS_PER_FRAME
        self.session = uuid.uuid4().hex
        self.window = FrameWindow(window_ticks)
        self.consumers_seen = 0
        self.slow_drops = 0
        self.bad_requests = 0
        self.bytes_published = 0
        self.unsent_due_ns: int | None = None
        self._channels = tuple(channels)
        self._heartbeat_seconds = heartbeat_seconds
        self._waits = waits
        self._token = token
        self._links: set[ConsumerLink] = set()
        self._encoder = FrameEncoder()
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._heartbeat: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._time_ns = 0
        self._speed = 1.0

    # -- life

    def set_clock(self, time_ns: int, speed: float) -> None:
        """Say what the session's clock shows, for consumers that come.

        Parameters:
            time_ns: UTC nanoseconds since 1970, 0 for the clock of the world.
            speed: how many times faster than the world's it goes; 0 for a clock that only ticks move.
        """
        self._time_ns, self._speed = time_ns, speed

    async def listen(self, address: FeedAddress) -> FeedAddress:
        """Begin to accept consumers; return the address, with the port that was chosen when it named port 0.

        Raises:
            UsageError: an address that others can reach without a token.
            EnvironmentFault: the address is taken or may not be used.
        """
        if not address.is_local and not self._token:
            raise UsageError(
                f"{address} can be reached from other machines; name a secret with --token-file, or listen on "
                "127.0.0.1 or a unix socket"
            )
        loop = asyncio.get_running_loop()
        try:
            if address.path is not None:
                listener = bind_unix(address.path)
                self._path = address.path
                self._server = await loop.create_unix_server(lambda: ConsumerLink(self), sock=listener)
            else:
                self._server = await loop.create_server(lambda: ConsumerLink(self), address.host, address.port)
                address = address._replace(port=self._server.sockets[0].getsockname()[1])
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise EnvironmentFault(f"cannot listen on {address}: {reason}; choose another with --listen") from error
        self._beat()
        return address

    async def publish(self, ticks: list[Tick]) -> None:
        """Send ticks to all consumers, and keep them.

        With consumers that hold up the session this waits until the slowest has room.

        Parameters:
            ticks: at most TICKS_PER_FRAME.
        """
        window = self.window
        while self._waits and self._behind(window.first + window.evicted_by(len(ticks))):
            self._changed.clear()
            await self._changed.wait()
        self._drop_slow(self._behind(window.first + window.evicted_by(len(ticks))))
        window.append(ticks)
        self.bytes_published += len(window.frame(window.end - 1).content)
        for link in list(self._links):
            link.pump()

    def _behind(self, frame: int) -> list[ConsumerLink]:
        """Return the consumers that have not had all frames before one."""
        return [
            each for each in self._links if each.position is not None and each.position < frame and not each.is_closing
        ]

    def _drop_slow(self, links: list[ConsumerLink]) -> None:
        for link in links:
            self.slow_drops += 1
            text = f"too slow: this consumer was behind by more than the window ({self.window.ticks_max} ticks) or the session's end"
            link.leave(Goodbye(REASON_SLOW, text, True))

    async def wait_for_consumers(self, count: int) -> None:
        """Wait until so many consumers are there at once."""
        while self.consumers < count:
            self._changed.clear()
            await self._changed.wait()

    async def finish(self) -> None:
        """Tell all consumers that the session is over, and wait until they have everything or have gone.

        Unless the session waits for consumers, one that does not take the rest in FINISH_SECONDS is dropped.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(None if self._waits else FINISH_SECONDS):
                while self._behind(self.window.end):
                    self._changed.clear()
                    await self._changed.wait()
        self._drop_slow(self._behind(self.window.end))
        await self._close(End(self.window.next_sequence))

    async def stop(self, text: str) -> None:
        """End before the session does, and say why."""
        await self._close(Goodbye(REASON_STOPPED, text[:500], True))

    async def _close(self, message: Message) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            self._heartbeat = None
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
        for link in list(self._links):
            link.leave(message if link.position is not None else None, self._waits and isinstance(message, End))
        while self._links:
            self._changed.clear()
            await self._changed.wait()

    # -- consumers

    @property
    def consumers(self) -> int:
        """Consumers that have had their hello."""
        return sum(each.position is not None and not each.is_closing for each in self._links)

    def admit(self, link: ConsumerLink) -> bool:
        """Take a new connection up; return False when there are too many."""
        self._links.add(link)
        return len(self._links) <= CONSUMERS_MAX

    def remove(self, link: ConsumerLink) -> None:
        """Forget a connection that is closed."""
        self._links.discard(link)
        self.on_sent()

    def on_sent(self) -> None:
        """Wake whoever waits for consumers."""
        self._changed.set()

    def subscribe(self, link: ConsumerLink, request: Subscribe) -> None:
        """Answer a consumer's request."""
        if request.version != FEED_VERSION:
            self.bad_requests += 1
            text = f"this publisher speaks version {FEED_VERSION}, not {request.version}; use the same lean-live on both sides"
            link.leave(Goodbye(REASON_VERSION, text, False))
            return
        if self._token and not hmac.compare_digest(request.token.encode(), self._token.encode()):
            self.bad_requests += 1
            link.leave(Goodbye(REASON_TOKEN, "the token is wrong; name its file as token_file in [feed]", False))
            return
        wanted = request.next_sequence if request.session in ("", self.session) else 1
        first, position, rest = self.window.find(min(wanted, self.window.next_sequence))
        hello = Hello(
            FEED_VERSION,
            self.session,
            first,
            self._heartbeat_seconds,
            self._channels,
            self._time_ns,
            self._speed,
        )
        self.consumers_seen += 1
        link.begin(bytes(self._encoder.encode(hello)) + rest, position)

    def _beat(self) -> None:
        """Send a heartbeat to every consumer that has all ticks, and plan the next."""
        now_ns, due_ns = machine_monotonic_ns(), self.unsent_due_ns
        late_ns = 0 if due_ns is None else max(0, now_ns - due_ns)
        heartbeat = Heartbeat(self.window.next_sequence, now_ns - late_ns, wall_ns() - late_ns)
        content = bytes(self._encoder.encode(heartbeat))
        for link in list(self._links):
            if link.is_up_to_date:
                link.write(content)
        self._heartbeat = asyncio.get_running_loop().call_later(self._heartbeat_seconds, self._beat)


def bind_unix(path: Path) -> socket.socket:
    """Return a socket bound to a file that only its owner may use; a file that nobody listens on is replaced.

    Raises:
        EnvironmentFault: somebody listens there, or the path is something else.
        OSError: the folder is missing or may not be written to.
    """
    if path.exists() or path.is_symlink():
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise EnvironmentFault(f"{path} is there and is no socket; choose another path with --listen")
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            with suppress(ConnectionRefusedError):
                probe.connect(str(path))
                raise EnvironmentFault(f"another publisher listens on {path}; stop it, or choose another path")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener
