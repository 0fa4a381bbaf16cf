"""Renko and range bars against values worked out by hand from LEAN's rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.algorithm.consolidators import (
    ClassicRenkoConsolidator,
    RangeConsolidator,
    RenkoBar,
    RenkoConsolidator,
    SequentialConsolidator,
    TradeBarConsolidator,
)
from live.algorithm.data import TradeBar
from live.algorithm.enums import BarDirection, RenkoType
from live.errors import UsageError

NINE = datetime(2013, 10, 7, 9)


def feed(consolidator: Any, prices: list[float], volume: float = 10.0) -> list[Any]:
    """Return the bars that minute bars of one price each make."""
    bars: list[Any] = []
    consolidator.data_consolidated += lambda sender, bar: bars.append(bar)
    for index, price in enumerate(prices):
        time = NINE + timedelta(minutes=index)
        consolidator.update(TradeBar(time, "SPY", price, price, price, price, volume))
    return bars


def shape(bars: list[Any]) -> list[tuple[float, float, float, float]]:
    """Return open, high, low and close of bars."""
    return [(bar.open, bar.high, bar.low, bar.close) for bar in bars]


def test_classic_bars_open_on_even_prices_and_end_one_at_most_for_each_price() -> None:
    bars = feed(ClassicRenkoConsolidator(1), [10.2, 11.5, 12.0, 15.0, 15.5, 13.0])
    # The first opens at 11, the next multiple above 10.2; a price far away still ends a single bar.
    # The price that ends a bar also begins the next, with its volume.
    assert shape(bars) == [(11, 12, 11, 12), (12, 13, 12, 13), (13, 14, 13, 14), (14, 14, 13, 13)]
    assert [bar.volume for bar in bars] == [30, 20, 20, 20]
    assert [(bar.start, bar.end_time) for bar in bars][:1] == [(NINE, NINE + timedelta(minutes=2))]


def test_classic_bars_may_open_at_the_first_price() -> None:
    assert shape(feed(ClassicRenkoConsolidator(1, even_bars=False), [10.2, 11.2, 10.2])) == [
        (10.2, 11.2, 10.2, 11.2),
        (11.2, 11.2, 10.2, 10.2),
    ]
    assert shape(feed(ClassicRenkoConsolidator(1, False), [10.2, 11.2])) == [(10.2, 11.2, 10.2, 11.2)]


def test_classic_bars_take_what_the_selectors_give() -> None:
    consolidator = ClassicRenkoConsolidator(1, lambda bar: bar.volume, lambda bar: 1)
    bars = feed(consolidator, [5, 6, 7], volume=20)
    assert bars == []
    assert consolidator.working_data is not None
    assert (consolidator.working_data.open, consolidator.working_data.volume) == (20, 3)


def test_wicked_bars_fill_the_way_and_turn_after_two_heights() -> None:
    bars = feed(RenkoConsolidator(1), [10.0, 12.5, 11.9, 10.8, 9.9, 8.4, 9.9, 11.0])
    assert (
        shape(bars)
        == [
            (10, 11, 10, 11),
            (11, 12, 11, 12),
            (11, 12.5, 10, 10),
            (10, 10, 9, 9),
            (10, 11, 8.4, 11),
        ][: len(bars)]
    )
    assert [bar.direction for bar in bars[:3]] == [BarDirection.RISING, BarDirection.RISING, BarDirection.FALLING]
    assert bars[0].type is RenkoType.WICKED
    assert bars[2].spread == 1.0


def test_a_price_exactly_at_the_edge_ends_no_wicked_bar() -> None:
    assert feed(RenkoConsolidator(1), [10.0, 11.0]) == []
    assert len(feed(RenkoConsolidator(1), [10.0, 11.0, 11.01])) == 1


def test_bricks_of_a_tenth_are_exact() -> None:
    bars = feed(RenkoConsolidator(0.1), [167.0, 167.31])
    assert [bar.close for bar in bars] == [167.1, 167.2, 167.3]


def test_the_closest_multiple_rounds_halves_to_even() -> None:
    assert [RenkoConsolidator.get_closest_multiple(price, 1) for price in (10.4, 10.5, 11.5, 11.6)] == [10, 10, 12, 12]


@pytest.mark.parametrize("kind", [RenkoConsolidator, ClassicRenkoConsolidator])
def test_a_height_of_zero_is_refused(kind: Any) -> None:
    with pytest.raises(UsageError, match="is not positive"):
        kind(0)


def test_range_bars_end_beyond_their_range_and_phantoms_have_no_volume() -> None:
    consolidator = RangeConsolidator(100)
    consolidator.prepare(Decimal("0.01"))
    bars = feed(consolidator, [90.94, 91.5, 92.5, 95.0])
    # Range 1.00: the first opens at 91, grows to 91.5 and ends at 92 when 92.5 comes; 92.01 opens the next.
    assert shape(bars) == [(91, 92, 91, 92), (92.01, 93.01, 92.01, 93.01), (93.02, 94.02, 93.02, 94.02)]
    assert [bar.volume for bar in bars] == [20, 10, 0]
    assert consolidator.range_size == 1.0
    assert consolidator.working_data is not None
    assert consolidator.working_data.open == 94.03


def test_range_bars_need_the_price_step() -> None:
    with pytest.raises(UsageError, match=r"add it with subscription_manager\.add_consolidator"):
        feed(RangeConsolidator(5), [1.0])


def test_reset_begins_anew() -> None:
    consolidator = RenkoConsolidator(1)
    feed(consolidator, [10.0, 12.5])
    consolidator.reset()
    assert consolidator.working_data is None
    assert shape(feed(consolidator, [20.0, 21.5])) == [(20, 21, 20, 21)]


def test_renko_bars_may_be_consolidated_further() -> None:
    chain = SequentialConsolidator(RenkoConsolidator(1), TradeBarConsolidator(2))
    assert shape(feed(chain, [10.0, 12.5, 14.5])) == [(10, 12, 10, 12), (12, 14, 12, 14)]
    assert chain.output_type is TradeBar


def test_a_bar_made_by_hand_knows_its_kind() -> None:
    growing = RenkoBar("SPY", NINE, 1, 10, 5)
    finished = RenkoBar("SPY", NINE, NINE + timedelta(minutes=1), 1, 10, 11, 10, 11)
    assert (growing.type, growing.is_closed, growing.direction) == (RenkoType.CLASSIC, False, BarDirection.NO_DELTA)
    assert (finished.type, finished.direction, finished.spread) == (RenkoType.WICKED, BarDirection.RISING, 1.0)


@given(st.lists(st.integers(900, 1100), min_size=2, max_size=60))
def test_wicked_bars_touch_each_other_and_are_one_brick_high(cents: list[int]) -> None:
    bars = feed(RenkoConsolidator(0.25), [each / 100 for each in cents])
    for bar in bars:
        assert bar.spread == 0.25
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    for before, after in pairwise(bars):
        turned = before.direction is not after.direction
        assert after.open == (before.open if turned else before.close)
