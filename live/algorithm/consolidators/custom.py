"""Consolidators that users write in Python."""

from __future__ import annotations

from typing import Any

from live.algorithm.consolidators.base import DataConsolidator
from live.algorithm.data import BaseData
from live.algorithm.indicators.base import Handlers, local_ns
from live.algorithm.indicators.rolling_window import RollingWindow
from live.algorithm.naming import OverridableInBothSpellings, PascalCaseFields, has_member, member_of
from live.clock import ns_to_datetime
from live.errors import UsageError

_WINDOW_SIZE = 2
_NEEDED = ("update", "scan", "input_type", "output_type", "working_data", "data_consolidated")


class PythonConsolidator(OverridableInBothSpellings, PascalCaseFields):
    """Base of a user's consolidator. Override `update(self, data)` and, for bars that a clock ends, `scan(self, time)`.

    Set `input_type` and `output_type`, keep the growing bar in `working_data`, and hand a finished one over with
    `on_data_consolidated(self, bar)`. The fields are there before `__init__`, which need not call the base's.
    """

    data_consolidated: Handlers
    window: RollingWindow[BaseData]
    consolidated: BaseData | None
    working_data: BaseData | None
    input_type: type[BaseData]
    output_type: type[BaseData]

    def __new__(cls, *arguments: Any, **keywords: Any) -> PythonConsolidator:
        """Make the object with its fields."""
        self = super().__new__(cls)
        self.data_consolidated = Handlers()
        self.window = RollingWindow(_WINDOW_SIZE)
        self.consolidated = self.working_data = None
        self.input_type = self.output_type = BaseData
        return self

    def on_data_consolidated(self, consolidator: Any, data: BaseData) -> None:
        """Hand a finished bar to the handlers.

        Parameters:
            consolidator: what the handlers get as the sender.
            data: the bar.
        """
        if data is not None:
            self.window.add(data)
        self.data_consolidated.fire(consolidator, data)

    def update(self, data: BaseData) -> None:
        """Take a data point."""

    def scan(self, current_local_time: Any) -> None:
        """Take the present time of the exchange, a datetime, to finish a bar without data."""

    def reset(self) -> None:
        """Forget all data."""
        self.consolidated = None
        self.working_data = None
        self.window.reset()

    def dispose(self) -> None:
        """Forget the handlers."""
        self.data_consolidated.clear()


class DataConsolidatorPythonWrapper(DataConsolidator):
    """A user's consolidator as the engine sees it. Its members may be in either spelling.

    Parameters:
        consolidator: the user's object.

    Raises:
        UsageError: it lacks a member that a consolidator needs.
    """

    def __init__(self, consolidator: Any) -> None:
        super().__init__()
        missing = [name for name in _NEEDED if not has_member(consolidator, name)]
        if missing:
            raise UsageError(
                f"{type(consolidator).__name__} is no consolidator, it lacks {', '.join(missing)}; "
                "derive it from PythonConsolidator, or give it these members"
            )
        self._consolidator = consolidator
        self.input_type = member_of(consolidator, "input_type") or BaseData
        self.output_type = member_of(consolidator, "output_type") or BaseData
        events = member_of(consolidator, "data_consolidated")
        events += self._pass_on

    def _pass_on(self, sender: Any, bar: BaseData) -> None:
        self.emit(bar)

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made."""
        working: BaseData | None = member_of(self._consolidator, "working_data")
        return working

    def update(self, data: BaseData) -> None:
        """Take a data point."""
        member_of(self._consolidator, "update")(data)

    def scan(self, current_local_time: Any) -> None:
        """Let the clock finish the working bar; the user's method gets a datetime."""
        member_of(self._consolidator, "scan")(ns_to_datetime(local_ns(current_local_time)))

    def dispose(self) -> None:
        """Stop listening to the user's consolidator."""
        events = member_of(self._consolidator, "data_consolidated")
        events -= self._pass_on
        super().dispose()
