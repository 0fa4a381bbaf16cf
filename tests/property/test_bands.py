"""Price bands against a model that knows every band and every tick."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from live.hot.bands import PriceBands
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, TICK_WORDS, RecordBuffer, RecordSource

SYMBOLS = 3
Row = tuple[int, int, int, bool]
"""Time, trade price or bid, ask, suspicious."""
rows = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(0, 9), st.booleans()), min_size=1, max_size=8
)
ends = st.lists(st.tuples(st.integers(0, SYMBOLS - 1), st.integers(-1, 10), st.integers(-1, 12)), max_size=5)


def source(symbol_index: int, ticks: list[Row]) -> RecordSource:
    buffer = RecordBuffer(len(ticks), TICK_WORDS)
    for record, (time_ns, bid, ask, is_suspicious) in enumerate(sorted(ticks, key=lambda row: row[0])):
        base = record * TICK_WORDS
        buffer.words[base] = time_ns
        buffer.words[base + 1] = 1
        buffer.words[base + 2] = bid
        buffer.words[base + 3] = ask
        buffer.words[base + 6] = int(is_suspicious)
    buffer.count = len(ticks)
    return RecordSource(buffer, symbol_index)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, SYMBOLS - 1), rows), min_size=1, max_size=4), ends)
def test_a_step_crosses_when_a_trusted_price_touches_an_end(
    streams: list[tuple[int, list[Row]]], narrowings: list[tuple[int, int, int]]
) -> None:
    bands = PriceBands(SYMBOLS)
    for symbol_index, low, high in narrowings:
        bands.narrow(symbol_index, low, high)

    def touches(symbol_index: int, price: int) -> bool:
        mine = [(low, high) for index, low, high in narrowings if index == symbol_index]
        return price != 0 and any(price <= low or price >= high for low, high in mine)

    merge = TickMerge([source(index, ticks) for index, ticks in streams])
    while merge.advance() != END_OF_DATA_NS:
        expected = any(
            touches(index, price)
            for index, ticks in streams
            for time_ns, bid, ask, is_suspicious in ticks
            if time_ns == merge.time_ns and not is_suspicious
            for price in (bid, ask)
        )
        assert bands.crosses(merge) == expected
    bands.clear()
    assert not any(bands.is_outside(index, price) for index in range(SYMBOLS) for price in range(12))
