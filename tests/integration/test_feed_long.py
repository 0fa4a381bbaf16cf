"""A run on a feed in real time with faults all the while: everything is found, counted exactly, and nothing is dropped.

LEAN_LIVE_LONG_SECONDS sets how long it goes on; 600 is a good length for a look at a release.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from support.data import lean_data_folder
from support.feed import Proxy, frame_of, heartbeat_of, is_hello, publishing, ticks_of
from support.feed_runs import DAY, FeedRuns, Scene, counters_of, states_of

from live.feeds.data_folder import DataFolder
from live.feeds.sample import write_sample
from live.feeds.socket.frames import HEADER_BYTES, End
from live.feeds.socket.replay import Replay, ReplaySession

SECONDS = float(os.environ.get("LEAN_LIVE_LONG_SECONDS", "15"))
FRAMES_PER_FAULT = 3
STRATEGY = """
from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol
        self.calls = 0

    def on_tick(self, tick):
        self.calls += 1
        if self.calls % 40 == 0:
            self.submit(self.ibm, 10 if self.calls % 80 else -10)
"""
KINDS = ("drop", "duplicate", "hold", "cut", "damage", "mute", "step")
ACTIONS = ("gap", "silence", "disconnect", "malformed", "overflow", "clock_step")


class Trouble:
    """Injects one fault after the other, in an order that chance decides, and keeps a ledger of what a consumer will find.

    The ledger knows nothing of how the consumer counts: it notes which tick numbers were passed on, and which numbers the
    consumer was told are to come.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._plan: list[str] = []
        self._frames = 0
        self._held: bytes | None = None
        self._is_lost = False
        self._has_heartbeat = False
        self._step_ns = 0
        self._is_step_new = False
        self.is_calm = False
        self.injected: Counter[str] = Counter()
        self.told: list[tuple[int, int]] = []
        self.clock_steps = 0

    def __call__(self, frame: bytes) -> list[bytes] | None:
        if is_hello(frame):
            self._is_lost = self._has_heartbeat = self._is_step_new = False
            self._held = None
            return [frame]
        if self._is_lost:
            return []
        ticks = ticks_of(frame)
        if ticks is None:
            return self._other(frame)
        self._frames += 1
        if self.is_calm or self._frames % FRAMES_PER_FAULT:
            return [*self._pass_on(frame), *self._release()]
        return self._inject(self._next_fault(), frame)

    def _next_fault(self) -> str:
        if not self._plan:
            self._plan = list(KINDS)
            self._random.shuffle(self._plan)
        return self._plan.pop()

    def _inject(self, fault: str, frame: bytes) -> list[bytes] | None:
        self.injected[fault] += 1
        if fault == "drop":
            return self._release()
        if fault == "duplicate":
            return [*self._pass_on(frame), *self._pass_on(frame), *self._release()]
        if fault == "hold":
            before = self._release()
            self._held = frame
            return before
        if fault == "step":
            self._step_ns += self._random.choice((-3, 3)) * 1_000_000_000
            self._is_step_new = True
            return [*self._pass_on(frame), *self._release()]
        # What is held is lost with the connection, and asked for again.
        self._held = None
        self._is_lost = True
        if fault == "cut":
            return None
        if fault == "damage":
            return [frame[:-1] + bytes([frame[-1] ^ 0x55])]
        return []

    def _other(self, frame: bytes) -> list[bytes]:
        heartbeat = heartbeat_of(frame)
        if heartbeat is None:
            end = msgspec.msgpack.decode(frame[HEADER_BYTES:], type=End)
            released = self._release()
            self.told.append((end.next_sequence, 0))
            return [*released, frame]
        released = self._release()
        self.told.append((heartbeat.next_sequence, 0))
        self.clock_steps += self._is_step_new and self._has_heartbeat
        self._is_step_new, self._has_heartbeat = False, True
        wall_ns = heartbeat.wall_ns + self._step_ns
        return [*released, frame_of(msgspec.structs.replace(heartbeat, wall_ns=wall_ns))]

    def _release(self) -> list[bytes]:
        held, self._held = self._held, None
        return [] if held is None else self._pass_on(held)

    def _pass_on(self, frame: bytes) -> list[bytes]:
        ticks = ticks_of(frame)
        assert ticks is not None
        self.told.append((ticks.sequence, len(ticks.ticks)))
        return [frame]

    def expected(self) -> dict[str, int]:
        """Return what the consumer has to count, worked out tick by tick."""
        newest, seen = 0, set[int]()
        found: Counter[str] = Counter()
        for first, count in self.told:
            if first > newest + 1:
                found["gaps"] += 1
                found["ticks_missing"] += first - newest - 1
                newest = first - 1
            for number in range(first, first + count):
                if number > newest:
                    newest = number
                    found["ticks"] += 1
                elif number in seen:
                    found["ticks_duplicate"] += 1
                else:
                    found["ticks_late"] += 1
                seen.add(number)
        lost = {name: self.injected[name] for name in ("cut", "damage", "mute")}
        return {
            **{name: found[name] for name in ("gaps", "ticks_missing", "ticks_duplicate", "ticks_late", "ticks")},
            "disconnects": sum(lost.values()),
            "connections": sum(lost.values()) + 1,
            "frames_malformed": lost["damage"],
            "silences": lost["mute"],
            "clock_steps": self.clock_steps,
            "sessions": 1,
            **dict.fromkeys(
                ("ticks_dropped", "ticks_conflated", "ticks_invalid", "ticks_out_of_order", "frames_oversize"), 0
            ),
        }


def test_hours_of_trouble(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = lean_data_folder()
    if data is None:
        data = tmp_path / "sample"
        write_sample(data, days=[DAY])
    trouble = Trouble(7)
    published = 0

    async def script(scene: Scene) -> None:
        nonlocal published
        session = ReplaySession(DataFolder(data), ["IBM"], DAY, DAY, False)
        options = {"heartbeat_seconds": 0.1}
        async with publishing(scene.path.with_name("publisher"), session.channels, **options) as (publisher, address):
            # Makes the publisher name the beginning of the session.
            replay = Replay(session, publisher, 1.0, lambda: None)
            proxy = Proxy(address, scene.path, trouble)
            await proxy.start()
            await scene.ready()
            playing = asyncio.ensure_future(replay.play())
            try:
                await asyncio.wait((playing,), timeout=SECONDS)
                trouble.is_calm = True
                playing.cancel()
                await asyncio.wait((playing,))
                published = publisher.window.next_sequence - 1
                await scene.until(lambda: scene.feed.receiver.next_sequence == published + 1)
                await scene.until(lambda: scene.state == "running" and publisher.consumers == 1)
                await publisher.finish()
                await scene.until(lambda: scene.feed.health.is_over)
            finally:
                session.close()
                await proxy.stop()

    settings = {
        "feed": {**{f"on_{name}": "continue" for name in ACTIONS}, "silence_seconds": 2.0},
        "host": {"rehearsal_seconds": 0.5},
    }
    ended = FeedRuns(tmp_path, capsys, monkeypatch).follow(STRATEGY, data, script, settings=settings)
    expected, counters = trouble.expected(), counters_of(ended)
    assert {name: counters[name] for name in expected} == expected
    assert counters["ticks"] + counters["ticks_missing"] == published
    assert set(trouble.injected) == set(KINDS)
    summary = ended.summary
    assert sum(summary["ticks"].values()) + summary["ticks_dropped"].get("suspicious", 0) == counters["ticks"]
    assert states_of(ended)[-1] == "ended"
    assert "paused" not in states_of(ended)
    with capsys.disabled():
        print(f"\n{SECONDS:g} s: {published} ticks, injected {dict(trouble.injected)}, counted {expected}")
