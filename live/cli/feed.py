"""The verb `feed`: `replay` publishes a session of a data folder, `watch` receives a feed and counts."""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from live.cli.output import common_options, print_json, progress_option, with_feed_options
from live.config import load_config
from live.errors import DataError, ExitCode, LeanLiveError, UsageError
from live.feeds.data_folder import DataFolder, find_data_folder
from live.feeds.socket.address import parse_address
from live.feeds.socket.loops import run_loop
from live.feeds.socket.publisher import Publisher
from live.feeds.socket.replay import Replay, ReplaySession
from live.feeds.socket.token import read_token
from live.feeds.socket.watch import FeedWatch, watch_socket, watch_websocket
from live.report.feed import FeedProgress, choose_feed_progress, print_feed

_DAY = click.DateTime(formats=["%Y-%m-%d", "%Y%m%d"])
_ACTION = click.Choice(["continue", "pause", "halt"])


@click.group("feed", epilog="Example: lean-live feed watch --connect unix:/tmp/feed --symbols IBM")
def command() -> None:
    """Publish a session as a live feed, or watch one."""


@command.command(
    "replay",
    epilog="Example: lean-live feed replay --data-folder data --symbols IBM,EURUSD --speed 10 --listen unix:/tmp/feed",
)
@click.option("--data-folder", type=click.Path(path_type=Path), help="Folder of LEAN data; found as by dry-run.")
@click.option("--symbols", required=True, metavar="LIST", help="Tickers, or as in equity/usa/IBM, with commas between.")
@click.option("--from", "first", type=_DAY, help="First day. Without it: the first that has ticks.")
@click.option("--to", "last", type=_DAY, help="Last day. Without it: the last that has ticks.")
@click.option("--regular-hours", is_flag=True, help="Leave out what lies before and after the regular session.")
@click.option("--listen", required=True, metavar="ADDRESS", help="unix:PATH or tcp:127.0.0.1:PORT.")
@click.option("--speed", default="1", metavar="N", show_default=True, help="Times faster than it was, or max.")
@click.option("--wait-for", type=click.IntRange(0, 64), default=1, show_default=True, help="Consumers to wait for.")
@click.option(
    "--slow-consumer",
    type=click.Choice(["disconnect", "wait"]),
    help="What to do with one that falls behind the window. Without it: wait at --speed max, else disconnect.",
)
@click.option(
    "--window-ticks",
    type=click.IntRange(512, 100_000_000),
    default=1 << 18,
    show_default=True,
    help="Ticks kept for consumers that come back or are behind.",
)
@click.option(
    "--heartbeat-seconds",
    type=click.FloatRange(0.01, 3_600),
    default=1.0,
    show_default=True,
    help="Between heartbeats.",
)
@click.option("--token-file", type=click.Path(path_type=Path), help="File with a secret that consumers must know.")
@progress_option
@common_options
def replay(
    data_folder: Path | None,
    symbols: str,
    first: datetime | None,
    last: datetime | None,
    regular_hours: bool,
    listen: str,
    speed: str,
    wait_for: int,
    slow_consumer: str | None,
    window_ticks: int,
    heartbeat_seconds: float,
    token_file: Path | None,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Publish the ticks of a data folder as if they happened now.

    The format is described in docs/feed.md. Prices are raw, as in the files.
    """
    address = parse_address(listen, "--listen")
    factor = parse_speed(speed)
    found = find_data_folder(data_folder, Path.cwd())
    if found is None:
        raise DataError("there is no LEAN data folder; name one with --data-folder")
    days = [None if each is None else each.date() for each in (first, last)]
    check_days(*days)
    session = ReplaySession(DataFolder(found.path), symbols.split(","), days[0], days[1], not regular_hours)
    waits = factor is None if slow_consumer is None else slow_consumer == "wait"
    publisher = Publisher(session.channels, heartbeat_seconds, window_ticks, waits, read_token(token_file))
    shown = choose_feed_progress(progress, sys.stderr, session.bytes_total)
    player = Replay(
        session, publisher, factor, lambda: shown.update(session.bytes_read, player.ticks, publisher.consumers)
    )

    async def main() -> None:
        bound = await publisher.listen(address)
        shown.begin(f"{bound}: {', '.join(map(str, session.channels))}")
        try:
            await publisher.wait_for_consumers(wait_for)
            await player.play()
            await publisher.finish()
        except BaseException as error:
            await publisher.stop(str(error) if isinstance(error, LeanLiveError) else "the publisher was stopped")
            raise

    def result(state: str) -> dict[str, Any]:
        return {
            "state": state,
            "session": publisher.session,
            "channels": [str(each) for each in session.channels],
            "ticks": player.ticks,
            "last_tick_ns": player.time_ns if player.ticks else 0,
            "late_seconds_max": player.late_ns_max / 1e9,
            "frame_bytes": publisher.bytes_published,
            "consumers": publisher.consumers_seen,
            "consumers_dropped_slow": publisher.slow_drops,
            "requests_refused": publisher.bad_requests,
        }

    _run(main, lambda state: _print(result(state), as_json), shown, session.close)


@command.command("watch", epilog="Example: lean-live feed watch --connect unix:/tmp/feed --symbols IBM --on-gap halt")
@click.option("--connect", metavar="ADDRESS", help="unix:PATH or tcp:HOST:PORT of a publisher.")
@click.option("--websocket", is_flag=True, help="Receive the JSON websocket of [websocket] instead.")
@click.option("--symbols", default="", metavar="LIST", help="As in equity/usa/IBM; without it all that are sent.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings: tables [feed] and [websocket].")
@click.option("--on-gap", type=_ACTION, help="What to do when ticks are missing; goes before [feed].")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after this time.")
@progress_option
@common_options
def watch(
    connect: str | None,
    websocket: bool,
    symbols: str,
    config: Path | None,
    on_gap: str | None,
    seconds: float | None,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Receive a feed, and show what comes and what is wrong with it.

    Ends with the session, with exit code 1 when the feed halts.
    """
    if (connect is None) is not websocket:
        raise UsageError("name either a publisher with --connect, or --websocket")
    settings = with_feed_options(load_config(config), on_gap)
    wanted = tuple(each.strip() for each in symbols.split(",") if each.strip())
    shown = choose_feed_progress(progress, sys.stderr, 0)
    if connect is not None:
        token = read_token(Path(settings.feed.token_file) if settings.feed.token_file else None)
        watched = watch_socket(parse_address(connect, "--connect"), settings.feed, wanted, token)
    else:
        watched = watch_websocket(settings.feed, settings.websocket)
    watched.on_look = lambda: shown.update(0, watched.ticks, int(watched.may_trade))

    async def main() -> None:
        shown.begin(connect or settings.websocket.url)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await watched.run()

    _run(main, lambda state: _print(watched.result(state), as_json), shown, lambda: None)
    _raise_if_halted(watched)


def _raise_if_halted(watched: FeedWatch) -> None:
    if watched.halt_reason:
        raise click.exceptions.Exit(int(ExitCode.RUN_FAILED))


def _run(
    main: Callable[[], Coroutine[Any, Any, None]],
    report: Callable[[str], None],
    shown: FeedProgress,
    close: Callable[[], None],
) -> None:
    """Run a feed to its end, or until Ctrl-C or a request to end stops it, and report what it did."""

    async def stoppable() -> bool:
        task = asyncio.ensure_future(main())
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return False
        return True

    try:
        has_ended = run_loop(stoppable())
    finally:
        shown.end()
        close()
    report("ended" if has_ended else "interrupted")
    if not has_ended:
        raise click.exceptions.Exit(int(ExitCode.INTERRUPTED))


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        print_feed(result, Console(file=sys.stdout))


def parse_speed(text: str) -> float | None:
    """Return the speed that a word means, None for max.

    Raises:
        UsageError: it is neither max nor a number above 0.
    """
    if text == "max":
        return None
    with suppress(ValueError):
        speed = float(text)
        if math.isfinite(speed) and speed > 0:
            return speed
    raise UsageError(f"--speed {text!r} is no speed; write a number above 0, or max")


def check_days(first: date | None, last: date | None) -> None:
    """Check that days are in order.

    Raises:
        UsageError: they are not.
    """
    if first is not None and last is not None and last < first:
        raise UsageError(f"--to {last} lies before --from {first}; exchange them")
