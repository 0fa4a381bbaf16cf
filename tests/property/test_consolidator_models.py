"""Consolidation against grouping the same bars by brute force."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from live.algorithm.consolidators import TradeBarConsolidator
from live.algorithm.data import TradeBar
from live.algorithm.enums import SecurityType
from live.algorithm.symbols import Symbol
from live.clock import datetime_to_ns

IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")
OPEN = datetime(2013, 10, 7, 9, 30)
MINUTE = timedelta(minutes=1)
PERIODS = st.integers(1, 1440)
OFFSETS = st.lists(st.integers(0, 4000), min_size=1, max_size=80, unique=True).map(sorted)


def make_bars(offsets: list[int]) -> list[TradeBar]:
    prices = [100.0 + (offset * 37 % 23) for offset in offsets]
    return [
        TradeBar(OPEN + offset * MINUTE, IBM, price, price + 2, price - 2, price + 1, 1.0 + offset % 5)
        for offset, price in zip(offsets, prices, strict=True)
    ]


def grouped(bars: list[TradeBar], period_minutes: int) -> list[tuple[Any, ...]]:
    """Return start, end, prices and volume of every period that has data, counted from the year 1."""
    groups: dict[int, list[TradeBar]] = {}
    for bar in bars:
        since = int((bar.time - datetime.min) / MINUTE)
        groups.setdefault(since // period_minutes, []).append(bar)
    return [
        (
            datetime.min + number * period_minutes * MINUTE,
            datetime.min + (number + 1) * period_minutes * MINUTE,
            group[0].open,
            max(bar.high for bar in group),
            min(bar.low for bar in group),
            group[-1].close,
            sum(bar.volume for bar in group),
        )
        for number, group in groups.items()
    ]


def described(bar: TradeBar) -> tuple[Any, ...]:
    return (bar.time, bar.end_time, bar.open, bar.high, bar.low, bar.close, bar.volume)


@settings(max_examples=80, deadline=None)
@given(offsets=OFFSETS, period_minutes=PERIODS, scans=st.booleans())
def test_bars_by_period_are_the_groups(offsets: list[int], period_minutes: int, scans: bool) -> None:
    consolidator = TradeBarConsolidator(timedelta(minutes=period_minutes))
    found: list[tuple[Any, ...]] = []
    consolidator.data_consolidated += lambda sender, bar: found.append(described(bar))
    bars = make_bars(offsets)
    for bar in bars:
        consolidator.update(bar)
        if scans:
            consolidator.scan(bar.end_local_ns)
    consolidator.scan(datetime_to_ns(OPEN + timedelta(days=9)))
    assert found == grouped(bars, period_minutes)


@settings(max_examples=60, deadline=None)
@given(offsets=OFFSETS, count=st.integers(1, 12))
def test_bars_by_count_hold_that_many(offsets: list[int], count: int) -> None:
    consolidator = TradeBarConsolidator(count)
    found: list[tuple[Any, ...]] = []
    consolidator.data_consolidated += lambda sender, bar: found.append(described(bar))
    bars = make_bars(offsets)
    for bar in bars:
        consolidator.update(bar)
    full = [bars[first : first + count] for first in range(0, len(bars) - count + 1, count)]
    assert found == [
        (
            group[0].time,
            group[-1].end_time,
            group[0].open,
            max(bar.high for bar in group),
            min(bar.low for bar in group),
            group[-1].close,
            sum(bar.volume for bar in group),
        )
        for group in full
    ]
