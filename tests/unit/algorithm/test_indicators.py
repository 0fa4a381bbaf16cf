"""Indicators against values worked by hand, and LEAN's rules of readiness, names and input."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from live.algorithm.data import QuoteBar, Tick, TradeBar
from live.algorithm.enums import MovingAverageType, SecurityType
from live.algorithm.indicators import (
    AverageTrueRange,
    BollingerBands,
    Delay,
    ExponentialMovingAverage,
    Identity,
    IndicatorBase,
    IndicatorDataPoint,
    LinearWeightedMovingAverage,
    Maximum,
    Minimum,
    Momentum,
    MomentumPercent,
    MovingAverageConvergenceDivergence,
    RateOfChange,
    RateOfChangePercent,
    RelativeStrengthIndex,
    SimpleMovingAverage,
    StandardDeviation,
    Sum,
    TrueRange,
    Variance,
    VolumeWeightedAveragePriceIndicator,
    WilderMovingAverage,
)
from live.algorithm.indicators.moving_averages import moving_average
from live.algorithm.symbols import Symbol
from live.errors import UsageError

START = datetime(2013, 10, 7, 9, 30)
IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")
SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def fed(indicator: IndicatorBase, values: list[float]) -> list[float]:
    """Return the indicator's value after each of the values."""
    results = []
    for number, value in enumerate(values):
        indicator.update(minute(number), value)
        results.append(indicator.current.value)
    return results


def bar(number: int, high: float, low: float, close: float, volume: float = 0.0, open: float = 0.0) -> TradeBar:
    return TradeBar(minute(number), IBM, open or close, high, low, close, volume)


def test_simple_average_is_a_partial_mean_until_the_window_is_full() -> None:
    assert fed(SimpleMovingAverage(3), [1, 2, 6, 7, 2]) == [1, 1.5, 3, 5, 5]


def test_exponential_average_is_zero_then_the_simple_mean_then_smoothed() -> None:
    assert fed(ExponentialMovingAverage(3), [1, 2, 6, 7, 3]) == [0, 0, 3, 5, 4]


def test_exponential_average_takes_a_smoothing_factor() -> None:
    assert fed(ExponentialMovingAverage(2, 0.25), [4, 8, 10]) == [0, 6, 7]
    assert ExponentialMovingAverage("slow", 2, smoothing_factor=0.25).name == "slow"


def test_wilder_average_is_a_mean_then_smoothed_by_one_over_the_period() -> None:
    assert fed(WilderMovingAverage(4), [1, 2, 6, 7, 8]) == [1, 1.5, 3, 4, 5]


def test_linear_weighted_average_is_zero_until_ready() -> None:
    assert fed(LinearWeightedMovingAverage(3), [1, 2, 3, 7]) == [0, 0, pytest.approx(14 / 6), pytest.approx(29 / 6)]


def test_rsi_is_100_without_losses_and_0_without_gains() -> None:
    assert fed(RelativeStrengthIndex(2), [1, 2, 3]) == [100, 100, 100]
    assert fed(RelativeStrengthIndex(2), [3, 2, 1]) == [100, 0, 0]


def test_rsi_by_hand() -> None:
    # Gains 2 0 4, losses 0 1 0; Wilder: gain 2, 1, 2.5; loss 0, 0.5, 0.25.
    assert fed(RelativeStrengthIndex(2), [10, 12, 11, 15]) == pytest.approx([100, 100, 100 - 100 / 3, 100 - 100 / 11])


def test_rsi_is_ready_after_one_more_sample_than_its_period() -> None:
    rsi = RelativeStrengthIndex(3)
    assert [rsi.update(minute(number), 1.0) for number in range(4)] == [False, False, False, True]
    assert rsi.warm_up_period == 4


def test_rsi_with_a_simple_average() -> None:
    rsi = RelativeStrengthIndex(2, MovingAverageType.SIMPLE)
    assert fed(rsi, [10, 12, 11, 15]) == pytest.approx([100, 100, 100 - 100 / 3, 80])
    assert rsi.name == "RSI(2)"


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (Momentum(2), [0, 2, 4, 3]),
        (RateOfChange(2), [0, 1, 2, 0.75]),
        (RateOfChangePercent(2), [0, 100, 200, 75]),
        (MomentumPercent(2), [0, 100, 200, 75]),
        (Delay(2), [2, 2, 2, 4]),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_comparison_with_the_value_a_period_ago(indicator: IndicatorBase, expected: list[float]) -> None:
    assert fed(indicator, [2, 4, 6, 7]) == expected
    assert indicator.warm_up_period == 3


def test_rate_of_change_from_zero_is_zero() -> None:
    assert fed(RateOfChange(1), [0, 5]) == [0, 0]


def test_variance_and_deviation_are_of_the_population() -> None:
    assert fed(Variance(4), [2, 4, 4, 4, 5]) == pytest.approx([0, 1, 8 / 9, 0.75, 0.1875])
    assert fed(StandardDeviation(8), [2, 4, 4, 4, 5, 5, 7, 9])[-1] == 2


def test_sum_and_identity() -> None:
    assert fed(Sum(2), [1, 2, 5]) == [1, 3, 7]
    identity = Identity("price")
    assert not identity.is_ready
    assert fed(identity, [1, 2]) == [1, 2]
    assert identity.is_ready


def test_maximum_counts_the_periods_since() -> None:
    highest, ages = Maximum(3), []
    for number, value in enumerate([5, 3, 5, 1, 2, 0]):
        highest.update(minute(number), value)
        ages.append((highest.current.value, highest.periods_since_maximum))
    assert ages == [(5, 0), (5, 1), (5, 0), (5, 1), (5, 2), (2, 1)]


def test_minimum_counts_the_periods_since() -> None:
    lowest, ages = Minimum(3), []
    for number, value in enumerate([1, 3, 1, 5, 4, 6]):
        lowest.update(minute(number), value)
        ages.append((lowest.current.value, lowest.periods_since_minimum))
    assert ages == [(1, 0), (1, 1), (1, 0), (1, 1), (1, 2), (4, 1)]


def test_true_range_of_the_first_bar_is_high_minus_low() -> None:
    true_range = TrueRange()
    values = []
    for each in (bar(0, 12, 10, 11), bar(1, 15, 13, 14), bar(2, 12, 11, 11)):
        true_range.update(each)
        values.append(true_range.current.value)
    assert values == [2, 4, 3]


def test_average_true_range_is_wilders_when_made_directly() -> None:
    wilder, simple = AverageTrueRange(2), AverageTrueRange(2, MovingAverageType.SIMPLE)
    ready = []
    for each in (bar(0, 12, 10, 11), bar(1, 15, 13, 14), bar(2, 20, 14, 15)):
        simple.update(each)
        ready.append(wilder.update(each))
    assert ready == [False, True, True]
    assert wilder.current.value == 4.5
    assert simple.current.value == 5


def test_macd_signal_begins_when_both_averages_are_ready() -> None:
    macd = MovingAverageConvergenceDivergence(1, 2, 2, MovingAverageType.SIMPLE)
    assert fed(macd, [1, 3, 7]) == [0, 1, 2]
    assert macd.signal.current.value == 1.5
    assert macd.histogram.current.value == 0.5
    assert macd.is_ready
    assert macd.warm_up_period == 3
    assert (macd.fast.current.value, macd.slow.current.value) == (7, 5)


def test_macd_refuses_a_fast_period_that_is_not_shorter() -> None:
    with pytest.raises(UsageError, match="fast period 26 must be less"):
        MovingAverageConvergenceDivergence(26, 12, 9)


def test_bollinger_bands_by_hand() -> None:
    bands = BollingerBands(2, 2)
    assert fed(bands, [10, 14]) == [10, 14]
    assert bands.middle_band.current.value == 12
    assert bands.standard_deviation.current.value == 2
    assert (bands.lower_band.current.value, bands.upper_band.current.value) == (8, 16)
    assert bands.band_width.current.value == pytest.approx(800 / 12)
    assert bands.percent_b.current.value == 0.75
    assert bands.is_ready
    assert bands.upper_band.is_ready


def test_bollinger_bands_of_equal_values_keep_their_last_point() -> None:
    bands = BollingerBands(2, 2)
    points: list[float] = []
    bands.updated += lambda sender, point: points.append(point.value)
    fed(bands, [10, 12, 12, 15])
    assert points == [10, 12, 15]
    assert bands.samples == 4
    assert bands.percent_b.samples == 4


def test_volume_weighted_average_price() -> None:
    average = VolumeWeightedAveragePriceIndicator(2)
    values = []
    for each in (bar(0, 10, 10, 10, 0), bar(1, 10, 10, 10, 1), bar(2, 20, 20, 20, 3), bar(3, 40, 40, 40, 1)):
        average.update(each)
        values.append(average.current.value)
    assert values == [0, 10, 17.5, 25]
    with pytest.raises(UsageError, match="pass a TradeBar"):
        average.update(QuoteBar(minute(9), IBM))


@pytest.mark.parametrize(
    ("indicator", "name"),
    [
        (SimpleMovingAverage(20), "SMA(20)"),
        (SimpleMovingAverage("mine", 20), "mine"),
        (SimpleMovingAverage(period=20, name="keyword"), "keyword"),
        (ExponentialMovingAverage(20), "EMA(20)"),
        (ExponentialMovingAverage(20, 0.1), "EMA(20,0.1)"),
        (WilderMovingAverage(14), "WWMA14"),
        (LinearWeightedMovingAverage(5), "LWMA(5)"),
        (BollingerBands(30, 2.0), "BB(30,2)"),
        (BollingerBands(30, 2.5), "BB(30,2.5)"),
        (MovingAverageConvergenceDivergence(12, 26, 9), "MACD(12,26,9)"),
        (AverageTrueRange(14, MovingAverageType.SIMPLE), "ATR(14)"),
        (TrueRange(), "TR"),
        (Maximum(5), "MAX(5)"),
        (Sum(5), "SUM(5)"),
        (VolumeWeightedAveragePriceIndicator(5), "VWAP(5)"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_default_names_are_leans(indicator: IndicatorBase, name: str) -> None:
    assert indicator.name == name


def test_older_input_is_ignored_and_equal_times_count() -> None:
    average = SimpleMovingAverage(3)
    average.update(minute(5), 1.0)
    average.update(minute(5), 3.0)
    average.update(minute(4), 100.0)
    assert (average.samples, average.current.value) == (2, 2)


def test_time_is_watched_for_each_symbol() -> None:
    average = SimpleMovingAverage(3)
    average.update(IndicatorDataPoint(IBM, minute(5), 1.0))
    average.update(IndicatorDataPoint(SPY, minute(4), 2.0))
    average.update(IndicatorDataPoint(IBM, minute(4), 9.0))
    assert average.samples == 2
    assert average.current.symbol is SPY


def test_the_same_bar_twice_counts_once() -> None:
    average, one = SimpleMovingAverage(3), bar(0, 2, 1, 2)
    average.update(one)
    average.update(one)
    assert average.samples == 1
    assert average.current.value == 2
    assert average.current.time == one.end_time == average.current.end_time


def test_quote_bars_and_ticks_are_taken_at_their_value() -> None:
    average = SimpleMovingAverage(1)
    average.update(Tick(minute(0), IBM, bid=10.0, ask=12.0))
    assert average.current.value == 11


@pytest.mark.parametrize("wrong", [Tick(minute(0), IBM), IndicatorDataPoint(minute(0), 1.0), 7])
def test_an_indicator_of_bars_refuses_what_is_none(wrong: object) -> None:
    with pytest.raises(UsageError, match="pass a TradeBar or a QuoteBar"):
        AverageTrueRange(2).update(wrong)


def test_an_indicator_of_bars_refuses_a_time_and_a_value() -> None:
    with pytest.raises(UsageError, match=r"does not support update\(time, value\)"):
        AverageTrueRange(2).update(minute(0), 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0,), "period of 0"), ((), "needs period"), (("name", 1, 2), "optional name"), ((-3,), "period of -3")],
)
def test_wrong_arguments_are_named(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SimpleMovingAverage(*arguments)


def test_the_kind_of_average_must_be_known() -> None:
    assert isinstance(moving_average(MovingAverageType.WILDERS, "w", 3), WilderMovingAverage)
    with pytest.raises(UsageError, match=r"MovingAverageType\.SIMPLE"):
        RelativeStrengthIndex(3, "simple")


def test_a_new_indicator_shows_zero_at_the_beginning_of_time() -> None:
    average = SimpleMovingAverage(2)
    assert average.current.value == 0
    assert average.current.time == datetime.min
    assert average.window.count == 1
    assert not average.is_ready


def test_window_previous_and_resizing() -> None:
    identity = Identity("x")
    identity.window.size = 3
    fed(identity, [1, 2, 3, 4])
    assert [point.value for point in identity] == [4, 3, 2]
    assert identity.previous.value == identity[1].value == 3
    assert identity[4] is None
    assert identity.window.size == 5


def test_reset_forgets_everything_but_the_handlers() -> None:
    calls: list[float] = []
    for make in (
        lambda: SimpleMovingAverage(2),
        lambda: ExponentialMovingAverage(2),
        lambda: WilderMovingAverage(2),
        lambda: LinearWeightedMovingAverage(2),
        lambda: RelativeStrengthIndex(2),
        lambda: MovingAverageConvergenceDivergence(1, 2, 2),
        lambda: BollingerBands(2, 2),
        lambda: Maximum(2),
        lambda: Minimum(2),
        lambda: Momentum(2),
        lambda: Delay(2),
        lambda: Sum(2),
        lambda: Variance(2),
    ):
        used, fresh = make(), make()
        used.updated += lambda sender, point: calls.append(point.value)
        fed(used, [9, 1, 8, 3])
        used.reset()
        assert used.current.value == 0
        assert not used.is_ready
        calls.clear()
        assert fed(used, [5, 6, 4, 7]) == fed(fresh, [5, 6, 4, 7])
        assert used.is_ready == fresh.is_ready
        assert calls


def test_reset_of_indicators_of_bars() -> None:
    for used in (AverageTrueRange(2), TrueRange(), VolumeWeightedAveragePriceIndicator(2)):
        used.update(bar(0, 50, 10, 20, 5))
        used.reset()
        used.update(bar(0, 3, 1, 2, 5))
        assert used.samples == 1
        assert used.current.value == 2


def test_handlers_are_added_and_removed() -> None:
    identity, seen = Identity("x"), []

    def handler(sender: IndicatorBase, point: IndicatorDataPoint) -> None:
        seen.append((sender.name, point.value))

    identity.updated += handler
    identity.update(minute(0), 1)
    identity.Updated -= handler
    identity.update(minute(1), 2)
    assert seen == [("x", 1)]


def test_comparisons_use_the_current_value() -> None:
    low, high = Identity("low"), Identity("high")
    low.update(minute(0), 1.0)
    high.update(minute(0), 2.0)
    assert low < high
    assert high > 1.5
    assert low <= 1
    assert high <= 3
    assert low == 1.0
    assert low != high
    assert len({low, high}) == 2
    assert float(high) == 2
    assert high.current > low.current


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.0"), (12.0, "12.0"), (1.23456789, "1.23457"), (0.000005, "0.00001"), (-2.5, "-2.5")]
)
def test_text_has_one_to_five_decimals(value: float, text: str) -> None:
    identity = Identity("x")
    identity.update(minute(0), value)
    assert str(identity) == text
    assert identity.to_detailed_string() == f"x - {text}"


def test_points_are_printed_as_lean_prints_them() -> None:
    assert str(IndicatorDataPoint(minute(0), 167.4)) == "2013-10-07T09:30:00 - 167.4"


def test_both_spellings() -> None:
    average = SimpleMovingAverage(2)
    average.Update(minute(0), 4.0)
    assert average.Current.Value == 4
    assert average.IsReady is False
    assert average.WarmUpPeriod == 2
    assert average.Current.EndTime == minute(0)
