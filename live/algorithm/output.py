"""What an algorithm writes: log lines, plots, statistics, stored objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from live.algorithm.host import Host


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

    def error(self, message: Any) -> None:
        """Write an error line to the run's log file."""
        self._host.write_log("error", str(message))

    def plot(self, *args: Any) -> None:
        """Add a point to a series: (series, value), (chart, series, value), or (chart, indicator, …)."""
        if len(args) == 2 and not hasattr(args[1], "current"):
            self._host.add_series_point("Strategy Equity", str(args[0]), float(args[1]))
            return
        chart = str(args[0])
        if len(args) == 3 and isinstance(args[1], str):
            value = args[2].current.value if hasattr(args[2], "current") else args[2]
            self._host.add_series_point(chart, args[1], float(value))
            return
        for indicator in args[1:]:
            self._host.add_series_point(chart, str(indicator.name), float(indicator.current.value))

    def set_runtime_statistic(self, name: str, value: Any) -> None:
        """Show a named value in the summary."""
        self._host.set_statistic(name, str(value))

    set_summary_statistic = set_runtime_statistic
