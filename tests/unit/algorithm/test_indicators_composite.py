"""Chains of indicators and arithmetic on them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from live.algorithm.indicators import (
    CompositeIndicator,
    ConstantIndicator,
    Delay,
    Identity,
    IndicatorBase,
    IndicatorExtensions,
    SimpleMovingAverage,
)

START = datetime(2013, 10, 7, 9, 30)


def feed(values: list[float], *indicators: IndicatorBase) -> None:
    for number, value in enumerate(values):
        for indicator in indicators:
            indicator.update(START + timedelta(minutes=number), value)


@pytest.mark.parametrize(("operation", "expected"), [("plus", 9), ("minus", 3), ("times", 18), ("over", 2)])
def test_arithmetic_of_two_indicators(operation: str, expected: float) -> None:
    left, right = Identity("a"), Delay("b", 1)
    result = getattr(IndicatorExtensions, operation)(left, right)
    feed([3, 6], left, right)
    assert result.current.value == expected
    assert result.samples == 2
    assert result.name == "COMPOSE(a,b)"


@pytest.mark.parametrize(("operation", "expected"), [("Plus", 8), ("Minus", 4), ("Times", 12), ("Over", 3)])
def test_arithmetic_with_a_number_in_pascal_case(operation: str, expected: float) -> None:
    left = Identity("a")
    result = getattr(IndicatorExtensions, operation)(left, 2)
    feed([6], left)
    assert result.current.value == expected


def test_a_composite_waits_for_both_sides_and_takes_the_later_time() -> None:
    left, right = Identity("a"), Identity("b")
    result = IndicatorExtensions.plus(left, right, "both")
    left.update(START, 1)
    left.update(START + timedelta(minutes=1), 2)
    assert result.samples == 0
    right.update(START, 10)
    assert (result.samples, result.current.value, result.name) == (1, 12, "both")
    assert result.current.time == START + timedelta(minutes=1)
    right.update(START + timedelta(minutes=2), 20)
    assert result.samples == 1


def test_division_by_zero_keeps_the_last_value() -> None:
    left, right = Identity("a"), Identity("b")
    ratio = IndicatorExtensions.over(left, right)
    left.update(START, 6)
    right.update(START, 2)
    left.update(START, 6)
    right.update(START, 0)
    assert (ratio.current.value, ratio.samples) == (3, 2)


def test_of_waits_for_the_first_to_be_ready_unless_told_otherwise() -> None:
    first = SimpleMovingAverage(2)
    patient = IndicatorExtensions.of(Identity("patient"), first)
    eager = IndicatorExtensions.of(Identity("eager"), first, False)
    feed([1, 3], first)
    assert (patient.samples, eager.samples) == (1, 2)
    assert patient.current.value == 2


def test_functions_of_an_indicator() -> None:
    source = Identity("x")
    average = IndicatorExtensions.SMA(source, 2)
    smoothed = IndicatorExtensions.ema(source, 2, 0.5)
    highest, lowest = IndicatorExtensions.max(source, 2), IndicatorExtensions.min(source, 2)
    feed([1, 3, 2], source)
    assert [each.current.value for each in (average, smoothed, highest, lowest)] == [2.5, 2, 3, 2]
    assert [each.name for each in (average, smoothed, highest)] == ["SMA2_Of_x", "EMA2_Of_x", "MAX2_Of_x"]


def test_readiness_and_reset_reach_both_sides() -> None:
    left, right = SimpleMovingAverage(2), SimpleMovingAverage(3)
    result = CompositeIndicator(left, right, lambda a, b: a.current.value - b.current.value)
    feed([1, 2], left, right)
    assert not result.is_ready
    feed([1, 2, 3], left, right)
    assert result.is_ready
    result.reset()
    assert (left.samples, right.samples, result.samples) == (0, 0, 0)


def test_a_constant_stays() -> None:
    constant = ConstantIndicator("c", 7)
    assert constant.is_ready
    constant.update(START, 1)
    constant.reset()
    assert constant.current.value == 7


def test_unknown_functions_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="squared"):
        _ = IndicatorExtensions.squared
