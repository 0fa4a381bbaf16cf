"""Values of an indicator over history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from live.algorithm.indicators.base import IndicatorBase, IndicatorDataPoint
from live.algorithm.indicators.custom import PythonIndicator
from live.algorithm.naming import PascalCaseAccess, is_pascal_case, snake_case
from live.algorithm.slices import Slice
from live.errors import EnvironmentFault

_CURRENT = "current"


class IndicatorDataPoints(PascalCaseAccess):
    """The values of an indicator and of its parts at one time: `current`, and for example `upper_band`."""

    def __init__(self, points: dict[str, IndicatorDataPoint]) -> None:
        self._points = points
        self.current = points[_CURRENT]

    @property
    def end_time(self) -> datetime:
        """Time of the values."""
        return self.current.time

    time = end_time

    @property
    def value(self) -> float:
        """Value of the indicator itself."""
        return self.current.value

    def __getattr__(self, name: str) -> Any:
        points = vars(self).get("_points", {})
        key = snake_case(name) if is_pascal_case(name) else name
        if key in points:
            return points[key].value
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"IndicatorDataPoints({self.end_time}, {', '.join(self._points)})"


class IndicatorHistory(PascalCaseAccess):
    """Values in order of time. Iteration gives one entry for each time, `history["upper_band"]` the points of a part."""

    def __init__(self, entries: list[IndicatorDataPoints], by_name: dict[str, list[IndicatorDataPoint]]) -> None:
        self._entries = entries
        self._by_name = by_name

    @property
    def current(self) -> list[IndicatorDataPoint]:
        """Points of the indicator itself."""
        return self._by_name[_CURRENT]

    @property
    def count(self) -> int:
        """Number of times."""
        return len(self._entries)

    @property
    def data_frame(self) -> Any:
        """The values as a DataFrame: one row for each time, one column for each part.

        Raises:
            EnvironmentFault: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise EnvironmentFault("data_frame needs pandas: pip install 'lean-live[pandas]'") from None
        index = pandas.Index([each.end_time for each in self._entries], name="end_time")
        columns = {name.replace("_", ""): [point.value for point in points] for name, points in self._by_name.items()}
        return pandas.DataFrame(dict(sorted(columns.items())), index=index)

    def __getitem__(self, key: int | str) -> Any:
        if isinstance(key, int):
            return self._entries[key]
        return self._by_name.get(snake_case(key) if is_pascal_case(key) else key)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[IndicatorDataPoints]:
        return iter(self._entries)


def history_of(indicator: IndicatorBase, slices: Iterable[Slice], feed: Callable[[Slice], None]) -> IndicatorHistory:
    """Reset an indicator, feed it with slices and keep what it shows once it is ready, once for each time.

    Parameters:
        indicator: the indicator.
        slices: history, oldest first.
        feed: feeds the indicator with a slice.
    """
    # LEAN does not call the reset of a user's indicator, only that of what stands for it.
    reset = IndicatorBase.reset if isinstance(indicator, PythonIndicator) else type(indicator).reset
    reset(indicator)
    parts = {name: part for name, part in vars(indicator).items() if isinstance(part, IndicatorBase) and name[0] != "_"}
    by_name: dict[str, list[IndicatorDataPoint]] = {name: [] for name in (*parts, _CURRENT)}
    entries: list[IndicatorDataPoints] = []

    def keep() -> None:
        points = {name: part.current for name, part in parts.items()} | {_CURRENT: indicator.current}
        for name, point in points.items():
            by_name[name].append(point)
        entries.append(IndicatorDataPoints(points))

    for slice in slices:
        samples = indicator.samples
        feed(slice)
        if indicator.samples > samples and indicator.is_ready:
            keep()
    return IndicatorHistory(entries, by_name)
