"""Ticks from outside into the engine: a feed is received on one thread, which hands them to LEAN's aggregator.

They enter where a broker's feed enters. The engine holds a tick that is stamped ahead of its clock until its next wake, up to
a second later, so no stamp is ever ahead: a tick of a recorded session gets the present, one of a live feed its own time or
the present, whichever is earlier.

LEAN's queues have no limit. What the engine has not looked at yet is bounded here: a slice holds all ticks up to its own
time, and `utc_time` is the time of the newest slice, so ticks stamped later than it are outstanding. From LIMIT on nothing
is handed over until the engine has caught up; the rest waits in the feed's own queues, and what happens when those are full
is a matter of table [feed], counted as on any feed.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from live.clock import NANOSECONDS_PER_SECOND, Zone, monotonic_ns, ns_to_datetime, wall_ns, zone
from live.config import Config
from live.errors import LeanLiveError, error_text
from live.feeds.socket.connect import receiver_for
from live.feeds.socket.frames import Channel
from live.feeds.socket.health import FeedHealth, FeedState
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.receiver import FeedReceiver
from live.hot.merge import TickMerge
from live.hot.records import (
    END_OF_DATA_NS,
    TICK_ASK,
    TICK_ASK_SIZE,
    TICK_FLAGS,
    TICK_PRICE,
    TICK_SIZE,
    TICK_TIME,
    TICK_WORDS,
    RecordBuffer,
)
from live.lean import threads
from live.lean.engine_records import Subscription
from live.lean.instructions import FeederInstructions
from live.lean.slice_watch import SliceWatch
from live.lean.surface import quote_tick, subscriptions, trade_tick, utc_ns

LIMIT = 4_096
"""Ticks that the engine may have outstanding: a few hundredths of a second of work for it."""
THREAD_NAME = "lean-live feeder"
_RETRY_SECONDS = 0.002
_LOOK_SECONDS = 0.05
_END_SECONDS = 5.0
_STAMP_STEP_NS = 1_000
"""The engine's time comes from LEAN's bridge with the resolution of Python's datetime."""
_CHANGES_MAX = 1_000
_CATCH_UP_SECONDS = 30.0
"""Longest time in which the engine takes no tick when the session is over: a strategy may be slow, and then all are played."""
_PRICE_SCALE = 1e9
_SUSPICIOUS = 1
_OFFERED_SUFFIX = ".part"


class OutstandingTicks:
    """Counts the ticks that were handed over and are stamped later than the engine's newest slice.

    Parameters:
        engine_time_ns: returns the time of the newest slice, UTC nanoseconds.
    """

    def __init__(self, engine_time_ns: Callable[[], int]) -> None:
        self._engine_time_ns = engine_time_ns
        self._stamps: deque[int] = deque()

    def add(self, stamp_ns: int) -> None:
        """Take note of a tick."""
        self._stamps.append(stamp_ns)

    def has_room(self) -> bool:
        """Tell whether another tick may be handed over; the engine is asked only when it seems to be behind."""
        return len(self._stamps) < LIMIT or self.count() < LIMIT

    def count(self) -> int:
        """Return how many there are."""
        time_ns, stamps = self._engine_time_ns(), self._stamps
        while stamps and stamps[0] <= time_ns:
            stamps.popleft()
        return len(stamps)


class Feeder:
    """Feeds one algorithm: a part of the host.

    Parameters:
        aggregator: the engine's.
        instructions: where the ticks come from.
        is_dummy: tells whether a symbol of LEAN's was added by the host and is not the user's; asked from `begin` on.
        is_ready: whether the session may come; until then nothing is taken from the feed.
        watch: told when the oldest tick of the next slice was received.

    Attributes:
        health: state and counters of the feed.
        handed_over: ticks given to the engine.
        waits: times that handing over stopped since the engine was behind.
        outstanding_max: largest number of ticks that the engine had not looked at.
        failure: what ended the feeder before its time, None when nothing did.
    """

    def __init__(
        self,
        aggregator: Any,
        instructions: FeederInstructions,
        is_dummy: Callable[[Any], bool],
        is_ready: Callable[[], bool],
        watch: SliceWatch,
    ) -> None:
        self._update = aggregator.Update
        self._watch = watch
        self._instructions = instructions
        self._is_dummy = is_dummy
        self._is_ready = is_ready
        self.health = FeedHealth(instructions.feed, self._on_change)
        self._outstanding = OutstandingTicks(self._engine_time_ns)
        self._algorithm: Any = None
        self._wanted: list[Subscription] = []
        self._inbox: FeedInbox
        self._merge: TickMerge
        self._symbols: list[Any] = []
        self._quotes: list[bool] = []
        self._zones: list[Zone] = []
        self._receiver: FeedReceiver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_waiting = False
        self._is_live = False
        self._error: Exception | None = None
        self._is_ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.handed_over = 0
        self.waits = 0
        self.outstanding_max = 0
        self.failure: str | None = None
        self.changes: list[str] = []

    def begin(self, algorithm: Any) -> None:
        """Begin to feed, on a thread of its own; called on LEAN's loop thread."""
        self._algorithm = algorithm
        self._wanted = [each for each in subscriptions(algorithm) if not self._is_dummy(each.symbol)]
        # Bars and ticks of one channel have one queue: the aggregator gives a tick to every subscription.
        by_channel = {_channel(each): each for each in self._wanted}
        settings = self._instructions.feed
        self._inbox = FeedInbox(
            [(each, index) for index, each in enumerate(by_channel)],
            settings.queue_ticks,
            settings.full_queue,
            self.health.counters,
        )
        self._merge = TickMerge([*self._inbox.sources])
        self._symbols = [each.symbol for each in by_channel.values()]
        self._quotes = [each.is_quote for each in by_channel]
        self._zones = [zone(each.zone) for each in by_channel.values()]
        self._offer()
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait for the thread unless it is the caller's own."""
        self._is_ending.set()
        loop, receiver = self._loop, self._receiver
        if loop is not None and receiver is not None and not loop.is_closed():
            loop.call_soon_threadsafe(receiver.stop)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_END_SECONDS)

    def counters(self) -> dict[str, int]:
        """Return everything that was counted, by name."""
        own = {
            "engine_ticks": self.handed_over,
            "engine_waits": self.waits,
            "engine_outstanding_max": self.outstanding_max,
        }
        return {**self.health.counters.as_dict(), **own}

    # -- on the feeder's thread

    def _work(self) -> None:
        try:
            while not self._is_ready():
                if self._is_ending.wait(_LOOK_SECONDS):
                    return
            # asyncio's own loop: it is the feeder's alone, and nothing else in the engine's process waits for it.
            asyncio.run(self._receive())
        except LeanLiveError as error:
            self.failure = str(error)
        except Exception as error:
            self.failure = f"internal error, {error_text(error)}"
        if self.health.state is FeedState.HALTED:
            self.failure = self.failure or f"the feed halted: {self.health.reason}"
        try:
            self._write_counters()
        except OSError as error:
            text = f"cannot write {self._instructions.counters_file}: {error.strerror}; make room in the run's folder"
            # LEAN is not told why a run quits when it ends already.
            threads.say(f"lean-live: {text}")
            self.failure = f"{self.failure}; {text}" if self.failure else text
        finally:
            # Without it the engine would wait for ticks for ever.
            if not self._is_ending.is_set():
                self._algorithm.quit(self.failure or "the session of the feed is over")

    async def _receive(self) -> None:
        config = Config(feed=self._instructions.feed, websocket=self._instructions.websocket)
        self._loop = asyncio.get_running_loop()
        self._receiver = receiver_for(
            self._instructions.address, "feed", config, self._inbox, self.health, self._hand_over
        )
        if self._is_ending.is_set():
            return
        await self._receiver.run()
        await self._catch_up()
        if self._error is not None:
            raise self._error
        self._is_ending.wait(self._instructions.settle_seconds)

    async def _catch_up(self) -> None:
        """Wait until the engine has looked at everything, as long as it takes ticks at all."""
        before, since_ns = (-1, -1), monotonic_ns()
        while self._error is None and not self._is_ending.is_set():
            outstanding = self._outstanding.count()
            if not self._is_waiting and not outstanding:
                return
            now_ns, state = monotonic_ns(), (self.handed_over, outstanding)
            if state != before:
                before, since_ns = state, now_ns
            elif now_ns - since_ns >= _CATCH_UP_SECONDS * NANOSECONDS_PER_SECOND:
                counters = self.health.counters
                left = outstanding + counters.ticks - counters.ticks_conflated - self.handed_over
                self.failure = (
                    f"{left} ticks at the end of the session were not played: the engine has taken none for "
                    f"{_CATCH_UP_SECONDS:g} s; look for what holds up the strategy"
                )
                return
            await asyncio.sleep(_RETRY_SECONDS)

    def _hand_over(self) -> None:
        """Give the engine what has come, as far as it keeps up."""
        if self._is_waiting:
            return
        merge, inbox = self._merge, self._inbox
        inbox.wake(merge)
        while self._outstanding.has_room():
            if merge.advance() == END_OF_DATA_NS:
                return
            for place in range(merge.due_count):
                number = merge.due[place]
                buffer = merge.source(place).buffer
                for record in range(merge.begins[place], merge.ends[place]):
                    self._give(number, buffer, record)
        self.waits += 1
        self.outstanding_max = max(self.outstanding_max, self._outstanding.count())
        self._is_waiting = True
        self._go_on_later()

    def _go_on_later(self) -> None:
        asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._try_to_go_on)

    def _try_to_go_on(self) -> None:
        """Keep what a call of the event loop raises, which would swallow it; it may come after the receiver has ended."""
        try:
            self._go_on()
        except Exception as error:
            self._error = error
            assert self._receiver is not None
            self._receiver.stop()

    def _go_on(self) -> None:
        if self._outstanding.count() >= LIMIT:
            self._go_on_later()
            return
        self._is_waiting = False
        self._hand_over()

    def _give(self, number: int, buffer: RecordBuffer, record: int) -> None:
        """Make one tick of LEAN's and hand it over."""
        words, reals, at = buffer.words, buffer.reals, record * TICK_WORDS
        now_ns = wall_ns()
        stamp_ns = min(words[at + TICK_TIME], now_ns) if self._is_live else now_ns
        local_time = ns_to_datetime(self._zones[number].to_local_ns(stamp_ns))
        symbol, price, size = self._symbols[number], words[at + TICK_PRICE] / _PRICE_SCALE, reals[at + TICK_SIZE]
        if self._quotes[number]:
            ask, ask_size = words[at + TICK_ASK] / _PRICE_SCALE, reals[at + TICK_ASK_SIZE]
            tick = quote_tick(symbol, price, size, ask, ask_size, local_time)
        else:
            tick = trade_tick(symbol, price, size, local_time)
        if words[at + TICK_FLAGS] & _SUSPICIOUS:
            tick.suspicious = True
        if not self._watch.fed_ns:
            assert self._receiver is not None
            self._watch.fed_ns = self._receiver.received_ns
        self._update(tick)
        self.handed_over += 1
        self._outstanding.add(stamp_ns // _STAMP_STEP_NS * _STAMP_STEP_NS)

    def _engine_time_ns(self) -> int:
        return utc_ns(self._algorithm)

    def _on_change(self, health: FeedHealth) -> None:
        if len(self.changes) < _CHANGES_MAX:
            self.changes.append(f"{health.state.value}: {health.reason}")
        if health.state is FeedState.RUNNING and self._receiver is not None:
            # A publisher whose session has a clock of its own plays what was recorded.
            session = getattr(self._receiver, "newest_session", None)
            self._is_live = session is None or session.time_ns == 0

    # -- files for the process that started the engine

    def _offer(self) -> None:
        """Write what the algorithm subscribes to."""
        if self._instructions.subscriptions_file:
            content = {
                "symbols": sorted({_name(each) for each in self._wanted}),
                "has_bars": any(not each.is_tick for each in self._wanted),
            }
            _write(Path(self._instructions.subscriptions_file), content)

    def _write_counters(self) -> None:
        if self._instructions.counters_file:
            content = {
                "state": self.health.state.value,
                "reason": self.health.reason,
                "failure": self.failure,
                "changes": self.changes,
                "counters": self.counters(),
            }
            _write(Path(self._instructions.counters_file), content)


def _name(subscription: Subscription) -> str:
    return f"{subscription.security_type}/{subscription.market}/{subscription.ticker}"


def _channel(subscription: Subscription) -> Channel:
    return Channel(subscription.security_type, subscription.market, subscription.ticker, subscription.is_quote)


def _write(path: Path, content: Any) -> None:
    """Write a file that is whole as soon as it is there."""
    draft = path.with_name(path.name + _OFFERED_SUFFIX)
    draft.write_bytes(msgspec.json.encode(content))
    draft.replace(path)
