"""What takes the ticks of one channel: a gate that leaves out what cannot be used, and behind it a queue or a maker of bars."""

from __future__ import annotations

from collections.abc import Callable

from live.feeds.queue_source import QueueSource
from live.feeds.socket.frames import SIZE_MAX, TICKS_PER_FRAME, Channel, Tick
from live.feeds.socket.health import FeedCounters
from live.feeds.streams import RowStream
from live.feeds.tick_bars import TickBars
from live.hot.records import (
    END_OF_DATA_NS,
    KIND_QUOTE,
    KIND_TRADE,
    LONG_AGO_NS,
    TICK_ASK,
    TICK_ASK_SIZE,
    TICK_FLAGS,
    TICK_KIND,
    TICK_PRICE,
    TICK_SIZE,
    TICK_TIME,
    TICK_WORDS,
    RecordBuffer,
)

STALE_NS = 5_000_000_000
"""Age at which a tick is left out instead of being taken for one of the present."""
_FOREVER_NS = 1 << 62
_PRICE_SCALE = 1e9
REFUSALS = (
    "ticks_invalid",
    "ticks_out_of_order",
    "ticks_outside_session",
    "ticks_stale",
    "ticks_ahead",
    "ticks_before_start",
)
"""Counters of ticks that are left out: the result -1 is the first of them, and so on."""
_INVALID, _OUT_OF_ORDER, _OUTSIDE, _STALE, _AHEAD, _BEFORE_START = range(-1, -7, -1)
DROPPED, CONFLATED, TAKEN = range(3)
"""What became of a tick that was not refused: no room, in the place of others, or taken."""
SpanOf = Callable[[int], tuple[int, int, bool]]
"""Returns for a moment the span around it in which a subscription's market does not open or close, and whether it is
open: begin, end, both UTC nanoseconds, is open."""


def always_open(time_ns: int) -> tuple[int, int, bool]:
    """Be a market that never closes."""
    return -_FOREVER_NS, _FOREVER_NS, True


class FeedTime:
    """What all channels of a feed share.

    Attributes:
        begin_ns: the run's first moment.
        decided_ns: the moment that the run has decided on.
        newest_ns: moment of the newest tick that came, as it counts in the run.
        newest_tick_ns: time of the newest tick of the session, as it was sent.
        bar_end_ns: end of the first bar that is being made, or earlier.
        has_bars: whether bars were finished that nobody has looked at.
        latest_ns: moment after which no tick can be.
        has_news: whether ticks came that the run has not been told of.
        may_be_full: whether a queue was full when a tick was put in last.
        fresh: queues that the merge is to be told of: they were empty and have ticks again.
    """

    __slots__ = (
        "bar_end_ns",
        "begin_ns",
        "decided_ns",
        "fresh",
        "has_bars",
        "has_news",
        "latest_ns",
        "may_be_full",
        "newest_ns",
        "newest_tick_ns",
    )

    def __init__(self) -> None:
        self.begin_ns = LONG_AGO_NS
        self.decided_ns = LONG_AGO_NS
        self.newest_ns = LONG_AGO_NS
        self.newest_tick_ns = LONG_AGO_NS
        self.bar_end_ns = END_OF_DATA_NS
        self.has_bars = False
        self.has_news = False
        self.latest_ns = END_OF_DATA_NS
        self.may_be_full = False
        self.fresh: list[ChannelSource] = []


class TickGate:
    """Lets ticks of a channel pass that are whole, in order, of open hours, not too old and not of the future.

    Parameters:
        channel: what it carries.
        counters: where ticks that get another time, or meet a full queue, are counted.
        feed_time: what all channels share.
        span_of: when ticks are wanted.

    Attributes:
        ticks: how many have passed.
        newest_ns: time of the newest tick that passed, as it was sent.
        newest_price: its raw price, of quotes the bid; 0 without one.
    """

    def __init__(self, channel: Channel, counters: FeedCounters, feed_time: FeedTime, span_of: SpanOf) -> None:
        self.counters = counters
        self.kind = KIND_QUOTE if channel.is_quote else KIND_TRADE
        self.ticks = 0
        self.newest_ns = LONG_AGO_NS
        self.newest_price = 0.0
        self._feed_time = feed_time
        self._span_of = span_of
        self._span_begin_ns = 0
        self._span_end_ns = 0
        self._is_open = False

    def admit(self, tick: Tick) -> int:
        """Return the moment at which a tick counts; below zero, by REFUSALS, why it is left out."""
        feed_time = self._feed_time
        time_ns, price, ask = tick.time_ns, tick.price_e9, tick.ask_e9
        # A size that is no number fails the comparison, as does one that is infinite.
        if not (0 <= tick.size <= SIZE_MAX and 0 <= tick.ask_size <= SIZE_MAX) or (
            (price == 0 and ask == 0) if self.kind == KIND_QUOTE else (price == 0 or ask != 0 or tick.ask_size != 0)
        ):
            return _INVALID
        if time_ns < self.newest_ns:
            return _OUT_OF_ORDER
        if time_ns > feed_time.latest_ns:
            return _AHEAD
        if not self._span_begin_ns <= time_ns < self._span_end_ns:
            self._enter_span(time_ns)
        if not self._is_open:
            return _OUTSIDE
        decided_ns = feed_time.decided_ns
        if time_ns < decided_ns:
            if decided_ns - time_ns > STALE_NS:
                return _BEFORE_START if time_ns < feed_time.begin_ns else _STALE
            self.counters.ticks_restamped += 1
            time_ns = decided_ns
        self.ticks += 1
        self.newest_ns = tick.time_ns
        self.newest_price = price / _PRICE_SCALE
        if time_ns > feed_time.newest_ns:
            feed_time.newest_ns = time_ns
        if tick.time_ns > feed_time.newest_tick_ns:
            feed_time.newest_tick_ns = tick.time_ns
        feed_time.has_news = True
        return time_ns

    def is_open_at(self, time_ns: int) -> bool:
        """Tell whether ticks of a moment are wanted."""
        if not self._span_begin_ns <= time_ns < self._span_end_ns:
            self._enter_span(time_ns)
        return self._is_open

    def _enter_span(self, time_ns: int) -> None:
        self._span_begin_ns, self._span_end_ns, self._is_open = self._span_of(time_ns)


class ChannelSource(QueueSource):
    """Ticks of one channel: a queue of a fixed size that the receiver fills and the merge empties.

    Parameters:
        channel: what it carries.
        symbol_index: the symbol's number in the run.
        capacity: ticks that may wait, at least 1.
        policy: what a full queue does: "wait" for the run, "conflate" all that wait into the newest tick, or "drop" the
            newcomer. What comes although the receiver was told to wait, beyond a frame, is dropped.
        gate: leaves out what cannot be used.
        feed_time: what all channels share.

    Attributes:
        number: its place in the merge.
        is_fresh: whether it is among those that the merge is to be told of.
    """

    def __init__(
        self, channel: Channel, symbol_index: int, capacity: int, policy: str, gate: TickGate, feed_time: FeedTime
    ) -> None:
        # A receiver that waits stops after a frame: the rest of it has room beyond the limit.
        self._room = capacity + (TICKS_PER_FRAME if policy == "wait" else 0)
        super().__init__(symbol_index, self._room)
        self.channel = channel
        self.gate = gate
        self.on_taken: Callable[[], None] | None = None
        """Called after the merge took ticks out of the queue."""
        self._limit = capacity
        self._policy = policy
        self._feed_time = feed_time
        self._before: RowStream | None = None
        self.number = 0
        self.is_fresh = False

    @property
    def newest_price(self) -> float:
        """Raw price of the newest tick that was put in, of quotes the bid; 0 without one."""
        return self.gate.newest_price

    def begin_with(self, rows: RowStream) -> None:
        """Give recorded ticks first, those of a warm-up, before anything that is put in."""
        self._before = rows
        self.is_exhausted = False

    def put(self, tick: Tick) -> int:
        """Put a tick into the queue, unless the gate or the queue leaves it out; return what became of it."""
        gate = self.gate
        time_ns = gate.admit(tick)
        if time_ns < 0:
            return time_ns
        waiting = self._waiting
        had_room = waiting.count < self._room
        if not had_room:
            if self._policy != "conflate":
                gate.counters.ticks_dropped += 1
                return DROPPED
            gate.counters.ticks_conflated += waiting.count
            waiting.count = 0
        self.append(time_ns, gate.kind, tick.price_e9, tick.ask_e9, tick.size, tick.ask_size, tick.flags, tick.line)
        if not self.is_fresh and self.time_ns == END_OF_DATA_NS:
            self.is_fresh = True
            self._feed_time.fresh.append(self)
        if waiting.count >= self._limit:
            self._feed_time.may_be_full = True
        return TAKEN if had_room else CONFLATED

    def refill(self) -> None:
        """Take what is waiting, as much as fits; without any, say so.

        Raises:
            DataError, EnvironmentFault: recorded ticks cannot be trusted from here on.
        """
        if self._before is not None:
            self._before.raise_failure()
            if self._before.fill(self.buffer):
                return
            if self._before.failure is not None:
                self.is_exhausted = self.ends_in_failure = True
                return
            self._before = None
        super().refill()
        if not self.is_exhausted and self.on_taken is not None:
            self.on_taken()

    def is_full(self) -> bool:
        """Tell whether the next tick finds no room."""
        return self._waiting.count >= self._limit


class BarTaker:
    """Hands the ticks of one channel to a maker of bars.

    Parameters:
        channel: what it carries.
        maker: makes the bars.
        gate: leaves out what cannot be used.
        feed_time: what all channels share.
    """

    def __init__(self, channel: Channel, maker: TickBars, gate: TickGate, feed_time: FeedTime) -> None:
        self.channel = channel
        self.maker = maker
        self.gate = gate
        self._feed_time = feed_time
        self._record = RecordBuffer(1, TICK_WORDS)
        self._record.count = 1

    @property
    def newest_price(self) -> float:
        """Raw price of the newest tick, of quotes the bid; 0 without one."""
        return self.gate.newest_price

    def put(self, tick: Tick) -> int:
        """Take a tick, unless the gate leaves it out; return what became of it."""
        time_ns = self.gate.admit(tick)
        if time_ns < 0:
            return time_ns
        words, reals = self._record.words, self._record.reals
        words[TICK_TIME] = time_ns
        words[TICK_KIND] = self.gate.kind
        words[TICK_PRICE], words[TICK_ASK] = tick.price_e9, tick.ask_e9
        reals[TICK_SIZE], reals[TICK_ASK_SIZE] = tick.size, tick.ask_size
        words[TICK_FLAGS] = tick.flags
        feed_time, maker = self._feed_time, self.maker
        if maker.add(self._record):
            feed_time.has_bars = True
        if maker.end_ns < feed_time.bar_end_ns:
            feed_time.bar_end_ns = maker.end_ns
        return TAKEN
