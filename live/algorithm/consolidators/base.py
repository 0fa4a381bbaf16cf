"""What all consolidators share: input, finished bars, handlers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from live.algorithm.data import BaseData, Tick
from live.algorithm.indicators.base import Handlers
from live.algorithm.naming import PascalCaseAccess
from live.clock import timedelta_to_ns


class CalendarInfo(NamedTuple):
    """Start and length of the bar that a moment belongs to."""

    start: datetime
    period: timedelta

    @property
    def end(self) -> datetime:
        """End of the bar."""
        return self.start + self.period


class DataConsolidator(PascalCaseAccess):
    """Makes bars out of data.

    `data_consolidated` holds handlers, called with this object and the finished bar.
    """

    input_type: type[BaseData] = BaseData

    def __init__(self) -> None:
        self.data_consolidated = Handlers()
        self.consolidated: BaseData | None = None

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made."""
        return None

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Tell whether this takes the quotes, or the trades, of tick data."""
        return True

    def update(self, data: BaseData) -> None:
        """Take a data point."""
        raise NotImplementedError

    def scan(self, local_ns: int) -> None:
        """Let a moment of exchange time finish the working bar."""

    def emit(self, bar: BaseData) -> None:
        """Hand a finished bar to the handlers."""
        self.consolidated = bar
        self.data_consolidated.fire(self, bar)

    def dispose(self) -> None:
        """Forget the handlers."""
        self.data_consolidated.clear()


class IdentityDataConsolidator(DataConsolidator):
    """Passes data on unchanged; of several points with the same end only the first, except ticks."""

    def __init__(self, input_type: type[BaseData] = BaseData) -> None:
        super().__init__()
        self.input_type = input_type
        self._last_end_ns = -1

    @property
    def working_data(self) -> BaseData | None:
        """The newest data point."""
        return self.consolidated

    def update(self, data: BaseData) -> None:
        """Pass a data point on."""
        if isinstance(data, Tick) or data.end_local_ns != self._last_end_ns:
            self._last_end_ns = data.end_local_ns
            self.emit(data)


class SequentialConsolidator(DataConsolidator):
    """Feeds the bars of one consolidator to another."""

    def __init__(self, first: DataConsolidator, second: DataConsolidator) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.input_type = first.input_type
        first.data_consolidated += lambda sender, bar: second.update(bar)
        second.data_consolidated += lambda sender, bar: self.emit(bar)

    @property
    def working_data(self) -> BaseData | None:
        """The bar that the second one is making."""
        return self.second.working_data

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Tell whether the first one takes such data."""
        return self.first.accepts_quotes(is_quote)

    def update(self, data: BaseData) -> None:
        """Take a data point."""
        self.first.update(data)

    def scan(self, local_ns: int) -> None:
        """Scan the first one."""
        self.first.scan(local_ns)


def period_ns_of(value: Any) -> int | None:
    """Return the nanoseconds of a timedelta, None for anything else."""
    return timedelta_to_ns(value) if isinstance(value, timedelta) else None
