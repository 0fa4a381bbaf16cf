"""Pages of random content: looking at one ends with values that can be shown, or with the error that names the page."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.pages import write_page

from live.errors import DataError
from live.hot.page_layout import HEADER_WORDS, Section
from live.hot.telemetry_view import TelemetryView
from live.report.top.document import document_of
from live.report.top.history import LookHistory
from live.report.top.look import look_at
from live.report.top.screen import screen_lines

SECTIONS = (Section.COUNTERS, Section.DENIALS, Section.GAUGES, Section.FEED_LABELS, Section.HISTOGRAMS, Section.RECORDS)
WORDS = st.one_of(
    st.binary(min_size=8, max_size=8),
    st.sampled_from([b"\0" * 8, b"\xff" * 8, b"\xff" * 7 + b"\x7f", b"\1" + b"\0" * 7, b"\0" * 6 + b"\xf0\x7f"]),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_page(tmp_path_factory.mktemp("page"), positions=3, has_feed=True).path.read_bytes()


def show(path: Path) -> None:
    """Take two looks and show them in both forms, as the command does; an error must be one that names the page."""
    history = LookHistory()
    fault = ""
    try:
        view = TelemetryView(path, expect_writer=False)
        history.add(look_at(view))
        history.add(look_at(view))
    except DataError as error:
        fault = str(error)
    if fault:
        assert path.name in fault
        return
    orjson.dumps(document_of(history))
    for width, height in ((80, 24), (200, None)):
        lines = screen_lines(history, width, height)
        assert all(line.cell_len <= width and line.plain.isprintable() for line in lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(SECTIONS), st.integers(0, 1 << 20), WORDS), min_size=1, max_size=30))
def test_garbled_sections(tmp_path: Path, whole: bytes, changes: list[tuple[Section, int, bytes]]) -> None:
    content = bytearray(whole)
    path = tmp_path / "garbled.page"
    path.write_bytes(content)
    layout = TelemetryView(path, expect_writer=False).layout
    for section, place, word in changes:
        words = layout.of(section)
        at = (words.start + place % (words.stop - words.start)) * 8
        content[at : at + 8] = word
    path.write_bytes(content)
    show(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_garbled_headers_and_lengths(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    content = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, HEADER_WORDS * 8 - 1), max_size=4)):
        content[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "garbled.page"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    show(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=4_096))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.page"
    path.write_bytes(content)
    show(path)
