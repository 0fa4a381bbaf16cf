"""A session over a socket gives what the data folder gives; slow consumers; the command."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.feed import PATIENCE_SECONDS, SETTINGS, TRADES, Consumer, publishing, records_of, trade, until
from support.lean_folder import LeanFolder

from live.algorithm.enums import Resolution
from live.cli.main import run
from live.errors import DataError, EnvironmentFault, UsageError
from live.feeds.data_folder import DataFolder
from live.feeds.socket.address import FeedAddress
from live.feeds.socket.health import FeedState
from live.feeds.socket.loops import run_loop
from live.feeds.socket.publisher import Publisher
from live.feeds.socket.replay import Replay, ReplaySession, parse_symbol
from live.hot.merge import TickMerge

DAY = date(2013, 10, 7)
TOKEN = "0123456789abcdef"


def play(main: Any) -> None:
    """Run a test to its end, or end it when it hangs."""
    run_loop(asyncio.wait_for(main, 10 * PATIENCE_SECONDS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    path = tmp_path_factory.mktemp("data")
    made = LeanFolder(path)
    for name, price in (("ibm", 100), ("spy", 200)):
        for is_quote in (False, True):
            rows = []
            for number in range(3_000):
                at = 34_200_000 + number // 3 * 7
                cents = (price * 100 + number % 50) * 100
                venue = f"P,{number % 16:x},{int(number % 97 == 5)}"
                first = f"{at},{cents},{number + 1}"
                rows.append(f"{first},{cents + 100},{number + 2},{venue}" if is_quote else f"{first},{venue}")
            made.day(name, DAY, Resolution.TICK, rows, is_quote)
    return DataFolder(path)


def session_of(folder: DataFolder) -> ReplaySession:
    return ReplaySession(folder, ["IBM", "equity/usa/SPY"], None, None, True)


@pytest.mark.parametrize("full_queue", [8_192, 600])
def test_a_session_gives_exactly_the_records_of_the_folder(folder: DataFolder, tmp_path: Path, full_queue: int) -> None:
    expected = records_of(TickMerge([*session_of(folder).streams]))
    assert len(expected) == 12_000

    async def main() -> None:
        session = session_of(folder)
        async with publishing(tmp_path / "feed", session.channels, waits=True, window_ticks=2_048) as (
            publisher,
            address,
        ):
            chosen = msgspec.structs.replace(SETTINGS, queue_ticks=full_queue)
            consumers = [Consumer(address, chosen, session.channels) for _ in range(2)]
            for consumer in consumers:
                consumer.start()
            await publisher.wait_for_consumers(2)
            await Replay(session, publisher, None, lambda: None).play()
            await publisher.finish()
            for consumer in consumers:
                await consumer.ended()
                assert consumer.records == expected
                assert consumer.counters.ticks == 12_000
                assert consumer.health.state is FeedState.ENDED

    play(main())


def test_a_paced_session_keeps_its_schedule(folder: DataFolder, tmp_path: Path) -> None:
    async def main() -> None:
        session = session_of(folder)
        async with publishing(tmp_path / "feed", session.channels) as (publisher, address):
            consumer = Consumer(address, SETTINGS, session.channels)
            consumer.start()
            await publisher.wait_for_consumers(1)
            began = asyncio.get_running_loop().time()
            replay = Replay(session, publisher, 20.0, lambda: None)
            await replay.play()
            # 999 steps of 7 ms at 20 times the speed; never faster than that, however busy the machine is.
            assert asyncio.get_running_loop().time() - began >= 999 * 0.007 / 20
            await publisher.finish()
            await consumer.ended()
            assert consumer.counters.ticks == replay.ticks == 12_000

    play(main())


def test_a_run_that_is_slow_stops_receiving_and_loses_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "feed", waits=True, window_ticks=512) as (publisher, address):
            consumer = Consumer(address, msgspec.structs.replace(SETTINGS, queue_ticks=50))
            consumer.takes = False
            consumer.start()
            await publisher.wait_for_consumers(1)
            total = 100_000

            async def send() -> None:
                for first in range(1, total, 500):
                    await publisher.publish([trade(number) for number in range(first, first + 500)])

            sending = asyncio.ensure_future(send())
            await until(lambda: consumer.counters.receive_pauses == 1)
            assert consumer.inbox.sources[0].waiting == 500
            consumer.takes = True
            while not sending.done():
                consumer.take()
                await asyncio.sleep(0)
            await sending
            finishing = asyncio.ensure_future(publisher.finish())
            while not finishing.done():
                consumer.take()
                await asyncio.sleep(0)
            while not consumer.health.is_over:
                consumer.take()
                await asyncio.sleep(0)
            consumer.take()
            assert consumer.numbers == list(range(1, total + 1))
            counters = consumer.counters
            assert counters.ticks_dropped == counters.ticks_conflated == counters.gaps == counters.silences == 0
            await consumer.stop()

    play(main())


@pytest.mark.parametrize("policy", ["conflate", "drop"])
def test_a_full_queue_counts_every_tick_that_it_gives_up(tmp_path: Path, policy: str) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "feed") as (publisher, address):
            consumer = Consumer(
                address, msgspec.structs.replace(SETTINGS, queue_ticks=8, full_queue=policy, on_overflow="pause")
            )
            consumer.takes = False
            consumer.start()
            await publisher.wait_for_consumers(1)
            await publisher.publish([trade(number) for number in range(1, 101)])
            await until(lambda: consumer.feed.next_sequence == 101)
            consumer.takes = True
            consumer.take()
            counters = consumer.counters
            assert consumer.health.state is FeedState.PAUSED
            if policy == "conflate":
                assert consumer.numbers == [97, 98, 99, 100]
                assert (counters.ticks, counters.ticks_conflated) == (100, 96)
            else:
                assert consumer.numbers == [1, 2, 3, 4, 5, 6, 7, 8]
                assert (counters.ticks, counters.ticks_dropped) == (8, 92)
            await consumer.stop()

    play(main())


def test_a_consumer_behind_the_window_is_dropped_with_a_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "feed", window_ticks=1_024) as (publisher, address):
            slow = Consumer(address, msgspec.structs.replace(SETTINGS, queue_ticks=1, on_gap="continue"))
            slow.takes = False
            quick = Consumer(address)
            slow.start()
            quick.start()
            await publisher.wait_for_consumers(2)
            sent = 0
            while publisher.slow_drops == 0:
                await publisher.publish([trade(number) for number in range(sent + 1, sent + 501)])
                sent += 500
                await until(lambda total=sent: quick.feed.next_sequence == total + 1)
            assert quick.numbers == list(range(1, sent + 1))
            slow.takes = True
            slow.take()
            # Each look takes what waits, so that receiving goes on.
            async with asyncio.timeout(PATIENCE_SECONDS):
                while slow.feed.next_sequence != sent + 1:
                    slow.take()
                    await asyncio.sleep(0.001)
            slow.take()
            assert slow.counters.refusals >= 1
            assert slow.counters.ticks + slow.counters.ticks_missing == sent
            assert len(slow.numbers) == slow.counters.ticks
            assert quick.counters.refusals == 0
            await slow.stop()
            await quick.stop()

    play(main())


def test_resuming_within_a_frame_gives_the_rest_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with publishing(tmp_path / "feed") as (publisher, _):
            await publisher.publish([trade(number) for number in range(1, 11)])
            await publisher.publish([trade(number) for number in range(11, 21)])
            first, position, rest = publisher.window.find(4)
            assert (first, position) == (4, 1)
            assert rest
            assert publisher.window.find(11) == (11, 1, b"")
            assert publisher.window.find(21) == (21, 2, b"")

    play(main())


# -- addresses and secrets


def test_a_socket_file_belongs_to_its_owner_alone_and_goes_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "feed"

    async def main() -> None:
        async with publishing(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            with pytest.raises(EnvironmentFault, match="another publisher listens"):
                await Publisher([TRADES]).listen(FeedAddress(path))
        assert not path.exists()
        path.write_text("mine")
        with pytest.raises(EnvironmentFault, match="no socket"):
            await Publisher([TRADES]).listen(FeedAddress(path))

    play(main())


def test_a_socket_file_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "feed"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()

    async def main() -> None:
        async with publishing(path) as (publisher, address):
            consumer = Consumer(address)
            consumer.start()
            await publisher.wait_for_consumers(1)
            await consumer.stop()

    play(main())


def test_tcp_beyond_this_machine_needs_a_token() -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="--token-file"):
            await Publisher([TRADES]).listen(FeedAddress(None, "0.0.0.0", 0))

    play(main())


@pytest.mark.parametrize("token", [TOKEN, "wrong" * 4, ""])
def test_a_token_is_asked_for(token: str) -> None:
    async def main() -> None:
        publisher = Publisher([TRADES], token=TOKEN)
        address = await publisher.listen(FeedAddress(None, "127.0.0.1", 0))
        consumer = Consumer(address, token=token)
        consumer.start()
        if token == TOKEN:
            await publisher.wait_for_consumers(1)
            await consumer.stop()
        else:
            await consumer.ended()
            assert "token" in consumer.health.reason
            assert consumer.counters.frames == 1
            assert publisher.bad_requests == 1
        await publisher.stop("the test is over")

    play(main())


# -- the session


def test_symbols_and_days_that_are_not_there_are_named(folder: DataFolder) -> None:
    assert parse_symbol(folder, "ibm")[1:] == ("usa", "IBM")
    for word, error, words in (
        ("XYZ", DataError, "no ticks of XYZ; there are: IBM, SPY"),
        ("equity/usa/XYZ", DataError, "ibm, spy"),
        ("equity/IBM", UsageError, "equity/usa/IBM"),
        ("", UsageError, "no symbol"),
    ):
        with pytest.raises(error, match=words):
            parse_symbol(folder, word)
    with pytest.raises(DataError, match="from 2013-10-07 to 2013-10-07"):
        ReplaySession(folder, ["IBM"], date(2014, 1, 2), date(2014, 1, 3), True)
    with pytest.raises(UsageError, match="twice"):
        ReplaySession(folder, ["IBM", "equity/usa/ibm"], None, None, True)


def test_damaged_data_end_the_session_after_the_ticks_before_the_damage(tmp_path: Path) -> None:
    made = LeanFolder(tmp_path / "data")
    made.day("ibm", DAY, Resolution.TICK, ["34200000,1000000,100,P,0,0", "34200001,NaN,100,P,0,0"])

    async def main() -> None:
        session = ReplaySession(DataFolder(made.path), ["IBM"], None, None, True)
        async with publishing(tmp_path / "feed", session.channels) as (publisher, address):
            consumer = Consumer(address, SETTINGS, [TRADES])
            consumer.start()
            await publisher.wait_for_consumers(1)
            with pytest.raises(DataError, match="line 2"):
                await Replay(session, publisher, None, lambda: None).play()
            await until(lambda: len(consumer.records) == 1)
            await consumer.stop()

    play(main())


# -- the command


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from live.cli.main import main; main(sys.argv[1:])", *words]


def test_the_command_publishes_and_another_one_watches(folder: DataFolder, tmp_path: Path) -> None:
    address = f"unix:{tmp_path / 'feed'}"
    words = ["--data-folder", str(folder.path), "--symbols", "IBM,SPY", "--listen", address, "--speed", "max", "--json"]
    watching = command("feed", "watch", "--connect", address, "--json", "--on-gap", "halt")
    with subprocess.Popen(watching, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watch:
        played = subprocess.run(command("feed", "replay", *words), capture_output=True, timeout=60)
        seen, errors = watch.communicate(timeout=60)
    assert played.returncode == 0, played.stderr
    assert watch.returncode == 0, errors
    sent, found = json.loads(played.stdout), json.loads(seen)
    assert (sent["state"], sent["ticks"], sent["consumers"]) == ("ended", 12_000, 1)
    assert (found["state"], found["ticks"], found["gaps"]) == ("ended", 12_000, 0)
    assert found["channels"] == sent["channels"]
    assert b"connected" in played.stderr


def test_the_command_can_be_interrupted(folder: DataFolder, tmp_path: Path) -> None:
    path = tmp_path / "feed"
    words = [
        "--data-folder",
        str(folder.path),
        "--symbols",
        "IBM",
        "--listen",
        f"unix:{path}",
        "--speed",
        "0.01",
        "--json",
    ]
    with subprocess.Popen(
        command("feed", "replay", *words, "--wait-for", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as replay:
        assert replay.stderr is not None
        assert b"unix:" in replay.stderr.readline()
        os.kill(replay.pid, signal.SIGINT)
        out, errors = replay.communicate(timeout=60)
    assert replay.returncode == 130, errors
    assert json.loads(out)["state"] == "interrupted"
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["replay", "--symbols", "IBM", "--listen", "nowhere"], "unix:PATH or tcp:HOST:PORT"),
        (["replay", "--symbols", "IBM", "--listen", "unix:/x", "--speed", "fast"], "--speed 'fast'"),
        (["replay", "--symbols", "IBM", "--listen", "unix:/x", "--speed", "nan"], "--speed 'nan'"),
        (["watch"], "either a publisher with --connect, or --websocket"),
        (["watch", "--connect", "unix:/x", "--symbols", "IBM"], "equity/usa/IBM"),
    ],
)
def test_usage_errors_name_the_option(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feed", *words]) == 2
    assert text in capsys.readouterr().err
