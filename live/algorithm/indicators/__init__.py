"""Indicators: LEAN's names, values and readiness."""

from live.algorithm.indicators.base import IndicatorBase, IndicatorDataPoint
from live.algorithm.indicators.extremes import Delay, Maximum, Minimum
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
    Identity,
    StandardDeviation,
    TrueRange,
    Variance,
)

__all__ = [
    "AverageTrueRange",
    "BollingerBands",
    "Delay",
    "ExponentialMovingAverage",
    "Identity",
    "IndicatorBase",
    "IndicatorDataPoint",
    "LinearWeightedMovingAverage",
    "Maximum",
    "Minimum",
    "Momentum",
    "MomentumPercent",
    "MovingAverageConvergenceDivergence",
    "RateOfChange",
    "RateOfChangePercent",
    "RelativeStrengthIndex",
    "RollingWindow",
    "SimpleMovingAverage",
    "StandardDeviation",
    "Sum",
    "TrueRange",
    "Variance",
    "WilderMovingAverage",
]
