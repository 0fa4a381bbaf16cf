"""Account, positions and texts of the telemetry page, and looking at a page without touching it."""

from __future__ import annotations

import math
import multiprocessing
from pathlib import Path

import pytest

from live.errors import DataError
from live.hot.catalogue import Gauge, PageText
from live.hot.page_layout import POSITION_SLOT, POSITIONS_MAX, TEXT_SLOT, WORST_TICKS
from live.hot.page_tables import AccountRecord, PageTablesWriter, PositionRow, SlowDecision
from live.hot.telemetry import TelemetryPage, create_page
from live.hot.telemetry_view import TelemetryView

ACCOUNT = AccountRecord(2, 1_381_152_600_000_000_000, 3, 100_076.25, 100_000.0, 34.5, "USD")
ROWS = [PositionRow("IBM", -100.0, 185.5, 186.25, -75.0), PositionRow("BTCUSD", 0.125, 400.0, math.inf, math.nan)]


@pytest.fixture
def page(tmp_path: Path) -> TelemetryPage:
    return create_page(tmp_path / "page", "run", "0.1", ring_capacity=8)


def test_account_and_positions_come_back_as_written(page: TelemetryPage) -> None:
    view = TelemetryView(page.path)
    assert view.account() is None
    PageTablesWriter(page.records).write_account(ACCOUNT, ROWS)
    found = view.account()
    assert found is not None
    assert found[0] == ACCOUNT
    assert found[1][0] == ROWS[0]
    assert found[1][1][:4] == ROWS[1][:4]
    assert math.isnan(found[1][1].unrealized_profit)


def test_the_table_is_bounded_and_shrinks(page: TelemetryPage) -> None:
    writer, view = PageTablesWriter(page.records), TelemetryView(page.path)
    many = [ROWS[0]._replace(symbol=f"S{number}") for number in range(POSITIONS_MAX + 5)]
    writer.write_account(ACCOUNT._replace(positions_held=len(many)), many)
    found = view.account()
    assert found is not None
    assert found[0].positions_held == POSITIONS_MAX + 5
    assert [row.symbol for row in found[1]] == [row.symbol for row in many[:POSITIONS_MAX]]
    writer.write_account(ACCOUNT, [])
    assert view.account() == (ACCOUNT, [], True)


def test_the_slowest_decisions_take_the_place_of_all_those_before(page: TelemetryPage) -> None:
    writer, view = PageTablesWriter(page.records), TelemetryView(page.path)
    assert view.worst_ticks() == []
    many = [SlowDecision(latency_ns, 1, 2, 3, 4, "IBM", *range(6)) for latency_ns in range(WORST_TICKS + 3, 0, -1)]
    writer.write_slowest(many)
    assert view.worst_ticks() == many[:WORST_TICKS]
    # What is measured anew, after a warm-up, begins with few.
    for kept in ([SlowDecision(0, -1, 0, 5, 6)], [], many[:2]):
        writer.write_slowest(kept)
        assert view.worst_ticks() == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("Strategy", "Strategy"), ("ä" * 100, "ä" * 60), ("a\0b", "a b"), ("€" * 41, "€" * 40)],
)
def test_texts_are_cut_at_a_character(page: TelemetryPage, text: str, expected: str) -> None:
    writer, view = PageTablesWriter(page.records), TelemetryView(page.path)
    writer.write_text(PageText.REASON, "before")
    writer.write_text(PageText.REASON, text)
    assert view.text(PageText.REASON) == expected
    assert view.text(PageText.SOURCE) == ""


def test_a_long_symbol_is_cut(page: TelemetryPage) -> None:
    PageTablesWriter(page.records).write_account(ACCOUNT, [ROWS[0]._replace(symbol="L" * 40)])
    found = TelemetryView(page.path).account()
    assert found is not None
    assert found[1][0].symbol == "L" * 32


def test_what_a_writer_left_half_is_not_shown(page: TelemetryPage) -> None:
    writer, view = PageTablesWriter(page.records), TelemetryView(page.path)
    writer.write_account(ACCOUNT, ROWS)
    writer.write_text(PageText.SOURCE, "data")
    page.records.begin(POSITION_SLOT)
    found = view.account()
    assert found is not None
    assert not found.is_of_one_moment
    assert [row.symbol for row in found[1]] == ["BTCUSD"]
    page.records.begin(TEXT_SLOT + PageText.SOURCE)
    assert view.text(PageText.SOURCE) == ""


def _write_moments(path: Path) -> None:
    page = create_page(path, "run", "0.1", ring_capacity=8)
    writer = PageTablesWriter(page.records)
    for number in range(3_000):
        row = PositionRow(str(number), number, number, number, number)
        writer.write_account(ACCOUNT._replace(equity=float(number)), [row] * (1 + number % 20))
    page.close()


def test_rows_and_account_are_of_one_moment(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_write_moments, args=(tmp_path / "page",))
    child.start()
    view = None
    while view is None and child.is_alive():
        try:
            view = TelemetryView(tmp_path / "page", expect_writer=False)
        except DataError:
            continue
    assert view is not None
    is_last, seen = False, 0
    while not is_last:
        is_last = view.is_closed
        found = view.account()
        if found is None or not found.is_of_one_moment:
            continue
        seen += 1
        account, rows, _ = found
        assert {row.quantity for row in rows} == {account.equity}
        assert {row.symbol for row in rows} == {str(int(account.equity))}
        assert len(rows) == 1 + int(account.equity) % 20
    child.join()
    assert seen > 0


def test_looking_needs_no_permission_to_write(page: TelemetryPage) -> None:
    page.set_gauge(Gauge.SYMBOLS, 3.0)
    before = page.path.read_bytes()
    page.path.chmod(0o400)
    view = TelemetryView(page.path)
    assert view.gauge(Gauge.SYMBOLS) == 3.0
    with pytest.raises(TypeError):
        memoryview(view._memory)[0] = 1
    assert page.path.read_bytes() == before


def test_a_page_that_is_cut_off_is_noticed(page: TelemetryPage) -> None:
    view = TelemetryView(page.path)
    view.check_size()
    with page.path.open("r+b") as file:
        file.truncate(4_096)
    with pytest.raises(DataError, match="cut off to 4096 bytes"):
        view.check_size()
