"""What all indicators share: samples, current value, window, handlers, chaining."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from live.algorithm.data import BaseData
from live.algorithm.indicators.rolling_window import RollingWindow
from live.algorithm.naming import PascalCaseAccess
from live.clock import datetime_to_ns, ns_to_datetime

Handler = Callable[[Any, "IndicatorDataPoint"], Any]


class IndicatorDataPoint(PascalCaseAccess):
    """A value of an indicator at a time."""

    __slots__ = ("symbol", "time_ns", "value")

    def __init__(self, *args: Any) -> None:
        """Take (time, value) or (symbol, time, value); the time is a datetime or local nanoseconds."""
        self.symbol = args[0] if len(args) > 2 else None
        moment = args[-2] if len(args) > 1 else 0
        self.time_ns: int = datetime_to_ns(moment) if isinstance(moment, datetime) else int(moment)
        self.value = float(args[-1]) if args else 0.0

    @property
    def time(self) -> datetime:
        """Time of the value."""
        return ns_to_datetime(self.time_ns)

    end_time = time

    @property
    def price(self) -> float:
        """The value."""
        return self.value

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"{self.time} - {self.value:g}"


class Handlers(list[Handler]):
    """Handlers of an event; `+=` adds one, as in LEAN."""

    def __iadd__(self, handler: Any) -> Handlers:  # type: ignore[override,misc]
        self.append(handler)
        return self

    def __isub__(self, handler: Any) -> Handlers:
        if handler in self:
            self.remove(handler)
        return self

    def fire(self, sender: Any, value: Any) -> None:
        """Call every handler with the sender and a value."""
        for handler in list(self):
            handler(sender, value)


class IndicatorBase(PascalCaseAccess):
    """An indicator over values. Subclasses implement `compute`; `warm_up_period` is the samples until it is ready.

    Parameters:
        name: shown in plots and messages.
        warm_up_period: samples until `is_ready`.
    """

    takes_bars = False
    """Whether `update` wants whole bars."""

    def __init__(self, name: str, warm_up_period: int = 1) -> None:
        self.name = name
        self.warm_up_period = warm_up_period
        self.samples = 0
        self.updated = Handlers()
        self.consolidators: list[tuple[Any, Any]] = []
        self.window: RollingWindow[IndicatorDataPoint] = RollingWindow(2)
        self._current = IndicatorDataPoint(0, 0.0)
        self._last_time_ns = -(1 << 62)

    @property
    def current(self) -> IndicatorDataPoint:
        """Newest value; zero before the first sample."""
        return self._current

    @property
    def previous(self) -> IndicatorDataPoint:
        """Value before the newest one."""
        return self.window[1] if self.window.count > 1 else IndicatorDataPoint(0, 0.0)

    @property
    def is_ready(self) -> bool:
        """Whether enough samples have been seen."""
        return self.samples >= self.warm_up_period

    def update(self, *args: Any) -> bool:
        """Take a bar, a data point, or a time and a value; input older than the newest is ignored.

        Returns:
            Whether the indicator is ready.
        """
        if len(args) == 1:
            point = args[0]
            if isinstance(point, BaseData):
                return self._take(point.end_local_ns, point if self.takes_bars else point.value, point.symbol)
            if isinstance(point, IndicatorDataPoint):
                return self._take(point.time_ns, point.value, point.symbol)
            raise TypeError(f"{self.name} cannot be updated with {point!r}; pass a bar, or a time and a value")
        moment, value = args[-2], args[-1]
        time_ns = datetime_to_ns(moment.replace(tzinfo=None)) if isinstance(moment, datetime) else int(moment)
        return self._take(time_ns, value if isinstance(value, BaseData) else float(value), None)

    def _take(self, time_ns: int, value: Any, symbol: Any) -> bool:
        if time_ns < self._last_time_ns:
            return self.is_ready
        self._last_time_ns = time_ns
        self.samples += 1
        result = self.compute(time_ns, value)
        self._current = point = IndicatorDataPoint(symbol, time_ns, result)
        self.window.add(point)
        if self.updated:
            self.updated.fire(self, point)
        return self.is_ready

    def compute(self, time_ns: int, value: Any) -> float:
        """Return the indicator's value after one more sample."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget all samples."""
        self.samples = 0
        self.window.reset()
        self._current = IndicatorDataPoint(0, 0.0)
        self._last_time_ns = -(1 << 62)

    def __getitem__(self, index: int) -> IndicatorDataPoint:
        return self.window[index]

    def __float__(self) -> float:
        return self._current.value

    def __lt__(self, other: Any) -> bool:
        return self._current.value < float(other)

    def __gt__(self, other: Any) -> bool:
        return self._current.value > float(other)

    def __le__(self, other: Any) -> bool:
        return self._current.value <= float(other)

    def __ge__(self, other: Any) -> bool:
        return self._current.value >= float(other)

    def __repr__(self) -> str:
        return f"{self.name}: {self._current.value:g}"

    def __str__(self) -> str:
        return f"{self._current.value:g}"


def name_and_period(default: str, args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Split LEAN's constructor forms (name, ...) and (...): return the name and the rest."""
    if args and isinstance(args[0], str):
        return args[0], args[1:]
    return f"{default}({','.join(format_argument(each) for each in args)})", args


def format_argument(value: Any) -> str:
    """Return a constructor argument as it stands in an indicator's default name."""
    return f"{value:g}" if isinstance(value, float) else str(value)
