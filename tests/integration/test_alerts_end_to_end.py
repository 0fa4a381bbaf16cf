"""A run that stalls and a feed that falls silent, seen by the real Prometheus, told by the real Alertmanager.

The rules, the routes and the dashboards are those of the repository, made from the packaged slo.toml with shorter waits.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from support.dashboards import ROOT, all_queries, substituted
from support.feed import Proxy, publishing, until
from support.feed_runs import FeedRuns, Scene
from support.monitoring import ALERTMANAGER, PROMETHEUS, Notice, Server, Webhook, alertmanager, free_port, prometheus
from support.sidecars import with_grace

import live.sidecar.launch
from live.cli.main import run as command
from live.clock import monotonic_ns, wall_ns
from live.feeds.socket.frames import Channel, Tick
from live.feeds.socket.publisher import Publisher
from live.sidecar.folder_lock import find_holder
from live.slo.loader import default_text

pytestmark = pytest.mark.skipif(
    PROMETHEUS is None or ALERTMANAGER is None, reason="prometheus and prometheus-alertmanager are not installed"
)

TRADES = Channel("crypto", "coinbase", "BTCUSD", False)
QUOTES = Channel("crypto", "coinbase", "BTCUSD", True)
SLOW_SECONDS = 0.08
SHOWN_SECONDS = 60
"""Length of the windows of dashboards: about as long as the test."""
PATIENCE_SECONDS = 30.0

ALGORITHM = """
from AlgorithmImports import *
import gc, os
from time import sleep

class Strategy(QCAlgorithm):
    calls = 0

    def initialize(self):
        self.set_cash(1_000_000)
        self.coin = self.add_crypto("BTCUSD", Resolution.TICK).symbol

    def on_data(self, data):
        self.calls += 1
        if os.path.exists({slow!r}):
            sleep({seconds})
        if self.calls % 40 == 0:
            gc.collect()
            self.market_order(self.coin, 1 if self.calls % 80 else -1)
        if self.calls % 100 == 50:
            self.market_order(self.coin, 5)
"""

_NO_CORES = "the run names no cores, so that none of this machine is taken from other tests"
_NO_LEAN = "the .NET collector is that of the LEAN host"
_NO_STOP = "no analytics task was stopped: only those that were are drawn"
NO_DATA = {
    "lean-live-host / Pinned / A": _NO_CORES,
    "lean-live-host / Pinned, by thread / A": _NO_CORES,
    "lean-live-host / Pinned, by thread / B": _NO_CORES,
    "lean-live-latency / GC pause p99 / B": _NO_LEAN,
    "lean-live-latency / Since when / D": _NO_LEAN,
    "lean-live-latency / Tick to decision / F": _NO_LEAN,
    "lean-live-orders / Runs of the analytics tasks / C": _NO_STOP,
}
"""Queries that return nothing here, with the reason; an entry whose query returns something fails."""


def objectives() -> str:
    """Return the packaged slo.toml, for a market that never closes, with short waits and a limit that this machine keeps."""
    text = default_text()
    text = re.sub(r"^session = .*$", 'session = "always"', text, flags=re.MULTILINE)
    text = text.replace("threshold_ms = 1.0", "threshold_ms = 50.0")
    text = re.sub(r'^lasting = "\d+s"', 'lasting = "1s"', text, flags=re.MULTILINE)
    return re.sub(r"^minimum_events = 200$", "minimum_events = 20", text, flags=re.MULTILINE)


class Market:
    """Publishes trades and quotes of one symbol, again and again, at the time of the world.

    Attributes:
        pairs: trades, each with a quote, that are published at once.
        pause_seconds: time until the next ones.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._count = 0
        self.pairs = 1
        self.pause_seconds = 0.1

    async def play(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._publisher.publish([tick for at in range(self.pairs) for tick in self._pair(wall_ns() + at)])
            await asyncio.sleep(self.pause_seconds)

    def _pair(self, time_ns: int) -> list[Tick]:
        self._count += 1
        price = (300 + self._count % 10) * 10**9
        return [Tick(0, time_ns, price, 1.0), Tick(1, time_ns, price, 100.0, price + 10**7, 100.0)]


class Watch:
    """What the test sees: Prometheus' answers and the webhook's notices."""

    def __init__(self, http: aiohttp.ClientSession, server: Server, webhook: Webhook, scene: Scene) -> None:
        self._http, self._server, self._webhook, self._scene = http, server, webhook, scene
        self._begun_ns = wall_ns()
        self._seen = 0

    async def until(self, condition: Callable[[], Awaitable[object]], what: str) -> None:
        """Wait until something holds, or fail with its name."""
        end_ns = monotonic_ns() + int(PATIENCE_SECONDS * 1e9)
        while not await condition():
            assert not self._scene.is_over, f"the run ended before {what}"
            if monotonic_ns() > end_ns:
                raise AssertionError(f"not in time: {what}; notices: {self._webhook.notices}; {await self.alerts()}")
            await asyncio.sleep(0.1)

    async def notice(self, name: str, status: str) -> Notice:
        """Wait for an alert at the webhook of pages; those that came before the last one waited for do not count."""
        found: list[int] = []

        async def came() -> bool:
            wanted = (name, status, "page")
            notices = self._webhook.notices
            found[:] = [
                at
                for at in range(self._seen, len(notices))
                if (notices[at].name, notices[at].status, notices[at].receiver) == wanted
            ]
            return bool(found)

        await self.until(came, f"{name} {status}")
        self._seen = found[0] + 1
        return self._webhook.notices[found[0]]

    async def value(self, expression: str) -> float:
        """Return the value of an expression now, NaN when it has none."""
        content = await self._ask("query", {"query": expression})
        return float(content["result"][0]["value"][1]) if content["result"] else math.nan

    async def alerts(self) -> list[str]:
        """Return the alerts that Prometheus knows, for messages."""
        content = await self._ask("alerts", {})
        return [f"{each['labels'].get('alertname')} {each['state']}" for each in content["alerts"]]

    async def has_data(self, expression: str) -> bool:
        """Return whether an expression had a number at any moment of the test."""
        times = {"start": str(self._begun_ns / 1e9), "end": str(wall_ns() / 1e9), "step": "1"}
        content = await self._ask("query_range", {"query": expression, **times})
        return any(
            value not in ("NaN", "+Inf", "-Inf") for series in content["result"] for _, value in series["values"]
        )

    async def _ask(self, what: str, parameters: dict[str, str]) -> dict[str, object]:
        async with (
            self._http.post(f"{self._server.url}/api/v1/{what}", data=parameters)
            if parameters
            else self._http.get(f"{self._server.url}/api/v1/{what}") as answer
        ):
            content = await answer.json()
        assert content["status"] == "success", content
        return content["data"]


def check(notice: Notice, objective: str) -> None:
    """Check that a notice names the objective, the algorithm and a runbook that exists."""
    assert notice.labels["sloth_slo"] == objective
    assert notice.labels["sloth_severity"] == "page"
    assert notice.labels["algorithm"] == "Strategy"
    assert notice.annotations["summary"]
    url = notice.annotations["runbook_url"]
    panel = re.fullmatch(r"http://127\.0\.0\.1:3000/d/lean-live-runbooks\?viewPanel=(\d+)", url)
    assert panel is not None, url
    pages = sorted(path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md"))
    assert pages[int(panel[1]) - 1] == objective


def test_a_stall_and_a_silence_reach_the_webhook_and_resolve(
    runs: FeedRuns, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.sidecar.launch, "COMMAND", with_grace(2.0))
    slow = tmp_path / "slow"
    slo = tmp_path / "slo.toml"
    slo.write_text(objectives(), encoding="utf-8")
    folder = tmp_path / "monitoring"
    assert command(["slo", "build", str(slo), "--output", str(folder)]) == 0
    port = free_port()
    settings = {
        "feed": {"silence_seconds": 1.0},
        "sidecar": {"port": port},
        "risk": {"max_order_quantity": 3},
        "watchdog": {"silence_least_seconds": 1.0},
    }

    async def script(scene: Scene) -> None:
        path = scene.path.with_name("publisher")
        async with (
            publishing(path, (TRADES, QUOTES)) as (publisher, address),
            aiohttp.ClientSession() as http,
            Webhook() as webhook,
        ):
            proxy = Proxy(address, scene.path, lambda frame: [frame])
            await proxy.start()
            manager = alertmanager(folder, webhook.url)
            server = prometheus(folder, f"127.0.0.1:{port}", manager)
            market = Market(publisher)
            with manager, server:
                watch = Watch(http, server, webhook, scene)
                try:
                    await watch.until(lambda: manager.is_ready(http), "Alertmanager is ready")
                    await watch.until(lambda: server.is_ready(http), "Prometheus is ready")
                    await scene.ready()
                    playing = asyncio.create_task(market.play())
                    await stall(watch, market, slow)
                    await silence(watch, proxy)
                    await every_query(watch)
                    playing.cancel()
                    await publisher.finish()
                    await scene.until(lambda: scene.feed.health.is_over)
                finally:
                    await proxy.stop()

    ended = runs.follow(
        ALGORITHM.format(slow=str(slow), seconds=SLOW_SECONDS),
        data,
        script,
        "--serve",
        settings=settings,
        slo=objectives(),
    )
    assert f"metrics: http://127.0.0.1:{port}/metrics" in ended.out + ended.err
    # The sidecar ends by itself, after the grace of the run.
    asyncio.run(until(lambda: find_holder(ended.results) is None))


async def stall(watch: Watch, market: Market, slow: Path) -> None:
    """Let the strategy be slow until somebody is told, then quick until that is over."""

    async def has_measured() -> bool:
        return await watch.value("sum(increase(lean_live_tick_to_decision_seconds_count[1m]))") > 20

    await watch.until(has_measured, "decisions are measured")
    slow.touch()
    check(await watch.notice("LeanLiveTickToDecision", "firing"), "tick-to-decision")
    # A breach is shown from the first of the dashboard's looks that falls into it.
    (shown,) = (each.expression for each in all_queries() if each.panel == "Last breach, ago")
    await watch.until(lambda: watch.has_data(substituted(shown, SHOWN_SECONDS)), "the breach is shown")
    slow.unlink()
    # Many good decisions make the bad ones few.
    market.pairs, market.pause_seconds = 5, 0.005
    await watch.notice("LeanLiveTickToDecision", "resolved")


async def silence(watch: Watch, proxy: Proxy) -> None:
    """Let the feed say nothing while its connection stays open, until somebody is told, then go on."""
    proxy.stalls = True
    check(await watch.notice("LeanLiveFeedDown", "firing"), "feed-down")
    proxy.stalls = False
    await watch.notice("LeanLiveFeedDown", "resolved")


async def every_query(watch: Watch) -> None:
    """Ask all that the dashboards ask: each query returns something, or is listed with a reason."""
    queries = all_queries()
    assert len({query.key for query in queries}) == len(queries)
    empty = set()
    for query in queries:
        if not await watch.has_data(substituted(query.expression, SHOWN_SECONDS)):
            empty.add(query.key)
    without_reason, in_vain = sorted(empty - NO_DATA.keys()), sorted(NO_DATA.keys() - empty)
    assert not without_reason, "\n".join(["these return nothing:", *without_reason])
    assert not in_vain, "\n".join(["these return something and must leave NO_DATA:", *in_vain])
