"""Ticks made of records: adjusted prices, and sizes that go with them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given
from hypothesis import strategies as st

from live.algorithm.enums import SecurityType
from live.algorithm.symbols import Symbol
from live.algorithm.ticks import build_ticks
from live.hot.records import TICK_WORDS, RecordBuffer
from live.hot.units import adjusted_size

IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")


def test_prices_are_multiplied_and_sizes_divided_by_the_factor() -> None:
    buffer = RecordBuffer(2, TICK_WORDS)
    for base, kind in ((0, 0), (TICK_WORDS, 1)):
        buffer.words[base + 1] = kind
        buffer.words[base + 2], buffer.words[base + 3] = 100_000_000_000, 102_000_000_000
        buffer.reals[base + 4], buffer.reals[base + 5] = 10.0, 15.0
    buffer.count = 2
    trade, quote = build_ticks(buffer, 0, 2, IBM, 0, 0.25)
    assert (trade.value, trade.quantity) == (25.0, 40.0)
    assert (quote.bid_price, quote.bid_size, quote.ask_price, quote.ask_size) == (25.0, 40.0, 25.5, 60.0)


def test_sizes_are_rounded_half_to_even_and_kept_at_a_factor_of_one() -> None:
    assert [adjusted_size(size, 2.0) for size in (1.0, 3.0, 5.0, 0.0)] == [0.0, 2.0, 2.0, 0.0]
    assert adjusted_size(0.3, 1.0) == 0.3


@given(size=st.integers(0, 10**12), scale=st.sampled_from(["0.7464652", "0.0357143", "0.5", "0.9999", "3.5"]))
def test_sizes_are_whole_and_within_half_of_the_exact_value(size: int, scale: str) -> None:
    exact = (Decimal(size) / Decimal(scale)).quantize(Decimal(1), ROUND_HALF_EVEN)
    found = adjusted_size(float(size), float(scale))
    assert found == int(found)
    assert abs(Decimal(found) - exact) <= 1
