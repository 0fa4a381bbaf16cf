"""Streams of bars: files of one day, and one file of all days; and every file of a LEAN data folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.data import lean_data_folder
from support.row_reference import ALL_TIME
from support.zips import write_zip

from live.algorithm.enums import Resolution, SecurityType
from live.clock import NANOSECONDS_PER_DAY, date_to_ns, zone
from live.errors import MalformedRowError
from live.feeds.streams import BARS_PER_CHUNK, DayFile, RowStream, bar_decoder, bar_records, tick_decoder
from live.hot.records import BAR_END, BAR_SIZE, BAR_START, TICK_WORDS, RecordBuffer

UTC = zone("UTC")
MINUTE_NS = 60_000_000_000


def bars(files: list[DayFile], resolution: Resolution, security_type: SecurityType = SecurityType.EQUITY) -> RowStream:
    return RowStream(files, bar_decoder(security_type, False, resolution), UTC, None)


def test_bars_of_days_keep_the_wall_clock_of_the_file(tmp_path: Path) -> None:
    files = []
    for day in (date(2013, 10, 7), date(2013, 10, 8)):
        path = write_zip(tmp_path / f"{day:%Y%m%d}_trade.zip", b"34200000,10000,10000,10000,10000,5\n")
        files.append(DayFile(path, date_to_ns(day)))
    rows = bars(files, Resolution.MINUTE)
    found = [(buffer.word(index, BAR_START), buffer.word(index, BAR_END)) for buffer, index in bar_records(rows)]
    opens = date_to_ns(date(2013, 10, 7)) + 34_200_000_000_000
    assert found == [(opens + day, opens + day + MINUTE_NS) for day in (0, NANOSECONDS_PER_DAY)]
    assert rows.bytes_read == rows.bytes_total


def test_a_history_file_gives_every_bar_over_many_chunks(tmp_path: Path) -> None:
    count = 2 * BARS_PER_CHUNK + 1
    lines = [f"{2000 + n // 336}{n % 336 // 28 + 1:02}{n % 28 + 1:02} 00:00,2,3,1,2,{n}" for n in range(count)]
    path = write_zip(tmp_path / "spy.zip", "\n".join(lines).encode(), "spy.csv")
    rows = bars([DayFile(path, 0)], Resolution.DAILY)
    assert [buffer.real(index, BAR_SIZE) for buffer, index in bar_records(rows)] == list(range(count))
    assert rows.rows_read == count


def test_a_stop_before_the_end_of_a_history_file_completes_the_progress(tmp_path: Path) -> None:
    lines = [f"2{n:03}0101 00:00,2,3,1,2,{n}" for n in range(200)]
    path = write_zip(tmp_path / "spy.zip", "\n".join(lines).encode(), "spy.csv")
    rows = bars([DayFile(path, 0)], Resolution.DAILY)
    next(bar_records(rows))
    rows.skip_rest()
    assert rows.bytes_read == rows.bytes_total


def test_a_wrong_bar_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "spy.zip", b"20200101 00:00,2,3,1,2,5\n20200102 00:00,2,1,1,2,5\n", "spy.csv")
    rows = bars([DayFile(path, 0)], Resolution.DAILY)
    with pytest.raises(MalformedRowError, match=r"spy\.zip \(spy\.csv\) line 2.*open, high, low and close contradict"):
        list(bar_records(rows))
    rows.close()


def test_every_file_of_the_lean_data_folder_is_decoded_row_for_row() -> None:
    folder = lean_data_folder()
    if folder is None:
        pytest.skip("no LEAN data folder: set LEAN_DATA, or put one at ./data")
    files = 0
    for path in sorted(folder.rglob("*.zip")):
        market = path.relative_to(folder).parts
        security_type, resolution = SecurityType[market[0].upper()], Resolution[market[2].upper()]
        is_quote = "quote" in path.name
        files += 1
        if resolution is not Resolution.TICK:
            rows = RowStream([DayFile(path, 0)], bar_decoder(security_type, is_quote, resolution), UTC, None)
            count = sum(1 for _ in bar_records(rows))
        else:
            rows = RowStream([DayFile(path, 0)], tick_decoder(security_type, is_quote), UTC, lambda _: ALL_TIME)
            count = count_ticks(rows)
        assert count == rows.rows_read > 0
        assert rows.bytes_read == rows.bytes_total
    assert files > 0


def count_ticks(rows: RowStream) -> int:
    buffer = RecordBuffer(4_096, TICK_WORDS)
    count = 0
    more = True
    while more:
        buffer.count = 0
        more = rows.fill(buffer)
        count += buffer.count
    return count
