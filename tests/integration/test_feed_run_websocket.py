"""A run on a JSON websocket, against a local server that speaks as Coinbase Exchange does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
from support.feed import until
from support.feed_runs import SECOND_NS, FeedRuns, Scene, counters_of, free_tcp_address, probes, small_folder, states_of

from live.clock import wall_ns

STRATEGY = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.set_cash(100000)
        self.btc = self.add_crypto("BTCUSD", Resolution.TICK, Market.COINBASE).symbol
        self.count = 0

    def take(self, is_trade, price, bid, ask):
        self.count += 1
        self.log(f"PROBE {{'trade' if is_trade else 'quote'}} {{price}} {{bid}} {{ask}}")
        if self.count % 3 == 0:
            self.market_order(self.btc, 0.5)
        if self.count == 12:
            self.quit("enough")
{callback}

    def on_order_event(self, event):
        if event.status == OrderStatus.FILLED:
            self.log(f"PROBE filled {{event.fill_price}} at {{self.count}}")
"""
CALLBACKS = {
    "slices": """
    def on_data(self, data):
        for tick in data.ticks[self.btc]:
            self.take(tick.tick_type == TickType.TRADE, tick.price, tick.bid_price, tick.ask_price)
""",
    "live": """
    def on_tick(self, tick):
        self.take(tick.is_trade, tick.price, tick.bid_price, tick.ask_price)
""",
}
WAITING = """
        from pathlib import Path
        from time import monotonic, sleep

        # It quits after the next tick.
        self.count = 11
        until = monotonic() + 5.0
        while not Path({path!r}).exists() and monotonic() < until:
            sleep(0.001)
        self.log(f"PROBE connected {{Path({path!r}).exists()}}")
"""
BASES = {"slices": "QCAlgorithm", "live": "LiveAlgorithm"}


class Market:
    """A server that sends what a test wants, stamped with the present."""

    def __init__(self) -> None:
        self.requests = 0
        self.transport: WSTransport | None = None
        self.greeting: bytes | None = None
        self._number = 40
        self._sequence = 100

    def send(self, **message: Any) -> None:
        assert self.transport is not None
        now = datetime.fromtimestamp(wall_ns() / SECOND_NS, timezone.utc)
        stamp = {"time": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "product_id": "BTC-USD"}
        self.transport.send(WSMsgType.TEXT, json.dumps(stamp | message).encode())

    def trade(self, price: float, skipped: int = 0) -> None:
        self._number += 1 + skipped
        self.send(type="match", trade_id=self._number, price=f"{price:.2f}", size="0.25")

    def quote(self, bid: float, ask: float) -> None:
        self._sequence += 7
        sizes = {"best_bid_size": "1.5", "best_ask_size": "2.5"}
        self.send(type="ticker", sequence=self._sequence, best_bid=f"{bid:.2f}", best_ask=f"{ask:.2f}", **sizes)

    def last_trade(self) -> None:
        self.send(type="last_match", trade_id=self._number, price="1.00", size="1")


class Visitor(WSListener):
    def __init__(self, market: Market) -> None:
        super().__init__()
        self.market = market

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.market.transport = transport
            self.market.last_trade()
            self.market.requests += 1


@asynccontextmanager
async def open_market(port: int) -> AsyncIterator[Market]:
    market = Market()

    def visitor(request: WSUpgradeRequest) -> Visitor:
        return Visitor(market)

    server = await ws_create_server(visitor, "127.0.0.1", port)
    try:
        yield market
    finally:
        if market.transport is not None:
            market.transport.disconnect(graceful=False)
        server.close()


@pytest.mark.parametrize("tier", list(CALLBACKS))
def test_a_run_on_a_websocket(runs: FeedRuns, tmp_path: Path, tier: str) -> None:
    data = small_folder(tmp_path / "data").path
    port = free_tcp_address().port

    async def script(scene: Scene) -> None:
        async with open_market(port) as market:
            await scene.until(lambda: market.requests == 1)
            await scene.ready()
            # Ticks that are already there when the run begins are the present's.
            market.quote(100.0, 100.5)
            market.trade(100.25)
            market.trade(100.5)
            await scene.took(3)
            market.trade(100.75, skipped=2)
            await scene.until(lambda: scene.state == "paused")
            market.trade(101.0)
            market.trade(101.25)
            await scene.took(6)
            scene.feed.health.resume()
            await scene.until(lambda: scene.state == "running")
            market.quote(101.0, 101.5)
            market.quote(101.25, 101.75)
            market.quote(101.5, 102.0)
            await scene.took(9)
            assert market.transport is not None
            market.transport.disconnect(graceful=False)
            await scene.until(lambda: market.requests == 2 and scene.state == "running")
            for price in (102.0, 102.25, 102.5):
                market.trade(price)
            await until(lambda: scene.is_over)

    began_ns = wall_ns()
    ended = runs.follow(
        STRATEGY.format(base=BASES[tier], callback=CALLBACKS[tier]),
        data,
        script,
        address=f"ws://127.0.0.1:{port}",
        settings={"websocket": {"symbols": ["BTC-USD=crypto/coinbase/BTCUSD"]}},
    )
    lines = probes(ended.log)
    assert sum(line.startswith(("trade", "quote")) for line in lines) == 12
    # The sixth tick came while the feed was paused.
    assert [line for line in lines if line.startswith("filled")] == [
        "filled 100.5 at 3",
        "filled 102.0 at 9",
        "filled 102.5 at 12",
    ]
    counters = counters_of(ended)
    assert (counters["ticks"], counters["gaps"], counters["ticks_missing"]) == (12, 1, 2)
    assert (counters["connections"], counters["disconnects"]) == (2, 1)
    assert counters["ticks_duplicate"] == counters["ticks_stale"] == counters["frames_malformed"] == 0
    assert ended.summary["denials"] == {"CONTROL_PAUSED": 1}
    assert ended.summary["quit_message"] == "enough"
    assert states_of(ended)[:3] == ["running", "paused", "running"]
    run = runs.scene.run
    assert run is not None
    assert began_ns <= run.engine.start_utc_ns <= run.engine.clock.now_ns <= wall_ns()


def test_the_algorithm_is_set_up_once_there_is_a_connection(runs: FeedRuns, tmp_path: Path) -> None:
    data = small_folder(tmp_path / "data").path
    port = free_tcp_address().port
    connected = tmp_path / "connected"
    # While it is set up, the event loop stands still: a connection that is being made then would not be finished.
    text = STRATEGY.format(base=BASES["live"], callback=CALLBACKS["live"]).replace(
        "        self.count = 0", WAITING.format(path=str(connected)), 1
    )

    async def script(scene: Scene) -> None:
        async with open_market(port) as market:
            await scene.until(lambda: market.requests == 1)
            connected.touch()
            await scene.ready()
            market.trade(100.25)
            await until(lambda: scene.is_over)

    settings = {"websocket": {"symbols": ["BTC-USD=crypto/coinbase/BTCUSD"]}, "feed": {"reconnect_attempts": 1}}
    ended = runs.follow(text, data, script, address=f"ws://127.0.0.1:{port}", settings=settings)
    assert probes(ended.log)[:2] == ["connected True", "trade 100.25 100.25 100.25"]
    assert counters_of(ended)["connect_failures"] == 0


def test_a_websocket_without_symbols_is_named(runs: FeedRuns, tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        return

    text = STRATEGY.format(base=BASES["live"], callback=CALLBACKS["live"])
    data = small_folder(tmp_path / "data").path
    ended = runs.follow(text, data, script, address="ws://127.0.0.1:9", code=3)
    assert "symbols in [websocket] is empty" in ended.err
