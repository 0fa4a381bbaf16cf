"""What every receiver of a feed does around its connection: silence after a long call, the first connection, first errors."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest
from support.feed import PATIENCE_SECONDS, SETTINGS, until

from live.config import FeedSettings
from live.errors import CallbackTimeout, Halt
from live.feeds.socket.health import FeedHealth
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.loops import loop_factory
from live.feeds.socket.receiver import FeedReceiver

LOOPS = pytest.mark.parametrize("factory", [loop_factory(), None], ids=["own", "asyncio"])


class PipeFeed(FeedReceiver):
    """Receives what is written into a pipe; each byte is a message.

    Attributes:
        answers: connecting waits for this.
        came: bytes so far.
        on_byte: called with each.
    """

    def __init__(self, settings: FeedSettings = SETTINGS) -> None:
        health = FeedHealth(settings)
        inbox = FeedInbox((), settings.queue_ticks, settings.full_queue, health.counters)
        super().__init__(settings, inbox, health, lambda: None)
        self.answers = asyncio.Event()
        self.came = 0
        self.on_byte: Callable[[int], None] = lambda byte: None
        self._ends: tuple[int, ...] = ()

    async def _connect(self) -> None:
        await self.answers.wait()
        self._ends = os.pipe()
        self.counters.connections += 1
        asyncio.get_running_loop().add_reader(self._ends[0], self._read)

    def _read(self) -> None:
        self.received()
        for byte in os.read(self._ends[0], 4_096):
            self.came += 1
            self.guarded(lambda byte=byte: self.on_byte(byte))

    def send(self, content: bytes) -> None:
        os.write(self._ends[1], content)

    def _drop(self) -> None:
        ends, self._ends = self._ends, ()
        if ends:
            asyncio.get_running_loop().remove_reader(ends[0])
        for end in ends:
            os.close(end)


def play(main: Coroutine[Any, Any, None], factory: Any = None) -> None:
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asyncio.wait_for(main, 3 * PATIENCE_SECONDS))


@LOOPS
def test_what_came_during_a_long_call_ends_the_silence(factory: Any) -> None:
    async def main() -> None:
        feed = PipeFeed(msgspec.structs.replace(SETTINGS, silence_seconds=1.0))

        def take_long(byte: int) -> None:
            if byte:
                # Longer than a silence that counts; a heartbeat comes meanwhile, and waits to be read.
                time.sleep(1.2)
                feed.send(b"\0")

        feed.on_byte = take_long
        feed.answers.set()
        receiving = asyncio.ensure_future(feed.run())
        await until(lambda: feed.counters.connections == 1)
        for _ in range(2):
            came = feed.came
            feed.send(b"\1")
            await until(lambda came=came: feed.came == came + 2)  # type: ignore[misc]
            assert feed.counters.silences == 0
        feed.stop()
        await receiving
        assert feed.counters.disconnects == 0

    play(main(), factory)


@LOOPS
def test_silence_is_still_found(factory: Any) -> None:
    async def main() -> None:
        feed = PipeFeed(msgspec.structs.replace(SETTINGS, silence_seconds=0.05))
        feed.answers.set()
        receiving = asyncio.ensure_future(feed.run())
        await until(lambda: feed.counters.connections == 2)
        feed.stop()
        await receiving
        assert feed.counters.silences >= 1
        assert feed.counters.disconnects == feed.counters.silences

    play(main(), factory)


def test_the_clock_of_the_world_is_told_once_there_is_a_connection() -> None:
    async def main() -> None:
        feed = PipeFeed()
        receiving = asyncio.ensure_future(feed.run())
        clock = asyncio.ensure_future(feed.session_clock())
        # Rounds enough to begin connecting, and to tell.
        for _ in range(10):
            await asyncio.sleep(0)
        assert not clock.done()
        feed.answers.set()
        assert (await clock).time_ns == 0
        assert feed.counters.connections == 1
        feed.stop()
        await receiving

    play(main())


def raiser(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize("is_halt", [False, True])
def test_the_first_error_ends_a_feed_and_later_ones_are_its_notes(is_halt: bool) -> None:
    async def main() -> None:
        feed = PipeFeed()
        receiving = asyncio.ensure_future(feed.run())
        first = Halt(CallbackTimeout("of the strategy")) if is_halt else ValueError("of the strategy")
        feed.guarded(raiser(first))
        feed.guarded(raiser(OSError("of the report")))
        with pytest.raises(type(first), match="of the strategy") as found:
            await receiving
        shown = found.value.error if isinstance(found.value, Halt) else found.value
        assert shown.__notes__ == ["then: of the report"]

    play(main())
