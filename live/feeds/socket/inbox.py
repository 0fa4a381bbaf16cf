"""Where ticks of a feed wait for the run: one queue of a fixed size per channel, each a record source of the tick merge.

The receiver puts ticks in, between two steps of the run or from the same event loop. The run takes them out through a
TickMerge over `sources`:

    inbox.wake(merge)                         # sources that were empty and have ticks again
    while merge.advance() != END_OF_DATA_NS:  # END_OF_DATA_NS means here: no more ticks at present
        ...

A merge gives what is waiting in order of time. Within a channel time never goes back; across channels a sender may let
it, between two looks. A run that has decided on a moment says so in `floor_ns`: ticks that come later and are a little
older get that moment, much older ones are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from live.feeds.queue_source import QueueSource
from live.feeds.socket.frames import SIZE_MAX, TICKS_PER_FRAME, Channel, Tick
from live.feeds.socket.health import FeedCounters
from live.feeds.streams import RowStream
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, KIND_QUOTE, KIND_TRADE

_PRICE_SCALE = 1e9
_LONG_AGO_NS = -(1 << 62)
_FOREVER_NS = 1 << 62
STALE_NS = 5_000_000_000
"""Age at which a tick is left out instead of being taken for one of the present."""
SpanOf = Callable[[int], tuple[int, int, bool]]
"""Returns for a moment the span around it in which a subscription's market does not open or close, and whether it is
open: begin, end, both UTC nanoseconds, is open."""


class FeedTime:
    """`decided_ns` is the moment that the run has decided on, and `newest_ns` that of the newest tick that came."""

    __slots__ = ("decided_ns", "newest_ns")

    def __init__(self) -> None:
        self.decided_ns = _LONG_AGO_NS
        self.newest_ns = _LONG_AGO_NS


def always_open(time_ns: int) -> tuple[int, int, bool]:
    """Be a market that never closes."""
    return -_FOREVER_NS, _FOREVER_NS, True


class ChannelSource(QueueSource):
    """Ticks of one channel: a queue of a fixed size that the receiver fills and the merge empties.

    Parameters:
        channel: what it carries.
        symbol_index: the symbol's number in the run.
        capacity: ticks that may wait, at least 1.
        policy: what a full queue does: "wait" for the run, "conflate" all that wait into the newest tick, or "drop" the
            newcomer. What comes although the receiver was told to wait, beyond a frame, is dropped.
        counters: where the results are counted.
        feed_time: what all channels share.
        span_of: when ticks are wanted.

    Attributes:
        number: its place in the merge.
        newest_price: raw price of the newest tick that was put in, of quotes the bid; 0 without one.
        is_fresh: whether it is among those that the merge is to be told of.
    """

    def __init__(
        self,
        channel: Channel,
        symbol_index: int,
        capacity: int,
        policy: str,
        counters: FeedCounters,
        feed_time: FeedTime,
        span_of: SpanOf = always_open,
    ) -> None:
        # A receiver that waits stops after a frame: the rest of it has room beyond the limit.
        self._room = capacity + (TICKS_PER_FRAME if policy == "wait" else 0)
        super().__init__(symbol_index, self._room)
        self.channel = channel
        self.on_taken: Callable[[], None] | None = None
        """Called after the merge took ticks out of the queue."""
        self._kind = KIND_QUOTE if channel.is_quote else KIND_TRADE
        self._limit = capacity
        self._policy = policy
        self._counters = counters
        self._span_of = span_of
        self._span_begin_ns = 0
        self._span_end_ns = 0
        self._is_open = False
        self._feed_time = feed_time
        self._before: RowStream | None = None
        self.newest_price = 0.0
        self.number = 0
        self.is_fresh = False

    def begin_with(self, rows: RowStream) -> None:
        """Give recorded ticks first, those of a warm-up, before anything that is put in."""
        self._before = rows
        self.is_exhausted = False

    def put(self, tick: Tick) -> bool:
        """Put a tick into the queue, unless it is wrong, out of order, or the queue drops it; every tick is counted.

        Returns:
            False when the queue was full and the tick was dropped or others were conflated.
        """
        counters = self._counters
        is_quote = self._kind == KIND_QUOTE
        price, ask = tick.price_e9, tick.ask_e9
        # A size that is no number fails the comparison, as does one that is infinite.
        if not (0 <= tick.size <= SIZE_MAX and 0 <= tick.ask_size <= SIZE_MAX) or (
            (price == 0 and ask == 0) if is_quote else (price == 0 or ask != 0 or tick.ask_size != 0)
        ):
            counters.ticks_invalid += 1
            return True
        if tick.time_ns < self.newest_ns:
            counters.ticks_out_of_order += 1
            return True
        if not self._span_begin_ns <= tick.time_ns < self._span_end_ns:
            self._span_begin_ns, self._span_end_ns, self._is_open = self._span_of(tick.time_ns)
        if not self._is_open:
            counters.ticks_outside_session += 1
            return True
        time_ns = tick.time_ns
        decided_ns = self._feed_time.decided_ns
        if time_ns < decided_ns:
            if decided_ns - time_ns > STALE_NS:
                counters.ticks_stale += 1
                return True
            counters.ticks_restamped += 1
            time_ns = decided_ns
        self.newest_ns = tick.time_ns
        if time_ns > self._feed_time.newest_ns:
            self._feed_time.newest_ns = time_ns
        waiting = self._waiting
        had_room = waiting.count < self._room
        if not had_room:
            if self._policy != "conflate":
                counters.ticks_dropped += 1
                return False
            counters.ticks_conflated += waiting.count
            waiting.count = 0
        self.append(time_ns, self._kind, price, ask, tick.size, tick.ask_size, tick.flags, tick.line)
        self.newest_ns = tick.time_ns
        self.newest_price = price / _PRICE_SCALE
        counters.ticks += 1
        return had_room

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


def _symbol_of(channel: Channel) -> tuple[str, str, str]:
    return channel.security_type, channel.market, channel.ticker


class FeedInbox:
    """All queues of a run's feed.

    Parameters:
        channels: the run's subscriptions, with the numbers of their symbols; None subscribes to all channels that the
            first session has.
        capacity: ticks that each queue holds.
        policy: as for ChannelSource.
        counters: where everything is counted.
        is_held: whether ticks are to be left with the sender until `release`; what is subscribed to need not be known
            before then.

    Attributes:
        sources: one per subscription, in the order given; they are what a TickMerge is made of.
        on_room: called when queues that were full have been emptied, so that receiving goes on.
    """

    def __init__(
        self,
        channels: Sequence[tuple[Channel, int]] | None,
        capacity: int,
        policy: str,
        counters: FeedCounters,
        is_held: bool = False,
    ) -> None:
        self.is_held = is_held
        self.sources: list[ChannelSource] = []
        self.counters = counters
        self.on_room: Callable[[], None] | None = None
        self._feed_time = FeedTime()
        self._fresh: list[ChannelSource] = []
        self._may_be_full = False
        self._capacity = capacity
        self._policy = policy
        self._takes_all = channels is None
        self._by_channel: dict[Channel, ChannelSource] = {}
        self._offered: Sequence[Channel] = ()
        self._routes: list[ChannelSource | None] = []
        self._subscribe(channels or ())

    def route(self, channels: Sequence[Channel]) -> list[Channel]:
        """Take the channels of a session, whose places ticks name; return the subscriptions to symbols that it does not have.

        A symbol with trades or quotes alone is there: `absent` names what is missing of it.
        """
        self._offered = channels
        if self.is_held:
            return []
        if self._takes_all:
            self._takes_all = False
            self._subscribe([(each, index) for index, each in enumerate(channels)])
        self._routes = [self._by_channel.get(each) for each in channels]
        symbols = {_symbol_of(each) for each in channels}
        return [each for each in self.absent if _symbol_of(each) not in symbols]

    def add(self, channel: Channel, symbol_index: int, span_of: SpanOf = always_open) -> ChannelSource:
        """Subscribe to a channel, before it is routed; return its queue.

        Parameters:
            channel: what to subscribe to.
            symbol_index: the symbol's number in the run.
            span_of: when ticks are wanted.
        """
        source = ChannelSource(
            channel, symbol_index, self._capacity, self._policy, self.counters, self._feed_time, span_of
        )
        source.on_taken = self._on_taken
        source.number = len(self.sources)
        self.sources.append(source)
        self._by_channel[channel] = source
        return source

    def release(self) -> list[Channel]:
        """Let ticks come that were held; return the subscriptions to symbols that the session does not have."""
        self.is_held = False
        absent = self.route(self._offered)
        self._on_taken()
        return absent

    @property
    def absent(self) -> list[Channel]:
        """Subscriptions to channels that the session does not have."""
        offered = set(self._offered)
        return [each for each in self._by_channel if each not in offered]

    @property
    def offered(self) -> Sequence[Channel]:
        """The channels of the session, none before it is known."""
        return self._offered

    def _subscribe(self, channels: Sequence[tuple[Channel, int]]) -> None:
        for channel, index in channels:
            self.add(channel, index)

    def _on_taken(self) -> None:
        if self.on_room is not None and not self.must_wait:
            self.on_room()

    def source_of(self, channel: Channel) -> ChannelSource | None:
        """Return the queue of a channel, None when nobody subscribed to it."""
        return self._by_channel.get(channel)

    def put(self, ticks: Sequence[Tick]) -> int:
        """Put ticks into their queues; return how many met a full one."""
        overflows = 0
        counters, routes = self.counters, self._routes
        for tick in ticks:
            if tick.channel >= len(routes):
                counters.ticks_invalid += 1
                continue
            source = routes[tick.channel]
            if source is None:
                counters.ticks_ignored += 1
                continue
            if not source.put(tick):
                overflows += 1
            if not source.is_fresh and source.time_ns == END_OF_DATA_NS:
                source.is_fresh = True
                self._fresh.append(source)
            if source.is_full():
                self._may_be_full = True
        return overflows

    @property
    def must_wait(self) -> bool:
        """Whether receiving has to stop until the run has emptied a queue."""
        if self.is_held:
            return bool(self._offered)
        if self._policy != "wait" or not self._may_be_full:
            return False
        self._may_be_full = any(source.is_full() for source in self.sources)
        return self._may_be_full

    @property
    def has_ticks(self) -> bool:
        """Whether anything is waiting."""
        return any(source.has_ticks for source in self.sources)

    def begin_session(self) -> None:
        """Forget the times of the last ticks: another session may play another day."""
        for source in self.sources:
            source.forget_time()

    def decided_on(self, time_ns: int) -> None:
        """Take note that the run has decided on a moment: what comes from now on is not before it."""
        self._feed_time.decided_ns = time_ns

    @property
    def newest_ns(self) -> int:
        """Time of the newest tick that was put in, before any long ago."""
        return self._feed_time.newest_ns

    def take_fresh(self) -> list[int]:
        """Return the places of the sources that were empty and have ticks again, once each."""
        numbers = []
        for source in self._fresh:
            source.is_fresh = False
            if source.time_ns == END_OF_DATA_NS and source.has_ticks:
                numbers.append(source.number)
        self._fresh.clear()
        return numbers

    def wake(self, merge: TickMerge) -> None:
        """Let a merge go on with sources that were empty.

        Parameters:
            merge: a merge over `sources`; it is between two steps, or at its end.
        """
        for number in self.take_fresh():
            merge.wake(number)
