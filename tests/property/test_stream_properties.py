"""Streams of damaged files: every tick before the damage comes, none after it, whatever the blocks and chunks are."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.row_reference import ALL_TIME, FORMATS, decode_slowly
from support.zips import write_zip

from live.algorithm.enums import SecurityType
from live.clock import date_to_ns, zone
from live.errors import MalformedRowError
from live.feeds.streams import DayFile, RowStream, TickStream, tick_decoder
from live.hot.merge import TickMerge
from live.hot.records import END_OF_DATA_NS

FOREX = FORMATS["forex quote tick"]
FIRST_DAY = date(2020, 6, 8)
Ticks = list[tuple[int, int, int]]


@st.composite
def file_texts(draw: st.DrawFn) -> bytes:
    """Draw a file of ticks, many of them at one moment, now and then with a damaged row."""
    times = sorted(draw(st.lists(st.integers(0, 6), max_size=12)))
    rows = [b"%d,%d,%d" % (time, draw(st.integers(1, 9)), draw(st.integers(1, 9))) for time in times]
    if rows and draw(st.booleans()):
        rows[draw(st.integers(0, len(rows) - 1))] = draw(
            st.sampled_from(
                [b"1,NaN,2", b"x", b"1,,", b"3,1,2,3", b"\x00", b"0,1,-1", b"5,inf,1", b"0,0,0", b"1" * 600]
            )
        )
    return draw(st.sampled_from([b"\n", b"\r\n"])).join(rows)


def expected_of(texts: list[bytes]) -> tuple[Ticks, tuple[int, int] | None]:
    """Return the ticks before the first damage, and the number of its file and its line."""
    found: Ticks = []
    for number, text in enumerate(texts):
        rows, wrong = decode_slowly(FOREX, text, date_to_ns(FIRST_DAY + timedelta(days=number)))
        found += [(int(row[0]), int(row[2]), int(row[3])) for row in rows]
        if wrong:
            return found, (number, wrong)
    return found, None


def stream_of(folder: Path, texts: list[bytes], symbol_index: int) -> TickStream:
    files = [
        DayFile(
            write_zip(folder / f"{symbol_index}_{number}.zip", text), date_to_ns(FIRST_DAY + timedelta(days=number))
        )
        for number, text in enumerate(texts)
    ]
    decoder = tick_decoder(SecurityType.FOREX, True)
    return TickStream(RowStream(files, decoder, zone("UTC"), lambda _: ALL_TIME), symbol_index)


def play(streams: list[TickStream]) -> tuple[list[Ticks], str]:
    """Merge streams to their end or the first damage; return the ticks of each and the error."""
    found: list[Ticks] = [[] for _ in streams]
    try:
        merge = TickMerge(list(streams))
        while merge.advance() != END_OF_DATA_NS:
            for due in range(merge.due_count):
                buffer = merge.source(due).buffer
                for at in range(merge.begins[due], merge.ends[due]):
                    tick = (merge.time_ns, buffer.word(at, 2), buffer.word(at, 3))
                    assert buffer.word(at, 0) == merge.time_ns
                    found[merge.source(due).symbol_index].append(tick)
    except MalformedRowError as error:
        return found, str(error)
    finally:
        for stream in streams:
            stream.rows.close()
    return found, ""


@settings(deadline=None, max_examples=150)
@given(texts=st.lists(file_texts(), max_size=3), chunk=st.integers(1, 5), block=st.integers(1, 40))
def test_all_ticks_before_the_damage_and_none_after(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes], chunk: int, block: int
) -> None:
    folder = tmp_path_factory.mktemp("files")
    with patch("live.feeds.streams.TICKS_PER_CHUNK", chunk), patch("live.feeds.archive.BLOCK_BYTES", block):
        stream = stream_of(folder, texts, 0)
        (found,), error = play([stream])
    expected, damage = expected_of(texts)
    assert found == expected
    if damage is None:
        assert error == ""
        assert stream.rows.bytes_read == stream.rows.bytes_total
    else:
        assert f"{folder / f'0_{damage[0]}.zip'} (rows.csv) line {damage[1]}, column " in error


@settings(deadline=None, max_examples=75)
@given(texts=st.lists(st.lists(file_texts(), min_size=1, max_size=2), min_size=2, max_size=3), chunk=st.integers(1, 4))
def test_among_several_streams_nothing_before_the_damage_is_lost(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[bytes]], chunk: int
) -> None:
    folder = tmp_path_factory.mktemp("files")
    with patch("live.feeds.streams.TICKS_PER_CHUNK", chunk):
        found, error = play([stream_of(folder, each, index) for index, each in enumerate(texts)])
    expected = [expected_of(each) for each in texts]
    # A stream is known to be damaged once its last good tick has been used: the earliest such moment ends the run.
    ends = [ticks[-1][0] if ticks else 0 for ticks, damage in expected if damage is not None]
    assert bool(error) is bool(ends)
    for mine, (ticks, _) in zip(found, expected, strict=True):
        assert mine == [tick for tick in ticks if not ends or tick[0] <= min(ends)]
