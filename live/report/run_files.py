"""A run read back from its result folder, checked as it is read.

Only summary.json must be there: reports of runs that were cut short show what is left.
"""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from live.clock import datetime_to_ns
from live.errors import DataError, EnvironmentFault, UsageError
from live.paper.run_model import LatencySummary
from live.paper.run_records import LATENCY_VERSION, SYMBOLS_VERSION, LatencyFile, SymbolsFile
from live.report.results import (
    HISTOGRAMS_FILE,
    LATENCY_FILE,
    ORDER_EVENTS_FILE,
    PARTIAL,
    SERIES_FILE,
    SUMMARY_FILE,
    SYMBOLS_FILE,
)
from live.report.summary_file import SUMMARY_VERSION

File = TypeVar("File")
Plots = dict[str, dict[str, list[tuple[int, float | None]]]]
"""Points by chart and series; what is no number was written as null."""


class Versioned(Struct):
    """What every file with a schema begins with."""

    version: int


class DataFacts(Struct):
    """Where the data came from."""

    folder: str
    how: str
    is_sample: bool


class Session(Struct):
    """First and last instant, ISO 8601 in UTC."""

    start: str
    end: str


class Failure(Struct):
    """Why a run did not complete."""

    type: str
    message: str
    exit_code: int
    notes: list[str] = []


class EventDigest(Struct):
    """How many order events there were, and their digest."""

    count: int
    sha256: str


class HeldPosition(Struct):
    """A holding at the end."""

    symbol: str
    quantity: Decimal
    average_price: Decimal
    market_price: Decimal
    unrealized_profit: Decimal


class Collections(Struct):
    """Garbage collections."""

    pauses: LatencySummary
    collections_by_generation: list[int]


class FeedChange(Struct):
    """A change of a live feed's state; its moments on the wall clock and on the session's, None before that is known, ISO 8601
    in UTC.
    """

    wall: str
    time: str | None
    state: str
    reason: str


class Rehearsed(Struct):
    """What was done before the first tick of a feed."""

    ticks: int
    orders: int
    seconds: float
    has_settled: bool
    decision_first: LatencySummary
    decision_last: LatencySummary


class FeedFacts(Struct):
    """What became of a live feed: what it counted, and its changes of state, of which the first ones are kept."""

    address: str
    state: str
    reason: str
    counters: dict[str, int]
    events: list[FeedChange]
    events_beyond: int = 0
    rehearsal: Rehearsed | None = None


class Summary(Struct):
    """What a report uses of summary.json; members that it does not know are left alone."""

    state: str
    algorithm: str
    algorithm_path: str
    data: DataFacts
    session: Session
    wall_seconds: float
    ticks_per_second: float
    compiled: bool
    ticks: dict[str, int]
    bars: dict[str, int]
    calls: dict[str, int]
    orders: dict[str, int]
    order_events: EventDigest
    denials: dict[str, int]
    currency: str
    fees: Decimal
    starting_equity: Decimal
    equity: Decimal
    positions: list[HeldPosition]
    tick_to_decision: LatencySummary
    tick_to_order: LatencySummary
    python_gc: Collections
    ticks_dropped: dict[str, int]
    ticks_conflated: int
    resident_memory_peak_bytes: int
    error: Failure | None = None
    warnings: list[str] = []
    log_lines_dropped: int = 0
    statistics: dict[str, str] = {}
    quit_message: str | None = None
    feed: FeedFacts | None = None


class Bucket(Struct):
    """Samples up to a bound and above the bound before, in nanoseconds."""

    le: int
    count: int


class HistogramFile(Struct):
    """One distribution of histograms.json."""

    count: int
    sum: int
    max: int
    buckets: list[Bucket]


class OrderEventRow(Struct, rename="camel"):
    """What a report uses of an order event, as LEAN writes it; `time` in seconds since 1970 UTC."""

    order_id: int
    order_event_id: int
    symbol: str
    symbol_value: str
    time: float
    status: str
    direction: str
    quantity: float
    fill_price: float
    fill_quantity: float
    order_fee_amount: float | None = None
    order_fee_currency: str | None = None
    limit_price: float | None = None
    stop_price: float | None = None
    message: str = ""

    @property
    def time_ns(self) -> int:
        """Moment of the data, in nanoseconds, with the resolution of the file: 100 ns or the float's."""
        return round(self.time * 1e7) * 100


class RunFiles:
    """Everything that a run left.

    Parameters:
        folder: the result folder, or a link to it.

    Raises:
        UsageError: there is no such folder, or it is that of no finished run.
        DataError: a file is damaged, or has another schema than this version knows.
        EnvironmentFault: a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = _finished(folder)
        self.name = self.folder.name
        data = _read(self.folder / SUMMARY_FILE)
        assert data is not None
        self.summary = _decode(self.folder / SUMMARY_FILE, data, Summary, SUMMARY_VERSION)
        self.missing: list[str] = []
        """Names of files that are not there."""
        self.histograms: dict[str, HistogramFile] = self._optional(HISTOGRAMS_FILE, dict[str, HistogramFile], {})
        self.series: Plots = self._optional(SERIES_FILE, Plots, {})
        self.latency = self._optional(LATENCY_FILE, LatencyFile, LatencyFile(), LATENCY_VERSION)
        self.symbols = self._optional(SYMBOLS_FILE, SymbolsFile, SymbolsFile(), SYMBOLS_VERSION)
        self.events: list[OrderEventRow] = self._optional(ORDER_EVENTS_FILE, list[OrderEventRow], [])

    @property
    def equity(self) -> list[tuple[int, float]]:
        """The equity curve, up to the session's end."""
        points = self.series.get("Strategy Equity", {}).get("Equity", [])
        found = [(time_ns, value) for time_ns, value in points if value is not None]
        end_ns = parse_iso_ns(self.summary.session.end)
        if found and found[-1][0] < end_ns:
            found.append((end_ns, float(self.summary.equity)))
        return found

    def _optional(self, name: str, kind: Any, default: File, version: int | None = None) -> File:
        path = self.folder / name
        data = _read(path)
        if data is None:
            self.missing.append(name)
            return default
        found: File = _decode(path, data, kind, version)
        return found


def parse_iso_ns(text: str) -> int:
    """Return an instant of summary.json in nanoseconds since 1970 UTC.

    Raises:
        DataError: the text is no instant.
    """
    try:
        return datetime_to_ns(datetime.fromisoformat(text.removesuffix("Z")))
    except (ValueError, TypeError) as error:
        raise DataError(f"{text!r} in {SUMMARY_FILE} is no instant in UTC; restore the file, or run again") from error


def _finished(folder: Path) -> Path:
    """Return the folder itself, links followed."""
    if not folder.is_dir():
        raise UsageError(f"there is no run folder {folder}; name a folder of the results, or results/latest")
    found = folder.resolve()
    if not (found / SUMMARY_FILE).is_file():
        if found.name.endswith(PARTIAL):
            raise UsageError(
                f"{folder} has no {SUMMARY_FILE}: the run is under way, or was killed; name a finished one"
            )
        raise UsageError(f"{folder} is no folder of a run: it has no {SUMMARY_FILE}; name one of the results")
    return found


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnvironmentFault(f"cannot read {path}: {os.strerror(error.errno or 0)}; make it readable") from error


def _decode(path: Path, data: bytes, kind: Any, version: int | None) -> Any:
    """Decode a file; one of another version is named as such before its content is looked at."""
    try:
        if version is not None:
            found = msgspec.json.decode(data, type=Versioned).version
            if found != version:
                raise DataError(
                    f"{path} has version {found}, this lean-live reads version {version}; "
                    f"use the lean-live that wrote it, or run again"
                )
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged: {error}; restore it, or run again") from error
