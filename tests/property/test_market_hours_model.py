"""Market hours against a model that looks at every quarter of an hour of four weeks."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from live.clock import NANOSECONDS_PER_DAY, date_to_ns, zone
from live.errors import DataError
from live.feeds.market_hours import MARKET, POST_MARKET, PRE_MARKET, MarketHours, Segment

SLOT_NS = NANOSECONDS_PER_DAY // 96
FIRST_DAY = date(2013, 10, 21)
DAYS = 28
CENTRAL_DAYS = range(9, 12)
START_NS = date_to_ns(FIRST_DAY)


class Model:
    """The state of every quarter of an hour, and openings and closes found by walking from one to the next."""

    def __init__(self, days: list[list[tuple[int, int, str]]], early: set[int]) -> None:
        self.slots: list[str | None] = [None] * (96 * DAYS)
        for index, spans in enumerate(days):
            for start, end, state in spans:
                self.slots[96 * index + start : 96 * index + end] = [state] * (end - start)
        self.early = early

    def is_open(self, slot: int, extended: bool) -> bool:
        return self.slots[slot] is not None if extended else self.slots[slot] == MARKET

    def goes_on(self, slot: int, extended: bool, broken: int) -> bool:
        """Whether no session begins or ends between a slot and the one before it.

        Over midnight a segment of any state continues the session, unless the day that is `broken` (0: the later day,
        1: the earlier one) closes early.
        """
        if slot % 96:
            return self.is_open(slot - 1, extended) and self.is_open(slot, extended)
        day = slot // 96
        return self.slots[slot - 1] is not None and self.slots[slot] is not None and day - broken not in self.early

    def next_open(self, slot: int, extended: bool) -> int | None:
        day = slot // 96
        for each in range(day, day + 15):
            first = slot if each == day else 96 * each
            for opening in self.openings(each, extended, 1 if each > day else 2 * DAYS):
                end = opening + 1
                while end < 96 * (each + 1) and self.is_open(end, extended):
                    end += 1
                if end > first:
                    if opening > slot:
                        return opening
                    break
        return None

    def openings(self, day: int, extended: bool, broken: int) -> list[int]:
        slots = range(96 * day, 96 * day + 96)
        return [slot for slot in slots if self.is_open(slot, extended) and not self.goes_on(slot, extended, broken)]

    def next_close(self, slot: int, extended: bool) -> int | None:
        for end in range(slot + 1, 96 * (slot // 96 + 15) + 1):
            if self.is_open(end - 1, extended) and not self.goes_on(end, extended, 0):
                return end
        return None


SLOT = st.integers(1, 95)


@st.composite
def week_days(draw: st.DrawFn) -> list[tuple[int, int, str]]:
    """Return a day: closed, open all day, with pre- and post-market, or with a pause."""
    kind = draw(st.sampled_from(["closed", "whole", "equity", "pause"]))
    if kind == "closed":
        return []
    if kind == "whole":
        return [(0, 96, MARKET)]
    cuts = sorted(draw(st.lists(st.integers(0, 96), min_size=4, max_size=4, unique=True)))
    if kind == "pause":
        return [(cuts[0], cuts[1], MARKET), (cuts[2], cuts[3], MARKET)]
    return [(cuts[0], cuts[1], PRE_MARKET), (cuts[1], cuts[2], MARKET), (cuts[2], cuts[3], POST_MARKET)]


@st.composite
def markets(draw: st.DrawFn) -> tuple[MarketHours, Model]:
    """Return the hours of a market and their model; special hours fall inside of segments."""
    week = [draw(week_days()) for _ in range(7)]
    holidays = draw(st.sets(st.integers(0, DAYS - 1), max_size=6))
    special = st.dictionaries(st.integers(0, DAYS - 1), SLOT, max_size=8)
    early, late = draw(special), draw(special)
    days: list[list[tuple[int, int, str]]] = []
    for index in range(DAYS):
        spans = [] if index in holidays else list(week[(FIRST_DAY + timedelta(days=index)).weekday()])
        for hours, is_early in ((early, True), (late, False)):
            at = hours.get(index)
            if at is not None and ((index in early and not is_early) or not any(s < at < e for s, e, _ in spans)):
                del hours[index]
            elif at is not None and is_early:
                spans = [(s, min(e, at), state) for s, e, state in spans if s < at]
            elif at is not None:
                spans = [(max(s, at), e, state) for s, e, state in spans if e > at]
        days.append(spans)
    new_york = zone("America/New_York")
    offsets = [tuple(Segment(s * SLOT_NS, e * SLOT_NS, state) for s, e, state in spans) for spans in week]

    def dated(slots: dict[int, int]) -> dict[date, int]:
        return {FIRST_DAY + timedelta(days=index): slot * SLOT_NS for index, slot in slots.items()}

    closed = frozenset(FIRST_DAY + timedelta(days=index) for index in holidays)
    return MarketHours(new_york, new_york, offsets, closed, dated(early), dated(late), True), Model(days, set(early))


MOMENTS = st.tuples(st.sampled_from(CENTRAL_DAYS), st.integers(0, 95)).map(lambda pair: 96 * pair[0] + pair[1])


def ns_of(slot: int) -> int:
    return START_NS + slot * SLOT_NS


@settings(deadline=None, max_examples=60)
@given(markets(), st.booleans(), st.integers(0, SLOT_NS - 1))
def test_is_open_in_every_quarter_of_an_hour(market: tuple[MarketHours, Model], extended: bool, within_ns: int) -> None:
    hours, model = market
    for slot in range(96 * DAYS):
        assert hours.is_open(ns_of(slot) + within_ns, extended) is model.is_open(slot, extended)


@settings(deadline=None, max_examples=150)
@given(markets(), st.booleans(), MOMENTS, st.integers(0, 400))
def test_is_open_during_when_any_quarter_of_the_span_is(
    market: tuple[MarketHours, Model], extended: bool, slot: int, length: int
) -> None:
    hours, model = market
    expected = any(model.is_open(each, extended) for each in range(slot, slot + max(length, 1)))
    assert hours.is_open_during(ns_of(slot), ns_of(slot + length), extended) is expected


@settings(deadline=None, max_examples=200)
@given(markets(), st.booleans(), MOMENTS)
def test_next_close_is_the_first_end_of_a_session(market: tuple[MarketHours, Model], extended: bool, slot: int) -> None:
    hours, model = market
    expected = model.next_close(slot, extended)
    try:
        assert hours.next_market_close(ns_of(slot), extended) == (None if expected is None else ns_of(expected))
    except DataError:
        assert expected is None


@settings(deadline=None, max_examples=200)
@given(markets(), st.booleans(), MOMENTS)
def test_daily_calendar_is_the_first_open_and_last_close_of_a_day(
    market: tuple[MarketHours, Model], extended: bool, slot: int
) -> None:
    hours, model = market
    try:
        start, end = hours.daily_calendar(ns_of(slot), extended)
    except DataError:
        assert not any(model.is_open(each, extended) for each in range(96 * (slot // 96), slot + 1))
        return
    first = (start - START_NS) // SLOT_NS
    day = [each for each in range(96 * (first // 96), 96 * (first // 96 + 1)) if model.is_open(each, extended)]
    assert (first, (end - START_NS) // SLOT_NS) == (day[0], day[-1] + 1)
    assert first <= slot
    assert not any(model.is_open(each, extended) for each in range(96 * (first // 96 + 1), slot + 1))


@settings(deadline=None, max_examples=100)
@given(markets(), st.booleans())
def test_tradable_days_are_those_with_an_open_quarter(market: tuple[MarketHours, Model], extended: bool) -> None:
    hours, model = market
    found = hours.tradable_days(FIRST_DAY, FIRST_DAY + timedelta(days=DAYS - 1), extended)
    expected = [day for day in range(DAYS) if any(model.is_open(96 * day + each, extended) for each in range(96))]
    assert [(day - FIRST_DAY).days for day in found] == expected


@settings(deadline=None, max_examples=200)
@given(markets(), st.booleans(), MOMENTS)
def test_next_open_begins_a_session_that_was_not_under_way(
    market: tuple[MarketHours, Model], extended: bool, slot: int
) -> None:
    hours, model = market
    expected = model.next_open(slot, extended)
    try:
        found = hours.next_market_open(ns_of(slot), extended)
    except DataError:
        assert expected is None
        return
    assert expected is not None
    assert found == ns_of(expected)


@settings(deadline=None, max_examples=200)
@given(markets(), st.booleans(), MOMENTS)
def test_previous_open_is_an_open_that_the_search_forward_finds(
    market: tuple[MarketHours, Model], extended: bool, slot: int
) -> None:
    hours, _ = market
    try:
        found = hours.previous_market_open(ns_of(slot), extended)
    except DataError:
        return
    assert found <= ns_of(slot)
    assert hours.is_open(found, extended)
    assert hours.next_market_open(found - 1, extended) == found
