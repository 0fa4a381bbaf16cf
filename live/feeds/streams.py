"""Streams of records: the rows of one subscription, day after day, a chunk at a time.

Progress is counted in uncompressed bytes: `bytes_total` is known from the zip directories before the first row is read, and `bytes_read` equals
it at the end.
"""

from __future__ import annotations

from array import array
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from live.algorithm.enums import Resolution, SecurityType
from live.clock import NANOSECONDS_PER_DAY, NANOSECONDS_PER_MILLISECOND, Zone, date_to_ns
from live.errors import DataError, EnvironmentFault, MalformedRowError
from live.feeds.archive import CsvEntry, entry_size
from live.hot.records import BAR_WORDS, TICK_WORDS, RecordBuffer, RecordSource
from live.hot.row_errors import ERROR_TEXTS
from live.hot.rows import (
    CRYPTO_QUOTE_TICK,
    CRYPTO_TRADE_TICK,
    EQUITY_QUOTE_TICK,
    EQUITY_TRADE_TICK,
    FOREX_QUOTE_TICK,
    QUOTE_BAR,
    TRADE_BAR,
    RowDecoder,
)

TICKS_PER_CHUNK = 2_048
BARS_PER_CHUNK = 1_024
_ROW_SHOWN_MAX = 120
_EQUITY_DECIMALS = 4
_PRICE_SCALE = 1e9
Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file and the wall-clock midnight, in the file's zone, of its day."""

    path: Path
    midnight_local_ns: int


class DayFiles:
    """Files of many days, for as little memory as their days take: paths are made when they are needed.

    Parameters:
        days: days in order.
        path_of: the path of a day's file.
    """

    def __init__(self, days: Iterable[date], path_of: Callable[[date], Path]) -> None:
        self._ordinals = array("l", [day.toordinal() for day in days])
        self._path_of = path_of

    def __iter__(self) -> Iterator[DayFile]:
        for ordinal in self._ordinals:
            day = date.fromordinal(ordinal)
            yield DayFile(self._path_of(day), date_to_ns(day))


class RowStream:
    """Decodes files one after another into a buffer.

    A row or a file that cannot be trusted is no reason to keep back the rows before it: `fill` ends there, `failure`
    holds the error, and whoever has taken these rows raises it.

    Parameters:
        files: existing files in order; iterated over twice.
        decoder: what understands their rows.
        data_zone: zone of the files; ticks become UTC, bars keep the file's wall clock.
        sessions: for ticks, the spans of UTC nanoseconds of a day that are kept; None for bars.
        price_days: days, as midnights of the files' wall clock in order, before which the newest price is to be
            remembered in `prices_before`.
    """

    def __init__(
        self,
        files: Iterable[DayFile],
        decoder: RowDecoder,
        data_zone: Zone,
        sessions: Callable[[int], Spans] | None,
        price_days: Sequence[int] = (),
    ) -> None:
        self._files = iter(files)
        self._decoder = decoder
        self._zone = data_zone
        self._sessions = sessions
        self._entry: CsvEntry | None = None
        self._source = ""
        self._text = b""
        self._at = 0
        self._is_last = True
        self._is_first = False
        self._price_days = deque(price_days)
        self.prices_before: dict[int, float] = {}
        """Raw price of the newest row before a day, whether or not the row was kept; 0 without one."""
        self.failure: DataError | EnvironmentFault | None = None
        self.bytes_total = sum(entry_size(file.path) for file in files)
        self.bytes_read = 0
        self.rows_read = 0

    def fill(self, buffer: RecordBuffer) -> bool:
        """Append records until the buffer is full; return False when there are no more files, or on a failure."""
        try:
            return self._fill(buffer)
        except (DataError, EnvironmentFault) as error:
            self.close()
            self.failure = error
            return False

    def raise_failure(self) -> None:
        """Raise the failure at which the rows ended, if there is one.

        Raises:
            MalformedRowError: a row cannot be trusted.
            DataError: a file is damaged.
            EnvironmentFault: a file may not be read.
        """
        if self.failure is not None:
            raise self.failure

    def _fill(self, buffer: RecordBuffer) -> bool:
        while buffer.count < buffer.capacity:
            if self._at < len(self._text) or not self._is_last:
                if self._decode(buffer):
                    continue
                self._read_block()
                continue
            if not self._open_next():
                return False
        return True

    def _decode(self, buffer: RecordBuffer) -> bool:
        """Decode what is at hand; return whether anything was consumed or the buffer is full."""
        before = self._at
        if before < len(self._text):
            self._at = self._decoder.decode(self._text, before, len(self._text), self._is_last, buffer)
            if self._decoder.error:
                self._refuse_row()
        self.bytes_read += self._at - before
        return self._at > before

    def _read_block(self) -> None:
        assert self._entry is not None
        block = self._entry.read()
        if self._is_first:
            self._is_first = False
            if block.startswith(BOM_UTF8):
                self.bytes_read += len(BOM_UTF8)
                block = block[len(BOM_UTF8) :]
        self._text = self._text[self._at :] + block
        self._at = 0
        if not block:
            self._is_last = True
            self._entry.close()
            self._entry = None

    def _open_next(self) -> bool:
        self.rows_read += self._decoder.line
        self._decoder.line = 0
        file = next(self._files, None)
        self._remember_prices(None if file is None else file.midnight_local_ns)
        if file is None:
            return False
        self._entry = CsvEntry(file.path)
        self._source = f"{file.path} ({self._entry.name})"
        self._text, self._at, self._is_last, self._is_first = b"", 0, False, True
        if self._sessions is None:
            self._decoder.begin_file(file.midnight_local_ns, -1, 0)
            return True
        begin = self._zone.to_utc_ns(file.midnight_local_ns)
        end = self._zone.to_utc_ns(file.midnight_local_ns + NANOSECONDS_PER_DAY)
        shift_ns = end - begin - NANOSECONDS_PER_DAY
        shift_at_ms = -1
        if shift_ns:
            _, until_ns, offset_ns = self._zone.interval(begin)
            shift_at_ms = (until_ns + offset_ns - file.midnight_local_ns) // NANOSECONDS_PER_MILLISECOND
        self._decoder.begin_file(begin, shift_at_ms, shift_ns)
        self._decoder.set_sessions(self._sessions(file.midnight_local_ns))
        return True

    def _remember_prices(self, midnight_local_ns: int | None) -> None:
        """Keep the newest price for the days that the next file reaches; without a next file for all."""
        days = self._price_days
        while days and (midnight_local_ns is None or days[0] <= midnight_local_ns):
            self.prices_before[days.popleft()] = self._decoder.price / _PRICE_SCALE

    def _refuse_row(self) -> None:
        decoder = self._decoder
        end = self._text.find(b"\n", self._at)
        row = self._text[self._at : end if end >= 0 else None][:_ROW_SHOWN_MAX].decode("ascii", "replace").strip()
        raise MalformedRowError(
            f"{self._source} line {decoder.line}, column {decoder.column}: {ERROR_TEXTS[decoder.error]}; "
            f"row {row!r}; mend or replace the file"
        )

    def skip_rest(self) -> None:
        """Leave the rest unread: what follows lies after the run. It counts as read, so that progress ends at its total."""
        self.close()
        self._files = iter(())
        self._text, self._at, self._is_last = b"", 0, True
        self.bytes_read = self.bytes_total

    def close(self) -> None:
        """Close the file that is open."""
        if self._entry is not None:
            self._entry.close()
            self._entry = None


class TickStream(RecordSource):
    """Ticks of one subscription, as the merge reads them."""

    def __init__(self, rows: RowStream, symbol_index: int) -> None:
        super().__init__(RecordBuffer(TICKS_PER_CHUNK, TICK_WORDS), symbol_index)
        self.rows = rows

    def refill(self) -> None:
        """Append a chunk of ticks, or end.

        Raises:
            DataError, EnvironmentFault: the ticks before a failure have all been taken.
        """
        self.rows.raise_failure()
        if not self.rows.fill(self.buffer):
            self.is_exhausted = True
            self.ends_in_failure = self.rows.failure is not None


def bar_records(rows: RowStream) -> Iterator[tuple[RecordBuffer, int]]:
    """Yield (buffer, index) of each bar record; a record is valid until the next one is asked for.

    Raises:
        DataError, EnvironmentFault: after the last record before a row or file that cannot be trusted.
    """
    buffer = RecordBuffer(BARS_PER_CHUNK, BAR_WORDS)
    more = True
    while more:
        buffer.count = 0
        more = rows.fill(buffer)
        for index in range(buffer.count):
            yield buffer, index
    rows.raise_failure()


def tick_decoder(security_type: SecurityType, is_quote: bool) -> RowDecoder:
    """Return the decoder of an asset class's tick files.

    Raises:
        DataError: forex has no trades.
    """
    if security_type is SecurityType.EQUITY:
        return RowDecoder(EQUITY_QUOTE_TICK if is_quote else EQUITY_TRADE_TICK, _EQUITY_DECIMALS, False, 0)
    if security_type is SecurityType.CRYPTO:
        return RowDecoder(CRYPTO_QUOTE_TICK if is_quote else CRYPTO_TRADE_TICK, 0, False, 0)
    if not is_quote:
        raise DataError("forex has quotes only; there are no trade files to read")
    return RowDecoder(FOREX_QUOTE_TICK, 0, False, 0)


def bar_decoder(security_type: SecurityType, is_quote: bool, resolution: Resolution) -> RowDecoder:
    """Return the decoder of an asset class's bar files."""
    decimals = _EQUITY_DECIMALS if security_type is SecurityType.EQUITY else 0
    has_dates = resolution in (Resolution.HOUR, Resolution.DAILY)
    return RowDecoder(QUOTE_BAR if is_quote else TRADE_BAR, decimals, has_dates, resolution.period_ns)
