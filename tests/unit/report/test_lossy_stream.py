"""Progress for a reader that does not read: it is left out, and nobody waits."""

from __future__ import annotations

import io
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from live.lossy_stream import has_room, lossy
from live.paper.run_model import DataSource, Progress
from live.report.progress import BarProgress, LineProgress, choose_progress

Pipe = tuple[int, TextIO]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield reader, stream
    os.close(reader)


def fill(descriptor: int) -> int:
    """Write into a descriptor until nothing fits; return how many bytes did."""
    os.set_blocking(descriptor, False)
    count = 0
    try:
        while True:
            count += os.write(descriptor, b"x")
    except BlockingIOError:
        os.set_blocking(descriptor, True)
        return count


def read_all(descriptor: int) -> bytes:
    content = b""
    try:
        while piece := os.read(descriptor, 1 << 20):
            content += piece
    except BlockingIOError:
        return content
    return content


def test_lines_come_through_while_somebody_reads(pipe: Pipe) -> None:
    reader, stream = pipe
    progress = choose_progress(None, stream, waits=False)
    assert isinstance(progress, LineProgress)
    for number in range(3):
        progress.note(f"line \u00e4 {number}")
    assert read_all(reader).decode() == "line \u00e4 0\nline \u00e4 1\nline \u00e4 2\n"


def test_lines_that_nobody_reads_are_left_out_and_counted(pipe: Pipe) -> None:
    reader, stream = pipe
    progress = choose_progress(None, stream, waits=False)
    filled = fill(stream.fileno())
    assert not has_room(stream.fileno())
    for number in range(5):
        progress.note(f"line {number}")
    assert read_all(reader) == b"x" * filled
    progress.note("line 5")
    assert read_all(reader) == b"(nobody read in time, left out here: 5)\nline 5\n"


def test_a_text_that_was_begun_is_finished_before_another(pipe: Pipe) -> None:
    reader, stream = pipe
    target = lossy(stream)
    size = fill(stream.fileno())
    read_all(reader)
    long = "a" * (size + 10_000) + "\n"
    target.write(long)
    target.write("never\n")
    first = read_all(reader)
    assert 0 < len(first) < len(long)
    target.write("after\n")
    rest = read_all(reader).decode()
    assert first.decode() + rest == f"{long}(nobody read in time, left out here: 1)\nafter\n"


def test_a_reader_that_is_gone_ends_nothing() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        progress = choose_progress(None, stream, waits=False)
        fill(writer)
        os.close(reader)
        progress.note("line")
        with pytest.raises(BrokenPipeError):
            lossy(stream).write("line\n")


def test_a_terminal_that_nobody_reads_stops_nobody() -> None:
    controller, terminal = pty.openpty()
    tty.setraw(terminal)
    os.set_blocking(controller, False)
    try:
        with os.fdopen(os.dup(terminal), "w", encoding="utf-8") as stream:
            progress = choose_progress(None, stream, waits=False)
            assert isinstance(progress, BarProgress)
            progress.begin("Strategy", DataSource(Path("data"), "found", False))
            fill(terminal)
            for number in range(1_000):
                progress.note(f"line {number}")
                progress.update(Progress(processed=number, total=1_000))
            progress.end()
            assert b"line 999" not in read_all(controller)
    finally:
        os.close(controller)
        os.close(terminal)


def test_a_file_gets_everything(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with path.open("w", encoding="utf-8") as stream:
        progress = choose_progress(None, stream, waits=False)
        for number in range(10_000):
            progress.note(f"line {number}")
    assert path.read_text(encoding="utf-8").splitlines() == [f"line {number}" for number in range(10_000)]


def test_a_stream_without_a_place_stays_as_it_is() -> None:
    stream = io.StringIO()
    assert lossy(stream) is stream
