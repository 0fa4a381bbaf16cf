"""The telemetry page: both sides, second processes, and files that cannot be trusted."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from live.errors import DataError, EnvironmentFault
from live.hot.catalogue import ControlBit, Counter, Gauge, Stage
from live.hot.denials import DenialCode
from live.hot.page_layout import HeaderWord
from live.hot.page_tables import PageTablesWriter, SlowDecision
from live.hot.telemetry import TelemetryPage, create_page
from live.hot.telemetry_reader import TelemetryReader
from live.hot.telemetry_view import FeedRow


@pytest.fixture
def page(tmp_path: Path) -> TelemetryPage:
    return create_page(tmp_path / "page", "run-1", "0.1", {Stage.DECISION: (1_000,)}, ring_capacity=8)


def test_reader_sees_what_the_writer_wrote(page: TelemetryPage) -> None:
    page.add(Counter.TICKS_TRADE, 3)
    page.add(10_000, 3)
    page.add_denials(DenialCode.MARKET_NO_PRICE, 1)
    page.set_gauge(Gauge.SYMBOLS, 2.5)
    page.name_feed(1, "SPY")
    page.stamp_feed(1, 77, 3, 70)
    page.histograms[Stage.DECISION].record(900)
    page.ring.publish(5, 6, 7, 8, 9, 10)
    reader = TelemetryReader(page.path)
    assert (reader.run_id, reader.build, reader.is_closed) == ("run-1", "0.1", False)
    assert reader.counter(Counter.TICKS_TRADE) == 3
    assert reader.denials(DenialCode.MARKET_NO_PRICE) == 1
    assert reader.gauge(Gauge.SYMBOLS) == 2.5
    assert reader.feed_rows() == {"SPY": FeedRow(77, 3, 70)}
    assert reader.histogram(Stage.DECISION).counts_up_to_bounds() == (1,)
    assert reader.ring.drain(9)[0][:6] == (5, 6, 7, 8, 9, 10)
    page.close()
    assert reader.is_closed


def test_writer_sees_the_control_word(page: TelemetryPage) -> None:
    reader = TelemetryReader(page.path)
    reader.set_control(ControlBit.KILL | ControlBit.PAUSE)
    assert page.control() == 3


def test_writer_counts_requests_to_resume_by_readers_one_after_the_other(page: TelemetryPage) -> None:
    assert page.resume_requests() == 0
    for number in (1, 2):
        TelemetryReader(page.path).request_resume()
        assert page.resume_requests() == number
    assert page.control() == 0


def test_denials_are_counted_at_once(page: TelemetryPage) -> None:
    page.add_denials(DenialCode.MARKET_NO_PRICE, 1_000_000)
    page.add_denials(10_000, 1)
    assert TelemetryReader(page.path).denials(DenialCode.MARKET_NO_PRICE) == 1_000_000


def test_ring_goes_on_where_a_reader_before_stopped(page: TelemetryPage) -> None:
    for number in range(3):
        page.ring.publish(number, 0, 0, 0, 0, 0)
    TelemetryReader(page.path).ring.drain(2)
    assert [record[0] for record in TelemetryReader(page.path).ring.drain(9)] == [2]


def test_file_is_private_and_never_overwritten(page: TelemetryPage) -> None:
    assert stat.S_IMODE(page.path.stat().st_mode) == 0o600
    with pytest.raises(EnvironmentFault, match="exists already"):
        create_page(page.path, "run-2", "0.1")


def test_full_disk_is_a_fault_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(EnvironmentFault, match="no room"):
        create_page(tmp_path / "page", "run", "0.1")
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("size", [0, 8, 511, 512, 4_096, 100_000])
def test_truncated_file_is_refused(page: TelemetryPage, size: int) -> None:
    other = page.path.with_name("copy")
    other.write_bytes(page.path.read_bytes()[:size])
    with pytest.raises(DataError, match="copy"):
        TelemetryReader(other)


@pytest.mark.parametrize("word", [w for w in HeaderWord if w is not HeaderWord.CLOSED])
def test_garbled_header_is_refused(page: TelemetryPage, word: HeaderWord) -> None:
    content = bytearray(page.path.read_bytes())
    content[word * 8] ^= 0x5A
    page.path.with_name("copy").write_bytes(content)
    with pytest.raises(DataError, match="copy"):
        TelemetryReader(page.path.with_name("copy"))


def _write_and_die(path: Path) -> None:
    create_page(path, "run", "0.1").add(Counter.EVENTS, 4)


def test_page_of_a_dead_writer_is_read_only_on_request(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path / "page",))
    child.start()
    child.join()
    with pytest.raises(DataError, match="is gone"):
        TelemetryReader(tmp_path / "page")
    assert TelemetryReader(tmp_path / "page", expect_writer=False).counter(Counter.EVENTS) == 4


def _look(path: Path, answer: multiprocessing.SimpleQueue[int]) -> None:
    reader = TelemetryReader(path)
    seen: set[int] = set()
    answer.put(0)
    while not reader.is_closed:
        for record in reader.worst_ticks():
            if len({each for each in record if each != ""}) != 1:
                answer.put(-1)
                return
            seen.add(record.latency_ns)
    answer.put(len(seen))


def test_another_process_never_sees_half_a_record(page: TelemetryPage) -> None:
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    child = context.Process(target=_look, args=(page.path, answer))
    child.start()
    answer.get()
    tables = PageTablesWriter(page.records)
    for number in range(1, 50_000):
        tables.write_slowest([SlowDecision(*[number] * 5, "", *[number] * 6)])
    page.close()
    assert answer.get() >= 1
    child.join()
