"""Where ticks of a feed wait for the run: one queue of a fixed size per channel, each a record source of the tick merge.

The receiver puts ticks in, between two steps of the run or from the same event loop. The run takes them out through a
TickMerge over `sources`:

    inbox.wake(merge)                         # sources that were empty and have ticks again
    while merge.advance() != END_OF_DATA_NS:  # END_OF_DATA_NS means here: no more ticks at present
        ...

A merge gives what is waiting in order of time. Within a channel time never goes back; across channels a sender may let
it, between two looks. A run that has decided on a moment says so by `decided_on`: ticks that come later and are a little
older get that moment, much older ones are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from live.feeds.socket.channels import (
    DROPPED,
    REFUSALS,
    TAKEN,
    BarTaker,
    ChannelSource,
    FeedTime,
    SpanOf,
    TickGate,
    always_open,
)
from live.feeds.socket.frames import Channel, Tick
from live.feeds.socket.health import FeedCounters
from live.feeds.tick_bars import TickBars
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, LONG_AGO_NS

Taker = ChannelSource | BarTaker


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
        self._capacity = capacity
        self._policy = policy
        self._takes_all = channels is None
        self._bar_takers: list[BarTaker] = []
        self._by_channel: dict[Channel, list[Taker]] = {}
        self._offered: Sequence[Channel] = ()
        self._routes: list[list[Taker]] = []
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
        self._routes = [self._by_channel.get(each, []) for each in channels]
        symbols = {_symbol_of(each) for each in channels}
        return [each for each in self.absent if _symbol_of(each) not in symbols]

    def add(self, channel: Channel, symbol_index: int, span_of: SpanOf = always_open) -> ChannelSource:
        """Subscribe to a channel, before it is routed; return its queue.

        Parameters:
            channel: what to subscribe to.
            symbol_index: the symbol's number in the run.
            span_of: when ticks are wanted.
        """
        gate = self._gate(channel, span_of)
        source = ChannelSource(channel, symbol_index, self._capacity, self._policy, gate, self._feed_time)
        source.on_taken = self._on_taken
        source.number = len(self.sources)
        self.sources.append(source)
        self._by_channel.setdefault(channel, []).append(source)
        return source

    def add_bars(self, channel: Channel, maker: TickBars, span_of: SpanOf = always_open) -> BarTaker:
        """Let bars be made of a channel's ticks, before it is routed; return what takes them.

        Parameters:
            channel: what to subscribe to.
            maker: makes the bars.
            span_of: when ticks are wanted.
        """
        taker = BarTaker(channel, maker, self._gate(channel, span_of), self._feed_time)
        self._bar_takers.append(taker)
        self._by_channel.setdefault(channel, []).append(taker)
        return taker

    def _gate(self, channel: Channel, span_of: SpanOf) -> TickGate:
        # What a tick with several takers met on its way is counted for the first.
        counters = FeedCounters() if channel in self._by_channel else self.counters
        return TickGate(channel, counters, self._feed_time, span_of)

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

    def gates_of(self, security_type: str, market: str, ticker: str) -> list[TickGate]:
        """Return the gates through which a symbol's ticks come, one per channel."""
        symbol = (security_type, market, ticker)
        return [takers[0].gate for channel, takers in self._by_channel.items() if _symbol_of(channel) == symbol]

    def _subscribe(self, channels: Sequence[tuple[Channel, int]]) -> None:
        for channel, index in channels:
            self.add(channel, index)

    def _on_taken(self) -> None:
        if self.on_room is not None and not self.must_wait:
            self.on_room()

    def put(self, ticks: Sequence[Tick]) -> int:
        """Put ticks into their queues and bars; return how many met a full queue."""
        overflows = 0
        counters, routes = self.counters, self._routes
        for tick in ticks:
            if tick.channel >= len(routes):
                counters.ticks_invalid += 1
                continue
            takers = routes[tick.channel]
            if not takers:
                counters.ticks_ignored += 1
                continue
            found = takers[0].put(tick)
            for taker in takers[1:]:
                found = max(found, taker.put(tick))
            if found < 0:
                refusal = REFUSALS[-1 - found]
                setattr(counters, refusal, getattr(counters, refusal) + 1)
                continue
            counters.ticks += found > DROPPED
            overflows += found < TAKEN
        return overflows

    @property
    def must_wait(self) -> bool:
        """Whether receiving has to stop until the run has emptied a queue."""
        if self.is_held:
            return bool(self._offered)
        if self._policy != "wait" or not self._feed_time.may_be_full:
            return False
        self._feed_time.may_be_full = any(source.is_full() for source in self.sources)
        return self._feed_time.may_be_full

    @property
    def has_ticks(self) -> bool:
        """Whether anything is waiting."""
        return any(source.has_ticks for source in self.sources)

    def begin_session(self) -> None:
        """Forget the times of the last ticks: another session may play another day."""
        self._feed_time.newest_tick_ns = LONG_AGO_NS
        for takers in self._by_channel.values():
            for taker in takers:
                taker.gate.newest_ns = LONG_AGO_NS

    def begin_at(self, time_ns: int) -> None:
        """Take note of the run's first moment: a publisher may still give what it has of before."""
        self._feed_time.begin_ns = time_ns
        self.decided_on(time_ns)

    def decided_on(self, time_ns: int) -> None:
        """Take note that the run has decided on a moment: what comes from now on is not before it."""
        self._feed_time.decided_ns = time_ns

    @property
    def newest_ns(self) -> int:
        """Moment of the newest tick that was put in, as it counts in the run; before any long ago."""
        return self._feed_time.newest_ns

    @property
    def newest_tick_ns(self) -> int:
        """Time of the session's newest tick, as it was sent."""
        return self._feed_time.newest_tick_ns

    def take_fresh(self) -> list[int]:
        """Return the places of the sources that were empty and have ticks again, once each."""
        numbers = []
        for source in self._feed_time.fresh:
            source.is_fresh = False
            if source.time_ns == END_OF_DATA_NS and source.has_ticks:
                numbers.append(source.number)
        self._feed_time.fresh.clear()
        return numbers

    def allow_until(self, time_ns: int) -> None:
        """Refuse ticks of later moments: they cannot be yet."""
        self._feed_time.latest_ns = time_ns

    def take_news(self) -> bool:
        """Tell whether ticks came since the last call."""
        has_news, self._feed_time.has_news = self._feed_time.has_news, False
        return has_news

    def bar_end_before(self, time_ns: int) -> int:
        """Return the end of the last bar under way that ends up to a moment, UTC; long ago when there is none."""
        ends = (taker.maker.end_ns for taker in self._bar_takers)
        return max((end_ns for end_ns in ends if end_ns <= time_ns), default=LONG_AGO_NS)

    def close_bars(self, time_ns: int) -> bool:
        """Finish the bars that are over at a moment, UTC; return whether there are any since the last call."""
        feed_time = self._feed_time
        if time_ns >= feed_time.bar_end_ns:
            for taker in self._bar_takers:
                feed_time.has_bars |= taker.maker.close_until(time_ns)
            feed_time.bar_end_ns = min(taker.maker.end_ns for taker in self._bar_takers)
        has_bars, feed_time.has_bars = feed_time.has_bars, False
        return has_bars

    def wake(self, merge: TickMerge) -> None:
        """Let a merge go on with sources that were empty.

        Parameters:
            merge: a merge over `sources`; it is between two steps, or at its end.
        """
        for number in self.take_fresh():
            merge.wake(number)
