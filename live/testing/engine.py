"""The engine of a session: that of a dry run, with the dates and the cash that the test chose."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from live.algorithm.numbers import Number, use_engine_context
from live.algorithm.orders import MarketOnCloseOrder
from live.algorithm.qc_algorithm import LAST_SECOND_NS
from live.algorithm.symbols import Symbol
from live.clock import NANOSECONDS_PER_DAY, date_to_ns
from live.config import Config
from live.errors import UsageError
from live.feeds.data_folder import DataFolder
from live.feeds.sample_reference import write_reference
from live.hot.catalogue import Stage
from live.hot.histogram import Histogram
from live.paper.engine import PaperEngine
from live.paper.object_store import ObjectStore
from live.paper.recorder import Recorder
from live.paper.risk_desk import RiskDesk
from live.paper.securities import Security
from live.testing.records import SessionRecords
from live.testing.subscriptions import SessionSubscriptions

_YEAR_NS = 365 * NANOSECONDS_PER_DAY


class SessionEngine(PaperEngine):
    """One session's run.

    Parameters:
        folder: the data folder.
        store: folder of the object store.
        parameters: values for get_parameter.
        config: limits of the risk gate.
        records: take order events and log lines.
        start: first day; the strategy's own when None.
        end: last day; the strategy's own when None, or a year after `start` when it has none that fits.
    """

    subscriptions: SessionSubscriptions

    def __init__(
        self,
        folder: Path,
        store: Path,
        parameters: dict[str, str],
        config: Config,
        records: SessionRecords,
        start: date | None,
        end: date | None,
    ) -> None:
        self._fixed_start_ns = None if start is None else date_to_ns(start)
        self._fixed_end = end
        recorder = Recorder(records, records, _histogram)
        risk = RiskDesk(config.risk, _nobody_interferes)
        subscriptions = SessionSubscriptions(DataFolder(folder))
        super().__init__(subscriptions, recorder, ObjectStore(store), parameters, risk)
        if self._fixed_start_ns is not None:
            super().set_start(self._fixed_start_ns)

    def set_start(self, start_ns: int) -> None:
        """Choose the first day, unless the test did."""
        if self._fixed_start_ns is None:
            super().set_start(start_ns)

    def finish_initialize(self) -> None:
        """Put the test's last day in the place of the strategy's, then check what initialize set.

        Raises:
            UsageError: as for PaperEngine.
        """
        if self._fixed_end is not None:
            self.end_ns = date_to_ns(self._fixed_end) + LAST_SECOND_NS
        elif self._fixed_start_ns is not None and self.end_ns < self._fixed_start_ns:
            self.end_ns = self._fixed_start_ns + _YEAR_NS + LAST_SECOND_NS
        super().finish_initialize()

    def replace_cash(self, cash: Number | None) -> None:
        """Put the test's cash in the place of the strategy's, in the account's currency."""
        if cash is not None:
            self.portfolio.set_cash(self.portfolio.account_currency, cash)


def security_of(engine: SessionEngine, symbol: str | Symbol) -> Security:
    """Return a security of the strategy.

    Raises:
        UsageError: the strategy did not add it.
    """
    found: Security | None = engine.securities.get(symbol.upper() if isinstance(symbol, str) else symbol)
    if found is None:
        known = ", ".join(each.value for each in engine.securities.keys())
        raise UsageError(f"the strategy did not add {symbol}; it added {known}")
    return found


def _histogram(stage: Stage) -> Histogram:
    """Return a histogram that nobody else reads."""
    return Histogram()


def _nobody_interferes() -> int:
    """Return the control word of a run that nobody kills or pauses."""
    return 0


class EngineState:
    """What the engine keeps in the process rather than in its objects, so that sessions leave one another alone."""

    def __init__(self) -> None:
        self._close_buffer = MarketOnCloseOrder.DEFAULT_SUBMISSION_TIME_BUFFER

    @contextmanager
    def active(self) -> Iterator[None]:
        """Put this session's state into the process, and the former one back afterwards."""
        before = MarketOnCloseOrder.submission_time_buffer
        with decimal.localcontext():
            use_engine_context()
            MarketOnCloseOrder.submission_time_buffer = self._close_buffer
            try:
                yield
            finally:
                self._close_buffer = MarketOnCloseOrder.submission_time_buffer
                MarketOnCloseOrder.submission_time_buffer = before


@cache
def _reference() -> TemporaryDirectory[str]:
    """Return the folder of reference files that all sessions of the process without a data folder share."""
    folder = TemporaryDirectory(prefix="lean-live-reference-", ignore_cleanup_errors=True)
    write_reference(Path(folder.name))
    return folder


def reference_folder() -> Path:
    """Return a data folder that holds market hours and symbol properties only."""
    return Path(_reference().name)
