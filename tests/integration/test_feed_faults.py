"""Every fault between publisher and consumer is found, and counted exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from support.feed import (
    PATIENCE_SECONDS,
    QUOTES,
    SETTINGS,
    TRADES,
    Consumer,
    Proxy,
    frame_of,
    heartbeat_of,
    is_hello,
    publishing,
    quote,
    ticks_of,
    trade,
    until,
)

from live.config import FeedSettings
from live.feeds.socket.frames import FRAME_BYTES_MAX, HEADER, MAGIC, Channel, Goodbye, Hello, Ticks, checksum
from live.feeds.socket.health import FeedState
from live.feeds.socket.loops import run_loop
from live.feeds.socket.publisher import Publisher

TOTAL = 200
OTHER = Channel("equity", "usa", "SPY", True)


def settings(**changes: Any) -> FeedSettings:
    return msgspec.structs.replace(SETTINGS, **changes)


def play(main: Coroutine[Any, Any, None]) -> None:
    """Run a test to its end, or end it when it hangs."""
    run_loop(asyncio.wait_for(main, 3 * PATIENCE_SECONDS))


async def send(publisher: Publisher, first: int, last: int) -> None:
    """Publish trades with these numbers, one per frame."""
    for number in range(first, last + 1):
        await publisher.publish([trade(number)])


async def through_proxy(
    tmp_path: Path,
    change: Callable[[bytes], list[bytes] | None],
    chosen: FeedSettings,
    total: int = TOTAL,
    waits: bool = True,
) -> Consumer:
    """Play trades through a proxy to the end of the session, and return the consumer.

    A session ends for those who are there: unless `waits` is False, it goes on until the consumer knows of all ticks.
    """
    async with publishing(tmp_path / "publisher") as (publisher, address):
        proxy = Proxy(address, tmp_path / "proxy", change)
        await proxy.start()
        consumer = Consumer(proxy.address, chosen)
        consumer.start()
        await publisher.wait_for_consumers(1)
        try:
            await send(publisher, 1, total)
            if waits:
                await until(lambda: consumer.feed.next_sequence == total + 1)
            await publisher.finish()
            await consumer.ended()
        finally:
            await consumer.stop()
            await proxy.stop()
    return consumer


class Shuffle:
    """Drops, repeats and holds back frames of ticks as chance has it, and keeps count of what a consumer will find."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._held: bytes | None = None
        self.order: list[int] = []

    def __call__(self, frame: bytes) -> list[bytes] | None:
        ticks = ticks_of(frame)
        if ticks is None:
            # What is held goes first: an end closes the connection.
            return [*self._release(), frame] if heartbeat_of(frame) is None else []
        draw = self._random.random()
        if draw < 0.1:
            return []
        if draw < 0.2:
            return self._note([frame, frame])
        if draw < 0.3 and self._held is None:
            self._held = frame
            return []
        if draw < 0.5:
            return self._note([frame]) + self._release()
        return self._note([frame])

    def _release(self) -> list[bytes]:
        held, self._held = self._held, None
        return [] if held is None else self._note([held])

    def _note(self, frames: list[bytes]) -> list[bytes]:
        for frame in frames:
            ticks = ticks_of(frame)
            assert ticks is not None
            self.order.append(ticks.sequence)
        return frames


@pytest.mark.parametrize("seed", range(8))
def test_dropped_repeated_and_reordered_ticks_are_counted_exactly(tmp_path: Path, seed: int) -> None:
    shuffle = Shuffle(seed)

    async def main() -> None:
        consumer = await through_proxy(tmp_path, shuffle, settings(on_gap="continue"), waits=False)
        newest, seen, kept = 0, set[int](), []
        gaps = missing = late = duplicates = 0
        for number in [*shuffle.order, TOTAL + 1]:
            if number > newest:
                gaps += number > newest + 1
                missing += number - newest - 1
                newest = number
                kept.append(number)
            else:
                late += number not in seen
                duplicates += number in seen
            seen.add(number)
        counters = consumer.counters
        assert consumer.numbers == kept[:-1]
        assert (counters.gaps, counters.ticks_missing) == (gaps, missing)
        assert (counters.ticks_late, counters.ticks_duplicate) == (late, duplicates)
        assert counters.ticks == len(kept) - 1
        assert consumer.health.state is FeedState.ENDED
        assert counters.frames_malformed == counters.disconnects == 0

    play(main())


def damage(kind: str, frame: bytes) -> list[bytes]:
    if kind == "garbage":
        return [b"\x00garbage", frame]
    if kind == "damaged":
        return [frame[:-1] + bytes([frame[-1] ^ 1])]
    if kind == "oversize":
        return [HEADER.pack(MAGIC, FRAME_BYTES_MAX + 1, 0)]
    payload = msgspec.msgpack.encode([99, "no message of this version"])
    return [HEADER.pack(MAGIC, len(payload), checksum(len(payload), payload)) + payload, frame]


@pytest.mark.parametrize("kind", ["garbage", "damaged", "oversize", "unknown"])
def test_bytes_that_cannot_be_trusted_cost_a_connection_and_no_tick(tmp_path: Path, kind: str) -> None:
    count, is_lost = 0, False

    def change(frame: bytes) -> list[bytes] | None:
        nonlocal count, is_lost
        if is_hello(frame):
            is_lost = False
        if is_lost:
            return []
        ticks = ticks_of(frame)
        if ticks is not None and ticks.sequence % 50 == 0 and count < ticks.sequence // 50:
            count += 1
            is_lost = kind != "unknown"
            return damage(kind, frame)
        return [frame]

    async def main() -> None:
        consumer = await through_proxy(tmp_path, change, settings(on_malformed="continue", on_disconnect="continue"))
        counters = consumer.counters
        assert count == 4
        assert consumer.numbers == list(range(1, TOTAL + 1))
        assert counters.frames_malformed == (0 if kind == "oversize" else 4)
        assert counters.frames_oversize == (4 if kind == "oversize" else 0)
        assert counters.disconnects == (0 if kind == "unknown" else 4)
        assert counters.connections == counters.disconnects + 1
        assert counters.gaps == counters.ticks_duplicate == counters.ticks_missing == 0
        assert counters.sessions == 1

    play(main())


@pytest.mark.parametrize("action", ["continue", "pause", "halt"])
def test_a_gap_leads_to_what_was_configured(tmp_path: Path, action: str) -> None:
    def change(frame: bytes) -> list[bytes] | None:
        ticks = ticks_of(frame)
        return [] if ticks is not None and ticks.sequence in (7, 8) else [frame]

    async def main() -> None:
        async with publishing(tmp_path / "publisher") as (publisher, address):
            proxy = Proxy(address, tmp_path / "proxy", change)
            await proxy.start()
            consumer = Consumer(proxy.address, settings(on_gap=action))
            consumer.start()
            await publisher.wait_for_consumers(1)
            await send(publisher, 1, 12)
            await until(lambda: consumer.counters.gaps == 1 and (action == "halt" or len(consumer.numbers) == 10))
            health = consumer.health
            assert consumer.counters.ticks_missing == 2
            if action == "continue":
                assert health.state is FeedState.RUNNING
            elif action == "pause":
                assert health.state is FeedState.PAUSED
                assert "2 ticks of the session are missing" in health.reason
                assert not health.may_trade
                health.resume()
                assert health.may_trade
            else:
                await consumer.ended()
                assert health.state is FeedState.HALTED
                assert "on_gap = halt" in health.reason
            await consumer.stop()
            await proxy.stop()

    play(main())


def test_a_loss_of_the_last_ticks_shows_at_the_heartbeat(tmp_path: Path) -> None:
    def change(frame: bytes) -> list[bytes] | None:
        ticks = ticks_of(frame)
        return [] if ticks is not None and ticks.sequence > 3 else [frame]

    async def main() -> None:
        async with publishing(tmp_path / "publisher") as (publisher, address):
            proxy = Proxy(address, tmp_path / "proxy", change)
            await proxy.start()
            consumer = Consumer(proxy.address)
            consumer.start()
            await publisher.wait_for_consumers(1)
            await send(publisher, 1, 5)
            await until(lambda: consumer.counters.ticks_missing == 2)
            assert consumer.counters.gaps == 1
            await consumer.stop()
            await proxy.stop()

    play(main())


def test_a_silent_socket_is_noticed_and_left(tmp_path: Path) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "publisher") as (publisher, address):
            proxy = Proxy(address, tmp_path / "proxy", lambda frame: [frame])
            await proxy.start()
            consumer = Consumer(proxy.address, settings(silence_seconds=0.3))
            consumer.start()
            await publisher.wait_for_consumers(1)
            await send(publisher, 1, 3)
            await until(lambda: len(consumer.numbers) == 3)
            proxy.stalls = True
            await until(lambda: consumer.counters.silences >= 1)
            assert consumer.health.state is FeedState.PAUSED
            proxy.stalls = False
            await send(publisher, 4, 6)
            await until(lambda: len(consumer.numbers) == 6)
            assert consumer.numbers == [1, 2, 3, 4, 5, 6]
            await until(lambda: consumer.health.may_trade)
            assert consumer.counters.ticks_missing == 0
            assert consumer.counters.disconnects >= 1
            await consumer.stop()
            await proxy.stop()

    play(main())


def test_a_cut_connection_is_resumed_without_loss(tmp_path: Path) -> None:
    cuts = {20, 90, 150}

    def change(frame: bytes) -> list[bytes] | None:
        ticks = ticks_of(frame)
        if ticks is not None and ticks.sequence in cuts:
            cuts.remove(ticks.sequence)
            return None
        return [frame]

    async def main() -> None:
        consumer = await through_proxy(tmp_path, change, SETTINGS)
        assert consumer.numbers == list(range(1, TOTAL + 1))
        assert (consumer.counters.disconnects, consumer.counters.connections) == (3, 4)
        assert consumer.counters.gaps == consumer.counters.ticks_duplicate == 0
        assert consumer.states[:3] == ["running", "connecting", "paused"]
        assert consumer.states[-1] == "ended"

    play(main())


def test_a_frame_that_is_cut_in_two_is_damage_and_is_sent_again(tmp_path: Path) -> None:
    state = {"cut": False}

    def change(frame: bytes) -> list[bytes] | None:
        if state["cut"]:
            state["cut"] = False
            return None
        ticks = ticks_of(frame)
        if ticks is not None and ticks.sequence == 30 and "done" not in state:
            state["cut"] = state["done"] = True
            return [frame[:-5]]
        return [frame]

    async def main() -> None:
        consumer = await through_proxy(tmp_path, change, SETTINGS)
        assert consumer.numbers == list(range(1, TOTAL + 1))
        assert (consumer.counters.frames_malformed, consumer.counters.disconnects) == (1, 1)

    play(main())


def test_what_left_the_window_meanwhile_is_counted_as_a_gap(tmp_path: Path) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "publisher", window_ticks=512) as (publisher, address):
            proxy = Proxy(address, tmp_path / "proxy", lambda frame: [frame])
            await proxy.start()
            consumer = Consumer(proxy.address, settings(on_gap="continue"))
            consumer.start()
            await publisher.wait_for_consumers(1)
            await send(publisher, 1, 10)
            await until(lambda: len(consumer.numbers) == 10)
            await proxy.stop()
            await until(lambda: publisher.consumers == 0)
            await send(publisher, 11, 1_000)
            proxy = Proxy(address, tmp_path / "proxy", lambda frame: [frame])
            proxy.address.path.unlink(missing_ok=True)  # type: ignore[union-attr]
            await proxy.start()
            await until(lambda: len(consumer.numbers) == 10 + 512)
            assert consumer.numbers == [*range(1, 11), *range(489, 1_001)]
            assert (consumer.counters.gaps, consumer.counters.ticks_missing) == (1, 478)
            await consumer.stop()
            await proxy.stop()

    play(main())


def test_another_session_begins_anew(tmp_path: Path) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "feed") as (publisher, address):
            consumer = Consumer(address, settings(on_gap="pause"))
            consumer.start()
            await publisher.wait_for_consumers(1)
            await send(publisher, 1, 10)
            await until(lambda: len(consumer.numbers) == 10)
        async with publishing(tmp_path / "feed") as (publisher, address):
            await publisher.wait_for_consumers(1)
            await send(publisher, 1, 4)
            await until(lambda: len(consumer.numbers) == 14)
            assert consumer.counters.sessions == 2
            assert consumer.counters.ticks_duplicate == consumer.counters.ticks_out_of_order == 0
            assert consumer.health.state is FeedState.PAUSED
            assert "another session" in consumer.health.reason
            await consumer.stop()

    play(main())


def test_steps_of_the_senders_clock_are_counted(tmp_path: Path) -> None:
    count = 0

    def change(frame: bytes) -> list[bytes] | None:
        nonlocal count
        heartbeat = heartbeat_of(frame)
        if heartbeat is None:
            return [frame]
        count += 1
        step_ns = (count // 3) * 2_000_000_000
        return [frame_of(msgspec.structs.replace(heartbeat, wall_ns=heartbeat.wall_ns + step_ns))]

    async def main() -> None:
        async with publishing(tmp_path / "publisher") as (publisher, address):
            proxy = Proxy(address, tmp_path / "proxy", change)
            await proxy.start()
            consumer = Consumer(proxy.address, settings(on_clock_step="pause"))
            consumer.start()
            await publisher.wait_for_consumers(1)
            await until(lambda: consumer.counters.clock_steps == 2)
            assert consumer.health.state is FeedState.PAUSED
            assert "+2.0" in consumer.health.reason
            await consumer.stop()
            await proxy.stop()

    play(main())


def test_wrong_ticks_are_left_out_and_counted(tmp_path: Path) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "feed", [TRADES, QUOTES]) as (publisher, address):
            consumer = Consumer(address, SETTINGS, [TRADES])
            consumer.start()
            await publisher.wait_for_consumers(1)
            no_price = msgspec.structs.replace(trade(2), price_e9=0)
            with_ask = msgspec.structs.replace(trade(2), ask_e9=5)
            nowhere = msgspec.structs.replace(trade(2), channel=2)
            await publisher.publish([trade(1), no_price, with_ask, nowhere, quote(2), trade(3), trade(2), trade(4)])
            await until(lambda: len(consumer.numbers) == 3)
            assert consumer.numbers == [1, 3, 4]
            counters = consumer.counters
            assert (counters.ticks_invalid, counters.ticks_ignored, counters.ticks_out_of_order) == (3, 1, 1)
            await consumer.stop()

    play(main())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Hello(2, "s", 1, 0.1, (TRADES,)), "speaks version 2"),
        (Hello(1, "s", 1, 60, (TRADES,)), "silence_seconds"),
        (Hello(1, "s", 1, 0.1, (OTHER,)), "does not send equity/usa/IBM trades; it sends: equity/usa/SPY quotes"),
        (Goodbye("token", "the token is wrong", False), "the token is wrong"),
    ],
    ids=["version", "heartbeat", "channels", "refusal"],
)
def test_a_publisher_that_does_not_fit_halts_the_feed(tmp_path: Path, answer: Any, words: str) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "publisher") as (_, address):
            proxy = Proxy(address, tmp_path / "proxy", lambda _: [frame_of(answer)])
            await proxy.start()
            consumer = Consumer(proxy.address)
            consumer.start()
            await consumer.ended()
            assert consumer.health.state is FeedState.HALTED
            assert words in consumer.health.reason
            await proxy.stop()

    play(main())


def test_ticks_before_a_hello_are_not_taken(tmp_path: Path) -> None:
    calls = 0

    def change(frame: bytes) -> list[bytes] | None:
        nonlocal calls
        calls += 1
        return [frame_of(Ticks(1, 1, [trade(1)]))] if calls == 1 else [frame]

    async def main() -> None:
        consumer = await through_proxy(tmp_path, change, SETTINGS, 5)
        assert consumer.numbers == [1, 2, 3, 4, 5]
        assert consumer.counters.frames_malformed == 1

    play(main())


def test_attempts_to_connect_end_at_their_limit(tmp_path: Path) -> None:
    async def main() -> None:
        address = Proxy(None, tmp_path / "nobody", lambda frame: [frame]).address  # type: ignore[arg-type]
        consumer = Consumer(address, settings(reconnect_attempts=3))
        consumer.start()
        await consumer.ended()
        assert consumer.counters.connect_failures == 4
        assert "no connection after 3 attempts" in consumer.health.reason

    play(main())


def test_stopping_while_waiting_to_connect_is_prompt(tmp_path: Path) -> None:
    async def main() -> None:
        address = Proxy(None, tmp_path / "nobody", lambda frame: [frame]).address  # type: ignore[arg-type]
        consumer = Consumer(address, settings(reconnect_first_seconds=3_600, reconnect_limit_seconds=3_600))
        consumer.start()
        await until(lambda: consumer.counters.connect_failures == 1)
        await consumer.stop()

    asyncio.run(main())


def test_an_error_of_the_run_ends_the_feed_and_is_raised(tmp_path: Path) -> None:
    class Broken(Consumer):
        def take(self) -> None:
            raise ZeroDivisionError("of the run")

    async def main() -> None:
        async with publishing(tmp_path / "feed") as (publisher, address):
            consumer = Broken(address)
            consumer.start()
            await publisher.wait_for_consumers(1)
            await send(publisher, 1, 1)
            with pytest.raises(ZeroDivisionError, match="of the run"):
                await consumer.ended()

    play(main())
