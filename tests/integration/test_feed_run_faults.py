"""Every fault of a feed in a run: counted exactly, acted on as configured, logged, and shown to the risk gate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.commands import Ended
from support.feed import Proxy, frame_of, heartbeat_of, is_hello, publishing, ticks_of
from support.feed_runs import IBM, FeedRuns, Scene, Settings, counters_of, moment_ns, probes, states_of
from support.feed_runs import trade as trade_at

from live.feeds.socket.frames import FRAME_BYTES_MAX, HEADER, MAGIC, Tick
from live.feeds.socket.publisher import Publisher
from live.hot.telemetry_reader import TelemetryReader

SLICES = """
from AlgorithmImports import *

class Strategy(QCAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol

    def on_data(self, data):
        for tick in data.ticks.get(self.ibm, []):
            number = round((tick.price - 100) * 100)
            self.log(f"PROBE {number}")
            if number % 5 == 0:
                self.market_order(self.ibm, 1)

    def on_order_event(self, event):
        if event.status == OrderStatus.FILLED:
            self.log(f"PROBE filled {round((event.fill_price - 100) * 100)}")
"""
LIVE = """
from AlgorithmImports import *

class Strategy(LiveAlgorithm):
    def initialize(self):
        self.ibm = self.add_equity("IBM", Resolution.TICK).symbol

    def on_tick(self, tick):
        number = round((tick.price - 100) * 100)
        self.log(f"PROBE {number}")
        if number % 5 == 0:
            self.submit(self.ibm, 1)

    def on_order_event(self, event):
        if event.status == OrderStatus.FILLED:
            self.log(f"PROBE filled {round((event.fill_price - 100) * 100)}")
"""
BOTH = pytest.mark.parametrize("text", [SLICES, LIVE], ids=["slices", "live"])
BEGIN_NS = moment_ns("10:00:00")
Change = Callable[[bytes], list[bytes] | None]


def numbered(number: int) -> Tick:
    """Return a trade whose price tells its number; at each that 5 divides the strategy sends an order."""
    return trade_at(BEGIN_NS + number * 1_000_000, 100 + number / 100)


class Stage:
    """A publisher, what lies between it and the run, and the run."""

    def __init__(self, publisher: Publisher, proxy: Proxy, scene: Scene) -> None:
        self.publisher = publisher
        self.proxy = proxy
        self.scene = scene

    async def send(self, first: int, last: int) -> None:
        """Publish trades, one per frame, and wait until the run knows of them."""
        for number in range(first, last + 1):
            await self.publisher.publish([numbered(number)])
        await self.knows(last)

    async def play(self, first: int, last: int) -> None:
        """Publish trades, and wait until the strategy has had them: a fault after them does not concern them."""
        await self.send(first, last)
        await self.scene.took(last)

    async def knows(self, last: int) -> None:
        """Wait until the run knows of all ticks up to a number."""
        await self.scene.until(lambda: self.scene.feed.receiver.next_sequence == last + 1)

    async def resume(self) -> None:
        """Ask the run to resume, as `lean-live resume` does, and wait until it has."""
        TelemetryReader(self.scene.page).request_resume()
        await self.state("running")

    async def state(self, state: str) -> None:
        """Wait for a state of the feed."""
        await self.scene.until(lambda: self.scene.state == state)


def play(
    runs: FeedRuns,
    text: str,
    data: Path,
    change: Change,
    acts: Callable[[Stage], Awaitable[None]],
    settings: dict[str, Any],
    code: int = 0,
    **publisher_options: Any,
) -> Ended:
    """Play acts through a proxy that changes frames, and end the session, unless the run has ended before."""

    async def script(scene: Scene) -> None:
        async with publishing(scene.path.with_name("publisher"), IBM, **publisher_options) as (publisher, address):
            publisher.set_clock(BEGIN_NS, 0.0)
            proxy = Proxy(address, scene.path, change)
            await proxy.start()
            try:
                await scene.ready()
                await acts(Stage(publisher, proxy, scene))
                if not code:
                    await publisher.finish()
                await scene.until(lambda: scene.feed.health.is_over)
            finally:
                await proxy.stop()

    tables: Settings = {"feed": {"on_disconnect": "continue"} | settings}
    return runs.follow(text, data, script, settings=tables, code=code)


def numbers(ended: Ended) -> list[int]:
    """Return the numbers of the trades that the strategy saw, in order."""
    return [int(line) for line in probes(ended.log) if line.isdigit()]


def filled(ended: Ended) -> list[int]:
    """Return the numbers of the trades at whose prices orders were filled."""
    return [int(line.split()[1]) for line in probes(ended.log) if line.startswith("filled")]


def nothing(frame: bytes) -> list[bytes]:
    return [frame]


class Once:
    """Does something with the frame of tick 7, the first time that it comes."""

    def __init__(self, fault: Callable[[bytes], list[bytes] | None]) -> None:
        self._fault = fault
        self._is_done = False
        self._is_lost = False

    def __call__(self, frame: bytes) -> list[bytes] | None:
        if is_hello(frame):
            self._is_lost = False
        if self._is_lost:
            return []
        ticks = ticks_of(frame)
        if ticks is not None and ticks.sequence == 7 and not self._is_done:
            self._is_done = True
            frames = self._fault(frame)
            # After damage nothing more comes through on the same connection.
            self._is_lost = frames is not None and frame not in frames and frames != []
            return frames
        return [frame]


class Step:
    """Moves the sender's wall clock by two seconds after tick 7."""

    def __init__(self) -> None:
        self._step_ns = 0

    def __call__(self, frame: bytes) -> list[bytes]:
        ticks, heartbeat = ticks_of(frame), heartbeat_of(frame)
        if ticks is not None and ticks.sequence == 7:
            self._step_ns = 2_000_000_000
        if heartbeat is None:
            return [frame]
        return [frame_of(msgspec.structs.replace(heartbeat, wall_ns=heartbeat.wall_ns + self._step_ns))]


def damaged(frame: bytes) -> list[bytes]:
    return [frame[:-1] + bytes([frame[-1] ^ 1])]


def oversize(frame: bytes) -> list[bytes]:
    return [HEADER.pack(MAGIC, FRAME_BYTES_MAX + 1, 0)]


def garbage(frame: bytes) -> list[bytes]:
    return [b"\x00garbage that is no frame"]


FAULTS: dict[str, tuple[Callable[[], Change], str, dict[str, int], list[int]]] = {
    # What happens, its key, what is counted, the ticks that the strategy does not see.
    "drop": (lambda: Once(lambda frame: []), "on_gap", {"gaps": 1, "ticks_missing": 1}, [7]),
    "duplicate": (lambda: Once(lambda frame: [frame, frame]), "", {"ticks_duplicate": 1}, []),
    "cut": (lambda: Once(lambda frame: None), "on_disconnect", {"disconnects": 1, "connections": 2}, []),
    "damage": (lambda: Once(damaged), "on_malformed", {"frames_malformed": 1, "disconnects": 1}, []),
    "garbage": (lambda: Once(garbage), "on_malformed", {"frames_malformed": 1, "disconnects": 1}, []),
    "oversize": (lambda: Once(oversize), "on_malformed", {"frames_oversize": 1, "disconnects": 1}, []),
    "clock step": (Step, "on_clock_step", {"clock_steps": 1}, []),
}
COUNTED = (
    "gaps",
    "ticks_missing",
    "ticks_late",
    "ticks_duplicate",
    "ticks_dropped",
    "ticks_conflated",
    "ticks_out_of_order",
    "ticks_invalid",
    "ticks_stale",
    "ticks_restamped",
    "disconnects",
    "frames_malformed",
    "frames_oversize",
    "silences",
    "clock_steps",
)


def check_counts(ended: Ended, expected: dict[str, int]) -> None:
    """Check what was counted, and that nothing else was."""
    counters = counters_of(ended)
    assert {name: counters[name] for name in COUNTED if counters[name] or name in expected} == {
        name: count for name, count in expected.items() if name in COUNTED
    }
    assert {name: counters[name] for name in expected} == expected


@pytest.mark.parametrize("fault", list(FAULTS))
@BOTH
def test_a_fault_is_counted_and_passed_over(runs: FeedRuns, data: Path, text: str, fault: str) -> None:
    make, key, counted, absent = FAULTS[fault]

    async def acts(stage: Stage) -> None:
        await stage.send(1, 10)
        if key == "on_clock_step":
            await stage.scene.until(lambda: stage.scene.counters.clock_steps == 1)
        await stage.send(11, 20)

    ended = play(runs, text, data, make(), acts, {key: "continue"} if key else {})
    assert numbers(ended) == [number for number in range(1, 21) if number not in absent]
    assert filled(ended) == [5, 10, 15, 20]
    assert ended.summary["denials"] == {}
    check_counts(ended, counted)
    assert "paused" not in states_of(ended)


@pytest.mark.parametrize("fault", [each for each in FAULTS if each not in ("duplicate", "cut")])
@BOTH
def test_a_fault_pauses_orders_until_somebody_ends_it(runs: FeedRuns, data: Path, text: str, fault: str) -> None:
    make, key, counted, absent = FAULTS[fault]

    async def acts(stage: Stage) -> None:
        await stage.play(1, 5)
        await stage.send(6, 9)
        await stage.state("paused")
        # The connection may be a new one: pauses outlast it.
        await stage.send(10, 16)
        # What waits in the queues is judged when it is played.
        await stage.scene.took(16 - len(absent))
        assert stage.scene.state == "paused"
        await stage.resume()
        await stage.send(17, 20)

    ended = play(runs, text, data, make(), acts, {key: "pause"})
    assert numbers(ended) == [number for number in range(1, 21) if number not in absent]
    assert filled(ended) == [5, 20]
    assert ended.summary["denials"] == {"CONTROL_PAUSED": 2}
    check_counts(ended, counted)
    assert counters_of(ended)["pauses"] == counters_of(ended)["resumes"] == 1
    events = ended.summary["feed"]["events"]
    assert states_of(ended)[-3:] == ["paused", "running", "ended"] or "connecting" in states_of(ended)
    reason = next(event["reason"] for event in events if event["state"] == "paused")
    assert f"feed paused: {reason}" in ended.log
    assert "feed paused: asked to resume" in ended.log
    assert "LOG   feed running\n" in ended.log.partition("asked to resume")[2]


@pytest.mark.parametrize("fault", [each for each in FAULTS if each != "duplicate"])
@BOTH
def test_a_fault_halts_the_run_and_keeps_its_results(runs: FeedRuns, data: Path, text: str, fault: str) -> None:
    make, key, counted, _ = FAULTS[fault]

    async def acts(stage: Stage) -> None:
        await stage.play(1, 5)
        for number in (6, 7, 8):
            await stage.publisher.publish([numbered(number)])

    ended = play(runs, text, data, make(), acts, {key: "halt"}, code=1)
    summary = ended.summary
    assert numbers(ended)[:6] == [1, 2, 3, 4, 5, 6]
    assert filled(ended) == [5]
    assert summary["state"] == "failed"
    assert summary["feed"]["state"] == "halted"
    assert f"{key} = halt" in summary["feed"]["reason"]
    assert summary["feed"]["reason"] in summary["error"]["message"]
    assert summary["error"]["exit_code"] == 1
    assert f"{key} = halt" in ended.err
    assert str(ended.folder.name) in ended.err
    assert [event["status"] for event in ended.events] == ["submitted", "filled"]
    assert {name: counters_of(ended)[name] for name in counted if name not in ("connections", "disconnects")} == {
        name: count for name, count in counted.items() if name not in ("connections", "disconnects")
    }
    assert states_of(ended)[-1] == "halted"


def test_a_pause_ends_by_itself_after_quiet_time(runs: FeedRuns, data: Path) -> None:
    async def acts(stage: Stage) -> None:
        await stage.play(1, 5)
        await stage.send(6, 9)
        await stage.state("running")
        await stage.send(10, 10)

    ended = play(runs, LIVE, data, FAULTS["drop"][0](), acts, {"on_gap": "pause", "resume_after_seconds": 0.2})
    assert filled(ended) == [5, 10]
    assert states_of(ended) == ["running", "paused", "running", "ended"]


def test_the_option_goes_before_the_table(runs: FeedRuns, data: Path, tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        async with publishing(tmp_path / "publisher", IBM) as (publisher, address):
            publisher.set_clock(BEGIN_NS, 0.0)
            proxy = Proxy(address, scene.path, FAULTS["drop"][0]())
            await proxy.start()
            try:
                await scene.ready()
                for number in range(1, 9):
                    await publisher.publish([numbered(number)])
                await scene.until(lambda: scene.feed.health.is_over)
            finally:
                await proxy.stop()

    ended = runs.follow(LIVE, data, script, "--on-gap", "halt", settings={"feed": {"on_gap": "continue"}}, code=1)
    assert "on_gap = halt" in ended.err


@pytest.mark.parametrize("stop", ["", "; self.stop_market_order(self.ibm, -1, 50) if number == 5 else None"])
@BOTH
def test_liquidations_pass_in_a_pause(runs: FeedRuns, data: Path, text: str, stop: str) -> None:
    log = 'self.log(f"PROBE {number}")'
    # What rests is withdrawn by the liquidation itself.
    text = text.replace(log, f"{log}; self.liquidate() if number == 12 else None{stop}")

    async def acts(stage: Stage) -> None:
        await stage.play(1, 5)
        await stage.send(6, 9)
        await stage.state("paused")
        await stage.send(10, 13)

    ended = play(runs, text, data, FAULTS["drop"][0](), acts, {"on_gap": "pause"})
    assert filled(ended) == [5, 12]
    assert ended.summary["positions"] == []
    assert ended.summary["denials"] == {"CONTROL_PAUSED": 1}


@pytest.mark.parametrize("action", ["continue", "pause", "halt"])
def test_silence(runs: FeedRuns, data: Path, action: str) -> None:
    async def acts(stage: Stage) -> None:
        await stage.play(1, 5)
        stage.proxy.stalls = True
        await stage.scene.until(lambda: stage.scene.counters.silences == 1)
        stage.proxy.stalls = False
        if action != "halt":
            await stage.send(6, 10)
            await stage.state("running")

    code = 1 if action == "halt" else 0
    ended = play(runs, LIVE, data, nothing, acts, {"on_silence": action, "silence_seconds": 0.8}, code)
    assert counters_of(ended)["silences"] == 1
    assert counters_of(ended)["ticks_missing"] == counters_of(ended)["gaps"] == 0
    if action == "halt":
        assert "on_silence = halt" in ended.err
        assert "nothing came for" in ended.err
    else:
        assert numbers(ended) == list(range(1, 11))
        assert counters_of(ended)["disconnects"] == 1
        assert ("paused" in states_of(ended)) is (action == "pause")
        assert states_of(ended)[-2:] == ["running", "ended"]


def test_reordered_frames_are_late(runs: FeedRuns, data: Path) -> None:
    held: list[bytes] = []

    def change(frame: bytes) -> list[bytes]:
        ticks = ticks_of(frame)
        if ticks is not None and ticks.sequence in (7, 12):
            held.append(frame)
            return []
        if ticks is not None and held:
            return [frame, held.pop()]
        return [] if held else [frame]

    async def acts(stage: Stage) -> None:
        await stage.send(1, 20)

    ended = play(runs, LIVE, data, change, acts, {"on_gap": "continue"})
    assert numbers(ended) == [number for number in range(1, 21) if number not in (7, 12)]
    check_counts(ended, {"gaps": 2, "ticks_missing": 2, "ticks_late": 2})


def test_a_connection_that_comes_back_too_late_has_lost_what_left_the_window(runs: FeedRuns, data: Path) -> None:
    async def acts(stage: Stage) -> None:
        await stage.send(1, 10)
        await stage.scene.took(10)
        await stage.proxy.stop()
        await stage.scene.until(lambda: stage.scene.counters.disconnects == 1)
        for first in range(11, 1_011, 10):
            await stage.publisher.publish([numbered(number) for number in range(first, first + 10)])
        assert stage.proxy.address.path is not None
        stage.proxy.address.path.unlink(missing_ok=True)
        await stage.proxy.start()
        await stage.knows(1_010)

    settings = {"on_gap": "continue"}
    ended = play(runs, LIVE, data, nothing, acts, settings, window_ticks=512)
    counters = counters_of(ended)
    assert counters["gaps"] == counters["disconnects"] == 1
    # The window holds whole frames of ten.
    assert numbers(ended) == [*range(1, 11), *range(501, 1_011)]
    assert counters["ticks_missing"] == 490
    assert counters["ticks"] == 520
    assert counters["connect_failures"] >= 0


@pytest.mark.parametrize("policy", ["wait", "drop", "conflate"])
@BOTH
def test_full_queues(runs: FeedRuns, data: Path, text: str, policy: str) -> None:
    async def acts(stage: Stage) -> None:
        await stage.publisher.publish([numbered(number) for number in range(1, 21)])
        await stage.knows(20)
        await stage.scene.until(lambda: stage.scene.played >= 4)
        await stage.publisher.publish([numbered(number) for number in range(21, 24)])
        await stage.knows(23)

    ended = play(runs, text, data, nothing, acts, {"queue_ticks": 4, "full_queue": policy})
    if policy == "wait":
        assert numbers(ended) == list(range(1, 24))
        assert counters_of(ended)["receive_pauses"] >= 1
        check_counts(ended, {"ticks": 23})
    elif policy == "drop":
        assert numbers(ended) == [1, 2, 3, 4, 21, 22, 23]
        check_counts(ended, {"ticks_dropped": 16, "ticks": 7})
        assert (ended.summary["ticks_dropped"], ended.summary["ticks_conflated"]) == ({"dropped": 16}, 0)
    else:
        assert numbers(ended) == [*range(17, 24)]
        check_counts(ended, {"ticks_conflated": 16, "ticks": 23})
        assert (ended.summary["ticks_dropped"], ended.summary["ticks_conflated"]) == ({}, 16)


@pytest.mark.parametrize("action", ["pause", "halt"])
def test_an_overflow_is_acted_on(runs: FeedRuns, data: Path, action: str) -> None:
    async def acts(stage: Stage) -> None:
        await stage.publisher.publish([numbered(number) for number in range(1, 21)])
        if action == "pause":
            await stage.knows(20)
            # Those that met no full queue; from then on there is room again.
            await stage.scene.took(4)
            assert stage.scene.state == "paused"
            await stage.publisher.publish([numbered(25)])
            await stage.scene.took(5)

    settings = {"queue_ticks": 4, "full_queue": "drop", "on_overflow": action}
    ended = play(runs, LIVE, data, nothing, acts, settings, 1 if action == "halt" else 0)
    assert counters_of(ended)["ticks_dropped"] == 16
    if action == "halt":
        assert "on_overflow = halt" in ended.err
    else:
        assert ended.summary["denials"] == {"CONTROL_PAUSED": 1}


def test_a_run_that_falls_behind_the_window_is_told_and_counts_what_it_lost(
    runs: FeedRuns, data: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    text = LIVE.replace(
        "        number = ", f"        while not Path({str(gate)!r}).exists():\n            pass\n        number = ", 1
    )
    text = text.replace("from AlgorithmImports import *", "from pathlib import Path\nfrom AlgorithmImports import *")
    sent = 0

    async def acts(stage: Stage) -> None:
        nonlocal sent
        while stage.publisher.slow_drops == 0:
            await stage.publisher.publish([numbered(number) for number in range(sent + 1, sent + 501)])
            sent += 500
            # The event loop sends between two frames.
            for _ in range(3):
                await stage.scene.until(lambda: True)
        gate.touch()
        await stage.knows(sent)

    async def script(scene: Scene) -> None:
        async with publishing(scene.path, IBM, window_ticks=1_024) as (publisher, _):
            publisher.set_clock(BEGIN_NS, 0.0)
            await scene.ready()
            await acts(Stage(publisher, None, scene))  # type: ignore[arg-type]
            await publisher.finish()

    settings = {"feed": {"on_gap": "continue", "on_disconnect": "continue", "queue_ticks": 100}}
    ended = runs.follow(text, data, script, settings=settings)
    counters = counters_of(ended)
    assert counters["refusals"] == 1
    assert counters["gaps"] == 1
    assert counters["ticks"] + counters["ticks_missing"] == sent
    assert len(numbers(ended)) == counters["ticks"]
    assert counters["ticks_dropped"] == counters["ticks_conflated"] == counters["frames_malformed"] == 0
