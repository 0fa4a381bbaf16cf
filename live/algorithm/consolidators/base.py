"""What all consolidators share: input, finished bars, handlers."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from live.algorithm.data import BaseData, Tick
from live.algorithm.indicators.base import Handlers
from live.algorithm.indicators.rolling_window import RollingWindow
from live.algorithm.naming import PascalCaseAccess
from live.errors import UsageError

_WINDOW_SIZE = 2


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

    `data_consolidated` holds handlers, called with this object and the finished bar. While they run, `consolidated` is
    still the bar before, and `consolidator[0]` the finished one.
    """

    input_type: type[BaseData] = BaseData
    output_type: type[BaseData] = BaseData

    def __init__(self) -> None:
        self.data_consolidated = Handlers()
        self.consolidated: BaseData | None = None
        self.window: RollingWindow[BaseData] = RollingWindow(_WINDOW_SIZE)

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made."""
        return None

    @property
    def current(self) -> BaseData:
        """The newest finished bar; None before the first."""
        return self.window[0]

    @property
    def previous(self) -> BaseData:
        """The finished bar before the newest; None when there is none."""
        return self.window[1]

    def __getitem__(self, index: int) -> BaseData:
        return self.window[index]

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Tell whether this takes the quotes, or the trades, of tick data."""
        return True

    def prepare(self, minimum_price_variation: Decimal) -> None:
        """Take what is to be known of the symbol before its first data: the smallest step of its prices."""

    def update(self, data: BaseData) -> None:
        """Take a data point."""
        raise NotImplementedError

    def scan(self, current_local_time: Any) -> None:
        """Let a moment of exchange time finish the working bar.

        Parameters:
            current_local_time: a datetime, or nanoseconds of the wall clock.
        """

    def emit(self, bar: BaseData) -> None:
        """Hand a finished bar to the handlers."""
        self.window.add(bar)
        self.data_consolidated.fire(self, bar)
        self.consolidated = bar

    def reset(self) -> None:
        """Forget all data; handlers stay."""
        self.consolidated = None
        self.window.reset()

    def dispose(self) -> None:
        """Forget the handlers."""
        self.data_consolidated.clear()


class IdentityDataConsolidator(DataConsolidator):
    """Passes data on unchanged; of successive points with the same end only the first, except ticks.

    Parameters:
        input_type: kind of data.
    """

    def __init__(self, input_type: type[BaseData] = BaseData) -> None:
        super().__init__()
        self.input_type = self.output_type = input_type
        self._last: BaseData | None = None

    @property
    def working_data(self) -> BaseData | None:
        """The newest data point."""
        return self._last

    def update(self, data: BaseData) -> None:
        """Pass a data point on."""
        last = self._last
        if last is None or isinstance(data, Tick) or data.end_local_ns != last.end_local_ns:
            self.emit(data)
            self._last = data

    def reset(self) -> None:
        """Forget all data."""
        super().reset()
        self._last = None


class SequentialConsolidator(DataConsolidator):
    """Feeds the bars of one consolidator to another.

    Parameters:
        first: takes the data.
        second: takes the bars of the first; its bars are the result.

    Raises:
        UsageError: the second one does not take what the first one makes.
    """

    def __init__(self, first: DataConsolidator, second: DataConsolidator) -> None:
        super().__init__()
        if not issubclass(first.output_type, second.input_type):
            raise UsageError(
                f"{type(second).__name__} takes {second.input_type.__name__} but {type(first).__name__} makes "
                f"{first.output_type.__name__}; chain consolidators whose types match"
            )
        self.first = first
        self.second = second
        self.input_type = first.input_type
        self.output_type = second.output_type
        first.data_consolidated += self._pass_on
        second.data_consolidated += self._finish

    def _pass_on(self, sender: Any, bar: BaseData) -> None:
        self.second.update(bar)

    def _finish(self, sender: Any, bar: BaseData) -> None:
        self.emit(bar)

    @property
    def working_data(self) -> BaseData | None:
        """The bar that the second one is making."""
        return self.second.working_data

    def accepts_quotes(self, is_quote: bool) -> bool:
        """Tell whether the first one takes such data."""
        return self.first.accepts_quotes(is_quote)

    def prepare(self, minimum_price_variation: Decimal) -> None:
        """Prepare both parts."""
        self.first.prepare(minimum_price_variation)
        self.second.prepare(minimum_price_variation)

    def update(self, data: BaseData) -> None:
        """Take a data point."""
        self.first.update(data)

    def scan(self, current_local_time: Any) -> None:
        """Scan the first one; LEAN leaves the second to its data."""
        self.first.scan(current_local_time)

    def reset(self) -> None:
        """Forget all data, those of both parts too."""
        self.first.reset()
        self.second.reset()
        super().reset()

    def dispose(self) -> None:
        """Forget the handlers, those of both parts too."""
        self.first.dispose()
        self.second.dispose()
        super().dispose()
