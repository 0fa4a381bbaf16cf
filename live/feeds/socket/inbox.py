"""Where ticks of a feed wait for the run: one queue of a fixed size per channel, each a record source of the tick merge.

The receiver puts ticks in, between two steps of the run or from the same event loop. The run takes them out through a
TickMerge over `sources`:

    inbox.wake(merge)                         # sources that were empty and have ticks again
    while merge.advance() != END_OF_DATA_NS:  # END_OF_DATA_NS means here: no more ticks at present
        ...

A merge gives what is waiting in order of time. Between two looks time may go back across channels, when a sender gives
them so; within a channel it never does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from live.feeds.queue_source import QueueSource
from live.feeds.socket.frames import SIZE_MAX, TICKS_PER_FRAME, Channel, Tick
from live.feeds.socket.health import FeedCounters
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, KIND_QUOTE, KIND_TRADE


class ChannelSource(QueueSource):
    """Ticks of one channel: a queue of a fixed size that the receiver fills and the merge empties.

    Parameters:
        channel: what it carries.
        symbol_index: the symbol's number in the run.
        capacity: ticks that may wait, at least 1.
        policy: what a full queue does: "wait" for the run, "conflate" all that wait into the newest tick, or "drop" the
            newcomer. What comes although the receiver was told to wait, beyond a frame, is dropped.
        counters: where the results are counted.
    """

    def __init__(self, channel: Channel, symbol_index: int, capacity: int, policy: str, counters: FeedCounters) -> None:
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
        waiting = self._waiting
        had_room = waiting.count < self._room
        if not had_room:
            if self._policy != "conflate":
                counters.ticks_dropped += 1
                return False
            counters.ticks_conflated += waiting.count
            waiting.count = 0
        self.append(tick.time_ns, self._kind, price, ask, tick.size, tick.ask_size, tick.flags, tick.line)
        counters.ticks += 1
        return had_room

    def refill(self) -> None:
        """Take what is waiting, as much as fits; without any, say so."""
        super().refill()
        if not self.is_exhausted and self.on_taken is not None:
            self.on_taken()

    def is_full(self) -> bool:
        """Tell whether the next tick finds no room."""
        return self._waiting.count >= self._limit


class FeedInbox:
    """All queues of a run's feed.

    Parameters:
        channels: the run's subscriptions, with the numbers of their symbols; None subscribes to all channels that the
            first session has.
        capacity: ticks that each queue holds.
        policy: as for ChannelSource.
        counters: where everything is counted.

    Attributes:
        sources: one per subscription, in the order given; they are what a TickMerge is made of.
        on_room: called when queues that were full have been emptied, so that receiving goes on.
    """

    def __init__(
        self, channels: Sequence[tuple[Channel, int]] | None, capacity: int, policy: str, counters: FeedCounters
    ) -> None:
        self.sources: list[ChannelSource] = []
        self.counters = counters
        self.on_room: Callable[[], None] | None = None
        self._capacity = capacity
        self._policy = policy
        self._takes_all = channels is None
        self._by_channel: dict[Channel, ChannelSource] = {}
        self._subscribe(channels or ())
        self._routes: list[ChannelSource | None] = []

    def route(self, channels: Sequence[Channel]) -> list[Channel]:
        """Take the channels of a session, whose places ticks name; return subscriptions that it does not have."""
        if self._takes_all:
            self._takes_all = False
            self._subscribe([(each, index) for index, each in enumerate(channels)])
        self._routes = [self._by_channel.get(each) for each in channels]
        offered = set(channels)
        return [each for each in self._by_channel if each not in offered]

    def _subscribe(self, channels: Sequence[tuple[Channel, int]]) -> None:
        for channel, index in channels:
            source = ChannelSource(channel, index, self._capacity, self._policy, self.counters)
            source.on_taken = self._on_taken
            self.sources.append(source)
            self._by_channel[channel] = source

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
            elif not source.put(tick):
                overflows += 1
        return overflows

    @property
    def must_wait(self) -> bool:
        """Whether receiving has to stop until the run has emptied a queue."""
        return self._policy == "wait" and any(source.is_full() for source in self.sources)

    @property
    def has_ticks(self) -> bool:
        """Whether anything is waiting."""
        return any(source.has_ticks for source in self.sources)

    def begin_session(self) -> None:
        """Forget the times of the last ticks: another session may play another day."""
        for source in self.sources:
            source.forget_time()

    def wake(self, merge: TickMerge) -> None:
        """Let a merge go on with sources that were empty.

        Parameters:
            merge: a merge over `sources`; it is between two steps, or at its end.
        """
        for number, source in enumerate(self.sources):
            if source.time_ns == END_OF_DATA_NS and source.has_ticks:
                merge.wake(number)
