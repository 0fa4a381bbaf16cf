"""Events through the ring: what was written is what is read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.errors import DataError
from live.hot.catalogue import RunPhase
from live.hot.denials import DenialCode
from live.hot.events import DenialRecord, Event, EventKind, EventWriter, OrderRecord, PhaseRecord, decode_event
from live.hot.ring import EVENT_WORDS
from live.hot.telemetry import create_page
from live.hot.telemetry_reader import TelemetryReader

WORDS = st.integers(-(1 << 63), (1 << 63) - 1)
REALS = st.floats(allow_nan=False)
SYMBOLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ORDERS = st.builds(
    OrderRecord, WORDS, WORDS, st.integers(0, 9), SYMBOLS, REALS, REALS, REALS, REALS, REALS, REALS, st.integers(0, 11)
)
DENIALS = st.builds(DenialRecord, WORDS, st.sampled_from(list(DenialCode)), SYMBOLS, REALS)
PHASES = st.builds(PhaseRecord, WORDS, st.sampled_from(list(RunPhase)))


def write(writer: EventWriter, event: Event) -> None:
    if isinstance(event, OrderRecord):
        writer.order(event)
    elif isinstance(event, DenialRecord):
        writer.denial(event)
    else:
        writer.phase(event)


@given(st.lists(ORDERS | DENIALS | PHASES, max_size=12))
def test_events_come_out_as_they_went_in_and_the_rest_is_counted(events: list[Event]) -> None:
    capacity = 8
    with TemporaryDirectory() as folder:
        page = create_page(Path(folder) / "page", "run", "0", ring_capacity=capacity)
        reader = TelemetryReader(page.path)
        writer = EventWriter(page.ring)
        for event in events:
            write(writer, event)
        assert [decode_event(words) for words in reader.ring.drain(100)] == events[:capacity]
        assert reader.ring.lost == max(len(events) - capacity, 0)


@given(st.lists(WORDS, min_size=EVENT_WORDS, max_size=EVENT_WORDS))
def test_rubbish_is_an_event_or_an_error_that_says_so(words: list[int]) -> None:
    with suppress(DataError):
        event = decode_event(words)
        assert words[0] in list(EventKind)
        assert event.time_ns == words[1]


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(DataError, match="99 is not a valid EventKind"):
        decode_event([99] + [0] * 15)
