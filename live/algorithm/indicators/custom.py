"""Indicators that users write in Python."""

from __future__ import annotations

from typing import Any

from live.algorithm.data import BaseData
from live.algorithm.indicators.base import IndicatorBase
from live.algorithm.naming import OverridableInBothSpellings, PascalCaseFields, has_member, member_of
from live.errors import UsageError

_NEEDED = ("update", "value")


class PythonIndicator(IndicatorBase, OverridableInBothSpellings, PascalCaseFields):
    """Base of a user's indicator, and what stands for one that has no base.

    The user's `update(self, input)` takes a data point, sets `self.value` and tells whether the indicator is ready; an
    update that gives nothing is followed by a look at `is_ready`. `current`, `window`, `samples` and `updated` follow
    the data that the engine feeds. The fields are there before `__init__`, which need not call the base's.

    Parameters:
        arguments: an object with `update`, `value` and `is_ready` that this one is to stand for.

    Raises:
        UsageError: the object lacks one of these.
    """

    takes_bars = True
    _target: Any
    _is_ready: bool

    def __new__(cls, *arguments: Any, **keywords: Any) -> PythonIndicator:
        """Make the object with its fields."""
        self = super().__new__(cls)
        IndicatorBase.__init__(self, "", 0)
        self._target = self
        self._is_ready = False
        return self

    def __init__(self, *arguments: Any) -> None:
        if arguments and has_member(arguments[0], "update"):
            self._stand_for(arguments[0])

    def _stand_for(self, target: Any) -> None:
        missing = [name for name in (*_NEEDED, "is_ready") if not has_member(target, name)]
        if missing:
            raise UsageError(
                f"{type(target).__name__} is no indicator, it lacks {', '.join(missing)}; "
                f"write class {type(target).__name__}(PythonIndicator), or give it these members"
            )
        self._target = target
        self.name = str(member_of(target, "name") or type(target).__name__)
        self.warm_up_period = int(member_of(target, "warm_up_period") or 0)

    @property
    def is_ready(self) -> bool:
        """Whether the last update said so, or the user's own `is_ready` does."""
        if self._is_ready or self._target is self:
            return self._is_ready
        ready = member_of(self._target, "is_ready")
        return bool(ready() if callable(ready) else ready)

    @is_ready.setter
    def is_ready(self, ready: bool) -> None:
        self._is_ready = bool(ready)

    def feed(self, data: BaseData | Any) -> bool:
        """Take a data point from the engine: the user's update is called, then `current` and `updated` follow.

        Raises:
            UsageError: there is no update, or it sets no value.
        """
        if self._target is self and type(self).update is IndicatorBase.update:
            raise UsageError(f"{type(self).__name__} has no update(self, input); write one that sets self.value")
        time_ns = data.end_local_ns if isinstance(data, BaseData) else data.time_ns
        return self._accept(data.symbol, time_ns, data, data)

    def compute(self, time_ns: int, value: Any) -> float:
        """Return what the user's indicator makes of a data point."""
        ready = member_of(self._target, "update")(value)
        result = member_of(self._target, "value")
        if result is None:
            raise UsageError(f"{type(self._target).__name__}: update set no value; assign self.value in it")
        self._is_ready = self.is_ready if ready is None else bool(ready)
        return float(result)
