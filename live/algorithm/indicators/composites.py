"""Indicators made of indicators: chains and arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from live.algorithm.indicators.base import IndicatorBase, IndicatorDataPoint
from live.algorithm.indicators.extremes import Maximum, Minimum
from live.algorithm.indicators.moving_averages import ExponentialMovingAverage, SimpleMovingAverage
from live.algorithm.naming import is_pascal_case, snake_case

Composer = Callable[[IndicatorBase, IndicatorBase], "float | None"]
Second = TypeVar("Second", bound=IndicatorBase)


class ConstantIndicator(IndicatorBase):
    """The same value always; ready from the start.

    Parameters:
        name: its name.
        value: its value.
    """

    def __init__(self, name: str, value: float) -> None:
        super().__init__(name, 0)
        self._value = float(value)
        self._set_current(IndicatorDataPoint(self._current.time_ns, self._value))

    def compute(self, time_ns: int, value: float) -> float:
        """Return the value."""
        return self._value

    def reset(self) -> None:
        """Forget all samples; the value stays."""
        super().reset()
        self._set_current(IndicatorDataPoint(self._current.time_ns, self._value))


class CompositeIndicator(IndicatorBase):
    """A value made of two indicators, computed when both have a new value; a constant always has one.

    Parameters:
        arguments: an optional name, the left and the right indicator, and the function that makes a value of both, or
            None where there is none.
    """

    def __init__(self, *arguments: Any) -> None:
        name = arguments[0] if isinstance(arguments[0], str) or arguments[0] is None else None
        left, right, composer = arguments[-3:]
        super().__init__(name if name is not None else f"COMPOSE({left.name},{right.name})", 0)
        self.left: IndicatorBase = left
        self.right: IndicatorBase = right
        self._composer: Composer = composer
        self._has_left = self._has_right = False
        left.updated += self._on_left
        right.updated += self._on_right

    @property
    def is_ready(self) -> bool:
        """Whether both indicators are."""
        return self.left.is_ready and self.right.is_ready

    def compute(self, time_ns: int, value: float) -> float | None:
        """Return what the function makes of both."""
        return self._composer(self.left, self.right)

    def _on_left(self, sender: Any, point: IndicatorDataPoint) -> None:
        self._has_left = True
        if self._has_right or isinstance(self.right, ConstantIndicator):
            self._compose(point)

    def _on_right(self, sender: Any, point: IndicatorDataPoint) -> None:
        self._has_right = True
        if self._has_left or isinstance(self.left, ConstantIndicator):
            self._compose(point)

    def _compose(self, point: IndicatorDataPoint) -> None:
        time_ns = max(point.time_ns, self.left.current.time_ns, self.right.current.time_ns)
        self.update(time_ns, 0.0)
        self._has_left = self._has_right = False

    def reset(self) -> None:
        """Forget all samples, those of both indicators too."""
        self.left.reset()
        self.right.reset()
        super().reset()


class _BothSpellings(type):
    def __getattr__(cls, name: str) -> Any:
        if is_pascal_case(name) and snake_case(name) != name:
            return getattr(cls, snake_case(name))
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}", name=name, obj=cls)


class IndicatorExtensions(metaclass=_BothSpellings):
    """LEAN's functions over indicators."""

    @staticmethod
    def of(second: Second, first: IndicatorBase, wait_for_first_to_ready: bool = True) -> Second:
        """Feed an indicator with the values of another.

        Parameters:
            second: the indicator that is fed.
            first: the indicator whose values it gets.
            wait_for_first_to_ready: whether the values before the first one is ready are left out.

        Returns:
            The second indicator.
        """

        def pass_on(sender: Any, point: IndicatorDataPoint) -> None:
            if not wait_for_first_to_ready or first.is_ready:
                second.update(point)

        first.updated += pass_on
        return second

    @staticmethod
    def plus(
        left: IndicatorBase, right: Any = None, name: str | None = None, constant: Any = None
    ) -> CompositeIndicator:
        """Return the sum of two indicators, or of an indicator and a number."""
        return _composite(
            left, constant if right is None else right, name, lambda a, b: a.current.value + b.current.value
        )

    @staticmethod
    def minus(
        left: IndicatorBase, right: Any = None, name: str | None = None, constant: Any = None
    ) -> CompositeIndicator:
        """Return the difference of two indicators, or of an indicator and a number."""
        return _composite(
            left, constant if right is None else right, name, lambda a, b: a.current.value - b.current.value
        )

    @staticmethod
    def times(
        left: IndicatorBase, right: Any = None, name: str | None = None, constant: Any = None
    ) -> CompositeIndicator:
        """Return the product of two indicators, or of an indicator and a number."""
        return _composite(
            left, constant if right is None else right, name, lambda a, b: a.current.value * b.current.value
        )

    @staticmethod
    def over(
        left: IndicatorBase, right: Any = None, name: str | None = None, constant: Any = None
    ) -> CompositeIndicator:
        """Return the ratio of two indicators, or of an indicator and a number; by zero, the last value stays."""
        return _composite(
            left,
            constant if right is None else right,
            name,
            lambda a, b: a.current.value / b.current.value if b.current.value else None,
        )

    @staticmethod
    def sma(left: IndicatorBase, period: int, wait_for_first_to_ready: bool = True) -> SimpleMovingAverage:
        """Return the simple moving average of an indicator."""
        average = SimpleMovingAverage(f"SMA{period}_Of_{left.name}", period)
        return IndicatorExtensions.of(average, left, wait_for_first_to_ready)

    @staticmethod
    def ema(
        left: IndicatorBase, period: int, smoothing_factor: float | None = None, wait_for_first_to_ready: bool = True
    ) -> ExponentialMovingAverage:
        """Return the exponential moving average of an indicator."""
        factor = smoothing_factor or ExponentialMovingAverage.smoothing_factor_default(period)
        average = ExponentialMovingAverage(f"EMA{period}_Of_{left.name}", period, factor)
        return IndicatorExtensions.of(average, left, wait_for_first_to_ready)

    @staticmethod
    def max(left: IndicatorBase, period: int, wait_for_first_to_ready: bool = True) -> Maximum:
        """Return the highest of an indicator's newest values."""
        return IndicatorExtensions.of(Maximum(f"MAX{period}_Of_{left.name}", period), left, wait_for_first_to_ready)

    @staticmethod
    def min(left: IndicatorBase, period: int, wait_for_first_to_ready: bool = True) -> Minimum:
        """Return the lowest of an indicator's newest values."""
        return IndicatorExtensions.of(Minimum(f"MIN{period}_Of_{left.name}", period), left, wait_for_first_to_ready)


def _composite(left: IndicatorBase, right: Any, name: str | None, composer: Composer) -> CompositeIndicator:
    other = right if isinstance(right, IndicatorBase) else ConstantIndicator(str(right), right)
    return CompositeIndicator(name, left, other, composer)
