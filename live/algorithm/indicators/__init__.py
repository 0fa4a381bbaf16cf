"""Indicators: LEAN's names, values and readiness."""

from live.algorithm.indicators.base import IndicatorBase, IndicatorDataPoint
from live.algorithm.indicators.composites import CompositeIndicator, ConstantIndicator, IndicatorExtensions
from live.algorithm.indicators.custom import PythonIndicator
from live.algorithm.indicators.extremes import Delay, Identity, Maximum, Minimum
from live.algorithm.indicators.momentum import (
    Momentum,
    MomentumPercent,
    MovingAverageConvergenceDivergence,
    RateOfChange,
    RateOfChangePercent,
    RelativeStrengthIndex,
)
from live.algorithm.indicators.moving_averages import (
    ExponentialMovingAverage,
    LinearWeightedMovingAverage,
    SimpleMovingAverage,
    Sum,
    WilderMovingAverage,
)
from live.algorithm.indicators.rolling_window import RollingWindow
from live.algorithm.indicators.volatility import (
    AverageTrueRange,
    BollingerBands,
    IntradayVwap,
    StandardDeviation,
    TrueRange,
    Variance,
    VolumeWeightedAveragePriceIndicator,
)

__all__ = [
    "AverageTrueRange",
    "BollingerBands",
    "CompositeIndicator",
    "ConstantIndicator",
    "Delay",
    "ExponentialMovingAverage",
    "Identity",
    "IndicatorBase",
    "IndicatorDataPoint",
    "IndicatorExtensions",
    "IntradayVwap",
    "LinearWeightedMovingAverage",
    "Maximum",
    "Minimum",
    "Momentum",
    "MomentumPercent",
    "MovingAverageConvergenceDivergence",
    "PythonIndicator",
    "RateOfChange",
    "RateOfChangePercent",
    "RelativeStrengthIndex",
    "RollingWindow",
    "SimpleMovingAverage",
    "StandardDeviation",
    "Sum",
    "TrueRange",
    "Variance",
    "VolumeWeightedAveragePriceIndicator",
    "WilderMovingAverage",
]
