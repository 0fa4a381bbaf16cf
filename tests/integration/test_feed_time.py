"""What time it is in a run on a feed: ticks, heartbeats, late ones, closed hours, sessions that begin anew."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from support.feed import PATIENCE_SECONDS, frame_of, publishing
from support.feed_market import write_market
from support.feed_runs import (
    IBM,
    SECOND_NS,
    ByHand,
    FeedRuns,
    Scene,
    counters_of,
    moment_ns,
    probes,
    quote,
    trade,
)

from live.clock import wall_ns
from live.feeds.data_folder import DataFolder
from live.feeds.socket.decoder import FrameDecoder
from live.feeds.socket.frames import Channel, End, Heartbeat, Message, Subscribe, Ticks
from live.feeds.socket.loops import run_loop
from live.feeds.socket.replay import Replay, ReplaySession

STRATEGY = """
from AlgorithmImports import *

class Strategy({base}):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK{more}).symbol
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(minutes=1)), self.minute)
        self.log(f"PROBE begins {{self.utc_time:%Y-%m-%d %H:%M:%S}}")
        self.quantity = 0
{initialize}

    def minute(self):
        self.log(f"PROBE minute {{self.time:%H:%M:%S}} {{self.securities[self.ibm].price}}")

    def on_order_event(self, event):
        self.log(f"PROBE {{event.status}} {{self.time:%H:%M:%S.%f}} {{event.fill_price}}")
{calls}
"""
SLICES_CALLS = """
    def on_data(self, data):
        for tick in data.ticks.get(self.ibm, []):
            what = "trade" if tick.tick_type == TickType.TRADE else "quote"
            self.log(f"PROBE {what} {self.time:%H:%M:%S.%f} {tick.price}")
"""
LIVE_CALLS = """
    def on_tick(self, tick):
        self.log(f"PROBE {'trade' if tick.is_trade else 'quote'} {self.time:%H:%M:%S.%f} {tick.price}")
"""


def strategy(tier: str, more: str = "", initialize: str = "pass", calls: str = "") -> str:
    """Return a strategy of a tier that writes down every tick and a scheduled event of each minute."""
    base, own = ("QCAlgorithm", SLICES_CALLS) if tier == "slices" else ("LiveAlgorithm", LIVE_CALLS)
    return STRATEGY.format(base=base, more=more, initialize=f"        {initialize}", calls=own + calls)


BOTH = pytest.mark.parametrize("tier", ["slices", "live"])


# -- heartbeats


@BOTH
def test_heartbeats_move_the_clock_when_no_tick_comes(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            publisher.wait(28.0)
            publisher.heartbeat()
            publisher.wait(2.0)
            publisher.heartbeat()
            # The first heartbeat is of 10:00:59, this one of 10:01:01.
            await scene.until(lambda: "minute 10:01:00 180.0" in scene.lines)
            publisher.wait(150.0)
            publisher.heartbeat()
            await scene.until(lambda: len(scene.lines) == 5)
            publisher.ticks(trade("10:04:00", 181.0))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log) == [
        "begins 2013-10-07 14:00:30",
        "trade 10:00:31.000000 180.0",
        "minute 10:01:00 180.0",
        "minute 10:02:00 180.0",
        "minute 10:03:00 180.0",
        "minute 10:04:00 181.0",
        "trade 10:04:00.000000 181.0",
    ]
    assert counters_of(ended)["ticks_restamped"] == 0


@BOTH
def test_the_speed_of_the_session_counts(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=60.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:30", 180.0))
            await scene.took(1)
            publisher.wait(2.6)
            publisher.heartbeat()
            await scene.until(lambda: len(scene.lines) == 5)
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log)[2:] == ["minute 10:01:00 180.0", "minute 10:02:00 180.0", "minute 10:03:00 180.0"]
    assert ended.summary["session"]["end"].startswith("2013-10-07T14:03:05.99")


@BOTH
def test_a_clock_that_only_ticks_move_stands_still_between_them(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=0.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:30", 180.0))
            await scene.took(1)
            publisher.wait(3_600.0)
            publisher.heartbeat()
            publisher.ticks(trade("10:01:10", 181.0))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log)[1:] == [
        "trade 10:00:30.000000 180.0",
        "minute 10:01:00 180.0",
        "trade 10:01:10.000000 181.0",
    ]


@BOTH
def test_before_the_first_tick_a_session_of_the_past_stands_still(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.wait(600.0)
            publisher.heartbeat()
            publisher.ticks(trade("10:00:30.5", 180.0))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log)[1:] == ["trade 10:00:30.500000 180.0"]


@BOTH
def test_steps_of_the_senders_wall_clock_do_not_move_the_run(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:30", 180.0))
            await scene.took(1)
            publisher.heartbeat()
            publisher.wait(20.0)
            publisher.wall_ns += 7_200 * SECOND_NS
            publisher.heartbeat()
            publisher.wait(1.0)
            publisher.wall_ns -= 7_200 * SECOND_NS
            publisher.heartbeat()
            await scene.until(lambda: scene.counters.clock_steps == 2)
            publisher.ticks(trade("10:00:55", 181.0))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log)[1:] == ["trade 10:00:30.000000 180.0", "trade 10:00:55.000000 181.0"]


@BOTH
def test_resting_orders_wait_for_data_when_time_goes_by(runs: FeedRuns, data: Path, tier: str) -> None:
    calls = """
    def on_end_of_algorithm(self):
        self.log(f"PROBE held {self.portfolio[self.ibm].quantity}")
"""
    text = strategy(tier, calls=calls).replace(
        "    def minute(self):\n", "    def minute(self):\n        self.limit_order(self.ibm, 10, 179.5)\n"
    )

    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            publisher.wait(40.0)
            publisher.heartbeat()
            await scene.until(lambda: any("minute" in line for line in scene.lines))
            publisher.ticks(trade("10:01:20", 179.4))
            publisher.end()

    found = probes(runs.follow(text, data, script).log)
    assert found[2:4] == ["SUBMITTED 10:01:00.000000 0.0", "minute 10:01:00 180.0"]
    assert [line for line in found[4:] if not line.startswith("trade")] == ["FILLED 10:01:20.000000 179.4", "held 10.0"]


# -- ticks that come late


@BOTH
def test_ticks_a_little_late_get_the_runs_time_and_old_ones_are_left_out(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            # Quotes are a channel of their own, which has had no tick.
            publisher.ticks(quote("10:00:29", 179.0, 179.5))
            await scene.took(2)
            publisher.ticks(quote("10:00:25.9", 170.0, 170.5))
            publisher.ticks(quote("10:00:26", 178.0, 178.5), trade("10:00:32", 181.0))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log)[1:] == [
        "trade 10:00:31.000000 180.0",
        "quote 10:00:31.000000 179.25",
        "trade 10:00:32.000000 181.0",
    ]
    counters = counters_of(ended)
    # The quotes of 10:00:25.9 and 10:00:26 are also older than the one before them.
    assert (counters["ticks_restamped"], counters["ticks_out_of_order"], counters["ticks_stale"]) == (1, 2, 0)


@BOTH
@pytest.mark.parametrize(("age", "fate"), [("10:00:31", "restamped"), ("10:00:30.9", "stale")])
def test_five_seconds_are_the_limit(runs: FeedRuns, data: Path, tier: str, age: str, fate: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:36", 180.0))
            await scene.took(1)
            publisher.ticks(quote(age, 179.0, 179.5))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    quotes = [line for line in probes(ended.log) if line.startswith("quote")]
    assert quotes == (["quote 10:00:36.000000 179.25"] if fate == "restamped" else [])
    assert counters_of(ended)[f"ticks_{fate}"] == 1


@BOTH
def test_a_moment_in_two_frames_is_of_the_same_time(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            publisher.ticks(quote("10:00:31", 179.0, 179.5))
            await scene.took(2)
            publisher.ticks(trade("10:00:31", 182.0), quote("10:00:31", 180.0, 180.5))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log)[1:] == [
        "trade 10:00:31.000000 180.0",
        "quote 10:00:31.000000 179.25",
        "trade 10:00:31.000000 182.0",
        "quote 10:00:31.000000 180.25",
    ]
    counters = counters_of(ended)
    assert counters["ticks"] == 4
    assert counters["ticks_restamped"] == counters["ticks_out_of_order"] == counters["ticks_stale"] == 0


@BOTH
def test_a_run_that_comes_late_begins_with_the_present(runs: FeedRuns, data: Path, tmp_path: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM) as (publisher, _):
            # What the publisher still has of the time before the run.
            await publisher.publish([trade("10:00:00", 170.0), quote("10:00:00", 169.0, 169.5)])
            await publisher.publish([trade("10:20:00", 171.0)])
            publisher.set_clock(moment_ns("10:30:00.5"), 1.0)
            await publisher.wait_for_consumers(1)
            await scene.ready()
            await publisher.publish([trade("10:30:01", 180.0)])
            await publisher.finish()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log) == ["begins 2013-10-07 14:30:00", "trade 10:30:01.000000 180.0"]
    assert (counters_of(ended)["ticks_before_start"], counters_of(ended)["ticks_stale"]) == (3, 0)
    # They are no loss: the run had not begun.
    assert ended.summary["ticks_dropped"] == {}


@BOTH
def test_late_ticks_do_not_drive_the_clock_ahead(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            for number in range(6):
                # The run decides on a moment, and a tick of four seconds before it comes.
                publisher.wait(4.0)
                publisher.heartbeat()
                frames = scene.counters.frames
                publisher.ticks(quote(moment_ns("10:00:31") + number * 4 * SECOND_NS, 179.0, 179.5))
                await scene.until(lambda seen=frames + 1: scene.counters.frames >= seen)
                await scene.took(number + 2)
            # No later than 10:00:55 by all that the publisher said.
            publisher.heartbeat()
            publisher.ticks(trade("10:00:56", 181.0))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script)
    assert probes(ended.log)[-1] == "trade 10:00:56.000000 181.0"
    assert not [line for line in probes(ended.log) if line.startswith("minute")]
    assert counters_of(ended)["ticks_stale"] == 0


@BOTH
def test_frames_that_come_late_do_not_drive_the_clock_ahead(runs: FeedRuns, data: Path, tier: str) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet()
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0))
            await scene.took(1)
            early_ns = publisher.monotonic_ns
            publisher.wait(20.0)
            newer = Ticks(3, publisher.monotonic_ns, [trade("10:00:51", 181.0)])
            late = Ticks(2, early_ns, [trade("10:00:31.5", 180.5)])
            publisher._writer.write(frame_of(newer) + frame_of(late))
            await scene.took(2)
            await scene.until(lambda: scene.counters.ticks_late == 1)
            publisher.next_sequence = 4
            publisher.wait(5.0)
            publisher.heartbeat()
            publisher.ticks(trade("10:00:57", 182.0))
            publisher.end()

    ended = runs.follow(strategy(tier), data, script, settings={"feed": {"on_gap": "continue"}})
    assert probes(ended.log)[1:] == [
        "trade 10:00:31.000000 180.0",
        "trade 10:00:51.000000 181.0",
        "trade 10:00:57.000000 182.0",
    ]
    assert counters_of(ended)["ticks_restamped"] == 0


# -- hours


@BOTH
@pytest.mark.parametrize("extended", [False, True])
def test_ticks_outside_of_hours_are_left_out_and_counted(runs: FeedRuns, data: Path, tier: str, extended: bool) -> None:
    times = ["03:59:59", "04:00:00", "09:29:59", "09:30:00", "15:59:59", "16:00:00", "19:59:59", "20:00:00"]

    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("03:00:00"), speed=0.0) as publisher:
            await publisher.greet()
            await scene.ready()
            for number, time in enumerate(times):
                publisher.ticks(trade(time, 180.0 + number))
            publisher.end()

    more = ", extended_market_hours=True" if extended else ""
    ended = runs.follow(strategy(tier, more), data, script)
    found = [line.split()[1][:8] for line in probes(ended.log) if line.startswith("trade")]
    assert found == (times[1:7] if extended else times[3:5])
    assert counters_of(ended)["ticks_outside_session"] == (2 if extended else 6)


# -- sessions


@BOTH
@pytest.mark.parametrize("monotonic_seconds", [5, 1_000_000])
def test_a_session_that_begins_anew_goes_on_in_the_run(
    runs: FeedRuns, data: Path, tier: str, monotonic_seconds: int
) -> None:
    async def script(scene: Scene) -> None:
        async with ByHand(scene, time_ns=moment_ns("10:00:30"), speed=1.0) as publisher:
            await publisher.greet("the first")
            await scene.ready()
            publisher.ticks(trade("10:00:31", 180.0), trade("10:00:32", 181.0))
            await scene.took(2)
            publisher._writer.close()
            publisher.next_sequence = 1
            # Another machine: its clock has nothing to do with the first one's.
            publisher.monotonic_ns = monotonic_seconds * SECOND_NS
            await publisher.greet("the second")
            publisher.heartbeat()
            publisher.ticks(trade("10:00:40", 182.0))
            await scene.took(3)
            publisher.wait(30.0)
            publisher.heartbeat()
            await scene.until(lambda: "minute 10:01:00 182.0" in scene.lines)
            publisher.end()

    ended = runs.follow(strategy(tier), data, script, settings={"feed": {"on_gap": "continue"}})
    assert probes(ended.log)[1:] == [
        "trade 10:00:31.000000 180.0",
        "trade 10:00:32.000000 181.0",
        "trade 10:00:40.000000 182.0",
        "minute 10:01:00 182.0",
    ]
    counters = counters_of(ended)
    assert (counters["sessions"], counters["connections"], counters["disconnects"]) == (2, 2, 1)
    assert counters["ticks"] == 3


@BOTH
def test_a_publisher_that_names_no_time_shows_the_worlds(runs: FeedRuns, data: Path, tier: str) -> None:
    channels = [Channel("crypto", "coinbase", "BTCUSD", False), Channel("crypto", "coinbase", "BTCUSD", True)]
    text = strategy(tier).replace(
        'self.add_equity("IBM", Resolution.TICK)', 'self.add_crypto("BTCUSD", Resolution.TICK)'
    )
    before_ns = wall_ns()
    seen: list[int] = []

    async def script(scene: Scene) -> None:
        async with ByHand(scene, channels) as publisher:
            publisher.wall_ns = wall_ns()
            await publisher.greet()
            await scene.ready()
            now_ns = wall_ns()
            seen.append(now_ns)
            publisher.ticks(trade(now_ns, 100.0), quote(now_ns + 1_000, 99.0, 101.0))
            await scene.took(2)
            publisher.wait(60.0)
            publisher.heartbeat()
            # Within a minute there is a minute.
            await scene.until(lambda: any(line.startswith("minute") for line in scene.lines))
            publisher.end()

    # The scheduled event lies ahead of the world's clock: only the heartbeat says that it is due.
    ended = runs.follow(text, data, script)
    assert ended.summary["session"]["start"] < ended.summary["session"]["end"]
    engine = runs.scene.run
    assert engine is not None
    assert before_ns <= engine.engine.start_utc_ns <= seen[0]
    assert seen[0] + 59 * SECOND_NS <= engine.engine.clock.now_ns <= seen[0] + 61 * SECOND_NS
    assert counters_of(ended)["ticks"] == 2


# -- the publisher's side


def test_a_publisher_that_is_late_promises_nothing_about_ticks_to_come(tmp_path: Path) -> None:
    data = write_market(tmp_path / "data", ticks=100)
    session = ReplaySession(DataFolder(data), ["IBM"], None, None, True)
    speed = 20_000.0
    messages: list[Message] = []

    async def main() -> None:
        async with publishing(tmp_path / "feed", session.channels, heartbeat_seconds=0.01) as (publisher, address):
            reader, writer = await asyncio.open_unix_connection(str(address.path))
            writer.write(frame_of(Subscribe(1, "", "", 1)))
            await publisher.wait_for_consumers(1)
            # After each frame the machine is busy for longer than the next tick and the next heartbeat are away.
            await Replay(session, publisher, speed, lambda: time.sleep(0.03)).play()
            finishing = asyncio.ensure_future(publisher.finish())
            content = await reader.read()
            await finishing
            writer.close()
            decoder = FrameDecoder()
            while content:
                space = decoder.free_space()
                piece, content = content[: len(space)], content[len(space) :]
                space[: len(piece)] = piece
                decoder.received(len(piece))
                while (message := decoder.next_message()) is not None:
                    messages.append(message)

    run_loop(asyncio.wait_for(main(), PATIENCE_SECONDS))
    session.close()
    tick_ns = sent_ns = told_ns = heartbeats = 0
    for message in messages:
        if isinstance(message, Ticks):
            assert message.ticks[0].time_ns >= told_ns
            tick_ns, sent_ns = message.ticks[-1].time_ns, message.sent_ns
        elif isinstance(message, Heartbeat) and tick_ns:
            heartbeats += 1
            told_ns = max(told_ns, tick_ns + int(max(0, message.sent_ns - sent_ns) * speed))
    assert heartbeats > 5
    assert told_ns <= messages[-2].ticks[-1].time_ns if isinstance(messages[-2], Ticks) else True
    assert isinstance(messages[-1], End)
