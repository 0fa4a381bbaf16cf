"""How runs on a feed end: with a feed that does not fit, a strategy that raises or stops, signals, a loop without end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from support.commands import Ended, finish, start, words
from support.feed import PATIENCE_SECONDS, frame_of, publishing, until
from support.feed_runs import (
    IBM,
    QUOTES,
    TRADES,
    FeedRuns,
    Scene,
    counters_of,
    free_tcp_address,
    moment_ns,
    probes,
    quote,
    toml,
    trade,
)

from live.cli.main import run
from live.feeds.socket.frames import Channel, Goodbye, Hello, Message
from live.feeds.socket.loops import run_loop
from live.feeds.socket.publisher import Publisher
from live.paper.run import DryRun

STRATEGY = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at(10, 1, 0), self.scheduled)
        self.count = 0

    def scheduled(self):
{scheduled}

    def {callback}:
        self.count += 1
        if self.count == 2:
            self.market_order(self.ibm, 10)
        if self.count >= 3:
            {third}

    def on_end_of_algorithm(self):
        self.log(f"PROBE ends after {{self.count}}")
"""
TIERS = {"slices": ("QCAlgorithm", "on_data(self, data)"), "live": ("LiveAlgorithm", "on_tick(self, tick)")}
BOTH = pytest.mark.parametrize("tier", list(TIERS))


def strategy(tier: str, third: str = "pass", scheduled: str = "        pass") -> str:
    """Return a strategy that buys on its second tick and does something from its third on."""
    base, callback = TIERS[tier]
    return STRATEGY.format(base=base, callback=callback, third=third, scheduled=scheduled)


def publish(
    runs: FeedRuns,
    text: str,
    data: Path,
    times: Sequence[str],
    channels: Sequence[Channel] = IBM,
    settings: dict[str, dict[str, Any]] | None = None,
    code: int = 0,
) -> Ended:
    """Publish trades at times, each on its own, until the run is over."""

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, channels) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.until(lambda: scene.is_ready or bool(code))
            for number, time in enumerate(times):
                await publisher.publish([trade(time, 100.0 + number)])
            await until(lambda: scene.is_over)

    return runs.follow(text, data, script, settings=settings, code=code)


TIMES = [f"10:00:{second:02d}" for second in range(1, 10)]


# -- feeds that do not fit


def test_a_feed_without_what_is_subscribed_to_is_named(runs: FeedRuns, data: Path) -> None:
    others = [Channel("equity", "usa", "SPY", False), Channel("equity", "usa", "SPY", True)]
    ended = publish(runs, strategy("live"), data, [], others, code=1)
    assert "does not send equity/usa/IBM" in ended.err
    assert "equity/usa/SPY trades, equity/usa/SPY quotes" in ended.err
    assert ended.summary["state"] == "failed"
    assert str(ended.folder.name) in ended.err


@pytest.mark.parametrize("channel", IBM)
def test_one_kind_of_ticks_is_enough(runs: FeedRuns, data: Path, channel: Channel) -> None:
    async def script(scene: Scene) -> None:
        async with publishing(scene.path, [channel]) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            for time in TIMES[:3]:
                tick = quote(time, 100.0, 100.1, 0) if channel.is_quote else trade(time, 100.0)
                await publisher.publish([tick])
            await publisher.finish()

    ended = runs.follow(strategy("live"), data, script)
    other = QUOTES if channel is TRADES else TRADES
    assert f"the feed does not send {other}" in ended.log
    assert probes(ended.log) == ["ends after 3"]


def test_nobody_to_connect_to_ends_after_the_attempts_that_are_allowed(runs: FeedRuns, data: Path) -> None:
    async def script(scene: Scene) -> None:
        return

    ended = runs.follow(strategy("live"), data, script, settings={"feed": {"reconnect_attempts": 3}}, code=1)
    assert "no connection after 3 attempts (reconnect_attempts)" in ended.err
    assert ended.summary["feed"]["state"] == "halted"
    assert counters_of(ended)["connect_failures"] == 4
    assert counters_of(ended)["connections"] == 0
    assert ended.summary["feed"]["rehearsal"] is None


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Hello(2, "s", 1, 0.1, IBM), "speaks version 2"),
        (Hello(1, "s", 1, 60.0, IBM), "silence_seconds in [feed] is 20"),
        (Goodbye("version", "other version", False), "the publisher ended the connection (version): other version"),
    ],
    ids=["version", "heartbeat", "refusal"],
)
def test_a_publisher_that_does_not_fit_is_named(runs: FeedRuns, data: Path, answer: Message, text: str) -> None:
    async def script(scene: Scene) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(4_096)
            writer.write(frame_of(answer))
            await until(lambda: scene.is_over)
            writer.close()

        server = await asyncio.start_unix_server(serve, str(scene.path))
        await until(lambda: scene.is_over)
        server.close()

    ended = runs.follow(strategy("live"), data, script, code=1)
    assert text in ended.err
    assert ended.summary["feed"]["state"] == "halted"


@pytest.mark.parametrize(("secret", "code"), [("a secret of this test", 0), ("another secret, wrong", 1), ("", 1)])
def test_a_token_is_asked_for(runs: FeedRuns, data: Path, tmp_path: Path, secret: str, code: int) -> None:
    file = tmp_path / "token"
    file.write_text(secret)
    file.chmod(0o600)
    address = free_tcp_address()

    async def script(scene: Scene) -> None:
        publisher = Publisher(IBM, token="a secret of this test")
        await publisher.listen(address)
        publisher.set_clock(moment_ns("10:00:00"), 0.0)
        try:
            if code:
                await until(lambda: scene.is_over)
            else:
                await scene.ready()
                await publisher.publish([trade("10:00:01", 100.0)])
                await publisher.finish()
        finally:
            await publisher.stop("the test is over")

    settings = {"feed": {"token_file": str(file) if secret else ""}}
    ended = runs.follow(strategy("live"), data, script, address=str(address), settings=settings, code=code)
    if code:
        assert "the token is wrong; name its file as token_file in [feed]" in ended.err
    assert secret not in ended.err or not secret
    assert secret not in ended.log or not secret


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--feed", "nowhere"], "--feed"),
        (["--spin"], "name one with --feed"),
        (["--on-gap", "halt"], "name one with --feed"),
    ],
)
def test_options_that_are_wrong_are_named(
    data: Path, tmp_path: Path, capsys: Any, options: list[str], text: str
) -> None:
    path = tmp_path / "main.py"
    path.write_text(strategy("live"))
    assert run(words(path, data, tmp_path / "results", *options)) == 2
    assert text in capsys.readouterr().err


# -- the strategy


@BOTH
def test_a_strategy_that_raises_ends_the_run_with_its_traceback(runs: FeedRuns, data: Path, tier: str) -> None:
    text = strategy(tier, "raise ValueError('of the strategy')")
    ended = publish(runs, text, data, TIMES, code=1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "raise ValueError" in each)
    assert "of the strategy" in ended.err
    assert f"line {line}" in ended.err
    assert TIERS[tier][1].partition("(")[0] in ended.err
    summary = ended.summary
    assert summary["state"] == "failed"
    assert summary["order_events"]["count"] == 2
    assert probes(ended.log) == ["ends after 3"]
    assert "ValueError" in (ended.folder / "failure.txt").read_text()


@BOTH
def test_a_scheduled_event_that_raises_ends_the_run(runs: FeedRuns, data: Path, tier: str) -> None:
    text = strategy(tier, scheduled="        raise KeyError('of the event')")

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            # Ten minutes a second, moved by heartbeats alone: no tick comes after the first.
            publisher.set_clock(moment_ns("10:00:00"), 600.0)
            await scene.ready()
            await publisher.publish([trade("10:00:01", 100.0)])
            await until(lambda: scene.is_over)

    ended = runs.follow(text, data, script, code=1)
    assert "of the event" in ended.err
    assert ended.summary["state"] == "failed"
    assert ended.summary["session"]["end"] == "2013-10-07T14:01:00Z"


@BOTH
def test_a_strategy_may_quit(runs: FeedRuns, data: Path, tier: str) -> None:
    ended = publish(runs, strategy(tier, "self.quit('enough')"), data, TIMES)
    assert ended.summary["quit_message"] == "enough"
    assert ended.summary["state"] == "completed"
    assert probes(ended.log) == ["ends after 3"]
    assert ended.summary["positions"][0]["quantity"] == "10"


@BOTH
def test_quitting_in_a_scheduled_event_needs_no_further_tick(runs: FeedRuns, data: Path, tier: str) -> None:
    text = strategy(tier, scheduled="        self.quit('at ten')")

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 600.0)
            await scene.ready()
            await publisher.publish([trade("10:00:01", 100.0)])
            await until(lambda: scene.is_over)

    ended = runs.follow(text, data, script)
    assert ended.summary["quit_message"] == "at ten"
    assert probes(ended.log) == ["ends after 1"]


def test_quitting_while_initializing_needs_no_tick(runs: FeedRuns, data: Path) -> None:
    text = strategy("live").replace("        self.count = 0", "        self.count = 0\n        self.quit('at once')")

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM):
            await until(lambda: scene.is_over)

    ended = runs.follow(text, data, script)
    assert ended.summary["quit_message"] == "at once"
    assert probes(ended.log) == ["ends after 0"]


@BOTH
def test_a_loop_without_end_is_broken_off(runs: FeedRuns, data: Path, tier: str) -> None:
    text = strategy(tier, "while True:\n                self.count += 0")
    ended = publish(runs, text, data, TIMES, settings={"run": {"watchdog_seconds": 0.5}}, code=1)
    assert "watchdog_seconds" in ended.err
    assert ended.summary["state"] == "failed"
    assert ended.summary["order_events"]["count"] == 2


def test_the_watchdog_lets_a_feed_be_silent(runs: FeedRuns, data: Path) -> None:
    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            await publisher.publish([trade("10:00:01", 100.0)])
            await scene.took(1)
            looks = scene.feed.looks
            # Many times as long as the watchdog waits for a callback.
            began = asyncio.get_running_loop().time()
            await scene.until(lambda: asyncio.get_running_loop().time() > began + 1.0 and scene.feed.looks > looks)
            await publisher.publish([trade("10:00:02", 100.0)])
            await publisher.finish()

    ended = runs.follow(strategy("live"), data, script, settings={"run": {"watchdog_seconds": 0.2}})
    assert probes(ended.log) == ["ends after 2"]


WATCHED_SECONDS = 1.0
BUSY = """
from time import monotonic

from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.add_equity("IBM", Resolution.TICK)

    def on_tick(self, tick):
        # So long that the watchdog looks meanwhile, which it does four times a second.
        until = monotonic() + 0.3
        while monotonic() < until:
            pass
        self.log("PROBE ticked")
"""


def test_the_watchdog_lets_a_run_wait_for_its_publisher(
    runs: FeedRuns, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = count_looks(monkeypatch)

    async def script(scene: Scene) -> None:
        # Longer than the watchdog waits for a callback.
        await until(lambda: scene.run is not None and hasattr(scene.run, "engine"))
        begun = len(looks)
        await scene.until(lambda: len(looks) > begun + 4 * WATCHED_SECONDS + 2)
        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            await publisher.publish([trade("10:00:01", 100.0)])
            await publisher.finish()

    ended = runs.follow(BUSY, data, script, settings={"run": {"watchdog_seconds": WATCHED_SECONDS}})
    assert probes(ended.log) == ["ticked"]
    assert "did not come back" not in ended.err


def test_the_watchdog_lets_a_run_rehearse(runs: FeedRuns, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The rehearsal takes all of its time.
    monkeypatch.setattr("live.settling._ALIKE_RATIO", 0.0)

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await scene.ready()
            await publisher.publish([trade("10:00:01", 100.0)])
            await publisher.finish()

    settings = {"run": {"watchdog_seconds": WATCHED_SECONDS}, "host": {"rehearsal_seconds": 2 * WATCHED_SECONDS}}
    ended = runs.follow(BUSY, data, script, settings=settings)
    assert probes(ended.log) == ["ticked"]
    assert ended.summary["feed"]["rehearsal"]["ticks"] > 0


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows with each look of the watchdog."""
    looks: list[None] = []
    request_report = DryRun._request_report

    def counting(run: DryRun) -> None:
        looks.append(None)
        request_report(run)

    monkeypatch.setattr(DryRun, "_request_report", counting)
    return looks


# -- signals


Acts = Callable[[Path, Path], AbstractAsyncContextManager[None]]
"""What happens until the signal, and after it, given the socket file and the folder of results."""


def interrupted(folder: Path, data: Path, number: int, acts: Acts) -> Ended:
    """Run the command in a process of its own, and send it a signal after what a test does with its feed."""
    path = folder / "main.py"
    path.write_text(strategy("live", "self.log('PROBE third')"))
    (folder / "live.toml").write_text(toml({}))
    feed, results = folder / "feed", folder / "results"
    found: list[Ended] = []

    async def main() -> None:
        process = start(words(path, data, results, "--feed", f"unix:{feed}"), folder)
        try:
            async with acts(feed, results):
                os.kill(process.pid, number)
                found.append(await asyncio.to_thread(finish, process, results))
        finally:
            process.kill()

    run_loop(asyncio.wait_for(main(), 3 * PATIENCE_SECONDS))
    return found[0]


@pytest.mark.parametrize(("number", "name"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "Ctrl-C")])
def test_a_signal_ends_the_run_with_its_results(data: Path, tmp_path: Path, number: int, name: str) -> None:
    @asynccontextmanager
    async def acts(feed: Path, results: Path) -> AsyncIterator[None]:
        async with publishing(feed, IBM) as (publisher, _):
            publisher.set_clock(moment_ns("10:00:00"), 0.0)
            await publisher.wait_for_consumers(1)
            for time in TIMES[:3]:
                await publisher.publish([trade(time, 100.0)])
            await until(lambda: any("third" in log.read_text() for log in results.glob("*/log.txt")))
            yield

    ended = interrupted(tmp_path, data, number, acts)
    assert ended.code == 130, ended.err
    assert name in ended.err
    summary = ended.summary
    assert summary["state"] == "interrupted"
    assert summary["ticks"]["trade"] == 3
    assert summary["feed"]["counters"]["ticks"] == 3
    assert [event["status"] for event in ended.events] == ["submitted", "filled"]
    assert probes(ended.log)[-1] == "ends after 3"


def test_ctrl_c_ends_waiting_for_a_publisher(data: Path, tmp_path: Path) -> None:
    @asynccontextmanager
    async def acts(feed: Path, results: Path) -> AsyncIterator[None]:
        came = asyncio.Event()

        async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came.set()
            writer.close()

        server = await asyncio.start_unix_server(close, str(feed))
        await came.wait()
        server.close()
        # From now on nobody listens.
        feed.unlink(missing_ok=True)
        yield

    ended = interrupted(tmp_path, data, signal.SIGINT, acts)
    assert ended.code == 130, ended.err
    assert ended.summary["state"] == "interrupted"
    assert ended.summary["feed"]["counters"]["connections"] == 0
    assert ended.summary["feed"]["rehearsal"] is None


# -- a reader of standard error that does not read


@pytest.mark.parametrize("is_stopped", [False, True])
def test_nobody_has_to_read_standard_error(data: Path, tmp_path: Path, is_stopped: bool) -> None:
    path, feed, results = tmp_path / "main.py", tmp_path / "feed", tmp_path / "results"
    path.write_text(strategy("live", "self.log('PROBE third')"))
    (tmp_path / "live.toml").write_text(toml({}))
    arguments = [word for word in words(path, data, results, "--feed", f"unix:{feed}") if word != "--no-progress"]
    found: list[Ended] = []
    reader, full = full_pipe()

    async def main() -> None:
        process = start(arguments, tmp_path, stderr=full)
        try:
            async with publishing(feed, IBM) as (publisher, _):
                publisher.set_clock(moment_ns("10:00:00"), 0.0)
                await publisher.wait_for_consumers(1)
                for time in TIMES[:3]:
                    await publisher.publish([trade(time, 100.0)])
                await until(lambda: any("third" in log.read_text() for log in results.glob("*/log.txt")))
                if is_stopped:
                    os.kill(process.pid, signal.SIGINT)
                else:
                    await publisher.finish()
                await until(lambda: any(results.glob("*/summary.json")))
                # What is told after the end, such as warnings, may wait for a reader.
                os.read(reader, 1 << 20)
                found.append(await asyncio.to_thread(finish, process, results))
        finally:
            process.kill()

    try:
        run_loop(asyncio.wait_for(main(), 3 * PATIENCE_SECONDS))
    finally:
        os.close(reader)
        os.close(full)
    assert found[0].code == (130 if is_stopped else 0)
    assert found[0].summary["ticks"]["trade"] == 3


def full_pipe() -> tuple[int, int]:
    """Return both ends of a pipe that takes nothing more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.set_blocking(writer, True)
    return reader, writer
