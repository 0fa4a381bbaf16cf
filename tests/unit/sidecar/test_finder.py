"""Which runs a sidecar knows: found, renamed, ended, dropped, refused."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.pages import change_header, publish, write_page

import live.sidecar.attached
import live.sidecar.finder
from live.clock import NANOSECONDS_PER_SECOND, wall_ns
from live.hot.catalogue import ControlBit, Counter, Gauge, RunPhase
from live.hot.denials import DenialCode
from live.hot.events import DenialRecord, EventWriter, PhaseRecord
from live.hot.page_layout import HEADER_WORDS, HeaderWord, header_checksum
from live.hot.telemetry import TelemetryPage
from live.hot.telemetry_reader import TelemetryReader
from live.sidecar.attached import AttachedRun, EventLog
from live.sidecar.finder import RunFinder

RUN = "Strategy-20261121T120000Z"


class Clock:
    """The machine's monotonic clock, set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ns = 1_000 * NANOSECONDS_PER_SECOND
        monkeypatch.setattr(live.sidecar.finder, "machine_monotonic_ns", lambda: self.ns)

    def wait(self, seconds: float) -> None:
        self.ns += int(seconds * NANOSECONDS_PER_SECOND)


class Found:
    """A finder over one folder, and what it said."""

    def __init__(self, *folders: Path, pages: tuple[Path, ...] = (), grace_seconds: float = 10.0) -> None:
        self.said: list[str] = []
        self.finder = RunFinder(folders, pages, grace_seconds, 100, self.said.append)

    def names(self) -> list[str]:
        self.finder.scan()
        return [run.name for run in self.finder.attached]

    @property
    def run(self) -> AttachedRun:
        assert len(self.finder.attached) == 1
        return self.finder.attached[0]

    @property
    def faults(self) -> dict[str, int]:
        return dict(self.finder.page_faults)


def end(page: TelemetryPage, folder: Path, ending: str = "") -> Path:
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED if ending else RunPhase.COMPLETED)
    publish(page)
    return folder.rename(folder.with_name(folder.name.removesuffix(".partial") + ending))


def test_a_run_that_starts_later_is_found(tmp_path: Path) -> None:
    found = Found(tmp_path / "results")
    assert found.names() == []
    write_page(tmp_path / "results" / f"{RUN}.partial")
    assert found.names() == [RUN]
    assert found.said == []


@pytest.mark.parametrize("ending", ["", "-failed"])
def test_a_run_keeps_its_name_and_events_when_its_folder_is_renamed(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / f"{RUN}.partial"
    page = write_page(folder)
    found = Found(tmp_path)
    found.names()
    run = found.run
    EventWriter(page.ring).phase(PhaseRecord(1, RunPhase.RUNNING))
    found.finder.drain()
    final = end(page, folder, ending)
    assert found.names() == [RUN]
    assert found.run is run
    assert run.folder == final
    assert run.events.total == 1


def test_a_run_that_has_ended_is_dropped_after_its_grace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    folder = tmp_path / f"{RUN}.partial"
    page = write_page(folder)
    found = Found(tmp_path)
    found.names()
    clock.wait(1_000)
    end(page, folder)
    assert found.names() == [RUN]
    clock.wait(9)
    assert found.names() == [RUN]
    clock.wait(2)
    assert found.names() == []
    assert found.names() == []
    assert found.said == []


def test_old_runs_cost_nothing_but_a_look_at_their_names(tmp_path: Path) -> None:
    class Folder(type(tmp_path)):  # type: ignore[misc]
        """Counts the paths that are made in it."""

        made = 0

        def __truediv__(self, name: object) -> Path:
            Folder.made += 1
            found: Path = super().__truediv__(name)
            return found

    for name in ("first", "second"):
        page = write_page(tmp_path / name, run=name)
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
        publish(page, wall_ns() / NANOSECONDS_PER_SECOND - 1_000)
    found = Found(Folder(tmp_path))
    assert found.names() == []
    assert Folder.made > 0
    Folder.made = 0
    assert found.names() == []
    assert Folder.made == 0


def test_a_new_sidecar_keeps_a_run_for_what_is_left_of_its_grace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    for name, age_seconds in (("Old", 11), ("New", 5)):
        page = write_page(tmp_path / name, run=name)
        page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
        publish(page, wall_ns() / NANOSECONDS_PER_SECOND - age_seconds)
    found = Found(tmp_path)
    assert found.names() == ["New"]
    clock.wait(6)
    assert found.names() == []


def _move_to_another_namespace(page: TelemetryPage) -> None:
    """Make a page look as if its writer's process id meant another process here."""
    change_header(page, HeaderWord.WRITER_START, lambda start: start + 1)
    words = memoryview(page.path.read_bytes()[: HEADER_WORDS * 8]).cast("q")
    change_header(page, HeaderWord.CHECKSUM, lambda _: header_checksum(words))


def _write_and_die(folder: Path, age_seconds: float) -> None:
    publish(write_page(folder, run=folder.name), wall_ns() / NANOSECONDS_PER_SECOND - age_seconds)
    os._exit(0)


def let_die(folder: Path, age_seconds: float = 0.0) -> None:
    """Write the page of a run whose process dies, some time ago by what the page says."""
    process = multiprocessing.get_context("fork").Process(target=_write_and_die, args=(folder, age_seconds))
    process.start()
    process.join()


def test_a_dead_process_is_an_end_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(live.sidecar.attached, "UNSEEN_NS", 0)
    let_die(tmp_path / f"{RUN}.partial")
    found = Found(tmp_path)
    assert found.names() == [RUN]
    assert found.run.reader.counter(Counter.TICKS_QUOTE) == 5_000
    clock.wait(11)
    assert found.names() == []


def test_a_death_that_no_sidecar_has_told_has_its_grace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    let_die(tmp_path / "Died.partial", 7_200.0)
    let_die(tmp_path / "Yesterday.partial", 90_000.0)
    found = Found(tmp_path)
    assert found.names() == ["Died"]
    clock.wait(9)
    # A sidecar that ends before the grace is over has not told it.
    assert Found(tmp_path).names() == ["Died"]
    clock.wait(2)
    assert found.names() == []
    assert Found(tmp_path).names() == []


def test_a_process_of_another_namespace_lives_while_it_writes(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    _move_to_another_namespace(page)
    found = Found(tmp_path)
    found.names()
    run = found.run
    assert run.is_alive()
    assert run.look().state == "running"
    publish(page, wall_ns() / NANOSECONDS_PER_SECOND - 6)
    assert run.is_over
    assert run.look().state == "dead"


def test_a_process_that_was_seen_is_dead_when_it_is_gone(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    found = Found(tmp_path)
    found.names()
    change_header(page, HeaderWord.WRITER_START, lambda start: start + 1)
    assert found.run.is_over


def test_a_run_that_goes_on_without_its_folder_is_told_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    page = write_page(tmp_path / f"{RUN}.partial")
    found = Found(tmp_path)
    assert found.names() == [RUN]
    shutil.rmtree(tmp_path / f"{RUN}.partial")
    for _ in range(3):
        assert found.names() == [RUN]
    assert found.faults == {"deleted": 1}
    assert RUN in found.said[0]
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.FAILED)
    assert found.names() == [RUN]
    clock.wait(11)
    assert found.names() == []


def test_a_run_that_is_over_is_dropped_with_its_folder(tmp_path: Path) -> None:
    page = write_page(tmp_path / RUN)
    page.set_gauge(Gauge.RUN_PHASE, RunPhase.COMPLETED)
    found = Found(tmp_path)
    assert found.names() == [RUN]
    shutil.rmtree(tmp_path / RUN)
    found.names()
    assert found.names() == []
    assert found.said == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    write_page(tmp_path / RUN)
    (tmp_path / "latest").symlink_to(RUN)
    (tmp_path / "Other.partial").mkdir()
    (tmp_path / "Other.partial" / "telemetry.page").symlink_to(tmp_path / RUN / "telemetry.page")
    found = Found(tmp_path)
    assert found.names() == [RUN]


def test_two_runs_of_one_name_are_one_and_a_complaint(tmp_path: Path) -> None:
    for results in ("a", "b"):
        write_page(tmp_path / results / RUN)
    found = Found(tmp_path / "a", tmp_path / "b")
    for _ in range(3):
        assert found.names() == [RUN]
    assert found.faults == {"duplicate": 1}
    assert "rename one of the folders" in found.said[0]


def test_a_single_run_is_watched_alone_and_through_its_end(tmp_path: Path) -> None:
    folder = tmp_path / f"{RUN}.partial"
    page = write_page(folder)
    write_page(tmp_path / "Other.partial")
    found = Found(pages=(page.path,))
    assert found.names() == [RUN]
    end(page, folder)
    assert found.names() == [RUN]


# -- pages that cannot be trusted


def _spoil_version(page: TelemetryPage) -> None:
    change_header(page, HeaderWord.VERSION, lambda _: 2)


def _spoil_checksum(page: TelemetryPage) -> None:
    change_header(page, HeaderWord.CREATED_NS, lambda created_ns: created_ns + 1)


def _spoil_size(page: TelemetryPage) -> None:
    os.truncate(page.path, page.layout.size_bytes - 65_536)


def _spoil_magic(page: TelemetryPage) -> None:
    change_header(page, HeaderWord.MAGIC, lambda _: 0)


def _spoil_kind(page: TelemetryPage) -> None:
    page.path.unlink()
    os.mkfifo(page.path)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_spoil_version, "version"),
        (_spoil_checksum, "garbled"),
        (_spoil_size, "truncated"),
        (_spoil_magic, "incomplete"),
        (_spoil_kind, "incomplete"),
    ],
)
def test_a_page_that_cannot_be_trusted_is_said_once(tmp_path: Path, spoil: Any, reason: str) -> None:
    spoil(write_page(tmp_path / RUN))
    write_page(tmp_path / "Other")
    found = Found(tmp_path)
    for _ in range(3):
        assert found.names() == ["Other"]
    assert found.faults == {reason: 1}
    assert len(found.said) == 1
    assert RUN in found.said[0]


def test_a_page_that_is_being_made_is_no_fault(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    magic = change_header(page, HeaderWord.MAGIC, lambda _: 0)
    found = Found(tmp_path)
    assert found.names() == []
    change_header(page, HeaderWord.MAGIC, lambda _: magic)
    assert found.names() == [RUN]
    assert found.faults == {}


@pytest.mark.parametrize("content", [b"", b"0123456789", bytes(range(1, 256)) * 300])
def test_a_page_that_is_never_complete_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    clock = Clock(monkeypatch)
    write_page(tmp_path / f"{RUN}.partial").path.write_bytes(content)
    found = Found(tmp_path)
    found.names()
    assert found.faults == {}
    clock.wait(live.sidecar.finder.INCOMPLETE_SECONDS)
    for _ in range(2):
        assert found.names() == []
    assert found.faults == {"incomplete": 1}


def test_a_page_that_is_cut_off_while_it_is_open_is_dropped(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    found = Found(tmp_path)
    found.names()
    os.truncate(page.path, 4_096)
    found.finder.drain()
    assert found.names() == []
    assert found.names() == []
    # Once while it was open, once as a page that cannot be opened.
    assert found.faults == {"truncated": 2}


def test_a_folder_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = Found(tmp_path / "file")
    found.names()
    assert found.names() == []
    assert found.faults == {"unreadable": 1}


# -- events


def test_events_are_taken_once_and_in_order(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    writer = EventWriter(page.ring)
    found = Found(tmp_path)
    found.names()
    denial = DenialRecord(7, DenialCode.MARKET_NO_PRICE, "IBM", 10.0)
    writer.phase(PhaseRecord(5, RunPhase.RUNNING))
    writer.denial(denial)
    found.finder.drain()
    events = found.run.events
    assert events.since(0) == [PhaseRecord(5, RunPhase.RUNNING), denial]
    assert events.since(1) == [denial]
    assert events.since(events.total) == []
    assert found.finder.events_taken == 2


def test_a_new_sidecar_goes_on_where_the_last_one_was(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    writer = EventWriter(page.ring)
    for time_ns in range(3):
        writer.phase(PhaseRecord(time_ns, RunPhase.RUNNING))
    first = Found(tmp_path)
    first.names()
    first.finder.drain()
    writer.phase(PhaseRecord(9, RunPhase.PAUSED))
    second = Found(tmp_path)
    second.names()
    second.finder.drain()
    assert second.run.events.newest() == [PhaseRecord(9, RunPhase.PAUSED)]
    assert page.ring.lost == 0


def test_records_beyond_the_ring_are_counted_as_lost(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    writer = EventWriter(page.ring)
    found = Found(tmp_path)
    found.names()
    for time_ns in range(20):
        writer.phase(PhaseRecord(time_ns, RunPhase.RUNNING))
    found.finder.drain()
    assert found.finder.events_taken == 8
    assert found.run.reader.ring.lost == 12


def test_a_garbled_record_is_left_out(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    found = Found(tmp_path)
    found.names()
    page.ring.publish(77, 1, 0, 0, 0, 0)
    EventWriter(page.ring).phase(PhaseRecord(5, RunPhase.RUNNING))
    for _ in range(2):
        found.finder.drain()
    assert found.run.events.newest() == [PhaseRecord(5, RunPhase.RUNNING)]
    assert found.faults == {"garbled": 1}
    assert found.finder.events_taken == 2


def test_an_event_log_keeps_the_newest() -> None:
    log = EventLog(3)
    for time_ns in range(5):
        log.add(PhaseRecord(time_ns, RunPhase.RUNNING))
    assert [event.time_ns for event in log.newest()] == [2, 3, 4]
    assert [event.time_ns for event in log.since(1)] == [2, 3, 4]
    assert [event.time_ns for event in log.since(4)] == [4]


def test_asking_adds_to_the_control_word_and_writes_nothing_else(tmp_path: Path) -> None:
    page = write_page(tmp_path / f"{RUN}.partial")
    before = page.path.read_bytes()
    found = Found(tmp_path)
    found.names()
    TelemetryReader(page.path).set_control(ControlBit.REDUCE_ONLY)
    found.run.ask(ControlBit.PAUSE)
    assert page.control() == ControlBit.PAUSE | ControlBit.REDUCE_ONLY
    after = page.path.read_bytes()
    assert before[: page.layout.size_bytes - 65_536] == after[: page.layout.size_bytes - 65_536]
