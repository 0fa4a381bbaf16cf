"""What an algorithm writes: log lines, plots, statistics, stored objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from live.algorithm.data import TradeBar
from live.algorithm.indicators.base import IndicatorBase
from live.algorithm.naming import member_of
from live.algorithm.numbers import Number
from live.algorithm.overloads import Parameter, flag, number, overloaded, text
from live.errors import UsageError

if TYPE_CHECKING:
    from live.algorithm.host import Host

_DEFAULT_CHART = "Strategy Equity"


def _indicator(value: Any) -> bool:
    """Take an indicator, ours or one of the user's own class."""
    return isinstance(value, IndicatorBase) or member_of(value, "value") is not None


_CHART = Parameter("chart", text)
_SERIES = Parameter("series", text)
_VALUE = Parameter("value", lambda value: number(value) and not _indicator(value))
_BAR = Parameter("bar", lambda value: isinstance(value, TradeBar))
_PRICES = tuple(Parameter(name, number) for name in ("open", "high", "low", "close"))
_INDICATORS = (
    Parameter("first", _indicator, None, also=("indicators",)),
    *(Parameter(name, _indicator, None) for name in ("second", "third", "fourth")),
)
_PLOT = (
    (_SERIES, _BAR),
    (_SERIES, _VALUE),
    (_SERIES, Parameter("py_object", _indicator)),
    (_SERIES, *_PRICES),
    (_CHART, _SERIES, _BAR),
    (_CHART, _SERIES, Parameter("value", lambda value: number(value) or _indicator(value))),
    (_CHART, _SERIES, *_PRICES),
    (_CHART, *_INDICATORS),
)
_PLOT_INDICATOR = ((_CHART, *_INDICATORS), (_CHART, Parameter("wait_for_ready", flag), *_INDICATORS))


class OutputMethods:
    """Log, plot and storage methods; mixed into QCAlgorithm."""

    _host: Host

    @property
    def object_store(self) -> Any:
        """Objects kept on disk between runs."""
        return self._host.object_store

    def log(self, message: Any) -> None:
        """Write a line to the run's log file."""
        self._host.write_log("log", str(message))

    def debug(self, message: Any) -> None:
        """Write a debug line to the run's log file."""
        self._host.write_log("debug", str(message))

    def error(self, message: Any = "", error: Any = None) -> None:
        """Write an error line to the run's log file: a text, or an exception."""
        self._host.write_log("error", str(message if error is None else error))

    @overloaded(*_PLOT)
    def plot(
        self,
        chart: str = _DEFAULT_CHART,
        series: str | None = None,
        value: Any = None,
        bar: TradeBar | None = None,
        py_object: Any = None,
        **named: Any,
    ) -> None:
        """Add a point to a series, now.

        Forms: `plot(series, value)`, `plot(chart, series, value)`, with an indicator or a trade bar in the place of the
        value, `plot(chart, first, second, third, fourth)` with indicators, whose names are the series', and both with
        open, high, low, close. Of prices the close is kept. Without a chart the point goes to "Strategy Equity"; one
        indicator after a name goes to the chart of that name.
        """
        if series is None:
            for indicator in filter(None, (named[each] for each in ("first", "second", "third", "fourth"))):
                self._plot(chart, str(member_of(indicator, "name")), indicator)
        elif py_object is not None:
            self._plot(series, str(member_of(py_object, "name") or series), py_object)
        elif bar is not None:
            self._plot(chart, series, bar.close)
        else:
            self._plot(chart, series, named["close"] if value is None else value)

    @overloaded(*_PLOT_INDICATOR)
    def plot_indicator(self, chart: str, wait_for_ready: bool = False, **indicators: Any) -> None:
        """Plot indicators, up to four, whenever they are updated.

        Parameters:
            chart: the chart.
            wait_for_ready: leave out the values before an indicator is ready.
            indicators: first to fourth indicator.
        """
        for indicator in filter(None, indicators.values()):
            if not isinstance(indicator, IndicatorBase):
                raise UsageError(f"plot_indicator: {indicator!r} is no indicator of LEAN's; plot its value in on_data")

            def plot(sender: Any, point: Any, own: IndicatorBase = indicator) -> None:
                if not wait_for_ready or own.is_ready:
                    self._plot(chart, own.name, own)

            indicator.updated += plot

    def record(self, series: str, value: Number) -> None:
        """Add a point to a series of the chart "Strategy Equity"."""
        self._plot(_DEFAULT_CHART, series, value)

    def set_runtime_statistic(self, name: str, value: Any) -> None:
        """Show a named value in the summary."""
        self._host.set_statistic(name, str(value))

    set_summary_statistic = set_runtime_statistic

    def _plot(self, chart: str, series: str, value: Any) -> None:
        if isinstance(value, IndicatorBase):
            value = value.current.value
        elif not number(value):
            value = member_of(value, "value")
        self._host.add_series_point(chart, series, float(value))
