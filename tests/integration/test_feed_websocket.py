"""The websocket client against a local server that speaks as Coinbase Exchange does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
from support.feed import PATIENCE_SECONDS, SETTINGS, records_of, until

from live.config import FeedSettings, WebsocketSettings
from live.errors import ConfigError
from live.feeds.socket.frames import Channel
from live.feeds.socket.health import FeedHealth, FeedState
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.loops import run_loop
from live.feeds.socket.websocket import WebsocketFeed
from live.feeds.socket.websocket_mapping import MessageError, MessageKind, MessageMapping, iso_to_ns
from live.hot.merge import TickMerge

COINBASE = WebsocketSettings(symbols=("BTC-USD=crypto/coinbase/BTCUSD", "ETH-USD=crypto/coinbase/ETHUSD"))
TIME = "2024-03-01T12:00:00.123456Z"
TIME_NS = 1_709_294_400_123_456_000


def play(main: Any) -> None:
    run_loop(asyncio.wait_for(main, 4 * PATIENCE_SECONDS))


def match(number: int, product: str = "BTC-USD", kind: str = "match", **changes: Any) -> bytes:
    message = {
        "type": kind,
        "trade_id": number,
        "sequence": 50 + number * 7,
        "maker_order_id": "ac928c66",
        "time": f"2024-03-01T12:00:{number % 60:02d}.123456Z",
        "product_id": product,
        "size": "5.23512",
        "price": "400.23",
        "side": "sell",
    }
    return json.dumps(message | changes).encode()


def ticker(sequence: int, product: str = "BTC-USD", **changes: Any) -> bytes:
    message = {
        "type": "ticker",
        "sequence": sequence,
        "product_id": product,
        "price": "1285.22",
        "best_bid": "1285.04",
        "best_bid_size": "0.46688654",
        "best_ask": "1285.27000001",
        "best_ask_size": "1.56637040",
        "time": TIME,
        "trade_id": 370843401,
        "last_size": "11.4396987",
    }
    return json.dumps(message | changes).encode()


class Market:
    """A server: keeps what was asked for and the connections, and sends what a test wants."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.transports: list[WSTransport] = []
        self.greetings: list[bytes] = []
        self.url = ""

    def send(self, *messages: bytes) -> None:
        for message in messages:
            self.transports[-1].send(WSMsgType.TEXT, message)


class Visitor(WSListener):
    def __init__(self, market: Market) -> None:
        super().__init__()
        self.market = market

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.market.transports.append(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.market.requests.append(json.loads(frame.get_payload_as_bytes()))
            self.market.send(json.dumps({"type": "subscriptions", "channels": []}).encode(), *self.market.greetings)


@asynccontextmanager
async def open_market() -> AsyncIterator[Market]:
    market = Market()

    def visitor(request: WSUpgradeRequest) -> Visitor:
        return Visitor(market)

    server = await ws_create_server(visitor, "127.0.0.1", 0)
    market.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield market
    finally:
        for transport in market.transports:
            transport.disconnect(graceful=False)
        server.close()


class Subscriber:
    """The client, and every record that came out of its queues."""

    def __init__(self, url: str, **changes: Any) -> None:
        settings: FeedSettings = msgspec.structs.replace(SETTINGS, **changes)
        mapping = MessageMapping(COINBASE)
        self.health = FeedHealth(settings)
        self.counters = self.health.counters
        places = [(channel, index) for index, channel in enumerate(mapping.channels)]
        self.inbox = FeedInbox(places, settings.queue_ticks, settings.full_queue, self.counters)
        self.merge = TickMerge([*self.inbox.sources])
        self.records: list[tuple[int, ...]] = []
        self.feed = WebsocketFeed(url, mapping, settings, self.inbox, self.health, self.take)
        self.task = asyncio.ensure_future(self.feed.run())

    def take(self) -> None:
        self.inbox.wake(self.merge)
        self.records += records_of(self.merge)

    async def stop(self) -> None:
        self.feed.stop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.task


def test_trades_and_quotes_become_records() -> None:
    async def main() -> None:
        async with open_market() as market:
            client = Subscriber(market.url)
            await until(lambda: len(market.requests) == 1)
            assert market.requests[0] == {
                "type": "subscribe",
                "product_ids": ["BTC-USD", "ETH-USD"],
                "channels": ["matches", "ticker", "heartbeat"],
            }
            market.send(match(1), ticker(9), match(1, "ETH-USD"), match(1, "SOL-USD"), b'{"type":"heartbeat"}')
            await until(lambda: client.counters.frames == 6)
            assert [record[:5] for record in client.records] == [
                (0, 1_709_294_401_123_456_000, 0, 400_230_000_000, 0),
                (1, TIME_NS, 1, 1_285_040_000_000, 1_285_270_000_010),
                (2, 1_709_294_401_123_456_000, 0, 400_230_000_000, 0),
            ]
            assert (client.counters.ticks, client.counters.ticks_ignored) == (3, 1)
            assert client.health.may_trade
            await client.stop()

    play(main())


def test_missing_repeated_and_late_messages_are_counted() -> None:
    async def main() -> None:
        async with open_market() as market:
            client = Subscriber(market.url, on_gap="continue")
            await until(lambda: len(market.requests) == 1)
            market.send(
                *[match(number) for number in (1, 2, 5, 5, 3, 6)], ticker(20), ticker(31), ticker(31), ticker(25)
            )
            await until(lambda: client.counters.frames == 11)
            counters = client.counters
            assert (counters.gaps, counters.ticks_missing, counters.ticks_late, counters.ticks_duplicate) == (
                1,
                2,
                1,
                3,
            )
            assert counters.ticks == 6
            await client.stop()

    play(main())


def test_after_a_lost_connection_the_last_trade_shows_what_was_missed() -> None:
    async def main() -> None:
        async with open_market() as market:
            market.greetings = [match(10, kind="last_match")]
            client = Subscriber(market.url)
            await until(lambda: client.counters.frames == 2)
            market.send(match(11), match(12))
            await until(lambda: client.counters.ticks == 2)
            market.greetings = [match(12, kind="last_match")]
            market.transports[-1].disconnect(graceful=False)
            await until(lambda: len(market.requests) == 2 and client.counters.frames == 6)
            assert (client.counters.gaps, client.counters.disconnects) == (0, 1)
            market.greetings = [match(15, kind="last_match")]
            market.transports[-1].disconnect(graceful=False)
            await until(lambda: client.counters.ticks_missing == 3)
            assert client.counters.gaps == 1
            assert client.health.state is FeedState.PAUSED
            assert client.counters.ticks == 2
            await client.stop()

    play(main())


def test_a_silent_server_is_left_for_a_new_connection() -> None:
    async def main() -> None:
        async with open_market() as market:
            client = Subscriber(market.url, silence_seconds=0.3)
            await until(lambda: client.counters.silences >= 1)
            assert client.health.state is FeedState.PAUSED
            await until(lambda: len(market.requests) >= 2)
            market.send(match(1))
            await until(lambda: client.counters.ticks == 1)
            assert client.health.may_trade
            await client.stop()

    play(main())


def test_messages_that_cannot_be_understood_are_counted_and_skipped() -> None:
    wrong = [
        b"no json",
        b"[1]",
        match(1, price="-1"),
        match(1, price="NaN"),
        match(1, size=None),
        match(1, time="noon"),
    ]

    async def main() -> None:
        async with open_market() as market:
            client = Subscriber(market.url, on_malformed="continue")
            await until(lambda: len(market.requests) == 1)
            market.send(*wrong, match(1))
            await until(lambda: client.counters.ticks == 1)
            assert client.counters.frames_malformed == len(wrong)
            assert client.counters.disconnects == 0
            await client.stop()

    play(main())


def test_a_message_in_parts_is_put_together() -> None:
    async def main() -> None:
        async with open_market() as market:
            client = Subscriber(market.url)
            await until(lambda: len(market.requests) == 1)
            whole = match(1)
            transport = market.transports[-1]
            transport.send(WSMsgType.TEXT, whole[:20], fin=False)
            transport.send(WSMsgType.CONTINUATION, whole[20:40], fin=False)
            transport.send(WSMsgType.CONTINUATION, whole[40:], fin=True)
            await until(lambda: client.counters.ticks == 1)
            await client.stop()

    play(main())


def test_a_refusal_halts_with_its_text() -> None:
    async def main() -> None:
        async with open_market() as market:
            market.greetings = [b'{"type": "error", "message": "Failed to subscribe", "reason": "XXX is not valid"}']
            client = Subscriber(market.url)
            await until(lambda: client.health.state is FeedState.HALTED)
            assert "XXX is not valid" in client.health.reason
            await client.stop()

    play(main())


def test_what_is_no_websocket_counts_as_a_failed_attempt() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        client = Subscriber(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", reconnect_attempts=2)
        await until(lambda: client.health.state is FeedState.HALTED)
        assert client.counters.connect_failures == 3
        assert "no websocket" in client.health.reason
        await client.stop()
        server.close()

    play(main())


# -- the mapping


def test_numbers_are_exact() -> None:
    mapping = MessageMapping(COINBASE)
    tick = mapping.decode(
        b'{"type":"match","product_id":"BTC-USD","trade_id":1,"time":"%s","price":0.1234567895,"size":3}'
        % TIME.encode(),
        0,
    ).tick
    assert tick is not None
    assert (tick.price_e9, tick.size) == (123_456_790, 3.0)
    largest = mapping.decode(match(1, price="9223372036.854775807"), 0).tick
    assert largest is not None
    assert largest.price_e9 == (1 << 63) - 1
    for price in ("9223372036.854775808", "1e400", True, [1], "0x10", "Infinity"):
        with pytest.raises(MessageError):
            mapping.decode(match(1, price=price), 0)


def test_other_markets_are_a_matter_of_settings() -> None:
    settings = WebsocketSettings(
        url="ws://localhost",
        symbols=("btcusdt=crypto/binance/BTCUSDT",),
        subscribe=('{"method": "SUBSCRIBE", "params": "$symbols", "id": 1}',),
        type_field="data.e",
        trade_types=("trade",),
        quote_types=("quote",),
        last_trade_types=(),
        error_types=(),
        symbol_field="data.s",
        time_field="data.T",
        time_unit="ms",
        price_field="data.p",
        size_field="data.q",
        bid_field="data.b",
        bid_size_field="",
        ask_field="data.a",
        ask_size_field="",
        trade_sequence_field="",
        quote_sequence_field="",
    )
    mapping = MessageMapping(settings)
    assert mapping.requests == [b'{"method": "SUBSCRIBE", "params": ["btcusdt"], "id": 1}']
    assert mapping.channels == [
        Channel("crypto", "binance", "BTCUSDT", False),
        Channel("crypto", "binance", "BTCUSDT", True),
    ]
    trade = mapping.decode(b'{"data":{"e":"trade","s":"btcusdt","T":1709294400123,"p":"1.5","q":"2"}}', 0)
    assert (trade.kind, trade.sequence) == (MessageKind.TRADE, 0)
    assert trade.tick is not None
    assert (trade.tick.time_ns, trade.tick.price_e9) == (1_709_294_400_123_000_000, 1_500_000_000)
    quote = mapping.decode(b'{"data":{"e":"quote","s":"btcusdt","T":1709294400123,"b":1.5,"a":1.75}}', 0)
    assert quote.tick is not None
    assert (quote.tick.price_e9, quote.tick.ask_e9, quote.tick.ask_size) == (1_500_000_000, 1_750_000_000, 0.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbols": ()}, "symbols in .websocket. is empty"),
        ({"symbols": ("BTC-USD",)}, "another form than"),
        ({"symbols": ("A=crypto/x/A", "A=crypto/x/B")}, "has A twice"),
        ({"subscribe": ("{",)}, "no JSON"),
        ({"price_field": ""}, "price_field in .websocket. is empty"),
        ({"bid_field": "", "ask_field": ""}, "quote_types"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        MessageMapping(msgspec.structs.replace(COINBASE, **changes))


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        (TIME, TIME_NS),
        ("2024-03-01T13:00:00.123456789+01:00", 1_709_294_400_123_456_789),
        ("2024-03-01 12:00:00Z", 1_709_294_400_000_000_000),
        ("2024-03-01T12:00:00", None),
        ("2024-02-30T12:00:00Z", None),
        ("1969-12-31T23:59:59Z", None),
    ],
)
def test_times_keep_their_nanoseconds(text: str, time_ns: int | None) -> None:
    assert iso_to_ns(text) == time_ns
