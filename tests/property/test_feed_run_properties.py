"""The clock of a run and the order of its ticks, whatever a network does to them."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from live.clock import zone
from live.feeds.socket.channels import STALE_NS
from live.feeds.socket.frames import Channel, Tick
from live.feeds.socket.health import FeedCounters
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.receiver import SessionClock
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS
from live.paper.feed_clock import FeedClock

SECOND_NS = 1_000_000_000
SESSION_NS = 1_381_000_000 * SECOND_NS
CHANNELS = [Channel("equity", "usa", name, False) for name in ("A", "B", "C")]


class Sent(NamedTuple):
    """Something that a sender sends: a tick, or a heartbeat. Times are on its monotonic clock."""

    is_tick: bool
    due_ns: int
    late_ns: int


@st.composite
def schedules(draw: st.DrawFn) -> list[Sent]:
    """Give ticks and heartbeats in order of their moments, each sent late, but never before what was due earlier."""
    gaps = st.integers(0, 5 * SECOND_NS)
    now_ns = 0
    found = []
    for is_tick in draw(st.lists(st.booleans(), min_size=1, max_size=30)):
        now_ns += draw(gaps)
        found.append(Sent(is_tick, now_ns, draw(st.integers(0, SECOND_NS)) if is_tick else 0))
    return found


@given(schedules(), st.floats(0, 1e5), st.integers(0, 1 << 50))
def test_a_clock_is_never_ahead_of_a_tick_that_is_to_come(schedule: list[Sent], speed: float, boot_ns: int) -> None:
    clock = FeedClock(SessionClock(SESSION_NS, speed))
    assert clock.begin_ns == SESSION_NS
    sent_until_ns = newest_ns = 0
    told: list[int] = []
    for each in schedule:
        sent_ns = max(sent_until_ns, each.due_ns + each.late_ns)
        time_ns = SESSION_NS + int(each.due_ns * speed)
        if each.is_tick:
            # A quotient of reals may be off by its last digit.
            assert all(earlier <= time_ns + 1_000 for earlier in told)
            clock.saw_ticks(time_ns, boot_ns + sent_ns)
            newest_ns, sent_until_ns = time_ns, sent_ns
        # A heartbeat says that all ticks up to then were sent.
        elif each.due_ns >= sent_until_ns:
            told_ns = clock.at_heartbeat(boot_ns + each.due_ns, 0)
            if newest_ns:
                assert told_ns is not None
                assert newest_ns <= told_ns <= time_ns + 1_000
                told.append(told_ns)
            else:
                assert told_ns is None


@given(st.integers(1, 1 << 60), st.integers(0, 1 << 60), st.integers(1, 1 << 61), st.floats(0, 1e3))
def test_before_its_first_tick_a_session_has_no_time_but_that_of_the_world(
    sent_ns: int, wall_ns: int, time_ns: int, speed: float
) -> None:
    assert FeedClock(SessionClock(time_ns, speed)).at_heartbeat(sent_ns, wall_ns) is None
    world = FeedClock(SessionClock())
    assert world.at_heartbeat(sent_ns, wall_ns) == wall_ns
    world.saw_ticks(time_ns, sent_ns)
    # Not before the tick, whatever the sender's clock says.
    assert world.at_heartbeat(sent_ns - 1, wall_ns) == time_ns
    world.begin_session(SessionClock())
    assert world.at_heartbeat(sent_ns, wall_ns) == wall_ns


ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, len(CHANNELS) - 1),
        st.one_of(st.integers(0, 40), st.integers(0, 12 * SECOND_NS)),
        st.sampled_from(["put", "put", "put", "look", "heartbeat"]),
    ),
    max_size=60,
)


@given(ARRIVALS, st.sampled_from(["wait", "drop", "conflate"]), st.integers(1, 5))
def test_time_never_goes_back_whatever_arrives(
    arrivals: list[tuple[int, int, str]], policy: str, capacity: int
) -> None:
    counters = FeedCounters()
    inbox = FeedInbox([(each, index) for index, each in enumerate(CHANNELS)], capacity, policy, counters)
    inbox.route(CHANNELS)
    merge = TickMerge([*inbox.sources])
    decided_ns, put, taken = 0, 0, 0

    def look() -> int:
        """Take everything, as a run does, and return how many ticks that were."""
        nonlocal decided_ns
        inbox.wake(merge)
        count = 0
        while merge.advance() != END_OF_DATA_NS:
            assert merge.time_ns >= decided_ns
            decided_ns = merge.time_ns
            count += sum(merge.ends[place] - merge.begins[place] for place in range(merge.due_count))
        inbox.decided_on(decided_ns)
        return count

    for channel, at_ns, what in arrivals:
        if what == "put":
            inbox.put([Tick(channel, at_ns, SECOND_NS, 1.0)])
            put += 1
        elif what == "heartbeat":
            taken += look()
            decided_ns = max(decided_ns, at_ns)
            inbox.decided_on(decided_ns)
        else:
            taken += look()
    taken += look()
    left_out = counters.ticks_out_of_order + counters.ticks_stale + counters.ticks_dropped
    # Every tick is accounted for.
    assert counters.ticks + left_out == put
    assert taken == counters.ticks - counters.ticks_conflated
    if policy == "wait":
        assert counters.ticks_dropped == counters.ticks_conflated == 0


@given(st.integers(0, 12 * SECOND_NS), st.integers(0, 12 * SECOND_NS))
def test_a_late_tick_is_of_the_present_or_stale(decided_ns: int, at_ns: int) -> None:
    counters = FeedCounters()
    inbox = FeedInbox([(CHANNELS[0], 0)], 8, "wait", counters)
    inbox.route(CHANNELS[:1])
    inbox.decided_on(decided_ns)
    inbox.put([Tick(0, at_ns, SECOND_NS, 1.0)])
    merge = TickMerge([*inbox.sources])
    inbox.take_fresh()
    is_stale = decided_ns - at_ns > STALE_NS
    assert counters.ticks_stale == is_stale
    assert counters.ticks_restamped == (at_ns < decided_ns and not is_stale)
    assert merge.advance() == (END_OF_DATA_NS if is_stale else max(at_ns, decided_ns))


@given(
    st.integers(2007, 2035), st.integers(0, 366 * 86_400), st.sampled_from(["America/New_York", "Europe/Berlin", "UTC"])
)
def test_an_offset_holds_within_its_interval(year: int, second: int, name: str) -> None:
    # A run takes the offset of a day once; it has to hold until the interval's end.
    place = zone(name)
    time_ns = ((year - 1970) * 365 * 86_400 + second) * SECOND_NS
    begin_ns, end_ns, offset_ns = place.interval(time_ns)
    assert begin_ns <= time_ns < end_ns
    for at_ns in (begin_ns, time_ns, end_ns - 1):
        assert place.to_local_ns(at_ns) == at_ns + offset_ns
        assert place.interval(at_ns) == (begin_ns, end_ns, offset_ns)
