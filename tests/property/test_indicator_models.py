"""Indicators against the same definitions computed in decimals, as LEAN computes them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.algorithm.indicators import (
    BollingerBands,
    ExponentialMovingAverage,
    IndicatorBase,
    LinearWeightedMovingAverage,
    Maximum,
    Minimum,
    Momentum,
    RateOfChange,
    RelativeStrengthIndex,
    RollingWindow,
    SimpleMovingAverage,
    StandardDeviation,
    Sum,
    Variance,
    WilderMovingAverage,
)

Model = Callable[[list[Decimal], int], Decimal]
PRICES = st.lists(st.decimals("0.01", "100000", places=4), min_size=1, max_size=120)
PERIODS = st.integers(1, 40)
MINUTE_NS = 60_000_000_000


def newest(prices: list[Decimal], period: int) -> list[Decimal]:
    return prices[-period:]


def mean(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def smoothed(prices: list[Decimal], period: int, factor: Decimal) -> Decimal:
    value = mean(prices[:period])
    for price in prices[period:]:
        value = price * factor + value * (1 - factor)
    return value


def variance(prices: list[Decimal], period: int) -> Decimal:
    values = newest(prices, period)
    return max(Decimal(0), mean([each * each for each in values]) - mean(values) ** 2)


def exponential(prices: list[Decimal], period: int) -> Decimal:
    return Decimal(0) if len(prices) < period else smoothed(prices, period, Decimal(2) / (period + 1))


def weighted(prices: list[Decimal], period: int) -> Decimal:
    if len(prices) < period:
        return Decimal(0)
    total = sum((weight * each for weight, each in enumerate(newest(prices, period), 1)), Decimal(0))
    return total / (period * (period + 1) // 2)


def strength(prices: list[Decimal], period: int) -> Decimal:
    changes = [after - before for before, after in pairwise(prices)]
    gains, losses = [max(each, Decimal(0)) for each in changes], [max(-each, Decimal(0)) for each in changes]
    if not changes:
        return Decimal(100)
    loss = smoothed(losses, period, 1 / Decimal(period))
    if round(loss, 10) == 0:
        return Decimal(100)
    return 100 - 100 / (1 + smoothed(gains, period, 1 / Decimal(period)) / loss)


def change(prices: list[Decimal], period: int) -> Decimal:
    return prices[-1] - prices[-period - 1 :][0]


MODELS: list[tuple[type[IndicatorBase], Model]] = [
    (SimpleMovingAverage, lambda prices, period: mean(newest(prices, period))),
    (Sum, lambda prices, period: sum(newest(prices, period), Decimal(0))),
    (ExponentialMovingAverage, exponential),
    (WilderMovingAverage, lambda prices, period: smoothed(prices, period, 1 / Decimal(period))),
    (LinearWeightedMovingAverage, weighted),
    (RelativeStrengthIndex, strength),
    (Momentum, change),
    (RateOfChange, lambda prices, period: change(prices, period) / prices[-period - 1 :][0]),
    (Maximum, lambda prices, period: max(newest(prices, period))),
    (Minimum, lambda prices, period: min(newest(prices, period))),
    (Variance, variance),
    (StandardDeviation, lambda prices, period: variance(prices, period).sqrt()),
]


@pytest.mark.parametrize(("indicator_class", "model"), MODELS, ids=[each[0].__name__ for each in MODELS])
@settings(max_examples=40, deadline=None)
@given(prices=PRICES, period=PERIODS)
def test_values_are_those_of_decimals(
    indicator_class: type[IndicatorBase], model: Model, prices: list[Decimal], period: int
) -> None:
    indicator = indicator_class(period)
    with localcontext() as context:
        context.prec = 50
        for count, price in enumerate(prices, 1):
            indicator.update(count * MINUTE_NS, float(price))
            expected = float(model(prices[:count], period))
            assert math.isclose(indicator.current.value, expected, rel_tol=1e-10, abs_tol=1e-9)


@settings(max_examples=40, deadline=None)
@given(prices=PRICES, period=PERIODS)
def test_bands_lie_k_deviations_around_the_middle(prices: list[Decimal], period: int) -> None:
    bands, middle, deviation = BollingerBands(period, 2), SimpleMovingAverage(period), StandardDeviation(period)
    for count, price in enumerate(prices, 1):
        for indicator in (bands, middle, deviation):
            indicator.update(count * MINUTE_NS, float(price))
        reach = 2 * deviation.current.value
        assert bands.lower_band.current.value == middle.current.value - reach
        assert bands.upper_band.current.value == middle.current.value + reach
        assert bands.is_ready == (count >= period)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.integers(), max_size=60), size=st.integers(1, 12), later=st.integers(1, 12))
def test_window_keeps_the_newest_through_a_change_of_size(values: list[int], size: int, later: int) -> None:
    window = RollingWindow[int](size)
    kept: list[int] = []
    for number, value in enumerate(values):
        if number == len(values) // 2:
            window.size = size = later
            kept = kept[:later]
        window.add(value)
        kept = [value, *kept][:size]
        assert list(window) == kept
        assert [window[index] for index in range(len(kept))] == kept


@pytest.mark.parametrize("indicator_class", [SimpleMovingAverage, Sum, Variance])
def test_no_drift_over_100_000_samples(indicator_class: type[IndicatorBase]) -> None:
    # A crash in between leaves large values behind that an ordinary running sum would not get rid of.
    generator, period = random.Random(7), 50
    indicator = indicator_class(period)
    prices: list[float] = []
    for number in range(100_000):
        level = 1e7 if 50_000 <= number < 50_200 else 100.0
        prices.append(round(level + generator.gauss(0.0, 1.0), 4))
        indicator.update(number * MINUTE_NS, prices[-1])
    model = next(each for kind, each in MODELS if kind is indicator_class)
    with localcontext() as context:
        context.prec = 50
        expected = float(model([Decimal(str(each)) for each in prices[-period:]], period))
    assert math.isclose(indicator.current.value, expected, rel_tol=1e-12)


def test_exponential_average_does_not_drift_over_100_000_samples() -> None:
    generator = random.Random(8)
    indicator = ExponentialMovingAverage(20)
    prices = [round(100.0 + generator.gauss(0.0, 1.0), 4) for _ in range(100_000)]
    for number, price in enumerate(prices):
        indicator.update(number * MINUTE_NS, price)
    with localcontext() as context:
        context.prec = 28
        expected = float(exponential([Decimal(str(each)) for each in prices], 20))
    assert math.isclose(indicator.current.value, expected, rel_tol=1e-13)
