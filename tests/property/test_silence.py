"""When a symbol is silent or frozen: rules that hold whatever ticks come, and a clock that may do anything."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.config import WatchdogSettings
from live.errors import ConfigError
from live.sidecar.silence import FROZEN_TICKS, GAPS_LEAST, ClockWatch, SymbolWatch, UsualGap, check_settings

SECOND_NS = 1_000_000_000
LOOK_NS = SECOND_NS // 4

seconds = st.floats(0.01, 1_000.0)


@st.composite
def settings_of(draw: st.DrawFn) -> WatchdogSettings:
    least, most = sorted((draw(seconds), draw(seconds)))
    return WatchdogSettings(
        silence_factor=draw(st.floats(1.0, 1_000.0)),
        silence_least_seconds=least,
        silence_most_seconds=most,
        frozen_seconds=draw(st.one_of(st.just(0.0), seconds)),
    )


# Elapsed time of a look, ticks that came in it, whether the price changed with them.
Look = tuple[int, int, bool]
looks = st.lists(
    st.tuples(st.integers(0, 100 * SECOND_NS), st.sampled_from((0, 0, 0, 1, 1, 2, 1_000)), st.booleans()), max_size=120
)


def play(watch: SymbolWatch, given_looks: Sequence[Look], first: int = 1) -> tuple[int, int]:
    """Show looks to a watch; return its ticks and the number of its price."""
    ticks, price = first, 1
    watch.look(0, ticks, price)
    for elapsed_ns, came, is_changed in given_looks:
        ticks += came
        price += bool(came and is_changed)
        watch.look(elapsed_ns, ticks, price)
    return ticks, price


@given(settings_of(), looks)
def test_silence_has_bounds(settings: WatchdogSettings, given_looks: list[Look]) -> None:
    watch = SymbolWatch(settings)
    least_ns, most_ns = settings.silence_least_seconds * SECOND_NS, settings.silence_most_seconds * SECOND_NS
    ticks, price, quiet_ns = 1, 1, 0
    watch.look(0, ticks, price)
    for elapsed_ns, came, is_changed in given_looks:
        ticks += came
        price += bool(came and is_changed)
        quiet_ns = 0 if came else quiet_ns + elapsed_ns
        state = watch.look(elapsed_ns, ticks, price)
        assert int(least_ns) <= state.limit_ns <= math.ceil(most_ns)
        assert state.age_ns == quiet_ns
        assert state.is_silent == (quiet_ns > state.limit_ns)
        if quiet_ns <= least_ns - 1:
            assert not state.is_silent, "never before the least age"
        if quiet_ns > most_ns:
            assert state.is_silent, "always after the largest age"
        if came:
            assert not state.is_silent, "a symbol whose ticks come is not silent"
        assert not (state.is_silent and state.is_frozen)
    watch.begin()
    state = watch.look(0, ticks, price)
    assert not state.is_silent
    assert not state.is_frozen


@given(settings_of(), st.lists(st.integers(0, 10_000 * SECOND_NS), max_size=50))
def test_before_the_first_tick_nothing_is_wrong(settings: WatchdogSettings, spans: list[int]) -> None:
    watch = SymbolWatch(settings)
    for elapsed_ns in spans:
        state = watch.look(elapsed_ns, 0, 0)
        assert not state.is_silent
        assert not state.is_frozen
    # The first tick ends no gap.
    assert not watch.look(LOOK_NS, 1, 1).is_silent
    assert watch.limit_ns() == int(settings.silence_most_seconds * SECOND_NS)


@given(settings_of(), looks, looks)
def test_a_price_that_changes_is_not_frozen(
    settings: WatchdogSettings, given_looks: list[Look], more: list[Look]
) -> None:
    watch = SymbolWatch(settings)
    ticks, price = play(watch, given_looks)
    assert not watch.look(LOOK_NS, ticks + 1, price + 1).is_frozen
    same_ns, same_ticks, ticks = 0, 0, ticks + 1
    for elapsed_ns, came, _ in more:
        ticks += came
        same_ns += elapsed_ns
        same_ticks += came
        state = watch.look(elapsed_ns, ticks, price + 1)
        lasts = same_ns - state.age_ns >= settings.frozen_seconds * SECOND_NS - 1
        if state.is_frozen:
            assert settings.frozen_seconds > 0
            assert same_ticks >= FROZEN_TICKS
            assert lasts
        elif settings.frozen_seconds > 0 and same_ticks >= FROZEN_TICKS and not state.is_silent:
            assert same_ns - state.age_ns <= settings.frozen_seconds * SECOND_NS


@given(st.floats(0.02, 20.0), st.integers(40, 200))
def test_the_usual_gap_of_a_regular_stream_is_its_gap(gap_seconds: float, gaps: int) -> None:
    usual = UsualGap()
    gap_ns = gap_seconds * SECOND_NS
    for number in range(gaps):
        if number < GAPS_LEAST:
            assert usual.gap_ns() is None
        usual.observe(gap_ns, gap_ns, 1)
    found = usual.gap_ns()
    assert found is not None
    assert gap_ns * 0.999 <= found <= gap_ns * 2**0.25 * 1.001


def stream(watch: SymbolWatch, gap_looks: int, count: int, ticks: int, came: int = 1) -> int:
    """Let ticks come every so many looks; return how many have come. None of them is silent in between."""
    for _number in range(count):
        for _look in range(gap_looks - 1):
            assert not watch.look(LOOK_NS, ticks, ticks).is_silent
        ticks += came
        watch.look(LOOK_NS, ticks, ticks)
    return ticks


def test_a_burst_does_not_make_the_quiet_after_it_silence() -> None:
    watch = SymbolWatch(WatchdogSettings(silence_factor=5.0, silence_least_seconds=1.0, silence_most_seconds=60.0))
    ticks = stream(watch, 8, 100, 1)
    assert 10 * SECOND_NS <= watch.limit_ns() <= 12 * SECOND_NS
    # Ten thousand ticks within a second, then again a tick every two seconds.
    ticks = stream(watch, 1, 4, ticks, came=2_500)
    assert watch.limit_ns() >= 10 * SECOND_NS
    stream(watch, 8, 20, ticks)


def test_an_outage_is_not_learned_and_a_slower_market_is() -> None:
    watch = SymbolWatch(WatchdogSettings(silence_factor=4.0, silence_least_seconds=0.5, silence_most_seconds=600.0))
    ticks = stream(watch, 1, 2_000, 1)
    limit_ns = watch.limit_ns()
    assert limit_ns <= 2 * SECOND_NS
    # An hour without a tick.
    assert watch.look(3_600 * SECOND_NS, ticks, 1).is_silent
    ticks += 1
    assert not watch.look(LOOK_NS, ticks, 2).is_silent
    assert watch.limit_ns() == limit_ns
    # From now on a tick every five seconds: silent at first, usual after a while.
    was_silent = []
    for _number in range(1_000):
        found = [watch.look(LOOK_NS, ticks, 2).is_silent for _look in range(19)]
        ticks += 1
        watch.look(LOOK_NS, ticks, 2)
        was_silent.append(any(found))
    assert was_silent[0]
    assert not any(was_silent[-100:])


def test_the_least_must_not_be_above_the_most() -> None:
    check_settings(WatchdogSettings())
    with pytest.raises(
        ConfigError, match=r"silence_least_seconds 5 is above watchdog.silence_most_seconds 3 in live.toml"
    ):
        check_settings(WatchdogSettings(silence_least_seconds=5.0, silence_most_seconds=3.0))


@given(
    st.integers(1, 10 * SECOND_NS),
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(-(10**13), 10**13)), min_size=1, max_size=50),
)
def test_steps_of_the_wall_clock(step_ns: int, moves: list[tuple[int, int]]) -> None:
    watch = ClockWatch(step_ns)
    monotonic, wall = 5, 1_700_000_000 * SECOND_NS
    assert watch.look(wall, monotonic) == (0, 0)
    offset = steps = 0
    for elapsed, moved in moves:
        monotonic += elapsed
        wall += elapsed + moved
        offset += moved
        is_step = abs(moved) >= step_ns
        steps += is_step
        assert watch.look(wall, monotonic) == (offset, moved if is_step else 0)
        assert watch.steps == steps
