"""Publishers, consumers and faults between them, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from live.config import FeedSettings
from live.feeds.socket.address import FeedAddress
from live.feeds.socket.backoff import Backoff
from live.feeds.socket.client import SocketFeed
from live.feeds.socket.frames import HEADER, HEADER_BYTES, Channel, FrameEncoder, Heartbeat, Hello, Tick, Ticks
from live.feeds.socket.health import FeedHealth
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.publisher import Publisher
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, TICK_WORDS

PATIENCE_SECONDS = 30.0
TRADES = Channel("equity", "usa", "IBM", False)
QUOTES = Channel("equity", "usa", "IBM", True)
SETTINGS = FeedSettings(reconnect_first_seconds=0.01, reconnect_limit_seconds=0.02, silence_seconds=10)


def trade(number: int, channel: int = 0) -> Tick:
    """Return a trade whose price tells its number."""
    return Tick(channel, 1_000 * number, number * 10**9, 100.0)


def quote(number: int, channel: int = 1) -> Tick:
    return Tick(channel, 1_000 * number, number * 10**9, 1.0, number * 10**9 + 10**7, 2.0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not for a long time.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.001)


class Consumer:
    """A consumer that keeps every record that comes out of its queues.

    `takes` may be set to False: then ticks stay in the queues.
    """

    def __init__(
        self,
        address: FeedAddress,
        settings: FeedSettings = SETTINGS,
        channels: Sequence[Channel] = (TRADES,),
        token: str = "",
    ) -> None:
        self.health = FeedHealth(settings, self._on_change)
        self.states: list[str] = []
        self.counters = self.health.counters
        places = [(each, index) for index, each in enumerate(channels)]
        self.inbox = FeedInbox(places, settings.queue_ticks, settings.full_queue, self.counters)
        self.merge = TickMerge([*self.inbox.sources])
        self.records: list[tuple[int, ...]] = []
        self.takes = True
        backoff = Backoff(settings.reconnect_first_seconds, settings.reconnect_limit_seconds, Random(1))
        self.feed = SocketFeed(address, settings, self.inbox, self.health, self.take, token, backoff)
        self.task: asyncio.Task[None] | None = None

    def _on_change(self, health: FeedHealth) -> None:
        self.states.append(health.state.value)

    def start(self) -> None:
        self.task = asyncio.ensure_future(self.feed.run())

    async def stop(self) -> None:
        self.feed.stop()
        await self.ended()

    async def ended(self) -> None:
        assert self.task is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.task

    def take(self) -> None:
        if not self.takes:
            return
        self.inbox.wake(self.merge)
        self.records += records_of(self.merge)

    @property
    def numbers(self) -> list[int]:
        """Numbers of the trades, as `trade` made them."""
        return [record[3] // 10**9 for record in self.records]


def records_of(merge: TickMerge) -> list[tuple[int, ...]]:
    """Return (source, words of the record) of everything that a merge has now."""
    found = []
    while merge.advance() != END_OF_DATA_NS:
        for place in range(merge.due_count):
            words = merge.source(place).buffer.words
            for record in range(merge.begins[place], merge.ends[place]):
                found.append((merge.due[place], *words[record * TICK_WORDS : (record + 1) * TICK_WORDS]))
    return found


class Proxy:
    """Passes a publisher's frames on to one consumer, whole, through a function that may do anything with them.

    Parameters:
        target: the publisher.
        path: socket file to listen on.
        change: gets each frame with its message's number among the frames of the same connection, and returns the
            frames that are sent instead; None cuts the connection.

    Attributes:
        connections: how many there were.
        stalls: while True, nothing is passed on.
    """

    def __init__(self, target: FeedAddress, path: Path, change: Callable[[bytes], list[bytes] | None]) -> None:
        self.address = FeedAddress(path)
        self.connections = 0
        self.stalls = False
        self._target = target
        self._change = change
        self._tasks: set[asyncio.Task[None]] = set()
        self._sides: set[asyncio.Future[None]] = set()
        self._server: Any = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._accept, str(self.address.path))

    async def stop(self) -> None:
        self._server.close()
        while self._tasks:
            # Only what passes frames on is cancelled: whoever closes a connection has to come to its end.
            for side in self._sides:
                side.cancel()
            await asyncio.wait(self._tasks, timeout=0.01)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            own_reader, own_writer = await asyncio.open_unix_connection(str(self._target.path))
        except OSError:
            await _close(writer)
            return
        sides = [
            asyncio.ensure_future(_copy(reader, own_writer)),
            asyncio.ensure_future(self._pass_on(own_reader, writer)),
        ]
        self._sides.update(sides)
        # A consumer that has gone asks for nothing more: what comes for it must not be taken for what comes for the next.
        await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        for side in sides:
            side.cancel()
        results = await asyncio.gather(*sides, return_exceptions=True)
        self._sides.difference_update(sides)
        for each in (writer, own_writer):
            await _close(each)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, asyncio.IncompleteReadError | ConnectionError):
                raise result

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            header = await reader.readexactly(HEADER_BYTES)
            frame = header + await reader.readexactly(HEADER.unpack(header)[1])
            while self.stalls:
                await asyncio.sleep(0.001)
            frames = self._change(frame)
            if frames is None:
                return
            for each in frames:
                writer.write(each)
            await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(4_096):
        writer.write(piece)


def ticks_of(frame: bytes) -> Ticks | None:
    """Return the ticks of a frame, None for a frame of another kind."""
    try:
        return msgspec.msgpack.decode(frame[HEADER_BYTES:], type=Ticks)
    except msgspec.ValidationError:
        return None


def heartbeat_of(frame: bytes) -> Heartbeat | None:
    """Return the heartbeat of a frame, None for a frame of another kind."""
    try:
        return msgspec.msgpack.decode(frame[HEADER_BYTES:], type=Heartbeat)
    except msgspec.ValidationError:
        return None


def is_hello(frame: bytes) -> bool:
    """Tell whether a connection begins with a frame."""
    try:
        msgspec.msgpack.decode(frame[HEADER_BYTES:], type=Hello)
    except msgspec.ValidationError:
        return False
    return True


def frame_of(message: Any) -> bytes:
    return bytes(FrameEncoder().encode(message))


@asynccontextmanager
async def publishing(
    path: Path, channels: Sequence[Channel] = (TRADES,), **options: Any
) -> AsyncIterator[tuple[Publisher, FeedAddress]]:
    """Give a publisher that listens on a socket file; it is stopped at the end."""
    publisher = Publisher(channels, **{"heartbeat_seconds": 0.02} | options)
    address = await publisher.listen(FeedAddress(path))
    try:
        yield publisher, address
    finally:
        await publisher.stop("the test is over")
