"""Parts of runs on a feed on their own: garbage collection in idle moments, and the clock of a session."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from live.clock import wall_ns
from live.feeds.socket.loops import run_loop
from live.feeds.socket.receiver import SessionClock
from live.hot.histogram import Histogram
from live.idle_collector import IdleCollector
from live.paper.feed_clock import FeedClock
from live.paper.feed_follower import FeedFollower
from live.paper.feed_run import FeedRun

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def collector() -> Iterator[IdleCollector]:
    collector = IdleCollector(20 * MILLISECOND_NS)
    assert collector.begin(0) > 10_000
    yield collector
    collector.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def collections() -> list[int]:
    return [generation["collections"] for generation in gc.get_stats()]


def test_nothing_is_collected_while_ticks_come(collector: IdleCollector) -> None:
    assert not gc.isenabled()
    before = collections()
    kept = [[number] for number in range(50_000)]
    collector.look(SECOND_NS, 19 * MILLISECOND_NS)
    assert collections() == before
    assert len(kept) == 50_000


def test_the_young_are_collected_in_an_idle_moment(collector: IdleCollector) -> None:
    before = collections()
    kept = [[number] for number in range(1_000)]
    collector.look(SECOND_NS, 20 * MILLISECOND_NS)
    after = collections()
    assert after[0] == before[0] + 1
    assert after[2] == before[2]
    # Nothing has gathered since.
    collector.look(SECOND_NS, 30 * MILLISECOND_NS)
    assert collections() == after
    assert len(kept) == 1_000


def test_the_old_are_left_to_long_silences(collector: IdleCollector) -> None:
    before = collections()[2]
    collector.look(59 * SECOND_NS, 10 * SECOND_NS)
    assert collections()[2] == before
    collector.look(60 * SECOND_NS, SECOND_NS)
    assert collections()[2] == before
    collector.look(60 * SECOND_NS, 2 * SECOND_NS)
    assert collections()[2] == before + 1
    collector.look(119 * SECOND_NS, 61 * SECOND_NS)
    assert collections()[2] == before + 1


def test_so_much_garbage_that_memory_is_at_stake_is_collected_at_once(collector: IdleCollector) -> None:
    before = collections()
    kept = [[number] for number in range(210_000)]
    collector.look(SECOND_NS, 0)
    assert collections() == [before[0], before[1] + 1, before[2]]
    collector.look(SECOND_NS, 0)
    assert collections() == [before[0], before[1] + 1, before[2]]
    assert len(kept) == 210_000


def test_the_old_do_not_wait_for_ever_for_a_long_silence(collector: IdleCollector) -> None:
    before = collections()[2]
    collector.look(599 * SECOND_NS, 20 * MILLISECOND_NS)
    collector.look(600 * SECOND_NS, 19 * MILLISECOND_NS)
    assert collections()[2] == before
    collector.look(600 * SECOND_NS, 20 * MILLISECOND_NS)
    assert collections()[2] == before + 1
    collector.look(1_199 * SECOND_NS, 20 * MILLISECOND_NS)
    assert collections()[2] == before + 1


@pytest.mark.parametrize(("objects", "idle_ns"), [(4_000, 20 * MILLISECOND_NS), (210_000, 0)], ids=["idle", "busy"])
def test_what_outlives_the_young_generations_is_bounded(collector: IdleCollector, objects: int, idle_ns: int) -> None:
    before = collections()[2]
    alive: list[weakref.ref[Ring]] = []
    kept: list[list[Ring]] = []
    for number in range(300 if idle_ns else 25):
        ring = Ring()
        alive.append(weakref.ref(ring))
        # Two moments old when it is dropped: garbage of an older generation.
        kept = [*kept[-1:], [ring, *(Ring() for _ in range(objects))]]
        collector.look(SECOND_NS + number, idle_ns)
    assert collections()[2] > before
    assert alive[0]() is None


def test_a_feed_with_heartbeats_has_idle_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(ns=0)
    monkeypatch.setattr("live.paper.feed_follower.monotonic_ns", lambda: now.ns)
    found: list[int] = []
    anything: Any = MagicMock()
    anything.inbox.newest_ns = anything.inbox.newest_tick_ns = anything.ticks_sent_ns = 5
    anything.stop_requested = False
    anything.clock.now_ns = 5
    anything.at_heartbeat.return_value = anything.delay_ns.return_value = None
    follower = FeedFollower(
        anything, anything, anything, anything, anything, 5.0, Histogram(), lambda: None, found.append
    )
    now.ns = anything.received_ns = SECOND_NS
    follower.on_ticks()
    now.ns = anything.received_ns = 4 * SECOND_NS
    follower._on_heartbeat(5, 5)
    follower._idle()
    assert found == [3 * SECOND_NS]


def test_a_session_without_a_time_begins_now() -> None:
    before_ns = wall_ns()
    assert before_ns <= FeedClock(SessionClock()).begin_ns <= wall_ns()
    assert FeedClock(SessionClock(5, 2.0)).begin_ns == 5


def test_time_goes_on_from_the_newest_tick() -> None:
    clock = FeedClock(SessionClock(1_000, 3.0))
    clock.saw_ticks(5_000, 100)
    assert clock.at_heartbeat(100, 0) == 5_000
    assert clock.at_heartbeat(110, 0) == 5_030
    clock.saw_ticks(6_000, 200)
    # A heartbeat from before the tick tells nothing new.
    assert clock.at_heartbeat(150, 0) == 6_000
    clock.begin_session(SessionClock(1_000, 3.0))
    assert clock.at_heartbeat(10_000, 0) is None


def test_a_signal_handler_leaves_the_receiver_to_the_event_loop() -> None:
    """A handler may run while a transport asks where to read to; closing it there crashed uvloop."""
    stops: list[str] = []

    class Receiver:
        def stop(self) -> None:
            stops.append("by the loop" if is_left else "by the handler")

    async def main() -> None:
        nonlocal is_left
        run._loop = asyncio.get_running_loop()
        is_left = False
        run.stop()
        is_left = True
        await asyncio.sleep(0)

    run = object.__new__(FeedRun)
    run.receiver = Receiver()  # type: ignore[assignment]
    is_left = True
    run_loop(main())
    assert stops == ["by the loop"]
