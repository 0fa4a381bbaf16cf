"""Streams of ticks over the files of several days."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.zips import write_zip

from live.algorithm.enums import SecurityType
from live.clock import NANOSECONDS_PER_DAY, Zone, date_to_ns, zone
from live.errors import DataError, MalformedRowError
from live.feeds.streams import TICKS_PER_CHUNK, DayFile, RowStream, TickStream, tick_decoder
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS, TICK_LINE

HOUR_NS = 3_600_000_000_000
NEW_YORK = zone("America/New_York")
ALWAYS = [(-(1 << 62), 1 << 62)]


def day_files(folder: Path, texts: dict[date, bytes]) -> list[DayFile]:
    return [
        DayFile(
            write_zip(folder / f"{day:%Y%m%d}_quote.zip", text, f"{day:%Y%m%d}_eurusd_tick_quote.csv"), date_to_ns(day)
        )
        for day, text in texts.items()
    ]


def forex_rows(files: list[DayFile], data_zone: Zone, spans: list[tuple[int, int]] | None = None) -> RowStream:
    return RowStream(
        files, tick_decoder(SecurityType.FOREX, True), data_zone, lambda _: ALWAYS if spans is None else spans
    )


def times(stream: TickStream) -> list[int]:
    """Return the time of every tick."""
    stream.prime()
    found: list[int] = []
    while stream.time_ns != END_OF_DATA_NS:
        end = stream.group_end()
        found += [stream.time_ns] * (end - stream.position)
        stream.advance_to(end)
    return found


def test_days_follow_each_other_in_utc(tmp_path: Path) -> None:
    files = day_files(
        tmp_path, {date(2013, 10, 7): b"0,1,2\n34200000,1,2\n", date(2013, 10, 8): b"", date(2013, 10, 9): b"1,1,2"}
    )
    rows = forex_rows(files, NEW_YORK)
    first = date_to_ns(date(2013, 10, 7)) + 4 * HOUR_NS
    assert times(TickStream(rows, 0)) == [
        first,
        first + 34_200_000_000_000,
        first + 2 * NANOSECONDS_PER_DAY + 1_000_000,
    ]
    assert rows.bytes_read == rows.bytes_total
    assert rows.rows_read == 3


def test_no_files_are_an_end(tmp_path: Path) -> None:
    assert times(TickStream(forex_rows([], NEW_YORK), 0)) == []


def test_the_bytes_to_come_are_known_before_the_first_row(tmp_path: Path) -> None:
    rows = forex_rows(day_files(tmp_path, {date(2013, 10, 7): b"0,1,2\n", date(2013, 10, 8): b"0,1,2\n"}), NEW_YORK)
    assert (rows.bytes_total, rows.bytes_read) == (12, 0)


def test_ticks_outside_the_sessions_are_read_but_not_given(tmp_path: Path) -> None:
    files = day_files(tmp_path, {date(2013, 10, 7): b"".join(b"%d,1,2\n" % (hour * 3_600_000) for hour in range(24))})
    midnight = date_to_ns(date(2013, 10, 7))
    rows = forex_rows(files, zone("UTC"), [(midnight + 9 * HOUR_NS, midnight + 11 * HOUR_NS)])
    assert times(TickStream(rows, 0)) == [midnight + 9 * HOUR_NS, midnight + 10 * HOUR_NS]
    assert rows.bytes_read == rows.bytes_total


def test_a_moment_may_span_chunks_and_days_have_line_numbers_of_their_own(tmp_path: Path) -> None:
    count = 3 * TICKS_PER_CHUNK + 5
    files = day_files(tmp_path, {date(2013, 10, 7): b"5,1,2\n" * count + b"6,1,2\n", date(2013, 10, 8): b"5,1,2\n"})
    stream = TickStream(forex_rows(files, zone("UTC")), 0)
    stream.prime()
    end = stream.group_end()
    assert end - stream.position == count
    assert stream.buffer.word(end - 1, TICK_LINE) == count
    stream.advance_to(end)
    stream.advance_to(stream.group_end())
    assert stream.buffer.word(stream.position, TICK_LINE) == 1


def test_a_row_longer_than_a_block_away_is_still_whole(tmp_path: Path) -> None:
    lines = [f"{time},1.{time:09d},2.{time:09d}" for time in range(30_000)]
    files = day_files(tmp_path, {date(2013, 10, 7): "\r\n".join(lines).encode()})
    rows = forex_rows(files, zone("UTC"))
    midnight = date_to_ns(date(2013, 10, 7))
    assert times(TickStream(rows, 0)) == [midnight + time * 1_000_000 for time in range(30_000)]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2013, 11, 3), [4, 6, 7, 8]), (date(2014, 3, 9), [5, 6, 7, 7])],
    ids=["clocks set back at 02:00", "clocks set ahead at 02:00"],
)
def test_on_days_of_a_clock_change_times_agree_with_the_zone(tmp_path: Path, day: date, hours: list[int]) -> None:
    files = day_files(tmp_path, {day: b"".join(b"%d,1,2\n" % (hour * 3_600_000) for hour in range(4))})
    found = times(TickStream(forex_rows(files, NEW_YORK), 0))
    assert [(time - date_to_ns(day)) // HOUR_NS for time in found] == hours
    assert found == [NEW_YORK.to_utc_ns(date_to_ns(day) + hour * HOUR_NS) for hour in range(4)]


def test_a_wrong_row_is_named_with_file_entry_line_and_text(tmp_path: Path) -> None:
    files = day_files(tmp_path, {date(2013, 10, 7): b"0,1,2\n1,NaN," + b"9" * 200 + b"\n2,1,2\n"})
    rows = forex_rows(files, NEW_YORK)
    with pytest.raises(MalformedRowError) as caught:
        times(TickStream(rows, 0))
    rows.close()
    message = str(caught.value)
    assert f"{files[0].path} (20131007_eurusd_tick_quote.csv) line 2" in message
    assert "a character does not belong here" in message
    assert f"'1,NaN,{'9' * 114}'" in message


def test_a_damaged_zip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "20131007_quote.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"20131007_quote\.zip"):
        forex_rows([DayFile(path, 0)], NEW_YORK)


def test_leaving_the_rest_unread_counts_it_as_read(tmp_path: Path) -> None:
    rows = forex_rows(day_files(tmp_path, {date(2013, 10, 7): b"0,1,2\n" * 9_000}), NEW_YORK)
    stream = TickStream(rows, 0)
    stream.prime()
    assert rows.bytes_read < rows.bytes_total
    rows.skip_rest()
    assert rows.bytes_read == rows.bytes_total


def test_streams_are_merged_by_time(tmp_path: Path) -> None:
    first = day_files(tmp_path / "a", {date(2013, 10, 7): b"1,1,2\n3,1,2\n"})
    second = day_files(tmp_path / "b", {date(2013, 10, 7): b"2,1,2\n3,1,2\n3,1,2\n"})
    merge = TickMerge(
        [TickStream(forex_rows(files, zone("UTC")), index) for index, files in enumerate([first, second])]
    )
    steps = []
    while merge.advance() != END_OF_DATA_NS:
        steps.append(
            [(merge.source(due).symbol_index, merge.ends[due] - merge.begins[due]) for due in range(merge.due_count)]
        )
    assert steps == [[(0, 1)], [(1, 1)], [(0, 1), (1, 2)]]


def test_forex_has_no_trade_ticks() -> None:
    with pytest.raises(DataError, match="quotes only"):
        tick_decoder(SecurityType.FOREX, False)
