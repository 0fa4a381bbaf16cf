"""Figures from rounds: medians, spreads and ratios.

The median and the extremes of few rounds say more than a mean with a deviation, which one disturbed round moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from live.bench.model import Better, ChildResult, Metric, MetricSpec


def best(values: Sequence[float], better: Better) -> float:
    """Return the best of several values. Other work on the machine only ever makes a figure worse."""
    return min(values) if better == "lower" else max(values)


def normalise(value: float, calibration_ns: float, better: Better) -> float:
    """Return a figure in units of the calibration loop.

    A time becomes a number of loops, a rate a number of ticks per loop: both stay the same on a machine that does
    everything twice as fast.

    Parameters:
        value: a time of any unit when lower is better, a rate when higher is.
        calibration_ns: duration of the calibration loop in the same process.
    """
    return value / calibration_ns if better == "lower" else value * calibration_ns


def summarise(spec: MetricSpec, rounds: Sequence[ChildResult]) -> Metric | None:
    """Return a figure over the rounds that have it; None when no round has."""
    having = [each for each in rounds if spec.name in each.values]
    if not having:
        return None
    values = [each.values[spec.name] for each in having]
    normalised = None
    if spec.is_scaled:
        normalised = best(
            [normalise(each.values[spec.name], each.calibration_ns, spec.better) for each in having], spec.better
        )
    return Metric(
        spec.name,
        spec.unit,
        spec.better,
        median(values),
        min(values),
        max(values),
        normalised,
        spec.is_judged,
        spec.budget,
    )


def worsening(now: float, before: float, better: Better) -> float | None:
    """Return how many times worse a value is than another: 1 for equal ones, None when exactly one of them is zero."""
    if now == before:
        return 1.0
    if now == 0 or before == 0:
        return None
    return now / before if better == "lower" else before / now
