"""Runs of the command `dry-run --feed` in this process, with the publisher on an event loop of another thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import pytest

import live.report.dry_run
from live.clock import date_to_ns
from live.feeds.data_folder import DataFolder
from live.feeds.socket.address import FeedAddress
from live.feeds.socket.frames import Channel, End, Heartbeat, Hello, Message, Tick, Ticks
from live.feeds.socket.health import FeedCounters
from live.feeds.socket.publisher import Publisher
from live.feeds.socket.replay import Replay, ReplaySession
from live.hot.run_page import PAGE_NAME
from live.paper.run import DryRun
from support.commands import Ended, dry_run
from support.feed import PATIENCE_SECONDS, frame_of, until
from support.lean_folder import LeanFolder, hours_entry

DAY = date(2013, 10, 7)
DAY_NS = date_to_ns(DAY)
SECOND_NS = 1_000_000_000
TRADES = Channel("equity", "usa", "IBM", False)
QUOTES = Channel("equity", "usa", "IBM", True)
IBM = (TRADES, QUOTES)
_NEW_YORK_NS = 4 * 3_600 * SECOND_NS
ROUND_THE_CLOCK = (("00:00:00", "1.00:00:00", "market"),)
ALL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Settings = Mapping[str, Mapping[str, Any]]
QUICK: Settings = {
    "feed": {"reconnect_first_seconds": 0.01, "reconnect_limit_seconds": 0.02, "silence_seconds": 20.0},
    "host": {"rehearsal_seconds": 0},
    "log": {"max_lines_per_second": 1_000_000},
}


def small_folder(path: Path) -> LeanFolder:
    """Write a data folder with reference data of equities, forex and crypto, and without prices."""
    always = {"days": ALL_DAYS, "data_zone": "UTC", "exchange_zone": "UTC"}
    return LeanFolder(
        path,
        **{
            "Crypto-coinbase-[*]": hours_entry(ROUND_THE_CLOCK, **always),
            "Forex-oanda-[*]": hours_entry(ROUND_THE_CLOCK, **always),
        },
    )


def moment_ns(time: str, day: date = DAY) -> int:
    """Return UTC of a time of the day in New York, in daylight saving time, such as "09:30:01.5"."""
    hours, minutes, *rest = time.split(":")
    seconds = float(rest[0]) if rest else 0.0
    whole = (int(hours) * 3_600 + int(minutes) * 60) * SECOND_NS + round(seconds * 1_000_000) * 1_000
    return date_to_ns(day) + whole + _NEW_YORK_NS


def trade(time: str | int, price: float, size: float = 100.0, channel: int = 0) -> Tick:
    """Return a trade at a time of the day in New York, or at a moment of UTC."""
    time_ns = moment_ns(time) if isinstance(time, str) else time
    return Tick(channel, time_ns, round(price * 10**9), size, flags=ord("P") << 8)


def quote(time: str | int, bid: float, ask: float, channel: int = 1) -> Tick:
    """Return a quote at a time of the day in New York, or at a moment of UTC."""
    time_ns = moment_ns(time) if isinstance(time, str) else time
    return Tick(channel, time_ns, round(bid * 10**9), 100.0, round(ask * 10**9), 100.0, ord("P") << 8)


class Beside:
    """Runs coroutines on an event loop of another thread, as another process would."""

    def __enter__(self) -> Beside:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="beside")
        self._thread.start()
        return self

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> Future[None]:
        """Start a coroutine."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async def cancel() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for each in others:
                each.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.begin(cancel()).result(PATIENCE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Scene:
    """What a script beside a run sees of it.

    Attributes:
        path: socket file that the run connects to.
        run: the run, None before it exists.
        is_over: whether the command has ended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run: DryRun | None = None
        self.is_over = False

    @property
    def feed(self) -> Any:
        """The run's side of the feed."""
        assert self.run is not None
        assert self.run._feed is not None
        return self.run._feed

    @property
    def counters(self) -> FeedCounters:
        """What the run has counted."""
        counters: FeedCounters = self.feed.health.counters
        return counters

    @property
    def state(self) -> str:
        """State of the feed, as the run sees it."""
        return str(self.feed.health.state.value)

    @property
    def is_ready(self) -> bool:
        """Whether the run takes ticks."""
        return self.run is not None and getattr(self.run, "_feed", None) is not None and bool(self.feed._follower)

    @property
    def page(self) -> Path:
        """The run's telemetry page."""
        assert self.run is not None
        return self.run.log.path.with_name(PAGE_NAME)

    @property
    def lines(self) -> list[str]:
        """Lines of the strategy in the run's log so far."""
        assert self.run is not None
        return probes(self.run.log.path.read_text(encoding="utf-8"))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, or fail when the run ended before."""

        def holds_or_over() -> bool:
            return self.is_over or condition()

        try:
            await until(holds_or_over)
        except TimeoutError:
            raise AssertionError(f"not so in time; counted: {self.counters.as_dict()}") from None
        assert condition(), "the run ended first"

    async def ready(self) -> None:
        """Wait until the run takes ticks."""
        await self.until(lambda: self.is_ready)

    async def took(self, ticks: int) -> None:
        """Wait until the run has played so many ticks."""
        await self.until(lambda: self.played == ticks)

    @property
    def played(self) -> int:
        """Ticks that the strategy got."""
        assert self.run is not None
        recorder = self.run.recorder
        return recorder.trade_ticks + recorder.quote_ticks


Script = Callable[[Scene], Awaitable[None]]


class FeedRuns:
    """Runs algorithms on feeds, by the command.

    Parameters:
        folder: a folder of the test.
        capsys: pytest's.
        monkeypatch: pytest's.
    """

    def __init__(self, folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.scene = Scene(folder / "feed")

    def on_files(self, text: str, data: Path, *options: str) -> Ended:
        """Run an algorithm on a data folder, without a feed."""
        folder = self._folder / "on_files"
        folder.mkdir()
        (folder / "live.toml").write_text(toml({}), encoding="utf-8")
        return dry_run(text, data, folder, self._capsys, *options)

    def follow(
        self,
        text: str,
        data: Path,
        script: Script,
        *options: str,
        address: str | None = None,
        settings: Settings | None = None,
        slo: str | None = None,
        code: int = 0,
    ) -> Ended:
        """Run an algorithm on a feed that a script beside it publishes; fail when either does.

        Parameters:
            text: the algorithm.
            data: the data folder.
            script: what happens beside the run.
            options: further options.
            address: the feed, when it is another than the scene's socket file.
            settings: tables of live.toml, beyond those of QUICK.
            slo: the slo.toml beside the algorithm; None for none.
            code: exit code that is expected.
        """
        scene = self.scene

        class Seen(DryRun):
            def __init__(self, *args: Any, **named: Any) -> None:
                super().__init__(*args, **named)
                scene.run = self

        self._monkeypatch.setattr(live.report.dry_run, "DryRun", Seen)
        folder = self._folder / "on_feed"
        folder.mkdir()
        config = folder / "live.toml"
        config.write_text(toml(settings or {}), encoding="utf-8")
        if slo is not None:
            (folder / "slo.toml").write_text(slo, encoding="utf-8")

        async def play() -> None:
            try:
                await script(scene)
            except BaseException:
                # A run whose script has failed would wait for ever.
                if scene.run is not None and not scene.is_over:
                    scene.run._request_stop()
                raise

        with Beside() as beside:
            playing = beside.begin(play())
            try:
                ended = dry_run(
                    text,
                    data,
                    folder,
                    self._capsys,
                    "--feed",
                    address or f"unix:{scene.path}",
                    "--config",
                    str(config),
                    *options,
                )
            finally:
                scene.is_over = True
            try:
                playing.result(PATIENCE_SECONDS)
            except TimeoutError:
                raise AssertionError(f"the script goes on after the run has ended: {ended.err}") from None
        assert ended.code == code, ended.err
        return ended


def toml(settings: Settings) -> str:
    """Return the text of a settings file: QUICK with changes."""
    lines: list[str] = []
    for table in sorted({*QUICK, *settings}):
        lines.append(f"[{table}]")
        for name, value in {**QUICK.get(table, {}), **settings.get(table, {})}.items():
            lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
    return "\n".join(lines) + "\n"


def probes(log: str) -> list[str]:
    """Return what the strategy wrote after the word PROBE."""
    return [line.partition(" PROBE ")[2] for line in log.splitlines() if " PROBE " in line]


def replaying(
    data: Path,
    symbols: Sequence[str],
    speed: float | None,
    extended: bool = True,
    first: date | None = None,
    last: date | None = None,
    address: FeedAddress | None = None,
) -> Script:
    """Return a script that publishes recorded ticks, as `feed replay` does.

    Parameters:
        data: the data folder.
        symbols: as `--symbols`.
        speed: times faster than it was; None for `max`.
        extended: whether ticks before and after the regular session belong to it.
        first: first day.
        last: last day.
        address: where to listen; None for the scene's socket file.
    """

    async def script(scene: Scene) -> None:
        session = ReplaySession(DataFolder(data), symbols, first, last, extended)
        publisher = Publisher(session.channels, heartbeat_seconds=0.02, waits=speed is None)
        replay = Replay(session, publisher, speed, lambda: None)
        await publisher.listen(address or FeedAddress(scene.path))
        try:
            await publisher.wait_for_consumers(1)
            await replay.play()
            await publisher.finish()
        finally:
            await publisher.stop("the test is over")
            session.close()

    return script


class ByHand:
    """A publisher whose every frame, and whose clock, is the test's: one connection after the other."""

    def __init__(self, scene: Scene, channels: Sequence[Channel] = IBM, **hello: Any) -> None:
        self._scene = scene
        self.hello = hello
        self._channels = tuple(channels)
        self._connections: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        self.monotonic_ns = 1_000 * SECOND_NS
        self.wall_ns = 1_600_000_000 * SECOND_NS
        self.next_sequence = 1

    async def __aenter__(self) -> ByHand:
        self._server = await asyncio.start_unix_server(self._accept, str(self._scene.path))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = await reader.read(4_096)
        self._connections.put_nowait(writer)

    async def greet(self, session: str = "by hand") -> None:
        """Wait for a connection and answer it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            self._writer = await self._connections.get()
        self.send(Hello(1, session, self.next_sequence, 1.0, self._channels, **self.hello))

    async def greet_again(self) -> None:
        """Answer connections until the run has heard of one: it gives up those that wait too long for an answer."""
        heard = self._scene.counters.connections
        while self._scene.counters.connections == heard:
            await self.greet()
            await self._scene.until(lambda: self._scene.counters.connections > heard or not self._connections.empty())

    def send(self, message: Message) -> None:
        self._writer.write(frame_of(message))

    def ticks(self, *ticks: Tick) -> None:
        self.send(Ticks(self.next_sequence, self.monotonic_ns, list(ticks)))
        self.next_sequence += len(ticks)

    def heartbeat(self) -> None:
        self.send(Heartbeat(self.next_sequence, self.monotonic_ns, self.wall_ns))

    def wait(self, seconds: float) -> None:
        """Let time go by on the publisher's clocks."""
        self.monotonic_ns += int(seconds * SECOND_NS)
        self.wall_ns += int(seconds * SECOND_NS)

    def end(self) -> None:
        self.send(End(self.next_sequence))

    def close(self) -> None:
        """Cut the connection."""
        self._writer.close()


def counters_of(ended: Ended) -> dict[str, int]:
    """Return the feed's counters of a run's summary."""
    counters: dict[str, int] = ended.summary["feed"]["counters"]
    return counters


def states_of(ended: Ended) -> list[str]:
    """Return the feed's states of a run's summary, in order."""
    return [event["state"] for event in ended.summary["feed"]["events"]]


def free_tcp_address() -> FeedAddress:
    """Return an address of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return FeedAddress(None, "127.0.0.1", probe.getsockname()[1])
