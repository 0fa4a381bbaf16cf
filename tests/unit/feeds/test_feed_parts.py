"""Parts of the socket feed on their own: state, waiting times, queues, clocks, addresses, secrets, settings."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec
import pytest
from support.feed import QUOTES, TRADES, quote, records_of, trade

from live.config import FeedSettings, parse_config
from live.errors import ConfigError, EnvironmentFault, UsageError
from live.feeds.socket.address import FeedAddress, parse_address
from live.feeds.socket.backoff import Backoff
from live.feeds.socket.frames import Channel
from live.feeds.socket.health import ClockWatch, Fault, FeedCounters, FeedHealth, FeedState
from live.feeds.socket.inbox import FeedInbox
from live.feeds.socket.token import read_token
from live.hot.merge import TickMerge

SECOND_NS = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def health_of(**settings: object) -> tuple[FeedHealth, Clock]:
    clock = Clock()
    health = FeedHealth(msgspec.structs.replace(FeedSettings(), **settings), clock=clock)
    health.connected()
    return health, clock


# -- state


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize(
    ("action", "state"),
    [("continue", FeedState.RUNNING), ("pause", FeedState.PAUSED), ("halt", FeedState.HALTED)],
)
def test_each_fault_leads_to_what_its_key_says(fault: Fault, action: str, state: FeedState) -> None:
    health, _ = health_of(**{f"on_{fault.value}": action})
    health.report(fault, "what happened")
    assert health.state is state
    assert health.may_trade is (action == "continue")
    assert ("what happened" in health.reason) is (action != "continue")


def test_a_pause_ends_when_all_its_reasons_have() -> None:
    health, _ = health_of(on_silence="pause", on_gap="pause")
    health.report(Fault.SILENCE, "silent")
    health.report(Fault.GAP, "gap")
    assert health.counters.pauses == 1
    health.resume()
    assert (health.state, health.reason) == (FeedState.PAUSED, "silent")
    health.alive()
    assert health.may_trade
    health.report(Fault.GAP, "gap")
    health.alive()
    assert (health.state, health.reason) == (FeedState.PAUSED, "gap")
    health.resume()
    assert health.may_trade


def test_a_pause_ends_by_itself_after_quiet_time_alone() -> None:
    health, clock = health_of(on_gap="pause", resume_after_seconds=10.0)
    health.report(Fault.GAP, "first")
    clock.now_ns = 9 * SECOND_NS
    health.report(Fault.GAP, "second")
    clock.now_ns = 18 * SECOND_NS
    health.look()
    assert health.state is FeedState.PAUSED
    clock.now_ns = 19 * SECOND_NS
    health.look()
    assert health.may_trade


def test_without_a_connection_a_feed_never_runs() -> None:
    health, _ = health_of(on_gap="pause", on_disconnect="continue")
    health.report(Fault.GAP, "gap")
    health.disconnected()
    health.resume()
    assert health.state is FeedState.CONNECTING
    health.connected()
    assert health.may_trade
    health.disconnected()
    assert health.state is FeedState.CONNECTING


def test_a_halt_and_an_end_are_for_good() -> None:
    for finish in (lambda health: health.halt("over"), lambda health: health.end()):
        health, _ = health_of()
        finish(health)
        state = health.state
        health.report(Fault.GAP, "gap")
        health.connected()
        health.resume()
        health.end()
        health.halt("again")
        assert health.state is state
        assert health.is_over


def test_every_change_is_told() -> None:
    seen: list[str] = []
    health = FeedHealth(FeedSettings(), lambda each: seen.append(each.state.value))
    health.connected()
    health.report(Fault.DISCONNECT, "lost")
    health.alive()
    health.end()
    assert seen == ["running", "paused", "running", "ended"]


# -- waiting times and clocks


def test_waiting_times_double_up_to_a_limit_and_keep_half() -> None:
    backoff = Backoff(0.1, 1.0, Random(3))
    for span in (0.1, 0.2, 0.4, 0.8, 1.0, 1.0):
        assert span / 2 <= backoff.next_seconds() <= span
    assert backoff.attempts == 6
    backoff.succeeded()
    assert backoff.next_seconds() <= 0.1


def test_a_step_of_a_clock_is_told_from_its_drift() -> None:
    watch = ClockWatch(0.5)
    assert watch.step_ns(1_000 * SECOND_NS, 0) == 0
    assert watch.step_ns(1_001 * SECOND_NS + 1_000_000, SECOND_NS) == 0
    assert watch.step_ns(1_004 * SECOND_NS + 1_000_000, 2 * SECOND_NS) == 2 * SECOND_NS
    assert watch.step_ns(1_005 * SECOND_NS + 1_000_000, 3 * SECOND_NS) == 0
    assert watch.step_ns(1_000 * SECOND_NS, 4 * SECOND_NS) == -6 * SECOND_NS - 1_000_000
    watch.forget()
    assert watch.step_ns(0, 0) == 0


# -- queues


def inbox_of(capacity: int = 100, policy: str = "wait") -> FeedInbox:
    inbox = FeedInbox([(TRADES, 0), (QUOTES, 0)], capacity, policy, FeedCounters())
    inbox.route([TRADES, QUOTES])
    return inbox


def test_a_merge_goes_on_when_ticks_come_again() -> None:
    inbox = inbox_of()
    merge = TickMerge([*inbox.sources])
    assert records_of(merge) == []
    for round in range(3):
        inbox.put([trade(10 * round + 1), quote(10 * round + 1), quote(10 * round + 2), trade(10 * round + 3)])
        inbox.wake(merge)
        found = [(record[0], record[1]) for record in records_of(merge)]
        first = 10_000 * round
        assert found == [(0, first + 1_000), (1, first + 1_000), (1, first + 2_000), (0, first + 3_000)]


def test_ticks_that_come_during_a_step_are_taken_after_it() -> None:
    inbox = inbox_of()
    merge = TickMerge([*inbox.sources])
    inbox.put([trade(1), trade(2)])
    inbox.wake(merge)
    merge.advance()
    inbox.put([trade(3), quote(2)])
    inbox.wake(merge)
    assert [record[1] for record in records_of(merge)] == [2_000, 2_000, 3_000]


def test_a_tick_that_comes_during_the_last_step_needs_no_further_look() -> None:
    inbox = inbox_of()
    merge = TickMerge([*inbox.sources])
    inbox.put([trade(1)])
    inbox.wake(merge)
    merge.advance()
    inbox.put([trade(2)])
    inbox.wake(merge)
    assert [record[1] for record in records_of(merge)] == [2_000]


def test_a_queue_wraps_through_many_chunks_in_order() -> None:
    inbox = inbox_of(capacity=5_000)
    merge = TickMerge([*inbox.sources])
    inbox.put([trade(number) for number in range(1, 3_001)])
    inbox.wake(merge)
    assert [record[1] for record in records_of(merge)] == [1_000 * number for number in range(1, 3_001)]
    assert not inbox.has_ticks


def test_ticks_of_a_contradiction_are_invalid() -> None:
    inbox = inbox_of()
    replace = msgspec.structs.replace
    wrong = [
        replace(trade(1), size=float("nan")),
        replace(trade(1), size=float("inf")),
        replace(trade(1), ask_size=1.0),
        replace(quote(1), price_e9=0, ask_e9=0),
        replace(trade(1), channel=7),
    ]
    inbox.put(wrong)
    assert inbox.counters.ticks_invalid == len(wrong)
    assert not inbox.has_ticks


def test_room_is_told_once_a_full_queue_is_taken() -> None:
    inbox = inbox_of(capacity=2)
    calls: list[bool] = []
    inbox.on_room = lambda: calls.append(True)
    merge = TickMerge([*inbox.sources])
    inbox.put([trade(1), trade(2), trade(3)])
    assert inbox.must_wait
    inbox.wake(merge)
    assert not inbox.must_wait
    assert calls
    assert len(records_of(merge)) == 3


def test_room_is_told_even_if_the_first_look_leaves_the_queue_full() -> None:
    inbox = inbox_of(capacity=600)
    calls: list[bool] = []
    inbox.on_room = lambda: calls.append(True)
    merge = TickMerge([*inbox.sources])
    inbox.put([trade(number) for number in range(1, 1_101)])
    inbox.wake(merge)
    assert inbox.must_wait
    assert not calls
    assert len(records_of(merge)) == 1_100
    assert calls


def test_subscriptions_to_symbols_that_a_session_lacks_are_returned() -> None:
    other = Channel("equity", "usa", "SPY", False)
    inbox = FeedInbox([(TRADES, 0), (QUOTES, 0), (other, 1)], 10, "wait", FeedCounters())
    assert inbox.route([QUOTES]) == [other]
    assert inbox.absent == [TRADES, other]
    everything = FeedInbox(None, 10, "wait", FeedCounters())
    assert everything.route([QUOTES, TRADES]) == []
    assert [source.channel for source in everything.sources] == [QUOTES, TRADES]


# -- words


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/run/feed", FeedAddress(Path("/run/feed"))),
        ("tcp:127.0.0.1:7070", FeedAddress(None, "127.0.0.1", 7070)),
        ("tcp:[::1]:7070", FeedAddress(None, "::1", 7070)),
    ],
)
def test_addresses_are_read_and_written_alike(text: str, address: FeedAddress) -> None:
    assert parse_address(text, "--listen") == address
    assert str(address) == text
    assert address.is_local


@pytest.mark.parametrize(
    "text", ["", "unix:", "tcp:7070", "tcp:host:", "tcp:host:70000", "tcp:host:x", "unix:" + "x" * 200]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--listen"):
        parse_address(text, "--listen")


def test_only_loopback_is_local() -> None:
    assert parse_address("tcp:localhost:1", "--listen").is_local
    for text in ("tcp:0.0.0.0:1", "tcp:192.168.1.2:1", "tcp:example.org:1", "tcp:[::]:1"):
        assert not parse_address(text, "--listen").is_local


def test_a_token_is_kept_where_others_do_not_read(tmp_path: Path) -> None:
    path = tmp_path / "token"
    assert read_token(None) == ""
    with pytest.raises(EnvironmentFault, match="cannot read"):
        read_token(path)
    path.write_text("0123456789abcdef\n")
    path.chmod(0o644)
    with pytest.raises(EnvironmentFault, match="chmod 600"):
        read_token(path)
    path.chmod(0o600)
    assert read_token(path) == "0123456789abcdef"
    path.write_text("short")
    with pytest.raises(ConfigError, match="16 to"):
        read_token(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[feed]\non_gap = "stop"', "on_gap in .feed. of live.toml is 'stop'; it must be one of continue, pause, halt"),
        ("[feed]\nsilence_seconds = 0", "above 0, up to 86400"),
        ('[websocket]\ntime_unit = "minutes"', "one of iso8601, s, ms, us, ns"),
    ],
)
def test_wrong_settings_name_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_config(text, "live.toml")
